//! Plain components that misuse WASI.

use std::fmt::Write as _;

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
package wasi:filesystem@0.2.6 {
  interface types {
    enum error-code {
      access, would-block, already, bad-descriptor, busy, deadlock, quota, exist, file-too-large, illegal-byte-sequence,
      in-progress, interrupted, invalid, io, is-directory, loop, too-many-links, message-size, name-too-long, no-device,
      no-entry, no-lock, insufficient-memory, insufficient-space, not-directory, not-empty, not-recoverable, unsupported,
      no-tty, no-such-device, overflow, not-permitted, pipe, read-only, invalid-seek, text-file-busy, cross-device
    }
    flags path-flags { symlink-follow }
    flags open-flags { create, directory, exclusive, truncate }
    flags descriptor-flags {
      read, write, file-integrity-sync, data-integrity-sync, requested-write-sync, mutate-directory
    }
    resource descriptor {
      open-at: func(path-flags: path-flags, path: string, open-flags: open-flags, %flags: descriptor-flags)
        -> result<descriptor, error-code>;
    }
  }
  interface preopens {
    use types.{descriptor};
    get-directories: func() -> list<tuple<descriptor, string>>;
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

/// A plain component that tries ways out of the first folder it was given, which holds `inside` and has `secret.txt` and
/// a link `up` to the folder above beside it. Says `kept inside` if none leads out.
pub fn climber() -> Vec<u8> {
    const WAYS: [&str; 5] = ["../secret.txt", "inside/../../secret.txt", "/etc/passwd", "up/secret.txt", ".."];
    let wit = format!(
        "package test:guest;
         world guest {{
           import wasi:filesystem/types@0.2.6; import wasi:filesystem/preopens@0.2.6;
           export run: func() -> string;
         }}\n{WASI}"
    );
    let mut data = String::from(
        r#"(data (i32.const 1024) "inside") (data (i32.const 1040) "kept inside")
        (data (i32.const 1056) "got out") (data (i32.const 1072) "no folder")"#,
    );
    let mut tries = String::new();
    for (index, way) in WAYS.iter().enumerate() {
        let at = 1100 + index * 64;
        let _ = write!(data, r#"(data (i32.const {at}) "{way}")"#);
        let _ = write!(
            tries,
            "(if (i32.eqz (call $opens (i32.const {at}) (i32.const {}))) (then (return (call $say (i32.const 1056) \
             (i32.const 7)))))",
            way.len()
        );
    }
    let core = format!(
        r#"(module
          (import "wasi:filesystem/preopens@0.2.6" "get-directories" (func $folders (param i32)))
          (import "wasi:filesystem/types@0.2.6" "[method]descriptor.open-at"
            (func $open_at (param i32 i32 i32 i32 i32 i32 i32)))
          {BUMP} {data}
          (func $opens (param $path i32) (param $len i32) (result i32)
            (call $open_at (i32.load (i32.load (i32.const 64))) (i32.const 1) (local.get $path) (local.get $len)
              (i32.const 0) (i32.const 1) (i32.const 80))
            (i32.load8_u (i32.const 80)))
          (func $say (param $text i32) (param $len i32) (result i32)
            (i32.store (i32.const 96) (local.get $text)) (i32.store offset=4 (i32.const 96) (local.get $len))
            (i32.const 96))
          (func (export "run") (result i32)
            (call $folders (i32.const 64))
            (if (i32.eqz (i32.load offset=4 (i32.const 64)))
              (then (return (call $say (i32.const 1072) (i32.const 9)))))
            (if (call $opens (i32.const 1024) (i32.const 6))
              (then (return (call $say (i32.const 1072) (i32.const 9)))))
            {tries}
            (call $say (i32.const 1040) (i32.const 11))))"#
    );
    plain_component(&wit, &core)
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
