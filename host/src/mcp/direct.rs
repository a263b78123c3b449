//! A plain `tools/call` over HTTP, answered without a service loop of its own.
//!
//! One request of the session era that asks for no progress needs nothing that outlives its answer, and the
//! library's loop and tasks cost several times the call itself. Whatever is not exactly that (other methods, the
//! newer era, progress, anything unexpected) is left to the library.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, Response, header};
use http_body_util::Full;
use rmcp::ErrorData;
use rmcp::model::CallToolResult;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::handler::{Handler, Told};

/// Protocol versions of the session era. A request without one is of that era too.
const VERSIONS: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    jsonrpc: &'a str,
    id: Id,
    method: &'a str,
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params<'a> {
    name: String,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
    #[serde(rename = "_meta", default)]
    meta: Map<String, Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Id {
    Number(Number),
    Text(String),
}

#[derive(Serialize)]
struct Answer {
    jsonrpc: &'static str,
    id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<CallToolResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorData>,
}

/// Answers `request` if it is a plain call; `None` if it is for the library.
pub(super) async fn answer(
    handler: &Handler,
    request: &Request<Full<Bytes>>,
    body: &Bytes,
) -> Option<Response<Full<Bytes>>> {
    if request.method() != Method::POST || !is_plain(request.headers()) {
        return None;
    }
    let message: Message<'_> = serde_json::from_slice(body).ok()?;
    let arguments = message.params.arguments.map_or("{}", RawValue::get);
    let meta = &message.params.meta;
    let is_call = message.jsonrpc == "2.0" && message.method == "tools/call" && arguments.starts_with('{');
    let whole = match &message.id {
        Id::Number(number) => number.is_i64(),
        Id::Text(_) => true,
    };
    if !is_call || !whole || meta.contains_key("progressToken") {
        return None;
    }
    let told = Told::of(|key| meta.get(key));
    let (result, error) = match handler.call_plain(&message.params.name, arguments.into(), &told).await {
        Ok(result) => (Some(of_the_era(result)), None),
        Err(error) => (None, Some(error)),
    };
    let answer = serde_json::to_vec(&Answer { jsonrpc: "2.0", id: message.id, result, error }).ok()?;
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    Some(response)
}

/// The answer as the session era has it: that era's structured content is an object, and its results have no type.
fn of_the_era(mut result: CallToolResult) -> CallToolResult {
    result.result_type = None;
    result.structured_content = result.structured_content.filter(Value::is_object);
    result
}

fn is_plain(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let takes = |media: &str| text("accept").is_some_and(|accept| accept.contains(media));
    let of_era = match headers.get("mcp-protocol-version") {
        None => true,
        Some(version) => VERSIONS.iter().any(|known| version == known),
    };
    of_era
        && text("content-type") == Some("application/json")
        && takes("application/json")
        && takes("text/event-stream")
        && !headers.contains_key("mcp-method")
}
