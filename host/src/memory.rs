//! What is remembered of people and skills: the last turns of a session, what was chosen or corrected before, what was
//! asked before, how calls and requests went.

mod records;
mod search;
mod sessions;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::base::{Failure, FailureKind, TaskId, Usage};
use crate::routing::{Embed, Learned, Standing, Turn};
use crate::security::{Action, Principal, authorise};
use crate::store::personal::Erased;
use crate::store::recall::{LEARNED_BYTES_MAX, LearnedRecord, PerformanceSum, SPAN_MS};
use crate::store::{Ledger, StoreError};
use crate::telemetry::Failures;
use records::Requests;
use sessions::Sessions;

pub use records::Settled;
pub use search::{Hit, pack};
pub use sessions::TURNS_MAX;

/// Principals whose choices are held ready.
const OWNERS_MAX: usize = 256;
/// Choices whose vectors are made at one request; the others follow at the next ones.
const VECTORS_MADE_MAX: usize = 8;
/// How far back calls count, in milliseconds.
const PERFORMANCE_MS: u64 = 30 * 86_400_000;

/// What a request is seen with.
#[derive(Debug, Clone, Default)]
pub struct Recalled {
    /// Earlier turns of its session, oldest first.
    pub turns: Arc<Vec<Turn>>,
    /// What its owner chose before, youngest first.
    pub learned: Arc<Vec<Learned>>,
    /// How skills did.
    pub standings: Arc<Vec<Standing>>,
}

/// The memory of one daemon. Behind it stands the ledger; what is often needed is held ready, within bounds.
pub struct Memory {
    ledger: Arc<dyn Ledger>,
    sessions: Mutex<Sessions>,
    learned: Mutex<HashMap<Arc<str>, Arc<Vec<Learned>>>>,
    standings: ArcSwap<Vec<Standing>>,
    /// How calls went that are not in the ledger yet.
    calls: Mutex<HashMap<CallKey, PerformanceSum>>,
    /// How requests went that are not in the ledger yet.
    requests: Requests,
    /// What failed and is not in the ledger yet.
    failures: Failures,
    /// Held by one for itself who erases, and by all who write what they read before: that must not come back.
    erasing: tokio::sync::RwLock<()>,
    /// Counts what made things that are held ready untrue.
    n_changes: AtomicU64,
}

/// Span, skill and strategy.
type CallKey = (u64, Arc<str>, Box<str>);

impl Memory {
    /// A memory of what `ledger` keeps; `failures` of calls are kept, too.
    pub fn new(ledger: Arc<dyn Ledger>, failures: Failures) -> Memory {
        Memory {
            ledger,
            sessions: Mutex::default(),
            learned: Mutex::default(),
            standings: ArcSwap::default(),
            calls: Mutex::default(),
            requests: Requests::default(),
            failures,
            erasing: tokio::sync::RwLock::default(),
            n_changes: AtomicU64::new(0),
        }
    }

    /// Notes how a request was settled. It is in the ledger at the next refresh.
    pub fn note_request(&self, settled: &Settled<'_>) {
        self.requests.note(settled);
    }

