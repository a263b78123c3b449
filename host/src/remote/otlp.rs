//! The spans of the daemon for a collector: OTLP over HTTP, where the environment names one as OpenTelemetry has it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

/// The environment variables that name a collector: of all signals, and of spans alone. The others of OpenTelemetry's
/// OTLP exporters, such as `OTEL_EXPORTER_OTLP_HEADERS`, hold too.
pub const VARIABLES: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
/// How long the collector has for one batch, at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of its answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// How long the last batch is waited for at the end.
const LAST: Duration = Duration::from_secs(3);

/// What spans are handed to; the last of them are sent when it is dropped.
pub struct Exporter(SdkTracerProvider);

impl Exporter {
    /// The exporter that the environment asks for, if it does.
    ///
    /// # Errors
    /// If what it asks for is no usable address.
    pub fn of_environment() -> anyhow::Result<Option<Exporter>> {
        let asked = VARIABLES.iter().any(|name| std::env::var(name).is_ok_and(|value| !value.trim().is_empty()));
        if !asked {
            return Ok(None);
        }
        let exporter = SpanExporter::builder().with_http().with_http_client(Client::new()).build()?;
        let resource = Resource::builder()
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        // Its own variable goes before.
        let resource = match std::env::var("OTEL_SERVICE_NAME") {
            Ok(_) => resource,
            Err(_) => resource.with_service_name("happyos"),
        };
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        Ok(Some(Exporter(provider)))
    }

    /// What makes spans for it.
    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer("happyos")
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}

/// The HTTP client that batches are sent with, from a thread that does nothing else.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new() -> Client {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Client(config.into())
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(head, body.to_vec()))?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}
