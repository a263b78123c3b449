//! Texts that were told by a name, put where a later part speaks of them: "the original is 'a b'. How long is the original?"

use super::super::{Clause, arguments, clauses};
use super::put;

/// The clauses, with the quoted text or the date in place of the name it was told by; and the places of those that only tell
/// when somebody was born.
pub(super) fn with_texts(clauses: Vec<Clause>, date_of: impl Fn(&str) -> Option<String>) -> (Vec<Clause>, Vec<usize>) {
    let mut told: Vec<(String, String)> = Vec::new();
    // What was quoted right before, and nothing asked of.
    let mut quoted: Option<String> = None;
    // When somebody was born, and the statement that tells it.
    let mut born: Option<(usize, String)> = None;
    let mut only_told: Vec<usize> = Vec::new();
    let with_text = |(at, mut clause): (usize, Clause)| {
        if let Some(span) = clauses::birth(&clause.text)
            && let Some(text) = born.as_ref().and_then(|(_, born)| put(&clause.text, &span, born))
        {
            clause.text = text;
        } else if clauses::asks_age(&clause.text) && !clauses::says_born(&clause.text) {
            // "A house was built in May 1908. How old was it in May 2024?"
            if let Some((told, born)) = born.as_ref().filter(|_| date_of(&clause.text).is_some()) {
                clause.text = format!("{}, born {born}", clause.text.trim_end_matches(['.', '?', '!', ' ']));
                only_told.push(*told);
            }
        } else if clauses::says_born(&clause.text) {
            born = date_of(&clause.text).map(|date| (at, date)).or(born.take());
        }
        if clauses::is_statement(&clause.text) || !clause.asks {
            told.extend(clauses::named_texts(&clause.text));
            told.extend(clauses::subject_of(&clause.text).zip(date_of(&clause.text)));
            quoted = match arguments::quotations(&clause.text).as_slice() {
                [only] => clause.text.get(only.clone()).map(str::to_owned),
                _ => None,
            };
            return clause;
        }
        let quoted = quoted.take();
        let is_bare = arguments::quotations(&clause.text).is_empty();
        let found = told.iter().rev().filter(|_| is_bare).find_map(|(name, text)| {
            let span = clauses::named_in(&clause.text, name)?;
            put(&clause.text, &span, text)
        });
        let points = || clauses::pointer(&clause.text).filter(|pointer| pointer.noun.is_empty() && !pointer.is_weak);
        let found = found.or_else(|| put(&clause.text, &points().filter(|_| is_bare)?.span, &quoted?));
        if let Some(text) = found {
            clause.text = text;
            clause.depends = false;
        }
        clause
    };
    let clauses: Vec<Clause> = clauses.into_iter().enumerate().map(with_text).collect();
    only_told.retain(|at| clauses.get(*at).is_some_and(|clause| !clauses::asks(&clause.text)));
    (clauses, only_told)
}
