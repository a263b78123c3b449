//! What travels of an analysis, and of what happened to a task.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::task_body::{AnalysedBody, QuestionBody, RefusalBody};
use crate::base::{Failure, FailureKind};
use crate::orchestrator::Looked;
use crate::orchestrator::event::{Decision, Event};

/// What a request is, and what would be done about it.
#[derive(Serialize)]
pub(super) struct AnalysisBody<'a> {
    analysis: AnalysedBody<'a>,
    clauses: Vec<&'a str>,
    /// `meaning and words`, or `words` where there is no model.
    by: &'static str,
    /// Earlier turns of the session that were seen.
    turns: usize,
    /// The calls that would be tried, in this order.
    calls: Vec<CallBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<QuestionBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalBody<'a>>,
}

#[derive(Serialize)]
struct CallBody<'a> {
    skill: &'a str,
    arguments: &'a Map<String, Value>,
}

impl<'a> AnalysisBody<'a> {
    pub(super) fn new(looked: &'a Looked) -> AnalysisBody<'a> {
        let decision = &looked.analysed.decision;
        let calls = match decision {
            Decision::Plan(plan) => plan.steps.iter().flat_map(|step| &step.chain).collect(),
            Decision::Ask(_) | Decision::Refuse(_) => Vec::new(),
        };
        AnalysisBody {
            analysis: AnalysedBody::from(&looked.analysed),
            clauses: looked.analysis.clauses.iter().map(|clause| clause.text.as_str()).collect(),
            by: if looked.by_meaning { "meaning and words" } else { "words" },
            turns: looked.n_turns,
            calls: calls.into_iter().map(|call| CallBody { skill: call.label(), arguments: &call.arguments }).collect(),
            question: match decision {
                Decision::Ask(question) => Some(question.into()),
                _ => None,
            },
            refusal: match decision {
                Decision::Refuse(refusal) => Some(refusal.into()),
                _ => None,
            },
        }
    }
}

/// One event of a task, with what it says as it is stored.
#[derive(Serialize)]
pub(super) struct EventBody {
    number: u32,
    at_ms: u64,
    kind: &'static str,
    version: u16,
    data: Box<RawValue>,
}

impl EventBody {
    pub(super) fn new(number: u32, at_ms: u64, event: &Event) -> Result<EventBody, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "an event could not be written as JSON");
            Failure::new(FailureKind::Internal, format!("event {number} could not be read"))
        };
        let record = event.write(number, at_ms).map_err(|error| unreadable(&error))?;
        let data = RawValue::from_string(record.payload.into()).map_err(|error| unreadable(&error))?;
        Ok(EventBody { number, at_ms, kind: event.kind(), version: record.version, data })
    }
}
