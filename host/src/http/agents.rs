//! Endpoints and agents: for operators to set up and change, and for users to have work done.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::calls::{event, wants_events};
use super::error::HttpError;
use super::gate::Caller;
use super::wire::{self, AttachmentBody, CallLimits, ProgressBody, UsageBody};
use super::{Shared, body};
use crate::agents::{
    AgentEnd, AgentView, Agents, Ask, Change, EndpointSpec, EndpointView, NewAgent, Purse, Ran, Wanted,
};
use crate::base::{CallLimits as Limits, LimitOverrides};
use crate::security::{Action, Principal, Role, authorise};
use crate::skills::Progress;
use crate::telemetry::spans::CallerSpan;

/// Slots of an endpoint that does not say.
const SLOTS_DEFAULT: usize = 4;

#[derive(Serialize)]
struct EndpointList {
    endpoints: Vec<EndpointBody>,
}

#[derive(Serialize)]
struct EndpointBody {
    name: String,
    url: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    slots: usize,
    private: bool,
    input_price: u64,
    output_price: u64,
    running: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
    breaker: &'static str,
    ok: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthBody>,
}

#[derive(Serialize)]
struct HealthBody {
    ok: bool,
    message: String,
}

impl From<EndpointView> for EndpointBody {
    fn from(view: EndpointView) -> EndpointBody {
        let EndpointView { spec, in_flight, latency_ms, breaker, went: (ok, failed), health } = view;
        EndpointBody {
            name: spec.name.to_string(),
            url: spec.url,
            kind: spec.adapter.to_string(),
            model: spec.model,
            secret: spec.secret,
            slots: spec.slots,
            private: spec.private,
            input_price: spec.input_price,
            output_price: spec.output_price,
            running: in_flight,
            latency_ms,
            breaker: breaker.as_str(),
            ok,
            failed,
            health: health.map(|health| HealthBody { ok: health.is_ok(), message: health.unwrap_or_else(|why| why) }),
        }
    }
}

const ENDPOINT_KEYS: &[&str] =
    &["name", "url", "kind", "model", "secret", "slots", "private", "input_price", "output_price"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddEndpoint {
    name: String,
    url: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    slots: Option<usize>,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    input_price: u64,
    #[serde(default)]
    output_price: u64,
}

pub(super) async fn list_endpoints(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let endpoints = state.agents.endpoints(&principal)?.into_iter().map(EndpointBody::from).collect();
    Ok(wire::json(StatusCode::OK, &EndpointList { endpoints }))
}

pub(super) async fn add_endpoint(
    State(state): Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageAgents)?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let asked: AddEndpoint = wire::parse(&bytes, ENDPOINT_KEYS)?;
    let name: Arc<str> = asked.name.into();
    let spec = EndpointSpec {
        name: name.clone(),
        url: asked.url,
        adapter: asked.kind.as_deref().unwrap_or(crate::agents::ADAPTER_DEFAULT).into(),
        model: asked.model,
        secret: asked.secret,
        slots: asked.slots.unwrap_or(SLOTS_DEFAULT),
        private: asked.private,
        input_price: asked.input_price,
        output_price: asked.output_price,
    };
    state.agents.add_endpoint(&principal, spec).await?;
    let added = state.agents.endpoints(&principal)?.into_iter().find(|view| view.spec.name == name);
    Ok(wire::json(StatusCode::OK, &added.map(EndpointBody::from)))
}

