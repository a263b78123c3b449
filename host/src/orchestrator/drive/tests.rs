//! The core, step by step: what it appends and what it does, for every way that a step may end.

mod agents;

use serde_json::json;

use super::super::event::{
    Call, Decision, Gap, Missing, MissingValue, Plan, Reference, Refusal, Request, Source, Step,
};
use super::*;
use crate::base::{Limit, TaskId};
use crate::store::tasks::TaskState;

/// Skills whose names begin with `safe` are repeatable, with `safe-quiet` quiet, too, with `destroy` destructive, with `ask`
/// such that they ask first;
/// `gone` is not there.
struct Catalog;

impl Facts for Catalog {
    fn target(&self, target: &Target) -> Option<TargetFacts> {
        let name = target.label();
        let facts = TargetFacts {
            repeatable: name.starts_with("safe"),
            quiet: name.starts_with("safe-quiet"),
            destructive: name.starts_with("destroy"),
            asks_first: name.starts_with("ask"),
        };
        (**name != *"gone").then_some(facts)
    }

    fn parallel(&self) -> usize {
        2
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
        used: Default::default(),
    })
}

fn call(skill: &str) -> Call {
    Call::skill(skill.into(), Map::new())
}

fn plan(chains: &[&[&str]]) -> Stimulus {
    let step = |(place, chain): (usize, &&[&str])| Step {
        needs: (0..place).collect(),
        ..Step::of(chain.iter().map(|skill| call(skill)).collect())
    };
    of_steps(chains.iter().enumerate().map(step).collect())
}

fn of_steps(steps: Vec<Step>) -> Stimulus {
    analysed(Decision::Plan(Plan { steps, left_out: Vec::new() }))
}

/// Steps of one call each that need nothing of each other.
fn apart(skills: &[&str]) -> Stimulus {
    of_steps(skills.iter().map(|skill| Step::of(vec![call(skill)])).collect())
}

fn good(step: usize) -> Stimulus {
    gave(step, &json!(1))
}

fn gave(step: usize, output: &Value) -> Stimulus {
    let output = RawValue::from_string(output.to_string()).unwrap().into();
    let usage = Used { fuel: 10, ..Used::default() };
    Stimulus::Returned(Returned { step, result: Ok((output, 0)), usage, chance: 0 })
}

fn bad(step: usize, kind: FailureKind) -> Stimulus {
    let result = Err(Failure::new(kind, "no"));
    Stimulus::Returned(Returned { step, result, usage: Used { fuel: 10, ..Used::default() }, chance: 0 })
}

fn decided(step: usize, approved: bool) -> Stimulus {
    Stimulus::Decided(Decided { step, approved })
}

