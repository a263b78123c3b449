//! From a request in plain words to the skill that answers it: language, clauses, retrieval, arguments, decision.
//!
//! Pure: everything it knows is handed in (the skills, the model's bytes, the time, what was learned), so that the same
//! request in the same situation always gets the same analysis.

pub mod analyse;
pub mod arguments;
pub mod clauses;
pub mod complexity;
mod decide;
pub mod embedding;
mod follow;
pub mod index;
pub mod intent;
pub mod language;
mod mend;
mod plan;
pub mod shape;
pub mod shapes;
mod tables;
mod verbs;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use analyse::analyse;
pub use clauses::Clause;
pub use complexity::Complexity;
pub use index::Index;
pub use intent::Intent;
pub use language::Language;

/// Longest request that is looked at, in bytes of UTF-8; the doors refuse longer ones.
pub const REQUEST_BYTES_MAX: usize = 16 << 10;
/// Most candidates a ranking gives.
pub const CANDIDATES_MAX: usize = 32;
/// Most learned requests that one request is compared with.
pub const LEARNED_MAX: usize = 1_000;
/// Most earlier turns that are looked at.
pub const TURNS_MAX: usize = 16;

/// `text` without typing errors in words that requests are read with, such as units.
pub fn mended(text: &str) -> String {
    mend::mend(text, None).text
}

/// What routing knows of one skill. Made by whoever has the catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The name it is called by, which is its key in the index.
    pub name: Arc<str>,
    /// What it does, as its author says.
    pub description: String,
    /// JSON Schema of its input.
    pub input_schema: Arc<Value>,
    /// JSON Schema of its answer, where it has one.
    pub output_schema: Option<Arc<Value>>,
    /// Requests it answers.
    pub examples: Vec<ExampleText>,
    /// Whether it changes nothing, as its author says.
    pub read_only: bool,
}

/// One request that a skill answers.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleText {
    /// BCP 47 tag, such as `sv`.
    pub language: String,
    /// The request in plain words.
    pub text: String,
    /// The input it means.
    pub input: Option<Value>,
}

/// Turns texts into vectors of length one, all of the same number of dimensions. Uses the processor only.
pub trait Embed: Send + Sync {
    /// The vector of a request, or of an example of one.
    ///
    /// # Errors
    /// If the model cannot compute it.
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError>;

    /// The vectors of descriptions.
    ///
    /// # Errors
    /// If the model cannot compute them.
    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// Names the model: vectors of different models are never compared.
    fn id(&self) -> &str;
}

/// Why there is no vector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// The file is not a model of the format that is read here.
    #[error("Failed to read the model: {0}")]
    Format(String),
    /// The model could not be run on the text.
    #[error("Failed to run the model: {0}")]
    Inference(String),
}

/// One change of the set of skills.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Adds the skill, or replaces the one of that name.
    Put(Arc<Profile>),
    /// Takes the skill of that name out, if there is one.
    Remove(Arc<str>),
}

/// The skills that fit a request, best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// At most as many as were asked for.
    pub candidates: Vec<Candidate>,
    /// By how much of the belief in both the first is ahead of the second, 0 to 1: decides whether to route without asking.
    pub margin: f32,
    /// How well the first fits at all, 0 to 1, whatever the others do: decides whether to abstain.
    pub fit: f32,
    /// How much more of the request two of the first skills explain together than one alone, 0 to 1, by vectors.
    pub together: Option<f32>,
}

/// A skill that may answer a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The skill's name.
    pub skill: Arc<str>,
    /// Its share of the belief among all skills, 0 to 1.
    pub score: f32,
    /// Why it is here, in words for a person: `example "how many words …"`, `words: count, words`.
    pub reasons: Vec<String>,
}

/// The request with its context.
#[derive(Clone)]
pub struct Ask<'a> {
    /// The request in plain words.
    pub text: &'a str,
    /// BCP 47 tag of the language the caller wants answers in, where the caller said so.
    pub locale: Option<&'a str>,
    /// What the caller says of its own request.
    pub hints: Hints,
    /// Earlier turns of the same session, oldest first; only the last [`TURNS_MAX`] count.
    pub turns: &'a [Turn],
    /// Now, in the caller's time zone.
    pub now: CivilNow,
    /// What this user chose or corrected before; only the first [`LEARNED_MAX`] count.
    pub learned: &'a [Learned],
    /// How skills did so far; empty where that is not to be used.
    pub standings: &'a [Standing],
    /// What the caller says of itself and its work, such as `user_id` and `project`; only values that a skill asks for by
    /// these names are taken from it.
    pub context: Option<&'a Map<String, Value>>,
    /// Which skills the caller may call; all of them where it is `None`.
    pub among: Option<&'a dyn Fn(&str) -> bool>,
}

