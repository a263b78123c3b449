//! What a skill's own examples say about where its values stand: the words around an example's values in its text.

use serde_json::Value;

use super::super::ExampleText;
use super::offers::Offer;
use super::schema::{Kind, Parameter, Sense, Told};
use super::spans::Reading;
use super::texts;
use super::tokens::Text;
use super::words;

/// Most examples that are looked at.
const EXAMPLES_MAX: usize = 32;
/// Longest example text, in bytes.
const TEXT_BYTES_MAX: usize = 1_000;
/// Words on either side of a value.
const CONTEXT: usize = 3;

/// Where one value of one parameter stood in one example.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    parameter: String,
    /// The words before it, the nearest last.
    before: Vec<String>,
    /// The words after it.
    after: Vec<String>,
    /// Whether nothing but punctuation came after it.
    ends: bool,
    quoted: bool,
}

/// The words of the examples that are no part of their values.
pub fn frame_words(examples: &[ExampleText]) -> Vec<String> {
    let usable = examples.iter().take(EXAMPLES_MAX).filter(|example| example.text.len() <= TEXT_BYTES_MAX);
    usable.flat_map(frame).collect()
}

/// The words of one example that are no part of its values.
fn frame(example: &ExampleText) -> Vec<String> {
    let mut valued = Vec::new();
    if let Some(input) = &example.input {
        texts_of(input, &mut valued);
    }
    let valued: Vec<String> = valued.iter().flat_map(|text| words::of_text(text)).collect();
    let own = words::of_text(&example.text).filter(|word| {
        word.chars().count() > 2
            && word.chars().all(|character| !character.is_ascii_digit())
            && !words::is_function(word)
            && !valued.contains(word)
    });
    own.collect()
}

/// Notes for parameters of several options which words of examples mean which of them, and for those that measure whether
/// the examples go back with them.
pub fn tell(parameters: &mut [Parameter], examples: &[ExampleText]) {
    let usable = examples.iter().take(EXAMPLES_MAX).filter(|example| example.text.len() <= TEXT_BYTES_MAX);
    for example in usable {
        let Some(input) = example.input.as_ref().and_then(Value::as_object) else { continue };
        for parameter in parameters.iter_mut().filter(|parameter| parameter.kind == Kind::Options) {
            if let Some(value) = input.get(&parameter.name) {
                let said = value.as_str().is_some_and(|value| says(&example.text, value));
                parameter.told.push(Told { words: frame(example), value: value.clone(), said });
            }
        }
        let back = |(_, value): &(&String, &Value)| value.as_f64().is_some_and(|value| value < 0.0);
        let names: Vec<&String> = input.iter().filter(back).map(|(name, _)| name).collect();
        let of = |parameter: &&Parameter| names.contains(&&parameter.name);
        let units: Vec<_> = parameters.iter().filter(of).flat_map(|parameter| parameter.units.clone()).collect();
        for parameter in parameters.iter_mut() {
            let alike = parameter.units.iter().any(|unit| units.iter().any(|other| other.dimension == unit.dimension));
            parameter.goes_back |= alike;
        }
    }
}

/// Whether a text has the words of an option.
fn says(text: &str, option: &str) -> bool {
    let wanted = words::of_name(option);
    let own: Vec<String> = words::of_name(text);
    !wanted.is_empty() && wanted.iter().all(|word| own.contains(word))
}

/// The texts in a value, at any depth that an example is likely to have.
fn texts_of<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().take(32).for_each(|item| texts_of(item, found)),
        Value::Object(fields) => fields.values().take(32).for_each(|field| texts_of(field, found)),
        _ => {}
    }
}

/// The templates of `examples`.
pub fn templates(examples: &[ExampleText]) -> Vec<Template> {
    let usable = examples.iter().take(EXAMPLES_MAX).filter(|example| example.text.len() <= TEXT_BYTES_MAX);
    let mut found = Vec::new();
    for example in usable {
        let Some(input) = example.input.as_ref().and_then(Value::as_object) else { continue };
        let text = Text::read(&example.text);
        for (name, value) in input {
            let values: Vec<&Value> = match value {
                Value::Array(items) => items.iter().take(8).collect(),
                other => vec![other],
            };
            for value in values {
                found.extend(template(&text, name, value));
            }
        }
    }
    found
}

