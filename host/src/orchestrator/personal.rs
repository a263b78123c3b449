//! All that is kept of one principal: given out, and erased.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Inner, Orchestrator, internal, run};
use crate::base::{Failure, FailureKind, TaskId};
use crate::security::{Action, Principal, authorise};
use crate::store::gaps::{Evidence, GapRecord};
use crate::store::personal::Erased;
use crate::store::recall::LearnedRecord;
use crate::store::records::FailureGroup;
use crate::store::tasks::{Artifact, EventRecord, TaskFilter, TaskRecord};

/// Longest name of a principal, in bytes.
const NAME_BYTES_MAX: usize = 128;
/// Tasks that one page of an export names.
const PAGE: usize = 100;
/// How often it is tried to bring the tasks of a principal to rest.
const TRIES_MAX: usize = 10;

/// Principals whose requests are being erased: nothing new is begun for them meanwhile.
#[derive(Default)]
pub(super) struct Erasing {
    /// How many, so that who begins a task seldom has to look.
    n_names: AtomicUsize,
    names: Mutex<HashSet<Arc<str>>>,
}

impl Erasing {
    fn lock(&self) -> MutexGuard<'_, HashSet<Arc<str>>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what is kept of `owner` is being erased. Asked after the task is among those that are worked on, so that
    /// either this says so, or the eraser finds the task.
    pub(super) fn has(&self, owner: &str) -> bool {
        self.n_names.load(Ordering::SeqCst) > 0 && self.lock().contains(owner)
    }

    fn begin(inner: &Arc<Inner>, owner: &Arc<str>) -> Option<ErasingOne> {
        if !inner.erasing.lock().insert(owner.clone()) {
            return None;
        }
        inner.erasing.n_names.fetch_add(1, Ordering::SeqCst);
        Some(ErasingOne { inner: inner.clone(), owner: owner.clone() })
    }
}

struct ErasingOne {
    inner: Arc<Inner>,
    owner: Arc<str>,
}

