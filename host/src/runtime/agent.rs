//! Runs of agents: what one is given, what comes of it, and the conversion to and from the contract.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime::component::Instance;

use super::Runtime;
use super::bindings::agent::exports::happyos::agent::agents::{
    AgentError, Answer as WitAnswer, Context, Endpoint, Outcome, Task,
};
use super::bindings::agent::{Agent, AgentIndices};
use super::call::{Answer, Attachment, Done, Ended, Fault, Work, check_answer, guest_message, invalid_output};
use super::instance::Terms;
use super::powers::Powers;
use super::program::Program;
use super::state::{CallState, ClockMode, ProgressSink};
use crate::base::{CallLimits, Failure, FailureKind, RequestId, Usage};

/// Where an agent does its work outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentEndpoint {
    /// The base URL.
    pub url: String,
    /// The model to ask for.
    pub model: Option<String>,
    /// The name of the secret to authorise with.
    pub secret: Option<String>,
}

/// What a run is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentTask {
    /// Work on an input, JSON text, perhaps where an earlier run stopped to ask.
    Run {
        /// A JSON object.
        input: String,
        /// What the earlier run gave.
        continuation: Option<String>,
    },
    /// Say whether it could work now.
    Health,
}

/// A run as the runtime takes it.
pub struct AgentRun {
    /// The agent's name, in logs.
    pub agent: Arc<str>,
    /// What to do.
    pub task: AgentTask,
    /// Names the run.
    pub request_id: RequestId,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// The caller's language.
    pub locale: String,
    /// Its limits, already tightened.
    pub limits: CallLimits,
    /// What its random numbers are drawn from.
    pub seed: u64,
    /// Where to work.
    pub endpoint: Option<AgentEndpoint>,
    /// Standing instructions.
    pub instructions: String,
    /// Further settings, a JSON object.
    pub settings: String,
    /// Where its progress goes.
    pub progress: Option<ProgressSink>,
    /// What it may touch.
    pub powers: Powers,
}

impl AgentRun {
    /// Bytes that the guest is given to read.
    pub(super) fn input_bytes(&self) -> usize {
        match &self.task {
            AgentTask::Run { input, continuation } => input.len() + continuation.as_ref().map_or(0, String::len),
            AgentTask::Health => 0,
        }
    }
}

/// How a run ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentEnd {
    /// With an answer: sizes are checked, the JSON is not.
    Done(Answer),
    /// With a question back.
    InputRequired {
        /// The question.
        message: String,
        /// What the run that goes on must be given.
        continuation: String,
    },
    /// With word on its health.
    Healthy(String),
}

/// What a run gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentAnswer {
    /// How it ended.
    pub end: AgentEnd,
    /// Tokens that models read for it, as the agent says.
    pub input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
}

/// Longest continuation, in bytes.
const CONTINUATION_BYTES_MAX: usize = 1 << 20;

impl Runtime {
    /// Runs an agent in a fresh instance, under all its limits. Usage is true for failed runs too.
    ///
    /// Dropping the future cancels the run: the instance is gone and its place is free.
    pub async fn run_agent(&self, program: &Arc<Program>, run: AgentRun) -> (Result<AgentAnswer, Failure>, Usage) {
        let wait_max = Duration::from_millis(run.limits.wall_ms);
        let came = Instant::now();
        let permit = match self.inner.admission.admit(&program.gate, run.limits.memory_bytes, wait_max).await {
            Ok(permit) => permit,
            Err(failure) => return (Err(failure), Usage { wall: came.elapsed(), ..Usage::default() }),
        };
        let began = Instant::now();
        let loaded = match self.load(program).await {
            Ok(loaded) => loaded,
            Err(failure) => return (Err(failure), Usage { wall: began.elapsed(), ..Usage::default() }),
        };
        let log = self.call_log(program, &run.agent, &run.request_id, run.limits.log_bytes);
        let terms = Terms {
            limits: run.limits,
            reach: self.reach(run.powers.clone(), &log),
            log,
            clock: ClockMode::Real,
            seed: run.seed,
            progress: run.progress.clone(),
        };
        let (done, mut usage) = self.run(program, loaded, terms, Work::Agent(Box::new(run)), permit).await;
        usage.wall = began.elapsed();
        let result = match done {
            Ok(Done::Agent(answer)) => Ok(answer),
            Ok(_) | Err(Fault::Script { .. }) => {
                Err(Failure::new(FailureKind::Internal, "a run was answered with something else"))
            }
            Err(Fault::Failed(failure)) => Err(failure),
        };
        (result, usage)
    }
}

