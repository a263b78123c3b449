//! Requests to other hosts on behalf of guests: checked at every step, connected only to what was checked.

mod address;
mod body;
mod connect;
mod order;
mod scrub;
mod send;
mod target;

pub(super) use body::AnswerBody;
pub(super) use connect::Gateway;
pub(super) use order::{Credential, Order, is_own_header};
pub(super) use send::{Answer, Payload, Plan, Sending, too_much_sent};
pub(super) use target::Target;

/// Bytes of request bodies that one call may send.
pub(super) const REQUEST_BYTES_MAX: u64 = 8 << 20;
/// Bytes of response bodies that one call may receive.
pub(super) const RESPONSE_BYTES_MAX: u64 = 16 << 20;
/// Exchanges that one call may have open.
pub(super) const EXCHANGES_MAX: usize = 8;

/// Why there is no response, in words for the guest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not granted.
    #[error("{0}")]
    Denied(String),
    /// The request is not one.
    #[error("{0}")]
    Invalid(String),
    /// The host cannot be found, reached or trusted.
    #[error("{0}")]
    Unavailable(String),
    /// It took too long.
    #[error("{0}")]
    Timeout(String),
    /// A body is larger than it may be.
    #[error("{0}")]
    TooLarge(String),
    /// Redirects led on and on.
    #[error("{0}")]
    TooManyRedirects(String),
    /// The answer is not HTTP, or not such that can be used.
    #[error("{0}")]
    Protocol(String),
}

impl HttpError {
    /// The same error with other words.
    fn reworded(self, words: impl FnOnce(&str) -> String) -> HttpError {
        match self {
            HttpError::Denied(text) => HttpError::Denied(words(&text)),
            HttpError::Invalid(text) => HttpError::Invalid(words(&text)),
            HttpError::Unavailable(text) => HttpError::Unavailable(words(&text)),
            HttpError::Timeout(text) => HttpError::Timeout(words(&text)),
            HttpError::TooLarge(text) => HttpError::TooLarge(words(&text)),
            HttpError::TooManyRedirects(text) => HttpError::TooManyRedirects(words(&text)),
            HttpError::Protocol(text) => HttpError::Protocol(words(&text)),
        }
    }
}
