//! Arithmetic, in figures and signs or in the words of English and Swedish, as one expression.

use std::ops::Range;

use serde_json::Value;

use super::numbers::Number;
use super::offers::Offer;
use super::spans::Reading;
use super::tokens::{Kind, Text};
use super::units::Dimension;

/// Longest arithmetic expression, in tokens.
/// The words that arithmetic is said with.
pub const WORDS: &[&str] = &[
    "add",
    "addera",
    "average",
    "bort",
    "cosine",
    "cube",
    "cubed",
    "dela",
    "delas",
    "delat",
    "difference",
    "differensen",
    "divide",
    "divided",
    "dividera",
    "divideras",
    "dividerat",
    "double",
    "dubbelt",
    "dubbla",
    "factorial",
    "fakultet",
    "fakulteten",
    "fjärdedel",
    "genom",
    "gånger",
    "half",
    "halva",
    "hälften",
    "ihop",
    "kuben",
    "kubikroten",
    "kvadrat",
    "kvadraten",
    "kvadratroten",
    "kvoten",
    "logarithm",
    "logaritmen",
    "mean",
    "medelvärdet",
    "median",
    "medianen",
    "minus",
    "modulo",
    "multiplicera",
    "multiplicerat",
    "multiplied",
    "multiply",
    "percent",
    "plus",
    "power",
    "primtal",
    "procent",
    "product",
    "produkten",
    "quarter",
    "quotient",
    "raise",
    "raised",
    "remainder",
    "resten",
    "root",
    "roten",
    "skillnaden",
    "square",
    "squared",
    "subtract",
    "subtrahera",
    "summan",
    "summera",
    "talen",
    "talet",
    "third",
    "times",
    "tredjedel",
    "twice",
    "upphöjd",
    "upphöjt",
];

const EXPRESSION_TOKENS_MAX: usize = 200;
/// Most numbers that are added up in words.
const TERMS_MAX: usize = 16;

/// The arithmetic of the text: what is said in words ("dra 15 från 100"), or else the longest run of numbers and operators.
pub fn expressions(reading: &Reading<'_>) -> Vec<Offer> {
    let said = (0..reading.text.tokens.len()).find_map(|at| in_words(reading, at));
    let dated = |tokens: &Range<usize>| {
        let crosses = |of: &Range<usize>| of.start < tokens.end && tokens.start < of.end;
        reading.moments.iter().any(|moment| moment.date.is_some() && crosses(&moment.tokens))
    };
    let found = said.or_else(|| longest(reading));
    let found = found.filter(|(_, tokens)| !of_unknown(reading.text, tokens.start) && !dated(tokens));
    found.map(|(written, tokens)| Offer::new(Value::from(written), tokens, 1.6)).into_iter().collect()
}

/// Whether `text` begins with an operator, so that it goes on with a value said before: "times 3", "minus 50".
pub fn goes_on(text: &str) -> bool {
    begins_with_operator(&Text::read(text))
}

fn begins_with_operator(text: &Text<'_>) -> bool {
    let Some((operator, length)) = operator(text, 0, true) else { return false };
    let unary = matches!(operator, "!" | "^2" | "^3");
    // "to the power of" has words enough; "x" and "%" alone have not.
    let sure = length > 1 || text.lower(0).chars().count() > 1 || matches!(operator, "+" | "-" | "*" | "/" | "^");
    sure && (unary || text.get(length).is_some_and(|next| next.kind == Kind::Number || next.kind == Kind::Word))
}

/// Whether a function that is none of the operations stands right before: "the square root of 2 + 7".
fn of_unknown(text: &Text<'_>, start: usize) -> bool {
    const UNKNOWN: &[&str] = &[
        "root",
        "sqrt",
        "roten",
        "kvadratroten",
        "kubikroten",
        "ur",
        "log",
        "ln",
        "logarithm",
        "logaritmen",
        "sin",
        "cos",
        "tan",
        "sine",
        "cosine",
        "sinus",
        "cosinus",
        "average",
        "mean",
        "median",
        "medelvärdet",
        "medianen",
        "primtal",
    ];
    (start.saturating_sub(3)..start).any(|at| UNKNOWN.contains(&text.lower(at)))
}

