//! Sums that a part tells in words, alone or with what was told right before it, and those that go on from an answer in such
//! words: "how far is that in 3 hours", "what if I buy 4 of them".

use super::super::arguments::{self, Said};
use super::super::{Clause, Part, Reference, Step, clauses};
use super::{Made, Measured, Planner, first_call, told};

/// Words of questions about what something comes to, and of what somebody takes of it.
const ASKS: &[&str] = &["how", "what", "what's", "hur", "vad"];
const TAKES: &[&str] = &[
    "buy",
    "buys",
    "order",
    "take",
    "need",
    "want",
    "get",
    "köper",
    "köp",
    "tar",
    "beställer",
    "behöver",
    "vill",
    "har",
];

/// Words by which an answer is shared, is for all of several, or is asked for without what was taken.
const PERSON: &[&str] = &["person", "head", "skalle", "capita"];
const EACH: &[&str] = &["each", "apiece", "vardera"];
const ALL: &[&str] = &["together", "altogether", "total", "all", "alla", "allt", "tillsammans", "sammanlagt", "totalt"];
const LEFT: &[&str] = &["left", "remains", "remaining", "kvar", "återstår"];

/// A call with what it takes, the parts that only told something for it, and what its result is counted in.
pub(super) type Solved = (Step, Vec<Reference>, Vec<usize>, Option<Measured>);

