//! What an owner's answer to a question comes to: pure.

use std::cell::LazyCell;

use serde_json::{Map, Value};

use super::event::{Call, Choice, Decision, Interrupted, Missing, Question, Reply};
use super::plan::{self, Known};
use super::respond::{self, Words, inline};
use super::task::Task;
use crate::base::{Failure, FailureKind};
use crate::routing::{self, CivilNow, Index, Profile, arguments, language};

/// Longest answer, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The answer that has an interrupted step run again.
pub const RETRY: &str = "retry";

/// What an answer is read with.
pub struct Reading<'a> {
    /// The skills as they are now.
    pub index: &'a Index,
    /// Now, where the owner is.
    pub now: CivilNow,
    /// The gaps of the owner, in case that no choice fits.
    pub known: Known<'a>,
}

/// Reads `text` as the answer to the question that `task` waits with.
///
/// # Errors
/// `invalid-input` if it is no answer to that question, with what would be.
pub fn read(task: &Task, text: &str, with: &Reading<'_>) -> Result<Reply, Failure> {
    let said = text.trim();
    let words = Words::of(respond::language(task));
    if language::clean(said).trim().is_empty() {
        return Err(unclear(words.answer_empty(), words.answer_empty_hint()));
    }
    if said.len() > ANSWER_BYTES_MAX {
        return Err(unclear(words.answer_long(&ANSWER_BYTES_MAX.to_string()), words.answer_long_hint()));
    }
    match &task.question {
        None => Err(unclear(words.no_question(task.state().as_str()), words.no_question_hint())),
        Some(Question::Choice(choices)) => choice(task, choices, said, with, words),
        Some(Question::Missing(missing)) => values(missing, said, with, words),
        Some(Question::Interrupted(interrupted)) => resolution(interrupted, said, words),
        Some(Question::Approval(_)) => approval(said, words),
        Some(Question::Agent(_)) => Ok(Reply::Tell),
    }
}

fn unclear(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::new(FailureKind::InvalidInput, message).with_hint(hint)
}

/// A choice by its number, or its name or the beginning of it; or none of them.
fn choice(task: &Task, choices: &[Choice], said: &str, with: &Reading<'_>, words: Words) -> Result<Reply, Failure> {
    const NONE: &[&str] = &["0", "none", "none of them", "none of these", "neither", "inget", "ingen", "ingen av dem"];
    let lower = said.trim_end_matches(['.', ')', '!']).to_lowercase();
    if NONE.contains(&&*lower) {
        return Ok(Reply::Decision(plan::gap(&task.request.text, Vec::new(), with.known)));
    }
    let found = match numbered(&lower, choices.len()) {
        Some(place) => choices.get(place),
        None => {
            let exact = choices.iter().find(|choice| choice.skill.to_lowercase() == lower);
            let mut begun = choices.iter().filter(|choice| choice.skill.to_lowercase().starts_with(&lower));
            exact.or_else(|| begun.next().filter(|_| begun.next().is_none()))
        }
    };
    let Some(choice) = found else {
        let names: Vec<_> =
            choices.iter().zip(1..).map(|(choice, number)| format!("{number} `{}`", choice.skill)).collect();
        return Err(unclear(words.no_such_choice(), words.no_such_choice_hint(&names.join(", "))));
    };
    let Some(profile) = with.index.profile(&choice.skill) else {
        return Err(Failure::new(FailureKind::NotFound, words.gone(&choice.skill)).with_hint(words.gone_hint_choice()));
    };
    let text = &task.request.text;
    let extraction = arguments::extract(about(profile, &profile.input_schema), text, language::detect(text), with.now);
    let skill = profile.name.clone();
    let decision = if extraction.missing.is_empty() {
        plan::one(vec![Call::skill(skill, extraction.arguments)])
    } else {
        let values = extraction.missing.iter().map(plan::missing_value).collect();
        Decision::Ask(Question::Missing(Missing { skill, arguments: extraction.arguments, values }))
    };
    Ok(Reply::Decision(decision))
}

/// The place that a number from 1, or a word for one, names.
fn numbered(said: &str, n_choices: usize) -> Option<usize> {
    const WORDS: &[&[&str]] = &[
        &["first", "the first", "one", "första", "den första", "ett"],
        &["second", "the second", "two", "andra", "den andra", "två"],
        &["third", "the third", "three", "tredje", "den tredje", "tre"],
    ];
    let place = match said.trim_start_matches('#').parse::<usize>() {
        Ok(number) => number.checked_sub(1)?,
        Err(_) => WORDS.iter().position(|words| words.contains(&said))?,
    };
    (place < n_choices).then_some(place)
}

