//! `happyos ask` and `analyse`: requests in plain words.

use std::io::Read as _;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Client, Reply};
use super::fault::{Code, Doing as _, Fault};
use super::output::Voice;
use super::steps::Waiting;
use super::{Context, args, output};
use crate::remote;

/// Most bytes of a request read from standard input; the daemon says what is too much.
const TEXT_BYTES_MAX: u64 = 2 << 20;

/// A task as the daemon tells it, as far as people read it.
#[derive(Deserialize)]
pub struct Task {
    pub id: String,
    pub state: String,
    pub answer: Said,
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    #[serde(default)]
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
pub struct Said {
    pub text: String,
    #[serde(default)]
    pub hint: Option<String>,
    /// How it came about, where that was asked for.
    #[serde(default)]
    pub steps: Option<String>,
}

#[derive(Deserialize)]
pub struct Attachment {
    pub name: String,
    pub media_type: String,
}

#[derive(Deserialize)]
pub struct Step {
    #[serde(default)]
    pub skill: Option<String>,
    #[serde(default)]
    pub agent: Option<String>,
}

#[derive(Deserialize)]
pub struct Analysis {
    pub language: String,
    pub intent: String,
    pub complexity: Complexity,
    pub strategy: String,
    pub reasons: Vec<String>,
    pub margin: f32,
    pub fit: f32,
    pub candidates: Vec<Candidate>,
}

#[derive(Deserialize)]
pub struct Complexity {
    pub score: f32,
    pub reasons: Vec<String>,
}

#[derive(Deserialize)]
pub struct Candidate {
    pub skill: String,
    pub score: f32,
    #[serde(default)]
    pub reasons: Vec<String>,
}

#[derive(Deserialize)]
struct Looked {
    analysis: Analysis,
    clauses: Vec<String>,
    by: String,
    turns: usize,
    calls: Vec<Call>,
    #[serde(default)]
    question: Option<Value>,
    #[serde(default)]
    refusal: Option<Value>,
}

#[derive(Deserialize)]
struct Call {
    skill: String,
    arguments: Map<String, Value>,
}

impl args::Format {
    /// The voice to answer in.
    pub fn voice(self, voice: Voice) -> Voice {
        Voice { json: voice.json || self == args::Format::Json, ..voice }
    }

    /// How the daemon is to write the answer.
    pub fn name(self) -> &'static str {
        match self {
            args::Format::Markdown => "markdown",
            args::Format::Text | args::Format::Json => "text",
        }
    }
}

pub fn ask(context: &Context, asked: &args::Ask) -> Result<(), Fault> {
    let mut body = body(&asked.request)?;
    if let Some(members) = body.as_object_mut() {
        members.insert("wait".into(), (!asked.no_wait).into());
    }
    let path = format!("/v1/requests?format={}&steps={}", asked.format.name(), asked.steps);
    let voice = asked.format.voice(context.voice);
    say_what_compares(context)?;
    context.with_any(async |client| {
        let reply = {
            let _waiting = Waiting::new(voice, "working on it".into());
            client.send(hyper::Method::POST, &path, Some(body.to_string())).await?
        };
        usage(&reply, "ask")?;
        show(voice, &reply, "ask")
    })
}

pub fn analyse(context: &Context, asked: &args::Request) -> Result<(), Fault> {
    let body = body(asked)?;
    say_what_compares(context)?;
    context.with_any(async |client| {
        let reply = client.send(hyper::Method::POST, "/v1/analyse", Some(body.to_string())).await?;
        usage(&reply, "analyse the request")?;
        let looked: Looked = reply.json("analyse the request")?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        output::print(&output::harmless(&explained(&looked)))
    })
}

/// A request that makes no sense is a mistake of the command line.
pub fn usage(reply: &Reply, doing: &str) -> Result<(), Fault> {
    use hyper::StatusCode;
    match reply.status {
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Fault { code: Code::Usage, ..reply.refused()?.fault(doing) })
        }
        _ => Ok(()),
    }
}

/// A single command does not wait for a model to be read and for the vectors of all skills: it says so.
pub fn say_what_compares(context: &Context) -> Result<(), Fault> {
    let has_model = remote::path(&context.config.models_dir(), &remote::MODEL).is_some();
    if has_model && Client::of_daemon(&context.config.data_dir)?.is_none() {
        let up = context.up_command();
        context.voice.note(&format!("note: compared by words alone; a daemon (`{up}`) compares by meaning, too"));
    }
    Ok(())
}

/// Prints a task for people, or as it came; the exit code says what became of it.
pub fn show(voice: Voice, reply: &Reply, doing: &str) -> Result<(), Fault> {
    let task: Task = reply.json(doing)?;
    if voice.json {
        output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)))?;
        return outcome(&task.state);
    }
    output::print(&format!("{}\n", output::harmless(&task.answer.text)))?;
    if let Some(hint) = &task.answer.hint {
        voice.note(&format!("hint: {hint}"));
    }
    for Attachment { name, media_type } in &task.attachments {
        let (name, media_type) = (name.escape_debug(), media_type.escape_debug());
        let id = &task.id;
        voice.note(&format!("file `{name}` ({media_type}): `happyos task artifacts {id} --out DIR` writes it"));
    }
    if let Some(steps) = &task.answer.steps {
        output::print(&format!("\n{}\n", output::harmless(steps)))?;
    }
    let called = task.steps.iter().filter_map(|step| step.skill.as_ref().or(step.agent.as_ref()));
    let mut names: Vec<String> = called.map(|name| format!("`{name}`")).collect();
    names.dedup();
    let by = if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) };
    voice.note(&format!("task {}: {}{by}", task.id, task.state));
    outcome(&task.state)
}

