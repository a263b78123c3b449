//! One exchange from a checked request to the head of its response, over all redirects.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION};
use http::{Method, Request, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::body::{AnswerBody, Driver, Source};
use super::connect::Connected;
use super::order::{Credential, Order};
use super::scrub::Needles;
use super::target::Target;
use super::{HttpError, REQUEST_BYTES_MAX};
use crate::base::GrantKind;
use crate::runtime::reach::Reach;
use crate::security::secrets::SecretValue;

/// Headers of one response.
const RESPONSE_HEADERS_MAX: usize = 128;
/// Bytes that a response's head may take.
const RESPONSE_HEAD_BYTES_MAX: usize = 64 << 10;

/// The body of a request.
pub enum Payload {
    /// Known as a whole, so that a redirect can have it once more.
    Whole(Bytes),
    /// Still being written, counted by whoever writes it.
    Stream(UnsyncBoxBody<Bytes, HttpError>),
    /// Was streamed, and has gone out.
    Gone,
}

/// A response whose body is still to be read.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers without secrets.
    pub headers: HeaderMap,
    /// The URL that answered, without secrets.
    pub url: String,
    /// The body.
    pub body: AnswerBody,
}

/// A request that may be made, as far as can be known without looking up its host.
pub struct Plan {
    method: Method,
    target: Target,
    headers: HeaderMap,
    credentials: Vec<(Credential, SecretValue)>,
    needles: Arc<Needles>,
    redirects_max: u32,
    deadline: Instant,
    reach: Arc<Reach>,
}

impl Plan {
    /// Checks a request against the rules and the grants.
    pub fn new(order: Order, reach: Arc<Reach>) -> Result<Plan, HttpError> {
        let target = Target::parse(&order.url)?;
        let method = order.checked_method()?;
        let headers = order.outgoing_headers()?;
        reach.admit_request(method.as_str(), &target)?;
        let Order { redirects_max, deadline, credentials: asked, .. } = order;
        let mut credentials = Vec::new();
        if reach.rehearsal().is_none() {
            for credential in asked {
                let value = reach.secret(&credential.secret, method.as_str(), &target)?;
                credentials.push((credential, value));
            }
        }
        let needles = Arc::new(Needles::new(credentials.iter().map(|(_, value)| value.expose())));
        Ok(Plan { method, target, headers, credentials, needles, redirects_max, deadline, reach })
    }

    /// Sends it and waits for the head of the last response.
    pub async fn send(self, payload: Payload) -> Result<Answer, HttpError> {
        let needles = self.needles.clone();
        let deadline = self.deadline;
        let target = self.target.to_string();
        match tokio::time::timeout_at(deadline.into(), self.follow(payload)).await {
            Ok(result) => result.map_err(|error| error.reworded(|text| needles.text(text))),
            Err(_) => Err(HttpError::Timeout(format!("`{target}` did not answer in time"))),
        }
    }

    async fn follow(mut self, mut payload: Payload) -> Result<Answer, HttpError> {
        let mut n_redirects = 0;
        loop {
            let private = self.reach.admit_request(self.method.as_str(), &self.target)?;
            let mut answer = match self.reach.rehearsal() {
                Some(_) => self.rehearse(&mut payload).await?,
                None => self.hop(private, &mut payload).await?,
            };
            let next = if self.redirects_max == 0 { None } else { self.redirected(&answer, &mut payload)? };
            let Some(next) = next else {
                self.clean(&mut answer);
                return Ok(answer);
            };
            if n_redirects == self.redirects_max {
                return Err(HttpError::TooManyRedirects(format!("there were more than {n_redirects} redirects")));
            }
            n_redirects += 1;
            self.target = next;
        }
    }

