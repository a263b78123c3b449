//! Values of arrays: rows of values, and single ones.

use serde_json::Value;

use super::offers::{self, Offer};
use super::schema::{Kind, Parameter};
use super::spans::{Reading, Row};
use super::{choices, cues};

/// Offers for an array parameter whose items are like `item`.
pub fn of(reading: &Reading<'_>, parameter: &Parameter, item: &Parameter) -> Vec<Offer> {
    let mut found: Vec<Offer> =
        super::texts::json(reading, parameter).into_iter().filter(|offer| offer.value.is_array()).collect();
    if let Kind::Options = item.kind {
        found.extend(chosen(reading, item));
        return found;
    }
    for row in &reading.rows {
        found.extend(row_offer(reading, parameter, item, row));
    }
    if found.is_empty() || !matches!(item.kind, Kind::Integer | Kind::Number) {
        let singles = offers::of(reading, item).into_iter().take(6);
        found.extend(singles.map(|single| {
            // One of several in a row is not all that was meant.
            let in_row = reading
                .rows
                .iter()
                .any(|row| row.tokens.start < single.tokens.end && single.tokens.start < row.tokens.end);
            let score = single.score - if in_row { 0.9 } else { 0.35 };
            Offer { value: Value::Array(vec![single.value]), score, ..single }
        }));
    }
    found
}

/// All options that the text names.
fn chosen(reading: &Reading<'_>, item: &Parameter) -> Option<Offer> {
    let mut found = choices::options(reading, item);
    found.retain(|offer| offer.score > 0.9);
    found.sort_by_key(|offer| offer.tokens.start);
    let (first, last) = (found.first()?, found.last()?);
    let tokens = first.tokens.start..last.tokens.end;
    let score = found.iter().map(|offer| offer.score).fold(0.0, f32::max);
    let values = found.into_iter().map(|offer| offer.value).collect();
    Some(Offer { shares: true, ..Offer::new(Value::Array(values), tokens, score) })
}

fn row_offer(reading: &Reading<'_>, parameter: &Parameter, item: &Parameter, row: &Row) -> Option<Offer> {
    let mut values = Vec::with_capacity(row.items.len());
    let mut quality = 0.0;
    for tokens in &row.items {
        let (value, fit) = item_value(reading, item, tokens)?;
        quality += fit;
        values.push(value);
    }
    quality /= row.items.len().max(1) as f32;
    let cue = cues::around(reading, parameter, &row.tokens);
    let mut score = 0.6 + cue.sum() * 0.8 + quality + super::texts::role(reading, parameter, &row.tokens);
    if row.bracketed {
        score += 0.3;
    }
    Some(Offer::new(Value::Array(values), row.tokens.clone(), score))
}

/// The value of one item of a row, if it is of the right kind, and how well it fits.
fn item_value(reading: &Reading<'_>, item: &Parameter, tokens: &std::ops::Range<usize>) -> Option<(Value, f32)> {
    match item.kind {
        Kind::Integer | Kind::Number => {
            let number = reading.numbers.iter().find(|number| number.whole == *tokens)?;
            let value = offers::number_value(number.value, item)?;
            offers::fits(item, &value).then_some((value, 0.4))
        }
        Kind::Text => {
            let matching = reading.spans.iter().filter(|span| span.tokens == *tokens);
            let span = matching.min_by_key(|span| span.piece)?;
            let fit = super::texts::fit(reading, item, span);
            let value = super::texts::value_of(reading, item, span);
            Some((Value::from(value), fit.clamp(-0.6, 0.6)))
        }
        _ => None,
    }
}
