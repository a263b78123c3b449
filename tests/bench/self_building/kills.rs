//! A daemon killed at any moment of a build: what it serves after it starts again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos::base::Digest;
use happyos_tests::Home;
use happyos_tests::http::{Client, Response};
use happyos_tests::process::Running;
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::report::Report;

/// How long a daemon has to serve what it should after it has started.
const PATIENCE: Duration = Duration::from_secs(10);
/// Builds that are left alone, to see how long one takes.
const N_CALIBRATION: usize = 3;

/// A word for a number: no language knows it, and none of the others is a slip away from it.
fn word(number: u64) -> String {
    const SYLLABLES: &[u8; 32] = b"bakedifogulymanepivoruscatexhijo";
    let digits = Digest::of(number.to_string().as_bytes()).to_string();
    let syllable = |digit: char| {
        let at = 2 * digit.to_digit(16).unwrap_or_default() as usize;
        SYLLABLES[at..at + 2].iter().map(|byte| char::from(*byte))
    };
    digits.chars().take(6).flat_map(syllable).collect()
}

/// A skill for the gap of that word, of some version.
fn script(word: &str, version: u64) -> String {
    format!(
        "/* happyos\nname = \"{word}\"\nversion = \"0.1.0\"\n*/\n// {version}\nskill({{ name: \"{word}\", description: \"Does the \
         {word}.\", inputSchema: {{ type: \"object\", properties: {{}}, additionalProperties: false }}, examples: [{{ request: \
         {{ en: \"{word} please\" }}, input: {{}}, output: \"{word}\" }}], run() {{ return \"{word}\"; }} }});\n"
    )
}

/// What a daemon was asked to build, and its answer, which comes if nothing ends the daemon first.
struct Started {
    digest: String,
    answer: JoinHandle<anyhow::Result<Response>>,
}

/// Asks for what nobody does yet, and has a skill built for that; `None` where some skill answers or asks back.
async fn start(home: &Home, word: &str, version: u64) -> anyhow::Result<Option<Started>> {
    let text = script(word, version);
    let digest = Digest::of(text.as_bytes()).to_string();
    let mut client = Client::unix(&home.socket()).await?;
    client.post("/v1/requests", &json!({ "text": format!("{word} please") })).await?;
    let gaps = client.get("/v1/gaps").await?.json();
    let gaps = gaps["gaps"].as_array().context("gaps")?;
    let gap = gaps.iter().find(|gap| gap["text"].as_str().is_some_and(|text| text.starts_with(word)));
    let Some(gap) = gap.and_then(|gap| gap["id"].as_str()) else { return Ok(None) };
    let body = json!({ "gap": gap, "file": format!("{word}.js"), "source": text });
    let answer = tokio::spawn(async move { client.post("/v1/builds", &body).await });
    Ok(Some(Started { digest, answer }))
}

