//! What is noted of a request when it comes to a question or its end: how it went, that it can be found from now on, and
//! what it teaches.

use std::sync::Arc;
use std::time::Instant;

use super::event::{End, Used};
use super::task::Task;
use super::{Inner, corrections, now_ms};
use crate::memory::Settled;
use crate::telemetry::failures::Noted;

/// Where the work on a task began that is going on.
pub(super) struct Begun {
    at: Instant,
    used: Used,
}

impl Begun {
    /// Now, on a task that has used so much before.
    pub(super) fn now(used: Used) -> Begun {
        Begun { at: Instant::now(), used }
    }
}

/// Notes a task that has just been settled.
pub(super) async fn note(inner: &Arc<Inner>, owner: &Arc<str>, task: &Task, begun: &Begun) {
    inner.memory.note_request(&Settled {
        wall: Some(begun.at.elapsed()),
        fuel: task.used.fuel.saturating_sub(begun.used.fuel),
        ..settled(task)
    });
    note_end(inner, task);
    if let Some(lesson) = corrections::lesson(task, || {
        let session = task.request.session.as_deref()?;
        inner.memory.turns(owner, session)
    }) && inner.settings.load().memory
    {
        let learned = inner.memory.learn((owner, task.id), &lesson.text, &lesson.skill, now_ms()).await;
        if let Err(error) = learned {
            tracing::warn!(%error, "a correction was not learned from");
        }
    }
}

/// Notes a task that was ended while nobody worked on it.
pub(super) fn note_stopped(inner: &Inner, task: &Task) {
    inner.memory.note_request(&settled(task));
    note_end(inner, task);
}

fn settled(task: &Task) -> Settled<'_> {
    Settled {
        strategy: task.analysed.as_ref().map_or("", |analysed| &analysed.strategy),
        outcome: task.state().as_str(),
        at_ms: task.updated_ms,
        wall: None,
        fuel: 0,
        memory_peak_bytes: task.used.memory_peak_bytes,
    }
}

fn note_end(inner: &Inner, task: &Task) {
    if !task.state().is_terminal() {
        return;
    }
    inner.finding.ended(&task.owner, task.id);
    // What failed in a call was noted there.
    let called = task.steps.iter().any(|step| !step.failures.is_empty());
    if let (Some(End::Failed(failed)), false) = (&task.end, called) {
        let kind = match &failed.limit {
            Some(limit) => format!("{}: {limit}", failed.kind),
            None => failed.kind.to_string(),
        };
        inner.memory.failures().note(Noted {
            owner: &task.owner,
            skill: "",
            task: Some(task.id),
            at_ms: task.updated_ms,
            kind: &kind,
            message: &failed.message,
            hint: failed.hint.as_deref(),
        });
    }
}
