//! Arithmetic, in figures and signs or in the words of English and Swedish, as one expression.

mod doing;
pub(super) mod shares;

use std::ops::Range;

use serde_json::Value;

pub use self::doing::names;
use self::doing::{Doing, doing_at};
use super::numbers::Number;
use super::offers::Offer;
use super::spans::Reading;
use super::tokens::{Kind, Text};
use super::units::Dimension;

/// Longest arithmetic expression, in tokens.
const EXPRESSION_TOKENS_MAX: usize = 200;
/// Most numbers that are added up in words.
const TERMS_MAX: usize = 16;

/// The arithmetic of the text: what is said in words ("dra 15 från 100"), or else the longest run of numbers and operators.
pub fn expressions(reading: &Reading<'_>) -> Vec<Offer> {
    let said = (0..reading.text.tokens.len()).find_map(|at| in_words(reading, at)).or_else(|| given_each(reading));
    let dated = |tokens: &Range<usize>| {
        let crosses = |of: &Range<usize>| of.start < tokens.end && tokens.start < of.end;
        reading.moments.iter().any(|moment| moment.date.is_some() && crosses(&moment.tokens))
    };
    // "Take 15 % of 80": the verb says no more than that it is to be calculated.
    let led = |start: usize| start - usize::from(start == 1 && matches!(reading.text.lower(0), "take" | "ta"));
    // "What 88 * 88 comes to".
    let ended = |end: usize| match (reading.text.lower(end), reading.text.lower(end + 1)) {
        ("come" | "comes" | "amount" | "amounts" | "add" | "adds", "to") => end + 2,
        ("make" | "makes" | "equal" | "equals" | "blir" | "ger", _) => end + 1,
        _ => end,
    };
    let found = said.or_else(|| longest(reading));
    let found = found.map(|(written, tokens)| (written, led(tokens.start)..ended(tokens.end)));
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
    // "2 1/2 cups" is an amount, and no half.
    let is_within = |at: usize| {
        let mixed = |number: &&Number| number.tokens.len() > 3 && text.lower(number.tokens.end - 2) == "/";
        reading.numbers.iter().filter(mixed).any(|number| number.tokens.start < at && at < number.tokens.end)
    };
    let mut at = 0;
    while at < text.tokens.len() {
        if is_within(at) {
            at += 1;
            continue;
        }
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

/// An operation that is said in words, from token `at` on.
fn in_words(reading: &Reading<'_>, at: usize) -> Option<(String, Range<usize>)> {
    let text = reading.text;
    text.get(at).filter(|token| token.quote.is_none())?;
    let named =
        shares::fraction(reading, at).or_else(|| shares::share(reading, at)).or_else(|| shares::put_on(reading, at));
    named.or_else(|| named_first(reading, at)).or_else(|| named_last(reading, at))
}

/// How many things there are where each of several gets some: "28 pupils get 5 pens each".
fn given_each(reading: &Reading<'_>) -> Option<(String, Range<usize>)> {
    const SHARE: &[&str] = &["split", "share", "sharing", "splitting", "divide", "dela", "delar", "delas", "fördela"];
    const EACH: &[&str] = &["each", "apiece", "person", "head", "var", "vardera", "skalle", "capita"];
    let text = reading.text;
    let says = |known: &[&str]| (0..text.tokens.len()).any(|at| known.contains(&text.lower(at)));
    let [first, second] = reading.numbers else { return None };
    let each = (second.whole.end..second.whole.end + 3).find(|at| EACH.contains(&text.lower(*at)));
    let plain_count = first.unit.is_none() && !first.ordinal && !first.percent && !second.percent && !second.ordinal;
    let each = each.filter(|_| plain_count && first.is_whole() && !says(SHARE))?;
    Some((format!("{} * {}", plain(first.value), plain(second.value)), first.whole.start..each + 1))
}

/// An operation that is named behind its numbers: "what do 37, 58 and 91 add up to", "12 och 30 tillsammans".
fn named_last(reading: &Reading<'_>, at: usize) -> Option<(String, Range<usize>)> {
    const NAMES: &[&[&str]] = &[
        &["add", "up", "to"],
        &["added", "together"],
        &["added", "up"],
        &["together"],
        &["altogether"],
        &["in", "total"],
        &["tillsammans"],
        &["ihop"],
        &["sammanlagt"],
    ];
    let text = reading.text;
    let (first, mut end) = operand(reading, at)?;
    let mut terms = vec![first];
    while terms.len() < TERMS_MAX {
        let joins = |at: usize| matches!(text.lower(at), "," | "and" | "och");
        let n_joins = (0..2).take_while(|more| joins(end + more)).count();
        let Some((term, after)) = operand(reading, end + n_joins).filter(|_| n_joins > 0) else { break };
        terms.push(term);
        end = after;
    }
    let begins = end + usize::from(matches!(text.lower(end), "make" | "come" | "blir" | "is" | "are"));
    let is_there = |name: &&&[&str]| name.iter().enumerate().all(|(more, word)| text.lower(begins + more) == *word);
    let name = NAMES.iter().find(is_there).filter(|_| terms.len() > 1)?;
    Some((terms.join(" + "), at..begins + name.len()))
}

/// An operation that is named before its numbers, from token `at` on.
fn named_first(reading: &Reading<'_>, at: usize) -> Option<(String, Range<usize>)> {
    let text = reading.text;
    let (n_words, doing) = doing_at(text, at)?;
    let mut next = at + n_words;
    let leads = |word: &str| matches!(word, "talet" | "talen" | "the" | "number" | "numbers" | "a" | "an" | "another");
    if leads(text.lower(next)) && operand(reading, next + 1).is_some() {
        next += 1;
    }
    let adds = matches!(doing, Doing::Add | Doing::Mean | Doing::Subtract);
    let (first, mut end) = operand(reading, next).or_else(|| counted(reading, next).filter(|_| adds))?;
    if let Doing::One(before, after) = doing {
        return Some((format!("{before}{first}{after}"), at..end));
    }
    // "Multiply 7 by itself".
    let by = end + usize::from(matches!(text.lower(end), "by" | "with" | "med"));
    let itself = match (text.lower(by), text.lower(by + 1)) {
        ("itself", _) => 1,
        ("sig", "själv" | "självt") => 2,
        _ => 0,
    };
    if itself > 0 && matches!(doing, Doing::Multiply) {
        return Some((format!("{first}^2"), at..by + itself));
    }
    let mut terms = vec![first];
    let mut links: Vec<&str> = Vec::new();
    loop {
        let begins = shares::past_name(reading, end);
        let to_the_power = matches!(doing, Doing::Power) && text.lower(end) == "to" && text.lower(end + 1) == "the";
        let length = match to_the_power {
            true => 3 + usize::from(text.lower(end + 3) == "of"),
            false => link(text, begins),
        };
        // "Split 43.48 three ways".
        let ways = operand(reading, end).filter(|(_, after)| {
            matches!(doing, Doing::Divide) && matches!(text.lower(*after), "ways" | "lika") && terms.len() == 1
        });
        if let Some((term, after)) = ways {
            terms.push(term);
            end = after + 1;
            break;
        }
        // "1000 by 7 with four decimals".
        let places =
            |at: usize| text.lower(at).starts_with("decimal") || matches!(text.lower(at), "digits" | "siffror");
        if length > 0 && (begins + length + 1..begins + length + 3).any(places) {
            break;
        }
        let Some((term, after)) = Some(length).filter(|length| *length > 0).and_then(|length| {
            let next = begins + length;
            let leads = matches!(text.lower(next), "the" | "a" | "an") && operand(reading, next + 1).is_some();
            let next = next + usize::from(leads);
            // "Split 5250 over 12 months": what they are says nothing more.
            let counts = adds || matches!(doing, Doing::Divide);
            operand(reading, next).or_else(|| counted(reading, next).filter(|_| counts))
        }) else {
            break;
        };
        links.push(text.lower(begins + length - 1));
        terms.push(term);
        end = after;
        if terms.len() > TERMS_MAX {
            return None;
        }
    }
    // "Add 3, 5 and 7 together": the rest of the verb.
    end += usize::from(terms.len() > 1 && matches!(text.lower(end), "together" | "up" | "ihop" | "tillsammans"));
    // Two metres and three kilos are no five.
    let mut units = reading.numbers.iter().filter(|number| at <= number.whole.start && number.whole.end <= end);
    let mut units = units.by_ref().filter_map(|number| number.unit);
    let alike = units.next().is_none_or(|first| units.all(|other| std::ptr::eq(first, other)));
    Some((combined(doing, &terms, &links).filter(|_| alike || !adds)?, at..end))
}

/// What is done with all of the numbers, where it is clear what.
fn combined(doing: Doing, terms: &[String], links: &[&str]) -> Option<String> {
    let (left, right) = (terms.first()?, terms.get(1)?);
    let from = links.first().is_some_and(|link| matches!(*link, "from" | "från" | "ifrån" | "off"));
    let is_share = |term: &String| term.ends_with("/ 100");
    let n_shares = terms.iter().filter(|term| is_share(term)).count();
    let written = match doing {
        // "Add 25 % VAT to 480" and "take 15 % off 1250": the share is one of the other number.
        Doing::Add if n_shares > 0 => {
            let of_other = n_shares == 1 && terms.len() == 2 && is_share(left);
            let joined = links.first().is_some_and(|link| matches!(*link, "to" | "till" | "på" | "on"));
            (of_other && joined).then(|| format!("{right} * (1 + {left})"))?
        }
        Doing::SubtractFrom if from && terms.len() == 2 && is_share(left) && n_shares == 1 => {
            format!("{right} * (1 - {left})")
        }
        // "Increase 200 by 10 %".
        Doing::Grow if is_share(right) => format!("{left} * (1 + {right})"),
        Doing::Shrink if is_share(right) => format!("{left} * (1 - {right})"),
        Doing::Add => terms.join(" + "),
        Doing::Multiply => terms.join(" * "),
        Doing::Mean => format!("({}) / {}", terms.join(" + "), terms.len()),
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
    Some(written)
}

/// Whether `text` begins with an operation, or with an operator that goes on with a value said before.
pub fn begins(text: &Text<'_>) -> bool {
    doing_at(text, 0).is_some() || begins_with_operator(text)
}

/// The arithmetic of a text that names the operation and one number at most, with `value` as what it is done to.
pub fn done_to(text: &Text<'_>, numbers: &[Number], value: &str) -> Option<String> {
    if begins_with_operator(text) {
        // "Times 2400 to get the kilos": what for says nothing more.
        let end = numbers.iter().map(|number| number.tokens.end).find(|end| ends(text, *end));
        let said = end.map_or(text.source, |end| text.span(&(0..end)));
        return Some(format!("{value} {}", said.trim().trim_end_matches(['.', '!', '?'])));
    }
    let (n_words, doing) = doing_at(text, 0)?;
    let mut next = n_words;
    while DONE_WITH.contains(&text.lower(next)) && next < n_words + DONE_WITH_MAX {
        next += 1;
    }
    if let Doing::One(before, after) = doing {
        return ends(text, next).then(|| format!("{before}{value}{after}"));
    }
    let of_time = |number: &Number| number.unit.is_none_or(|unit| unit.dimension == Dimension::Time);
    let divides = matches!(doing, Doing::Divide);
    let bare = |number: &&Number| {
        let money = number.unit.is_some_and(|unit| unit.dimension == Dimension::Money);
        number.whole.start == next && !number.ordinal && (number.unit.is_none() || money || divides && of_time(number))
    };
    let number = numbers.iter().find(bare)?;
    let end = number.whole.end;
    if number.percent {
        let sign = match doing {
            Doing::Add | Doing::Grow => '+',
            Doing::SubtractFrom | Doing::Shrink => '-',
            _ => return None,
        };
        // "Add 25 % VAT": what the share is called says nothing more.
        let named = (end..end + 2).find(|at| ends(text, *at))?;
        let is_name = text.get(end).is_none_or(|token| token.kind == Kind::Word) || named == end;
        return is_name.then(|| format!("{value} * (1 {sign} {} / 100)", plain(number.value)));
    }
    // "Split between 3 people": who they are says nothing more.
    let among =
        matches!(text.lower(next - 1), "between" | "among" | "across" | "mellan" | "på" | "into" | "with" | "over");
    let of_whom = divides && among && ends(text, end + 1);
    if !ends(text, end) && !of_whom {
        return None;
    }
    let sign = match doing {
        Doing::Add | Doing::Grow => '+',
        Doing::SubtractFrom | Doing::Shrink => '-',
        Doing::Multiply => '*',
        Doing::Divide => '/',
        Doing::Subtract | Doing::Remainder | Doing::Power | Doing::Mean | Doing::One(..) => return None,
    };
    Some(format!("{value} {sign} {}", plain(number.value)))
}

/// Words between an operation and the number that it is done with, and how many may stand there.
const DONE_WITH: &[&str] = &[
    "by",
    "med",
    "på",
    "to",
    "till",
    "from",
    "från",
    "between",
    "mellan",
    "among",
    "across",
    "into",
    "over",
    "with",
    "another",
    "ytterligare",
    "sedan",
    "sen",
    "then",
    "a",
    "further",
    "extra",
    "evenly",
    "equally",
    "lika",
    "jämnt",
    "up",
    "upp",
];
const DONE_WITH_MAX: usize = 3;

/// Whether nothing more is said from token `at` on, but perhaps what for: "so I get the hours".
fn ends(text: &Text<'_>, at: usize) -> bool {
    // "Knock 10 off": the rest of the verb.
    let at = at + usize::from(matches!(text.lower(at), "off" | "away" | "bort" | "ifrån" | "more" | "till" | "extra"));
    let marks =
        |at: usize| text.tokens.iter().skip(at).all(|token| matches!(token.lower.as_str(), "." | "!" | "?" | ","));
    // "Add 59 kr for shipping".
    let named = matches!(text.lower(at), "i" | "för" | "for" | "in" | "as" | "som")
        && (at + 1..at + 4)
            .all(|at| text.get(at).is_none_or(|token| token.kind != Kind::Number && token.quote.is_none()))
        && (at + 2..at + 4).any(marks);
    // "Add a 15 dollar taxi to each share".
    let to = (at..at + 3).find(|at| matches!(text.lower(*at), "to" | "till" | "på" | "onto"));
    let to_it = to.is_some_and(|to| {
        let points = matches!(text.lower(to + 1), "it" | "that" | "each" | "the" | "det" | "den" | "varje");
        points
            && (to + 2..to + 4).any(marks)
            && (at..to + 3).all(|at| text.get(at).is_none_or(|token| token.kind != Kind::Number))
    });
    let rest = marks(at) || named || to_it;
    let purpose = match text.lower(at) {
        "so" => matches!(text.lower(at + 1), "that" | "i" | "we" | "it" | "you"),
        "så" => matches!(text.lower(at + 1), "att" | "får" | "vet" | "jag" | "vi" | "har" | "ser"),
        "för" => text.lower(at + 1) == "att",
        // "Take off 20 that we have already".
        "som" => matches!(text.lower(at + 1), "vi" | "jag" | "du" | "redan"),
        "that" | "which" => matches!(text.lower(at + 1), "we" | "i" | "you"),
        "to" => matches!(text.lower(at + 1), "get" | "see" | "find" | "know" | "have"),
        _ => false,
    };
    rest || purpose
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

/// A number of things that have a unit, from token `at` on.
fn counted(reading: &Reading<'_>, at: usize) -> Option<(String, usize)> {
    let number =
        reading.numbers.iter().find(|number| number.whole.start == at && !number.ordinal && !number.percent)?;
    Some((plain(number.value), number.whole.end))
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
                | "away"
                | "bort"
                | "ifrån"
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
                | "between"
                | "mellan"
                | "among"
                | "across"
                | "over"
                | "into"
                | "on"
                | "evenly"
                | "equally"
                | "lika"
                | "jämnt"
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
            "(" | ")" | "!" | "^" | "^2" | "^3" => written.push_str(operator),
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

/// Whether a share stands before token `at`: "25 %", "3/8".
fn after_share(text: &Text<'_>, at: usize) -> bool {
    let lower = |back: usize| at.checked_sub(back).map_or("", |at| text.lower(at));
    let number = |back: usize| {
        let place = at.checked_sub(back).and_then(|at| text.get(at));
        place.is_some_and(|token| token.kind == Kind::Number)
    };
    let is_fraction = number(1) && lower(2) == "/" && number(3) && !matches!(lower(4), "/" | "*" | "+" | "-" | "^");
    matches!(lower(1), "%" | "percent" | "procent" | "cent") || is_fraction
}

/// The operator at token `at`, and how many tokens it is.
fn operator(text: &Text<'_>, at: usize, value_before: bool) -> Option<(&'static str, usize)> {
    let found = match (text.lower(at), text.lower(at + 1), text.lower(at + 2), text.lower(at + 3)) {
        ("to", "the", "power", "of") => ("^", 4),
        ("raised", "to", "the", "power") => ("^", 4 + usize::from(text.lower(at + 4) == "of")),
        ("raised", "to", _, _) | ("upphöjt", "till", _, _) | ("upphöjd", "till", _, _) => ("^", 2),
        ("divided", "by", _, _)
        | ("delat" | "delad" | "delade" | "delas" | "dividerat" | "dividerad" | "divideras", "med" | "på", _, _)
        | ("genom", _, _, _) => ("/", if text.lower(at) == "genom" { 1 } else { 2 }),
        ("gånger", "så", "mycket" | "stort" | "många", "som") | ("times", "as", "much" | "many" | "big", "as") => {
            ("*", 4)
        }
        ("multiplied", "by", _, _) | ("multiplicerat", "med", _, _) | ("gånger", _, _, _) | ("times", _, _, _) => {
            ("*", if matches!(text.lower(at), "gånger" | "times") { 1 } else { 2 })
        }
        ("*", "*", _, _) => ("^", 2),
        ("squared" | "kvadrat", ..) | ("²", ..) => ("^2", 1),
        ("i", "kvadrat", ..) => ("^2", 2),
        ("i", "kubik", ..) => ("^3", 2),
        ("cubed", ..) | ("³", ..) => ("^3", 1),
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
        ("of" | "av" | "på" | "on", ..) if value_before && after_share(text, at) => ("*", 1),
        // "25 % VAT on 80": what the share is called says nothing to arithmetic.
        (_, "of" | "av" | "på" | "on", ..) if value_before && after_share(text, at) => ("*", 2),
        _ => return None,
    };
    Some(found)
}
