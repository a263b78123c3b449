//! Requests in plain words: looked at, planned, run as durable tasks, and answered.
//!
//! A request is accepted when its first events are in the ledger; from then on it comes to exactly one end, whoever waits
//! for it and whatever happens to the daemon. Who goes away only stops waiting.

mod analysing;
mod answers;
mod bounds;
mod corrections;
pub mod drive;
pub mod event;
mod finding;
mod gaps;
pub mod given;
mod live;
mod personal;
mod places;
mod plan;
mod planner;
mod records;
pub mod respond;
mod routes;
mod run;
mod settled;
mod targets;
pub mod task;
mod upkeep;
mod vectors;

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use analysing::Looked;
pub use answers::ANSWER_BYTES_MAX;
pub use finding::HITS_MAX;
pub use live::{Following, Step};
pub use personal::{Export, Kept, KeptTask};
pub use records::Stats;
pub use run::Accepted;
pub use targets::{Agents, Called, ForAgent, Given, NoAgents};
pub use upkeep::Retention;

use crate::base::{Failure, FailureKind, TaskId};
use crate::memory::Memory;
use crate::routing::{Embed, Index};
use crate::security::{Action, Principal, authorise};
use crate::skills::Skills;
use crate::store::tasks::{AppendError, Artifact, TaskFilter, TaskRecord};
use crate::store::{Ledger, StoreError};
use event::{Event, Question, Request};
use finding::Finding;
use live::Lives;
use personal::Erasing;
use places::Places;
use respond::Words;
use routes::Routes;
use targets::Targets;
use task::Task;

/// What an operator sets. Every part may change while the daemon runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Tasks that run at one time.
    pub running_max: usize,
    /// Steps of one task that run at one time.
    pub parallel_max: usize,
    /// Skills and agents that run only if the owner of the request says so, by name.
    pub ask_first: Vec<Box<str>>,
    /// The next of a chain is tried where one fails.
    pub fallback: bool,
    /// Sessions and choices are remembered and used.
    pub memory: bool,
    /// How skills did so far is used.
    pub performance: bool,
    /// Agents plan and answer what rules cannot.
    pub planner: bool,
    /// What is kept, and for how long.
    pub retention: Retention,
}

/// What the orchestrator stands on.
pub struct Backing {
    /// The catalog, and calling what is in it.
    pub skills: Skills,
    /// The agents that steps may name.
    pub agents: Arc<dyn Agents>,
    /// Where tasks are kept.
    pub ledger: Arc<dyn Ledger>,
    /// The daemon itself, for what it does by itself.
    pub principal: Principal,
    /// Who acts for a task that is gone on with after a restart.
    pub act_as: fn(&str) -> Principal,
    /// Where tasks run: they outlive the requests that made them.
    pub tasks: TaskTracker,
}

/// Takes requests and sees them to their end. Clones are the same one.
#[derive(Clone)]
pub struct Orchestrator {
    inner: Arc<Inner>,
}

struct Inner {
    skills: Skills,
    ledger: Arc<dyn Ledger>,
    act_as: fn(&str) -> Principal,
    tasks: TaskTracker,
    settings: ArcSwap<Settings>,
    memory: Memory,
    routes: Routes,
    targets: Targets,
    places: Arc<Places>,
    lives: Lives,
    finding: Finding,
    erasing: Erasing,
    /// Analyses that take a thread of their own, at one time.
    analysing: tokio::sync::Semaphore,
    /// Cancelled when what still runs is to be left to the next start.
    halted: CancellationToken,
}

