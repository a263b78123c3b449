//! The one driver's core: a task and what happened to it → events to append, and what to do after that. No input or
//! output, no clock, no randomness.

mod budget;

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use budget::Ready;

use super::event::{
    AgentQuestion, Analysed, Answered, Approval, Budget, Call, Canceled, Decided, End, Event, Expanded, Failed,
    Interrupted, Next, Pause, Paused, Question, Reply, StepAsked, StepFailed, StepFinished, StepStarted, Target, Used,
};
use super::task::{Outputs, Progress, StepState, Task, Unfilled};
use crate::base::{Digest, Failure, FailureKind, RequestId};

/// How often one call of a step is begun after the daemon was stopped; more only after its owner said so.
const ATTEMPTS_MAX: u32 = 3;
/// How often one task asks its owner for what is not clear.
const QUESTIONS_MAX: u32 = 16;
/// How often a call that gave no answer is made again where nothing else is said and no other call is left to try.
const RETRIES_DEFAULT: u32 = 2;
/// Before the first of them, in milliseconds; doubled each time, to this at most. Half of it is left to chance.
const BACKOFF_MS: u64 = 100;
const BACKOFF_MS_MAX: u64 = 5_000;
/// The property of an agent's input that says what to do: an answer to its question takes its place.
const AGENT_TASK: &str = "task";
/// Most items of a list that one step is run over, and most steps of one task with those.
pub const ITEMS_MAX: usize = 256;
const STEPS_MAX: usize = 1_024;

/// What is known of a skill or an agent, as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TargetFacts {
    /// Doing it twice is as good as once: it changes nothing, or says so of itself.
    pub repeatable: bool,
    /// It was given nothing with which it could change anything: what is told of its calls can wait for their ends.
    pub quiet: bool,
    /// It may destroy something: as one step of several it asks first.
    pub destructive: bool,
    /// The operator wants it to ask first, always.
    pub asks_first: bool,
}

/// What is known of the catalog at one moment.
pub trait Facts {
    /// What is known of a target, where it is there.
    fn target(&self, target: &Target) -> Option<TargetFacts>;
    /// Whether the next of a chain is tried where one fails.
    fn fallback(&self) -> bool;
    /// How many steps of the task may run at one time.
    fn parallel(&self) -> usize;
}

/// What happened to a task.
#[derive(Debug)]
pub enum Stimulus {
    /// It was looked at.
    Analysed(Analysed),
    /// The daemon has just found it in its store.
    Resumed,
    /// A step that ran has ended.
    Returned(Returned),
    /// The agent of a step that ran asks something back.
    AskedBack(StepAsked),
    /// What was to be waited for has come.
    Woken,
    /// Its owner has answered.
    Answered(Answered),
    /// Its owner has said whether a step may run.
    Decided(Decided),
    /// It is to be stopped.
    Cancel(Canceled),
}

/// How a call ended.
#[derive(Debug)]
pub struct Returned {
    /// The step.
    pub step: usize,
    /// Its answer and the number of files with it, or why there is none.
    pub result: Result<(Arc<RawValue>, usize), Failure>,
    /// What it used.
    pub usage: Used,
    /// Any number: what is left to chance is taken from it.
    pub chance: u64,
}

/// What to do when the events are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Nothing: it has ended, or waits for its owner.
    Settle,
    /// Look at the request.
    Analyse,
    /// Make these calls beside those that run, and wait for any of them, or for the moment (in milliseconds since 1970)
    /// at which something can be tried again.
    Go {
        /// Calls to be made.
        calls: Vec<CallOrder>,
        /// When to say that it is time.
        wake_ms: Option<u64>,
    },
}

/// A call to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct CallOrder {
    /// The step.
    pub step: usize,
    /// What is called.
    pub target: Target,
    /// Its input.
    pub arguments: Map<String, Value>,
    /// What an agent that asked back wants to be given with the answer.
    pub continuation: Option<String>,
    /// Names the work to whatever it touches.
    pub key: RequestId,
    /// What it may use.
    pub budget: Budget,
}

/// What follows from `stimulus`. The task is changed to what it is after the events that are returned, in their order.
pub fn react(task: &mut Task, stimulus: Stimulus, facts: &dyn Facts, now_ms: u64) -> (Vec<Event>, Act) {
    let mut moves = Moves { task, facts, now_ms, events: Vec::with_capacity(3) };
    if moves.task.end.is_some() {
        return (Vec::new(), Act::Settle);
    }
    moves.take(stimulus);
    let act = moves.advance();
    (moves.events, act)
}

