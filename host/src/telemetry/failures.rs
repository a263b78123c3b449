//! Failures as they come, in groups of those that are alike, until somebody takes them to where they are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::failing::{FailedCall, Failing, SentBack, Taken};
use crate::base::{Digest, FailureKind, TaskId};

/// Groups that wait to be taken; failures of others are then only counted.
const GROUPS_MAX: usize = 1_000;
/// Longest shape of a message, in bytes.
const SHAPE_BYTES_MAX: usize = 160;
/// From this many digits on, a word of hexadecimal digits is taken for an id.
const HEX_DIGITS_MIN: usize = 8;

/// One failure.
#[derive(Debug, Clone, Copy)]
pub struct Noted<'a> {
    /// Whose call or request it was.
    pub owner: &'a str,
    /// The skill; empty where none was called.
    pub skill: &'a str,
    /// The task, where it was one's.
    pub task: Option<TaskId>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The kind, as [`kind`] names it.
    pub kind: &'a str,
    /// What failed and on what.
    pub message: &'a str,
    /// What to do next, where that is known.
    pub hint: Option<&'a str>,
}

/// What failures that are alike have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// Whose calls they were.
    pub owner: Arc<str>,
    /// The skill; empty where none was called.
    pub skill: Box<str>,
    /// The kind, with the limit where one was reached.
    pub kind: Box<str>,
    /// The message without numbers and quotations.
    pub shape: Box<str>,
}

/// How often failures of a group came, and the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How many.
    pub count: u64,
    /// When the first came, in milliseconds since 1970.
    pub first_ms: u64,
    /// When the last came.
    pub last_ms: u64,
    /// The task of the last, where it was one's.
    pub task: Option<TaskId>,
    /// Its message.
    pub message: String,
    /// Its hint.
    pub hint: Option<String>,
}

/// Failures that wait to be taken. Clones are the same ones.
#[derive(Clone, Default)]
pub struct Failures {
    waiting: Arc<Mutex<HashMap<Group, Seen>>>,
    failing: Arc<Mutex<Failing>>,
}

impl Failures {
    /// Notes one.
    pub fn note(&self, noted: Noted<'_>) {
        let Noted { owner, skill, task, at_ms, kind, message, hint } = noted;
        let shape = shape(message).into();
        let group = Group { owner: owner.into(), skill: skill.into(), kind: kind.into(), shape };
        let mut waiting = self.lock();
        if waiting.len() >= GROUPS_MAX && !waiting.contains_key(&group) {
            tracing::warn!(kind, skill, "a failure is not kept: there are too many kinds at one time");
            return;
        }
        let fresh = Seen { count: 0, first_ms: at_ms, last_ms: at_ms, task: None, message: String::new(), hint: None };
        let seen = waiting.entry(group).or_insert(fresh);
        *seen = Seen {
            count: seen.count.saturating_add(1),
            first_ms: seen.first_ms,
            last_ms: at_ms,
            task,
            message: message.to_owned(),
            hint: hint.map(str::to_owned),
        };
    }

    /// All that wait; none do then.
    pub fn take(&self) -> Vec<(Group, Seen)> {
        std::mem::take(&mut *self.lock()).into_iter().collect()
    }

    /// Notes a call that failed by a fault of the skill, with what it was asked.
    pub fn failed(&self, call: FailedCall) {
        self.failing().add(call);
    }

    /// As [`Failing::take_calls`].
    pub fn take_calls(&self, bundle: &str, digest: Digest) -> Vec<FailedCall> {
        self.failing().take_calls(bundle, digest)
    }

    /// Notes that a version was sent back.
    pub fn sent_back(&self, sent_back: SentBack) {
        self.failing().send_back(sent_back);
    }

    /// As [`Failing::take`].
    pub fn take_failing(&self) -> Taken {
        self.failing().take()
    }

    fn failing(&self) -> MutexGuard<'_, Failing> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops those of `owner`.
    pub fn forget(&self, owner: &str) {
        self.failing().forget(owner);
        self.lock().retain(|group, _| &*group.owner != owner);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Group, Seen>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a kind, with the limit where one was reached.
pub fn kind(kind: FailureKind) -> String {
    match kind.limit() {
        Some(limit) => format!("{}: {limit}", kind.as_str()),
        None => kind.as_str().to_owned(),
    }
}

/// A message without what differs from one time to the next: numbers and ids become `N`, quotations `…`.
pub fn shape(message: &str) -> String {
    let mut shape = String::new();
    let mut rest = message.lines().next().unwrap_or_default();
    while let Some(first) = rest.chars().next() {
        if shape.len() >= SHAPE_BYTES_MAX {
            break;
        }
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let before_is_word = shape.ends_with(|c: char| c.is_alphanumeric());
        // An apostrophe within a word quotes nothing.
        let quotes = matches!(first, '`' | '"') || first == '\'' && !before_is_word;
        if let Some(end) = quotes.then(|| after.find(first)).flatten() {
            shape.push('…');
            rest = after.get(end + 1..).unwrap_or_default();
            continue;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let word = rest.get(..end.max(first.len_utf8())).unwrap_or(rest);
        let is_id = word.len() >= HEX_DIGITS_MIN && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id {
            shape.push('N');
        } else {
            // One word may be as long as the message.
            for c in word.chars().take(SHAPE_BYTES_MAX) {
                match c.is_numeric() {
                    true if shape.ends_with('N') => {}
                    true => shape.push('N'),
                    false => shape.push(c),
                }
            }
        }
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Limit;

    #[test]
    fn messages_that_differ_in_what_they_speak_of_have_one_shape() {
        let cases = [
            ("the answer has 1234 bytes, more than 99", "the answer has N bytes, more than N"),
            ("`units` does not know \"furlongs\"", "… does not know …"),
            ("can't read 'a b'", "can't read …"),
            ("no task 018f2a3b4c5d6e7f8091a2b3c4d5e6f7", "no task N"),
            ("ett 'öppet citat", "ett 'öppet citat"),
            ("", ""),
        ];
        for (message, wanted) in cases {
            assert_eq!(shape(message), wanted);
        }
        assert!(shape(&"å".repeat(5_000)).len() < 1_000 && shape(&"å, ".repeat(5_000)).len() < 1_000);
    }

    #[test]
    fn failures_are_counted_by_group_and_belong_to_their_owner() {
        let failures = Failures::default();
        for (owner, number) in [("me", 1), ("me", 2), ("you", 3)] {
            let (kind, message) = (&*kind(FailureKind::LimitExceeded(Limit::Fuel)), &*format!("broke at {number}"));
            failures.note(Noted { owner, skill: "s", task: None, at_ms: number, kind, message, hint: None });
        }
        failures.forget("you");
        let taken = failures.take();
        let [(group, seen)] = taken.as_slice() else { panic!("{taken:?}") };
        assert_eq!((&*group.kind, &*group.shape), ("limit-exceeded: fuel", "broke at N"));
        assert_eq!((seen.count, seen.first_ms, seen.last_ms, &*seen.message), (2, 1, 2, "broke at 2"));
        assert!(failures.take().is_empty());
    }
}
