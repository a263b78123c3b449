//! For operators: secrets, publishers' keys, and the audit log.

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::error::HttpError;
use super::gate::Caller;
use super::operate::on_disk;
use super::{Shared, body, wire};
use crate::base::{Failure, FailureKind, HttpGrant, check_grant_name};
use crate::security::audit::LAST_MAX;
use crate::security::secrets::SecretInfo;
use crate::security::signing::PublicKey;
use crate::security::{Action, AuditEntry, Event, authorise};

/// Entries of the audit log where nobody says how many.
const AUDIT_DEFAULT: usize = 100;

#[derive(Serialize)]
struct SecretList {
    secrets: Vec<SecretBody>,
}

/// A secret, without its value.
#[derive(Serialize)]
struct SecretBody {
    name: String,
    hosts: Vec<String>,
    set_ms: u64,
}

impl From<&SecretInfo> for SecretBody {
    fn from(info: &SecretInfo) -> SecretBody {
        let hosts = info.hosts.iter().map(ToString::to_string).collect();
        SecretBody { name: info.name.clone(), hosts, set_ms: info.set_ms }
    }
}

pub(super) async fn list_secrets(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    let secrets = on_disk(move || state.secrets.list(&principal)).await?;
    Ok(wire::json(StatusCode::OK, &SecretList { secrets: secrets.iter().map(SecretBody::from).collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetSecret {
    value: String,
    hosts: Vec<String>,
}

pub(super) async fn set_secret(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageSecrets)?;
    let Path(name) = name?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let asked: SetSecret = wire::parse(&bytes, &["value", "hosts"])?;
    let parse = |host: &String| {
        host.parse::<HttpGrant>().map_err(|what| HttpError::malformed(format!("in `hosts`, {host:?} {what}")))
    };
    let hosts = asked.hosts.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let info = on_disk(move || {
        let info = state.secrets.set(&principal, &name, asked.value, hosts)?;
        let hosts = SecretBody::from(&info).hosts.join(", ");
        let why = format!("for {hosts}");
        state.audit.record(&Event { who: principal.name(), what: "secret.set", on: &info.name, why: &why });
        Ok(info)
    })
    .await?;
    Ok(wire::json(StatusCode::OK, &SecretBody::from(&info)))
}

pub(super) async fn remove_secret(
    State(state): Shared,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageSecrets)?;
    let Path(name) = name?;
    on_disk(move || {
        state.secrets.remove(&principal, &name)?;
        state.audit.record(&Event { who: principal.name(), what: "secret.removed", on: &name, why: "" });
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Serialize)]
struct KeyList {
    keys: Vec<KeyBody>,
}

#[derive(Serialize)]
struct KeyBody {
    publisher: String,
    public: String,
}

pub(super) async fn list_keys(State(state): Shared, Caller(principal): Caller) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageKeys)?;
    let policy = on_disk(move || Ok(state.policy.load()?)).await?;
    let body =
        |(publisher, key): (&String, &PublicKey)| KeyBody { publisher: publisher.clone(), public: key.to_string() };
    Ok(wire::json(StatusCode::OK, &KeyList { keys: policy.keys.iter().map(body).collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustKey {
    public: String,
}

pub(super) async fn trust_key(
    State(state): Shared,
    Caller(principal): Caller,
    publisher: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageKeys)?;
    let Path(publisher) = publisher?;
    check_grant_name(&publisher).map_err(|what| HttpError::malformed(format!("the publisher's name {what}")))?;
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    let asked: TrustKey = wire::parse(&bytes, &["public"])?;
    let key = PublicKey::parse(&asked.public).map_err(|what| {
        let shown: String = asked.public.chars().take(80).collect();
        HttpError::malformed(format!("`public`: {shown:?} {what}")).with_hint("`happyos key new NAME` prints one")
    })?;
    let body = on_disk(move || {
        state.policy.trust_key(&publisher, &key)?;
        let public = key.to_string();
        state.audit.record(&Event { who: principal.name(), what: "key.trusted", on: &publisher, why: &public });
        Ok(KeyBody { publisher, public })
    })
    .await?;
    Ok(wire::json(StatusCode::OK, &body))
}

pub(super) async fn distrust_key(
    State(state): Shared,
    Caller(principal): Caller,
    publisher: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ManageKeys)?;
    let Path(publisher) = publisher?;
    on_disk(move || {
        if !state.policy.distrust_key(&publisher)? {
            let shown: String = publisher.chars().take(80).collect();
            let message = format!("no key of a publisher named {shown:?} is trusted");
            return Err(
                Failure::new(FailureKind::NotFound, message).with_hint("`happyos key list` shows those that are")
            );
        }
        state.audit.record(&Event { who: principal.name(), what: "key.distrusted", on: &publisher, why: "" });
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    limit: Option<usize>,
}

#[derive(Serialize)]
struct AuditList {
    entries: Vec<AuditBody>,
}

#[derive(Serialize)]
struct AuditBody {
    number: u64,
    time_ms: u64,
    who: String,
    what: String,
    on: String,
    why: String,
}

impl From<AuditEntry> for AuditBody {
    fn from(entry: AuditEntry) -> AuditBody {
        let AuditEntry { number, time_ms, who, what, on, why } = entry;
        AuditBody { number, time_ms, who, what, on, why }
    }
}

pub(super) async fn audit(
    State(state): Shared,
    Caller(principal): Caller,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::ReadAudit)?;
    let limit = query?.0.limit.unwrap_or(AUDIT_DEFAULT);
    if !(1..=LAST_MAX).contains(&limit) {
        return Err(HttpError::malformed(format!("`limit` is {limit}, not 1 to {LAST_MAX}")));
    }
    let entries = on_disk(move || {
        state.audit.last(limit).map_err(|error| {
            tracing::error!(%error, "the audit log cannot be read");
            Failure::new(FailureKind::Internal, "the audit log cannot be read")
                .with_hint("the daemon's log has the reason")
        })
    })
    .await?;
    Ok(wire::json(StatusCode::OK, &AuditList { entries: entries.into_iter().map(AuditBody::from).collect() }))
}
