//! What the orchestrator keeps, as one port: tasks, gaps, and what is remembered. In SQLite, or in memory where the
//! operator wants nothing kept.

mod memory;
mod sqlite;
#[cfg(test)]
mod tests;

pub use memory::MemoryLedger;

use super::gaps::Gaps;
use super::recall::Recall;
use super::tasks::Tasks;

/// Tasks, gaps and memories behind one port.
pub trait Ledger: Tasks + Gaps + Recall {}

impl<T: Tasks + Gaps + Recall> Ledger for T {}
