//! The HTTP door: one router for the network, where a token says who asks, and for the private socket, where the
//! socket's permissions do.
//!
//! What happens when a client goes away: its call is dropped and thereby cancelled, and counted as `cancelled`. Nothing
//! finishes detached. A followed log and an MCP connection end.

mod agents;
mod body;
mod builds;
mod bundles;
mod calls;
mod catalog;
mod error;
mod gate;
mod mcp;
mod openapi;
mod operate;
mod personal;
mod recall;
mod records;
mod requests;
mod security;
mod serve;
#[cfg(test)]
mod tests;
mod upgrade;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{MethodRouter, delete, get, post, put};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

pub use gate::Gate;
pub use serve::{Door, Drain, Serving, serve, serve_one};

use crate::agents::Agents;
use crate::config::Config;
use crate::orchestrator::Orchestrator;
use crate::security::tokens::Tokens;
use crate::security::{Audit, PolicyFile, Secrets};
use crate::self_building::Builder;
use crate::skills::Skills;
use error::HttpError;

/// What the handlers work with.
#[derive(Clone)]
pub struct DoorState {
    /// The catalog, and calling what is in it.
    pub skills: Skills,
    /// Requests in plain words, and the tasks that they become.
    pub orchestrator: Orchestrator,
    /// Agents, and having them work.
    pub agents: Agents,
    /// Who may come in over the network.
    pub tokens: Arc<Tokens>,
    /// What bundles may send and never see.
    pub secrets: Arc<Secrets>,
    /// Builds skills for gaps.
    pub builder: Builder,
    /// What the operator decided.
    pub policy: PolicyFile,
    /// Where it is recorded who did what.
    pub audit: Audit,
    /// The configuration in force, which changes while the daemon runs.
    pub config: Arc<ArcSwap<Config>>,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// When the daemon started.
    pub started: Instant,
    /// Where the network side listens, for the status; `None` where it does not.
    pub http_addr: Option<SocketAddr>,
    /// Cancelled when the daemon stops: ends what would otherwise go on for ever.
    pub shutdown: CancellationToken,
}

impl DoorState {
    /// Largest request body, in bytes, as the operator has it now.
    fn body_bytes_max(&self) -> usize {
        self.config.load().http.body_bytes_max
    }
}

type Shared = State<Arc<DoorState>>;

/// All routes. Each takes the principal from the request's extensions, where a [`Gate`] put it, and refuses a request
/// without one; only `/healthz` does not ask.
pub fn router(state: DoorState) -> Router {
    let mut router = Router::new();
    for (path, methods) in routes() {
        router = router.route(path, methods);
    }
    router.fallback(no_such_path).method_not_allowed_fallback(no_such_method).with_state(Arc::new(state))
}

/// Paths and what answers there. `openapi.json` describes the same; a test compares them.
fn routes() -> Vec<(&'static str, MethodRouter<Arc<DoorState>>)> {
    vec![
        ("/healthz", get(operate::healthz)),
        ("/openapi.json", get(openapi::document)),
        ("/metrics", get(operate::metrics)),
        ("/mcp", post(mcp::answer)),
        ("/v1/status", get(operate::status)),
        ("/v1/logs", get(operate::logs)),
        ("/v1/tokens", get(operate::list_tokens).post(operate::create_token)),
        ("/v1/tokens/{name}", delete(operate::revoke_token)),
        ("/v1/secrets", get(security::list_secrets)),
        ("/v1/secrets/{name}", put(security::set_secret).delete(security::remove_secret)),
        ("/v1/keys", get(security::list_keys)),
        ("/v1/keys/{name}", put(security::trust_key).delete(security::distrust_key)),
        ("/v1/audit", get(security::audit)),
        ("/v1/skills", get(catalog::list)),
        // A skill may be called `check`, so both live on one path.
        ("/v1/skills/check", post(catalog::check).get(catalog::show_check)),
        ("/v1/skills/{name}", get(catalog::show)),
        ("/v1/skills/{name}/call", post(calls::call)),
        ("/v1/skills/{name}/examples", post(catalog::run_examples)),
        ("/v1/bundles", get(bundles::list).post(bundles::install)),
        ("/v1/bundles/{name}", delete(bundles::remove)),
        ("/v1/bundles/{name}/approve", post(bundles::approve)),
        ("/v1/bundles/{name}/grant", post(bundles::grant)),
        ("/v1/bundles/{name}/rollback", post(bundles::rollback)),
        ("/v1/bundles/{name}/provenance", get(builds::provenance)),
        ("/v1/builds", get(builds::list).post(builds::start)),
        ("/v1/builds/{id}", get(builds::show)),
        ("/v1/builds/{id}/cancel", post(builds::cancel)),
        ("/v1/inspect", post(bundles::inspect)),
        ("/v1/endpoints", get(agents::list_endpoints).post(agents::add_endpoint)),
        ("/v1/endpoints/{name}", delete(agents::remove_endpoint)),
        ("/v1/endpoints/{name}/check", post(agents::check_endpoint)),
        ("/v1/agents", get(agents::list).post(agents::create)),
        ("/v1/agents/{name}", get(agents::show).delete(agents::remove)),
        ("/v1/agents/{name}/drain", post(agents::drain)),
        ("/v1/agents/{name}/stop", post(agents::stop)),
        ("/v1/agents/{name}/restart", post(agents::restart)),
        ("/v1/agents/{name}/quarantine", post(agents::quarantine)),
        ("/v1/runs", post(agents::run)),
        ("/v1/requests", post(requests::ask)),
        ("/v1/analyse", post(requests::analyse)),
        ("/v1/plan", post(requests::plan)),
        ("/v1/tasks", get(requests::list)),
        ("/v1/tasks/{id}", get(requests::show)),
        ("/v1/tasks/{id}/events", get(requests::events)),
        ("/v1/tasks/{id}/answer", post(requests::reply)),
        ("/v1/tasks/{id}/approve", post(requests::approve)),
        ("/v1/tasks/{id}/reject", post(requests::reject)),
        ("/v1/tasks/{id}/artifacts", get(requests::artifacts)),
        ("/v1/tasks/{id}/cancel", post(requests::cancel)),
        ("/v1/tasks/{id}/correct", post(personal::correct)),
        ("/v1/tasks/{id}/resume", post(requests::resume)),
        ("/v1/gaps", get(recall::list_gaps)),
        ("/v1/gaps/{id}", get(recall::show_gap)),
        ("/v1/gaps/{id}/dismiss", post(recall::dismiss_gap)),
        ("/v1/memory", get(recall::list_memory).delete(recall::forget_all)),
        ("/v1/memory/search", get(personal::search)),
        ("/v1/memory/export", get(personal::export)),
        ("/v1/memory/erase", post(personal::erase)),
        ("/v1/memory/{id}", delete(recall::forget)),
        ("/v1/stats", get(records::stats)),
        ("/v1/errors", get(records::errors)),
        ("/v1/mcp/stdio", get(upgrade::mcp_stdio)),
    ]
}

async fn no_such_path(uri: Uri) -> HttpError {
    let path: String = uri.path().chars().take(200).collect();
    HttpError::new(StatusCode::NOT_FOUND, "not-found", format!("there is nothing at `{path}`"))
        .with_hint("`GET /openapi.json` lists what there is")
}

async fn no_such_method(method: Method, uri: Uri) -> HttpError {
    let path: String = uri.path().chars().take(200).collect();
    HttpError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", format!("`{path}` does not take {method}"))
        .with_hint("the `Allow` header lists what it takes")
}
