//! Endpoints and agents as they are stored: fields are only added.

use serde::{Deserialize, Serialize};

use super::spec::{AgentSpec, EndpointSpec, State};
use crate::store::FleetRecord;

/// The kind of record that an endpoint is.
pub const ENDPOINT: &str = "endpoint";
/// The kind of record that an agent is.
pub const AGENT: &str = "agent";

#[derive(Serialize, Deserialize)]
struct StoredEndpoint {
    url: String,
    adapter: String,
    model: Option<String>,
    secret: Option<String>,
    slots: usize,
    private: bool,
    #[serde(default)]
    input_price: u64,
    #[serde(default)]
    output_price: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredAgent {
    kind: String,
    capabilities: Vec<String>,
    adapter: String,
    endpoints: Vec<String>,
    instructions: String,
    settings: String,
    may: Vec<String>,
    memory: bool,
    slots_min: usize,
    slots_max: usize,
    state: String,
}

/// What is kept of an endpoint.
pub fn of_endpoint(spec: &EndpointSpec) -> Result<FleetRecord, serde_json::Error> {
    let stored = StoredEndpoint {
        url: spec.url.clone(),
        adapter: spec.adapter.to_string(),
        model: spec.model.clone(),
        secret: spec.secret.clone(),
        slots: spec.slots,
        private: spec.private,
        input_price: spec.input_price,
        output_price: spec.output_price,
    };
    Ok(FleetRecord { kind: ENDPOINT.into(), name: spec.name.to_string(), body: serde_json::to_string(&stored)? })
}

/// What is kept of an agent.
pub fn of_agent(spec: &AgentSpec, state: State) -> Result<FleetRecord, serde_json::Error> {
    let stored = StoredAgent {
        kind: spec.kind.clone(),
        capabilities: spec.capabilities.clone(),
        adapter: spec.adapter.to_string(),
        endpoints: spec.endpoints.iter().map(ToString::to_string).collect(),
        instructions: spec.instructions.clone(),
        settings: spec.settings.clone(),
        may: spec.may.clone(),
        memory: spec.memory,
        slots_min: spec.slots_min,
        slots_max: spec.slots_max,
        state: state.as_str().to_owned(),
    };
    Ok(FleetRecord { kind: AGENT.into(), name: spec.name.to_string(), body: serde_json::to_string(&stored)? })
}

/// An endpoint as it was kept.
pub fn endpoint(record: &FleetRecord) -> Option<EndpointSpec> {
    let stored: StoredEndpoint = serde_json::from_str(&record.body).ok()?;
    Some(EndpointSpec {
        name: record.name.as_str().into(),
        url: stored.url,
        adapter: stored.adapter.into(),
        model: stored.model,
        secret: stored.secret,
        slots: stored.slots,
        private: stored.private,
        input_price: stored.input_price,
        output_price: stored.output_price,
    })
}

/// An agent as it was kept. What was draining when the daemon stopped has nothing left to do.
pub fn agent(record: &FleetRecord) -> Option<(AgentSpec, State)> {
    let stored: StoredAgent = serde_json::from_str(&record.body).ok()?;
    let state = State::ALL.into_iter().find(|state| state.as_str() == stored.state)?;
    let spec = AgentSpec {
        name: record.name.as_str().into(),
        kind: stored.kind,
        capabilities: stored.capabilities,
        adapter: stored.adapter.into(),
        endpoints: stored.endpoints.into_iter().map(Into::into).collect(),
        instructions: stored.instructions,
        settings: stored.settings,
        may: stored.may,
        memory: stored.memory,
        slots_min: stored.slots_min,
        slots_max: stored.slots_max,
    };
    Some((spec, if state == State::Draining { State::Stopped } else { state }))
}
