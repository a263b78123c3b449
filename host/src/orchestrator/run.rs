//! The shell around the driver's core: keeps its events, then does what it says, until the task settles.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::analysing::{civil_now, decided, turn};
use super::answers::{self, Reading};
use super::drive::{Act, Stimulus, may_be_held, react, react_all, waits_for_approval};
use super::event::{Answered, Canceled, Decided, Decision, End, Event, Question, Reply, Request, Target, Used};
use super::live::{Live, Said, left};
use super::places::{Place, Ticket};
use super::plan::Known;
use super::routes::CatalogFacts;
use super::settled::{self, Begun};
use super::task::Task;
use super::{Inner, now_ms, personal, planner};
use crate::base::{Failure, FailureKind, TaskId};
use crate::security::Principal;
use crate::skills::Snapshot;
use crate::store::tasks::{AppendError, Artifact};
use crate::telemetry::spans::CallerSpan;

mod keeping;
mod steps;

use keeping::Keeper;
use steps::{Happened, Steps};

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

/// Works on one task, and whose it is.
struct Driver {
    inner: Arc<Inner>,
    live: Arc<Live>,
    principal: Principal,
    owner: Arc<str>,
    id: TaskId,
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

/// Tells, when it goes, that nobody works on the task any more.
struct Ending {
    inner: Arc<Inner>,
    id: TaskId,
    settled: Result<Arc<Task>, Failure>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.inner.lives.end(self.id, self.settled.clone());
    }
}

impl Driver {
    /// Sees the task to a question or its end.
    async fn run(self, ticket: Ticket, from: From, mut keeper: Keeper) -> Result<Arc<Task>, Failure> {
        // Whatever becomes of this: nobody must wait for ever.
        let mut ended = Ending { inner: self.inner.clone(), id: self.id, settled: Err(left()) };
        let begun = Begun::now(from.used());
        let settled = tokio::select! {
            biased;
            settled = self.see_through(ticket, from, &mut keeper) => settled,
            () = self.inner.halted.cancelled() => Err(left()),
        };
        match settled {
            Ok(task) => {
                let task = Arc::new(task);
                settled::note(&self.inner, &self.owner, &task, &begun).await;
                if let (Some(session), true) = (task.request.session.as_deref(), self.inner.settings.load().memory)
                    && let Some(turn) = turn(&task)
                {
                    self.inner.memory.add_turn(&self.owner, session, turn);
                }
                ended.settled = Ok(task);
            }
            Err(failure) => {
                keeper.tell(Err(failure.clone()));
                ended.settled = Err(failure);
            }
        }
        ended.settled.clone()
    }

    async fn see_through(&self, ticket: Ticket, from: From, keeper: &mut Keeper) -> Result<Task, Failure> {
        match from {
            From::Request(request) => {
                let (mut task, act, place) = self.accept(request, ticket, keeper).await?;
                self.drive(&mut task, act, place, keeper).await?;
                Ok(task)
            }
            From::Answer(mut task, answered) => {
                // The answer is kept before it has to wait for a place.
                self.kept_first(&mut task, ticket, Stimulus::Answered(answered), keeper).await?;
                Ok(*task)
            }
            From::Decision(mut task, decided) => {
                self.kept_first(&mut task, ticket, Stimulus::Decided(decided), keeper).await?;
                Ok(*task)
            }
            From::Resume(mut task) => {
                // It was accepted long ago.
                keeper.tell(Ok(()));
                let place = self.place(&mut task, ticket, keeper).await?;
                if place.is_some() {
                    let act = self.take(&mut task, Stimulus::Resumed, keeper).await?;
                    self.drive(&mut task, act, place, keeper).await?;
                }
                Ok(*task)
            }
        }
    }

    /// Keeps what the owner said before it has to wait for a place, and goes on with the task.
    async fn kept_first(
        &self,
        task: &mut Task,
        ticket: Ticket,
        said: Stimulus,
        keeper: &mut Keeper,
    ) -> Result<(), Failure> {
        let act = self.take(task, said, keeper).await?;
        let place = self.place(task, ticket, keeper).await?;
        self.drive(task, act, place, keeper).await
    }

