//! One call from admission to answer, and what its failures mean.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::Value;
use wasmtime::component::{Instance, Val};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, WasmBacktrace};

use super::admission::Permit;
use super::agent::{self, AgentAnswer, AgentRun};
use super::bindings::skill::exports::happyos::skill::skills::{Context, SkillError};
use super::instance::{LoadFault, Terms, start, store};
use super::powers::Powers;
use super::program::{Entry, Linked, Loaded, PlainFunction, Program, SKILLS_PER_BUNDLE_MAX, Script};
use super::reach::Reach;
use super::state::{CallLog, CallState, ClockMode, ProgressSink, Stopped};
use super::{Runtime, values};
use crate::base::{CallLimits, Failure, FailureKind, Limit, RequestId, Usage};

/// A file that came with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// A file name without folders.
    pub name: String,
    /// Such as `text/csv`.
    pub media_type: String,
    /// The file itself.
    pub data: Vec<u8>,
}

/// What a guest answered: sizes are checked, the JSON is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The output as JSON text.
    pub json: String,
    /// Files beside it.
    pub attachments: Vec<Attachment>,
}

/// A call as the runtime takes it. The input is given twice, as text and read: scripts and skills take
/// the one, plain components the other.
pub struct GuestCall {
    /// The skill's name.
    pub skill: Arc<str>,
    /// The input as JSON text.
    pub input: String,
    /// The input.
    pub value: Value,
    /// Names the call.
    pub request_id: RequestId,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// The caller's language.
    pub locale: String,
    /// Its limits, already tightened.
    pub limits: CallLimits,
    /// What its random numbers are drawn from.
    pub seed: u64,
    /// The clock it reads.
    pub clock: ClockMode,
    /// Where its progress goes.
    pub progress: Option<ProgressSink>,
    /// What it may touch.
    pub powers: Powers,
}

/// A skill as its bundle describes it, unchecked.
#[derive(Debug, Clone)]
pub struct Described {
    /// The name it gives itself.
    pub name: String,
    /// Its metadata as JSON text.
    pub metadata: String,
}

/// Why a bundle could not be asked for its skills.
#[derive(Debug)]
pub enum DescribeError {
    /// A script does not load: at this line and column, from 1; 0 where not known.
    Script {
        /// What the interpreter says.
        message: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
    },
    /// It failed while it was asked.
    Failed(Failure),
}

impl From<Failure> for DescribeError {
    fn from(failure: Failure) -> DescribeError {
        DescribeError::Failed(failure)
    }
}

/// The limits under which a bundle is asked for its skills; memory is the bundle's own.
const DESCRIBE_LIMITS: CallLimits = CallLimits {
    fuel: 500_000_000,
    wall_ms: 5_000,
    memory_bytes: 64 << 20,
    host_calls: 100,
    host_call_bytes: 1 << 20,
    output_bytes: 4 << 20,
    attachment_bytes: 0,
    log_bytes: 8 << 10,
};

/// Attachments of one answer.
const ATTACHMENTS_MAX: usize = 64;
/// Longest message a guest's error hands on, in characters.
const GUEST_MESSAGE_CHARS_MAX: usize = 2_000;

impl Runtime {
    /// Calls a skill in a fresh instance, under all its limits. Usage is true for failed calls too.
    ///
    /// Dropping the future cancels the call: the instance is gone and its place is free.
    pub async fn call(&self, program: &Arc<Program>, call: GuestCall) -> (Result<Answer, Failure>, Usage) {
        let wait_max = Duration::from_millis(call.limits.wall_ms);
        let came = Instant::now();
        let admitted = self.inner.admission.admit(&program.gate, call.limits.memory_bytes, wait_max).await;
        let permit = match admitted {
            Ok(permit) => permit,
            Err(failure) => return (Err(failure), Usage { wall: came.elapsed(), ..Usage::default() }),
        };
        let began = Instant::now();
        let loaded = match self.load(program).await {
            Ok(loaded) => loaded,
            Err(failure) => return (Err(failure), Usage { wall: began.elapsed(), ..Usage::default() }),
        };
        let log = self.call_log(program, &call.skill, &call.request_id, call.limits.log_bytes);
        let terms = Terms {
            limits: call.limits,
            reach: self.reach(call.powers.clone(), &log),
            log,
            clock: call.clock,
            seed: call.seed,
            progress: call.progress.clone(),
        };
        let (done, mut usage) = self.run(program, loaded, terms, Work::Call(Box::new(call)), permit).await;
        usage.wall = began.elapsed();
        let result = match done {
            Ok(Done::Answer(answer)) => Ok(answer),
            Ok(Done::Skills(_) | Done::Agent(_)) => {
                Err(Failure::new(FailureKind::Internal, "a call was answered with something else"))
            }
            Err(Fault::Script { message, line, column }) => Err(Failure::new(
                FailureKind::GuestError,
                format!("the script does not load: {message} at {line}:{column}"),
            )),
            Err(Fault::Failed(failure)) => Err(failure),
        };
        (result, usage)
    }

