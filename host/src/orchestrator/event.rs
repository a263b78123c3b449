//! What happens to a task, as it is stored: each event a JSON object of a version of its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::store::tasks::EventRecord;

mod steps;

pub use steps::{Call, LeftOut, Plan, Reference, Source, Step, Target, Wanted};

/// The version of the layouts below. What is added must have a default; what changes otherwise is a new version.
const VERSION: u16 = 1;

/// One event of a task.
#[derive(Debug, Clone)]
pub enum Event {
    /// The request was taken.
    Accepted(Request),
    /// It was looked at, and this is what is to be done.
    Analysed(Arc<Analysed>),
    /// A step is about to run.
    StepStarted(StepStarted),
    /// It gave an answer.
    StepFinished(StepFinished),
    /// It did not.
    StepFailed(StepFailed),
    /// It asked something back.
    StepAsked(StepAsked),
    /// A step over a list became one step for each of its items.
    Expanded(Expanded),
    /// A step waits for its owner; the others go on.
    Paused(Paused),
    /// The owner has said whether a step that waits for that may run.
    Decided(Decided),
    /// The owner is asked.
    Asked(Question),
    /// The owner has answered.
    Answered(Answered),
    /// Nothing follows.
    Ended(End),
}

/// A request, as it was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// In plain words.
    pub text: String,
    /// The conversation that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Box<str>>,
    /// The language wanted, as a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Box<str>>,
    /// The caller's time zone by its IANA name; the daemon's where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Box<str>>,
    /// What the caller says of itself and its work, such as `user_id` and `project`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
    /// What the caller thinks of it.
    #[serde(default, skip_serializing_if = "Hints::is_none")]
    pub hints: Hints,
    /// What all its calls together may use.
    #[serde(default, skip_serializing_if = "Budget::is_none")]
    pub budget: Budget,
    /// What is to be done, where the caller says that itself; checked before it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// What the caller thinks of its request. Never a grant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hints {
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<f32>,
    /// How many agents the caller had in mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_size: Option<u32>,
    /// A skill that is preferred where it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<Box<str>>,
}

impl Hints {
    fn is_none(&self) -> bool {
        *self == Hints::default()
    }
}

/// What all calls of a task together may use; `None`: what each call may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Wall clock of the calls, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// Calls from guests to the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_calls: Option<u64>,
    /// Bytes of their answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    /// What agents' endpoints may cost, in millionths of the operator's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<u64>,
}

impl Budget {
    fn is_none(&self) -> bool {
        *self == Budget::default()
    }
}

/// The strategy of a request that an agent planned.
pub const PLANNED_BY_AGENT: &str = "planner-agent";
/// The strategy of a request that an agent answers freely.
pub const ANSWERED_BY_AGENT: &str = "free-answer";

/// What was found out about a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// The tag of the language it is written in; `und` where that is not known.
    pub language: Box<str>,
    /// The name of its kind.
    pub intent: Box<str>,
    /// 0 to 1.
    pub complexity: f32,
    /// Why that much, in words for a person.
    pub complexity_reasons: Vec<String>,
    /// The name of the strategy.
    pub strategy: Box<str>,
    /// Why that one.
    pub reasons: Vec<String>,
    /// The skills that fit, best first.
    pub candidates: Vec<Candidate>,
    /// By how much the first is ahead of the second, 0 to 1.
    pub margin: f32,
    /// How well the first fits at all, 0 to 1.
    pub fit: f32,
    /// What is to be done.
    pub decision: Decision,
    /// What agents used that were asked what is to be done.
    #[serde(default, skip_serializing_if = "Used::is_nothing")]
    pub used: Used,
}

/// A skill that fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its name.
    pub skill: Arc<str>,
    /// Its share of the belief, 0 to 1.
    pub score: f32,
    /// Why it fits.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// What is to be done about a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// These steps.
    Plan(Plan),
    /// The owner has to say something first.
    Ask(Question),
    /// Nothing can be done.
    Refuse(Refusal),
}

/// What the owner is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Which of these skills?
    Choice(Vec<Choice>),
    /// What are these values?
    Missing(Missing),
    /// The daemon was stopped while this step ran, and it may have run or not: what now?
    Interrupted(Interrupted),
    /// May this step run?
    Approval(Approval),
    /// What the agent of this step wants to know before it goes on.
    Agent(AgentQuestion),
}

/// One skill to choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Its name.
    pub skill: Arc<str>,
    /// What it does.
    pub description: String,
    /// Its share of the belief, 0 to 1.
    pub score: f32,
}

