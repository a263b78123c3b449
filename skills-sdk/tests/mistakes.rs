//! What authors are told of their mistakes: each file in `mistakes/` is compiled, and what the compiler says is
//! compared with the `.stderr` beside it. `UPDATE_EXPECT=1` writes what it says instead.
//!
//! Only places, messages, labels and hints are compared: the rest changes from one compiler to the next.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn mistakes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let compiler = Compiler::new();
    let mut wrong = Vec::new();
    let mut n_cases = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let case = entry.unwrap().path();
        if case.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        n_cases += 1;
        let said = compiler.errors(&folder, &case);
        let expectation = case.with_extension("stderr");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expectation, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&expectation).unwrap_or_default();
        if said != expected {
            wrong.push(format!("== {}\n-- expected\n{expected}-- said\n{said}", case.display()));
        }
    }
    assert!(n_cases > 12, "only {n_cases} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The compiler, and the libraries that a skill depends on as cargo built them for this very test.
struct Compiler {
    arguments: Vec<String>,
    scratch: PathBuf,
}

impl Compiler {
    fn new() -> Self {
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--offline",
            "--quiet",
            "--package",
            "happyos-sdk",
            "--message-format",
            "json",
            "--target-dir",
        ]);
        cargo.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let libraries = libraries(&String::from_utf8(built.stdout).unwrap());
        let mut arguments: Vec<String> =
            ["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--error-format", "json"]
                .map(str::to_owned)
                .into();
        for name in ["happyos_sdk", "schemars", "serde"] {
            arguments.extend(["--extern".to_owned(), format!("{name}={}", libraries[name])]);
        }
        let dependencies = Path::new(&libraries["serde"]).parent().unwrap();
        arguments.extend(["-L".to_owned(), format!("dependency={}", dependencies.display())]);
        arguments.extend(["-L".to_owned(), format!("dependency={}", profile.join("deps").display())]);
        Self { arguments, scratch: Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes") }
    }

    /// What the compiler has against a case.
    fn errors(&self, folder: &Path, case: &Path) -> String {
        std::fs::create_dir_all(&self.scratch).unwrap();
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc)
            .args(&self.arguments)
            .arg("--out-dir")
            .arg(&self.scratch)
            .arg(case.file_name().unwrap())
            .current_dir(folder)
            .env("CARGO_MANIFEST_DIR", folder)
            .env("CARGO_PKG_NAME", "mistakes")
            .env("CARGO_PKG_VERSION", "0.1.0")
            .env("CARGO_PKG_LICENSE", "Apache-2.0")
            .output()
            .unwrap();
        let lines = String::from_utf8(output.stderr).unwrap();
        lines.lines().map(|line| tell(&serde_json::from_str(line).unwrap())).collect()
    }
}

/// The files of libraries by name, from cargo's messages.
fn libraries(messages: &str) -> HashMap<String, String> {
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let artifacts = messages.filter(|message| message["reason"] == "compiler-artifact");
    let artifacts: Vec<Value> = artifacts.collect();
    // Libraries that macros use, too, are built a second time for them, with less optimisation.
    let level =
        artifacts.iter().find(|artifact| artifact["target"]["name"] == "happyos_sdk").unwrap()["profile"]["opt_level"]
            .clone();
    artifacts
        .iter()
        .filter(|artifact| artifact["profile"]["opt_level"] == level)
        .filter_map(|artifact| {
            let files = artifact["filenames"].as_array()?;
            let file = files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".rlib"))?;
            Some((artifact["target"]["name"].as_str()?.to_owned(), file.to_owned()))
        })
        .collect()
}

/// One error as `file:line:col: error: message`, with its label and hints below.
fn tell(error: &Value) -> String {
    let spans = error["spans"].as_array().unwrap();
    let Some(span) = spans.iter().find(|span| span["is_primary"] == true).filter(|_| error["level"] == "error") else {
        return String::new();
    };
    let message = error["message"].as_str().unwrap().replace('\n', "\n  ");
    let place = format!("{}:{}:{}", span["file_name"].as_str().unwrap(), span["line_start"], span["column_start"]);
    let mut told = format!("{place}: error: {message}\n");
    if let Some(label) = span["label"].as_str() {
        writeln!(told, "  {label}").unwrap();
    }
    let notes = error["children"].as_array().unwrap().iter().filter_map(|child| child["message"].as_str());
    for note in notes.filter(|note| note.starts_with("hint:") || note.contains("consider adding")) {
        writeln!(told, "  {note}").unwrap();
    }
    told
}
