//! One exchange with the endpoint: a request, and its answer as a stream of events or as one JSON text.

use std::time::Duration;

use happyos_sdk::agent::Context;
use happyos_sdk::http::{self, Response};
use happyos_sdk::{Result, SkillError, progress, secrets};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest answer of a model, in bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// Tool calls in one answer.
const CALLS_MAX: usize = 32;
/// What is quoted of a server's own words on why it refused.
const QUOTE_CHARS: usize = 200;

/// How the agent is set up.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// As the interface has them.
    pub temperature: Option<f64>,
    pub max_tokens: Option<u64>,
    pub response_format: Option<Value>,
    /// Milliseconds for one exchange.
    pub timeout_ms: u64,
    /// Rounds of tool calls.
    pub rounds_max: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { temperature: None, max_tokens: None, response_format: None, timeout_ms: 300_000, rounds_max: 8 }
    }
}

/// A tool call that the model asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    pub id: String,
    pub name: String,
    /// JSON text, as the model wrote it.
    pub arguments: String,
}

/// What the model answered.
#[derive(Debug, Default, PartialEq)]
pub struct Reply {
    pub text: String,
    pub calls: Vec<Call>,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// Asks the model for the next message.
///
/// # Errors
/// `Unavailable` where nothing came of it and another try or endpoint may do; `Denied` where the key is not accepted.
pub fn complete(context: &Context, settings: &Settings, messages: &[Value], tools: &[Value]) -> Result<Reply> {
    let endpoint = context.endpoint()?;
    let mut body = json!({
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body[name] = value;
        }
    };
    set("model", endpoint.model.clone().map(Value::String));
    set("temperature", settings.temperature.map(Value::from));
    set("max_tokens", settings.max_tokens.map(Value::from));
    set("response_format", settings.response_format.clone());
    set("tools", (!tools.is_empty()).then(|| Value::Array(tools.to_vec())));
    let secret = endpoint.secret.as_deref().map(secrets::open).transpose()?;
    let mut request = http::post(format!("{}/chat/completions", endpoint.url))
        .header("accept", "text/event-stream, application/json")
        .json(body)
        // A redirect would carry the conversation to somebody who was not chosen for it.
        .redirects(0)
        .timeout(Duration::from_millis(settings.timeout_ms));
    if let Some(secret) = &secret {
        request = request.credential(secret, "authorization", "Bearer ");
    }
    let mut response = request.send().map_err(broken)?;
    if !(200..300).contains(&response.status) {
        let status = response.status;
        let (said, _) = response.first_bytes(4 << 10).unwrap_or_default();
        return Err(refused(status, &String::from_utf8_lossy(&said)));
    }
    let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if let Some((_, charset)) = kind.split_once("charset=")
        && !["utf-8", "utf8", "us-ascii"].contains(&charset.trim_matches(['"', ' ']))
    {
        return Err(SkillError::failed(format!("the endpoint answers in the charset `{charset}`, not in UTF-8")));
    }
    if kind.starts_with("text/event-stream") { streamed(response) } else { whole(response) }
}

/// What a status that means failure says.
pub fn refused(status: u16, said: &str) -> SkillError {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let quote: String = said.chars().take(QUOTE_CHARS).map(plain).collect();
    let said = if quote.trim().is_empty() { String::new() } else { format!(": {}", quote.trim()) };
    match status {
        429 => SkillError::unavailable(format!("the endpoint has too many requests (status 429){said}")),
        408 | 425 | 500..=599 => SkillError::unavailable(format!("the endpoint failed with status {status}{said}")),
        401 | 403 => SkillError::unavailable(format!("the endpoint does not accept the key (status {status})")),
        404 => SkillError::unavailable(format!("the endpoint does not know the model, or the path (status 404){said}")),
        400 | 413 | 422 => SkillError::invalid(format!("the endpoint refused the request with status {status}{said}")),
        300..=399 => {
            SkillError::failed(format!("the endpoint answers with a redirect (status {status}), which is not followed"))
        }
        _ => SkillError::failed(format!("the endpoint refused the request with status {status}{said}")),
    }
}

fn nonsense(what: impl std::fmt::Display) -> SkillError {
    SkillError::failed(format!("the endpoint's answer is not a chat completion: {what}"))
}

/// Lost on the way: nothing has been done, so another endpoint may be asked.
fn broken(error: http::Error) -> SkillError {
    match error {
        http::Error::Protocol(message) | http::Error::Unavailable(message) | http::Error::Timeout(message) => {
            SkillError::unavailable(format!("there is no whole answer: {message}"))
        }
        error => error.into(),
    }
}

fn whole(mut response: Response) -> Result<Reply> {
    let bytes = response.bytes(ANSWER_BYTES_MAX).map_err(broken)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| nonsense("it is not UTF-8"))?;
    let value: Value = serde_json::from_str(text).map_err(nonsense)?;
    let mut reply = Reply::default();
    usage(&value, &mut reply);
    let message = &value["choices"][0]["message"];
    if !message.is_object() {
        return Err(nonsense("it has no message"));
    }
    add(message, &mut reply)?;
    progress::report(reply.text.len() as f64, None, tail(&reply.text));
    Ok(reply)
}

