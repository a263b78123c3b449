//! Checks: tests, format and lints, and rebuilding the script interpreter.

use std::path::Path;
use std::process::Command;

use crate::build;
use crate::run::{Result, cargo, on_path, repo, run, target};

pub fn test(options: &[&str]) -> Result<()> {
    eprintln!("[1/4] building the programs");
    build::programs()?;
    eprintln!("[2/4] building the skills");
    if !build::toolchain(true)? {
        return Err("Failed to test: the tests call skills written in Rust, and there is no toolchain for them".into());
    }
    if !build::skills(true)? {
        eprintln!("      up to date");
    }
    eprintln!("[3/4] building guests in other languages");
    for (language, programs) in [("js", &["node", "npm"][..]), ("python", &["python3"])] {
        guests(language, programs)?;
    }
    eprintln!("[4/4] running the tests");
    let nextest = on_path("cargo-nextest");
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test"] };
    run(cargo().args(runner).args(["--release", "--workspace"]).args(options))
}

/// Builds the guests in one language by the script beside them.
fn guests(language: &str, programs: &[&str]) -> Result<()> {
    let script = repo().join("tests/guests").join(language).join("build.sh");
    if !script.is_file() {
        return Ok(());
    }
    if let Some(missing) = programs.iter().find(|program| !on_path(program)) {
        eprintln!("warning: `{missing}` is not installed: the tests of guests in {language} cannot run here");
        return Ok(());
    }
    run(Command::new("sh").current_dir(repo()).arg(script).arg(target().join("happyos/guests")))
}

pub fn lint() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

pub fn interpreter() -> Result<()> {
    run(Command::new("sh").current_dir(repo()).arg(Path::new("skills-sdk/js/build.sh")))
}
