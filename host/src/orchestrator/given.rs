//! A plan that comes as data, from a caller or a planner: read, and checked against its schema, the catalog and itself
//! before anything of it runs. Each problem names its step.

mod read;

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::event::{Call, Plan, Reference, Source, Step, Target};
use super::targets::{Agents, no_agent};
use crate::base::{Failure, FailureKind};
use crate::routing::shapes::{self, Place};
use crate::skills::Snapshot;

/// The JSON Schema of plans.
pub const SCHEMA: &str = include_str!("plan.schema.json");
/// Most steps of a plan.
pub const STEPS_MAX: usize = 100;
/// Most problems that are told of.
const PROBLEMS_MAX: usize = 20;
/// Largest plan, in bytes of JSON.
const BYTES_MAX: usize = 1 << 20;

static SHAPE: LazyLock<Option<Validator>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(SCHEMA).ok()?;
    jsonschema::draft202012::new(&schema).ok()
});

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place of the step, from 0; none where it is about the plan.
    pub step: Option<usize>,
    /// The name of the step, where it has one.
    pub name: Option<Box<str>>,
    /// What kind of problem.
    pub kind: ProblemKind,
    /// What is wrong, and with what.
    pub message: String,
}

/// What kind of problem a plan has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// It is not as the schema has it.
    Shape,
    /// It has more steps than a plan may have.
    TooLarge,
    /// Two steps have one name.
    SameName,
    /// There is no such skill or agent.
    UnknownTarget,
    /// It needs, or takes from, a step that is not there.
    UnknownStep,
    /// Steps need each other in a circle.
    Cycle,
    /// It needs, or takes from, a step that stands after it.
    LaterStep,
    /// The answer that it takes from has no such place.
    MissingReference,
    /// What it takes is of another type than what is taken there.
    TypeMismatch,
    /// The skill does not take these arguments.
    Arguments,
}

impl ProblemKind {
    /// The name used on the wire and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemKind::Shape => "shape",
            ProblemKind::TooLarge => "too-large",
            ProblemKind::SameName => "same-name",
            ProblemKind::UnknownTarget => "unknown-target",
            ProblemKind::UnknownStep => "unknown-step",
            ProblemKind::Cycle => "cycle",
            ProblemKind::LaterStep => "later-step",
            ProblemKind::MissingReference => "missing-reference",
            ProblemKind::TypeMismatch => "type-mismatch",
            ProblemKind::Arguments => "arguments",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.step, &self.name) {
            (Some(step), Some(name)) => write!(f, "step {} (`{name}`): ", step + 1)?,
            (Some(step), None) => write!(f, "step {}: ", step + 1)?,
            (None, _) => {}
        }
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}

/// All problems of a plan as one failure.
pub fn refused(problems: &[Problem]) -> Failure {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::new(FailureKind::InvalidInput, format!("the plan cannot be run: {}", told.join("; ")))
        .with_hint("`happyos plan --schema` prints what a plan may be")
}

/// What a plan is checked against.
#[derive(Clone, Copy)]
pub struct Catalog<'a> {
    /// The skills that may be called.
    pub snapshot: &'a Snapshot,
    /// The agents.
    pub agents: &'a dyn Agents,
}

