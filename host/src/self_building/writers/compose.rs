//! The composer: looks for a pipeline of installed scripts, with bindings of their parameters, that gives what the examples say.
//!
//! Deterministic, and bound in calls. A script cannot call another bundle's skill, so what is composed holds the text of its
//! parts: it is judged, kept and rolled back like any other script, and goes on working when a part is changed or removed. Only
//! parts that ask for nothing are taken, so that no state or grant changes its owner.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::composed::{Composition, Part, Step, Target, render};
use super::{Brief, Writer, Written};
use crate::base::{Failure, LimitOverrides};
use crate::security::Principal;
use crate::skills::{EXAMPLE_TIME_MS, Example, Skills, Trying, same};

/// Steps of a pipeline.
const STEPS_MAX: usize = 3;
/// Calls that one search makes.
const CALLS_MAX: usize = 6_000;
/// Pipelines that are gone on with at each length.
const OPEN_MAX: usize = 400;
/// Ways to bind the parameters of one skill that are tried at one place.
const BINDINGS_MAX: usize = 96;
/// Scripts that are looked at.
const PARTS_MAX: usize = 200;
/// Constants that are tried for one parameter.
const CONSTANTS_MAX: usize = 12;
/// Fuel of one call, in instructions.
const FUEL: u64 = 100_000_000;

/// Composes installed scripts.
pub struct Composer {
    skills: Skills,
    principal: Principal,
    is_done: AtomicBool,
}

/// Where a value comes from: a place in the input, or in what an earlier step gave.
pub type Source = (usize, String);

/// What a parameter is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// A value from elsewhere. Zero is the input, others are steps from one.
    From(Source),
    /// Always the same.
    Constant(Value),
}

/// A pipeline as far as it was found, with what its steps gave for the first example.
#[derive(Clone)]
struct Open {
    steps: Vec<Step>,
    given: Vec<Value>,
}

impl Composer {
    /// Of what is installed.
    pub fn new(skills: &Skills, principal: &Principal) -> Composer {
        Composer { skills: skills.clone(), principal: principal.clone(), is_done: AtomicBool::new(false) }
    }

    /// The scripts that ask for nothing, loaded.
    async fn parts(&self) -> Vec<Part> {
        let Ok(snapshot) = self.skills.snapshot(&self.principal) else { return Vec::new() };
        let mut parts = Vec::new();
        for file in snapshot.files().iter().filter(|file| file.requests.kinds().is_empty()).take(PARTS_MAX) {
            let Some(name) = file.path.file_name().and_then(|name| name.to_str()) else { continue };
            if !name.ends_with(".js") || file.state.as_str() != "serving" {
                continue;
            }
            let (Ok(read), Some(bundle)) =
                (self.skills.read_file(&self.principal, Path::new(&file.path)).await, &file.bundle)
            else {
                continue;
            };
            let Ok(candidate) = self.skills.candidate(&self.principal, name, read.bytes()).await else { continue };
            // The text that is served, not one that has just been written over it.
            if Some(candidate.digest()) != file.digest {
                continue;
            }
            let source = candidate.script().unwrap_or_default().to_owned();
            let Ok(loaded) = candidate.load().await else { continue };
            let Ok(skills) = loaded.skills() else { continue };
            parts.push(Part { bundle: bundle.to_string(), source, loaded, skills });
        }
        parts
    }
}

#[async_trait]
impl Writer for Composer {
    fn name(&self) -> &str {
        "composer"
    }

    async fn write(&self, brief: &Brief) -> Result<Option<Written>, Failure> {
        let has_outputs = brief.examples.iter().all(|example| example.output.is_some() && example.http.is_empty());
        if self.is_done.swap(true, Ordering::Relaxed)
            || brief.examples.is_empty()
            || !has_outputs
            || brief.before.is_some()
        {
            return Ok(None);
        }
        let parts = self.parts().await;
        let mut search = Search { parts: &parts, examples: &brief.examples, n_calls: 0 };
        let Some(found) = search.run().await else { return Ok(None) };
        let taken = |name: &str| {
            let snapshot = self.skills.snapshot(&self.principal);
            snapshot.is_ok_and(|snapshot| snapshot.skill(name).is_some() || snapshot.file(name).is_some())
        };
        let (name, source) = render(&parts, &found, brief, &taken);
        Ok(Some(Written::new(format!("{name}.js"), source)))
    }
}