impl Orchestrator {
    /// An orchestrator at rest; [`Orchestrator::resume`] goes on with what a daemon before left.
    pub fn new(backing: Backing, settings: Settings) -> Orchestrator {
        let Backing { skills, agents, ledger, principal, act_as, tasks } = backing;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let inner = Inner {
            memory: Memory::new(ledger.clone(), skills.failures().clone()),
            routes: Routes::new(skills.clone(), principal),
            targets: Targets::new(skills.clone(), agents),
            places: Places::new(settings.running_max),
            settings: ArcSwap::from_pointee(settings),
            lives: Lives::default(),
            finding: Finding::default(),
            erasing: Erasing::default(),
            analysing: tokio::sync::Semaphore::new(cores),
            halted: CancellationToken::new(),
            skills,
            ledger,
            act_as,
            tasks,
        };
        Orchestrator { inner: Arc::new(inner) }
    }

    /// What an operator set.
    pub fn settings(&self) -> Arc<Settings> {
        self.inner.settings.load_full()
    }

    /// Takes other settings from now on. Tasks that run stay.
    pub fn set(&self, settings: Settings) {
        self.inner.places.resize(settings.running_max);
        self.inner.settings.store(Arc::new(settings));
    }

    /// Uses another embedding model, or none, from now on. Vectors of the skills are kept in the file `vectors`.
    ///
    /// # Errors
    /// `internal` if the index could not be made.
    pub async fn set_embed(&self, embed: Option<Arc<dyn Embed>>, vectors: Option<PathBuf>) -> Result<(), Failure> {
        self.inner.routes.set_embed(embed, vectors).await?;
        self.inner.finding.model_changed();
        self.inner.tasks.spawn({
            let inner = self.inner.clone();
            async move { while !inner.halted.is_cancelled() && matches!(inner.routes.embed_some().await, Ok(true)) {} }
        });
        Ok(())
    }

    /// The index of the skills as they are now and the model that made its vectors; `None` where no model is in use, or the
    /// index could not be made.
    pub async fn meaning(&self) -> Option<(Index, Arc<dyn Embed>)> {
        let embed = self.inner.routes.embed()?;
        let routed = self.inner.routes.current().await.ok()?;
        Some((routed.index.clone(), embed))
    }

    /// Lets the index follow the catalog, until `shutdown`.
    pub async fn follow(&self, shutdown: CancellationToken) {
        self.inner.routes.follow(shutdown).await;
    }

    /// Tasks that run and that wait.
    pub fn load(&self) -> (usize, usize) {
        self.inner.places.load()
    }

    /// What is remembered.
    pub fn memory(&self) -> &Memory {
        &self.inner.memory
    }

    /// Stops working on tasks where they are; the next start goes on with them. Keeps how calls went.
    pub async fn halt(&self) {
        self.inner.halted.cancel();
        if let Err(error) = self.inner.memory.flush().await {
            tracing::warn!(%error, "how the last calls went is not kept");
        }
    }

    /// Accepts a request. It is kept when this returns, and worked on whether or not anybody waits.
    ///
    /// # Errors
    /// `denied`, `invalid-input` if it is out of bounds, `unavailable` if too many wait, `internal`.
    pub async fn ask(&self, principal: &Principal, request: Request) -> Result<Accepted, Failure> {
        authorise(principal, Action::Ask)?;
        bounds::check(&request)?;
        run::ask(&self.inner, principal, request).await
    }

    /// What a request is and what would be done about it. Nothing is kept or run.
    ///
    /// # Errors
    /// `denied`, `invalid-input`, `internal`.
    pub async fn analyse(&self, principal: &Principal, request: &Request) -> Result<Looked, Failure> {
        authorise(principal, Action::Ask)?;
        bounds::check(request)?;
        analysing::look(&self.inner, &principal.name().into(), request).await
    }

    /// What would be done about a request: a task as it would begin. Nothing is kept or run.
    ///
    /// # Errors
    /// As [`Orchestrator::analyse`].
    pub async fn plan(&self, principal: &Principal, request: Request) -> Result<Task, Failure> {
        authorise(principal, Action::Ask)?;
        bounds::check(&request)?;
        let owner: Arc<str> = principal.name().into();
        let analysed = analysing::decided(&self.inner, &owner, &request).await?;
        let analysed = planner::improved(&self.inner, principal, &request, analysed).await?;
        let mut task = Task::new(TaskId::at(now_ms(), 0), owner, request, now_ms());
        task.apply(&Event::Analysed(Arc::new(analysed)), now_ms());
        Ok(task)
    }