/// Values that a skill needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// The skill.
    pub skill: Arc<str>,
    /// The values that are known.
    pub arguments: Map<String, Value>,
    /// Those that are asked for; never empty.
    pub values: Vec<MissingValue>,
}

/// A value that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissingValue {
    /// The property of the skill's input.
    pub name: String,
    /// What the schema says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The question, in the language of the request; empty where there is none ready.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// The values it may have, where there are few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Value>,
    /// What it probably is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Value>,
}

/// A step that may have run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupted {
    /// Its place in the plan.
    pub step: usize,
    /// The skill that was called.
    pub skill: Arc<str>,
}

/// A step that runs only if its owner says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Its place in the plan.
    pub step: usize,
    /// What is to be called.
    pub target: Arc<str>,
    /// What with.
    pub arguments: Map<String, Value>,
}

/// What an agent asks back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentQuestion {
    /// The place of its step in the plan.
    pub step: usize,
    /// The agent, or what it was wanted for.
    pub agent: Arc<str>,
    /// The question, in its words.
    pub message: String,
}

/// Why nothing can be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// No skill does it.
    Gap(Gap),
    /// It has several parts, and none of them can be done.
    Several(Vec<Part>),
}

/// A gap that a request met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The gap's id in the store.
    pub id: Box<str>,
    /// What requests for the same thing have in common.
    pub key: Box<str>,
    /// The skills that came nearest.
    pub nearest: Vec<Candidate>,
}

/// A part of a request that takes several skills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its words.
    pub text: String,
    /// The skill that does it, where one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// Values that it would need, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Skills that fit it about as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Arc<str>>,
    /// It could be done, and is not: it goes on from a part that cannot be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
}

/// A step is about to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepStarted {
    /// Its place in the plan.
    pub step: usize,
    /// Which of its calls.
    pub call: usize,
    /// Counts the calls of this step, from 1.
    pub attempt: u32,
    /// Names the step's work to whatever it touches: the same at each attempt of the same call.
    pub key: Box<str>,
    /// Doing it twice is as good as once.
    pub repeatable: bool,
    /// Its share of what was left of the request's budget.
    #[serde(default, skip_serializing_if = "Budget::is_none")]
    pub share: Budget,
}

/// A step gave an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepFinished {
    /// Its place in the plan.
    pub step: usize,
    /// The answer.
    pub output: Arc<RawValue>,
    /// How many files came with it.
    #[serde(default)]
    pub n_artifacts: usize,
    /// What it used.
    pub usage: Used,
}

/// A step asked something back: it goes on with the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepAsked {
    /// Its place in the plan.
    pub step: usize,
    /// The question.
    pub message: String,
    /// What the agent wants to be given back with the answer.
    pub continuation: String,
    /// What it used so far.
    pub usage: Used,
}

/// A step gave none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFailed {
    /// Its place in the plan.
    pub step: usize,
    /// Why.
    pub failure: Failed,
    /// What it used all the same.
    pub usage: Used,
    /// What follows.
    pub next: Next,
    /// Not before this, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at_ms: Option<u64>,
}

/// A step over a list has found how long it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expanded {
    /// Its place in the plan.
    pub step: usize,
    /// The place of the step for the first item; those for the others follow it.
    pub first: usize,
    /// How many items.
    pub n_items: usize,
}

/// A step waits for its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Its place in the plan.
    pub step: usize,
    /// What for.
    pub why: Pause,
}

/// Why a step waits for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// It runs only if its owner says so.
    Approval,
    /// The daemon was stopped while it ran, and it may have run or not.
    Interrupted,
    /// It has asked something back.
    Question,
}

/// Whether a step may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Its place in the plan.
    pub step: usize,
    /// It may.
    pub approved: bool,
}

/// What follows when a step gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// The same call again.
    Retry,
    /// The next call of its chain.
    Fallback,
    /// Nothing.
    Fail,
}

/// What a call used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Instructions.
    pub fuel: u64,
    /// Most bytes of memory at one time.
    pub memory_peak_bytes: u64,
    /// Microseconds.
    pub wall_us: u64,
    /// Calls to the host.
    pub host_calls: u64,
    /// Bytes of answers.
    #[serde(default)]
    pub output_bytes: u64,
    /// What it cost outside, in millionths of the operator's currency.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub money: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Used {
    fn is_nothing(&self) -> bool {
        *self == Used::default()
    }
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The name of its kind; `interrupted` where the daemon was stopped.
    pub kind: Box<str>,
    /// The limit that was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Box<str>>,
    /// What failed and on what.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The owner has answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// In these words.
    pub text: String,
    /// What follows.
    pub reply: Reply,
}

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// It decides what to do about the request.
    Decision(Decision),
    /// The interrupted step is run again.
    Retry,
    /// The interrupted step is taken as done.
    Skip,
    /// The task is given up.
    Abandon,
    /// The step that waits for it may run.
    Approve,
    /// It may not.
    Reject,
    /// It is what the agent of a step wanted to know.
    Tell,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// All steps are done.
    Completed,
    /// A step failed for good.
    Failed(Failed),
    /// It was stopped.
    Canceled(Canceled),
    /// Nothing could be done.
    Rejected(Refusal),
}

