//! What is kept of one principal: searched, corrected, given out, erased.

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::HttpError;
use super::gate::Caller;
use super::recall::{ChoiceBody, GapBody};
use super::requests::OfTask;
use super::{Shared, body, wire};
use crate::base::Failure;
use crate::memory::Hit;
use crate::orchestrator::{Export, HITS_MAX, KeptTask};
use crate::security::Event;
use crate::store::records::FailureGroup;
use crate::store::tasks::{Artifact, EventRecord};

/// The layout of an export.
const EXPORT_VERSION: u32 = 1;
/// Largest body of these requests, in bytes.
const BODY_BYTES_MAX: usize = 4 << 10;
/// Tasks that a search gives unless another number is asked for.
const HITS_DEFAULT: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchQuery {
    q: String,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct SearchBody<'a> {
    /// `words`, or `meaning and words` where a model is installed.
    by: &'static str,
    hits: Vec<HitBody<'a>>,
}

#[derive(Serialize)]
struct HitBody<'a> {
    task: String,
    at_ms: u64,
    request: &'a str,
    answer: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    skill: &'a str,
    /// Has the words.
    words: bool,
    /// How alike the requests are in meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    likeness: Option<f32>,
}

impl<'a> From<&'a Hit> for HitBody<'a> {
    fn from(hit: &'a Hit) -> HitBody<'a> {
        HitBody {
            task: hit.task.task.to_string(),
            at_ms: hit.task.task.time_ms(),
            request: &hit.task.request,
            answer: &hit.task.answer,
            skill: &hit.task.skill,
            words: hit.by_words,
            likeness: hit.likeness,
        }
    }
}

