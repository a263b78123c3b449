//! A task as server-sent events: each of its events as it comes, and last the task.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::analysis_body::EventBody;
use super::how::Written;
use super::task_body::{TaskBody, has_artifacts};
use crate::base::{Failure, TaskId};
use crate::http::DoorState;
use crate::http::error::HttpError;
use crate::http::wire::ProgressBody;
use crate::orchestrator::{Following, Step};
use crate::security::Principal;

struct State {
    door: Arc<DoorState>,
    principal: Principal,
    id: TaskId,
    written: Written,
    following: Following,
    shutdown: CancellationToken,
}

/// Follows a task from event `from` on. Going away stops the following, not the task.
pub(super) async fn follow(
    door: &Arc<DoorState>,
    principal: &Principal,
    id: TaskId,
    from: u32,
    written: Written,
) -> Result<Response, HttpError> {
    let following = door.orchestrator.follow_task(principal, id, from).await?;
    let shutdown = door.shutdown.clone();
    let state = State { door: door.clone(), principal: principal.clone(), id, written, following, shutdown };
    let stream = stream::unfold(Some(state), |state| async {
        let mut state = state?;
        let next = tokio::select! {
            next = state.following.next() => next,
            // Who follows is told at the next start; the task goes on then.
            () = state.shutdown.cancelled() => return None,
        };
        let (event, more) = match next {
            Ok(Some(Step::Event(number, at_ms, event))) => match EventBody::new(number, at_ms, &event) {
                Ok(body) => (sent("event", &body).id(number.to_string()), true),
                Err(failure) => (refused(failure), false),
            },
            Ok(Some(Step::Progress(progress))) => (sent("progress", &ProgressBody::from(&*progress)), true),
            Ok(None) => (last(&state).await.unwrap_or_else(refused), false),
            Err(failure) => (refused(failure), false),
        };
        Some((Ok::<_, Infallible>(event), more.then_some(state)))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()).into_response())
}

async fn last(state: &State) -> Result<Sent, Failure> {
    let task = state.door.orchestrator.task(&state.principal, state.id).await?;
    let artifacts = match task.steps.iter().any(has_artifacts) {
        true => state.door.orchestrator.artifacts(&state.principal, state.id).await?,
        false => Vec::new(),
    };
    Ok(sent("task", &TaskBody::new(&task, &artifacts, state.written)))
}

fn refused(failure: Failure) -> Sent {
    sent("error", HttpError::from(failure).body())
}

fn sent(name: &str, data: &impl Serialize) -> Sent {
    match serde_json::to_string(data) {
        Ok(data) => Sent::default().event(name).data(data),
        Err(error) => {
            tracing::error!(%error, "an event could not be written as JSON");
            Sent::default().event("error")
        }
    }
}
