//! The ledger in memory, for an operator who wants nothing kept: gone with the daemon, within the same bounds.

mod personal;
mod records;
mod search;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::base::TaskId;
use crate::store::gaps::{EVIDENCE_MAX, Evidence, GAPS_MAX, GapRecord, GapState, Gaps};
use crate::store::recall::{LEARNED_BYTES_MAX, LEARNED_MAX, LearnedRecord, PerformanceSum, Recall};
use crate::store::recall::{SPAN_MS, learned_id};
use crate::store::records::{FailureGroup, RequestSpan};
use crate::store::tasks::{
    self, Append, AppendError, Artifact, EVENTS_MAX, EventRecord, LIST_MAX, NewTask, TaskBounds, TaskFilter,
    TaskRecord, TaskState, Tasks,
};
use crate::store::{Store, StoreError};

/// Tasks, gaps and memories of this process.
#[derive(Default)]
pub struct MemoryLedger {
    kept: Mutex<Kept>,
    /// What was kept before the operator wanted nothing kept.
    before: Option<Store>,
}

#[derive(Default)]
struct Kept {
    tasks: BTreeMap<TaskId, Held>,
    by_owner: HashMap<Arc<str>, BTreeSet<TaskId>>,
    gaps: BTreeMap<Box<str>, (GapRecord, BTreeMap<TaskId, Evidence>)>,
    learned: BTreeMap<(Arc<str>, Box<str>), LearnedRecord>,
    performance: BTreeMap<u64, Sums>,
    requests: BTreeMap<u64, RequestSpan>,
    failures: BTreeMap<(Arc<str>, Box<str>), FailureGroup>,
    findable: BTreeMap<TaskId, search::Held>,
}

/// How calls of one span went, by skill and strategy.
type Sums = HashMap<(Box<str>, Box<str>), PerformanceSum>;

struct Held {
    record: TaskRecord,
    events: Vec<EventRecord>,
    artifacts: Vec<Artifact>,
    bytes: u64,
}

impl MemoryLedger {
    /// One beside a store that may still hold what was kept before: nothing of it is seen, but it is erased with the rest.
    pub fn beside(store: Store) -> MemoryLedger {
        MemoryLedger { before: Some(store), ..MemoryLedger::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn of(&self, owner: &str, id: TaskId) -> Option<&Held> {
        self.tasks.get(&id).filter(|held| &*held.record.owner == owner)
    }

    fn append(&mut self, new: Option<NewTask>, append: Append) -> Result<(), AppendError> {
        let (Some(first), Some(last)) = (append.events.first(), append.events.last()) else {
            return Err(AppendError::Conflict);
        };
        let (first_number, updated_ms) = (first.number, last.at_ms);
        let n_events = last.number.saturating_add(1);
        let bytes = tasks::bytes_of(&append);
        match new {
            Some(_) if first_number != 0 || self.tasks.contains_key(&append.id) => return Err(AppendError::Conflict),
            Some(new) => {
                let record = TaskRecord {
                    id: append.id,
                    owner: append.owner.clone(),
                    session: new.session,
                    state: append.state,
                    title: tasks::cut_title(&new.title).into(),
                    created_ms: first.at_ms,
                    updated_ms,
                    n_events,
                };
                let held = Held { record, events: append.events, artifacts: append.artifacts, bytes };
                self.tasks.insert(append.id, held);
                self.by_owner.entry(append.owner.clone()).or_default().insert(append.id);
            }
            None => {
                let held = self.tasks.get_mut(&append.id).filter(|held| held.record.owner == append.owner);
                let held = held.ok_or(AppendError::Conflict)?;
                if held.record.state.is_terminal() {
                    return Err(AppendError::Ended);
                }
                if held.record.n_events != first_number {
                    return Err(AppendError::Conflict);
                }
                (held.record.state, held.record.updated_ms, held.record.n_events) =
                    (append.state, updated_ms, n_events);
                held.bytes = held.bytes.saturating_add(bytes);
                held.events.extend(append.events);
                held.artifacts.extend(append.artifacts);
            }
        }
        if let Some(evidence) = append.gap {
            self.add_evidence(append.owner, evidence);
        }
        Ok(())
    }

    fn add_evidence(&mut self, owner: Arc<str>, evidence: Evidence) {
        let (gap, kept) = self.gaps.entry(evidence.gap.clone()).or_insert_with(|| {
            let gap = GapRecord {
                id: evidence.gap.clone(),
                owner,
                key: evidence.key.clone(),
                state: GapState::Open,
                count: 0,
                first_ms: evidence.at_ms,
                last_ms: evidence.at_ms,
                text: evidence.text.clone(),
            };
            (gap, BTreeMap::new())
        });
        gap.count += 1;
        gap.last_ms = evidence.at_ms;
        gap.text = evidence.text.clone();
        kept.insert(evidence.task, evidence);
        while kept.len() > EVIDENCE_MAX {
            kept.pop_first();
        }
    }

    fn add_performance(&mut self, span: u64, more: PerformanceSum) {
        let span = self.performance.entry(span).or_default();
        let sum = span.entry((more.skill.clone(), more.strategy.clone())).or_default();
        *sum = PerformanceSum {
            n_calls: sum.n_calls.saturating_add(more.n_calls),
            n_ok: sum.n_ok.saturating_add(more.n_ok),
            wall_us: sum.wall_us.saturating_add(more.wall_us),
            fuel: sum.fuel.saturating_add(more.fuel),
            ..more
        };
    }

    fn remove(&mut self, owner: &str, id: TaskId) {
        self.tasks.remove(&id);
        self.findable.remove(&id);
        if let Some(ids) = self.by_owner.get_mut(owner) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_owner.remove(owner);
            }
        }
    }
}

