//! Hostile guests: each gets its typed failure and a true usage report, and a neighbour is still answered.

use std::time::{Duration, Instant};

use happyos::base::{FailureKind, Limit, LimitOverrides};
use happyos::skills::Skills;
use happyos_tests::guest::{CLOCK, LOG, RANDOM_BYTES, SPIN};
use happyos_tests::home::{answer, call, call_within, failure, operator};
use happyos_tests::{Home, SkillGuest, bombs};
use serde_json::json;

const FUEL: FailureKind = FailureKind::LimitExceeded(Limit::Fuel);
const TIME: FailureKind = FailureKind::LimitExceeded(Limit::Time);
const MEMORY: FailureKind = FailureKind::LimitExceeded(Limit::Memory);
const HOST_CALLS: FailureKind = FailureKind::LimitExceeded(Limit::HostCalls);
const OUTPUT: FailureKind = FailureKind::LimitExceeded(Limit::Output);

/// Fuel that a loop burns in some tens of milliseconds.
const SOME_FUEL: LimitOverrides =
    LimitOverrides { fuel: Some(50_000_000), wall_ms: None, memory_bytes: None, host_calls: None, output_bytes: None };
const SOME_TIME: LimitOverrides = LimitOverrides { fuel: None, wall_ms: Some(200), ..SOME_FUEL };
const DEFAULTS: LimitOverrides = LimitOverrides { fuel: None, ..SOME_FUEL };

/// How much longer than its limit a stopped call may take, on a busy machine.
const SLACK: Duration = Duration::from_millis(1_500);

/// A guest that misbehaves when it is called.
struct Abuse {
    guest: SkillGuest<'static>,
    limits: LimitOverrides,
    fails_as: FailureKind,
    /// The least its peak of memory can truly be.
    peak_at_least: u64,
}

/// Code that grows memory by a MiB until it may not, then stops.
const GROW: &str = "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable";

