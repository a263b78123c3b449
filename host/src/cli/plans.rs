//! `happyos plan`, `task approve` and `task reject`: what would be done step by step, and which steps may.

use std::fs;
use std::io::Read as _;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::Reply;
use super::fault::{Doing as _, Fault};
use super::steps::Waiting;
use super::{Context, args, ask, output, tasks};
use crate::orchestrator::given;

/// Largest plan that is read, in bytes; the daemon says what is too much.
const PLAN_BYTES_MAX: u64 = 4 << 20;

#[derive(Deserialize)]
struct Planned {
    steps: Vec<Step>,
    #[serde(default)]
    left_out: Vec<LeftOut>,
    #[serde(default)]
    question: Option<Value>,
    #[serde(default)]
    refusal: Option<Value>,
    mermaid: String,
}

#[derive(Deserialize)]
struct Step {
    number: usize,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    skill: Option<String>,
    #[serde(default)]
    agent: Option<String>,
    arguments: Map<String, Value>,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(default)]
    needs: Vec<usize>,
    #[serde(default)]
    fallbacks: Vec<String>,
}

#[derive(Deserialize)]
struct Reference {
    to: String,
    #[serde(default)]
    step: Option<usize>,
    pointer: String,
    #[serde(default)]
    template: Option<String>,
}

#[derive(Deserialize)]
struct LeftOut {
    text: String,
    #[serde(default)]
    skill: Option<String>,
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default)]
    choices: Vec<String>,
    #[serde(default)]
    waits: bool,
}

pub fn plan(context: &Context, asked: &args::Plan) -> Result<(), Fault> {
    if asked.schema {
        return output::print(given::SCHEMA);
    }
    let file = asked.run.as_ref().or(asked.check.as_ref());
    let body = match file {
        Some(file) => {
            let words = asked.text.join(" ");
            let mut body = ask::body_of(&words, &asked.said)?;
            if let Some(members) = body.as_object_mut() {
                members.insert("plan".into(), read(file)?);
            }
            body
        }
        None => ask::body_of(&ask::text_of(&asked.text)?, &asked.said)?,
    };
    if file.is_none() {
        ask::say_what_compares(context)?;
    }
    context.with_any(async |client| {
        if asked.run.is_some() {
            let reply = {
                let _waiting = Waiting::new(context.voice, "working on it".into());
                client.send(hyper::Method::POST, "/v1/requests", Some(body.to_string())).await?
            };
            ask::usage(&reply, "run the plan")?;
            return ask::show(context.voice, &reply, "run the plan");
        }
        let reply = client.send(hyper::Method::POST, "/v1/plan", Some(body.to_string())).await?;
        ask::usage(&reply, "plan the request")?;
        show(context, asked, &reply)
    })
}

fn read(file: &str) -> Result<Value, Fault> {
    let mut text = String::new();
    let doing = || format!("read the plan `{file}`");
    match file {
        "-" => std::io::stdin().lock().take(PLAN_BYTES_MAX).read_to_string(&mut text).doing(doing)?,
        path => fs::File::open(path).doing(doing)?.take(PLAN_BYTES_MAX).read_to_string(&mut text).doing(doing)?,
    };
    serde_json::from_str(&text).map_err(|error| {
        Fault::usage(format!("Failed to read the plan `{file}`: {error}"))
            .hint("`happyos plan --schema` prints what a plan may be")
    })
}

fn show(context: &Context, asked: &args::Plan, reply: &Reply) -> Result<(), Fault> {
    let planned: Planned = reply.json("plan the request")?;
    if asked.mermaid {
        return output::print(&output::harmless(&planned.mermaid));
    }
    if context.voice.json {
        return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
    }
    output::print(&output::harmless(&told(&planned)))
}

fn told(planned: &Planned) -> String {
    let mut text = String::new();
    for step in &planned.steps {
        let called = step.skill.as_deref().or(step.agent.as_deref()).unwrap_or_default();
        let name = step.name.as_ref().map(|name| format!("  {}", output::first_line(name, 80))).unwrap_or_default();
        text.push_str(&format!("{}. {called} {}{name}\n", step.number, Value::Object(step.arguments.clone())));
        for own in &step.references {
            let from = match own.step {
                Some(step) => format!("step {step}"),
                None => "the item".to_owned(),
            };
            let pointer = if own.pointer.is_empty() { "all of it" } else { &own.pointer };
            let template = own.template.as_ref().map(|template| format!(" as `{template}`")).unwrap_or_default();
            text.push_str(&format!("   {} from {from}: {pointer}{template}\n", own.to));
        }
        if !step.needs.is_empty() {
            let needs: Vec<String> = step.needs.iter().map(ToString::to_string).collect();
            text.push_str(&format!("   after {}\n", needs.join(", ")));
        }
        if !step.fallbacks.is_empty() {
            text.push_str(&format!("   else {}\n", step.fallbacks.join(", ")));
        }
    }
    for left in &planned.left_out {
        let why = match &left.skill {
            _ if left.waits => "needs what cannot be done".to_owned(),
            Some(skill) if !left.missing.is_empty() => format!("{skill} needs {}", left.missing.join(", ")),
            Some(skill) => skill.clone(),
            None if left.choices.is_empty() => "no skill does this".to_owned(),
            None => format!("several fit: {}", left.choices.join(", ")),
        };
        text.push_str(&format!("-  {}: {why}\n", output::first_line(&left.text, 80)));
    }
    if let Some(question) = &planned.question {
        text.push_str(&format!("question {question}\n"));
    }
    if let Some(refusal) = &planned.refusal {
        text.push_str(&format!("refusal {refusal}\n"));
    }
    text
}

/// Says whether a step may run.
pub fn decide(context: &Context, id: &str, step: &str, approved: bool) -> Result<(), Fault> {
    let step = step.parse::<u64>().map_or_else(|_| Value::from(step), Value::from);
    context.with_any(async |client| {
        let id = ask::task_id(&client, id).await?;
        let (act, doing) = if approved { ("approve", "approve a step of") } else { ("reject", "reject a step of") };
        let body = json!({ "step": step }).to_string();
        let path = format!("/v1/tasks/{id}/{act}");
        tasks::go_on(context, &client, &path, body, &format!("{doing} the task `{id}`")).await
    })
}
