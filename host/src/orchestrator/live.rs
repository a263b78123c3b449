//! Tasks that are worked on now: how they are stopped, and how others wait for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::event::{Decided, Event};
use super::task::Task;
use super::{Inner, no_task};
use crate::base::{Failure, FailureKind, TaskId};
use crate::skills::Progress;

/// How far a task is that is worked on.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    /// How many events it has.
    pub n_events: u32,
    /// What the skill that runs says of its progress.
    pub progress: Option<Arc<Progress>>,
    /// Set when nobody works on it any more: the task, or why that could not be found out.
    pub settled: Option<Result<Arc<Task>, Failure>>,
}

/// A task that is worked on now.
pub struct Live {
    /// Its owner.
    pub owner: Arc<str>,
    /// Cancelled when its owner wants it stopped.
    pub cancel: CancellationToken,
    stage: watch::Sender<Stage>,
    /// What its owner has said of its steps, and who works on it has not seen.
    said: Mutex<Vec<Said>>,
    heard: Notify,
    /// Who wants to know of every event, beside those that only wait for the end.
    followers: AtomicUsize,
}

/// What an owner says of a step while others run.
pub struct Said {
    /// Whether it may run.
    pub decided: Decided,
    /// Told when that is kept, with whether the step waited for it; dropped where nobody works on the task any more.
    pub kept: oneshot::Sender<bool>,
}

impl Live {
    /// Says something of a step to who works on the task.
    pub fn say(&self, said: Said) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(said);
        self.heard.notify_one();
    }

    /// Waits until something is said of a step, and gives all that was.
    pub async fn hear(&self) -> Vec<Said> {
        loop {
            let said = std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner));
            if !said.is_empty() {
                return said;
            }
            self.heard.notified().await;
        }
    }

    /// Says how far it is.
    pub fn at(&self, n_events: u32) {
        let followed = self.followers.load(Ordering::Relaxed) > 0;
        self.stage.send_if_modified(|stage| {
            stage.n_events = n_events;
            stage.progress = None;
            followed
        });
    }

    /// Says what the running skill says of its progress.
    pub fn progress(&self, progress: Progress) {
        let followed = self.followers.load(Ordering::Relaxed) > 0;
        self.stage.send_if_modified(|stage| {
            stage.progress = Some(Arc::new(progress));
            followed
        });
    }

    /// Waits until nobody works on it any more.
    pub async fn settled(&self) -> Result<Arc<Task>, Failure> {
        let mut stage = self.stage.subscribe();
        let settled = stage.wait_for(|stage| stage.settled.is_some()).await;
        settled.ok().and_then(|stage| stage.settled.clone()).unwrap_or_else(|| Err(left()))
    }
}

/// Why a task is left as it is.
pub fn left() -> Failure {
    Failure::new(FailureKind::Unavailable, "the daemon is stopping; it goes on with the task when it starts again")
        .with_hint("`happyos task show ID` then says what became of it")
}

/// All tasks that are worked on now.
#[derive(Default)]
pub struct Lives {
    lives: Mutex<HashMap<TaskId, Arc<Live>>>,
}

impl Lives {
    fn lock(&self) -> MutexGuard<'_, HashMap<TaskId, Arc<Live>>> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to work on a task; `None` if somebody does already.
    pub fn begin(&self, id: TaskId, owner: &Arc<str>) -> Option<Arc<Live>> {
        let live = Arc::new(Live {
            owner: owner.clone(),
            cancel: CancellationToken::new(),
            stage: watch::Sender::default(),
            said: Mutex::default(),
            heard: Notify::new(),
            followers: AtomicUsize::new(0),
        });
        match self.lock().entry(id) {
            std::collections::hash_map::Entry::Occupied(_) => None,
            std::collections::hash_map::Entry::Vacant(place) => Some(place.insert(live).clone()),
        }
    }

    /// A task of `owner` that is worked on.
    pub fn get(&self, owner: &str, id: TaskId) -> Option<Arc<Live>> {
        self.lock().get(&id).filter(|live| &*live.owner == owner).cloned()
    }

    /// The tasks of `owner` that are worked on.
    pub fn of(&self, owner: &str) -> Vec<TaskId> {
        let lives = self.lock();
        lives.iter().filter(|(_, live)| &*live.owner == owner).map(|(id, _)| *id).collect()
    }

    /// Whether somebody works on it.
    pub fn has(&self, id: TaskId) -> bool {
        self.lock().contains_key(&id)
    }

    /// Nobody works on it any more.
    pub fn end(&self, id: TaskId, settled: Result<Arc<Task>, Failure>) {
        // First out of the map, so that who is told finds it gone.
        let live = self.lock().remove(&id);
        if let Some(live) = live {
            live.said.lock().unwrap_or_else(PoisonError::into_inner).clear();
            live.stage.send_modify(|stage| {
                stage.n_events = settled.as_ref().map_or(stage.n_events, |task| task.n_events);
                stage.settled = Some(settled);
            });
        }
    }
}

/// What comes next of a task that is followed.
#[derive(Debug, Clone)]
pub enum Step {
    /// An event with its number and its time in milliseconds since 1970.
    Event(u32, u64, Box<Event>),
    /// What the running skill says of its progress.
    Progress(Arc<Progress>),
}

/// A task that is followed: its events, and then those that come.
pub struct Following {
    inner: Arc<Inner>,
    owner: Arc<str>,
    id: TaskId,
    next: u32,
    ready: std::collections::VecDeque<Step>,
    live: Option<(Arc<Live>, watch::Receiver<Stage>)>,
    ended: bool,
}

impl Following {
    pub(super) async fn new(inner: Arc<Inner>, owner: Arc<str>, id: TaskId, from: u32) -> Result<Following, Failure> {
        if inner.ledger.task(&owner, id).await?.is_none() {
            return Err(no_task(id));
        }
        let live = inner.lives.get(&owner, id).map(|live| {
            live.followers.fetch_add(1, Ordering::Relaxed);
            let stage = live.stage.subscribe();
            (live, stage)
        });
        Ok(Following { inner, owner, id, next: from, ready: Default::default(), live, ended: false })
    }

    /// What comes next; `None` when the task has ended or waits for its owner.
    ///
    /// # Errors
    /// If the events cannot be read.
    pub async fn next(&mut self) -> Result<Option<Step>, Failure> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Ok(Some(step));
            }
            if self.ended {
                return Ok(None);
            }
            let stage = self.live.as_mut().map(|(_, stage)| stage.borrow_and_update().clone());
            // Read after the look at the stage, so that what it speaks of is there.
            let events = self.inner.ledger.events(&self.owner, self.id, self.next).await?;
            for record in &events {
                let event = Event::read(record).map_err(super::internal)?;
                self.ready.push_back(Step::Event(record.number, record.at_ms, Box::new(event)));
                self.next = record.number.saturating_add(1);
            }
            let Some(stage) = stage else {
                self.ended = true;
                continue;
            };
            self.ready.extend(stage.progress.map(Step::Progress));
            self.ended = stage.settled.is_some();
            if self.ready.is_empty()
                && !self.ended
                && let Some((_, stage)) = &mut self.live
                && stage.changed().await.is_err()
            {
                self.ended = true;
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some((live, _)) = &self.live {
            live.followers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