/// The longest run of numbers and operators, signs or words for them.
fn longest(reading: &Reading<'_>) -> Option<(String, Range<usize>)> {
    let text = reading.text;
    let mut best: Option<(String, Range<usize>)> = None;
    let mut at = 0;
    while at < text.tokens.len() {
        let (written, end) = expression(reading, at);
        if end > at {
            let longer = best.as_ref().is_none_or(|(_, tokens)| end - at > tokens.len());
            // What begins with "/ 9" goes on with something that is not there.
            let is_whole = !written.starts_with(['*', '/', '^', '%', '+', ')']);
            if written.chars().any(|character| character.is_ascii_digit())
                && is_operation(&written)
                && is_whole
                && longer
            {
                best = Some((written, at..end));
            }
            at = end;
        } else {
            at += 1;
        }
    }
    best
}

/// What is done with numbers that are named after it.
#[derive(Clone, Copy)]
enum Doing {
    Add,
    Subtract,
    /// The first from the second.
    SubtractFrom,
    Multiply,
    Divide,
    Remainder,
    Power,
    /// The first by the second, or by so many hundredths of itself.
    Grow,
    Shrink,
    /// To one number only: what stands before it, and what behind.
    One(&'static str, &'static str),
}

/// All words that arithmetic is read by.
pub fn names() -> impl Iterator<Item = &'static str> {
    WORDS.iter().chain(DOINGS.iter().flat_map(|(words, _)| words.iter())).copied()
}

/// Words that say what is done with the numbers after them, and what it is.
const DOINGS: &[(&[&str], Doing)] = &[
    (&["sum", "of"], Doing::Add),
    (&["add"], Doing::Add),
    (&["summan", "av"], Doing::Add),
    (&["summera"], Doing::Add),
    (&["addera"], Doing::Add),
    (&["lägg", "ihop"], Doing::Add),
    (&["lägg", "till"], Doing::Add),
    (&["lägger", "till"], Doing::Add),
    (&["lägger", "ihop"], Doing::Add),
    (&["add", "up"], Doing::Add),
    (&["plussa", "ihop"], Doing::Add),
    (&["plussa"], Doing::Add),
    (&["difference", "between"], Doing::Subtract),
    (&["skillnaden", "mellan"], Doing::Subtract),
    (&["differensen", "mellan"], Doing::Subtract),
    (&["subtract"], Doing::SubtractFrom),
    (&["take", "away"], Doing::SubtractFrom),
    (&["take"], Doing::SubtractFrom),
    (&["subtrahera"], Doing::SubtractFrom),
    (&["dra", "bort"], Doing::SubtractFrom),
    (&["drar", "bort"], Doing::SubtractFrom),
    (&["drar", "av"], Doing::SubtractFrom),
    (&["drar"], Doing::SubtractFrom),
    (&["dra", "av"], Doing::SubtractFrom),
    (&["dra"], Doing::SubtractFrom),
    (&["ta", "bort"], Doing::SubtractFrom),
    (&["take", "off"], Doing::SubtractFrom),
    (&["knock", "off"], Doing::SubtractFrom),
    (&["deduct"], Doing::SubtractFrom),
    (&["räkna", "bort"], Doing::SubtractFrom),
    (&["lägg", "på"], Doing::Add),
    (&["increase"], Doing::Grow),
    (&["öka"], Doing::Grow),
    (&["höj"], Doing::Grow),
    (&["decrease"], Doing::Shrink),
    (&["reduce"], Doing::Shrink),
    (&["minska"], Doing::Shrink),
    (&["sänk"], Doing::Shrink),
    (&["raise"], Doing::Power),
    (&["upphöj"], Doing::Power),
    (&["multiply"], Doing::Multiply),
    (&["product", "of"], Doing::Multiply),
    (&["multiplicera"], Doing::Multiply),
    (&["multiplicerar"], Doing::Multiply),
    (&["gångra"], Doing::Multiply),
    (&["produkten", "av"], Doing::Multiply),
    (&["remainder", "of"], Doing::Remainder),
    (&["remainder", "when"], Doing::Remainder),
    (&["remainder", "is", "when"], Doing::Remainder),
    (&["resten", "av"], Doing::Remainder),
    (&["resten", "när"], Doing::Remainder),
    (&["divide"], Doing::Divide),
    (&["quotient", "of"], Doing::Divide),
    (&["dela"], Doing::Divide),
    (&["delar"], Doing::Divide),
    (&["dividera"], Doing::Divide),
    (&["kvoten", "av"], Doing::Divide),
    (&["half", "of"], Doing::One("", " / 2")),
    (&["hälften", "av"], Doing::One("", " / 2")),
    (&["halva"], Doing::One("", " / 2")),
    (&["halve"], Doing::One("", " / 2")),
    (&["halvera"], Doing::One("", " / 2")),
    (&["third", "of"], Doing::One("", " / 3")),
    (&["tredjedel", "av"], Doing::One("", " / 3")),
    (&["tredjedelen", "av"], Doing::One("", " / 3")),
    (&["quarter", "of"], Doing::One("", " / 4")),
    (&["fjärdedel", "av"], Doing::One("", " / 4")),
    (&["fjärdedelen", "av"], Doing::One("", " / 4")),
    (&["twice"], Doing::One("2 * ", "")),
    (&["double"], Doing::One("2 * ", "")),
    (&["dubbla"], Doing::One("2 * ", "")),
    (&["fördubbla"], Doing::One("2 * ", "")),
    (&["square"], Doing::One("", "^2")),
    (&["dubbelt", "så", "mycket", "som"], Doing::One("2 * ", "")),
    (&["square", "of"], Doing::One("", "^2")),
    (&["kvadraten", "på"], Doing::One("", "^2")),
    (&["kvadraten", "av"], Doing::One("", "^2")),
    (&["cube", "of"], Doing::One("", "^3")),
    (&["kuben", "på"], Doing::One("", "^3")),
    (&["factorial", "of"], Doing::One("", "!")),
    (&["fakulteten", "av"], Doing::One("", "!")),
];