struct Search<'a> {
    parts: &'a [Part],
    examples: &'a [Example],
    n_calls: usize,
}

impl Search<'_> {
    /// The shortest pipeline that gives what all examples say.
    async fn run(&mut self) -> Option<Composition> {
        let first = self.examples.first()?;
        let mut open = vec![Open { steps: Vec::new(), given: vec![first.input.clone()] }];
        let mut seen: HashSet<String> = HashSet::new();
        for _ in 0..STEPS_MAX {
            let mut longer = Vec::new();
            for before in &open {
                for step in self.next(before) {
                    if self.n_calls >= CALLS_MAX {
                        return None;
                    }
                    let Some(output) = self.call(&step, &before.given).await else { continue };
                    let mut now = before.clone();
                    now.steps.push(step);
                    now.given.push(output);
                    if let Some(found) = self.whole(&now).await {
                        return Some(found);
                    }
                    let key = now.given.get(1..).unwrap_or_default().iter().map(Value::to_string).collect::<Vec<_>>();
                    if longer.len() < OPEN_MAX && seen.insert(key.join("\n")) {
                        longer.push(now);
                    }
                }
            }
            open = longer;
        }
        None
    }

    /// The steps that could come next.
    fn next(&self, before: &Open) -> Vec<Step> {
        let mut steps = Vec::new();
        let sources = sources(&before.given);
        for (part, bundle) in self.parts.iter().enumerate() {
            for (skill, one) in bundle.skills.iter().enumerate() {
                let known: Vec<&Value> = one.metadata.examples.iter().map(|example| &example.input).collect();
                for bindings in bindings(&one.metadata.input_schema, &known, &sources) {
                    // From the second step on, a step that takes nothing of the one before it says nothing new.
                    let last = before.given.len() - 1;
                    let goes_on =
                        bindings.iter().any(|(_, binding)| matches!(binding, Binding::From((at, _)) if *at == last));
                    let input = bound(&bindings, &before.given);
                    if goes_on && input.is_some_and(|input| one.check_input(&input).is_ok()) {
                        steps.push(Step { part, skill, bindings });
                    }
                }
            }
        }
        steps
    }

    async fn call(&mut self, step: &Step, given: &[Value]) -> Option<Value> {
        let part = self.parts.get(step.part)?;
        let skill = part.skills.get(step.skill)?;
        let input = bound(&step.bindings, given)?;
        skill.check_input(&input).ok()?;
        self.n_calls += 1;
        let limits = LimitOverrides { fuel: Some(FUEL), ..LimitOverrides::default() };
        let trying = Trying { now_ms: EXAMPLE_TIME_MS, limits, ..Trying::default() };
        let tried = part.loaded.call(skill, &input, trying).await;
        // What looks at a clock or draws lots gives nothing that an example could say.
        (!tried.seen.read_clock && !tried.seen.drew_random).then_some(tried.result.ok()?)
    }

    /// The composition, if what the steps gave has all that the first example says, and does so for the others.
    async fn whole(&mut self, open: &Open) -> Option<Composition> {
        let first = self.examples.first()?;
        let mut targets = targets(&open.given, first.output.as_ref()?);
        for example in self.examples.iter().skip(1) {
            if targets.is_empty() {
                return None;
            }
            let mut given = vec![example.input.clone()];
            for step in &open.steps {
                let output = self.call(step, &given).await?;
                given.push(output);
            }
            let expected = example.output.as_ref()?;
            targets.retain(|target| target.of(&given).is_some_and(|output| same(&output, expected)));
        }
        let target = targets.into_iter().next()?;
        Some(Composition { steps: open.steps.clone(), target })
    }
}

/// The input of a step.
fn bound(bindings: &[(String, Binding)], given: &[Value]) -> Option<Value> {
    let mut input = Map::new();
    for (name, binding) in bindings {
        let value = match binding {
            Binding::Constant(value) => value.clone(),
            Binding::From((at, pointer)) => given.get(*at)?.pointer(pointer)?.clone(),
        };
        input.insert(name.clone(), value);
    }
    Some(Value::Object(input))
}

