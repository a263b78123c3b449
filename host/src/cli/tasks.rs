//! `happyos task`, `gap` and `memory`: what became of requests, what no skill does, and what is remembered.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::Client;
use super::fault::Fault;
use super::steps::Waiting;
use super::{Context, args, ask, output};

#[derive(Deserialize)]
struct TaskList {
    tasks: Vec<Summary>,
}

#[derive(Serialize, Deserialize)]
struct Summary {
    id: String,
    state: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    created_ms: u64,
    updated_ms: u64,
}

#[derive(Deserialize)]
struct EventList {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    number: u32,
    at_ms: u64,
    kind: String,
    data: Value,
}

pub fn task(context: &Context, asked: &args::Task) -> Result<(), Fault> {
    match asked {
        args::Task::List { state, session, limit } => list(context, state.as_deref(), session.as_deref(), *limit),
        args::Task::Show { id, format } => context.with_any(async |client| {
            let id = ask::task_id(&client, id).await?;
            let path = format!("/v1/tasks/{id}?format={}&steps=true", format.name());
            let reply = client.send(hyper::Method::GET, &path, None).await?;
            ask::show(format.voice(context.voice), &reply, &format!("show the task `{id}`"))
        }),
        args::Task::Answer { id, text } => {
            let text = text.join(" ");
            if text.trim().is_empty() {
                return Err(Fault::usage("Failed to answer: the answer is empty").hint("`happyos task show last`"));
            }
            context.with_any(async |client| {
                let id = ask::task_id(&client, id).await?;
                let body = json!({ "text": text }).to_string();
                go_on(context, &client, &format!("/v1/tasks/{id}/answer"), body, &format!("answer the task `{id}`"))
                    .await
            })
        }
        args::Task::Resume { id } => context.with_any(async |client| {
            let id = ask::task_id(&client, id).await?;
            let path = format!("/v1/tasks/{id}/resume");
            go_on(context, &client, &path, "{}".into(), &format!("resume the task `{id}`")).await
        }),
        args::Task::Cancel { id } => context.with_any(async |client| {
            let id = ask::task_id(&client, id).await?;
            let stopped: Value =
                client.post(&format!("/v1/tasks/{id}/cancel"), &json!({}), &format!("stop the task `{id}`")).await?;
            if context.voice.json {
                return output::print_json(&stopped);
            }
            output::print(&format!("stopped {id}\n"))
        }),
        args::Task::Trace { id } => context.with_any(async |client| {
            let id = ask::task_id(&client, id).await?;
            trace(context, &client, &id).await
        }),
    }
}

/// Sends what a task goes on with, waits, and shows what came of it.
async fn go_on(context: &Context, client: &Client, path: &str, body: String, doing: &str) -> Result<(), Fault> {
    let reply = {
        let _waiting = Waiting::new(context.voice, "working on it".into());
        client.send(hyper::Method::POST, path, Some(body)).await?
    };
    ask::show(context.voice, &reply, doing)
}

fn list(context: &Context, state: Option<&str>, session: Option<&str>, limit: u32) -> Result<(), Fault> {
    let mut path = format!("/v1/tasks?limit={limit}");
    for (key, value) in [("state", state), ("session", session)] {
        if let Some(value) = value {
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            path.push_str(&format!("&{key}={value}"));
        }
    }
    let list: TaskList = context.with_any(async |client| {
        let reply = client.send(hyper::Method::GET, &path, None).await?;
        ask::usage(&reply, "list the tasks")?;
        reply.json("list the tasks")
    })?;
    if context.voice.json {
        return output::print_json(&json!({ "tasks": list.tasks }));
    }
    let mut table = output::table(&["id", "state", "time", "request"]);
    for task in &list.tasks {
        table.add_row([&task.id, &task.state, &output::moment(task.created_ms), &output::first_line(&task.text, 60)]);
    }
    output::print_table(&table)
}

async fn trace(context: &Context, client: &Client, id: &str) -> Result<(), Fault> {
    let doing = format!("trace the task `{id}`");
    let reply = client.send(hyper::Method::GET, &format!("/v1/tasks/{id}/events"), None).await?;
    let list: EventList = reply.json(&doing)?;
    if context.voice.json {
        return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
    }
    let began = list.events.first().map_or(0, |event| event.at_ms);
    let mut text = String::new();
    for Event { number, at_ms, kind, data } in &list.events {
        let since = at_ms.saturating_sub(began);
        text.push_str(&format!("{number:>3}  +{since} ms  {kind}\n"));
        for (name, value) in data.as_object().into_iter().flatten() {
            text.push_str(&format!("       {name}: {}\n", output::first_line(&value.to_string(), 110)));
        }
        if let Value::String(word) = data {
            text.push_str(&format!("       {word}\n"));
        }
    }
    output::print(&text)
}

