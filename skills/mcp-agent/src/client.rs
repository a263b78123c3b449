//! A client of MCP over streamable HTTP: a session of requests one after another, for revisions 2025-06-18 and older,
//! which servers of newer ones still speak.

use std::time::Duration;

use happyos_sdk::agent::{Context, Endpoint};
use happyos_sdk::http::{self, Request, Response};
use happyos_sdk::secrets::{self, Secret};
use happyos_sdk::{Result, SkillError, progress};
use serde_json::{Value, json};

const REVISION: &str = "2025-06-18";
/// Largest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// Events before the answer to a request.
const EVENTS_MAX: usize = 10_000;

/// A session with a server.
pub struct Session<'a> {
    endpoint: &'a Endpoint,
    secret: Option<Secret>,
    /// What the server calls the session, where it has them.
    id: Option<String>,
    revision: String,
    n_requests: u64,
    timeout: Duration,
}

impl<'a> Session<'a> {
    /// Opens one.
    pub fn open(context: &'a Context, timeout_ms: u64) -> Result<Session<'a>> {
        let endpoint = context.endpoint()?;
        let secret = endpoint.secret.as_deref().map(secrets::open).transpose()?;
        let timeout = Duration::from_millis(timeout_ms);
        let mut session = Session { endpoint, secret, id: None, revision: String::new(), n_requests: 0, timeout };
        let hello = json!({
            "protocolVersion": REVISION,
            "capabilities": {},
            "clientInfo": { "name": "happyos", "version": env!("CARGO_PKG_VERSION") },
        });
        let hello = session.request("initialize", hello)?;
        session.revision = hello["protocolVersion"].as_str().unwrap_or(REVISION).chars().take(32).collect();
        session.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok(session)
    }

    /// A request and its result.
    ///
    /// # Errors
    /// `Unavailable` where the server cannot be reached or is too busy.
    pub fn request(&mut self, method: &str, params: Value) -> Result<Value> {
        self.n_requests += 1;
        let id = self.n_requests;
        let mut params = params;
        params["_meta"] = json!({ "progressToken": id });
        let mut response = self.post(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        if method == "initialize" {
            self.id = response.header("mcp-session-id").map(|id| id.chars().take(256).collect());
        }
        let is_stream = response.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        if !is_stream {
            let bytes = response.bytes(ANSWER_BYTES_MAX)?;
            let message: Value = serde_json::from_slice(&bytes)
                .map_err(|error| SkillError::failed(format!("the server's answer is not JSON: {error}")))?;
            return result(&message, id)
                .unwrap_or_else(|| Err(SkillError::failed("the server answered another request")));
        }
        let mut events = response.events();
        for _ in 0..EVENTS_MAX {
            let Some(event) = events.next_event()? else {
                return Err(SkillError::failed("the server's answer broke off"));
            };
            let Ok(message) = serde_json::from_str::<Value>(&event.data) else {
                return Err(SkillError::failed("the server sent an event that is not JSON"));
            };
            if let Some(result) = result(&message, id) {
                return result;
            }
            if message["method"] == "notifications/progress" {
                let params = &message["params"];
                let said = params["message"].as_str().unwrap_or_default();
                progress::report(params["progress"].as_f64().unwrap_or(0.0), params["total"].as_f64(), said);
            }
        }
        Err(SkillError::failed(format!("the server sent {EVENTS_MAX} events and no answer")))
    }

    /// Lets the server forget the session. It may not be able to.
    pub fn close(self) {
        if self.id.is_some() {
            let _ = self.with_headers(http::request("DELETE", &self.endpoint.url)).send();
        }
    }

    fn with_headers<'r>(&'r self, request: Request<'r>) -> Request<'r> {
        let mut request = request
            .header("accept", "application/json, text/event-stream")
            // A redirect would carry the task, and it is the operator who says where that goes.
            .redirects(0)
            .timeout(self.timeout);
        if let Some(id) = &self.id {
            request = request.header("mcp-session-id", id);
        }
        if !self.revision.is_empty() {
            request = request.header("mcp-protocol-version", &self.revision);
        }
        if let Some(secret) = &self.secret {
            request = request.credential(secret, "authorization", "Bearer ");
        }
        request
    }

    fn post(&self, message: &Value) -> Result<Response> {
        let response = self.with_headers(http::post(&self.endpoint.url).json(message)).send()?;
        match response.status {
            200..=299 => Ok(response),
            401 | 403 => {
                Err(SkillError::unavailable(format!("the server does not accept the key (status {})", response.status)))
            }
            429 | 500..=599 => {
                Err(SkillError::unavailable(format!("the server failed with status {}", response.status)))
            }
            300..=399 => Err(SkillError::failed(format!(
                "the server answers with a redirect to {:?}, which is not followed",
                response.header("location").unwrap_or_default().chars().take(200).collect::<String>()
            ))),
            status => Err(SkillError::failed(format!("the server refused the request with status {status}"))),
        }
    }
}

/// The result that a message holds, if it is the answer to request `id`.
fn result(message: &Value, id: u64) -> Option<Result<Value>> {
    if message["id"] != id || message.get("method").is_some() {
        return None;
    }
    if let Some(error) = message.get("error") {
        let said: String = error["message"].as_str().unwrap_or("no message").chars().take(500).collect();
        return Some(Err(SkillError::failed(format!("the server answers: {said}"))));
    }
    Some(message.get("result").cloned().ok_or_else(|| SkillError::failed("the server's answer has no result")))
}
