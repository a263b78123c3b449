//! All that is kept of one principal, to be taken away: the port.

use async_trait::async_trait;

use super::StoreError;

/// How much was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Tasks with all their events.
    pub n_tasks: u64,
    /// Files that came with answers.
    pub n_artifacts: u64,
    /// Gaps with their evidence.
    pub n_gaps: u64,
    /// Learned choices.
    pub n_choices: u64,
    /// Groups of failures.
    pub n_failures: u64,
}

/// What is kept of principals by their names.
#[async_trait]
pub trait Personal: Send + Sync {
    /// Whether anything is kept under that name.
    async fn keeps(&self, owner: &str) -> Result<bool, StoreError>;
    /// Removes all of it, a part at a time: where this fails, what is left can be removed by another try.
    async fn erase(&self, owner: &str) -> Result<Erased, StoreError>;
    /// Takes what was removed out of the files, too. Who writes waits meanwhile.
    async fn scrub(&self) -> Result<(), StoreError>;
}
