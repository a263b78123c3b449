//! `happyos task` and `gap`: what became of requests, and what no skill does.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::Client;
use super::fault::Fault;
use super::steps::Waiting;
use super::{Context, args, artifacts, ask, output, plans, trace};

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
        args::Task::Approve { id, step } => plans::decide(context, id, step, true),
        args::Task::Reject { id, step } => plans::decide(context, id, step, false),
        args::Task::Artifacts { id, out } => artifacts::write(context, id, out),
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
        args::Task::Correct { id, skill } => correct(context, id, skill),
        args::Task::Trace { id } => trace::run(context, id),
    }
}

#[derive(Deserialize)]
struct Corrected {
    text: String,
}

fn correct(context: &Context, id: &str, skill: &str) -> Result<(), Fault> {
    context.with_any(async |client| {
        let id = ask::task_id(&client, id).await?;
        let body = json!({ "skill": skill }).to_string();
        let path = format!("/v1/tasks/{id}/correct");
        let reply = client.send(hyper::Method::POST, &path, Some(body)).await?;
        let corrected: Corrected = reply.json(&format!("correct the task `{id}`"))?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        let text = output::first_line(&corrected.text, 60);
        output::print(&format!("requests like \"{text}\" go to `{skill}` from now on\n"))?;
        context.voice.note("hint: `happyos memory list` shows what was learned, `happyos memory forget ID` undoes it");
        Ok(())
    })
}

/// Sends what a task goes on with, waits, and shows what came of it.
pub async fn go_on(context: &Context, client: &Client, path: &str, body: String, doing: &str) -> Result<(), Fault> {
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

/// An id as it may stand in a path.
pub fn checked(id: &str) -> Result<&str, Fault> {
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(id) } else { Err(Fault::usage(format!("Failed to read `{}` as an id", id.escape_debug()))) }
}
