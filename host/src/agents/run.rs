//! Having an agent work: which one, where, again elsewhere where nothing came of it, and what it cost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::behalf::Acting;
use super::fleet::{Asked, Place, Went, no_agent};
use super::spec::{AgentSpec, EndpointSpec};
use super::{Agents, choose};
use crate::base::{CallLimits, Failure, FailureKind, Limit, LimitOverrides, RequestId, Usage};
use crate::security::{Action, Principal, authorise};
use crate::skills::{AgentAnswer, AgentCall, AgentEndpoint, AgentTask, ProgressSink};
use crate::telemetry::agents as telemetry;

/// Replicas that one run is tried on.
const ATTEMPTS_MAX: usize = 3;
/// A run that was cut off before this says nothing of its replica: its caller did not wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// The agent that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The one of that name.
    Named(Arc<str>),
    /// One that can do all of these.
    Able(Vec<String>),
}

/// What is left to spend, shared by a run and all that it calls.
#[derive(Debug)]
pub struct Purse {
    fuel: AtomicU64,
    /// In millionths of the operator's currency; as many as there are where nobody set a bound.
    money: AtomicU64,
}

impl Purse {
    /// With so many instructions, and so much money where there is a bound on it.
    pub fn new(fuel: u64, money: Option<u64>) -> Purse {
        Purse { fuel: AtomicU64::new(fuel), money: AtomicU64::new(money.unwrap_or(u64::MAX)) }
    }

    /// Instructions that are left.
    pub fn fuel(&self) -> u64 {
        self.fuel.load(Ordering::Relaxed)
    }

    /// Money that is left.
    pub fn money(&self) -> u64 {
        self.money.load(Ordering::Relaxed)
    }

    pub(super) fn spend(&self, fuel: u64, money: u64) {
        for (purse, spent) in [(&self.fuel, fuel), (&self.money, money)] {
            // Without a bound there is nothing to count.
            let _ = purse.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                (left != u64::MAX).then(|| left.saturating_sub(spent))
            });
        }
    }
}

/// A task for an agent.
pub struct Ask {
    /// Which agent.
    pub wanted: Wanted,
    /// A JSON object as text.
    pub input: String,
    /// What an earlier run gave when it asked something back.
    pub continuation: Option<String>,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// The caller's language.
    pub locale: Option<String>,
    /// Tighter limits than the adapter's own.
    pub limits: LimitOverrides,
    /// Where its progress goes.
    pub progress: Option<ProgressSink>,
    /// Names the run; drawn where it is not given.
    pub request_id: Option<RequestId>,
    /// What it may spend with all that it calls; an agent's defaults where it is not given.
    pub purse: Option<Arc<Purse>>,
    /// The agents that this comes from, the first first.
    pub chain: Vec<Arc<str>>,
}

impl Ask {
    /// A task with defaults for all else.
    pub fn new(wanted: Wanted, input: String) -> Ask {
        Ask {
            wanted,
            input,
            continuation: None,
            session_id: None,
            locale: None,
            limits: LimitOverrides::default(),
            progress: None,
            request_id: None,
            purse: None,
            chain: Vec::new(),
        }
    }
}

/// How a run ended. Usage is true for failed runs too.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Names the run in logs.
    pub request_id: RequestId,
    /// The agent that took it.
    pub agent: Option<Arc<str>>,
    /// Where it worked last.
    pub replica: Option<Arc<str>>,
    /// Why that agent and those replicas, one line each.
    pub reasons: Vec<String>,
    /// Replicas that it was tried on.
    pub attempts: usize,
    /// What it gave, or why nothing.
    pub result: Result<AgentAnswer, Failure>,
    /// What all attempts used.
    pub usage: Usage,
    /// What it cost with all that it called, in millionths of the operator's currency.
    pub cost: u64,
}

