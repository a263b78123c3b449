//! Requests that rules cannot plan, or not all of, are given to an agent that can do `planner`; what nothing here does, to
//! one that can do `answers`. What a model says is never trusted: its plan is checked like one from a caller, and what it
//! wants changed waits for the owner.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Inner;
use super::event::{self, Analysed, Call, Decision, Plan, Question, Refusal, Request, Step, Target, Used, Wanted};
use super::given::{self, Catalog, Problem};
use super::targets::{Called, ForAgent, Given};
use super::task::sum;
use crate::base::{Failure, LimitOverrides};
use crate::routing::Intent;
use crate::security::Principal;
use crate::skills::{self, Snapshot};

/// What an agent that plans must be able to do.
const PLANNER: &str = "planner";
/// What an agent that answers freely must be able to do.
const ANSWERS: &str = "answers";

const PROMPT: &str = include_str!("planner/prompt.md");
const REPAIR: &str = include_str!("planner/repair.md");
/// Times that the planner is asked: once, and once more with what is wrong.
const ROUNDS: usize = 2;
/// Longest time of one round, in milliseconds.
const ROUND_MS: u64 = 120_000;
/// Skills and agents that a planner is told of, at most: bytes of their lines.
const TOLD_BYTES_MAX: usize = 48 << 10;
/// Of a planner's answer that is shown to it again, or to people.
const SHOWN_CHARS_MAX: usize = 4_000;

/// Whether an agent is to be asked about a request of which `analysed` was found out: where there is one.
pub(super) fn is_wanted(inner: &Inner, request: &Request, analysed: &Analysed) -> bool {
    if !inner.settings.load().planner || request.plan.is_some() {
        return false;
    }
    let agents = inner.targets.agents();
    let is_refused = matches!(&analysed.decision, Decision::Refuse(_));
    let has = |capability: &str| agents.facts(&Wanted::able(vec![capability.into()])).is_some();
    lacks(analysed) && has(PLANNER) || is_refused && has(ANSWERS)
}

/// Whether rules left something open that a planner may close.
fn lacks(analysed: &Analysed) -> bool {
    match &analysed.decision {
        Decision::Plan(plan) => !plan.left_out.is_empty(),
        Decision::Ask(question) => matches!(question, Question::Missing(_)),
        Decision::Refuse(_) => *analysed.intent != *Intent::Chat.as_str(),
    }
}

/// What is to be done about the request when agents have been asked; what rules found where they know nothing better.
pub(super) async fn improved(
    inner: &Arc<Inner>,
    principal: &Principal,
    request: &Request,
    mut analysed: Analysed,
) -> Result<Analysed, Failure> {
    if !is_wanted(inner, request, &analysed) {
        return Ok(analysed);
    }
    let wanted = Wanted::able(vec![PLANNER.into()]);
    if lacks(&analysed) && inner.targets.agents().facts(&wanted).is_some() {
        let snapshot = inner.skills.snapshot(principal)?;
        let mut asking = Asking { inner, principal, request, snapshot: &snapshot, used: Used::default() };
        let planned = asking.plan(&wanted, &analysed).await;
        analysed.used = asking.used;
        match planned {
            Ok((plan, reason)) => {
                analysed.reasons.insert(0, reason);
                return Ok(Analysed {
                    strategy: event::PLANNED_BY_AGENT.into(),
                    decision: Decision::Plan(plan),
                    ..analysed
                });
            }
            Err(why) => analysed.reasons.push(why),
        }
    }
    let answers = Wanted::able(vec![ANSWERS.into()]);
    if matches!(&analysed.decision, Decision::Refuse(Refusal::Gap(_)))
        && inner.targets.agents().facts(&answers).is_some()
    {
        analysed.reasons.insert(0, "no skill fits: an agent that can do `answers` answers freely".to_owned());
        let arguments = Map::from_iter([("task".to_owned(), Value::from(request.text.as_str()))]);
        let call = Call { target: Target::Agent(answers), arguments, references: Vec::new() };
        let plan = Plan { steps: vec![Step::of(vec![call])], left_out: Vec::new() };
        return Ok(Analysed { strategy: event::ANSWERED_BY_AGENT.into(), decision: Decision::Plan(plan), ..analysed });
    }
    Ok(analysed)
}

/// A planner at work on one request.
struct Asking<'a> {
    inner: &'a Arc<Inner>,
    principal: &'a Principal,
    request: &'a Request,
    snapshot: &'a Snapshot,
    used: Used,
}