fn streamed(response: Response) -> Result<Reply> {
    let mut events = response.events();
    let mut reply = Reply::default();
    let mut is_whole = false;
    loop {
        let event = match events.next_event() {
            Ok(Some(event)) => event,
            Ok(None) => break,
            Err(http::Error::Protocol(message)) if message.contains("UTF-8") => return Err(nonsense(message)),
            Err(error) => return Err(broken(error)),
        };
        if event.data.trim() == "[DONE]" {
            is_whole = true;
            break;
        }
        let value: Value = serde_json::from_str(&event.data).map_err(nonsense)?;
        if let Some(error) = value.get("error") {
            return Err(refused(500, error["message"].as_str().unwrap_or_default()));
        }
        usage(&value, &mut reply);
        let choice = &value["choices"][0];
        add(&choice["delta"], &mut reply)?;
        is_whole |= choice["finish_reason"].is_string();
        if choice["delta"]["content"].is_string() {
            progress::report(reply.text.len() as f64, None, tail(&reply.text));
        }
    }
    if !is_whole {
        return Err(SkillError::unavailable(format!(
            "the answer broke off after {} characters",
            reply.text.chars().count()
        )));
    }
    Ok(reply)
}

fn usage(value: &Value, reply: &mut Reply) {
    let count = |name: &str, known: u64| value["usage"][name].as_u64().unwrap_or(known);
    (reply.input_tokens, reply.output_tokens) =
        (count("prompt_tokens", reply.input_tokens), count("completion_tokens", reply.output_tokens));
}

/// Adds a message, or the next part of one.
fn add(message: &Value, reply: &mut Reply) -> Result<()> {
    if let Some(text) = message["content"].as_str() {
        reply.text.push_str(text);
    }
    for (place, part) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let index = part["index"].as_u64().map_or(place, |index| usize::try_from(index).unwrap_or(usize::MAX));
        if index >= CALLS_MAX {
            return Err(nonsense(format!("it calls more than {CALLS_MAX} tools")));
        }
        while reply.calls.len() <= index {
            reply.calls.push(Call::default());
        }
        let call = &mut reply.calls[index];
        if let Some(id) = part["id"].as_str() {
            call.id = id.to_owned();
        }
        if let Some(name) = part["function"]["name"].as_str() {
            call.name.push_str(name);
        }
        if let Some(arguments) = part["function"]["arguments"].as_str() {
            call.arguments.push_str(arguments);
        }
    }
    let arguments: usize = reply.calls.iter().map(|call| call.arguments.len() + call.name.len()).sum();
    if reply.text.len() + arguments > ANSWER_BYTES_MAX {
        return Err(SkillError::failed(format!("the endpoint's answer has more than {ANSWER_BYTES_MAX} bytes")));
    }
    Ok(())
}

/// The last words of what has come so far.
fn tail(text: &str) -> &str {
    let at = text.char_indices().rev().nth(159).map_or(0, |(at, _)| at);
    &text[at..]
}