/// A slot that is held. Given back when it is dropped, as that of a run that says nothing.
struct Lease {
    agents: Agents,
    agent: Arc<str>,
    replica: Arc<str>,
    began: Instant,
    went: Went,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let now_ms = self.agents.now_ms();
        let took_ms = self.began.elapsed().as_secs_f64() * 1e3;
        let at_rest = self.agents.fleet().release(&self.agent, &self.replica, self.went, took_ms, now_ms);
        if at_rest {
            tracing::info!(agent = %self.agent, "drained");
        }
    }
}

/// A place in the queue. A slot that comes when nobody waits any more is given back.
struct Turn {
    agents: Agents,
    agent: Arc<str>,
    admitted: oneshot::Receiver<Place>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.admitted.close();
        let now_ms = self.agents.now_ms();
        if let Ok(place) = self.admitted.try_recv() {
            self.agents.fleet().release(&self.agent, &place.replica, Went::Nothing, 0.0, now_ms);
        } else {
            self.agents.fleet().pump(now_ms);
        }
    }
}

impl Agents {
    /// Has an agent work on a task.
    ///
    /// Dropping the future cancels the run.
    pub async fn run(&self, principal: &Principal, ask: Ask) -> Ran {
        let request_id = ask.request_id.clone().unwrap_or_else(|| RequestId::from_bits(rand::random()));
        let mut ran = Ran {
            request_id: request_id.clone(),
            agent: None,
            replica: None,
            reasons: Vec::new(),
            attempts: 0,
            result: Err(Failure::new(FailureKind::Internal, "it was not tried")),
            usage: Usage::default(),
            cost: 0,
        };
        let spec = match authorise(principal, Action::RunAgents).and_then(|()| self.chosen(&ask.wanted)) {
            Ok((spec, reasons)) => {
                ran.reasons = reasons;
                spec
            }
            Err(failure) => return Ran { result: Err(failure), ..ran },
        };
        ran.agent = Some(spec.name.clone());
        let began = Instant::now();
        let id = request_id.to_string();
        let span = telemetry::span(&spec.name, &spec.adapter, &id, ask.session_id.as_deref());
        let name = spec.name.clone();
        let result = self.attempts(principal, ask, spec, &mut ran).instrument(span.clone()).await;
        ran.usage.wall = began.elapsed();
        let told = result.as_ref().map(|answer| (answer.input_tokens, answer.output_tokens));
        telemetry::ran(&span, &name, told.map_err(|failure| failure.kind.as_str()), ran.usage.wall);
        telemetry::cost(&span, &name, ran.cost);
        ran.result = result;
        ran
    }

    /// The agent that would take what is wanted now.
    ///
    /// # Errors
    /// `not-found` where there is none.
    pub fn find(&self, wanted: &Wanted) -> Result<AgentSpec, Failure> {
        self.chosen(wanted).map(|(spec, _)| spec)
    }

    /// The agent that is wanted, with the reasons where it had to be chosen.
    fn chosen(&self, wanted: &Wanted) -> Result<(AgentSpec, Vec<String>), Failure> {
        let fleet = self.fleet();
        let (name, reasons) = match wanted {
            Wanted::Named(name) => (name.clone(), Vec::new()),
            Wanted::Able(words) => {
                let choice = choose::choose(&fleet.known(), words).ok_or_else(|| {
                    let words: Vec<String> =
                        words.iter().map(|word| word.chars().take(64).collect()).take(16).collect();
                    Failure::new(FailureKind::NotFound, format!("no agent can do {}", words.join(", ")))
                        .with_hint("`happyos agent create --capabilities …` makes one")
                })?;
                (choice.name, choice.reasons)
            }
        };
        let agent = fleet.agents.get(&name).ok_or_else(|| no_agent(&name))?;
        Ok((agent.spec.clone(), reasons))
    }

