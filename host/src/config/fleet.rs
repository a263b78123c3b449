//! Endpoints and agents as the configuration has them: tables `[endpoints.NAME]` and `[agents.NAME]`, whose keys are those of
//! `happyos endpoint add` and `happyos agent create`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

/// All of them, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FleetConfig {
    /// Where agents work.
    pub endpoints: BTreeMap<String, EndpointConfig>,
    /// Agents.
    pub agents: BTreeMap<String, AgentConfig>,
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// The base URL.
    pub url: String,
    /// The adapter that speaks its language.
    pub kind: Option<String>,
    /// The model to ask for.
    pub model: Option<String>,
    /// The name of the secret to authorise with.
    pub secret: Option<String>,
    /// Runs there at one time.
    pub slots: Option<usize>,
    /// It may be on this machine, or in a network that is not public.
    #[serde(default)]
    pub private: bool,
    /// What a million tokens read cost.
    #[serde(default)]
    pub input_price: u64,
    /// What a million tokens written cost.
    #[serde(default)]
    pub output_price: u64,
}

/// One agent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// What kind of agent it is.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The bundle that it is made of.
    pub adapter: Option<String>,
    /// Where it works.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// Standing instructions.
    pub instructions: Option<String>,
    /// Further settings of its adapter.
    pub settings: Option<toml::Table>,
    /// Skills and agents that it may call.
    #[serde(default)]
    pub may: Vec<String>,
    /// It may look at what its user asked before.
    #[serde(default)]
    pub memory: bool,
    /// Slots that are always open.
    pub slots_min: Option<usize>,
    /// Slots that are open at most.
    pub slots_max: Option<usize>,
}

/// What is said of these tables where every key is explained.
pub const EXPLAINED: &str = "
# Endpoints that agents work at, and agents, as `happyos endpoint add` and `happyos agent create` make them; read at the start.
#   [endpoints.NAME]  url, kind, model, secret, slots, private, input_price, output_price
#   [agents.NAME]     type, capabilities, adapter, endpoints, instructions, settings, may, memory, slots_min, slots_max
";

impl FleetConfig {
    /// The names, for people.
    pub fn names(&self) -> String {
        let mut text = String::new();
        for (of, names) in [
            ("endpoints", self.endpoints.keys().cloned().collect::<Vec<_>>()),
            ("agents", self.agents.keys().cloned().collect()),
        ] {
            if !names.is_empty() {
                let _ = writeln!(text, "# {of}: {}", names.join(", "));
            }
        }
        text
    }
}
