//! `happyos ask` and `analyse`: requests in plain words.

use std::io::Read as _;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Client, Reply, Usage};
use super::fault::{Code, Doing as _, Fault};
use super::steps::Waiting;
use super::{Context, args, output};

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
    #[serde(default)]
    pub analysis: Option<Analysis>,
    pub usage: Usage,
}

#[derive(Deserialize)]
pub struct Said {
    pub text: String,
    #[serde(default)]
    pub hint: Option<String>,
}

#[derive(Deserialize)]
pub struct Attachment {
    pub name: String,
    pub media_type: String,
}

#[derive(Deserialize)]
pub struct Error {
    pub kind: String,
    pub message: String,
}

#[derive(Deserialize)]
pub struct Step {
    pub skill: String,
    pub arguments: Map<String, Value>,
    pub state: String,
    pub attempts: u32,
    #[serde(default)]
    pub failures: Vec<StepFailure>,
}

#[derive(Deserialize)]
pub struct StepFailure {
    pub skill: String,
    pub error: Error,
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

pub fn ask(context: &Context, asked: &args::Ask) -> Result<(), Fault> {
    let mut body = body(&asked.request)?;
    if let Some(members) = body.as_object_mut() {
        members.insert("wait".into(), (!asked.no_wait).into());
        members.insert("format".into(), if asked.markdown { "markdown" } else { "text" }.into());
    }
    context.with_any(async |client| {
        let reply = {
            let _waiting = Waiting::new(context.voice, "working on it".into());
            client.send(hyper::Method::POST, "/v1/requests", Some(body.to_string())).await?
        };
        show(context, &reply, "ask", asked.steps)
    })
}

pub fn analyse(context: &Context, asked: &args::Request) -> Result<(), Fault> {
    let body = body(asked)?;
    context.with_any(async |client| {
        let reply = client.send(hyper::Method::POST, "/v1/analyse", Some(body.to_string())).await?;
        let looked: Looked = reply.json("analyse the request")?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        output::print(&explained(&looked))
    })
}

/// Prints a task for people, or as it came; the exit code says what became of it.
pub fn show(context: &Context, reply: &Reply, doing: &str, steps: bool) -> Result<(), Fault> {
    let task: Task = reply.json(doing)?;
    if context.voice.json {
        output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)))?;
        return outcome(&task.state);
    }
    output::print(&format!("{}\n", task.answer.text))?;
    if let Some(hint) = &task.answer.hint {
        context.voice.note(&format!("hint: {hint}"));
    }
    for Attachment { name, media_type } in &task.attachments {
        let (name, media_type) = (name.escape_debug(), media_type.escape_debug());
        context.voice.note(&format!("attachment `{name}` ({media_type}): `--json` prints it"));
    }
    if steps {
        output::print(&steps_text(&task))?;
    }
    let skill = task.steps.last().map(|step| format!(" by `{}`", step.skill)).unwrap_or_default();
    context.voice.note(&format!("task {}: {}{skill}", task.id, task.state));
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

/// How an answer came about.
pub fn steps_text(task: &Task) -> String {
    let mut text = String::new();
    if let Some(analysis) = &task.analysis {
        text.push_str(&analysis_text(analysis));
    }
    for (number, step) in (1..).zip(&task.steps) {
        for StepFailure { skill, error } in &step.failures {
            text.push_str(&format!("step {number}: `{skill}` failed: {}: {}\n", error.kind, error.message));
        }
        let input = Value::Object(step.arguments.clone());
        let times = if step.attempts > 1 { format!(", begun {} times", step.attempts) } else { String::new() };
        text.push_str(&format!("step {number}: `{}` {input}: {}{times}\n", step.skill, step.state));
    }
    let span = output::duration(std::time::Duration::from_micros(task.usage.wall_us));
    text.push_str(&format!("used {} fuel in {span}\n", output::count(task.usage.fuel)));
    text
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
    let text = match asked.text.as_slice() {
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
