//! `happyos status`: what the daemon does now.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::fault::{Doing as _, Fault};
use super::output::{bytes, count, duration};
use super::{Context, output};

#[derive(Deserialize)]
pub struct Status {
    pub version: String,
    uptime_s: u64,
    state: String,
    pub skills_dir: String,
    pub components: Components,
}

#[derive(Deserialize)]
pub struct Components {
    pub catalog: Catalog,
    #[serde(default)]
    pub configuration: Configuration,
    runtime: Runtime,
    pub doors: Doors,
}

#[derive(Deserialize)]
pub struct Catalog {
    pub bundles: u64,
    pub skills: u64,
    pub refusals: Vec<Refusal>,
    #[serde(default)]
    pub waiting: u64,
    #[serde(default)]
    pub problem: Option<String>,
}

/// The operator's settings.
#[derive(Default, Deserialize)]
pub struct Configuration {
    /// Keys that were changed and count at the next start.
    pub waiting: Vec<String>,
    settings: Vec<Setting>,
}

#[derive(Deserialize)]
struct Setting {
    name: String,
    value: String,
    active: bool,
}

/// A file that is not served.
#[derive(Debug, Clone, Deserialize)]
pub struct Refusal {
    pub path: String,
    pub reason: String,
    #[serde(default)]
    pub hint: Option<String>,
}

impl Refusal {
    /// `file:line:column: what`, as far as that is known, and the hint.
    fn parts(&self) -> (String, Option<String>) {
        // Some reasons carry their hint at the end, as an interpreter gives it.
        let (reason, own_hint) = match self.reason.split_once("; hint: ") {
            Some((reason, hint)) => (reason, Some(hint.to_owned())),
            None => (self.reason.as_str(), None),
        };
        // A position, where there is one, leads the reason, with or without the file's name.
        let file = Path::new(&self.path).file_name().unwrap_or_default().to_string_lossy();
        let reason = reason.strip_prefix(&*file).and_then(|rest| rest.strip_prefix(':')).unwrap_or(reason).trim_start();
        let mut parts = reason.splitn(3, ':');
        let mut is_number =
            || parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        let positioned = is_number() && is_number();
        let text = format!("{}:{}{reason}", self.path, if positioned { "" } else { " " });
        (text, self.hint.clone().or(own_hint))
    }
}

#[derive(Deserialize)]
struct Runtime {
    calls_running: u64,
    calls_running_max: u64,
    calls_queued: u64,
    calls_queued_max: u64,
    memory_promised_bytes: u64,
    memory_bytes_max: u64,
    programs_loaded: u64,
    programs_loaded_bytes: u64,
    warm_scripts: u64,
    code_cache_bytes: u64,
    code_cache_bytes_max: u64,
}

#[derive(Deserialize)]
pub struct Doors {
    #[serde(default)]
    pub http: Option<String>,
    #[serde(default)]
    pub mcp: Option<String>,
    pub socket: String,
    tokens: u64,
    #[serde(default)]
    pub no_tools: Vec<String>,
}

pub fn run(context: &Context) -> Result<(), Fault> {
    let value: Value =
        context.with_daemon(async |client| client.get("/v1/status", "read the daemon's status").await)?;
    if context.voice.json {
        return output::print_json(&value);
    }
    let status: Status = serde_json::from_value(value).doing(|| "understand the daemon's status".into())?;
    let Components { catalog, configuration, runtime, doors } = &status.components;
    let mut table = output::table(&["what", "now"]);
    let uptime = duration(Duration::from_secs(status.uptime_s.max(1)));
    table.add_row(["daemon".into(), format!("{} {}, up for {uptime}", status.version, status.state)]);
    table.add_row([
        "skills".into(),
        format!("{} in {} bundles from {}", count(catalog.skills), count(catalog.bundles), status.skills_dir),
    ]);
    if catalog.waiting > 0 {
        table.add_row([
            "waiting".into(),
            format!("{} bundles wait for you: see `happyos skill list`", count(catalog.waiting)),
        ]);
    }
    table.add_row([
        "calls".into(),
        format!(
            "{} of {} running, {} of {} waiting",
            count(runtime.calls_running),
            count(runtime.calls_running_max),
            count(runtime.calls_queued),
            count(runtime.calls_queued_max)
        ),
    ]);
    table.add_row([
        "memory".into(),
        format!("{} of {} promised", bytes(runtime.memory_promised_bytes), bytes(runtime.memory_bytes_max)),
    ]);
    table.add_row([
        "code".into(),
        format!(
            "{} programs loaded ({}), {} warm scripts; {} of {} on disk",
            count(runtime.programs_loaded),
            bytes(runtime.programs_loaded_bytes),
            count(runtime.warm_scripts),
            bytes(runtime.code_cache_bytes),
            bytes(runtime.code_cache_bytes_max)
        ),
    ]);
    table.add_row(["http", doors.http.as_deref().unwrap_or("off")]);
    table.add_row(["mcp", doors.mcp.as_deref().unwrap_or("off")]);
    table.add_row(["socket", &doors.socket]);
    table.add_row(["tokens".into(), count(doors.tokens)]);
    for (what, is_active) in [("settings", true), ("inactive", false)] {
        let of_kind = configuration.settings.iter().filter(|setting| setting.active == is_active);
        let named: Vec<_> = of_kind.map(|setting| format!("{} = {}", setting.name, setting.value)).collect();
        if !named.is_empty() {
            let why = if is_active { "" } else { " (not there yet)" };
            table.add_row([what.to_owned(), format!("{}{why}", named.join(", "))]);
        }
    }
    output::print_table(&table)?;
    refusals(&catalog.refusals);
    waiting(configuration);
    for name in &doors.no_tools {
        eprintln!("warning: the skill `{name}` is no tool over MCP, where the daemon's own tool has that name");
        eprintln!("hint: call it over HTTP or with `happyos call {name}`, or give it another name");
    }
    problem(&status);
    Ok(())
}

/// Says which settings were changed and are not in force.
pub fn waiting(configuration: &Configuration) {
    if !configuration.waiting.is_empty() {
        let keys: Vec<_> = configuration.waiting.iter().map(|key| format!("`{key}`")).collect();
        eprintln!("warning: what was changed of {} counts at the next start", keys.join(", "));
        eprintln!("hint: stop the daemon and start it again");
    }
}

/// Says what is wrong with the operator's files.
pub fn problem(status: &Status) {
    if let Some(problem) = &status.components.catalog.problem {
        eprintln!("error: {problem}");
        eprintln!("hint: what was read before is in force; correct the file, and it is read again at once");
    }
}

/// Prints refused files on standard error.
pub fn refusals(refusals: &[Refusal]) {
    for refusal in refusals {
        let (text, hint) = refusal.parts();
        eprintln!("refused: {text}");
        if let Some(hint) = hint {
            eprintln!("hint: {hint}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_joined_to_the_file() {
        let parts = |reason: &str| Refusal { path: "b/a.js".into(), reason: reason.into(), hint: None }.parts();
        assert_eq!(parts("3:5: unexpected token"), ("b/a.js:3:5: unexpected token".into(), None));
        assert_eq!(parts("a.js:3:5: odd; hint: close it"), ("b/a.js:3:5: odd".into(), Some("close it".into())));
        assert_eq!(parts("it is empty"), ("b/a.js: it is empty".into(), None));
        assert_eq!(parts("12 bytes: too few"), ("b/a.js: 12 bytes: too few".into(), None));
    }
}
