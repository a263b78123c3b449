//! Requests to other hosts.
//!
//! Takes a grant: `bundle!(…, grants = {"http": ["GET api.example.org"]})` asks for it. Natively nothing goes out: tests
//! give the answers with [`testing::stub_http`](crate::testing::stub_http), examples with their `http`.
//!
//! ```no_run
//! use happyos_sdk::{Result, http, secrets};
//!
//! fn stars(repository: &str) -> Result<u64> {
//!     let token = secrets::open("github")?;
//!     let mut response = http::get(format!("https://api.github.com/repos/{repository}"))
//!         .header("accept", "application/json")
//!         .credential(&token, "authorization", "Bearer ")
//!         .send()?;
//!     let body: serde_json::Value = serde_json::from_slice(&response.bytes(1 << 20)?)?;
//!     Ok(body["stargazers_count"].as_u64().unwrap_or(0))
//! }
//! ```

use std::fmt;
use std::time::Duration;

use crate::SkillError;
#[cfg(target_family = "wasm")]
use crate::guest::http as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::http as host;
use crate::secrets::Secret;

/// Most bytes that are asked for at once.
const CHUNK_BYTES: u32 = 64 << 10;

/// Why there is no response. Becomes a [`SkillError`] through `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The operator has not granted this request, or the address it leads to.
    Denied(String),
    /// The URL, the method or a header is not one.
    InvalidRequest(String),
    /// The host cannot be found, does not answer, or cannot prove who it is.
    Unavailable(String),
    /// It took too long.
    Timeout(String),
    /// The body is larger than a call may send or receive, or than was asked for.
    TooLarge(String),
    /// Redirects led on and on.
    TooManyRedirects(String),
    /// The answer is not HTTP.
    Protocol(String),
}

/// A request that is being put together.
#[derive(Debug)]
#[must_use = "nothing is sent until `send` or `start`"]
pub struct Request<'a> {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) credentials: Vec<Credential<'a>>,
    pub(crate) timeout_ms: Option<u32>,
    pub(crate) redirects_max: Option<u32>,
    body: Vec<u8>,
}

/// A secret as a header of a request.
#[derive(Debug)]
#[cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "natively nothing goes out"))]
pub(crate) struct Credential<'a> {
    pub secret: &'a Secret,
    pub header: String,
    pub prefix: String,
}

/// A response whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    /// Such as 200. Statuses that mean failure are responses too.
    pub status: u16,
    /// Headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The URL that answered, after redirects.
    pub url: String,
    pub(crate) body: host::Incoming,
}

/// A request whose body is written in parts.
#[derive(Debug)]
pub struct Outgoing(host::Outgoing);

/// A `GET` request.
pub fn get<'a>(url: impl Into<String>) -> Request<'a> {
    request("GET", url)
}

/// A `POST` request.
pub fn post<'a>(url: impl Into<String>) -> Request<'a> {
    request("POST", url)
}

/// A request with any method, in capitals.
pub fn request<'a>(method: impl Into<String>, url: impl Into<String>) -> Request<'a> {
    Request {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        credentials: Vec::new(),
        timeout_ms: None,
        redirects_max: None,
        body: Vec::new(),
    }
}

impl<'a> Request<'a> {
    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a header with a secret after `prefix`, such as `Bearer ` with its space.
    pub fn credential(mut self, secret: &'a Secret, header: impl Into<String>, prefix: impl Into<String>) -> Self {
        self.credentials.push(Credential { secret, header: header.into(), prefix: prefix.into() });
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to JSON text, and says so in a header.
    pub fn json(self, json: impl fmt::Display) -> Self {
        self.header("content-type", "application/json").body(json.to_string())
    }

    /// Limits the whole exchange, redirects and body included.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout_ms = Some(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Follows at most `max` redirects instead of 5; with 0 a redirect is a response like another.
    pub fn redirects(mut self, max: u32) -> Self {
        self.redirects_max = Some(max);
        self
    }

    /// Sends it and waits for the response.
    ///
    /// # Errors
    /// As [`Error`] says. A status such as 404 is no error.
    pub fn send(mut self) -> Result<Response, Error> {
        let body = std::mem::take(&mut self.body);
        host::send(self, &body)
    }

    /// Begins it, with a body that is written in parts after what [`Request::body`] has set.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn start(mut self) -> Result<Outgoing, Error> {
        let body = std::mem::take(&mut self.body);
        let mut outgoing = host::start(self)?;
        outgoing.write(&body)?;
        Ok(Outgoing(outgoing))
    }
}

