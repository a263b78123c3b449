//! What agents need of the rooms above them.

use async_trait::async_trait;

use crate::agents::{ADAPTER_DEFAULT, Agents, EndpointSpec, NewAgent, Recall, Recalled};
use crate::base::Failure;
use crate::config::FleetConfig;
use crate::orchestrator::Orchestrator;
use crate::security::{Principal, Role};

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
