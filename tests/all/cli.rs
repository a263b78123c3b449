//! The command line, case by case: `cases/cli/*.toml` say what is typed, and what must come back.

use std::collections::BTreeMap;

use happyos_tests::{Home, SkillGuest, process};
use serde::Deserialize;

/// One file of `cases/cli`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Lines added to the configuration file.
    #[serde(default)]
    config: String,
    /// Whether a daemon runs.
    #[serde(default)]
    daemon: bool,
    /// Files written to the working directory first.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Run in order.
    case: Vec<Case>,
}

/// One command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    exit: i32,
    /// Each must be in standard output.
    #[serde(default)]
    stdout: Vec<String>,
    /// Each must be in standard error.
    #[serde(default)]
    stderr: Vec<String>,
    /// None may be in either.
    #[serde(default)]
    absent: Vec<String>,
    /// Standard output is one JSON value, in which these pointers have these values.
    json: Option<BTreeMap<String, toml::Value>>,
}

fn run(name: &str, home: &Home, case: &Case) -> Result<(), String> {
    let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
    let done = process::run(home, &args, &case.stdin);
    let shown = || {
        format!(
            "{name}: happyos {}\nexit {}\n-- stdout\n{}\n-- stderr\n{}",
            args.join(" "),
            done.code,
            done.stdout,
            done.stderr
        )
    };
    if done.code != case.exit {
        return Err(format!("exit code {} was expected\n{}", case.exit, shown()));
    }
    for (stream, text, wanted) in [("stdout", &done.stdout, &case.stdout), ("stderr", &done.stderr, &case.stderr)] {
        if let Some(missing) = wanted.iter().find(|part| !text.contains(*part)) {
            return Err(format!("{stream} does not say {missing:?}\n{}", shown()));
        }
    }
    let all = format!("{}{}", done.stdout, done.stderr);
    if let Some(found) = case.absent.iter().find(|part| all.contains(*part)) {
        return Err(format!("{found:?} is said\n{}", shown()));
    }
    if let Some(pointers) = &case.json {
        let value: serde_json::Value =
            serde_json::from_str(&done.stdout).map_err(|error| format!("stdout is not JSON: {error}\n{}", shown()))?;
        for (pointer, wanted) in pointers {
            let wanted = serde_json::to_value(wanted).map_err(|error| error.to_string())?;
            if value.pointer(pointer) != Some(&wanted) {
                return Err(format!("{pointer} is {:?}, not {wanted}\n{}", value.pointer(pointer), shown()));
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_say_and_return_what_their_cases_say() {
    let mut files: Vec<_> = std::fs::read_dir(happyos_tests::repo().join("tests/cases/cli"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let cases: Cases = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let home = Home::new();
        home.configure(&cases.config);
        for (path, content) in &cases.files {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        home.install_guest(&SkillGuest { name: "echo", ..Default::default() });
        let spin = "(loop $spin (br $spin)) unreachable";
        home.install_guest(&SkillGuest { name: "spinner", call: spin, ..Default::default() });
        let daemon = match cases.daemon {
            true => Some(process::Running::start(&home).await),
            false => None,
        };
        wrong.extend(cases.case.iter().filter_map(|case| run(&name, &home, case).err()));
        drop(daemon);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
