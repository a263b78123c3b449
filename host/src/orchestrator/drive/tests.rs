//! The core, step by step: what it appends and what it does, for every way that a step may end.

use serde_json::json;

use super::super::event::{Call, Decision, Gap, Missing, MissingValue, Plan, Refusal, Request, Step};
use super::*;
use crate::base::TaskId;
use crate::store::tasks::TaskState;

/// Skills whose names begin with `safe` are repeatable; `gone` is not there.
struct Catalog;

impl Facts for Catalog {
    fn skill(&self, name: &str) -> Option<SkillFacts> {
        (name != "gone").then(|| SkillFacts { repeatable: name.starts_with("safe") })
    }

    fn fallback(&self) -> bool {
        true
    }
}

fn task() -> Task {
    Task::new(TaskId::at(1, 2), "me".into(), Request { text: "do it".into(), ..Request::default() }, 1)
}

fn analysed(decision: Decision) -> Stimulus {
    Stimulus::Analysed(Analysed {
        language: "en".into(),
        intent: "command".into(),
        complexity: 0.1,
        complexity_reasons: Vec::new(),
        strategy: "direct".into(),
        reasons: Vec::new(),
        candidates: Vec::new(),
        margin: 1.0,
        fit: 1.0,
        decision,
    })
}

fn call(skill: &str) -> Call {
    Call { skill: skill.into(), arguments: Map::new() }
}

fn plan(chains: &[&[&str]]) -> Stimulus {
    let step = |chain: &&[&str]| Step { chain: chain.iter().map(|skill| call(skill)).collect(), needs: Vec::new() };
    analysed(Decision::Plan(Plan { steps: chains.iter().map(step).collect() }))
}

fn good(step: usize) -> Stimulus {
    let output = RawValue::from_string("1".into()).unwrap().into();
    Stimulus::Returned(Returned { step, result: Ok((output, 0)), usage: Used { fuel: 10, ..Used::default() } })
}

fn bad(step: usize, kind: FailureKind) -> Stimulus {
    let result = Err(Failure::new(kind, "no"));
    Stimulus::Returned(Returned { step, result, usage: Used { fuel: 10, ..Used::default() } })
}

fn answer(reply: Reply) -> Stimulus {
    Stimulus::Answered(Answered { text: "x".into(), reply })
}

/// Feeds them one after another; the kinds of all events, the skills that are called, and the state at the end. Folding
/// the events again must give the same task.
fn play(mut task: Task, stimuli: Vec<Stimulus>) -> (String, Vec<String>, TaskState) {
    let mut all = vec![(1, Event::Accepted(task.request.clone()))];
    let mut calls = Vec::new();
    for stimulus in stimuli {
        let (events, act) = react(&mut task, stimulus, &Catalog, 1);
        if let Act::Call(order) = act {
            calls.push(order.skill.to_string());
        }
        all.extend(events.into_iter().map(|event| (1, event)));
    }
    let written: Vec<_> = (0..).zip(&all).map(|(number, (at, event))| event.write(number, *at).unwrap()).collect();
    let read = written.iter().map(|record| (record.at_ms, Event::read(record).unwrap()));
    let again = Task::fold(task.id, task.owner.clone(), read).unwrap();
    assert_eq!(format!("{again:?}"), format!("{task:?}"), "the events say something else than the task");
    let kinds: Vec<_> = all.iter().skip(1).map(|(_, event)| event.kind()).collect();
    (kinds.join(" "), calls, task.state())
}