impl Asking<'_> {
    /// The plan with the reason for people, or why there is none.
    async fn plan(&mut self, wanted: &Wanted, analysed: &Analysed) -> Result<(Plan, String), String> {
        let task = self.prompt(analysed);
        let mut again = String::new();
        let mut wrong = String::new();
        for round in 1..=ROUNDS {
            let called = self.ask(wanted, format!("{task}{again}")).await?;
            let given = called.result.map_err(|failure| format!("the planner gave no plan: {}", failure.message))?;
            let Given::Answer(answer) = given else {
                return Err("the planner asks back, which it cannot before there is a plan".to_owned());
            };
            match self.checked(&answer.json) {
                Ok(plan) => {
                    let repaired = if round > 1 { ", repaired once" } else { "" };
                    return Ok((plan, format!("planned by an agent that can do `{PLANNER}`, and checked{repaired}")));
                }
                Err(Wrong::Cannot(why)) => return Err(format!("the planner says that it cannot be done: {why}")),
                Err(Wrong::Problems(problems)) => {
                    let said = Value::from(cut(&answer.json)).to_string();
                    again = filled(REPAIR, &[("answer", &said), ("problems", &problems)]);
                    wrong = problems;
                }
            }
        }
        Err(format!("the planner's plan cannot be run: {}", cut(&wrong)))
    }

    /// One round, within what is left of the request's budget.
    async fn ask(&mut self, wanted: &Wanted, task: String) -> Result<Called, String> {
        let budget = &self.request.budget;
        let left = |whole: Option<u64>, used: u64| match whole {
            Some(whole) if whole <= used => Err("the request's own budget was used up by planning".to_owned()),
            whole => Ok(whole.map(|whole| whole - used)),
        };
        let wall_ms = left(budget.wall_ms, self.used.wall_us / 1_000)?.unwrap_or(ROUND_MS).min(ROUND_MS);
        let call = skills::Call {
            skill: wanted.label(),
            input: json!({ "task": task }).to_string().into(),
            session_id: self.request.session.as_deref(),
            locale: self.request.locale.as_deref(),
            limits: LimitOverrides {
                fuel: left(budget.fuel, self.used.fuel)?,
                wall_ms: Some(wall_ms),
                memory_bytes: None,
                host_calls: left(budget.host_calls, self.used.host_calls)?,
                output_bytes: left(budget.output_bytes, self.used.output_bytes)?,
            },
            ..skills::Call::default()
        };
        let target = Target::Agent(wanted.clone());
        let owner: Arc<str> = self.principal.name().into();
        // With none left a planner may still work where nothing is to be paid.
        let money = budget.money.map(|whole| whole.saturating_sub(self.used.money));
        let more = ForAgent { continuation: None, money };
        let called =
            Box::pin(self.inner.targets.call(self.principal, &owner, &target, call, more, super::now_ms)).await;
        let n_bytes = match &called.result {
            Ok(Given::Answer(answer)) => answer.json.len(),
            Ok(Given::Question { message, .. }) => message.len(),
            Err(_) => 0,
        };
        let usage = Used {
            fuel: called.usage.fuel,
            memory_peak_bytes: called.usage.memory_peak_bytes,
            wall_us: u64::try_from(called.usage.wall.as_micros()).unwrap_or(u64::MAX),
            host_calls: called.usage.host_calls,
            output_bytes: u64::try_from(n_bytes).unwrap_or(u64::MAX),
            money: called.cost,
        };
        self.used = sum(&self.used, &usage);
        Ok(called)
    }

    /// The plan in an answer, as it may be run.
    fn checked(&self, answer: &str) -> Result<Plan, Wrong> {
        let said = said(answer).ok_or_else(|| Wrong::Problems("it holds no JSON object".to_owned()))?;
        if let Some(why) = said.get("cannot").and_then(Value::as_str) {
            return Err(Wrong::Cannot(cut(why)));
        }
        let plan = said.get("plan").ok_or_else(|| Wrong::Problems("it has neither `plan` nor `cannot`".to_owned()))?;
        let catalog = Catalog { snapshot: self.snapshot, agents: self.inner.targets.agents() };
        let mut plan = given::validate(plan, catalog).map_err(|problems| {
            Wrong::Problems(problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))
        })?;
        for step in &mut plan.steps {
            step.approve |= step.chain.iter().any(|call| self.changes(call));
        }
        Ok(plan)
    }

    /// Whether a call is of a skill that changes something: the owner did not say in so many words that it should.
    fn changes(&self, call: &Call) -> bool {
        match &call.target {
            Target::Skill(name) => self.snapshot.skill(name).is_none_or(|skill| !skill.annotations().read_only_hint),
            Target::Agent(_) => false,
        }
    }

    fn prompt(&self, analysed: &Analysed) -> String {
        let hints = &self.request.hints;
        let complexity = format!("{:.2}", hints.complexity.unwrap_or(analysed.complexity));
        let team_size = hints.team_size.map_or("not said".to_owned(), |size| size.to_string());
        let found = serde_json::to_string(&analysed.decision).unwrap_or_default();
        filled(
            PROMPT,
            &[
                ("schema", given::SCHEMA),
                ("skills", &self.skills(analysed)),
                ("agents", &within(self.inner.targets.agents().told(self.principal))),
                ("found", &cut(&found)),
                ("complexity", &complexity),
                ("team_size", &team_size),
                ("request", &Value::from(self.request.text.as_str()).to_string()),
            ],
        )
    }

    /// The skills, those first that came near.
    fn skills(&self, analysed: &Analysed) -> String {
        let near = |name: &str| analysed.candidates.iter().position(|candidate| &*candidate.skill == name);
        let mut all: Vec<_> = self.snapshot.skills().iter().collect();
        all.sort_by_key(|skill| near(skill.name()).unwrap_or(usize::MAX));
        let line = |skill: &Arc<skills::Skill>| {
            let schema: Value = serde_json::from_str(skill.input_schema()).unwrap_or_default();
            let output: Value =
                skill.output_schema().and_then(|own| serde_json::from_str(own).ok()).unwrap_or_default();
            json!({"skill": &**skill.name(), "what": skill.description(), "input": schema, "output": output})
                .to_string()
        };
        within(all.into_iter().map(line))
    }
}