/// An operation that is named before its numbers, from token `at` on.
fn in_words(reading: &Reading<'_>, at: usize) -> Option<(String, Range<usize>)> {
    let text = reading.text;
    let (n_words, doing) = doing_at(text, at)?;
    let unquoted = text.get(at).is_some_and(|token| token.quote.is_none());
    let mut next = at + n_words;
    next += usize::from(matches!(text.lower(next), "talet" | "talen" | "the" | "number" | "numbers"));
    let (first, mut end) = operand(reading, next).filter(|_| unquoted)?;
    if let Doing::One(before, after) = doing {
        return Some((format!("{before}{first}{after}"), at..end));
    }

    let mut terms = vec![first];
    let mut links: Vec<&str> = Vec::new();
    while terms.len() < TERMS_MAX {
        let to_the_power = matches!(doing, Doing::Power) && text.lower(end) == "to" && text.lower(end + 1) == "the";
        let length = match to_the_power {
            true => 3 + usize::from(text.lower(end + 3) == "of"),
            false => link(text, end),
        };
        if length == 0 {
            break;
        }
        let Some((term, after)) = operand(reading, end + length) else { break };
        links.push(text.lower(end));
        terms.push(term);
        end = after;
    }
    let (left, right) = (terms.first()?, terms.get(1)?);
    let from = links.first().is_some_and(|link| matches!(*link, "from" | "från" | "off"));
    let written = match doing {
        // "Increase 200 by 10 %".
        Doing::Grow if right.ends_with("/ 100") => format!("{left} * (1 + {right})"),
        Doing::Shrink if right.ends_with("/ 100") => format!("{left} * (1 - {right})"),
        Doing::Add => terms.join(" + "),
        Doing::Multiply => terms.join(" * "),
        _ if terms.len() > 2 => return None,
        Doing::SubtractFrom if from => format!("{right} - {left}"),
        // "Subtract 5 and 3" does not say which from which.
        Doing::SubtractFrom => return None,
        Doing::Grow => format!("{left} + {right}"),
        Doing::Subtract | Doing::Shrink => format!("{left} - {right}"),
        Doing::Power => format!("{left}^{right}"),
        Doing::Divide => format!("{left} / {right}"),
        Doing::Remainder => format!("{left} % {right}"),
        Doing::One(..) => return None,
    };
    Some((written, at..end))
}

/// Whether `text` begins with an operation, or with an operator that goes on with a value said before.
pub fn begins(text: &Text<'_>) -> bool {
    doing_at(text, 0).is_some() || begins_with_operator(text)
}

