//! What a note says of an answer: "note that Tom owes me that much", "spara att bilen ska besiktas då, med datumet".

use std::ops::Range;

use super::pointing::content;
use super::read::{Word, read};

/// Where a note speaks of an answer, and of which kind that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The words that stand for it, or that say that it is to be there, too.
    pub span: Range<usize>,
    pub is_date: bool,
    /// It is not said in the words of the note, but to be put behind them.
    pub is_added: bool,
}

const AMOUNTS: &[&str] = &[
    "much",
    "many",
    "amount",
    "sum",
    "total",
    "number",
    "price",
    "cost",
    "result",
    "answer",
    "figure",
    "beloppet",
    "summan",
    "talet",
    "priset",
    "kostnaden",
    "resultatet",
    "svaret",
    "siffran",
];
const DATES: &[&str] = &["date", "day", "datumet", "dagen"];

/// Where `text`, which is to be kept, speaks of an answer.
pub fn noted(text: &str) -> Option<Noted> {
    let words = read(text);
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let span = |from: usize, to: usize| Some(words.get(from)?.span.start..words.get(to)?.span.end);
    let begins = content(&words);
    if let Some((from, noun)) = (1..words.len()).find_map(|at| Some((at, added(&words, at)?))) {
        let last = words.iter().rposition(|word| word.lower.chars().any(char::is_alphanumeric))?;
        let is_date = DATES.contains(&lower(noun));
        return Some(Noted { span: span(from, last)?, is_date, is_added: true });
    }
    (begins..words.len()).find_map(|at| {
        let points = matches!(lower(at), "that" | "this" | "det" | "den");
        let next = lower(at + 1);
        let much = lower(at) == "så" && lower(at + 1) == "mycket" && lower(at + 2) != "som";
        // "That number is unlisted" tells of another.
        let goes_on = matches!(lower(at + 2), "is" | "was" | "är" | "var" | "of" | "on" | "för");
        let is_date = DATES.contains(&next);
        let is_it = points && (AMOUNTS.contains(&next) || is_date) && !goes_on;
        (is_it || much).then(|| Some(Noted { span: span(at, at + 1)?, is_date, is_added: false }))?
    })
}

/// Where the noun stands of words at `at` that say that an answer is to be in a note: ", with the amount in it".
pub(super) fn added(words: &[Word], at: usize) -> Option<usize> {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let with = at + usize::from(lower(at) == ",");
    let noun = with + 1 + usize::from(lower(with + 1) == "the");
    let known = AMOUNTS.contains(&lower(noun)) || DATES.contains(&lower(noun));
    let definite = noun > with + 1 || lower(noun).ends_with(['n', 't']);
    let rest = matches!(lower(noun + 1), "" | "." | "!" | "in" | "i");
    (matches!(lower(with), "with" | "med") && known && definite && rest).then_some(noun)
}
