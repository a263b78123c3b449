//! `happyos doctor`: checks this machine and installation, one line each, with the next thing to do.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use landlock::{ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _};
use serde_json::{Value, json};

use super::args::Global;
use super::author::toolchain::Toolchain;
use super::client::{Client, SOCKET};
use super::fault::Fault;
use super::output::{self, Voice};
use super::skill::AUTHOR_DATA;
use super::status::{Components, Status};
use super::{Context, Start, configuration, diagnosis};
use crate::config::Config;
use crate::remote;

/// Longest path of a Unix socket, in bytes.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// A script that uses the interpreter, the compile helper and the sandbox.
const PROBE: &str = r#"/* happyos
name = "doctor-probe"
version = "0.1.0"
*/
skill({
  name: "doctor-probe",
  description: "Adds two numbers.",
  inputSchema: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] },
  run({ a, b }) { return { sum: a + b }; },
});
"#;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Ok,
    Warn,
    Fail,
}

struct Finding {
    grade: Grade,
    what: &'static str,
    message: String,
    hint: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, grade: Grade, what: &'static str, message: impl Into<String>, hint: Option<&str>) {
        self.0.push(Finding { grade, what, message: message.into(), hint: hint.map(str::to_owned) });
    }
}

pub fn run(global: &Global, voice: Voice, start: Start) -> Result<(), Fault> {
    let mut findings = Findings::default();
    let config = match configuration::resolve(global) {
        Ok(config) => {
            let files = configuration::files_of(&config);
            let message = files.unwrap_or_else(|| "no file: every key has its default".into());
            findings.add(Grade::Ok, "configuration", message, None);
            config
        }
        Err(fault) => {
            findings.add(Grade::Fail, "configuration", fault.message, fault.hint.as_deref());
            Config::default()
        }
    };
    let context = Context { voice: Voice { quiet: true, ..voice }, config, start };
    folders(&context.config, &mut findings);
    let daemon_runs = daemon(&context, &mut findings);
    if daemon_runs {
        records(&context, &mut findings);
    } else {
        port(&context.config, &mut findings);
    }
    model(&context.config, &mut findings);
    kernel(&mut findings);
    memory(&context.config, &mut findings);
    sandbox(&context, &mut findings);
    match Toolchain::require() {
        Ok(found) => findings.add(Grade::Ok, "wasm toolchain", found.describe(), None),
        Err(fault) => findings.add(
            Grade::Warn,
            "wasm toolchain",
            "none: skills in JavaScript work, building those in Rust does not",
            fault.hint.as_deref(),
        ),
    }
    report(&findings.0, voice)
}

fn report(findings: &[Finding], voice: Voice) -> Result<(), Fault> {
    let name = |grade: Grade| match grade {
        Grade::Ok => "ok",
        Grade::Warn => "warn",
        Grade::Fail => "fail",
    };
    if voice.json {
        let list: Vec<Value> = findings
            .iter()
            .map(
                |one| json!({ "result": name(one.grade), "check": one.what, "message": one.message, "hint": one.hint }),
            )
            .collect();
        output::print_json(&json!({ "checks": list }))?;
    } else {
        let mut text = String::new();
        for one in findings {
            text.push_str(&format!("{:<5} {:<15} {}\n", name(one.grade), one.what, one.message));
            if let (Some(hint), false) = (&one.hint, one.grade == Grade::Ok) {
                text.push_str(&format!("{:<22}hint: {hint}\n", ""));
            }
        }
        output::print(&text)?;
    }
    if findings.iter().any(|one| one.grade == Grade::Fail) { Err(Fault::said()) } else { Ok(()) }
}