/// All places with a value, those of the last step first.
fn sources(given: &[Value]) -> Vec<(Source, Value)> {
    let mut all = Vec::new();
    for (at, value) in given.iter().enumerate().rev() {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                    for (inner, value) in member.as_object().into_iter().flatten() {
                        let inner = inner.replace('~', "~0").replace('/', "~1");
                        all.push(((at, format!("{pointer}/{inner}")), value.clone()));
                    }
                    all.push(((at, pointer), member.clone()));
                }
            }
            value => all.push(((at, String::new()), value.clone())),
        }
    }
    all
}

/// The ways to give a skill its parameters, the plain ones first.
fn bindings(schema: &Map<String, Value>, known: &[&Value], sources: &[(Source, Value)]) -> Vec<Vec<(String, Binding)>> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut all: Vec<Vec<(String, Binding)>> = vec![Vec::new()];
    for (name, part) in properties.into_iter().flatten() {
        let is_required = required.contains(&name.as_str());
        let of_type = sources.iter().filter(|(_, value)| fits(part, value));
        let mut ways: Vec<Option<Binding>> = of_type.map(|(from, _)| Some(Binding::From(from.clone()))).collect();
        if !is_required {
            // A parameter that may be left out is bound only to its namesake.
            ways.retain(
                |way| matches!(way, Some(Binding::From((0, pointer))) if pointer.strip_prefix('/') == Some(name)),
            );
            ways.push(None);
        }
        ways.extend(constants(part, name, known).into_iter().map(|constant| Some(Binding::Constant(constant))));
        let longer = all.iter().flat_map(|before| {
            ways.iter().map(move |way| {
                let mut now = before.clone();
                now.extend(way.clone().map(|way| (name.clone(), way)));
                now
            })
        });
        all = longer.take(BINDINGS_MAX).collect();
    }
    all
}

/// Whether a value has the type that a schema asks for, as far as it names one.
fn fits(schema: &Value, value: &Value) -> bool {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    }
}

/// Values that a parameter is known to take: of its schema, and of its skill's examples.
fn constants(schema: &Value, name: &str, known: &[&Value]) -> Vec<Value> {
    let mut all: Vec<Value> = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    if schema.get("type").and_then(Value::as_str) == Some("boolean") {
        all.extend([json!(true), json!(false)]);
    }
    // What is free text in an example is data, not a way to do something.
    let is_short = |value: &&Value| value.is_number() || value.as_str().is_some_and(|text| text.chars().count() <= 3);
    for value in known.iter().filter_map(|input| input.get(name)).filter(is_short) {
        if !all.contains(value) {
            all.push(value.clone());
        }
    }
    all.truncate(CONSTANTS_MAX);
    all
}

/// The ways to make an expected output of what there is: as a whole, or member by member.
fn targets(given: &[Value], expected: &Value) -> Vec<Target> {
    let last = given.len() - 1;
    let Some(output) = given.get(last) else { return Vec::new() };
    let mut all = Vec::new();
    if same(output, expected) {
        all.push(Target::Whole((last, String::new())));
    }
    let sources = sources(given);
    let of = |value: &Value| -> Vec<Source> {
        sources.iter().filter(|(_, source)| same(source, value)).map(|(from, _)| from.clone()).collect()
    };
    all.extend(of(expected).into_iter().filter(|(at, _)| *at == last).map(Target::Whole));
    let Some(members) = expected.as_object().filter(|members| !members.is_empty()) else { return all };
    let mut made: Vec<Vec<(String, Source)>> = vec![Vec::new()];
    for (name, value) in members {
        let longer = made.iter().flat_map(|before| {
            of(value).into_iter().map(move |from| {
                let mut now = before.clone();
                now.push((name.clone(), from));
                now
            })
        });
        made = longer.take(BINDINGS_MAX).collect();
    }
    made.retain(|members| members.iter().any(|(_, (at, _))| *at == last));
    all.extend(made.into_iter().map(Target::Members));
    all
}
