//! Prometheus metrics: how many calls ended how, how long they took and what they used.

use std::sync::OnceLock;

use metrics::{Counter, Histogram, counter, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::base::{FailureKind, Usage};

/// Seconds, from a tenth of a millisecond to ten seconds.
const SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Renders the process's metrics. The first use installs the recorder.
pub fn handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let builder = || PrometheusBuilder::new().set_buckets(SECONDS).unwrap_or_else(|_| PrometheusBuilder::new());
    // Where a program that embeds us has a recorder of its own, that one gets the figures and this stays empty.
    let install = || builder().install_recorder().unwrap_or_else(|_| builder().build_recorder().handle());
    HANDLE.get_or_init(install).clone()
}

/// The metrics of one skill, looked up once and then only counted.
pub struct CallMetrics {
    skill: String,
    ok: Counter,
    seconds: Histogram,
    fuel: Counter,
}

impl CallMetrics {
    /// The metrics of `skill`.
    pub fn new(skill: &str) -> CallMetrics {
        let skill = skill.to_owned();
        CallMetrics {
            ok: counter!("happyos_calls_total", "skill" => skill.clone(), "result" => "ok"),
            seconds: histogram!("happyos_call_seconds", "skill" => skill.clone()),
            fuel: counter!("happyos_call_fuel_total", "skill" => skill.clone()),
            skill,
        }
    }

    /// Counts one finished call.
    pub fn record(&self, failure: Option<FailureKind>, usage: &Usage) {
        match failure {
            None => self.ok.increment(1),
            Some(kind) => {
                counter!("happyos_calls_total", "skill" => self.skill.clone(), "result" => kind.as_str()).increment(1);
            }
        }
        self.seconds.record(usage.wall.as_secs_f64());
        self.fuel.increment(usage.fuel);
    }
}