/// Why a task was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Canceled {
    /// Its owner wanted that.
    ByOwner,
    /// Its owner gave it up when it was interrupted.
    Abandoned,
    /// Its question was not answered in time.
    Expired,
    /// Nothing of it was allowed to run.
    NotApproved,
}

/// An event that cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Failed to {doing} event {number} (`{kind}`, version {version}): {reason}")]
pub struct EventError {
    /// What was tried.
    pub doing: &'static str,
    /// Its place in the task.
    pub number: u32,
    /// Its kind.
    pub kind: Box<str>,
    /// The version of its layout.
    pub version: u16,
    /// What is wrong.
    pub reason: String,
}

impl Event {
    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Accepted(_) => "accepted",
            Event::Analysed(_) => "analysed",
            Event::StepStarted(_) => "step-started",
            Event::StepFinished(_) => "step-finished",
            Event::StepFailed(_) => "step-failed",
            Event::StepAsked(_) => "step-asked",
            Event::Expanded(_) => "expanded",
            Event::Paused(_) => "paused",
            Event::Decided(_) => "decided",
            Event::Asked(_) => "asked",
            Event::Answered(_) => "answered",
            Event::Ended(_) => "ended",
        }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// If it has no JSON form, such as a number that is none.
    pub fn write(&self, number: u32, at_ms: u64) -> Result<EventRecord, EventError> {
        let payload = match self {
            Event::Accepted(body) => serde_json::to_string(body),
            Event::Analysed(body) => serde_json::to_string(body),
            Event::StepStarted(body) => serde_json::to_string(body),
            Event::StepFinished(body) => serde_json::to_string(body),
            Event::StepFailed(body) => serde_json::to_string(body),
            Event::StepAsked(body) => serde_json::to_string(body),
            Event::Expanded(body) => serde_json::to_string(body),
            Event::Paused(body) => serde_json::to_string(body),
            Event::Decided(body) => serde_json::to_string(body),
            Event::Asked(body) => serde_json::to_string(body),
            Event::Answered(body) => serde_json::to_string(body),
            Event::Ended(body) => serde_json::to_string(body),
        };
        let payload = payload.map_err(|error| EventError {
            doing: "write",
            number,
            kind: self.kind().into(),
            version: VERSION,
            reason: error.to_string(),
        })?;
        Ok(EventRecord { number, at_ms, kind: self.kind().into(), version: VERSION, payload: payload.into() })
    }

    /// Reads what was stored.
    ///
    /// # Errors
    /// If it is of a kind or version that is not known, or not as it should be.
    pub fn read(record: &EventRecord) -> Result<Event, EventError> {
        let error = |reason: String| EventError {
            doing: "read",
            number: record.number,
            kind: record.kind.clone(),
            version: record.version,
            reason,
        };
        if record.version != VERSION {
            return Err(error(format!("version {VERSION} is known; a newer HappyOS wrote it")));
        }
        fn body<T: serde::de::DeserializeOwned>(payload: &str) -> serde_json::Result<T> {
            serde_json::from_str(payload)
        }
        let read = match &*record.kind {
            "accepted" => body(&record.payload).map(Event::Accepted),
            "analysed" => body(&record.payload).map(Event::Analysed),
            "step-started" => body(&record.payload).map(Event::StepStarted),
            "step-finished" => body(&record.payload).map(Event::StepFinished),
            "step-failed" => body(&record.payload).map(Event::StepFailed),
            "step-asked" => body(&record.payload).map(Event::StepAsked),
            "expanded" => body(&record.payload).map(Event::Expanded),
            "paused" => body(&record.payload).map(Event::Paused),
            "decided" => body(&record.payload).map(Event::Decided),
            "asked" => body(&record.payload).map(Event::Asked),
            "answered" => body(&record.payload).map(Event::Answered),
            "ended" => body(&record.payload).map(Event::Ended),
            _ => return Err(error("its kind is not known".into())),
        };
        read.map_err(|reason| error(reason.to_string()))
    }
}
