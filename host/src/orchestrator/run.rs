//! The shell around the driver's core: requests, answers and decisions are taken here, and tasks stopped and gone on with.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::analysing::civil_now;
use super::answers::{self, Reading};
use super::drive::{Stimulus, react, waits_for_approval};
use super::event::{Answered, Canceled, Decided, Decision, End, Question, Reply, Request, Target, Used};
use super::live::{Said, left};
use super::places::Ticket;
use super::plan::Known;
use super::routes::CatalogFacts;
use super::settled;
use super::task::Task;
use super::{Inner, now_ms, personal};
use crate::base::{Failure, FailureKind, TaskId};
use crate::security::Principal;
use crate::skills::Snapshot;
use crate::store::tasks::AppendError;
use crate::telemetry::spans::CallerSpan;

mod driver;
mod keeping;
mod steps;

use driver::Driver;
use keeping::Keeper;

/// How long a stopped task may take to come to its end.
const CANCEL_MAX: Duration = Duration::from_secs(10);

/// A task that was accepted. Dropping it stops waiting, and nothing else.
pub struct Accepted {
    /// Its id.
    pub id: TaskId,
    work: Work,
    settled: Option<Result<Arc<Task>, Failure>>,
}

impl Accepted {
    /// Waits until the task has ended or waits for its owner. Who stops waiting changes nothing.
    ///
    /// # Errors
    /// `unavailable` if the daemon stops before that, `internal` if its events could not be kept.
    pub async fn settled(mut self) -> Result<Arc<Task>, Failure> {
        match self.settled.take() {
            Some(settled) => settled,
            None => (&mut self.work).await,
        }
    }
}

/// The work on a task: done by who waits for it, and handed to a task of the daemon's when nobody does any more. That
/// saves a change of thread for each request.
struct Work {
    doing: Option<Pin<Box<Doing>>>,
    handle: Handle,
}

type Doing = dyn Future<Output = Result<Arc<Task>, Failure>> + Send;

impl Future for Work {
    type Output = Result<Arc<Task>, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        let Some(doing) = &mut self.doing else { return Poll::Ready(Err(left())) };
        let done = doing.as_mut().poll(context);
        if done.is_ready() {
            self.doing = None;
        }
        done
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(doing) = self.doing.take() {
            self.handle.spawn(doing);
        }
    }
}

/// What a task begins with, or goes on with.
enum From {
    Request(Request),
    Answer(Box<Task>, Answered),
    Decision(Box<Task>, Decided),
    Resume(Box<Task>),
}

impl From {
    /// What keeps the events that are to come.
    fn keeper(&self, id: TaskId, owner: &Arc<str>) -> Keeper {
        match self {
            From::Request(request) => Keeper::of_new(id, owner.clone(), request),
            From::Answer(task, _) | From::Decision(task, _) | From::Resume(task) => Keeper::of(task),
        }
    }

    /// What the task has used before.
    fn used(&self) -> Used {
        match self {
            From::Request(_) => Used::default(),
            From::Answer(task, _) | From::Decision(task, _) | From::Resume(task) => task.used,
        }
    }
}

/// Accepts a request.
pub(super) async fn ask(inner: &Arc<Inner>, principal: &Principal, request: Request) -> Result<Accepted, Failure> {
    let owner: Arc<str> = principal.name().into();
    let ticket = inner.places.ticket(&owner)?;
    let id = TaskId::at(now_ms(), rand::random());
    begin(inner, principal.clone(), owner, id, ticket, From::Request(request)).await
}

