//! The body of a response: bounded in bytes and time, without secrets, and driving the connection it comes from.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

use super::scrub::{Needles, Scrubber};
use super::{HttpError, RESPONSE_BYTES_MAX};
use crate::runtime::reach::{Open, Reach};

/// What moves bytes over a connection while it is polled; ends with the exchange.
pub type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// Where the bytes come from.
pub enum Source {
    /// A connection.
    Wire {
        /// The body.
        incoming: Incoming,
        /// The connection, until it is done.
        driver: Option<Driver>,
    },
    /// An example's own answer.
    Stub(Option<Bytes>),
}

/// A body that is read frame by frame. Dropping it closes the connection.
pub struct AnswerBody {
    source: Option<Source>,
    scrubber: Option<Scrubber>,
    late: Pin<Box<Sleep>>,
    reach: Arc<Reach>,
    /// Its places among the open exchanges of the call and the connections of all calls.
    _places: Option<(Open, OwnedSemaphorePermit)>,
}

impl AnswerBody {
    /// A body that must be read by `deadline`.
    pub fn new(
        source: Source,
        needles: &Arc<Needles>,
        deadline: Instant,
        reach: Arc<Reach>,
        places: Option<(Open, OwnedSemaphorePermit)>,
    ) -> AnswerBody {
        AnswerBody {
            source: Some(source),
            scrubber: (!needles.is_empty()).then(|| Scrubber::new(needles.clone())),
            late: Box::pin(tokio::time::sleep_until(deadline.into())),
            reach,
            _places: places,
        }
    }

    /// The next bytes as they came.
    fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, HttpError>>> {
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        if self.late.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(HttpError::Timeout("the response did not end in time".into()))));
        }
        match source {
            Source::Stub(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Source::Wire { incoming, driver } => loop {
                // What went wrong with the connection is said by the body.
                if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
                    *driver = None;
                }
                match Pin::new(&mut *incoming).poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(bytes) => return Poll::Ready(Some(Ok(bytes))),
                        Err(_trailers) => {}
                    },
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Some(Err(HttpError::Protocol(format!(
                            "the response breaks off: {error}"
                        )))));
                    }
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                }
            },
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let this = &mut *self;
        loop {
            let polled = match this.poll_raw(cx) {
                Poll::Ready(polled) => polled,
                Poll::Pending => return Poll::Pending,
            };
            let bytes = match polled {
                Some(Ok(bytes)) if !this.reach.charge_received(bytes.len()) => Err(HttpError::TooLarge(format!(
                    "the responses of this call have more than {RESPONSE_BYTES_MAX} bytes together"
                ))),
                Some(Ok(bytes)) => Ok(match &mut this.scrubber {
                    Some(scrubber) => scrubber.feed(&bytes).into(),
                    None => bytes,
                }),
                Some(Err(error)) => Err(error),
                None => {
                    this.source = None;
                    let rest = this.scrubber.take().map(|mut scrubber| scrubber.end()).unwrap_or_default();
                    return Poll::Ready((!rest.is_empty()).then(|| Ok(Frame::data(rest.into()))));
                }
            };
            match bytes {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Err(error) => {
                    this.source = None;
                    this.scrubber = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}