pub(super) async fn remove_endpoint(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let Path(name) = name?;
    state.agents.remove_endpoint(&principal, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Asks it how it is. That it is not well is an answer, too.
pub(super) async fn check_endpoint(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let Path(name) = name?;
    authorise(&principal, Action::ManageAgents)?;
    if !state.agents.endpoints(&principal)?.iter().any(|view| *view.spec.name == *name) {
        // Says what there is.
        state.agents.check_endpoint(&principal, &name).await?;
    }
    let health = match state.agents.check_endpoint(&principal, &name).await {
        Ok(message) => HealthBody { ok: true, message },
        Err(failure) => HealthBody { ok: false, message: failure.to_string() },
    };
    Ok(wire::json(StatusCode::OK, &health))
}

#[derive(Serialize)]
struct AgentList {
    agents: Vec<AgentBody>,
}

#[derive(Serialize)]
struct AgentBody {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    capabilities: Vec<String>,
    adapter: String,
    state: &'static str,
    endpoints: Vec<String>,
    may: Vec<String>,
    memory: bool,
    slots_min: usize,
    slots_max: usize,
    slots_open: usize,
    running: usize,
    waiting: usize,
    flaps: u64,
    slot_seconds: f64,
    ok: u64,
    failed: u64,
    cost: u64,
    instructions: String,
    settings: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<Box<RawValue>>,
}

impl AgentBody {
    /// An agent as `principal` may see it: what it was told is its operator's.
    fn of(view: AgentView, principal: &Principal) -> AgentBody {
        let AgentView { mut spec, state, went: (ok, failed), .. } = view;
        if principal.role() < Role::Operator {
            (spec.instructions, spec.settings) = (String::new(), "{}".to_owned());
        }
        let raw = |text: String| RawValue::from_string(text).ok();
        AgentBody {
            name: spec.name.to_string(),
            kind: spec.kind,
            capabilities: spec.capabilities,
            adapter: spec.adapter.to_string(),
            state: state.as_str(),
            endpoints: view.replicas.iter().filter(|name| !name.starts_with('@')).map(ToString::to_string).collect(),
            may: spec.may,
            memory: spec.memory,
            slots_min: spec.slots_min,
            slots_max: spec.slots_max,
            slots_open: view.slots_open,
            running: view.in_flight,
            waiting: view.waiting,
            flaps: view.flaps,
            slot_seconds: view.slot_ms as f64 / 1e3,
            ok,
            failed,
            cost: view.cost,
            instructions: spec.instructions,
            settings: raw(spec.settings).unwrap_or_default(),
            input_schema: view.input_schema.and_then(raw),
        }
    }
}

const AGENT_KEYS: &[&str] = &[
    "name",
    "type",
    "capabilities",
    "adapter",
    "endpoints",
    "instructions",
    "settings",
    "may",
    "memory",
    "slots_min",
    "slots_max",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateAgent<'a> {
    #[serde(default)]
    name: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    adapter: Option<String>,
    #[serde(default)]
    endpoints: Vec<String>,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default, borrow)]
    settings: Option<&'a RawValue>,
    #[serde(default)]
    may: Vec<String>,
    #[serde(default)]
    memory: bool,
    #[serde(default)]
    slots_min: Option<usize>,
    #[serde(default)]
    slots_max: Option<usize>,
}

pub(super) async fn list(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let agents = state.agents.list(&principal)?.into_iter().map(|view| AgentBody::of(view, &principal)).collect();
    Ok(wire::json(StatusCode::OK, &AgentList { agents }))
}

pub(super) async fn create(
    State(state): Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageAgents)?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let asked: CreateAgent<'_> = wire::parse(&bytes, AGENT_KEYS)?;
    let asked = NewAgent {
        name: asked.name,
        kind: asked.kind,
        capabilities: asked.capabilities,
        adapter: asked.adapter,
        endpoints: asked.endpoints,
        instructions: asked.instructions,
        settings: asked.settings.map(|settings| settings.get().to_owned()),
        may: asked.may,
        memory: asked.memory,
        slots_min: asked.slots_min,
        slots_max: asked.slots_max,
    };
    let view = state.agents.create(&principal, asked).await?;
    Ok(wire::json(StatusCode::OK, &AgentBody::of(view, &principal)))
}

pub(super) async fn show(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let Path(name) = name?;
    Ok(wire::json(StatusCode::OK, &AgentBody::of(state.agents.show(&principal, &name)?, &principal)))
}

pub(super) async fn remove(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let Path(name) = name?;
    state.agents.remove(&principal, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn drain(
    state: Shared,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    change(state, caller, name, Change::Drain).await
}

pub(super) async fn stop(
    state: Shared,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    change(state, caller, name, Change::Stop).await
}

pub(super) async fn restart(
    state: Shared,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    change(state, caller, name, Change::Restart).await
}

pub(super) async fn quarantine(
    state: Shared,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    change(state, caller, name, Change::Quarantine).await
}

async fn change(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    change: Change,
) -> Result<Response, HttpError> {
    let Path(name) = name?;
    let view = state.agents.change(&principal, &name, change).await?;
    Ok(wire::json(StatusCode::OK, &AgentBody::of(view, &principal)))
}

const RUN_KEYS: &[&str] = &[
    "agent",
    "capabilities",
    "input",
    "continuation",
    "limits",
    "locale",
    "session_id",
    "money",
    "fuel",
    "wall_ms",
    "memory_bytes",
    "host_calls",
    "output_bytes",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunRequest<'a> {
    #[serde(default)]
    agent: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(borrow)]
    input: &'a RawValue,
    #[serde(default)]
    continuation: Option<String>,
    #[serde(default)]
    limits: CallLimits,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    money: Option<u64>,
}

/// How a run ended, and how it came about.
#[derive(Serialize)]
struct RunAnswer<'a> {
    request_id: String,
    agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation: Option<&'a str>,
    attachments: Vec<AttachmentBody<'a>>,
    attempts: usize,
    reasons: &'a [String],
    input_tokens: u64,
    output_tokens: u64,
    cost: u64,
    usage: UsageBody,
}

