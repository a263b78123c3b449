//! What a single cell holds.

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// Nothing, or a word for it.
    Missing,
    Integer(f64),
    Number(f64),
    Boolean,
    Date,
    Text,
}

/// Reads a trimmed cell.
pub fn read(text: &str, decimal_comma: bool) -> Cell {
    if is_missing(text) {
        return Cell::Missing;
    }
    if let Some(number) = number(text, decimal_comma) {
        return number;
    }
    match text.to_lowercase().as_str() {
        "true" | "false" | "yes" | "no" | "ja" | "nej" | "sant" | "falskt" => Cell::Boolean,
        _ if is_date(text) => Cell::Date,
        _ => Cell::Text,
    }
}

fn is_missing(text: &str) -> bool {
    const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "none", "-"];
    text.len() <= 4 && MISSING.contains(&text.to_ascii_lowercase().as_str())
}

/// A number such as `-1 234,5`, `1.5e3` or `12`. Leading zeros make a code, not a number.
fn number(text: &str, decimal_comma: bool) -> Option<Cell> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    let mut last = None;
    for character in text.chars() {
        match character {
            // Between digits only: "1 234", but not "12 kg".
            ' ' | '\u{a0}' | '\u{202f}' if last.is_some_and(|last: char| last.is_ascii_digit()) => {}
            ',' if decimal_comma => plain.push('.'),
            '.' if decimal_comma => return None,
            '−' => plain.push('-'),
            '0'..='9' | '.' | '-' | '+' | 'e' | 'E' => plain.push(character),
            _ => return None,
        }
        last = Some(character);
    }
    let digits = plain.trim_start_matches(['-', '+']);
    let code = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if code {
        return None;
    }
    let value: f64 = plain.parse().ok().filter(|value: &f64| value.is_finite())?;
    let integer = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some(if integer { Cell::Integer(value) } else { Cell::Number(value) })
}

/// Whether it is `YYYY-MM-DD`, with or without a time after it.
fn is_date(text: &str) -> bool {
    let part = |from: usize, to: usize| {
        let digits = text.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u32>().ok())
    };
    let dashes = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let ends = matches!(text.get(10..11), None | Some("T" | " ")) && text.is_char_boundary(10.min(text.len()));
    dashes
        && ends
        && part(0, 4).is_some()
        && part(5, 7).is_some_and(|month| (1..=12).contains(&month))
        && part(8, 10).is_some_and(|day| (1..=31).contains(&day))
}