/// The calls that an act makes.
fn calls(act: Act) -> Vec<CallOrder> {
    match act {
        Act::Go { calls, .. } => calls,
        Act::Settle | Act::Analyse => Vec::new(),
    }
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
        calls.extend(super::tests::calls(act).into_iter().map(|order| order.target.label().to_string()));
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
    use FailureKind::{GuestError, InvalidInput, NotFound, Trap, Unavailable};
    use TaskState::{Canceled as Stopped, Completed, Failed, InputRequired, Rejected, Working};
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
    let decision = |stimulus| match stimulus {
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
        (interrupted(), "analysed step-started paused asked", &["once"], InputRequired),
        (
            [after(Reply::Retry), vec![good(0)]].into_iter().flatten().collect(),
            "analysed step-started paused asked answered step-started step-finished ended",
            &["once", "once"],
            Completed,
        ),
        (after(Reply::Skip), "analysed step-started paused asked answered ended", &["once"], Completed),
        (after(Reply::Abandon), "analysed step-started paused asked answered ended", &["once"], Stopped),
        // Several at one time, two at most; one that fails does not keep the others from their end.
        (
            vec![apart(&["a", "b", "c"]), good(1), bad(0, Trap), good(2)],
            "analysed step-started step-started step-finished step-started step-failed step-finished ended",
            &["a", "b", "c"],
            Failed,
        ),
        (vec![plan(&[&["a"], &["b"]]), bad(0, Trap)], "analysed step-started step-failed ended", &["a"], Failed),
        // What cannot be had just now is tried again later where that does no harm, and only so often.
        (
            vec![plan(&[&["safe"]]), bad(0, Unavailable), Stimulus::Woken],
            "analysed step-started step-failed",
            &["safe"],
            Working,
        ),
        (vec![plan(&[&["a"]]), bad(0, Unavailable)], "analysed step-started step-failed ended", &["a"], Failed),
        // What destroys asks first as one of several, and so does what the operator wants to ask; the others go on.
        (vec![plan(&[&["destroy"]]), good(0)], "analysed step-started step-finished ended", &["destroy"], Completed),
        (vec![plan(&[&["ask"]])], "analysed paused asked", &[], InputRequired),
        (
            vec![apart(&["destroy", "safe"]), good(1), decided(0, true), good(0)],
            "analysed paused step-started step-finished asked decided step-started step-finished ended",
            &["safe", "destroy"],
            Completed,
        ),
        (
            vec![apart(&["destroy", "safe"]), decided(0, true), good(1), good(0)],
            "analysed paused step-started decided step-started step-finished step-finished ended",
            &["safe", "destroy"],
            Completed,
        ),
        (
            vec![apart(&["destroy", "safe"]), good(1), decided(1, true), answer(Reply::Reject)],
            "analysed paused step-started step-finished asked answered ended",
            &["safe"],
            Completed,
        ),
        (vec![plan(&[&["ask"]]), decided(0, false)], "analysed paused asked decided ended", &[], Stopped),
        // After a kill, of several that ran each has its own way.
        (
            vec![apart(&["once", "safe"]), Stimulus::Resumed, good(1), answer(Reply::Skip)],
            "analysed step-started step-started paused step-failed step-started step-finished asked answered ended",
            &["once", "safe", "safe"],
            Completed,
        ),
        // Questions, refusals, stops.
        (vec![analysed(Decision::Ask(missing.clone()))], "analysed", &[], InputRequired),
        (
            vec![analysed(Decision::Ask(missing.clone())), answer(decision(plan(&[&["a"]]))), good(0)],
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
    let first = calls(act).remove(0);
    assert_eq!(first.budget.fuel, Some(20));
    let (_, act) = react(&mut task, bad(0, FailureKind::InvalidInput), &Catalog, 1);
    let second = calls(act).remove(0);
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

fn taking(skill: &str, to: &str, step: Option<usize>, pointer: &str) -> Call {
    let from = Source { step, pointer: pointer.into() };
    Call { references: vec![Reference { to: to.into(), from, template: None, as_number: false }], ..call(skill) }
}

#[test]
fn a_step_takes_from_the_answers_before_it_or_fails_before_it_runs() {
    let steps = |pointer: &str| {
        let second = Step { needs: vec![0], ..Step::of(vec![taking("b", "/n", Some(0), pointer)]) };
        of_steps(vec![Step::of(vec![call("a")]), second])
    };
    let mut task = task();
    react(&mut task, steps("/rows/1"), &Catalog, 1);
    let (_, act) = react(&mut task, gave(0, &json!({"rows": [1, 2]})), &Catalog, 1);
    assert_eq!(calls(act).remove(0).arguments, *json!({"n": 2}).as_object().unwrap());

    let (kinds, made, state) = play(super::tests::task(), vec![steps("/rows/7"), gave(0, &json!({"rows": []}))]);
    assert_eq!(kinds, "analysed step-started step-finished step-failed ended");
    assert_eq!((made.as_slice(), state), (["a".to_owned()].as_slice(), TaskState::Failed));
}

#[test]
fn a_step_over_a_list_is_a_step_for_each_of_its_items() {
    let each = Some(Source { step: Some(0), pointer: "/rows".into() });
    let second = Step { needs: vec![0], each, ..Step::of(vec![taking("b", "/n", None, "/x")]) };
    let third = Step { needs: vec![1], ..Step::of(vec![taking("c", "/all", Some(1), "")]) };
    let plan = || of_steps(vec![Step::of(vec![call("a")]), second.clone(), third.clone()]);
    let rows = gave(0, &json!({"rows": [{"x": 1}, {"x": 2}, {"x": 3}]}));
    let ends = [3, 5, 4].map(|step| gave(step, &json!(step)));
    let stimuli = [vec![plan(), rows], ends.into(), vec![good(2)]].into_iter().flatten().collect();
    let (kinds, made, state) = play(task(), stimuli);
    assert_eq!((made.join(" ").as_str(), state), ("a b b b c", TaskState::Completed), "{kinds}");
    assert!(kinds.contains("expanded"), "{kinds}");

    let mut task = task();
    react(&mut task, plan(), &Catalog, 1);
    let (_, act) = react(&mut task, gave(0, &json!({"rows": []})), &Catalog, 1);
    assert_eq!(calls(act).remove(0).arguments, *json!({"all": []}).as_object().unwrap());
    let many: Vec<u32> = (0..300).collect();
    let (_, _, state) = play(super::tests::task(), vec![plan(), gave(0, &json!({"rows": many}))]);
    assert_eq!(state, TaskState::Failed);
}

#[test]
fn retries_wait_longer_each_time_and_leave_some_of_it_to_chance() {
    let returned = |chance| {
        let result = Err(Failure::new(FailureKind::Unavailable, "no"));
        Stimulus::Returned(Returned { step: 0, result, usage: Used::default(), chance })
    };
    let mut task = task();
    react(&mut task, plan(&[&["safe"]]), &Catalog, 1_000);
    let mut now = 1_000;
    for (chance, wait) in [(0, 50), (100, 200)] {
        let (_, act) = react(&mut task, returned(chance), &Catalog, now);
        assert_eq!(act, Act::Go { calls: Vec::new(), wake_ms: Some(now + wait) });
        now += wait;
        let (_, act) = react(&mut task, Stimulus::Woken, &Catalog, now);
        assert_eq!(calls(act).len(), 1);
    }
    let (_, act) = react(&mut task, returned(0), &Catalog, now);
    assert_eq!((act, task.state()), (Act::Settle, TaskState::Failed));
}

#[test]
fn what_is_left_of_a_budget_is_shared_by_those_that_can_run() {
    let mut task = task();
    task.request.budget = Budget { fuel: Some(100), ..Budget::default() };
    let (_, act) = react(&mut task, apart(&["a", "b", "c", "d"]), &Catalog, 1);
    let shares = |act| calls(act).iter().map(|order| order.budget.fuel.unwrap()).collect::<Vec<_>>();
    // Two run at one time; the others keep their shares.
    assert_eq!(shares(act), [25, 25]);
    let (_, act) = react(&mut task, good(0), &Catalog, 1);
    assert_eq!(shares(act), [32]);
    let spent = Used { fuel: 90, ..Used::default() };
    let out = Failure::new(FailureKind::LimitExceeded(Limit::Fuel), "no");
    let over = Stimulus::Returned(Returned { step: 1, result: Err(out), usage: spent, chance: 0 });
    let (_, act) = react(&mut task, over, &Catalog, 1);
    assert!(calls(act).is_empty(), "what is lent is waited for");
    let (_, act) = react(&mut task, good(2), &Catalog, 1);
    assert_eq!(act, Act::Settle);
    let Some(End::Failed(failed)) = &task.end else { panic!("{task:?}") };
    assert_eq!(failed.limit.as_deref(), Some("fuel"));
    assert!(
        matches!(task.steps[3].progress, Progress::Failed) && matches!(task.steps[0].progress, Progress::Done { .. })
    );
}

/// What may be held after each of `stimuli`.
fn held(stimuli: Vec<Stimulus>) -> Vec<bool> {
    let mut task = task();
    let one = |stimulus| {
        let (events, act) = react(&mut task, stimulus, &Catalog, 1);
        may_be_held(&task, &events, &act, &Catalog)
    };
    stimuli.into_iter().map(one).collect()
}

#[test]
fn only_what_could_simply_be_done_again_is_held() {
    let quiet: &[&str] = &["safe-quiet"];
    let unavailable = || bad(0, FailureKind::Unavailable);
    let paid = || {
        let Stimulus::Analysed(mut analysed) = plan(&[quiet]) else { unreachable!() };
        analysed.used.money = 1;
        Stimulus::Analysed(analysed)
    };
    for (stimuli, expected) in [
        (vec![plan(&[quiet]), good(0)], vec![true, false]),
        // Being safe to repeat is what it says of itself; it may have changed something all the same.
        (vec![plan(&[&["safe"]]), good(0)], vec![false, false]),
        (vec![plan(&[&["once"]]), good(0)], vec![false, false]),
        (vec![plan(&[quiet, quiet]), good(0), good(1)], vec![true, true, false]),
        (vec![plan(&[quiet, &["once"], quiet]), good(0), good(1), good(2)], vec![true, false, false, false]),
        (vec![apart(&["safe-quiet", "ask-quiet"])], vec![false]),
        (vec![plan(&[quiet]), unavailable(), Stimulus::Woken], vec![true, true, true]),
        (vec![plan(&[&["safe-quiet", "once"]]), unavailable()], vec![true, false]),
        (vec![plan(&[&["gone"]])], vec![false]),
        (vec![paid()], vec![false]),
        (vec![plan(&[quiet]), Stimulus::Cancel(Canceled::ByOwner)], vec![true, false]),
        (vec![apart(&["ask", "safe-quiet"]), decided(0, true)], vec![false, false]),
    ] {
        let what = format!("{stimuli:?}");
        assert_eq!(held(stimuli), expected, "{what}");
    }
}
