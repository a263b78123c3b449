//! How requests and calls went, and what failed, to be looked at.

use super::{Orchestrator, internal, now_ms};
use crate::base::Failure;
use crate::security::{Action, Principal, Role, authorise};
use crate::store::recall::{PerformanceSum, SPAN_MS};
use crate::store::records::{FailureGroup, RequestSpan};

/// How requests and calls went.
#[derive(Debug, Clone)]
pub struct Stats {
    /// Now, in milliseconds since 1970.
    pub now_ms: u64,
    /// The hours that were asked for in which there were requests, the oldest first.
    pub hours: Vec<RequestSpan>,
    /// The calls of skills in the last day, by skill and strategy.
    pub calls: Vec<PerformanceSum>,
    /// Tasks that run now.
    pub n_running: usize,
    /// Tasks that wait for a place.
    pub n_waiting: usize,
    /// Tasks that may run at one time.
    pub running_max: usize,
}

impl Orchestrator {
    /// How requests went in the last `n_hours`, the one that goes on included, and calls in the last day.
    ///
    /// # Errors
    /// `denied` to all but operators, `internal`.
    pub async fn stats(&self, principal: &Principal, n_hours: u64) -> Result<Stats, Failure> {
        authorise(principal, Action::ReadStatus)?;
        let inner = &self.inner;
        inner.memory.flush().await.map_err(internal)?;
        let now_ms = now_ms();
        let since = |n_hours: u64| now_ms.saturating_sub(n_hours.saturating_sub(1).saturating_mul(SPAN_MS));
        let hours = inner.ledger.requests(since(n_hours)).await.map_err(internal)?;
        let calls = inner.ledger.performance(since(24)).await.map_err(internal)?;
        let (n_running, n_waiting) = self.load();
        Ok(Stats { now_ms, hours, calls, n_running, n_waiting, running_max: inner.settings.load().running_max })
    }

    /// How many gaps of all principals are open.
    ///
    /// # Errors
    /// As [`Orchestrator::stats`].
    pub async fn n_gaps_open(&self, principal: &Principal) -> Result<u64, Failure> {
        authorise(principal, Action::ReadStatus)?;
        self.inner.ledger.n_gaps_open().await.map_err(internal)
    }

    /// What failed, in groups, the one seen last first: what the principal asked for; for operators, of all.
    ///
    /// # Errors
    /// `denied`, `internal`.
    pub async fn failures(&self, principal: &Principal) -> Result<Vec<FailureGroup>, Failure> {
        authorise(principal, Action::Ask)?;
        self.inner.memory.flush().await.map_err(internal)?;
        // Failures are for operators to see to, as gaps are.
        let owner = (principal.role() < Role::Operator).then(|| principal.name());
        self.inner.ledger.failures(owner).await.map_err(internal)
    }
}