    /// Takes a new task. Where there is a free place, it is looked at first, so that all that comes before its call is
    /// kept at one stroke.
    async fn accept(
        &self,
        request: Request,
        ticket: Ticket,
        keeper: &mut Keeper,
    ) -> Result<(Task, Act, Option<Place>), Failure> {
        match ticket {
            Ticket::Place(place) => {
                // A plan that came with it is kept once: as what is done.
                let accepted = Event::Accepted(Request { plan: None, ..request.clone() });
                let analysed = Box::pin(decided(&self.inner, &self.owner, &request)).await?;
                if planner::is_wanted(&self.inner, &request, &analysed) {
                    // That takes a while: the request is kept before an agent is asked.
                    let task = Task::new(self.id, self.owner.clone(), request, now_ms());
                    self.keep(&task, &[accepted], keeper).await?;
                    return Ok((task, Act::Analyse, Some(place)));
                }
                let now = now_ms();
                let request = Request { plan: None, ..request };
                let mut task = Task::new(self.id, self.owner.clone(), request, now);
                let happened = vec![Stimulus::Analysed(analysed).into()];
                let act = self.take_all(&mut task, vec![accepted], happened, 1, keeper).await?;
                Ok((task, act, Some(place)))
            }
            turn @ Ticket::Turn(_) => {
                let accepted = Event::Accepted(request.clone());
                let mut task = Task::new(self.id, self.owner.clone(), request, now_ms());
                self.keep(&task, &[accepted], keeper).await?;
                let place = self.place(&mut task, turn, keeper).await?;
                let act = if place.is_some() { Act::Analyse } else { Act::Settle };
                Ok((task, act, place))
            }
        }
    }

    /// Waits for a place; `None` if the task was stopped meanwhile.
    async fn place(&self, task: &mut Task, ticket: Ticket, keeper: &mut Keeper) -> Result<Option<Place>, Failure> {
        match ticket {
            Ticket::Place(place) => Ok(Some(place)),
            Ticket::Turn(turn) => {
                tokio::select! {
                    biased;
                    () = self.live.cancel.cancelled() => {
                        self.take(task, Stimulus::Cancel(Canceled::ByOwner), keeper).await?;
                        Ok(None)
                    }
                    place = turn => place.map(Some).map_err(|_| left()),
                }
            }
        }
    }

    /// Keeps these events of a task, and all that was held of it.
    async fn keep(&self, task: &Task, events: &[Event], keeper: &mut Keeper) -> Result<(), Failure> {
        keeper.add(&self.inner, task, events, Vec::new()).await?;
        self.flush(keeper).await
    }

    async fn flush(&self, keeper: &mut Keeper) -> Result<(), Failure> {
        keeper.flush(&self.inner).await?;
        self.live.at(keeper.next());
        Ok(())
    }

    /// Keeps what follows from `stimulus`, and says what to do then.
    async fn take(&self, task: &mut Task, stimulus: Stimulus, keeper: &mut Keeper) -> Result<Act, Failure> {
        self.take_all(task, Vec::new(), vec![stimulus.into()], 1, keeper).await
    }

