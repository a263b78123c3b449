//! What was asked for and no skill does: the port, and what is kept of it.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::base::{Digest, TaskId};

/// Most pieces of evidence that are kept of one gap, the youngest.
pub const EVIDENCE_MAX: usize = 16;
/// Most gaps that one listing gives.
pub const GAPS_MAX: usize = 1_000;
/// Digits of a gap's id.
const ID_DIGITS: usize = 12;

/// What became of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapState {
    /// It is still one.
    Open,
    /// Somebody said that nothing is to be done about it.
    Dismissed,
    /// A skill was built for it.
    Filled,
}

impl GapState {
    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            GapState::Open => "open",
            GapState::Dismissed => "dismissed",
            GapState::Filled => "filled",
        }
    }

    /// As it is stored.
    pub(super) fn number(self) -> i64 {
        match self {
            GapState::Open => 0,
            GapState::Dismissed => 1,
            GapState::Filled => 2,
        }
    }

    /// From what is stored.
    pub(super) fn of(number: i64) -> GapState {
        match number {
            0 => GapState::Open,
            2 => GapState::Filled,
            _ => GapState::Dismissed,
        }
    }
}

/// Something that was asked for, and that no skill does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapRecord {
    /// Its id: twelve hexadecimal digits, made of its owner and its key.
    pub id: Box<str>,
    /// The principal whose requests it was found in.
    pub owner: Arc<str>,
    /// What requests for the same thing have in common.
    pub key: Box<str>,
    /// What became of it.
    pub state: GapState,
    /// How often it was asked for.
    pub count: u64,
    /// When it was first asked for, in milliseconds since 1970.
    pub first_ms: u64,
    /// When it was last asked for.
    pub last_ms: u64,
    /// The request that asked last.
    pub text: Box<str>,
}

/// One request that met a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The gap's id; see [`gap_id`].
    pub gap: Box<str>,
    /// What requests for the same thing have in common.
    pub key: Box<str>,
    /// The task; its owner is the gap's.
    pub task: TaskId,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The request.
    pub text: Box<str>,
    /// What speaks for it, such as what came nearest: JSON.
    pub why: Box<str>,
}

/// The id of the gap of `owner` with that key.
pub fn gap_id(owner: &str, key: &str) -> Box<str> {
    let mut id = Digest::of(format!("{}:{owner}{key}", owner.len()).as_bytes()).to_string();
    id.truncate(ID_DIGITS);
    id.into()
}

/// Gaps. They are added to with the task that met them: [`super::tasks::Append`].
#[async_trait]
pub trait Gaps: Send + Sync {
    /// The gaps of `owner`, or of all, the one last asked for first, at most [`GAPS_MAX`].
    async fn gaps(&self, owner: Option<&str>) -> Result<Vec<GapRecord>, StoreError>;
    /// The evidence of a gap, the youngest first.
    async fn evidence(&self, id: &str) -> Result<Vec<Evidence>, StoreError>;
    /// Adds evidence that no task met, and the gap where there is none yet.
    async fn add_evidence(&self, owner: &str, evidence: Evidence) -> Result<(), StoreError>;
    /// Says what becomes of a gap; `false` if there is none of that id (and owner, where one is given).
    async fn set_gap(&self, owner: Option<&str>, id: &str, state: GapState) -> Result<bool, StoreError>;
    /// Removes the gaps that were asked for longest ago and are more than `count_max` or older than `since_ms`.
    async fn prune_gaps(&self, count_max: u64, since_ms: u64) -> Result<usize, StoreError>;
}
