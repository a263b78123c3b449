//! Plain components that misuse WASI.

use happyos::base::FailureKind;
use serde_json::json;

use super::{DEFAULTS, HOST_CALLS, HostileCall, SOME_TIME, TIME};
use crate::SkillGuest;
use crate::guest::{BUMP, plain_component};

/// The parts of WASI 0.2 that the guests use.
const WASI: &str = "
package wasi:io@0.2.6 {
  interface poll { resource pollable { block: func(); } }
}
package wasi:clocks@0.2.6 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.6.{pollable};
    subscribe-duration: func(when: u64) -> pollable;
  }
}
package wasi:random@0.2.6 {
  interface random { get-random-bytes: func(len: u64) -> list<u8>; }
}
package wasi:http@0.2.6 {
  interface types {
    variant header-error { invalid-syntax, forbidden, immutable }
    resource fields {
      from-list: static func(entries: list<tuple<string, list<u8>>>) -> result<fields, header-error>;
    }
  }
}";

const SUBSCRIBE: &str = r#"(import "wasi:clocks/monotonic-clock@0.2.6" "subscribe-duration"
    (func $subscribe (param i64) (result i32)))"#;

pub(super) fn calls() -> Vec<HostileCall> {
    let pollables = r#"import wasi:clocks/monotonic-clock@0.2.6;"#;
    vec![
        HostileCall {
            limits: SOME_TIME,
            ..of(
                "long sleep in a host call",
                "long-sleep",
                "import wasi:clocks/monotonic-clock@0.2.6; import wasi:io/poll@0.2.6;",
                &format!(r#"{SUBSCRIBE} (import "wasi:io/poll@0.2.6" "[method]pollable.block" (func $block (param i32)))"#),
                "(call $block (call $subscribe (i64.const 1000000000000000)))",
                TIME,
            )
        },
        of(
            "resource flood",
            "pollable-flood",
            pollables,
            SUBSCRIBE,
            "(loop $more (drop (call $subscribe (i64.const 1000000000000))) (br $more))",
            HOST_CALLS,
        ),
        of(
            "`get-random-bytes(u64::MAX)`",
            "random-u64-max",
            "import wasi:random/random@0.2.6;",
            r#"(import "wasi:random/random@0.2.6" "get-random-bytes" (func $random (param i64 i32)))"#,
            "(call $random (i64.const -1) (i32.const 64))",
            FailureKind::Trap,
        ),
        of(
            "100 MB list to a host call",
            "aliased-headers",
            "import wasi:http/types@0.2.6;",
            r#"(import "wasi:http/types@0.2.6" "[static]fields.from-list" (func $from_list (param i32 i32 i32)))"#,
            // 100,000 headers whose names and values are all the same 64 KiB.
            "(local $i i32) (local $at i32)
             (drop (memory.grow (i32.const 32)))
             (loop $more
               (local.set $at (i32.add (i32.const 131072) (i32.shl (local.get $i) (i32.const 4))))
               (i32.store (local.get $at) (i32.const 65536)) (i32.store offset=4 (local.get $at) (i32.const 65536))
               (i32.store offset=8 (local.get $at) (i32.const 65536)) (i32.store offset=12 (local.get $at) (i32.const 65536))
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $more (i32.lt_u (local.get $i) (i32.const 100000))))
             (call $from_list (i32.const 131072) (i32.const 100000) (i32.const 64))",
            HOST_CALLS,
        ),
    ]
}

/// A plain component with one function `run` that takes and gives nothing.
fn of(
    line: &'static str,
    name: &'static str,
    imports: &str,
    core_imports: &str,
    run: &str,
    fails_as: FailureKind,
) -> HostileCall {
    let wit = format!("package test:guest; world guest {{ {imports} export run: func(); }}\n{WASI}");
    let core = format!(r#"(module {core_imports} {BUMP} (func (export "run") {run}))"#);
    HostileCall {
        name,
        file: format!("{name}.wasm"),
        bytes: plain_component(&wit, &core),
        skill: format!("{name}_run"),
        input: json!({}),
        ..HostileCall::of(line, SkillGuest::default(), DEFAULTS, fails_as)
    }
}
