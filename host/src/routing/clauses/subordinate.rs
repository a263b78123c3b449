//! What only says when a part is to be done: "after counting …, tell me …", "but first …", "if …,".

use super::boundary::starts_request;
use super::lexicon::{AUXILIARIES, SUBJECTS};
use super::read::Word;
use super::{courtesy, verbs};

/// Longest condition before it.
pub(super) const CONDITION_MAX: usize = 24;

/// A request whose first part only says when the second is to be done: "after counting …, tell me …".
pub(super) struct Subordinate {
    /// The words that the parts begin with.
    pub(super) first: usize,
    pub(super) second: usize,
    /// The second is to be done first.
    pub(super) turned: bool,
}

/// The parts of "after X, Y" and "before X, Y" where X is something to be done, too.
pub(super) fn subordinate(words: &[Word], at: usize) -> Option<Subordinate> {
    let lower = |at: usize| words.get(at).filter(|word| !word.shielded).map_or("", |word| word.lower.as_str());
    let turned = match lower(at) {
        "after" | "efter" | "once" => false,
        "before" | "innan" => true,
        _ => return None,
    };
    let mut first = at + 1;
    while matches!(
        lower(first),
        "att" | "you" | "you've" | "you're" | "have" | "are" | "done" | "du" | "ni" | "har" | "that" | "with"
    ) {
        first += 1;
    }
    let done = lower(first);
    let stem = |endings: &[&str]| {
        endings.iter().any(|ending| {
            let stem = done.strip_suffix(ending).filter(|stem| stem.len() > 1);
            stem.is_some_and(|stem| verbs::is_verb(stem) || verbs::is_verb(&format!("{stem}e")))
        })
    };
    if !verbs::is_verb(done) && !stem(&["ing", "r", "t", "er", "at", "ed", "d", "ting", "ning"]) {
        return None;
    }
    let begins = |at: &usize| {
        let aside = lower(*at) == ","
            && starts_request(words, at + 1 + courtesy::lead(words.get(at + 1..).unwrap_or_default())).is_some();
        aside || AUXILIARIES.contains(&lower(*at)) && SUBJECTS.contains(&lower(at + 1))
    };
    let second = (first + 2..words.len().min(first + CONDITION_MAX)).find(begins)?;
    Some(Subordinate { first, second, turned })
}

/// Whether a part is to be done before the one that was said before it: "but first …".
pub(super) fn says_but_first(own: &[Word]) -> bool {
    let mut words = own.iter().map(|word| word.lower.as_str()).filter(|word| !matches!(*word, "," | "." | "!"));
    let first = |word: Option<&str>| matches!(word, Some("first" | "först"));
    matches!(words.next(), Some("but" | "men")) && (first(words.next()) || first(words.next_back()))
}

/// Whether the words from `begun` to `end` only say when or under what conditions: "om 45 dagar, …".
pub(super) fn is_condition(words: &[Word], begun: usize, end: usize) -> bool {
    const CONDITIONS: &[&str] = &[
        "if", "when", "once", "on", "in", "at", "by", "after", "before", "om", "när", "på", "i", "efter", "före",
        "innan", "while", "as", "until", "since", "because", "medan", "tills", "eftersom",
    ];
    let first = (begun..end).find(|at| {
        words.get(*at).is_some_and(|word| !matches!(word.lower.as_str(), "," | "and" | "och" | "also" | "också" | "oh"))
    });
    first.filter(|first| end - first <= CONDITION_MAX).is_some_and(|first| {
        words.get(first).is_some_and(|word| !word.shielded && CONDITIONS.contains(&word.lower.as_str()))
            && !(first + 1..end).any(|at| starts_request(words, at).is_some_and(|strength| strength > 1))
    })
}
