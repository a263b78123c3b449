//! Building skills for gaps: starting a build with a file, looking at builds, and where what is served comes from.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::HttpError;
use super::gate::Caller;
use super::{Shared, body, wire};
use crate::base::{Failure, FailureKind};
use crate::security::{Action, authorise};
use crate::self_building::build::Built;
use crate::self_building::writers::PersonsFile;
use crate::store::builds::{BuildRecord, RoundRecord};

#[derive(Serialize)]
struct BuildList<'a> {
    builds: Vec<BuildBody<'a>>,
}

#[derive(Serialize)]
struct BuildBody<'a> {
    id: &'a str,
    gap: &'a str,
    /// Who asked for it.
    who: &'a str,
    /// What wrote it: `file`, or an agent's name.
    writer: &'a str,
    /// `open`, `passed`, `live`, `waiting`, `failed` or `cancelled`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    began_ms: u64,
    changed_ms: u64,
    n_rounds: u32,
    /// Only where one build is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rounds: Vec<RoundBody<'a>>,
}

#[derive(Serialize)]
struct RoundBody<'a> {
    number: u32,
    at_ms: u64,
    source: &'a str,
    passed: bool,
    stages: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<&'a str>,
    /// Calls of models, and what they cost in millionths of the operator's currency.
    model_calls: u32,
    cost: u64,
}

impl<'a> BuildBody<'a> {
    fn new(build: &'a BuildRecord, rounds: &'a [RoundRecord]) -> Result<BuildBody<'a>, HttpError> {
        let rounds = rounds.iter().map(|round| {
            Ok(RoundBody {
                number: round.number,
                at_ms: round.at_ms,
                source: &round.source,
                passed: round.passed,
                stages: wire::raw(&round.verdicts)?,
                told: round.told.as_deref(),
                model_calls: round.model_calls,
                cost: round.cost,
            })
        });
        Ok(BuildBody {
            id: &build.id,
            gap: &build.gap,
            who: &build.who,
            writer: &build.writer,
            state: build.state.as_str(),
            bundle: build.bundle.as_deref(),
            digest: build.digest.map(|digest| digest.to_string()),
            began_ms: build.began_ms,
            changed_ms: build.changed_ms,
            n_rounds: build.n_rounds,
            rounds: rounds.collect::<Result<_, HttpError>>()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartRequest {
    /// The gap's id.
    gap: String,
    /// The file's name, with its ending.
    #[serde(default)]
    file: Option<String>,
    /// Its text.
    #[serde(default)]
    source: Option<String>,
    /// The agent that is to write. Without that and a file, installed scripts are put together, or an agent is chosen.
    #[serde(default)]
    agent: Option<String>,
    /// What the skill is to do: hidden examples, and what it may ask for.
    #[serde(default)]
    need: Option<Value>,
}

pub(super) async fn start(
    state: Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageBundles)?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let asked: StartRequest = wire::parse(&bytes, &["gap", "file", "source", "agent", "need"])?;
    let need = asked.need.map(|need| need.to_string());
    let (gap, need) = (asked.gap.as_str(), need.as_deref());
    let built = match (asked.file, asked.source, asked.agent) {
        (Some(file), Some(source), None) => {
            state.builder.start(&principal, gap, &PersonsFile::new(file, source), need).await?
        }
        (None, None, agent) => state.builder.start_by(&principal, gap, agent.as_deref(), need).await?,
        _ => {
            let message = "a build takes `file` with `source`, or `agent`, or none of these";
            return Err(Failure::new(FailureKind::InvalidInput, message).into());
        }
    };
    shown(&built)
}

pub(super) async fn list(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let builds = state.builder.list(&principal).await?;
    let builds = builds.iter().map(|build| BuildBody::new(build, &[])).collect::<Result<_, _>>()?;
    Ok(wire::json(StatusCode::OK, &BuildList { builds }))
}

pub(super) async fn show(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    shown(&state.builder.show(&principal, &id?).await?)
}

pub(super) async fn cancel(
    State(state): Shared,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let build = state.builder.cancel(&principal, &id?).await?;
    Ok(wire::json(StatusCode::OK, &BuildBody::new(&build, &[])?))
}

fn shown((build, rounds): &Built) -> Result<Response, HttpError> {
    Ok(wire::json(StatusCode::OK, &BuildBody::new(build, rounds)?))
}

#[derive(Serialize)]
struct Provenance<'a> {
    bundle: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<&'a str>,
    /// The build that made it; none where a person put it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<BuildBody<'a>>,
}

pub(super) async fn provenance(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let (file, built) = state.builder.provenance(&principal, &name?).await?;
    let build = built.as_ref().map(|(build, rounds)| BuildBody::new(build, rounds)).transpose()?;
    let answer = Provenance {
        bundle: file.bundle.as_deref().unwrap_or_default(),
        state: file.state.as_str(),
        digest: file.digest.map(|digest| digest.to_string()),
        publisher: file.publisher.as_deref(),
        build,
    };
    Ok(wire::json(StatusCode::OK, &answer))
}