/// Waits until something has come into the skills directory, at most for so long.
async fn changed(home: &Home, most: Duration) -> anyhow::Result<()> {
    let n_entries = || std::fs::read_dir(&home.config.skills_dir).map(Iterator::count);
    let (before, deadline) = (n_entries()?, Instant::now() + most);
    while n_entries()? == before && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn between(random: &mut ChaCha12Rng, from: f64, to: f64) -> f64 {
    from + (to - from) * (random.next_u64() % 10_000) as f64 / 10_000.0
}

/// Kills a daemon `n_kills` times while it builds. Says whether builds came live before and after their kill.
pub async fn run(report: &mut Report, n_kills: u64) -> anyhow::Result<bool> {
    let home = Home::new();
    home.configure("self_building_enabled = true");
    home.policy(
        "[building]\nbuilders = [\"local\"]\nbuilds_per_day = 100000\nrounds_per_day = 100000\nrounds_max = 100",
    );
    let mut random = ChaCha12Rng::seed_from_u64(u64::from(std::process::id()));
    let mut lost = Vec::new();
    let mut running = Running::start(&home).await;
    let mut number = 0;
    let mut usual = Duration::MAX;
    let mut live: Vec<String> = Vec::new();
    while live.len() < N_CALIBRATION {
        let name = word(number);
        number += 1;
        let Some(started) = start(&home, &name, 0).await? else { continue };
        let began = Instant::now();
        let answer = started.answer.await??;
        ensure!(answer.json()["state"] == "live", "a build that nobody disturbs ends with {}", answer.text());
        usual = usual.min(began.elapsed());
        live.push(name);
    }
    // Where each kill fell: before the round was kept, before the file was there, before the answer, after it.
    let mut fell = [0_u64; 4];
    let mut kill = 0;
    while kill < n_kills {
        let name = word(number);
        let Some(started) = start(&home, &name, kill).await? else {
            number += 1;
            continue;
        };
        match kill % 4 {
            // As soon as anything is written into the skills directory: the round is kept, the file is not yet there.
            0 => changed(&home, PATIENCE).await?,
            // Anywhere.
            1 => tokio::time::sleep(usual.mul_f64(between(&mut random, 0.0, 1.3))).await,
            // About when the answer comes, which the builds before have shown.
            _ => tokio::time::sleep(usual.mul_f64(between(&mut random, 0.9, 1.05))).await,
        }
        // SIGKILL; nothing of it runs after this.
        drop(running);
        let acknowledged = started.answer.await?.is_ok_and(|answer| answer.json()["state"] == "live");
        if kill % 4 > 1 {
            usual = usual.mul_f64(if acknowledged { 0.95 } else { 1.05 });
        }
        let has_file = home.config.skills_dir.join(format!("{name}.js")).exists();
        running = Running::start(&home).await;
        match look(&home, &name, &started.digest, acknowledged).await {
            Ok(is_live) => {
                let place = if acknowledged {
                    3
                } else if has_file {
                    2
                } else {
                    usize::from(is_live)
                };
                fell[place] += 1;
                // What is not live yet is tried again, by another version.
                if is_live {
                    live.push(name);
                    number += 1;
                }
            }
            Err(error) => {
                lost.push(format!("after kill {kill}: {error:#}"));
                number += 1;
            }
        }
        kill += 1;
    }
    // All of them are still there at the end, not only each after its own kill.
    for name in &live {
        match look(&home, name, "", false).await {
            Ok(true) => {}
            Ok(false) => lost.push(format!("at the end `{name}` is gone")),
            Err(error) => lost.push(format!("at the end: {error:#}")),
        }
    }
    drop(running);
    for wrong in &lost {
        println!("WRONG: {wrong}");
    }
    let [judged, kept, placed, answered] = fell;
    let note = format!(
        "{judged} while it was judged, {kept} between the kept round and the file, {placed} between the file and the \
         answer, {answered} after the answer"
    );
    report.add("kills", n_kills as f64, "kills", note);
    report.add(
        "lost",
        lost.len() as f64,
        "starts",
        format!("not exactly one valid version active, of {} skills", live.len()),
    );
    // Otherwise nothing was tried: said after the figures that there are.
    Ok(n_kills < 20 || (judged > 0 && answered > 0 && kept + placed > 0))
}

/// At most one version is active, it is whole, a build knows of it, and what passed is there.
async fn look(home: &Home, name: &str, digest: &str, acknowledged: bool) -> anyhow::Result<bool> {
    let mut client = Client::unix(&home.socket()).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let bundles = client.get("/v1/bundles").await?.json();
        let of_name = |file: &&Value| file["name"] == name;
        let files: Vec<&Value> = bundles["bundles"].as_array().context("bundles")?.iter().filter(of_name).collect();
        ensure!(files.len() <= 1, "{} files of `{name}`: {bundles}", files.len());
        let serving = files.first().and_then(|file| file["serving_digest"].as_str());
        let builds = client.get("/v1/builds").await?.json();
        let mut builds = builds["builds"].as_array().cloned().unwrap_or_default();
        builds.retain(|build| build["bundle"] == name);
        let states: Vec<&str> = builds.iter().filter_map(|build| build["state"].as_str()).collect();
        let settled = match serving {
            Some(serving) => {
                let answer = client.post(&format!("/v1/skills/{name}/call"), &json!({ "input": {} })).await?;
                ensure!(answer.json()["output"] == name, "`{name}` answers {}", answer.text());
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
