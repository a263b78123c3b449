//! What the records of a running daemon say of four common troubles: slow responses, failed requests, memory, failing
//! skills; each in words, with the next thing to do.

use std::collections::BTreeMap;

use serde_json::Value;

use super::client::Client;
use super::fault::Fault;
use super::output;
use super::records::{Errors, Group, Period, Stats, share, span};

/// Fewest requests, or calls of a skill, that something is said of.
const COUNT_MIN: u64 = 5;
/// Half of the requests should not take longer than this, and a hundredth not longer than that, in microseconds.
const P50_US_MAX: u64 = 500_000;
const P99_US_MAX: u64 = 5_000_000;
/// More of the requests that were tried should not fail.
const FAILED_MAX: f64 = 0.1;
/// Fewer of a skill's calls should not succeed.
const OK_MIN: f64 = 0.8;
/// A larger part of the memory should not be promised.
const PROMISED_MAX: f64 = 0.9;
/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// What is to be said of one of the troubles.
#[derive(Debug, PartialEq)]
pub struct Diagnosis {
    /// Which of them.
    pub what: &'static str,
    /// What is wrong; or else that nothing is.
    pub wrong: bool,
    /// In words.
    pub message: String,
    /// The next thing to do, where something is wrong.
    pub hint: Option<String>,
}

impl Diagnosis {
    fn fine(what: &'static str, message: impl Into<String>) -> Diagnosis {
        Diagnosis { what, wrong: false, message: message.into(), hint: None }
    }

