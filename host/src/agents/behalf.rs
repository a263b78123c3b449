//! What an agent that runs may have done: skills and agents that it was granted and that its user may call, paid from one
//! purse; and a look at what that user asked before.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tracing::Instrument as _;

use super::run::{Ask, Purse, Wanted};
use super::spec::{AgentSpec, State};
use super::{AgentEnd, Agents, Recalled};
use crate::base::{Failure, FailureKind, Limit, LimitOverrides};
use crate::security::Principal;
use crate::skills::{Behalf, Call, Delegated, Target, TargetKind};
use crate::telemetry::agents as telemetry;

/// Agents that may call one another in a chain.
const CHAIN_MAX: usize = 4;

/// One run of an agent, and for whom.
pub struct Acting {
    pub agents: Agents,
    pub principal: Principal,
    pub spec: AgentSpec,
    /// The agents on the way here, this one last.
    pub chain: Vec<Arc<str>>,
    pub purse: Arc<Purse>,
    pub session_id: Option<String>,
    pub locale: String,
    /// Set once something was called: what was done cannot be done again elsewhere.
    pub acted: AtomicBool,
    /// What the agents cost that were called, in millionths of the operator's currency.
    pub cost: AtomicU64,
    /// What a call was refused for: there was none left of it for this run.
    pub lacks: OnceLock<Limit>,
}

fn denied(message: String) -> Failure {
    Failure::new(FailureKind::Denied, message)
}

impl Acting {
    fn is_agent(&self, name: &str) -> bool {
        self.agents.fleet().agents.contains_key(name)
    }

    /// Whether the chain may go on to the agent `name`.
    fn admit_agent(&self, name: &str) -> Result<(), Failure> {
        if self.chain.iter().any(|known| **known == *name) {
            return Err(denied(format!(
                "`{name}` is on the way here already ({}): that would be a circle",
                self.chain.join(" → ")
            )));
        }
        if self.chain.len() >= CHAIN_MAX {
            return Err(denied(format!("{} agents call one another already, as many as may", self.chain.len())));
        }
        Ok(())
    }

    async fn call_skill(&self, name: &str, input: String, limits: LimitOverrides) -> Result<Delegated, Failure> {
        let call = Call {
            skill: name,
            input: input.into(),
            session_id: self.session_id.as_deref(),
            locale: Some(&self.locale),
            limits,
            ..Call::default()
        };
        let outcome = self.agents.inner.backing.skills.call(&self.principal, call).await;
        self.purse.spend(outcome.usage.fuel, 0);
        outcome.result.map(|answer| Delegated::Done(answer.json))
    }

    async fn call_agent(&self, name: &str, input: String, limits: LimitOverrides) -> Result<Delegated, Failure> {
        self.admit_agent(name)?;
        let ask = Ask {
            session_id: self.session_id.clone(),
            locale: Some(self.locale.clone()),
            limits,
            purse: Some(self.purse.clone()),
            chain: self.chain.clone(),
            ..Ask::new(Wanted::Named(name.into()), input)
        };
        // A run may lead to another, so its future cannot hold that one within itself.
        let ran = Box::pin(self.agents.run(&self.principal, ask)).await;
        // Its money it has paid from the purse itself.
        self.purse.spend(ran.usage.fuel, 0);
        self.cost.fetch_add(ran.cost, Ordering::Relaxed);
        match ran.result?.end {
            AgentEnd::Done(answer) => Ok(Delegated::Done(answer.json)),
            AgentEnd::InputRequired { message, .. } => Ok(Delegated::InputRequired(message)),
            AgentEnd::Healthy(word) => Ok(Delegated::Done(serde_json::Value::String(word).to_string())),
        }
    }
}

#[async_trait]
impl Behalf for Acting {
    fn targets(&self) -> Vec<Target> {
        let skills = &self.agents.inner.backing.skills;
        let snapshot = skills.snapshot(&self.principal).ok();
        let target = |name: &String| {
            if let Ok(view) = self.agents.show(&self.principal, name) {
                let fits = view.state == State::Active && self.admit_agent(name).is_ok();
                return fits.then(|| Target {
                    name: view.spec.name.clone(),
                    kind: TargetKind::Agent,
                    description: format!("An agent of type {}: {}.", view.spec.kind, view.spec.capabilities.join(", ")),
                    input_schema: view.input_schema.unwrap_or_else(|| r#"{"type":"object"}"#.into()),
                });
            }
            let skill = snapshot.as_ref()?.skill(name)?;
            Some(Target {
                name: skill.name().clone(),
                kind: TargetKind::Skill,
                description: skill.description().to_owned(),
                input_schema: skill.input_schema().to_owned(),
            })
        };
        self.spec.may.iter().filter_map(target).collect()
    }

    fn fuel_left(&self) -> u64 {
        self.purse.fuel()
    }

    async fn call(&self, name: &str, input: String, wall_ms: u64, fuel: u64) -> Result<Delegated, Failure> {
        if !self.spec.may.iter().any(|known| known == name) {
            let shown: String = name.chars().take(80).collect();
            return Err(denied(format!("calling `{shown}` is not granted to the agent `{}`", self.spec.name)));
        }
        if self.purse.fuel() == 0 {
            let _ = self.lacks.set(Limit::Fuel);
            return Err(Failure::new(FailureKind::LimitExceeded(Limit::Fuel), "nothing is left of this run's budget"));
        }
        self.acted.store(true, Ordering::Relaxed);
        let limits = LimitOverrides { wall_ms: Some(wall_ms), fuel: Some(fuel), ..LimitOverrides::default() };
        let span = telemetry::tool_span(name, &self.spec.name);
        let called = async {
            if self.is_agent(name) {
                self.call_agent(name, input, limits).await
            } else {
                self.call_skill(name, input, limits).await
            }
        };
        let called = called.instrument(span.clone()).await;
        if let Err(failure) = &called {
            span.record("error.type", failure.kind.as_str());
            if failure.kind == FailureKind::LimitExceeded(Limit::Money) {
                let _ = self.lacks.set(Limit::Money);
            }
        }
        called
    }

    async fn recall(&self, query: &str, limit: usize) -> Result<Vec<Recalled>, Failure> {
        if !self.spec.memory {
            let message = format!("looking at what was asked before is not granted to the agent `{}`", self.spec.name);
            return Err(denied(message));
        }
        match self.agents.inner.recall.get() {
            Some(recall) => recall.search(&self.principal, query, limit).await,
            None => Ok(Vec::new()),
        }
    }
}
