//! Requests as durable tasks: the port, and the words of what is kept. What events mean is the business of who writes them.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use super::gaps::Evidence;
use crate::base::TaskId;

/// Most events that one task may have.
pub const EVENTS_MAX: u32 = 4_096;
/// Largest payload of one event, in bytes: the largest answer of a skill, and room for what stands around it.
pub const PAYLOAD_BYTES_MAX: usize = 4 << 20;
/// Longest title, in bytes.
pub const TITLE_BYTES_MAX: usize = 256;
/// Most tasks that one listing gives.
pub const LIST_MAX: usize = 1_000;
/// Most tasks that one pruning removes.
const PRUNED_MAX: usize = 256;

/// What state a task is in, as A2A and MCP have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// Accepted, and waiting for a place.
    Submitted,
    /// Being worked on.
    Working,
    /// Waiting for an answer of its owner.
    InputRequired,
    /// Done.
    Completed,
    /// Tried, and failed.
    Failed,
    /// Stopped by its owner, or because its question was not answered in time.
    Canceled,
    /// Not tried: nothing fits, or it is more than can be done yet.
    Rejected,
}

impl TaskState {
    /// All of them, in the order of their stored numbers.
    pub const ALL: [TaskState; 7] = [
        TaskState::Submitted,
        TaskState::Working,
        TaskState::InputRequired,
        TaskState::Completed,
        TaskState::Failed,
        TaskState::Canceled,
        TaskState::Rejected,
    ];

    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskState::Submitted => "submitted",
            TaskState::Working => "working",
            TaskState::InputRequired => "input-required",
            TaskState::Completed => "completed",
            TaskState::Failed => "failed",
            TaskState::Canceled => "canceled",
            TaskState::Rejected => "rejected",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<TaskState> {
        TaskState::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it is the last: nothing follows.
    pub fn is_terminal(self) -> bool {
        !matches!(self, TaskState::Submitted | TaskState::Working | TaskState::InputRequired)
    }

    /// Whether the daemon has something to do: neither the end, nor a question.
    pub fn is_busy(self) -> bool {
        matches!(self, TaskState::Submitted | TaskState::Working)
    }
}

/// What is known of a task beside its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord {
    /// Its id.
    pub id: TaskId,
    /// The principal that it belongs to; nobody else finds it.
    pub owner: Arc<str>,
    /// The conversation that it is part of.
    pub session: Option<Box<str>>,
    /// Its state after its last event.
    pub state: TaskState,
    /// The beginning of the request, for lists.
    pub title: Box<str>,
    /// When it was accepted, in milliseconds since 1970.
    pub created_ms: u64,
    /// When its last event came.
    pub updated_ms: u64,
    /// How many events it has.
    pub n_events: u32,
}

/// One event of a task. Never changed once it is appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its place, from 0.
    pub number: u32,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What kind of event.
    pub kind: Box<str>,
    /// The version of its payload's layout.
    pub version: u16,
    /// JSON.
    pub payload: Box<str>,
}

/// A file that came with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The event that it came with.
    pub number: u32,
    /// Its name, as the guest gave it.
    pub name: Box<str>,
    /// Its media type, as the guest gave it.
    pub media_type: Box<str>,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// What is appended at one stroke: events, the state after them, and what they add to other records. All or nothing.
#[derive(Debug, Clone)]
pub struct Append {
    /// The task.
    pub id: TaskId,
    /// Whose it is.
    pub owner: Arc<str>,
    /// In this order; the first one's number must be the next of the task.
    pub events: Vec<EventRecord>,
    /// The state after the last of them.
    pub state: TaskState,
    /// Files that came with them.
    pub artifacts: Vec<Artifact>,
    /// Evidence of something that no skill does.
    pub gap: Option<Evidence>,
}

/// What a new task is, beside its first events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// The conversation that it is part of.
    pub session: Option<Box<str>>,
    /// The beginning of the request; cut to [`TITLE_BYTES_MAX`].
    pub title: Box<str>,
}

/// Why something was not appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Another has appended in between, or the task is not there.
    #[error("the task has changed meanwhile, or is not there")]
    Conflict,
    /// The task has come to its end: nothing follows.
    #[error("the task has ended")]
    Ended,
    /// The events are out of bounds.
    #[error("{0}")]
    Bounds(String),
    /// The store does not take it.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Which of its tasks a principal asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only in this state.
    pub state: Option<TaskState>,
    /// Only of this conversation.
    pub session: Option<Box<str>>,
    /// Only older ones than this.
    pub before: Option<TaskId>,
}