#[derive(Deserialize)]
struct GapList {
    gaps: Vec<Gap>,
}

#[derive(Serialize, Deserialize)]
struct Gap {
    id: String,
    owner: String,
    state: String,
    key: String,
    text: String,
    count: u64,
    first_ms: u64,
    last_ms: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<Evidence>,
}

#[derive(Serialize, Deserialize)]
struct Evidence {
    task: String,
    at_ms: u64,
    text: String,
    why: Value,
}

pub fn gap(context: &Context, asked: &args::Gap) -> Result<(), Fault> {
    match asked {
        args::Gap::List => {
            let list: GapList = context.with_any(async |client| client.get("/v1/gaps", "list the gaps").await)?;
            if context.voice.json {
                return output::print_json(&json!({ "gaps": list.gaps }));
            }
            let mut table = output::table(&["id", "state", "asked", "last", "request"]);
            for gap in &list.gaps {
                let last = output::moment(gap.last_ms);
                table.add_row([
                    &gap.id,
                    &gap.state,
                    &output::count(gap.count),
                    &last,
                    &output::first_line(&gap.text, 60),
                ]);
            }
            output::print_table(&table)
        }
        args::Gap::Show { id } => {
            let path = format!("/v1/gaps/{}", checked(id)?);
            let gap: Gap = context.with_any(async |client| client.get(&path, &format!("show the gap `{id}`")).await)?;
            if context.voice.json {
                return output::print_json(&json!(gap));
            }
            let mut text =
                format!("{}\nstate    {}\nasked    {} times, by `{}`\n", gap.text, gap.state, gap.count, gap.owner);
            text.push_str(&format!(
                "first    {}\nlast     {}\n",
                output::moment(gap.first_ms),
                output::moment(gap.last_ms)
            ));
            for evidence in &gap.evidence {
                let line = output::first_line(&evidence.text, 80);
                text.push_str(&format!("- {} {line}\n  {}\n", output::moment(evidence.at_ms), evidence.why));
            }
            text.push_str("`happyos skill new NAME` begins a skill that fills it\n");
            output::print(&text)
        }
        args::Gap::Dismiss { id } => {
            let path = format!("/v1/gaps/{}/dismiss", checked(id)?);
            context.with_any(async |client| {
                let reply = client.send(hyper::Method::POST, &path, Some("{}".into())).await?;
                if reply.status.is_success() {
                    Ok(())
                } else {
                    Err(reply.refused()?.fault(&format!("dismiss the gap `{id}`")))
                }
            })?;
            output::print(&format!("dismissed {id}\n"))
        }
    }
}

#[derive(Deserialize)]
struct MemoryList {
    choices: Vec<Learned>,
}

#[derive(Serialize, Deserialize)]
struct Learned {
    id: String,
    text: String,
    skill: String,
    count: u64,
    last_ms: u64,
}

pub fn memory(context: &Context, asked: &args::Memory) -> Result<(), Fault> {
    match asked {
        args::Memory::List => {
            let list: MemoryList =
                context.with_any(async |client| client.get("/v1/memory", "list what is remembered").await)?;
            if context.voice.json {
                return output::print_json(&json!({ "choices": list.choices }));
            }
            let mut table = output::table(&["id", "skill", "chosen", "last", "request"]);
            for one in &list.choices {
                let last = output::moment(one.last_ms);
                table.add_row([
                    &one.id,
                    &one.skill,
                    &output::count(one.count),
                    &last,
                    &output::first_line(&one.text, 60),
                ]);
            }
            output::print_table(&table)
        }
        args::Memory::Forget { id, all: _ } => {
            let path = match id {
                Some(id) => format!("/v1/memory/{}", checked(id)?),
                None => "/v1/memory".to_owned(),
            };
            let gone: Value = context
                .with_any(async |client| client.send(hyper::Method::DELETE, &path, None).await?.json("forget"))?;
            if context.voice.json {
                return output::print_json(&gone);
            }
            let n_gone = gone.get("forgotten").and_then(Value::as_u64).unwrap_or(0);
            output::print(&format!("forgot {}\n", output::count(n_gone)))
        }
    }
}

/// An id as it may stand in a path.
fn checked(id: &str) -> Result<&str, Fault> {
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(id) } else { Err(Fault::usage(format!("Failed to read `{}` as an id", id.escape_debug()))) }
}
