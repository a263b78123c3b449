//! `happyos endpoint` and `happyos agent`: where agents work, which there are, and having one work.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::call::{Attachment, used, write_attachments};
use super::client::{Client, Refused, Usage};
use super::fault::{Code, Doing as _, Fault};
use super::output::{self, Voice};
use super::{Context, args};

/// Largest event that is read, in bytes.
const EVENT_BYTES_MAX: usize = 256 << 20;

pub fn endpoint(context: &Context, asked: &args::Endpoint) -> Result<(), Fault> {
    let voice = context.voice;
    context.with_any(async |client| match asked {
        args::Endpoint::Add(new) => {
            let doing = format!("add the endpoint `{}`", new.name);
            let body = json!({
                "name": new.name, "url": new.url, "kind": new.kind, "model": new.model, "secret": new.secret,
                "slots": new.slots, "private": new.private,
                "input_price": new.input_price, "output_price": new.output_price,
            });
            let added: Value = client.post("/v1/endpoints", &body, &doing).await?;
            if voice.json {
                return output::print_json(&added);
            }
            voice.note(&format!(
                "the endpoint `{0}` is added; `happyos endpoint check {0}` asks it how it is",
                new.name
            ));
            Ok(())
        }
        args::Endpoint::List => {
            let list: Value = client.get("/v1/endpoints", "list the endpoints").await?;
            if voice.json {
                return output::print_json(&list);
            }
            let mut table =
                output::table(&["name", "kind", "url", "model", "slots", "breaker", "ok/failed", "latency", "health"]);
            for endpoint in items(&list, "endpoints") {
                let health = match (endpoint["health"]["ok"].as_bool(), endpoint["health"]["message"].as_str()) {
                    (Some(ok), Some(said)) => {
                        format!("{}{}", if ok { "" } else { "not well: " }, output::first_line(said, 40))
                    }
                    _ => String::new(),
                };
                table.add_row([
                    text(endpoint, "name"),
                    text(endpoint, "kind"),
                    text(endpoint, "url"),
                    text(endpoint, "model"),
                    format!("{}/{}", text(endpoint, "running"), text(endpoint, "slots")),
                    text(endpoint, "breaker"),
                    format!("{}/{}", text(endpoint, "ok"), text(endpoint, "failed")),
                    endpoint["latency_ms"]
                        .as_f64()
                        .map_or(String::new(), |ms| output::duration(Duration::from_secs_f64(ms.max(0.0) / 1e3))),
                    health,
                ]);
            }
            output::print_table(&table)
        }
        args::Endpoint::Check { name } => {
            let doing = format!("check the endpoint `{name}`");
            let health: Value = client.post(&path("endpoints", name, "/check"), &json!({}), &doing).await?;
            if voice.json {
                output::print_json(&health)?;
            } else {
                output::print(&format!("{}\n", output::harmless(health["message"].as_str().unwrap_or_default())))?;
            }
            if health["ok"] == true { Ok(()) } else { Err(Fault::said()) }
        }
        args::Endpoint::Remove { name } => {
            let doing = format!("remove the endpoint `{name}`");
            client.delete(&path("endpoints", name, ""), &doing).await?;
            removed(voice, "endpoint", name)
        }
    })
}

pub fn agent(context: &Context, asked: &args::Agent) -> Result<(), Fault> {
    let voice = context.voice;
    context.with_any(async |client| match asked {
        args::Agent::Create(new) => create(&client, new, voice).await,
        args::Agent::List => list(&client, voice).await,
        args::Agent::Show { name } => {
            let shown = client.get(&path("agents", name, ""), &format!("show the agent `{name}`")).await?;
            show(voice, &shown)
        }
        args::Agent::Run(asked) => run(&client, asked, voice).await,
        args::Agent::Drain { name } => change(&client, name, "drain", voice).await,
        args::Agent::Stop { name } => change(&client, name, "stop", voice).await,
        args::Agent::Restart { name } => change(&client, name, "restart", voice).await,
        args::Agent::Quarantine { name } => change(&client, name, "quarantine", voice).await,
        args::Agent::Remove { name } => {
            client.delete(&path("agents", name, ""), &format!("remove the agent `{name}`")).await?;
            removed(voice, "agent", name)
        }
    })
}

/// A path with a name from the command line in it. What is no name finds nothing.
fn path(of: &str, name: &str, rest: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '.' };
    format!("/v1/{of}/{}{rest}", name.chars().map(fits).collect::<String>())
}