/// The values that were asked for: a JSON object, `name=value`, or in plain words.
fn values(missing: &Missing, said: &str, with: &Reading<'_>, words: Words) -> Result<Reply, Failure> {
    let Some(profile) = with.index.profile(&missing.skill) else {
        return Err(Failure::new(FailureKind::NotFound, words.gone(&missing.skill)).with_hint(words.gone_hint_value()));
    };
    let properties = profile.input_schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let given = match structured(said, &properties, words)? {
        Some(given) => given,
        None => Asked { missing, profile, properties: &properties, now: with.now }.given(said),
    };
    let mut arguments = missing.arguments.clone();
    arguments.extend(given);
    let left: Vec<_> = missing.values.iter().filter(|value| !arguments.contains_key(&value.name)).cloned().collect();
    if left.len() == missing.values.len() {
        let names: Vec<_> = left.iter().map(|value| format!("`{}`", value.name)).collect();
        return Err(unclear(words.answer_silent(&names.join(", ")), words.answer_silent_hint()));
    }
    let skill = missing.skill.clone();
    Ok(Reply::Decision(if left.is_empty() {
        plan::one(vec![Call::skill(skill, arguments)])
    } else {
        Decision::Ask(Question::Missing(Missing { skill, arguments, values: left }))
    }))
}

/// A JSON object, or `name=value` pairs, one a line or a comma apart; `None` where it is neither.
fn structured(
    said: &str,
    properties: &Map<String, Value>,
    words: Words,
) -> Result<Option<Map<String, Value>>, Failure> {
    if said.starts_with('{') {
        let object: Map<String, Value> = serde_json::from_str(said)
            .map_err(|error| unclear(words.answer_no_object(&error.to_string()), words.answer_no_object_hint()))?;
        return Ok(Some(object));
    }
    let mut given = Map::new();
    for pair in said.split(['\n', ',']).map(str::trim).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else { return Ok(None) };
        let Some(schema) = properties.get(name.trim()) else { return Ok(None) };
        given.insert(name.trim().to_owned(), typed(value.trim(), schema));
    }
    Ok(Some(given))
}

/// The value as the schema has it, where it reads so.
fn typed(value: &str, schema: &Value) -> Value {
    let is_text = schema.get("type").and_then(Value::as_str) == Some("string");
    let text = || Value::String(value.to_owned());
    if is_text { text() } else { serde_json::from_str(value).unwrap_or_else(|_| text()) }
}

/// What an answer in plain words is read for.
struct Asked<'a> {
    missing: &'a Missing,
    profile: &'a Profile,
    properties: &'a Map<String, Value>,
    now: CivilNow,
}

impl Asked<'_> {
    /// The values that `said` gives.
    fn given(&self, said: &str) -> Map<String, Value> {
        const YES: &[&str] = &["yes", "y", "ok", "ja", "japp", "jo", "stämmer", "right"];
        let [only] = self.missing.values.as_slice() else { return self.extracted(said) };
        let lower = said.trim_end_matches(['.', '!']).to_lowercase();
        let schema = &self.profile.input_schema;
        let found = LazyCell::new(|| self.extracted(said));
        // "She was born on 3 May 1962" gives a date.
        if arguments::has_form(schema, &only.name) && found.contains_key(&only.name) {
            return found.clone();
        }
        let free = || self.properties.get(&only.name).filter(|own| is_free_text(own));
        let value = match (&only.suggestion, only.options.as_slice()) {
            (Some(suggestion), _) if YES.contains(&&*lower) => Some(suggestion.clone()),
            (_, []) if arguments::holds_unit(schema, &only.name) => free().map(|_| bare(said).into()),
            (_, []) => free().map(|_| said.into()),
            (_, options) => option(&lower, options),
        };
        match value {
            Some(value) => Map::from_iter([(only.name.clone(), value)]),
            None => found.clone(),
        }
    }

    /// The values that are read from `said` as from a request, of those that are missing.
    fn extracted(&self, said: &str) -> Map<String, Value> {
        // The rest of the schema, such as its definitions, may be referred to.
        let mut asked = Value::clone(&self.profile.input_schema);
        if let Some(members) = asked.as_object_mut() {
            let wanted = |name: &str| self.missing.values.iter().any(|value| value.name == name);
            let own = self.properties.iter().filter(|(name, _)| wanted(name));
            members.insert("properties".into(), Value::Object(own.map(|(k, v)| (k.clone(), v.clone())).collect()));
            let names = self.missing.values.iter().map(|value| Value::String(value.name.clone()));
            members.insert("required".into(), Value::Array(names.collect()));
        }
        let about = arguments::About { examples: &[], ..about(self.profile, &asked) };
        arguments::extract(about, said, language::detect(said), self.now).arguments
    }
}

