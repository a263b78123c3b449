//! `happyos stats` and `errors`: how requests went, and what failed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::fault::Fault;
use super::{Context, args, output};

/// What `/v1/stats` answers, as far as people read it.
#[derive(Debug, Default, Deserialize)]
pub struct Stats {
    pub now_ms: u64,
    pub running: u64,
    pub waiting: u64,
    pub running_max: u64,
    pub recent: Period,
    pub last_day: Period,
    pub hours: Vec<Period>,
    pub days: Vec<Period>,
    pub skills: Vec<SkillCalls>,
}

/// How the requests of a time went.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Period {
    pub from_ms: u64,
    pub ended: u64,
    pub completed: u64,
    pub failed: u64,
    pub rejected: u64,
    pub asked: u64,
    pub success: Option<f64>,
    pub abstention: Option<f64>,
    pub p50_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub fuel_per_answer: Option<u64>,
    pub memory_bytes_per_answer: Option<u64>,
    pub memory_bytes_max: u64,
    pub strategies: BTreeMap<String, u64>,
}

/// How the calls of a skill under one strategy went.
#[derive(Debug, Clone, Deserialize)]
pub struct SkillCalls {
    pub skill: String,
    pub strategy: String,
    pub calls: u64,
    pub ok: u64,
    pub wall_us_mean: u64,
    pub fuel_mean: u64,
}

/// What `/v1/errors` answers.
#[derive(Debug, Default, Deserialize)]
pub struct Errors {
    pub errors: Vec<Group>,
}

/// Failures that are alike.
#[derive(Debug, Clone, Deserialize)]
pub struct Group {
    pub kind: String,
    pub skill: String,
    pub count: u64,
    pub first_ms: u64,
    pub last_ms: u64,
    pub users: u64,
    pub example: Example,
}

/// The last of a group.
#[derive(Debug, Clone, Deserialize)]
pub struct Example {
    #[serde(default)]
    pub task: Option<String>,
    pub message: String,
    #[serde(default)]
    pub hint: Option<String>,
}

pub fn stats(context: &Context, asked: &args::Stats) -> Result<(), Fault> {
    let path = format!("/v1/stats?hours={}&days={}", asked.hours, asked.days);
    context.with_any(async |client| {
        let reply = client.send(hyper::Method::GET, &path, None).await?;
        let stats: Stats = reply.json("read how requests went")?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        output::print(&summary(&stats))?;
        if stats.days.is_empty() {
            return Ok(());
        }
        for (unit, periods) in [("hour", &stats.hours), ("day", &stats.days)] {
            output::print("\n")?;
            let header = [unit, "ended", "answered", "refused", "asked", "p50", "p99", "fuel/answer", "memory/answer"];
            let mut table = output::table(&header);
            periods.iter().for_each(|period| {
                table.add_row(row(unit, period));
            });
            output::print_table(&table)?;
        }
        if !stats.skills.is_empty() {
            output::print("\n")?;
            let mut table = output::table(&["skill", "strategy", "calls", "answered", "time", "fuel"]);
            for one in &stats.skills {
                table.add_row([
                    one.skill.clone(),
                    one.strategy.clone(),
                    output::count(one.calls),
                    share(Some(one.ok as f64 / one.calls.max(1) as f64)),
                    span(Some(one.wall_us_mean)),
                    output::count(one.fuel_mean),
                ]);
            }
            output::print_table(&table)?;
        }
        Ok(())
    })
}

fn summary(stats: &Stats) -> String {
    let Stats { running, waiting, running_max, last_day, .. } = stats;
    let mut text = format!("requests  {running} running of {running_max}, {waiting} waiting\n");
    if last_day.ended + last_day.asked == 0 {
        text.push_str("last day  none\n");
        return text;
    }
    text.push_str(&format!(
        "last day  {} ended: {} answered, {} failed, {} refused; {} questions\n",
        output::count(last_day.ended),
        output::count(last_day.completed),
        output::count(last_day.failed),
        output::count(last_day.rejected),
        output::count(last_day.asked),
    ));
    let strategies: Vec<_> =
        last_day.strategies.iter().map(|(name, count)| format!("{name} {}", output::count(*count))).collect();
    text.push_str(&format!("by        {}\n", strategies.join(", ")));
    text.push_str(&format!("time      p50 {}, p99 {}\n", span(last_day.p50_us), span(last_day.p99_us)));
    text.push_str(&format!("memory    {} at most\n", output::bytes(last_day.memory_bytes_max)));
    text
}

fn row(unit: &str, period: &Period) -> Vec<String> {
    let mut from = output::moment(period.from_ms);
    from.truncate(if unit == "hour" { 16 } else { 10 });
    vec![
        from,
        output::count(period.ended),
        share(period.success),
        share(period.abstention),
        output::count(period.asked),
        span(period.p50_us),
        span(period.p99_us),
        period.fuel_per_answer.map_or("-".into(), output::count),
        period.memory_bytes_per_answer.map_or("-".into(), output::bytes),
    ]
}

/// A share in percent.
pub fn share(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{:.1} %", share * 100.0))
}

/// A time in microseconds.
pub fn span(us: Option<u64>) -> String {
    us.map_or("-".into(), |us| output::duration(Duration::from_micros(us)))
}

pub fn errors(context: &Context, asked: &args::Errors) -> Result<(), Fault> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in [("skill", &asked.skill), ("kind", &asked.kind)] {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    let path = format!("/v1/errors?{}", query.finish());
    context.with_any(async |client| {
        let reply = client.send(hyper::Method::GET, &path, None).await?;
        let list: Errors = reply.json("read what failed")?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        let mut text = String::new();
        for Group { kind, skill, count, first_ms, last_ms, users, example } in &list.errors {
            let by = if skill.is_empty() { String::new() } else { format!(" in `{skill}`") };
            let users = if *users > 1 { format!(", {users} users") } else { String::new() };
            text.push_str(&format!("{kind}{by}: {} times{users}\n", output::count(*count)));
            text.push_str(&format!(
                "  first   {}\n  last    {}\n",
                output::moment(*first_ms),
                output::moment(*last_ms)
            ));
            text.push_str(&format!("  example {}\n", output::first_line(&example.message, 160)));
            if let Some(hint) = &example.hint {
                text.push_str(&format!("  hint    {}\n", output::first_line(hint, 160)));
            }
            if let Some(task) = &example.task {
                text.push_str(&format!("  trace   happyos trace {task}\n"));
            }
        }
        if list.errors.is_empty() {
            text.push_str("nothing has failed\n");
        }
        output::print(&text)
    })
}