fn items<'a>(list: &'a Value, of: &str) -> impl Iterator<Item = &'a Value> {
    list.get(of).and_then(Value::as_array).into_iter().flatten()
}

/// A member as words for people.
fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => output::harmless(text),
        Some(Value::Array(all)) => all
            .iter()
            .map(|one| one.as_str().map_or_else(|| one.to_string(), output::harmless))
            .collect::<Vec<_>>()
            .join(", "),
        Some(other) => other.to_string(),
    }
}

fn removed(voice: Voice, what: &str, name: &str) -> Result<(), Fault> {
    if voice.json {
        return output::print_json(&json!({ "removed": name }));
    }
    voice.note(&format!("the {what} `{name}` is gone"));
    Ok(())
}

async fn create(client: &Client, new: &args::CreateAgent, voice: Voice) -> Result<(), Fault> {
    let doing = format!("create the agent `{}`", new.name.as_deref().or(new.kind.as_deref()).unwrap_or("?"));
    let mut body =
        json!({ "capabilities": new.capabilities, "endpoints": new.endpoints, "may": new.may, "memory": new.memory });
    let optional =
        [("name", &new.name), ("type", &new.kind), ("adapter", &new.adapter), ("instructions", &new.instructions)];
    if let Some(members) = body.as_object_mut() {
        for (name, value) in optional {
            members.extend(value.as_ref().map(|value| (name.to_owned(), value.as_str().into())));
        }
        for (name, slots) in [("slots_min", new.slots_min), ("slots_max", new.slots_max)] {
            members.extend(slots.map(|slots| (name.to_owned(), slots.into())));
        }
        if let Some(settings) = &new.settings {
            let settings = serde_json::from_str::<Map<String, Value>>(settings)
                .map_err(|error| Fault::usage(format!("Failed to {doing}: `--settings` is no JSON object: {error}")))?;
            members.insert("settings".into(), Value::Object(settings));
        }
    }
    let created: Value = client.post("/v1/agents", &body, &doing).await?;
    if voice.json {
        return output::print_json(&created);
    }
    let name = text(&created, "name");
    voice.note(&format!("the agent `{name}` is active; `happyos agent run {name} TASK` has it work"));
    Ok(())
}

async fn list(client: &Client, voice: Voice) -> Result<(), Fault> {
    let list: Value = client.get("/v1/agents", "list the agents").await?;
    if voice.json {
        return output::print_json(&list);
    }
    let mut table =
        output::table(&["name", "type", "capabilities", "state", "slots", "waiting", "ok/failed", "endpoints"]);
    for agent in items(&list, "agents") {
        table.add_row([
            text(agent, "name"),
            text(agent, "type"),
            text(agent, "capabilities"),
            text(agent, "state"),
            format!("{}/{} of {}", text(agent, "running"), text(agent, "slots_open"), text(agent, "slots_max")),
            text(agent, "waiting"),
            format!("{}/{}", text(agent, "ok"), text(agent, "failed")),
            text(agent, "endpoints"),
        ]);
    }
    output::print_table(&table)
}

fn show(voice: Voice, agent: &Value) -> Result<(), Fault> {
    if voice.json {
        return output::print_json(agent);
    }
    let mut lines = String::new();
    for name in [
        "name",
        "type",
        "capabilities",
        "state",
        "adapter",
        "endpoints",
        "may",
        "memory",
        "slots_min",
        "slots_max",
        "slots_open",
        "running",
        "waiting",
        "ok",
        "failed",
        "cost",
        "instructions",
        "settings",
        "input_schema",
    ] {
        lines.push_str(&format!("{:<13} {}\n", name.replace('_', " "), text(agent, name)));
    }
    output::print(&lines)
}

async fn change(client: &Client, name: &str, change: &str, voice: Voice) -> Result<(), Fault> {
    let doing = format!("{change} the agent `{name}`");
    let changed: Value = client.post(&path("agents", name, &format!("/{change}")), &json!({}), &doing).await?;
    if voice.json {
        return output::print_json(&changed);
    }
    voice.note(&format!("the agent `{name}` is {}", text(&changed, "state")));
    Ok(())
}

#[derive(Deserialize)]
struct Answer<'a> {
    agent: String,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(default)]
    question: Option<String>,
    #[serde(default)]
    continuation: Option<String>,
    #[serde(default)]
    attachments: Vec<Attachment>,
    usage: Usage,
}

