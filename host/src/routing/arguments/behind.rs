//! Optional values said behind a text: in "the plumber comes on Tuesday, tag it home" only the first half is the text.

use serde_json::Value;

use super::schema::{Kind, Parameter, Sense};
use super::{Extraction, words};

/// Longest value that is said behind a text, in words.
const WORDS_MAX: usize = 4;
/// Words between what a value is and the value.
const BETWEEN: &[&str] = &["it", "that", "this", "as", "with", "the", "den", "det", "som", "med"];

/// Takes such values out of the texts that were read.
pub fn set_apart(parameters: &[Parameter], extraction: &mut Extraction) {
    let is_text = |parameter: &&Parameter| parameter.kind == Kind::Text && parameter.sense == Sense::Free;
    for parameter in parameters.iter().filter(is_text).filter(|parameter| parameter.required) {
        let Some(Value::String(text)) = extraction.arguments.get(&parameter.name) else { continue };
        let found = parameters.iter().filter(|other| !other.required).find_map(|other| {
            let (kept, value) = aside(text, other)?;
            Some((kept.to_owned(), other.name.clone(), value))
        });
        if let Some((kept, name, value)) = found {
            extraction.arguments.insert(parameter.name.clone(), Value::from(kept));
            extraction.missing.retain(|missing| missing.name != name);
            extraction.given.push(name.clone());
            extraction.arguments.insert(name, value);
        }
    }
}

/// What is left of `text` and the value of `parameter`, where the last clause of the text says that.
fn aside<'t>(text: &'t str, parameter: &Parameter) -> Option<(&'t str, Value)> {
    let (kept, behind) = text.rsplit_once([',', ';'])?;
    let mut said = behind.trim().trim_end_matches(['.', '!']).split_whitespace().peekable();
    while said.next_if(|word| matches!(*word, "and" | "och" | "with" | "med" | "the")).is_some() {}
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