    /// Asks a bundle for its skills, under small limits, with `powers` for what its top level does: nothing granted, or
    /// watched.
    ///
    /// # Errors
    /// The script's own error with its place, or why asking failed.
    pub async fn describe(&self, program: &Arc<Program>, powers: Powers) -> Result<Vec<Described>, DescribeError> {
        let nobody: Arc<str> = "".into();
        let limits = CallLimits { memory_bytes: program.limits.memory_bytes, ..DESCRIBE_LIMITS };
        let wait_max = Duration::from_millis(limits.wall_ms) * 12;
        let permit = self.inner.admission.admit(&program.gate, limits.memory_bytes, wait_max).await?;
        let loaded = self.load(program).await?;
        let request_id = RequestId::from_bits(0);
        let log = self.call_log(program, &nobody, &request_id, limits.log_bytes);
        let terms =
            Terms { limits, reach: self.reach(powers, &log), log, clock: ClockMode::Real, seed: 0, progress: None };
        match self.run(program, loaded, terms, Work::Describe, permit).await.0 {
            Ok(Done::Skills(skills)) => Ok(skills),
            Ok(Done::Answer(_) | Done::Agent(_)) => Ok(Vec::new()),
            Err(Fault::Script { message, line, column }) => Err(DescribeError::Script { message, line, column }),
            Err(Fault::Failed(failure)) => Err(DescribeError::Failed(failure)),
        }
    }

    pub(super) fn call_log(
        &self,
        program: &Program,
        skill: &Arc<str>,
        request_id: &RequestId,
        bytes_max: u64,
    ) -> Arc<CallLog> {
        Arc::new(CallLog::new(
            self.inner.log.clone(),
            request_id.clone(),
            program.name.clone(),
            skill.clone(),
            bytes_max,
        ))
    }

    /// What a call with `powers` may touch.
    pub(super) fn reach(&self, powers: Powers, log: &Arc<CallLog>) -> Arc<Reach> {
        Arc::new(Reach::new(powers, self.inner.gateway.clone(), log.clone()))
    }

    /// Does `work` on an instance under `terms`, in the lane that fits its bundle. Wall time is the caller's to fill in.
    pub(super) async fn run(
        &self,
        program: &Arc<Program>,
        loaded: Arc<Loaded>,
        terms: Terms,
        work: Work,
        permit: Permit,
    ) -> (Result<Done, Fault>, Usage) {
        let input_bytes = match &work {
            Work::Describe => 0,
            Work::Call(call) => call.input.len(),
            Work::Agent(run) => run.input_bytes(),
        };
        let load = program.gate.lane_load(input_bytes);
        let guest = self.clone().guest(program.clone(), loaded, terms, work, permit);
        self.inner.lanes.run(load, guest).await.unwrap_or_else(|| {
            (Err(Fault::Failed(Failure::new(FailureKind::Cancelled, "the daemon is stopping"))), Usage::default())
        })
    }