impl Planner<'_> {
    /// The call of a part that asks for a sum in words.
    pub(super) fn problem(
        &self,
        part: &Part,
        earlier: &[Clause],
        parts: &[Part],
        made: &[Option<Made>],
    ) -> Option<Solved> {
        let clause = &part.clause;
        let text = clauses::without_order(&clause.text);
        let asks = clause.asks && (clauses::is_question(&text) || clauses::is_order(&text) || text.contains('?'));
        // What is arithmetic as it is written needs no reading of words.
        let is_sum = first_call(&part.strategy).is_some_and(|step| self.takes_arithmetic(step));
        if !asks || is_sum {
            return None;
        }
        self.told_problem(&text, earlier, parts)
            .or_else(|| self.at_speed(&text, made))
            .or_else(|| self.of_so_many(&text, earlier, parts, made))
            .or_else(|| self.per_unit(&text, earlier, parts, made))
            .or_else(|| self.with_share(&text, made))
    }

    fn told_problem(&self, text: &str, earlier: &[Clause], parts: &[Part]) -> Option<Solved> {
        let n_told = told::n_before(earlier, parts);
        (0..=n_told).find_map(|n_told| {
            let first = earlier.len() - n_told;
            let sentence = |one: &Clause| format!("{}. ", one.text.trim_end_matches(['.', '!', ',', ' ']));
            let whole = earlier.get(first..)?.iter().map(sentence).collect::<String>() + text;
            let problem = Said::new(&whole, self.language, self.ask.now).problem()?;
            let unit = problem.unit.map(Measured::In);
            Some((self.calculation(&problem.expression)?, Vec::new(), (first..earlier.len()).collect(), unit))
        })
    }

    /// The call that calculates `expression`.
    fn calculation(&self, expression: &str) -> Option<Step> {
        let strategy = self.decide(expression, None, true);
        first_call(&strategy).filter(|step| self.takes_arithmetic(step)).cloned()
    }

    /// "At that speed, how many km do you get in 2.5 hours?"
    fn at_speed(&self, text: &str, made: &[Option<Made>]) -> Option<Solved> {
        let (at, last) = last(made)?;
        let names = |(name, _): &(&String, &serde_json::Value)| matches!(name.as_str(), "to" | "to_unit");
        let speed = last.step.arguments.iter().find(names)?.1.as_str()?;
        let (way, factor) = Said::new(text, self.language, self.ask.now).way_at(speed)?;
        let figure = last.figure()?;
        let (step, references) = self.calculated(&[(at, figure.pointer.clone())], &format!("{{}} * {factor}"))?;
        Some((step, references, Vec::new(), Some(Measured::In(way))))
    }

    /// "How much is it if I buy 3 of them?", "what is that each, if we are four", "I have 12 of them. What do they weigh in
    /// all?"
    fn of_so_many(&self, text: &str, earlier: &[Clause], parts: &[Part], made: &[Option<Made>]) -> Option<Solved> {
        let (whole, telling) = with_told(text, earlier, parts);
        let words: Vec<String> = arguments::plain_words(text).collect();
        let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let asks = words.first().is_some_and(|first| ASKS.contains(&first.as_str()));
        let condition = words.iter().position(|word| matches!(word.as_str(), "if" | "when" | "om" | "när"));
        let takes = condition.is_some_and(|at| words.iter().skip(at).any(|word| TAKES.contains(&word.as_str())));
        let n = Said::new(&whole, self.language, self.ask.now).only_count().filter(|_| asks)?;
        let sign = if says(PERSON) || says(EACH) {
            '/'
        } else if takes && telling.is_empty() || !telling.is_empty() && says(ALL) {
            '*'
        } else {
            return None;
        };
        let (at, last) = last(made).filter(|(_, last)| last.gives_figure)?;
        let figure = last.figure()?;
        let (step, references) = self.calculated(&[(at, figure.pointer.clone())], &format!("{{}} {sign} {n}"))?;
        let unit = self.unit_of(&step, &references, made);
        Some((step, references, telling, unit))
    }

    /// "What is 25 % VAT on 1480, and what does it come to in all", "18 % of 1240, and how much is left": with the share, or
    /// without it.
    fn with_share(&self, text: &str, made: &[Option<Made>]) -> Option<Solved> {
        let (at, last) = last(made)?;
        let expression = last.step.arguments.values().find_map(serde_json::Value::as_str)?;
        let (_, whole) = expression.split_once(" / 100 * ").filter(|_| self.takes_arithmetic(&last.step))?;
        let whole = whole.parse::<f64>().ok()?;
        let words: Vec<String> = arguments::plain_words(text).collect();
        let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let said = Said::new(text, self.language, self.ask.now);
        let is_other = said.only_count().map_or(said.n_numbers() > 0, |own| own != whole);
        let template = match (says(ALL), says(LEFT)) {
            (true, false) => format!("{{}} + {whole}"),
            (false, true) => format!("{whole} - {{}}"),
            _ => return None,
        };
        if is_other || says(&["kvar", "left"]) && says(&["days", "dagar", "weeks", "veckor"]) {
            return None;
        }
        let figure = last.figure()?;
        let (step, references) = self.calculated(&[(at, figure.pointer.clone())], &template)?;
        Some((step, references, Vec::new(), None))
    }

    /// "If it takes me 180 minutes, how many minutes a mile is that?", "how many 25 GB discs does that fill": by the last
    /// figure, or it by what is said.
    fn per_unit(&self, text: &str, earlier: &[Clause], parts: &[Part], made: &[Option<Made>]) -> Option<Solved> {
        let (at, last) = last(made)?;
        let names = |(name, _): &(&String, &serde_json::Value)| matches!(name.as_str(), "to" | "to_unit");
        let unit = last.step.arguments.iter().find(names)?.1.as_str()?;
        let figure = last.figure()?;
        let (whole, telling) = with_told(text, earlier, parts);
        let told = Said::new(&whole, self.language, self.ask.now).value_per(unit);
        let filled = || Said::new(text, self.language, self.ask.now).value_filled(unit);
        let (template, telling) = match told {
            Some(value) => (format!("{value} / {{}}"), telling),
            None => (format!("{{}} / {}", filled().filter(|_| clauses::may_point(text))?), Vec::new()),
        };
        let (step, references) = self.calculated(&[(at, figure.pointer.clone())], &template)?;
        Some((step, references, telling, None))
    }
}

/// The text with what was told right before it, and where that was.
fn with_told(text: &str, earlier: &[Clause], parts: &[Part]) -> (String, Vec<usize>) {
    let n_told = told::n_before(earlier, parts).min(1);
    let first = earlier.len() - n_told;
    match earlier.get(first).filter(|_| n_told > 0 && !text.contains(|c: char| c.is_ascii_digit())) {
        Some(one) => (format!("{}. {text}", one.text.trim_end_matches(['.', '!', ',', ' '])), vec![first]),
        None => (text.to_owned(), Vec::new()),
    }
}

fn last(made: &[Option<Made>]) -> Option<(usize, &Made)> {
    made.iter().enumerate().rev().find_map(|(at, made)| Some((at, made.as_ref()?)))
}
