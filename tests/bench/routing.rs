//! `bench routing [--data DIR]`: how often requests in plain words reach the right skill, and how fast.

mod calls;
mod data;
mod exact;
mod figures;
mod intents;
mod speed;
mod tools;
mod vectors;

use std::path::PathBuf;

use data::Data;
use vectors::Cached;

use crate::report::Report;

/// Runs the benchmark.
///
/// # Errors
/// If the data cannot be read, or the model cannot be run.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let folder = match args {
        [] => happyos_tests::repo().join("tests/data/routing"),
        ["--data", folder] => PathBuf::from(folder),
        other => anyhow::bail!("Failed to understand `{}`: `bench routing [--data DIR]`", other.join(" ")),
    };
    let data = Data::new(folder);
    let embed = Cached::open()?;
    let mut report = Report::new(
        "routing",
        "examples and requests are drawn from the same file and never the same row: rows are shuffled with a fixed seed, \
         the first of each tool are its examples, later ones are asked",
    );
    tools::run(&mut report, &data, &embed)?;
    exact::run(&mut report, &data, &embed)?;
    intents::run(&mut report, &data, &embed)?;
    calls::run(&mut report, &data, &embed)?;
    speed::run(&mut report, &data, &embed)?;
    report.finish()
}
