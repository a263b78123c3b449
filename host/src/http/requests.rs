//! Requests in plain words, and the tasks that they become.
//!
//! What happens when a client goes away: nothing to its task, which is worked on whether or not anybody waits.

mod body;
mod streams;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::error::HttpError;
use super::gate::Caller;
use super::{DoorState, Shared, wire};
use crate::base::{Failure, FailureKind, TaskId};
use crate::orchestrator::event::{Event, Request};
use crate::orchestrator::respond::Format;
use crate::orchestrator::task::Task;
use crate::orchestrator::{ANSWER_BYTES_MAX, Accepted};
use crate::security::{Action, Principal, authorise};
use crate::store::tasks::{TaskFilter, TaskState};
use body::{AnalysisBody, AskRequest, EventBody, TaskBody, TaskSummary};

/// Largest request, in bytes: its text and its context, escaped.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Tasks that one listing gives unless another number is asked for.
const LIST_DEFAULT: usize = 50;

async fn read<T: for<'de> Deserialize<'de>>(
    request: HttpRequest<Body>,
    keys: &[&str],
) -> Result<(HeaderMap, T), HttpError> {
    let (parts, body) = request.into_parts();
    let bytes = super::body::read(&parts.headers, body, REQUEST_BYTES_MAX).await?;
    let read = wire::parse(&bytes, keys)?;
    Ok((parts.headers, read))
}

/// Markdown where the client would rather have that than anything else that is offered.
fn format(headers: &HeaderMap, asked: Option<&str>) -> Result<Format, HttpError> {
    match asked {
        Some("text") => Ok(Format::Text),
        Some("markdown") => Ok(Format::Markdown),
        Some(other) => Err(HttpError::malformed(format!("`format` is {other:?}, not `text` or `markdown`"))),
        None => {
            let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
            let markdown = accepts.into_iter().any(|accept| accept.contains("text/markdown"));
            Ok(if markdown { Format::Markdown } else { Format::Text })
        }
    }
}

pub(super) fn task_id(path: Result<Path<String>, PathRejection>) -> Result<TaskId, HttpError> {
    let Path(text) = path?;
    TaskId::parse(&text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        // No other answer than for a task that is not there.
        Failure::new(FailureKind::NotFound, format!("there is no task `{shown}`"))
            .with_hint("`happyos task list` shows your tasks")
            .into()
    })
}

/// The state of a task that came to a question or its end, or that is still worked on.
async fn answer(state: &DoorState, principal: &Principal, task: &Task, format: Format) -> Result<Response, HttpError> {
    let artifacts = match task.steps.iter().any(body::has_artifacts) {
        true => state.orchestrator.artifacts(principal, task.id).await?,
        false => Vec::new(),
    };
    let status = if task.is_settled() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok(wire::json(status, &TaskBody::new(task, &artifacts, format)))
}

/// Waits for an accepted task where that is wanted, and answers with it.
async fn accepted(
    state: &Arc<DoorState>,
    principal: &Principal,
    accepted: Accepted,
    wait: bool,
    format: Format,
) -> Result<Response, HttpError> {
    if !wait {
        let id = accepted.id;
        // From here on it is worked on without this client.
        drop(accepted);
        let task = state.orchestrator.task(principal, id).await?;
        let location = format!("/v1/tasks/{id}");
        return Ok(([(header::LOCATION, location)], answer(state, principal, &task, format).await?).into_response());
    }
    let task = accepted.settled().await?;
    answer(state, principal, &task, format).await
}

pub(super) async fn ask(
    State(state): Shared,
    Caller(principal): Caller,
    request: HttpRequest<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::Ask)?;
    let (headers, asked): (_, AskRequest) = read(request, body::ASK_KEYS).await?;
    let format = format(&headers, asked.format.as_deref())?;
    let wait = asked.wait.unwrap_or(true);
    let request = Request::from(asked);
    let taken = state.orchestrator.ask(&principal, request).await?;
    if super::calls::wants_events(&headers) {
        let id = taken.id;
        drop(taken);
        return streams::follow(&state, &principal, id, 0, format).await;
    }
    accepted(&state, &principal, taken, wait, format).await
}

