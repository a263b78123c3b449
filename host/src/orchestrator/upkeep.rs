//! What the orchestrator does by itself: goes on with what was left, keeps what is kept within bounds, ends what was not
//! answered in time.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::event::Canceled;
use super::{Inner, finding, now_ms, run};
use crate::base::Failure;
use crate::store::records::FAILURES_MAX;
use crate::store::tasks::{TaskBounds, TaskState};

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// How long a task that nobody works on may lie before it is gone on with: its events may just be on their way.
const ORPHAN_MS: u64 = 30_000;
/// Prunings at one time, a few hundred tasks each.
const PRUNINGS_MAX: usize = 1_000;

/// What is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Most tasks that have ended.
    pub tasks_max: u64,
    /// Most bytes of them.
    pub tasks_bytes_max: u64,
    /// How long one is kept, in milliseconds.
    pub tasks_age_ms: u64,
    /// How long a question waits for its answer, in milliseconds.
    pub question_age_ms: u64,
    /// Most gaps.
    pub gaps_max: u64,
    /// How long a gap is kept that nobody asks for, in milliseconds.
    pub gaps_age_ms: u64,
    /// How long it is known how calls and requests went and what failed, in milliseconds.
    pub performance_age_ms: u64,
}

/// Goes on with the tasks that nobody works on; says how many.
pub(super) async fn resume(inner: &Arc<Inner>) -> Result<usize, Failure> {
    let n_resumed = adopt(inner, u64::MAX).await?;
    if n_resumed > 0 {
        tracing::info!(n_tasks = n_resumed, "tasks of the daemon before are gone on with");
    }
    Ok(n_resumed)
}

async fn adopt(inner: &Arc<Inner>, until_ms: u64) -> Result<usize, Failure> {
    let (mut after, mut n_resumed) = (None, 0);
    loop {
        let open = inner.ledger.open_tasks(&[TaskState::Submitted, TaskState::Working], until_ms, after).await?;
        let Some(last) = open.last().map(|record| record.id) else { return Ok(n_resumed) };
        for record in open.into_iter().filter(|record| !inner.lives.has(record.id)) {
            let id = record.id;
            match run::resume(inner, record.owner, id).await {
                Ok(()) => n_resumed += 1,
                // One that cannot be read must not keep the others from going on.
                Err(error) => tracing::error!(task = %id, %error, "a task cannot be gone on with"),
            }
        }
        after = Some(last);
    }
}

/// Does all of it again and again until `shutdown`.
pub(super) async fn run(inner: &Arc<Inner>, alone: bool, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = shutdown.cancelled() => return,
        }
        if let Err(error) = once(inner, alone, &shutdown).await {
            tracing::error!(%error, "what is kept could not be seen to");
        }
    }
}

async fn once(inner: &Arc<Inner>, alone: bool, shutdown: &CancellationToken) -> Result<(), Failure> {
    let now = now_ms();
    let keep = inner.settings.load().retention;
    inner.memory.refresh(now).await?;
    if alone {
        adopt(inner, now.saturating_sub(ORPHAN_MS)).await?;
    }
    expire(inner, now.saturating_sub(keep.question_age_ms)).await?;
    let bounds = TaskBounds {
        count_max: keep.tasks_max,
        bytes_max: keep.tasks_bytes_max,
        since_ms: now.saturating_sub(keep.tasks_age_ms),
    };
    for _ in 0..PRUNINGS_MAX {
        if inner.ledger.prune_tasks(bounds).await? == 0 || shutdown.is_cancelled() {
            break;
        }
    }
    inner.ledger.prune_gaps(keep.gaps_max, now.saturating_sub(keep.gaps_age_ms)).await?;
    let known_since = now.saturating_sub(keep.performance_age_ms);
    inner.ledger.prune_performance(known_since).await?;
    inner.ledger.prune_requests(known_since).await?;
    inner.ledger.prune_failures(FAILURES_MAX, known_since).await?;
    if inner.settings.load().memory {
        finding::round(inner).await?;
    }
    Ok(())
}

/// Ends the tasks whose questions have waited since before `until_ms`.
async fn expire(inner: &Arc<Inner>, until_ms: u64) -> Result<(), Failure> {
    let waiting = inner.ledger.open_tasks(&[TaskState::InputRequired], until_ms, None).await?;
    for record in waiting {
        if let Err(error) = run::end(inner, &record.owner, record.id, Canceled::Expired).await {
            // It may have been answered just now.
            tracing::warn!(task = %record.id, %error, "a question that was not answered in time stays");
        }
    }
    Ok(())
}
