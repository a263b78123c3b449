//! The catalog of skills, and calling one by name.

pub mod catalog;
pub mod metadata;

pub use catalog::{Bundle, BundleKind, Refusal, Skill, Snapshot};
pub use metadata::{Annotations, Metadata};

use crate::base::{Failure, LimitOverrides, RequestId, Usage};
pub use crate::runtime::{Answer, Attachment, Progress, ProgressSink};

/// A call of one skill by name.
#[derive(Clone, Default)]
pub struct Call<'a> {
    /// The skill's public name.
    pub skill: &'a str,
    /// The input as JSON text. Checked against the skill's schema before anything runs.
    pub input: &'a str,
    /// Groups the requests of one conversation.
    pub session_id: Option<&'a str>,
    /// The caller's language as a BCP 47 tag; `en` where it is not known.
    pub locale: Option<&'a str>,
    /// Tighter limits than the skill's own.
    pub limits: LimitOverrides,
    /// The seed of the call's random numbers; drawn where it is not given.
    pub seed: Option<u64>,
    /// Where progress goes; `None` drops it.
    pub progress: Option<ProgressSink>,
}

/// How a call ended. Usage is true for failed calls too.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Names the call in logs.
    pub request_id: RequestId,
    /// The answer, or why there is none.
    pub result: Result<Answer, Failure>,
    /// What it used.
    pub usage: Usage,
}
