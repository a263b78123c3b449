//! What travels of a task: what came of it, its question, its refusal, its steps.

use std::borrow::Cow;

use base64::Engine as _;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::how::Written;
use crate::orchestrator::event::{Analysed, Candidate, End, Failed, Part, Question, Reference, Refusal, Target, Used};
use crate::orchestrator::respond::{Door, mermaid, respond, steps};
use crate::orchestrator::task::{Outputs, Progress, StepState, Task};
use crate::store::tasks::{Artifact, TaskRecord};

/// A task in a list.
#[derive(Serialize)]
pub(super) struct TaskSummary {
    id: String,
    state: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    created_ms: u64,
    updated_ms: u64,
}

impl From<&TaskRecord> for TaskSummary {
    fn from(record: &TaskRecord) -> TaskSummary {
        TaskSummary {
            id: record.id.to_string(),
            state: record.state.as_str(),
            text: record.title.to_string(),
            session_id: record.session.as_deref().map(str::to_owned),
            created_ms: record.created_ms,
            updated_ms: record.updated_ms,
        }
    }
}

/// A task, and what came of it.
#[derive(Serialize)]
pub(super) struct TaskBody<'a> {
    id: String,
    state: &'static str,
    request: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    created_ms: u64,
    updated_ms: u64,
    answer: AnswerBody,
    /// The output of the last step that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a RawValue>,
    attachments: Vec<AttachmentBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<QuestionBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FailedBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<AnalysedBody<'a>>,
    steps: Vec<StepBody<'a>>,
    /// Parts of the request that no step is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<PartBody<'a>>,
    usage: UsedBody,
}

/// What there is to say, in the language of the request.
#[derive(Serialize)]
struct AnswerBody {
    language: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// How it came about, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<String>,
}

#[derive(Serialize)]
struct AttachmentBody<'a> {
    name: &'a str,
    media_type: &'a str,
    /// Base64, padded.
    data: String,
}

#[derive(Serialize)]
pub(super) struct QuestionBody<'a> {
    /// `choice`, `missing`, `interrupted`, `approval` or `agent`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    skill: Option<&'a str>,
    /// The agent that asks, or what it was wanted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    /// What it asks, in its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    /// The number of the step that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    /// What is to be called with.
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<ChoiceBody<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<MissingBody<'a>>,
    /// Answers that are taken as they stand; empty where others are, too.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    answers: &'static [&'static str],
}

#[derive(Serialize)]
struct ChoiceBody<'a> {
    number: usize,
    skill: &'a str,
    description: &'a str,
    score: f32,
}

#[derive(Serialize)]
struct MissingBody<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    question: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    options: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'a Value>,
}

#[derive(Serialize)]
pub(super) struct RefusalBody<'a> {
    /// `gap` or `several`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nearest: Vec<CandidateBody<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartBody<'a>>,
}

#[derive(Serialize)]
pub(super) struct PartBody<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    skill: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    missing: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<&'a str>,
    /// It goes on from a part that cannot be done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    waits: bool,
}

#[derive(Serialize)]
struct CandidateBody<'a> {
    skill: &'a str,
    score: f32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reasons: &'a [String],
}

#[derive(Serialize)]
struct FailedBody<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// A step of a plan: what it calls, and how far it is.
#[derive(Serialize)]
pub(super) struct StepBody<'a> {
    /// From 1; what approvals name it by.
    number: usize,
    /// The words of the request that it is for, or its name in a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skill: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    arguments: Cow<'a, Map<String, Value>>,
    /// What of the arguments comes from earlier answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<ReferenceBody<'a>>,
    /// Steps, by their numbers, that must be done before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<usize>,
    /// Whom it is tried with where that gives no answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fallbacks: Vec<&'a str>,
    /// The step over a list that it is one of.
    #[serde(skip_serializing_if = "Option::is_none")]
    one_of: Option<usize>,
    /// `waiting`, `running`, `paused`, `expanded`, `done`, `skipped`, `rejected` or `failed`.
    state: &'static str,
    attempts: u32,
    /// Its answer, where it is one of several steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<StepFailureBody<'a>>,
}

#[derive(Serialize)]
struct StepFailureBody<'a> {
    skill: &'a str,
    error: FailedBody<'a>,
}

#[derive(Serialize)]
struct ReferenceBody<'a> {
    to: &'a str,
    /// The number of the step; none for the item that the step is run for.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    pointer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
}

#[derive(Serialize)]
struct UsedBody {
    fuel: u64,
    memory_peak_bytes: u64,
    wall_us: u64,
    host_calls: u64,
    /// In millionths of the operator's currency.
    money: u64,
}

/// What was found out about a request.
#[derive(Serialize)]
pub(super) struct AnalysedBody<'a> {
    language: &'a str,
    intent: &'a str,
    complexity: ComplexityBody<'a>,
    strategy: &'a str,
    reasons: &'a [String],
    margin: f32,
    fit: f32,
    candidates: Vec<CandidateBody<'a>>,
}

