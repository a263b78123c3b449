//! One contract that every ledger keeps.

use std::sync::Arc;

use super::*;
use crate::base::TaskId;
use crate::store::Store;
use crate::store::gaps::{EVIDENCE_MAX, Evidence, GapState, gap_id};
use crate::store::personal::Erased;
use crate::store::recall::{LEARNED_MAX, PerformanceSum, SPAN_MS};
use crate::store::records::{EXAMPLE_BYTES_MAX, FailureGroup, RequestSpan, RequestSum};
use crate::store::search::{Findable, TEXT_BYTES_MAX, words};
use crate::store::tasks::{
    Append, AppendError, Artifact, EVENTS_MAX, EventRecord, NewTask, PAYLOAD_BYTES_MAX, TITLE_BYTES_MAX, TaskBounds,
    TaskFilter, TaskState,
};

fn event(number: u32, at_ms: u64) -> EventRecord {
    EventRecord { number, at_ms, kind: "k".into(), version: 1, payload: format!("{{\"n\":{number}}}").into() }
}

fn append(owner: &str, id: TaskId, numbers: std::ops::Range<u32>, state: TaskState) -> Append {
    let events = numbers.map(|number| event(number, id.time_ms() + u64::from(number))).collect();
    let owner = Arc::from(owner);
    Append { id, owner, events, state, artifacts: Vec::new(), gap: None }
}

fn new(session: Option<&str>) -> Option<NewTask> {
    Some(NewTask { session: session.map(Into::into), title: "räkna".into() })
}