fn abuses() -> Vec<Abuse> {
    let abuse =
        |guest: SkillGuest<'static>, limits, fails_as| Abuse { guest, limits, fails_as, peak_at_least: 128 << 10 };
    let plain = SkillGuest::default();
    let spin = SkillGuest { call: "(loop $spin (br $spin)) unreachable", ..plain };
    vec![
        abuse(SkillGuest { name: "endless-loop", ..spin }, SOME_FUEL, FUEL),
        abuse(SkillGuest { name: "endless-loop-by-time", ..spin }, SOME_TIME, TIME),
        abuse(
            SkillGuest {
                name: "recursion",
                fields: "(func $deeper (param i32) (result i32)
                           (i32.add (i32.const 1) (call $deeper (i32.add (local.get 0) (i32.const 1)))))",
                call: "(call $deeper (i32.const 0))",
                ..plain
            },
            DEFAULTS,
            FailureKind::Trap,
        ),
        Abuse {
            peak_at_least: 60 << 20,
            ..abuse(SkillGuest { name: "grow-loop", call: GROW, ..plain }, DEFAULTS, MEMORY)
        },
        Abuse {
            peak_at_least: 3 << 20,
            ..abuse(
                SkillGuest { name: "grow-loop-tighter", call: GROW, ..plain },
                LimitOverrides { memory_bytes: Some(4 << 20), ..DEFAULTS },
                MEMORY,
            )
        },
        Abuse {
            peak_at_least: 7 << 20,
            ..abuse(
                SkillGuest {
                    name: "table-growth",
                    fields: "(table $t 0 funcref)",
                    call: "(loop $more (br_if $more (i32.ne (i32.const -1)
                             (table.grow $t (ref.null func) (i32.const 100000))))) unreachable",
                    ..plain
                },
                DEFAULTS,
                MEMORY,
            )
        },
        Abuse {
            peak_at_least: 48 << 20,
            ..abuse(
                SkillGuest {
                    name: "giant-fill",
                    memory: "768",
                    call: "(loop $again (memory.fill (i32.const 4096) (i32.const 7) (i32.const 50000000)) (br $again))
                           unreachable",
                    ..plain
                },
                DEFAULTS,
                FUEL,
            )
        },
        abuse(
            SkillGuest {
                name: "invalid-utf8",
                call: "(i32.store (i32.const 256) (i32.const 0xfeff)) (call $answer (i32.const 256) (i32.const 4))",
                ..plain
            },
            DEFAULTS,
            FailureKind::InvalidOutput,
        ),
        abuse(
            SkillGuest { name: "not-json", call: "(call $answer (i32.const 240) (i32.const 1))", ..plain },
            DEFAULTS,
            FailureKind::InvalidOutput,
        ),
        abuse(
            SkillGuest { name: "lying-string", call: "(call $answer (i32.const 0) (i32.const -1))", ..plain },
            DEFAULTS,
            FailureKind::InvalidOutput,
        ),
        abuse(
            SkillGuest {
                name: "lying-list",
                call: "(drop (call $answer (i32.const 240) (i32.const 2)))
                       (i32.store offset=12 (i32.const 64) (i32.const 256))
                       (i32.store offset=16 (i32.const 64) (i32.const 0x7fffffff)) (i32.const 64)",
                ..plain
            },
            DEFAULTS,
            FailureKind::InvalidOutput,
        ),
        abuse(
            SkillGuest { name: "unaligned-answer", call: "(i32.const 65)", ..plain },
            DEFAULTS,
            FailureKind::InvalidOutput,
        ),
        abuse(
            SkillGuest {
                name: "no-such-case",
                call: "(i32.store8 (i32.const 64) (i32.const 9)) (i32.const 64)",
                ..plain
            },
            DEFAULTS,
            FailureKind::InvalidOutput,
        ),
        abuse(SkillGuest { name: "looping-realloc", realloc: SPIN, ..plain }, SOME_FUEL, FUEL),
        abuse(SkillGuest { name: "trapping-realloc", realloc: "unreachable", ..plain }, DEFAULTS, FailureKind::Trap),
        abuse(SkillGuest { name: "looping-post-return", post_return: SPIN, ..plain }, SOME_FUEL, FUEL),
        abuse(SkillGuest { name: "looping-post-return-by-time", post_return: SPIN, ..plain }, SOME_TIME, TIME),
        abuse(
            SkillGuest { name: "trapping-post-return", post_return: "unreachable", ..plain },
            DEFAULTS,
            FailureKind::Trap,
        ),
        Abuse {
            peak_at_least: 100_000_000,
            ..abuse(
                SkillGuest {
                    name: "hundred-megabytes",
                    call: r#"(drop (memory.grow (i32.const 1600)))
                             (memory.fill (i32.const 4096) (i32.const 0x20) (i32.const 100000000))
                             (call $answer (i32.const 4096) (i32.const 100000000))"#,
                    ..plain
                },
                DEFAULTS,
                OUTPUT,
            )
        },
        Abuse {
            peak_at_least: 2 << 20,
            ..abuse(
                SkillGuest {
                    name: "two-megabytes",
                    memory: "64",
                    call: r#"(memory.fill (i32.const 4096) (i32.const 0x20) (i32.const 2000000))
                             (call $answer (i32.const 4096) (i32.const 2000000))"#,
                    ..plain
                },
                DEFAULTS,
                OUTPUT,
            )
        },
        abuse(
            SkillGuest {
                name: "host-call-flood",
                imports: CLOCK,
                call: "(loop $again (drop (call $now)) (br $again)) unreachable",
                ..plain
            },
            DEFAULTS,
            HOST_CALLS,
        ),
        abuse(
            SkillGuest {
                name: "log-flood",
                imports: LOG,
                call: "(loop $again (call $log (i32.const 2) (i32.const 1024) (i32.const 1000)) (br $again)) unreachable",
                ..plain
            },
            DEFAULTS,
            HOST_CALLS,
        ),
        abuse(
            SkillGuest {
                name: "giant-log-line",
                imports: LOG,
                memory: "320",
                call: "(call $log (i32.const 2) (i32.const 4096) (i32.const 16777216)) (i32.const 64)",
                ..plain
            },
            DEFAULTS,
            HOST_CALLS,
        ),
        abuse(
            SkillGuest {
                name: "too-many-random-bytes",
                imports: RANDOM_BYTES,
                call: "(call $bytes (i32.const -1) (i32.const 64)) (i32.const 64)",
                ..plain
            },
            DEFAULTS,
            FailureKind::Trap,
        ),
    ]
}

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
    let mut home = home();
    let large = "hundred-megabytes".to_owned();
    home.config.bundles.entry(large).or_default().limits.memory_bytes = Some(256 << 20);
    let abuses = abuses();
    for abuse in &abuses {
        home.install_guest(&abuse.guest);
    }
    let skills = home.open().await;
    let mut wrong = Vec::new();
    for Abuse { guest, limits, fails_as, peak_at_least } in &abuses {
        let name = guest.name;
        let began = Instant::now();
        let outcome = call_within(&skills, name, json!({"a": "b"}), *limits).await;
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

/// A file that must not be installed, and a word that the reason has.
struct Refused {
    name: &'static str,
    bytes: Vec<u8>,
    says: &'static str,
}

fn refused() -> Vec<Refused> {
    let plain = SkillGuest::default();
    let of = |guest: SkillGuest<'static>, says| Refused { name: guest.name, bytes: guest.component(), says };
    vec![
        of(SkillGuest { name: "start-loop", fields: "(func $s (loop $l (br $l))) (start $s)", ..plain }, "limit"),
        of(SkillGuest { name: "looping-list", list: SPIN, ..plain }, "limit"),
        of(SkillGuest { name: "trapping-list", list: "unreachable", ..plain }, "unreachable"),
        of(SkillGuest { name: "four-gib-memory", memory: "65536", ..plain }, "memory"),
        of(SkillGuest { name: "huge-table", fields: "(table 10000000 funcref)", ..plain }, "exceeds the limit"),
        of(SkillGuest { name: "growing-list", list: GROW, ..plain }, "memory"),
        of(
            SkillGuest {
                name: "lying-metadata-length",
                list: "(i32.store (i32.const 44) (i32.const 0x7fffffff))",
                ..plain
            },
            "",
        ),
        Refused {
            name: "branches-and-locals",
            bytes: bombs::branches_and_locals("branches-and-locals", 8_000, 1_000),
            says: "compil",
        },
        Refused {
            name: "empty-functions",
            bytes: bombs::empty_functions("empty-functions", 100_000),
            says: "function",
        },
        Refused { name: "not-wasm", bytes: b"not a component".to_vec(), says: "WebAssembly" },
        Refused { name: "a-core-module", bytes: wat::parse_str("(module)").unwrap(), says: "component" },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_files_are_refused_with_a_reason_and_stop_nobody() {
    let home = home();
    let refused = refused();
    for Refused { name, bytes, .. } in &refused {
        home.install(&format!("{name}.wasm"), bytes);
    }
    let skills = home.open().await;
    neighbour_answers(&skills).await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    let mut wrong = Vec::new();
    for Refused { name, says, .. } in &refused {
        let file = format!("{name}.wasm");
        match snapshot.refusals().iter().find(|refusal| refusal.path.ends_with(&file)) {
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