fn about<'a>(profile: &'a Profile, schema: &'a Value) -> arguments::About<'a> {
    arguments::About { name: &profile.name, description: &profile.description, schema, examples: &profile.examples }
}

fn is_free_text(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("string")
        && ["enum", "format", "pattern", "const"].iter().all(|key| schema.get(key).is_none())
}

/// A unit without the preposition that it is said with, and without typing errors: "to kilogrms".
fn bare(said: &str) -> String {
    let all = said.trim_end_matches(['.', '!', '?']);
    let thanks = [" please", " tack", " thanks"].iter().find_map(|thanks| all.strip_suffix(thanks));
    let all = thanks.map_or(all, |all| all.trim_end_matches(','));
    let (first, rest) = all.split_once(' ').unwrap_or(("", all));
    let leads = matches!(&*first.to_lowercase(), "to" | "into" | "in" | "from" | "till" | "i" | "från");
    let unit = routing::mended(if leads { rest } else { all });
    if arguments::is_unit(&unit.to_lowercase()) { unit } else { said.to_owned() }
}

/// One of the values that are allowed, by its number or as it is.
fn option(lower: &str, options: &[Value]) -> Option<Value> {
    let named = options.iter().find(|option| inline(option).to_lowercase() == lower);
    named.or_else(|| numbered(lower, options.len()).and_then(|place| options.get(place))).cloned()
}

fn approval(said: &str, words: Words) -> Result<Reply, Failure> {
    match said.trim_end_matches(['.', '!']).to_lowercase().as_str() {
        "approve" | "yes" | "y" | "ok" | "go ahead" | "1" | "godkänn" | "ja" | "kör" | "gör det" => {
            Ok(Reply::Approve)
        }
        "reject" | "no" | "n" | "2" | "avvisa" | "nej" | "låt bli" => Ok(Reply::Reject),
        _ => Err(unclear(words.no_approval(), words.no_approval_hint())),
    }
}

fn resolution(interrupted: &Interrupted, said: &str, words: Words) -> Result<Reply, Failure> {
    match said.trim_end_matches(['.', '!']).to_lowercase().as_str() {
        RETRY | "again" | "1" | "igen" | "försök igen" => Ok(Reply::Retry),
        "skip" | "2" | "hoppa över" => Ok(Reply::Skip),
        "abandon" | "stop" | "3" | "avbryt" | "ge upp" => Ok(Reply::Abandon),
        _ => Err(unclear(words.no_resolution(&interrupted.skill), words.no_resolution_hint())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orchestrator::event::MissingValue;

    #[test]
    fn units_are_read_from_replies_and_nothing_else_is_touched() {
        assert_eq!(bare("to kilogrms"), "kilograms");
        assert_eq!(bare("till kilometer, tack"), "kilometer");
        assert_eq!(bare("till fot."), "fot");
        assert_eq!(bare("to whom"), "to whom");
    }

    #[test]
    fn what_has_a_form_is_found_in_a_sentence_and_any_text_is_all_of_it() {
        let text = |what: &str| serde_json::json!({ "type": "string", "description": what });
        let schema = serde_json::json!({ "type": "object", "properties": {
            "born": text("The day of birth, as YYYY-MM-DD."),
            "note": text("What to keep, such as a date to remember or the unit of a measure."),
            "to": text("Unit to convert into, such as `km`.") } });
        let profile = Profile {
            name: "keeper".into(),
            description: String::new(),
            input_schema: std::sync::Arc::new(schema.clone()),
            output_schema: None,
            examples: Vec::new(),
            read_only: false,
        };
        let now = CivilNow { year: 2026, month: 3, day: 4, hour: 9, minute: 0, second: 0, weekday: 3 };
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        for (name, said, value) in [
            ("born", "she was born on 3 May 1962", "1962-05-03"),
            ("born", "long ago", "long ago"),
            ("note", "the lease ends on 3 May 2026", "the lease ends on 3 May 2026"),
            ("to", "to kilogrms", "kilograms"),
        ] {
            let value_of = MissingValue {
                name: name.into(),
                description: None,
                question: String::new(),
                options: Vec::new(),
                suggestion: None,
            };
            let missing = Missing { skill: "keeper".into(), arguments: Map::new(), values: vec![value_of] };
            let asked = Asked { missing: &missing, profile: &profile, properties: &properties, now };
            assert_eq!(asked.given(said).get(name), Some(&Value::from(value)), "{said}");
        }
    }
}
