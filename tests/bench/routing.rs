//! `bench routing [--data DIR] [--only PART,…]`: how often requests in plain words reach the right skill, and how fast.

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

/// What can be measured alone.
type Part = fn(&mut Report, &Data, &Cached) -> anyhow::Result<()>;
const PARTS: [(&str, Part); 6] = [
    ("tools", tools::run),
    ("functions", exact::run),
    ("intents", intents::run),
    ("several", calls::several),
    ("args", calls::arguments),
    ("speed", speed::run),
];
const USAGE: &str = "`bench routing [--data DIR] [--only tools,functions,intents,several,args,speed]`";

/// Runs the benchmark, or parts of it.
///
/// # Errors
/// If the data cannot be read, or the model cannot be run.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let mut folder = happyos_tests::repo().join("tests/data/routing");
    let mut only: Vec<&str> = Vec::new();
    for option in args.chunks(2) {
        match option {
            ["--data", given] => folder = PathBuf::from(given),
            ["--only", names] => only.extend(names.split(',')),
            other => anyhow::bail!("Failed to understand `{}`: {USAGE}", other.join(" ")),
        }
    }
    if let Some(unknown) = only.iter().find(|name| PARTS.iter().all(|(part, _)| part != *name)) {
        anyhow::bail!("Failed to find a part `{unknown}`: {USAGE}");
    }
    let data = Data::new(folder);
    let embed = Cached::open()?;
    let mut report = Report::new(
        "routing",
        "examples and requests are drawn from the same file and never the same row: rows are shuffled with a fixed seed, \
         the first of each tool are its examples, all others are asked",
    );
    for (name, part) in PARTS {
        if only.is_empty() || only.contains(&name) {
            part(&mut report, &data, &embed)?;
        }
    }
    if only.is_empty() {
        return report.finish();
    }
    report.show();
    Ok(())
}
