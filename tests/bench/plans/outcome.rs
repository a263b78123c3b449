//! What became of a request of several parts, and whether that is right.

use std::fmt;

use happyos::orchestrator::event::{End, Question};
use happyos::orchestrator::task::{Outputs, Progress, Task};
use happyos::skills::Snapshot;
use serde_json::Value;

use super::data::{Row, Wanted};
use crate::answers::expect;

/// What became of a request.
pub struct Got {
    /// What each part came to, in the order of the answer: an answer, or nothing.
    parts: Vec<Option<Value>>,
    /// Calls of skills that change something and gave an answer.
    effects: Vec<(String, Value)>,
    asked: bool,
    refused: bool,
    how: String,
}

/// How an outcome compares with the right ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// A question, or less than there is with what is missing said; nothing wrong.
    Asked,
    Wrong,
    /// Something was changed that should not be.
    WrongEffect,
}

impl Verdict {
    pub fn is_right(&self) -> bool {
        *self == Verdict::Right
    }

    pub fn is_wrong(&self) -> bool {
        matches!(self, Verdict::Wrong | Verdict::WrongEffect)
    }
}

impl Got {
    pub fn of(task: &Task, snapshot: &Snapshot) -> Got {
        let outputs = Outputs::new(task);
        let mut parts = Vec::new();
        let mut effects = Vec::new();
        let mut how = String::new();
        let n_planned = task.planned().count();
        for (place, step) in task.planned() {
            let left = task.left_out.iter().filter(|left| left.after == place);
            for left in left {
                how.push_str(&format!(
                    "\n    - {:?}: {:?} lacks {:?}",
                    left.part.text,
                    left.part.call.as_ref().map(|call| call.label().to_string()),
                    left.part.missing
                ));
                parts.push(None);
            }
            let output = outputs.output(place).map(|value| Value::clone(&value));
            let call = step.step.chain.get(step.call);
            let arguments = call.and_then(|call| outputs.arguments(step, call).ok()).map(Value::Object);
            let label = call.map(|call| call.label().to_string()).unwrap_or_default();
            how.push_str(&format!(
                "\n    - {:?}: `{label}` {} → {}",
                step.step.name.as_deref().unwrap_or_default(),
                short(arguments.as_ref()),
                short(output.as_ref())
            ));
            let changes = snapshot.skill(&label).is_none_or(|skill| !skill.annotations().read_only_hint);
            if changes && matches!(step.progress, Progress::Done { .. }) {
                effects.push((label, arguments.unwrap_or_default()));
            }
            parts.push(output);
        }
        for left in task.left_out.iter().filter(|left| left.after >= n_planned) {
            how.push_str(&format!(
                "\n    - {:?}: {:?} lacks {:?} choices {:?} waits {}",
                left.part.text,
                left.part.call.as_ref().map(|call| call.label().to_string()),
                left.part.missing,
                left.part.choices,
                left.part.waits
            ));
            parts.push(None);
        }
        let asked = matches!(task.question, Some(Question::Choice(_) | Question::Missing(_)));
        if let Some(question) = &task.question {
            how.push_str(&format!("\n    asked {}", short(serde_json::to_value(question).ok().as_ref())));
        }
        let refused = matches!(task.end, Some(End::Rejected(_)));
        if refused {
            how.push_str("\n    refused");
        }
        Got { parts, effects, asked, refused, how }
    }

    /// Whether its parts are just those that are wanted, in their order.
    fn is(&self, wanted: &[Wanted]) -> bool {
        self.parts.len() == wanted.len() && self.parts.iter().zip(wanted).all(|(got, wanted)| is_one(got, wanted))
    }

    /// Whether every answer that it gives is one of those that are wanted, in their order.
    fn is_part_of(&self, wanted: &[Wanted]) -> bool {
        let mut wanted = wanted.iter();
        self.parts.iter().filter(|got| got.is_some()).all(|got| wanted.any(|wanted| is_one(got, wanted)))
    }
}

fn is_one(got: &Option<Value>, wanted: &Wanted) -> bool {
    match (got, &wanted.answer) {
        (Some(got), Some(wanted)) => expect::holds(wanted, got),
        (None, None) => true,
        _ => false,
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)
    }
}

fn short(value: Option<&Value>) -> String {
    value.map(|value| value.to_string().chars().take(160).collect()).unwrap_or_default()
}

/// Compares `got` with what is right.
pub fn judge(row: &Row, got: &Got) -> Verdict {
    let mut allowed = row.effects.clone();
    for (skill, input) in &got.effects {
        let found = allowed.iter().position(|effect| effect.skill == *skill && expect::holds(&effect.input, input));
        match found {
            Some(at) => drop(allowed.remove(at)),
            None => return Verdict::WrongEffect,
        }
    }
    let others = row.alternatives.iter();
    if got.is(&row.parts)
        || others.clone().any(|other| {
            !other.parts.is_empty() && got.is(&other.parts) || other.ask && got.asked || other.refuse && got.refused
        })
    {
        return Verdict::Right;
    }
    let nothing = got.parts.iter().all(Option::is_none);
    if got.asked && nothing || got.refused {
        return Verdict::Asked;
    }
    let says = got.parts.iter().any(Option::is_none);
    if says && got.is_part_of(&row.parts) { Verdict::Asked } else { Verdict::Wrong }
}