    /// Deadline, panics and the meaning of failures are seen to here, for every use of an instance alike. The place
    /// among the running calls is given back when the instance is gone.
    async fn guest(
        self,
        program: Arc<Program>,
        loaded: Arc<Loaded>,
        terms: Terms,
        work: Work,
        _permit: Permit,
    ) -> (Result<Done, Fault>, Usage) {
        let _in_flight = self.inner.ticker.in_flight();
        // Held until the instance is gone.
        let (mut _place, mut linked) = (None, &loaded.linked);
        let made = match self.take_warm(&program, &loaded) {
            Some(prepared) => prepared.begin(&terms).map(|(store, instance)| (store, Some(instance))),
            None => {
                if let Some(quicker) = &loaded.in_script_places
                    && let Ok(place) = self.inner.script_places.clone().try_acquire_owned()
                {
                    (_place, linked) = (Some(place), quicker);
                }
                store(linked, &terms).map(|store| (store, None))
            }
        };
        let (mut store, instance) = match made {
            Ok(made) => made,
            Err(error) => return (Err(Fault::Failed(internal(&error))), Usage::default()),
        };
        let deadline = store.data().deadline();
        let doing =
            AssertUnwindSafe(perform(linked, loaded.script.as_ref(), &mut store, instance, &work)).catch_unwind();
        let ended = tokio::time::timeout_at(deadline.into(), doing).await;
        let usage = usage(&store, &terms.limits);
        let result = match ended {
            Ok(Ok(Ok(done))) => Ok(done),
            Ok(Ok(Err(Ended::Guest(failure)))) => Err(Fault::Failed(blame_memory(failure, &store))),
            Ok(Ok(Err(Ended::Script { message, line, column }))) => Err(Fault::Script { message, line, column }),
            Ok(Ok(Err(Ended::Trap(error)))) => Err(Fault::Failed(explain(&error, &store))),
            Ok(Err(_panic)) => {
                tracing::error!(bundle = %program.name, "a host call panicked");
                Err(Fault::Failed(Failure::new(FailureKind::Internal, "a host call failed unexpectedly")))
            }
            Err(_elapsed) => Err(Fault::Failed(reached(Limit::Time, &terms.limits))),
        };
        (result, usage)
    }
}

/// What an instance is used for.
pub(super) enum Work {
    Describe,
    Call(Box<GuestCall>),
    Agent(Box<AgentRun>),
}

/// What came of it.
pub(super) enum Done {
    Skills(Vec<Described>),
    Answer(Answer),
    Agent(AgentAnswer),
}

/// Why nothing did.
pub(super) enum Fault {
    Script { message: String, line: u32, column: u32 },
    Failed(Failure),
}

/// How the guest's part ended, before it is known whose fault that was.
pub(super) enum Ended {
    /// Said by the guest, or by a check of its answer.
    Guest(Failure),
    /// The script does not load.
    Script { message: String, line: u32, column: u32 },
    /// From wasmtime: a trap, a limit, or an answer that could not be read.
    Trap(wasmtime::Error),
}

impl From<wasmtime::Error> for Ended {
    fn from(error: wasmtime::Error) -> Ended {
        Ended::Trap(error)
    }
}

async fn perform(
    linked: &Linked,
    script: Option<&Script>,
    store: &mut Store<CallState>,
    instance: Option<Instance>,
    work: &Work,
) -> Result<Done, Ended> {
    let instance = match instance {
        Some(instance) => instance,
        None => fresh(linked, script, store).await?,
    };
    let skill = match &linked.entry {
        Entry::Skill(skill) | Entry::Script { skill, .. } => skill.load(&mut *store, &instance)?,
        Entry::Agent(agent) => {
            return match work {
                Work::Describe => {
                    let metadata = agent::describe(agent, store, instance).await?;
                    Ok(Done::Skills(vec![Described { name: String::new(), metadata }]))
                }
                Work::Agent(run) => agent::run(agent, store, instance, run).await.map(Done::Agent),
                Work::Call(_) => Err(not_that("an agent has no skills to call")),
            };
        }
        Entry::Plain(functions) => {
            return match work {
                Work::Describe => Ok(Done::Skills(Vec::new())),
                Work::Agent(_) => Err(not_that("it is no agent")),
                Work::Call(call) => call_plain(functions, instance, store, call).await.map(Done::Answer),
            };
        }
    };
    let skills = skill.happyos_skill_skills();
    match work {
        Work::Describe => {
            let list = skills.call_list(&mut *store).await?;
            if list.len() > SKILLS_PER_BUNDLE_MAX {
                return Err(invalid_output(format!(
                    "it lists {} skills, more than {SKILLS_PER_BUNDLE_MAX}",
                    list.len()
                )));
            }
            let skills = list.into_iter().map(|info| Described { name: info.name, metadata: info.metadata });
            Ok(Done::Skills(skills.collect()))
        }
        Work::Agent(_) => Err(not_that("it is no agent")),
        Work::Call(call) => {
            let remaining = store.data().deadline().saturating_duration_since(Instant::now());
            let context = Context {
                request_id: call.request_id.to_string(),
                session_id: call.session_id.clone(),
                locale: call.locale.clone(),
                remaining_ms: u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX),
                seed: call.seed,
            };
            let output = skills.call_call(&mut *store, &call.skill, &call.input, &context).await?;
            let output = output.map_err(|error| Ended::Guest(guest_failure(error)))?;
            let attachments = output.attachments.into_iter().map(|attachment| Attachment {
                name: attachment.name,
                media_type: attachment.media_type,
                data: attachment.data,
            });
            check_answer(Answer { json: output.json, attachments: attachments.collect() }, &call.limits)
                .map(Done::Answer)
        }
    }
}