/// What an agent says of itself, as JSON text.
pub(super) async fn describe(
    agent: &AgentIndices,
    store: &mut Store<CallState>,
    instance: Instance,
) -> Result<String, Ended> {
    let agent: Agent = agent.load(&mut *store, &instance)?;
    Ok(agent.happyos_agent_agents().call_describe(&mut *store).await?)
}

/// One run on an instance.
pub(super) async fn run(
    agent: &AgentIndices,
    store: &mut Store<CallState>,
    instance: Instance,
    run: &AgentRun,
) -> Result<AgentAnswer, Ended> {
    let agent: Agent = agent.load(&mut *store, &instance)?;
    let remaining = store.data().deadline().saturating_duration_since(Instant::now());
    let context = Context {
        request_id: run.request_id.to_string(),
        session_id: run.session_id.clone(),
        locale: run.locale.clone(),
        remaining_ms: u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX),
        seed: run.seed,
        endpoint: run.endpoint.as_ref().map(|endpoint| Endpoint {
            url: endpoint.url.clone(),
            model: endpoint.model.clone(),
            secret: endpoint.secret.clone(),
        }),
        instructions: run.instructions.clone(),
        settings: run.settings.clone(),
    };
    let agents = agent.happyos_agent_agents();
    match &run.task {
        AgentTask::Run { input, continuation } => {
            let task = Task { input: input.clone(), continuation: continuation.clone() };
            let answer = agents.call_run(&mut *store, &task, &context).await?;
            read(answer.map_err(|error| Ended::Guest(failure(error)))?, &run.limits)
        }
        AgentTask::Health => {
            let word = agents.call_health(&mut *store, &context).await?;
            let word = word.map_err(|error| Ended::Guest(failure(error)))?;
            Ok(AgentAnswer { end: AgentEnd::Healthy(guest_message(&word)), input_tokens: 0, output_tokens: 0 })
        }
    }
}

fn read(answer: WitAnswer, limits: &CallLimits) -> Result<AgentAnswer, Ended> {
    let WitAnswer { outcome, input_tokens, output_tokens } = answer;
    let end = match outcome {
        Outcome::Done(done) => {
            let attachments = done.artifacts.into_iter().map(|artifact| Attachment {
                name: artifact.name,
                media_type: artifact.media_type,
                data: artifact.data,
            });
            AgentEnd::Done(check_answer(Answer { json: done.json, attachments: attachments.collect() }, limits)?)
        }
        Outcome::InputRequired(question) => {
            if question.continuation.len() > CONTINUATION_BYTES_MAX {
                return Err(invalid_output(format!(
                    "its continuation has {} bytes, more than {CONTINUATION_BYTES_MAX}",
                    question.continuation.len()
                )));
            }
            let message = guest_message(&question.message);
            AgentEnd::InputRequired { message, continuation: question.continuation }
        }
    };
    Ok(AgentAnswer { end, input_tokens, output_tokens })
}

fn failure(error: AgentError) -> Failure {
    let (kind, message) = match &error {
        AgentError::InvalidInput(message) => (FailureKind::InvalidInput, message),
        AgentError::Denied(message) => (FailureKind::Denied, message),
        AgentError::Unavailable(message) => (FailureKind::Unavailable, message),
        AgentError::Failed(message) => (FailureKind::GuestError, message),
    };
    Failure::new(kind, guest_message(message))
}