pub(super) async fn search(
    State(state): Shared,
    Caller(principal): Caller,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    let Query(SearchQuery { q, limit }) = query?;
    let limit = limit.unwrap_or(HITS_DEFAULT);
    if !(1..=HITS_MAX).contains(&limit) {
        return Err(HttpError::malformed(format!("`limit` is {limit}, not 1 to {HITS_MAX}")));
    }
    let (hits, by_meaning) = state.orchestrator.search(&principal, &q, limit).await?;
    let by = if by_meaning { "meaning and words" } else { "words" };
    Ok(wire::json(StatusCode::OK, &SearchBody { by, hits: hits.iter().map(Into::into).collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectRequest {
    skill: String,
}

pub(super) async fn correct(
    State(state): Shared,
    Caller(principal): Caller,
    OfTask(id): OfTask,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, BODY_BYTES_MAX).await?;
    let asked: CorrectRequest = wire::parse(&bytes, &["skill"])?;
    let learned = state.orchestrator.correct(&principal, id, &asked.skill).await?;
    Ok(wire::json(StatusCode::OK, &ChoiceBody::from(&learned)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraseRequest {
    #[serde(default)]
    user: Option<String>,
}

#[derive(Serialize)]
struct ErasedBody<'a> {
    user: &'a str,
    tasks: u64,
    artifacts: u64,
    gaps: u64,
    choices: u64,
    errors: u64,
}

pub(super) async fn erase(
    State(state): Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, BODY_BYTES_MAX).await?;
    let asked: EraseRequest = wire::parse(if bytes.is_empty() { b"{}" } else { &bytes }, &["user"])?;
    let (user, erased) = state.orchestrator.erase(&principal, asked.user.as_deref()).await?;
    // How much, and never what.
    let why = format!("{} tasks, {} gaps, {} choices", erased.n_tasks, erased.n_gaps, erased.n_choices);
    state.audit.record(&Event { who: principal.name(), what: "memory.erased", on: &user, why: &why });
    let body = ErasedBody {
        user: &user,
        tasks: erased.n_tasks,
        artifacts: erased.n_artifacts,
        gaps: erased.n_gaps,
        choices: erased.n_choices,
        errors: erased.n_failures,
    };
    Ok(wire::json(StatusCode::OK, &body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportQuery {
    user: Option<String>,
}

#[derive(Serialize)]
struct ExportHead<'a> {
    version: u32,
    user: &'a str,
    exported_ms: u64,
    choices: Vec<ChoiceBody<'a>>,
    gaps: Vec<GapBody<'a>>,
    errors: Vec<FailureBody<'a>>,
}

#[derive(Serialize)]
struct FailureBody<'a> {
    kind: &'a str,
    skill: &'a str,
    shape: &'a str,
    count: u64,
    first_ms: u64,
    last_ms: u64,
    task: Option<String>,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> From<&'a FailureGroup> for FailureBody<'a> {
    fn from(group: &'a FailureGroup) -> FailureBody<'a> {
        FailureBody {
            kind: &group.kind,
            skill: &group.skill,
            shape: &group.shape,
            count: group.count,
            first_ms: group.first_ms,
            last_ms: group.last_ms,
            task: group.task.map(|task| task.to_string()),
            message: &group.message,
            hint: group.hint.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct ExportedTask<'a> {
    id: String,
    session_id: Option<&'a str>,
    state: &'static str,
    title: &'a str,
    created_ms: u64,
    updated_ms: u64,
    events: Vec<ExportedEvent<'a>>,
    artifacts: Vec<ExportedArtifact<'a>>,
}

#[derive(Serialize)]
struct ExportedEvent<'a> {
    number: u32,
    at_ms: u64,
    kind: &'a str,
    version: u16,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct ExportedArtifact<'a> {
    /// The event that it came with.
    event: u32,
    name: &'a str,
    media_type: &'a str,
    /// Base64, padded.
    data: String,
}

fn exported(task: &KeptTask) -> Result<Vec<u8>, HttpError> {
    let event = |event| {
        let EventRecord { number, at_ms, kind, version, payload }: &EventRecord = event;
        let data = wire::raw(payload)?;
        Ok(ExportedEvent { number: *number, at_ms: *at_ms, kind, version: *version, data })
    };
    let artifact = |artifact| {
        let Artifact { number, name, media_type, data }: &Artifact = artifact;
        let data = base64::engine::general_purpose::STANDARD.encode(data);
        ExportedArtifact { event: *number, name, media_type, data }
    };
    written(&ExportedTask {
        id: task.record.id.to_string(),
        session_id: task.record.session.as_deref(),
        state: task.record.state.as_str(),
        title: &task.record.title,
        created_ms: task.record.created_ms,
        updated_ms: task.record.updated_ms,
        events: task.events.iter().map(event).collect::<Result<_, HttpError>>()?,
        artifacts: task.artifacts.iter().map(artifact).collect(),
    })
}

fn written(body: &impl Serialize) -> Result<Vec<u8>, HttpError> {
    serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "a part of an export could not be written as JSON");
        HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the export could not be written")
    })
}

/// One JSON object, a task at a time: however much there is, little of it is in memory. Where it fails in the middle, the
/// answer breaks off.
pub(super) async fn export(
    State(state): Shared,
    Caller(principal): Caller,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    let Query(ExportQuery { user }) = query?;
    let export = state.orchestrator.export(&principal, user.as_deref())?;
    let head = head(&export).await?;
    state.audit.record(&Event { who: principal.name(), what: "memory.exported", on: &export.owner, why: "" });
    let writing = Writing { export, head, n_tasks: 0 };
    let stream = stream::unfold(Some(writing), |writing| async {
        let mut writing = writing?;
        match writing.part().await {
            Ok((text, more)) => Some((Ok(Bytes::from(text)), more.then_some(writing))),
            Err(why) => Some((Err(why), None)),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

async fn head(export: &Export) -> Result<Vec<u8>, HttpError> {
    let kept = export.kept().await?;
    let gaps = kept.gaps.iter().map(|(gap, evidence)| GapBody::new(gap, evidence));
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let head = ExportHead {
        version: EXPORT_VERSION,
        user: &export.owner,
        exported_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        choices: kept.choices.iter().map(Into::into).collect(),
        gaps: gaps.collect::<Result<_, _>>()?,
        errors: kept.failures.iter().map(Into::into).collect(),
    };
    let mut text = written(&head)?;
    // The object goes on with its tasks.
    text.pop();
    text.extend_from_slice(b",\"tasks\":[");
    Ok(text)
}

/// An export on its way.
struct Writing {
    export: Export,
    /// What stands before the first task.
    head: Vec<u8>,
    n_tasks: u64,
}

impl Writing {
    /// The next part of the text, and whether there are more.
    async fn part(&mut self) -> Result<(Vec<u8>, bool), String> {
        let mut text = std::mem::take(&mut self.head);
        let Some(task) = self.export.next().await.map_err(|failure: Failure| failure.to_string())? else {
            text.extend_from_slice(b"]}\n");
            return Ok((text, false));
        };
        if self.n_tasks > 0 {
            text.push(b',');
        }
        self.n_tasks += 1;
        text.extend(exported(&task).map_err(|error| error.body().error.message.clone())?);
        Ok((text, true))
    }
}
