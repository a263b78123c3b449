//! Rates: what one of something comes to, "0.12 euros a word", "180 kg per hektar", "if a litre costs 1.70".

use super::numbers::Number;
use super::tokens::{Kind, Text};

/// What one of something comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    pub value: f64,
    /// What it is that of: `word` in "0.12 euros a word".
    pub per: String,
    /// What that is counted in, where it is no money.
    pub unit: Option<&'static str>,
}

/// The only rate that `text` says, where it says no other number.
pub fn of(text: &Text<'_>, numbers: &[Number]) -> Option<Rate> {
    // "A litre" is no figure.
    let is_one =
        |number: &Number| number.weak || matches!(text.lower(number.tokens.start), "a" | "an" | "one" | "en" | "ett");
    let mut said = numbers.iter().filter(|number| !is_one(number) && !number.ordinal && !number.percent);
    let number = said.next().filter(|_| said.next().is_none())?;
    let is_money = number.unit.is_some_and(|unit| unit.dimension == super::units::Dimension::Money);
    let unit = number.unit.filter(|_| !is_money).and_then(|unit| unit.names.first().copied());
    let rate = |at: usize| {
        let noun = text.get(at).filter(|token| token.kind == Kind::Word && token.quote.is_none())?;
        Some(Rate { value: number.value, per: noun.lower.clone(), unit })
    };
    // "0.12 euros a word", "5 mg per kilo".
    let end = number.whole.end;
    // "Is 97 a prime?"
    let before = number.whole.start.checked_sub(1).map_or("", |at| text.lower(at));
    let is_called = matches!(before, "is" | "was" | "are" | "är" | "var");
    let behind = (end..end + 2).find(|at| match text.lower(*at) {
        "per" | "a" | "an" | "each" | "every" | "varje" => true,
        // "7,5 timmar om dagen".
        "om" | "i" => super::names_unit(text.lower(at + 1)) || super::same_word(text.lower(at + 1), "day"),
        _ => false,
    });
    let behind = behind.filter(|_| !is_called);
    if let Some(rate) = behind.and_then(|at| rate(at + 1)) {
        return Some(rate);
    }
    // "18,40 kr litern", "0.12 each".
    let each =
        (end..end + 2).find(|at| matches!(text.lower(*at), "each" | "apiece" | "styck" | "stycket" | "styckvis"));
    if let Some(at) = each.filter(|_| number.unit.is_none() || is_money) {
        return Some(Rate { value: number.value, per: text.lower(at).to_owned(), unit });
    }
    let is_unit = |noun: &str| super::names_unit(noun);
    if let Some(rate) = rate(end).filter(|rate| is_money && is_unit(&rate.per)) {
        return Some(rate);
    }
    // "If a litre costs 1.70", "om ett hekto kostar 14,50".
    let costs = number.whole.start.checked_sub(1)?;
    let one = costs.checked_sub(2)?;
    let is_one = matches!(text.lower(one), "a" | "an" | "one" | "each" | "every" | "per" | "en" | "ett" | "varje");
    let is_told =
        matches!(text.lower(costs), "costs" | "cost" | "is" | "weighs" | "takes" | "kostar" | "väger" | "tar" | "är");
    (is_one && is_told).then(|| rate(one + 1))?
}
