//! Failures as HTTP answers: a status, and one body for all of them.
//!
//! | status | kinds |
//! |---|---|
//! | 400 | `invalid-input`: the request, or the input against the skill's schema |
//! | 401, 403, 421 | no or a wrong token; `denied`: role, `Origin`; a foreign `Host` |
//! | 404, 405, 406 | `not-found`, `method-not-allowed`, `not-acceptable` |
//! | 408, 413 | `timeout` (of the request's body), `too-large` |
//! | 422 | `guest-error`, `limit-exceeded`: the skill was run and could not do it |
//! | 502 | `trap`, `invalid-output`: the skill itself is at fault |
//! | 503 | `unavailable`, `cancelled` (the daemon stops), with `Retry-After` |
//! | 500 | `internal` |

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::wire::{self, ErrorBody, ErrorDetail};
use crate::base::{Failure, FailureKind, RequestId, Usage};

/// Seconds after which an `unavailable` call may be tried again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// A refused or failed request.
pub(crate) struct HttpError {
    status: StatusCode,
    body: Box<ErrorBody>,
    authenticate: Option<&'static str>,
}

impl HttpError {
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> HttpError {
        let error = ErrorDetail { kind, limit: None, message: message.into(), hint: None };
        HttpError { status, body: Box::new(ErrorBody { error, request_id: None, usage: None }), authenticate: None }
    }

    /// A request that makes no sense.
    pub(crate) fn malformed(message: impl Into<String>) -> HttpError {
        HttpError::new(StatusCode::BAD_REQUEST, FailureKind::InvalidInput.as_str(), message)
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> HttpError {
        self.body.error.hint = Some(hint.into());
        self
    }

    /// Asks for a token: the value of `WWW-Authenticate`.
    pub(crate) fn with_authenticate(mut self, challenge: &'static str) -> HttpError {
        self.authenticate = Some(challenge);
        self
    }

    /// A call that was run and failed.
    pub(crate) fn of_call(failure: Failure, request_id: &RequestId, usage: &Usage) -> HttpError {
        let mut error = HttpError::from(failure);
        error.body.request_id = Some(request_id.to_string());
        error.body.usage = Some(usage.into());
        error
    }

    pub(crate) fn body(&self) -> &ErrorBody {
        &self.body
    }
}

impl From<Failure> for HttpError {
    fn from(failure: Failure) -> HttpError {
        let mut error = HttpError::new(status_of(failure.kind), failure.kind.as_str(), failure.message);
        error.body.error.limit = failure.kind.limit().map(|limit| limit.as_str());
        error.body.error.hint = failure.hint;
        error
    }
}

fn status_of(kind: FailureKind) -> StatusCode {
    match kind {
        FailureKind::InvalidInput => StatusCode::BAD_REQUEST,
        FailureKind::Denied => StatusCode::FORBIDDEN,
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        FailureKind::GuestError | FailureKind::LimitExceeded(_) => StatusCode::UNPROCESSABLE_ENTITY,
        FailureKind::Trap | FailureKind::InvalidOutput => StatusCode::BAD_GATEWAY,
        FailureKind::Unavailable | FailureKind::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl HttpError {
    /// The same as lines of text, for a client that takes no JSON: the kind and what is wrong, and what to do.
    pub(crate) fn into_text(self) -> Response {
        let ErrorDetail { kind, message, hint, .. } = &self.body.error;
        let hint = hint.as_ref().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
        let text = format!("{kind}: {message}\n{hint}");
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
        let response = (self.status, headers, text).into_response();
        self.with_headers(response)
    }

    fn with_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if let Some(challenge) = self.authenticate {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let response = wire::json(self.status, &self.body);
        self.with_headers(response)
    }
}

impl From<PathRejection> for HttpError {
    fn from(rejection: PathRejection) -> HttpError {
        HttpError::malformed(format!("the path is not as it should be: {}", rejection.body_text()))
    }
}

impl From<QueryRejection> for HttpError {
    fn from(rejection: QueryRejection) -> HttpError {
        HttpError::malformed(format!("the query is not as it should be: {}", rejection.body_text()))
    }
}
