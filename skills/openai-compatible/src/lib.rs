//! An agent that works at any endpoint with the chat completions interface: streams its answer, and calls the skills
//! and agents that it was granted as the model's tools.

mod chat;
mod files;

use happyos_sdk::agent::{Agent, Answer, Context, Description, Outcome, Task};
use happyos_sdk::{Result, SkillError, delegate, http, log, secrets};
use serde_json::{Value, json};

use chat::{Call, Settings};

/// The agent.
struct OpenAiCompatible;

/// Results of tools that go back to the model, in bytes each.
const RESULT_BYTES_MAX: usize = 64 << 10;

impl Agent for OpenAiCompatible {
    fn describe() -> Description {
        let mut description = Description::new(
            "assistant",
            "Works on a task with a language model at an endpoint that has the chat completions interface.",
        );
        description.capabilities = ["language", "writing", "planning", "code"].map(str::to_owned).to_vec();
        description.needs_endpoint = true;
        description
    }

    fn run(task: &Task, context: &Context) -> Result<Answer> {
        let settings: Settings = context.settings()?;
        let mut messages = Vec::new();
        if !context.instructions.is_empty() {
            messages.push(json!({ "role": "system", "content": context.instructions }));
        }
        messages.push(json!({ "role": "user", "content": task.text()? }));
        let tools: Vec<Value> = delegate::targets().iter().map(tool).collect();
        let (mut input_tokens, mut output_tokens) = (0, 0);
        let mut acted = false;
        for _ in 0..=settings.rounds_max {
            let reply = chat::complete(context, &settings, &messages, &tools).map_err(|error| match error {
                // What was called may have done something: that must not be done again elsewhere.
                SkillError::Unavailable(message) if acted => SkillError::Failed(message),
                error => error,
            })?;
            input_tokens += reply.input_tokens;
            output_tokens += reply.output_tokens;
            if reply.calls.is_empty() {
                let outcome = Outcome::Done(json!({ "text": reply.text }).to_string(), files::of(&reply.text));
                return Ok(Answer { outcome, input_tokens, output_tokens });
            }
            messages.push(said(&reply.text, &reply.calls));
            for call in &reply.calls {
                acted = true;
                messages.push(json!({ "role": "tool", "tool_call_id": call.id, "content": result(call) }));
            }
        }
        Err(SkillError::failed(format!("the model went on calling tools after {} rounds", settings.rounds_max)))
    }

    fn health(context: &Context) -> Result<String> {
        let endpoint = context.endpoint()?;
        let secret = endpoint.secret.as_deref().map(secrets::open).transpose()?;
        let mut request = http::get(format!("{}/models", endpoint.url)).redirects(0);
        if let Some(secret) = &secret {
            request = request.credential(secret, "authorization", "Bearer ");
        }
        let response = request.timeout(std::time::Duration::from_secs(5)).send()?;
        match response.status {
            // Not every endpoint lists its models.
            200..=299 | 404 | 405 => Ok(format!("answers with status {}", response.status)),
            status => Err(chat::refused(status, "")),
        }
    }
}

fn tool(target: &delegate::Target) -> Value {
    let parameters: Value = serde_json::from_str(&target.input_schema).unwrap_or_else(|_| json!({ "type": "object" }));
    json!({
        "type": "function",
        "function": { "name": target.name, "description": target.description, "parameters": parameters },
    })
}

/// What the model said, as it is told of it in the next round.
fn said(text: &str, calls: &[Call]) -> Value {
    let calls: Vec<Value> = calls
        .iter()
        .map(|call| json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } }))
        .collect();
    json!({ "role": "assistant", "content": text, "tool_calls": calls })
}

/// What a tool gave, for the model. That a call was refused is told to it like any other outcome: the host has it on
/// record.
fn result(call: &Call) -> String {
    let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let mut text = match delegate::call(&call.name, arguments) {
        Ok(value) => value.to_string(),
        Err(error) => {
            log::warn(format!("the tool `{}`: {error}", call.name));
            json!({ "error": error.to_string() }).to_string()
        }
    };
    if text.len() > RESULT_BYTES_MAX {
        let cut = (0..=RESULT_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(cut);
        text.push_str("… [cut]");
    }
    text
}

happyos_sdk::agent!(OpenAiCompatible);

#[cfg(test)]
mod tests;
