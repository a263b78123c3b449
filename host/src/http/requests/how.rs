//! The heads that handlers of requests and tasks have in common: who asks, which task is meant, and how the answer is
//! written, after the `Accept` header and the query.

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::task_body::TaskBody;
use crate::base::{Failure, FailureKind, TaskId};
use crate::http::error::HttpError;
use crate::http::gate::Caller;
use crate::http::{body, wire};
use crate::orchestrator::respond::{Door, Format, respond, steps};
use crate::orchestrator::task::Task;
use crate::security::{Action, Principal, authorise};
use crate::store::tasks::Artifact;

/// Largest request, in bytes: its text and its context, escaped.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// What to do with a request that is larger: no setting raises that.
const TOO_LARGE: &str =
    "give long texts to a skill by its name: `happyos call SKILL -`, or `POST /v1/skills/{name}/call`";
/// Media types that an `Accept` header may name before the rest is left alone.
const RANGES_MAX: usize = 32;

/// A principal that may ask.
pub(crate) struct Asker(pub Principal);

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Asker, HttpError> {
        let Caller(principal) = Caller::from_request_parts(parts, state).await?;
        authorise(&principal, Action::Ask)?;
        Ok(Asker(principal))
    }
}

/// The task that the path names.
pub(crate) struct OfTask(pub TaskId);

impl<S: Send + Sync> FromRequestParts<S> for OfTask {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<OfTask, HttpError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await?;
        TaskId::parse(&text).map(OfTask).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            // No other answer than for a task that is not there.
            Failure::new(FailureKind::NotFound, format!("there is no task `{shown}`"))
                .with_hint("`happyos task list` shows your tasks")
                .into()
        })
    }
}

/// A body that is no larger than a request may be.
///
/// # Errors
/// 400, 408 and 413 as for every body.
pub(super) async fn read<T: for<'de> Deserialize<'de>>(
    request: HttpRequest<Body>,
    keys: &[&str],
) -> Result<T, HttpError> {
    let (parts, body) = request.into_parts();
    let bytes = body::read_at_most(&parts.headers, body, REQUEST_BYTES_MAX, TOO_LARGE).await?;
    wire::parse(&bytes, keys)
}

/// What an answer is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Text,
    Markdown,
    Events,
}

impl Media {
    /// All of them; the earlier is taken where a client takes several alike.
    const ALL: [Media; 4] = [Media::Events, Media::Json, Media::Text, Media::Markdown];

    fn name(self) -> &'static str {
        match self {
            Media::Json => "application/json",
            Media::Text => "text/plain",
            Media::Markdown => "text/markdown",
            Media::Events => "text/event-stream",
        }
    }

    /// The one that the client would rather have, after RFC 9110, section 12.5.1.
    fn accepted(headers: &HeaderMap) -> Result<Media, HttpError> {
        let texts: Vec<&str> =
            headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok()).collect();
        let ranges: Vec<Range<'_>> =
            texts.iter().flat_map(|accept| accept.split(',')).take(RANGES_MAX).filter_map(Range::read).collect();
        if ranges.is_empty() {
            return Ok(Media::Json);
        }
        let wanted = Media::ALL.iter().filter_map(|media| {
            let range = ranges.iter().filter(|range| range.covers(*media)).max_by_key(|range| range.exactness())?;
            (range.quality > 0).then_some((range.quality, range.exactness(), *media))
        });
        // The first of equals: `max_by_key` gives the last.
        let best = wanted.rev().max_by_key(|(quality, exactness, _)| (*quality, *exactness));
        best.map(|(_, _, media)| media).ok_or_else(|| {
            let all = Media::ALL.map(Media::name).join("`, `");
            HttpError::new(
                StatusCode::NOT_ACCEPTABLE,
                "not-acceptable",
                format!("`Accept` takes none of what there is: `{all}`"),
            )
            .with_hint("leave `Accept` out for JSON")
        })
    }
}

