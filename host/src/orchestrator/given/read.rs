//! A plan as data → as it is driven: its shape, the names of its steps, and in what order they stand.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::event::{Call, Plan, Reference, Source, Step, Target, Wanted};
use super::{BYTES_MAX, Names, PROBLEMS_MAX, Problem, ProblemKind, SHAPE, STEPS_MAX};

/// How deep arguments may be nested.
const DEPTH_MAX: usize = 32;

#[derive(Deserialize)]
struct Written {
    steps: Vec<WrittenStep>,
}

#[derive(Deserialize)]
struct WrittenStep {
    id: Option<Box<str>>,
    skill: Option<String>,
    agent: Option<WrittenAgent>,
    #[serde(default)]
    arguments: Map<String, Value>,
    #[serde(default)]
    fallbacks: Vec<WrittenCall>,
    #[serde(default)]
    needs: Vec<String>,
    each: Option<Value>,
    #[serde(default)]
    approve: bool,
    timeout_ms: Option<u64>,
    retries: Option<u32>,
}

#[derive(Deserialize)]
struct WrittenCall {
    skill: Option<String>,
    agent: Option<WrittenAgent>,
    #[serde(default)]
    arguments: Map<String, Value>,
}

#[derive(Deserialize)]
struct WrittenAgent {
    name: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
}

/// Reads a plan whose steps each stand after those that they need.
pub fn plan(value: &Value) -> Result<Plan, Vec<Problem>> {
    let whole = |kind, message: String| Problem { step: None, name: None, kind, message };
    let n_steps = value.get("steps").and_then(Value::as_array).map_or(0, Vec::len);
    if n_steps > STEPS_MAX {
        let message = format!("it has {n_steps} steps, more than {STEPS_MAX}");
        return Err(vec![whole(ProblemKind::TooLarge, message)]);
    }
    if !is_within(value, DEPTH_MAX) {
        return Err(vec![whole(ProblemKind::TooLarge, format!("it is nested deeper than {DEPTH_MAX} levels"))]);
    }
    let n_bytes = value.to_string().len();
    if n_bytes > BYTES_MAX {
        return Err(vec![whole(ProblemKind::TooLarge, format!("it has {n_bytes} bytes, more than {BYTES_MAX}"))]);
    }
    shape(value)?;
    let written: Written =
        serde_json::from_value(value.clone()).map_err(|error| vec![whole(ProblemKind::Shape, error.to_string())])?;
    let mut reading = Reading::new(&written.steps);
    let steps = written.steps.iter().enumerate().map(|(place, step)| reading.step(place, step)).collect();
    reading.circles();
    reading.problems.truncate(PROBLEMS_MAX);
    match reading.problems.is_empty() {
        true => Ok(Plan { steps, left_out: Vec::new() }),
        false => Err(reading.problems),
    }
}

fn shape(value: &Value) -> Result<(), Vec<Problem>> {
    let Some(validator) = &*SHAPE else { return Ok(()) };
    let problem = |error: jsonschema::ValidationError<'_>| {
        let at = error.instance_path().to_string();
        let step = at.strip_prefix("/steps/").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        let id = step.and_then(|step| value.pointer(&format!("/steps/{step}/id"))).and_then(Value::as_str);
        let name = id.map(|id| id.chars().take(64).collect::<String>().into());
        let mut message = error.to_string();
        if message.len() > 300 {
            message = message.chars().take(300).chain("…".chars()).collect();
        }
        Problem { step, name, kind: ProblemKind::Shape, message }
    };
    let problems: Vec<Problem> = validator.iter_errors(value).take(PROBLEMS_MAX).map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn is_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| is_within(item, depth - 1)),
        Value::Object(members) => depth > 0 && members.values().all(|member| is_within(member, depth - 1)),
        _ => true,
    }
}

