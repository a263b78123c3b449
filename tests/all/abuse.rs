//! Hostile guests: each gets its typed failure and a true usage report, and a neighbour is still answered.

use std::time::{Duration, Instant};

use happyos::base::LimitOverrides;
use happyos::skills::Skills;
use happyos_tests::abuse::{self, FUEL, HostileCall, HostileFile, TIME};
use happyos_tests::guest::LOG;
use happyos_tests::home::{answer, call, call_within, failure, operator};
use happyos_tests::{Home, SkillGuest};
use serde_json::json;

/// How much longer than its limit a stopped call may take, on a busy machine.
const SLACK: Duration = Duration::from_millis(1_500);

/// A home where hostile guests and a well-behaved neighbour live.
fn home() -> Home {
    let home = Home::new();
    home.install_guest(&SkillGuest { name: "neighbour", ..Default::default() });
    home
}

async fn neighbour_answers(skills: &Skills) {
    let began = Instant::now();
    let outcome = call(skills, "neighbour", json!({"still": "here"})).await;
    assert_eq!(answer(&outcome), json!({"still": "here"}));
    assert!(began.elapsed() < SLACK, "the neighbour took {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_abuse_fails_as_it_should_and_hurts_nobody() {
    let home = home();
    let calls = abuse::calls();
    for call in &calls {
        home.install(&call.file, &call.bytes);
        if let Some(bytes) = call.memory_bytes {
            let name = call.name;
            home.policy(&format!(
                "[bundles.{name}]\ntrust = \"path\"\n[bundles.{name}.limits]\nmemory_bytes = {bytes}"
            ));
        }
    }
    let skills = home.open().await;
    let mut wrong = Vec::new();
    for HostileCall { name, skill, input, limits, fails_as, peak_at_least, .. } in &calls {
        let began = Instant::now();
        let outcome = call_within(&skills, skill, input.clone(), *limits).await;
        let took = began.elapsed();
        neighbour_answers(&skills).await;
        let usage = outcome.usage;
        match &outcome.result {
            Err(failure) if failure.kind == *fails_as => {}
            Err(failure) => wrong.push(format!("{name}: {failure}, not {fails_as:?}")),
            Ok(_) => wrong.push(format!("{name}: answered")),
        }
        let fuel_max = limits.fuel.unwrap_or(home.config.limits.fuel);
        let wall_max = Duration::from_millis(limits.wall_ms.unwrap_or(home.config.limits.wall_ms));
        if usage.fuel == 0 || usage.fuel > fuel_max + 1_000_000 {
            wrong.push(format!("{name}: {} fuel used of {fuel_max}", usage.fuel));
        }
        if *fails_as == FUEL && usage.fuel < fuel_max * 9 / 10 {
            wrong.push(format!("{name}: stopped for fuel after {} of {fuel_max}", usage.fuel));
        }
        if usage.memory_peak_bytes < *peak_at_least || usage.memory_peak_bytes > 256 << 20 {
            wrong.push(format!("{name}: peak of {} bytes, at least {peak_at_least}", usage.memory_peak_bytes));
        }
        if usage.wall > wall_max + SLACK || usage.wall > took || usage.wall.is_zero() {
            wrong.push(format!("{name}: reports {:?} of wall clock, took {took:?}", usage.wall));
        }
        if *fails_as == TIME && usage.wall < wall_max {
            wrong.push(format!("{name}: stopped for time after {:?}", usage.wall));
        }
        if name.ends_with("-flood") && usage.host_calls < home.config.limits.host_calls {
            wrong.push(format!("{name}: {} host calls reported", usage.host_calls));
        }
        if let Err(failure) = &outcome.result
            && failure.kind.limit().is_some()
            && failure.hint.is_none()
        {
            wrong.push(format!("{name}: `{failure}` does not say how to raise the limit"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_files_are_refused_with_a_reason_and_stop_nobody() {
    let home = home();
    let refused = abuse::files();
    for HostileFile { file, bytes, .. } in &refused {
        home.install(file, bytes);
    }
    let skills = home.open().await;
    neighbour_answers(&skills).await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    let mut wrong = Vec::new();
    for HostileFile { name, file, says, .. } in &refused {
        match snapshot.refusals().iter().find(|refusal| refusal.path.ends_with(file)) {
            None => wrong.push(format!("{name} is not refused")),
            Some(refusal) if !refusal.reason.contains(says) => {
                wrong.push(format!("{name}: {:?} does not say {says:?}", refusal.reason));
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(snapshot.skills().len(), 1);

    // What was refused for its cost is remembered by digest: with no compiler to be had, the reasons stay the same.
    let reasons = |skills: &Skills| -> Vec<String> {
        let snapshot = skills.snapshot(&operator()).unwrap();
        snapshot.refusals().iter().map(|refusal| refusal.reason.clone()).collect()
    };
    let before = reasons(&skills);
    drop(skills);
    let skills = happyos_tests::home::open_with(&home.config, std::path::Path::new("/nonexistent/happyos")).await;
    assert_eq!(reasons(&skills), before);
    assert_eq!(skills.snapshot(&operator()).unwrap().refusals().len(), refused.len());
    neighbour_answers(&skills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_flood_is_cut_with_a_mark_and_escaped() {
    let home = home();
    // 500 lines of 1,000 bytes, with an escape sequence and a line break in each.
    home.install_guest(&SkillGuest {
        name: "chatty",
        imports: LOG,
        fields: r#"(data (i32.const 2048) "\1b[31mred\nline two")"#,
        call: "(loop $again
                 (call $log (i32.const 3) (i32.const 2048) (i32.const 1000))
                 (local.set $i (i32.add (local.get $i) (i32.const 1)))
                 (br_if $again (i32.lt_u (local.get $i) (i32.const 500))))
               (call $answer (local.get $input) (local.get $input_len))",
        ..Default::default()
    });
    let skills = home.open().await;
    let outcome = call(&skills, "chatty", json!({})).await;
    answer(&outcome);
    assert_eq!(outcome.usage.host_calls, 500);
    let (lines, _) = skills.guest_log().follow();
    let lines: Vec<_> = lines.iter().filter(|line| line.request_id == outcome.request_id).collect();
    let bytes: usize = lines.iter().map(|line| line.message.len()).sum();
    let bound = home.config.limits.log_bytes as usize;
    assert!((bound / 2..bound * 5 / 4).contains(&bytes), "{bytes} bytes of log kept, the limit is {bound}");
    assert!(lines.len() < 200, "{} lines", lines.len());
    let whole = lines.iter().all(|line| !line.message.contains(|c: char| c.is_control()));
    assert!(whole, "control characters reach the log: {:?}", lines[0].message);
    let last = &lines.last().unwrap().message;
    assert!(!last.contains("red"), "the last line marks the cut: {last:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_stay_responsive_beside_many_loops() {
    let mut home = home();
    home.config.admission.running_max = 32;
    home.config.limits.wall_ms = 3_000;
    home.install_guest(&SkillGuest {
        name: "spinner",
        call: "(loop $spin (br $spin)) unreachable",
        ..Default::default()
    });
    let skills = home.open().await;
    neighbour_answers(&skills).await;
    let spinners: Vec<_> = (0..8)
        .map(|_| {
            let skills = skills.clone();
            let limits = LimitOverrides { wall_ms: Some(1_500), ..Default::default() };
            tokio::spawn(async move { call_within(&skills, "spinner", json!({}), limits).await })
        })
        .collect();
    happyos_tests::home::until("the spinners run", || skills.load().running >= 8).await;
    let mut waits = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        answer(&call(&skills, "neighbour", json!({})).await);
        waits.push(began.elapsed());
    }
    waits.sort();
    assert!(waits[25] < Duration::from_millis(20), "median {:?} beside eight loops", waits[25]);
    for spinner in spinners {
        let outcome = spinner.await.unwrap();
        let kind = failure(&outcome).kind;
        assert!(kind == TIME || kind == FUEL, "{kind:?}");
    }
}
