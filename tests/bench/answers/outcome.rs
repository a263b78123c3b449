//! What became of a request, and whether that is right.

use std::fmt;

use happyos::orchestrator::event::{End, Question, Refusal};
use happyos::orchestrator::task::{Progress, Task};
use serde_json::Value;

use super::data::Wanted;
use super::expect;

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    Answered {
        skill: String,
        input: Value,
        output: Value,
    },
    AskedFor {
        skill: String,
        names: Vec<String>,
    },
    AskedWhich(Vec<String>),
    Refused {
        nearest: Vec<String>,
    },
    /// It takes several skills.
    Several,
    /// Called, without an answer.
    CallFailed {
        skill: String,
        input: Value,
        message: String,
    },
    Failed(String),
}

/// How an outcome compares with the right ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// Something else was given as the answer.
    Wrong,
    /// Asked back where there was nothing to ask.
    Needless,
    /// Refused or failed where there was an answer, or asked for something else than what is missing.
    Missed,
}

impl Outcome {
    pub fn of(task: &Task) -> Outcome {
        match &task.question {
            Some(Question::Missing(missing)) => {
                let names = missing.values.iter().map(|value| value.name.clone()).collect();
                return Outcome::AskedFor { skill: missing.skill.to_string(), names };
            }
            Some(Question::Choice(choices)) => {
                return Outcome::AskedWhich(choices.iter().map(|choice| choice.skill.to_string()).collect());
            }
            Some(Question::Interrupted(_) | Question::Approval(_) | Question::Agent(_)) => {
                return Outcome::Failed("not asked for".into());
            }
            None => {}
        }
        let called = task.steps.last().and_then(|step| {
            let call = step.step.chain.get(step.call)?;
            Some((call.label().to_string(), Value::Object(call.arguments.clone()), step))
        });
        match (&task.end, called) {
            (Some(End::Completed), Some((skill, input, step))) => {
                let output = match &step.progress {
                    Progress::Done { output, .. } => serde_json::from_str(output.get()).unwrap_or_default(),
                    _ => Value::Null,
                };
                Outcome::Answered { skill, input, output }
            }
            (Some(End::Rejected(Refusal::Gap(gap))), _) => {
                Outcome::Refused { nearest: gap.nearest.iter().map(|near| near.skill.to_string()).collect() }
            }
            (Some(End::Rejected(Refusal::Several(_))), _) => Outcome::Several,
            (Some(End::Failed(failed)), Some((_, _, step))) => {
                // What was meant to be done, not what was tried after it.
                let first = step.step.chain.first();
                let skill = first.map(|call| call.label().to_string()).unwrap_or_default();
                let input = first.map(|call| Value::Object(call.arguments.clone())).unwrap_or_default();
                Outcome::CallFailed { skill, input, message: failed.message.to_string() }
            }
            (end, _) => Outcome::Failed(format!("{end:?}")),
        }
    }

    fn called(&self) -> Option<(&str, &Value)> {
        match self {
            Outcome::Answered { skill, input, .. } | Outcome::CallFailed { skill, input, .. } => Some((skill, input)),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |value: &Value| value.to_string().chars().take(200).collect::<String>();
        match self {
            Outcome::Answered { skill, input, output } => {
                write!(f, "an answer: `{skill}` {} → {}", short(input), short(output))
            }
            Outcome::AskedFor { skill, names } => write!(f, "a question for {} of `{skill}`", names.join(", ")),
            Outcome::AskedWhich(skills) => write!(f, "a choice: {}", skills.join(", ")),
            Outcome::Refused { nearest } => write!(f, "a refusal, nearest {}", nearest.join(", ")),
            Outcome::Several => f.write_str("a refusal: several skills"),
            Outcome::CallFailed { skill, input, message } => {
                write!(f, "a failure: `{skill}` {}: {message}", short(input))
            }
            Outcome::Failed(message) => write!(f, "a failure: {message}"),
        }
    }
}

/// Compares `outcome` with the right ones, of which any will do.
pub fn judge(wanted: &[Wanted], outcome: &Outcome) -> Verdict {
    if wanted.iter().any(|wanted| is_right(wanted, outcome)) {
        return Verdict::Right;
    }
    let asks = |wanted: &Wanted| matches!(wanted, Wanted::Ask(_) | Wanted::Choose(_));
    match outcome {
        Outcome::Answered { .. } => Verdict::Wrong,
        Outcome::AskedFor { .. } | Outcome::AskedWhich(_) if !wanted.iter().any(asks) => Verdict::Needless,
        _ => Verdict::Missed,
    }
}

fn is_right(wanted: &Wanted, outcome: &Outcome) -> bool {
    match (wanted, outcome) {
        (Wanted::Answer(wanted), Outcome::Answered { output, .. }) => expect::holds(wanted, output),
        (Wanted::Call(call), outcome) => {
            outcome.called().is_some_and(|(skill, input)| skill == call.skill && expect::holds(&call.input, input))
        }
        (Wanted::Ask(wanted), Outcome::AskedFor { names, .. }) => wanted.iter().all(|name| names.contains(name)),
        (Wanted::Ask(wanted), Outcome::AskedWhich(_)) => wanted.is_empty(),
        (Wanted::Choose(wanted), Outcome::AskedWhich(skills)) => wanted.iter().all(|skill| skills.contains(skill)),
        (Wanted::Refuse, Outcome::Refused { .. }) => true,
        (Wanted::Fail, Outcome::CallFailed { .. }) => true,
        _ => false,
    }
}
