//! Prometheus metrics: how many calls and requests ended how, how long they took and what they used.

use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

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

/// Requests of one strategy that came to one outcome.
type Outcomes = (Box<str>, Box<str>, Counter);

/// The metrics of requests in plain words: each is looked up once, at the first request, and then only counted.
#[derive(Default)]
pub struct RequestMetrics {
    seconds: OnceLock<Histogram>,
    /// By strategy and outcome: both are few and given by the host.
    counters: RwLock<Vec<Outcomes>>,
}

impl RequestMetrics {
    /// Counts one request that came to a question or its end.
    pub fn record(&self, strategy: &str, outcome: &str, wall: Option<Duration>) {
        if let Some(wall) = wall {
            self.seconds.get_or_init(|| histogram!("happyos_request_seconds")).record(wall.as_secs_f64());
        }
        let known = |counters: &[Outcomes]| {
            let counter = counters.iter().find(|(of, to, _)| **of == *strategy && **to == *outcome);
            counter.map(|(.., counter)| counter.increment(1))
        };
        if known(&self.counters.read().unwrap_or_else(PoisonError::into_inner)).is_some() {
            return;
        }
        let (of, to) = (strategy.to_owned(), outcome.to_owned());
        let counter = counter!("happyos_requests_total", "strategy" => of, "outcome" => to);
        counter.increment(1);
        let mut counters = self.counters.write().unwrap_or_else(PoisonError::into_inner);
        counters.push((strategy.into(), outcome.into(), counter));
    }
}
