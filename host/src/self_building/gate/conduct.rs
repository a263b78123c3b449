//! What a candidate does beside answering: what it reaches for, and what it writes into the log.

use serde_json::Value;

use super::calls::Came;
use super::{Fault, short};
use crate::base::{GrantKind, HttpGrant};
use crate::skills::{Loaded, Seen};

/// Lines that one call may log.
const LINES_MAX: usize = 40;
/// Texts of the input that are looked for in the log have at least so many characters.
const TEXT_CHARS_MIN: usize = 8;

/// What its top level did while it was loaded: nothing but declaring skills.
pub fn at_load(loaded: &Loaded) -> Result<(), Fault> {
    reached(&loaded.seen, loaded, true).map_err(|what| Fault::new(format!("while it was loaded, {what}")))?;
    log(&loaded.seen, &Value::Null).map_err(|what| Fault::new(format!("while it was loaded, {what}")))
}

/// What its calls did. Those of examples are `answered`: a request that no stub of theirs answers was not to be made.
pub fn check(loaded: &Loaded, all: &[Came], answered: bool) -> Result<(), Fault> {
    for came in all {
        let fault = |what: String| Fault { told: Some(what.clone()), ..Fault::new(what).on(&came.input) };
        reached(&came.seen, loaded, answered).map_err(fault)?;
        log(&came.seen, &came.input).map_err(fault)?;
    }
    Ok(())
}

fn reached(seen: &Seen, loaded: &Loaded, answered: bool) -> Result<(), String> {
    let asks = &loaded.candidate().requests;
    for (kind, what) in &seen.touched {
        let asked = match kind {
            GrantKind::Kv => asks.kv_bytes.is_some(),
            GrantKind::Secrets => asks.secrets.contains(what),
            GrantKind::Http => asks.http.iter().any(|grant| lets(grant, what)),
            GrantKind::Files | GrantKind::Env | GrantKind::Delegate => true,
        };
        if !asked {
            return Err(format!("it reached for {kind} (`{}`), for which its manifest does not ask", short(what)));
        }
    }
    match seen.unanswered.first() {
        Some(what) if answered => Err(format!("it sent `{}`, of which its example knows nothing", short(what))),
        _ => Ok(()),
    }
}

/// Whether a grant covers a request written as a method and a URL.
fn lets(grant: &HttpGrant, what: &str) -> bool {
    let Some((method, url)) = what.split_once(' ') else { return false };
    let Ok(url) = url.parse::<http::Uri>() else { return false };
    let tls = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
    grant.covers(method, tls, url.host().unwrap_or_default(), port)
}

fn log(seen: &Seen, input: &Value) -> Result<(), String> {
    if seen.logged.len() > LINES_MAX {
        return Err(format!("it logged {} lines in one call, more than {LINES_MAX}", seen.logged.len()));
    }
    let mut texts = Vec::new();
    texts_of(input, &mut texts);
    for line in &seen.logged {
        let written = line.trim_end_matches('\n');
        if let Some(character) = written.chars().find(|c| deceives(*c)) {
            return Err(format!(
                "it wrote a line with {character:?} into the log, which forges other lines: {:?}",
                short(line)
            ));
        }
        if looks_like_ours(written) {
            return Err(format!("it wrote a line into the log that looks like the daemon's own: {:?}", short(line)));
        }
        let plain = written.to_lowercase();
        if let Some(text) = texts.iter().find(|text| carries(&plain, text)) {
            return Err(format!("it wrote what it was given into the log: {:?}", short(text)));
        }
    }
    Ok(())
}

/// Characters by which one line looks like two, or like another.
fn deceives(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Lines that only the daemon writes: marks in brackets, a time in front of a level.
fn looks_like_ours(line: &str) -> bool {
    let line = line.trim_start();
    let lower = line.to_ascii_lowercase();
    if lower.starts_with("[refused by the host")
        || lower.starts_with("[the call's log")
        || lower.contains("access.denied")
    {
        return true;
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let dated = line.get(..10).is_some_and(|date| {
        let mut parts = date.split('-');
        matches!((parts.next(), parts.next(), parts.next()), (Some(year), Some(month), Some(day))
            if year.len() == 4 && digits(year) && digits(month) && digits(day))
    });
    let levels = ["error", "warn", "info", "debug", "trace", "audit"];
    let has_level = lower.split(|c: char| !c.is_ascii_alphanumeric()).take(12).any(|word| levels.contains(&word));
    dated && has_level
}

fn texts_of(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() >= TEXT_CHARS_MIN => texts.push(text.to_lowercase()),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, texts)),
        Value::Object(members) => members.values().for_each(|member| texts_of(member, texts)),
        _ => {}
    }
}

/// Whether a line has a text of the input in it: as it is, or written another way.
fn carries(line: &str, text: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let reversed: String = text.chars().rev().collect();
    let encoded = STANDARD_NO_PAD.encode(text).to_lowercase();
    let spelt: String =
        text.chars().flat_map(|c| if c == ' ' { "%20".chars().collect::<Vec<_>>() } else { vec![c] }).collect();
    [text, &hex, &reversed, &encoded, &spelt].iter().any(|way| line.contains(*way))
}
