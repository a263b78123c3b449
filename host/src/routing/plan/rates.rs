//! What an answer comes to at a rate: "how many litres is that, and what does it cost if a litre is 1.70".

use super::super::arguments::Said;
use super::super::{Clause, Reference, Step, clauses};
use super::outputs::{self, Kind};
use super::{Made, Measured, Planner};

/// Words of questions about what something comes to.
const AMOUNTS: &[&str] = &[
    "much", "many", "cost", "charge", "pay", "come", "earn", "total", "make", "last", "mycket", "många", "kostar",
    "kosta", "blir", "går", "betala", "tjänar", "räcker",
];

/// A call with what it takes, the parts that only told something for it, and what its figure is counted in.
pub(super) type AtRate = (Step, Vec<Reference>, Vec<usize>, Option<Measured>);

impl Planner<'_> {
    /// The call of a part that asks what the last figure comes to at a rate which it says, or which was said right before.
    pub(super) fn at_rate(&self, clause: &Clause, earlier: &[Clause], made: &[Option<Made>]) -> Option<AtRate> {
        let text = clauses::without_order(&clause.text);
        let amount = super::arguments::plain_words(&text).any(|word| AMOUNTS.contains(&word.as_str()));
        let asks = clause.asks && amount && (clauses::is_question(&text) || text.contains('?'));
        let own = || Said::new(&text, self.language, self.ask.now);
        if !asks {
            return None;
        }
        let told = earlier.len().checked_sub(1).filter(|_| own().n_numbers() == 0);
        let told = told.filter(|at| {
            let tells = |one: &Clause| clauses::is_statement(&one.text) || !clauses::is_order(&one.text);
            earlier.get(*at).is_some_and(|one| tells(one) && !one.text.contains('?'))
        });
        let whole = match told.and_then(|at| earlier.get(at)) {
            Some(one) => format!("{} {text}", one.text.trim_end_matches(['.', '!', ' '])),
            None => text.clone(),
        };
        let rate = Said::new(&whole, self.language, self.ask.now).rate()?;
        let before = made.get(..told.unwrap_or(made.len()))?;
        let given = || before.iter().enumerate().rev().filter_map(|(at, made)| Some((at, made.as_ref()?)));
        // "289 kr per kvadratmeter": of the last figure in those, whatever else came after it.
        let is_in = |unit: &str| super::arguments::same_unit(unit, &rate.per);
        let in_unit = |made: &Made| match &made.unit {
            Some(Measured::In(unit)) => is_in(unit),
            _ => made.step.arguments.get("to").and_then(serde_json::Value::as_str).is_some_and(is_in),
        };
        let (at, last) = given().find(|(_, made)| in_unit(made)).or_else(|| given().next())?;
        let named = |output: &&outputs::Output| {
            output.kind == Kind::Number && super::arguments::same_word(&output.name, &rate.per)
        };
        let per = super::arguments::concept(&rate.per);
        let figure = match (last.outputs.iter().find(named), last.figure()) {
            // Working days are days.
            (Some(_), Some(best)) if best.name.contains(per) => best,
            (Some(named), _) => named,
            (None, best) => best.filter(|_| last.gives_figure)?,
        };
        // "At 7 litres an hour, how many hours is that?"
        let divides = clauses::counted_noun(&text).is_some_and(|noun| super::arguments::same_word(&noun, &rate.per));
        let sign = if divides { '/' } else { '*' };
        let (step, references) =
            self.calculated(&[(at, figure.pointer.clone())], &format!("{{}} {sign} {}", rate.value))?;
        let unit = rate.unit.filter(|_| !divides).map(|unit| Measured::In(unit.to_owned()));
        Some((step, references, told.into_iter().collect(), unit))
    }
}
