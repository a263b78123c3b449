//! What agents need of the rooms above them, and what the steps of plans need of agents.

use std::sync::Arc;

use async_trait::async_trait;

use crate::agents::{
    ADAPTER_DEFAULT, AgentEnd, AgentView, Agents, Ask, EndpointSpec, NewAgent, Purse, Recall, Recalled, State, Wanted,
};
use crate::base::{CallLimits, Failure, FailureKind};
use crate::config::FleetConfig;
use crate::orchestrator::drive::TargetFacts;
use crate::orchestrator::{self, Called, ForAgent, Given, Orchestrator, event};
use crate::security::{Principal, Role};
use crate::skills::Call;

/// Slots of an endpoint that does not say.
const SLOTS_DEFAULT: usize = 4;

/// What users asked before, as the orchestrator finds it.
pub struct Remembered(pub Orchestrator);

#[async_trait]
impl Recall for Remembered {
    async fn search(&self, principal: &Principal, query: &str, limit: usize) -> Result<Vec<Recalled>, Failure> {
        let (hits, _) = self.0.search(principal, query, limit).await?;
        let recalled = hits.into_iter().map(|hit| Recalled {
            request: hit.task.request.into(),
            answer: hit.task.answer.into(),
            skill: hit.task.skill.into(),
        });
        Ok(recalled.collect())
    }
}

/// The agents that steps of plans name.
pub struct OfSteps(pub Agents);

#[async_trait]
impl orchestrator::Agents for OfSteps {
    fn facts(&self, wanted: &event::Wanted) -> Option<TargetFacts> {
        let agent = self.0.find(&of_step(wanted)).ok()?;
        // What may call nothing and works nowhere else changes nothing; of any other it is not known.
        let repeatable = agent.may.is_empty() && agent.endpoints.is_empty();
        Some(TargetFacts { repeatable, ..TargetFacts::default() })
    }

    fn told(&self, principal: &Principal) -> Vec<String> {
        let agents = self.0.list(principal).unwrap_or_default();
        let line = |agent: AgentView| {
            let (spec, input) = (agent.spec, agent.input_schema.and_then(|own| serde_json::from_str(&own).ok()));
            let input: serde_json::Value = input.unwrap_or_default();
            serde_json::json!({
                "agent": {"name": &*spec.name}, "type": spec.kind, "capabilities": spec.capabilities, "input": input,
            })
            .to_string()
        };
        agents.into_iter().filter(|agent| agent.state == State::Active).map(line).collect()
    }

    async fn run(&self, principal: &Principal, wanted: &event::Wanted, call: Call<'_>, more: ForAgent) -> Called {
        let fuel = CallLimits::AGENT.tightened(&call.limits).fuel;
        let ask = Ask {
            continuation: more.continuation,
            purse: Some(Arc::new(Purse::new(fuel, more.money))),
            session_id: call.session_id.map(str::to_owned),
            locale: call.locale.map(str::to_owned),
            limits: call.limits,
            progress: call.progress,
            request_id: call.request_id,
            ..Ask::new(of_step(wanted), call.input.into_owned())
        };
        let ran = self.0.run(principal, ask).await;
        let result = ran.result.and_then(|answer| match answer.end {
            AgentEnd::Done(answer) => Ok(Given::Answer(answer)),
            AgentEnd::InputRequired { message, continuation } => Ok(Given::Question { message, continuation }),
            AgentEnd::Healthy(_) => Err(Failure::new(FailureKind::Internal, "a run was answered with word on health")),
        });
        Called { result, usage: ran.usage, cost: ran.cost }
    }
}

fn of_step(wanted: &event::Wanted) -> Wanted {
    match wanted.name() {
        Some(name) => Wanted::Named(name.clone()),
        None => Wanted::Able(wanted.capabilities().iter().map(|word| word.to_string()).collect()),
    }
}

/// Makes the endpoints and agents that the configuration has. One that cannot be made is logged, and stops nothing.
pub async fn configure(agents: &Agents, fleet: &FleetConfig) {
    let principal = Principal::authenticated("configuration", Role::Operator);
    for (name, endpoint) in &fleet.endpoints {
        let spec = EndpointSpec {
            name: name.as_str().into(),
            url: endpoint.url.clone(),
            adapter: endpoint.kind.as_deref().unwrap_or(ADAPTER_DEFAULT).into(),
            model: endpoint.model.clone(),
            secret: endpoint.secret.clone(),
            slots: endpoint.slots.unwrap_or(SLOTS_DEFAULT),
            private: endpoint.private,
            input_price: endpoint.input_price,
            output_price: endpoint.output_price,
        };
        if let Err(failure) = agents.add_endpoint(&principal, spec).await {
            tracing::warn!(endpoint = name, %failure, "the configuration's endpoint is not there");
        }
    }
    for (name, agent) in &fleet.agents {
        let settings = agent.settings.as_ref().map(serde_json::to_string).transpose();
        let new = NewAgent {
            name: Some(name.clone()),
            kind: agent.kind.clone(),
            capabilities: agent.capabilities.clone(),
            adapter: agent.adapter.clone(),
            endpoints: agent.endpoints.clone(),
            instructions: agent.instructions.clone(),
            settings: settings.unwrap_or_default(),
            may: agent.may.clone(),
            memory: agent.memory,
            slots_min: agent.slots_min,
            slots_max: agent.slots_max,
        };
        if let Err(failure) = agents.ensure(&principal, new).await {
            tracing::warn!(agent = name, %failure, "the configuration's agent is not there");
        }
    }
}
