//! What is counted of agents, and the spans of their runs: named by the OpenTelemetry conventions for generative AI.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use super::spans::CallerSpan;
use crate::base::BreakerState;

/// The span of one run, with the attributes of `invoke_agent` (OpenTelemetry semantic conventions, GenAI agent spans).
/// What is known only later is recorded by [`ran`].
pub fn span(agent: &str, adapter: &str, request_id: &str, session: Option<&str>) -> tracing::Span {
    let within = tracing::Span::current();
    let span = tracing::debug_span!(
        "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.provider.name = adapter,
        gen_ai.agent.name = agent,
        gen_ai.conversation.id = session,
        gen_ai.request.model = tracing::field::Empty,
        gen_ai.usage.input_tokens = tracing::field::Empty,
        gen_ai.usage.output_tokens = tracing::field::Empty,
        error.r#type = tracing::field::Empty,
        server.address = tracing::field::Empty,
        happyos.request_id = request_id,
        happyos.cost = tracing::field::Empty,
    );
    // As a step of a request it is a part of that.
    if within.is_none() {
        CallerSpan::adopt(&span);
    }
    span
}

/// The span of one call of a skill or an agent by an agent (`execute_tool`).
pub fn tool_span(tool: &str, agent: &str) -> tracing::Span {
    tracing::debug_span!(
        "execute_tool",
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = tool,
        gen_ai.agent.name = agent,
        error.r#type = tracing::field::Empty,
    )
}

/// Records where a run worked.
pub fn placed(span: &tracing::Span, replica: &str, model: Option<&str>) {
    span.record("server.address", replica);
    if let Some(model) = model {
        span.record("gen_ai.request.model", model);
    }
}

/// Counts a run and records how it ended.
pub fn ran(span: &tracing::Span, agent: &str, result: Result<(u64, u64), &str>, took: Duration) {
    let outcome = match result {
        Ok((input_tokens, output_tokens)) => {
            span.record("gen_ai.usage.input_tokens", input_tokens);
            span.record("gen_ai.usage.output_tokens", output_tokens);
            for (kind, tokens) in [("input", input_tokens), ("output", output_tokens)] {
                counter!("happyos_agent_tokens_total", "agent" => agent.to_owned(), "type" => kind).increment(tokens);
            }
            "ok"
        }
        Err(kind) => {
            span.record("error.type", kind);
            kind
        }
    };
    counter!("happyos_agent_runs_total", "agent" => agent.to_owned(), "result" => outcome.to_owned()).increment(1);
    histogram!("happyos_agent_run_seconds", "agent" => agent.to_owned()).record(took.as_secs_f64());
}

/// Counts what a run cost with all that it called, in millionths of the operator's currency, and records it.
pub fn cost(span: &tracing::Span, agent: &str, cost: u64) {
    if cost > 0 {
        span.record("happyos.cost", cost);
        counter!("happyos_agent_cost_total", "agent" => agent.to_owned()).increment(cost);
    }
}

/// How long a run waited for a slot.
pub fn waited(agent: &str, waited: Duration) {
    histogram!("happyos_agent_wait_seconds", "agent" => agent.to_owned()).record(waited.as_secs_f64());
}

/// How many runs of an agent there are, and of its slots how many are taken.
pub fn running(agent: &str, in_flight: usize, open: usize) {
    gauge!("happyos_agent_running", "agent" => agent.to_owned()).set(in_flight as f64);
    gauge!("happyos_agent_slots_open", "agent" => agent.to_owned()).set(open as f64);
    gauge!("happyos_agent_utilisation", "agent" => agent.to_owned()).set(in_flight as f64 / open.max(1) as f64);
}

/// How many runs wait for an agent.
pub fn queued(agent: &str, waiting: usize) {
    gauge!("happyos_agent_queue", "agent" => agent.to_owned()).set(waiting as f64);
}

/// A run is tried again on another replica.
pub fn retried(agent: &str) {
    counter!("happyos_agent_retries_total", "agent" => agent.to_owned()).increment(1);
}

/// Where a replica's breaker stands: 0 closed, 1 half-open, 2 open.
pub fn breaker(replica: &str, state: BreakerState) {
    let value = match state {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => 2.0,
    };
    gauge!("happyos_replica_breaker", "replica" => replica.to_owned()).set(value);
    counter!("happyos_replica_breaker_changes_total", "replica" => replica.to_owned(), "to" => state.as_str())
        .increment(1);
}

/// Slots of an agent were opened or closed.
pub fn scaled(agent: &str, up: bool, open: usize) {
    let to = if up { "up" } else { "down" };
    counter!("happyos_agent_scaling_total", "agent" => agent.to_owned(), "to" => to).increment(1);
    gauge!("happyos_agent_slots_open", "agent" => agent.to_owned()).set(open as f64);
}