/// One media range of an `Accept` header.
struct Range<'a> {
    media: &'a str,
    /// In thousandths.
    quality: u32,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Range<'a>> {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().filter(|media| media.contains('/'))?;
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = quality.map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0)).clamp(0.0, 1.0);
        Some(Range { media, quality: (quality * 1000.0) as u32 })
    }

    /// A stream is only sent to who names it.
    fn covers(&self, media: Media) -> bool {
        let of_type = |kind: &str| media.name().split('/').next().is_some_and(|own| own.eq_ignore_ascii_case(kind));
        match self.media.split_once('/') {
            _ if self.media.eq_ignore_ascii_case(media.name()) => true,
            Some(("*", "*")) => media != Media::Events,
            Some((kind, "*")) => media != Media::Events && of_type(kind),
            _ => false,
        }
    }

    fn exactness(&self) -> u8 {
        match self.media.split_once('/') {
            Some(("*", _)) => 0,
            Some((_, "*")) => 1,
            _ => 2,
        }
    }
}

/// How the words of an answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub format: Format,
    /// With how it came about.
    pub steps: bool,
}

/// How a client wants its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    pub media: Media,
    pub written: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HowQuery {
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    steps: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for How {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<How, HttpError> {
        let media = Media::accepted(&parts.headers)?;
        let Query(query) = Query::<HowQuery>::from_request_parts(parts, state).await?;
        let format = if media == Media::Markdown { Format::Markdown } else { Format::Text };
        let how = How { media, written: Written { format, steps: query.steps } };
        how.formatted(query.format.as_deref())
    }
}

impl How {
    /// The same with the answer's words in the format of that name, where one is named.
    ///
    /// # Errors
    /// 400 if there is none of that name.
    pub(super) fn formatted(mut self, asked: Option<&str>) -> Result<How, HttpError> {
        self.written.format = match asked {
            None => return Ok(self),
            Some("text") => Format::Text,
            Some("markdown") => Format::Markdown,
            Some(other) => {
                return Err(HttpError::malformed(format!("`format` is {other:?}, not `text` or `markdown`")));
            }
        };
        Ok(self)
    }

    /// A task as it is wanted.
    pub(super) fn answer(self, status: StatusCode, task: &Task, artifacts: &[Artifact]) -> Response {
        let kind = match self.media {
            Media::Json | Media::Events => {
                return wire::json(status, &TaskBody::new(task, artifacts, self.written));
            }
            Media::Text => "text/plain; charset=utf-8",
            Media::Markdown => "text/markdown; charset=utf-8",
        };
        let said = respond(task, self.written.format, Door::Command);
        let mut text = said.text;
        for more in [said.hint, self.written.steps.then(|| steps(task, self.written.format))].into_iter().flatten() {
            text.push_str("\n\n");
            text.push_str(&more);
        }
        text.push('\n');
        let mut response = (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(said.language));
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        headers.insert("happyos-state", HeaderValue::from_static(task.state().as_str()));
        if let Ok(id) = HeaderValue::from_str(&task.id.to_string()) {
            headers.insert("happyos-task", id);
        }
        response
    }

    /// What a handler came to; a refusal as text where text is wanted.
    pub(super) fn said(self, result: Result<Response, HttpError>) -> Response {
        match (result, self.media) {
            (Ok(response), _) => response,
            (Err(error), Media::Json | Media::Events) => error.into_response(),
            (Err(error), Media::Text | Media::Markdown) => error.into_text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_is_the_one_that_is_wanted_most() {
        for (accept, wanted) in [
            ("", Some(Media::Json)),
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("text/*", Some(Media::Text)),
            ("text/plain", Some(Media::Text)),
            ("Text/Markdown; charset=utf-8", Some(Media::Markdown)),
            ("text/markdown, */*;q=0.1", Some(Media::Markdown)),
            ("text/plain;q=0.5, text/markdown", Some(Media::Markdown)),
            ("application/json, text/plain, */*", Some(Media::Json)),
            ("application/json, text/event-stream", Some(Media::Events)),
            ("text/event-stream", Some(Media::Events)),
            ("application/json;q=0, */*", Some(Media::Text)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Media::Json)),
            ("text/html", None),
            ("application/xml;q=0.9, image/png", None),
            ("*/*;q=0", None),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(Media::accepted(&headers).ok(), wanted, "{accept}");
        }
    }
}
