//! A task as its events have made it: the state is nothing but what they say.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::event::{
    AgentQuestion, Analysed, Answered, Approval, Decided, Decision, End, Event, Expanded, Failed, Interrupted, Next,
    Pause, Plan, Question, Refusal, Reply, Request, StepAsked, StepFailed, StepFinished, StepStarted, Used,
};
use crate::base::TaskId;
use crate::store::tasks::TaskState;

mod values;

pub use values::{Outputs, Unfilled};

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
    /// The steps, and how far they are; empty until there is a plan. Those that a step over a list became are at the end.
    pub steps: Vec<StepState>,
    /// Parts of the request that no step is for.
    pub left_out: Vec<super::event::LeftOut>,
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
    /// How often that call was started.
    pub n_attempts: u32,
    /// Calls that gave no answer, in order.
    pub failures: Vec<(usize, Failed)>,
    /// Its owner has said that it may run.
    pub approved: bool,
    /// What its agent asked back last.
    pub asked: Option<AskedBack>,
    /// The step over a list that it is one of, and the item it is for.
    pub item: Option<Item>,
}

/// What the agent of a step asked back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedBack {
    /// The question.
    pub message: String,
    /// What the agent wants to be given back with the answer.
    pub continuation: String,
    /// What its owner said to it.
    pub answer: Option<String>,
    /// How often the step has asked.
    pub n_times: u32,
}

/// What a step is for that a step over a list became.
#[derive(Debug, Clone)]
pub struct Item {
    /// The place of that step.
    pub of: usize,
    /// The item.
    pub value: Arc<RawValue>,
}

/// How far a step is.
#[derive(Debug, Clone)]
pub enum Progress {
    /// To be run.
    Waiting {
        /// Not before this, in milliseconds since 1970.
        from_ms: u64,
    },
    /// Started, and not known to have ended.
    Running {
        /// Doing it twice is as good as once.
        repeatable: bool,
        /// Its share of the budget.
        share: super::event::Budget,
    },
    /// It waits for its owner.
    Paused(Pause),
    /// Done.
    Done {
        /// Its answer.
        output: Arc<RawValue>,
        /// How many files came with it.
        n_artifacts: usize,
    },
    /// It became one step for each item of a list: its answer is the list of theirs.
    Expanded {
        /// The place of the first.
        first: usize,
        /// How many.
        n_items: usize,
    },
    /// Taken as done by its owner, though nobody knows.
    Skipped,
    /// Failed for good.
    Failed,
    /// Its owner does not want it.
    Rejected,
}

impl StepState {
    /// The step as it begins.
    pub fn new(step: super::event::Step) -> StepState {
        StepState {
            step,
            progress: Progress::Waiting { from_ms: 0 },
            call: 0,
            n_attempts: 0,
            failures: Vec::new(),
            approved: false,
            asked: None,
            item: None,
        }
    }
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
            left_out: Vec::new(),
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

    /// The steps that run.
    pub fn running(&self) -> impl Iterator<Item = (usize, &StepState)> {
        self.steps.iter().enumerate().filter(|(_, step)| matches!(step.progress, Progress::Running { .. }))
    }

    /// The steps as they were planned, without those that a step over a list became.
    pub fn planned(&self) -> impl Iterator<Item = (usize, &StepState)> {
        self.steps.iter().enumerate().filter(|(_, step)| step.item.is_none())
    }

