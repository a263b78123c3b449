//! Agents, replicas and who waits, as they are at one moment: changed under one lock, by the clock of who calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::balance::{self, Candidate, Latency};
use super::choose::Known;
use super::scaling::{Scaled, Scaler};
use super::spec::{AgentSpec, Change, EndpointSpec, State};
use crate::base::{Breaker, BreakerState, Failure, FailureKind};
use crate::telemetry::agents as metrics;

/// Runs that may wait for one agent.
pub const QUEUE_MAX: usize = 256;
/// How long a replica must be idle before what is known of its speed fades.
const FADES_AFTER_MS: u64 = 10_000;

/// All of it.
#[derive(Default)]
pub struct Fleet {
    pub agents: BTreeMap<Arc<str>, Agent>,
    pub replicas: BTreeMap<Arc<str>, Replica>,
    queue: VecDeque<Waiter>,
}

/// A place where agents work, and how it does.
pub struct Replica {
    /// The endpoint; `None` for an agent that needs none.
    pub endpoint: Option<EndpointSpec>,
    pub slots: usize,
    pub in_flight: usize,
    /// When the runs that are there now began, the oldest first.
    begun: VecDeque<u64>,
    pub latency: Latency,
    pub breaker: Breaker,
    pub went: (u64, u64),
    pub used_at_ms: u64,
    /// When it was asked last how it is.
    pub asked_at_ms: u64,
    /// What it said when it was asked how it is.
    pub health: Option<Result<String, String>>,
}

/// An agent, and what it does.
pub struct Agent {
    pub spec: AgentSpec,
    pub state: State,
    pub in_flight: usize,
    pub waiting: usize,
    pub scaler: Scaler,
    pub went: (u64, u64),
    pub cost: u64,
    /// That it stopped has been written down.
    pub kept_stopped: bool,
    /// Cancelled when the agent is stopped: ends its runs.
    pub stop: CancellationToken,
}

struct Waiter {
    agent: Arc<str>,
    excluded: Vec<Arc<str>>,
    admit: oneshot::Sender<Place>,
}

/// A slot that a run has been given.
#[derive(Debug, Clone)]
pub struct Place {
    /// The replica's name.
    pub replica: Arc<str>,
    /// Where to work.
    pub endpoint: Option<EndpointSpec>,
    /// Why there.
    pub why: String,
    /// When it was given.
    pub began_ms: u64,
    /// Ends the run.
    pub stop: CancellationToken,
}

/// What became of asking for a slot.
pub enum Asked {
    Now(Place),
    Later(oneshot::Receiver<Place>),
}

/// How a run ended, as far as its replica is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    Well,
    /// Through a fault of the replica.
    Badly,
    /// It says nothing of the replica: it was cancelled, or its input was wrong.
    Nothing,
}

impl Replica {
    pub fn new(endpoint: Option<EndpointSpec>, slots: usize) -> Replica {
        Replica {
            slots: endpoint.as_ref().map_or(slots, |endpoint| endpoint.slots),
            endpoint,
            in_flight: 0,
            begun: VecDeque::new(),
            latency: Latency::default(),
            breaker: Breaker::default(),
            went: (0, 0),
            used_at_ms: 0,
            asked_at_ms: 0,
            health: None,
        }
    }

    fn candidate(&self, now_ms: u64) -> Candidate {
        let oldest_ms = self.begun.front().map_or(0, |at| now_ms.saturating_sub(*at));
        Candidate { in_flight: self.in_flight, latency: self.latency, oldest_ms: oldest_ms as f64 }
    }

    /// A run that began at about `began_ms` has left.
    fn ended(&mut self, began_ms: u64) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let nearest = (0..self.begun.len()).min_by_key(|at| self.begun.get(*at).map_or(0, |at| at.abs_diff(began_ms)));
        nearest.and_then(|at| self.begun.remove(at));
    }
}

impl Agent {
    pub fn new(spec: AgentSpec, state: State) -> Agent {
        Agent {
            scaler: Scaler::new(spec.slots_min, spec.slots_max),
            spec,
            state,
            in_flight: 0,
            waiting: 0,
            went: (0, 0),
            cost: 0,
            kept_stopped: false,
            stop: CancellationToken::new(),
        }
    }
}

fn unavailable(message: String) -> Failure {
    Failure::new(FailureKind::Unavailable, message)
}

