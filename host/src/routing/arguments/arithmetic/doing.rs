//! The words of English and Swedish that say what is done with the numbers after them.

use super::Text;

/// The words that arithmetic is said with.
const WORDS: &[&str] = &[
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

/// What is done with numbers that are named after it.
#[derive(Clone, Copy)]
pub enum Doing {
    Add,
    Subtract,
    /// The first from the second.
    SubtractFrom,
    Multiply,
    Divide,
    Remainder,
    Power,
    /// Their sum by how many they are.
    Mean,
    /// The first by the second, or by so many hundredths of itself.
    Grow,
    Shrink,
    /// To one number only: what stands before it, and what behind.
    One(&'static str, &'static str),
}

/// All words that arithmetic is read by.
pub fn names() -> impl Iterator<Item = &'static str> {
    let named = DOINGS.iter().flat_map(|(words, _)| words.iter());
    WORDS.iter().chain(named).chain(super::shares::names()).copied()
}

/// Words that say what is done with the numbers after them, and what it is.
const DOINGS: &[(&[&str], Doing)] = &[
    (&["sum", "of"], Doing::Add),
    (&["add"], Doing::Add),
    (&["summan", "av"], Doing::Add),
    (&["summera"], Doing::Add),
    (&["addera"], Doing::Add),
    (&["lägg", "ihop"], Doing::Add),
    (&["lägg", "samman"], Doing::Add),
    (&["lägg", "till"], Doing::Add),
    (&["lägger", "till"], Doing::Add),
    (&["lägga", "till"], Doing::Add),
    (&["lägga", "ihop"], Doing::Add),
    (&["lägga", "på"], Doing::Add),
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
    (&["knock"], Doing::SubtractFrom),
    (&["sum"], Doing::Add),
    (&["sum", "up"], Doing::Add),
    (&["total"], Doing::Add),
    (&["total", "up"], Doing::Add),
    (&["add", "together"], Doing::Add),
    (&["räkna", "ihop"], Doing::Add),
    (&["slå", "ihop"], Doing::Add),
    (&["dra", "ifrån"], Doing::SubtractFrom),
    (&["ta", "av"], Doing::SubtractFrom),
    (&["deduct"], Doing::SubtractFrom),
    (&["räkna", "bort"], Doing::SubtractFrom),
    (&["lägg", "på"], Doing::Add),
    (&["increase"], Doing::Grow),
    (&["öka"], Doing::Grow),
    (&["höj"], Doing::Grow),
    (&["höja"], Doing::Grow),
    (&["decrease"], Doing::Shrink),
    (&["reduce"], Doing::Shrink),
    (&["minska"], Doing::Shrink),
    (&["sänk"], Doing::Shrink),
    (&["sänka"], Doing::Shrink),
    (&["raise"], Doing::Power),
    (&["upphöj"], Doing::Power),
    (&["multiply"], Doing::Multiply),
    (&["product", "of"], Doing::Multiply),
    (&["multiplicera"], Doing::Multiply),
    (&["multiplicerar"], Doing::Multiply),
    (&["gångra"], Doing::Multiply),
    (&["produkten", "av"], Doing::Multiply),
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
    (&["add", "on"], Doing::Add),
    (&["plussa", "på"], Doing::Add),
    (&["average", "of"], Doing::Mean),
    (&["mean", "of"], Doing::Mean),
    (&["medelvärdet", "av"], Doing::Mean),
    (&["medeltalet", "av"], Doing::Mean),
    (&["genomsnittet", "av"], Doing::Mean),
    (&["snittet", "av"], Doing::Mean),
    (&["split"], Doing::Divide),
    (&["share"], Doing::Divide),
    (&["split", "up"], Doing::Divide),
    (&["dela", "upp"], Doing::Divide),
    (&["fördela"], Doing::Divide),
    (&["triple"], Doing::One("3 * ", "")),
    (&["quadruple"], Doing::One("4 * ", "")),
    (&["tredubbla"], Doing::One("3 * ", "")),
    (&["trippla"], Doing::One("3 * ", "")),
    (&["fyrdubbla"], Doing::One("4 * ", "")),
    (&["dubbla", "värdet", "av"], Doing::One("2 * ", "")),
    (&["dubbelt", "så", "stort", "som"], Doing::One("2 * ", "")),
    (&["fakulteten", "för"], Doing::One("", "!")),
    (&["cube"], Doing::One("", "^3")),
    (&["kvadrera"], Doing::One("", "^2")),
];

/// The operation that is named from token `at` on, and by how many words.
pub fn doing_at(text: &Text<'_>, at: usize) -> Option<(usize, Doing)> {
    let begins = |(words, _): &&(&[&str], Doing)| {
        let is_there = |(offset, word): (usize, &&str)| {
            text.lower(at + offset) == *word || offset == 0 && is_form(text.lower(at), word)
        };
        words.iter().enumerate().all(is_there)
    };
    if let Some(length) = remainder_at(text, at) {
        return Some((length, Doing::Remainder));
    }
    let (words, doing) = DOINGS.iter().filter(begins).max_by_key(|(words, _)| words.len())?;
    Some((words.len(), *doing))
}

/// Whether `word` is `verb` in another form: "subtracting", "subtraherar".
fn is_form(word: &str, verb: &str) -> bool {
    let rest = |stem: &str| word.strip_prefix(stem);
    let english = rest(verb) == Some("ing") || verb.strip_suffix('e').and_then(rest) == Some("ing");
    english || verb.ends_with('a') && rest(verb) == Some("r")
}

/// "The remainder when you divide", "resten av": by how many words a remainder is asked for.
fn remainder_at(text: &Text<'_>, at: usize) -> Option<usize> {
    const BETWEEN: &[&str] = &[
        "of",
        "when",
        "if",
        "is",
        "you",
        "we",
        "i",
        "dividing",
        "divide",
        "av",
        "när",
        "om",
        "vid",
        "man",
        "du",
        "jag",
        "blir",
        "är",
        "delar",
        "dividerar",
        "dela",
        "dividera",
        "division",
    ];
    matches!(text.lower(at), "remainder" | "resten").then_some(())?;
    let length = (1..6).take_while(|offset| BETWEEN.contains(&text.lower(at + offset))).count();
    (length > 0).then_some(length + 1)
}
