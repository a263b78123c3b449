//! What goes on by itself: slots are closed, breakers let one through, endpoints are asked how they are, and states that
//! came about by themselves are written down.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fleet::Replica;
use super::spec::{EndpointSpec, State};
use super::{Agents, Failure};
use crate::base::{LimitOverrides, RequestId};
use crate::security::{Action, Principal, authorise};
use crate::skills::{AgentCall, AgentEnd, AgentEndpoint, AgentTask};

/// How often slots and breakers are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How often an endpoint is asked how it is that nobody worked at meanwhile, in milliseconds.
const PROBE_EVERY_MS: u64 = 15_000;
/// Endpoints that are asked at one time.
const PROBES_MAX: usize = 4;
/// How long it may take to say so, in milliseconds.
const PROBE_MS: u64 = 10_000;

impl Agents {
    /// Sees to all that until `shutdown`.
    pub async fn upkeep(&self, shutdown: CancellationToken) {
        let mut every = tokio::time::interval(TICK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        // They end with this.
        let mut probes = JoinSet::new();
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = shutdown.cancelled() => return,
            }
            let now_ms = self.now_ms();
            self.fleet().tick(now_ms);
            self.keep_settled().await;
            while probes.try_join_next().is_some() {}
            if probes.len() < PROBES_MAX
                && let Some(endpoint) = self.to_be_probed(now_ms)
            {
                let agents = self.clone();
                probes.spawn(async move { agents.probe(endpoint).await.is_ok() });
            }
        }
    }

    async fn keep_settled(&self) {
        let stopped: Vec<Arc<str>> = {
            let mut fleet = self.fleet();
            let unkept = fleet.agents.values_mut().filter(|agent| agent.state == State::Stopped && !agent.kept_stopped);
            unkept
                .map(|agent| {
                    agent.kept_stopped = true;
                    agent.spec.name.clone()
                })
                .collect()
        };
        for name in stopped {
            if let Err(failure) = self.keep(&name, State::Stopped).await {
                tracing::warn!(agent = %name, %failure, "that it stopped is not written down");
            }
        }
    }

    /// An endpoint that nobody asked or worked at for long enough.
    fn to_be_probed(&self, now_ms: u64) -> Option<EndpointSpec> {
        let mut fleet = self.fleet();
        let is_due = |replica: &&mut Replica| {
            let at = replica.asked_at_ms.max(replica.used_at_ms);
            replica.endpoint.is_some() && replica.in_flight == 0 && now_ms.saturating_sub(at) >= PROBE_EVERY_MS
        };
        let replica = fleet.replicas.values_mut().find(is_due)?;
        replica.asked_at_ms = now_ms;
        replica.endpoint.clone()
    }

    /// Asks an endpoint how it is, and keeps what it says.
    async fn probe(&self, endpoint: EndpointSpec) -> Result<String, Failure> {
        let principal = self.inner.backing.principal.clone();
        let said = self.health(&principal, &endpoint).await;
        let now_ms = self.now_ms();
        if let Some(replica) = self.fleet().replicas.get_mut(&endpoint.name) {
            replica.asked_at_ms = now_ms;
            replica.health = Some(said.clone().map_err(|failure| failure.message));
            // One that does not even answer this is not sent work that would have to be sent elsewhere. That it answers
            // says less: what was left alone is tried with a run.
            if said.is_err() && replica.in_flight == 0 {
                replica.breaker.record(false, now_ms);
            }
        }
        said
    }

    async fn health(&self, principal: &Principal, endpoint: &EndpointSpec) -> Result<String, Failure> {
        let call = AgentCall {
            bundle: endpoint.adapter.clone(),
            agent: format!("check-{}", endpoint.name).into(),
            task: AgentTask::Health,
            request_id: RequestId::from_bits(rand::random()),
            session_id: None,
            locale: "en".into(),
            limits: LimitOverrides { wall_ms: Some(PROBE_MS), ..LimitOverrides::default() },
            endpoint: Some(AgentEndpoint {
                url: endpoint.url.clone(),
                model: endpoint.model.clone(),
                secret: endpoint.secret.clone(),
            }),
            instructions: String::new(),
            settings: "{}".into(),
            progress: None,
            added: endpoint.grants()?,
            behalf: None,
        };
        let (answer, _) = self.inner.backing.skills.run_agent(principal, call).await;
        Ok(match answer?.end {
            AgentEnd::Healthy(word) => word,
            AgentEnd::Done(_) | AgentEnd::InputRequired { .. } => String::new(),
        })
    }

    /// Asks an endpoint how it is.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`, and as it fails.
    pub async fn check_endpoint(&self, principal: &Principal, name: &str) -> Result<String, Failure> {
        authorise(principal, Action::ManageAgents)?;
        let endpoint = self.endpoint(name)?;
        self.probe(endpoint).await
    }
}