#[derive(Serialize)]
struct ComplexityBody<'a> {
    score: f32,
    reasons: &'a [String],
}

/// Whether files came with a step's answer.
pub(super) fn has_artifacts(step: &StepState) -> bool {
    matches!(step.progress, Progress::Done { n_artifacts: 1.., .. })
}

/// What would be done about a request.
#[derive(Serialize)]
pub(super) struct PlanBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<AnalysedBody<'a>>,
    steps: Vec<StepBody<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<PartBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<QuestionBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalBody<'a>>,
    /// The same as a Mermaid flowchart.
    mermaid: String,
}

impl<'a> PlanBody<'a> {
    pub(super) fn new(task: &'a Task) -> PlanBody<'a> {
        PlanBody {
            analysis: task.analysed.as_deref().map(Into::into),
            steps: steps_of(task),
            left_out: task.left_out.iter().map(|left| (&left.part).into()).collect(),
            question: task.question.as_ref().map(Into::into),
            refusal: task.refusal.as_ref().map(Into::into),
            mermaid: mermaid(task),
        }
    }
}

/// Files that came with the answers of a task.
#[derive(Serialize)]
pub(super) struct ArtifactList<'a> {
    artifacts: Vec<AttachmentBody<'a>>,
}

impl<'a> ArtifactList<'a> {
    pub(super) fn new(artifacts: &'a [Artifact]) -> ArtifactList<'a> {
        ArtifactList { artifacts: artifacts.iter().map(AttachmentBody::new).collect() }
    }
}

impl<'a> AttachmentBody<'a> {
    fn new(artifact: &'a Artifact) -> AttachmentBody<'a> {
        AttachmentBody {
            name: &artifact.name,
            media_type: &artifact.media_type,
            data: base64::engine::general_purpose::STANDARD.encode(&artifact.data),
        }
    }
}

impl<'a> TaskBody<'a> {
    pub(super) fn new(task: &'a Task, artifacts: &'a [Artifact], written: Written) -> TaskBody<'a> {
        let said = respond(task, written.format, Door::Command);
        let planned: Vec<&StepState> = task.planned().map(|(_, step)| step).collect();
        let output = planned.into_iter().rev().find_map(|step| match &step.progress {
            Progress::Done { output, .. } => Some(&**output),
            _ => None,
        });
        TaskBody {
            id: task.id.to_string(),
            state: task.state().as_str(),
            request: &task.request.text,
            session_id: task.request.session.as_deref(),
            created_ms: task.created_ms,
            updated_ms: task.updated_ms,
            answer: AnswerBody {
                language: said.language,
                text: said.text,
                hint: said.hint,
                steps: written.steps.then(|| steps(task, written.format)),
            },
            output,
            attachments: artifacts.iter().map(AttachmentBody::new).collect(),
            question: task.question.as_ref().map(Into::into),
            refusal: match &task.end {
                Some(End::Rejected(refusal)) => Some(refusal.into()),
                _ => None,
            },
            error: match &task.end {
                Some(End::Failed(failed)) => Some(failed.into()),
                _ => None,
            },
            analysis: task.analysed.as_deref().map(Into::into),
            steps: steps_of(task),
            left_out: task.left_out.iter().map(|left| (&left.part).into()).collect(),
            usage: (&task.used).into(),
        }
    }
}

/// The steps of a task.
pub(super) fn steps_of(task: &Task) -> Vec<StepBody<'_>> {
    let outputs = Outputs::new(task);
    let several = task.steps.len() > 1;
    task.steps.iter().enumerate().filter_map(|(place, step)| StepBody::new(place, step, &outputs, several)).collect()
}

impl<'a> StepBody<'a> {
    fn new(place: usize, step: &'a StepState, outputs: &Outputs<'_>, several: bool) -> Option<StepBody<'a>> {
        let call = step.step.chain.get(step.call)?;
        let failure = |(call, failed): &'a (usize, Failed)| {
            let skill = &**step.step.chain.get(*call)?.label();
            Some(StepFailureBody { skill, error: failed.into() })
        };
        let reference = |reference: &'a Reference| ReferenceBody {
            to: &reference.to,
            step: reference.from.step.map(|step| step + 1),
            pointer: &reference.from.pointer,
            template: reference.template.as_deref(),
        };
        let arguments = match call.references.is_empty() {
            true => Cow::Borrowed(&call.arguments),
            false => Cow::Owned(outputs.arguments(step, call).unwrap_or_else(|_| call.arguments.clone())),
        };
        let (skill, agent) = match &call.target {
            Target::Skill(name) => (Some(&**name), None),
            Target::Agent(wanted) => (None, Some(&**wanted.label())),
        };
        Some(StepBody {
            number: place + 1,
            name: step.step.name.as_deref(),
            skill,
            agent,
            arguments,
            references: call.references.iter().map(reference).collect(),
            needs: step.step.needs.iter().map(|place| place + 1).collect(),
            fallbacks: step.step.chain.iter().skip(step.call + 1).map(|call| &**call.label()).collect(),
            one_of: step.item.as_ref().map(|item| item.of + 1),
            state: match step.progress {
                Progress::Waiting { .. } => "waiting",
                Progress::Running { .. } => "running",
                Progress::Paused(_) => "paused",
                Progress::Expanded { .. } => "expanded",
                Progress::Done { .. } => "done",
                Progress::Skipped => "skipped",
                Progress::Rejected => "rejected",
                Progress::Failed => "failed",
            },
            attempts: step.n_attempts,
            output: match &step.progress {
                Progress::Done { output, .. } if several => Some(output),
                _ => None,
            },
            failures: step.failures.iter().filter_map(failure).collect(),
        })
    }
}

