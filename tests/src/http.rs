//! A small HTTP/1.1 client on one kept connection, over TCP or a unix socket.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

/// One connection.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    headers: Vec<(String, String)>,
}

/// An answer with its body read.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// Headers by lower-case name.
    pub headers: hyper::HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON: no door answers with anything else where this is used.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// Connects over TCP; `Host` is the address.
    ///
    /// # Errors
    /// If nothing listens there.
    pub async fn tcp(address: SocketAddr) -> anyhow::Result<Client> {
        let stream = tokio::net::TcpStream::connect(address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        Client::over(stream, &address.to_string()).await
    }

    /// Connects to a unix socket.
    ///
    /// # Errors
    /// If nothing listens there.
    pub async fn unix(path: &Path) -> anyhow::Result<Client> {
        Client::over(tokio::net::UnixStream::connect(path).await.context("connecting")?, "localhost").await
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, host: &str) -> anyhow::Result<Client> {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Client { sender, headers: vec![("host".into(), host.into())] })
    }

    /// The same connection with a header on every request, in place of one of that name.
    pub fn with(mut self, name: &str, value: &str) -> Client {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same connection with a bearer token on every request.
    pub fn bearer(self, token: &str) -> Client {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// If the connection breaks.
    pub async fn send(&mut self, method: Method, path: &str, body: impl Into<Bytes>) -> anyhow::Result<Response> {
        self.sender.ready().await?;
        let body = body.into();
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_empty() && !self.headers.iter().any(|(name, _)| name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = self.sender.send_request(request.body(Full::new(body))?).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    /// `GET path`.
    ///
    /// # Errors
    /// If the connection breaks.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Response> {
        self.send(Method::GET, path, Bytes::new()).await
    }

    /// `POST path` with JSON.
    ///
    /// # Errors
    /// If the connection breaks.
    pub async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Response> {
        self.send(Method::POST, path, body.to_string()).await
    }
}