fn folders(config: &Config, findings: &mut Findings) {
    let data = &config.data_dir;
    let shown = data.display();
    match fs::metadata(data) {
        Err(_) if can_be_made(data) => {
            findings.add(Grade::Ok, "data folder", format!("{shown} (made at the first start)"), None);
        }
        Err(error) => {
            findings.add(Grade::Fail, "data folder", format!("{shown}: {error}"), Some("choose one with `--data DIR`"))
        }
        Ok(found) if !found.is_dir() => {
            findings.add(
                Grade::Fail,
                "data folder",
                format!("{shown} is no folder"),
                Some("choose one with `--data DIR`"),
            );
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => findings.add(
            Grade::Warn,
            "data folder",
            format!("{shown} is open to others (mode {:o})", found.permissions().mode() & 0o777),
            Some(&format!("chmod 700 {shown}")),
        ),
        Ok(_) => match tempfile::tempfile_in(data) {
            Ok(_) => findings.add(Grade::Ok, "data folder", shown.to_string(), None),
            Err(error) => {
                findings.add(
                    Grade::Fail,
                    "data folder",
                    format!("{shown}: {error}"),
                    Some("choose another with `--data DIR`"),
                );
            }
        },
    }
    let skills = &config.skills_dir;
    match fs::read_dir(skills) {
        Ok(entries) => {
            let is_bundle = |path: &Path| path.extension().is_some_and(|name| name == "wasm" || name == "js");
            let count = entries.filter_map(Result::ok).filter(|entry| is_bundle(&entry.path())).count();
            let grade = if count == 0 { Grade::Warn } else { Grade::Ok };
            let hint = "copy a `.wasm` or `.js` skill there, or make one with `happyos skill new NAME --js`";
            findings.add(grade, "skills folder", format!("{}, {count} files", skills.display()), Some(hint));
        }
        Err(_) if can_be_made(skills) => {
            findings.add(Grade::Ok, "skills folder", format!("{} (made at the first start)", skills.display()), None);
        }
        Err(error) => findings.add(
            Grade::Fail,
            "skills folder",
            format!("{}: {error}", skills.display()),
            Some("choose one with `--skills DIR`"),
        ),
    }
    let socket = data.join(SOCKET);
    if socket.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
        findings.add(
            Grade::Fail,
            "socket",
            format!("{} is longer than {SOCKET_PATH_BYTES_MAX} bytes", socket.display()),
            Some("choose a shorter folder with `--data DIR`"),
        );
    }
}

/// Whether the first folder above `path` that exists can be written to by this user.
fn can_be_made(path: &Path) -> bool {
    let existing = path.ancestors().skip(1).find(|folder| folder.exists());
    !path.exists() && existing.is_some_and(|folder| tempfile::tempfile_in(folder).is_ok())
}

/// Whether a daemon runs.
fn daemon(context: &Context, findings: &mut Findings) -> bool {
    match Client::of_daemon(&context.config.data_dir) {
        Ok(None) => {
            findings.add(Grade::Ok, "daemon", format!("none runs; `{}` starts one", context.up_command()), None);
            false
        }
        Ok(Some(_)) => {
            let status: Result<Status, Fault> =
                context.with_daemon(async |client| client.get("/v1/status", "read the daemon's status").await);
            match status {
                Ok(status) if status.version == env!("CARGO_PKG_VERSION") => {
                    let refused = status.components.catalog.refusals.len();
                    let grade = if refused == 0 { Grade::Ok } else { Grade::Warn };
                    let message = format!("runs, {} skills, {refused} files refused", status.components.catalog.skills);
                    findings.add(grade, "daemon", message, Some("`happyos skill list` says why"));
                    settings(&status, findings);
                }
                Ok(status) => findings.add(
                    Grade::Warn,
                    "daemon",
                    format!("runs version {}, and this is {}", status.version, env!("CARGO_PKG_VERSION")),
                    Some("stop it and start it again"),
                ),
                Err(fault) => findings.add(Grade::Fail, "daemon", fault.message, fault.hint.as_deref()),
            }
            true
        }
        Err(fault) => {
            findings.add(Grade::Fail, "daemon", fault.message, fault.hint.as_deref());
            true
        }
    }
}

/// What the daemon's records say of how requests go.
fn records(context: &Context, findings: &mut Findings) {
    // A daemon that cannot be asked has been spoken of.
    let Ok(said) = context.with_daemon(async |client| diagnosis::of(&client).await) else { return };
    for one in said {
        let grade = if one.wrong { Grade::Warn } else { Grade::Ok };
        findings.add(grade, one.what, one.message, one.hint.as_deref());
    }
}

/// Whether what the operator set is in force.
fn settings(status: &Status, findings: &mut Findings) {
    let Components { catalog, configuration, doors, .. } = &status.components;
    if let Some(problem) = &catalog.problem {
        let hint = "correct the file: it is read again at once, and until then what was read before is in force";
        findings.add(Grade::Fail, "settings", problem.clone(), Some(hint));
    } else if configuration.waiting.is_empty() {
        findings.add(Grade::Ok, "settings", "in force as they are written", None);
    } else {
        let message = format!("changed and not in force: {}", configuration.waiting.join(", "));
        findings.add(Grade::Warn, "settings", message, Some("stop the daemon and start it again"));
    }
    for name in &doors.no_tools {
        let message = format!("the skill `{name}` has the name of the daemon's own tool and is no tool over MCP");
        findings.add(Grade::Warn, "mcp", message, Some("give the skill another name"));
    }
}

