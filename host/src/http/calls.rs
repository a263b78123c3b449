//! Calling a skill: its answer as JSON, or its progress and then its answer as server-sent events.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::watch;

use super::error::HttpError;
use super::gate::Caller;
use super::wire::{self, CALL_KEYS, CallAnswer, CallRequest, ProgressBody};
use super::{Shared, body};
use crate::base::LimitOverrides;
use crate::security::{Action, Principal, authorise};
use crate::skills::{Call, INPUT_BYTES_ASIDE, Outcome, Progress, ProgressSink, Skills};

/// Longest language tag and session id, in bytes.
const TAG_BYTES_MAX: usize = 128;

pub(super) async fn call(
    state: Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::CallSkill)?;
    let Path(name) = name?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let call = if bytes.len() > INPUT_BYTES_ASIDE {
        state.skills.compute(move || read(name, &bytes)).await??
    } else {
        read(name, &bytes)?
    };
    if wants_events(&parts.headers) {
        return Ok(events(state.skills.clone(), principal, call));
    }
    let outcome = call.run(&state.skills, &principal, None).await;
    with_answer(outcome, |answer| wire::json(StatusCode::OK, answer))
}

/// What a body asks of the skill `name`.
fn read(name: String, body: &[u8]) -> Result<OwnedCall, HttpError> {
    let asked: CallRequest<'_> = wire::parse(body, CALL_KEYS)?;
    for (key, value) in [("locale", &asked.locale), ("session_id", &asked.session_id)] {
        if value.as_ref().is_some_and(|value| value.len() > TAG_BYTES_MAX) {
            return Err(HttpError::malformed(format!("`{key}` is longer than {TAG_BYTES_MAX} bytes")));
        }
    }
    Ok(OwnedCall {
        skill: name,
        input: asked.input.map_or("{}", |input| input.get()).to_owned(),
        session_id: asked.session_id,
        locale: asked.locale,
        limits: asked.limits.into(),
        seed: asked.seed,
    })
}

/// Hands the wire form of a successful call to `then`, or returns its failure.
fn with_answer<T>(outcome: Outcome, then: impl FnOnce(&CallAnswer<'_>) -> T) -> Result<T, HttpError> {
    let answer = match outcome.result {
        Ok(answer) => answer,
        Err(failure) => return Err(HttpError::of_call(failure, &outcome.request_id, &outcome.usage)),
    };
    Ok(then(&CallAnswer {
        request_id: outcome.request_id.to_string(),
        output: wire::raw(&answer.json)?,
        attachments: answer.attachments.iter().map(Into::into).collect(),
        usage: (&outcome.usage).into(),
    }))
}

pub(super) fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .flat_map(|accept| accept.split(','))
        .any(|accept| accept.split(';').next().is_some_and(|kind| kind.trim() == "text/event-stream"))
}

/// A call that does not borrow from its request's body.
struct OwnedCall {
    skill: String,
    input: String,
    session_id: Option<String>,
    locale: Option<String>,
    limits: LimitOverrides,
    seed: Option<u64>,
}

impl OwnedCall {
    async fn run(self, skills: &Skills, principal: &Principal, progress: Option<ProgressSink>) -> Outcome {
        let call = Call {
            skill: &self.skill,
            input: self.input.into(),
            session_id: self.session_id.as_deref(),
            locale: self.locale.as_deref(),
            limits: self.limits,
            seed: self.seed,
            progress,
            request_id: None,
        };
        skills.call(principal, call).await
    }
}

struct Running {
    outcome: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    progress: watch::Receiver<Option<Progress>>,
}

/// The stream owns the call: when the client goes away it is dropped, and the call with it.
fn events(skills: Skills, principal: Principal, call: OwnedCall) -> Response {
    let (sink, progress) = watch::channel(None);
    let outcome = Box::pin(async move { call.run(&skills, &principal, Some(Arc::new(sink))).await });
    let running = Some(Running { outcome, progress });
    let stream = stream::unfold(running, |running| async {
        let mut running = running?;
        tokio::select! {
            biased;
            // Ends with the call, which holds the sender: then the other branch is the one left.
            Ok(()) = running.progress.changed() => {
                let progress = running.progress.borrow_and_update().clone();
                let event = progress.as_ref().map_or_else(Event::default, |progress| {
                    event("progress", &ProgressBody::from(progress))
                });
                Some((Ok::<_, Infallible>(event), Some(running)))
            }
            outcome = running.outcome.as_mut() => Some((Ok(last_event(outcome)), None)),
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}

fn last_event(outcome: Outcome) -> Event {
    match with_answer(outcome, |answer| event("result", answer)) {
        Ok(event) => event,
        Err(error) => event("error", error.body()),
    }
}

pub(super) fn event(name: &str, data: &impl serde::Serialize) -> Event {
    match serde_json::to_string(data) {
        Ok(data) => Event::default().event(name).data(data),
        Err(error) => {
            tracing::error!(%error, "an event could not be written as JSON");
            Event::default().event("error")
        }
    }
}