    fn wrong(what: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Diagnosis {
        Diagnosis { what, wrong: true, message: message.into(), hint: Some(hint.into()) }
    }
}

/// What the daemon's records say now.
pub async fn of(client: &Client) -> Result<Vec<Diagnosis>, Fault> {
    let stats: Stats = client.get("/v1/stats", "read how requests went").await?;
    let errors: Errors = client.get("/v1/errors", "read what failed").await?;
    let status: Value = client.get("/v1/status", "read the daemon's status").await?;
    let number = |name: &str| status.pointer(&format!("/components/runtime/{name}")).and_then(Value::as_u64);
    let runtime = Runtime {
        promised_bytes: number("memory_promised_bytes").unwrap_or(0),
        bytes_max: number("memory_bytes_max").unwrap_or(0),
        n_queued: number("calls_queued").unwrap_or(0),
    };
    Ok(diagnose(&stats, &errors, &runtime))
}

/// What the sandbox is busy with.
struct Runtime {
    promised_bytes: u64,
    bytes_max: u64,
    n_queued: u64,
}

fn diagnose(stats: &Stats, errors: &Errors, runtime: &Runtime) -> Vec<Diagnosis> {
    let today = |group: &&Group| group.last_ms.saturating_add(DAY_MS) > stats.now_ms;
    let mut lately: Vec<&Group> = errors.errors.iter().filter(today).collect();
    lately.sort_by_key(|group| std::cmp::Reverse(group.count));
    vec![slow(stats), failed(stats, &lately), memory(&lately, runtime), skills(stats)]
}

fn slow(stats: &Stats) -> Diagnosis {
    const WHAT: &str = "response times";
    if stats.waiting > 0 && stats.running >= stats.running_max {
        let Stats { waiting, running, .. } = stats;
        return Diagnosis::wrong(
            WHAT,
            format!("{waiting} requests wait, since {running} run, which is all that may"),
            "raise `max_concurrent_tasks` in happyos.toml; `happyos task list --state working` shows what runs",
        );
    }
    // What is so now counts, and not what has passed; where there is little now, the day.
    let enough = |period: &Period| period.ended + period.asked >= COUNT_MIN;
    let (period, when) = match enough(&stats.recent) {
        true => (&stats.recent, "last hours'"),
        false => (&stats.last_day, "last day's"),
    };
    let (Some(p50), Some(p99)) = (period.p50_us, period.p99_us) else {
        return Diagnosis::fine(WHAT, "no requests in the last day");
    };
    let message = format!("half of the {when} requests took at most {}, 99 % {}", span(Some(p50)), span(Some(p99)));
    if !enough(period) || p50 <= P50_US_MAX && p99 <= P99_US_MAX {
        return Diagnosis::fine(WHAT, message);
    }
    let slowest = stats.skills.iter().max_by_key(|one| one.wall_us_mean);
    match slowest.filter(|slowest| slowest.wall_us_mean >= P50_US_MAX.min(p50 / 2)) {
        Some(one) => Diagnosis::wrong(
            WHAT,
            format!("{message}; slowest is `{}` with {} a call", one.skill, span(Some(one.wall_us_mean))),
            format!(
                "`happyos skill logs {0}` shows what it does, and a tighter `limits.wall_ms` for it in policy.toml stops it \
                 sooner",
                one.skill
            ),
        ),
        None => Diagnosis::wrong(
            WHAT,
            format!("{message}, and the skills were not what took it"),
            "`happyos trace last` shows where the time goes; start the daemon with `HAPPYOS_LOG=debug` to time each part",
        ),
    }
}

fn failed(stats: &Stats, lately: &[&Group]) -> Diagnosis {
    const WHAT: &str = "requests";
    let day = &stats.last_day;
    let tried = day.completed + day.failed;
    if tried == 0 {
        return Diagnosis::fine(WHAT, "none was tried in the last day");
    }
    let message =
        format!("{} of {} that were tried in the last day failed", output::count(day.failed), output::count(tried));
    if tried < COUNT_MIN || day.failed as f64 / tried as f64 <= FAILED_MAX {
        return Diagnosis::fine(WHAT, message);
    }
    match lately.first() {
        None => Diagnosis::wrong(WHAT, message, "`happyos task list --state failed` shows which"),
        Some(most) => {
            let within = if most.skill.is_empty() { String::new() } else { format!(" in `{}`", most.skill) };
            let example = output::first_line(&most.example.message, 80);
            let next = most.example.hint.as_deref().map(|hint| format!("{hint}; ")).unwrap_or_default();
            Diagnosis::wrong(
                WHAT,
                format!("{message}, most often by {}{within}: {example}", most.kind),
                format!("{next}`happyos errors` shows all that failed, with the trace of an example"),
            )
        }
    }
}

fn memory(lately: &[&Group], runtime: &Runtime) -> Diagnosis {
    const WHAT: &str = "memory of calls";
    let part = runtime.promised_bytes as f64 / runtime.bytes_max.max(1) as f64;
    let (promised, max) = (output::bytes(runtime.promised_bytes), output::bytes(runtime.bytes_max));
    let message = format!("{promised} of {max} are promised to calls");
    if part > PROMISED_MAX || runtime.n_queued > 0 && part > 0.5 {
        return Diagnosis::wrong(
            WHAT,
            format!("{message}, and {} calls wait", runtime.n_queued),
            "raise `admission.memory_bytes_max`, or lower `limits.memory_bytes`, in happyos.toml",
        );
    }
    match lately.iter().find(|group| group.kind == "limit-exceeded: memory") {
        Some(group) => Diagnosis::wrong(
            WHAT,
            format!("`{}` reached its memory limit {} times", group.skill, output::count(group.count)),
            format!(
                "give it less to do at once, or raise `memory_bytes` in the table of `{}` in policy.toml",
                group.skill
            ),
        ),
        None => Diagnosis::fine(WHAT, message),
    }
}

fn skills(stats: &Stats) -> Diagnosis {
    const WHAT: &str = "skills in use";
    let mut by_skill: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for one in &stats.skills {
        let (calls, ok) = by_skill.entry(&one.skill).or_default();
        *calls += one.calls;
        *ok += one.ok;
    }
    let rate = |calls: u64, ok: u64| ok as f64 / calls.max(1) as f64;
    let mut failing: Vec<_> = by_skill
        .iter()
        .filter(|(_, (calls, ok))| *calls >= COUNT_MIN && rate(*calls, *ok) < OK_MIN)
        .map(|(skill, (calls, ok))| (*skill, *calls, rate(*calls, *ok)))
        .collect();
    failing.sort_by(|a, b| a.2.total_cmp(&b.2));
    let Some((worst, ..)) = failing.first() else {
        let message = match by_skill.len() {
            0 => "no request called one in the last day".to_owned(),
            n_skills => format!("{n_skills} were called for requests in the last day, and none often failed"),
        };
        return Diagnosis::fine(WHAT, message);
    };
    let named: Vec<String> = failing
        .iter()
        .take(3)
        .map(|(skill, calls, ok)| format!("`{skill}` gave an answer in {} of {calls} calls", share(Some(*ok))))
        .collect();
    let more = failing.len().saturating_sub(3);
    let more = if more > 0 { format!(", and {more} more fail often") } else { String::new() };
    Diagnosis::wrong(
        WHAT,
        format!("{}{more}", named.join(", ")),
        format!(
            "`happyos errors --skill {worst}` says why, `happyos skill logs {worst}` what it wrote; `happyos skill rollback \
             {worst}` returns to the version before"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::records::{Example, SkillCalls};
    use super::*;

    const IDLE: Runtime = Runtime { promised_bytes: 0, bytes_max: 1 << 30, n_queued: 0 };

    fn calls(skill: &str, calls: u64, ok: u64, wall_us_mean: u64) -> SkillCalls {
        SkillCalls { skill: skill.into(), strategy: "direct".into(), calls, ok, wall_us_mean, fuel_mean: 1 }
    }

    fn wrong(stats: &Stats, errors: &Errors, runtime: &Runtime) -> Vec<(&'static str, String, String)> {
        let wrong = diagnose(stats, errors, runtime).into_iter().filter(|one| one.wrong);
        wrong.map(|one| (one.what, one.message, one.hint.unwrap_or_default())).collect()
    }

    #[test]
    fn each_of_the_four_troubles_is_named_with_what_to_do() {
        let day = |p50_us| Period {
            ended: 100,
            completed: 95,
            failed: 5,
            p50_us: Some(p50_us),
            p99_us: Some(p50_us * 2),
            ..Period::default()
        };
        let mut stats = Stats { now_ms: 2 * DAY_MS, running_max: 10, last_day: day(1_000), ..Stats::default() };
        stats.skills = vec![calls("units", 50, 50, 300)];
        assert_eq!(wrong(&stats, &Errors::default(), &IDLE), []);

        stats.last_day = day(900_000);
        stats.skills = vec![calls("units", 50, 50, 800_000)];
        let found = wrong(&stats, &Errors::default(), &IDLE);
        assert_eq!((found.len(), found[0].0), (1, "response times"), "{found:?}");
        assert!(found[0].1.contains("`units`") && found[0].2.contains("happyos skill logs units"), "{found:?}");

        stats.last_day = Period { completed: 60, failed: 40, ..day(1_000) };
        stats.skills = vec![calls("units", 50, 10, 300), calls("echo", 4, 0, 300)];
        let group = |kind: &str, last_ms| Group {
            kind: kind.into(),
            skill: "units".into(),
            count: 40,
            first_ms: 0,
            last_ms,
            users: 1,
            example: Example { task: None, message: "unreachable".into(), hint: None },
        };
        let errors = Errors { errors: vec![group("limit-exceeded: memory", 2 * DAY_MS)] };
        let found = wrong(&stats, &errors, &IDLE);
        let named: Vec<_> = found.iter().map(|(what, ..)| *what).collect();
        assert_eq!(named, ["requests", "memory of calls", "skills in use"], "{found:?}");
        assert!(found[0].1.contains("40 of 100") && found[0].1.contains("unreachable"), "{found:?}");
        assert!(found[2].1.contains("`units`") && !found[2].1.contains("echo"), "{found:?}");
        assert!(found.iter().all(|(.., hint)| hint.contains('`')), "{found:?}");

        // What was long ago, or is too little to say anything, is no trouble.
        let old = Errors { errors: vec![group("limit-exceeded: memory", 1)] };
        stats.last_day = Period { completed: 1, failed: 2, ended: 3, ..Period::default() };
        stats.skills.clear();
        assert_eq!(wrong(&stats, &old, &IDLE), []);
        let full = Runtime { promised_bytes: 990, bytes_max: 1_000, n_queued: 3 };
        assert_eq!(wrong(&stats, &old, &full).len(), 1);
    }
}
