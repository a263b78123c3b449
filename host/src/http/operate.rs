//! For operators: liveness, status, metrics, logs and tokens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use metrics::gauge;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::error::HttpError;
use super::gate::Caller;
use super::{DoorState, Shared, body, wire};
use crate::base::{Failure, FailureKind};
use crate::config::{self, Config, Setting};
use crate::security::tokens::TokenInfo;
use crate::security::{Action, Event, Principal, Role, authorise};
use crate::skills::FileState;
use crate::telemetry::LogLine;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Says only that the daemon answers.
pub(super) async fn healthz() -> Response {
    wire::json(StatusCode::OK, &Health { status: "ok" })
}

pub(super) async fn metrics(state: Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    authorise(&principal, Action::ReadStatus)?;
    let load = state.skills.load();
    let (n_running, n_waiting) = state.orchestrator.load();
    let n_gaps = state.orchestrator.n_gaps_open(&principal).await?;
    for (name, value) in [
        ("happyos_tasks_running", n_running as f64),
        ("happyos_tasks_waiting", n_waiting as f64),
        ("happyos_gaps_open", n_gaps as f64),
        ("happyos_calls_running", load.running as f64),
        ("happyos_calls_queued", load.queued as f64),
        ("happyos_memory_promised_bytes", load.memory_promised_bytes as f64),
        ("happyos_programs_loaded", load.programs_loaded as f64),
        ("happyos_programs_loaded_bytes", load.programs_loaded_bytes as f64),
        ("happyos_warm_scripts", load.warm_scripts as f64),
        ("happyos_code_cache_bytes", load.code_cache_bytes as f64),
        ("happyos_uptime_seconds", state.started.elapsed().as_secs_f64()),
    ] {
        gauge!(name).set(value);
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], state.metrics.render()).into_response())
}

#[derive(Serialize)]
struct Status<'a> {
    version: &'static str,
    uptime_s: u64,
    /// `serving` or `stopping`.
    state: &'static str,
    data_dir: String,
    skills_dir: String,
    components: Components<'a>,
}

#[derive(Serialize)]
struct Components<'a> {
    catalog: CatalogStatus<'a>,
    configuration: ConfigurationStatus,
    runtime: RuntimeStatus,
    doors: Doors,
}

#[derive(Serialize)]
struct CatalogStatus<'a> {
    /// `ok`, or `degraded` while files are refused.
    state: &'static str,
    bundles: usize,
    skills: usize,
    refusals: Vec<RefusalBody<'a>>,
    /// Bundles that wait for the operator.
    waiting: usize,
    /// What is wrong with the policy or the configuration as they lie on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct RefusalBody<'a> {
    path: String,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// The operator's settings.
#[derive(Serialize)]
struct ConfigurationStatus {
    /// `ok`, `waiting` while a change counts only at the next start, or `degraded` while the files have a mistake.
    state: &'static str,
    files: Vec<String>,
    /// Keys that were changed and count at the next start.
    waiting: Vec<&'static str>,
    settings: Vec<SettingBody>,
}

#[derive(Serialize)]
struct SettingBody {
    name: &'static str,
    /// As it is written in a file.
    value: String,
    /// Whether what it is about is there.
    active: bool,
}

#[derive(Serialize)]
struct RuntimeStatus {
    /// `ok`, or `full` while no more calls are taken.
    state: &'static str,
    calls_running: usize,
    calls_running_max: usize,
    calls_queued: usize,
    calls_queued_max: usize,
    memory_promised_bytes: u64,
    memory_bytes_max: u64,
    programs_loaded: usize,
    programs_loaded_bytes: u64,
    programs_loaded_bytes_max: u64,
    warm_scripts: usize,
    code_cache_bytes: u64,
    code_cache_bytes_max: u64,
}

#[derive(Serialize)]
struct Doors {
    /// `ok`, or `local` where the network side is off.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mcp: Option<String>,
    socket: String,
    tokens: usize,
    /// Skills that are no tools over MCP: their names are those of the daemon's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    no_tools: Vec<&'static str>,
}

