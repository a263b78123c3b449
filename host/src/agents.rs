//! Agents and the endpoints that they work at: made, watched, balanced, scaled, taken out of service; and having one work.
//!
//! An *agent* is what an operator made of an adapter (a bundle of world `happyos:agent/agent`): a type, capabilities,
//! instructions, and what it may call. A *replica* is an endpoint with its credential and slots; agents share them.

mod balance;
mod behalf;
mod choose;
mod fleet;
mod kept;
mod run;
mod scaling;
mod spec;
mod upkeep;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use async_trait::async_trait;

pub use run::{Ask, Purse, Ran, Wanted};
pub use spec::{AgentSpec, Change, EndpointSpec, State};

use crate::base::{BreakerState, Failure, FailureKind};
use crate::security::{Action, Audit, Event, Principal, authorise};
use crate::skills::{Adapter, Skills};
pub use crate::skills::{AgentAnswer, AgentEnd, Recalled};
use crate::store::{Store, StoreError};
use fleet::{Agent, Fleet, Replica, no_agent, own_replica};

/// The adapter of an agent that names none.
pub const ADAPTER_DEFAULT: &str = "openai-compatible";
/// Runs at one time of an agent that does not say.
const SLOTS_DEFAULT: usize = 4;
/// Names that are tried for an agent without one.
const NAMES_TRIED: usize = 10_000;

/// What a user asked before, from the room that knows.
#[async_trait]
pub trait Recall: Send + Sync {
    /// Earlier requests of `principal` about `query`.
    ///
    /// # Errors
    /// Where nothing is remembered, or it cannot be read.
    async fn search(&self, principal: &Principal, query: &str, limit: usize) -> Result<Vec<Recalled>, Failure>;
}

/// What the agents stand on.
pub struct Backing {
    /// The catalog, with the adapters.
    pub skills: Skills,
    /// Where they are kept.
    pub store: Store,
    /// Where it is recorded who did what.
    pub audit: Audit,
    /// Who asks endpoints how they are.
    pub principal: Principal,
}

/// All agents. Clones share them.
#[derive(Clone)]
pub struct Agents {
    inner: Arc<Inner>,
}

struct Inner {
    backing: Backing,
    fleet: Mutex<Fleet>,
    recall: OnceLock<Arc<dyn Recall>>,
    agents_max: AtomicUsize,
    began: Instant,
    /// One change at a time is written down.
    changing: tokio::sync::Mutex<()>,
}

/// An agent to be made; what is not said is the adapter's, or a default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewAgent {
    /// Its name; its type where there is none.
    pub name: Option<String>,
    /// What kind of agent it is.
    pub kind: Option<String>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// The bundle that it is made of.
    pub adapter: Option<String>,
    /// Where it works.
    pub endpoints: Vec<String>,
    /// Standing instructions.
    pub instructions: Option<String>,
    /// Further settings, a JSON object.
    pub settings: Option<String>,
    /// Skills and agents that it may call.
    pub may: Vec<String>,
    /// Whether it may look at what its user asked before.
    pub memory: bool,
    /// Slots that are always open.
    pub slots_min: Option<usize>,
    /// Slots that are open at most.
    pub slots_max: Option<usize>,
}

/// An endpoint as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointView {
    /// What was said of it.
    pub spec: EndpointSpec,
    /// Runs there now.
    pub in_flight: usize,
    /// How long they took lately, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Where its breaker stands.
    pub breaker: BreakerState,
    /// Runs that went well, and that did not.
    pub went: (u64, u64),
    /// What it said when it was asked how it is.
    pub health: Option<Result<String, String>>,
}

/// An agent as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentView {
    /// What was said of it.
    pub spec: AgentSpec,
    /// Where it stands.
    pub state: State,
    /// Its replicas.
    pub replicas: Vec<Arc<str>>,
    /// Runs now.
    pub in_flight: usize,
    /// Runs that wait.
    pub waiting: usize,
    /// Slots that are open.
    pub slots_open: usize,
    /// Times that slots were opened again soon after some were closed.
    pub flaps: u64,
    /// Slots times the milliseconds that they were open.
    pub slot_ms: u64,
    /// Runs that went well, and that did not.
    pub went: (u64, u64),
    /// What its runs cost, in millionths of the operator's currency.
    pub cost: u64,
    /// JSON Schema of its input, as JSON text, while its adapter is installed.
    pub input_schema: Option<String>,
}

fn stored(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "agents cannot be kept");
    Failure::new(FailureKind::Internal, "that cannot be written down").with_hint("the daemon's log has the reason")
}

