//! Texts that were told by a name, put where a later part speaks of them: "the original is 'a b'. How long is the original?"

use super::super::{Clause, arguments, clauses};
use super::put;

/// The clauses, with the quoted text or the date in place of the name it was told by.
pub(super) fn with_texts(clauses: Vec<Clause>, date_of: impl Fn(&str) -> Option<String>) -> Vec<Clause> {
    let mut told: Vec<(String, String)> = Vec::new();
    // What was quoted right before, and nothing asked of.
    let mut quoted: Option<String> = None;
    let with_text = |mut clause: Clause| {
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
    clauses.into_iter().map(with_text).collect()
}
