//! A request as a guest asks for it, and what must hold of it before anything is looked at.

use std::sync::Arc;
use std::time::Instant;

use http::header::{ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::HttpError;

/// Headers of one request.
const HEADERS_MAX: usize = 64;
/// Bytes of their names and values.
const HEADER_BYTES_MAX: usize = 32 << 10;
/// Longest method.
const METHOD_BYTES_MAX: usize = 32;
/// What requests say of their sender where the guest says nothing.
const USER_AGENT_DEFAULT: &str = concat!("happyos/", env!("CARGO_PKG_VERSION"));

/// Headers that belong to the connection: they are the host's, whatever a guest sets. All that begin with `proxy-` too.
const OWN_HEADERS: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Whether a header is the host's own.
pub fn is_own_header(name: &HeaderName) -> bool {
    OWN_HEADERS.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}

/// A request as a guest asks for it, without its body.
pub struct Order {
    /// Any method but `CONNECT` and `TRACE`.
    pub method: String,
    /// The URL as written.
    pub url: String,
    /// Headers, checked by [`Order::headers`].
    pub headers: HeaderMap,
    /// Secrets it is to carry.
    pub credentials: Vec<Credential>,
    /// Redirects to follow.
    pub redirects_max: u32,
    /// When the whole exchange must have ended.
    pub deadline: Instant,
}

/// A secret that a request is to carry in a header.
pub struct Credential {
    /// The secret's name.
    pub secret: Arc<str>,
    /// The header.
    pub header: HeaderName,
    /// What comes before the secret.
    pub prefix: String,
}

impl Credential {
    /// Checks the header's name and the prefix.
    pub fn new(secret: Arc<str>, header: &str, prefix: String) -> Result<Credential, HttpError> {
        let header = header_name(header)?;
        HeaderValue::from_str(&prefix).map_err(|_| {
            HttpError::Invalid(format!("the prefix for the header `{header}` has characters that no header may have"))
        })?;
        if prefix.len() > HEADER_BYTES_MAX {
            return Err(HttpError::Invalid(format!(
                "the prefix for the header `{header}` is longer than {HEADER_BYTES_MAX} bytes"
            )));
        }
        Ok(Credential { secret, header, prefix })
    }
}

impl Order {
    /// Headers as a guest lists them.
    pub fn headers<'a>(listed: impl Iterator<Item = (&'a str, &'a str)>) -> Result<HeaderMap, HttpError> {
        let mut headers = HeaderMap::new();
        let mut bytes = 0;
        for (index, (name, value)) in listed.enumerate() {
            bytes += name.len() + value.len();
            if index == HEADERS_MAX || bytes > HEADER_BYTES_MAX {
                return Err(HttpError::Invalid(format!(
                    "there are more than {HEADERS_MAX} headers or {HEADER_BYTES_MAX} bytes of them"
                )));
            }
            let name = header_name(name)?;
            let value = HeaderValue::from_str(value).map_err(|_| {
                HttpError::Invalid(format!("the header `{name}` has characters that no header may have"))
            })?;
            headers.append(name, value);
        }
        Ok(headers)
    }

    /// The method, if it is one that may be sent.
    pub(super) fn checked_method(&self) -> Result<Method, HttpError> {
        let method = Method::from_bytes(self.method.as_bytes()).ok();
        // A tunnel is no request, and an echo would give secrets back.
        let method = method.filter(|method| *method != Method::CONNECT && *method != Method::TRACE);
        let fits = |method: &Method| {
            let name = method.as_str();
            name.len() <= METHOD_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        };
        method.filter(fits).ok_or_else(|| {
            let shown: String = self.method.chars().take(METHOD_BYTES_MAX).collect();
            HttpError::Invalid(format!(
                "the method {shown:?} cannot be sent (hint: methods are in capitals, such as `GET`)"
            ))
        })
    }

    /// The headers that go out, without credentials.
    pub(super) fn outgoing_headers(&self) -> Result<HeaderMap, HttpError> {
        let mut headers = self.headers.clone();
        for credential in &self.credentials {
            let name = &credential.header;
            if headers.contains_key(name) {
                return Err(HttpError::Invalid(format!(
                    "the header `{name}` is set beside the secret that belongs there"
                )));
            }
        }
        if !headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_DEFAULT));
        }
        if !self.credentials.is_empty() {
            // A compressed answer could not be looked through for what it repeats.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Ok(headers)
    }
}

fn header_name(name: &str) -> Result<HeaderName, HttpError> {
    let shown: String = name.chars().take(80).collect();
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| HttpError::Invalid(format!("{shown:?} is no name of a header")))?;
    if is_own_header(&name) {
        return Err(HttpError::Invalid(format!("the header `{name}` belongs to the connection (hint: leave it out)")));
    }
    Ok(name)
}
