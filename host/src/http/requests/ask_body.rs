//! What travels to the daemon of a request.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::orchestrator::event::{Budget, Hints, Request};

/// The keys of [`AskRequest`], its hints and its limits.
pub(super) const ASK_KEYS: &[&str] = &[
    "text",
    "session_id",
    "locale",
    "time_zone",
    "context",
    "hints",
    "limits",
    "wait",
    "format",
    "plan",
    "complexity",
    "team_size",
    "skill",
    "fuel",
    "wall_ms",
    "memory_bytes",
    "host_calls",
    "output_bytes",
    "money",
];

/// The body of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskRequest {
    #[serde(default)]
    text: String,
    #[serde(default)]
    session_id: Option<Box<str>>,
    #[serde(default)]
    locale: Option<Box<str>>,
    #[serde(default)]
    time_zone: Option<Box<str>>,
    #[serde(default)]
    context: Map<String, Value>,
    #[serde(default)]
    hints: HintsBody,
    #[serde(default)]
    limits: LimitsBody,
    #[serde(default)]
    pub wait: Option<bool>,
    #[serde(default)]
    pub format: Option<String>,
    /// What is to be done, after the schema of plans.
    #[serde(default)]
    pub plan: Option<Value>,
}

/// What the caller thinks of its request.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HintsBody {
    complexity: Option<f32>,
    team_size: Option<u32>,
    skill: Option<Box<str>>,
}

/// What all calls of a request together may use.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsBody {
    fuel: Option<u64>,
    wall_ms: Option<u64>,
    /// Each call has its own memory: there is nothing to share.
    #[serde(rename = "memory_bytes")]
    _memory_bytes: Option<u64>,
    host_calls: Option<u64>,
    output_bytes: Option<u64>,
    /// In millionths of the operator's currency.
    money: Option<u64>,
}

impl From<AskRequest> for Request {
    fn from(asked: AskRequest) -> Request {
        let LimitsBody { fuel, wall_ms, _memory_bytes, host_calls, output_bytes, money } = asked.limits;
        let HintsBody { complexity, team_size, skill } = asked.hints;
        Request {
            text: asked.text,
            session: asked.session_id,
            locale: asked.locale,
            time_zone: asked.time_zone,
            context: asked.context,
            hints: Hints { complexity, team_size, skill },
            budget: Budget { fuel, wall_ms, host_calls, output_bytes, money },
            plan: None,
        }
    }
}
