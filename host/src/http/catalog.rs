//! What is installed: listing skills, showing one, checking a file and running a bundle's examples.

use std::path::PathBuf;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::HttpError;
use super::gate::{Caller, LocalOnly};
use super::wire::{self, SkillDetail, SkillList, UsageBody};
use super::{Shared, body};
use crate::base::{Failure, FailureKind};
use crate::security::{Action, authorise};
use crate::self_building::{Need, Report, Verdict};
use crate::skills::{BundleKind, Snapshot, State};

/// Skills on one page, where the request does not say.
const PAGE: usize = 100;
/// Most skills on one page.
const PAGE_MAX: usize = 1000;
/// Most bundles that are said not to be served; `GET /v1/bundles` has all.
const NOT_SERVING_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    q: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) async fn list(
    state: Shared,
    Caller(principal): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    let snapshot = state.skills.snapshot(&principal)?;
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(HttpError::malformed(format!("`limit` is {limit}, not 1 to {PAGE_MAX}")));
    }
    let after = query.after.as_deref().unwrap_or_default();
    let wanted = query.q.unwrap_or_default().to_lowercase();
    let skills = snapshot.skills();
    let start = skills.partition_point(|skill| &**skill.name() <= after);
    let mut found = skills.iter().skip(start).filter(|skill| {
        wanted.is_empty()
            || skill.name().to_lowercase().contains(&wanted)
            || skill.description().to_lowercase().contains(&wanted)
    });
    let page: Vec<_> = found.by_ref().take(limit).collect();
    let next = found.next().and(page.last()).map(|last| &**last.name());
    let skills = page.into_iter().map(|skill| (&**skill).into()).collect();
    let not_serving: Vec<_> = if query.after.is_none() {
        let files = snapshot.files().iter().filter(|file| file.state != State::Serving);
        files.take(NOT_SERVING_MAX).map(|file| (&**file).into()).collect()
    } else {
        Vec::new()
    };
    Ok(wire::json(StatusCode::OK, &SkillList { skills, not_serving, next }))
}

pub(super) async fn show(
    state: Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let snapshot = state.skills.snapshot(&principal)?;
    let Path(name) = name?;
    show_named(&snapshot, &name)
}

/// The skill that is called as the path of [`check`] ends.
pub(super) async fn show_check(state: Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    show_named(&*state.skills.snapshot(&principal)?, "check")
}

fn show_named(snapshot: &Snapshot, name: &str) -> Result<Response, HttpError> {
    let Some(skill) = snapshot.skill(name) else {
        let shown: String = name.chars().take(80).collect();
        let failure = Failure::new(FailureKind::NotFound, format!("there is no skill named `{shown}`"));
        return Err(match snapshot.nearest(name) {
            Some(nearest) => failure.with_hint(format!("did you mean `{nearest}`?")).into(),
            None => failure.with_hint("`GET /v1/skills` lists those there are").into(),
        });
    };
    Ok(wire::json(StatusCode::OK, &SkillDetail::of(skill)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckRequest {
    path: PathBuf,
}

#[derive(Serialize)]
struct CheckAnswer<'a> {
    /// Whether it would be served.
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<CheckedBody<'a>>,
    skills: Vec<CheckedSkill<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    /// What each stage of the gate found; none for a file that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stages: Vec<StageBody<'a>>,
}

/// What one stage of the gate found.
#[derive(Serialize)]
pub(super) struct StageBody<'a> {
    stage: &'static str,
    /// `passed`, `failed` or `not applicable`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    seen: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<&'a str>,
}

impl<'a> From<&'a Verdict> for StageBody<'a> {
    fn from(verdict: &'a Verdict) -> StageBody<'a> {
        let Verdict { stage, outcome, seen, on, .. } = verdict;
        StageBody { stage: stage.as_str(), outcome: outcome.as_str(), seen, on: on.as_deref() }
    }
}

#[derive(Serialize)]
struct CheckedBody<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    digest: String,
    kind: &'static str,
    size_bytes: u64,
}

#[derive(Serialize)]
struct CheckedSkill<'a> {
    name: &'a str,
}

/// Reads a file of this machine, so only those may ask who could read it anyway.
pub(super) async fn check(
    state: Shared,
    Caller(principal): Caller,
    _: LocalOnly,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::CheckFiles)?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let asked: CheckRequest = wire::parse(&bytes, &["path"])?;
    if !asked.path.is_absolute() {
        return Err(HttpError::malformed(format!("`path` is `{}`, not absolute", asked.path.display())));
    }
    let file = state.skills.read_file(&principal, &asked.path).await;
    let checked = match &file {
        Ok(file) => state.skills.check_file(&principal, file).await,
        Err(refusal) => Err(refusal.clone()),
    };
    let report = match (&checked, &file) {
        // The gate judges skills.
        (Ok(checked), _) if checked.kind == BundleKind::Agent => Report::default(),
        (_, Ok(file)) => {
            let name = asked.path.file_name().unwrap_or_default().to_string_lossy();
            state.builder.judge(&principal, &Need::default(), &name, file.bytes()).await?
        }
        // Nothing is said of what could not be read.
        (_, Err(_)) => Report::default(),
    };
    let failed = report.failure().map(|failed| format!("{}: {}", failed.stage.as_str(), failed.seen));
    let stages = report.verdicts.iter().map(StageBody::from).collect();
    let answer = match &checked {
        Ok(checked) => CheckAnswer {
            accepted: failed.is_none(),
            bundle: Some(CheckedBody {
                name: &checked.name,
                version: checked.version.as_deref(),
                digest: checked.digest.to_string(),
                kind: checked.kind.as_str(),
                size_bytes: checked.size_bytes,
            }),
            skills: checked.skills.iter().map(|name| CheckedSkill { name }).collect(),
            reason: failed.as_deref(),
            hint: None,
            stages,
        },
        Err(refusal) => CheckAnswer {
            accepted: false,
            bundle: None,
            skills: Vec::new(),
            reason: Some(&refusal.reason),
            hint: refusal.hint.as_deref(),
            stages,
        },
    };
    Ok(wire::json(StatusCode::OK, &answer))
}

#[derive(Serialize)]
struct ExamplesAnswer<'a> {
    bundle: &'a str,
    passed: usize,
    failed: usize,
    examples: Vec<ExampleBody<'a>>,
}

#[derive(Serialize)]
struct ExampleBody<'a> {
    skill: &'a str,
    /// Counted from 0 within its skill.
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    usage: UsageBody,
}

/// Runs all examples of the bundle named in the path.
pub(super) async fn run_examples(
    state: Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::CallSkill)?;
    let Path(name) = name?;
    let results = state.skills.run_examples(&principal, &name).await?;
    let examples: Vec<_> = results
        .iter()
        .map(|example| ExampleBody {
            skill: &example.skill,
            index: example.number.saturating_sub(1),
            request: example.request.as_deref(),
            passed: example.result.is_ok(),
            reason: example.result.as_ref().err().map(String::as_str),
            usage: (&example.usage).into(),
        })
        .collect();
    let passed = examples.iter().filter(|example| example.passed).count();
    let answer = ExamplesAnswer { bundle: &name, passed, failed: examples.len() - passed, examples };
    Ok(wire::json(StatusCode::OK, &answer))
}