/// The failure for an agent that is not there.
pub fn no_agent(name: &str) -> Failure {
    let shown: String = name.chars().take(80).collect();
    Failure::new(FailureKind::NotFound, format!("there is no agent `{shown}`"))
        .with_hint("`happyos agent list` names those there are, `happyos agent create` makes one")
}

impl Fleet {
    /// The replicas of an agent, in the order in which they are opened.
    pub fn replicas_of(&self, spec: &AgentSpec) -> Vec<Arc<str>> {
        if !spec.endpoints.is_empty() {
            return spec.endpoints.iter().filter(|name| self.replicas.contains_key(*name)).cloned().collect();
        }
        let of_adapter =
            |replica: &Replica| replica.endpoint.as_ref().is_some_and(|endpoint| endpoint.adapter == spec.adapter);
        let all: Vec<_> =
            self.replicas.iter().filter(|(_, replica)| of_adapter(replica)).map(|(name, _)| name.clone()).collect();
        let own = own_replica(&spec.name);
        if all.is_empty() && self.replicas.contains_key(&own) { vec![own] } else { all }
    }

    /// Asks for a slot for a run of `agent`, on none of `excluded`.
    ///
    /// # Errors
    /// `not-found`, or `unavailable` where it takes no work or too many wait.
    pub fn ask(&mut self, name: &Arc<str>, excluded: &[Arc<str>], now_ms: u64) -> Result<Asked, Failure> {
        let agent = self.agents.get_mut(name).ok_or_else(|| no_agent(name))?;
        // A run that was begun before the agent began to drain goes on elsewhere where it must.
        let goes_on = agent.state == State::Draining && !excluded.is_empty();
        if agent.state != State::Active && !goes_on {
            return Err(unavailable(format!("the agent `{name}` is {}", agent.state.as_str()))
                .with_hint(format!("`happyos agent restart {name}` brings it back")));
        }
        agent.waiting += 1;
        self.scale(name, now_ms);
        let nobody_waits = !self.queue.iter().any(|waiter| waiter.agent == *name && !waiter.admit.is_closed());
        if nobody_waits && let Some(place) = self.place(name, excluded, now_ms) {
            return Ok(Asked::Now(place));
        }
        let reached = self.reachable(name, excluded);
        let Some(agent) = self.agents.get_mut(name) else { return Err(no_agent(name)) };
        if !reached {
            agent.waiting -= 1;
            return Err(unavailable(format!("the agent `{name}` has no endpoint left to work at"))
                .with_hint("`happyos endpoint list` shows them, `happyos endpoint add` adds one"));
        }
        if agent.waiting > QUEUE_MAX {
            agent.waiting -= 1;
            return Err(unavailable(format!("{QUEUE_MAX} runs wait for the agent `{name}` already"))
                .with_hint("try again shortly, or give it more slots"));
        }
        let (admit, admitted) = oneshot::channel();
        self.queue.push_back(Waiter { agent: name.clone(), excluded: excluded.to_vec(), admit });
        metrics::queued(name, agent.waiting);
        Ok(Asked::Later(admitted))
    }

    /// Whether any replica but those `excluded` could ever take a run.
    fn reachable(&self, name: &str, excluded: &[Arc<str>]) -> bool {
        let Some(agent) = self.agents.get(name) else { return false };
        self.replicas_of(&agent.spec).iter().any(|replica| !excluded.contains(replica))
    }

