//! The input of a skill, read from the words of a request: typed values found in the text, matched to the schema's
//! parameters by the words around them, and asked for where they are missing or unsure.

mod assign;
mod choices;
mod cues;
mod examples;
mod lists;
mod moments;
mod numbers;
mod offers;
mod questions;
mod schema;
mod spans;
mod texts;
mod tokens;
mod units;
mod words;

use jiff::civil::{DateTime, date};
use serde_json::{Map, Value};

use self::offers::Offer;
use self::schema::{Kind, Parameter};
use self::spans::Reading;
use super::{CivilNow, ExampleText, Language, Missing, language};

/// Below this an offer is no evidence at all.
const FLOOR: f32 = 0.3;
/// From here on a required value is sure.
const SURE: f32 = 0.75;
/// From here on an optional value is taken.
const OPTIONAL: f32 = 0.85;
/// By how much a value must be ahead of the parameter's next free one.
const MARGIN: f32 = 0.12;

/// What a skill says of itself, as far as reading its input needs it.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub name: &'a str,
    pub description: &'a str,
    /// JSON Schema of its input.
    pub schema: &'a Value,
    pub examples: &'a [ExampleText],
}

/// What could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extraction {
    /// Values that are sure, by property.
    pub arguments: Map<String, Value>,
    /// Required values that were not found, and values that are only likely; to be asked for.
    pub missing: Vec<Missing>,
    /// Numbers, quotations and names of the text that no value uses, as they were written.
    pub unused: Vec<String>,
}

