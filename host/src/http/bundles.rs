//! What operators do with bundles: list their files and states, look at one before it is installed, install, approve,
//! grant, roll back, remove.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::HttpError;
use super::gate::{Caller, LocalOnly};
use super::{Shared, body, wire};
use crate::base::{Digest, Grants, Requests};
use crate::security::{Action, authorise};
use crate::skills::{FileState, Import, Inspection, Snapshot, State};

/// A request without a file has at most this many bytes.
const BODY_BYTES_MAX: usize = 256 << 10;
/// Beside the file itself: its name, its signature and JSON around them.
const INSTALL_OVERHEAD_BYTES: u64 = 64 << 10;

#[derive(Serialize)]
struct BundleList<'a> {
    bundles: Vec<FileBody<'a>>,
    /// What is wrong with the operator's files; what was read before is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// One file of the skills directory.
#[derive(Serialize)]
pub(super) struct FileBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    path: String,
    state: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<&'a str>,
    requests: RequestsBody,
    /// The version that answers calls now.
    #[serde(skip_serializing_if = "Option::is_none")]
    serving_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serving_digest: Option<String>,
}

impl<'a> FileBody<'a> {
    pub(super) fn new(file: &'a FileState, snapshot: &Snapshot) -> FileBody<'a> {
        let bundle = file.bundle.as_deref().and_then(|name| snapshot.bundle(name));
        let serving = bundle.filter(|bundle| bundle.path == file.path);
        FileBody {
            name: file.bundle.as_deref(),
            path: file.path.display().to_string(),
            state: file.state.as_str(),
            reason: &file.reason,
            hint: file.hint.as_deref(),
            version: file.version.as_deref(),
            digest: file.digest.map(|digest| digest.to_string()),
            publisher: file.publisher.as_deref(),
            requests: (&file.requests).into(),
            serving_version: serving.and_then(|bundle| bundle.version.clone()),
            serving_digest: serving.map(|bundle| bundle.digest.to_string()),
        }
    }
}

/// What a bundle asks for, in the grammar of the policy.
#[derive(Serialize)]
struct RequestsBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    kv_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    http: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<String>,
}

impl From<&Requests> for RequestsBody {
    fn from(requests: &Requests) -> RequestsBody {
        RequestsBody {
            kv_bytes: requests.kv_bytes,
            http: requests.http.iter().map(ToString::to_string).collect(),
            secrets: requests.secrets.clone(),
            files: requests.files.iter().map(ToString::to_string).collect(),
            env: requests.env.clone(),
        }
    }
}

