//! What is remembered beside tasks: what people chose, and how calls went. The port, and what is kept.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::base::Digest;

/// Most learned choices of one owner; the one used longest ago goes first.
pub const LEARNED_MAX: usize = 1_000;
/// Longest text of a learned choice, in bytes; longer requests are not learned from.
pub const LEARNED_BYTES_MAX: usize = 1_024;
/// Milliseconds of the span that performance is summed over.
pub const SPAN_MS: u64 = 3_600_000;

/// A request, and the skill that a person chose for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedRecord {
    /// Its id: twelve hexadecimal digits, made of owner and text.
    pub id: Box<str>,
    /// Whose it is: nobody else's requests are routed by it.
    pub owner: Arc<str>,
    /// The request.
    pub text: Box<str>,
    /// The skill that was chosen.
    pub skill: Box<str>,
    /// How often it was chosen in a row.
    pub count: u64,
    /// When it was chosen last, in milliseconds since 1970.
    pub last_ms: u64,
}

/// How the calls of a skill under one strategy went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerformanceSum {
    /// The skill.
    pub skill: Box<str>,
    /// How it came to be called.
    pub strategy: Box<str>,
    /// Calls.
    pub n_calls: u64,
    /// Calls that gave an answer.
    pub n_ok: u64,
    /// Microseconds of all of them together.
    pub wall_us: u64,
    /// Fuel of all of them together.
    pub fuel: u64,
}

/// The id of what `owner` chose for `text`.
pub fn learned_id(owner: &str, text: &str) -> Box<str> {
    let mut id = Digest::of(format!("{}:{owner}{text}", owner.len()).as_bytes()).to_string();
    id.truncate(12);
    id.into()
}

/// Choices, and how calls went.
#[async_trait]
pub trait Recall: Send + Sync {
    /// Keeps that `owner` chose `skill` for `text`, in place of what was chosen for it before.
    async fn learn(&self, owner: &str, text: &str, skill: &str, at_ms: u64) -> Result<(), StoreError>;
    /// What `owner` chose, the youngest first.
    async fn learned(&self, owner: &str) -> Result<Vec<LearnedRecord>, StoreError>;
    /// Forgets one choice of `owner`, or all; says how many.
    async fn forget(&self, owner: &str, id: Option<&str>) -> Result<usize, StoreError>;
    /// Adds how calls of the span with that number went: milliseconds since 1970 over [`SPAN_MS`].
    async fn add_performance(&self, span: u64, sums: Vec<PerformanceSum>) -> Result<(), StoreError>;
    /// How calls went since then, summed.
    async fn performance(&self, since_ms: u64) -> Result<Vec<PerformanceSum>, StoreError>;
    /// Removes what is known of calls before then.
    async fn prune_performance(&self, since_ms: u64) -> Result<usize, StoreError>;
}
