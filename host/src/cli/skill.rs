//! `happyos skill` and `happyos toolchain`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::author::sources::{self, Source};
use super::author::toolchain::{self, Toolchain, cargo_program};
use super::author::{Mistake, build, new, sdk};
use super::client::{Client, Usage};
use super::fault::{Doing as _, Fault};
use super::output::{self, Voice};
use super::status::{self, Refusal, Status};
use super::{Context, Global, args, bundles, logs, sign};
use crate::skills::metadata::check_name;

/// Folder in the data folder with the state of sandboxes that only try skills out.
pub const AUTHOR_DATA: &str = "author";
/// Skills asked for at one time.
const PAGE: usize = 1000;

pub fn run(context: &Context, asked: args::Skill) -> Result<(), Fault> {
    match asked {
        args::Skill::New(asked) => make(context, &asked),
        args::Skill::Build(asked) => build(context, &asked),
        args::Skill::Test(asked) => test(context, &asked),
        args::Skill::List => list(context),
        args::Skill::Show { name } => show(context, &name),
        args::Skill::Sign(asked) => sign::run(context, &asked),
        args::Skill::Check { files } => check(context, &files),
        args::Skill::Dev { file } => dev(context, &file),
        args::Skill::Provenance { name } => super::build::provenance(context, &name),
        args::Skill::Inspect { file } => bundles::inspect(context, &file),
        args::Skill::Install { files } => bundles::install(context, &files),
        args::Skill::Approve { name, digest } => bundles::approve(context, &name, digest.as_deref()),
        args::Skill::Grant(asked) => bundles::grant(context, &asked),
        args::Skill::Remove { name, forget } => bundles::remove(context, &name, forget),
        args::Skill::Rollback { name } => bundles::rollback(context, &name),
        args::Skill::Logs { name, follow } => logs::run(context, name.as_deref(), follow),
    }
}

pub fn toolchain(asked: &args::Toolchain, voice: Voice) -> Result<(), Fault> {
    let found = match asked {
        args::Toolchain::Status => Toolchain::require()?,
        args::Toolchain::Install { yes } => toolchain::install(*yes, voice)?,
    };
    if voice.json {
        return output::print_json(&json!({ "target": toolchain::TARGET, "toolchain": found.describe() }));
    }
    output::print(&format!("{}\n", found.describe()))
}

fn make(context: &Context, asked: &args::New) -> Result<(), Fault> {
    let (folder, files) = new::write(asked, &context.config.data_dir)?;
    if context.voice.json {
        return output::print_json(&json!({ "folder": folder, "files": files }));
    }
    let mut text = String::new();
    for file in &files {
        text.push_str(&format!("wrote {}\n", file.display()));
    }
    output::print(&text)?;
    context.voice.note(&format!("next: happyos skill test {}", folder.display()));
    Ok(())
}

fn build(context: &Context, asked: &args::Build) -> Result<(), Fault> {
    let voice = context.voice;
    let here = [PathBuf::from(".")];
    let paths = if asked.paths.is_empty() { &here[..] } else { &asked.paths };
    let mut found = Vec::new();
    for path in paths {
        found.extend(sources::find(path)?);
    }
    restore_sdk(&found, context)?;
    let options = build::Options {
        out: asked.out.as_deref().map(Global::absolute).transpose()?,
        target_dir: asked.target_dir.as_deref().map(Global::absolute).transpose()?,
        offline: asked.offline,
    };
    let scripts: Vec<PathBuf> = found
        .iter()
        .filter_map(|source| match source {
            Source::Script(path) | Source::Component(path) => Some(path.clone()),
            Source::Crate(_) => None,
        })
        .collect();
    if !scripts.is_empty() {
        let checked = context.with_any(async |client| check_all(&client, &scripts).await)?;
        let refused: Vec<Refusal> = checked.iter().filter_map(|(path, checked)| checked.refusal(path)).collect();
        if !refused.is_empty() {
            status::refusals(&refused);
            return Err(Fault::said());
        }
    }
    let built = build::build(&found, &options, voice)?;
    if voice.json {
        let list: Vec<Value> = built
            .iter()
            .map(|built| json!({ "name": built.name, "path": built.path, "size_bytes": built.size_bytes }))
            .collect();
        return output::print_json(&json!({ "built": list }));
    }
    let mut table = output::table(&["bundle", "size", "file"]);
    for built in &built {
        table.add_row([&built.name, &output::bytes(built.size_bytes), &built.path.display().to_string()]);
    }
    output::print_table(&table)
}