pub(super) async fn analyse(
    State(state): Shared,
    Caller(principal): Caller,
    request: HttpRequest<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::Ask)?;
    let (_, asked): (_, AskRequest) = read(request, body::ASK_KEYS).await?;
    let looked = state.orchestrator.analyse(&principal, &asked.into()).await?;
    Ok(wire::json(StatusCode::OK, &AnalysisBody::new(&looked)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    state: Option<String>,
    session: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct TaskList {
    tasks: Vec<TaskSummary>,
}

pub(super) async fn list(
    State(state): Shared,
    Caller(principal): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::Ask)?;
    let Query(query) = query?;
    let wanted = match query.state.as_deref() {
        None => None,
        Some(name) => Some(TaskState::parse(name).ok_or_else(|| {
            let names = TaskState::ALL.map(TaskState::as_str).join("`, `");
            HttpError::malformed(format!("`state` is {name:?}, not one of `{names}`"))
        })?),
    };
    let before = match query.before.as_deref() {
        None => None,
        Some(id) => {
            let id = TaskId::parse(id);
            Some(id.ok_or_else(|| HttpError::malformed("`before` is not the id of a task"))?)
        }
    };
    let limit = query.limit.unwrap_or(LIST_DEFAULT);
    if !(1..=crate::store::tasks::LIST_MAX).contains(&limit) {
        let max = crate::store::tasks::LIST_MAX;
        return Err(HttpError::malformed(format!("`limit` is {limit}, not 1 to {max}")));
    }
    let filter = TaskFilter { state: wanted, session: query.session.map(Into::into), before };
    let tasks = state.orchestrator.tasks(&principal, filter, limit).await?;
    Ok(wire::json(StatusCode::OK, &TaskList { tasks: tasks.iter().map(TaskSummary::from).collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowQuery {
    format: Option<String>,
}

pub(super) async fn show(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<ShowQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::Ask)?;
    let format = format(&headers, query?.format.as_deref())?;
    let task = state.orchestrator.task(&principal, task_id(id)?).await?;
    let mut response = answer(&state, &principal, &task, format).await?;
    // What is asked for is there, settled or not.
    *response.status_mut() = StatusCode::OK;
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    #[serde(default)]
    from: u32,
}

#[derive(Serialize)]
struct EventList {
    events: Vec<EventBody>,
}

pub(super) async fn events(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::Ask)?;
    let (id, Query(query)) = (task_id(id)?, query?);
    if super::calls::wants_events(&headers) {
        // A client that lost its connection says which event was its last.
        let last = headers.get("last-event-id").and_then(|last| last.to_str().ok()?.parse::<u32>().ok());
        let from = last.map_or(query.from, |last| last.saturating_add(1));
        return streams::follow(&state, &principal, id, from, Format::Text).await;
    }
    let events = state.orchestrator.trace(&principal, id, query.from).await?;
    let event = |(number, at_ms, event): &(u32, u64, Event)| EventBody::new(*number, *at_ms, event);
    let events = events.iter().map(event).collect::<Result<_, _>>()?;
    Ok(wire::json(StatusCode::OK, &EventList { events }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerRequest {
    text: String,
    #[serde(default)]
    wait: Option<bool>,
    #[serde(default)]
    format: Option<String>,
}

pub(super) async fn reply(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    request: HttpRequest<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::Ask)?;
    let id = task_id(id)?;
    let (headers, asked): (_, AnswerRequest) = read(request, &["text", "wait", "format"]).await?;
    if asked.text.len() > ANSWER_BYTES_MAX {
        return Err(HttpError::malformed(format!("`text` is longer than {ANSWER_BYTES_MAX} bytes")));
    }
    let format = format(&headers, asked.format.as_deref())?;
    let taken = state.orchestrator.answer(&principal, id, &asked.text).await?;
    accepted(&state, &principal, taken, asked.wait.unwrap_or(true), format).await
}

pub(super) async fn cancel(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::Ask)?;
    let task = state.orchestrator.cancel(&principal, task_id(id)?).await?;
    answer(&state, &principal, &task, Format::Text).await
}
