//! The tool for requests in plain words: asking, and answering the question that a request waits with.
//!
//! What happens when a client cancels or goes away: nothing to its request, which is worked on whether or not anybody
//! waits. Calling again with its id finds out what became of it.

use rmcp::model::{CallToolResult, ContentBlock, JsonObject, MetaObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::convert;
use super::handler::{Teller, Told};
use crate::base::{Failure, FailureKind, TaskId};
use crate::orchestrator::event::{Budget, End, Event, Hints, Question, Refusal, Request};
use crate::orchestrator::respond::{Door, Format, respond};
use crate::orchestrator::task::{Progress, Task};
use crate::orchestrator::{Orchestrator, Step};
use crate::security::Principal;
use crate::skills::Attachment;
use crate::telemetry::spans::CallerSpan;

/// The tool's name. A skill of that name is no tool.
pub const NAME: &str = "ask";

const DESCRIPTION: &str = "Asks in plain words, in English or Swedish, for what the installed skills can do: the fitting \
    skill is found and called. The result says in `state` what came of it. `completed`: the text is the answer. \
    `input-required`: the text is a question; answer it by calling this tool again with the answer as `text` and the \
    `task_id` of the result. `rejected`: no skill does it. A request may have several \
    parts; those that nothing does are named in the answer.";

/// The tool as MCP describes it.
pub fn tool() -> Tool {
    let text = |description: &str| json!({"type": "string", "description": description});
    let bound = |description: &str| json!({"type": "integer", "minimum": 0, "description": description});
    let input = json!({
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1,
                "description": "What is wanted, in plain words; or the answer to a question."},
            "task_id": text("Only to answer: the `task_id` of the result that asked."),
            "session_id": text("Groups the requests of one conversation, so that later ones can speak of earlier ones."),
            "locale": text("The language wanted, as a BCP 47 tag such as `sv`; otherwise that of the text."),
            "time_zone": text("Where the user is, such as `Europe/Stockholm`."),
            "context": {"type": "object", "description": "What there is to know, such as `project`."},
            "hints": {
                "type": "object",
                "properties": {
                    "complexity": {"type": "number", "minimum": 0, "maximum": 1},
                    "team_size": {"type": "integer", "minimum": 1},
                    "skill": text("A skill that is preferred where it fits."),
                },
                "additionalProperties": false,
            },
            "limits": {
                "type": "object",
                "description": "What all that is done for it may use together.",
                "properties": {
                    "fuel": bound("Instructions."),
                    "wall_ms": bound("Milliseconds."),
                    "host_calls": bound("Calls of skills to the host."),
                    "output_bytes": bound("Bytes of the answers."),
                    "money": bound("What agents may cost, in millionths of the operator's currency."),
                },
                "additionalProperties": false,
            },
        },
        "required": ["text"],
        "additionalProperties": false,
    });
    let output = json!({
        "type": "object",
        "properties": {
            "task_id": {"type": "string"},
            "state": {"type": "string",
                "enum": ["completed", "input-required", "rejected", "failed", "canceled", "submitted", "working"]},
            "answer": text("What there is to say, in the language of the request."),
            "hint": text("What to do next, where there is something."),
            "language": {"type": "string"},
            "skills": {"type": "array", "items": {"type": "string"}, "description": "The skills that answered."},
            "output": {"description": "The skill's own answer."},
            "question": {"type": "object", "description": "What is asked, for programs."},
            "gap": text("What no skill does is noted under this id."),
        },
        "required": ["task_id", "state", "answer", "language", "skills"],
    });
    let object = |value: Value| match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    };
    let mut tool = Tool::new(NAME, DESCRIPTION, object(input));
    tool.output_schema = Some(object(output).into());
    // What a request comes to is up to the skills.
    tool.annotations = Some(ToolAnnotations::from_raw(None, Some(false), Some(true), Some(false), Some(true)));
    tool
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    text: String,
    #[serde(default)]
    task_id: Option<String>,
    #[serde(default, alias = "session")]
    session_id: Option<Box<str>>,
    #[serde(default)]
    locale: Option<Box<str>>,
    #[serde(default)]
    time_zone: Option<Box<str>>,
    #[serde(default)]
    context: Map<String, Value>,
    #[serde(default)]
    hints: HintArguments,
    #[serde(default)]
    limits: LimitArguments,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HintArguments {
    complexity: Option<f32>,
    team_size: Option<u32>,
    skill: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitArguments {
    fuel: Option<u64>,
    wall_ms: Option<u64>,
    host_calls: Option<u64>,
    output_bytes: Option<u64>,
    money: Option<u64>,
}

/// Asks, or answers, for `principal`; `teller` hears how far it is.
pub async fn call(
    orchestrator: &Orchestrator,
    principal: &Principal,
    input: &str,
    told: &Told<'_>,
    teller: Option<Teller<'_>>,
) -> CallToolResult {
    let settled = settle(orchestrator, principal, input, told, teller);
    match CallerSpan::calls(told.caller.clone(), settled).await {
        Ok(result) => result,
        Err(failure) => convert::failed(&failure, MetaObject::new()),
    }
}

async fn settle(
    orchestrator: &Orchestrator,
    principal: &Principal,
    input: &str,
    told: &Told<'_>,
    teller: Option<Teller<'_>>,
) -> Result<CallToolResult, Failure> {
    let asked: Arguments = serde_json::from_str(input).map_err(|error| {
        Failure::new(FailureKind::InvalidInput, format!("the arguments are not as they should be: {error}"))
            .with_hint("`tools/list` has the schema of this tool")
    })?;
    let accepted = match &asked.task_id {
        Some(id) => {
            let known = TaskId::parse(id).ok_or_else(|| {
                let shown: String = id.chars().take(40).collect();
                Failure::new(FailureKind::NotFound, format!("there is no task `{shown}`"))
            })?;
            orchestrator.answer(principal, known, &asked.text).await?
        }
        None => orchestrator.ask(principal, request(asked, told)).await?,
    };
    let task = match teller {
        None => Task::clone(&*accepted.settled().await?),
        Some(teller) => {
            let id = accepted.id;
            // From here on it is worked on without this call, which only follows it.
            drop(accepted);
            follow(orchestrator, principal, id, teller).await?;
            orchestrator.task(principal, id).await?
        }
    };
    let artifacts = match task.steps.iter().any(|step| matches!(step.progress, Progress::Done { n_artifacts: 1.., .. }))
    {
        true => orchestrator.artifacts(principal, task.id).await?,
        false => Vec::new(),
    };
    let mut result = told_of(&task);
    result.content.extend(artifacts.into_iter().map(|artifact| {
        let (name, media_type) = (artifact.name.to_string(), artifact.media_type.to_string());
        convert::attachment(Attachment { name, media_type, data: artifact.data })
    }));
    Ok(result)
}

/// A request as it is asked; what the arguments do not say, the message's own data may.
fn request(asked: Arguments, told: &Told<'_>) -> Request {
    let HintArguments { complexity, team_size, skill } = asked.hints;
    let LimitArguments { fuel, wall_ms, host_calls, output_bytes, money } = asked.limits;
    Request {
        text: asked.text,
        session: asked.session_id.or_else(|| told.session_id.map(Into::into)),
        locale: asked.locale.or_else(|| told.locale.map(Into::into)),
        time_zone: asked.time_zone,
        context: asked.context,
        hints: Hints { complexity, team_size, skill },
        budget: Budget { fuel, wall_ms, host_calls, output_bytes, money },
        ..Request::default()
    }
}

async fn follow(
    orchestrator: &Orchestrator,
    principal: &Principal,
    id: TaskId,
    mut teller: Teller<'_>,
) -> Result<(), Failure> {
    let mut following = orchestrator.follow_task(principal, id, 0).await?;
    while let Some(step) = following.next().await? {
        let message = match step {
            Step::Event(_, _, event) => match &*event {
                Event::StepStarted(started) => format!("step {} begins", started.step + 1),
                other => other.kind().to_owned(),
            },
            Step::Progress(progress) => progress.message.clone(),
        };
        teller.tell(message).await;
    }
    Ok(())
}

/// A task as a tool's result. What has no answer, for good, is an error, which models read.
fn told_of(task: &Task) -> CallToolResult {
    let said = respond(task, Format::Text, Door::Tool);
    let done = task.steps.iter().filter_map(|step| match &step.progress {
        Progress::Done { output, .. } => Some((step.step.chain.get(step.call)?.label().to_string(), output)),
        _ => None,
    });
    let (skills, outputs): (Vec<String>, Vec<_>) = done.unzip();
    let mut structured = json!({
        "task_id": task.id.to_string(),
        "state": task.state().as_str(),
        "answer": said.text,
        "language": said.language,
        "skills": skills,
    });
    if let Some(members) = structured.as_object_mut() {
        let output = outputs.last().and_then(|output| serde_json::from_str(output.get()).ok());
        let gap = match &task.end {
            Some(End::Rejected(Refusal::Gap(gap))) => Some((&*gap.id).into()),
            _ => None,
        };
        let more = [
            ("hint", said.hint.clone().map(Value::String)),
            ("output", output),
            ("question", task.question.as_ref().map(question)),
            ("gap", gap),
        ];
        members.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    let text = match &said.hint {
        Some(hint) => format!("{}\n\n{hint}", said.text),
        None => said.text,
    };
    let content = vec![ContentBlock::text(text)];
    let mut result = match &task.end {
        None | Some(End::Completed) => CallToolResult::success(content),
        Some(End::Failed(_) | End::Canceled(_) | End::Rejected(_)) => CallToolResult::error(content),
    };
    let mut meta = MetaObject::new();
    let used = &task.used;
    let usage = json!({
        "fuel": used.fuel,
        "memory_peak_bytes": used.memory_peak_bytes,
        "wall_us": used.wall_us,
        "host_calls": used.host_calls,
        "money": used.money,
    });
    meta.insert(convert::USAGE_KEY.to_owned(), usage);
    if let Some(End::Failed(failed)) = &task.end {
        meta.insert(convert::ERROR_KEY.to_owned(), json!({"kind": failed.kind, "message": failed.message}));
    }
    result.structured_content = Some(structured);
    result.meta = Some(meta);
    result
}

/// A question for programs.
fn question(question: &Question) -> Value {
    match question {
        Question::Choice(choices) => {
            let choice = |choice: &crate::orchestrator::event::Choice| json!({"skill": choice.skill, "description": choice.description});
            json!({"kind": "choice", "choices": choices.iter().map(choice).collect::<Vec<_>>()})
        }
        Question::Missing(missing) => {
            let value = |value: &crate::orchestrator::event::MissingValue| json!({"name": value.name, "options": value.options, "suggestion": value.suggestion});
            let values: Vec<_> = missing.values.iter().map(value).collect();
            json!({"kind": "missing", "skill": missing.skill, "missing": values})
        }
        Question::Interrupted(interrupted) => {
            json!({"kind": "interrupted", "skill": interrupted.skill, "answers": ["retry", "skip", "abandon"]})
        }
        Question::Agent(asked) => json!({"kind": "agent", "agent": asked.agent, "message": asked.message}),
        Question::Approval(approval) => json!({
            "kind": "approval",
            "skill": approval.target,
            "arguments": approval.arguments,
            "answers": ["approve", "reject"],
        }),
    }
}