    async fn attempts(
        &self,
        principal: &Principal,
        ask: Ask,
        spec: AgentSpec,
        ran: &mut Ran,
    ) -> Result<AgentAnswer, Failure> {
        let limits = CallLimits::AGENT.tightened(&ask.limits);
        let acting = Arc::new(Acting {
            agents: self.clone(),
            principal: principal.clone(),
            spec: spec.clone(),
            chain: ask.chain.iter().cloned().chain([spec.name.clone()]).collect(),
            purse: ask.purse.clone().unwrap_or_else(|| Arc::new(Purse::new(limits.fuel, None))),
            session_id: ask.session_id.clone(),
            locale: ask.locale.clone().unwrap_or_else(|| "en".into()),
            acted: AtomicBool::new(false),
            cost: AtomicU64::new(0),
            lacks: OnceLock::new(),
        });
        let result = self.tried(principal, &ask, &spec, ran, &acting).await;
        ran.cost = ran.cost.saturating_add(acting.cost.load(Ordering::Relaxed));
        // The agent says it in its own words; that the budget is what was missing is known here.
        result.map_err(|failure| match (failure.kind, acting.lacks.get()) {
            (FailureKind::GuestError | FailureKind::Unavailable, Some(limit)) => {
                Failure { kind: FailureKind::LimitExceeded(*limit), ..failure }
            }
            _ => failure,
        })
    }