/// How much of the tasks that have ended is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskBounds {
    /// Most tasks.
    pub count_max: u64,
    /// Most bytes of their events and artifacts together.
    pub bytes_max: u64,
    /// The oldest that is kept, in milliseconds since 1970.
    pub since_ms: u64,
}

/// Requests as tasks. What is appended is kept from the moment that the call returns.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Appends to a task, which begins with this where `new` is given.
    async fn append(&self, new: Option<NewTask>, append: Append) -> Result<(), AppendError>;
    /// One task of `owner`.
    async fn task(&self, owner: &str, id: TaskId) -> Result<Option<TaskRecord>, StoreError>;
    /// Events of a task of `owner` from number `from` on, at most [`EVENTS_MAX`].
    async fn events(&self, owner: &str, id: TaskId, from: u32) -> Result<Vec<EventRecord>, StoreError>;
    /// Files of a task of `owner`.
    async fn artifacts(&self, owner: &str, id: TaskId) -> Result<Vec<Artifact>, StoreError>;
    /// Tasks of `owner`, the youngest first, at most `limit` and [`LIST_MAX`].
    async fn tasks(&self, owner: &str, filter: TaskFilter, limit: usize) -> Result<Vec<TaskRecord>, StoreError>;
    /// Tasks of all owners in one of these states that were last changed before `until_ms`, the oldest first, from the
    /// first after `after`, at most [`LIST_MAX`].
    async fn open_tasks(
        &self,
        states: &[TaskState],
        until_ms: u64,
        after: Option<TaskId>,
    ) -> Result<Vec<TaskRecord>, StoreError>;
    /// Removes the oldest tasks that have ended and are out of bounds, a few hundred at a time; says how many. 0: none
    /// is left to remove.
    async fn prune_tasks(&self, bounds: TaskBounds) -> Result<usize, StoreError>;
}

/// Checks what can be checked without the task.
pub(super) fn check(append: &Append) -> Result<(), AppendError> {
    let Some(first) = append.events.first() else {
        return Err(AppendError::Bounds("there are no events to append".into()));
    };
    for (number, event) in (first.number..).zip(&append.events) {
        if event.number != number {
            return Err(AppendError::Bounds(format!("event {} stands where {number} should", event.number)));
        }
        // The last ones are left for the end of the task.
        let last = if append.state.is_terminal() { EVENTS_MAX } else { EVENTS_MAX - 8 };
        if number >= last {
            return Err(AppendError::Bounds(format!("the task has {number} events, and may have no more")));
        }
        if event.payload.len() > PAYLOAD_BYTES_MAX {
            let bytes = event.payload.len();
            return Err(AppendError::Bounds(format!("an event has {bytes} bytes, more than {PAYLOAD_BYTES_MAX}")));
        }
    }
    Ok(())
}

/// The bytes that count against the bound on tasks.
pub(super) fn bytes_of(append: &Append) -> u64 {
    let events = append.events.iter().map(|event| event.payload.len());
    let artifacts = append.artifacts.iter().map(|artifact| artifact.data.len());
    events.chain(artifacts).map(|bytes| bytes as u64).sum()
}

/// The beginning of `title` that fits.
pub(super) fn cut_title(title: &str) -> &str {
    title.get(..title.floor_char_boundary(TITLE_BYTES_MAX)).unwrap_or(title)
}

/// What pruning removes of tasks that have ended, given from the oldest to the youngest with their bytes.
pub(super) fn out_of_bounds(ended: &[(TaskRecordKey, u64)], bounds: TaskBounds) -> Vec<TaskRecordKey> {
    let (mut count, mut bytes) = (0u64, 0u64);
    let mut kept_from = 0;
    for (place, ((_, id), size)) in ended.iter().enumerate().rev() {
        count += 1;
        bytes = bytes.saturating_add(*size);
        if count > bounds.count_max || bytes > bounds.bytes_max || id.time_ms() < bounds.since_ms {
            kept_from = place + 1;
            break;
        }
    }
    ended.iter().take(kept_from.min(PRUNED_MAX)).map(|(key, _)| key.clone()).collect()
}

/// Owner and id.
pub(super) type TaskRecordKey = (Arc<str>, TaskId);
