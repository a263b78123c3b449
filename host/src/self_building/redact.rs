//! Takes secrets and personal data out of what is kept as evidence or shown to a writer; the form stays, so that what failed on
//! it fails on what is left.

use serde_json::Value;

/// From this many digits on, a run of them is taken for a number that belongs to somebody.
const DIGITS_MIN: usize = 7;
/// From this many characters on, a word that mixes letters and digits is taken for a key.
const KEY_CHARS_MIN: usize = 16;
/// Names of members whose texts are secrets.
const SECRET_NAMES: &[&str] =
    &["password", "passwd", "secret", "token", "apikey", "api_key", "authorization", "lösenord", "pin"];

/// A value with its texts redacted.
pub fn value(given: &Value) -> Value {
    match given {
        Value::String(given) => text(given).into(),
        Value::Array(items) => items.iter().map(value).collect(),
        Value::Object(members) => {
            let member = |(name, given): (&String, &Value)| {
                let lower = name.to_lowercase();
                let is_secret = SECRET_NAMES.iter().any(|secret| lower.contains(secret));
                let redacted = match given {
                    Value::String(given) if is_secret => masked(given).into(),
                    Value::Number(given) if is_secret => {
                        serde_json::from_str(&masked(&given.to_string())).unwrap_or_default()
                    }
                    given => value(given),
                };
                (name.clone(), redacted)
            };
            Value::Object(members.iter().map(member).collect())
        }
        given => given.clone(),
    }
}

/// A text without addresses, long numbers and keys.
pub fn text(given: &str) -> String {
    let mut redacted = String::with_capacity(given.len());
    for piece in given
        .split_inclusive(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ',' | ';' | '(' | ')'))
    {
        let word = piece.trim_end_matches(|c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ',' | ';' | '(' | ')')
        });
        let rest = piece.get(word.len()..).unwrap_or_default();
        redacted.push_str(&redacted_word(word));
        redacted.push_str(rest);
    }
    redacted
}

fn redacted_word(word: &str) -> String {
    let at = word.find('@').filter(|at| *at > 0 && word.get(at + 1..).is_some_and(|host| host.contains('.')));
    let n_digits = word.chars().filter(char::is_ascii_digit).count();
    let is_number = n_digits >= DIGITS_MIN
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '/' | ':' | ' '));
    let is_key = word.chars().count() >= KEY_CHARS_MIN
        && n_digits > 0
        && word.chars().any(|c| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '+' | '/' | '.'));
    if at.is_some() || is_number || is_key { masked(word) } else { word.to_owned() }
}

/// The same with each letter and digit replaced by one of its kind.
fn masked(word: &str) -> String {
    let mask = |c: char| match c {
        '0'..='9' => '1',
        c if c.is_lowercase() => 'x',
        c if c.is_uppercase() => 'X',
        c => c,
    };
    word.chars().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_belongs_to_somebody_goes_and_its_form_stays() {
        assert_eq!(text("mail anna.berg@example.org, now"), "mail xxxx.xxxx@xxxxxxx.xxx, now");
        assert_eq!(text("ring 070-1234567"), "ring 111-1111111");
        assert_eq!(text("key sk-A1b2C3d4E5f6G7h8"), "key xx-X1x1X1x1X1x1X1x1");
        assert_eq!(text("shout \"hello\" 42 times"), "shout \"hello\" 42 times");
        assert_eq!(value(&json!({"password": "abC 1", "n": [7, "a"]})), json!({"password": "xxX 1", "n": [7, "a"]}));
        assert_eq!(value(&json!({"pin": 4711, "n": 1e30})), json!({"pin": 1111, "n": 1e30}));
    }
}
