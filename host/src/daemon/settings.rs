//! Hands the operator's settings to the rooms that they are about, at the start and whenever they change.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use crate::agents::Agents;
use crate::config::Config;
use crate::http::Drain;
use crate::orchestrator::{Orchestrator, Retention, Settings};
use crate::skills::Skills;
use crate::telemetry::GuestLog;

/// Gaps that are kept.
const GAPS_KEPT_MAX: u64 = 1_000;
/// How long a gap is kept that nobody asks for.
const GAPS_KEPT_DAYS: u64 = 365;
/// How long it is known how calls went.
const PERFORMANCE_KEPT_DAYS: u64 = 90;
/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// What the orchestrator is to know of the configuration.
pub fn of_orchestrator(config: &Config) -> Settings {
    let tasks = &config.tasks;
    Settings {
        running_max: tasks.running_max,
        parallel_max: tasks.parallel_max,
        ask_first: tasks.ask_first.iter().map(|name| name.as_str().into()).collect(),
        fallback: tasks.fallback,
        memory: tasks.memory,
        performance: tasks.performance,
        planner: config.planned.advanced_analysis,
        retention: Retention {
            tasks_max: tasks.kept_max,
            tasks_bytes_max: tasks.kept_bytes_max,
            tasks_age_ms: tasks.kept_days.saturating_mul(DAY_MS),
            question_age_ms: tasks.question_days.saturating_mul(DAY_MS),
            gaps_max: GAPS_KEPT_MAX,
            gaps_age_ms: GAPS_KEPT_DAYS * DAY_MS,
            performance_age_ms: PERFORMANCE_KEPT_DAYS * DAY_MS,
        },
    }
}

/// Follows the configuration until `shutdown`. The catalog, which reads the files, takes its own part by itself.
pub async fn follow(
    skills: Skills,
    orchestrator: Orchestrator,
    agents: Agents,
    log: GuestLog,
    in_force: Arc<ArcSwap<Config>>,
    drain: Drain,
    shutdown: CancellationToken,
) {
    let mut configuration = skills.configuration();
    loop {
        tokio::select! {
            changed = configuration.changed() => if changed.is_err() { return },
            () = shutdown.cancelled() => return,
        }
        let config = configuration.borrow_and_update().config.clone();
        orchestrator.set(of_orchestrator(&config));
        agents.set_max(config.planned.agents_max);
        log.keep(config.log_lines_kept);
        drain.set(Duration::from_millis(config.drain_ms));
        in_force.store(Arc::new(config));
    }
}
