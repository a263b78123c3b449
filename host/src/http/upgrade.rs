//! Turning a connection of the private socket into an MCP stdio connection: what `happyos mcp` copies its own
//! standard input and output to.

use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::TokioIo;

use super::Shared;
use super::error::HttpError;
use super::gate::{Caller, LocalOnly};
use super::serve::NextProtocol;
use crate::base::FailureKind;
use crate::mcp::Server;
use crate::security::{Action, authorise};

/// What the client asks to upgrade to.
const PROTOCOL: HeaderValue = HeaderValue::from_static("mcp-stdio");

pub(super) async fn mcp_stdio(
    state: Shared,
    Caller(principal): Caller,
    _: LocalOnly,
    next: Option<Extension<NextProtocol>>,
    mut request: Request<Body>,
) -> Result<Response, HttpError> {
    authorise(&principal, Action::CallSkill)?;
    if request.headers().get(header::UPGRADE) != Some(&PROTOCOL) {
        return Err(HttpError::new(
            StatusCode::UPGRADE_REQUIRED,
            FailureKind::InvalidInput.as_str(),
            "this path takes only a connection that upgrades to `mcp-stdio`",
        ));
    }
    let Some(Extension(next)) = next else {
        return Err(HttpError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            FailureKind::Internal.as_str(),
            "this connection cannot be upgraded",
        ));
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let server = Server { skills: state.skills.clone(), orchestrator: state.orchestrator.clone(), principal };
    let shutdown = state.shutdown.clone();
    let line_bytes_max = state.body_bytes_max();
    next.set(async move {
        let served = async {
            let io = TokioIo::new(upgrade.await?);
            crate::mcp::serve_stdio(server, io, line_bytes_max, shutdown).await
        };
        if let Err(error) = served.await {
            tracing::debug!(%error, "an MCP connection ended early");
        }
    });
    let upgraded = [(header::CONNECTION, HeaderValue::from_static("upgrade")), (header::UPGRADE, PROTOCOL)];
    Ok((StatusCode::SWITCHING_PROTOCOLS, upgraded).into_response())
}
