//! The OpenAPI document: written by hand beside this file, compared with the routes and their answers by a test.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::error::HttpError;
use super::gate::Caller;
use crate::security::{Action, authorise};

/// The document as it is served.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn document(Caller(principal): Caller) -> Result<Response, HttpError> {
    authorise(&principal, Action::ListSkills)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], DOCUMENT).into_response())
}
