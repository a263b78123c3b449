//! WASI 0.2 for components made by other toolchains: linked whole, with nothing behind it but what is granted.
//!
//! Toolchains import WASI whether their program uses it or not, so the imports must be there. There
//! are no arguments and no sockets behind them; folders, environment and HTTP as far as the bundle's
//! grants go. Standard output and error go to the guest log, clocks and random numbers are the call's own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use hyper::body::Body;
use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use tokio::io::AsyncWrite;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{FsPerms, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as WasiError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::egress::{HttpError, Order, Payload, Plan, is_own_header, too_much_sent};
use super::reach::Reach;
use super::state::{CallLog, CallState, ClockMode};
use crate::telemetry::LogLevel;

/// Open resources (streams, pollables) a guest may hold: more than its host calls make, at two for a pollable, so that a
/// flood of them is named as the limit it meets.
const RESOURCES_MAX: usize = 4_000;
/// Most random bytes in one call.
const RANDOM_BYTES_MAX: u64 = 65_536;
/// Most bytes taken at one write to standard output.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// What a component that imports WASI carries in its store.
pub struct WasiParts {
    ctx: WasiCtx,
    http: WasiHttpCtx,
    hooks: Requests,
    table: ResourceTable,
}

impl WasiParts {
    /// WASI with what `reach` grants, for a call that must have ended by `deadline`.
    pub fn new(log: &Arc<CallLog>, clock: ClockMode, seed: u64, reach: &Arc<Reach>, deadline: Instant) -> WasiParts {
        let mut builder = WasiCtx::builder();
        builder
            .stdout(LogStream { log: log.clone(), level: LogLevel::Info })
            .stderr(LogStream { log: log.clone(), level: LogLevel::Warn })
            .secure_random(ChaCha12Rng::seed_from_u64(seed))
            .insecure_random(ChaCha12Rng::seed_from_u64(!seed))
            .insecure_random_seed(u128::from(seed))
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        if let ClockMode::Fixed(ms) = clock {
            builder.wall_clock(StoppedClock(ms)).monotonic_clock(StoppedClock(ms));
        }
        grant(&mut builder, reach, log);
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        let hooks = Requests { reach: reach.clone(), deadline };
        WasiParts { ctx: builder.build(), http: WasiHttpCtx::new(), hooks, table }
    }

    /// Makes the requests of a prepared instance those of a call.
    pub fn begin(&mut self, reach: &Arc<Reach>, deadline: Instant) {
        self.hooks = Requests { reach: reach.clone(), deadline };
    }
}

/// Opens the granted folders and sets the granted variables. Examples get neither.
fn grant(builder: &mut WasiCtxBuilder, reach: &Reach, log: &CallLog) {
    if reach.rehearsal().is_some() {
        return;
    }
    let grants = &reach.powers().grants;
    for (name, value) in grants.env.iter().flatten() {
        builder.env(name, value);
    }
    for folder in grants.files.iter().flatten() {
        let permissions = if folder.seen.write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        if let Err(error) = builder.preopened_dir(&folder.host, &folder.seen.guest, permissions) {
            // The guest sees no folder; the call itself may do without it.
            log.write(
                LogLevel::Error,
                &format!(
                    "[the granted folder `{}` cannot be opened, so the skill does not see `{}`]",
                    folder.host.display(),
                    folder.seen.guest
                ),
            );
            tracing::warn!(bundle = log.bundle(), folder = %folder.host.display(), %error, "a granted folder cannot be opened");
        }
    }
}

/// Adds all of WASI 0.2 to the linker.
///
/// # Errors
/// If a name is in the linker already.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

impl CallState {
    fn wasi(&mut self) -> &mut WasiParts {
        self.count_library_call();
        let (log, clock, seed, reach, deadline) = (&self.log, self.clock, self.seed(), &self.reach, self.deadline());
        self.wasi.get_or_insert_with(|| Box::new(WasiParts::new(log, clock, seed, reach, deadline)))
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let parts = self.wasi();
        WasiCtxView { ctx: &mut parts.ctx, table: &mut parts.table }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let parts = self.wasi();
        WasiHttpCtxView { hooks: &mut parts.hooks, table: &mut parts.table, ctx: &mut parts.http }
    }
}

/// `wasi:http` by the same rules as `happyos:host/http`. Redirects are the guest's to follow.
struct Requests {
    reach: Arc<Reach>,
    deadline: Instant,
}

/// What becomes of a request: a response with word of how its body fared.
type HttpOutcome =
    Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), WasiError>> + Send>), WasiError>;

