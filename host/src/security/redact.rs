//! Takes secrets and personal data out of what is kept as evidence or shown to a writer; the form stays, so that what failed on
//! it fails on what is left, and a request is still found by the words that say what is wanted.
//!
//! What is taken out is what can be told for sure: a key, an address, a number that belongs to somebody, a name that is
//! introduced as one. What could as well be data that a skill works on (a date, a city, a quoted text) stays.

mod names;
mod rules;

use std::ops::Range;

use serde_json::Value;

use rules::{Rule, in_code, in_text};

/// Longest text that is looked through, in bytes; what is behind is left out.
const TEXT_BYTES_MAX: usize = 256 << 10;
/// Deepest value that is looked through; what is deeper is left out.
const DEPTH_MAX: usize = 64;

/// A text without secrets and personal data.
pub fn text(given: &str) -> String {
    apply(given, in_text())
}

/// Source code, or what is said of it, without what is clearly a key, a token or somebody's address: numbers, colours and
/// names are code, and stay.
pub fn code(given: &str) -> String {
    apply(given, in_code())
}

/// A value with its texts redacted, and what its members' names say to be a secret or somebody's data.
pub fn value(given: &Value) -> Value {
    redacted(given, Says::Nothing, DEPTH_MAX)
}

/// What a member's name says of its value.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    Nothing,
    /// It is a secret, or somebody's.
    Masked,
    /// It is a name, which may be somebody's.
    Name,
}

fn redacted(given: &Value, says: Says, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    match (given, says) {
        (Value::String(given), Says::Masked) => masked(given).into(),
        (Value::String(given), Says::Name) if names::is_persons(given) => masked(given).into(),
        (Value::String(given), _) => text(given).into(),
        (Value::Number(given), Says::Masked) => serde_json::from_str(&masked(&given.to_string())).unwrap_or_default(),
        (Value::Array(items), _) => items.iter().map(|item| redacted(item, says, depth - 1)).collect(),
        (Value::Object(members), _) => {
            let member = |(name, given): (&String, &Value)| {
                let own = names::of_member(name);
                (name.clone(), redacted(given, if says == Says::Masked { says } else { own }, depth - 1))
            };
            Value::Object(members.iter().map(member).collect())
        }
        (given, _) => given.clone(),
    }
}

fn apply(given: &str, rules: &[Rule]) -> String {
    let given = given.get(..given.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    let mut found: Vec<Range<usize>> = Vec::new();
    for rule in rules {
        for range in rule.find(given) {
            // What an earlier rule has looked at is not looked at in another way.
            if !found.iter().any(|other| other.start < range.end && range.start < other.end) {
                found.push(range);
            }
        }
    }
    found.sort_by_key(|range| range.start);
    let mut redacted = String::with_capacity(given.len());
    let mut at = 0;
    for range in found {
        redacted.push_str(given.get(at..range.start).unwrap_or_default());
        redacted.push_str(&masked(given.get(range.clone()).unwrap_or_default()));
        at = range.end;
    }
    redacted.push_str(given.get(at..).unwrap_or_default());
    redacted
}

/// The same with each letter and digit replaced by one of its kind.
fn masked(word: &str) -> String {
    let mask = |c: char| match c {
        '0'..='9' => '1',
        c if c.is_uppercase() => 'X',
        c if c.is_alphabetic() => 'x',
        c => c,
    };
    word.chars().map(mask).collect()
}

#[cfg(test)]
mod tests;
