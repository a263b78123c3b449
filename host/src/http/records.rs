//! How requests and calls went, and what failed.

use std::collections::BTreeMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::HttpError;
use super::gate::Caller;
use super::{Shared, wire};
use crate::orchestrator::Stats;
use crate::store::recall::{PerformanceSum, SPAN_MS};
use crate::store::records::{FailureGroup, RequestSpan, TimeCount, percentile_us};
use crate::store::tasks::TaskState;

/// Hours of a day.
const DAY_HOURS: u64 = 24;
/// Most days that are looked back on: as long as it is known.
const DAYS_MAX: u64 = 90;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatsQuery {
    hours: Option<u64>,
    days: Option<u64>,
}

#[derive(Serialize)]
struct StatsBody<'a> {
    now_ms: u64,
    /// Requests that run now, that wait, and that may run.
    running: usize,
    waiting: usize,
    running_max: usize,
    /// This hour and the one before.
    recent: Period,
    /// This hour and the 23 before.
    last_day: Period,
    /// Hours in which there were requests, the oldest first.
    hours: Vec<Period>,
    /// Days, by UTC, in which there were requests, the oldest first.
    days: Vec<Period>,
    /// Calls of skills for requests in the last day.
    skills: Vec<SkillBody<'a>>,
}

/// How the requests of a time went.
#[derive(Default, Serialize)]
struct Period {
    /// When it begins, in milliseconds since 1970.
    from_ms: u64,
    /// How long it is.
    hours: u64,
    /// Requests that ended.
    ended: u64,
    completed: u64,
    failed: u64,
    /// Refused: nothing fits.
    rejected: u64,
    canceled: u64,
    /// Questions that were asked back.
    asked: u64,
    /// Of those that were tried, the share that was answered.
    success: Option<f64>,
    /// Of those that were tried or refused, the share that was refused.
    abstention: Option<f64>,
    /// How long half of them, and all but a hundredth, took until their end or a question.
    p50_us: Option<u64>,
    p99_us: Option<u64>,
    fuel_per_answer: Option<u64>,
    memory_bytes_per_answer: Option<u64>,
    memory_bytes_max: u64,
    /// By what was decided about them.
    strategies: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct SkillBody<'a> {
    skill: &'a str,
    strategy: &'a str,
    calls: u64,
    ok: u64,
    wall_us_mean: u64,
    fuel_mean: u64,
}

impl Period {
    fn new<'a>(from_hour: u64, hours: u64, spans: impl IntoIterator<Item = &'a RequestSpan>) -> Period {
        let mut period = Period { from_ms: from_hour.saturating_mul(SPAN_MS), hours, ..Period::default() };
        let mut times: Vec<TimeCount> = Vec::new();
        let (mut fuel, mut memory) = (0u64, 0u64);
        for span in spans {
            times.extend_from_slice(&span.times);
            for sum in &span.sums {
                let n_requests = sum.n_requests;
                match TaskState::parse(&sum.outcome) {
                    Some(TaskState::Completed) => {
                        period.completed += n_requests;
                        fuel = fuel.saturating_add(sum.fuel);
                        memory = memory.saturating_add(sum.memory_bytes);
                    }
                    Some(TaskState::Failed) => period.failed += n_requests,
                    Some(TaskState::Rejected) => period.rejected += n_requests,
                    Some(TaskState::Canceled) => period.canceled += n_requests,
                    Some(TaskState::InputRequired) => period.asked += n_requests,
                    Some(TaskState::Submitted | TaskState::Working) | None => continue,
                }
                period.memory_bytes_max = period.memory_bytes_max.max(sum.memory_max_bytes);
                if !sum.strategy.is_empty() {
                    *period.strategies.entry(sum.strategy.to_string()).or_default() += n_requests;
                }
            }
        }
        let tried = period.completed + period.failed;
        period.ended = tried + period.rejected + period.canceled;
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        period.success = share(period.completed, tried);
        period.abstention = share(period.rejected, tried + period.rejected);
        period.p50_us = percentile_us(&times, 0.5);
        period.p99_us = percentile_us(&times, 0.99);
        period.fuel_per_answer = fuel.checked_div(period.completed);
        period.memory_bytes_per_answer = memory.checked_div(period.completed);
        period
    }
}