/// The operation that is named from token `at` on, and by how many words.
fn doing_at(text: &Text<'_>, at: usize) -> Option<(usize, Doing)> {
    let begins = |(words, _): &&(&[&str], Doing)| {
        words.iter().enumerate().all(|(offset, word)| text.lower(at + offset) == *word)
    };
    let (words, doing) = DOINGS.iter().filter(begins).max_by_key(|(words, _)| words.len())?;
    Some((words.len(), *doing))
}

/// The arithmetic of a text that names the operation and one number at most, with `value` as what it is done to.
pub fn done_to(text: &Text<'_>, numbers: &[Number], value: &str) -> Option<String> {
    if begins_with_operator(text) {
        return Some(format!("{value} {}", text.source.trim().trim_end_matches(['.', '!', '?'])));
    }
    let (n_words, doing) = doing_at(text, 0)?;
    let mut next = n_words;
    next += usize::from(matches!(text.lower(next), "by" | "med" | "på" | "to" | "till" | "from" | "från"));
    next += usize::from(matches!(text.lower(next), "another" | "ytterligare" | "sedan" | "sen" | "then"));
    let ends = |at: usize| text.tokens.iter().skip(at).all(|token| matches!(token.lower.as_str(), "." | "!" | "?"));
    if let Doing::One(before, after) = doing {
        return ends(next).then(|| format!("{before}{value}{after}"));
    }
    let bare = |number: &&Number| number.whole.start == next && !number.ordinal && !number.percent;
    let number = numbers.iter().find(bare).filter(|number| number.unit.is_none() && ends(number.whole.end))?;
    let sign = match doing {
        Doing::Add | Doing::Grow => '+',
        Doing::SubtractFrom | Doing::Shrink => '-',
        Doing::Multiply => '*',
        Doing::Divide => '/',
        Doing::Subtract | Doing::Remainder | Doing::Power | Doing::One(..) => return None,
    };
    Some(format!("{value} {sign} {}", plain(number.value)))
}

/// A number, or numbers in parentheses, from token `at` on.
fn operand(reading: &Reading<'_>, at: usize) -> Option<(String, usize)> {
    if reading.text.lower(at) == "(" {
        let close = (at..at + EXPRESSION_TOKENS_MAX).find(|next| reading.text.lower(*next) == ")")?;
        let inner = reading.text.span(&(at..close + 1));
        let plain = inner.chars().all(|character| character.is_ascii_digit() || "()+-*/^.! ".contains(character));
        return plain.then(|| (inner.to_owned(), close + 1));
    }
    let bare = |number: &&Number| {
        number.whole.start == at && !number.ordinal && number.unit.is_none_or(|unit| unit.dimension == Dimension::Money)
    };
    let number = reading.numbers.iter().find(bare)?;
    let value = if number.percent { format!("{} / 100", plain(number.value)) } else { plain(number.value) };
    let value = if number.value < 0.0 { format!("({value})") } else { value };
    Some((value, number.whole.end))
}

/// How many tokens between two numbers join them; 0 where the row of numbers ends.
fn link(text: &Text<'_>, at: usize) -> usize {
    let mut length = 0;
    let joins = |word: &str| {
        matches!(
            word,
            "and"
                | "och"
                | "to"
                | "till"
                | "with"
                | "med"
                | "by"
                | "from"
                | "från"
                | "off"
                | "på"
                | "genom"
                | "i"
                | ","
                | "is"
                | "divided"
                | "delat"
                | "delas"
                | "dividerat"
                | "divideras"
        )
    };
    while length < 3 && joins(text.lower(at + length)) {
        length += 1;
    }
    length
}

fn is_operation(written: &str) -> bool {
    written.trim_start_matches('-').chars().any(|character| "+-*/^%!".contains(character))
}

