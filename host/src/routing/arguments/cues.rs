//! How much the words around a place in the text speak for a parameter.

use std::ops::Range;

use super::super::language;
use super::schema::Parameter;
use super::spans::Reading;
use super::tokens::Kind;
use super::words;

/// Tokens looked at before and after a value.
const BEFORE_MAX: usize = 9;
const AFTER_MAX: usize = 5;

/// What the words before and after a value say for a parameter, each from 0 to about 1.5.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cue {
    pub before: f32,
    pub after: f32,
    /// The parameter's own name stands right before, as in `a=2` or `radius: 4`.
    pub named: bool,
}

impl Cue {
    pub fn sum(&self) -> f32 {
        let near = self.before.max(self.after) + 0.3 * self.before.min(self.after);
        near + if self.named { 1.0 } else { 0.0 }
    }
}

/// The cues of `parameter` around the tokens `value`.
pub fn around(reading: &Reading<'_>, parameter: &Parameter, value: &Range<usize>) -> Cue {
    Cue {
        before: before(reading, parameter, value),
        after: after(reading, parameter, value),
        named: named(reading, parameter, value),
    }
}

/// "Base and height as 6 and 10": the words that stand in the place of `value` in a row of as many before its own row.
fn respective(reading: &Reading<'_>, value: &Range<usize>) -> Option<Range<usize>> {
    let covers =
        |items: &[Range<usize>]| items.iter().position(|item| item.start <= value.start && value.end <= item.end);
    let (row, place) = reading.rows.iter().find_map(|row| covers(&row.items).map(|place| (row, place)))?;
    let names = reading
        .rows
        .iter()
        .rev()
        .find(|names| names.tokens.end <= row.tokens.start && names.items.len() == row.items.len())?;
    let between = names.tokens.end..row.tokens.start;
    let linked = between.len() <= 4
        && between
            .clone()
            .all(|at| words::is_link(reading.text.lower(at)) || words::is_function(reading.text.lower(at)));
    linked.then(|| names.items.get(place).cloned()).flatten()
}

fn before(reading: &Reading<'_>, parameter: &Parameter, value: &Range<usize>) -> f32 {
    if let Some(name) = respective(reading, value) {
        let weights = name.filter_map(|at| matching(parameter, reading.text.lower(at)).map(|(_, weight)| weight));
        return weights.fold(0.0, f32::max) * 1.2;
    }
    let mut strength = 1.0_f32;
    let mut sum = 0.0_f32;
    let mut used: Vec<&str> = Vec::new();
    let mut conjunction = false;
    for at in (value.start.saturating_sub(BEFORE_MAX)..value.start).rev() {
        let Some(token) = reading.text.get(at) else { break };
        if token.kind == Kind::Mark {
            match token.lower.as_str() {
                "." | "?" | "!" | ";" if !reading.text.glued(at + 1) => break,
                "," => strength *= 0.5,
                _ => {}
            }
            continue;
        }
        // Another value stands between: what is before it is that one's.
        if reading.numbers.iter().any(|number| number.whole.contains(&at) && !number.weak) || token.quote.is_some() {
            strength *= if conjunction { 0.45 } else { 0.3 };
            if strength < 0.15 {
                break;
            }
            continue;
        }
        conjunction = matches!(token.lower.as_str(), "and" | "och" | "or");
        if conjunction {
            strength *= 0.7;
            continue;
        }
        if let Some((word, weight)) = matching(parameter, &token.lower)
            && !used.contains(&word)
        {
            used.push(word);
            sum += weight * strength;
        }
        strength *= if words::is_link(&token.lower) || words::is_function(&token.lower) { 0.96 } else { 0.72 };
    }
    sum.min(1.6)
}

fn after(reading: &Reading<'_>, parameter: &Parameter, value: &Range<usize>) -> f32 {
    let mut strength = 0.95_f32;
    let mut sum = 0.0_f32;
    for at in value.end..value.end + AFTER_MAX {
        let Some(token) = reading.text.get(at) else { break };
        if token.kind == Kind::Mark && !matches!(token.lower.as_str(), "-" | "'" | ")" | "%") {
            break;
        }
        if matches!(token.lower.as_str(), "and" | "och" | "or" | "with" | "med")
            || token.quote.is_some()
            || token.kind == Kind::Number
        {
            break;
        }
        if let Some((_, weight)) = matching(parameter, &token.lower) {
            sum += weight * strength;
        }
        strength *= if words::is_function(&token.lower) { 0.6 } else { 0.75 };
    }
    sum.min(1.4)
}

/// The parameter's cue that `word` is.
fn matching<'p>(parameter: &'p Parameter, word: &str) -> Option<(&'p str, f32)> {
    if word.chars().count() < 2 {
        return None;
    }
    let best = parameter
        .cues
        .iter()
        .filter(|(cue, _)| words::same(cue, word) || word.chars().count() > 5 && language::one_error_apart(cue, word))
        .max_by(|left, right| left.1.total_cmp(&right.1));
    best.map(|(cue, weight)| (cue.as_str(), *weight))
}

/// Whether the whole name stands right before the value, joined by a sign, a colon or "is".
fn named(reading: &Reading<'_>, parameter: &Parameter, value: &Range<usize>) -> bool {
    let mut at = value.start;
    let mut sign = false;
    while let Some(before) = reading.text.before(at) {
        match before.lower.as_str() {
            "=" | ":" => sign = true,
            "is" | "är" | "as" | "equals" | "of" | "\"" | "'" | "`" | "[" | "(" | "to" | "{" => {}
            _ => break,
        }
        at -= 1;
        if value.start - at > 3 {
            return false;
        }
    }
    let Some(before) = reading.text.before(at) else { return false };
    let name = parameter.name.to_lowercase();
    if before.lower == name {
        return sign || name.chars().count() > 2;
    }
    // "The tag travel", "taggen resa": what it is called by, with nothing between.
    if at == value.start && before.quote.is_none() && words::concept(&before.lower) == words::concept(&name) {
        return words::concept(&name) != name.as_str() || words::concept(&before.lower) != before.lower.as_str();
    }
    // The words of the name in a row: "interest rate of 5 %".
    let parts = words::of_name(&parameter.name);
    let Some(start) = at.checked_sub(parts.len()).filter(|_| parts.len() > 1) else { return false };
    parts.iter().enumerate().all(|(offset, part)| words::same(part, reading.text.lower(start + offset)))
}
