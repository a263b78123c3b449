//! The host side of `happyos:host/http`: from WIT records to requests, and bodies in parts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::mpsc;
use wasmtime::component::Resource;

use crate::runtime::bindings::skill::happyos::host::http::{
    Credential as WitCredential, Error, Header, Host, HostIncoming, HostOutgoing, Request, Response,
};
use crate::runtime::egress::{Answer, AnswerBody, Credential, HttpError, Order, Payload, Plan, Sending, too_much_sent};
use crate::runtime::reach::Reach;
use crate::runtime::state::CallState;

/// Most bytes that one read gives.
const READ_BYTES_MAX: u32 = 64 << 10;
/// Redirects that are followed unless the request says otherwise.
const REDIRECTS_DEFAULT: u32 = 5;
/// Redirects that a request may ask for.
const REDIRECTS_MAX: u32 = 10;
/// How long an exchange may take unless the request says otherwise.
const EXCHANGE_MS_DEFAULT: u32 = 30_000;
/// Secrets that one request may carry.
const CREDENTIALS_MAX: usize = 8;
/// Said when the table of handles is full.
const TOO_MANY_OPEN: &str = "the call has too many secrets, requests and responses open";

/// The body of a response, as far as it was read.
pub struct Incoming {
    body: AnswerBody,
    rest: Bytes,
    failed: Option<HttpError>,
}

/// A request whose body is being written.
pub struct Outgoing {
    parts: mpsc::Sender<Bytes>,
    state: Progress,
    reach: Arc<Reach>,
}

/// How far the exchange has come while the body is written. It only moves when the guest writes or waits.
enum Progress {
    Sending(Sending),
    Done(Result<Box<Answer>, HttpError>),
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Error {
        match error {
            HttpError::Denied(text) => Error::Denied(text),
            HttpError::Invalid(text) => Error::InvalidRequest(text),
            HttpError::Unavailable(text) => Error::Unavailable(text),
            HttpError::Timeout(text) => Error::Timeout(text),
            HttpError::TooLarge(text) => Error::TooLarge(text),
            HttpError::TooManyRedirects(text) => Error::TooManyRedirects(text),
            HttpError::Protocol(text) => Error::Protocol(text),
        }
    }
}

impl CallState {
    /// Checks a request as a guest asks for it.
    fn plan(&self, request: Request, credentials: Vec<WitCredential>) -> wasmtime::Result<Result<Plan, HttpError>> {
        if credentials.len() > CREDENTIALS_MAX {
            return Ok(Err(HttpError::Invalid(format!(
                "there are more than {CREDENTIALS_MAX} secrets in one request"
            ))));
        }
        let mut carried = Vec::new();
        for WitCredential { secret, header, prefix } in credentials {
            match Credential::new(self.handles.get(&secret)?.name.clone(), &header, prefix) {
                Ok(credential) => carried.push(credential),
                Err(error) => return Ok(Err(error)),
            }
        }
        let headers = Order::headers(request.headers.iter().map(|header| (&*header.name, &*header.value)));
        let time = Duration::from_millis(request.timeout_ms.unwrap_or(EXCHANGE_MS_DEFAULT).into());
        let plan = headers.and_then(|headers| {
            let order = Order {
                method: request.method,
                url: request.url,
                headers,
                credentials: carried,
                redirects_max: request.max_redirects.unwrap_or(REDIRECTS_DEFAULT).min(REDIRECTS_MAX),
                deadline: self.deadline().min(Instant::now() + time),
            };
            Plan::new(order, self.reach.clone())
        });
        Ok(plan)
    }

    fn respond(&mut self, answer: Answer) -> Result<Response, Error> {
        let Answer { status, headers, url, body } = answer;
        let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        };
        let headers = headers
            .iter()
            .map(|(name, value)| Header { name: name.as_str().to_owned(), value: text(value.as_bytes()) })
            .collect();
        let body = self
            .handles
            .push(Incoming { body, rest: Bytes::new(), failed: None })
            .map_err(|_| Error::Unavailable(TOO_MANY_OPEN.into()))?;
        Ok(Response { status, headers, url, body })
    }
}

