//! Requests in plain words, and the tasks that they become.
//!
//! What happens when a client goes away: nothing to its task, which is worked on whether or not anybody waits.

mod analysis_body;
mod ask_body;
mod how;
mod streams;
mod task_body;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::error::HttpError;
use super::{DoorState, Shared, wire};
use crate::base::{Failure, FailureKind, TaskId};
use crate::orchestrator::event::{Event, Request};
use crate::orchestrator::respond::Format;
use crate::orchestrator::task::Task;
use crate::orchestrator::{ANSWER_BYTES_MAX, Accepted};
use crate::security::Principal;
use crate::store::tasks::{TaskFilter, TaskState};
use analysis_body::{AnalysisBody, EventBody};
use ask_body::AskRequest;
pub(super) use how::OfTask;
use how::{Asker, How, Media, Written, read};
use task_body::{ArtifactList, PlanBody, TaskSummary};

/// Tasks that one listing gives unless another number is asked for.
const LIST_DEFAULT: usize = 50;

/// The state of a task that came to a question or its end, or that is still worked on.
async fn answer(state: &DoorState, principal: &Principal, task: &Task, how: How) -> Result<Response, HttpError> {
    let artifacts = match how.media == Media::Json && task.steps.iter().any(task_body::has_artifacts) {
        true => state.orchestrator.artifacts(principal, task.id).await?,
        false => Vec::new(),
    };
    let status = if task.is_settled() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok(how.answer(status, task, &artifacts))
}

/// Follows an accepted task where its events are wanted; waits for it where that is wanted, and answers with it.
async fn accepted(
    state: &Arc<DoorState>,
    principal: &Principal,
    accepted: Accepted,
    wait: bool,
    how: How,
) -> Result<Response, HttpError> {
    let id = accepted.id;
    if how.media == Media::Events {
        drop(accepted);
        return streams::follow(state, principal, id, 0, how.written).await;
    }
    if !wait {
        // From here on it is worked on without this client.
        drop(accepted);
        let task = state.orchestrator.task(principal, id).await?;
        let location = format!("/v1/tasks/{id}");
        return Ok(([(header::LOCATION, location)], answer(state, principal, &task, how).await?).into_response());
    }
    let task = accepted.settled().await?;
    answer(state, principal, &task, how).await
}

pub(super) async fn ask(
    State(state): Shared,
    Asker(principal): Asker,
    how: How,
    request: HttpRequest<Body>,
) -> Response {
    how.said(
        async {
            let asked: AskRequest = read(request, ask_body::ASK_KEYS).await?;
            let how = how.formatted(asked.format.as_deref())?;
            let wait = asked.wait.unwrap_or(true);
            let taken = state.orchestrator.ask(&principal, planned(&state, &principal, asked)?).await?;
            accepted(&state, &principal, taken, wait, how).await
        }
        .await,
    )
}

pub(super) async fn analyse(
    State(state): Shared,
    Asker(principal): Asker,
    request: HttpRequest<Body>,
) -> Result<Response, HttpError> {
    let asked: AskRequest = read(request, ask_body::ASK_KEYS).await?;
    if asked.plan.is_some() {
        return Err(HttpError::malformed("`plan` is not analysed").with_hint("`POST /v1/plan` checks and shows it"));
    }
    let looked = state.orchestrator.analyse(&principal, &asked.into()).await?;
    Ok(wire::json(StatusCode::OK, &AnalysisBody::new(&looked)))
}

/// The request as it was asked, with its plan read and checked where it has one.
fn planned(state: &DoorState, principal: &Principal, mut asked: AskRequest) -> Result<Request, HttpError> {
    let plan = match asked.plan.take() {
        Some(plan) => Some(state.orchestrator.read_plan(principal, &plan)?),
        None => None,
    };
    Ok(Request { plan, ..Request::from(asked) })
}