    /// Gives a run that waits a slot, if there is one.
    fn place(&mut self, name: &Arc<str>, excluded: &[Arc<str>], now_ms: u64) -> Option<Place> {
        let agent = self.agents.get(name)?;
        let open = agent.scaler.open();
        if agent.in_flight >= open {
            return None;
        }
        // Open slots bound how much is done at one time, not where: a slow replica is avoided only where the others may
        // all be used.
        let mut candidates: Vec<(Arc<str>, Candidate)> = Vec::new();
        for replica_name in self.replicas_of(&agent.spec) {
            let Some(replica) = self.replicas.get(&replica_name) else { continue };
            if excluded.contains(&replica_name) || !replica.breaker.would_admit(now_ms) {
                continue;
            }
            // One that is to be tried again is tried with the next run, whatever is known of it.
            if replica.breaker.state(now_ms) == BreakerState::HalfOpen {
                if replica.in_flight >= replica.slots {
                    continue;
                }
                candidates = vec![(replica_name, replica.candidate(now_ms))];
                break;
            }
            if replica.in_flight < replica.slots {
                candidates.push((replica_name, replica.candidate(now_ms)));
            }
        }
        let pool: Vec<Candidate> = candidates.iter().map(|(_, candidate)| *candidate).collect();
        let chosen = balance::choose(&pool, (rand::random(), rand::random()))?;
        let (replica_name, candidate) = candidates.get(chosen)?;
        let replica = self.replicas.get_mut(replica_name)?;
        if !replica.breaker.admits(now_ms) {
            return None;
        }
        replica.in_flight += 1;
        replica.begun.push_back(now_ms);
        replica.used_at_ms = now_ms;
        let agent = self.agents.get_mut(name)?;
        agent.in_flight += 1;
        agent.waiting = agent.waiting.saturating_sub(1);
        metrics::running(name, agent.in_flight, open);
        let lately = candidate.latency.ms().map_or("no run yet".into(), |ms| format!("{ms:.0} ms lately"));
        let why = format!(
            "{replica_name}: {} of {} slots taken, {lately}, of {} that were free",
            candidate.in_flight,
            replica.slots,
            pool.len()
        );
        Some(Place {
            replica: replica_name.clone(),
            endpoint: replica.endpoint.clone(),
            why,
            began_ms: now_ms,
            stop: agent.stop.clone(),
        })
    }

    /// Takes a slot back with word on how the run went, and gives it to who waits. Says whether the agent has come to
    /// rest.
    pub fn release(&mut self, name: &Arc<str>, replica: &Arc<str>, went: Went, took_ms: f64, now_ms: u64) -> bool {
        if let Some(known) = self.replicas.get_mut(replica) {
            known.ended(now_ms.saturating_sub(took_ms as u64));
            let before = known.breaker.state(now_ms);
            match went {
                Went::Well | Went::Badly => {
                    let ok = went == Went::Well;
                    known.breaker.record(ok, now_ms);
                    known.latency.add(took_ms, ok);
                    if ok { known.went.0 += 1 } else { known.went.1 += 1 }
                }
                Went::Nothing => known.breaker.withdraw(now_ms),
            }
            let after = known.breaker.state(now_ms);
            if before != after {
                metrics::breaker(replica, after);
                tracing::info!(%replica, breaker = after.as_str(), "breaker");
            }
        }
        let mut at_rest = false;
        if let Some(agent) = self.agents.get_mut(name) {
            agent.in_flight = agent.in_flight.saturating_sub(1);
            match went {
                Went::Well => agent.went.0 += 1,
                Went::Badly => agent.went.1 += 1,
                Went::Nothing => {}
            }
            metrics::running(name, agent.in_flight, agent.scaler.open());
            at_rest = self.settle(name);
        }
        self.scale(name, now_ms);
        self.pump(now_ms);
        at_rest
    }

    /// A draining agent with nothing left to do has stopped.
    pub fn settle(&mut self, name: &str) -> bool {
        let Some(agent) = self.agents.get_mut(name) else { return false };
        let done = agent.state == State::Draining && agent.in_flight == 0 && agent.waiting == 0;
        if done {
            agent.state = State::Stopped;
        }
        done
    }

    /// Lets in who waits and has a slot now.
    pub fn pump(&mut self, now_ms: u64) {
        let mut at = 0;
        while let Some(waiter) = self.queue.get(at) {
            let (name, gone) = (waiter.agent.clone(), waiter.admit.is_closed());
            let serves =
                self.agents.get(&name).is_some_and(|agent| matches!(agent.state, State::Active | State::Draining));
            if gone || !serves {
                // Who still waits is told by the channel's end.
                self.queue.remove(at);
                if let Some(agent) = self.agents.get_mut(&name) {
                    agent.waiting = agent.waiting.saturating_sub(1);
                    metrics::queued(&name, agent.waiting);
                }
                self.settle(&name);
                continue;
            }
            let excluded = waiter.excluded.clone();
            let Some(place) = self.place(&name, &excluded, now_ms) else {
                at += 1;
                continue;
            };
            let Some(waiter) = self.queue.remove(at) else { break };
            if let Some(agent) = self.agents.get(&name) {
                metrics::queued(&name, agent.waiting);
            }
            if let Err(place) = waiter.admit.send(place) {
                // Gone between the two looks.
                self.give_back(&name, &place, now_ms);
            }
        }
    }

