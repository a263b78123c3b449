//! The map of the host's rooms stays true: who may import whom, who names what.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by line; a room imports only rooms on lower lines.
const ROOMS: &[(usize, &str)] = &[
    (0, "base"),
    (0, "config"),
    (1, "telemetry"),
    (1, "store"),
    (1, "security"),
    (2, "runtime"),
    (3, "skills"),
    (3, "routing"),
    (3, "memory"),
    (3, "agents"),
    (4, "orchestrator"),
    (4, "self_building"),
    (3, "remote"),
    (5, "mcp"),
    (5, "http"),
    (5, "cli"),
    (6, "daemon"),
];

/// Edges along one line: the right imports the left.
const ALONG: &[(&str, &str)] =
    &[("base", "config"), ("store", "security"), ("routing", "memory"), ("mcp", "http"), ("skills", "agents")];

/// Edges upward: none. What a lower room needs of a higher one is handed in by `main` or through a trait.
const UPWARD: &[(&str, &str)] = &[];

/// What only some rooms may name.
const NAMED_BY: &[(&str, &[&str])] = &[
    ("wasmtime", &["runtime"]),
    ("wasmtime_wasi", &["runtime"]),
    ("wasmtime_wasi_http", &["runtime"]),
    ("axum", &["mcp", "http", "daemon"]),
    ("rmcp", &["mcp", "http"]),
    ("rusqlite", &["store"]),
    ("candle_core", &["routing"]),
    ("candle_nn", &["routing"]),
    ("pulp", &["routing"]),
    ("ureq", &["remote"]),
    ("opentelemetry_otlp", &["remote"]),
    ("rustls", &["runtime"]),
    ("tokio_rustls", &["runtime"]),
    ("webpki_roots", &["runtime"]),
    ("hyper", &["runtime", "http", "cli"]),
];

/// Files below line 5 with types that serde writes, and what these types are.
const WRITES_JSON: &[(&str, &str)] = &[
    ("runtime/compile_helper.rs", "what the daemon and its compile helper say to each other"),
    ("runtime/shape.rs", "the helper's answer, and the note kept of it"),
    ("agents/kept.rs", "endpoints and agents, as they are stored"),
    ("skills/manifest.rs", "part of the note kept of a bundle"),
    ("skills/probe.rs", "the note kept of a bundle"),
    ("orchestrator/event.rs", "events of tasks, as they are stored"),
    ("orchestrator/event/steps.rs", "events of tasks, as they are stored"),
    ("security/tokens.rs", "tokens, hashed, as they are stored"),
    ("security/secrets.rs", "secrets, sealed, as they are stored"),
    ("security/signing.rs", "signature files"),
    ("security/audit/chain.rs", "entries of the audit log, and its head, as they are stored"),
];

/// One source file of the host, without its comments.
struct Source {
    path: PathBuf,
    room: String,
    text: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let src = happyos_tests::repo().join("host/src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    assert!(files.len() > 20, "found only {} files in {}", files.len(), src.display());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(&src).unwrap().to_owned();
        let first = Path::new(path.iter().next().unwrap());
        let room = first.file_stem().unwrap().to_str().unwrap().to_owned();
        let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        Source { path, room, text, code }
    };
    files.into_iter().map(read).collect()
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The rooms that `code` names: in `crate::room` and in `crate::{room::…, room}`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for after in code.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            found.extend(words(after).next().map(str::to_owned));
            continue;
        };
        let mut depth = 0;
        let mut first = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => first.push(','),
                _ if depth == 0 => first.push(c),
                _ => {}
            }
        }
        found.extend(first.split(',').filter_map(|item| words(item).next()).map(str::to_owned));
    }
    found
}

#[test]
fn imports_are_found_in_every_form() {
    let code = "use crate::base::{Digest, ids}; use crate::{config::{A, B}, skills}; fn f() { crate::runtime::go() }";
    assert_eq!(imports(code), ["base", "config", "skills", "runtime"]);
}

#[test]
fn rooms_import_only_what_lies_below() {
    let line = |room: &str| ROOMS.iter().find(|(_, known)| *known == room).map(|(line, _)| *line);
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.room.as_str())) {
        let Some(own) = line(&source.room) else {
            wrong.push(format!("{} is in no room of the map", source.path.display()));
            continue;
        };
        for import in imports(&source.code) {
            let edge = (import.as_str(), source.room.as_str());
            let upward = (source.room.as_str(), import.as_str());
            let fine = match line(&import) {
                Some(other) => {
                    other < own || import == source.room || ALONG.contains(&edge) || UPWARD.contains(&upward)
                }
                // A macro or an item of the crate's root.
                None => false,
            };
            if !fine {
                wrong.push(format!("{} imports `{import}`", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, rooms) in NAMED_BY {
            let named = words(&source.code).any(|word| word == *library);
            if named && !rooms.contains(&source.room.as_str()) {
                wrong.push(format!("{} names `{library}`", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn domain_types_are_not_written_as_json() {
    let doors = ["mcp", "http", "cli", "daemon"];
    let allowed = |source: &Source| WRITES_JSON.iter().any(|(file, _)| source.path == Path::new(file));
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|source| !doors.contains(&source.room.as_str()) && !allowed(source))
        .filter(|source| words(&source.code).any(|word| word == "Serialize"))
        .map(|source| format!("{} has a type that serde writes", source.path.display()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_says_its_one_job() {
    let mut wrong = Vec::new();
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.len() < 20 {
            wrong.push(format!("{} does not begin with `//!` and its job", source.path.display()));
        }
        if source.path.ends_with("mod.rs") {
            wrong.push(format!("{} is a `mod.rs`", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