pub(super) async fn status(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    authorise(&principal, Action::ReadStatus)?;
    let snapshot = state.skills.snapshot(&principal)?;
    let refusals: Vec<_> = snapshot
        .refusals()
        .iter()
        .map(|refusal| RefusalBody {
            path: refusal.path.display().to_string(),
            reason: &refusal.reason,
            hint: refusal.hint.as_deref(),
        })
        .collect();
    let problem = state.skills.problem();
    let config = state.config.load();
    let http = state.http_addr.map(|addr| format!("http://{addr}"));
    let configuration = configuration_status(&state, &config, problem.is_some());
    let answer = Status {
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: state.started.elapsed().as_secs(),
        state: if state.shutdown.is_cancelled() { "stopping" } else { "serving" },
        data_dir: config.data_dir.display().to_string(),
        skills_dir: config.skills_dir.display().to_string(),
        components: Components {
            catalog: CatalogStatus {
                state: if refusals.is_empty() && problem.is_none() { "ok" } else { "degraded" },
                bundles: snapshot.bundles().len(),
                skills: snapshot.skills().len(),
                refusals,
                waiting: snapshot.files().iter().filter(|file| waits(file)).count(),
                problem,
            },
            configuration,
            runtime: runtime_status(&state),
            doors: Doors {
                state: if http.is_some() { "ok" } else { "local" },
                mcp: http.as_ref().map(|http| format!("{http}/mcp")),
                http,
                socket: config.data_dir.join("happyos.sock").display().to_string(),
                tokens: state.tokens.list(&principal)?.len(),
                no_tools: snapshot.skill(crate::mcp::ASK).map(|_| crate::mcp::ASK).into_iter().collect(),
            },
        },
    };
    Ok(wire::json(StatusCode::OK, &answer))
}

fn configuration_status(state: &DoorState, config: &Config, has_problem: bool) -> ConfigurationStatus {
    let waiting = state.skills.configuration().borrow().waiting.clone();
    let setting = |Setting { name, value, is_active }| SettingBody { name, value, active: is_active };
    ConfigurationStatus {
        state: match (has_problem, waiting.is_empty()) {
            (true, _) => "degraded",
            (false, false) => "waiting",
            (false, true) => "ok",
        },
        files: config.files.iter().map(|file| file.display().to_string()).collect(),
        waiting,
        settings: config::original_settings(config).into_iter().map(setting).collect(),
    }
}

fn waits(file: &FileState) -> bool {
    use crate::skills::State::{PendingApproval, WaitingForGrant};
    matches!(file.state, PendingApproval | WaitingForGrant(_))
}

fn runtime_status(state: &DoorState) -> RuntimeStatus {
    let config = state.config.load();
    let (load, admission, compile) = (state.skills.load(), config.admission, config.compile);
    RuntimeStatus {
        state: if load.queued >= admission.queue_max { "full" } else { "ok" },
        calls_running: load.running,
        calls_running_max: admission.running_max,
        calls_queued: load.queued,
        calls_queued_max: admission.queue_max,
        memory_promised_bytes: load.memory_promised_bytes,
        memory_bytes_max: admission.memory_bytes_max,
        programs_loaded: load.programs_loaded,
        programs_loaded_bytes: load.programs_loaded_bytes,
        programs_loaded_bytes_max: compile.loaded_bytes_max,
        warm_scripts: load.warm_scripts,
        code_cache_bytes: load.code_cache_bytes,
        code_cache_bytes_max: compile.cache_bytes_max,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogQuery {
    follow: Option<String>,
    skill: Option<String>,
    bundle: Option<String>,
}

/// Which lines a reader wants.
struct LogFilter {
    skill: Option<String>,
    bundle: Option<String>,
}

impl LogFilter {
    fn wants(&self, line: &LogLine) -> bool {
        self.skill.as_deref().is_none_or(|skill| skill == &*line.skill)
            && self.bundle.as_deref().is_none_or(|bundle| bundle == &*line.bundle)
    }
}

#[derive(Serialize)]
struct LogBody<'a> {
    time_ms: u64,
    request_id: String,
    bundle: &'a str,
    skill: &'a str,
    level: &'static str,
    message: &'a str,
}

/// Stands in a followed log for lines that came faster than they were read.
#[derive(Serialize)]
struct LostBody {
    lost_lines: u64,
}

/// The kept lines as NDJSON; with `follow=1` also those that come, until the client or the daemon goes away.
pub(super) async fn logs(
    State(state): Shared,
    Caller(principal): Caller,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ReadLogs)?;
    let Query(query) = query?;
    let follow = match query.follow.as_deref() {
        None | Some("0" | "false") => false,
        Some("1" | "true") => true,
        Some(other) => return Err(HttpError::malformed(format!("`follow` is {other:?}, not 0 or 1"))),
    };
    let filter = LogFilter { skill: query.skill, bundle: query.bundle };
    let (kept, live) = state.skills.guest_log().follow();
    let mut text = Vec::new();
    kept.iter().filter(|line| filter.wants(line)).for_each(|line| push_line(&mut text, line));
    let body = if follow { follow_body(text, filter, live, state.shutdown.clone()) } else { Body::from(text) };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, body).into_response())
}

