//! Benchmarks, and the bars they are held to.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::build;
use crate::run::{Result, repo, run, target};

/// All benchmarks.
pub const BENCHES: [&str; 11] = [
    "calls",
    "mcp",
    "scale",
    "fair",
    "reload",
    "routing",
    "orchestrate",
    "answers",
    "agents",
    "plans",
    "self-building",
];
/// What else writes down figures, and the command that does.
const OTHERS: [(&str, &str); 3] =
    [("abuse", "abuse"), ("crash-bundles", "crash bundles"), ("crash-tasks", "crash tasks")];

pub fn bench(name: &str, options: &[&str]) -> Result<()> {
    build::programs()?;
    if !build::toolchain(true)? {
        return Err(
            "Failed to measure: the benchmarks call skills written in Rust, and there is no toolchain for them".into(),
        );
    }
    build::skills(true)?;
    run(Command::new(target().join("release/bench")).current_dir(repo()).arg(name).args(options))
}

struct Bar {
    name: String,
    key: String,
    value: f64,
    bar: f64,
    met: bool,
}

/// Prints every bar of the benchmarks that were run, those not met first.
pub fn bars() -> Result<()> {
    let folder = target().join("bench");
    let mut bars = Vec::new();
    let benches = BENCHES.map(|name| (name, format!("bench {name}")));
    let others = OTHERS.map(|(name, command)| (name, command.to_owned()));
    for (name, command) in benches.into_iter().chain(others) {
        let path = folder.join(format!("{name}.json"));
        let Ok(text) = fs::read_to_string(&path) else {
            eprintln!("note: `{name}` was not run: `cargo xtask {command}`");
            continue;
        };
        let wrong = |what: &str| format!("Failed to read `{}`: {what}", path.display());
        let file: Value = serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
        for bar in file.get("bars").and_then(Value::as_array).ok_or_else(|| wrong("it has no bars"))? {
            let number = |key: &str| bar.get(key).and_then(Value::as_f64).ok_or_else(|| wrong("a bar has no figures"));
            bars.push(Bar {
                name: name.to_owned(),
                key: bar.get("key").and_then(Value::as_str).unwrap_or_default().to_owned(),
                value: number("value")?,
                bar: number("bar")?,
                met: bar.get("met").and_then(Value::as_bool).unwrap_or(false),
            });
        }
    }
    if bars.is_empty() {
        return Err("Failed to find a bar: run `cargo xtask bench all` first".into());
    }
    bars.sort_by_key(|bar| bar.met);
    println!("{:<6} {:<13} {:<26} {:>12} {:>12}", "", "bench", "key", "value", "bar");
    for bar in &bars {
        let met = if bar.met { "met" } else { "SHORT" };
        println!("{met:<6} {:<13} {:<26} {:>12.3} {:>12.3}", bar.name, bar.key, bar.value, bar.bar);
    }
    Ok(())
}