    /// One replica after the other, as long as nothing came of it.
    async fn tried(
        &self,
        principal: &Principal,
        ask: &Ask,
        spec: &AgentSpec,
        ran: &mut Ran,
        acting: &Arc<Acting>,
    ) -> Result<AgentAnswer, Failure> {
        let limits = CallLimits::AGENT.tightened(&ask.limits);
        let deadline = Instant::now() + Duration::from_millis(limits.wall_ms);
        let mut tried: Vec<Arc<str>> = Vec::new();
        let mut last = None;
        while tried.len() < ATTEMPTS_MAX {
            let place = match self.slot(&spec.name, &tried, deadline).await {
                Ok(place) => place,
                // Where nobody else is left to ask, what the last one said is why.
                Err(failure) => return Err(last.unwrap_or(failure)),
            };
            let mut lease = Lease {
                agents: self.clone(),
                agent: spec.name.clone(),
                replica: place.replica.clone(),
                began: Instant::now(),
                went: Went::Nothing,
            };
            if acting.purse.money() == 0 && place.endpoint.as_ref().is_some_and(EndpointSpec::has_price) {
                tried.push(place.replica);
                last = Some(spent());
                continue;
            }
            ran.reasons.push(place.why.clone());
            ran.replica = Some(place.replica.clone());
            ran.attempts += 1;
            let model = place.endpoint.as_ref().and_then(|endpoint| endpoint.model.as_deref());
            telemetry::placed(&tracing::Span::current(), &place.replica, model);
            let call = self.call_of(ask, spec, &place, deadline, ran, acting.clone())?;
            let (result, usage) = tokio::select! {
                biased;
                ended = self.inner.backing.skills.run_agent(principal, call) => ended,
                () = place.stop.cancelled() => {
                    let message = format!("the agent `{}` was stopped", spec.name);
                    (Err(Failure::new(FailureKind::Cancelled, message)), Usage::default())
                }
            };
            let took = lease.began.elapsed();
            lease.went = went(&result, &usage, took, place.endpoint.is_some());
            drop(lease);
            add(&mut ran.usage, &usage);
            match result {
                Ok(answer) => {
                    let cost = self.pay(acting, &place, &answer);
                    ran.cost = ran.cost.saturating_add(cost);
                    return Ok(answer);
                }
                Err(failure) if failure.kind == FailureKind::Unavailable && !acting.acted.load(Ordering::Relaxed) => {
                    tracing::info!(agent = %spec.name, replica = %place.replica, %failure, "tried elsewhere");
                    telemetry::retried(&spec.name);
                    ran.reasons.push(format!("{}: {}", place.replica, failure.message));
                    tried.push(place.replica);
                    last = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(last.unwrap_or_else(|| Failure::new(FailureKind::Unavailable, "it was not tried")))
    }

    /// Takes from the purse what an answer cost.
    fn pay(&self, acting: &Acting, place: &Place, answer: &AgentAnswer) -> u64 {
        let of = |endpoint: &EndpointSpec| endpoint.cost(answer.input_tokens, answer.output_tokens);
        let cost = place.endpoint.as_ref().map_or(0, of);
        acting.purse.spend(0, cost);
        if let Some(agent) = self.fleet().agents.get_mut(&acting.spec.name) {
            agent.cost = agent.cost.saturating_add(cost);
        }
        cost
    }

    fn call_of(
        &self,
        ask: &Ask,
        spec: &AgentSpec,
        place: &Place,
        deadline: Instant,
        ran: &Ran,
        acting: Arc<Acting>,
    ) -> Result<AgentCall, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let limits =
            LimitOverrides { wall_ms: Some(ask.limits.wall_ms.unwrap_or(u64::MAX).min(left_ms)), ..ask.limits };
        let added = place.endpoint.as_ref().map(EndpointSpec::grants).transpose()?.unwrap_or_default();
        Ok(AgentCall {
            bundle: spec.adapter.clone(),
            agent: spec.name.clone(),
            task: AgentTask::Run { input: ask.input.clone(), continuation: ask.continuation.clone() },
            request_id: ran.request_id.clone(),
            session_id: ask.session_id.clone(),
            locale: acting.locale.clone(),
            limits,
            endpoint: place.endpoint.as_ref().map(|endpoint| AgentEndpoint {
                url: endpoint.url.clone(),
                model: endpoint.model.clone(),
                secret: endpoint.secret.clone(),
            }),
            instructions: spec.instructions.clone(),
            settings: spec.settings.clone(),
            progress: ask.progress.clone(),
            added,
            behalf: Some(acting),
        })
    }

    /// Waits for a slot, at most until `deadline`.
    async fn slot(&self, name: &Arc<str>, tried: &[Arc<str>], deadline: Instant) -> Result<Place, Failure> {
        let came = Instant::now();
        let now_ms = self.now_ms();
        let asked = self.fleet().ask(name, tried, now_ms)?;
        let admitted = match asked {
            Asked::Now(place) => {
                telemetry::waited(name, Duration::ZERO);
                return Ok(place);
            }
            Asked::Later(admitted) => admitted,
        };
        let mut turn = Turn { agents: self.clone(), agent: name.clone(), admitted };
        match tokio::time::timeout_at(deadline.into(), &mut turn.admitted).await {
            Ok(Ok(place)) => {
                telemetry::waited(name, came.elapsed());
                Ok(place)
            }
            Ok(Err(_)) => {
                Err(Failure::new(FailureKind::Unavailable, format!("the agent `{name}` was taken out of service"))
                    .with_hint(format!("`happyos agent restart {name}` brings it back")))
            }
            Err(_) => Err(Failure::new(
                FailureKind::Unavailable,
                format!("no slot of the agent `{name}` was free within {} ms", came.elapsed().as_millis()),
            )
            .with_hint("give it more slots or endpoints; `happyos agent show` tells how busy it is")),
        }
    }
}

fn spent() -> Failure {
    Failure::new(FailureKind::LimitExceeded(Limit::Money), "the money for this run is spent")
        .with_hint("give it more, or ask for less")
}

/// What a run says of the replica where it was.
fn went(result: &Result<AgentAnswer, Failure>, usage: &Usage, took: Duration, has_endpoint: bool) -> Went {
    match result {
        Ok(_) => Went::Well,
        // It did not come so far as to begin, or there is nothing outside that could be at fault.
        Err(_) if usage.fuel == 0 || !has_endpoint => Went::Nothing,
        Err(failure) => match failure.kind {
            FailureKind::Unavailable | FailureKind::GuestError => Went::Badly,
            FailureKind::LimitExceeded(Limit::Time) if took >= PATIENCE => Went::Badly,
            _ => Went::Nothing,
        },
    }
}

fn add(all: &mut Usage, one: &Usage) {
    all.fuel = all.fuel.saturating_add(one.fuel);
    all.memory_peak_bytes = all.memory_peak_bytes.max(one.memory_peak_bytes);
    all.host_calls = all.host_calls.saturating_add(one.host_calls);
}