fn follow_body(
    kept: Vec<u8>,
    filter: LogFilter,
    live: broadcast::Receiver<Arc<LogLine>>,
    shutdown: CancellationToken,
) -> Body {
    let state = (Some(kept), filter, live, shutdown);
    Body::from_stream(stream::unfold(state, |(mut kept, filter, mut live, shutdown)| async move {
        if let Some(kept) = kept.take() {
            return Some((Ok::<_, Infallible>(Bytes::from(kept)), (None, filter, live, shutdown)));
        }
        let mut text = Vec::new();
        while text.is_empty() {
            let received = tokio::select! {
                received = live.recv() => received,
                () = shutdown.cancelled() => return None,
            };
            match received {
                Ok(line) if filter.wants(&line) => push_line(&mut text, &line),
                Ok(_) => {}
                Err(RecvError::Lagged(lost_lines)) => push_json(&mut text, &LostBody { lost_lines }),
                Err(RecvError::Closed) => return None,
            }
        }
        Some((Ok(Bytes::from(text)), (None, filter, live, shutdown)))
    }))
}

fn push_line(text: &mut Vec<u8>, line: &LogLine) {
    let body = LogBody {
        time_ms: line.time_ms,
        request_id: line.request_id.to_string(),
        bundle: &line.bundle,
        skill: &line.skill,
        level: line.level.as_str(),
        message: &line.message,
    };
    push_json(text, &body);
}

fn push_json(text: &mut Vec<u8>, body: &impl Serialize) {
    let before = text.len();
    match serde_json::to_writer(&mut *text, body) {
        Ok(()) => text.push(b'\n'),
        Err(error) => {
            tracing::error!(%error, "a log line could not be written as JSON");
            text.truncate(before);
        }
    }
}

#[derive(Serialize)]
struct TokenList {
    tokens: Vec<TokenBody>,
}

#[derive(Serialize)]
struct TokenBody {
    name: String,
    role: &'static str,
    /// Seconds since 1970-01-01T00:00:00Z.
    created_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_s: Option<u64>,
    expired: bool,
    /// Only where the token was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl TokenBody {
    fn new(info: &TokenInfo, secret: Option<String>) -> TokenBody {
        let unix_s = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        TokenBody {
            name: info.name.to_string(),
            role: info.role.as_str(),
            created_s: unix_s(info.created),
            expires_s: info.expires.map(unix_s),
            expired: info.expires.is_some_and(|expires| expires <= SystemTime::now()),
            secret,
        }
    }
}

pub(super) async fn list_tokens(state: Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let tokens = state.tokens.list(&principal)?;
    let tokens = tokens.iter().map(|info| TokenBody::new(info, None)).collect();
    Ok(wire::json(StatusCode::OK, &TokenList { tokens }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateToken {
    name: String,
    role: String,
    #[serde(default)]
    expires_in_s: Option<u64>,
    /// Whether it takes over what is kept of one of that name before.
    #[serde(default)]
    adopt: bool,
}

pub(super) async fn create_token(
    State(state): Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageTokens)?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let asked: CreateToken = wire::parse(&bytes, &["name", "role", "expires_in_s", "adopt"])?;
    let role = Role::parse(&asked.role)
        .ok_or_else(|| HttpError::malformed(format!("`role` is {:?}, not `user` or `operator`", asked.role)))?;
    let expires = match asked.expires_in_s {
        None => None,
        Some(seconds) => Some(
            SystemTime::now()
                .checked_add(Duration::from_secs(seconds))
                .ok_or_else(|| HttpError::malformed(format!("`expires_in_s` is {seconds}: no clock goes that far")))?,
        ),
    };
    // Requests belong to names: who gets one that was in use gets what is kept under it.
    if !asked.adopt && state.orchestrator.keeps(&asked.name).await? && !is_token(&state, &principal, &asked.name)? {
        let name = &asked.name;
        let message = format!("requests of an earlier `{name}` are kept, which the new one would see");
        return Err(HttpError::malformed(message).with_hint(format!(
            "choose another name; or `happyos memory erase --user {name}` first; or take them over with `--adopt`"
        )));
    }
    let (info, secret) = on_disk(move || {
        let (info, secret) = state.tokens.create(&principal, &asked.name, role, expires)?;
        let why = format!("role {role}");
        state.audit.record(&Event { who: principal.name(), what: "token.made", on: &info.name, why: &why });
        Ok((info, secret))
    })
    .await?;
    Ok(wire::json(StatusCode::CREATED, &TokenBody::new(&info, Some(secret))))
}

/// Whether there is a token of that name now.
fn is_token(state: &DoorState, principal: &Principal, name: &str) -> Result<bool, HttpError> {
    Ok(state.tokens.list(principal)?.iter().any(|token| &*token.name == name))
}

pub(super) async fn revoke_token(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageTokens)?;
    let Path(name) = name?;
    on_disk(move || {
        state.tokens.revoke(&principal, &name)?;
        state.audit.record(&Event { who: principal.name(), what: "token.revoked", on: &name, why: "" });
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Runs what waits for the disk where it holds up nobody.
pub(super) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an operator's work stopped");
        Err(Failure::new(FailureKind::Internal, "it could not be done").with_hint("the daemon's log has the reason"))
    })
}
