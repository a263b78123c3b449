//! The client of `bench mcp`, in a process of its own: as little work as a client can do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos_tests::http::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::samples::{Samples, median};

const WARM_UP: usize = 500;
const SEQUENTIAL: usize = 3_000;
const IN_FLIGHT: usize = 64;
const LENGTH: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const ARGUMENTS: &str = r#"{"message":"Hello, how much does a call cost?"}"#;

/// What a client found.
#[derive(Serialize, Deserialize)]
pub struct Found {
    /// One call after another.
    pub p50_us: f64,
    /// The same.
    pub p99_us: f64,
    /// With 64 in flight.
    pub calls_per_s: f64,
}

/// Runs a client and prints what it found.
///
/// # Errors
/// If a call fails.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let found = match args {
        ["stdio", program, rest @ ..] => stdio(program, rest)?,
        ["http", kind, address, token] => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(http(*kind == "mcp", address.parse()?, token))?
        }
        other => anyhow::bail!("no such client: {other:?}"),
    };
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}

fn call_line(id: usize) -> String {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\"arguments\":{ARGUMENTS}}}}}"
    )
}

fn hello() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "0"}}})
}

const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// An answer must be one, and not an error.
fn check(text: &str) -> anyhow::Result<()> {
    ensure!(text.contains("how much does a call cost"), "not the answer: {text}");
    ensure!(!text.contains("\"isError\":true") && !text.contains("\"error\""), "an error: {text}");
    Ok(())
}

fn stdio(program: &str, args: &[&str]) -> anyhow::Result<Found> {
    let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut to = child.stdin.take().context("no input")?;
    let mut from = BufReader::new(child.stdout.take().context("no output")?);
    let mut line = String::new();
    let mut next = move |line: &mut String| -> anyhow::Result<()> {
        line.clear();
        ensure!(from.read_line(line)? > 0, "the server ended");
        Ok(())
    };
    to.write_all(format!("{}\n", hello()).as_bytes())?;
    next(&mut line)?;
    to.write_all(format!("{READY}\n").as_bytes())?;
    let mut id = 0;
    let mut send = |to: &mut std::process::ChildStdin| {
        id += 1;
        to.write_all((call_line(id) + "\n").as_bytes())
    };
    let mut samples = Samples::default();
    for turn in 0..WARM_UP + SEQUENTIAL {
        let began = Instant::now();
        send(&mut to)?;
        next(&mut line)?;
        if turn >= WARM_UP {
            samples.since(began);
        }
        check(&line)?;
    }
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        for _ in 0..IN_FLIGHT {
            send(&mut to)?;
        }
        let (began, mut n_calls) = (Instant::now(), 0);
        while began.elapsed() < LENGTH {
            next(&mut line)?;
            check(&line)?;
            n_calls += 1;
            send(&mut to)?;
        }
        rates.push(f64::from(n_calls) / began.elapsed().as_secs_f64());
        for _ in 0..IN_FLIGHT {
            next(&mut line)?;
        }
    }
    drop(to);
    child.wait()?;
    Ok(Found { p50_us: samples.percentile_us(0.5), p99_us: samples.percentile_us(0.99), calls_per_s: median(rates) })
}

/// One kept connection, ready to call the skill through `/mcp` or through `/v1`.
struct Caller {
    client: Client,
    mcp: bool,
    next_id: usize,
}

impl Caller {
    async fn call(&mut self) -> anyhow::Result<()> {
        self.next_id += 1;
        let answer = if self.mcp {
            self.client.send(hyper::Method::POST, "/mcp", call_line(self.next_id)).await?
        } else {
            let body = format!("{{\"input\":{ARGUMENTS}}}");
            self.client.send(hyper::Method::POST, "/v1/skills/echo/call", body).await?
        };
        ensure!(answer.status.is_success(), "{} {}", answer.status, answer.text());
        check(&answer.text())
    }
}

async fn http(mcp: bool, address: std::net::SocketAddr, token: &str) -> anyhow::Result<Found> {
    let mut session = None;
    let mut callers = Vec::new();
    for index in 0..IN_FLIGHT {
        let mut client = Client::tcp(address).await?.bearer(token);
        if mcp {
            client = client.with("accept", "application/json, text/event-stream");
            if session.is_none() {
                let answer = client.post("/mcp", &hello()).await?;
                ensure!(answer.status.is_success(), "{}", answer.text());
                session = Some(answer.headers.get("mcp-session-id").and_then(|id| id.to_str().ok()).map(str::to_owned));
            }
            client = client.with("mcp-protocol-version", "2025-06-18");
            if let Some(Some(id)) = &session {
                client = client.with("mcp-session-id", id);
            }
            if index == 0 {
                client.send(hyper::Method::POST, "/mcp", READY).await?;
            }
        }
        callers.push(Caller { client, mcp, next_id: index << 24 });
    }
    let mut samples = Samples::default();
    for turn in 0..WARM_UP + SEQUENTIAL {
        let began = Instant::now();
        callers[0].call().await?;
        if turn >= WARM_UP {
            samples.since(began);
        }
    }
    let began = Instant::now();
    let length = LENGTH * ROUNDS as u32;
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|mut caller| {
            tokio::spawn(async move {
                let mut n_calls = 0_u64;
                while began.elapsed() < length {
                    caller.call().await?;
                    n_calls += 1;
                }
                anyhow::Ok(n_calls)
            })
        })
        .collect();
    let mut n_calls = 0;
    for task in tasks {
        n_calls += task.await??;
    }
    Ok(Found {
        p50_us: samples.percentile_us(0.5),
        p99_us: samples.percentile_us(0.99),
        calls_per_s: n_calls as f64 / began.elapsed().as_secs_f64(),
    })
}