/// Takes all of `stimuli`, and then says what to do, as [`react`] does. Where each begins among the events is returned
/// beside them.
pub fn react_all(
    task: &mut Task,
    stimuli: Vec<Stimulus>,
    facts: &dyn Facts,
    now_ms: u64,
) -> (Vec<Event>, Vec<usize>, Act) {
    let mut moves = Moves { task, facts, now_ms, events: Vec::with_capacity(2 * stimuli.len() + 1) };
    let mut begins = Vec::with_capacity(stimuli.len());
    for stimulus in stimuli {
        begins.push(moves.events.len());
        if moves.task.end.is_none() {
            moves.take(stimulus);
        }
    }
    let act = if moves.task.end.is_some() { Act::Settle } else { moves.advance() };
    (moves.events, begins, act)
}

/// Whether `events`, which have made `task` what it is, may be kept together with what follows once `act` is done: they
/// tell of nothing that could not simply be done again.
pub fn may_be_held(task: &Task, events: &[Event], act: &Act, facts: &dyn Facts) -> bool {
    let is_quiet = |place: usize| {
        let step = task.steps.get(place);
        let call = step.and_then(|step| step.step.chain.get(step.call));
        call.and_then(|call| facts.target(&call.target)).is_some_and(|facts| facts.quiet)
    };
    matches!(act, Act::Go { .. })
        && events.iter().all(|event| match event {
            Event::Accepted(_) | Event::Expanded(_) => true,
            // An agent that was asked what to do has its price.
            Event::Analysed(analysed) => analysed.used == Used::default(),
            Event::StepStarted(StepStarted { step, .. })
            | Event::StepFinished(StepFinished { step, .. })
            | Event::StepFailed(StepFailed { step, .. }) => is_quiet(*step),
            Event::StepAsked(_) | Event::Paused(_) | Event::Decided(_) | Event::Asked(_) => false,
            Event::Answered(_) | Event::Ended(_) => false,
        })
}

/// The key of one call of one step of a task: the same whenever it is tried, another after each answer it was given.
fn key(task: &Task, step: usize, call: usize, n_answers: u32) -> RequestId {
    let mut text = task.id.to_bytes().to_vec();
    text.extend((step as u64).to_be_bytes());
    text.extend((call as u64).to_be_bytes());
    if n_answers > 0 {
        text.extend(n_answers.to_be_bytes());
    }
    let digest = Digest::of(&text);
    let bits = digest.as_bytes().iter().take(16).fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    RequestId::from_bits(bits)
}

struct Moves<'a> {
    task: &'a mut Task,
    facts: &'a dyn Facts,
    now_ms: u64,
    events: Vec<Event>,
}