#[test]
fn every_way_leads_to_one_end() {
    use FailureKind::{GuestError, InvalidInput, NotFound, Trap};
    use TaskState::{Canceled as Stopped, Completed, Failed, InputRequired, Rejected};
    let interrupted = || vec![plan(&[&["once"]]), Stimulus::Resumed];
    let after = |reply| [interrupted(), vec![answer(reply)]].into_iter().flatten().collect::<Vec<_>>();
    let gap = Gap { id: "g".into(), key: "k".into(), nearest: Vec::new() };
    let missing = Question::Missing(Missing {
        skill: "safe".into(),
        arguments: Map::new(),
        values: vec![MissingValue {
            name: "n".into(),
            description: None,
            question: String::new(),
            options: vec![json!(1)],
            suggestion: None,
        }],
    });
    let decided = |stimulus| match stimulus {
        Stimulus::Analysed(analysed) => Reply::Decision(analysed.decision),
        _ => unreachable!(),
    };
    let cases: Vec<(Vec<Stimulus>, &str, &[&str], TaskState)> = vec![
        (vec![plan(&[&["a"]]), good(0)], "analysed step-started step-finished ended", &["a"], Completed),
        (
            vec![plan(&[&["a"], &["b"]]), good(0), good(1)],
            "analysed step-started step-finished step-started step-finished ended",
            &["a", "b"],
            Completed,
        ),
        // Chains: the next is tried where the one before did no harm.
        (
            vec![plan(&[&["safe", "b"]]), bad(0, GuestError), good(0)],
            "analysed step-started step-failed step-started step-finished ended",
            &["safe", "b"],
            Completed,
        ),
        (
            vec![plan(&[&["gone", "a", "b"]]), bad(0, NotFound), bad(0, InvalidInput), good(0)],
            "analysed step-started step-failed step-started step-failed step-started step-finished ended",
            &["gone", "a", "b"],
            Completed,
        ),
        (vec![plan(&[&["a", "b"]]), bad(0, Trap)], "analysed step-started step-failed ended", &["a"], Failed),
        (
            vec![plan(&[&["safe", "safe2"]]), bad(0, Trap), bad(0, Trap)],
            "analysed step-started step-failed step-started step-failed ended",
            &["safe", "safe2"],
            Failed,
        ),
        // After a kill: what is done is not done again; what does no harm is; the rest asks.
        (
            vec![Stimulus::Resumed, plan(&[&["a"]]), good(0)],
            "analysed step-started step-finished ended",
            &["a"],
            Completed,
        ),
        (
            vec![plan(&[&["safe"]]), Stimulus::Resumed, good(0)],
            "analysed step-started step-failed step-started step-finished ended",
            &["safe", "safe"],
            Completed,
        ),
        (
            vec![plan(&[&["safe"]]), Stimulus::Resumed, Stimulus::Resumed, Stimulus::Resumed],
            "analysed step-started step-failed step-started step-failed step-started step-failed ended",
            &["safe", "safe", "safe"],
            Failed,
        ),
        (interrupted(), "analysed step-started asked", &["once"], InputRequired),
        (
            [after(Reply::Retry), vec![good(0)]].into_iter().flatten().collect(),
            "analysed step-started asked answered step-started step-finished ended",
            &["once", "once"],
            Completed,
        ),
        (after(Reply::Skip), "analysed step-started asked answered ended", &["once"], Completed),
        (after(Reply::Abandon), "analysed step-started asked answered ended", &["once"], Stopped),
        // Questions, refusals, stops.
        (vec![analysed(Decision::Ask(missing.clone()))], "analysed", &[], InputRequired),
        (
            vec![analysed(Decision::Ask(missing.clone())), answer(decided(plan(&[&["a"]]))), good(0)],
            "analysed answered step-started step-finished ended",
            &["a"],
            Completed,
        ),
        (vec![analysed(Decision::Refuse(Refusal::Gap(gap)))], "analysed ended", &[], Rejected),
        (vec![Stimulus::Cancel(Canceled::ByOwner)], "ended", &[], Stopped),
        (
            vec![plan(&[&["a"]]), Stimulus::Cancel(Canceled::ByOwner), good(0), Stimulus::Resumed],
            "analysed step-started ended",
            &["a"],
            Stopped,
        ),
        (vec![analysed(Decision::Ask(missing)), Stimulus::Cancel(Canceled::Expired)], "analysed ended", &[], Stopped),
    ];
    for (stimuli, kinds, calls, state) in cases {
        let shown = format!("{stimuli:?}");
        let (found_kinds, found_calls, found_state) = play(task(), stimuli);
        assert_eq!((found_kinds.as_str(), found_state), (kinds, state), "{shown}");
        assert_eq!(found_calls, calls, "{shown}");
    }
}

#[test]
fn a_budget_covers_all_calls_together() {
    let mut task = task();
    task.request.budget = Budget { fuel: Some(20), ..Budget::default() };
    let (_, act) = react(&mut task, plan(&[&["safe", "b", "c"]]), &Catalog, 1);
    let Act::Call(first) = act else { panic!("{act:?}") };
    assert_eq!(first.budget.fuel, Some(20));
    let (_, act) = react(&mut task, bad(0, FailureKind::InvalidInput), &Catalog, 1);
    let Act::Call(second) = act else { panic!("{act:?}") };
    assert_eq!((second.budget.fuel, second.key == first.key), (Some(10), false));
    let (_, act) = react(&mut task, bad(0, FailureKind::InvalidInput), &Catalog, 1);
    assert_eq!(act, Act::Settle);
    let Some(End::Failed(failed)) = &task.end else { panic!("{task:?}") };
    assert_eq!((&*failed.kind, failed.limit.as_deref()), ("limit-exceeded", Some("fuel")));
}

#[test]
fn the_same_call_of_the_same_step_has_the_same_key() {
    let mut task = task();
    let (_, first) = react(&mut task, plan(&[&["safe"]]), &Catalog, 1);
    let (_, again) = react(&mut task, Stimulus::Resumed, &Catalog, 2);
    assert_eq!(first, again);
}

#[test]
fn questions_come_to_an_end() {
    let mut task = task();
    let question = Question::Choice(Vec::new());
    react(&mut task, analysed(Decision::Ask(question.clone())), &Catalog, 1);
    for _ in 0..QUESTIONS_MAX {
        assert_eq!(task.state(), TaskState::InputRequired);
        react(&mut task, answer(Reply::Decision(Decision::Ask(question.clone()))), &Catalog, 1);
    }
    assert_eq!(task.state(), TaskState::Failed);
}