    fn give_back(&mut self, name: &Arc<str>, place: &Place, now_ms: u64) {
        if let Some(replica) = self.replicas.get_mut(&place.replica) {
            replica.ended(place.began_ms);
            replica.breaker.withdraw(now_ms);
        }
        if let Some(agent) = self.agents.get_mut(name) {
            agent.in_flight = agent.in_flight.saturating_sub(1);
        }
    }

    /// Opens and closes slots of an agent by the work there is.
    pub fn scale(&mut self, name: &Arc<str>, now_ms: u64) {
        let Some(agent) = self.agents.get_mut(name) else { return };
        let work = agent.in_flight + agent.waiting;
        if let Some(scaled) = agent.scaler.observe(work, now_ms) {
            metrics::scaled(name, scaled == Scaled::Up, agent.scaler.open());
            tracing::debug!(agent = %name, open = agent.scaler.open(), work, "scaled");
        }
    }

    /// Changes an agent's state.
    ///
    /// # Errors
    /// `not-found`, or where the change leads nowhere from its state.
    pub fn change(&mut self, name: &str, change: Change, now_ms: u64) -> Result<State, Failure> {
        let agent = self.agents.get_mut(name).ok_or_else(|| no_agent(name))?;
        agent.state = agent.state.after(change).map_err(|why| {
            Failure::new(FailureKind::InvalidInput, format!("the agent `{name}` cannot {}: {why}", change.as_str()))
                .with_hint(format!("`happyos agent restart {name}` brings it back"))
        })?;
        match agent.state {
            State::Stopped | State::Quarantined => {
                agent.stop.cancel();
                agent.stop = CancellationToken::new();
            }
            State::Active => {
                agent.kept_stopped = false;
                let own = self.replicas_of_name(name);
                for replica in own {
                    if let Some(replica) = self.replicas.get_mut(&replica) {
                        replica.breaker = Breaker::default();
                    }
                }
            }
            State::Draining => {}
        }
        self.settle(name);
        self.pump(now_ms);
        Ok(self.agents.get(name).map_or(State::Stopped, |agent| agent.state))
    }

    fn replicas_of_name(&self, name: &str) -> Vec<Arc<str>> {
        self.agents.get(name).map(|agent| self.replicas_of(&agent.spec)).unwrap_or_default()
    }

    /// What the passing of time changes: slots that were quiet, breakers that let one through, speeds long ago.
    pub fn tick(&mut self, now_ms: u64) {
        let names: Vec<_> = self.agents.keys().cloned().collect();
        for name in &names {
            self.scale(name, now_ms);
        }
        let known: Vec<f64> = self.replicas.values().filter_map(|replica| replica.latency.ms()).collect();
        let usual = known.iter().sum::<f64>() / known.len().max(1) as f64;
        for replica in self.replicas.values_mut() {
            if replica.in_flight == 0 && now_ms.saturating_sub(replica.used_at_ms) >= FADES_AFTER_MS {
                replica.latency.forget(usual);
                replica.used_at_ms = now_ms;
            }
        }
        self.pump(now_ms);
    }

    /// The agents that take work, as a choice needs them.
    pub fn known(&self) -> Vec<Known> {
        let active = self.agents.values().filter(|agent| agent.state == State::Active);
        active
            .map(|agent| {
                let names = self.replicas_of(&agent.spec);
                let replicas = || names.iter().filter_map(|name| self.replicas.get(name));
                Known {
                    name: agent.spec.name.clone(),
                    kind: agent.spec.kind.clone(),
                    capabilities: agent.spec.capabilities.clone(),
                    work: agent.in_flight + agent.waiting,
                    slots: agent.spec.slots_max.min(replicas().map(|replica| replica.slots).sum()),
                    went: agent.went,
                    latency_ms: replicas().filter_map(|replica| replica.latency.ms()).reduce(f64::min),
                    price: replicas()
                        .filter_map(|replica| replica.endpoint.as_ref())
                        .map(|endpoint| endpoint.input_price.saturating_add(endpoint.output_price))
                        .min()
                        .unwrap_or(0),
                }
            })
            .collect()
    }
}