async fn tasks(ledger: &dyn Ledger) {
    use TaskState::*;
    let ids: Vec<TaskId> = (0..6).map(|n| TaskId::at(1_000 + n, n.into())).collect();
    let [a, b, c, d, ..] = *ids else { unreachable!() };
    for (id, owner, session, state) in
        [(a, "me", Some("s"), Completed), (b, "me", None, Working), (c, "you", Some("s"), Working)]
    {
        ledger.append(new(session), append(owner, id, 0..2, state)).await.unwrap();
    }
    // What was appended is there, for its owner alone.
    let record = ledger.task("me", b).await.unwrap().unwrap();
    assert_eq!((record.state, record.n_events, record.created_ms, record.updated_ms), (Working, 2, 1_001, 1_002));
    assert_eq!((&*record.title, record.session.as_deref()), ("räkna", None));
    assert_eq!(ledger.events("me", b, 0).await.unwrap(), [event(0, 1_001), event(1, 1_002)]);
    assert_eq!(ledger.events("me", b, 1).await.unwrap().len(), 1);
    assert_eq!(ledger.task("you", b).await.unwrap(), None);
    assert!(ledger.events("you", b, 0).await.unwrap().is_empty());
    assert_eq!(ledger.task("me", d).await.unwrap(), None);

    // In order, by one at a time, and nothing after the end.
    let outcomes = [
        (ledger.append(None, append("me", b, 1..2, Working)).await, "changed"),
        (ledger.append(None, append("me", b, 3..4, Working)).await, "changed"),
        (ledger.append(None, append("you", b, 2..3, Working)).await, "changed"),
        (ledger.append(None, append("me", d, 0..1, Working)).await, "changed"),
        (ledger.append(new(None), append("me", b, 0..1, Working)).await, "changed"),
        (ledger.append(new(None), append("me", d, 1..2, Working)).await, "changed"),
        (ledger.append(None, append("me", a, 2..3, Failed)).await, "ended"),
        (ledger.append(None, append("me", b, 2..2, Working)).await, "no events"),
        (ledger.append(None, append("me", b, EVENTS_MAX - 1..EVENTS_MAX, Working)).await, "may have no more"),
    ];
    for (outcome, says) in outcomes {
        let error = outcome.expect_err(says).to_string();
        assert!(error.contains(says), "{error:?} does not say {says:?}");
    }
    let mut large = append("me", b, 2..3, Working);
    large.events[0].payload = "x".repeat(PAYLOAD_BYTES_MAX + 1).into();
    assert!(matches!(ledger.append(None, large).await, Err(AppendError::Bounds(_))));
    let mut ended = append("me", b, 2..4, InputRequired);
    ended.artifacts =
        vec![Artifact { number: 2, name: "n".into(), media_type: "text/plain".into(), data: vec![7; 100] }];
    ledger.append(None, ended.clone()).await.unwrap();
    assert_eq!(ledger.artifacts("me", b).await.unwrap(), ended.artifacts);
    assert!(ledger.artifacts("you", b).await.unwrap().is_empty());

    // Lists: the youngest first, a page at a time; what is open, over all owners.
    ledger.append(new(Some("s")), append("me", d, 0..1, Submitted)).await.unwrap();
    let list = async |filter: TaskFilter, limit| {
        let found = ledger.tasks("me", filter, limit).await.unwrap();
        found.iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(list(TaskFilter::default(), 9).await, [d, b, a]);
    assert_eq!(list(TaskFilter { before: Some(d), ..Default::default() }, 1).await, [b]);
    assert_eq!(list(TaskFilter { state: Some(Completed), ..Default::default() }, 9).await, [a]);
    assert_eq!(list(TaskFilter { session: Some("s".into()), ..Default::default() }, 9).await, [d, a]);
    let open = async |states: &[TaskState], until, after| {
        let found = ledger.open_tasks(states, until, after).await.unwrap();
        found.iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(open(&[Submitted, Working], u64::MAX, None).await, [c, d]);
    assert_eq!(open(&[Submitted, Working], u64::MAX, Some(c)).await, [d]);
    assert_eq!(open(&[InputRequired], 1_004, None).await, []);
    assert_eq!(open(&[InputRequired], 1_005, None).await, [b]);
    let long = NewTask { session: None, title: "å".repeat(TITLE_BYTES_MAX).into() };
    ledger.append(Some(long), append("me", ids[4], 0..1, Completed)).await.unwrap();
    assert_eq!(ledger.task("me", ids[4]).await.unwrap().unwrap().title.len(), TITLE_BYTES_MAX);

    // Pruning: the oldest that have ended, by count, bytes and age; never what is open.
    let all = TaskBounds { count_max: u64::MAX, bytes_max: u64::MAX, since_ms: 0 };
    assert_eq!(ledger.prune_tasks(all).await.unwrap(), 0);
    assert_eq!(ledger.prune_tasks(TaskBounds { count_max: 1, ..all }).await.unwrap(), 1);
    assert_eq!(list(TaskFilter::default(), 9).await, [ids[4], d, b]);
    assert!(ledger.events("me", a, 0).await.unwrap().is_empty());
    assert_eq!(ledger.prune_tasks(TaskBounds { bytes_max: 6, ..all }).await.unwrap(), 1);
    ledger.append(new(None), append("me", a, 0..1, Completed)).await.unwrap();
    assert_eq!(ledger.prune_tasks(TaskBounds { since_ms: 1_001, ..all }).await.unwrap(), 1);
    assert_eq!(ledger.prune_tasks(TaskBounds { count_max: 0, ..all }).await.unwrap(), 0);
    assert_eq!(list(TaskFilter::default(), 9).await, [d, b]);
}

async fn gaps(ledger: &dyn Ledger) {
    for n in 0..20u64 {
        let owner = if n == 19 { "you" } else { "me" };
        let id = TaskId::at(5_000 + n, n.into());
        let key = if n < 18 { "many" } else { "one" };
        let evidence = Evidence {
            gap: gap_id(owner, key),
            key: key.into(),
            task: id,
            at_ms: n,
            text: format!("text {n}").into(),
            why: "{}".into(),
        };
        let found = Append { gap: Some(evidence), ..append(owner, id, 0..1, TaskState::Rejected) };
        ledger.append(new(None), found).await.unwrap();
    }
    let own = ledger.gaps(Some("me")).await.unwrap();
    let seen: Vec<_> = own.iter().map(|gap| (&*gap.key, gap.count, gap.first_ms, gap.last_ms, &*gap.text)).collect();
    assert_eq!(seen, [("one", 1, 18, 18, "text 18"), ("many", 18, 0, 17, "text 17")]);
    let evidence = ledger.evidence(&own[1].id).await.unwrap();
    assert_eq!((evidence.len(), evidence[0].at_ms), (EVIDENCE_MAX, 17));
    assert_eq!(ledger.gaps(None).await.unwrap().len(), 3);
    assert_ne!(gap_id("me", "one"), gap_id("you", "one"));

    assert!(!ledger.set_gap(Some("you"), &own[0].id, GapState::Dismissed).await.unwrap());
    assert!(ledger.set_gap(Some("me"), &own[0].id, GapState::Dismissed).await.unwrap());
    assert!(ledger.set_gap(None, &own[1].id, GapState::Dismissed).await.unwrap());
    assert!(!ledger.set_gap(None, "none", GapState::Open).await.unwrap());
    assert_eq!(ledger.gaps(Some("me")).await.unwrap()[0].state, GapState::Dismissed);
    assert_eq!(ledger.prune_gaps(2, 0).await.unwrap(), 1);
    assert_eq!(ledger.prune_gaps(9, 19).await.unwrap(), 1);
    assert_eq!(ledger.gaps(None).await.unwrap().len(), 1);
    assert!(ledger.evidence(&own[1].id).await.unwrap().is_empty());
}

async fn recall(ledger: &dyn Ledger) {
    ledger.learn("me", "vad är klockan", "dates", 1).await.unwrap();
    ledger.learn("me", "vad är klockan", "dates", 2).await.unwrap();
    ledger.learn("me", "räkna", "calc", 3).await.unwrap();
    ledger.learn("you", "räkna", "count", 4).await.unwrap();
    ledger.learn("me", &"x".repeat(2_000), "calc", 5).await.unwrap();
    let learned = ledger.learned("me").await.unwrap();
    let seen: Vec<_> = learned.iter().map(|one| (&*one.text, &*one.skill, one.count)).collect();
    assert_eq!(seen, [("räkna", "calc", 1), ("vad är klockan", "dates", 2)]);
    ledger.learn("me", "räkna", "count", 6).await.unwrap();
    assert_eq!((&*ledger.learned("me").await.unwrap()[0].skill, learned[0].count), ("count", 1));
    assert_eq!(ledger.forget("you", Some(&learned[0].id)).await.unwrap(), 0);
    assert_eq!(ledger.forget("me", Some(&learned[0].id)).await.unwrap(), 1);
    for n in 0..LEARNED_MAX as u64 + 5 {
        ledger.learn("me", &format!("text {n}"), "calc", 100 + n).await.unwrap();
    }
    assert_eq!(ledger.learned("me").await.unwrap().len(), LEARNED_MAX);
    assert_eq!(ledger.forget("me", None).await.unwrap(), LEARNED_MAX);
    assert_eq!(ledger.learned("you").await.unwrap().len(), 1);

    let calls = |n_calls, n_ok| PerformanceSum {
        skill: "calc".into(),
        strategy: "direct".into(),
        n_calls,
        n_ok,
        wall_us: 10 * n_calls,
        fuel: 3 * n_calls,
    };
    ledger.add_performance(0, vec![calls(1, 1)]).await.unwrap();
    ledger.add_performance(1, vec![calls(1, 0), calls(1, 1)]).await.unwrap();
    let sums = async |since| {
        let sums = ledger.performance(since).await.unwrap();
        sums.iter().map(|sum| (sum.n_calls, sum.n_ok, sum.wall_us, sum.fuel)).collect::<Vec<_>>()
    };
    assert_eq!(sums(0).await, [(3, 2, 30, 9)]);
    assert_eq!(sums(SPAN_MS).await, [(2, 1, 20, 6)]);
    assert_eq!(ledger.prune_performance(SPAN_MS).await.unwrap(), 1);
    assert_eq!(sums(0).await, [(2, 1, 20, 6)]);
}

async fn records(ledger: &dyn Ledger) {
    let sum = |outcome: &str, n_requests| RequestSum {
        strategy: "direct".into(),
        outcome: outcome.into(),
        n_requests,
        wall_us: 10 * n_requests,
        fuel: 7,
        memory_bytes: 5,
        memory_max_bytes: n_requests,
    };
    let span =
        |span, n_requests| RequestSpan { span, sums: vec![sum("completed", n_requests)], times: vec![(3, n_requests)] };
    ledger.add_requests(vec![span(1, 2), span(2, 1)]).await.unwrap();
    let other = RequestSpan { span: 2, sums: vec![sum("failed", 1), sum("completed", 3)], times: vec![(3, 1), (9, 4)] };
    ledger.add_requests(vec![other]).await.unwrap();
    let found = ledger.requests(0).await.unwrap();
    assert_eq!(found.iter().map(|span| span.span).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(found[0], span(1, 2));
    let seen: Vec<_> = found[1].sums.iter().map(|sum| (&*sum.outcome, sum.n_requests, sum.memory_max_bytes)).collect();
    assert_eq!(seen, [("completed", 4, 3), ("failed", 1, 1)]);
    assert_eq!((found[1].sums[0].wall_us, found[1].sums[0].fuel, &*found[1].times), (40, 14, &[(3, 2), (9, 4)][..]));
    assert_eq!(ledger.requests(2 * SPAN_MS).await.unwrap(), found[1..]);
    assert_eq!(ledger.prune_requests(2 * SPAN_MS).await.unwrap(), 1);
    assert_eq!(ledger.prune_requests(2 * SPAN_MS).await.unwrap(), 0);
    assert_eq!(ledger.requests(0).await.unwrap(), found[1..]);

    let group = |owner: &str, shape: &str, at_ms| FailureGroup {
        owner: owner.into(),
        kind: "trap".into(),
        skill: "s".into(),
        shape: shape.into(),
        count: 1,
        first_ms: at_ms,
        last_ms: at_ms,
        task: Some(TaskId::at(at_ms, 7)),
        message: format!("at {at_ms}").into(),
        hint: None,
    };
    ledger.add_failures(vec![group("me", "a", 5), group("you", "a", 6)]).await.unwrap();
    let long = FailureGroup { message: "å".repeat(2_000).into(), ..group("me", "b", 7) };
    ledger.add_failures(vec![group("me", "a", 8), long]).await.unwrap();
    let own = ledger.failures(Some("me")).await.unwrap();
    let seen: Vec<_> = own.iter().map(|group| (&*group.shape, group.count, group.first_ms, group.last_ms)).collect();
    assert_eq!(seen, [("a", 2, 5, 8), ("b", 1, 7, 7)]);
    assert_eq!(
        (&*own[0].message, own[0].task, own[1].message.len()),
        ("at 8", Some(TaskId::at(8, 7)), EXAMPLE_BYTES_MAX)
    );
    assert_eq!(ledger.failures(None).await.unwrap().len(), 3);
    assert_eq!(ledger.prune_failures(9, 7).await.unwrap(), 1);
    assert_eq!(ledger.prune_failures(1, 0).await.unwrap(), 1);
    assert_eq!(ledger.failures(None).await.unwrap(), own[..1]);
}

async fn search(ledger: &dyn Ledger) {
    let id = |n: u64| TaskId::at(9_000 + n, n.into());
    for (n, owner, state) in [
        (0, "anna", TaskState::Completed),
        (1, "anna", TaskState::Failed),
        (2, "anna", TaskState::Working),
        (3, "bo", TaskState::Completed),
    ] {
        ledger.append(new(None), append(owner, id(n), 0..1, state)).await.unwrap();
    }
    let unfindable = async |owner, limit| {
        let found = ledger.unfindable(owner, limit).await.unwrap();
        found.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    assert_eq!(unfindable(Some("anna"), 9).await, [id(1), id(0)]);
    let all = unfindable(None, 99).await;
    assert!(all.contains(&id(3)) && !all.contains(&id(2)));
    let task = |n, owner: &str, request: &str, answer: &str| Findable {
        owner: owner.into(),
        task: id(n),
        skill: "s".into(),
        request: request.into(),
        answer: answer.into(),
    };
    let first = task(0, "anna", "Hur många ord är det", "fem ord");
    let made = vec![
        first.clone(),
        task(1, "anna", "måla staketet", &"x".repeat(9_000)),
        task(3, "bo", "många ord", "ord"),
        // Another's, and one that is not there.
        task(3, "anna", "ord", "ord"),
        task(8, "anna", "ord", "ord"),
    ];
    ledger.make_findable(made).await.unwrap();
    ledger.make_findable(vec![task(0, "anna", "ord i en annan text", "")]).await.unwrap();
    assert!(unfindable(Some("anna"), 9).await.is_empty());
    let find = async |owner: &str, text: &str| ledger.find(owner, words(text), 9).await.unwrap();
    assert_eq!(find("anna", "MÅNGA ord").await, std::slice::from_ref(&first));
    assert_eq!(find("anna", "staket").await[0].answer.len(), TEXT_BYTES_MAX);
    assert_eq!(find("anna", "fem \"ubåtar*").await, std::slice::from_ref(&first), "some of the words");
    assert!(find("anna", "annan").await.is_empty() && find("anna", "?!").await.is_empty());
    assert_eq!(ledger.findable("bo", vec![id(0), id(3)]).await.unwrap().len(), 1);

    assert!(ledger.without_vector("m", 9).await.unwrap().contains(&first));
    let vectors = vec![("anna".into(), id(0), vec![1, 2, 3]), ("bo".into(), id(1), vec![9])];
    ledger.set_vectors("m", vectors).await.unwrap();
    assert!(!ledger.without_vector("m", 9).await.unwrap().contains(&first));
    assert_eq!(ledger.vectors("anna", "m").await.unwrap(), [(id(0), vec![1, 2, 3])]);
    assert!(ledger.vectors("anna", "other").await.unwrap().is_empty());
    assert!(ledger.vectors("bo", "m").await.unwrap().is_empty());

    // What can be found goes with its task.
    while ledger.prune_tasks(TaskBounds { count_max: 0, bytes_max: 0, since_ms: 0 }).await.unwrap() > 0 {}
    assert!(find("anna", "ord").await.is_empty() && ledger.vectors("anna", "m").await.unwrap().is_empty());
}

async fn personal(ledger: &dyn Ledger) {
    assert!(!ledger.keeps("eva").await.unwrap());
    for n in 0..300u64 {
        let id = TaskId::at(20_000 + n, n.into());
        let mut append =
            append("eva", id, 0..1, if n % 2 == 0 { TaskState::Completed } else { TaskState::InputRequired });
        if n == 0 {
            append.artifacts =
                vec![Artifact { number: 0, name: "n".into(), media_type: "text/plain".into(), data: vec![7] }];
            let (gap, key) = (gap_id("eva", "k"), "k".into());
            append.gap = Some(Evidence { gap, key, task: id, at_ms: 1, text: "t".into(), why: "{}".into() });
        }
        ledger.append(new(None), append).await.unwrap();
    }
    ledger.learn("eva", "räkna", "calc", 1).await.unwrap();
    ledger.learn("ada", "räkna", "calc", 1).await.unwrap();
    assert!(ledger.keeps("eva").await.unwrap());
    let erased = ledger.erase("eva").await.unwrap();
    assert_eq!(erased, Erased { n_tasks: 300, n_artifacts: 1, n_gaps: 1, n_choices: 1, n_failures: 0 });
    assert!(!ledger.keeps("eva").await.unwrap() && ledger.keeps("ada").await.unwrap());
    assert!(ledger.tasks("eva", TaskFilter::default(), 9).await.unwrap().is_empty());
    assert_eq!(ledger.erase("eva").await.unwrap(), Erased::default());
    ledger.scrub().await.unwrap();
}

async fn contract(ledger: &dyn Ledger) {
    tasks(ledger).await;
    gaps(ledger).await;
    recall(ledger).await;
    records(ledger).await;
    search(ledger).await;
    personal(ledger).await;
}

/// Writers wait while what was removed is taken out of the files, and nobody is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_write_on_after_the_files_were_seen_to() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..64u64 {
        let store = store.clone();
        writers.spawn(async move {
            let owner = if n % 2 == 0 { "me" } else { "you" };
            let id = TaskId::at(1_000 + n, n.into());
            store.append(new(None), append(owner, id, 0..1, TaskState::Completed)).await.unwrap();
            if n % 16 == 0 {
                store.scrub().await.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.tasks("me", TaskFilter::default(), 99).await.unwrap().len(), 32);
    let log = std::fs::metadata(dir.path().join("store.sqlite-wal")).unwrap().len();
    store.scrub().await.unwrap();
    assert_eq!(std::fs::metadata(dir.path().join("store.sqlite-wal")).unwrap().len(), 0, "it had {log} bytes");
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract(&MemoryLedger::default()).await;
}

#[tokio::test]
async fn the_store_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract(&Store::open(dir.path()).unwrap()).await;
}

#[tokio::test]
async fn what_is_damaged_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = TaskId::at(1_000, 7);
    store.append(new(None), append("me", id, 0..2, TaskState::Working)).await.unwrap();
    store.append(None, append("me", id, 2..5, TaskState::Working)).await.unwrap();
    let all: Vec<_> = (0..5).map(|number| event(number, 1_000 + u64::from(number))).collect();
    for from in 0..6 {
        assert_eq!(store.events("me", id, from).await.unwrap(), all[(from as usize).min(5)..], "from {from}");
    }
    for payload in ["k", "k 1 1\n", "k 1 1 9\n{}", "k 1 1 -1\n{}", "k 1 1 2\n{}k"] {
        let change = move |connection: &rusqlite::Connection| {
            connection.execute("UPDATE stroke SET payload = ?1 WHERE number = 2", [payload])
        };
        store.write(change).await.unwrap();
        let error = store.events("me", id, 0).await.unwrap_err().to_string();
        assert!(error.contains("not as it was written"), "{error}");
    }
}
