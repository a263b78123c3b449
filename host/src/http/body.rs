//! Reading a request's body: whole, within a size and a time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::error::HttpError;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body is taken in at one turn.
const TURN_BYTES: usize = 64 << 10;

/// A body that is too large, but no larger than this, is read and thrown away: a client that finds the connection closed
/// while it still writes may never read why.
const DISCARDED_BYTES_MAX: u64 = 4 << 20;

/// How long that may take.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// The whole body, at most `bytes_max` of it, which is what the operator set.
pub(crate) async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, HttpError> {
    read_at_most(headers, body, bytes_max, "an operator can raise `http.body_bytes_max` in happyos.toml").await
}

/// The whole body, at most `bytes_max` of it; `hint` says what to do about a larger one.
pub(crate) async fn read_at_most(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    hint: &'static str,
) -> Result<Bytes, HttpError> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if let Some(declared) = declared.filter(|declared| *declared > bytes_max as u64) {
        if declared <= DISCARDED_BYTES_MAX {
            let _ = tokio::time::timeout(DISCARD_TIMEOUT, discard(body)).await;
        }
        return Err(too_large(bytes_max, hint));
    }
    let room = declared.and_then(|declared| usize::try_from(declared).ok()).unwrap_or_default();
    match tokio::time::timeout(BODY_TIMEOUT, collect(Limited::new(body, bytes_max), room)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max, hint)),
        Ok(Err(error)) => Err(HttpError::malformed(format!("the request body could not be read: {error}"))),
        Err(_) => Err(HttpError::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            format!("the request body did not come within {} s", BODY_TIMEOUT.as_secs()),
        )),
    }
}

/// Reads a body to its end and keeps nothing of it.
async fn discard(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {
        tokio::task::yield_now().await;
    }
}

/// A whole body of about `room` bytes. Others get their turn between its pieces: what is there already comes all at once.
async fn collect(mut body: Limited<Body>, room: usize) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    let mut whole = BytesMut::with_capacity(room);
    let mut turn = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        turn += data.len();
        whole.extend_from_slice(&data);
        if turn >= TURN_BYTES {
            turn = 0;
            tokio::task::yield_now().await;
        }
    }
    Ok(whole.freeze())
}

fn too_large(bytes_max: usize, hint: &'static str) -> HttpError {
    HttpError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        format!("the request body is larger than {bytes_max} bytes"),
    )
    .with_hint(hint)
}
