//! The one driver's core: a task and what happened to it → events to append, and what to do after that. No input or
//! output, no clock, no randomness.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::event::{
    Analysed, Answered, Budget, Canceled, End, Event, Failed, Interrupted, Next, Question, Reply, StepFailed,
    StepFinished, StepStarted, Used,
};
use super::task::{Progress, StepState, Task};
use crate::base::{Digest, Failure, FailureKind, Limit, RequestId};

/// How often one call of a step is begun; more only after its owner said so.
const ATTEMPTS_MAX: u32 = 3;

/// How often one task asks its owner.
const QUESTIONS_MAX: u32 = 16;

/// What the catalog says of a skill, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkillFacts {
    /// Doing it twice is as good as once: it changes nothing, or says so of itself.
    pub repeatable: bool,
}

/// What is known of the catalog at one moment.
pub trait Facts {
    /// The skill of that name.
    fn skill(&self, name: &str) -> Option<SkillFacts>;
    /// Whether the next of a chain is tried where one fails.
    fn fallback(&self) -> bool;
}

/// What happened to a task.
#[derive(Debug)]
pub enum Stimulus {
    /// It was looked at.
    Analysed(Analysed),
    /// The daemon has just found it in its store.
    Resumed,
    /// The step that ran has ended.
    Returned(Returned),
    /// Its owner has answered.
    Answered(Answered),
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
}

/// What to do when the events are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Nothing: it has ended, or waits for its owner.
    Settle,
    /// Look at the request.
    Analyse,
    /// Call a skill.
    Call(CallOrder),
}

/// A call to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct CallOrder {
    /// The step.
    pub step: usize,
    /// The skill.
    pub skill: Arc<str>,
    /// Its input.
    pub arguments: Map<String, Value>,
    /// Names the work to whatever it touches.
    pub key: RequestId,
    /// What is left of the budget.
    pub budget: Budget,
}

/// What follows from `stimulus`. The task is changed to what it is after the events that are returned, in their order.
pub fn react(task: &mut Task, stimulus: Stimulus, facts: &dyn Facts, now_ms: u64) -> (Vec<Event>, Act) {
    let mut moves = Moves { task, facts, now_ms, events: Vec::with_capacity(3) };
    if moves.task.end.is_some() {
        return (Vec::new(), Act::Settle);
    }
    match stimulus {
        Stimulus::Analysed(analysed) => moves.push(Event::Analysed(Arc::new(analysed))),
        Stimulus::Resumed => moves.resumed(),
        Stimulus::Returned(returned) => moves.returned(returned),
        Stimulus::Answered(answered) => {
            let abandoned = answered.reply == Reply::Abandon;
            moves.push(Event::Answered(answered));
            if abandoned {
                moves.push(Event::Ended(End::Canceled(Canceled::Abandoned)));
            }
        }
        Stimulus::Cancel(why) => moves.push(Event::Ended(End::Canceled(why))),
    }
    let act = moves.advance();
    (moves.events, act)
}