/// Whether requests are compared by their meaning.
fn model(config: &Config, findings: &mut Findings) {
    let hint = Some("`happyos model pull`");
    match remote::installed(&config.models_dir()) {
        Ok(installed) if installed.is_empty() => {
            findings.add(Grade::Warn, "model", "none: requests are compared by their words alone", hint);
        }
        Ok(installed) if installed.iter().all(|model| model.is_whole) => {
            findings.add(Grade::Ok, "model", "requests are compared by their meaning, too", None);
        }
        Ok(_) => findings.add(Grade::Fail, "model", "its file is broken, and is not used", hint),
        Err(error) => findings.add(Grade::Fail, "model", error.to_string(), hint),
    }
}

fn port(config: &Config, findings: &mut Findings) {
    match TcpListener::bind(config.http.listen) {
        Ok(_) => findings.add(Grade::Ok, "http address", config.http.listen.to_string(), None),
        Err(error) => findings.add(
            Grade::Fail,
            "http address",
            format!("{}: {error}", config.http.listen),
            Some("set `http.listen` in happyos.toml to another"),
        ),
    }
}

fn kernel(findings: &mut Findings) {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if version >= (6, 7) {
        findings.add(
            Grade::Ok,
            "kernel",
            format!("{release}: has PAGEMAP_SCAN, which makes fresh instances cheaper"),
            None,
        );
    } else {
        let hint = "calls work and cost a little more; Linux 6.7 or later is faster";
        findings.add(Grade::Warn, "kernel", format!("{release}: has no PAGEMAP_SCAN"), Some(hint));
    }
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    match ruleset {
        Ok(_) => findings.add(Grade::Ok, "landlock", "confines the compile helper", None),
        Err(error) => findings.add(
            Grade::Warn,
            "landlock",
            format!("the compile helper is confined by its other limits alone: {error}"),
            Some("add `landlock` to the kernel's `lsm=` parameter"),
        ),
    }
}

fn memory(config: &Config, findings: &mut Findings) {
    let most = config.admission.memory_bytes_max;
    let each = config.limits.memory_bytes;
    let message = format!("{} for all calls together, {} for each", output::bytes(most), output::bytes(each));
    if most / each.max(1) < 4 {
        let hint = "lower `limits.memory_bytes` or raise `admission.memory_bytes_max`";
        findings.add(Grade::Warn, "memory", format!("{message}: fewer than four calls at one time"), Some(hint));
    } else {
        findings.add(Grade::Ok, "memory", message, None);
    }
}

/// Compiles and runs a small script as a daemon would.
fn sandbox(context: &Context, findings: &mut Findings) {
    let probed = probe(context);
    match probed {
        Ok(()) => findings.add(Grade::Ok, "sandbox", "the compile helper, the interpreter and a call work", None),
        Err(fault) => findings.add(
            Grade::Fail,
            "sandbox",
            fault.message,
            Some(fault.hint.as_deref().unwrap_or("start with `HAPPYOS_LOG=debug` to see more")),
        ),
    }
}

fn probe(context: &Context) -> Result<(), Fault> {
    let failed = |error: std::io::Error| Fault::failed(format!("no scratch folder can be made: {error}"));
    let scratch = tempfile::tempdir().map_err(failed)?;
    fs::write(scratch.path().join("doctor-probe.js"), PROBE).map_err(failed)?;
    let mut config = context.config.clone();
    config.skills_dir = scratch.path().to_path_buf();
    let usable = fs::metadata(&config.data_dir).is_ok_and(|data| data.is_dir() && data.uid() == own_uid());
    if usable {
        config.data_dir.push(AUTHOR_DATA);
    } else {
        config.data_dir = scratch.path().join("data");
    }
    let answer: Value = context.with_embedded(config, async |client| {
        let status: Status = client.get("/v1/status", "load a script").await?;
        if let Some(refusal) = status.components.catalog.refusals.first() {
            return Err(Fault::failed(format!("a script was refused: {}", refusal.reason)));
        }
        let body = json!({ "input": { "a": 1, "b": 2 } });
        client.post("/v1/skills/doctor-probe/call", &body, "call a script").await
    })?;
    if answer.pointer("/output/sum").and_then(Value::as_f64) == Some(3.0) {
        return Ok(());
    }
    Err(Fault::failed(format!("1 + 2 gave {answer}")))
}

fn own_uid() -> u32 {
    fs::metadata("/proc/self").map_or(0, |process| process.uid())
}
