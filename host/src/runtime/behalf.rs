//! What an agent that runs may have done for it: the port that rooms above implement.

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::Failure;

/// What an agent may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A skill.
    Skill,
    /// An agent.
    Agent,
}

/// One skill or agent that an agent may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: TargetKind,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input, as JSON text.
    pub input_schema: String,
}

/// What came of a call that an agent made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delegated {
    /// An output, as JSON text.
    Done(String),
    /// A question back.
    InputRequired(String),
}

/// An earlier request of the user that an agent acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// What was asked.
    pub request: String,
    /// What came of it, in words.
    pub answer: String,
    /// What did it.
    pub skill: String,
}

/// What one run of an agent may have done: it knows for whom the agent acts, and what both may.
#[async_trait]
pub trait Behalf: Send + Sync {
    /// What may be called.
    fn targets(&self) -> Vec<Target>;

    /// Instructions that are left for what is called.
    fn fuel_left(&self) -> u64;

    /// Calls a skill or an agent with `input`, JSON text, within `wall_ms` and `fuel`.
    ///
    /// # Errors
    /// `denied` where this agent or its user may not, and as the call fails.
    async fn call(&self, name: &str, input: String, wall_ms: u64, fuel: u64) -> Result<Delegated, Failure>;

    /// Earlier requests about `query`, at most `limit`.
    ///
    /// # Errors
    /// `denied` where the agent may not look.
    async fn recall(&self, query: &str, limit: usize) -> Result<Vec<Recalled>, Failure>;
}
