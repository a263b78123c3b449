//! Values of enumerations and booleans, by the words of the text.

use std::ops::Range;

use serde_json::Value;

use super::super::language;
use super::offers::Offer;
use super::schema::{Parameter, Told};
use super::spans::Reading;
use super::tokens::Kind;
use super::{cues, words};

/// Words that turn a wish around.
const NEGATIONS: &[&str] = &[
    "few",
    "lacks",
    "hardly",
    "knappt",
    "få",
    "not",
    "no",
    "without",
    "don't",
    "dont",
    "never",
    "exclude",
    "excluding",
    "inte",
    "utan",
    "ej",
    "disable",
    "except",
];

/// Words that ask for an extra.
const WISHES: &[&str] = &[
    "include",
    "including",
    "includes",
    "with",
    "also",
    "consider",
    "considering",
    "accounting",
    "account",
    "plus",
    "show",
    "apply",
    "enable",
    "inklusive",
    "med",
    "även",
    "också",
    "inkludera",
];

/// By how much an option is meant before others where it is what the request orders.
const ORDERED: f32 = 0.6;

/// Options whose words stand in the text.
pub fn options(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let offers = parameter.options.iter().filter_map(|option| {
        let written = match option {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let (tokens, score) = mention(reading, &written)
            .or_else(|| joined(reading, parameter, &written))
            .or_else(|| symbol(reading, &written))
            .or_else(|| lettering(reading, &written))
            .filter(|(tokens, _)| !is_replaced(reading, tokens.start))?;
        let cue = cues::around(reading, parameter, &tokens);
        // "Swap upper and lower case" orders the first.
        let named = matches!(reading.text.lower(1), "case" | "to" | "till" | "-" | "format");
        let ordered = if tokens == (0..1) && !named { ORDERED } else { 0.0 };
        Some(Offer { shares: true, ..Offer::new(option.clone(), tokens, score + 0.4 * cue.sum() + ordered) })
    });
    let mut offers: Vec<Offer> = offers.collect();
    if offers.is_empty() {
        offers.extend(told(reading, parameter));
    }
    offers
}

/// "With underscores instead of hyphens": the second is what is not meant.
fn is_replaced(reading: &Reading<'_>, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |at| reading.text.lower(at));
    matches!(
        (before(3), before(2), before(1)),
        (_, "instead", "of")
            | (_, "rather", "than")
            | (_, "istället", "för")
            | ("i", "stället", "för")
            | (_, _, "not" | "inte")
    )
}

/// An option in one word with what it is an option of: "uppercase", of the case.
fn joined(reading: &Reading<'_>, parameter: &Parameter, option: &str) -> Option<(Range<usize>, f32)> {
    let about = words::of_text(&parameter.description).chain(words::of_name(&parameter.name));
    let about: Vec<String> = about.filter(|word| word.chars().count() > 3 && !words::is_function(word)).collect();
    let at = (0..reading.text.tokens.len()).find(|at| {
        let rest = reading.text.lower(*at).strip_prefix(option).map(|rest| rest.trim_start_matches('-'));
        let unquoted = reading.text.get(*at).is_some_and(|token| token.quote.is_none());
        unquoted && rest.is_some_and(|rest| about.iter().any(|word| word == rest))
    })?;
    Some((at..at + 1, 1.0))
}

/// A sign by what it is called: "with underscores".
fn symbol(reading: &Reading<'_>, option: &str) -> Option<(Range<usize>, f32)> {
    let (_, names) = SYMBOLS.iter().find(|(sign, _)| *sign == option)?;
    let at = (0..reading.text.tokens.len()).find(|at| {
        names.contains(&reading.text.lower(*at)) && reading.text.get(*at).is_some_and(|token| token.quote.is_none())
    })?;
    Some((at..at + 1, 1.0))
}

/// The case of letters by what else it is called: "in capital letters", "med små bokstäver".
fn lettering(reading: &Reading<'_>, option: &str) -> Option<(Range<usize>, f32)> {
    let text = reading.text;
    let names = LETTERINGS.iter().find(|(case, _)| *case == option)?.1;
    let is_there = |at: usize, name: &[&str]| {
        let is = |(offset, word): (usize, &&str)| {
            text.lower(at + offset) == *word && text.get(at + offset).is_some_and(|token| token.quote.is_none())
        };
        name.iter().enumerate().all(is)
    };
    let found = |at: usize| names.iter().find(|name| is_there(at, name)).map(|name| at..at + name.len());
    (0..text.tokens.len()).find_map(found).map(|tokens| (tokens, LETTERING))
}

/// How surely a case is meant that is described by its letters: "rubriken" may be what is to be in capitals.
const LETTERING: f32 = 1.4;

const LETTERINGS: &[(&str, &[&[&str]])] = &[
    (
        "upper",
        &[
            &["capitals"],
            &["caps"],
            &["all", "caps"],
            &["capital", "letters"],
            &["block", "letters"],
            &["block", "capitals"],
            &["versaler"],
            &["stora", "bokstäver"],
        ],
    ),
    (
        "title",
        &[
            &["a", "capital", "letter"],
            &["initial", "capitals"],
            &["start", "of", "each", "word"],
            &["start", "of", "every", "word"],
            &["början", "av", "varje", "ord"],
            &["början", "på", "varje", "ord"],
        ],
    ),
    ("lower", &[&["small", "letters"], &["gemener"], &["små", "bokstäver"]]),
];

const SYMBOLS: &[(&str, &[&str])] = &[
    ("_", &["underscore", "underscores", "understreck"]),
    ("-", &["hyphen", "hyphens", "dash", "dashes", "bindestreck", "streck"]),
    (".", &["dot", "dots", "period", "periods", "punkt", "punkter"]),
    (",", &["comma", "commas", "komma", "kommatecken"]),
    (";", &["semicolon", "semicolons", "semikolon"]),
    (":", &["colon", "colons", "kolon"]),
    ("/", &["slash", "slashes", "snedstreck"]),
    ("|", &["pipe", "pipes", "lodstreck"]),
    (" ", &["space", "spaces", "mellanslag"]),
    ("\t", &["tab", "tabs", "tabulator", "tabb"]),
];

/// How like the request an example must be for its option to be meant, and by how much more than those of other options.
const TOLD_ALIKE: f32 = 0.45;
const TOLD_MARGIN: f32 = 0.15;

/// The option of the example that is most like the request in the words around its values. An example that says its option
/// tells nothing of requests that do not, and one option alone stands against nothing.
fn told(reading: &Reading<'_>, parameter: &Parameter) -> Option<Offer> {
    let text = reading.text;
    let own: Vec<usize> = (0..text.tokens.len().min(64))
        .filter(|at| {
            text.get(*at).is_some_and(|token| {
                token.kind == Kind::Word && token.quote.is_none() && token.lower.chars().count() > 2
            }) && !words::is_function(text.lower(*at))
        })
        .collect();
    let alike = |words: &[String]| {
        let is = |at: &&usize| {
            let lower = text.lower(**at);
            words
                .iter()
                .any(|word| word == lower || lower.chars().count() > 4 && language::one_error_apart(word, lower))
        };
        let n_shared = own.iter().filter(is).count() as f32;
        2.0 * n_shared / (own.len() + words.len()).max(1) as f32
    };
    // Words that examples of other options have too tell nothing.
    let telling = |told: &Told| {
        told.words.iter().any(|word| {
            let said = own.iter().any(|at| words::same(word, text.lower(*at)));
            let elsewhere = |other: &Told| other.value != told.value && other.words.contains(word);
            said && !parameter.told.iter().any(elsewhere)
        })
    };
    let scored: Vec<(f32, &Told)> = parameter.told.iter().map(|told| (alike(&told.words), told)).collect();
    let meant = scored.iter().filter(|(_, told)| !told.said && telling(told));
    let (best, value) =
        meant.max_by(|left, right| left.0.total_cmp(&right.0)).map(|(best, told)| (*best, &told.value))?;
    let others = scored.iter().filter(|(_, told)| told.value != *value);
    let other = others.map(|(score, _)| *score).reduce(f32::max)?;
    let (first, last) = (own.first()?, own.last()?);
    let sure = best >= TOLD_ALIKE && best - other >= TOLD_MARGIN;
    sure.then(|| Offer { shares: true, ..Offer::new(value.clone(), *first..last + 1, 0.5 + best / 2.0) })
}

/// Values that a description lists, where the text says one of them.
pub fn shown(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let values = parameter.shown.iter().filter(|shown| !shown.is_empty() && shown.chars().count() <= 40);
    let offers = values.filter_map(|shown| {
        let (tokens, score) = mention(reading, shown)?;
        let cue = cues::around(reading, parameter, &tokens);
        Some(Offer::new(Value::from(shown.as_str()), tokens, score + 0.1 + 0.4 * cue.sum()))
    });
    offers.collect()
}

/// Where the words of `option` stand in the text, and how surely: about 1 for all its words as they are.
fn mention(reading: &Reading<'_>, option: &str) -> Option<(Range<usize>, f32)> {
    let wanted = words::of_name(option);
    let first = wanted.first()?;
    if wanted.len() > 6 {
        return None;
    }
    let text = reading.text;
    let mut best: Option<(Range<usize>, f32)> = None;
    for at in 0..text.tokens.len() {
        let Some(token) = text.get(at).filter(|token| token.kind != Kind::Mark) else { continue };
        // A hyphen inside a written word: "gluten-free" is two words here.
        let mut parts: Vec<String> = words::of_name(text.written(at));
        let mut end = at + 1;
        while parts.len() < wanted.len() && end < at + wanted.len() * 2 {
            let Some(next) = text.get(end) else { break };
            if next.kind == Kind::Mark && next.lower != "-" {
                break;
            }
            parts.extend(words::of_name(text.written(end)));
            end += 1;
        }
        if parts.len() < wanted.len() || !alike(parts.first().map_or("", String::as_str), first) {
            continue;
        }
        let n_same = wanted.iter().zip(&parts).filter(|(want, part)| alike(want, part)).count();
        if n_same < wanted.len() {
            continue;
        }
        let n_exact = wanted.iter().zip(&parts).filter(|(want, part)| want == part).count();
        let mut score = 0.8 + 0.3 * (n_exact as f32 / wanted.len() as f32) + 0.1 * (wanted.len() as f32 - 1.0);
        // One or two letters are matched as they are written, or not at all.
        if option.chars().count() <= 2 && text.written(at) != option {
            continue;
        }
        if token.quote.is_some() {
            score -= 0.3;
        }
        if best.as_ref().is_none_or(|(_, known)| score > *known) {
            best = Some((at..end, score));
        }
    }
    best
}

fn alike(left: &str, right: &str) -> bool {
    // "Lowercase" is "lower" too, and "titelformat" is "title".
    left == right
        || left.len() < 5 && words::concept(left) == right
        || left.strip_suffix("case").is_some_and(|stem| stem == right)
        || left.strip_suffix("format").is_some_and(|stem| words::same(stem, right))
        || (left.chars().count() >= 4 && words::same(left, right))
}

/// Whether the text asks for what a boolean parameter switches.
pub fn truth(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let name = words::of_name(&parameter.name);
    let telling: Vec<&String> = name
        .iter()
        .filter(|word| {
            !words::is_vague(word)
                && !words::is_function(word)
                && !matches!(
                    word.as_str(),
                    "is" | "has"
                        | "enable"
                        | "enabled"
                        | "should"
                        | "return"
                        | "only"
                        | "show"
                        | "with"
                        | "apply"
                        | "consider"
                        | "allow"
                )
        })
        .collect();
    if telling.is_empty() {
        return Vec::new();
    }
    let text = reading.text;
    let mut n_found = 0;
    let mut place = None;
    for word in &telling {
        let found = (0..text.tokens.len()).find(|at| {
            text.get(*at).is_some_and(|token| {
                token.kind == Kind::Word && token.quote.is_none() && words::related(word, &token.lower)
            })
        });
        if let Some(at) = found {
            n_found += 1;
            place = Some(place.map_or(at, |known: usize| known.min(at)));
        }
    }
    let Some(at) = place else { return Vec::new() };
    let share = n_found as f32 / telling.len() as f32;
    let negated = (at.saturating_sub(4)..at).any(|before| NEGATIONS.contains(&text.lower(before)));
    let words_of_it = telling.iter().any(|word| NEGATIONS.iter().any(|negation| words::related(word, negation)));
    let mut score = share - 0.15;
    // What the skill does anyway is no wish for an extra.
    let wished = (at.saturating_sub(4)..at).any(|before| WISHES.contains(&text.lower(before)));
    if wished {
        score += 0.3;
    } else if reading.is_explained(at) {
        score -= 0.35;
    }
    vec![Offer { shares: true, ..Offer::new(Value::from(!negated || words_of_it), at..at + 1, score) }]
}
