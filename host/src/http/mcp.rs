//! `/mcp`: the MCP door behind this one's gate and bounds.

use axum::body::Body;
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use http_body_util::Full;

use super::error::HttpError;
use super::gate::Caller;
use super::{Shared, body};
use crate::mcp::Server;
use crate::security::{Action, authorise};

pub(super) async fn answer(
    state: Shared,
    Caller(principal): Caller,
    request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::CallSkill)?;
    let (mut parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, state.body_bytes_max()).await?;
    // The principal is handed over as such; nothing else in here is for the other side.
    parts.extensions.clear();
    let request = Request::from_parts(parts, Full::new(bytes));
    let server = Server { skills: state.skills.clone(), orchestrator: state.orchestrator.clone(), principal };
    Ok(crate::mcp::answer_http(server, request).await.into_response())
}