    /// One request and the head of its response.
    async fn hop(&mut self, private: bool, payload: &mut Payload) -> Result<Answer, HttpError> {
        let open = self.reach.open()?;
        let gateway = self.reach.gateway();
        let addresses = gateway.addresses(&self.target, private).await?.map_err(|address| {
            let what = format!("{} {}", self.method, self.target);
            let why = format!("`{what}` leads to an address that is not public, which is not granted to this bundle");
            // The address is for the operator: a guest would learn of the network behind names.
            HttpError::Denied(self.reach.refuse_naming(GrantKind::Http, &what, &why, &format!("{why}: {address}")))
        })?;
        let request = self.request(payload)?;
        let Connected { stream, place } = gateway.connect(&self.target, &addresses).await?;
        let broken = |error: hyper::Error| self.broken(&error);
        let (mut sender, connection) = http1::Builder::new()
            .max_headers(RESPONSE_HEADERS_MAX)
            .max_buf_size(RESPONSE_HEAD_BYTES_MAX)
            .handshake::<_, UnsyncBoxBody<Bytes, HttpError>>(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let mut driver: Option<Driver> = Some(Box::pin(connection));
        let mut sending = Box::pin(sender.send_request(request));
        let response = std::future::poll_fn(|cx| {
            if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
                driver = None;
            }
            sending.as_mut().poll(cx)
        })
        .await
        .map_err(broken)?;
        drop(sending);
        let (head, incoming) = response.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(HttpError::Protocol(format!("`{}` wants to speak another protocol", self.target)));
        }
        if !self.needles.is_empty() && head.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(HttpError::Protocol(format!(
                "`{}` compresses its answer to a request with a secret, which then cannot be checked",
                self.target
            )));
        }
        let source = Source::Wire { incoming, driver };
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            url: self.target.url().to_owned(),
            body: AnswerBody::new(source, &self.needles, self.deadline, self.reach.clone(), Some((open, place))),
        })
    }

    /// What goes over the wire: our own `Host`, and the secrets.
    fn request(&self, payload: &mut Payload) -> Result<Request<UnsyncBoxBody<Bytes, HttpError>>, HttpError> {
        let invalid = |_| HttpError::Invalid(format!("the request to `{}` cannot be written", self.target));
        let body = match payload {
            Payload::Whole(bytes) => {
                if !self.reach.charge_sent(bytes.len()) {
                    return Err(too_much_sent());
                }
                Full::new(bytes.clone()).map_err(|never| match never {}).boxed_unsync()
            }
            Payload::Stream(_) => match std::mem::replace(payload, Payload::Gone) {
                Payload::Stream(body) => body,
                _ => return Err(invalid(())),
            },
            Payload::Gone => return Err(invalid(())),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.path_and_query().parse().map_err(|_| invalid(()))?;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(self.target.authority()).map_err(|_| invalid(()))?);
        headers.extend(self.headers.clone());
        for (credential, value) in &self.credentials {
            let text = zeroize::Zeroizing::new(format!("{}{}", credential.prefix, value.expose()));
            let mut value = HeaderValue::from_str(&text).map_err(|_| {
                HttpError::Invalid(format!(
                    "the secret `{}` has characters that no header may have (hint: `happyos secret set` it anew)",
                    credential.secret
                ))
            })?;
            value.set_sensitive(true);
            headers.insert(credential.header.clone(), value);
        }
        Ok(request)
    }

    /// Where to go next, if the response is a redirect that can be followed; changes method, headers and secrets to
    /// what goes there.
    fn redirected(&mut self, answer: &Answer, payload: &mut Payload) -> Result<Option<Target>, HttpError> {
        let Some(location) = answer.headers.get(LOCATION) else { return Ok(None) };
        let turns_to_get = match answer.status {
            301 | 302 => self.method == Method::POST,
            303 => self.method != Method::HEAD,
            307 | 308 => false,
            _ => return Ok(None),
        };
        if turns_to_get {
            self.method = Method::GET;
            *payload = Payload::Whole(Bytes::new());
            let of_body = |name: &&HeaderName| name.as_str().starts_with("content-");
            let gone: Vec<HeaderName> = self.headers.keys().filter(of_body).cloned().collect();
            gone.iter().for_each(|name| drop(self.headers.remove(name)));
        } else if matches!(payload, Payload::Gone) {
            return Ok(None);
        }
        let location = location
            .to_str()
            .map_err(|_| HttpError::Protocol(format!("`{}` redirects to what is no URL", self.target)))?;
        let next = self
            .target
            .join(location)
            .map_err(|error| error.reworded(|text| format!("`{}` redirects, and {text}", self.target)))?;
        if !next.same_origin(&self.target) {
            self.credentials.clear();
            self.headers.remove(AUTHORIZATION);
            self.headers.remove(COOKIE);
        }
        // A secret may be tied to methods and hosts; what holds for the first hop must hold for each.
        for (credential, _) in &self.credentials {
            self.reach.secret(&credential.secret, self.method.as_str(), &next)?;
        }
        Ok(Some(next))
    }

    /// Takes secrets out of a response's head.
    fn clean(&self, answer: &mut Answer) {
        if self.needles.is_empty() {
            return;
        }
        answer.url = self.needles.text(&answer.url);
        for value in answer.headers.values_mut() {
            if let Ok(clean) = HeaderValue::from_bytes(&self.needles.bytes(value.as_bytes())) {
                *value = clean;
            }
        }
    }

    /// What an example's own stub answers.
    async fn rehearse(&self, payload: &mut Payload) -> Result<Answer, HttpError> {
        if let Payload::Stream(_) = payload
            && let Payload::Stream(body) = std::mem::replace(payload, Payload::Gone)
        {
            body.collect().await?;
        }
        let stub = self.reach.rehearsal().and_then(|rehearsal| rehearsal.stub(self.method.as_str(), self.target.url()));
        let stub = stub.ok_or_else(|| {
            self.reach.note(|seen| seen.miss(format!("{} {}", self.method, self.target.url())));
            HttpError::Unavailable(format!(
                "the example has no stub for `{} {}` (hint: add it to the example's `http`)",
                self.method,
                self.target.url()
            ))
        })?;
        let mut headers = HeaderMap::new();
        for (name, value) in &stub.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                headers.append(name, value);
            }
        }
        let source = Source::Stub(Some(stub.body.clone().into()));
        Ok(Answer {
            status: stub.status,
            headers,
            url: self.target.url().to_owned(),
            body: AnswerBody::new(source, &self.needles, self.deadline, self.reach.clone(), None),
        })
    }

    /// Why an exchange ended before there was a response.
    fn broken(&self, error: &hyper::Error) -> HttpError {
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            if let Some(own) = cause.downcast_ref::<HttpError>() {
                return own.clone();
            }
            source = cause.source();
        }
        HttpError::Protocol(format!("`{}` gave no HTTP response that can be used: {error}", self.target))
    }
}

/// A request's body in parts.
pub type Sending = Pin<Box<dyn Future<Output = Result<Answer, HttpError>> + Send>>;

/// Said when a call sends too much.
pub fn too_much_sent() -> HttpError {
    HttpError::TooLarge(format!("the requests of this call have more than {REQUEST_BYTES_MAX} bytes together"))
}