impl Drop for ErasingOne {
    fn drop(&mut self) {
        self.inner.erasing.lock().remove(&self.owner);
        self.inner.erasing.n_names.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why nothing is begun for a principal.
pub(super) fn being_erased() -> Failure {
    Failure::new(FailureKind::Unavailable, "what is kept of you is just being erased").with_hint("try again shortly")
}

/// What is kept of a principal beside tasks.
pub struct Kept {
    /// Learned choices.
    pub choices: Vec<LearnedRecord>,
    /// Gaps with their evidence.
    pub gaps: Vec<(GapRecord, Vec<Evidence>)>,
    /// Groups of failures.
    pub failures: Vec<FailureGroup>,
}

/// A task with all that belongs to it, as it is kept.
pub struct KeptTask {
    /// What is known beside its events.
    pub record: TaskRecord,
    /// Its events, in order.
    pub events: Vec<EventRecord>,
    /// Files that came with answers.
    pub artifacts: Vec<Artifact>,
}

/// The export of what is kept of one principal, a page of tasks at a time.
pub struct Export {
    inner: Arc<Inner>,
    /// Whose.
    pub owner: Arc<str>,
    before: Option<TaskId>,
    page: std::vec::IntoIter<TaskRecord>,
}

impl Export {
    /// What is kept beside tasks.
    ///
    /// # Errors
    /// `internal` if it cannot be read.
    pub async fn kept(&self) -> Result<Kept, Failure> {
        let ledger = &self.inner.ledger;
        // What was noted a moment ago belongs to it.
        self.inner.memory.flush().await.map_err(internal)?;
        let mut gaps = Vec::new();
        for gap in ledger.gaps(Some(&self.owner)).await.map_err(internal)? {
            let evidence = ledger.evidence(&gap.id).await.map_err(internal)?;
            gaps.push((gap, evidence));
        }
        Ok(Kept {
            choices: ledger.learned(&self.owner).await.map_err(internal)?,
            gaps,
            failures: ledger.failures(Some(&self.owner)).await.map_err(internal)?,
        })
    }

    /// The next task, the youngest first; `None` after the last.
    ///
    /// # Errors
    /// `internal` if it cannot be read.
    pub async fn next(&mut self) -> Result<Option<KeptTask>, Failure> {
        let ledger = &self.inner.ledger;
        loop {
            let Some(record) = self.page.next() else {
                let filter = TaskFilter { before: self.before, ..TaskFilter::default() };
                let page = ledger.tasks(&self.owner, filter, PAGE).await.map_err(internal)?;
                let Some(last) = page.last() else { return Ok(None) };
                self.before = Some(last.id);
                self.page = page.into_iter();
                continue;
            };
            let events = ledger.events(&self.owner, record.id, 0).await.map_err(internal)?;
            if events.is_empty() {
                // It was pruned meanwhile.
                continue;
            }
            let artifacts = ledger.artifacts(&self.owner, record.id).await.map_err(internal)?;
            return Ok(Some(KeptTask { record, events, artifacts }));
        }
    }
}

impl Orchestrator {
    /// The export of what is kept of `user`, or of the principal itself.
    ///
    /// # Errors
    /// `denied` where it is another's and the principal is no operator, `invalid-input`.
    pub fn export(&self, principal: &Principal, user: Option<&str>) -> Result<Export, Failure> {
        let owner = whose(principal, user)?;
        Ok(Export { inner: self.inner.clone(), owner, before: None, page: Vec::new().into_iter() })
    }

    /// Erases what is kept of `user`, or of the principal itself: what runs for it is stopped first, and what is held in
    /// memory and what is left in the files of the store goes, too. Goes on when the caller goes away.
    ///
    /// # Errors
    /// As [`Orchestrator::export`]; `unavailable` if it is being done already or a task does not come to rest,
    /// `internal`. Another try goes on where this one ended.
    pub async fn erase(&self, principal: &Principal, user: Option<&str>) -> Result<(Arc<str>, Erased), Failure> {
        let owner = whose(principal, user)?;
        let inner = self.inner.clone();
        let erasing = Erasing::begin(&inner, &owner).ok_or_else(being_erased)?;
        let work = self.inner.tasks.spawn(async move {
            let _erasing = erasing;
            stop_all(&inner, &owner).await?;
            let erased = inner.memory.erase(&owner).await.map_err(|error| {
                tracing::error!(%error, "what is kept of a principal could not be erased whole");
                Failure::new(FailureKind::Internal, format!("what is kept of `{owner}` could not be erased whole"))
                    .with_hint("try again; the daemon's log has the reason")
            })?;
            Ok((owner, erased))
        });
        work.await.unwrap_or_else(|error| Err(internal(error)))
    }

    /// Whether anything is kept under a name.
    ///
    /// # Errors
    /// `internal` if the ledger cannot be read.
    pub async fn keeps(&self, name: &str) -> Result<bool, Failure> {
        self.inner.ledger.keeps(name).await.map_err(internal)
    }
}

/// Whose it is about: one's own, or for operators anybody's.
fn whose(principal: &Principal, user: Option<&str>) -> Result<Arc<str>, Failure> {
    authorise(principal, Action::Ask)?;
    match user {
        None => Ok(principal.name().into()),
        Some(user) if user == principal.name() => Ok(user.into()),
        Some(user) => {
            authorise(principal, Action::ManageUsers)?;
            if user.is_empty() || user.len() > NAME_BYTES_MAX {
                return Err(Failure::new(FailureKind::InvalidInput, "`user` is no name of a principal")
                    .with_hint("`happyos token list` shows the names; `local` is who uses the private socket"));
            }
            Ok(user.into())
        }
    }
}

/// Stops all that runs for `owner`, until nothing does.
async fn stop_all(inner: &Arc<Inner>, owner: &Arc<str>) -> Result<(), Failure> {
    for _ in 0..TRIES_MAX {
        let running = inner.lives.of(owner);
        if running.is_empty() {
            return Ok(());
        }
        for id in running {
            match run::cancel(inner, owner, id).await {
                // It came to an end by itself, or never was kept.
                Ok(_) => {}
                Err(failure) if matches!(failure.kind, FailureKind::InvalidInput | FailureKind::NotFound) => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    Err(Failure::new(FailureKind::Unavailable, format!("the requests of `{owner}` do not come to rest"))
        .with_hint("try again shortly"))
}