    /// Where failures are noted. They are in the ledger at the next refresh.
    pub fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Notes how a call went. It is in the ledger at the next refresh.
    pub fn note_call(&self, skill: &Arc<str>, strategy: &str, now_ms: u64, ok: bool, usage: &Usage) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = calls.entry((now_ms / SPAN_MS, skill.clone(), strategy.into())).or_insert_with(|| PerformanceSum {
            skill: (&**skill).into(),
            strategy: strategy.into(),
            ..PerformanceSum::default()
        });
        sum.n_calls += 1;
        sum.n_ok += u64::from(ok);
        sum.wall_us = sum.wall_us.saturating_add(u64::try_from(usage.wall.as_micros()).unwrap_or(u64::MAX));
        sum.fuel = sum.fuel.saturating_add(usage.fuel);
    }

    /// Puts what was noted into the ledger.
    ///
    /// # Errors
    /// If the ledger does not take it; what was noted is then lost.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let _not_erased = self.erasing.read().await;
        let requests = self.requests.take();
        if !requests.is_empty() {
            self.ledger.add_requests(requests).await?;
        }
        let failures: Vec<_> = self.failures.take().into_iter().map(records::group).collect();
        if !failures.is_empty() {
            self.ledger.add_failures(failures).await?;
        }
        let calls = std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        let mut spans: HashMap<u64, Vec<PerformanceSum>> = HashMap::new();
        for ((span, ..), sum) in calls {
            spans.entry(span).or_default().push(sum);
        }
        for (span, sums) in spans {
            self.ledger.add_performance(span, sums).await?;
        }
        Ok(())
    }

    /// Puts what was noted into the ledger, and reads anew how calls went.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn refresh(&self, now_ms: u64) -> Result<(), StoreError> {
        self.flush().await?;
        let sums = self.ledger.performance(now_ms.saturating_sub(PERFORMANCE_MS)).await?;
        let mut standings: Vec<Standing> = Vec::new();
        // By skill, then strategy: those of one skill lie together.
        for sum in sums {
            let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            let (n_good, n_failed) = (count(sum.n_ok), count(sum.n_calls.saturating_sub(sum.n_ok)));
            match standings.last_mut() {
                Some(last) if *last.skill == *sum.skill => {
                    last.n_good = last.n_good.saturating_add(n_good);
                    last.n_failed = last.n_failed.saturating_add(n_failed);
                }
                _ => standings.push(Standing { skill: Arc::from(&*sum.skill), n_good, n_failed }),
            }
        }
        self.standings.store(Arc::new(standings));
        Ok(())
    }

    /// How skills did in the last weeks, as last read.
    pub fn standings(&self) -> Arc<Vec<Standing>> {
        self.standings.load_full()
    }

    /// The last turns of a session, if they are held ready.
    pub fn turns(&self, owner: &Arc<str>, session: &str) -> Option<Arc<Vec<Turn>>> {
        self.sessions().turns(owner, session)
    }

    /// How much has changed that was held ready: asked before something is read to be held.
    pub fn n_changes(&self) -> u64 {
        self.n_changes.load(Ordering::SeqCst)
    }

    /// Holds the last turns of a session, oldest first, ready, unless something has changed since `n_changes`.
    pub fn fill(&self, owner: &Arc<str>, session: &str, turns: Vec<Turn>, n_changes: u64) -> Arc<Vec<Turn>> {
        let mut sessions = self.sessions();
        if self.n_changes() == n_changes {
            return sessions.fill(owner, session, turns);
        }
        Arc::new(turns)
    }

    /// Adds a turn to a session whose turns are held ready; of others it is read when they are needed.
    pub fn add_turn(&self, owner: &Arc<str>, session: &str, turn: Turn) {
        self.sessions().add(owner, session, turn);
    }

    /// What `owner` chose before.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub async fn learned(&self, owner: &Arc<str>) -> Result<Arc<Vec<Learned>>, StoreError> {
        if let Some(learned) = self.choices().get(owner) {
            return Ok(learned.clone());
        }
        let n_changes = self.n_changes();
        let records = self.ledger.learned(owner).await?;
        let learned = records.iter().map(|record| Learned {
            text: record.text.to_string(),
            skill: Arc::from(&*record.skill),
            vector: None,
        });
        let learned = Arc::new(learned.collect::<Vec<_>>());
        let mut choices = self.choices();
        if choices.len() >= OWNERS_MAX {
            choices.clear();
        }
        if self.n_changes() == n_changes {
            choices.insert(owner.clone(), learned.clone());
        }
        Ok(learned)
    }

    /// The same with vectors for a few more of them. Takes a model's time for each: for where that may be waited for.
    pub fn with_vectors(&self, owner: &Arc<str>, learned: Arc<Vec<Learned>>, embed: &dyn Embed) -> Arc<Vec<Learned>> {
        if learned.iter().all(|one| one.vector.is_some()) {
            return learned;
        }
        let mut more = Vec::clone(&learned);
        for one in more.iter_mut().filter(|one| one.vector.is_none()).take(VECTORS_MADE_MAX) {
            // Without a vector it is compared by its words.
            one.vector = embed.query(&one.text).ok().map(Into::into);
        }
        let more = Arc::new(more);
        let mut choices = self.choices();
        // Not over what was learned or forgotten meanwhile.
        if choices.get(owner).is_some_and(|known| Arc::ptr_eq(known, &learned)) {
            choices.insert(owner.clone(), more.clone());
        }
        more
    }

    /// Remembers that `owner` chose `skill` for `text`, as `task` of `owner` shows, if that is still there; says whether
    /// it does now.
    ///
    /// # Errors
    /// If the ledger does not take it.
    pub async fn learn(
        &self,
        (owner, task): (&Arc<str>, TaskId),
        text: &str,
        skill: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let _not_erased = self.erasing.read().await;
        if text.len() > LEARNED_BYTES_MAX || self.ledger.task(owner, task).await?.is_none() {
            return Ok(false);
        }
        self.ledger.learn(owner, text, skill, now_ms).await?;
        self.choices_changed(owner);
        Ok(true)
    }

    /// Removes all that is kept of `owner`, in the ledger and held ready, and then out of the ledger's files. Nothing of
    /// it must be worked on.
    ///
    /// # Errors
    /// If the ledger fails; another try goes on.
    pub async fn erase(&self, owner: &str) -> Result<Erased, StoreError> {
        let _alone = self.erasing.write().await;
        self.failures.forget(owner);
        let erased = self.ledger.erase(owner).await?;
        self.choices_changed(owner);
        self.sessions().forget(owner);
        self.ledger.scrub().await?;
        Ok(erased)
    }

    /// What the principal chose before, to be looked at.
    ///
    /// # Errors
    /// `denied`, or `internal` if the ledger cannot be read.
    pub async fn list(&self, principal: &Principal) -> Result<Vec<LearnedRecord>, Failure> {
        authorise(principal, Action::Ask)?;
        self.ledger.learned(principal.name()).await.map_err(internal)
    }

    /// Forgets one choice of the principal by its id, or all of them; says how many.
    ///
    /// # Errors
    /// `denied`, `not-found` if there is none of that id, or `internal`.
    pub async fn forget(&self, principal: &Principal, id: Option<&str>) -> Result<usize, Failure> {
        authorise(principal, Action::Ask)?;
        let n_gone = self.ledger.forget(principal.name(), id).await.map_err(internal)?;
        self.choices_changed(principal.name());
        match (id, n_gone) {
            (Some(id), 0) => {
                let shown: String = id.chars().take(40).collect();
                Err(Failure::new(FailureKind::NotFound, format!("nothing is remembered as `{shown}`"))
                    .with_hint("`happyos memory list` shows what is"))
            }
            _ => Ok(n_gone),
        }
    }

    /// How calls went in the last weeks.
    ///
    /// # Errors
    /// `denied`, or `internal` if the ledger cannot be read.
    pub async fn performance(&self, principal: &Principal, now_ms: u64) -> Result<Vec<PerformanceSum>, Failure> {
        authorise(principal, Action::ReadStatus)?;
        self.ledger.performance(now_ms.saturating_sub(PERFORMANCE_MS)).await.map_err(internal)
    }

    /// What is held ready of the choices of `owner`, and whatever is being read now, is not true any more.
    fn choices_changed(&self, owner: &str) {
        self.n_changes.fetch_add(1, Ordering::SeqCst);
        self.choices().remove(owner);
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn choices(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Vec<Learned>>>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn internal(error: StoreError) -> Failure {
    tracing::error!(%error, "what is remembered cannot be had");
    Failure::new(FailureKind::Internal, "what is remembered cannot be had").with_hint("the daemon's log has the reason")
}
