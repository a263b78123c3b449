//! Finding what was asked before: by words, and by vectors of what was asked. The port, and what is kept.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::base::TaskId;

/// Most words of one search.
pub const WORDS_MAX: usize = 16;
/// Most bytes that are kept to be found of a request, and of its answer.
pub const TEXT_BYTES_MAX: usize = 4 << 10;
/// Most tasks whose vectors one search is compared with, the youngest.
pub const VECTORS_MAX: usize = 20_000;

/// A task that has ended, as it can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findable {
    /// Whose it is: nobody else finds it.
    pub owner: Arc<str>,
    /// The task.
    pub task: TaskId,
    /// The skill that answered; empty where none did.
    pub skill: Box<str>,
    /// What was asked; cut to [`TEXT_BYTES_MAX`].
    pub request: Box<str>,
    /// What came of it, in words; cut to [`TEXT_BYTES_MAX`].
    pub answer: Box<str>,
}

/// Fewest characters of a word that finds those that begin with it.
const BEGINNING_CHARS_MIN: usize = 3;

/// A vector of a request: each component over the largest of them, times 127.
pub type Packed = Vec<u8>;

/// Tasks as they can be found. What belongs to a task that is removed goes with it.
#[async_trait]
pub trait Search: Send + Sync {
    /// Tasks that have ended and cannot be found yet, of `owner` or of all, the youngest first.
    async fn unfindable(&self, owner: Option<&str>, limit: usize) -> Result<Vec<(Arc<str>, TaskId)>, StoreError>;
    /// Makes tasks findable; those that are not there any more are passed over.
    async fn make_findable(&self, tasks: Vec<Findable>) -> Result<(), StoreError>;
    /// The tasks of `owner` that have all of `words`, or where there are none, some of them; best first. A word of
    /// three letters or more also finds those that begin with it.
    async fn find(&self, owner: &str, words: Vec<String>, limit: usize) -> Result<Vec<Findable>, StoreError>;
    /// The tasks of `owner` with these ids.
    async fn findable(&self, owner: &str, tasks: Vec<TaskId>) -> Result<Vec<Findable>, StoreError>;
    /// Tasks of all owners that have no vector of `model`, the youngest first, with what was asked.
    async fn without_vector(&self, model: &str, limit: usize) -> Result<Vec<Findable>, StoreError>;
    /// Keeps vectors of `model`; of tasks that are not there any more, none.
    async fn set_vectors(&self, model: &str, vectors: Vec<(Arc<str>, TaskId, Packed)>) -> Result<(), StoreError>;
    /// The vectors of `model` of the tasks of `owner`, the youngest [`VECTORS_MAX`].
    async fn vectors(&self, owner: &str, model: &str) -> Result<Vec<(TaskId, Packed)>, StoreError>;
}

/// The words of a text: runs of letters and digits, in lower case, each once, at most [`WORDS_MAX`].
pub fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words: Vec<String> = Vec::new();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if words.len() < WORDS_MAX && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// Whether a word finds those that begin with it: too many begin with one or two letters.
pub(super) fn is_beginning(word: &str) -> bool {
    word.chars().count() >= BEGINNING_CHARS_MIN
}

/// The words that say something by themselves, where there are any: "in" and "to" are in everything.
pub(super) fn telling(words: &[String]) -> Vec<String> {
    let telling: Vec<String> = words.iter().filter(|word| is_beginning(word)).cloned().collect();
    if telling.is_empty() { words.to_vec() } else { telling }
}

/// The beginning of `text` that is kept.
pub fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or(text)
}