struct Reading<'a> {
    steps: &'a [WrittenStep],
    names: Names<'a>,
    /// By step: those that it needs, whether they stand before it or not.
    needs: Vec<BTreeSet<usize>>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn new(steps: &'a [WrittenStep]) -> Reading<'a> {
        let mut reading =
            Reading { steps, names: Names::new(), needs: vec![BTreeSet::new(); steps.len()], problems: Vec::new() };
        for (place, step) in steps.iter().enumerate() {
            let Some(id) = &step.id else { continue };
            if let Some(first) = reading.names.insert(id, place) {
                reading.names.insert(id, first);
                reading.wrong(place, ProblemKind::SameName, format!("step {} has this name already", first + 1));
            }
        }
        reading
    }

    fn wrong(&mut self, place: usize, kind: ProblemKind, message: String) {
        let name = self.steps.get(place).and_then(|step| step.id.clone());
        self.problems.push(Problem { step: Some(place), name, kind, message });
    }

    fn step(&mut self, place: usize, step: &WrittenStep) -> Step {
        let each = step.each.as_ref().and_then(|each| {
            let pointer = each.get("pointer").and_then(Value::as_str).unwrap_or_default().into();
            let from = self.named(place, each.get("$from").and_then(Value::as_str)?)?;
            Some(Source { step: Some(from), pointer })
        });
        let has_item = step.each.is_some();
        let first = (&step.skill, &step.agent, &step.arguments);
        let others = step.fallbacks.iter().map(|call| (&call.skill, &call.agent, &call.arguments));
        let chain = std::iter::once(first)
            .chain(others)
            .filter_map(|(skill, agent, arguments)| {
                let target = self.target(place, skill.as_deref(), agent.as_ref())?;
                let mut own = Value::Object(arguments.clone());
                let mut references = Vec::new();
                self.references(place, &mut own, String::new(), has_item, &mut references);
                let arguments = match own {
                    Value::Object(arguments) => arguments,
                    _ => Map::new(),
                };
                Some(Call { target, arguments, references })
            })
            .collect();
        for name in &step.needs {
            self.named(place, name);
        }
        Step {
            chain,
            needs: self.needs.get(place).map(|needs| needs.iter().copied().collect()).unwrap_or_default(),
            name: step.id.clone(),
            each,
            approve: step.approve,
            timeout_ms: step.timeout_ms,
            retries: step.retries,
        }
    }

    fn target(&mut self, place: usize, skill: Option<&str>, agent: Option<&WrittenAgent>) -> Option<Target> {
        match (skill, agent) {
            (Some(skill), None) => Some(Target::Skill(skill.into())),
            (None, Some(WrittenAgent { name: Some(name), capabilities })) if capabilities.is_empty() => {
                Some(Target::Agent(Wanted::named(name.as_str().into())))
            }
            (None, Some(WrittenAgent { name: None, capabilities })) if !capabilities.is_empty() => {
                let capabilities = capabilities.iter().map(|able| able.as_str().into()).collect();
                Some(Target::Agent(Wanted::able(capabilities)))
            }
            (None, Some(_)) => {
                let message = "an `agent` has either a `name` or `capabilities`".to_owned();
                self.wrong(place, ProblemKind::Shape, message);
                None
            }
            _ => {
                self.wrong(place, ProblemKind::Shape, "it has either a `skill` or an `agent`".to_owned());
                None
            }
        }
    }

    /// The place of the step of that name, which the step at `place` needs; a problem where it is not before it.
    fn named(&mut self, place: usize, name: &str) -> Option<usize> {
        let Some(from) = self.names.get(name).copied() else {
            let shown: String = name.chars().take(64).collect();
            self.wrong(place, ProblemKind::UnknownStep, format!("there is no step `{shown}`"));
            return None;
        };
        if let Some(needs) = self.needs.get_mut(place) {
            needs.insert(from);
        }
        Some(from)
    }

    /// Takes the references out of `value`, which stands at `at`.
    fn references(&mut self, place: usize, value: &mut Value, at: String, has_item: bool, found: &mut Vec<Reference>) {
        match value {
            Value::Object(members) if members.contains_key("$from") || members.contains_key("$item") => {
                if let Some(reference) = self.reference(place, members, &at, has_item) {
                    found.push(reference);
                }
                *value = Value::Null;
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let below = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    self.references(place, member, below, has_item, found);
                }
            }
            Value::Array(items) => {
                for (number, item) in items.iter_mut().enumerate() {
                    self.references(place, item, format!("{at}/{number}"), has_item, found);
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, place: usize, own: &Map<String, Value>, at: &str, has_item: bool) -> Option<Reference> {
        let text = |key: &str| own.get(key).and_then(Value::as_str);
        let is_known = |key: &String| matches!(key.as_str(), "$from" | "$item" | "pointer" | "template");
        let both = own.contains_key("$from") && (own.contains_key("$item") || text("$from").is_none());
        let odd = own.values().any(|value| !value.is_string()) || !own.keys().all(is_known) || both || at.is_empty();
        if odd || own.contains_key("$item") && own.contains_key("pointer") {
            let message =
                format!("the reference at `{at}` is not `{{\"$from\": ID, \"pointer\": …}}` or `{{\"$item\": …}}`");
            self.wrong(place, ProblemKind::Shape, message);
            return None;
        }
        let template = text("template").map(Into::into);
        if text("template").is_some_and(|template| !template.contains("{}")) {
            self.wrong(place, ProblemKind::Shape, format!("the template at `{at}` has no `{{}}`"));
            return None;
        }
        let (step, pointer) = match (text("$from"), text("$item")) {
            (Some(name), _) => (Some(self.named(place, name)?), text("pointer").unwrap_or_default()),
            (None, Some(pointer)) if has_item => (None, pointer),
            _ => {
                let message = format!("the step has no `each`, so there is no `$item` for `{at}`");
                self.wrong(place, ProblemKind::UnknownStep, message);
                return None;
            }
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            self.wrong(
                place,
                ProblemKind::Shape,
                format!("`{pointer}` is no JSON pointer: it does not begin with `/`"),
            );
            return None;
        }
        Some(Reference { to: at.into(), from: Source { step, pointer: pointer.into() }, template, as_number: false })
    }

    /// Steps that need later ones: in a circle, or just in the wrong order.
    fn circles(&mut self) {
        let n_steps = self.needs.len();
        // By step: all that it needs, through others, too.
        let mut all = self.needs.clone();
        for _ in 0..n_steps {
            let mut grew = false;
            for place in 0..n_steps {
                let through: BTreeSet<usize> =
                    all.get(place).into_iter().flatten().filter_map(|need| all.get(*need)).flatten().copied().collect();
                if let Some(own) = all.get_mut(place) {
                    let before = own.len();
                    own.extend(through);
                    grew |= own.len() > before;
                }
            }
            if !grew {
                break;
            }
        }
        for place in 0..n_steps {
            let later: Vec<usize> =
                self.needs.get(place).into_iter().flatten().copied().filter(|need| *need >= place).collect();
            for need in later {
                let circle = need == place || all.get(need).is_some_and(|needs| needs.contains(&place));
                let (kind, message) = if circle {
                    (ProblemKind::Cycle, format!("it needs step {}, which needs it", need + 1))
                } else {
                    (ProblemKind::LaterStep, format!("it needs step {}, which stands after it", need + 1))
                };
                self.wrong(place, kind, message);
            }
        }
    }
}
