//! Steps that are for agents: their questions, and the money that they share.

use super::super::super::event::Wanted;
use super::*;

fn agent(name: &str) -> Step {
    let target = Target::Agent(Wanted::named(name.into()));
    let arguments = Map::from_iter([("task".to_owned(), json!("paint it"))]);
    Step::of(vec![Call { target, arguments, references: Vec::new() }])
}

fn skill(name: &str) -> Step {
    Step::of(vec![call(name)])
}

fn asks(step: usize, message: &str, money: u64) -> Stimulus {
    let usage = Used { money, ..Used::default() };
    let continuation = format!("after {message}");
    Stimulus::AskedBack(StepAsked { step, message: message.into(), continuation, usage })
}

fn says(text: &str) -> Stimulus {
    Stimulus::Answered(Answered { text: text.into(), reply: Reply::Tell })
}

/// An answer that cost so much.
fn paid(step: usize, money: u64) -> Stimulus {
    let output = RawValue::from_string("1".into()).unwrap().into();
    Stimulus::Returned(Returned { step, result: Ok((output, 0)), usage: Used { money, ..Used::default() }, chance: 0 })
}

fn with_money(money: u64) -> Task {
    let mut task = task();
    task.request.budget = Budget { money: Some(money), ..Budget::default() };
    task
}

/// What the calls of an act are of, and what each may cost.
fn shares(act: Act) -> Vec<(String, Option<u64>)> {
    calls(act).into_iter().map(|order| (order.target.label().to_string(), order.budget.money)).collect()
}

#[test]
fn money_is_shared_by_the_steps_that_have_agents_work() {
    let mut task = with_money(100);
    // Two run at one time; the third has its share kept for it, and skills have none.
    let steps = vec![agent("a"), skill("s"), agent("b"), agent("c")];
    let (_, act) = react(&mut task, of_steps(steps), &Catalog, 1);
    assert_eq!(shares(act), [("a".to_owned(), Some(33)), ("s".to_owned(), None)]);
    let (_, act) = react(&mut task, good(1), &Catalog, 1);
    assert_eq!(shares(act), [("b".to_owned(), Some(33))]);
    // What one leaves is there for the others.
    let (_, act) = react(&mut task, paid(0, 3), &Catalog, 1);
    assert_eq!(shares(act), [("c".to_owned(), Some(64))]);
    react(&mut task, paid(2, 30), &Catalog, 1);
    react(&mut task, paid(3, 20), &Catalog, 1);
    assert_eq!((task.used.money, &task.end), (53, &Some(End::Completed)));
}

#[test]
fn what_money_is_lent_is_waited_for_and_with_none_left_an_agent_is_told_so() {
    let mut task = with_money(1);
    let (_, act) = react(&mut task, of_steps(vec![agent("a"), agent("b"), skill("s")]), &Catalog, 1);
    assert_eq!(shares(act), [("a".to_owned(), Some(1)), ("s".to_owned(), None)]);
    let (_, act) = react(&mut task, good(2), &Catalog, 1);
    assert!(calls(act).is_empty(), "all of it is lent");
    // It cost more than it might; the answer is there all the same, and what follows may cost nothing.
    let (_, act) = react(&mut task, paid(0, 7), &Catalog, 1);
    assert_eq!(shares(act), [("b".to_owned(), Some(0))]);
    let out = Failure::new(FailureKind::LimitExceeded(Limit::Money), "the money for this run is spent");
    let out = Returned { step: 1, result: Err(out), usage: Used::default(), chance: 0 };
    react(&mut task, Stimulus::Returned(out), &Catalog, 1);
    let Some(End::Failed(failed)) = &task.end else { panic!("{task:?}") };
    assert_eq!((&*failed.kind, failed.limit.as_deref()), ("limit-exceeded", Some("money")));
    assert!(
        matches!(task.steps[0].progress, Progress::Done { .. })
            && matches!(task.steps[2].progress, Progress::Done { .. })
    );
}

#[test]
fn money_that_was_spent_stays_spent_after_a_restart_and_an_answer() {
    let request = with_money(100).request;
    let of = || Task::new(TaskId::at(1, 2), "me".into(), request.clone(), 1);
    let plan = || of_steps(vec![agent("painter")]);
    // `play` folds the written events into the same task again.
    play(of(), vec![plan(), asks(0, "Which colour?", 40), says("blue"), Stimulus::Resumed]);
    let mut task = of();
    react(&mut task, plan(), &Catalog, 1);
    react(&mut task, asks(0, "Which colour?", 40), &Catalog, 1);
    let (_, act) = react(&mut task, says("blue"), &Catalog, 1);
    assert_eq!(shares(act), [("painter".to_owned(), Some(60))]);
    assert_eq!(task.used.money, 40);
}