/// Takes an answer to a task's question.
pub(super) async fn answer(
    inner: &Arc<Inner>,
    principal: &Principal,
    id: TaskId,
    text: &str,
) -> Result<Accepted, Failure> {
    let owner: Arc<str> = principal.name().into();
    let task = inner.load(&owner, id).await?;
    let routed = inner.routes.current().await?;
    let gaps = inner.gap_keys(&owner).await?;
    let now = civil_now(task.request.time_zone.as_deref());
    let reading = Reading { index: &routed.index, now, known: Known { owner: &owner, gaps: &gaps } };
    let reply = answers::read(&task, text, &reading)?;
    if let Reply::Decision(Decision::Plan(plan)) = &reply {
        for call in plan.steps.iter().flat_map(|step| &step.chain) {
            let Target::Skill(name) = &call.target else { continue };
            let Some(skill) = routed.snapshot.skill(name) else { continue };
            skill.check_input(&serde_json::Value::Object(call.arguments.clone())).map_err(|problem| {
                Failure::new(FailureKind::InvalidInput, format!("`{name}` does not take that: {problem}"))
                    .with_hint(format!("`happyos skill show {name}` prints what it takes"))
            })?;
        }
    }
    let chosen = match (&task.question, &reply) {
        (Some(Question::Choice(_)), Reply::Decision(decision)) => chosen(decision),
        _ => None,
    };
    let ticket = inner.places.ticket(&owner)?;
    let request = task.request.text.clone();
    let answered = Answered { text: text.trim().to_owned(), reply };
    let from = From::Answer(Box::new(task), answered);
    let accepted = begin(inner, principal.clone(), owner.clone(), id, ticket, from).await?;
    if let Some(skill) = chosen.filter(|_| inner.settings.load().memory) {
        // The answer stands whether or not it is learned from.
        if let Err(error) = inner.memory.learn((&owner, id), &request, &skill, now_ms()).await {
            tracing::warn!(%error, "a choice was not learned from");
        }
    }
    Ok(accepted)
}

/// The skill that an answer to a choice has chosen.
fn chosen(decision: &Decision) -> Option<Arc<str>> {
    match decision {
        Decision::Plan(plan) => match &plan.steps.first()?.chain.first()?.target {
            Target::Skill(skill) => Some(skill.clone()),
            Target::Agent(_) => None,
        },
        Decision::Ask(Question::Missing(missing)) => Some(missing.skill.clone()),
        Decision::Ask(_) | Decision::Refuse(_) => None,
    }
}

/// Says whether a step that waits for it may run. Where other steps run, whoever works on the task goes on with it;
/// otherwise it is gone on with here.
pub(super) async fn decide(
    inner: &Arc<Inner>,
    principal: &Principal,
    id: TaskId,
    decided: Decided,
) -> Result<Option<Accepted>, Failure> {
    let owner: Arc<str> = principal.name().into();
    // Once more for a task that settles, or goes on, between two looks.
    for _ in 0..3 {
        if let Some(live) = inner.lives.get(&owner, id) {
            let (kept, was_kept) = oneshot::channel();
            live.say(Said { decided, kept });
            match was_kept.await {
                Ok(true) => return Ok(None),
                Ok(false) => return Err(not_waiting(&inner.load(&owner, id).await?, decided.step)),
                // Nobody works on it any more.
                Err(_) => continue,
            }
        }
        let task = inner.load(&owner, id).await?;
        if task.end.is_some() {
            return Err(AppendError::Ended.into());
        }
        if !waits_for_approval(&task, decided.step) {
            return Err(not_waiting(&task, decided.step));
        }
        let ticket = inner.places.ticket_of_accepted(&owner);
        match begin(inner, principal.clone(), owner.clone(), id, ticket, From::Decision(Box::new(task), decided)).await
        {
            Err(failure) if failure.kind == FailureKind::Unavailable => {}
            begun => return begun.map(Some),
        }
    }
    Err(busy())
}

fn not_waiting(task: &Task, step: usize) -> Failure {
    let number = step.saturating_add(1);
    let waiting: Vec<_> = (0..task.steps.len())
        .filter(|place| waits_for_approval(task, *place))
        .map(|place| (place + 1).to_string())
        .collect();
    let hint = match waiting.as_slice() {
        [] => "none of its steps waits for that".to_owned(),
        some => format!("of its steps, {} wait for that", some.join(", ")),
    };
    Failure::new(FailureKind::InvalidInput, format!("step {number} does not wait for approval")).with_hint(hint)
}

/// Goes on with a task that nobody works on. It waits for a place like others do.
pub(super) async fn resume(inner: &Arc<Inner>, owner: Arc<str>, id: TaskId) -> Result<(), Failure> {
    let task = inner.load(&owner, id).await?;
    if task.is_settled() || inner.lives.has(id) {
        return Ok(());
    }
    go_on(inner, (inner.act_as)(&owner), task).await.map(drop)
}

