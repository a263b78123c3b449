//! What the orchestrator keeps, as one port: tasks, gaps, what is remembered, and how it went. In SQLite, or in memory
//! where the operator wants nothing kept.

mod memory;
mod sqlite;
#[cfg(test)]
mod tests;

pub use memory::MemoryLedger;

use super::gaps::Gaps;
use super::personal::Personal;
use super::recall::Recall;
use super::records::Records;
use super::search::Search;
use super::tasks::Tasks;

/// Tasks, gaps, memories and records behind one port.
pub trait Ledger: Tasks + Gaps + Recall + Records + Search + Personal {}

impl<T: Tasks + Gaps + Recall + Records + Search + Personal> Ledger for T {}