#[async_trait]
impl Tasks for MemoryLedger {
    async fn append(&self, new: Option<NewTask>, append: Append) -> Result<(), AppendError> {
        tasks::check(&append)?;
        self.lock().append(new, append)
    }

    async fn task(&self, owner: &str, id: TaskId) -> Result<Option<TaskRecord>, StoreError> {
        Ok(self.lock().of(owner, id).map(|held| held.record.clone()))
    }

    async fn events(&self, owner: &str, id: TaskId, from: u32) -> Result<Vec<EventRecord>, StoreError> {
        let kept = self.lock();
        let events = kept.of(owner, id).map_or(&[][..], |held| &held.events);
        Ok(events.iter().filter(|event| event.number >= from).take(EVENTS_MAX as usize).cloned().collect())
    }

    async fn artifacts(&self, owner: &str, id: TaskId) -> Result<Vec<Artifact>, StoreError> {
        Ok(self.lock().of(owner, id).map(|held| held.artifacts.clone()).unwrap_or_default())
    }

    async fn tasks(&self, owner: &str, filter: TaskFilter, limit: usize) -> Result<Vec<TaskRecord>, StoreError> {
        let kept = self.lock();
        let Some(ids) = kept.by_owner.get(owner) else { return Ok(Vec::new()) };
        let wanted = |record: &&TaskRecord| {
            filter.before.is_none_or(|before| record.id < before)
                && filter.state.is_none_or(|state| record.state == state)
                && filter.session.as_ref().is_none_or(|session| record.session.as_ref() == Some(session))
        };
        let records = ids.iter().rev().filter_map(|id| kept.tasks.get(id)).map(|held| &held.record);
        Ok(records.filter(wanted).take(limit.min(LIST_MAX)).cloned().collect())
    }

    async fn open_tasks(
        &self,
        states: &[TaskState],
        until_ms: u64,
        after: Option<TaskId>,
    ) -> Result<Vec<TaskRecord>, StoreError> {
        let wanted = |record: &&TaskRecord| {
            states.contains(&record.state)
                && record.updated_ms < until_ms
                && after.is_none_or(|after| record.id > after)
        };
        let kept = self.lock();
        Ok(kept.tasks.values().map(|held| &held.record).filter(wanted).take(LIST_MAX).cloned().collect())
    }

    async fn prune_tasks(&self, bounds: TaskBounds) -> Result<usize, StoreError> {
        let mut kept = self.lock();
        let ended = kept.tasks.values().filter(|held| held.record.state.is_terminal());
        let ended: Vec<_> = ended.map(|held| ((held.record.owner.clone(), held.record.id), held.bytes)).collect();
        let gone = tasks::out_of_bounds(&ended, bounds);
        gone.iter().for_each(|(owner, id)| kept.remove(owner, *id));
        Ok(gone.len())
    }
}

#[async_trait]
impl Gaps for MemoryLedger {
    async fn gaps(&self, owner: Option<&str>) -> Result<Vec<GapRecord>, StoreError> {
        let kept = self.lock();
        let gaps = kept.gaps.values().map(|(gap, _)| gap);
        let mut gaps: Vec<_> = gaps.filter(|gap| owner.is_none_or(|owner| owner == &*gap.owner)).cloned().collect();
        gaps.sort_by(|a, b| b.last_ms.cmp(&a.last_ms).then_with(|| a.id.cmp(&b.id)));
        gaps.truncate(GAPS_MAX);
        Ok(gaps)
    }

