//! A daemon killed at any moment of a build: what it serves after it starts again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos::base::Digest;
use happyos_tests::Home;
use happyos_tests::http::Client;
use happyos_tests::process::Running;
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::report::Report;

/// Between the beginning of a build and the kill, at most.
const LIFE_MS_MAX: u64 = 400;
/// How long a daemon has to serve what it should after it has started.
const PATIENCE: Duration = Duration::from_secs(10);

/// A skill for the gap of that number, of some version.
fn script(number: u64, version: u64) -> String {
    format!(
        "/* happyos\nname = \"gap-{number}\"\nversion = \"0.1.0\"\n*/\n// {version}\nskill({{ name: \"gap-{number}\", description: \
         \"Zorps the frobnicator number {number}.\", inputSchema: {{ type: \"object\", properties: {{}}, additionalProperties: \
         false }}, examples: [{{ request: {{ en: \"zorp frobnicator number {number}\" }}, input: {{}}, output: {number} }}], \
         run() {{ return {number}; }} }});\n"
    )
}

/// Kills a daemon `n_kills` times while it builds. Says whether any build came live before its kill.
pub async fn run(report: &mut Report, n_kills: u64) -> anyhow::Result<bool> {
    let home = Home::new();
    home.configure("self_building_enabled = true");
    home.policy("[building]\nbuilders = [\"local\"]\nrounds_per_day = 100000\nrounds_max = 100");
    let mut random = ChaCha12Rng::seed_from_u64(u64::from(std::process::id()));
    let (mut lost, mut n_live, mut n_acknowledged) = (Vec::new(), 0_u64, 0_u64);
    let mut running = Running::start(&home).await;
    for kill in 0..n_kills {
        // The same gap for some kills, so that a build also goes on, or finds its skill there.
        let number = kill / 2;
        let text = script(number, kill);
        let digest = Digest::of(text.as_bytes()).to_string();
        let mut client = Client::unix(&home.socket()).await?;
        client.post("/v1/requests", &json!({ "text": format!("zorp frobnicator number {number}") })).await?;
        let gaps = client.get("/v1/gaps").await?.json();
        let gaps = gaps["gaps"].as_array().context("gaps")?;
        let suffix = format!(" {number}");
        let gap = gaps.iter().find(|gap| gap["text"].as_str().is_some_and(|text| text.ends_with(&suffix)));
        let gap = gap.and_then(|gap| gap["id"].as_str()).map(str::to_owned);
        let started = gap.map(|gap| {
            let body = json!({ "gap": gap, "file": format!("gap-{number}.js"), "source": text });
            tokio::spawn(async move { client.post("/v1/builds", &body).await })
        });
        tokio::time::sleep(Duration::from_millis(random.next_u64() % LIFE_MS_MAX)).await;
        // SIGKILL; nothing of it runs after this.
        drop(running);
        let acknowledged = match started {
            Some(started) => started.await?.is_ok_and(|answer| answer.json()["state"] == "live"),
            None => false,
        };
        n_acknowledged += u64::from(acknowledged);
        running = Running::start(&home).await;
        match look(&home, number, &digest, acknowledged).await {
            Ok(is_live) => n_live += u64::from(is_live),
            Err(error) => lost.push(format!("after kill {kill}: {error:#}")),
        }
    }
    drop(running);
    for wrong in &lost {
        println!("WRONG: {wrong}");
    }
    report.add("kills", n_kills as f64, "kills", format!("{n_acknowledged} after the build was acknowledged"));
    report.add("lost", lost.len() as f64, "starts", format!("not one valid version active; {n_live} were live"));
    // Otherwise nothing was tried: said after the figures that there are.
    Ok(n_live > 0)
}

/// At most one version is active, it is whole, a build knows of it, and what passed is there.
async fn look(home: &Home, number: u64, digest: &str, acknowledged: bool) -> anyhow::Result<bool> {
    let name = format!("gap-{number}");
    let mut client = Client::unix(&home.socket()).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let bundles = client.get("/v1/bundles").await?.json();
        let of_name = |file: &&Value| file["name"] == name.as_str();
        let files: Vec<&Value> = bundles["bundles"].as_array().context("bundles")?.iter().filter(of_name).collect();
        ensure!(files.len() <= 1, "{} files of `{name}`: {bundles}", files.len());
        let serving = files.first().and_then(|file| file["serving_digest"].as_str());
        let builds = client.get("/v1/builds").await?.json();
        let mut builds = builds["builds"].as_array().cloned().unwrap_or_default();
        builds.retain(|build| build["bundle"] == name.as_str());
        let states: Vec<&str> = builds.iter().filter_map(|build| build["state"].as_str()).collect();
        let settled = match serving {
            Some(serving) => {
                let answer = client.post(&format!("/v1/skills/{name}/call"), &json!({ "input": {} })).await?;
                ensure!(answer.json()["output"] == number, "`{name}` answers {}", answer.text());
                builds.iter().any(|build| build["digest"] == serving && build["state"] == "live")
            }
            None => files.is_empty() && builds.is_empty(),
        };
        if settled {
            ensure!(!acknowledged || serving.is_some_and(|serving| serving == digest), "an acknowledged build is gone");
            return Ok(serving.is_some());
        }
        ensure!(Instant::now() < deadline, "`{name}` serves {serving:?}, and its builds are {states:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