    /// Takes `before`, which the task has seen, and what follows from all that `happened`; says what to do then. All of it
    /// is kept by then, or held where it may be.
    async fn take_all(
        &self,
        task: &mut Task,
        before: Vec<Event>,
        happened: Vec<Happened>,
        parallel: usize,
        keeper: &mut Keeper,
    ) -> Result<Act, Failure> {
        let (stimuli, files): (Vec<_>, Vec<_>) =
            happened.into_iter().map(|Happened { stimulus, files }| (stimulus, files)).unzip();
        let snapshot = self.inner.skills.snapshot(&self.principal)?;
        let settings = self.inner.settings.load();
        let facts = CatalogFacts {
            snapshot: &snapshot,
            agents: self.inner.targets.agents(),
            fallback: settings.fallback,
            ask_first: &settings.ask_first,
            parallel,
        };
        let (events, begins, act) = react_all(task, stimuli, &facts, now_ms());
        let held = may_be_held(task, &events, &act, &facts);
        drop(settings);
        // Files belong to the event that says that their step is done.
        let first = usize::try_from(keeper.next()).unwrap_or(usize::MAX).saturating_add(before.len());
        let numbered = begins.into_iter().zip(files).flat_map(|(at, files)| {
            let number = u32::try_from(first.saturating_add(at)).unwrap_or(u32::MAX);
            files.into_iter().map(move |file| Artifact { number, ..file })
        });
        let all = if before.is_empty() { events } else { [before, events].concat() };
        if !all.is_empty() {
            keeper.add(&self.inner, task, &all, numbered.collect()).await?;
        }
        if !held {
            self.flush(keeper).await?;
        }
        Ok(act)
    }

    /// What comes of `doing`, `None` where the task is to be stopped. What is held meanwhile is kept in time.
    async fn unless_cancelled<T>(
        &self,
        doing: impl Future<Output = Result<T, Failure>>,
        keeper: &mut Keeper,
    ) -> Result<Option<T>, Failure> {
        let mut doing = std::pin::pin!(doing);
        loop {
            tokio::select! {
                biased;
                done = &mut doing => return done.map(Some),
                () = self.live.cancel.cancelled() => return Ok(None),
                () = keeper.due() => self.flush(keeper).await?,
            }
        }
    }

    /// Does what the core says, until there is nothing more to do.
    async fn drive(
        &self,
        task: &mut Task,
        mut act: Act,
        place: Option<Place>,
        keeper: &mut Keeper,
    ) -> Result<(), Failure> {
        let Some(place) = place else { return Ok(()) };
        let mut steps = Steps::new(self, place);
        // It began with the one place it had: there may be room for more of its steps.
        if let Act::Go { calls, .. } = &mut act
            && task.steps.len() > 1
        {
            let parallel = steps.room(task, calls.len());
            let woken = vec![Stimulus::Woken.into()];
            if let Act::Go { calls: more, .. } = self.take_all(task, Vec::new(), woken, parallel, keeper).await? {
                calls.extend(more);
            }
        }
        loop {
            let doing = async {
                match act {
                    Act::Settle => Ok::<_, Failure>(None),
                    Act::Analyse => {
                        let analysed = Box::pin(decided(&self.inner, &self.owner, &task.request)).await?;
                        let improved = planner::improved(&self.inner, &self.principal, &task.request, analysed);
                        let analysed = Box::pin(improved).await?;
                        Ok(Some(vec![Happened::from(Stimulus::Analysed(analysed))]))
                    }
                    Act::Go { calls, wake_ms } => {
                        steps.make(task, calls);
                        Ok(Some(steps.next(wake_ms).await))
                    }
                }
            };
            let done = self.unless_cancelled(doing, keeper).await?;
            let happened = match done {
                Some(Some(happened)) => happened,
                Some(None) => return Ok(()),
                None => {
                    // What was being done is dropped, and the guests that ran with it.
                    steps.stop();
                    vec![Happened::from(Stimulus::Cancel(Canceled::ByOwner))]
                }
            };
            let parallel = steps.room(task, 0);
            act = self.take_all(task, Vec::new(), happened, parallel, keeper).await?;
            steps.tell(task);
        }
    }
}

/// What a request is called in lists: its words, or what its plan calls.
fn title(request: &Request) -> String {
    let Some(plan) = request.plan.as_ref().filter(|_| request.text.is_empty()) else { return request.text.clone() };
    let calls: Vec<&str> =
        plan.steps.iter().take(8).filter_map(|step| step.chain.first()).map(|call| &**call.label()).collect();
    calls.join(", ")
}
