//! WASI 0.2 for components made by other toolchains: linked whole, and everything in it denied.
//!
//! Toolchains import WASI whether their program uses it or not, so the imports must be there. There
//! are no files, environment, arguments, sockets or HTTP behind them; standard output and error go
//! to the guest log, clocks and random numbers are the call's own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use tokio::io::AsyncWrite;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::state::{CallLog, CallState, ClockMode};
use crate::telemetry::LogLevel;

/// Open resources (streams, pollables) a guest may hold.
const RESOURCES_MAX: usize = 1_000;
/// Most random bytes in one call.
const RANDOM_BYTES_MAX: u64 = 65_536;
/// Most bytes taken at one write to standard output.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// What a component that imports WASI carries in its store.
pub struct WasiParts {
    ctx: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoHttp,
    table: ResourceTable,
}

impl WasiParts {
    /// WASI with nothing granted.
    pub fn new(log: &Arc<CallLog>, clock: ClockMode, seed: u64) -> WasiParts {
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
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        WasiParts { ctx: builder.build(), http: WasiHttpCtx::new(), hooks: NoHttp, table }
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
        let (log, clock, seed) = (&self.log, self.clock, self.seed());
        self.wasi.get_or_insert_with(|| Box::new(WasiParts::new(log, clock, seed)))
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

/// Refuses every request.
struct NoHttp;

/// What becomes of a request: a response with word of how its body fared.
type HttpOutcome =
    Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), HttpError>> + Send>), HttpError>;

impl WasiHttpHooks for NoHttp {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _body_fared: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = HttpOutcome> + Send> {
        Box::new(async { Err(HttpError::HttpRequestDenied) })
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
