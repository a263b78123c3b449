//! The parts of a request that might each need a skill of their own.

use super::Language;

/// One part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Its words.
    pub text: String,
    /// Whether it speaks of what an earlier part gives ("and send *it* …").
    pub depends: bool,
}

/// The parts of `text`, in their order; at least one.
pub fn split(text: &str, _language: &Language) -> Vec<Clause> {
    vec![Clause { text: text.to_owned(), depends: false }]
}
