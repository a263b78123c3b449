//! `cargo xtask`: sets up, builds, runs, tests and measures the project.

mod bars;
mod build;
mod run;
mod test;
mod up;

use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  up [--once] [--yes]   set up and build everything, start the daemon, make a first call, serve until Ctrl-C
                        --once: stop after the first call; --yes: do not ask before system packages are installed
  test [ARGS…]          every test; ARGS go to cargo nextest, or to cargo test where nextest is not installed
  lint                  format and lint checks
  bench NAME|all        a benchmark: calls, mcp, scale, fair, reload, routing, orchestrate, answers, agents, plans; `bench reload --swaps N` for a short
                        run, `bench routing|answers|plans --data PATH` for other data, `bench routing --only PART,…` for parts of it
  loop                  how a missing skill gets built: a refused request, its gap, the rounds, the answer; with files, a
                        scripted model, and installed skills alone
  abuse [--only NAME]   everything hostile tried on a running daemon, as a table
  crash bundles|tasks [--kills N]
                        kills the daemon at random moments and looks at what it finds when it starts again
  bars                  every bar of the benchmarks that were run, those not met first
  interpreter           rebuild the script interpreter (takes Node.js)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["up", options @ ..] => up::up(options),
        ["test", options @ ..] => test::test(options),
        ["lint"] => test::lint(),
        ["bench", "all"] => bars::BENCHES.iter().try_for_each(|name| bars::bench(name, &[])),
        ["bench", name, options @ ..] if bars::BENCHES.contains(name) => bars::bench(name, options),
        ["loop"] => bars::bench("loop", &[]),
        ["abuse", options @ ..] => bars::bench("abuse", options),
        ["crash", "bundles", options @ ..] => bars::bench("crash-bundles", options),
        ["crash", "tasks", options @ ..] => bars::bench("crash-tasks", options),
        ["bars"] => bars::bars(),
        ["interpreter"] => test::interpreter(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        other => {
            eprintln!("error: Failed to understand `{}`\n\n{HELP}", other.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
