//! `cargo xtask up`: from a clean clone to a running daemon and a first answer.

use std::os::unix::process::CommandExt as _;
use std::time::Instant;

use crate::build::{self, happyos_command, skills_dir};
use crate::run::{Result, run, shown};

/// First calls, best first: the bundle's file, the skill and its input.
const FIRST_CALLS: [(&str, &str, &str); 3] = [
    ("text-stats.wasm", "text-stats", r#"{"text": "The quick brown fox jumps over the lazy dog. It barks!"}"#),
    ("text-case.js", "slug", r#"{"text": "Räksmörgås på Österlen"}"#),
    ("echo.wasm", "echo", r#"{"message": "Hello"}"#),
];

const N_STEPS: usize = 6;

pub fn up(options: &[&str]) -> Result<()> {
    let (mut once, mut yes) = (false, false);
    for option in options {
        match *option {
            "--once" => once = true,
            "--yes" | "-y" => yes = true,
            other => {
                return Err(format!("Failed to understand `{other}`: `cargo xtask up` takes `--once` and `--yes`"));
            }
        }
    }
    let started = Instant::now();
    step(1, "building the daemon (minutes the first time)");
    build::programs()?;
    step(2, "finding a toolchain that builds for WebAssembly");
    let with_crates = build::toolchain(yes)?;
    step(3, "building the skills");
    if !with_crates {
        eprintln!("      without a toolchain the skills written in Rust are left out; those in JavaScript work");
    }
    if !build::skills(with_crates)? {
        eprintln!("      up to date");
    }
    step(4, "installing the model that compares requests by their meaning (91 MB, once)");
    if run(&mut happyos_command(&["model", "pull"])).is_err() {
        eprintln!("      without it requests are compared by their words alone; `happyos model pull` tries again");
    }
    step(5, "starting the daemon");
    let first = FIRST_CALLS.iter().find(|(file, ..)| skills_dir().join(file).is_file());
    let Some((_, skill, input)) = first else {
        return Err(format!("Failed to find a skill to call in `{}`", skills_dir().display()));
    };
    let mut command = happyos_command(&["up", if once { "--once" } else { "--first" }, skill, input]);
    step(6, &format!("making a first call, {:.1} s after the start", started.elapsed().as_secs_f64()));
    // The daemon takes this process's place: signals reach it, and its exit code is the last word.
    let error = command.exec();
    Err(format!("Failed to run `{}`: {error}", shown(&command)))
}

fn step(number: usize, what: &str) {
    eprintln!("[{number}/{N_STEPS}] {what}");
}
