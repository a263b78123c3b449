//! Optional values said behind a text: in "the plumber comes on Tuesday, tag it home" only the first half is the text.

use serde_json::Value;

use super::schema::{Kind, Parameter, Sense};
use super::{Extraction, words};

/// Longest value that is said behind a text, in words.
const WORDS_MAX: usize = 4;
/// Words between what a value is and the value.
const BETWEEN: &[&str] = &["it", "that", "this", "as", "with", "the", "den", "det", "som", "med"];

/// Words before what a value is: "and give it the tag".
const LEADS: &[&str] = &[
    "and", "och", "with", "med", "the", "a", "en", "give", "ge", "put", "sätt", "add", "lägg", "use", "använd", "it",
    "den", "det", "till", "also", "också",
];

/// Takes such values out of the texts that were read.
pub fn set_apart(parameters: &[Parameter], request: &str, extraction: &mut Extraction) {
    let is_text = |parameter: &&Parameter| parameter.kind == Kind::Text && parameter.sense == Sense::Free;
    for parameter in parameters.iter().filter(is_text).filter(|parameter| parameter.required) {
        let text = extraction.arguments.get(&parameter.name).and_then(Value::as_str);
        let found = parameters.iter().filter(|other| !other.required).find_map(|other| {
            let (kept, value) = aside(text?, other)?;
            Some((Some(kept.to_owned()), other.name.clone(), value))
        });
        // "Save 'a b' as a note, tagged home": behind what was quoted, or is pointed at.
        let behind = || {
            let of_request = |other: &Parameter| Some((None, other.name.clone(), aside(request, other)?.1));
            parameters.iter().filter(|other| !other.required).find_map(of_request)
        };
        if let Some((kept, name, value)) = found.or_else(behind) {
            if let Some(kept) = kept {
                extraction.arguments.insert(parameter.name.clone(), Value::from(kept));
            }
            extraction.missing.retain(|missing| missing.name != name);
            extraction.given.push(name.clone());
            extraction.arguments.insert(name, value);
        }
    }
}

/// What is left of `text` and the value of `parameter`, where the last clause of the text says that.
fn aside<'t>(text: &'t str, parameter: &Parameter) -> Option<(&'t str, Value)> {
    let joined = || [" and ", " och "].iter().filter_map(|joint| text.rsplit_once(joint));
    text.rsplit_once([',', ';', '.'])
        .into_iter()
        .chain(joined())
        .find_map(|(kept, behind)| value_of(kept, behind, parameter))
}

/// The same where the last clause is known.
fn value_of<'t>(kept: &'t str, behind: &str, parameter: &Parameter) -> Option<(&'t str, Value)> {
    let mut said = behind.trim().trim_end_matches(['.', '!']).split_whitespace().peekable();
    while said.next_if(|word| LEADS.contains(&word.to_lowercase().as_str())).is_some() {}
    let verb = said.next()?.trim_end_matches(':').to_lowercase();
    // "Tagged garden": the participle, with its letter doubled.
    let participle = verb.strip_suffix("ed").map_or(&*verb, |stem| {
        let doubled = stem.len() > 2 && stem.as_bytes().last() == stem.as_bytes().get(stem.len() - 2);
        stem.get(..stem.len() - usize::from(doubled)).unwrap_or(stem)
    });
    let is_named = |name: &String| words::same(name, &verb) || words::same(name, participle);
    if !words::of_name(&parameter.name).iter().any(is_named) {
        return None;
    }
    while said.next_if(|word| BETWEEN.contains(&word.to_lowercase().as_str())).is_some() {}
    let own: Vec<&str> = said.map(|word| word.trim_matches(['"', '\'', '“', '”', '#'])).collect();
    if own.is_empty() || own.len() > WORDS_MAX || own.iter().any(|word| word.is_empty()) || kept.trim().is_empty() {
        return None;
    }
    let value = match &parameter.kind {
        Kind::Text if parameter.options.is_empty() => Value::from(own.join(" ")),
        Kind::List(item) if item.kind == Kind::Text => {
            let each = own.split(|word| matches!(*word, "and" | "och"));
            Value::Array(each.map(|one| Value::from(one.join(" "))).filter(|one| *one != "").collect())
        }
        _ => return None,
    };
    Some((kept.trim_end(), value))
}