pub(super) async fn list(state: Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    authorise(&principal, Action::ReadStatus)?;
    let snapshot = state.skills.snapshot(&principal)?;
    let bundles = snapshot.files().iter().map(|file| FileBody::new(file, &snapshot)).collect();
    Ok(wire::json(StatusCode::OK, &BundleList { bundles, problem: state.skills.problem() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstallRequest {
    file: String,
    /// Base64, padded.
    data: String,
    #[serde(default)]
    signature: Option<String>,
}

pub(super) async fn install(
    state: Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageBundles)?;
    let (parts, body) = request.into_parts();
    let bytes_max = state.config.load().compile.bundle_bytes_max.saturating_mul(4) / 3 + INSTALL_OVERHEAD_BYTES;
    let bytes = body::read(&parts.headers, body, usize::try_from(bytes_max).unwrap_or(usize::MAX)).await?;
    let asked: InstallRequest = wire::parse(&bytes, &["file", "data", "signature"])?;
    let data = base64::engine::general_purpose::STANDARD
        .decode(&asked.data)
        .map_err(|error| HttpError::malformed(format!("`data` is not base64: {error}")))?;
    drop(bytes);
    let file = state.skills.install(&principal, &asked.file, data, asked.signature).await?;
    answer(&state, &principal, StatusCode::OK, &file)
}

fn answer(
    state: &Shared,
    principal: &crate::security::Principal,
    status: StatusCode,
    file: &FileState,
) -> Result<Response, HttpError> {
    let snapshot = state.skills.snapshot(principal)?;
    Ok(wire::json(status, &FileBody::new(file, &snapshot)))
}

/// Reads a small body; none at all is an empty object.
async fn read<T: DeserializeOwned>(request: Request<Body>, keys: &[&str]) -> Result<T, HttpError> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, BODY_BYTES_MAX).await?;
    wire::parse(if bytes.is_empty() { b"{}" } else { &bytes }, keys)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApproveRequest {
    #[serde(default)]
    digest: Option<String>,
}

pub(super) async fn approve(
    state: Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageBundles)?;
    let Path(name) = name?;
    let asked: ApproveRequest = read(request, &["digest"]).await?;
    let file = state.skills.approve(&principal, &name, digest(asked.digest.as_deref())?).await?;
    answer(&state, &principal, StatusCode::OK, &file)
}

fn digest(text: Option<&str>) -> Result<Option<Digest>, HttpError> {
    let read =
        |text: &str| Digest::parse(text).ok_or_else(|| HttpError::malformed("`digest` is not 64 hexadecimal digits"));
    text.map(read).transpose()
}

const GRANT_KEYS: &[&str] = &["digest", "kv_bytes", "http", "secrets", "files", "env"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantRequest {
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    kv_bytes: Option<u64>,
    #[serde(default)]
    http: Option<Vec<String>>,
    #[serde(default)]
    secrets: Option<Vec<String>>,
    #[serde(default)]
    files: Option<Vec<String>>,
    #[serde(default)]
    env: Option<BTreeMap<String, String>>,
}

pub(super) async fn grant(
    state: Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageBundles)?;
    let Path(name) = name?;
    let asked: GrantRequest = read(request, GRANT_KEYS).await?;
    let grants = Grants {
        kv_bytes: asked.kv_bytes,
        http: asked.http.map(|texts| parsed("http", &texts)).transpose()?,
        secrets: asked.secrets,
        files: asked.files.map(|texts| parsed("files", &texts)).transpose()?,
        env: asked.env,
    };
    let file = state.skills.grant(&principal, &name, digest(asked.digest.as_deref())?, grants).await?;
    answer(&state, &principal, StatusCode::OK, &file)
}

fn parsed<T: FromStr<Err = String>>(key: &str, texts: &[String]) -> Result<Vec<T>, HttpError> {
    let parse = |text: &String| text.parse().map_err(|why| HttpError::malformed(format!("`{key}`: `{text}` {why}")));
    texts.iter().map(parse).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) async fn rollback(
    state: Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageBundles)?;
    let Path(name) = name?;
    let Nothing {} = read(request, &[]).await?;
    let file = state.skills.rollback(&principal, &name).await?;
    answer(&state, &principal, StatusCode::OK, &file)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveQuery {
    #[serde(default)]
    forget: Option<String>,
}

pub(super) async fn remove(
    state: Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<RemoveQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageBundles)?;
    let (Path(name), Query(query)) = (name?, query?);
    let forget = match query.forget.as_deref() {
        None | Some("0" | "false") => false,
        Some("1" | "true") => true,
        Some(other) => return Err(HttpError::malformed(format!("`forget` is {other:?}, not 0 or 1"))),
    };
    state.skills.remove(&principal, &name, forget).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InspectRequest {
    path: PathBuf,
}

#[derive(Serialize)]
struct InspectAnswer<'a> {
    /// Whether it is a bundle that works, whatever the policy says of it.
    readable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<&'a str>,
    imports: Vec<ImportBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<RequestsBody>,
    /// What would become of it in the skills directory, as far as policy decides that.
    state: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct ImportBody<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'static str>,
    /// It does nothing here: what it needs is neither asked for nor granted.
    inert: bool,
}

impl<'a> From<&'a Import> for ImportBody<'a> {
    fn from(import: &'a Import) -> ImportBody<'a> {
        ImportBody { name: &import.name, needs: import.needs.map(|kind| kind.as_str()), inert: import.inert }
    }
}

impl<'a> InspectAnswer<'a> {
    fn of(found: &'a Inspection) -> InspectAnswer<'a> {
        InspectAnswer {
            readable: true,
            name: Some(&found.name),
            version: found.version.as_deref(),
            license: found.license.as_deref(),
            kind: Some(found.kind.as_str()),
            digest: Some(found.digest.to_string()),
            size_bytes: Some(found.size_bytes),
            signed: Some(found.signed),
            publisher: found.publisher.as_deref(),
            imports: found.imports.iter().map(Into::into).collect(),
            requests: Some((&found.requests).into()),
            state: found.state.as_str(),
            reason: &found.reason,
            hint: None,
        }
    }
}

/// Reads a file of this machine, so only those may ask who could read it anyway.
pub(super) async fn inspect(
    state: Shared,
    Caller(principal): Caller,
    _: LocalOnly,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::CheckFiles)?;
    let asked: InspectRequest = read(request, &["path"]).await?;
    if !asked.path.is_absolute() {
        return Err(HttpError::malformed(format!("`path` is `{}`, not absolute", asked.path.display())));
    }
    let inspected = state.skills.inspect_file(&principal, &asked.path).await;
    Ok(match &inspected {
        Ok(found) => wire::json(StatusCode::OK, &InspectAnswer::of(found)),
        Err(refusal) => wire::json(
            StatusCode::OK,
            &InspectAnswer {
                readable: false,
                name: None,
                version: None,
                license: None,
                kind: None,
                digest: None,
                size_bytes: None,
                signed: None,
                publisher: None,
                imports: Vec::new(),
                requests: None,
                state: State::Refused.as_str(),
                reason: &refusal.reason,
                hint: refusal.hint.as_deref(),
            },
        ),
    })
}