/// Why there is no plan in an answer.
enum Wrong {
    /// The planner says so.
    Cannot(String),
    /// What is wrong, for the planner.
    Problems(String),
}

/// The object in what an agent gave: the answer itself, or what its `text` holds, with or without words around it.
fn said(answer: &str) -> Option<Value> {
    let whole: Value = serde_json::from_str(answer).ok()?;
    if whole.get("plan").is_some() || whole.get("cannot").is_some() {
        return Some(whole);
    }
    let text = whole.get("text")?.as_str()?;
    let object = text.get(text.find('{')?..=text.rfind('}')?)?;
    serde_json::from_str(object).ok()
}

/// As many of the lines as may be told.
fn within(lines: impl IntoIterator<Item = String>) -> String {
    let mut told = String::new();
    for line in lines {
        if told.len() + line.len() > TOLD_BYTES_MAX {
            break;
        }
        told.push_str(&line);
        told.push('\n');
    }
    told
}

fn cut(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

/// `template` with its `{holes}` filled. What is put in is not looked at again.
fn filled(template: &str, holes: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, after) = rest.split_at(start);
        text.push_str(before);
        let hole = holes.iter().find(|(name, _)| {
            after.get(1..).is_some_and(|after| after.strip_prefix(name).is_some_and(|after| after.starts_with('}')))
        });
        match hole {
            Some((name, value)) => {
                text.push_str(value);
                rest = after.get(name.len() + 2..).unwrap_or_default();
            }
            None => {
                text.push('{');
                rest = after.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_once_and_braces_stay() {
        let filled = filled(r#"{"a": {x}} {y}"#, &[("x", "{y}"), ("y", "2")]);
        assert_eq!(filled, r#"{"a": {y}} 2"#);
    }

    #[test]
    fn what_an_agent_says_is_found_in_its_answer_or_its_words() {
        for answer in [
            r#"{"plan": 1}"#.to_owned(),
            json!({"text": "Here you are:\n```json\n{\"plan\": 1}\n```\nBye."}).to_string(),
        ] {
            assert_eq!(said(&answer), Some(json!({"plan": 1})), "{answer}");
        }
        for answer in ["nonsense", "{}", r#"{"text": "no }{ object"}"#, r#"{"text": "{"}"#] {
            assert_eq!(said(answer), None, "{answer}");
        }
    }
}
