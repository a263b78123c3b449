//! Accepting connections and serving them, each within bounds, until the daemon stops.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::gate::Gate;
use crate::telemetry::spans::CallerSpan;

/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// A router behind a gate: what one listener serves.
#[derive(Clone)]
pub struct Door {
    router: Router,
    gate: Arc<Gate>,
}

impl Door {
    /// `router` for those whom `gate` lets in.
    pub fn new(router: Router, gate: Gate) -> Door {
        Door { router, gate: Arc::new(gate) }
    }

    /// Answers one request.
    pub async fn answer(&self, mut request: Request<Body>) -> Response {
        if let Err(refused) = self.gate.admit(&mut request) {
            return refused.into_response();
        }
        let caller = CallerSpan::of_headers(request.headers());
        match CallerSpan::calls(caller, self.router.clone().call(request)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// How long requests in flight may go on when the daemon stops. Clones are the same one, which may change meanwhile.
#[derive(Clone)]
pub struct Drain(Arc<AtomicU64>);

impl Drain {
    /// That long, in whole milliseconds.
    pub fn new(span: Duration) -> Drain {
        let drain = Drain(Arc::default());
        drain.set(span);
        drain
    }

    /// That long from now on.
    pub fn set(&self, span: Duration) {
        self.0.store(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long.
    pub fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// How a listener is served.
#[derive(Clone)]
pub struct Serving {
    /// Open connections at one time; more wait in the listener's backlog.
    pub connections_max: usize,
    /// Cancelled when no more requests are to be taken.
    pub shutdown: CancellationToken,
    /// How long requests in flight may then go on; after that they are cancelled.
    pub drain: Drain,
    /// How long a client may take to send a request's head, and how long a kept-alive connection may lie idle.
    pub head_timeout: Duration,
}

impl Serving {
    /// What `head_timeout` is outside tests.
    pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
}

/// Serves `listener` until shutdown, then drains. Returns when no connection is left.
pub async fn serve<L: Listener>(mut listener: L, door: Door, serving: Serving) {
    let free = Arc::new(Semaphore::new(serving.connections_max));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // Closed never: the semaphore is ours.
            let permit = free.clone().acquire_owned().await.ok()?;
            Some((permit, listener.accept().await.0))
        };
        tokio::select! {
            () = serving.shutdown.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            Some((permit, io)) = accepted => {
                let (door, serving) = (door.clone(), serving.clone());
                connections.spawn(async move {
                    serve_one(io, door, serving).await;
                    drop(permit);
                });
            }
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(serving.drain.get(), drained).await.is_err() {
        tracing::warn!(
            n_connections = connections.len(),
            "requests still in flight after the drain time are cancelled"
        );
        connections.shutdown().await;
    }
}

/// Serves one connection until it ends or the daemon stops.
pub async fn serve_one(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, door: Door, serving: Serving) {
    let next = NextProtocol::default();
    let is_local = matches!(*door.gate, Gate::Local(_));
    let service = hyper::service::service_fn(|mut request: Request<Incoming>| {
        if is_local {
            request.extensions_mut().insert(next.clone());
        }
        let door = &door;
        async move { Ok::<_, Infallible>(door.answer(request.map(Body::new)).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(serving.head_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut served = pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = serving.shutdown.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.as_mut().await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
    if let Some(next) = next.take() {
        next.await;
    }
}

/// Where a handler puts what its connection is to do after an upgrade. It then runs in the connection's own task, so it
/// counts as a connection and is drained like one.
#[derive(Clone, Default)]
pub(crate) struct NextProtocol(Arc<Mutex<Option<BoxFuture>>>);

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl NextProtocol {
    pub(crate) fn set(&self, future: impl Future<Output = ()> + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(future));
    }

    fn take(&self) -> Option<BoxFuture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