impl Extraction {
    /// Whether the skill can be called with what was read.
    pub fn is_sure(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Reads the input of the skill `about` from `text`. Values are of the schema's types and within its bounds; none is a guess.
pub fn extract(about: About<'_>, text: &str, language: Language, now: CivilNow) -> Extraction {
    let text = language::clean(text);
    let mut parameters = schema::parameters(about.schema);
    let templates = examples::templates(about.examples);
    examples::enrich(&mut parameters, &templates);
    let skill_words = skill_words(&about);
    let reading = Reading::new(&text, language.is_swedish(), civil(now), &skill_words);
    fill(&reading, &parameters, &templates, language)
}

/// The skill's own words: those of its name and description.
fn skill_words(about: &About<'_>) -> Vec<String> {
    let mut found: Vec<String> = words::of_name(about.name);
    found.extend(
        words::of_text(about.description).filter(|word| word.chars().count() > 2 && !words::is_function(word)).take(60),
    );
    found.dedup();
    found
}

fn civil(now: CivilNow) -> DateTime {
    let part = |value: u8| i8::try_from(value).unwrap_or(0);
    i16::try_from(now.year)
        .ok()
        .and_then(|year| {
            DateTime::new(year, part(now.month), part(now.day), part(now.hour), part(now.minute), 0, 0).ok()
        })
        .unwrap_or_else(|| date(2000, 1, 1).at(0, 0, 0, 0))
}

fn fill(
    reading: &Reading<'_>,
    parameters: &[Parameter],
    templates: &[examples::Template],
    language: Language,
) -> Extraction {
    let mut all: Vec<Vec<Offer>> = parameters
        .iter()
        .map(|parameter| {
            let mut own = offers::of(reading, parameter);
            own.extend(
                examples::offers(reading, parameter, templates)
                    .into_iter()
                    .filter(|offer| offers::fits(parameter, &offer.value)),
            );
            if let Kind::Object(fields) = &parameter.kind {
                own.extend(nested(reading, fields, language));
            }
            own.sort_by(|left, right| right.score.total_cmp(&left.score));
            own
        })
        .collect();
    // An optional value needs more evidence than being there.
    for (parameter, own) in parameters.iter().zip(&mut all) {
        if !parameter.required {
            for offer in own.iter_mut() {
                offer.score -= 0.3;
            }
        }
    }
    let chosen = assign::best(&all, FLOOR);
    let picked: Vec<Option<&Offer>> = chosen.iter().zip(&all).map(|(at, own)| at.and_then(|at| own.get(at))).collect();
    let mut extraction = Extraction::default();
    for (at, parameter) in parameters.iter().enumerate() {
        let own = all.get(at).map(Vec::as_slice).unwrap_or_default();
        decide(parameter, own, at, &picked, language, &mut extraction);
    }
    extraction.unused = unused(reading, &picked);
    extraction
}

/// An object read field by field, where every required field is sure.
fn nested(reading: &Reading<'_>, fields: &[Parameter], language: Language) -> Option<Offer> {
    let inner = fill(reading, fields, &[], language);
    (inner.is_sure() && !inner.arguments.is_empty()).then(|| Offer::new(Value::Object(inner.arguments), 0..0, 0.9))
}

fn decide(
    parameter: &Parameter,
    own: &[Offer],
    at: usize,
    picked: &[Option<&Offer>],
    language: Language,
    extraction: &mut Extraction,
) {
    let offer = picked.get(at).copied().flatten();
    let rival = offer.map(|offer| rival(own, offer, at, picked)).unwrap_or(0.0);
    match offer {
        Some(offer) if parameter.required => {
            let sure = offer.score >= SURE && offer.score - rival >= MARGIN && !offer.ambiguous;
            if sure {
                schema::put(&mut extraction.arguments, &parameter.name, offer.value.clone());
            } else {
                extraction.missing.push(missing(parameter, Some(offer.value.clone()), language));
            }
        }
        Some(offer) => {
            if offer.score + 0.3 >= OPTIONAL && offer.score - rival >= MARGIN {
                schema::put(&mut extraction.arguments, &parameter.name, offer.value.clone());
            }
        }
        None if parameter.required => {
            match parameter.default.as_ref().filter(|default| offers::fits(parameter, default)) {
                Some(default) => schema::put(&mut extraction.arguments, &parameter.name, default.clone()),
                None => extraction.missing.push(missing(parameter, None, language)),
            }
        }
        None => {}
    }
}

/// The score of the parameter's best other offer whose text no other parameter uses.
fn rival(own: &[Offer], offer: &Offer, at: usize, picked: &[Option<&Offer>]) -> f32 {
    let others = own.iter().filter(|other| other.value != offer.value);
    let free = others.filter(|other| {
        let taken = picked.iter().enumerate().filter(|(place, _)| *place != at);
        !taken.filter_map(|(_, picked)| *picked).any(|picked| assign::overlap(picked, other))
    });
    free.map(|other| other.score).fold(0.0, f32::max)
}

fn missing(parameter: &Parameter, suggestion: Option<Value>, language: Language) -> Missing {
    Missing {
        name: parameter.name.clone(),
        description: Some(parameter.description.clone()).filter(|description| !description.is_empty()),
        options: parameter.options.clone(),
        question: questions::question(parameter, suggestion.as_ref(), language),
        suggestion,
    }
}

/// What the text says in figures, quotation marks or capitals that no value was read from.
fn unused(reading: &Reading<'_>, picked: &[Option<&Offer>]) -> Vec<String> {
    let used = |tokens: &std::ops::Range<usize>| {
        picked.iter().flatten().any(|offer| offer.tokens.start < tokens.end && tokens.start < offer.tokens.end)
    };
    let numbers = reading.numbers.iter().filter(|number| !number.weak && !number.ordinal && !used(&number.whole));
    let numbers = numbers.map(|number| number.whole.clone());
    let spans = reading
        .spans
        .iter()
        .filter(|span| matches!(span.form, spans::Form::Quoted | spans::Form::Code | spans::Form::Name));
    let spans = spans.filter(|span| !used(&span.tokens) && !span.tokens.clone().all(|at| reading.is_explained(at)));
    let spans = spans.map(|span| span.tokens.clone());
    numbers.chain(spans).take(16).map(|tokens| reading.text.span(&tokens).to_owned()).collect()
}