impl<'a> StatsBody<'a> {
    fn new(stats: &'a Stats, n_hours: u64, n_days: u64) -> StatsBody<'a> {
        let this = stats.now_ms / SPAN_MS;
        let last = |n_hours: u64| {
            let from = this.saturating_sub(n_hours.saturating_sub(1));
            Period::new(from, n_hours, stats.hours.iter().filter(move |span| span.span >= from))
        };
        let hours = stats.hours.iter().filter(|span| span.span > this.saturating_sub(n_hours));
        let mut days: BTreeMap<u64, Vec<&RequestSpan>> = BTreeMap::new();
        for span in stats.hours.iter().filter(|span| span.span / DAY_HOURS > (this / DAY_HOURS).saturating_sub(n_days))
        {
            days.entry(span.span / DAY_HOURS).or_default().push(span);
        }
        StatsBody {
            now_ms: stats.now_ms,
            running: stats.n_running,
            waiting: stats.n_waiting,
            running_max: stats.running_max,
            recent: last(2),
            last_day: last(DAY_HOURS),
            hours: hours.map(|span| Period::new(span.span, 1, [span])).collect(),
            days: days.into_iter().map(|(day, spans)| Period::new(day * DAY_HOURS, DAY_HOURS, spans)).collect(),
            skills: stats.calls.iter().map(SkillBody::from).collect(),
        }
    }
}

impl<'a> From<&'a PerformanceSum> for SkillBody<'a> {
    fn from(sum: &'a PerformanceSum) -> SkillBody<'a> {
        SkillBody {
            skill: &sum.skill,
            strategy: &sum.strategy,
            calls: sum.n_calls,
            ok: sum.n_ok,
            wall_us_mean: sum.wall_us.checked_div(sum.n_calls).unwrap_or(0),
            fuel_mean: sum.fuel.checked_div(sum.n_calls).unwrap_or(0),
        }
    }
}

pub(super) async fn stats(
    State(state): Shared,
    Caller(principal): Caller,
    query: Result<Query<StatsQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    let Query(query) = query?;
    let within = |key: &str, asked: Option<u64>, default: u64, max: u64| match asked.unwrap_or(default) {
        number if (1..=max).contains(&number) => Ok(number),
        number => Err(HttpError::malformed(format!("`{key}` is {number}, not 1 to {max}"))),
    };
    let n_hours = within("hours", query.hours, DAY_HOURS, DAYS_MAX * DAY_HOURS)?;
    let n_days = within("days", query.days, 7, DAYS_MAX)?;
    let looked_back = n_hours.max(n_days * DAY_HOURS).max(DAY_HOURS);
    let stats = state.orchestrator.stats(&principal, looked_back).await?;
    Ok(wire::json(StatusCode::OK, &StatsBody::new(&stats, n_hours, n_days)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorsQuery {
    skill: Option<String>,
    kind: Option<String>,
}

#[derive(Serialize)]
struct ErrorList<'a> {
    errors: Vec<GroupBody<'a>>,
}

#[derive(Serialize)]
struct GroupBody<'a> {
    id: Box<str>,
    kind: &'a str,
    skill: &'a str,
    /// The message without numbers and quotations.
    shape: &'a str,
    count: u64,
    first_ms: u64,
    last_ms: u64,
    /// How many principals met it.
    users: usize,
    example: ExampleBody<'a>,
}

/// The last of a group.
#[derive(Serialize)]
struct ExampleBody<'a> {
    owner: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> GroupBody<'a> {
    fn new(group: &'a FailureGroup) -> GroupBody<'a> {
        GroupBody {
            id: group.id(),
            kind: &group.kind,
            skill: &group.skill,
            shape: &group.shape,
            count: group.count,
            first_ms: group.first_ms,
            last_ms: group.last_ms,
            users: 1,
            example: ExampleBody {
                owner: &group.owner,
                task: group.task.map(|task| task.to_string()),
                message: &group.message,
                hint: group.hint.as_deref(),
            },
        }
    }
}

/// The same failures of several principals are one group. `groups` come with the one seen last first.
fn together(groups: &[FailureGroup]) -> Vec<GroupBody<'_>> {
    let mut bodies: Vec<GroupBody<'_>> = Vec::new();
    let mut places: BTreeMap<Box<str>, usize> = BTreeMap::new();
    for group in groups {
        let place = *places.entry(group.id()).or_insert(bodies.len());
        match bodies.get_mut(place) {
            Some(body) => {
                body.count = body.count.saturating_add(group.count);
                body.first_ms = body.first_ms.min(group.first_ms);
                body.users += 1;
            }
            None => bodies.push(GroupBody::new(group)),
        }
    }
    bodies
}

pub(super) async fn errors(
    State(state): Shared,
    Caller(principal): Caller,
    query: Result<Query<ErrorsQuery>, QueryRejection>,
) -> Result<Response, HttpError> {
    let Query(ErrorsQuery { skill, kind }) = query?;
    let groups = state.orchestrator.failures(&principal).await?;
    let mut errors = together(&groups);
    // A kind without its limit names all of them.
    let is_kind = |known: &str, wanted: &str| known == wanted || known.split(':').next() == Some(wanted);
    errors.retain(|one| {
        skill.as_deref().is_none_or(|skill| skill == one.skill)
            && kind.as_deref().is_none_or(|kind| is_kind(one.kind, kind))
    });
    Ok(wire::json(StatusCode::OK, &ErrorList { errors }))
}