    /// Whether the step at `place` is done, with an answer or without.
    pub fn is_done(&self, place: usize) -> bool {
        match self.steps.get(place).map(|step| &step.progress) {
            Some(Progress::Done { .. } | Progress::Skipped) => true,
            Some(Progress::Expanded { first, n_items }) => (*first..first + n_items).all(|place| self.is_done(place)),
            _ => false,
        }
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
                self.used = sum(&self.used, &analysed.used);
                self.analysed = Some(analysed.clone());
            }
            Event::StepStarted(started) => self.started(started),
            Event::StepFinished(finished) => self.finished(finished),
            Event::StepFailed(failed) => self.failed(failed),
            Event::StepAsked(asked) => self.asked_back(asked),
            Event::Expanded(expanded) => self.expanded(expanded),
            Event::Paused(paused) => self.progress(paused.step, Progress::Paused(paused.why)),
            Event::Decided(decided) => self.decided(decided),
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
            Decision::Plan(Plan { steps, left_out }) => {
                self.steps = steps.iter().cloned().map(StepState::new).collect();
                self.left_out.clone_from(left_out);
            }
            Decision::Ask(question) => self.ask(question),
            Decision::Refuse(refusal) => self.refusal = Some(refusal.clone()),
        }
    }

    fn ask(&mut self, question: &Question) {
        // Whether a step may run is not asked because something was not clear.
        if !matches!(question, Question::Approval(_)) {
            self.n_questions = self.n_questions.saturating_add(1);
        }
        if let Question::Interrupted(Interrupted { step, .. }) = question {
            self.progress(*step, Progress::Paused(Pause::Interrupted));
        }
        self.question = Some(question.clone());
    }

    fn progress(&mut self, place: usize, progress: Progress) {
        if let Some(step) = self.steps.get_mut(place) {
            step.progress = progress;
        }
    }

    fn started(&mut self, started: &StepStarted) {
        if let Some(step) = self.steps.get_mut(started.step) {
            step.call = started.call;
            step.n_attempts = started.attempt;
            step.progress = Progress::Running { repeatable: started.repeatable, share: started.share };
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
            Next::Retry => Progress::Waiting { from_ms: failed.retry_at_ms.unwrap_or(0) },
            Next::Fallback => {
                step.call += 1;
                step.n_attempts = 0;
                step.asked = None;
                Progress::Waiting { from_ms: 0 }
            }
        };
    }

    fn asked_back(&mut self, asked: &StepAsked) {
        self.used = sum(&self.used, &asked.usage);
        let Some(step) = self.steps.get_mut(asked.step) else { return };
        step.progress = Progress::Paused(Pause::Question);
        step.asked = Some(AskedBack {
            message: asked.message.clone(),
            continuation: asked.continuation.clone(),
            answer: None,
            n_times: step.asked.as_ref().map_or(1, |before| before.n_times.saturating_add(1)),
        });
    }

    fn told(&mut self, place: usize, answer: &str) {
        let Some(step) = self.steps.get_mut(place) else { return };
        step.progress = Progress::Waiting { from_ms: 0 };
        step.n_attempts = 0;
        if let Some(asked) = &mut step.asked {
            asked.answer = Some(answer.to_owned());
        }
    }

    fn expanded(&mut self, expanded: &Expanded) {
        let Expanded { step: place, first, n_items } = *expanded;
        let Some(state) = self.steps.get(place) else { return };
        let items = match &state.step.each {
            Some(each) => Outputs::new(self).items(each).unwrap_or_default(),
            None => Vec::new(),
        };
        let own = super::event::Step { each: None, needs: Vec::new(), ..state.step.clone() };
        let one =
            |value: Arc<RawValue>| StepState { item: Some(Item { of: place, value }), ..StepState::new(own.clone()) };
        let ones: Vec<StepState> = items.into_iter().take(n_items).map(one).collect();
        self.steps.truncate(first);
        self.steps.extend(ones);
        self.progress(place, Progress::Expanded { first, n_items });
    }

    fn decided(&mut self, decided: &Decided) {
        if let Some(Question::Approval(Approval { step, .. })) = &self.question
            && *step == decided.step
        {
            self.question = None;
        }
        self.approve(decided.step, decided.approved);
    }

    fn approve(&mut self, place: usize, approved: bool) {
        if let Some(step) = self.steps.get_mut(place) {
            step.approved = approved;
            step.progress = if approved { Progress::Waiting { from_ms: 0 } } else { Progress::Rejected };
        }
    }

    fn answered(&mut self, answered: &Answered) {
        let asked = self.question.take();
        let place = match asked {
            Some(
                Question::Interrupted(Interrupted { step, .. })
                | Question::Approval(Approval { step, .. })
                | Question::Agent(AgentQuestion { step, .. }),
            ) => step,
            Some(Question::Choice(_) | Question::Missing(_)) | None => usize::MAX,
        };
        match &answered.reply {
            Reply::Decision(decision) => self.decide(decision),
            Reply::Retry => self.progress(place, Progress::Waiting { from_ms: 0 }),
            Reply::Skip => self.progress(place, Progress::Skipped),
            Reply::Approve => self.approve(place, true),
            Reply::Reject => self.approve(place, false),
            Reply::Tell => self.told(place, &answered.text),
            Reply::Abandon => {}
        }
    }
}

/// Both together; of memory the larger.
pub(super) fn sum(a: &Used, b: &Used) -> Used {
    Used {
        fuel: a.fuel.saturating_add(b.fuel),
        memory_peak_bytes: a.memory_peak_bytes.max(b.memory_peak_bytes),
        wall_us: a.wall_us.saturating_add(b.wall_us),
        host_calls: a.host_calls.saturating_add(b.host_calls),
        output_bytes: a.output_bytes.saturating_add(b.output_bytes),
        money: a.money.saturating_add(b.money),
    }
}
