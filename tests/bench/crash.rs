//! `bench crash-bundles|crash-tasks [--kills N] [--seed N]`: what a daemon that was killed at random moments finds when it
//! starts again.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use happyos_tests::{crash, crash_tasks};

use crate::report::Report;

const BUNDLES_KILLS: usize = 300;
const TASKS_KILLS: usize = 500;

/// How often to kill, and what makes the choices.
fn options(args: &[&str], kills: usize) -> anyhow::Result<(usize, u64)> {
    let (mut kills, mut seed) = (kills, std::process::id().into());
    let mut rest = args;
    while let [key, value, more @ ..] = rest {
        match *key {
            "--kills" => kills = value.parse().context("`--kills` takes a number")?,
            "--seed" => seed = value.parse().context("`--seed` takes a number")?,
            other => anyhow::bail!("Failed to understand `{other}`: `--kills N` and `--seed N` are known"),
        }
        rest = more;
    }
    ensure!(rest.is_empty(), "Failed to understand `{}`: `--kills N` and `--seed N` are known", rest.join(" "));
    println!("seed {seed}");
    Ok((kills, seed))
}

/// Kills it while bundles come and go.
///
/// # Errors
/// If something was not as it must be after a start.
pub fn bundles(args: &[&str]) -> anyhow::Result<()> {
    let (kills, seed) = options(args, BUNDLES_KILLS)?;
    let mut report = Report::new(
        "crash-bundles",
        "a daemon killed (SIGKILL) at random moments, one in five while it starts, of versions written into the folder, \
         installs, approvals, grants, rollbacks and writes of state; after each start: the store opens, one version of \
         each bundle is active and answers, it was offered and approved, acknowledged writes are there, and the audit \
         log is whole",
    );
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let found = runtime.block_on(crash::bundles(kills, seed))?;
    for wrong in found.invalid.iter().chain(&found.lost) {
        println!("WRONG: {wrong}");
    }
    report.add("kills", found.kills as f64, "kills", format!("seed {seed}"));
    report.add("invalid", found.invalid.len() as f64, "starts", "something was not as it must be");
    report.add("lost", found.lost.len() as f64, "writes", "acknowledged, and gone");
    report.add("operations", found.operations as f64, "", "installs, approvals, grants and rollbacks acknowledged");
    report.add("writes", found.writes as f64, "", "writes of state acknowledged");
    report.add("took_s", began.elapsed().as_secs_f64(), "s", "");
    report.finish()?;
    ensure!(found.invalid.is_empty() && found.lost.is_empty(), "the daemon did not find what it must");
    Ok(())
}

/// Kills it while requests are worked on.
///
/// # Errors
/// If a request was lost, or run twice that must not be.
pub fn tasks(args: &[&str]) -> anyhow::Result<()> {
    let (kills, seed) = options(args, TASKS_KILLS)?;
    let mut report = Report::new(
        "crash-tasks",
        "a daemon killed (SIGKILL) at random moments, one in five while it starts, of four clients that ask for a skill \
         that may be run again, for one that may not, and for plans of four such steps, one of which waits for approval; \
         every accepted request comes to exactly one end, what was done is not done again, and what may not be run again \
         and may have run is asked about",
    );
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let found = runtime.block_on(crash_tasks::tasks(kills, seed))?;
    for wrong in found.lost.iter().chain(&found.twice) {
        println!("WRONG: {wrong}");
    }
    report.add("kills", found.kills as f64, "kills", format!("seed {seed}"));
    report.add("accepted", found.accepted as f64, "requests", "accepted, and looked at event by event");
    report.add("lost", found.lost.len() as f64, "requests", "gone, or without exactly one end");
    report.add("twice", found.twice.len() as f64, "requests", "run twice that must not be");
    report.add("interrupted", found.interrupted as f64, "requests", "asked about: the step may have run");
    report.add("took_s", began.elapsed().as_secs_f64(), "s", "");
    report.finish()?;
    ensure!(found.lost.is_empty() && found.twice.is_empty(), "requests were lost or run twice");
    Ok(())
}
