//! Where the input of a step comes from: its own arguments, and what it takes from the answers before it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::event::{Call, Reference, Source};
use super::{Progress, StepState, Task};

/// The answers of a task's steps. Each is read once, however many take from it.
pub struct Outputs<'a> {
    task: &'a Task,
    read: RefCell<HashMap<usize, Option<Rc<Value>>>>,
}

/// Why the input of a step cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// The place of the step whose answer was to be taken from.
    pub step: usize,
    /// What is wrong.
    pub reason: String,
}

impl<'a> Outputs<'a> {
    /// Those of `task` as it is.
    pub fn new(task: &'a Task) -> Outputs<'a> {
        Outputs { task, read: RefCell::default() }
    }

    /// The input of a call of a step, with what it takes from earlier answers.
    ///
    /// # Errors
    /// If one of them has nothing at the place, or not what can stand in a text.
    pub fn arguments(&self, state: &StepState, call: &Call) -> Result<Map<String, Value>, Unfilled> {
        if call.references.is_empty() {
            return Ok(call.arguments.clone());
        }
        let mut filled = Value::Object(call.arguments.clone());
        for (at, reference) in call.references.iter().enumerate() {
            let same = |other: &&Reference| other.to == reference.to;
            let (earlier, others) = call.references.split_at(at);
            if earlier.iter().any(|earlier| same(&earlier)) {
                continue;
            }
            let value = match others.iter().filter(same).count() {
                1 => self.value(state, reference)?,
                _ => self.together(state, reference, others.iter().filter(same))?,
            };
            put(&mut filled, &reference.to, value);
        }
        match filled {
            Value::Object(arguments) => Ok(arguments),
            _ => Ok(Map::new()),
        }
    }

    fn value(&self, state: &StepState, reference: &Reference) -> Result<Value, Unfilled> {
        let Source { step, pointer } = &reference.from;
        let whole = match (step, &state.item) {
            (Some(step), _) => self.output(*step),
            (None, Some(item)) => serde_json::from_str(item.value.get()).ok().map(Rc::new),
            (None, None) => None,
        };
        let place = step.or(state.item.as_ref().map(|item| item.of)).unwrap_or_default();
        let nothing = |reason: &str| Unfilled { step: place, reason: reason.to_owned() };
        let whole = whole.ok_or_else(|| nothing("it has no answer"))?;
        let absent = || nothing(&format!("its answer has nothing at `{pointer}`"));
        if let (Some((list, rest)), Some(template)) = (pointer.split_once("/*/"), &reference.template)
            && let Some(items) = whole.pointer(list).and_then(Value::as_array)
        {
            return joined(items, &format!("/{rest}"), template).ok_or_else(absent);
        }
        let value = whole.pointer(pointer).ok_or_else(absent)?;
        if let Value::String(written) = value
            && reference.as_number
        {
            let number = written.parse::<serde_json::Number>().ok().map(Value::Number);
            return number.ok_or_else(|| nothing(&format!("its answer has no number at `{pointer}`")));
        }
        let Some(template) = &reference.template else { return Ok(value.clone()) };
        let text = written(value).ok_or_else(absent)?;
        Ok(Value::String(template.replacen(PLACE, &text, 1)))
    }

    /// Several answers in the places of the template of the first, in their order. What an answer says is no place.
    fn together<'r>(
        &self,
        state: &StepState,
        first: &Reference,
        all: impl Iterator<Item = &'r Reference>,
    ) -> Result<Value, Unfilled> {
        let mut pieces = first.template.as_deref().unwrap_or(PLACE).split(PLACE);
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (reference, piece) in all.zip(pieces) {
            let value = self.value(state, &Reference { template: Some(PLACE.into()), ..reference.clone() })?;
            text.push_str(value.as_str().unwrap_or_default());
            text.push_str(piece);
        }
        Ok(Value::String(text))
    }

