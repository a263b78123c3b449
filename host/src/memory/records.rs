//! How requests went that are not in the ledger yet: summed here, so that none of them writes for it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::store::recall::SPAN_MS;
use crate::store::records::{FailureGroup, RequestSpan, RequestSum, bucket_of};
use crate::telemetry::failures::{Group, Seen};
use crate::telemetry::metrics::RequestMetrics;

/// A request that came to a question or its end.
#[derive(Debug, Clone, Copy)]
pub struct Settled<'a> {
    /// What was decided to do about it; empty where it was stopped before.
    pub strategy: &'a str,
    /// The state it came to.
    pub outcome: &'a str,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// How long it was worked on, without the time its owner took to answer; `None` where nobody did.
    pub wall: Option<Duration>,
    /// Fuel of its calls in that time.
    pub fuel: u64,
    /// Most bytes of memory of one of them.
    pub memory_peak_bytes: u64,
}

/// Sums by hour: seldom more than one at a time.
#[derive(Default)]
pub struct Requests {
    spans: Mutex<Vec<RequestSpan>>,
    metrics: RequestMetrics,
}

impl Requests {
    /// Adds one.
    pub fn note(&self, settled: &Settled<'_>) {
        self.metrics.record(settled.strategy, settled.outcome, settled.wall);
        let us = settled.wall.map(|wall| u64::try_from(wall.as_micros()).unwrap_or(u64::MAX));
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let span = find_or_add(
            &mut spans,
            |span| span.span == settled.at_ms / SPAN_MS,
            || RequestSpan { span: settled.at_ms / SPAN_MS, ..RequestSpan::default() },
        );
        if let Some(span) = span {
            add(span, settled, us);
        }
    }

    /// All that was noted; nothing is then.
    pub fn take(&self) -> Vec<RequestSpan> {
        std::mem::take(&mut *self.spans.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn add(span: &mut RequestSpan, settled: &Settled<'_>, us: Option<u64>) {
    let sum = find_or_add(
        &mut span.sums,
        |sum| *sum.strategy == *settled.strategy && *sum.outcome == *settled.outcome,
        || RequestSum { strategy: settled.strategy.into(), outcome: settled.outcome.into(), ..RequestSum::default() },
    );
    if let Some(sum) = sum {
        sum.n_requests += 1;
        sum.wall_us = sum.wall_us.saturating_add(us.unwrap_or(0));
        sum.fuel = sum.fuel.saturating_add(settled.fuel);
        sum.memory_bytes = sum.memory_bytes.saturating_add(settled.memory_peak_bytes);
        sum.memory_max_bytes = sum.memory_max_bytes.max(settled.memory_peak_bytes);
    }
    let Some(bucket) = us.map(bucket_of) else { return };
    if let Some((_, count)) = find_or_add(&mut span.times, |(known, _)| *known == bucket, || (bucket, 0)) {
        *count += 1;
    }
}

/// The one that is wanted, made where it is missing: there are few.
fn find_or_add<T>(all: &mut Vec<T>, wanted: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Option<&mut T> {
    let place = all.iter().position(wanted).unwrap_or_else(|| {
        all.push(make());
        all.len() - 1
    });
    all.get_mut(place)
}

/// A group of failures as it is kept.
pub fn group((group, seen): (Group, Seen)) -> FailureGroup {
    FailureGroup {
        owner: group.owner,
        kind: group.kind,
        skill: group.skill,
        shape: group.shape,
        count: seen.count,
        first_ms: seen.first_ms,
        last_ms: seen.last_ms,
        task: seen.task,
        message: seen.message.into(),
        hint: seen.hint.map(Into::into),
    }
}
