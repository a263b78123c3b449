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
    eprintln!("[3/4] building the tests' guests");
    build::test_guests()?;
    let mut left_out = Vec::new();
    for (language, guest, programs) in [("js", "js-plain", &["node", "npm"][..]), ("python", "py-plain", &["python3"])]
    {
        if !guests(language, programs)? {
            left_out.push(guest);
        }
    }
    eprintln!("[4/4] running the tests");
    let nextest = on_path("cargo-nextest");
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test"] };
    // The tests fail on a guest that is missing without a word here.
    let mut tests = cargo();
    tests.env("HAPPYOS_GUESTS_LEFT_OUT", left_out.join(","));
    run(tests.args(runner).args(["--release", "--workspace"]).args(options))
}

/// Builds the guests in one language by the script beside them; `false` where their toolchain is not there.
fn guests(language: &str, programs: &[&str]) -> Result<bool> {
    let script = repo().join("tests/guests").join(language).join("build.sh");
    if let Some(missing) = programs.iter().find(|program| !on_path(program)) {
        eprintln!("warning: `{missing}` is not installed: the tests of guests in {language} cannot run here");
        return Ok(false);
    }
    run(Command::new("sh").current_dir(repo()).arg(script).arg(target().join("happyos/guests")))?;
    Ok(true)
}

pub fn lint() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

pub fn interpreter() -> Result<()> {
    run(Command::new("sh").current_dir(repo()).arg(Path::new("skills-sdk/js/build.sh")))
}
