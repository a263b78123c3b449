//! What no skill does, and what is remembered.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use super::error::HttpError;
use super::gate::Caller;
use super::{Shared, wire};
use crate::store::gaps::{Evidence, GapRecord};
use crate::store::recall::LearnedRecord;

#[derive(Serialize)]
struct GapList<'a> {
    gaps: Vec<GapBody<'a>>,
}

#[derive(Serialize)]
pub(super) struct GapBody<'a> {
    id: &'a str,
    owner: &'a str,
    /// `open`, `dismissed` or `filled`.
    state: &'static str,
    /// What requests for it have in common.
    key: &'a str,
    /// The request that asked last.
    text: &'a str,
    count: u64,
    first_ms: u64,
    last_ms: u64,
    /// Only where one gap is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<EvidenceBody<'a>>,
}

#[derive(Serialize)]
struct EvidenceBody<'a> {
    task: String,
    at_ms: u64,
    text: &'a str,
    why: &'a RawValue,
}

impl<'a> GapBody<'a> {
    pub(super) fn new(gap: &'a GapRecord, evidence: &'a [Evidence]) -> Result<GapBody<'a>, HttpError> {
        let evidence = evidence.iter().map(|one| {
            let why = wire::raw(&one.why)?;
            Ok(EvidenceBody { task: one.task.to_string(), at_ms: one.at_ms, text: &one.text, why })
        });
        Ok(GapBody {
            id: &gap.id,
            owner: &gap.owner,
            state: gap.state.as_str(),
            key: &gap.key,
            text: &gap.text,
            count: gap.count,
            first_ms: gap.first_ms,
            last_ms: gap.last_ms,
            evidence: evidence.collect::<Result<_, HttpError>>()?,
        })
    }
}

pub(super) async fn list_gaps(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let gaps = state.orchestrator.gaps(&principal).await?;
    let gaps = gaps.iter().map(|gap| GapBody::new(gap, &[])).collect::<Result<_, _>>()?;
    Ok(wire::json(StatusCode::OK, &GapList { gaps }))
}

pub(super) async fn show_gap(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let (gap, evidence) = state.orchestrator.gap(&principal, &id?).await?;
    Ok(wire::json(StatusCode::OK, &GapBody::new(&gap, &evidence)?))
}

pub(super) async fn dismiss_gap(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    state.orchestrator.dismiss_gap(&principal, &id?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Serialize)]
struct MemoryList<'a> {
    choices: Vec<ChoiceBody<'a>>,
}

#[derive(Serialize)]
pub(super) struct ChoiceBody<'a> {
    id: &'a str,
    text: &'a str,
    skill: &'a str,
    count: u64,
    last_ms: u64,
}

impl<'a> From<&'a LearnedRecord> for ChoiceBody<'a> {
    fn from(record: &'a LearnedRecord) -> ChoiceBody<'a> {
        let LearnedRecord { id, text, skill, count, last_ms, .. } = record;
        ChoiceBody { id, text, skill, count: *count, last_ms: *last_ms }
    }
}

pub(super) async fn list_memory(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let choices = state.orchestrator.memory().list(&principal).await?;
    Ok(wire::json(StatusCode::OK, &MemoryList { choices: choices.iter().map(Into::into).collect() }))
}

#[derive(Serialize)]
struct Forgotten {
    forgotten: usize,
}

pub(super) async fn forget_all(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let forgotten = state.orchestrator.memory().forget(&principal, None).await?;
    Ok(wire::json(StatusCode::OK, &Forgotten { forgotten }))
}

pub(super) async fn forget(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let forgotten = state.orchestrator.memory().forget(&principal, Some(&id?)).await?;
    Ok(wire::json(StatusCode::OK, &Forgotten { forgotten }))
}