/// Goes on with a task as it is, which nobody works on.
pub(super) async fn go_on(inner: &Arc<Inner>, principal: Principal, task: Task) -> Result<Accepted, Failure> {
    let (owner, id) = (task.owner.clone(), task.id);
    let ticket = inner.places.ticket_of_accepted(&owner);
    begin(inner, principal, owner, id, ticket, From::Resume(Box::new(task))).await
}

/// Stops a task of `owner`.
pub(super) async fn cancel(inner: &Arc<Inner>, owner: &str, id: TaskId) -> Result<Task, Failure> {
    // Once more for a task that settles, or goes on, between two looks.
    for _ in 0..3 {
        if let Some(live) = inner.lives.get(owner, id) {
            live.cancel.cancel();
            // It may also have come to another end, or to a question, just before.
            let settled = tokio::time::timeout(CANCEL_MAX, live.settled()).await;
            let task = settled.map_err(|_| busy())??;
            match &task.end {
                Some(End::Canceled(_)) => return Ok(Task::clone(&task)),
                Some(_) => return Err(AppendError::Ended.into()),
                None => continue,
            }
        }
        match end(inner, owner, id, Canceled::ByOwner).await {
            Err(failure) if failure.kind == FailureKind::Unavailable => {}
            ended => return ended,
        }
    }
    Err(busy())
}

fn busy() -> Failure {
    Failure::new(FailureKind::Unavailable, "the task does not come to rest").with_hint("try again shortly")
}

/// Ends a task that nobody works on.
pub(super) async fn end(inner: &Arc<Inner>, owner: &str, id: TaskId, why: Canceled) -> Result<Task, Failure> {
    let mut task = inner.load(owner, id).await?;
    if task.end.is_some() {
        return Err(AppendError::Ended.into());
    }
    let mut keeper = Keeper::of(&task);
    let snapshot = Snapshot::default();
    let facts = CatalogFacts {
        snapshot: &snapshot,
        agents: inner.targets.agents(),
        fallback: false,
        ask_first: &[],
        parallel: 1,
    };
    let (events, _) = react(&mut task, Stimulus::Cancel(why), &facts, now_ms());
    keeper.add(inner, &task, &events, Vec::new()).await?;
    keeper.flush(inner).await?;
    settled::note_stopped(inner, &task);
    Ok(task)
}

/// Works on a task from here on, in a task of the daemon's. Returns when its next events are kept.
async fn begin(
    inner: &Arc<Inner>,
    principal: Principal,
    owner: Arc<str>,
    id: TaskId,
    ticket: Ticket,
    from: From,
) -> Result<Accepted, Failure> {
    if inner.halted.is_cancelled() {
        return Err(left());
    }
    let live = inner.lives.begin(id, &owner).ok_or_else(|| Failure::from(AppendError::Conflict))?;
    if inner.erasing.has(&owner) {
        inner.lives.end(id, Err(personal::being_erased()));
        return Err(personal::being_erased());
    }
    let (accepted, mut kept) = oneshot::channel();
    let keeper = from.keeper(id, &owner).telling(accepted);
    let driver = Driver { inner: inner.clone(), live: live.clone(), principal, owner, id };
    let span = tracing::debug_span!("request", task = %id, owner = &*driver.owner);
    CallerSpan::adopt(&span);
    let doing = Box::pin(inner.tasks.track_future(driver.run(ticket, from, keeper).instrument(span)));
    let mut work = Work { doing: Some(doing), handle: Handle::current() };
    let mut settled = None;
    let kept = tokio::select! {
        biased;
        done = &mut work => {
            settled = Some(done);
            kept.try_recv().ok()
        }
        kept = &mut kept => kept.ok(),
    };
    match kept {
        Some(Ok(())) => Ok(Accepted { id, work, settled }),
        Some(Err(failure)) => Err(failure),
        None => Err(left()),
    }
}

/// What a request is called in lists: its words, or what its plan calls.
fn title(request: &Request) -> String {
    let Some(plan) = request.plan.as_ref().filter(|_| request.text.is_empty()) else { return request.text.clone() };
    let calls: Vec<&str> =
        plan.steps.iter().take(8).filter_map(|step| step.chain.first()).map(|call| &**call.label()).collect();
    calls.join(", ")
}