/// Unpacks the SDK again for crates that were made here and whose copy has gone.
fn restore_sdk(found: &[Source], context: &Context) -> Result<(), Fault> {
    let unpacked = context.config.data_dir.join("sdk");
    let unpacked = unpacked.to_string_lossy();
    let uses_it = |source: &Source| match source {
        Source::Crate(found) => fs::read_to_string(&found.manifest).is_ok_and(|text| text.contains(&*unpacked)),
        _ => false,
    };
    if found.iter().any(uses_it) {
        sdk::unpack(&context.config.data_dir)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Page {
    skills: Vec<Summary>,
    #[serde(default)]
    next: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Summary {
    name: String,
    description: String,
    annotations: Value,
    bundle: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    kind: String,
    state: String,
}

async fn all_skills(client: &Client) -> Result<Vec<Summary>, Fault> {
    let mut skills = Vec::new();
    let mut after = String::new();
    loop {
        let page: Page = client.get(&format!("/v1/skills?limit={PAGE}{after}"), "list the skills").await?;
        skills.extend(page.skills);
        match page.next {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(skills),
        }
    }
}

fn list(context: &Context) -> Result<(), Fault> {
    let (skills, status, files) = context.with_any(async |client| {
        let status: Value = client.get("/v1/status", "read the daemon's status").await?;
        let files: Value = client.get("/v1/bundles", "list the bundles").await?;
        Ok((all_skills(&client).await?, status, files))
    })?;
    let files = files.get("bundles").cloned().unwrap_or_default();
    if context.voice.json {
        let refusals = status.pointer("/components/catalog/refusals").cloned().unwrap_or_default();
        return output::print_json(&json!({ "skills": skills, "bundles": files, "refusals": refusals }));
    }
    let mut table = output::table(&["skill", "bundle", "kind", "state", "what it does"]);
    for skill in &skills {
        let bundle = match &skill.version {
            Some(version) => format!("{} {version}", skill.bundle),
            None => skill.bundle.clone(),
        };
        table.add_row([&skill.name, &bundle, &skill.kind, &skill.state, &output::first_line(&skill.description, 100)]);
    }
    if skills.is_empty() {
        context.voice.note(&format!("no skills in `{}`", context.config.skills_dir.display()));
    } else {
        output::print_table(&table)?;
    }
    let files: Vec<bundles::File> = serde_json::from_value(files).doing(|| "understand the daemon".into())?;
    for file in files.iter().filter(|file| file.state != "serving" && file.state != "refused") {
        output::print(&format!("{}\n", file.line()))?;
        if let Some(hint) = &file.hint {
            context.voice.note(&format!("hint: {hint}"));
        }
    }
    let status: Status = serde_json::from_value(status).doing(|| "understand the daemon's status".into())?;
    status::refusals(&status.components.catalog.refusals);
    status::problem(&status);
    Ok(())
}

fn show(context: &Context, name: &str) -> Result<(), Fault> {
    check_name(name).map_err(|why| Fault::usage(format!("Failed to show `{name}`: {why}")))?;
    let doing = format!("show `{name}`");
    let skill: Value = context.with_any(async |client| client.get(&format!("/v1/skills/{name}"), &doing).await)?;
    if context.voice.json {
        return output::print_json(&skill);
    }
    let text = |path: &str| skill.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut page = format!("{name}: {}\n\n", text("/description").trim());
    page.push_str(&format!(
        "bundle   {} {} ({}, {}, {})\n",
        text("/bundle/name"),
        text("/bundle/version"),
        text("/bundle/kind"),
        output::bytes(skill.pointer("/bundle/size_bytes").and_then(Value::as_u64).unwrap_or_default()),
        text("/bundle/digest").chars().take(12).collect::<String>(),
    ));
    let hints = skill.get("annotations").and_then(Value::as_object).into_iter().flatten();
    let hints: Vec<String> =
        hints.filter(|(_, value)| value.as_bool() == Some(true)).map(|(name, _)| name.replace('_', " ")).collect();
    page.push_str(&format!("hints    {}\n", if hints.is_empty() { "none".into() } else { hints.join(", ") }));
    for (what, key) in [("input", "input_schema"), ("output", "output_schema")] {
        if let Some(schema) = skill.get(key) {
            page.push_str(&format!("\n{what}:\n{schema:#}\n"));
        }
    }
    for example in skill.get("examples").and_then(Value::as_array).into_iter().flatten() {
        let requests = example.get("request").and_then(Value::as_object).into_iter().flatten();
        page.push_str("\nexample:\n");
        for (language, request) in requests {
            page.push_str(&format!("  {language}: {}\n", request.as_str().unwrap_or_default()));
        }
        let input = example.get("input").unwrap_or(&Value::Null);
        page.push_str(&format!("  happyos call {name} '{}'\n", input.to_string().replace('\'', "'\\''")));
        if let Some(output) = example.get("output") {
            page.push_str(&format!("  {output}\n"));
        }
    }
    output::print(&page)
}

#[derive(Deserialize)]
struct Checked {
    accepted: bool,
    #[serde(default)]
    bundle: Value,
    #[serde(default)]
    skills: Vec<Value>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    stages: Vec<Stage>,
}

/// What one stage of the gate found.
#[derive(Serialize, Deserialize)]
pub struct Stage {
    stage: String,
    outcome: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    seen: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<String>,
}

/// The stages of the gate, one a line.
pub fn stage_lines(stages: &[Stage]) -> String {
    let mut text = String::new();
    for Stage { stage, outcome, seen, on } in stages {
        let outcome = if outcome == "not applicable" { "-" } else { outcome };
        text.push_str(format!("  {stage:<16} {outcome:<7} {seen}").trim_end());
        text.push('\n');
        if let Some(on) = on {
            text.push_str(&format!("  {:<24} on {on}\n", ""));
        }
    }
    text
}

impl Checked {
    fn refusal(&self, path: &Path) -> Option<Refusal> {
        (!self.accepted).then(|| Refusal {
            path: path.display().to_string(),
            reason: self.reason.clone().unwrap_or_default(),
            hint: self.hint.clone(),
        })
    }
}

async fn check_all(client: &Client, files: &[PathBuf]) -> Result<Vec<(PathBuf, Checked)>, Fault> {
    let mut all = Vec::new();
    for file in files {
        let doing = format!("check `{}`", file.display());
        let path = file.canonicalize().doing(|| doing.clone())?;
        let checked = client.post("/v1/skills/check", &json!({ "path": path }), &doing).await?;
        all.push((file.clone(), checked));
    }
    Ok(all)
}

fn check(context: &Context, files: &[PathBuf]) -> Result<(), Fault> {
    let checked = context.with_any(async |client| check_all(&client, files).await)?;
    let refused: Vec<Refusal> = checked.iter().filter_map(|(path, checked)| checked.refusal(path)).collect();
    if context.voice.json {
        let list: Vec<Value> = checked
            .iter()
            .map(|(path, checked)| {
                json!({ "path": path, "accepted": checked.accepted, "bundle": checked.bundle,
                        "skills": checked.skills, "reason": checked.reason, "hint": checked.hint, "stages": checked.stages })
            })
            .collect();
        output::print_json(&json!({ "checked": list }))?;
    } else {
        for (path, checked) in checked.iter().filter(|(_, checked)| checked.accepted) {
            let names: Vec<&str> =
                checked.skills.iter().filter_map(|skill| skill.get("name").and_then(Value::as_str)).collect();
            output::print(&format!("ok: {}: {}\n", path.display(), names.join(", ")))?;
            output::print(&stage_lines(&checked.stages))?;
        }
        for (path, checked) in checked.iter().filter(|(_, checked)| !checked.accepted && !checked.stages.is_empty()) {
            output::print(&format!("rejected: {}\n{}", path.display(), stage_lines(&checked.stages)))?;
        }
        status::refusals(&refused);
    }
    if refused.is_empty() { Ok(()) } else { Err(Fault::said()) }
}

/// How often a file is looked at while its author writes it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Checks a file each time it has changed. The next look is the only thing that is waited for.
fn dev(context: &Context, file: &Path) -> Result<(), Fault> {
    let files = [file.to_path_buf()];
    context.with_any(async |client| {
        let mut last = None;
        loop {
            let metadata = fs::metadata(file).doing(|| format!("look at `{}`", file.display()))?;
            let stamp = (metadata.len(), metadata.modified().ok());
            if last != Some(stamp) {
                last = Some(stamp);
                let checked = check_all(&client, &files).await?;
                for (path, checked) in &checked {
                    let how = if checked.accepted { "ok" } else { "rejected" };
                    output::print(&format!("{how}: {}\n{}", path.display(), stage_lines(&checked.stages)))?;
                    if let (true, Some(reason)) = (checked.stages.is_empty(), &checked.reason) {
                        output::print(&format!("  {reason}\n"))?;
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    })
}

#[derive(Deserialize)]
struct Examples {
    examples: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    skill: String,
    index: usize,
    #[serde(default)]
    request: Option<String>,
    passed: bool,
    #[serde(default)]
    reason: Option<String>,
    usage: Usage,
}

fn test(context: &Context, asked: &args::Test) -> Result<(), Fault> {
    let path = asked.path.clone().unwrap_or_else(|| PathBuf::from("."));
    let found = sources::find(&path)?;
    restore_sdk(&found, context)?;
    for source in &found {
        if let Source::Crate(source) = source {
            native_tests(source, asked.offline)?;
        }
    }
    let scratch = tempfile::tempdir().doing(|| "make a scratch folder".into())?;
    let options = build::Options {
        out: Some(scratch.path().to_path_buf()),
        target_dir: asked.target_dir.as_deref().map(Global::absolute).transpose()?,
        offline: asked.offline,
    };
    let built = build::build(&found, &options, context.voice)?;
    // What was copied away is named by where it came from.
    let origin: BTreeMap<String, &Path> = found
        .iter()
        .map(|source| match source {
            Source::Crate(source) => (format!("{}.wasm", source.package), source.root_file.as_path()),
            Source::Script(path) | Source::Component(path) => {
                (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path.as_path())
            }
        })
        .collect();
    let mut config = context.config.clone();
    config.skills_dir = scratch.path().to_path_buf();
    // State of its own, kept for its compiled code: a daemon may hold the other, and tests should not touch that.
    config.data_dir.push(AUTHOR_DATA);
    let (refusals, examples) = context.with_embedded(config, async |client| {
        // Who tests a skill agrees to what it asks for: here alone, in a state of its own.
        for file in bundles::all(&client).await?.iter().filter(|file| file.waits()) {
            let doing = format!("approve `{}` for its tests", file.shown_name());
            let path = format!("/v1/bundles/{}/approve", file.shown_name());
            let _: Value = client.post(&path, &json!({}), &doing).await?;
        }
        let status: Status = client.get("/v1/status", "read what was loaded").await?;
        let skills = all_skills(&client).await?;
        let mut bundles: Vec<String> = skills.iter().map(|skill| skill.bundle.clone()).collect();
        bundles.dedup();
        let mut examples = Vec::new();
        for bundle in bundles {
            let path = format!("/v1/skills/{bundle}/examples");
            let run: Examples = client.post(&path, &json!({}), &format!("run the examples of `{bundle}`")).await?;
            examples.extend(run.examples);
        }
        Ok((status.components.catalog.refusals, examples))
    })?;
    let refusals: Vec<Refusal> = refusals.into_iter().map(|refusal| renamed(refusal, &origin)).collect();
    report(&built, &refusals, &examples, context.voice)
}

fn renamed(refusal: Refusal, origin: &BTreeMap<String, &Path>) -> Refusal {
    let file = Path::new(&refusal.path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    match origin.get(&file) {
        Some(path) => Refusal { path: path.display().to_string(), ..refusal },
        None => refusal,
    }
}

fn report(built: &[build::Built], refusals: &[Refusal], examples: &[Example], voice: Voice) -> Result<(), Fault> {
    let failed = examples.iter().filter(|example| !example.passed).count();
    if voice.json {
        let list: Vec<Value> = examples
            .iter()
            .map(|example| {
                json!({ "skill": example.skill, "index": example.index, "request": example.request,
                        "passed": example.passed, "reason": example.reason })
            })
            .collect();
        let refused: Vec<Value> = refusals
            .iter()
            .map(|refusal| json!({ "path": refusal.path, "reason": refusal.reason, "hint": refusal.hint }))
            .collect();
        output::print_json(&json!({ "refusals": refused, "examples": list }))?;
    } else {
        let mut table = output::table(&["skill", "example", "result", "fuel", "memory", "time"]);
        for example in examples {
            table.add_row([
                example.skill.clone(),
                output::first_line(example.request.as_deref().unwrap_or("without a request"), 60),
                if example.passed { "ok".into() } else { "FAILED".into() },
                output::count(example.usage.fuel),
                output::bytes(example.usage.memory_peak_bytes),
                output::duration(Duration::from_micros(example.usage.wall_us)),
            ]);
        }
        if !examples.is_empty() {
            output::print_table(&table)?;
        }
        for example in examples.iter().filter(|example| !example.passed) {
            eprintln!(
                "error: example {} of `{}`: {}",
                example.index + 1,
                example.skill,
                example.reason.as_deref().unwrap_or_default()
            );
        }
        status::refusals(refusals);
    }
    if !refusals.is_empty() || failed > 0 {
        return Err(Fault::said());
    }
    voice.note(&format!("{} bundles, {} examples: all ok", built.len(), examples.len()));
    Ok(())
}

/// Runs the crate's own tests, natively.
fn native_tests(source: &sources::CrateSource, offline: bool) -> Result<(), Fault> {
    let mut command = Command::new(cargo_program());
    command.arg("test").arg("--manifest-path").arg(&source.manifest).stdout(Stdio::from(std::io::stderr()));
    if offline {
        command.arg("--offline");
    }
    let status = command.status().doing(|| "run `cargo test`".into())?;
    if status.success() {
        return Ok(());
    }
    Err(Mistake::new(&source.manifest, None, "its own tests do not pass: cargo says why above").into())
}
