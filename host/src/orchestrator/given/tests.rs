//! What is refused of plans before anything is looked up, each with the step that it is about.

use serde_json::{Value, json};

use super::super::targets::NoAgents;
use super::*;

fn problems(plan: &Value) -> Vec<String> {
    let snapshot = Snapshot::default();
    let catalog = Catalog { snapshot: &snapshot, agents: &NoAgents };
    validate(plan, catalog).unwrap_err().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn says(plan: &Value, wanted: &str) {
    let problems = problems(plan);
    assert!(problems.iter().any(|problem| problem.starts_with(wanted)), "{wanted}: {problems:#?}");
}

fn step(id: &str, more: Value) -> Value {
    let mut step = json!({"id": id, "skill": "s"});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

#[test]
fn what_makes_no_sense_is_refused_with_its_step() {
    says(&json!({"steps": []}), "shape: ");
    says(&json!({"steps": [{"id": "a b", "skill": "s"}]}), "step 1 (`a b`): shape: ");
    says(&json!({"steps": [{"skill": "s", "wait": 1}]}), "step 1: shape: ");
    says(&json!({"steps": [{"arguments": {}}]}), "step 1: shape: it has either");
    says(&json!({"steps": [{"agent": {}}]}), "step 1: shape: an `agent` has either");
    says(&json!({"steps": [step("a", json!({})), step("a", json!({}))]}), "step 2 (`a`): same-name: step 1");
    says(&json!({"steps": [step("a", json!({"needs": ["b"]}))]}), "step 1 (`a`): unknown-step: there is no step `b`");
    says(&json!({"steps": [step("a", json!({"needs": ["a"]}))]}), "step 1 (`a`): cycle: ");
    let circle = json!({"steps": [step("a", json!({"needs": ["b"]})), step("b", json!({"needs": ["a"]}))]});
    says(&circle, "step 1 (`a`): cycle: it needs step 2");
    let later = json!({"steps": [step("a", json!({"arguments": {"x": {"$from": "b"}}})), step("b", json!({}))]});
    says(&later, "step 1 (`a`): later-step: it needs step 2");
    let item = json!({"steps": [step("a", json!({"arguments": {"x": {"$item": "/y"}}}))]});
    says(&item, "step 1 (`a`): unknown-step: the step has no `each`");
    let odd = json!({"steps": [step("a", json!({"arguments": {"x": {"$from": "a", "also": 1}}}))]});
    says(&odd, "step 1 (`a`): shape: the reference at `/x`");
    let many: Vec<Value> = (0..10_000).map(|_| json!({"skill": "s"})).collect();
    says(&json!({"steps": many}), "too-large: it has 10000 steps, more than 100");
    let deep = (0..64).fold(json!(1), |inner, _| json!([inner]));
    says(&json!({"steps": [step("a", json!({"arguments": {"x": deep}}))]}), "too-large: it is nested");
}

#[test]
fn what_is_not_there_is_named_with_how_to_have_it() {
    says(&json!({"steps": [{"skill": "calc"}]}), "step 1: unknown-target: there is no skill `calc`");
    let named = json!({"steps": [{"agent": {"name": "writer"}}]});
    says(&named, "step 1: unknown-target: there is no agent `writer` (`happyos agent create");
    let able = json!({"steps": [{"agent": {"capabilities": ["python", "fastapi"]}}]});
    says(&able, "step 1: unknown-target: there is no agent that can do `python`, `fastapi`");
}

#[test]
fn references_are_taken_out_of_the_arguments() {
    let plan = json!({"steps": [
        step("a", json!({})),
        step("b", json!({
            "arguments": {"x": {"y/z": [{"$from": "a", "pointer": "/n", "template": "{} km"}]}, "k": 1},
            "each": {"$from": "a", "pointer": "/rows"},
            "timeout_ms": 5,
        })),
    ]});
    let plan = read::plan(&plan).unwrap();
    let second = &plan.steps[1];
    let stored = serde_json::to_value(second).unwrap();
    let reference = json!({"to": "/x/y~1z/0", "from": {"step": 0, "pointer": "/n"}, "template": "{} km"});
    assert_eq!(stored["chain"][0]["references"], json!([reference]));
    assert_eq!(stored["chain"][0]["arguments"], json!({"x": {"y/z": [null]}, "k": 1}));
    assert_eq!((stored["needs"].clone(), stored["timeout_ms"].clone()), (json!([0]), json!(5)));
}