impl WasiHttpHooks for Requests {
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _body_fared: Box<dyn Future<Output = Result<(), WasiError>> + Send>,
    ) -> Box<dyn Future<Output = HttpOutcome> + Send> {
        let (head, body) = request.into_parts();
        let mut headers = head.headers;
        let own: Vec<_> = headers.keys().filter(|name| is_own_header(name)).cloned().collect();
        for name in own {
            // wasmtime holds the body to the length it announces.
            if name != http::header::CONTENT_LENGTH {
                headers.remove(name);
            }
        }
        let order = Order {
            method: head.method.as_str().to_owned(),
            url: head.uri.to_string(),
            headers,
            credentials: Vec::new(),
            redirects_max: 0,
            deadline: self.deadline,
        };
        let reach = self.reach.clone();
        let first_byte = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            let payload = payload(body, &reach);
            let sending = Plan::new(order, reach).map_err(wasi_error)?.send(payload);
            let answer = match first_byte {
                Some(time) => tokio::time::timeout(time, sending).await.map_err(|_| WasiError::HttpResponseTimeout)?,
                None => sending.await,
            }
            .map_err(wasi_error)?;
            let mut response = http::Response::new(answer.body.map_err(wasi_error).boxed_unsync());
            *response.status_mut() =
                http::StatusCode::from_u16(answer.status).map_err(|_| WasiError::HttpProtocolError)?;
            *response.headers_mut() = answer.headers;
            let body_fared: Box<dyn Future<Output = _> + Send> = Box::new(async { Ok(()) });
            Ok((response, body_fared))
        })
    }
}

/// A request's body, counted as it goes out.
fn payload(body: WasiBody, reach: &Arc<Reach>) -> Payload {
    if body.is_end_stream() {
        return Payload::Whole(Bytes::new());
    }
    let reach = reach.clone();
    let counted = futures_util::StreamExt::map(BodyStream::new(body), move |frame| {
        let frame = frame.map_err(|error| HttpError::Invalid(format!("the request's body breaks off: {error}")))?;
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        if reach.charge_sent(bytes) { Ok(frame) } else { Err(too_much_sent()) }
    });
    Payload::Stream(StreamBody::new(counted).boxed_unsync())
}

fn wasi_error(error: HttpError) -> WasiError {
    match error {
        HttpError::Denied(_) => WasiError::HttpRequestDenied,
        HttpError::Invalid(_) => WasiError::HttpRequestUriInvalid,
        HttpError::Unavailable(_) => WasiError::DestinationUnavailable,
        HttpError::Timeout(_) => WasiError::HttpResponseTimeout,
        HttpError::TooLarge(_) => WasiError::HttpResponseBodySize(None),
        HttpError::TooManyRedirects(_) => WasiError::LoopDetected,
        HttpError::Protocol(_) => WasiError::HttpProtocolError,
    }
}

/// A clock that stands still, at these milliseconds since the epoch.
struct StoppedClock(u64);

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

/// Standard output or error: lines to the guest log.
#[derive(Clone)]
struct LogStream {
    log: Arc<CallLog>,
    level: LogLevel,
}

impl LogStream {
    fn lines(&self, bytes: &[u8]) {
        for line in String::from_utf8_lossy(bytes).lines().filter(|line| !line.is_empty()) {
            self.log.write(self.level, line);
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.lines(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.lines(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