/// Reads and checks a plan.
///
/// # Errors
/// What is wrong with it, at most [`PROBLEMS_MAX`] problems.
pub fn validate(plan: &Value, catalog: Catalog<'_>) -> Result<Plan, Vec<Problem>> {
    let plan = read::plan(plan)?;
    let mut problems = Vec::new();
    for (place, step) in plan.steps.iter().enumerate() {
        for call in &step.chain {
            problems.extend(of_call(&plan, step, call, catalog).into_iter().map(|(kind, message)| Problem {
                step: Some(place),
                name: step.name.clone(),
                kind,
                message,
            }));
        }
        if let Some((kind, message)) = step.each.as_ref().and_then(|each| of_list(&plan, each, catalog.snapshot)) {
            problems.push(Problem { step: Some(place), name: step.name.clone(), kind, message });
        }
    }
    problems.truncate(PROBLEMS_MAX);
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

type Wrong = (ProblemKind, String);

fn of_call(plan: &Plan, step: &Step, call: &Call, catalog: Catalog<'_>) -> Vec<Wrong> {
    match &call.target {
        Target::Agent(wanted) => match catalog.agents.facts(wanted) {
            Some(_) => Vec::new(),
            None => {
                let failure = no_agent(wanted);
                let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                vec![(ProblemKind::UnknownTarget, format!("{}{hint}", failure.message))]
            }
        },
        Target::Skill(name) => {
            let Some(skill) = catalog.snapshot.skill(name) else {
                let nearest = catalog.snapshot.nearest(name).map(|near| format!(" (did you mean `{near}`?)"));
                let message = format!("there is no skill `{name}`{}", nearest.unwrap_or_default());
                return vec![(ProblemKind::UnknownTarget, message)];
            };
            let mut wrong: Vec<Wrong> = call
                .references
                .iter()
                .filter_map(|own| of_reference(plan, step, call, own, catalog.snapshot))
                .collect();
            let taken: Vec<&str> = call.references.iter().filter_map(|own| own.to.split('/').nth(1)).collect();
            let arguments = Value::Object(call.arguments.clone());
            if let Err(problem) = skill.check_input_but(&arguments, &taken) {
                wrong.push((ProblemKind::Arguments, format!("`{name}` does not take them: {problem}")));
            }
            wrong
        }
    }
}

/// What is wrong with a value that is taken from an earlier answer, by the schemas of both skills.
pub fn of_reference(
    plan: &Plan,
    step: &Step,
    call: &Call,
    reference: &Reference,
    snapshot: &Snapshot,
) -> Option<Wrong> {
    // The item of a list stands below the list.
    let (from, pointer) = match (&reference.from.step, &step.each) {
        (Some(from), _) => (*from, reference.from.pointer.to_string()),
        (None, Some(each)) => (each.step?, format!("{}/0{}", each.pointer, reference.from.pointer)),
        (None, None) => return None,
    };
    let (given, taken) = (output_of(plan, from, snapshot), input_of(call, snapshot));
    let given_types = match given.as_ref().map(|schema| shapes::at(schema, &pointer)) {
        Some(Place::Absent) => return Some((ProblemKind::MissingReference, absent(from, &pointer, given.as_ref()))),
        Some(Place::Known(place)) => given.as_ref().and_then(|schema| shapes::types(schema, place)),
        Some(Place::Open) | None => None,
    };
    let taken_types = match taken.as_ref().map(|schema| shapes::at(schema, &reference.to)) {
        Some(Place::Absent) => {
            let message = format!("`{}` takes nothing at `{}`", call.label(), reference.to);
            return Some((ProblemKind::Arguments, message));
        }
        Some(Place::Known(place)) => taken.as_ref().and_then(|schema| shapes::types(schema, place)),
        Some(Place::Open) | None => None,
    };
    let given_types = match (&reference.template, &given_types) {
        (None, Some(types)) if reference.as_number && types.contains(&"string") => Some(vec!["number"]),
        (Some(_), Some(types)) if types.iter().all(|kind| matches!(*kind, "object" | "array")) => given_types,
        (Some(_), _) => Some(vec!["string"]),
        (None, _) => given_types,
    };
    if shapes::fits(given_types.as_deref(), taken_types.as_deref()) {
        return None;
    }
    let said = |types: Option<Vec<&str>>| types.unwrap_or_default().join(" or ");
    let message = format!(
        "`{}` of step {} is {}, and `{}` of `{}` takes {}",
        shown(&pointer),
        from + 1,
        said(given_types),
        reference.to,
        call.label(),
        said(taken_types)
    );
    Some((ProblemKind::TypeMismatch, message))
}

fn of_list(plan: &Plan, each: &Source, snapshot: &Snapshot) -> Option<Wrong> {
    let from = each.step?;
    let given = output_of(plan, from, snapshot)?;
    match shapes::at(&given, &each.pointer) {
        Place::Absent => Some((ProblemKind::MissingReference, absent(from, &each.pointer, Some(&given)))),
        Place::Known(place) => {
            let types = shapes::types(&given, place)?;
            (!types.contains(&"array")).then(|| {
                let message =
                    format!("`{}` of step {} is {}, no list", shown(&each.pointer), from + 1, types.join(" or "));
                (ProblemKind::TypeMismatch, message)
            })
        }
        Place::Open => None,
    }
}

/// The schema of a step's answers, where all calls that may give one have the same, or there is one; of a step over a
/// list, of the list of theirs.
fn output_of(plan: &Plan, place: usize, snapshot: &Snapshot) -> Option<Value> {
    let step = plan.steps.get(place)?;
    let of = |call: &Call| match &call.target {
        Target::Skill(name) => snapshot.skill(name)?.output_schema(),
        Target::Agent(_) => None,
    };
    let mut schemas = step.chain.iter().map(of);
    let first = schemas.next()??;
    if schemas.any(|schema| schema != Some(first)) {
        return None;
    }
    let one: Value = serde_json::from_str(first).ok()?;
    if step.each.is_none() {
        return Some(one);
    }
    // Its own references are from its root, which stays where it is.
    let mut list = Map::new();
    list.insert("type".into(), "array".into());
    if let Some(defs) = one.get("$defs") {
        list.insert("$defs".into(), defs.clone());
    }
    list.insert("items".into(), one);
    Some(Value::Object(list))
}

fn input_of(call: &Call, snapshot: &Snapshot) -> Option<Value> {
    match &call.target {
        Target::Skill(name) => serde_json::from_str(snapshot.skill(name)?.input_schema()).ok(),
        Target::Agent(_) => None,
    }
}

fn absent(from: usize, pointer: &str, schema: Option<&Value>) -> String {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    let known = match schema.map(|schema| shapes::at(schema, parent)) {
        Some(Place::Known(place)) => place.get("properties").and_then(Value::as_object).map(|own| {
            let names: Vec<_> = own.keys().take(12).map(|name| format!("`{name}`")).collect();
            format!(" (it has {})", names.join(", "))
        }),
        _ => None,
    };
    format!("the answer of step {} has nothing at `{pointer}`{}", from + 1, known.unwrap_or_default())
}

fn shown(pointer: &str) -> &str {
    if pointer.is_empty() { "the answer" } else { pointer }
}

/// The places of steps by their names.
type Names<'a> = HashMap<&'a str, usize>;

#[cfg(test)]
mod tests;
