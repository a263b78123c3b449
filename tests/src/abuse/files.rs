//! Components that must be refused before anybody can call them.

use super::HostileFile;
use super::calls::GROW;
use crate::guest::SPIN;
use crate::{SkillGuest, bombs};

pub(super) fn files() -> Vec<HostileFile> {
    let mut files = guests();
    files.extend(raw());
    files
}

fn guests() -> Vec<HostileFile> {
    let plain = SkillGuest::default();
    let of = |line, guest: SkillGuest<'static>, says| HostileFile {
        line,
        name: guest.name,
        file: format!("{}.wasm", guest.name),
        bytes: guest.component(),
        says,
    };
    let metadata = "metadata that loops, lies or is 10 MB";
    let memories: &'static str = Box::leak("(memory 1024)".repeat(99).into_boxed_str());
    let unknown = (
        "package test:guest; interface files { open: func(path: string) -> u32; }
                    world guest { import files; include happyos:skill/skill@0.1.0; }",
        "guest",
    );
    let newer = (
        "package test:guest; world guest { import happyos:host/clock@0.9.0; include happyos:skill/skill@0.1.0; }
         package happyos:host@0.9.0 { interface clock { now: func() -> u64; } }",
        "guest",
    );
    let unknown_import = r#"(import "test:guest/files" "open" (func $open (param i32 i32) (result i32)))"#;
    vec![
        of(
            "loop in the start function",
            SkillGuest { name: "start-loop", fields: "(func $s (loop $l (br $l))) (start $s)", ..plain },
            "limit",
        ),
        of(metadata, SkillGuest { name: "looping-list", list: SPIN, ..plain }, "limit"),
        of(metadata, SkillGuest { name: "trapping-list", list: "unreachable", ..plain }, "unreachable"),
        of(metadata, SkillGuest { name: "growing-list", list: GROW, ..plain }, "memory"),
        of(
            metadata,
            SkillGuest {
                name: "lying-metadata-length",
                list: "(i32.store (i32.const 44) (i32.const 0x7fffffff))",
                ..plain
            },
            "",
        ),
        of(
            metadata,
            SkillGuest {
                name: "ten-megabytes-of-metadata",
                memory: "200",
                list: "(memory.fill (i32.const 65536) (i32.const 0x20) (i32.const 10000000))
                       (i32.store (i32.const 40) (i32.const 65536)) (i32.store (i32.const 44) (i32.const 10000000))",
                ..plain
            },
            "limit",
        ),
        of(
            metadata,
            SkillGuest { name: "metadata-cut-short", list: "(i32.store (i32.const 44) (i32.const 20))", ..plain },
            "metadata is not as",
        ),
        of(
            metadata,
            SkillGuest {
                name: "circular-schema",
                metadata: r##"{"inputSchema": {"type": "object", "properties": {"a": {"$ref": "#"}}}}"##,
                ..plain
            },
            "schema",
        ),
        of(
            metadata,
            SkillGuest {
                name: "schema-of-another-place",
                metadata: r#"{"inputSchema": {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}}}"#,
                ..plain
            },
            "schema",
        ),
        of("4 GiB memory", SkillGuest { name: "four-gib-memory", memory: "65536", ..plain }, "memory"),
        of(
            "sparse 4 GiB data",
            SkillGuest { name: "sparse-data", memory: "65536", fields: r#"(data (i32.const -1) "x")"#, ..plain },
            "memory",
        ),
        of(
            "100 memories each at the limit",
            SkillGuest { name: "hundred-memories", fields: memories, ..plain },
            "memor",
        ),
        of("shared memory", SkillGuest { name: "shared-memory", fields: "(memory 1 2 shared)", ..plain }, "threads"),
        of("memory64", SkillGuest { name: "memory64", fields: "(memory i64 1)", ..plain }, "memory64"),
        of(
            "10 M-entry table",
            SkillGuest { name: "huge-table", fields: "(table 10000000 funcref)", ..plain },
            "exceeds the limit",
        ),
        of(
            "undeclared or unknown imports",
            SkillGuest { name: "unknown-import", imports: unknown_import, world: Some(unknown), ..plain },
            "test:guest/files",
        ),
        of(
            "undeclared or unknown imports",
            SkillGuest {
                name: "newer-import",
                imports: r#"(import "happyos:host/clock@0.9.0" "now" (func $now (result i64)))"#,
                world: Some(newer),
                ..plain
            },
            "0.9.0",
        ),
    ]
}

fn raw() -> Vec<HostileFile> {
    let of = |line, name: &'static str, bytes: Vec<u8>, says| HostileFile {
        line,
        name,
        file: format!("{name}.wasm"),
        bytes,
        says,
    };
    let mut truncated = SkillGuest { name: "truncated", ..SkillGuest::default() }.component();
    truncated.truncate(truncated.len() / 2);
    vec![
        of(
            "many-branches-many-locals compile bomb",
            "branches-and-locals",
            bombs::branches_and_locals("branches-and-locals", 8_000, 1_000),
            "compil",
        ),
        of("a million empty functions", "empty-functions", bombs::many_functions(1_000_000, 0), "function"),
        of("900,000 exports", "many-exports", bombs::many_functions(1, 900_000), "exports"),
        of("100,000 data segments", "data-segments", bombs::data_segments(100_001), "data segments"),
        of("1,000 core instances", "core-instances", bombs::core_instances(1_000), "instances"),
        of("deep or wide types", "deep-types", bombs::deep_type(10_000), ""),
        of("deep or wide types", "wide-types", bombs::wide_type(40), ""),
        of("deep or wide types", "nested-components", bombs::nested(50), "nest"),
        of("truncated", "truncated", truncated, ""),
        of("truncated", "not-wasm", b"not a component".to_vec(), "WebAssembly"),
        of("truncated", "a-core-module", wat::parse_str("(module)").expect("a module"), "component"),
    ]
}