    /// Reads and checks a plan that comes as data.
    ///
    /// # Errors
    /// `denied`, `invalid-input` with all that is wrong with it and in which step, `internal`.
    pub fn read_plan(&self, principal: &Principal, plan: &serde_json::Value) -> Result<event::Plan, Failure> {
        authorise(principal, Action::Ask)?;
        let snapshot = self.inner.skills.snapshot(principal)?;
        let catalog = given::Catalog { snapshot: &snapshot, agents: self.inner.targets.agents() };
        given::validate(plan, catalog).map_err(|problems| given::refused(&problems))
    }

    /// A task of the principal, as its events have made it.
    ///
    /// # Errors
    /// `denied`, `not-found` (also where it is another's), `internal`.
    pub async fn task(&self, principal: &Principal, id: TaskId) -> Result<Task, Failure> {
        authorise(principal, Action::Ask)?;
        self.inner.load(principal.name(), id).await
    }

    /// The events of a task of the principal from number `from` on, each with its time and number.
    ///
    /// # Errors
    /// As [`Orchestrator::task`].
    pub async fn trace(&self, principal: &Principal, id: TaskId, from: u32) -> Result<Vec<(u32, u64, Event)>, Failure> {
        authorise(principal, Action::Ask)?;
        self.inner.events(principal.name(), id, from).await
    }

    /// Files that came with the answers of a task of the principal.
    ///
    /// # Errors
    /// As [`Orchestrator::task`].
    pub async fn artifacts(&self, principal: &Principal, id: TaskId) -> Result<Vec<Artifact>, Failure> {
        authorise(principal, Action::Ask)?;
        self.inner.ledger.artifacts(principal.name(), id).await.map_err(internal)
    }

    /// Tasks of the principal, the youngest first.
    ///
    /// # Errors
    /// `denied`, `internal`.
    pub async fn tasks(
        &self,
        principal: &Principal,
        filter: TaskFilter,
        limit: usize,
    ) -> Result<Vec<TaskRecord>, Failure> {
        authorise(principal, Action::Ask)?;
        self.inner.ledger.tasks(principal.name(), filter, limit).await.map_err(internal)
    }

    /// Answers the question that a task waits with; the task goes on, whether or not anybody waits.
    ///
    /// # Errors
    /// `denied`, `not-found`, `invalid-input` if the task has no question or this is no answer to it, `unavailable` if
    /// it was changed meanwhile, `internal`.
    pub async fn answer(&self, principal: &Principal, id: TaskId, text: &str) -> Result<Accepted, Failure> {
        authorise(principal, Action::Ask)?;
        run::answer(&self.inner, principal, id, text).await
    }

    /// Says whether a step of a task may run that waits for that; steps are counted from 0. The task goes on, whether or
    /// not anybody waits; `None` where others of its steps run and it is worked on already.
    ///
    /// # Errors
    /// `denied`, `not-found`, `invalid-input` if the step does not wait for it or the task has ended, `unavailable` if the
    /// task was changed meanwhile, `internal`.
    pub async fn approve(
        &self,
        principal: &Principal,
        id: TaskId,
        step: usize,
        approved: bool,
    ) -> Result<Option<Accepted>, Failure> {
        authorise(principal, Action::Ask)?;
        run::decide(&self.inner, principal, id, event::Decided { step, approved }).await
    }

