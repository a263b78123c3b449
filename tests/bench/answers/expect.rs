//! Whether an answer holds what it should: by value, not by wording.
//!
//! `{"a": 1}` is held by an object whose `a` is 1, whatever else it has. Numbers are the same within a millionth.
//! `{"$any": […]}`, `{"$has": …}`, `{"$first": …}` and `{"$like": "…"}` say less than one value; texts that begin with `@`
//! are computed from today's date.

use jiff::civil::{Date, Weekday, date};
use jiff::{Span, ToSpan as _, Unit, Zoned};
use serde_json::Value;

/// Whether `got` holds `wanted`.
pub fn holds(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::Object(wanted), got) if wanted.len() == 1 && wanted.keys().all(|key| key.starts_with('$')) => {
            wanted.iter().all(|(key, wanted)| holds_less(key, wanted, got))
        }
        (Value::Object(wanted), Value::Object(got)) => {
            wanted.iter().all(|(key, wanted)| got.get(key).is_some_and(|got| holds(wanted, got)))
        }
        (Value::Array(wanted), Value::Array(got)) => {
            wanted.len() == got.len() && wanted.iter().zip(got).all(|(wanted, got)| holds(wanted, got))
        }
        (Value::Number(wanted), Value::Number(got)) => match (wanted.as_f64(), got.as_f64()) {
            (Some(wanted), Some(got)) => (wanted - got).abs() <= 1e-6 * wanted.abs().max(1.0),
            _ => false,
        },
        (Value::String(wanted), got) if wanted.starts_with('@') => {
            computed(wanted, Zoned::now().date()).is_some_and(|wanted| holds(&wanted, got))
        }
        (wanted, got) => wanted == got,
    }
}

fn holds_less(key: &str, wanted: &Value, got: &Value) -> bool {
    match (key, wanted, got) {
        ("$any", Value::Array(each), got) => each.iter().any(|wanted| holds(wanted, got)),
        ("$has", wanted, Value::Array(got)) => got.iter().any(|got| holds(wanted, got)),
        ("$first", wanted, Value::Array(got)) => got.first().is_some_and(|got| holds(wanted, got)),
        ("$contains", Value::String(wanted), Value::String(got)) => got.contains(wanted.as_str()),
        ("$some", _, got) => !got.is_null(),
        // Given as a number or written as one.
        ("$near", Value::Number(wanted), got) => {
            let number = got.as_f64().or_else(|| got.as_str().and_then(|text| text.parse().ok()));
            wanted.as_f64().zip(number).is_some_and(|(wanted, got)| (wanted - got).abs() <= 1e-5 * wanted.abs())
        }
        ("$like", Value::String(wanted), Value::String(got)) => plain(wanted) == plain(got),
        _ => false,
    }
}

/// A text without regard to case, outer punctuation and how many spaces there are.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let trimmed = lower.trim_matches(|character: char| !character.is_alphanumeric());
    trimmed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `@date D`, `@days D` (from today), `@week D`, `@weekday D`, `@age D` (whole years), where D is `today`, `today+3d`
/// (d, w, m, y), `next fri`, `last mon`, `next 12-24` or `2026-06-01`.
fn computed(text: &str, today: Date) -> Option<Value> {
    let (what, day) = text.split_once(' ')?;
    let day = day_of(day.trim(), today)?;
    Some(match what {
        "@date" => day.to_string().into(),
        "@days" => today.until((Unit::Day, day)).ok()?.get_days().into(),
        "@week" => day.iso_week_date().week().into(),
        "@weekday" => day.strftime("%A").to_string().into(),
        "@age" => day.until((Unit::Year, today)).ok()?.get_years().into(),
        _ => return None,
    })
}

fn day_of(text: &str, today: Date) -> Option<Date> {
    if let Some(shift) = text.strip_prefix("today") {
        return if shift.is_empty() { Some(today) } else { today.checked_add(span(shift)?).ok() };
    }
    if let Some(name) = text.strip_prefix("last ") {
        return today.nth_weekday(-1, weekday(name)?).ok();
    }
    let Some(next) = text.strip_prefix("next ") else { return text.parse().ok() };
    if let Some(weekday) = weekday(next) {
        return today.nth_weekday(1, weekday).ok();
    }
    let (month, day) = next.split_once('-')?;
    let this_year = date(today.year(), month.parse().ok()?, day.parse().ok()?);
    Some(if this_year > today { this_year } else { this_year.checked_add(1.year()).ok()? })
}

fn span(shift: &str) -> Option<Span> {
    let (number, unit) = shift.split_at_checked(shift.len().checked_sub(1)?)?;
    let number: i64 = number.strip_prefix('+').unwrap_or(number).parse().ok()?;
    match unit {
        "d" => Some(number.days()),
        "w" => Some(number.weeks()),
        "m" => Some(number.months()),
        "y" => Some(number.years()),
        _ => None,
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let at = names.iter().position(|known| *known == name)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}