/// The exit code of a task in that state.
fn outcome(state: &str) -> Result<(), Fault> {
    let code = match state {
        "failed" | "canceled" => Code::Failed,
        "input-required" => Code::Question,
        "rejected" => Code::Refused,
        _ => return Ok(()),
    };
    Err(Fault { code, ..Fault::said() })
}

fn analysis_text(analysis: &Analysis) -> String {
    let Analysis { language, intent, complexity, strategy, reasons, margin, fit, candidates } = analysis;
    let because = |reasons: &[String]| match reasons {
        [] => String::new(),
        some => format!(" ({})", some.join("; ")),
    };
    let mut text = format!("language    {language}\nintent      {intent}\n");
    text.push_str(&format!("complexity  {:.2}{}\n", complexity.score, because(&complexity.reasons)));
    text.push_str(&format!("strategy    {strategy}{}\n", because(reasons)));
    text.push_str(&format!("margin      {margin:.2}\nfit         {fit:.2}\n"));
    for candidate in candidates {
        text.push_str(&format!(
            "candidate   {:.2} {}{}\n",
            candidate.score,
            candidate.skill,
            because(&candidate.reasons)
        ));
    }
    text
}

fn explained(looked: &Looked) -> String {
    let mut text = analysis_text(&looked.analysis);
    for clause in &looked.clauses {
        text.push_str(&format!("clause      {clause}\n"));
    }
    text.push_str(&format!("by          {}\n", looked.by));
    if looked.turns > 0 {
        text.push_str(&format!("context     {} earlier turns of the session\n", looked.turns));
    }
    for call in &looked.calls {
        text.push_str(&format!("call        {} {}\n", call.skill, Value::Object(call.arguments.clone())));
    }
    if let Some(question) = &looked.question {
        text.push_str(&format!("question    {question}\n"));
    }
    if let Some(refusal) = &looked.refusal {
        text.push_str(&format!("refusal     {refusal}\n"));
    }
    text
}

fn body(asked: &args::Request) -> Result<Value, Fault> {
    body_of(&text_of(&asked.text)?, &asked.said)
}

/// The words of a request as they were given, or from standard input.
pub fn text_of(words: &[String]) -> Result<String, Fault> {
    let text = match words {
        [one] if one == "-" => {
            let mut text = String::new();
            std::io::stdin()
                .lock()
                .take(TEXT_BYTES_MAX)
                .read_to_string(&mut text)
                .doing(|| "read the request from standard input".into())?;
            text.trim_end().to_owned()
        }
        words => words.join(" "),
    };
    if text.trim().is_empty() {
        return Err(Fault::usage("Failed to ask: the request is empty").hint("say in plain words what is to be done"));
    }
    Ok(text)
}

/// A request as it is sent.
pub fn body_of(text: &str, asked: &args::Said) -> Result<Value, Fault> {
    let mut body = json!({ "text": text });
    let members = body.as_object_mut();
    let Some(members) = members else { return Ok(body) };
    for (key, value) in [("session_id", &asked.session), ("locale", &asked.locale), ("time_zone", &asked.time_zone)] {
        if let Some(value) = value {
            members.insert(key.into(), value.as_str().into());
        }
    }
    for (key, pairs) in [("context", &asked.context), ("hints", &asked.hint)] {
        let pairs = pairs.iter().map(|pair| {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| Fault::usage(format!("Failed to read `{pair}`: it is no `NAME=VALUE`")))?;
            // What is no number or flag is text, and so is all context.
            let read = serde_json::from_str(value).ok().filter(|value: &Value| key == "hints" && value.is_number());
            Ok((name.to_owned(), read.unwrap_or_else(|| value.into())))
        });
        let pairs: Map<String, Value> = pairs.collect::<Result<_, Fault>>()?;
        if !pairs.is_empty() {
            members.insert(key.into(), Value::Object(pairs));
        }
    }
    let args::Budget { fuel, wall_ms, host_calls, output_bytes, money } = asked.budget;
    let limits = [
        ("fuel", fuel),
        ("wall_ms", wall_ms),
        ("host_calls", host_calls),
        ("output_bytes", output_bytes),
        ("money", money),
    ];
    let limits: Map<String, Value> =
        limits.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
    if !limits.is_empty() {
        members.insert("limits".into(), Value::Object(limits));
    }
    Ok(body)
}

/// The task of that id; `last` is the one that was made last.
pub async fn task_id(client: &Client, id: &str) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct List {
        tasks: Vec<Listed>,
    }
    #[derive(Deserialize)]
    struct Listed {
        id: String,
    }
    if id != "last" {
        let fits = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let refused = || Fault::usage(format!("Failed to read `{}` as a task's id", id.escape_debug()));
        return if fits { Ok(id.to_owned()) } else { Err(refused().hint("`happyos task list` shows your tasks")) };
    }
    let list: List = client.get("/v1/tasks?limit=1", "find the last task").await?;
    list.tasks.into_iter().next().map(|task| task.id).ok_or_else(|| {
        Fault::failed("Failed to find the last task: there is none").hint("`happyos ask \"…\"` makes one")
    })
}
