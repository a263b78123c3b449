//! A client of the daemon's HTTP interface, over its private socket or a connection inside this process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

use super::Running;
use super::fault::{Code, Fault};

/// The name of the private socket in the data folder.
pub const SOCKET: &str = "happyos.sock";
/// Largest answer that is read, in bytes: the largest output with its attachments, as text.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Where a daemon answers.
#[derive(Clone)]
pub struct Client {
    via: Via,
}

#[derive(Clone)]
enum Via {
    Socket(PathBuf),
    Inside(Arc<dyn Running>),
}

/// A whole answer.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// The body of every answer that says no.
#[derive(Debug, Deserialize)]
pub struct Refused {
    /// Why.
    pub error: RefusedDetail,
    /// What a failed call used.
    #[serde(default)]
    pub usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
pub struct RefusedDetail {
    pub kind: String,
    #[serde(default)]
    pub limit: Option<String>,
    pub message: String,
    #[serde(default)]
    pub hint: Option<String>,
}

/// What a call used.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Usage {
    pub fuel: u64,
    pub memory_peak_bytes: u64,
    pub wall_us: u64,
    pub host_calls: u64,
    /// What agents' endpoints cost, in millionths of the operator's currency.
    #[serde(default)]
    pub money: u64,
}

impl Client {
    /// A client of the daemon on `data_dir`, if one answers there.
    ///
    /// # Errors
    /// There is a socket that this user may not open.
    pub fn of_daemon(data_dir: &Path) -> Result<Option<Client>, Fault> {
        let path = data_dir.join(SOCKET);
        match std::os::unix::net::UnixStream::connect(&path) {
            Ok(_) => Ok(Some(Client { via: Via::Socket(path) })),
            // No file; a file that a killed daemon left; a folder on the way that is none.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(unreachable(&path, &error)),
        }
    }

    /// A client of a daemon in this process.
    pub fn inside(running: Arc<dyn Running>) -> Client {
        Client { via: Via::Inside(running) }
    }

    /// `GET` of a JSON answer. `doing` completes "Failed to …".
    ///
    /// # Errors
    /// The daemon cannot be reached, says no, or answers otherwise than it should.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, doing: &str) -> Result<T, Fault> {
        self.send(Method::GET, path, None).await?.json(doing)
    }

    /// `POST` of JSON for a JSON answer.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value, doing: &str) -> Result<T, Fault> {
        self.send(Method::POST, path, Some(body.to_string())).await?.json(doing)
    }

    /// `PUT` of JSON for a JSON answer.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &Value, doing: &str) -> Result<T, Fault> {
        self.send(Method::PUT, path, Some(body.to_string())).await?.json(doing)
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn delete(&self, path: &str, doing: &str) -> Result<(), Fault> {
        let reply = self.send(Method::DELETE, path, None).await?;
        if reply.status.is_success() { Ok(()) } else { Err(reply.refused()?.fault(doing)) }
    }

    /// Any request, for its whole answer, whatever its status.
    ///
    /// # Errors
    /// The daemon cannot be reached, or the answer breaks off.
    pub async fn send(&self, method: Method, path: &str, body: Option<String>) -> Result<Reply, Fault> {
        let response = self.open(method, path, body, "application/json").await?;
        let status = response.status();
        let mut incoming = response.into_body();
        let mut whole = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            whole.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            if whole.len() > ANSWER_BYTES_MAX {
                return Err(Fault::failed(format!(
                    "Failed to read the answer: it has more than {ANSWER_BYTES_MAX} bytes"
                )));
            }
        }
        Ok(Reply { status, body: whole.into() })
    }

    /// A request whose answer is read as it comes.
    ///
    /// # Errors
    /// The daemon cannot be reached.
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        accept: &'static str,
    ) -> Result<Response<Incoming>, Fault> {
        match &self.via {
            Via::Socket(socket) => {
                let io = UnixStream::connect(socket).await.map_err(|error| unreachable(socket, &error))?;
                exchange(io, method, path, body, accept).await
            }
            Via::Inside(running) => {
                let io = running.connect().map_err(|error| broken(&error))?;
                exchange(io, method, path, body, accept).await
            }
        }
    }
}

async fn exchange(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    method: Method,
    path: &str,
    body: Option<String>,
    accept: &'static str,
) -> Result<Response<Incoming>, Fault> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(io)).await.map_err(|error| broken(&error))?;
    // Ends with the connection, which ends with the answer.
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost").header(ACCEPT, accept);
    if body.is_some() {
        request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let body = Full::new(Bytes::from(body.unwrap_or_default()));
    let request = request.body(body).map_err(|error| Fault::usage(format!("Failed to ask for `{path}`: {error}")))?;
    sender.send_request(request).await.map_err(|error| broken(&error))
}

impl Reply {
    /// The answer as JSON, or why it was refused.
    ///
    /// # Errors
    /// The daemon said no, or answered otherwise than it should.
    pub fn json<T: DeserializeOwned>(&self, doing: &str) -> Result<T, Fault> {
        if !self.status.is_success() {
            return Err(self.refused()?.fault(doing));
        }
        serde_json::from_slice(&self.body).map_err(|error| strange(&error.to_string()))
    }

    /// What an answer that says no says.
    ///
    /// # Errors
    /// It says it otherwise than it should.
    pub fn refused(&self) -> Result<Refused, Fault> {
        serde_json::from_slice(&self.body)
            .map_err(|error| strange(&format!("status {}, and a body that is no error: {error}", self.status)))
    }
}

impl Refused {
    /// The same, for people.
    pub fn fault(self, doing: &str) -> Fault {
        let RefusedDetail { kind, limit, message, hint } = self.error;
        let limit = limit.map(|limit| format!(": {limit}")).unwrap_or_default();
        Fault { code: Code::Failed, message: format!("Failed to {doing}: {kind}{limit}: {message}"), hint }
    }
}

fn unreachable(socket: &Path, error: &io::Error) -> Fault {
    let fault = Fault::daemon(format!("Failed to reach the daemon at `{}`: {error}", socket.display()));
    match error.kind() {
        io::ErrorKind::PermissionDenied => fault.hint("only the user who started the daemon may use its socket"),
        io::ErrorKind::InvalidInput => fault.hint("a socket's path has at most 107 bytes: use a shorter `--data`"),
        _ => fault.hint("see `happyos doctor`"),
    }
}

fn broken(error: &dyn std::error::Error) -> Fault {
    Fault::daemon(format!("Failed to talk to the daemon: {error}")).hint("see whether it still runs: `happyos status`")
}

fn strange(what: &str) -> Fault {
    Fault::daemon(format!("Failed to understand the daemon: {what}"))
        .hint("is it of another version? Stop it and start it again with `happyos up`")
}
