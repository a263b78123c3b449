//! A task as its events have made it: the state is nothing but what they say.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::event::{
    Analysed, Answered, Decision, End, Event, Failed, Interrupted, Next, Plan, Question, Refusal, Reply, Request,
    StepFailed, StepFinished, StepStarted, Used,
};
use crate::base::TaskId;
use crate::store::tasks::TaskState;

/// A task as far as its events go.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The principal that it belongs to.
    pub owner: Arc<str>,
    /// What was asked.
    pub request: Request,
    /// What was found out about it.
    pub analysed: Option<Arc<Analysed>>,
    /// The steps, and how far they are; empty until there is a plan.
    pub steps: Vec<StepState>,
    /// What its owner is asked now.
    pub question: Option<Question>,
    /// Why nothing can be done, before that ends it.
    pub refusal: Option<Refusal>,
    /// How it ended.
    pub end: Option<End>,
    /// What all its calls used together; the most of memory.
    pub used: Used,
    /// How often its owner was asked.
    pub n_questions: u32,
    /// How many events it has.
    pub n_events: u32,
    /// When it was accepted, in milliseconds since 1970.
    pub created_ms: u64,
    /// When its last event came.
    pub updated_ms: u64,
}

/// A step of the plan, and how far it is.
#[derive(Debug, Clone)]
pub struct StepState {
    /// The step as planned.
    pub step: super::event::Step,
    /// How far it is.
    pub progress: Progress,
    /// Which of its calls is next, or was last.
    pub call: usize,
    /// How often it was started.
    pub n_attempts: u32,
    /// Calls that gave no answer, in order.
    pub failures: Vec<(usize, Failed)>,
}

/// How far a step is.
#[derive(Debug, Clone)]
pub enum Progress {
    /// To be run.
    Waiting,
    /// Started, and not known to have ended.
    Running {
        /// Doing it twice is as good as once.
        repeatable: bool,
    },
    /// Done.
    Done {
        /// Its answer.
        output: Arc<RawValue>,
        /// How many files came with it.
        n_artifacts: usize,
    },
    /// Taken as done by its owner, though nobody knows.
    Skipped,
    /// Failed for good.
    Failed,
}

impl Task {
    /// A task that was just accepted.
    pub fn new(id: TaskId, owner: Arc<str>, request: Request, at_ms: u64) -> Task {
        Task {
            id,
            owner,
            request,
            analysed: None,
            steps: Vec::new(),
            question: None,
            refusal: None,
            end: None,
            used: Used::default(),
            n_questions: 0,
            n_events: 1,
            created_ms: at_ms,
            updated_ms: at_ms,
        }
    }

    /// The task that these events made; `None` if the first is not the one that accepts it.
    pub fn fold(id: TaskId, owner: Arc<str>, events: impl IntoIterator<Item = (u64, Event)>) -> Option<Task> {
        let mut events = events.into_iter();
        let (at_ms, Event::Accepted(request)) = events.next()? else { return None };
        let mut task = Task::new(id, owner, request, at_ms);
        for (at_ms, event) in events {
            task.apply(&event, at_ms);
        }
        Some(task)
    }

    /// The state that the events so far make.
    pub fn state(&self) -> TaskState {
        match (&self.end, &self.question) {
            (Some(End::Completed), _) => TaskState::Completed,
            (Some(End::Failed(_)), _) => TaskState::Failed,
            (Some(End::Canceled(_)), _) => TaskState::Canceled,
            (Some(End::Rejected(_)), _) => TaskState::Rejected,
            (None, Some(_)) => TaskState::InputRequired,
            (None, None) if self.analysed.is_none() => TaskState::Submitted,
            (None, None) => TaskState::Working,
        }
    }

    /// Whether it has ended, or waits for its owner.
    pub fn is_settled(&self) -> bool {
        !self.state().is_busy()
    }

    /// The step that runs, if one does.
    pub fn running(&self) -> Option<(usize, &StepState)> {
        self.steps.iter().enumerate().find(|(_, step)| matches!(step.progress, Progress::Running { .. }))
    }

    /// Makes the task what it is after `event`.
    pub fn apply(&mut self, event: &Event, at_ms: u64) {
        self.n_events = self.n_events.saturating_add(1);
        self.updated_ms = at_ms;
        match event {
            // Only the first event accepts.
            Event::Accepted(_) => {}
            Event::Analysed(analysed) => {
                self.decide(&analysed.decision);
                self.analysed = Some(analysed.clone());
            }
            Event::StepStarted(started) => self.started(started),
            Event::StepFinished(finished) => self.finished(finished),
            Event::StepFailed(failed) => self.failed(failed),
            Event::Asked(question) => self.ask(question),
            Event::Answered(answered) => self.answered(answered),
            Event::Ended(end) => {
                self.question = None;
                self.end = Some(end.clone());
            }
        }
    }

    fn decide(&mut self, decision: &Decision) {
        match decision {
            Decision::Plan(Plan { steps }) => {
                let state = |step: &super::event::Step| StepState {
                    step: step.clone(),
                    progress: Progress::Waiting,
                    call: 0,
                    n_attempts: 0,
                    failures: Vec::new(),
                };
                self.steps = steps.iter().map(state).collect();
            }
            Decision::Ask(question) => self.ask(question),
            Decision::Refuse(refusal) => self.refusal = Some(refusal.clone()),
        }
    }

    fn ask(&mut self, question: &Question) {
        self.n_questions = self.n_questions.saturating_add(1);
        self.question = Some(question.clone());
    }

    fn started(&mut self, started: &StepStarted) {
        if let Some(step) = self.steps.get_mut(started.step) {
            step.call = started.call;
            step.n_attempts = started.attempt;
            step.progress = Progress::Running { repeatable: started.repeatable };
        }
    }

    fn finished(&mut self, finished: &StepFinished) {
        self.used = sum(&self.used, &finished.usage);
        if let Some(step) = self.steps.get_mut(finished.step) {
            step.progress = Progress::Done { output: finished.output.clone(), n_artifacts: finished.n_artifacts };
        }
    }

    fn failed(&mut self, failed: &StepFailed) {
        self.used = sum(&self.used, &failed.usage);
        let Some(step) = self.steps.get_mut(failed.step) else { return };
        step.failures.push((step.call, failed.failure.clone()));
        step.progress = match failed.next {
            Next::Fail => Progress::Failed,
            Next::Retry => Progress::Waiting,
            Next::Fallback => {
                step.call += 1;
                step.n_attempts = 0;
                Progress::Waiting
            }
        };
    }

    fn answered(&mut self, answered: &Answered) {
        let asked = self.question.take();
        let interrupted = |steps: &mut Vec<StepState>, progress| {
            if let Some(Question::Interrupted(Interrupted { step, .. })) = asked
                && let Some(step) = steps.get_mut(step)
            {
                step.progress = progress;
            }
        };
        match &answered.reply {
            Reply::Decision(decision) => self.decide(decision),
            Reply::Retry => interrupted(&mut self.steps, Progress::Waiting),
            Reply::Skip => interrupted(&mut self.steps, Progress::Skipped),
            Reply::Abandon => {}
        }
    }
}

/// Both together; of memory the larger.
fn sum(a: &Used, b: &Used) -> Used {
    Used {
        fuel: a.fuel.saturating_add(b.fuel),
        memory_peak_bytes: a.memory_peak_bytes.max(b.memory_peak_bytes),
        wall_us: a.wall_us.saturating_add(b.wall_us),
        host_calls: a.host_calls.saturating_add(b.host_calls),
    }
}
