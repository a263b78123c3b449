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
fn an_agents_question_waits_for_its_owner_and_the_run_goes_on_with_the_answer() {
    let after = Step { needs: vec![0], ..skill("after") };
    let plan = || of_steps(vec![agent("painter"), skill("beside"), after.clone()]);
    // Asked only when nothing else runs; what needs the agent's answer waits with it.
    let (kinds, made, state) = play(task(), vec![plan(), asks(0, "Which colour?", 0)]);
    assert_eq!((kinds.as_str(), state), ("analysed step-started step-started step-asked", TaskState::Working));
    assert_eq!(made, ["painter", "beside"]);
    let (kinds, _, state) = play(task(), vec![plan(), asks(0, "Which colour?", 0), good(1)]);
    assert_eq!(kinds, "analysed step-started step-started step-asked step-finished asked");
    assert_eq!(state, TaskState::InputRequired);
    let all = vec![plan(), good(1), asks(0, "Which colour?", 0), says("blue"), good(0), good(2)];
    let (kinds, made, state) = play(task(), all);
    assert_eq!(
        kinds,
        "analysed step-started step-started step-finished step-asked asked answered step-started step-finished \
         step-started step-finished ended"
    );
    assert_eq!((made.join(" ").as_str(), state), ("painter beside painter after", TaskState::Completed));
    // A run that is cut off after an answer is no other than one that is cut off before.
    let cut = vec![plan(), good(1), asks(0, "Which colour?", 0), says("blue"), Stimulus::Resumed];
    let (kinds, _, state) = play(task(), cut);
    assert!(kinds.ends_with("answered step-started paused asked"), "{kinds}");
    assert_eq!(state, TaskState::InputRequired);
}

#[test]
fn each_answer_reaches_the_agent_with_what_it_wanted_to_remember_under_a_key_of_its_own() {
    let mut task = task();
    let (_, act) = react(&mut task, of_steps(vec![agent("painter")]), &Catalog, 1);
    let mut orders = calls(act);
    for (question, answer) in [("Which colour?", "blue"), ("Light or dark?", "dark")] {
        let (events, act) = react(&mut task, asks(0, question, 0), &Catalog, 1);
        assert_eq!((events.len(), act), (2, Act::Settle));
        let Some(Question::Agent(asked)) = &task.question else { panic!("{:?}", task.question) };
        assert_eq!((asked.step, &*asked.agent, asked.message.as_str()), (0, "painter", question));
        let (_, act) = react(&mut task, says(answer), &Catalog, 1);
        let order = calls(act).remove(0);
        assert_eq!(order.arguments["task"], answer);
        assert_eq!(order.continuation, Some(format!("after {question}")));
        orders.push(order);
    }
    assert_eq!((orders[0].continuation.as_ref(), &orders[0].arguments["task"]), (None, &json!("paint it")));
    let keys: std::collections::HashSet<_> = orders.iter().map(|order| order.key.to_string()).collect();
    assert_eq!(keys.len(), 3, "what was done before an answer is not what is done after it");
}

#[test]
fn an_agent_that_asks_without_end_comes_to_one() {
    let mut task = task();
    react(&mut task, of_steps(vec![agent("painter")]), &Catalog, 1);
    let mut n_asked = 0;
    while task.end.is_none() {
        react(&mut task, asks(0, "And now?", 0), &Catalog, 1);
        react(&mut task, says("go on"), &Catalog, 1);
        n_asked += 1;
        assert!(n_asked <= QUESTIONS_MAX + 1);
    }
    let Some(End::Failed(failed)) = &task.end else { panic!("{task:?}") };
    assert_eq!(&*failed.kind, "invalid-input");
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