impl Host for CallState {
    async fn send(
        &mut self,
        request: Request,
        credentials: Vec<WitCredential>,
        body: Vec<u8>,
    ) -> wasmtime::Result<Result<Response, Error>> {
        self.count_host_call()?;
        let plan = match self.plan(request, credentials)? {
            Ok(plan) => plan,
            Err(error) => return Ok(Err(error.into())),
        };
        Ok(match plan.send(Payload::Whole(body.into())).await {
            Ok(answer) => self.respond(answer),
            Err(error) => Err(error.into()),
        })
    }

    async fn start(
        &mut self,
        request: Request,
        credentials: Vec<WitCredential>,
    ) -> wasmtime::Result<Result<Resource<Outgoing>, Error>> {
        self.count_host_call()?;
        let plan = match self.plan(request, credentials)? {
            Ok(plan) => plan,
            Err(error) => return Ok(Err(error.into())),
        };
        let (parts, mut written) = mpsc::channel::<Bytes>(1);
        let frames = futures_util::stream::poll_fn(move |cx| written.poll_recv(cx));
        let frames = futures_util::StreamExt::map(frames, |bytes| Ok(Frame::data(bytes)));
        let payload = Payload::Stream(StreamBody::new(frames).boxed_unsync());
        let state = Progress::Sending(Box::pin(plan.send(payload)));
        let opened = self.handles.push(Outgoing { parts, state, reach: self.reach.clone() });
        Ok(opened.map_err(|_| Error::Unavailable(TOO_MANY_OPEN.into())))
    }
}

impl HostIncoming for CallState {
    async fn read(&mut self, body: Resource<Incoming>, max: u32) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        self.count_host_call()?;
        let Incoming { body, rest, failed } = self.handles.get_mut(&body)?;
        if let Some(error) = failed {
            return Ok(Err(error.clone().into()));
        }
        if rest.is_empty() {
            match body.frame().await {
                Some(Ok(frame)) => *rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    *failed = Some(error.clone());
                    return Ok(Err(error.into()));
                }
                None => return Ok(Ok(Vec::new())),
            }
        }
        // A read of nothing would look like the end.
        let length = rest.len().min(max.clamp(1, READ_BYTES_MAX) as usize);
        Ok(Ok(rest.split_to(length).into()))
    }

    async fn drop(&mut self, body: Resource<Incoming>) -> wasmtime::Result<()> {
        self.handles.delete(body)?;
        Ok(())
    }
}

impl HostOutgoing for CallState {
    async fn write(&mut self, request: Resource<Outgoing>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        self.count_host_call()?;
        let Outgoing { parts, state, reach } = self.handles.get_mut(&request)?;
        if !reach.charge_sent(bytes.len()) {
            return Ok(Err(too_much_sent().into()));
        }
        if bytes.is_empty() {
            return Ok(Ok(()));
        }
        if let Progress::Sending(sending) = state {
            let ended = tokio::select! {
                biased;
                ended = sending => Some(ended),
                room = parts.reserve() => {
                    if let Ok(room) = room {
                        room.send(bytes.into());
                    }
                    None
                }
            };
            if let Some(ended) = ended {
                *state = Progress::Done(ended.map(Box::new));
            }
        }
        // A server that has answered already needs no more of the body.
        Ok(match state {
            Progress::Done(Err(error)) => Err(error.clone().into()),
            Progress::Done(Ok(_)) | Progress::Sending(_) => Ok(()),
        })
    }

    async fn finish(&mut self, request: Resource<Outgoing>) -> wasmtime::Result<Result<Response, Error>> {
        self.count_host_call()?;
        let Outgoing { parts, state, .. } = self.handles.delete(request)?;
        drop(parts);
        let ended = match state {
            Progress::Sending(sending) => sending.await,
            Progress::Done(ended) => ended.map(|answer| *answer),
        };
        Ok(match ended {
            Ok(answer) => self.respond(answer),
            Err(error) => Err(error.into()),
        })
    }

    async fn drop(&mut self, request: Resource<Outgoing>) -> wasmtime::Result<()> {
        self.handles.delete(request)?;
        Ok(())
    }
}
