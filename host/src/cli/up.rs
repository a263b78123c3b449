//! `happyos up`: starts the daemon, says where its doors are, and serves until it is told to stop.

use std::io::IsTerminal as _;
use std::time::Duration;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use super::client::Client;
use super::fault::{Doing as _, Fault};
use super::status::{self, Status};
use super::{Context, Mode, args, call, output, serving_runtime, steps};

pub fn run(context: Context, asked: args::Up) -> Result<(), Fault> {
    let runtime = serving_runtime()?;
    let done = runtime.block_on(serve(&context, &asked));
    // Whatever a guest still blocks is not waited for: the calls in flight have been drained.
    runtime.shutdown_timeout(Duration::from_millis(100));
    done
}

async fn serve(context: &Context, asked: &args::Up) -> Result<(), Fault> {
    let doing = || "listen for signals".to_owned();
    let mut interrupt = signal(SignalKind::interrupt()).doing(doing)?;
    let mut terminate = signal(SignalKind::terminate()).doing(doing)?;
    let starting = (context.start)(context.config.clone(), Mode::Serve, steps::loading(context.voice));
    let running = tokio::select! {
        running = starting => running?,
        _ = interrupt.recv() => return Err(Fault::failed("Failed to start: interrupted")),
        _ = terminate.recv() => return Err(Fault::failed("Failed to start: told to stop")),
    };
    let client = Client::inside(running.clone());
    let work = async {
        let first = asked.once.as_deref().or(asked.first.as_deref());
        if let Some([name, input @ ..]) = first {
            context.voice.note(&format!("calling {name} {}", input.first().map_or("", String::as_str)));
            call::plain(&client, name, input.first().map(String::as_str), context.voice).await?;
        }
        announce(context, &client).await
    };
    let called = tokio::select! {
        called = work => called,
        _ = interrupt.recv() => Err(Fault::failed("Failed to finish the first call: interrupted")),
        _ = terminate.recv() => Err(Fault::failed("Failed to finish the first call: told to stop")),
    };
    if called.is_err() || asked.once.is_some() {
        running.stop().await;
        return called;
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    context.voice.note("stopping: waiting for calls in flight; a second signal does not wait");
    tokio::select! {
        () = running.stop() => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Says where the doors are.
async fn announce(context: &Context, client: &Client) -> Result<(), Fault> {
    let value: Value = client.get("/v1/status", "read the daemon's status").await?;
    if context.voice.json {
        return output::print(&format!("{value}\n"));
    }
    let status: Status = serde_json::from_value(value).doing(|| "understand the daemon's status".into())?;
    status::refusals(&status.components.catalog.refusals);
    if context.voice.quiet {
        return Ok(());
    }
    let (catalog, doors) = (&status.components.catalog, &status.components.doors);
    let token = context.config.data_dir.join("first-token");
    let mut text = format!(
        "HappyOS {} serves {} skills in {} bundles from {}\n",
        status.version, catalog.skills, catalog.bundles, status.skills_dir
    );
    let mut line = |what: &str, where_it_is: &str| text.push_str(&format!("  {what:<7} {where_it_is}\n"));
    if let Some(http) = &doors.http {
        line("http", http);
    }
    if let Some(mcp) = &doors.mcp {
        line("mcp", mcp);
    }
    line("socket", &doors.socket);
    if token.is_file() {
        line("token", &token.display().to_string());
        if let (Some(http), true) = (&doors.http, std::io::stdout().is_terminal()) {
            line("try", &format!("curl -H \"Authorization: Bearer $(cat {})\" {http}/v1/skills", token.display()));
        }
    }
    if catalog.waiting > 0 {
        text.push_str(&format!(
            "{} bundles ask for something and wait for you: see `happyos skill list`\n",
            catalog.waiting
        ));
    }
    output::print(&text)
}