/// The key of one call of one step of a task: the same whenever it is tried.
fn key(task: &Task, step: usize, call: usize) -> RequestId {
    let mut text = task.id.to_bytes().to_vec();
    text.extend((step as u64).to_be_bytes());
    text.extend((call as u64).to_be_bytes());
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

    /// A step that was begun and is not known to have ended is run again only where that does no harm.
    fn resumed(&mut self) {
        let Some((place, step)) = self.task.running() else { return };
        let skill = called(step);
        let repeatable = matches!(step.progress, Progress::Running { repeatable: true })
            // The version that is there now may be another than the one that ran.
            && skill.as_deref().and_then(|skill| self.facts.skill(skill)).is_some_and(|facts| facts.repeatable);
        let (n_attempts, skill) = (step.n_attempts, skill.unwrap_or_else(|| "".into()));
        if !repeatable {
            self.push(Event::Asked(Question::Interrupted(Interrupted { step: place, skill })));
            return;
        }
        let next = if n_attempts < ATTEMPTS_MAX { Next::Retry } else { Next::Fail };
        let failure = Failed {
            kind: "interrupted".into(),
            limit: None,
            message: format!("the daemon was stopped while `{skill}` ran"),
            hint: (next == Next::Fail).then(|| {
                format!("it was begun {n_attempts} times and never came to an end: see `happyos skill logs {skill}`")
            }),
        };
        self.push(Event::StepFailed(StepFailed { step: place, failure, usage: Used::default(), next }));
    }

    fn returned(&mut self, returned: Returned) {
        let Returned { step, result, usage } = returned;
        match result {
            Ok((output, n_artifacts)) => {
                self.push(Event::StepFinished(StepFinished { step, output, n_artifacts, usage }));
            }
            Err(failure) => {
                let next = match self.task.steps.get(step) {
                    Some(state) if self.falls_back(state, &failure) => Next::Fallback,
                    _ => Next::Fail,
                };
                let failure = Failed::from(failure);
                self.push(Event::StepFailed(StepFailed { step, failure, usage, next }));
            }
        }
    }

    /// The next of the chain is tried where the one that failed has done nothing, or nothing that matters.
    fn falls_back(&self, step: &StepState, failure: &Failure) -> bool {
        let never_ran = matches!(failure.kind, FailureKind::InvalidInput | FailureKind::NotFound | FailureKind::Denied);
        let harmless = never_ran || matches!(step.progress, Progress::Running { repeatable: true });
        let stopped = failure.kind == FailureKind::Cancelled;
        self.facts.fallback() && harmless && !stopped && step.call + 1 < step.step.chain.len()
    }

    /// Goes on as far as nothing has to be done outside.
    fn advance(&mut self) -> Act {
        if self.task.question.is_some() && self.task.n_questions > QUESTIONS_MAX {
            let message = format!("{QUESTIONS_MAX} questions did not make it clear");
            return self.fail(FailureKind::InvalidInput, message, Some("ask anew, in other words"));
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
        if let Some(failed) = self.task.steps.iter().find(|step| matches!(step.progress, Progress::Failed)) {
            let failure = failed.failures.last().map(|(_, failure)| failure.clone());
            let failure = failure.unwrap_or_else(|| Failure::new(FailureKind::Internal, "a step failed").into());
            self.push(Event::Ended(End::Failed(failure)));
            return Act::Settle;
        }
        let done = |step: &StepState| matches!(step.progress, Progress::Done { .. } | Progress::Skipped);
        let ready = |step: &StepState| {
            matches!(step.progress, Progress::Waiting)
                && step.step.needs.iter().all(|place| self.task.steps.get(*place).is_some_and(done))
        };
        match self.task.steps.iter().position(ready) {
            Some(place) => self.start(place),
            None if self.task.steps.iter().all(done) => {
                self.push(Event::Ended(End::Completed));
                Act::Settle
            }
            // What is left needs what will never be there.
            None => self.fail(FailureKind::Internal, "the plan has steps that need each other".into(), None),
        }
    }

    fn start(&mut self, place: usize) -> Act {
        let Some(state) = self.task.steps.get(place) else { return Act::Settle };
        let (call, attempt) = (state.call, state.n_attempts.saturating_add(1));
        let Some(order) = state.step.chain.get(call).cloned() else {
            return self.fail(FailureKind::Internal, "a step has no call".into(), None);
        };
        let budget = match left(&self.task.request.budget, &self.task.used) {
            Ok(budget) => budget,
            Err(limit) => {
                let message = format!("the request's own budget of {limit} is used up");
                return self.fail(FailureKind::LimitExceeded(limit), message, Some("give it more, or ask for less"));
            }
        };
        let key = key(self.task, place, call);
        // A skill that is not there any more is found out about by calling it.
        let repeatable = self.facts.skill(&order.skill).is_some_and(|facts| facts.repeatable);
        let started = StepStarted { step: place, call, attempt, key: key.to_string().into(), repeatable };
        self.push(Event::StepStarted(started));
        Act::Call(CallOrder { step: place, skill: order.skill, arguments: order.arguments, key, budget })
    }

    fn fail(&mut self, kind: FailureKind, message: String, hint: Option<&str>) -> Act {
        let failure = Failure { kind, message, hint: hint.map(str::to_owned) };
        self.push(Event::Ended(End::Failed(failure.into())));
        Act::Settle
    }
}

/// The skill that a step's call names.
pub fn called(step: &StepState) -> Option<Arc<str>> {
    step.step.chain.get(step.call).map(|call| call.skill.clone())
}

/// What is left of a budget, or what is used up.
fn left(budget: &Budget, used: &Used) -> Result<Budget, Limit> {
    let rest = |whole: Option<u64>, used: u64, limit: Limit| match whole.map(|whole| whole.saturating_sub(used)) {
        Some(0) => Err(limit),
        rest => Ok(rest),
    };
    Ok(Budget {
        fuel: rest(budget.fuel, used.fuel, Limit::Fuel)?,
        wall_ms: rest(budget.wall_ms, used.wall_us / 1_000, Limit::Time)?,
        // None at all is a budget, too: of a skill that touches nothing.
        host_calls: budget.host_calls.map(|whole| whole.saturating_sub(used.host_calls)),
        output_bytes: budget.output_bytes,
    })
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
