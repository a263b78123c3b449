//! `bench crash-bundles [--kills N] [--seed N]`: what a daemon that was killed at random moments finds when it starts
//! again.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use happyos_tests::crash;

use crate::report::Report;

const KILLS: usize = 300;

/// Runs it.
///
/// # Errors
/// If something was not as it must be after a start.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let (mut kills, mut seed) = (KILLS, std::process::id().into());
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
    let mut report = Report::new(
        "crash-bundles",
        "a daemon killed (SIGKILL) at random moments, one in five while it starts, of versions written into the folder, \
         installs, approvals, grants, rollbacks and writes of state; after each start: the store opens, one version of \
         each bundle is active and answers, it was offered and approved, acknowledged writes are there, and the audit \
         log is whole",
    );
    println!("seed {seed}");
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
