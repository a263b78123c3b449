//! What a candidate does beside answering: what it reaches for, and what it writes into the log.

use serde_json::Value;

use super::calls::Came;
use super::{Fault, short};
use crate::base::{GrantKind, HttpGrant};
use crate::skills::{Loaded, Seen};

/// Lines that one call may log.
const LINES_MAX: usize = 40;
/// Characters more of input from which on it is looked whether as much more is logged.
const GROWN_CHARS_MIN: usize = 24;
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
    }
    // Over all lines: it may be written a piece at a time.
    let together = squeezed(&seen.logged.concat());
    let lines: Vec<String> = seen.logged.iter().map(|line| squeezed(line)).collect();
    if let Some(text) =
        texts.iter().find(|text| carries(&together, text) || lines.iter().any(|line| carries(line, text)))
    {
        return Err(format!("it wrote what it was given into the log: {:?}", short(text)));
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
        Value::String(text) if text.chars().count() >= TEXT_CHARS_MIN => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, texts)),
        Value::Object(members) => members.values().for_each(|member| texts_of(member, texts)),
        _ => {}
    }
}

/// Whether what was logged has a text of the input in it: as it is, or written another way. `logged` is squeezed.
fn carries(logged: &str, text: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    let plain = squeezed(text);
    if plain.chars().count() < TEXT_CHARS_MIN {
        return false;
    }
    let of_each = |way: &dyn Fn(char) -> String| text.chars().map(way).collect::<String>();
    let turned = |c: char| match c {
        'a'..='m' => char::from(c as u8 + 13),
        'n'..='z' => char::from(c as u8 - 13),
        c => c,
    };
    let ways = [
        plain.chars().rev().collect(),
        plain.chars().map(turned).collect(),
        text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        of_each(&|c| format!("{:x}", u32::from(c))),
        of_each(&|c| u32::from(c).to_string()),
        squeezed(&STANDARD_NO_PAD.encode(text)),
        text.chars()
            .map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("{:02x}", u32::from(c)) })
            .collect(),
        plain,
    ];
    ways.iter().any(|way: &String| logged.contains(way.as_str()))
}

/// Only letters and digits, small ones.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether what is logged grows with the texts that are given, whatever it is that is written: then it may be those texts.
pub fn grows(all: &[&Came]) -> Result<(), Fault> {
    let logged = |came: &Came| came.seen.logged.iter().map(|line| line.trim_end().chars().count()).sum::<usize>();
    let given = |came: &Came| {
        let mut texts = Vec::new();
        texts_of(&came.input, &mut texts);
        texts.iter().map(|text| text.chars().count()).sum::<usize>()
    };
    let Some(least) = all.iter().map(|came| (given(came), logged(came))).min() else { return Ok(()) };
    let more = |came: &&&Came| given(came).saturating_sub(least.0);
    let larger: Vec<&&Came> = all.iter().filter(|came| more(came) >= GROWN_CHARS_MIN).collect();
    // For each of them: a line that is written for some inputs only is no copy of any.
    let grows = larger.iter().all(|came| logged(came).saturating_sub(least.1) * 2 >= more(came));
    let Some(most) = larger.iter().max_by_key(|came| given(came)) else { return Ok(()) };
    let is_one_length = larger.iter().all(|came| given(came) == given(most));
    if grows && !is_one_length {
        let what = "what it writes into the log grows with what it is given, which may be read from that".to_owned();
        return Err(Fault { told: Some(what.clone()), ..Fault::new(what).on(&most.input) });
    }
    Ok(())
}
