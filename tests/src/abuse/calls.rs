//! Guests of the project's own world that misbehave in a call.

use happyos::base::{FailureKind, LimitOverrides};

use super::{DEFAULTS, FUEL, HOST_CALLS, HostileCall, MEMORY, OUTPUT, SOME_FUEL, SOME_TIME, TIME};
use crate::SkillGuest;
use crate::guest::{CLOCK, LOG, RANDOM_BYTES, RANDOM_NEXT, SPIN, plain_component};

/// Code that grows memory by a MiB until it may not, then stops.
pub(super) const GROW: &str =
    "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable";

/// A text with an escape sequence and a line break, at 2048.
const ANSI: &str = r#"(data (i32.const 2048) "\1b[2J\1b[31mred\0d\nforged: line two\n")"#;

pub(super) fn calls() -> Vec<HostileCall> {
    let mut calls = loops();
    calls.extend(memory());
    calls.extend(answers());
    calls.extend(host_calls());
    calls
}

fn loops() -> Vec<HostileCall> {
    let plain = SkillGuest::default();
    let spin = SkillGuest { call: "(loop $spin (br $spin)) unreachable", ..plain };
    vec![
        HostileCall::of("endless loop", SkillGuest { name: "endless-loop", ..spin }, SOME_FUEL, FUEL),
        HostileCall::of("endless loop", SkillGuest { name: "endless-loop-by-time", ..spin }, SOME_TIME, TIME),
        HostileCall::of(
            "infinite recursion",
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
        HostileCall::of(
            "endless loop",
            SkillGuest { name: "looping-realloc", realloc: SPIN, ..plain },
            SOME_FUEL,
            FUEL,
        ),
        HostileCall::of(
            "trap inside realloc",
            SkillGuest { name: "trapping-realloc", realloc: "unreachable", ..plain },
            DEFAULTS,
            FailureKind::Trap,
        ),
        HostileCall::of(
            "endless loop",
            SkillGuest { name: "looping-post-return", post_return: SPIN, ..plain },
            SOME_FUEL,
            FUEL,
        ),
        HostileCall::of(
            "endless loop",
            SkillGuest { name: "looping-post-return-by-time", post_return: SPIN, ..plain },
            SOME_TIME,
            TIME,
        ),
        HostileCall::of(
            "endless loop",
            SkillGuest { name: "trapping-post-return", post_return: "unreachable", ..plain },
            DEFAULTS,
            FailureKind::Trap,
        ),
        HostileCall::of(
            "host↔guest re-entry",
            SkillGuest { name: "re-entry-from-realloc", imports: RANDOM_NEXT, realloc: "(drop (call $next))", ..plain },
            DEFAULTS,
            FailureKind::Trap,
        ),
        HostileCall::of(
            "host↔guest re-entry",
            SkillGuest {
                name: "re-entry-from-post-return",
                imports: RANDOM_NEXT,
                post_return: "(drop (call $next))",
                ..plain
            },
            DEFAULTS,
            FailureKind::Trap,
        ),
    ]
}

fn memory() -> Vec<HostileCall> {
    let plain = SkillGuest::default();
    vec![
        HostileCall::of("grow loop", SkillGuest { name: "grow-loop", call: GROW, ..plain }, DEFAULTS, MEMORY)
            .peak(60 << 20),
        HostileCall::of(
            "grow loop",
            SkillGuest { name: "grow-loop-tighter", call: GROW, ..plain },
            LimitOverrides { memory_bytes: Some(4 << 20), ..DEFAULTS },
            MEMORY,
        )
        .peak(3 << 20),
        HostileCall::of(
            "10 M-entry table",
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
        .peak(7 << 20),
        HostileCall::of(
            "giant `memory.fill`",
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
        .peak(48 << 20),
    ]
}

fn answers() -> Vec<HostileCall> {
    let plain = SkillGuest::default();
    let invalid = |line, name, call| {
        HostileCall::of(line, SkillGuest { name, call, ..plain }, DEFAULTS, FailureKind::InvalidOutput)
    };
    let lists = "lying list lengths";
    vec![
        invalid(
            "invalid UTF-8 in results",
            "invalid-utf8",
            "(i32.store (i32.const 256) (i32.const 0xfeff)) (call $answer (i32.const 256) (i32.const 4))",
        ),
        invalid("invalid UTF-8 in results", "not-json", "(call $answer (i32.const 240) (i32.const 1))"),
        invalid(lists, "lying-string", "(call $answer (i32.const 0) (i32.const -1))"),
        invalid(
            lists,
            "lying-list",
            "(drop (call $answer (i32.const 240) (i32.const 2)))
             (i32.store offset=12 (i32.const 64) (i32.const 256))
             (i32.store offset=16 (i32.const 64) (i32.const 0x7fffffff)) (i32.const 64)",
        ),
        invalid(lists, "unaligned-answer", "(i32.const 65)"),
        invalid(lists, "no-such-case", "(i32.store8 (i32.const 64) (i32.const 9)) (i32.const 64)"),
        HostileCall {
            memory_bytes: Some(256 << 20),
            ..HostileCall::of(
                "100 MB list to a host call",
                SkillGuest {
                    name: "hundred-megabyte-answer",
                    call: r#"(drop (memory.grow (i32.const 1600)))
                             (memory.fill (i32.const 4096) (i32.const 0x20) (i32.const 100000000))
                             (call $answer (i32.const 4096) (i32.const 100000000))"#,
                    ..plain
                },
                DEFAULTS,
                OUTPUT,
            )
            .peak(100_000_000)
        },
        HostileCall::of(
            lists,
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
        .peak(2 << 20),
        million_strings(),
    ]
}

/// A plain component that answers with a million strings, all of them the same megabyte.
fn million_strings() -> HostileCall {
    let core = r#"(module
      (memory (export "memory") 192)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "all") (result i32) (local $i i32)
        (loop $more
          (i32.store (i32.add (i32.const 2097152) (i32.shl (local.get $i) (i32.const 3))) (i32.const 65536))
          (i32.store offset=4 (i32.add (i32.const 2097152) (i32.shl (local.get $i) (i32.const 3))) (i32.const 1000000))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $i) (i32.const 1000000))))
        (i32.store (i32.const 64) (i32.const 2097152)) (i32.store offset=4 (i32.const 64) (i32.const 1000000))
        (i32.const 64)))"#;
    let wit = "package test:strings; world guest { export all: func() -> list<string>; }";
    HostileCall {
        file: "million-strings.wasm".into(),
        bytes: plain_component(wit, core),
        skill: "million-strings_all".into(),
        input: serde_json::json!({}),
        name: "million-strings",
        ..HostileCall::of("lying list lengths", SkillGuest::default(), DEFAULTS, OUTPUT).peak(10 << 20)
    }
}

