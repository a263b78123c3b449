//! `happyos build` and `skill provenance`: skills for what no skill does, and where one comes from.

use std::fs;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::{Doing as _, Fault};
use super::skill::{Stage, stage_lines};
use super::tasks::checked;
use super::{Context, args, output};
use crate::skills::metadata::check_name;

#[derive(Serialize, Deserialize)]
struct Build {
    id: String,
    gap: String,
    who: String,
    writer: String,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    began_ms: u64,
    changed_ms: u64,
    n_rounds: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rounds: Vec<Round>,
}

#[derive(Serialize, Deserialize)]
struct Round {
    number: u32,
    at_ms: u64,
    source: String,
    passed: bool,
    stages: Vec<Stage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<String>,
    #[serde(default)]
    model_calls: u32,
    #[serde(default)]
    cost: u64,
}

#[derive(Serialize, Deserialize)]
struct Provenance {
    bundle: String,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build: Option<Build>,
}

pub fn run(context: &Context, asked: &args::Building) -> Result<(), Fault> {
    match asked {
        args::Building::Start(asked) => start(context, asked),
        args::Building::List => list(context),
        args::Building::Show { id } => {
            let path = format!("/v1/builds/{}", checked(id)?);
            let build: Build =
                context.with_any(async |client| client.get(&path, &format!("show the build `{id}`")).await)?;
            if context.voice.json {
                return output::print_json(&json!(build));
            }
            output::print(&page(&build))
        }
        args::Building::Cancel { id } => {
            let path = format!("/v1/builds/{}/cancel", checked(id)?);
            let doing = format!("cancel the build `{id}`");
            let build: Build = context.with_any(async |client| client.post(&path, &json!({}), &doing).await)?;
            if context.voice.json {
                output::print_json(&json!(build))
            } else {
                output::print(&format!("cancelled {id}\n"))
            }
        }
    }
}

fn start(context: &Context, asked: &args::StartBuild) -> Result<(), Fault> {
    let args::StartBuild { gap, from, agent, need } = asked;
    let doing = format!("build a skill for the gap `{gap}`");
    let mut body = json!({ "gap": checked(gap)? });
    if let Some(from) = from {
        let source = fs::read_to_string(from).doing(|| format!("read `{}`", from.display()))?;
        body["file"] = from.file_name().unwrap_or_default().to_string_lossy().into();
        body["source"] = source.into();
    }
    if let Some(agent) = agent {
        body["agent"] = agent.as_str().into();
    }
    if let Some(path) = need {
        let text = fs::read_to_string(path).doing(|| format!("read `{}`", path.display()))?;
        let need: Value = serde_json::from_str(&text).doing(|| format!("read `{}`", path.display()))?;
        body["need"] = need;
    }
    let build: Build = context.with_any(async |client| client.post("/v1/builds", &body, &doing).await)?;
    if context.voice.json {
        output::print_json(&json!(build))?;
    } else {
        let last = build.rounds.last();
        // A file is one round; the others came here one after another.
        let before = build.rounds.iter().filter(|round| build.writer != "file" && round.number != build.n_rounds);
        for round in before {
            let told = round.told.as_deref().unwrap_or_default();
            output::print(&format!("build {} round {}: rejected: {told}\n", build.id, round.number))?;
        }
        let told = last.and_then(|round| round.told.as_deref());
        let bundle = build.bundle.as_deref().unwrap_or_default();
        let what = match (build.state.as_str(), told) {
            ("live", _) => format!("`{bundle}` passed and is served"),
            ("waiting", _) => format!("`{bundle}` passed and waits: `happyos skill approve {bundle}`"),
            (state, Some(told)) => format!("rejected: {told} (the build is {state})"),
            (state, None) => format!("the build is {state}"),
        };
        output::print(&format!("build {} round {}: {what}\n", build.id, build.n_rounds))?;
    }
    let done = matches!(build.state.as_str(), "live" | "waiting" | "passed");
    if done { Ok(()) } else { Err(Fault::said()) }
}

fn list(context: &Context) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct List {
        builds: Vec<Build>,
    }
    let List { builds } = context.with_any(async |client| client.get("/v1/builds", "list the builds").await)?;
    if context.voice.json {
        return output::print_json(&json!({ "builds": builds }));
    }
    let mut table = output::table(&["id", "gap", "state", "rounds", "changed", "by", "bundle"]);
    for build in &builds {
        table.add_row([
            &build.id,
            &build.gap,
            &build.state,
            &build.n_rounds.to_string(),
            &output::moment(build.changed_ms),
            &build.writer,
            build.bundle.as_deref().unwrap_or_default(),
        ]);
    }
    output::print_table(&table)
}

fn page(build: &Build) -> String {
    let mut page = format!(
        "build    {}\ngap      {}\nstate    {}\nby       {} for `{}`\nbegan    {}\n",
        build.id,
        build.gap,
        build.state,
        build.writer,
        build.who,
        output::moment(build.began_ms)
    );
    if let (Some(bundle), Some(digest)) = (&build.bundle, &build.digest) {
        page.push_str(&format!("bundle   {bundle} {digest}\n"));
    }
    for round in &build.rounds {
        let how = if round.passed { "passed" } else { "rejected" };
        page.push_str(&format!("\nround {}: {how}, {}\n", round.number, output::moment(round.at_ms)));
        page.push_str(&stage_lines(&round.stages));
    }
    page
}

pub fn provenance(context: &Context, name: &str) -> Result<(), Fault> {
    check_name(name).map_err(|why| Fault::usage(format!("Failed to read `{name}`: {why}")))?;
    let path = format!("/v1/bundles/{name}/provenance");
    let doing = format!("say where `{name}` comes from");
    let found: Provenance = context.with_any(async |client| client.get(&path, &doing).await)?;
    if context.voice.json {
        return output::print_json(&json!(found));
    }
    let mut text =
        format!("{}: {}, digest {}\n", found.bundle, found.state, found.digest.as_deref().unwrap_or("unknown"));
    match (&found.build, &found.publisher) {
        (Some(build), _) => text.push_str(&page(build)),
        (None, Some(publisher)) => text.push_str(&format!("signed by {publisher}\n")),
        (None, None) => text.push_str("no build made it: somebody put its file into the skills folder\n"),
    }
    output::print(&text)
}
