//! Who writes candidates: a person's file, an agent, and the composer. None of them is trusted: the gate judges what they give.

mod agent;
mod compose;
mod composed;

use async_trait::async_trait;

pub use agent::{ByAgent, CAPABILITY};
pub use compose::Composer;

use crate::base::Failure;
use crate::skills::Example;

/// What a writer is given.
#[derive(Debug, Clone)]
pub struct Brief {
    /// The gap's requests, the last one first.
    pub requests: Vec<String>,
    /// Examples that it may know; the hidden ones are others.
    pub examples: Vec<Example>,
    /// What every skill has to keep to.
    pub contract: &'static str,
    /// The nearest installed skills: their names.
    pub nearest: Vec<String>,
    /// The skill that the gap is about, where it is one that keeps failing: its file's text.
    pub before: Option<String>,
    /// The first useful error of each round before, the first one first.
    pub failed: Vec<String>,
    /// What it may cost at most, in millionths of the operator's currency.
    pub money_max: u64,
}

/// What a writer gives back.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// A name for its file, with the ending.
    pub file_name: String,
    /// The text: one script with its examples.
    pub source: String,
    /// Why there is no candidate in it, where that is so.
    pub problem: Option<String>,
    /// Whether it is of use to ask again after that problem.
    pub goes_on: bool,
    /// Calls of a model that it took.
    pub model_calls: u32,
    /// What those cost, in millionths of the operator's currency.
    pub cost: u64,
}

impl Written {
    /// A candidate that cost nothing.
    pub fn new(file_name: String, source: String) -> Written {
        Written { file_name, source, goes_on: true, ..Written::default() }
    }
}

/// Writes candidates. Never trusted.
#[async_trait]
pub trait Writer: Send + Sync {
    /// Names it in what is kept of a build.
    fn name(&self) -> &str;
    /// Writes a candidate for the next round; `None` when it has no more to give.
    ///
    /// # Errors
    /// Why it could not write.
    async fn write(&self, brief: &Brief) -> Result<Option<Written>, Failure>;
}

/// A file that a person wrote: one round for each.
pub struct PersonsFile {
    written: std::sync::Mutex<Option<Written>>,
}

impl PersonsFile {
    /// Hands in a file of that name.
    pub fn new(file_name: String, source: String) -> PersonsFile {
        PersonsFile { written: std::sync::Mutex::new(Some(Written::new(file_name, source))) }
    }
}

#[async_trait]
impl Writer for PersonsFile {
    fn name(&self) -> &str {
        "file"
    }

    async fn write(&self, _: &Brief) -> Result<Option<Written>, Failure> {
        Ok(self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take())
    }
}