    /// Goes on with a task that was interrupted: the step that may have run is run again. So is one that nobody works on.
    ///
    /// # Errors
    /// `denied`, `not-found`, `invalid-input` if it was not interrupted, `unavailable` if it was changed meanwhile,
    /// `internal`.
    pub async fn resume_task(&self, principal: &Principal, id: TaskId) -> Result<Accepted, Failure> {
        authorise(principal, Action::Ask)?;
        let task = self.inner.load(principal.name(), id).await?;
        let words = Words::of(respond::language(&task));
        let refused = |message: String| Failure::new(FailureKind::InvalidInput, message);
        match &task.question {
            Some(Question::Interrupted(_)) => run::answer(&self.inner, principal, id, answers::RETRY).await,
            Some(_) => {
                Err(refused(words.not_interrupted(task.state().as_str())).with_hint(words.answer_with(&id.to_string())))
            }
            None if task.end.is_some() => Err(AppendError::Ended.into()),
            None if self.inner.lives.has(id) => {
                Err(refused(words.being_worked_on()).with_hint(words.look_again(&id.to_string())))
            }
            None => run::go_on(&self.inner, principal.clone(), task).await,
        }
    }

    /// Stops a task; what runs for it is cancelled.
    ///
    /// # Errors
    /// `denied`, `not-found`, `invalid-input` if it has ended, `unavailable`, `internal`.
    pub async fn cancel(&self, principal: &Principal, id: TaskId) -> Result<Task, Failure> {
        authorise(principal, Action::Ask)?;
        run::cancel(&self.inner, principal.name(), id).await
    }

    /// Follows a task of the principal: its events from number `from` on, then those that come, until it has ended or
    /// waits for its owner.
    ///
    /// # Errors
    /// As [`Orchestrator::task`].
    pub async fn follow_task(&self, principal: &Principal, id: TaskId, from: u32) -> Result<Following, Failure> {
        authorise(principal, Action::Ask)?;
        Following::new(self.inner.clone(), principal.name().into(), id, from).await
    }

    /// Goes on with the tasks that a daemon before left; says how many. For a daemon that is alone on its data.
    ///
    /// # Errors
    /// `internal` if the ledger cannot be read.
    pub async fn resume(&self) -> Result<usize, Failure> {
        upkeep::resume(&self.inner).await
    }

    /// Keeps what is kept within its bounds and ends what was not answered in time, until `shutdown`; `alone`: the
    /// daemon is alone on its data, and goes on with tasks that nobody works on.
    pub async fn upkeep(&self, alone: bool, shutdown: CancellationToken) {
        upkeep::run(&self.inner, alone, shutdown).await;
    }
}

impl Inner {
    async fn events(&self, owner: &str, id: TaskId, from: u32) -> Result<Vec<(u32, u64, Event)>, Failure> {
        let records = self.ledger.events(owner, id, from).await.map_err(internal)?;
        if records.is_empty() && (from == 0 || self.ledger.task(owner, id).await.map_err(internal)?.is_none()) {
            return Err(no_task(id));
        }
        let read = |record| Event::read(record).map_err(internal);
        records.iter().map(|record| read(record).map(|event| (record.number, record.at_ms, event))).collect()
    }

    async fn load(&self, owner: &str, id: TaskId) -> Result<Task, Failure> {
        let events = self.events(owner, id, 0).await?;
        Task::fold(id, owner.into(), events.into_iter().map(|(_, at_ms, event)| (at_ms, event)))
            .ok_or_else(|| internal("a task does not begin with its request"))
    }
}

/// The same answer for a task that is not there and one that is another's.
fn no_task(id: TaskId) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no task `{id}`"))
        .with_hint("`happyos task list` shows your tasks")
}

/// The cause goes to the log: it may name what is no business of who asks.
fn internal(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "a request cannot be worked on");
    Failure::new(FailureKind::Internal, "the task could not be kept or read")
        .with_hint("the daemon's log has the reason")
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Failure {
        match error {
            AppendError::Conflict => Failure::new(FailureKind::Unavailable, "the task was changed meanwhile")
                .with_hint("look at it again with `happyos task show`"),
            AppendError::Ended => Failure::new(FailureKind::InvalidInput, "the task has ended")
                .with_hint("ask anew: what has ended stays as it is"),
            AppendError::Bounds(_) | AppendError::Store(_) => internal(error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        internal(error)
    }
}

/// Now, in milliseconds since 1970.
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