/// The name of the replica of an agent that needs no endpoint. No endpoint can have it.
pub fn own_replica(agent: &str) -> Arc<str> {
    format!("@{agent}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::spec::tests::{agent, endpoint};

    fn fleet(n_endpoints: usize, slots_max: usize) -> (Fleet, Arc<str>) {
        let mut fleet = Fleet::default();
        for n in 0..n_endpoints {
            let endpoint = endpoint(&format!("e{n}"), 1);
            fleet.replicas.insert(endpoint.name.clone(), Replica::new(Some(endpoint), 1));
        }
        let name: Arc<str> = "a".into();
        fleet.agents.insert(name.clone(), Agent::new(agent("a", slots_max), State::Active));
        (fleet, name)
    }

    fn now(fleet: &mut Fleet, name: &Arc<str>, at: u64) -> Place {
        match fleet.ask(name, &[], at).unwrap() {
            Asked::Now(place) => place,
            Asked::Later(_) => panic!("it waits"),
        }
    }

    #[test]
    fn who_waits_is_let_in_in_order_and_nobody_runs_beyond_the_slots() {
        let (mut fleet, name) = fleet(2, 8);
        let (a, _b) = (now(&mut fleet, &name, 0), now(&mut fleet, &name, 0));
        let waits = |fleet: &mut Fleet| match fleet.ask(&name, &[], 0).unwrap() {
            Asked::Later(admitted) => admitted,
            Asked::Now(_) => panic!("there were two slots"),
        };
        let (mut first, mut second) = (waits(&mut fleet), waits(&mut fleet));
        fleet.release(&name, &a.replica, Went::Well, 10.0, 1);
        assert!(first.try_recv().is_ok() && second.try_recv().is_err());
    }

    #[test]
    fn a_replica_that_fails_five_times_is_left_alone_and_tried_again_once() {
        let (mut fleet, name) = fleet(1, 8);
        for _ in 0..5 {
            let place = now(&mut fleet, &name, 0);
            fleet.release(&name, &place.replica, Went::Badly, 1.0, 0);
        }
        let Asked::Later(mut admitted) = fleet.ask(&name, &[], 1).unwrap() else { panic!("it is open") };
        fleet.tick(500);
        assert!(admitted.try_recv().is_err());
        fleet.tick(1_000);
        let place = admitted.try_recv().unwrap();
        fleet.release(&name, &place.replica, Went::Well, 1.0, 1_010);
        assert_eq!(fleet.replicas[&place.replica].breaker.state(1_010), BreakerState::Closed);
    }

    #[test]
    fn draining_finishes_what_there_is_and_then_stops() {
        let (mut fleet, name) = fleet(1, 8);
        let place = now(&mut fleet, &name, 0);
        let Asked::Later(mut waits) = fleet.ask(&name, &[], 0).unwrap() else { panic!() };
        assert_eq!(fleet.change(&name, Change::Drain, 0).unwrap(), State::Draining);
        assert!(fleet.ask(&name, &[], 0).is_err(), "no more work");
        assert!(!fleet.release(&name, &place.replica, Went::Well, 1.0, 1));
        let place = waits.try_recv().expect("what waited before is not lost");
        assert!(fleet.release(&name, &place.replica, Went::Well, 1.0, 2));
        assert_eq!(fleet.agents[&name].state, State::Stopped);
    }

    #[test]
    fn stopping_ends_what_runs_and_who_waits() {
        let (mut fleet, name) = fleet(1, 8);
        let place = now(&mut fleet, &name, 0);
        let Asked::Later(mut waits) = fleet.ask(&name, &[], 0).unwrap() else { panic!() };
        fleet.change(&name, Change::Stop, 0).unwrap();
        assert!(place.stop.is_cancelled());
        assert_eq!(waits.try_recv().unwrap_err(), oneshot::error::TryRecvError::Closed);
        fleet.release(&name, &place.replica, Went::Nothing, 1.0, 2);
        fleet.change(&name, Change::Restart, 3).unwrap();
        now(&mut fleet, &name, 3);
    }

    #[test]
    fn too_many_who_wait_are_told_at_once() {
        let (mut fleet, name) = fleet(1, 8);
        let _place = now(&mut fleet, &name, 0);
        let waiting: Vec<_> = (0..QUEUE_MAX).map(|_| fleet.ask(&name, &[], 0).unwrap()).collect();
        let Err(failure) = fleet.ask(&name, &[], 0) else { panic!("the queue has an end") };
        assert_eq!(failure.kind, FailureKind::Unavailable);
        drop(waiting);
        fleet.pump(0);
        assert!(fleet.ask(&name, &[], 0).is_ok(), "who gave up makes room");
    }
}