/// A task in plain words, or an object as it is.
fn input(task: &str) -> Value {
    match serde_json::from_str::<Value>(task) {
        Ok(Value::Object(members)) => Value::Object(members),
        _ => json!({ "task": task }),
    }
}

async fn run(client: &Client, asked: &args::RunAgent, voice: Voice) -> Result<(), Fault> {
    let doing = "have the agent work".to_owned();
    let mut body = match &asked.task {
        Some(task) => json!({ "agent": asked.first, "input": input(task) }),
        None => json!({ "capabilities": asked.capabilities, "input": input(&asked.first) }),
    };
    if let Some(members) = body.as_object_mut() {
        members.extend(asked.wall_ms.map(|ms| ("limits".to_owned(), json!({ "wall_ms": ms }))));
        members.extend(asked.money.map(|money| ("money".to_owned(), money.into())));
        let optional = [("continuation", &asked.continuation), ("session_id", &asked.session)];
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into()))));
    }
    let (kind, data) = follow(client, &body.to_string(), voice, &doing).await?;
    if kind == "error" {
        if voice.json {
            output::print(&format!("{data}\n"))?;
            return Err(Fault::said());
        }
        let refused: Refused = serde_json::from_str(&data).doing(|| doing.clone())?;
        return Err(refused.fault(&doing));
    }
    let answer: Answer<'_> = serde_json::from_str(&data).doing(|| doing.clone())?;
    let written = match &asked.out {
        Some(out) => write_attachments(&answer.attachments, out)?,
        None => Vec::new(),
    };
    if voice.json {
        return output::print(&format!("{data}\n"));
    }
    if let Some(question) = &answer.question {
        output::print(&format!("{}\n", output::harmless(question)))?;
        let continuation = answer.continuation.as_deref().unwrap_or_default();
        let go_on =
            format!("`--continuation {}` goes on with the answer as the task", output::first_line(continuation, 200));
        voice.note(&go_on);
        return Err(Fault { code: Code::Question, ..Fault::said() });
    }
    output::print(&format!("{}\n", said(answer.output)))?;
    if !answer.attachments.is_empty() && asked.out.is_none() {
        voice.note(&format!("it made {} files: write them with `--out DIR`", answer.attachments.len()));
    }
    for path in written {
        voice.note(&format!("wrote `{path}`"));
    }
    voice.note(&format!("by `{}`: {}", answer.agent, used(&answer.usage)));
    Ok(())
}

/// The text of an answer, or all of it where it is something else.
fn said(output: Option<&RawValue>) -> String {
    let json = output.map_or("null", RawValue::get);
    match serde_json::from_str::<Value>(json) {
        Ok(Value::Object(members)) => match (members.get("text").and_then(Value::as_str), members.len()) {
            (Some(text), 1) => output::harmless(text),
            _ => json.to_owned(),
        },
        _ => json.to_owned(),
    }
}

/// Sends a run, shows its progress, and gives its last event.
async fn follow(client: &Client, body: &str, voice: Voice, doing: &str) -> Result<(String, String), Fault> {
    let response = client.open(Method::POST, "/v1/runs", Some(body.to_owned()), "text/event-stream").await?;
    let is_stream = response.status().is_success();
    let mut incoming = response.into_body();
    let (mut bytes, mut shown) = (Vec::new(), String::new());
    while let Some(frame) = incoming.frame().await {
        let frame =
            frame.map_err(|error| Fault::daemon(format!("Failed to {doing}: the answer broke off: {error}")))?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(Fault::failed(format!("Failed to {doing}: the answer has more than {EVENT_BYTES_MAX} bytes")));
        }
        while let Some(end) = bytes.windows(2).position(|pair| pair == b"\n\n").filter(|_| is_stream) {
            let event: Vec<u8> = bytes.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
            match (field("event:"), field("data:")) {
                (Some("progress"), Some(data)) => {
                    let said = serde_json::from_str::<Value>(data).ok();
                    let said = said.and_then(|said| said.get("message").and_then(Value::as_str).map(str::to_owned));
                    let line = output::first_line(&said.unwrap_or_default(), 100);
                    if line != shown && !line.is_empty() {
                        voice.note(&format!("… {line}"));
                        shown = line;
                    }
                }
                (Some(kind @ ("result" | "error")), Some(data)) => return Ok((kind.to_owned(), data.to_owned())),
                _ => {}
            }
        }
    }
    if is_stream {
        return Err(Fault::daemon(format!("Failed to {doing}: the answer broke off")));
    }
    Ok(("error".to_owned(), String::from_utf8_lossy(&bytes).into_owned()))
}
