//! When what happens to a task is kept: before anything is done that could not be done again, and otherwise together with
//! what follows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::event::{End, Event, Failed, Request};
use super::super::task::Task;
use super::super::{Inner, gaps, internal, now_ms};
use super::title;
use crate::base::{Failure, FailureKind, TaskId};
use crate::store::gaps::Evidence;
use crate::store::tasks::{Append, AppendError, Artifact, EventRecord, NewTask, TaskState};

/// Longest that something is held back: as much work is done again at most after a kill.
const HELD_MAX: Duration = Duration::from_millis(5);
/// Most that is held back, in events and in bytes of theirs.
const HELD_EVENTS_MAX: usize = 64;
const HELD_BYTES_MAX: usize = 64 << 10;

/// Keeps the events of one task, in their order.
pub struct Keeper {
    id: TaskId,
    owner: Arc<str>,
    /// What the task is, until its first events are kept.
    new: Option<NewTask>,
    /// Who waits to hear that what was given is kept.
    accepted: Option<oneshot::Sender<Result<(), Failure>>>,
    /// The number of the next event.
    next: u32,
    held: Held,
}

/// What is not kept yet.
#[derive(Default)]
struct Held {
    events: Vec<EventRecord>,
    artifacts: Vec<Artifact>,
    gap: Option<Evidence>,
    /// The state after the last of them.
    state: Option<TaskState>,
    n_bytes: usize,
    since: Option<Instant>,
}

impl Keeper {
    /// For a task that is not there yet.
    pub fn of_new(id: TaskId, owner: Arc<str>, request: &Request) -> Keeper {
        let new = NewTask { session: request.session.clone(), title: title(request).into() };
        Keeper { id, owner, new: Some(new), accepted: None, next: 0, held: Held::default() }
    }

    /// For a task as it is kept.
    pub fn of(task: &Task) -> Keeper {
        let (id, owner) = (task.id, task.owner.clone());
        Keeper { id, owner, new: None, accepted: None, next: task.n_events, held: Held::default() }
    }

    /// Tells `accepted` once the next events are kept.
    pub fn telling(self, accepted: oneshot::Sender<Result<(), Failure>>) -> Keeper {
        Keeper { accepted: Some(accepted), ..self }
    }

    /// Says that what was given is kept, or why it is not.
    pub fn tell(&mut self, kept: Result<(), Failure>) {
        if let Some(accepted) = self.accepted.take() {
            // Who asked may have gone: the task goes on all the same.
            let _ = accepted.send(kept);
        }
    }

    /// The number of the next event.
    pub fn next(&self) -> u32 {
        self.next
    }

    /// Takes events of `task`, which is what they have made of it, and the files that came with them. They are kept with
    /// the next [`Keeper::flush`].
    ///
    /// # Errors
    /// If there is no room for them beside what is held, and that could not be kept.
    pub async fn add(
        &mut self,
        inner: &Inner,
        task: &Task,
        events: &[Event],
        artifacts: Vec<Artifact>,
    ) -> Result<(), Failure> {
        let at_ms = task.updated_ms;
        let written: Result<Vec<_>, _> =
            (self.next..).zip(events).map(|(number, event)| event.write(number, at_ms)).collect();
        let written = written.map_err(internal)?;
        let n_bytes = written.iter().map(|event| event.payload.len()).sum::<usize>()
            + artifacts.iter().map(|artifact| artifact.data.len()).sum::<usize>();
        let fits = self.held.events.len() + written.len() <= HELD_EVENTS_MAX
            && self.held.n_bytes.saturating_add(n_bytes) <= HELD_BYTES_MAX;
        if !fits {
            self.flush(inner).await?;
        }
        let held = &mut self.held;
        self.next = self.next.saturating_add(u32::try_from(written.len()).unwrap_or(u32::MAX));
        held.events.extend(written);
        held.artifacts.extend(artifacts);
        held.gap = held.gap.take().or_else(|| gaps::evidence(task, events, at_ms));
        held.state = Some(task.state());
        held.n_bytes += n_bytes;
        held.since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Waits until nothing may be held any longer; for ever where nothing is.
    pub async fn due(&self) {
        match self.held.since {
            Some(since) => tokio::time::sleep_until(since + HELD_MAX).await,
            None => std::future::pending().await,
        }
    }

    /// Keeps what is held, at one stroke.
    ///
    /// # Errors
    /// `internal` if it could not be kept. A task that would go over its bounds is ended.
    pub async fn flush(&mut self, inner: &Inner) -> Result<(), Failure> {
        let held = std::mem::take(&mut self.held);
        let (Some(first), Some(state)) = (held.events.first().map(|event| event.number), held.state) else {
            return Ok(());
        };
        let append = Append {
            id: self.id,
            owner: self.owner.clone(),
            events: held.events,
            state,
            artifacts: held.artifacts,
            gap: held.gap,
        };
        match inner.ledger.append(self.new.take(), append).await {
            Err(AppendError::Bounds(why)) if first > 0 => return self.give_up(inner, first, why).await,
            kept => kept?,
        }
        self.tell(Ok(()));
        Ok(())
    }

    /// A task that would go over its bounds comes to its end in place of what was to be kept.
    async fn give_up(&self, inner: &Inner, number: u32, why: String) -> Result<(), Failure> {
        let failed = Failed { kind: "internal".into(), limit: None, message: why, hint: None };
        let event = Event::Ended(End::Failed(failed)).write(number, now_ms()).map_err(internal)?;
        let append = Append {
            id: self.id,
            owner: self.owner.clone(),
            events: vec![event],
            state: TaskState::Failed,
            artifacts: Vec::new(),
            gap: None,
        };
        inner.ledger.append(None, append).await?;
        Err(Failure::new(FailureKind::Internal, "the task went over its bounds and was ended")
            .with_hint("`happyos trace ID` shows its steps"))
    }
}
