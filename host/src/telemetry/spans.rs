//! The daemon's own log: what the host says of itself, and where its time went, on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The environment variable that says what is logged: `debug`, of the host alone, or directives such as
/// `happyos::orchestrator=debug,hyper=info`.
/// With `debug`, each request, its analysis and its steps are spans whose ends tell how long they took.
pub const VARIABLE: &str = "HAPPYOS_LOG";

/// Logs to standard error from here on: what [`VARIABLE`] says, otherwise `default`. A mistake in the variable is said
/// there, and the default holds. Where this process has a log already, that one stays.
pub fn install(default: &str) {
    let asked = std::env::var(VARIABLE).ok().filter(|asked| !asked.trim().is_empty());
    // Libraries say a great deal at their lower levels.
    let host = |asked: &str| match asked.contains(['=', ',']) {
        true => asked.to_owned(),
        false => format!("warn,happyos={}", asked.trim()),
    };
    let filter = asked.map(|asked| EnvFilter::try_new(host(&asked)).map_err(|error| (asked, error)));
    let (filter, mistake) = match filter {
        Some(Ok(filter)) => (filter, None),
        Some(Err(mistake)) => (EnvFilter::new(host(default)), Some(mistake)),
        None => (EnvFilter::new(host(default)), None),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_span_events(FmtSpan::CLOSE)
        .finish();
    // A program that embeds this has a log of its own.
    let _ = log.try_init();
    if let Some((asked, error)) = mistake {
        tracing::error!(%error, "`{VARIABLE}={asked}` is not understood, and `{default}` holds");
    }
}
