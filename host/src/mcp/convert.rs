//! Skills as tools, and the outcomes of calls as tool results.

use base64::Engine as _;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, MetaObject, ResourceContents, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::base::{Failure, FailureKind, Usage};
use crate::skills::{Answer, Attachment, Outcome, Skill};

/// `_meta` key of what a call used.
pub(super) const USAGE_KEY: &str = "dev.happyos/usage";
/// `_meta` key of the id that names the call in logs.
const REQUEST_ID_KEY: &str = "dev.happyos/request-id";
/// `_meta` key of the failure, for programs.
pub(super) const ERROR_KEY: &str = "dev.happyos/error";

/// A skill as MCP describes it.
///
/// # Errors
/// If its schemas are not JSON, though the catalog checked them.
pub(super) fn tool(skill: &Skill) -> Result<Tool, ErrorData> {
    let parse = |text: &str| {
        serde_json::from_str::<Value>(text).map_err(|error| {
            tracing::error!(%error, skill = &**skill.name(), "a schema in the catalog is not JSON");
            ErrorData::internal_error(format!("the schema of `{}` cannot be read", skill.name()), None)
        })
    };
    let as_object = |value: Value| match value {
        Value::Object(object) => Some(object),
        _ => None,
    };
    let input_schema = as_object(parse(skill.input_schema())?).unwrap_or_default();
    let hints = skill.annotations();
    let mut tool = Tool::new(skill.name().to_string(), skill.description().to_owned(), input_schema);
    tool.output_schema = skill.output_schema().map(parse).transpose()?.and_then(as_object).map(Into::into);
    tool.annotations = Some(ToolAnnotations::from_raw(
        None,
        Some(hints.read_only_hint),
        Some(hints.destructive_hint),
        Some(hints.idempotent_hint),
        Some(hints.open_world_hint),
    ));
    Ok(tool)
}

/// What a call came to. A failed call is a result too, which models read; only a tool that is not there is an error of
/// the protocol.
///
/// # Errors
/// If there is no such tool.
pub(super) fn result(outcome: Outcome) -> Result<CallToolResult, ErrorData> {
    let mut meta = MetaObject::new();
    meta.insert(REQUEST_ID_KEY.to_owned(), outcome.request_id.to_string().into());
    meta.insert(USAGE_KEY.to_owned(), usage(&outcome.usage));
    let mut result = match outcome.result {
        Ok(answer) => success(answer)?,
        Err(failure) if failure.kind == FailureKind::NotFound => {
            let data = failure.hint.as_ref().map(|hint| json!({ "hint": hint }));
            return Err(ErrorData::invalid_params(sentence(&failure), data));
        }
        Err(failure) => return Ok(failed(&failure, meta)),
    };
    result.meta = Some(meta);
    Ok(result)
}

/// What failed, as a result, beside what is known of it already.
pub(super) fn failed(failure: &Failure, mut meta: MetaObject) -> CallToolResult {
    meta.insert(ERROR_KEY.to_owned(), detail(failure));
    let mut result = CallToolResult::error(vec![ContentBlock::text(explanation(failure))]);
    result.meta = Some(meta);
    result
}

fn success(answer: Answer) -> Result<CallToolResult, ErrorData> {
    let structured = serde_json::from_str(&answer.json).map_err(|error| {
        tracing::error!(%error, "an answer that was checked to be JSON is not");
        ErrorData::internal_error("the answer could not be read as JSON", None)
    })?;
    let mut content = Vec::with_capacity(1 + answer.attachments.len());
    content.push(ContentBlock::text(answer.json));
    content.extend(answer.attachments.into_iter().map(attachment));
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(structured);
    Ok(result)
}

pub(super) fn attachment(attachment: Attachment) -> ContentBlock {
    let Attachment { name, media_type, data } = attachment;
    let base64 = |data: &[u8]| base64::engine::general_purpose::STANDARD.encode(data);
    if media_type.starts_with("image/") {
        return ContentBlock::image(base64(&data), media_type);
    }
    if media_type.starts_with("audio/") {
        return ContentBlock::audio(base64(&data), media_type);
    }
    let uri = format!("attachment:{}", percent_encoded(&name));
    let resource = match String::from_utf8(data) {
        Ok(text) if media_type.starts_with("text/") || media_type.ends_with("json") => {
            ResourceContents::text(text, uri)
        }
        Ok(text) => ResourceContents::blob(base64(text.as_bytes()), uri),
        Err(error) => ResourceContents::blob(base64(error.as_bytes()), uri),
    };
    ContentBlock::resource(resource.with_mime_type(media_type))
}

/// What RFC 3986 lets stand in a path as it is, stands; every other byte becomes `%XX`.
fn percent_encoded(name: &str) -> String {
    use std::fmt::Write as _;
    name.bytes().fold(String::with_capacity(name.len()), |mut uri, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
        uri
    })
}

fn usage(usage: &Usage) -> Value {
    json!({
        "fuel": usage.fuel,
        "memory_peak_bytes": usage.memory_peak_bytes,
        "wall_us": u64::try_from(usage.wall.as_micros()).unwrap_or(u64::MAX),
        "host_calls": usage.host_calls,
    })
}

fn detail(failure: &Failure) -> Value {
    let mut detail = JsonObject::new();
    detail.insert("kind".to_owned(), failure.kind.as_str().into());
    if let Some(limit) = failure.kind.limit() {
        detail.insert("limit".to_owned(), limit.as_str().into());
    }
    detail.insert("message".to_owned(), failure.message.as_str().into());
    if let Some(hint) = &failure.hint {
        detail.insert("hint".to_owned(), hint.as_str().into());
    }
    detail.into()
}

/// For the model: kind, message and hint, each on a line of its own.
fn explanation(failure: &Failure) -> String {
    match &failure.hint {
        Some(hint) => format!("{failure}\nhint: {hint}"),
        None => failure.to_string(),
    }
}

fn sentence(failure: &Failure) -> String {
    match &failure.hint {
        Some(hint) => format!("{}; {hint}", failure.message),
        None => failure.message.clone(),
    }
}
