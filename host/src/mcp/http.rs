//! Streamable HTTP: one request, one answer; events only where a call reports progress.
//!
//! Without sessions, in both eras of the protocol: nothing is kept between requests, so there is nothing to bound,
//! expire or hijack.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Collected, Full};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use super::handler::Handler;
use super::{Server, direct};

/// Answers one HTTP request of an MCP client. The caller has checked `Host` and `Origin` and
/// bounded the body. Dropping the future or the answer's body cancels the call.
pub async fn answer_http(server: Server, request: Request<Full<Bytes>>) -> Response<BoxBody<Bytes, Infallible>> {
    let mut config = StreamableHttpServerConfig::default().disable_allowed_hosts();
    config.legacy_session_mode = false;
    config.json_response = true;
    config.max_request_body_bytes = usize::MAX;
    let handler = Handler::new(server);
    let (parts, body) = request.into_parts();
    // A body in memory: reading it cannot wait or fail.
    let Ok(bytes) = body.collect().await.map(Collected::to_bytes);
    let request = Request::from_parts(parts, Full::new(bytes.clone()));
    if let Some(answer) = direct::answer(&handler, &request, &bytes).await {
        return answer.map(BoxBody::new);
    }
    let sessions = Arc::new(NeverSessionManager::default());
    StreamableHttpService::new(move || Ok(handler.clone()), sessions, config).handle(request).await
}