    async fn evidence(&self, id: &str) -> Result<Vec<Evidence>, StoreError> {
        let kept = self.lock();
        Ok(kept.gaps.get(id).map(|(_, evidence)| evidence.values().rev().cloned().collect()).unwrap_or_default())
    }

    async fn add_evidence(&self, owner: &str, evidence: Evidence) -> Result<(), StoreError> {
        self.lock().add_evidence(owner.into(), evidence);
        Ok(())
    }

    async fn set_gap(&self, owner: Option<&str>, id: &str, state: GapState) -> Result<bool, StoreError> {
        let mut kept = self.lock();
        let gap = kept.gaps.get_mut(id).filter(|(gap, _)| owner.is_none_or(|owner| owner == &*gap.owner));
        Ok(gap.map(|(gap, _)| gap.state = state).is_some())
    }

    async fn prune_gaps(&self, count_max: u64, since_ms: u64) -> Result<usize, StoreError> {
        let mut kept = self.lock();
        let mut order: Vec<_> = kept.gaps.values().map(|(gap, _)| (gap.last_ms, gap.id.clone())).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let count_max = usize::try_from(count_max).unwrap_or(usize::MAX);
        let gone = order.iter().enumerate().filter(|(place, (last_ms, _))| *place >= count_max || *last_ms < since_ms);
        Ok(gone.filter(|(_, (_, id))| kept.gaps.remove(id).is_some()).count())
    }
}

#[async_trait]
impl Recall for MemoryLedger {
    async fn learn(&self, owner: &str, text: &str, skill: &str, at_ms: u64) -> Result<(), StoreError> {
        if text.len() > LEARNED_BYTES_MAX {
            return Ok(());
        }
        let (id, owner) = (learned_id(owner, text), Arc::<str>::from(owner));
        let mut kept = self.lock();
        let before = kept.learned.get(&(owner.clone(), id.clone())).filter(|before| &*before.skill == skill);
        let count = before.map_or(0, |before| before.count) + 1;
        let record =
            LearnedRecord { id, owner: owner.clone(), text: text.into(), skill: skill.into(), count, last_ms: at_ms };
        kept.learned.insert((owner.clone(), record.id.clone()), record);
        let own = kept.learned.values().filter(|record| record.owner == owner);
        let mut order: Vec<_> = own.map(|record| (record.last_ms, record.id.clone())).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        for (_, id) in order.into_iter().skip(LEARNED_MAX) {
            kept.learned.remove(&(owner.clone(), id));
        }
        Ok(())
    }

    async fn learned(&self, owner: &str) -> Result<Vec<LearnedRecord>, StoreError> {
        let kept = self.lock();
        let mut own: Vec<_> = kept.learned.values().filter(|record| &*record.owner == owner).cloned().collect();
        own.sort_by(|a, b| b.last_ms.cmp(&a.last_ms).then_with(|| a.id.cmp(&b.id)));
        Ok(own)
    }

    async fn forget(&self, owner: &str, id: Option<&str>) -> Result<usize, StoreError> {
        let mut kept = self.lock();
        let before = kept.learned.len();
        kept.learned.retain(|(of, known), _| &**of != owner || id.is_some_and(|id| id != &**known));
        Ok(before - kept.learned.len())
    }

    async fn add_performance(&self, span: u64, sums: Vec<PerformanceSum>) -> Result<(), StoreError> {
        let mut kept = self.lock();
        sums.into_iter().for_each(|sum| kept.add_performance(span, sum));
        Ok(())
    }

    async fn performance(&self, since_ms: u64) -> Result<Vec<PerformanceSum>, StoreError> {
        let kept = self.lock();
        let mut sums: BTreeMap<(Box<str>, Box<str>), PerformanceSum> = BTreeMap::new();
        for (key, span) in kept.performance.range(since_ms / SPAN_MS..).flat_map(|(_, span)| span) {
            let sum = sums.entry(key.clone()).or_insert_with(|| PerformanceSum {
                skill: span.skill.clone(),
                strategy: span.strategy.clone(),
                ..PerformanceSum::default()
            });
            sum.n_calls += span.n_calls;
            sum.n_ok += span.n_ok;
            sum.wall_us = sum.wall_us.saturating_add(span.wall_us);
            sum.fuel = sum.fuel.saturating_add(span.fuel);
        }
        Ok(sums.into_values().collect())
    }

    async fn prune_performance(&self, since_ms: u64) -> Result<usize, StoreError> {
        let mut kept = self.lock();
        let left = kept.performance.split_off(&(since_ms / SPAN_MS));
        let gone = std::mem::replace(&mut kept.performance, left);
        Ok(gone.values().map(HashMap::len).sum())
    }
}
