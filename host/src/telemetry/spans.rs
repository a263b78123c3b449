//! The daemon's own log: what the host says of itself, and where its time went, on standard error; and its spans for a
//! collector, where one is named.

mod caller;

pub use caller::CallerSpan;

use opentelemetry_sdk::trace::SdkTracer;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, filter};

/// The environment variable that says what is logged: `debug`, of the host alone, or directives such as
/// `happyos::orchestrator=debug,hyper=info`.
/// With `debug`, each request, its analysis and its steps are spans whose ends tell how long they took.
pub const VARIABLE: &str = "HAPPYOS_LOG";

/// Logs to standard error from here on: what [`VARIABLE`] says, otherwise `default`. A mistake in the variable is said
/// there, and the default holds. Where this process has a log already, that one stays. Spans go to
/// `collector`, too, where there is one.
pub fn install(default: &str, collector: Option<SdkTracer>) {
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
    let log = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_filter(filter);
    // Spans of the host alone: those of libraries would lead a trace into the exporter itself.
    let own = filter::filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("happyos"));
    let exported = collector.map(|tracer| {
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        layer.with_location(false).with_threads(false).with_filter(own)
    });
    // A program that embeds this has a log of its own.
    let _ = tracing_subscriber::registry().with(log).with(exported).try_init();
    if let Some((asked, error)) = mistake {
        tracing::error!(%error, "`{VARIABLE}={asked}` is not understood, and `{default}` holds");
    }
}
