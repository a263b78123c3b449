//! What a client of MCP waits for, and how many calls a second it gets: over stdio and over HTTP.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use happyos_tests::process::Running;
use happyos_tests::{Home, happyos_binary};

use crate::calls::echo_skill;
use crate::client::Found;
use crate::report::Report;

/// Runs the benchmark.
///
/// # Errors
/// If a client fails.
pub fn run() -> anyhow::Result<()> {
    let mut report = Report::new(
        "mcp",
        "the shipped echo skill, JSON in and out, default limits, a client in a process of its own on the same cores: \
         one call after another, and calls a second with 64 in flight. `stdio`: `happyos mcp` beside a running daemon, \
         as a user has it; `embedded`: the same without a daemon; `http`: /mcp; `rest`: /v1/skills/echo/call",
    );
    let home = Home::new();
    home.configure("");
    let echo = home.install("echo.wasm", std::fs::read(echo_skill())?);
    println!("the echo skill has {} bytes\n", std::fs::metadata(echo)?.len());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;

    let stdio = || {
        let (program, config) = (happyos_binary(), home.config_file());
        client(&["stdio", &program.to_string_lossy(), "mcp", "--quiet", "--config", &config.to_string_lossy()])
    };
    add(&mut report, "embedded", &stdio()?);
    let daemon = runtime.block_on(Running::start(&home));
    add(&mut report, "stdio", &stdio()?);
    let address = runtime.block_on(address(&home))?;
    let token = std::fs::read_to_string(home.config.data_dir.join("first-token"))?;
    for (name, kind) in [("http", "mcp"), ("rest", "v1")] {
        add(&mut report, name, &client(&["http", kind, &address, token.trim()])?);
    }
    drop(daemon);
    report.finish()
}

/// Where the daemon listens, as it says itself.
async fn address(home: &Home) -> anyhow::Result<String> {
    let mut client = happyos_tests::http::Client::unix(&home.socket()).await?;
    let status = client.get("/v1/status").await?.json();
    let found = find_address(&status).with_context(|| format!("no address in {status}"))?;
    Ok(found)
}

fn find_address(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => {
            let bare = text.trim_start_matches("http://").trim_end_matches('/');
            bare.parse::<std::net::SocketAddr>().ok().map(|address| address.to_string())
        }
        serde_json::Value::Object(members) => members.values().find_map(find_address),
        serde_json::Value::Array(items) => items.iter().find_map(find_address),
        _ => None,
    }
}

fn client(args: &[&str]) -> anyhow::Result<Found> {
    let output =
        Command::new(std::env::current_exe()?).arg("mcp-client").args(args).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the client ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("the client's figures")
}

fn add(report: &mut Report, name: &str, found: &Found) {
    report.add(format!("{name}_p50_us"), found.p50_us, "µs", "one after another");
    report.add(format!("{name}_p99_us"), found.p99_us, "µs", "");
    report.add(format!("{name}_calls_per_s"), found.calls_per_s, "calls/s", "64 in flight");
}
