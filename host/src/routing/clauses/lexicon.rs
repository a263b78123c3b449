//! The words that parts of a request are told apart by.

use super::{courtesy, pointing};

/// The words that parts are told apart by.
pub fn lexicon() -> impl Iterator<Item = &'static str> {
    let order = ORDER.iter().copied().flatten();
    order
        .chain(QUESTIONS)
        .chain(AUXILIARIES)
        .chain(SUBJECTS)
        .chain(WISHES)
        .chain(DETERMINERS)
        .copied()
        .chain(courtesy::words())
        .chain(pointing::words())
}

/// Whether arithmetic goes on at this word.
pub(super) fn is_operator(word: &str) -> bool {
    OPERATORS.contains(&word)
}

const OPERATORS: &[&str] = &[
    "times",
    "gånger",
    "plus",
    "minus",
    "divided",
    "delat",
    "delad",
    "delade",
    "dividerat",
    "dividerad",
    "multiplied",
    "multiplicerat",
    "*",
    "/",
    "+",
    "×",
];

/// How many things an announcement may say are to come.
pub(super) const NUMBERS: &[(&[&str], usize)] = &[
    (&["two", "två", "couple", "par"], 2),
    (&["three", "tre"], 3),
    (&["four", "fyra"], 4),
    (&["five", "fem"], 5),
    (&["six", "sex"], 6),
];

/// Words that sentences begin with which order nothing, or nothing by themselves.
pub(super) const NO_ORDER: &[&str] = &[
    "help", "hjälp", "thanks", "thank", "tack", "hello", "hej", "please", "snälla", "okay", "sorry", "ursäkta", "yes",
    "not", "nej", "inte", "given", "since", "because", "eftersom", "when", "while", "with", "without", "med", "utan",
    "about", "from", "från", "using", "after", "efter", "before", "innan", "between", "mellan", "into", "under",
    "över", "och", "and", "but", "men", "just", "bara", "both", "både", "also", "också", "she", "han", "hon", "her",
    "his", "our", "vår", "vårt", "here", "there", "här", "där", "today", "idag", "tomorrow", "imorgon", "dear", "kära",
    "great", "bra", "good", "first", "först", "let", "låt",
];

/// Words before a request that want nothing.
pub(super) const GREETINGS: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "hej",
    "hejsan",
    "hallå",
    "tja",
    "tjena",
    "tjenare",
    "please",
    "pls",
    "snälla",
    "ok",
    "okay",
    "so",
    "and",
    "och",
    "also",
    "också",
    "first",
    "först",
    "oh",
    "ah",
    "hmm",
    "hm",
    "btw",
    "well",
    "right",
    "förresten",
    "jo",
    "du",
    "alltså",
];

/// Words that count parts.
pub(super) const COUNTED: &[&str] = &[
    "first", "firstly", "second", "secondly", "third", "thirdly", "fourth", "lastly", "last", "först", "andra",
    "tredje", "ett", "två", "tre",
];

pub(super) const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "dr", "mr", "mrs", "ms", "st", "vs", "v", "no", "nr", "kl", "t.ex", "bl.a", "approx", "jan", "feb",
    "etc", "inc", "ltd", "prof",
];

pub(super) const ORDER: &[&[&str]] = &[
    &["and", "then"],
    &["then"],
    &["after", "that"],
    &["and", "after", "that"],
    &["afterwards"],
    &["and", "afterwards"],
    &["once", "done"],
    &["when", "done"],
    &["next", ","],
    &["and", "finally"],
    &["finally"],
    &["followed", "by"],
    &["och", "sedan"],
    &["och", "sen"],
    &["och", "därefter"],
    &["sedan"],
    &["sen"],
    &["därefter"],
    &["efter", "det"],
    &["till", "sist"],
    &["efteråt"],
    &["och", "efter", "det"],
    &["och", "till", "sist"],
    &["slutligen"],
];

/// Words that only say under which condition a part is to be done: that the one before it came to something.
pub(super) const IF_SO: &[&[&str]] =
    &[&["i", "så", "fall"], &["i", "sådant", "fall"], &["in", "that", "case"], &["if", "so"]];

pub(super) const QUESTIONS: &[&str] = &[
    "what", "what's", "whats", "which", "who", "whose", "when", "where", "where's", "why", "how", "vad", "vilken",
    "vilket", "vilka", "vem", "när", "var", "vart", "varför", "hur",
];

pub(super) const AUXILIARIES: &[&str] = &[
    "can", "could", "would", "will", "should", "do", "does", "did", "is", "are", "may", "have", "has", "kan", "kunde",
    "skulle", "ska", "vill", "har", "är", "får", "finns",
];

pub(super) const SUBJECTS: &[&str] = &[
    "you", "i", "we", "i'd", "i'm", "there", "du", "jag", "vi", "ni", "man", "it", "det", "they", "my", "any", "some",
];

pub(super) const WISHES: &[&str] = &[
    "want", "need", "would", "would", "am", "like", "wish", "also", "have", "could", "should", "vill", "behöver",
    "skulle", "undrar", "måste", "will", "was", "wonder",
];

pub(super) const DETERMINERS: &[&str] = &[
    "the", "a", "an", "me", "my", "it", "them", "all", "some", "this", "that", "those", "these", "us", "any", "its",
    "their", "your", "whether", "if", "for", "to", "out", "up", "off", "on", "den", "det", "de", "en", "ett", "mig",
    "min", "mitt", "mina", "dem", "alla", "om", "till", "ut", "upp", "av", "på",
];