/// A fresh instance. A script loads with a seed of its own, so that a call gives the same answer
/// whether its instance was kept ready or not.
async fn fresh(linked: &Linked, script: Option<&Script>, store: &mut Store<CallState>) -> Result<Instance, Ended> {
    let seed = store.data().seed();
    let is_script = script.is_some();
    if is_script {
        store.data_mut().reseed(LOAD_SEED);
    }
    let instance = start(linked, script, store).await.map_err(|fault| match fault {
        LoadFault::Script { message, line, column } => Ended::Script { message, line, column },
        LoadFault::Trap(error) => Ended::Trap(error),
    })?;
    if is_script {
        store.data_mut().reseed(seed);
    }
    Ok(instance)
}

/// What random numbers are drawn from while a script loads.
pub(super) const LOAD_SEED: u64 = 0;

async fn call_plain(
    functions: &[PlainFunction],
    instance: Instance,
    store: &mut Store<CallState>,
    call: &GuestCall,
) -> Result<Answer, Ended> {
    let function = functions.iter().find(|function| *function.name == *call.skill).ok_or_else(|| {
        Ended::Guest(Failure::new(FailureKind::NotFound, format!("there is no function `{}`", call.skill)))
    })?;
    let mut params = Vec::with_capacity(function.ty.params().len());
    for (name, ty) in function.ty.params() {
        let value = call.value.get(name).unwrap_or(&Value::Null);
        let value = values::from_json(value, &ty)
            .map_err(|error| Ended::Guest(Failure::new(FailureKind::InvalidInput, format!("/{name}{error}"))))?;
        params.push(value);
    }
    let results: Vec<_> = function.ty.results().collect();
    let mut values = vec![Val::Bool(false); results.len()];
    let export = instance
        .get_func(&mut *store, function.index)
        .ok_or_else(|| Ended::Trap(wasmtime::Error::msg("the export has gone")))?;
    export.call_async(&mut *store, &params, &mut values).await?;
    let (value, ty) = match (values.first(), results.first()) {
        // A result at the top is an answer or an error, not a value.
        (Some(Val::Result(Err(error))), Some(wasmtime::component::Type::Result(result))) => {
            let message = match (error, result.err()) {
                (Some(error), Some(ty)) => match values::to_json(error, &ty) {
                    Ok(Value::String(message)) => message,
                    Ok(error) => error.to_string(),
                    Err(error) => error.to_string(),
                },
                _ => "the function answered with an error".to_owned(),
            };
            return Err(Ended::Guest(Failure::new(FailureKind::GuestError, guest_message(&message))));
        }
        (Some(Val::Result(Ok(value))), Some(wasmtime::component::Type::Result(result))) => {
            (value.as_deref(), result.ok())
        }
        (value, ty) => (value, ty.cloned()),
    };
    let json = match (value, ty) {
        (Some(value), Some(ty)) => values::to_json(value, &ty).map_err(|error| invalid_output(error.to_string()))?,
        _ => Value::Null,
    };
    check_answer(Answer { json: json.to_string(), attachments: Vec::new() }, &call.limits)
}

pub(super) fn check_answer(answer: Answer, limits: &CallLimits) -> Result<Answer, Ended> {
    let attached: u64 = answer.attachments.iter().map(|attachment| attachment.data.len() as u64).sum();
    if answer.json.len() as u64 > limits.output_bytes || attached > limits.attachment_bytes {
        return Err(Ended::Guest(reached(Limit::Output, limits)));
    }
    if answer.attachments.len() > ATTACHMENTS_MAX {
        return Err(invalid_output(format!(
            "it attached {} files, more than {ATTACHMENTS_MAX}",
            answer.attachments.len()
        )));
    }
    for Attachment { name, media_type, .. } in &answer.attachments {
        let plain = !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && !name.contains(['/', '\\']);
        let typed = media_type.len() <= 127 && media_type.is_ascii() && media_type.contains('/');
        if !plain || !typed || name.chars().any(char::is_control) || media_type.chars().any(char::is_control) {
            return Err(invalid_output("an attachment needs a file name without folders and a media type".into()));
        }
    }
    Ok(answer)
}

fn not_that(why: &str) -> Ended {
    Ended::Guest(Failure::new(FailureKind::Internal, why))
}

pub(super) fn invalid_output(message: String) -> Ended {
    Ended::Guest(Failure::new(FailureKind::InvalidOutput, message))
}

