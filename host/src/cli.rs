//! The command line: a client of the daemon's private socket, or of a daemon inside its own process where none runs.

mod agents;
mod args;
mod artifacts;
mod ask;
mod audit;
mod author;
mod build;
mod bundles;
mod call;
mod client;
mod configuration;
mod diagnosis;
mod doctor;
mod fault;
mod keys;
mod logs;
mod mcp;
mod memory;
mod model;
mod output;
mod plans;
mod records;
mod secrets;
mod sign;
mod skill;
mod status;
mod steps;
mod tasks;
mod tokens;
mod trace;
mod up;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use tokio::io::DuplexStream;

pub use fault::{Code, Fault};

use crate::config::Config;
use crate::remote::otlp::{self, Exporter};
use crate::telemetry::spans;
use args::{Arguments, Command, Global};
use client::Client;
use output::Voice;

/// A future in a box.
pub type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How a daemon is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Owns its data, and serves the socket and HTTP.
    Serve,
    /// Inside this process, for this command alone: no socket, no HTTP, and no model, for which a command is too short.
    Embedded,
    /// Inside this process, for as long as a client stays: no socket, no HTTP.
    Session,
}

/// Told how many bundles have been read, and of how many.
pub type OnLoad = Box<dyn Fn(usize, usize) + Send + Sync>;

/// What starts a daemon. It lives above this room, so `main` hands it in.
pub type Start = fn(Config, Mode, OnLoad) -> Task<Result<Arc<dyn Running>, Fault>>;

/// A daemon in this process.
pub trait Running: Send + Sync {
    /// Where HTTP listens, if it does.
    fn http_addr(&self) -> Option<SocketAddr>;
    /// Opens a connection that is served like one on the private socket.
    ///
    /// # Errors
    /// It is stopping.
    fn connect(&self) -> io::Result<DuplexStream>;
    /// Stops taking calls and waits for those in flight.
    fn stop(&self) -> Task<()>;
}

/// What every command gets.
struct Context {
    voice: Voice,
    config: Config,
    start: Start,
}

/// Runs the command line of this process.
pub fn main(start: Start) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { Code::Usage.into() } else { ExitCode::SUCCESS };
            // It has nowhere else to go.
            let _ = error.print();
            return code;
        }
    };
    match run(arguments, start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            fault.print();
            fault.code.into()
        }
    }
}

fn run(arguments: Arguments, start: Start) -> Result<(), Fault> {
    let Arguments { global, command } = arguments;
    let voice = Voice { json: global.json, quiet: global.quiet };
    // A daemon says what is not as it should be; other commands only what went wrong.
    let says = matches!(command, Command::Up(_)) && !voice.quiet;
    // The last spans are sent when this ends.
    let exporter = if matches!(command, Command::Up(_)) { Exporter::of_environment() } else { Ok(None) };
    let collector = exporter.as_ref().ok().and_then(Option::as_ref).map(Exporter::tracer);
    spans::install(if says { "warn" } else { "error" }, collector);
    if let Err(error) = &exporter {
        let names = otlp::VARIABLES.join("` or `");
        tracing::error!("no spans are exported: {error:#}; set `{names}` to the address of a collector");
    }
    // These work without a configuration, and must not fail for a broken one.
    match &command {
        Command::Toolchain(command) => return skill::toolchain(command, voice),
        Command::Doctor => return doctor::run(&global, voice, start),
        Command::Config(args::Config::Check { explain: true }) => return configuration::explain(),
        _ => {}
    }
    let config = configuration::resolve(&global)?;
    let context = Context { voice, config, start };
    match command {
        Command::Up(asked) => up::run(context, asked),
        Command::Ask(asked) => ask::ask(&context, &asked),
        Command::Analyse(asked) => ask::analyse(&context, &asked),
        Command::Plan(asked) => plans::plan(&context, &asked),
        Command::Task(asked) => tasks::task(&context, &asked),
        Command::Gap(asked) => tasks::gap(&context, &asked),
        Command::Build(asked) => build::run(&context, &asked),
        Command::Trace(asked) => trace::run(&context, &asked.id),
        Command::Memory(asked) => memory::run(&context, &asked),
        Command::Stats(asked) => records::stats(&context, &asked),
        Command::Errors(asked) => records::errors(&context, &asked),
        Command::Call(asked) => call::run(&context, &asked),
        Command::Status => status::run(&context),
        Command::Skill(asked) => skill::run(&context, asked),
        Command::Endpoint(asked) => agents::endpoint(&context, &asked),
        Command::Agent(asked) => agents::agent(&context, &asked),
        Command::Token(asked) => tokens::run(&context, &asked),
        Command::Secret(asked) => secrets::run(&context, &asked),
        Command::Key(asked) => keys::run(&context, &asked),
        Command::Model(asked) => model::run(&context, &asked),
        Command::Audit(asked) => audit::run(&context, &asked),
        Command::Mcp => mcp::run(&context),
        Command::Config(asked) => configuration::run(&context, &asked),
        Command::Toolchain(_) | Command::Doctor => Ok(()),
    }
}