impl std::fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask").field("text", &self.text).field("hints", &self.hints).finish_non_exhaustive()
    }
}

/// What the caller says of its own request. Honoured where it is possible, and never a grant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// 0 to 1, in place of the measured one.
    pub complexity: Option<f32>,
    /// How many agents the caller had in mind.
    pub team_size: Option<u32>,
    /// A skill to take wherever it is among the candidates that fit.
    pub preferred_skill: Option<Arc<str>>,
}

/// One earlier turn of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// What was asked.
    pub text: String,
    /// The skill that answered.
    pub skill: Option<Arc<str>>,
    /// What it was called with.
    pub arguments: Map<String, Value>,
    /// What it answered, where it did.
    pub answer: Option<Value>,
}

/// A date and a time of day as people say them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilNow {
    /// Of the common era.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
}

/// A request that a user sent to a skill by choosing it, or by correcting a choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The request.
    pub text: String,
    /// The skill it belongs to.
    pub skill: Arc<str>,
    /// [`Embed::query`] of the text, by the model that is in use now.
    pub vector: Option<Arc<[f32]>>,
}

/// How a skill did so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The skill's name.
    pub skill: Arc<str>,
    /// Requests that it ended well.
    pub n_good: u32,
    /// Requests that it failed.
    pub n_failed: u32,
}

/// What a request is and what to do about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The language it is written in.
    pub language: Language,
    /// What kind of request it is.
    pub intent: Intent,
    /// Its parts that might each need a skill of their own.
    pub clauses: Vec<Clause>,
    /// How much it needs, with the reasons.
    pub complexity: Complexity,
    /// The skills that fit it as a whole.
    pub ranking: Ranking,
    /// What to do.
    pub strategy: Strategy,
    /// Why, in words for a person, in the order of the decision.
    pub reasons: Vec<String>,
}

/// What to do about a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Strategy {
    /// One skill, sure.
    Direct(Step),
    /// Something has to be said first.
    Ask(Question),
    /// The first that succeeds; several fit, and trying them harms nothing.
    Fallbacks(Vec<Step>),
    /// Several skills.
    Plan(Vec<Part>),
    /// Nothing fits.
    Gap {
        /// What came nearest, best first; may be empty.
        nearest: Vec<Candidate>,
    },
}

/// One call that would answer a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The skill's name.
    pub skill: Arc<str>,
    /// Its input, checked against what its schema requires.
    pub arguments: Map<String, Value>,
}

/// One part of a request that needs several skills.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The part of the request.
    pub clause: Clause,
    /// What to do about it; never [`Strategy::Plan`].
    pub strategy: Box<Strategy>,
    /// Parts, by their place in the list, whose answers it needs.
    pub needs: Vec<usize>,
    /// What its call takes from their answers.
    pub references: Vec<Reference>,
}

/// A value of a call that comes from the answer of an earlier part.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Where it goes: a JSON pointer into the arguments.
    pub to: String,
    /// The part, by its place in the list.
    pub part: usize,
    /// A JSON pointer into that part's answer; with `*` in the place of an item, what all items of the list have there.
    pub pointer: String,
    /// The text that it becomes, with `{}` where the value stands, or `{ + }` where those of a list do with that between
    /// them; the value itself where there is none. A further reference to the same place goes to its next `{}`.
    pub template: Option<String>,
    /// A text of a number becomes that number.
    pub as_number: bool,
}

/// What the caller is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Several skills fit about as well: which one?
    Choice(Vec<Choice>),
    /// The skill is clear, but values are missing or unsure.
    Missing {
        /// The skill's name.
        skill: Arc<str>,
        /// The values that are known.
        arguments: Map<String, Value>,
        /// What to ask for; never empty.
        missing: Vec<Missing>,
    },
}

/// One skill among near ties.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The skill's name.
    pub skill: Arc<str>,
    /// What it does, as its author says.
    pub description: String,
    /// Its share of the belief, 0 to 1.
    pub score: f32,
}

/// A value that has to be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// The property of the skill's input.
    pub name: String,
    /// What the schema says of it.
    pub description: Option<String>,
    /// The values it may have, where the schema lists them.
    pub options: Vec<Value>,
    /// A short question for it, in the language of the request.
    pub question: String,
    /// What it probably is, where that is only unsure.
    pub suggestion: Option<Value>,
}
