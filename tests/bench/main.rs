//! Benchmarks and trials: `bench calls|mcp|scale|fair|reload|self-building|routing|orchestrate|answers|agents|plans|abuse|crash-bundles|crash-tasks`. Each
//! prints a table and writes `target/bench/NAME.json`.

mod abuse;
mod agents;
mod answers;
mod bare;
mod calls;
mod client;
mod crash;
mod fair;
mod mcp;
mod model;
mod orchestrate;
mod plans;
mod reload;
mod report;
mod routing;
mod samples;
mod scale;
mod self_building;

use std::process::ExitCode;

/// The daemon's own: what runs in this process is to cost what it costs there.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// With the daemon's settings.
#[unsafe(export_name = "_rjem_malloc_conf")]
static ALLOCATOR_SETTINGS: &[u8; 69] = b"background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0,narenas:4\0";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["agents"] => agents::run_all(),
        ["calls"] => calls::run(),
        ["mcp"] => mcp::run(),
        ["scale"] => scale::run(),
        ["fair"] => fair::run(),
        ["abuse", rest @ ..] => abuse::run(rest),
        ["crash-bundles", rest @ ..] => crash::bundles(rest),
        ["crash-tasks", rest @ ..] => crash::tasks(rest),
        ["orchestrate"] => orchestrate::run(),
        ["routing", rest @ ..] => routing::run(rest),
        ["answers", rest @ ..] => answers::run(rest),
        ["plans", rest @ ..] => plans::run(rest),
        ["reload", rest @ ..] => reload::run(rest),
        ["loop"] => self_building::show_loop(),
        ["self-building", rest @ ..] => self_building::run(rest),
        // Parts of a benchmark that run in a process of their own.
        ["mcp-client", rest @ ..] => client::run(rest),
        ["agents-replica", millis, address] => agents::replica(millis, address),
        ["scale-part", folder, n_skills] => scale::part(folder, n_skills),
        _ => Err(anyhow::anyhow!(
            "no such benchmark\nhint: `bench calls`, `mcp`, `scale`, `fair`, `reload`, `self-building`, `routing`, `orchestrate`, `answers`, `agents`, `plans`, `abuse`, `crash-bundles` or `crash-tasks`"
        )),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