fn internal(error: &wasmtime::Error) -> Failure {
    tracing::error!(error = %format!("{error:#}"), "a store could not be made ready");
    Failure::new(FailureKind::Internal, "the host could not make the call ready")
}

fn guest_failure(error: SkillError) -> Failure {
    let (kind, message) = match &error {
        SkillError::InvalidInput(message) => (FailureKind::InvalidInput, message),
        SkillError::Denied(message) => (FailureKind::Denied, message),
        SkillError::Unavailable(message) => (FailureKind::Unavailable, message),
        SkillError::Failed(message) => (FailureKind::GuestError, message),
    };
    Failure::new(kind, guest_message(message))
}

/// A guest's words, bounded and without control characters.
pub(super) fn guest_message(message: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    message.chars().take(GUEST_MESSAGE_CHARS_MAX).map(plain).collect()
}

fn usage(store: &Store<CallState>, limits: &CallLimits) -> Usage {
    Usage {
        fuel: limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0)),
        memory_peak_bytes: store.data().memory_peak_bytes(),
        wall: Duration::ZERO,
        host_calls: store.data().host_calls(),
    }
}

fn reached(limit: Limit, limits: &CallLimits) -> Failure {
    match limit {
        Limit::Fuel => Failure::limit(limit, limits.fuel),
        Limit::Time => Failure::limit(limit, format_args!("{} ms", limits.wall_ms)),
        Limit::Memory => Failure::limit(limit, format_args!("{} bytes", limits.memory_bytes)),
        Limit::HostCalls => {
            Failure::limit(limit, format_args!("{} calls, {} bytes each", limits.host_calls, limits.host_call_bytes))
        }
        // No guest call has a limit on it: runs of agents are held to it above.
        Limit::Money => Failure::limit(limit, "what it was given"),
        Limit::Output => Failure::limit(
            limit,
            format_args!("{} bytes, {} of attachments", limits.output_bytes, limits.attachment_bytes),
        ),
    }
}

/// A guest that was refused memory and then said that it failed, failed for want of memory.
fn blame_memory(failure: Failure, store: &Store<CallState>) -> Failure {
    let state = store.data();
    if state.memory_refused() && failure.kind == FailureKind::GuestError {
        reached(Limit::Memory, state.limits())
    } else {
        failure
    }
}

/// How wasmtime words the end of its transfer budget: the error's type is private.
const TRANSFER_TEXT: &str = "fuel allocated for hostcalls has been exhausted";

/// What a wasmtime error means to the caller.
fn explain(error: &wasmtime::Error, store: &Store<CallState>) -> Failure {
    let state = store.data();
    let limits = state.limits();
    let stopped = error.downcast_ref::<Stopped>().map(|stopped| stopped.0).or(state.stopped());
    if let Some(limit) = stopped {
        return reached(limit, limits);
    }
    let trap = error.downcast_ref::<Trap>();
    match trap {
        Some(Trap::OutOfFuel) => return reached(Limit::Fuel, limits),
        Some(Trap::Interrupt) => return reached(Limit::Time, limits),
        _ => {}
    }
    if state.memory_refused() {
        return reached(Limit::Memory, limits);
    }
    if error.is::<PoolConcurrencyLimitError>() {
        tracing::warn!(%error, "a call found no place");
        return Failure::new(FailureKind::Unavailable, "all places for guests are taken")
            .with_hint("try again shortly");
    }
    // Where a guest's frames are on the stack, the guest was running; else its answer was being read.
    let in_guest = error.is::<WasmBacktrace>();
    let words = format!("{:#}", error.root_cause());
    if words.contains(TRANSFER_TEXT) {
        return reached(if in_guest { Limit::HostCalls } else { Limit::Output }, limits);
    }
    match trap {
        Some(Trap::StackOverflow) => Failure::new(FailureKind::Trap, "the guest's call stack is full")
            .with_hint("look for recursion without an end"),
        Some(Trap::UnreachableCodeReached) => Failure::new(FailureKind::Trap, "the guest gave up (unreachable code)")
            .with_hint("`happyos skill logs` shows a panic's message and place, where the guest wrote one"),
        Some(trap) => Failure::new(FailureKind::Trap, trap.to_string()),
        None if in_guest => Failure::new(FailureKind::Trap, guest_message(&words)),
        None => {
            Failure::new(FailureKind::InvalidOutput, format!("the answer cannot be read: {}", guest_message(&words)))
        }
    }
}
