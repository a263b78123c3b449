//! Shares of numbers, in words: "two thirds of 90", "15 % off 1250", "349 with 20 % discount".

use std::ops::Range;

use super::super::spans::Reading;
use super::super::tokens::{Kind, Text};
use super::{operand, operator};

/// The parts of a whole, by how many of them make it.
const PARTS: &[(u32, &[&str])] = &[
    (2, &["half", "halves", "hälften"]),
    (3, &["third", "thirds", "tredjedel", "tredjedelen", "tredjedelar"]),
    (4, &["quarter", "quarters", "fourth", "fourths", "fjärdedel", "fjärdedelen", "fjärdedelar", "kvarts"]),
    (5, &["fifth", "fifths", "femtedel", "femtedelen", "femtedelar"]),
    (6, &["sixth", "sixths", "sjättedel", "sjättedelen", "sjättedelar"]),
    (7, &["seventh", "sevenths", "sjundedel", "sjundedelen", "sjundedelar"]),
    (8, &["eighth", "eighths", "åttondel", "åttondelen", "åttondelar"]),
    (9, &["ninth", "ninths", "niondel", "niondelen", "niondelar"]),
    (10, &["tenth", "tenths", "tiondel", "tiondelen", "tiondelar"]),
    (100, &["hundredth", "hundredths", "hundradel", "hundradelen", "hundradelar"]),
];
/// What a share that is taken away is called, and one that is put on.
const OFF: &[&str] = &["off", "discount", "rabatt", "rabatten", "avdrag", "reduction", "prisavdrag", "nedsättning"];
const ON: &[&str] =
    &["vat", "tax", "tip", "moms", "momsen", "skatt", "dricks", "påslag", "ränta", "interest", "surcharge", "markup"];
/// Words by which what is left is asked for, and not the share.
const LEFT: &[&str] = &[
    "price", "priset", "pris", "cost", "costs", "kostar", "kosta", "pay", "betala", "betalar", "after", "efter",
    "with", "med", "apply", "ge", "ger", "give", "dra", "left", "kvar", "get", "gets", "får", "hamnar", "land",
];

/// Whether a word names one of the parts of a whole.
pub fn is_part(word: &str) -> bool {
    PARTS.iter().any(|(_, words)| words.contains(&word))
}

pub fn names() -> impl Iterator<Item = &'static &'static str> {
    PARTS.iter().flat_map(|(_, words)| words.iter()).chain(OFF).chain(ON)
}

/// "A third of 90", "ta tre fjärdedelar av 80", from token `at` on.
pub fn fraction(reading: &Reading<'_>, at: usize) -> Option<(String, Range<usize>)> {
    let text = reading.text;
    if matches!(text.lower(at), "take" | "ta") {
        return fraction(reading, at + 1).map(|(written, tokens)| (written, at..tokens.end));
    }
    let part = |at: usize| PARTS.iter().find(|(_, words)| words.contains(&text.lower(at))).map(|(parts, _)| *parts);
    let number = reading.numbers.iter().find(|number| number.tokens.start == at && !number.ordinal && !number.weak);
    let counted = number.filter(|number| number.is_whole()).and_then(|number| {
        // "Two thirds": the figure is read up to where the part is named.
        let name = (at + 1..number.tokens.end + 1).find(|next| part(*next).is_some())?;
        Some((number.value, name))
    });
    let article = matches!(text.lower(at), "a" | "an" | "one" | "en") && part(at + 1).is_some();
    let (n_parts, name) = match counted {
        Some((value, name)) => (Some(value), name),
        None => (None, at + usize::from(article)),
    };
    let parts = part(name)?;
    // "The third of 5" is one of five things.
    let is_place = n_parts.is_none() && text.before(at).is_some_and(|before| before.lower == "the") && parts > 2;
    if is_place || !matches!(text.lower(name + 1), "of" | "av") {
        return None;
    }
    let (whole, end) = operand(reading, name + 2)?;
    let written = match n_parts {
        Some(n_parts) => format!("{whole} * {n_parts} / {parts}"),
        None => format!("{whole} / {parts}"),
    };
    Some((written, at..end))
}

