//! The span of whoever calls the daemon, as W3C Trace Context has it: what is done for the call becomes a part of its trace.
//! Two ids and the flag that says whether it is recorded are all that is taken from there.

use std::future::Future;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The name of the header, and of the member of `_meta`, that carries it.
const TRACEPARENT: &str = "traceparent";
/// Longest value that is looked at, in bytes: later versions may add to what is known.
const BYTES_MAX: usize = 512;
/// Lengths of its first four fields: version, trace, span, flags.
const LENGTHS: [usize; 4] = [2, 32, 16, 2];

tokio::task_local! {
    static CALLER: CallerSpan;
}

/// The span of who called.
#[derive(Debug, Clone, PartialEq)]
pub struct CallerSpan(SpanContext);

/// The one header, and none beside it.
struct Only<'a>(&'a str);

impl Extractor for Only<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

impl CallerSpan {
    /// Reads a `traceparent`; `None` where it is not one.
    pub fn read(traceparent: &str) -> Option<CallerSpan> {
        let fields = traceparent.split('-').take(LENGTHS.len());
        let fits = traceparent.len() <= BYTES_MAX
            && fields.clone().map(str::len).eq(LENGTHS)
            && fields.flat_map(str::bytes).all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !fits {
            return None;
        }
        let found = TraceContextPropagator::new().extract_with_context(&Context::new(), &Only(traceparent));
        let span = found.span().span_context().clone();
        span.is_valid().then_some(CallerSpan(span))
    }

    /// The one of these headers; `None` where there are several.
    pub fn of_headers(headers: &http::HeaderMap) -> Option<CallerSpan> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let one = all.next()?;
        if all.next().is_some() {
            return None;
        }
        CallerSpan::read(one.to_str().ok()?)
    }

    /// Does `work`, whose spans without a parent here have this one.
    pub async fn calls<T>(caller: Option<CallerSpan>, work: impl Future<Output = T>) -> T {
        match caller {
            Some(caller) => CALLER.scope(caller, work).await,
            None => work.await,
        }
    }

    /// Who called for what is being done now.
    pub fn now() -> Option<CallerSpan> {
        CALLER.try_with(CallerSpan::clone).ok()
    }

    /// Makes `span`, which has not begun and has no parent here, a part of what called.
    pub fn adopt(span: &Span) {
        let Some(CallerSpan(span_context)) = CallerSpan::now() else { return };
        // Nobody may be told of spans.
        let _ = span.set_parent(Context::new().with_remote_span_context(span_context));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn two_ids_and_a_flag_are_read_and_nothing_else() {
        let CallerSpan(span) = CallerSpan::read(GOOD).unwrap();
        assert_eq!(span.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.span_id().to_string(), "00f067aa0ba902b7");
        assert!(span.is_sampled() && span.is_remote());
        // Of a later version what is known is read; flags that are not known count for nothing.
        assert_eq!(
            CallerSpan::read(&GOOD.replacen("00", "cc", 1).replace("b7-01", "b7-09-more")),
            CallerSpan::read(GOOD)
        );
        assert!(!CallerSpan::read(&GOOD.replace("b7-01", "b7-fe")).unwrap().0.is_sampled());
    }

    #[test]
    fn what_is_malformed_is_ignored() {
        for (from, to) in [
            ("00-4b", "ff-4b"),
            ("00-4b", "0-4b"),
            ("b7-01", "b7-01-more"),
            ("b7-01", "b7"),
            ("b7-01", "b7-0"),
            ("b7-01", "b7-+1"),
            ("4bf92f", "4BF92F"),
            ("4bf92f", "+bf92f"),
            ("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
            ("00f067aa0ba902b7", "0000000000000000"),
            ("00f067aa0ba902b7", "f067aa0ba902b7"),
            ("00f067aa", "\u{e5}0f067aa"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert_eq!(CallerSpan::read(&bad), None, "{bad}");
        }
        assert_eq!(CallerSpan::read(""), None);
        assert_eq!(CallerSpan::read(&format!("01{}-{}", &GOOD[2..], "x".repeat(BYTES_MAX))), None);
        let mut headers = http::HeaderMap::new();
        headers.insert(TRACEPARENT, GOOD.parse().unwrap());
        assert!(CallerSpan::of_headers(&headers).is_some());
        headers.append(TRACEPARENT, GOOD.parse().unwrap());
        assert_eq!(CallerSpan::of_headers(&headers), None, "which of them is right, nobody knows");
    }
}
