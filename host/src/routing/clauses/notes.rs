//! Several notes that are told in one sentence: "make three notes: call grandma; book the dentist; pay the bill".

use std::ops::Range;

use super::Clause;
use super::lexicon::NUMBERS;
use super::read::Word;

const NOTES: &[&str] = &["notes", "reminders", "memos", "anteckningar", "påminnelser", "lappar", "minnesanteckningar"];
/// Words between how many and what.
const BETWEEN_MAX: usize = 2;
/// What begins one of several: "one that", "en om att".
const ONE: &[&[&str]] = &[
    &["one", "that"],
    &["one", "saying", "that"],
    &["one", "saying"],
    &["one", "about"],
    &["en", "om", "att"],
    &["en", "att"],
    &["en", "om"],
];

/// A sentence that tells several notes, and the parts that it is.
pub(super) struct Told {
    pub(super) span: Range<usize>,
    pub(super) clauses: Vec<Clause>,
}

/// The first such sentence of `text`.
pub(super) fn told(text: &str, words: &[Word]) -> Option<Told> {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let ends = |at: usize| matches!(lower(at), "." | "!" | "?") && words.get(at + 1).is_none_or(|next| next.spaced);
    let counted = |at: usize| NUMBERS.iter().find(|(names, _)| names.contains(&lower(at))).map(|(_, n)| *n);
    let (noun, wanted) = (0..words.len()).find_map(|at| {
        let noun = (at + 1..at + 2 + BETWEEN_MAX).find(|at| NOTES.contains(&lower(*at)))?;
        Some((noun, counted(at)?))
    })?;
    let first = (0..noun).rev().find(|at| ends(*at)).map_or(0, |at| at + 1);
    let end = (noun..words.len()).find(|at| ends(*at)).unwrap_or(words.len());
    let mark = (noun + 1..noun + 2 + BETWEEN_MAX).find(|at| matches!(lower(*at), ":" | ","))?;
    let one = |at: usize| {
        let is_there = |phrase: &&&[&str]| phrase.iter().enumerate().all(|(more, word)| lower(at + more) == *word);
        ONE.iter().filter(is_there).map(|phrase| phrase.len()).max()
    };
    // Where each begins, and how many words only say that it is one.
    let mut starts: Vec<(usize, usize)> = (mark + 1..end).filter_map(|at| Some((at, one(at)?))).collect();
    if starts.len() != wanted {
        let marks = |known: &[&str]| {
            (mark + 1..end).filter(|at| known.contains(&lower(*at))).map(|at| at + 1).collect::<Vec<_>>()
        };
        let splits = [marks(&[";"]), marks(&[","]), marks(&[",", "and", "och", "samt"])];
        let joined = splits.into_iter().find(|splits| splits.len() + 1 == wanted).filter(|_| lower(mark) == ":")?;
        starts = std::iter::once(mark + 1).chain(joined).map(|at| (at, 0)).collect();
    }
    let swedish = !matches!(lower(noun), "notes" | "reminders" | "memos");
    let item = |(place, (start, said)): (usize, &(usize, usize))| {
        let next = starts.get(place + 1).map_or(end, |(next, _)| *next);
        let from = start + said;
        let last = (from..next).rev().find(|at| {
            words.get(*at).is_some_and(|word| word.shielded)
                || !matches!(lower(*at), "," | ";" | "and" | "och" | "samt" | ".")
        })?;
        let span = words.get(from)?.span.start..words.get(last)?.span.end;
        let own = text.get(span.clone())?.trim();
        let lead = match (swedish, *said > 0) {
            (true, true) => "Anteckna att ",
            (true, false) => "Anteckna: ",
            (false, true) => "Make a note that ",
            (false, false) => "Make a note: ",
        };
        let text = format!("{lead}{own}");
        (!own.is_empty()).then_some(Clause { text, depends: false, span, asks: true, ordered: false })
    };
    let clauses: Vec<Clause> = starts.iter().enumerate().map(item).collect::<Option<_>>()?;
    let span = words.get(first)?.span.start..words.get(end).or(words.last())?.span.end;
    Some(Told { span, clauses })
}