/// The arithmetic from token `at` on, normalised, and where it ends.
fn expression(reading: &Reading<'_>, start: usize) -> (String, usize) {
    let text = reading.text;
    let mut written = String::new();
    let mut at = start;
    let mut end = start;
    let mut kept = 0;
    let mut open = 0_i32;
    while at < start + EXPRESSION_TOKENS_MAX {
        let value_before =
            written.trim_end().ends_with(|last: char| last.is_ascii_digit() || matches!(last, ')' | '!' | '%'));
        if let Some(number) = reading.numbers.iter().find(|number| number.tokens.start == at && !number.ordinal) {
            if value_before {
                break;
            }
            let figures = text.get(at).is_some_and(|token| token.kind == Kind::Number);
            if figures && number.percent {
                written.push_str(&format!("{} / 100", plain(number.value)));
                at = number.whole.end;
            } else if figures && number.value.fract() != 0.0 && text.span(&number.tokens).contains('/') {
                written.push_str(text.span(&number.tokens));
                at = number.tokens.end;
            } else {
                written.push_str(&plain(number.value.abs()));
                at = number.tokens.end;
            }
            // A unit of money behind a number says nothing to arithmetic.
            if number.unit.is_some()
                && !matches!(text.lower(at), "in" | "h")
                && number.whole.end > at
                && !number.percent
            {
                at = number.whole.end;
            }
            (end, kept) = (at, written.len());
            continue;
        }
        let Some((operator, length)) = operator(text, at, value_before) else { break };
        match operator {
            "(" => open += 1,
            ")" if open == 0 => break,
            ")" => open -= 1,
            "" => {}
            _ => {}
        }
        match operator {
            "(" | ")" | "!" | "^" => written.push_str(operator),
            "-" if !value_before => written.push('-'),
            "" => {}
            other => written.push_str(&format!(" {other} ")),
        }
        at += length;
        if matches!(operator, ")" | "!" | "^2" | "^3") && open == 0 || operator == ")" {
            (end, kept) = (at, written.len());
        }
    }
    written.truncate(kept);
    (written.replace("  ", " ").trim().to_owned(), end)
}

/// Figures without an exponent.
fn plain(value: f64) -> String {
    format!("{value}")
}

fn after_percent(text: &Text<'_>, at: usize) -> bool {
    let before = text.before(at).map_or("", |before| before.lower.as_str());
    matches!(before, "%" | "percent" | "procent" | "cent")
}

/// The operator at token `at`, and how many tokens it is.
fn operator(text: &Text<'_>, at: usize, value_before: bool) -> Option<(&'static str, usize)> {
    let found = match (text.lower(at), text.lower(at + 1), text.lower(at + 2), text.lower(at + 3)) {
        ("to", "the", "power", "of") => ("^", 4),
        ("raised", "to", "the", "power") => ("^", 4 + usize::from(text.lower(at + 4) == "of")),
        ("raised", "to", _, _) | ("upphöjt", "till", _, _) | ("upphöjd", "till", _, _) => ("^", 2),
        ("divided", "by", _, _)
        | ("delat" | "delas" | "dividerat" | "divideras", "med" | "på", _, _)
        | ("genom", _, _, _) => ("/", if text.lower(at) == "genom" { 1 } else { 2 }),
        ("multiplied", "by", _, _) | ("multiplicerat", "med", _, _) | ("gånger", _, _, _) | ("times", _, _, _) => {
            ("*", if matches!(text.lower(at), "gånger" | "times") { 1 } else { 2 })
        }
        ("*", "*", _, _) => ("^", 2),
        ("squared" | "kvadrat", ..) | ("²", ..) => ("^2", 1),
        ("i", "kvadrat", ..) => ("^2", 2),
        ("cubed", ..) => ("^3", 1),
        ("plus" | "+", ..) => ("+", 1),
        ("minus" | "-" | "−" | "–", ..) => ("-", 1),
        ("x" | "×" | "*" | "·", ..) if value_before => ("*", 1),
        ("/" | "÷", ..) => ("/", 1),
        ("^", ..) => ("^", 1),
        ("factorial" | "fakultet", ..) if value_before => ("!", 1),
        ("!", ..) if value_before && text.glued(at) => ("!", 1),
        ("(", ..) if !value_before => ("(", 1),
        (")", ..) if value_before => (")", 1),
        ("%" | "mod" | "modulo", ..) if value_before => ("%", 1),
        ("of" | "av" | "på" | "on", ..) if value_before && after_percent(text, at) => ("*", 1),
        // "25 % VAT on 80": what the share is called says nothing to arithmetic.
        (_, "of" | "av" | "på" | "on", ..) if value_before && after_percent(text, at) => ("*", 2),
        _ => return None,
    };
    Some(found)
}
