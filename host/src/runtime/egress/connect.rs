//! From a target to a connection: its name looked up once, its addresses checked, and one of those connected to.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsConnector;

use super::HttpError;
use super::address::is_public;
use super::target::{Host, Target};
use crate::runtime::powers::Outside;

/// Connections of all calls together.
const CONNECTIONS_MAX: usize = 256;
/// Names being looked up at one time; each keeps a thread of the machine's resolver.
const LOOKUPS_MAX: usize = 32;
/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 32;
/// Addresses of one name that are tried.
const TRIES_MAX: usize = 3;
/// Longest that one address may take to answer and to prove who it is: less than a call has, so that a guest hears of it.
const CONNECT_MAX: Duration = Duration::from_secs(4);

/// What all calls share on their way out.
pub struct Gateway {
    /// State, secrets and the audit log.
    pub outside: Outside,
    tls: TlsConnector,
    connections: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
}

/// A connection to read from and write to.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open connection and its place among those that may be open.
pub struct Connected {
    /// The connection.
    pub stream: Box<dyn Stream>,
    /// To be kept as long as it is open.
    pub place: OwnedSemaphorePermit,
}

impl Gateway {
    /// The way out, trusting the authorities that browsers trust.
    ///
    /// # Errors
    /// If the TLS library does not take its configuration.
    pub fn new(outside: Outside) -> Result<Gateway, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Gateway {
            outside,
            tls: TlsConnector::from(Arc::new(config)),
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
        })
    }

    /// The addresses of a target that may be connected to; with `private` those that are not public too. Where there
    /// are addresses and none of them may be, the first of them.
    pub async fn addresses(
        &self,
        target: &Target,
        private: bool,
    ) -> Result<Result<Vec<SocketAddr>, IpAddr>, HttpError> {
        let found = match target.host() {
            Host::Address(address) => vec![SocketAddr::new(*address, target.port())],
            Host::Name(name) => self.look_up(name, target.port()).await?,
        };
        let Some(first) = found.first().copied() else {
            return Err(HttpError::Unavailable(format!("`{}` has no address", target.host())));
        };
        let allowed: Vec<SocketAddr> =
            found.into_iter().filter(|found| private || is_public(found.ip())).take(TRIES_MAX).collect();
        Ok(if allowed.is_empty() { Err(first.ip()) } else { Ok(allowed) })
    }

    async fn look_up(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, HttpError> {
        let closed = || HttpError::Unavailable("the host is shutting down".into());
        let place = self.lookups.clone().acquire_owned().await.map_err(|_| closed())?;
        let asked = name.to_owned();
        let resolve = move || {
            // Kept until the resolver is done, whoever still waits for it.
            let _place = place;
            (asked.as_str(), port).to_socket_addrs().map(|found| found.take(ADDRESSES_MAX).collect())
        };
        let found: std::io::Result<Vec<SocketAddr>> =
            tokio::task::spawn_blocking(resolve).await.map_err(|_| closed())?;
        found.map_err(|error| HttpError::Unavailable(format!("`{name}` cannot be looked up: {error}")))
    }

    /// Connects to the first of `addresses` that answers.
    pub async fn connect(&self, target: &Target, addresses: &[SocketAddr]) -> Result<Connected, HttpError> {
        let place = self.connections.clone().try_acquire_owned().map_err(|_| {
            HttpError::Unavailable(format!(
                "all {CONNECTIONS_MAX} connections of this host are in use; try again shortly"
            ))
        })?;
        let mut why = HttpError::Unavailable(format!("`{target}` has no address"));
        for address in addresses {
            match tokio::time::timeout(CONNECT_MAX, self.open(target, *address)).await {
                Ok(Ok(stream)) => return Ok(Connected { stream, place }),
                Ok(Err(error)) => why = error,
                Err(_) => {
                    why = HttpError::Timeout(format!("`{target}` did not answer within {} s", CONNECT_MAX.as_secs()))
                }
            }
        }
        Err(why)
    }

    async fn open(&self, target: &Target, address: SocketAddr) -> Result<Box<dyn Stream>, HttpError> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| HttpError::Unavailable(format!("`{target}` does not answer: {error}")))?;
        // Small requests in one piece; nothing breaks where the system does not know how.
        let _ = stream.set_nodelay(true);
        if !target.tls() {
            return Ok(Box::new(stream));
        }
        let name = match target.host() {
            Host::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_| HttpError::Invalid(format!("`{name}` is no name that a certificate can have")))?,
            Host::Address(address) => ServerName::IpAddress((*address).into()),
        };
        let stream = self
            .tls
            .connect(name, stream)
            .await
            .map_err(|error| HttpError::Unavailable(format!("`{target}` cannot be reached over TLS: {error}")))?;
        Ok(Box::new(stream))
    }
}
