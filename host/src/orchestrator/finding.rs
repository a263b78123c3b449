//! What was asked before can be found: made findable in the background, from the events that are kept, so that no request
//! pays for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event::End;
use super::respond::{Door, Format, respond};
use super::routes::off_thread;
use super::task::Task;
use super::{Inner, Orchestrator, internal};
use crate::base::{Failure, FailureKind, TaskId};
use crate::memory::{Hit, pack};
use crate::routing::REQUEST_BYTES_MAX;
use crate::security::{Action, Principal, authorise};
use crate::store::search::Findable;

/// Tasks that have ended and wait to be made findable; beyond that they are looked for in the ledger.
const WAITING_MAX: usize = 4_096;
/// Tasks that are made findable at one stroke.
const AT_ONCE: usize = 32;
/// Tasks that one round, and one search, makes findable.
const ROUND_MAX: usize = 1_024;
/// Vectors that one round makes: each takes a core some tens of milliseconds.
const VECTORS_MAX: usize = 8;
/// Most tasks that one search gives.
pub const HITS_MAX: usize = 100;

/// What is to be made findable.
pub(super) struct Finding {
    waiting: Mutex<Vec<(Arc<str>, TaskId)>>,
    /// Some may be in the ledger that are not waiting here.
    behind: AtomicBool,
    /// Some may have no vector yet.
    plain: AtomicBool,
}

impl Default for Finding {
    fn default() -> Finding {
        // What a daemon before has left is not known.
        Finding { waiting: Mutex::default(), behind: AtomicBool::new(true), plain: AtomicBool::new(true) }
    }
}

impl Finding {
    /// A task has ended.
    pub(super) fn ended(&self, owner: &Arc<str>, id: TaskId) {
        let mut waiting = self.lock();
        if waiting.len() < WAITING_MAX {
            waiting.push((owner.clone(), id));
        } else {
            self.behind.store(true, Ordering::SeqCst);
        }
    }

    /// Another model is in use.
    pub(super) fn model_changed(&self) {
        self.plain.store(true, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<str>, TaskId)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some of those that wait.
    fn some(&self) -> Vec<(Arc<str>, TaskId)> {
        let mut waiting = self.lock();
        let left = waiting.len().saturating_sub(AT_ONCE);
        waiting.split_off(left)
    }
}

/// Makes findable what has ended, and some vectors.
pub(super) async fn round(inner: &Arc<Inner>) -> Result<(), Failure> {
    let mut n_made = 0;
    while n_made < ROUND_MAX {
        let some = inner.finding.some();
        if some.is_empty() {
            break;
        }
        n_made += some.len();
        make_findable(inner, some).await?;
    }
    while n_made < ROUND_MAX && inner.finding.behind.load(Ordering::SeqCst) {
        // Before it is looked: what overflows meanwhile sets it anew.
        inner.finding.behind.store(false, Ordering::SeqCst);
        let some = inner.ledger.unfindable(None, AT_ONCE).await?;
        if some.is_empty() {
            break;
        }
        inner.finding.behind.store(true, Ordering::SeqCst);
        n_made += some.len();
        make_findable(inner, some).await?;
    }
    vectors(inner).await
}

async fn make_findable(inner: &Arc<Inner>, tasks: Vec<(Arc<str>, TaskId)>) -> Result<(), Failure> {
    let mut findable = Vec::with_capacity(tasks.len());
    for (owner, id) in tasks {
        match inner.load(&owner, id).await {
            Ok(task) => findable.push(found_as(&task)),
            // Erased or pruned meanwhile.
            Err(failure) if failure.kind == FailureKind::NotFound => {}
            Err(failure) => {
                // One that cannot be read is found by nothing, and must not be tried for ever.
                tracing::warn!(task = %id, %failure, "a task cannot be found by its words");
                let nothing: Box<str> = "".into();
                let (skill, request, answer) = (nothing.clone(), nothing.clone(), nothing);
                findable.push(Findable { owner, task: id, skill, request, answer });
            }
        }
    }
    inner.ledger.make_findable(findable).await?;
    inner.finding.plain.store(true, Ordering::SeqCst);
    Ok(())
}

fn found_as(task: &Task) -> Findable {
    let step = task.steps.last().and_then(|step| step.step.chain.get(step.call));
    // What a refusal says of other skills is no answer.
    let answer = match task.end {
        Some(End::Completed) => respond(task, Format::Text, Door::Command).text,
        _ => String::new(),
    };
    Findable {
        owner: task.owner.clone(),
        task: task.id,
        skill: step.map(|call| (&**call.label()).into()).unwrap_or_default(),
        request: task.request.text.as_str().into(),
        answer: answer.into(),
    }
}

/// Makes vectors for some of those that have none.
async fn vectors(inner: &Arc<Inner>) -> Result<(), Failure> {
    let Some(embed) = inner.routes.embed() else { return Ok(()) };
    // Before it is looked: what comes meanwhile sets it anew.
    if !inner.finding.plain.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let without = inner.ledger.without_vector(embed.id(), VECTORS_MAX).await?;
    if without.is_empty() {
        return Ok(());
    }
    inner.finding.plain.store(true, Ordering::SeqCst);
    let mut made = Vec::with_capacity(without.len());
    for task in without {
        // One at a time, so that requests that are looked at get their turn in between.
        let _turn = inner.analysing.acquire().await.map_err(internal)?;
        let (embed, request) = (embed.clone(), task.request);
        // What the model does not take has an empty vector, which is like nothing, and is not tried again.
        let vector = off_thread(move || embed.query(&request).map(|vector| pack(&vector)).unwrap_or_default()).await?;
        made.push((task.owner, task.task, vector));
    }
    Ok(inner.ledger.set_vectors(embed.id(), made).await?)
}

impl Orchestrator {
    /// What the principal asked before that has to do with `text`, best first; and whether meaning was compared, too.
    ///
    /// # Errors
    /// `denied`, `invalid-input` if the text is empty or too long, `internal`.
    pub async fn search(&self, principal: &Principal, text: &str, limit: usize) -> Result<(Vec<Hit>, bool), Failure> {
        authorise(principal, Action::Ask)?;
        self.remembers()?;
        if text.trim().is_empty() {
            return Err(Failure::new(FailureKind::InvalidInput, "there is nothing to search for")
                .with_hint("give some words of what was asked or answered"));
        }
        if text.len() > REQUEST_BYTES_MAX {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                format!("the search has {} bytes, more than {REQUEST_BYTES_MAX}", text.len()),
            ));
        }
        let (inner, owner) = (&self.inner, principal.name());
        // What has just ended is found, too; of what a busy day has left, the youngest.
        let mut left = ROUND_MAX;
        while left > 0 {
            let some = inner.ledger.unfindable(Some(owner), AT_ONCE.min(left)).await?;
            if some.is_empty() {
                break;
            }
            left -= some.len();
            make_findable(inner, some).await?;
        }
        let embed = inner.routes.embed();
        let vector = match embed {
            Some(embed) => {
                let _turn = inner.analysing.acquire().await.map_err(internal)?;
                let text = text.to_owned();
                off_thread(move || embed.query(&text).ok().map(|vector| (embed.id().to_owned(), vector))).await?
            }
            None => None,
        };
        let by = vector.as_ref().map(|(model, vector)| (&**model, vector.as_slice()));
        let hits = inner.memory.search(owner, text, by, limit.min(HITS_MAX)).await.map_err(internal)?;
        Ok((hits, vector.is_some()))
    }
}