/// Shows what would be done, step by step.
pub(super) async fn plan(
    State(state): Shared,
    Asker(principal): Asker,
    request: HttpRequest<Body>,
) -> Result<Response, HttpError> {
    let asked: AskRequest = read(request, ask_body::ASK_KEYS).await?;
    let task = state.orchestrator.plan(&principal, planned(&state, &principal, asked)?).await?;
    Ok(wire::json(StatusCode::OK, &PlanBody::new(&task)))
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
    Asker(principal): Asker,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
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

pub(super) async fn show(State(state): Shared, Asker(principal): Asker, OfTask(id): OfTask, how: How) -> Response {
    how.said(
        async {
            let task = state.orchestrator.task(&principal, id).await?;
            let mut response = answer(&state, &principal, &task, how).await?;
            // What is asked for is there, settled or not.
            *response.status_mut() = StatusCode::OK;
            Ok(response)
        }
        .await,
    )
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
    Asker(principal): Asker,
    OfTask(id): OfTask,
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let Query(query) = query?;
    if super::calls::wants_events(&headers) {
        // A client that lost its connection says which event was its last.
        let last = headers.get("last-event-id").and_then(|last| last.to_str().ok()?.parse::<u32>().ok());
        let from = last.map_or(query.from, |last| last.saturating_add(1));
        let written = Written { format: Format::Text, steps: false };
        return streams::follow(&state, &principal, id, from, written).await;
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
    Asker(principal): Asker,
    OfTask(id): OfTask,
    how: How,
    request: HttpRequest<Body>,
) -> Response {
    how.said(
        async {
            let asked: AnswerRequest = read(request, &["text", "wait", "format"]).await?;
            if asked.text.len() > ANSWER_BYTES_MAX {
                return Err(HttpError::malformed(format!("`text` is longer than {ANSWER_BYTES_MAX} bytes")));
            }
            let how = how.formatted(asked.format.as_deref())?;
            let taken = state.orchestrator.answer(&principal, id, &asked.text).await?;
            accepted(&state, &principal, taken, asked.wait.unwrap_or(true), how).await
        }
        .await,
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalRequest {
    /// The number of the step, from 1, or its name.
    step: serde_json::Value,
    #[serde(default)]
    wait: Option<bool>,
    #[serde(default)]
    format: Option<String>,
}

pub(super) async fn approve(state: Shared, asker: Asker, id: OfTask, how: How, request: HttpRequest<Body>) -> Response {
    decide(state, asker, id, how, request, true).await
}

pub(super) async fn reject(state: Shared, asker: Asker, id: OfTask, how: How, request: HttpRequest<Body>) -> Response {
    decide(state, asker, id, how, request, false).await
}

/// Says whether a step may run that waits for that.
async fn decide(
    State(state): Shared,
    Asker(principal): Asker,
    OfTask(id): OfTask,
    how: How,
    request: HttpRequest<Body>,
    approved: bool,
) -> Response {
    how.said(
        async {
            let asked: ApprovalRequest = read(request, &["step", "wait", "format"]).await?;
            let how = how.formatted(asked.format.as_deref())?;
            let task = state.orchestrator.task(&principal, id).await?;
            let step = step_of(&task, &asked.step)?;
            match state.orchestrator.approve(&principal, id, step, approved).await? {
                Some(taken) => accepted(&state, &principal, taken, asked.wait.unwrap_or(true), how).await,
                None => {
                    let task = state.orchestrator.task(&principal, id).await?;
                    answer(&state, &principal, &task, how).await
                }
            }
        }
        .await,
    )
}

/// The place of the step of that number or name.
fn step_of(task: &Task, step: &serde_json::Value) -> Result<usize, HttpError> {
    let place = match step {
        serde_json::Value::Number(number) => {
            number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1))
        }
        serde_json::Value::String(name) => {
            task.planned().find(|(_, state)| state.step.name.as_deref() == Some(name.as_str())).map(|(place, _)| place)
        }
        _ => return Err(HttpError::malformed("`step` is neither the number of a step nor its name")),
    };
    place.filter(|place| *place < task.steps.len()).ok_or_else(|| {
        let shown: String = step.to_string().chars().take(80).collect();
        let message = format!("the task has no step {shown}");
        HttpError::from(
            Failure::new(FailureKind::NotFound, message).with_hint("`happyos task show ID` lists its steps"),
        )
    })
}

/// The files that came with the answers of a task.
pub(super) async fn artifacts(
    State(state): Shared,
    Asker(principal): Asker,
    OfTask(id): OfTask,
) -> Result<Response, HttpError> {
    // That it is there at all is found out by looking for it.
    state.orchestrator.task(&principal, id).await?;
    let artifacts = state.orchestrator.artifacts(&principal, id).await?;
    Ok(wire::json(StatusCode::OK, &ArtifactList::new(&artifacts)))
}

/// Goes on with a task that was interrupted.
pub(super) async fn resume(State(state): Shared, Asker(principal): Asker, OfTask(id): OfTask, how: How) -> Response {
    how.said(
        async {
            let taken = state.orchestrator.resume_task(&principal, id).await?;
            accepted(&state, &principal, taken, true, how).await
        }
        .await,
    )
}

pub(super) async fn cancel(State(state): Shared, Asker(principal): Asker, OfTask(id): OfTask, how: How) -> Response {
    how.said(
        async {
            let task = state.orchestrator.cancel(&principal, id).await?;
            answer(&state, &principal, &task, how).await
        }
        .await,
    )
}
