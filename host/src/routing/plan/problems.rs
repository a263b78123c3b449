//! Sums that a part tells in words, alone or with what was told right before it, and those that go on from an answer in such
//! words: "how far is that in 3 hours", "what if I buy 4 of them".

use super::super::arguments::{self, Said};
use super::super::{Clause, Part, Reference, Step, clauses};
use super::outputs::{self, Kind};
use super::{Made, Measured, Planner, first_call, told};

/// Words of questions about what something comes to, and of what somebody takes of it.
const ASKS: &[&str] = &["how", "what", "what's", "hur", "vad"];
const TAKES: &[&str] = &[
    "buy", "buys", "order", "take", "need", "want", "get", "köper", "köp", "tar", "beställer", "behöver", "vill", "har",
];

/// A call with what it takes, the parts that only told something for it, and what its result is counted in.
pub(super) type Solved = (Step, Vec<Reference>, Vec<usize>, Option<Measured>);

impl Planner<'_> {
    /// The call of a part that asks for a sum in words.
    pub(super) fn problem(&self, part: &Part, earlier: &[Clause], parts: &[Part], made: &[Option<Made>]) -> Option<Solved> {
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
            .or_else(|| self.of_so_many(&text, made))
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
        let figure = outputs::best(&last.outputs, Kind::Number, &clauses::Pointer::default(), &last.text)?.0;
        let (step, references) = self.calculated(&[(at, figure.pointer.clone())], &format!("{{}} * {factor}"))?;
        Some((step, references, Vec::new(), Some(Measured::In(way))))
    }

    /// "How much is it if I buy 3 of them?"
    fn of_so_many(&self, text: &str, made: &[Option<Made>]) -> Option<Solved> {
        let words: Vec<String> = arguments::plain_words(text).collect();
        let asks = words.first().is_some_and(|first| ASKS.contains(&first.as_str()));
        let condition = words.iter().position(|word| matches!(word.as_str(), "if" | "when" | "om" | "när"))?;
        let takes = words.iter().skip(condition).any(|word| TAKES.contains(&word.as_str()));
        let said = Said::new(text, self.language, self.ask.now);
        let n = said.only_number().filter(|_| asks && takes && said.unit().is_none())?;
        let n = n.parse::<u32>().ok()?;
        let (at, last) = last(made).filter(|(_, last)| last.gives_figure)?;
        let figure = outputs::best(&last.outputs, Kind::Number, &clauses::Pointer::default(), &last.text)?.0;
        let (step, references) = self.calculated(&[(at, figure.pointer.clone())], &format!("{{}} * {n}"))?;
        Some((step, references, Vec::new(), None))
    }
}

fn last(made: &[Option<Made>]) -> Option<(usize, &Made)> {
    made.iter().enumerate().rev().find_map(|(at, made)| Some((at, made.as_ref()?)))
}