impl Moves<'_> {
    fn push(&mut self, event: Event) {
        self.task.apply(&event, self.now_ms);
        self.events.push(event);
    }

    fn take(&mut self, stimulus: Stimulus) {
        match stimulus {
            Stimulus::Analysed(analysed) => self.push(Event::Analysed(Arc::new(analysed))),
            Stimulus::Resumed => self.resumed(),
            Stimulus::Returned(returned) => self.returned(returned),
            Stimulus::AskedBack(asked) => self.push(Event::StepAsked(asked)),
            Stimulus::Woken => {}
            Stimulus::Answered(answered) => {
                let abandoned = answered.reply == Reply::Abandon;
                self.push(Event::Answered(answered));
                if abandoned {
                    self.push(Event::Ended(End::Canceled(Canceled::Abandoned)));
                }
            }
            Stimulus::Decided(decided) => {
                if waits_for_approval(self.task, decided.step) {
                    self.push(Event::Decided(decided));
                }
            }
            Stimulus::Cancel(why) => self.push(Event::Ended(End::Canceled(why))),
        }
    }

    /// A step that was begun and is not known to have ended is run again only where that does no harm.
    fn resumed(&mut self) {
        let running: Vec<usize> = self.task.running().map(|(place, _)| place).collect();
        for place in running {
            let Some(step) = self.task.steps.get(place) else { continue };
            let target = step.step.chain.get(step.call).map(|call| &call.target);
            let repeatable = matches!(step.progress, Progress::Running { repeatable: true, .. })
                // The version that is there now may be another than the one that ran.
                && target.and_then(|target| self.facts.target(target)).is_some_and(|facts| facts.repeatable);
            if !repeatable {
                self.push(Event::Paused(Paused { step: place, why: Pause::Interrupted }));
                continue;
            }
            let (n_attempts, label) = (step.n_attempts, called(step).unwrap_or_else(|| "".into()));
            let next = if n_attempts < ATTEMPTS_MAX { Next::Retry } else { Next::Fail };
            let failure = Failed {
                kind: "interrupted".into(),
                limit: None,
                message: format!("the daemon was stopped while `{label}` ran"),
                hint: (next == Next::Fail).then(|| {
                    format!(
                        "it was begun {n_attempts} times and never came to an end: see `happyos skill logs {label}`"
                    )
                }),
            };
            self.failed(place, failure, Used::default(), next, None);
        }
    }

    fn failed(&mut self, step: usize, failure: Failed, usage: Used, next: Next, retry_at_ms: Option<u64>) {
        self.push(Event::StepFailed(StepFailed { step, failure, usage, next, retry_at_ms }));
    }

    fn returned(&mut self, returned: Returned) {
        let Returned { step, result, usage, chance } = returned;
        match result {
            Ok((output, n_artifacts)) => {
                self.push(Event::StepFinished(StepFinished { step, output, n_artifacts, usage }));
            }
            Err(failure) => {
                let (next, retry_at_ms) = match self.task.steps.get(step) {
                    Some(state) => self.after(state, &failure, chance),
                    None => (Next::Fail, None),
                };
                self.failed(step, failure.into(), usage, next, retry_at_ms);
            }
        }
    }

    /// What follows a call without an answer: the same again where that does no harm and may help, the next of the chain
    /// where it has done nothing, or nothing that matters.
    fn after(&self, step: &StepState, failure: &Failure, chance: u64) -> (Next, Option<u64>) {
        let never_ran = matches!(failure.kind, FailureKind::InvalidInput | FailureKind::NotFound | FailureKind::Denied);
        let repeatable = matches!(step.progress, Progress::Running { repeatable: true, .. });
        let falls_back = self.facts.fallback()
            && (never_ran || repeatable)
            && failure.kind != FailureKind::Cancelled
            && step.call + 1 < step.step.chain.len();
        let retries = step.step.retries.unwrap_or(if falls_back { 0 } else { RETRIES_DEFAULT });
        if repeatable && failure.kind == FailureKind::Unavailable && step.n_attempts <= retries {
            let whole = (BACKOFF_MS << step.n_attempts.saturating_sub(1).min(16)).min(BACKOFF_MS_MAX);
            let wait = whole / 2 + chance % (whole / 2 + 1);
            return (Next::Retry, Some(self.now_ms.saturating_add(wait)));
        }
        (if falls_back { Next::Fallback } else { Next::Fail }, None)
    }

    /// Goes on as far as nothing has to be done outside.
    fn advance(&mut self) -> Act {
        if self.task.question.is_some() && self.task.n_questions > QUESTIONS_MAX {
            return self.too_many_questions();
        }
        if self.task.end.is_some() || self.task.question.is_some() {
            return Act::Settle;
        }
        if let Some(refusal) = &self.task.refusal {
            let refusal = refusal.clone();
            self.push(Event::Ended(End::Rejected(refusal)));
            return Act::Settle;
        }
        if self.task.steps.is_empty() {
            return Act::Analyse;
        }
        let mut calls = Vec::new();
        // What fails before it runs, or is a list of nothing, may make room or way for others.
        while self.start_ready(&mut calls) {}
        if !calls.is_empty() || self.task.running().next().is_some() {
            return Act::Go { calls, wake_ms: self.wake_ms() };
        }
        match self.wake_ms() {
            Some(wake) => Act::Go { calls, wake_ms: Some(wake) },
            None => self.come_to_rest(),
        }
    }

    /// Starts the steps that can be started now; whether it has to be looked once more.
    fn start_ready(&mut self, calls: &mut Vec<CallOrder>) -> bool {
        let is_ready = |step: &StepState| {
            matches!(step.progress, Progress::Waiting { from_ms } if from_ms <= self.now_ms)
                && step.step.needs.iter().all(|place| self.task.is_done(*place))
        };
        let ready: Vec<usize> =
            self.task.steps.iter().enumerate().filter(|(_, step)| is_ready(step)).map(|(place, _)| place).collect();
        let mut again = false;
        let mut n_running = self.task.running().count();
        for (n_before, place) in ready.iter().copied().enumerate() {
            let Some(state) = self.task.steps.get(place) else { continue };
            if state.step.each.is_some() && state.item.is_none() {
                self.expand(place);
                again = true;
                continue;
            }
            if n_running >= self.facts.parallel().max(1) {
                continue;
            }
            if self.must_ask(state) {
                self.push(Event::Paused(Paused { step: place, why: Pause::Approval }));
                continue;
            }
            match self.start(place, self.sharing(place, ready.get(n_before..).unwrap_or_default())) {
                Some(order) => {
                    calls.push(order);
                    n_running += 1;
                }
                None => again = again || self.task.steps.get(place).is_some_and(has_failed),
            }
        }
        again
    }

    /// How many of the steps at `ready`, the first of which is at `place`, are to share what is left of the budget.
    fn sharing(&self, place: usize, ready: &[usize]) -> Ready {
        let is_agents = |place: &usize| {
            let call = self.task.steps.get(*place).and_then(|state| state.step.chain.get(state.call));
            call.is_some_and(|call| matches!(call.target, Target::Agent(_)))
        };
        let pays = self.task.request.budget.money.is_some() && is_agents(&place);
        let n_agents = if pays { ready.iter().filter(|place| is_agents(place)).count() } else { 0 };
        Ready { steps: ready.len(), agents: n_agents }
    }

    fn must_ask(&self, state: &StepState) -> bool {
        if state.approved {
            return false;
        }
        let facts = state.step.chain.get(state.call).and_then(|call| self.facts.target(&call.target));
        let facts = facts.unwrap_or_default();
        let several = self.task.steps.len() > 1;
        state.step.approve || facts.asks_first || several && facts.destructive
    }

    /// Makes one step for each item of the list that a step is to be run over.
    fn expand(&mut self, place: usize) {
        let Some(each) = self.task.steps.get(place).and_then(|state| state.step.each.clone()) else { return };
        let items = Outputs::new(self.task).items(&each);
        let first = self.task.steps.len();
        let refused = match &items {
            Ok(items) if items.len() > ITEMS_MAX => Some((
                FailureKind::InvalidInput,
                format!("the list has {} items, and one step is run over at most {ITEMS_MAX}", items.len()),
            )),
            Ok(items) if first.saturating_add(items.len()) > STEPS_MAX => {
                Some((FailureKind::InvalidInput, format!("the task would have more than {STEPS_MAX} steps")))
            }
            Ok(_) => None,
            Err(unfilled) => Some((FailureKind::InvalidInput, because(unfilled))),
        };
        match (refused, items) {
            (None, Ok(items)) => self.push(Event::Expanded(Expanded { step: place, first, n_items: items.len() })),
            (Some((kind, message)), _) => {
                let failure = Failure::new(kind, message).with_hint("`happyos trace ID` shows what the steps answered");
                self.failed(place, failure.into(), Used::default(), Next::Fail, None);
            }
            (None, Err(_)) => {}
        }
    }

    /// Starts one of the steps that are `ready`; `None` where it fails before that, or has to wait for its share of the budget.
    fn start(&mut self, place: usize, ready: Ready) -> Option<CallOrder> {
        let state = self.task.steps.get(place)?;
        let (call, attempt) = (state.call, state.n_attempts.saturating_add(1));
        let Some(order) = state.step.chain.get(call) else {
            let failure = Failure::new(FailureKind::Internal, "a step has no call");
            self.failed(place, failure.into(), Used::default(), Next::Fail, None);
            return None;
        };
        let share = match budget::share(self.task, ready) {
            Ok(share) => share,
            Err(budget::Spent::Lent) => return None,
            Err(budget::Spent::All(limit)) => {
                let message = format!("the request's own budget of {limit} is used up");
                let failure = Failure::new(FailureKind::LimitExceeded(limit), message);
                let failure = failure.with_hint("give it more, or ask for less");
                self.failed(place, failure.into(), Used::default(), Next::Fail, None);
                return None;
            }
        };
        let (target, mut arguments) = match filled(self.task, state, order) {
            Ok(arguments) => (order.target.clone(), arguments),
            Err(unfilled) => {
                let failure = Failure::new(FailureKind::InvalidInput, because(&unfilled));
                let failure = failure.with_hint("`happyos trace ID` shows what the steps answered");
                self.failed(place, failure.into(), Used::default(), Next::Fail, None);
                return None;
            }
        };
        let timeout_ms = state.step.timeout_ms;
        let mut continuation = None;
        let mut n_answers = 0;
        if let Some(asked) = &state.asked
            && let Some(answer) = &asked.answer
        {
            arguments.insert(AGENT_TASK.to_owned(), answer.as_str().into());
            (continuation, n_answers) = (Some(asked.continuation.clone()), asked.n_times);
        }
        let key = key(self.task, place, call, n_answers);
        // What is not there any more is found out about by calling it.
        let repeatable = self.facts.target(&target).is_some_and(|facts| facts.repeatable);
        let started = StepStarted { step: place, call, attempt, key: key.to_string().into(), repeatable, share };
        self.push(Event::StepStarted(started));
        let wall_ms = [share.wall_ms, timeout_ms].into_iter().flatten().min();
        let budget = Budget { wall_ms, ..share };
        Some(CallOrder { step: place, target, arguments, continuation, key, budget })
    }

    /// When the first of what is to be tried again can be.
    fn wake_ms(&self) -> Option<u64> {
        let later = self.task.steps.iter().filter_map(|step| match step.progress {
            Progress::Waiting { from_ms } if from_ms > self.now_ms => Some(from_ms),
            _ => None,
        });
        later.min()
    }

    /// Nothing runs, and nothing can be started: the owner is asked, or it has come to its end.
    fn come_to_rest(&mut self) -> Act {
        let paused = self.task.steps.iter().enumerate().find_map(|(place, step)| match step.progress {
            Progress::Paused(why) => Some((place, step, why)),
            _ => None,
        });
        if let Some((step, state, why)) = paused {
            let call = state.step.chain.get(state.call);
            let label = call.map_or_else(|| Arc::from(""), |call| call.label().clone());
            let question = match why {
                Pause::Interrupted => Question::Interrupted(Interrupted { step, skill: label }),
                Pause::Approval => {
                    let arguments = call.and_then(|call| filled(self.task, state, call).ok()).unwrap_or_default();
                    Question::Approval(Approval { step, target: label, arguments })
                }
                Pause::Question => {
                    let message = state.asked.as_ref().map(|asked| asked.message.clone()).unwrap_or_default();
                    Question::Agent(AgentQuestion { step, agent: label, message })
                }
            };
            // Whether a step may run is asked once for each.
            if self.task.n_questions >= QUESTIONS_MAX && why != Pause::Approval {
                return self.too_many_questions();
            }
            self.push(Event::Asked(question));
            return Act::Settle;
        }
        let end = self.end();
        self.push(Event::Ended(end));
        Act::Settle
    }

    /// How a task ends of which nothing is left to be done.
    fn end(&self) -> End {
        let steps = || self.task.steps.iter();
        if let Some(failed) = steps().find(|step| has_failed(step)) {
            let failure = failed.failures.last().map(|(_, failure)| failure.clone());
            return End::Failed(failure.unwrap_or_else(|| Failure::new(FailureKind::Internal, "a step failed").into()));
        }
        let any_done = steps().any(|step| matches!(step.progress, Progress::Done { .. } | Progress::Skipped));
        if (0..self.task.steps.len()).all(|place| self.task.is_done(place)) {
            return End::Completed;
        }
        if steps().any(|step| matches!(step.progress, Progress::Rejected)) {
            return if any_done { End::Completed } else { End::Canceled(Canceled::NotApproved) };
        }
        // What is left needs what will never be there.
        End::Failed(Failure::new(FailureKind::Internal, "the plan has steps that need each other").into())
    }

    fn too_many_questions(&mut self) -> Act {
        let message = format!("{QUESTIONS_MAX} questions did not make it clear");
        self.fail(FailureKind::InvalidInput, message, Some("ask anew, in other words"))
    }

    fn fail(&mut self, kind: FailureKind, message: String, hint: Option<&str>) -> Act {
        let failure = Failure { kind, message, hint: hint.map(str::to_owned) };
        self.push(Event::Ended(End::Failed(failure.into())));
        Act::Settle
    }
}

/// Whether the step at `place` waits for its owner to say that it may run.
pub fn waits_for_approval(task: &Task, place: usize) -> bool {
    task.steps.get(place).is_some_and(|step| matches!(step.progress, Progress::Paused(Pause::Approval)))
}

fn has_failed(step: &StepState) -> bool {
    matches!(step.progress, Progress::Failed)
}

fn filled(task: &Task, state: &StepState, call: &Call) -> Result<Map<String, Value>, Unfilled> {
    if call.references.is_empty() {
        return Ok(call.arguments.clone());
    }
    Outputs::new(task).arguments(state, call)
}

fn because(unfilled: &Unfilled) -> String {
    format!("it needs a value from step {}: {}", unfilled.step.saturating_add(1), unfilled.reason)
}

/// What a step's call names.
pub fn called(step: &StepState) -> Option<Arc<str>> {
    step.step.chain.get(step.call).map(|call| call.label().clone())
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Failed {
        Failed {
            kind: failure.kind.as_str().into(),
            limit: failure.kind.limit().map(|limit| limit.as_str().into()),
            message: failure.message,
            hint: failure.hint,
        }
    }
}

#[cfg(test)]
mod tests;