impl<'a> From<&'a Question> for QuestionBody<'a> {
    fn from(question: &'a Question) -> QuestionBody<'a> {
        let empty = QuestionBody {
            kind: "",
            skill: None,
            agent: None,
            message: None,
            step: None,
            arguments: None,
            choices: Vec::new(),
            missing: Vec::new(),
            answers: &[],
        };
        match question {
            Question::Choice(choices) => {
                let choice = |(number, choice): (usize, &'a crate::orchestrator::event::Choice)| ChoiceBody {
                    number,
                    skill: &choice.skill,
                    description: &choice.description,
                    score: choice.score,
                };
                QuestionBody { kind: "choice", choices: (1..).zip(choices).map(choice).collect(), ..empty }
            }
            Question::Missing(missing) => {
                let value = |value: &'a crate::orchestrator::event::MissingValue| MissingBody {
                    name: &value.name,
                    question: &value.question,
                    description: value.description.as_deref(),
                    options: &value.options,
                    suggestion: value.suggestion.as_ref(),
                };
                let values = missing.values.iter().map(value).collect();
                QuestionBody { kind: "missing", skill: Some(&missing.skill), missing: values, ..empty }
            }
            Question::Interrupted(interrupted) => QuestionBody {
                kind: "interrupted",
                skill: Some(&interrupted.skill),
                answers: &["retry", "skip", "abandon"],
                step: Some(interrupted.step + 1),
                ..empty
            },
            Question::Agent(asked) => QuestionBody {
                kind: "agent",
                agent: Some(&asked.agent),
                message: Some(&asked.message),
                step: Some(asked.step + 1),
                ..empty
            },
            Question::Approval(approval) => QuestionBody {
                kind: "approval",
                skill: Some(&approval.target),
                answers: &["approve", "reject"],
                step: Some(approval.step + 1),
                arguments: Some(&approval.arguments),
                ..empty
            },
        }
    }
}

impl<'a> From<&'a Refusal> for RefusalBody<'a> {
    fn from(refusal: &'a Refusal) -> RefusalBody<'a> {
        match refusal {
            Refusal::Gap(gap) => RefusalBody {
                kind: "gap",
                gap: Some(&gap.id),
                nearest: gap.nearest.iter().map(Into::into).collect(),
                parts: Vec::new(),
            },
            Refusal::Several(parts) => RefusalBody {
                kind: "several",
                gap: None,
                nearest: Vec::new(),
                parts: parts.iter().map(PartBody::from).collect(),
            },
        }
    }
}

impl<'a> From<&'a Part> for PartBody<'a> {
    fn from(part: &'a Part) -> PartBody<'a> {
        PartBody {
            text: &part.text,
            skill: part.call.as_ref().map(|call| &**call.label()),
            arguments: part.call.as_ref().map(|call| &call.arguments),
            missing: &part.missing,
            choices: part.choices.iter().map(|skill| &**skill).collect(),
            waits: part.waits,
        }
    }
}

impl<'a> From<&'a Candidate> for CandidateBody<'a> {
    fn from(candidate: &'a Candidate) -> CandidateBody<'a> {
        CandidateBody { skill: &candidate.skill, score: candidate.score, reasons: &candidate.reasons }
    }
}

impl<'a> From<&'a Failed> for FailedBody<'a> {
    fn from(failed: &'a Failed) -> FailedBody<'a> {
        FailedBody {
            kind: &failed.kind,
            limit: failed.limit.as_deref(),
            message: &failed.message,
            hint: failed.hint.as_deref(),
        }
    }
}

impl From<&Used> for UsedBody {
    fn from(used: &Used) -> UsedBody {
        UsedBody {
            fuel: used.fuel,
            memory_peak_bytes: used.memory_peak_bytes,
            wall_us: used.wall_us,
            host_calls: used.host_calls,
            money: used.money,
        }
    }
}

impl<'a> From<&'a Analysed> for AnalysedBody<'a> {
    fn from(analysed: &'a Analysed) -> AnalysedBody<'a> {
        AnalysedBody {
            language: &analysed.language,
            intent: &analysed.intent,
            complexity: ComplexityBody { score: analysed.complexity, reasons: &analysed.complexity_reasons },
            strategy: &analysed.strategy,
            reasons: &analysed.reasons,
            margin: analysed.margin,
            fit: analysed.fit,
            candidates: analysed.candidates.iter().map(Into::into).collect(),
        }
    }
}