impl Context {
    /// Runs `work` with a client of the running daemon.
    fn with_daemon<T>(&self, work: impl AsyncFnOnce(Client) -> Result<T, Fault>) -> Result<T, Fault> {
        let client = Client::of_daemon(&self.config.data_dir)?.ok_or_else(|| {
            Fault::daemon(format!("Failed to reach a daemon: none runs on `{}`", self.config.data_dir.display()))
                .hint(format!("start one with `{}`", self.up_command()))
        })?;
        client_runtime()?.block_on(work(client))
    }

    /// Runs `work` with a client of the running daemon, or else of one inside this process, and says so.
    fn with_any<T>(&self, work: impl AsyncFnOnce(Client) -> Result<T, Fault>) -> Result<T, Fault> {
        if let Some(client) = Client::of_daemon(&self.config.data_dir)? {
            return client_runtime()?.block_on(work(client));
        }
        self.voice.note("note: no daemon runs, so this runs in a sandbox inside this command");
        self.with_embedded(self.config.clone(), work)
    }

    /// Runs `work` with a client of a daemon inside this process.
    fn with_embedded<T>(&self, config: Config, work: impl AsyncFnOnce(Client) -> Result<T, Fault>) -> Result<T, Fault> {
        serving_runtime()?.block_on(async {
            let progress = steps::loading(self.voice);
            let running = (self.start)(config, Mode::Embedded, progress).await?;
            let done = work(Client::inside(running.clone())).await;
            running.stop().await;
            done
        })
    }

    fn up_command(&self) -> String {
        let default = Config::default();
        if self.config.data_dir == default.data_dir {
            return "happyos up".into();
        }
        format!("happyos up --data {}", self.config.data_dir.display())
    }
}

/// Threads a core. More than one, since what cannot be made to yield, a guest's first stroke or a large answer, would hold
/// up what came after it; few, since the more run the longer each waits for its turn.
const WORKERS_PER_CORE: usize = 4;

/// For commands that only wait for a daemon.
fn client_runtime() -> Result<tokio::runtime::Runtime, Fault> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Fault::failed(format!("Failed to start: {error}")))
}

/// For those that run guests.
fn serving_runtime() -> Result<tokio::runtime::Runtime, Fault> {
    // With tokio's usual interval of 61, two guests that spin on two workers hold up everything else for long.
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(1, usize::from) * WORKERS_PER_CORE)
        .event_interval(1)
        .enable_all()
        .build();
    built.map_err(|error| Fault::failed(format!("Failed to start: {error}")))
}

impl Global {
    fn absolute(path: &std::path::Path) -> Result<std::path::PathBuf, Fault> {
        std::path::absolute(path)
            .map_err(|error| Fault::usage(format!("Failed to use the folder `{}`: {error}", path.display())))
    }
}