/// "15 % off 1250", "349 with 20 % discount", "480 plus 25 %", from token `at` on.
pub fn share(reading: &Reading<'_>, at: usize) -> Option<(String, Range<usize>)> {
    let text = reading.text;
    let (first, next) = operand(reading, at).filter(|_| !goes_on_before(text, at))?;
    if first.ends_with("/ 100") {
        let off = OFF.contains(&text.lower(next)).then_some(next + 1)?;
        let length = usize::from(matches!(text.lower(off), "of" | "on" | "på" | "av" | "from" | "från"));
        if length == 0 && text.lower(next) != "off" {
            return None;
        }
        let (whole, end) = operand(reading, off + length)?;
        // "How much is 20 % discount on 349" asks for the discount.
        let asks_left = text.lower(next) == "off" || at == 0 || (0..at).any(|at| LEFT.contains(&text.lower(at)));
        return (asks_left && !goes_on(text, end)).then(|| (format!("{whole} * (1 - {first})"), at..end));
    }
    let joined = text.lower(next);
    let mut begins = next + 1;
    begins += usize::from(matches!(text.lower(begins), "a" | "an" | "en" | "ett"));
    let (part, mut end) = operand(reading, begins).filter(|(part, _)| part.ends_with("/ 100"))?;
    let (is_off, is_on) = (OFF.contains(&text.lower(end)), ON.contains(&text.lower(end)));
    let sign = match joined {
        "minus" | "-" | "−" | "less" if !is_on => '-',
        "with" | "med" | "efter" | "after" if is_off => '-',
        "plus" | "+" if !is_off => '+',
        "with" | "med" if is_on => '+',
        _ => return None,
    };
    end += usize::from(is_off || is_on);
    (!goes_on(text, end)).then(|| (format!("{first} * (1 {sign} {part})"), at..end))
}

/// "Lägg 25 % moms på 480", "add 20 percent VAT to 60", from token `at` on.
pub fn put_on(reading: &Reading<'_>, at: usize) -> Option<(String, Range<usize>)> {
    let text = reading.text;
    if !matches!(text.lower(at), "lägg" | "lägga" | "add" | "put") {
        return None;
    }
    let begins = at + 1 + usize::from(matches!(text.lower(at + 1), "på" | "till"));
    let (part, end) = operand(reading, begins).filter(|(part, _)| part.ends_with("/ 100"))?;
    let named = end + usize::from(ON.contains(&text.lower(end)));
    if !matches!(text.lower(named), "på" | "to" | "on" | "till") {
        return None;
    }
    let (whole, end) = operand(reading, named + 1)?;
    (!goes_on(text, end)).then(|| (format!("{whole} * (1 + {part})"), at..end))
}

/// Past the name of a share: of "25 % VAT to 480" where "to" stands.
pub fn past_name(reading: &Reading<'_>, at: usize) -> usize {
    let text = reading.text;
    let is_share = reading.numbers.iter().any(|number| number.percent && number.whole.end == at);
    let is_name = text.get(at).is_some_and(|token| token.kind == Kind::Word && token.quote.is_none());
    let joins = |word: &str| matches!(word, "to" | "till" | "på" | "on" | "from" | "från" | "off");
    at + usize::from(is_share && is_name && !joins(text.lower(at)) && joins(text.lower(at + 1)))
}

/// Whether arithmetic goes on behind, so that this would be only a part of it.
fn goes_on(text: &Text<'_>, at: usize) -> bool {
    let figure = text.get(at + 1).is_some_and(|token| token.kind != Kind::Mark);
    figure && operator(text, at, true).is_some_and(|(sign, _)| sign != "!")
}

fn goes_on_before(text: &Text<'_>, at: usize) -> bool {
    let sign = |at: usize| operator(text, at, true).is_some_and(|(sign, _)| !matches!(sign, "!"));
    at.checked_sub(1).is_some_and(|before| sign(before) || text.lower(before) == "(")
}