pub(super) async fn run(
    State(state): Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::RunAgents)?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let ask = read(&bytes)?;
    if wants_events(&parts.headers) {
        return Ok(events(state.agents.clone(), principal, ask));
    }
    let ran = state.agents.run(&principal, ask).await;
    with_answer(ran, |answer| wire::json(StatusCode::OK, answer))
}

fn read(bytes: &[u8]) -> Result<Ask, HttpError> {
    let asked: RunRequest<'_> = wire::parse(bytes, RUN_KEYS)?;
    let wanted = match (asked.agent, asked.capabilities) {
        (Some(name), capabilities) if capabilities.is_empty() => Wanted::Named(name.into()),
        (None, capabilities) if !capabilities.is_empty() => Wanted::Able(capabilities),
        _ => {
            return Err(HttpError::malformed("give `agent`, a name, or `capabilities`, one or more words".to_owned()));
        }
    };
    let limits: LimitOverrides = asked.limits.into();
    let fuel = Limits::AGENT.tightened(&limits).fuel;
    Ok(Ask {
        continuation: asked.continuation,
        session_id: asked.session_id,
        locale: asked.locale,
        limits,
        purse: Some(Arc::new(Purse::new(fuel, asked.money))),
        ..Ask::new(wanted, asked.input.get().to_owned())
    })
}

/// Hands the wire form of a run that ended well to `then`, or returns its failure.
fn with_answer<T>(ran: Ran, then: impl FnOnce(&RunAnswer<'_>) -> T) -> Result<T, HttpError> {
    let answer = match ran.result {
        Ok(answer) => answer,
        Err(failure) => return Err(HttpError::of_call(failure, &ran.request_id, &ran.usage)),
    };
    let mut told = RunAnswer {
        request_id: ran.request_id.to_string(),
        agent: ran.agent.as_deref().unwrap_or_default(),
        endpoint: ran.replica.as_deref().filter(|name| !name.starts_with('@')),
        state: "completed",
        output: None,
        question: None,
        continuation: None,
        attachments: Vec::new(),
        attempts: ran.attempts,
        reasons: &ran.reasons,
        input_tokens: answer.input_tokens,
        output_tokens: answer.output_tokens,
        cost: ran.cost,
        usage: (&ran.usage).into(),
    };
    match &answer.end {
        AgentEnd::Done(done) => {
            told.output = Some(wire::raw(&done.json)?);
            told.attachments = done.attachments.iter().map(Into::into).collect();
        }
        AgentEnd::InputRequired { message, continuation } => {
            told.state = "input-required";
            (told.question, told.continuation) = (Some(message.as_str()), Some(continuation.as_str()));
        }
        AgentEnd::Healthy(_) => {}
    }
    Ok(then(&told))
}

struct Running {
    ran: Pin<Box<dyn Future<Output = Ran> + Send>>,
    progress: watch::Receiver<Option<Progress>>,
}

fn said(progress: &Option<Progress>) -> Option<Event> {
    progress.as_ref().map(|progress| event("progress", &ProgressBody::from(progress)))
}

/// The stream owns the run: when the client goes away it is dropped, and the run with it.
fn events(agents: Agents, principal: Principal, ask: Ask) -> Response {
    let (sink, progress) = watch::channel(None);
    let ask = Ask { progress: Some(Arc::new(sink)), ..ask };
    // The stream is read when whoever answers this request is done with it.
    let caller = CallerSpan::now();
    let ran = Box::pin(async move { CallerSpan::calls(caller, agents.run(&principal, ask)).await });
    let stream = stream::unfold(Some(Running { ran, progress }), |running| async {
        let mut running = running?;
        tokio::select! {
            biased;
            Ok(()) = running.progress.changed() => {
                let said = said(&running.progress.borrow_and_update());
                Some((said.into_iter().collect::<Vec<_>>(), Some(running)))
            }
            ran = running.ran.as_mut() => {
                let last = with_answer(ran, |answer| event("result", answer));
                // What was said last may have come at the same moment.
                let now = running.progress.borrow_and_update();
                let said = if now.has_changed() { said(&now) } else { None };
                let last = last.unwrap_or_else(|error| event("error", error.body()));
                Some((said.into_iter().chain([last]).collect(), None))
            }
        }
    });
    let stream = stream.flat_map(|events| stream::iter(events.into_iter().map(Ok::<_, Infallible>)));
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}