impl Agents {
    /// Reads the agents that are kept. `agents_max` is how many there may be.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn open(backing: Backing, agents_max: usize) -> Result<Agents, StoreError> {
        let mut fleet = Fleet::default();
        for record in backing.store.fleet().await? {
            if let Some(endpoint) = kept::endpoint(&record).filter(|_| record.kind == kept::ENDPOINT) {
                fleet.replicas.insert(endpoint.name.clone(), Replica::new(Some(endpoint), 0));
            } else if let Some((spec, state)) = kept::agent(&record).filter(|_| record.kind == kept::AGENT) {
                add(&mut fleet, spec, state);
            } else {
                tracing::warn!(kind = record.kind, name = record.name, "what is kept of it cannot be read");
            }
        }
        let inner = Inner {
            backing,
            fleet: Mutex::new(fleet),
            recall: OnceLock::new(),
            agents_max: AtomicUsize::new(agents_max),
            began: Instant::now(),
            changing: tokio::sync::Mutex::default(),
        };
        Ok(Agents { inner: Arc::new(inner) })
    }

    /// Says who knows what users asked before. Once.
    pub fn remember_by(&self, recall: Arc<dyn Recall>) {
        let _ = self.inner.recall.set(recall);
    }

    /// Sets how many agents there may be.
    pub fn set_max(&self, agents_max: usize) {
        self.inner.agents_max.store(agents_max, Ordering::Relaxed);
    }

    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.inner.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since this was opened: the clock of slots and breakers, which never goes back.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.inner.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn record(&self, principal: &Principal, what: &'static str, on: &str, why: &str) {
        self.inner.backing.audit.record(&Event { who: principal.name(), what, on, why });
    }

    /// All endpoints, by name.
    ///
    /// # Errors
    /// `denied` to all but operators.
    pub fn endpoints(&self, principal: &Principal) -> Result<Vec<EndpointView>, Failure> {
        authorise(principal, Action::ManageAgents)?;
        let now_ms = self.now_ms();
        let fleet = self.fleet();
        let view = |replica: &Replica| {
            Some(EndpointView {
                spec: replica.endpoint.clone()?,
                in_flight: replica.in_flight,
                latency_ms: replica.latency.ms(),
                breaker: replica.breaker.state(now_ms),
                went: replica.went,
                health: replica.health.clone(),
            })
        };
        Ok(fleet.replicas.values().filter_map(view).collect())
    }

    /// Adds an endpoint, or replaces the one of its name.
    ///
    /// # Errors
    /// `denied` to all but operators, `invalid-input` with what is wrong with it, `not-found` for its adapter.
    pub async fn add_endpoint(&self, principal: &Principal, spec: EndpointSpec) -> Result<(), Failure> {
        authorise(principal, Action::ManageAgents)?;
        let spec = spec.checked()?;
        self.inner.backing.skills.adapter(principal, &spec.adapter)?;
        let _one_at_a_time = self.inner.changing.lock().await;
        let known = self.fleet().replicas.contains_key(&spec.name);
        let count = self.fleet().replicas.values().filter(|replica| replica.endpoint.is_some()).count();
        if !known && count >= spec::ENDPOINTS_MAX {
            let message = format!("there are {count} endpoints, as many as there may be");
            return Err(Failure::new(FailureKind::Unavailable, message).with_hint("`happyos endpoint remove NAME`"));
        }
        let record = kept::of_endpoint(&spec).map_err(stored)?;
        self.inner.backing.store.save_fleet(record).await.map_err(stored)?;
        let why = format!("{} for `{}`{}", spec.url, spec.adapter, if spec.private { ", private" } else { "" });
        self.record(principal, "endpoint.added", &spec.name, &why);
        let now_ms = self.now_ms();
        let mut fleet = self.fleet();
        match fleet.replicas.get_mut(&spec.name) {
            // Runs that are there keep their slots and what they began with.
            Some(replica) => {
                (replica.slots, replica.endpoint, replica.health) = (spec.slots, Some(spec), None);
                // What was known is of where it was before.
                (replica.breaker, replica.latency) = Default::default();
            }
            None => drop(fleet.replicas.insert(spec.name.clone(), Replica::new(Some(spec), 0))),
        }
        fleet.pump(now_ms);
        Ok(())
    }

    /// Removes an endpoint. Runs that are there go on to their end.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`.
    pub async fn remove_endpoint(&self, principal: &Principal, name: &str) -> Result<(), Failure> {
        authorise(principal, Action::ManageAgents)?;
        let _one_at_a_time = self.inner.changing.lock().await;
        self.endpoint(name)?;
        self.inner.backing.store.forget_fleet(kept::ENDPOINT, name).await.map_err(stored)?;
        self.fleet().replicas.remove(name);
        self.record(principal, "endpoint.removed", name, "");
        Ok(())
    }

    fn endpoint(&self, name: &str) -> Result<EndpointSpec, Failure> {
        let found = self.fleet().replicas.get(name).and_then(|replica| replica.endpoint.clone());
        found.ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            Failure::new(FailureKind::NotFound, format!("there is no endpoint `{shown}`"))
                .with_hint("`happyos endpoint list` shows them, `happyos endpoint add` adds one")
        })
    }

    /// All agents, by name.
    ///
    /// # Errors
    /// `denied` where the principal may not use agents.
    pub fn list(&self, principal: &Principal) -> Result<Vec<AgentView>, Failure> {
        authorise(principal, Action::RunAgents)?;
        let names: Vec<_> = self.fleet().agents.keys().cloned().collect();
        Ok(names.iter().filter_map(|name| self.show(principal, name).ok()).collect())
    }

    /// One agent.
    ///
    /// # Errors
    /// `denied`, `not-found`.
    pub fn show(&self, principal: &Principal, name: &str) -> Result<AgentView, Failure> {
        authorise(principal, Action::RunAgents)?;
        let fleet = self.fleet();
        let agent = fleet.agents.get(name).ok_or_else(|| no_agent(name))?;
        let replicas = fleet.replicas_of(&agent.spec);
        let adapter = self.inner.backing.skills.adapter(principal, &agent.spec.adapter).ok();
        Ok(AgentView {
            spec: agent.spec.clone(),
            state: agent.state,
            replicas,
            in_flight: agent.in_flight,
            waiting: agent.waiting,
            slots_open: agent.scaler.open(),
            flaps: agent.scaler.n_flaps(),
            slot_ms: agent.scaler.slot_ms(),
            went: agent.went,
            cost: agent.cost,
            input_schema: adapter
                .map(|found| serde_json::Value::Object(found.adapter.input_schema.clone()).to_string()),
        })
    }

    /// Makes an agent.
    ///
    /// # Errors
    /// `denied` to all but operators; `unavailable` where no endpoint is configured that it could work at, or where there
    /// are as many agents as there may be; `invalid-input` with what is wrong with what was asked.
    pub async fn create(&self, principal: &Principal, asked: NewAgent) -> Result<AgentView, Failure> {
        authorise(principal, Action::ManageAgents)?;
        let adapter_name = asked.adapter.clone().unwrap_or_else(|| ADAPTER_DEFAULT.to_owned());
        let adapter = self.inner.backing.skills.adapter(principal, &adapter_name)?.adapter;
        let _one_at_a_time = self.inner.changing.lock().await;
        let (count, max) = (self.fleet().agents.len(), self.inner.agents_max.load(Ordering::Relaxed));
        if count >= max {
            let message = format!("there are {count} agents, as many as there may be");
            return Err(Failure::new(FailureKind::Unavailable, message)
                .with_hint("`max_agents` in happyos.toml raises that; `happyos agent remove NAME` removes one"));
        }
        for name in &asked.endpoints {
            let endpoint = self.endpoint(name)?;
            if *endpoint.adapter != *adapter_name {
                let message = format!("the endpoint `{name}` is for `{}`, not for `{adapter_name}`", endpoint.adapter);
                return Err(Failure::new(FailureKind::InvalidInput, message)
                    .with_hint(format!("`--adapter {}` makes an agent for it", endpoint.adapter)));
            }
        }
        let spec = self.spec_of(asked, &adapter_name, &adapter)?.checked()?;
        if adapter.needs_endpoint && self.fleet().replicas_of(&spec).is_empty() {
            let what = if adapter_name == ADAPTER_DEFAULT { "model" } else { "endpoint" };
            let message = format!("no {what} is configured that an agent of type `{}` could work with", spec.kind);
            let kind = if adapter_name == ADAPTER_DEFAULT { String::new() } else { format!(" --kind {adapter_name}") };
            return Err(Failure::new(FailureKind::Unavailable, message).with_hint(format!(
                "`happyos endpoint add NAME URL{kind} --model MODEL --secret SECRET` configures one"
            )));
        }
        let record = kept::of_agent(&spec, State::Active).map_err(stored)?;
        self.inner.backing.store.save_fleet(record).await.map_err(stored)?;
        let name = spec.name.clone();
        let why = format!(
            "type {}, capabilities {}, may call {}",
            spec.kind,
            spec.capabilities.join(","),
            spec.may.join(",")
        );
        self.record(principal, "agent.created", &name, &why);
        add(&mut self.fleet(), spec, State::Active);
        self.show(principal, &name)
    }

    /// Makes an agent, or brings the one of its name to what is asked; its state stays.
    ///
    /// # Errors
    /// As [`Agents::create`].
    pub async fn ensure(&self, principal: &Principal, asked: NewAgent) -> Result<AgentView, Failure> {
        authorise(principal, Action::ManageAgents)?;
        let before = asked.name.as_deref().and_then(|name| self.fleet().agents.remove(name));
        let Some(before) = before else { return self.create(principal, asked).await };
        let (name, state) = (before.spec.name.clone(), before.state);
        let created = self.create(principal, asked).await;
        if created.is_err() {
            self.fleet().agents.insert(name.clone(), before);
        } else if state != State::Active {
            if let Some(agent) = self.fleet().agents.get_mut(&name) {
                agent.state = state;
            }
            self.keep(&name, state).await?;
        }
        created
    }

    /// What was asked for, with what the adapter says of itself where nothing was said.
    fn spec_of(&self, asked: NewAgent, adapter_name: &str, adapter: &Adapter) -> Result<AgentSpec, Failure> {
        let kind = asked.kind.unwrap_or_else(|| adapter.kind.clone());
        let fleet = self.fleet();
        let name = match asked.name {
            Some(name) if fleet.agents.contains_key(name.as_str()) => {
                return Err(Failure::new(FailureKind::InvalidInput, format!("there is an agent `{name}` already"))
                    .with_hint("give it another name, or remove that one first"));
            }
            Some(name) => name,
            // The kind may have letters that a name may not.
            None => {
                let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
                let base: String = kind.chars().map(fits).take(56).collect();
                let tried = (1..NAMES_TRIED).map(|n| if n == 1 { base.clone() } else { format!("{base}-{n}") });
                tried.into_iter().find(|name| !fleet.agents.contains_key(name.as_str())).unwrap_or(base)
            }
        };
        let capabilities =
            if asked.capabilities.is_empty() { adapter.capabilities.clone() } else { asked.capabilities };
        let instructions = asked.instructions.unwrap_or_else(|| {
            if adapter.needs_endpoint {
                format!("You are an agent of type {kind}. You are good at: {}.", capabilities.join(", "))
            } else {
                String::new()
            }
        });
        let slots_max = asked.slots_max.unwrap_or(SLOTS_DEFAULT);
        Ok(AgentSpec {
            name: name.into(),
            kind,
            capabilities,
            adapter: adapter_name.into(),
            endpoints: asked.endpoints.into_iter().map(Into::into).collect(),
            instructions,
            settings: asked.settings.unwrap_or_else(|| "{}".to_owned()),
            may: asked.may,
            memory: asked.memory,
            slots_min: asked.slots_min.unwrap_or(1).min(slots_max),
            slots_max,
        })
    }

    /// Drains, stops, restarts an agent, or puts it into quarantine.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`, `invalid-input` where the change leads nowhere from its state.
    pub async fn change(&self, principal: &Principal, name: &str, change: Change) -> Result<AgentView, Failure> {
        authorise(principal, Action::ManageAgents)?;
        let _one_at_a_time = self.inner.changing.lock().await;
        let now_ms = self.now_ms();
        let state = self.fleet().change(name, change, now_ms)?;
        self.keep(name, state).await?;
        self.record(principal, change.event(), name, state.as_str());
        self.show(principal, name)
    }

    async fn keep(&self, name: &str, state: State) -> Result<(), Failure> {
        let spec = self.fleet().agents.get(name).map(|agent| agent.spec.clone()).ok_or_else(|| no_agent(name))?;
        let record = kept::of_agent(&spec, state).map_err(stored)?;
        self.inner.backing.store.save_fleet(record).await.map_err(stored)
    }

    /// Removes an agent; what it works on is cancelled.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`.
    pub async fn remove(&self, principal: &Principal, name: &str) -> Result<(), Failure> {
        authorise(principal, Action::ManageAgents)?;
        let _one_at_a_time = self.inner.changing.lock().await;
        if !self.fleet().agents.contains_key(name) {
            return Err(no_agent(name));
        }
        self.inner.backing.store.forget_fleet(kept::AGENT, name).await.map_err(stored)?;
        let now_ms = self.now_ms();
        let mut fleet = self.fleet();
        if let Some(agent) = fleet.agents.remove(name) {
            agent.stop.cancel();
        }
        fleet.replicas.remove(&own_replica(name));
        fleet.pump(now_ms);
        drop(fleet);
        self.record(principal, "agent.removed", name, "");
        Ok(())
    }
}

/// Adds an agent, with a replica of its own for adapters that need no endpoint.
fn add(fleet: &mut Fleet, spec: AgentSpec, state: State) {
    fleet.replicas.insert(own_replica(&spec.name), Replica::new(None, spec.slots_max));
    fleet.agents.insert(spec.name.clone(), Agent::new(spec, state));
}