fn template(text: &Text<'_>, name: &str, value: &Value) -> Option<Template> {
    let written = match value {
        Value::String(written) => written.to_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let written = written.trim();
    if written.is_empty() {
        return None;
    }
    let lower = text.source.to_lowercase();
    // Only where letters kept their places when they were made small.
    if lower.len() != text.source.len() {
        return None;
    }
    let comma = written.replace('.', ",");
    let (start, length) = occurrence(&lower, written)
        .map(|start| (start, written.len()))
        .or_else(|| occurrence(&lower, &comma).map(|start| (start, comma.len())))?;
    let first = text.tokens.partition_point(|token| token.start < start);
    let end = text.tokens.partition_point(|token| token.start < start + length);
    let quoted = text.get(first).is_some_and(|token| token.quote.is_some());
    let word = |at: usize| text.lower(at).to_owned();
    let marks = |at: usize| matches!(text.lower(at), "\"" | "'" | "“" | "”" | "?" | "." | "!");
    let before = (first.saturating_sub(CONTEXT + 1)..first)
        .filter(|at| !matches!(text.lower(*at), "\"" | "'" | "“"))
        .map(word)
        .collect();
    let after: Vec<String> = (end..text.tokens.len()).filter(|at| !marks(*at)).take(CONTEXT).map(word).collect();
    Some(Template { parameter: name.to_owned(), before, ends: after.is_empty(), after, quoted })
}

/// Where `part` stands in `whole` as whole words.
fn occurrence(whole: &str, part: &str) -> Option<usize> {
    whole.match_indices(part).map(|(at, _)| at).find(|at| {
        let before = whole.get(..*at).and_then(|head| head.chars().next_back());
        let after = whole.get(at + part.len()..).and_then(|tail| tail.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Adds the words around a parameter's values in the examples to its cues.
pub fn enrich(parameters: &mut [Parameter], templates: &[Template]) {
    for parameter in parameters.iter_mut() {
        let own = templates.iter().filter(|template| template.parameter == parameter.name);
        let mut cues: Vec<(String, f32)> = Vec::new();
        for template in own {
            let near = template.before.iter().rev().take(2).chain(template.after.iter().take(1));
            for word in near {
                if word.chars().count() < 2
                    || words::is_function(word)
                    || words::is_request_verb(word)
                    || word.bytes().any(|byte| byte.is_ascii_digit())
                {
                    continue;
                }
                if !cues.iter().any(|(known, _)| known == word) {
                    cues.push((word.clone(), 0.6));
                }
            }
        }
        cues.truncate(16);
        cues.retain(|(word, _)| !parameter.cues.iter().any(|(known, _)| words::same(known, word)));
        parameter.cues.extend(cues);
    }
    // What stands beside the values of several parameters tells them apart less.
    let all: Vec<Vec<String>> =
        parameters.iter().map(|parameter| parameter.cues.iter().map(|(word, _)| word.clone()).collect()).collect();
    for (at, parameter) in parameters.iter_mut().enumerate() {
        for (word, weight) in parameter.cues.iter_mut().filter(|(_, weight)| (*weight - 0.6).abs() < f32::EPSILON) {
            let others = all.iter().enumerate().filter(|(other, _)| *other != at);
            *weight /= 1.0 + others.filter(|(_, cues)| cues.contains(word)).count() as f32;
        }
    }
}

/// Offers from places that look like those of the examples.
pub fn offers(reading: &Reading<'_>, parameter: &Parameter, templates: &[Template]) -> Vec<Offer> {
    let (list, text) = match &parameter.kind {
        Kind::Text => (false, parameter),
        Kind::List(item) if item.kind == Kind::Text => (true, item.as_ref()),
        _ => return Vec::new(),
    };
    if !matches!(
        text.sense,
        Sense::Plain | Sense::Free | Sense::Topic | Sense::Title | Sense::Code | Sense::Person | Sense::Organization
    ) {
        return Vec::new();
    }
    let own = templates.iter().filter(|template| template.parameter == parameter.name && !template.quoted);
    let mut found: Vec<Offer> = Vec::new();
    for template in own {
        let Some(offer) = apply(reading, template, list) else { continue };
        found.push(offer);
    }
    found
}

fn apply(reading: &Reading<'_>, template: &Template, list: bool) -> Option<Offer> {
    let text = reading.text;
    let nearest = template.before.last()?;
    let telling =
        template.before.iter().rev().take(CONTEXT).any(|word| word.chars().count() > 2 && !words::is_function(word));
    if !telling {
        return None;
    }
    let (start, n_same) = (1..text.tokens.len())
        .filter(|at| alike(nearest, text.lower(at - 1)) && text.get(*at).is_some_and(|token| token.quote.is_none()))
        .map(|at| {
            let mut n_same = 0;
            for (offset, word) in template.before.iter().rev().enumerate() {
                let there = at.checked_sub(offset + 1).map_or("", |place| text.lower(place));
                if !alike(word, there) {
                    break;
                }
                n_same += 1;
            }
            (at, n_same)
        })
        .max_by_key(|(at, n_same)| (*n_same, std::cmp::Reverse(*at)))?;
    let wanted = template.before.len().min(2);
    let function = words::is_function(nearest) || nearest.chars().count() < 3;
    if n_same < if function { wanted } else { 1 } {
        return None;
    }
    let end = end_of(text, template, start);
    if end <= start {
        return None;
    }
    let range = text.bytes(&(start..end));
    let written = texts::without_stop(text.source.get(range)?.trim().trim_end_matches(['?', '!', ',', ';'])).trim();
    if written.is_empty() {
        return None;
    }
    let value = if list { Value::Array(vec![Value::from(written)]) } else { Value::from(written) };
    Some(Offer::new(value, start..end, 0.75 + 0.25 * n_same as f32))
}

/// Where a value that begins at `start` ends: before the words that followed it in the example, else with the sentence.
fn end_of(text: &Text<'_>, template: &Template, start: usize) -> usize {
    let sentence = (start..text.tokens.len())
        .find(|at| matches!(text.lower(*at), "?" | "!") || text.lower(*at) == "." && !text.glued(at + 1))
        .unwrap_or(text.tokens.len());
    if template.ends {
        return sentence;
    }
    let Some(first) = template.after.first() else { return sentence };
    let mark = text.get(start).is_some() && first.chars().all(|character| !character.is_alphanumeric());
    let second = template.after.get(1);
    let found = (start + 1..sentence).find(|at| {
        alike(first, text.lower(*at)) && (!mark || second.is_none_or(|second| alike(second, text.lower(at + 1))))
    });
    found.unwrap_or(sentence)
}

fn alike(left: &str, right: &str) -> bool {
    left == right || (left.chars().count() >= 4 && words::related(left, right))
}
