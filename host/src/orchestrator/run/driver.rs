//! The work on one task: its events kept or held, and what the core says done, until it settles.

use std::sync::Arc;

use super::super::analysing::{decided, turn};
use super::super::drive::{Act, Stimulus, may_be_held, react_all};
use super::super::event::{Canceled, Event, Request};
use super::super::live::{Live, left};
use super::super::places::{Place, Ticket};
use super::super::routes::CatalogFacts;
use super::super::settled::{self, Begun};
use super::super::task::Task;
use super::super::{Inner, now_ms, planner};
use super::From;
use super::keeping::Keeper;
use super::steps::{Happened, Steps};
use crate::base::{Failure, TaskId};
use crate::security::Principal;
use crate::store::tasks::Artifact;

/// Works on one task, and whose it is.
pub struct Driver {
    pub inner: Arc<Inner>,
    pub live: Arc<Live>,
    pub principal: Principal,
    pub owner: Arc<str>,
    pub id: TaskId,
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
    pub async fn run(self, ticket: Ticket, from: From, mut keeper: Keeper) -> Result<Arc<Task>, Failure> {
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
        let mut all = before;
        all.extend(events);
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