    /// The answer of the step at `place`; of one over a list, the list of theirs.
    pub fn output(&self, place: usize) -> Option<Rc<Value>> {
        if let Some(read) = self.read.borrow().get(&place) {
            return read.clone();
        }
        let value = match &self.task.steps.get(place)?.progress {
            Progress::Done { output, .. } => serde_json::from_str(output.get()).ok(),
            Progress::Expanded { first, n_items } => (*first..first.saturating_add(*n_items))
                .map(|place| self.output(place).map(|value| Value::clone(&value)))
                .collect::<Option<Vec<_>>>()
                .map(Value::Array),
            _ => None,
        };
        let value = value.map(Rc::new);
        self.read.borrow_mut().insert(place, value.clone());
        value
    }

    /// The items of a list in an earlier answer.
    ///
    /// # Errors
    /// If there is no list at the place.
    pub fn items(&self, each: &Source) -> Result<Vec<Arc<RawValue>>, Unfilled> {
        let step = each.step.unwrap_or(usize::MAX);
        let no_list = |reason: String| Unfilled { step, reason };
        let output = self.output(step).ok_or_else(|| no_list("it has no answer".into()))?;
        let list = output.pointer(&each.pointer).and_then(Value::as_array);
        let list = list.ok_or_else(|| no_list(format!("its answer has no list at `{}`", each.pointer)))?;
        let item = |value: &Value| RawValue::from_string(value.to_string()).ok().map(Arc::from);
        list.iter()
            .map(item)
            .collect::<Option<_>>()
            .ok_or_else(|| no_list(format!("its answer has no list at `{}`", each.pointer)))
    }
}

/// Where a value goes in a template.
const PLACE: &str = "{}";

/// A value as it stands in a text; `None` where there is none.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// What each item of a list has at `rest`, with what stands between the braces of the template between two of them.
fn joined(items: &[Value], rest: &str, template: &str) -> Option<Value> {
    let (before, behind) = template.split_once('{')?;
    let (between, after) = behind.split_once('}').filter(|_| !items.is_empty())?;
    let texts: Option<Vec<String>> = items.iter().map(|item| written(item.pointer(rest)?)).collect();
    Some(Value::String(format!("{before}{}{after}", texts?.join(between))))
}

/// Puts `value` at `pointer`, in place of what is there; a member that is not there is made.
fn put(filled: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = filled.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(members)) = filled.pointer_mut(parent) {
        members.insert(name.replace("~1", "/").replace("~0", "~"), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_of_a_list_becomes_one_text_with_what_the_template_puts_between() {
        let items = [json!({"value": 40}), json!({"value": "65"}), json!({"value": 1.5})];
        assert_eq!(joined(&items, "/value", "({ + }) / 3"), Some(json!("(40 + 65 + 1.5) / 3")));
        assert_eq!(joined(&items, "/none", "{, }"), None);
        assert_eq!(joined(&[], "/value", "{, }"), None);
    }

    #[test]
    fn answers_go_to_the_places_of_one_template_whatever_they_say() {
        use super::super::super::event::{Call, Decision, Plan, Request, Step, StepFinished};
        use crate::base::TaskId;
        let mut task = Task::new(TaskId::at(1, 2), "me".into(), Request::default(), 1);
        let step = || Step::of(vec![Call::skill("safe".into(), Map::new())]);
        task.decide(&Decision::Plan(Plan { steps: vec![step(), step(), step()], left_out: Vec::new() }));
        for (step, output) in [(0, json!({"x": "a {} b"})), (1, json!({"x": 2}))] {
            let output = RawValue::from_string(output.to_string()).unwrap().into();
            task.finished(&StepFinished { step, output, n_artifacts: 0, usage: Default::default() });
        }
        let of = |step, template: &str| Reference {
            to: "/text".into(),
            from: Source { step: Some(step), pointer: "/x".into() },
            template: Some(template.into()),
            as_number: false,
        };
        let call = Call { references: vec![of(0, "{} + {}"), of(1, "{}")], ..Call::skill("safe".into(), Map::new()) };
        let filled = Outputs::new(&task).arguments(&task.steps[2], &call).unwrap();
        assert_eq!(filled.get("text"), Some(&json!("a {} b + 2")));
    }
}
