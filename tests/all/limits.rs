//! Limits that callers tighten, admission, queues, cancelling: what a call may use and what it is told.

use std::time::{Duration, Instant};

use happyos::base::{FailureKind, Limit, LimitOverrides};
use happyos::skills::{Call, Skills};
use happyos_tests::guest::{CLOCK, RANDOM_NEXT};
use happyos_tests::home::{answer, call, call_within, failure, operator, until};
use happyos_tests::{Home, SkillGuest};
use serde_json::json;

/// Spins until it is stopped.
const SPINNER: SkillGuest<'static> = SkillGuest {
    name: "spinner",
    imports: "",
    memory: "2",
    fields: "",
    list: "",
    call: "(loop $spin (br $spin)) unreachable",
    realloc: "",
    post_return: "",
    metadata: "{}",
    manifest: "",
    wit: ("", ""),
    world: None,
};

fn spin(skills: &Skills) -> tokio::task::JoinHandle<happyos::skills::Outcome> {
    let skills = skills.clone();
    tokio::spawn(async move { call(&skills, "spinner", json!({})).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_may_tighten_each_limit_and_never_loosen_one() {
    let home = Home::new();
    home.install_guest(&SPINNER);
    home.install_guest(&SkillGuest { name: "echo", ..Default::default() });
    home.install_guest(&SkillGuest {
        name: "clock-reader",
        imports: CLOCK,
        call: "(loop $again (drop (call $now)) (local.set $i (i32.add (local.get $i) (i32.const 1)))
                 (br_if $again (i32.lt_u (local.get $i) (i32.const 20))))
               (call $answer (local.get $input) (local.get $input_len))",
        ..Default::default()
    });
    home.install_guest(&SkillGuest {
        name: "grower",
        call: "(if (i32.eq (i32.const -1) (memory.grow (i32.const 160))) (then unreachable))
               (call $answer (local.get $input) (local.get $input_len))",
        ..Default::default()
    });
    let skills = home.open().await;
    let none = LimitOverrides::default();
    let cases = [
        ("spinner", LimitOverrides { fuel: Some(1_000_000), ..none }, Limit::Fuel),
        ("spinner", LimitOverrides { wall_ms: Some(50), ..none }, Limit::Time),
        ("grower", LimitOverrides { memory_bytes: Some(4 << 20), ..none }, Limit::Memory),
        ("clock-reader", LimitOverrides { host_calls: Some(5), ..none }, Limit::HostCalls),
        ("echo", LimitOverrides { output_bytes: Some(8), ..none }, Limit::Output),
    ];
    let input = json!({"some": "text that is longer than eight bytes"});
    for (skill, limits, limit) in cases {
        let outcome = call_within(&skills, skill, input.clone(), limits).await;
        let failure = failure(&outcome);
        assert_eq!(failure.kind, FailureKind::LimitExceeded(limit), "{skill}: {failure}");
        assert!(failure.message.contains(limit.as_str()), "{failure}");
    }
    for skill in ["echo", "clock-reader", "grower"] {
        assert_eq!(answer(&call(&skills, skill, input.clone()).await), input, "{skill} fits the defaults");
    }
    // Asking for more than the operator gives changes nothing.
    let more = LimitOverrides { fuel: Some(u64::MAX), wall_ms: Some(u64::MAX), ..none };
    let outcome = call_within(&skills, "spinner", json!({}), more).await;
    assert!(outcome.usage.fuel <= home.config.limits.fuel + 1_000_000);
    assert!(failure(&outcome).kind.limit().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_true_for_good_calls() {
    let home = Home::new();
    home.install_guest(&SkillGuest { name: "echo", ..Default::default() });
    home.install_guest(&SkillGuest {
        name: "worker",
        imports: RANDOM_NEXT,
        memory: "16",
        call: "(loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
                 (br_if $again (i32.lt_u (local.get $i) (i32.const 1000000))))
               (drop (call $next)) (drop (call $next)) (drop (memory.grow (i32.const 16)))
               (call $answer (local.get $input) (local.get $input_len))",
        ..Default::default()
    });
    let skills = home.open().await;
    let small = call(&skills, "echo", json!({})).await.usage;
    let large = call(&skills, "worker", json!({})).await.usage;
    assert!((1..10_000).contains(&small.fuel), "{small:?}");
    assert!((3_000_000..12_000_000).contains(&large.fuel), "a million turns of a few instructions: {large:?}");
    assert_eq!((small.host_calls, large.host_calls), (0, 2));
    assert_eq!((small.memory_peak_bytes, large.memory_peak_bytes), (2 << 16, 32 << 16));
    let again = call(&skills, "worker", json!({})).await.usage;
    assert_eq!(again.fuel, large.fuel, "the same work costs the same fuel");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_bundle_queues_up_to_its_bound_and_then_says_unavailable() {
    let mut home = Home::new();
    home.config.admission.bundle_running_max = 2;
    home.config.admission.bundle_queue_max = 3;
    home.config.admission.running_max = 16;
    home.config.limits.fuel = u64::MAX >> 1;
    home.config.limits.wall_ms = 60_000;
    home.install_guest(&SPINNER);
    home.install_guest(&SkillGuest { name: "neighbour", ..Default::default() });
    let skills = home.open().await;
    let calls: Vec<_> = (0..5).map(|_| spin(&skills)).collect();
    until("two run and three wait", || skills.load().running == 2 && skills.load().queued == 3).await;
    let outcome = call(&skills, "spinner", json!({})).await;
    assert_eq!(failure(&outcome).kind, FailureKind::Unavailable, "{outcome:?}");
    assert_eq!(outcome.usage.fuel, 0, "what is not admitted does not run");
    answer(&call(&skills, "neighbour", json!({})).await);
    for call in calls {
        call.abort();
        let _ = call.await;
    }
    until("all are gone", || skills.load().running == 0 && skills.load().queued == 0).await;
    answer(&call(&skills, "neighbour", json!({})).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_wide_queue_is_bounded_too() {
    let mut home = Home::new();
    home.config.admission.running_max = 2;
    home.config.admission.queue_max = 1;
    home.config.limits.fuel = u64::MAX >> 1;
    home.config.limits.wall_ms = 60_000;
    home.install_guest(&SPINNER);
    home.install_guest(&SkillGuest { name: "neighbour", ..Default::default() });
    let skills = home.open().await;
    let calls: Vec<_> = (0..3).map(|_| spin(&skills)).collect();
    until("two run and one waits", || skills.load().running == 2 && skills.load().queued == 1).await;
    let outcome = call(&skills, "neighbour", json!({})).await;
    assert_eq!(failure(&outcome).kind, FailureKind::Unavailable);
    calls.iter().for_each(|call| call.abort());
    until("all are gone", || skills.load().running == 0 && skills.load().queued == 0).await;
    answer(&call(&skills, "neighbour", json!({})).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guest_memory_has_a_ceiling_over_all_calls() {
    let mut home = Home::new();
    home.config.admission.running_max = 16;
    home.config.limits.memory_bytes = 64 << 20;
    home.config.admission.memory_bytes_max = 128 << 20;
    home.config.admission.queue_max = 1;
    home.config.limits.fuel = u64::MAX >> 1;
    home.config.limits.wall_ms = 60_000;
    home.install_guest(&SPINNER);
    let skills = home.open().await;
    let calls: Vec<_> = (0..3).map(|_| spin(&skills)).collect();
    until("two fit and one waits", || skills.load().running == 2 && skills.load().queued == 1).await;
    assert!(skills.load().memory_promised_bytes <= 128 << 20);
    assert_eq!(failure(&call(&skills, "spinner", json!({})).await).kind, FailureKind::Unavailable);
    calls.iter().for_each(|call| call.abort());
    until("all are gone", || skills.load().memory_promised_bytes == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_too_long_is_told_so() {
    let mut home = Home::new();
    home.config.admission.running_max = 1;
    home.config.limits.fuel = u64::MAX >> 1;
    home.config.limits.wall_ms = 60_000;
    home.install_guest(&SPINNER);
    let skills = home.open().await;
    let first = spin(&skills);
    until("one runs", || skills.load().running == 1).await;
    let limits = LimitOverrides { wall_ms: Some(100), ..Default::default() };
    let began = Instant::now();
    let outcome = call_within(&skills, "spinner", json!({}), limits).await;
    assert_eq!(failure(&outcome).kind, FailureKind::Unavailable, "{outcome:?}");
    assert!(began.elapsed() >= Duration::from_millis(100), "{outcome:?}");
    assert_eq!(outcome.usage.fuel, 0, "it never ran");
    first.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_call_stops_the_guest() {
    let mut home = Home::new();
    home.config.limits.fuel = u64::MAX >> 1;
    home.config.limits.wall_ms = 600_000;
    home.install_guest(&SPINNER);
    let skills = home.open().await;
    let running = spin(&skills);
    until("it runs", || skills.load().running == 1).await;
    running.abort();
    until("it is gone", || skills.load().running == 0).await;
    // Dropped before its first poll and between two polls.
    let principal = operator();
    drop(skills.call(&principal, Call { skill: "spinner", input: "{}".into(), ..Default::default() }));
    let call = skills.call(&principal, Call { skill: "spinner", input: "{}".into(), ..Default::default() });
    assert!(tokio::time::timeout(Duration::from_millis(30), call).await.is_err());
    until("it is gone too", || skills.load().running == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn input_is_checked_before_anything_runs() {
    let home = Home::new();
    home.install_guest(&SkillGuest {
        name: "strict",
        call: "(loop $spin (br $spin)) unreachable",
        metadata: r#"{"inputSchema": {"type": "object", "required": ["n"], "additionalProperties": false,
                      "properties": {"n": {"type": "integer", "minimum": 1}}}}"#,
        ..Default::default()
    });
    home.install_guest(&SkillGuest {
        name: "liar",
        metadata: r#"{"outputSchema": {"type": "object", "required": ["sum"]}}"#,
        ..Default::default()
    });
    let skills = home.open().await;
    for (input, says) in [
        (r#"{"n": 0}"#, "minimum"),
        (r#"{}"#, "n"),
        (r#"{"n": 1, "more": 2}"#, "more"),
        (r#"[1]"#, "object"),
        ("{", "JSON"),
        ("", "JSON"),
    ] {
        let outcome =
            skills.call(&operator(), Call { skill: "strict", input: input.into(), ..Default::default() }).await;
        let failure = failure(&outcome);
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{input}: {failure}");
        assert!(failure.message.contains(says), "{input}: {:?} does not say {says:?}", failure.message);
        assert_eq!(outcome.usage.fuel, 0, "{input}");
    }
    let deep = format!("{{\"n\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let outcome =
        skills.call(&operator(), Call { skill: "strict", input: deep.as_str().into(), ..Default::default() }).await;
    assert_eq!(failure(&outcome).kind, FailureKind::InvalidInput);

    let outcome = call(&skills, "liar", json!({"no": "sum"})).await;
    assert_eq!(failure(&outcome).kind, FailureKind::InvalidOutput);
    assert!(outcome.usage.fuel > 0);
    answer(&call(&skills, "liar", json!({"sum": 3})).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_guest_says_of_its_failure_reaches_the_caller() {
    let home = Home::new();
    let kinds = [
        ("guest-invalid", 0, FailureKind::InvalidInput),
        ("guest-denied", 1, FailureKind::Denied),
        ("guest-unavailable", 2, FailureKind::Unavailable),
        ("guest-failed", 3, FailureKind::GuestError),
    ];
    for (name, case, _) in kinds {
        let call = format!("(call $fail (i32.const {case}) (i32.const 2048) (i32.const 9))");
        let fields = r#"(data (i32.const 2048) "it is so.")"#;
        home.install_guest(&SkillGuest { name, call: &call, fields, ..Default::default() });
    }
    let skills = home.open().await;
    for (name, _, kind) in kinds {
        let outcome = call(&skills, name, json!({})).await;
        assert_eq!(failure(&outcome).kind, kind);
        assert!(failure(&outcome).message.contains("it is so"), "{outcome:?}");
        assert!(outcome.usage.fuel > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seed_repeats_a_call_and_fresh_calls_differ() {
    let home = Home::new();
    // Answers with a string of sixteen letters, four bits of the random number in each.
    home.install_guest(&SkillGuest {
        name: "dice",
        imports: RANDOM_NEXT,
        fields: "(global $bits (mut i64) (i64.const 0))",
        call: r#"(global.set $bits (call $next))
                 (i32.store8 (i32.const 256) (i32.const 0x22)) (i32.store8 (i32.const 273) (i32.const 0x22))
                 (loop $again
                   (i32.store8 offset=257 (local.get $i)
                     (i32.add (i32.const 0x61) (i32.and (i32.wrap_i64 (global.get $bits)) (i32.const 15))))
                   (global.set $bits (i64.shr_u (global.get $bits) (i64.const 4)))
                   (local.set $i (i32.add (local.get $i) (i32.const 1)))
                   (br_if $again (i32.lt_u (local.get $i) (i32.const 16))))
                 (call $answer (i32.const 256) (i32.const 18))"#,
        ..Default::default()
    });
    let skills = home.open().await;
    let mut thrown = Vec::new();
    for seed in [Some(7), Some(7), Some(8), None, None] {
        let outcome =
            skills.call(&operator(), Call { skill: "dice", input: "{}".into(), seed, ..Default::default() }).await;
        thrown.push(answer(&outcome));
    }
    assert_eq!(thrown[0], thrown[1]);
    assert!(thrown[0] != thrown[2] && thrown[2] != thrown[3] && thrown[3] != thrown[4], "{thrown:?}");
}
