//! Which agent takes a task that names none: by what it can do, how its runs went, how much it has to do, and what it
//! costs. Pure, with its reasons.

use std::sync::Arc;

/// An agent that takes work, as it is known when it is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its name.
    pub name: Arc<str>,
    /// What kind of agent it is.
    pub kind: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Runs now, and waiting for it.
    pub work: usize,
    /// Runs that it could do at one time.
    pub slots: usize,
    /// Runs that went well, and that did not.
    pub went: (u64, u64),
    /// How long they took lately, in milliseconds.
    pub latency_ms: Option<f64>,
    /// What a million tokens cost at its cheapest endpoint.
    pub price: u64,
}

/// The one that was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its name.
    pub name: Arc<str>,
    /// Why it was, for people: one line for each agent that could have been, the best first.
    pub reasons: Vec<String>,
}

/// Lines of reasons.
const REASONS_MAX: usize = 8;

/// Chooses among `agents` one that can do all of `wanted`. A type counts as something that an agent can do.
pub fn choose(agents: &[Known], wanted: &[String]) -> Option<Choice> {
    let can = |agent: &&Known| {
        wanted.iter().all(|word| {
            agent.kind.eq_ignore_ascii_case(word)
                || agent.capabilities.iter().any(|known| known.eq_ignore_ascii_case(word))
        })
    };
    let able: Vec<&Known> = agents.iter().filter(can).collect();
    let price_most = able.iter().map(|agent| agent.price).max().unwrap_or(0).max(1) as f64;
    let latency_most = able.iter().filter_map(|agent| agent.latency_ms).fold(1.0, f64::max);
    let mut scored: Vec<(f64, &Known, String)> = able
        .into_iter()
        .map(|agent| {
            let (well, badly) = agent.went;
            // Without a history it is taken to do well two times in three.
            let history = (well as f64 + 2.0) / (well as f64 + badly as f64 + 3.0);
            let load = agent.work as f64 / agent.slots.max(1) as f64;
            let cost = agent.price as f64 / price_most;
            let slowness = agent.latency_ms.map_or(0.5, |ms| ms / latency_most);
            // Who can do just this is more likely made for it than who can do much else.
            let others = agent.capabilities.len().saturating_sub(wanted.len()) as f64;
            let score = history - 0.4 * load.min(2.0) - 0.2 * cost - 0.1 * slowness - 0.01 * others.min(10.0);
            let why = format!(
                "{}: went well {well} of {} times, {} of {} slots taken, price {}, score {score:.3}",
                agent.name,
                well + badly,
                agent.work,
                agent.slots,
                agent.price
            );
            (score, agent, why)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let name = scored.first()?.1.name.clone();
    Some(Choice { name, reasons: scored.into_iter().take(REASONS_MAX).map(|(.., why)| why).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, capabilities: &[&str]) -> Known {
        Known {
            name: name.into(),
            kind: "code_generator".into(),
            capabilities: capabilities.iter().map(|word| (*word).to_owned()).collect(),
            work: 0,
            slots: 4,
            went: (0, 0),
            latency_ms: None,
            price: 0,
        }
    }

    fn chosen(agents: &[Known], wanted: &[&str]) -> Option<String> {
        let wanted: Vec<String> = wanted.iter().map(|word| (*word).to_owned()).collect();
        choose(agents, &wanted).map(|choice| choice.name.to_string())
    }

    #[test]
    fn only_who_can_do_all_of_it_is_chosen() {
        let agents = [known("a", &["python"]), known("b", &["python", "Database"])];
        assert_eq!(chosen(&agents, &["python", "database"]).as_deref(), Some("b"));
        assert_eq!(chosen(&agents, &["code_generator", "python"]).as_deref(), Some("a"));
        assert_eq!(chosen(&agents, &["cooking"]), None);
    }

    #[test]
    fn load_history_and_cost_decide_and_say_so() {
        let a = known("a", &["python"]);
        let busy = Known { work: 4, ..known("busy", &["python"]) };
        assert_eq!(chosen(&[busy.clone(), a.clone()], &["python"]).as_deref(), Some("a"));
        let failing = Known { went: (1, 20), ..known("a", &["python"]) };
        assert_eq!(chosen(&[failing, busy], &["python"]).as_deref(), Some("busy"));
        let dear = Known { price: 100, ..known("a", &["python"]) };
        let cheap = Known { price: 1, ..known("b", &["python"]) };
        let choice = choose(&[dear, cheap], &["python".to_owned()]).unwrap();
        assert_eq!(&*choice.name, "b");
        assert!(choice.reasons.len() == 2 && choice.reasons[0].starts_with("b: "), "{:?}", choice.reasons);
    }
}