impl Outgoing {
    /// Writes a part of the body; returns when there is room for it.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.write(bytes.as_ref())
    }

    /// Ends the body and waits for the response.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn finish(self) -> Result<Response, Error> {
        self.0.finish()
    }
}

impl Response {
    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The next bytes of the body as they come; `None` at its end.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let bytes = self.body.read(CHUNK_BYTES)?;
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    /// The rest of the body.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if it has more than `max` bytes; else as [`Error`] says.
    pub fn bytes(&mut self, max: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(bytes) = self.chunk()? {
            all.extend(bytes);
            if all.len() > max {
                return Err(Error::TooLarge(format!("the response of `{}` has more than {max} bytes", self.url)));
            }
        }
        Ok(all)
    }

    /// The first bytes of the rest of the body, at most `max`, and whether that is all.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn first_bytes(&mut self, max: usize) -> Result<(Vec<u8>, bool), Error> {
        let mut all = Vec::new();
        while let Some(bytes) = self.chunk()? {
            all.extend(bytes);
            if all.len() > max {
                all.truncate(max);
                return Ok((all, false));
            }
        }
        Ok((all, true))
    }
}

/// One event of an event stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its kind, where it says one.
    pub event: Option<String>,
    /// Its lines of data.
    pub data: String,
}

/// A response read as server-sent events (`text/event-stream`).
#[derive(Debug)]
pub struct Events {
    response: Response,
    bytes: Vec<u8>,
    at_end: bool,
}

/// Longest event, in bytes.
const EVENT_BYTES_MAX: usize = 1 << 20;

impl Response {
    /// Reads the rest of the body as server-sent events.
    pub fn events(self) -> Events {
        Events { response: self, bytes: Vec::new(), at_end: false }
    }
}

impl Events {
    /// The next event; `None` at the end of the body. An event that the end cuts off is none.
    ///
    /// # Errors
    /// [`Error::Protocol`] for what is not UTF-8, [`Error::TooLarge`] for an event without end; else as [`Error`] says.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.take()? {
                return Ok(Some(event));
            }
            if self.at_end {
                return Ok(None);
            }
            match self.response.chunk()? {
                Some(bytes) => self.bytes.extend(bytes),
                None => self.at_end = true,
            }
            if self.bytes.len() > EVENT_BYTES_MAX {
                return Err(Error::TooLarge(format!("an event has more than {EVENT_BYTES_MAX} bytes")));
            }
        }
    }

    /// The first whole event among the bytes that are there.
    fn take(&mut self) -> Result<Option<Event>, Error> {
        let mut event = Event::default();
        let (mut start, mut has_data) = (0, false);
        while let Some(length) = self.bytes[start..].iter().position(|byte| *byte == b'\n') {
            let line =
                self.bytes[start..start + length].strip_suffix(b"\r").unwrap_or(&self.bytes[start..start + length]);
            let line = std::str::from_utf8(line)
                .map_err(|_| Error::Protocol(format!("the events of `{}` are not UTF-8", self.response.url)))?;
            start += length + 1;
            if line.is_empty() {
                let whole = has_data.then(|| std::mem::take(&mut event));
                self.bytes.drain(..start);
                if whole.is_some() {
                    return Ok(whole);
                }
                (start, event) = (0, Event::default());
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => event.event = Some(value.to_owned()),
                "data" => {
                    if has_data {
                        event.data.push('\n');
                    }
                    has_data = true;
                    event.data.push_str(value);
                }
                _ => {}
            }
        }
        Ok(None)
    }
}

impl Error {
    fn message(&self) -> &str {
        let (Self::Denied(message)
        | Self::InvalidRequest(message)
        | Self::Unavailable(message)
        | Self::Timeout(message)
        | Self::TooLarge(message)
        | Self::TooManyRedirects(message)
        | Self::Protocol(message)) = self;
        message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl From<Error> for SkillError {
    fn from(error: Error) -> Self {
        let message = error.message().to_owned();
        match error {
            Error::Denied(_) => Self::Denied(message),
            Error::InvalidRequest(_) => Self::InvalidInput(message),
            Error::Unavailable(_) | Error::Timeout(_) => Self::Unavailable(message),
            Error::TooLarge(_) | Error::TooManyRedirects(_) | Error::Protocol(_) => Self::Failed(message),
        }
    }
}