fn host_calls() -> Vec<HostileCall> {
    let plain = SkillGuest::default();
    vec![
        HostileCall::of(
            "resource flood",
            SkillGuest {
                name: "host-call-flood",
                imports: CLOCK,
                call: "(loop $again (drop (call $now)) (br $again)) unreachable",
                ..plain
            },
            DEFAULTS,
            HOST_CALLS,
        ),
        HostileCall::of(
            "log flood with ANSI and newlines",
            SkillGuest {
                name: "log-flood",
                imports: LOG,
                fields: ANSI,
                call: "(loop $again (call $log (i32.const 2) (i32.const 2048) (i32.const 1000)) (br $again)) unreachable",
                ..plain
            },
            DEFAULTS,
            HOST_CALLS,
        ),
        HostileCall::of(
            "100 MB list to a host call",
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
        HostileCall {
            memory_bytes: Some(256 << 20),
            ..HostileCall::of(
                "100 MB list to a host call",
                SkillGuest {
                    name: "hundred-megabyte-list",
                    imports: LOG,
                    call: "(drop (memory.grow (i32.const 1600)))
                           (call $log (i32.const 2) (i32.const 4096) (i32.const 100000000)) (i32.const 64)",
                    ..plain
                },
                DEFAULTS,
                HOST_CALLS,
            )
            .peak(100_000_000)
        },
        HostileCall::of(
            "lying list lengths",
            SkillGuest {
                name: "lying-list-to-the-host",
                imports: LOG,
                call: "(call $log (i32.const 2) (i32.const 4096) (i32.const -1)) (i32.const 64)",
                ..plain
            },
            DEFAULTS,
            FailureKind::Trap,
        ),
        HostileCall::of(
            "`get-random-bytes(u64::MAX)`",
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
