//! A daemon killed at random moments while bundles come, go back and are approved, and one of them writes its state; what
//! it finds each time it starts again.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use happyos::base::Digest;
use happyos::security::Audit;
use hyper::Method;
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::http::Client;
use crate::process::Running;
use crate::{Home, SkillGuest};

/// Between the first operation and the kill, at most.
const LIFE_MS_MAX: u64 = 150;
/// One kill in so many comes while the daemon starts.
const EARLY_IN: u64 = 5;
/// How long a daemon has to serve what it should after it has started.
const PATIENCE: Duration = Duration::from_secs(10);
/// Acknowledged writes that are looked for after each start; all of them are at the end.
const LOOKED_FOR: usize = 40;

/// A script whose versions need nothing.
const PLAIN: &str = "plain";
/// A script whose versions need approval.
const CAREFUL: &str = "careful";
/// A component that keeps what it is told.
const KEEPER: &str = "keeper";

/// What many kills left behind.
#[derive(Debug, Default)]
pub struct Found {
    /// How often the daemon was killed.
    pub kills: usize,
    /// Operations that were acknowledged.
    pub operations: usize,
    /// Writes of state that were acknowledged.
    pub writes: usize,
    /// What was not as it must be after a start.
    pub invalid: Vec<String>,
    /// Acknowledged writes that were gone.
    pub lost: Vec<String>,
}

/// What is known of the daemon's state from outside.
#[derive(Default)]
struct Told {
    /// The version of each digest ever offered, by bundle.
    offered: HashMap<String, HashMap<String, u64>>,
    /// Digests that somebody asked to approve.
    approved: HashSet<String>,
    last_version: u64,
    last_number: u64,
    acknowledged: Vec<u64>,
    operations: usize,
}

/// Kills the daemon `n_kills` times. The same `seed` makes the same choices.
///
/// # Errors
/// If a daemon does not start again, or the harness itself fails.
pub async fn bundles(n_kills: usize, seed: u64) -> anyhow::Result<Found> {
    let home = Home::new();
    home.configure("skill_discovery_interval = 1");
    home.install("keeper.wasm", keeper(KEEPER));
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let told = Arc::new(Mutex::new(Told::default()));
    let mut found = Found::default();
    set_up(&home, &told).await?;
    while found.kills < n_kills {
        if random.next_u64() % EARLY_IN == 0 {
            let starting = Running::spawn(&home);
            tokio::time::sleep(Duration::from_millis(random.next_u64() % LIFE_MS_MAX)).await;
            drop(starting);
            found.kills += 1;
        }
        let running = Running::start(&home).await;
        look(&home, &told, &mut found).await?;
        let life = Duration::from_millis(random.next_u64() % LIFE_MS_MAX);
        let work = [
            tokio::spawn(write_files(home.config.skills_dir.clone(), told.clone(), random.next_u64())),
            tokio::spawn(operate(home.socket(), told.clone(), random.next_u64())),
            tokio::spawn(keep(home.socket(), told.clone())),
        ];
        tokio::time::sleep(life).await;
        // SIGKILL; nothing of it runs after this.
        drop(running);
        found.kills += 1;
        for task in work {
            task.abort();
            let _ = task.await;
        }
    }
    let running = Running::start(&home).await;
    look(&home, &told, &mut found).await?;
    let mut client = Client::unix(&home.socket()).await?;
    let acknowledged = lock(&told).acknowledged.clone();
    for number in &acknowledged {
        if !kept(&mut client, *number).await? {
            found.lost.push(format!("write {number} is gone at the end"));
        }
    }
    drop(running);
    found.writes = acknowledged.len();
    found.operations = lock(&told).operations;
    Ok(found)
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A component that keeps the text after `{"s"` as a key, and says for the text after `{"g"` whether it is kept.
pub fn keeper(name: &str) -> Vec<u8> {
    let manifest = json!({"name": name, "version": "1.0.0", "grants": {"kv_bytes": 16_000_000}}).to_string();
    SkillGuest {
        name,
        imports: r#"(import "happyos:host/kv@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32)))
                    (import "happyos:host/kv@0.1.0" "get" (func $get (param i32 i32 i32)))"#,
        fields: r#"(data (i32.const 256) "true") (data (i32.const 264) "false")"#,
        call: r#"(local.set $i (i32.add (local.get $input) (i32.const 3)))
                 (local.set $j (i32.sub (local.get $input_len) (i32.const 3)))
                 (if (i32.eq (i32.load8_u offset=2 (local.get $input)) (i32.const 0x73))
                   (then (call $set (local.get $i) (local.get $j) (local.get $i) (local.get $j) (i32.const 512))
                     (if (i32.load8_u (i32.const 512)) (then unreachable))
                     (return (call $answer (i32.const 256) (i32.const 4)))))
                 (call $get (local.get $i) (local.get $j) (i32.const 512))
                 (if (i32.load8_u (i32.const 512)) (then unreachable))
                 (if (i32.load8_u offset=4 (i32.const 512)) (then (return (call $answer (i32.const 256) (i32.const 4)))))
                 (call $answer (i32.const 264) (i32.const 5))"#,
        manifest: &manifest,
        ..Default::default()
    }
    .component()
}

fn script(bundle: &str, version: u64) -> String {
    let grants = if bundle == CAREFUL { "[grants]\nkv_bytes = 1024\n" } else { "" };
    format!(
        "/* happyos\nname = \"{bundle}\"\nversion = \"1.0.{version}\"\n{grants}*/\nskill({{\n  name: \"{bundle}\",\n  \
         description: \"Says its version.\",\n  inputSchema: {{ type: \"object\" }},\n  run() {{ return {{ version: {version} }}; }},\n}});\n"
    )
}

/// The next version of a bundle.
fn offer(told: &Mutex<Told>, bundle: &str) -> String {
    let mut told = lock(told);
    told.last_version += 1;
    let version = told.last_version;
    let text = script(bundle, version);
    told.offered.entry(bundle.to_owned()).or_default().insert(Digest::of(text.as_bytes()).to_string(), version);
    text
}

async fn set_up(home: &Home, told: &Arc<Mutex<Told>>) -> anyhow::Result<()> {
    for bundle in [PLAIN, CAREFUL] {
        home.install(&format!("{bundle}.js"), offer(told, bundle));
    }
    let running = Running::start(home).await;
    let mut client = Client::unix(&home.socket()).await?;
    for bundle in [CAREFUL, KEEPER] {
        let bytes = if bundle == KEEPER { 16_000_000 } else { 1024 };
        for (act, body) in [("grant", json!({ "kv_bytes": bytes })), ("approve", json!({}))] {
            // A grant may approve the digest it was given for, so that nothing is left to approve.
            let answer = client.post(&format!("/v1/bundles/{bundle}/{act}"), &body).await?;
            ensure!(answer.status.is_success() || act == "approve", "{act} {bundle}: {}", answer.text());
        }
    }
    let careful = lock(told).offered[CAREFUL].keys().cloned().collect::<Vec<_>>();
    lock(told).approved.extend(careful);
    drop(running);
    Ok(())
}

/// Looks at a daemon that has just started.
async fn look(home: &Home, told: &Mutex<Told>, found: &mut Found) -> anyhow::Result<()> {
    let at = |what: String| format!("after kill {}: {what}", found.kills);
    let mut client = Client::unix(&home.socket()).await?;
    let mut wrong = Vec::new();
    for bundle in [PLAIN, CAREFUL, KEEPER] {
        if let Err(error) = valid(&mut client, told, bundle).await {
            wrong.push(at(format!("{error:#}")));
        }
    }
    if let Err(why) = Audit::verify(&home.config.data_dir) {
        wrong.push(at(format!("the audit log: {why}")));
    }
    let recent: Vec<u64> = lock(told).acknowledged.iter().rev().take(LOOKED_FOR).copied().collect();
    let mut lost = Vec::new();
    for number in recent {
        if !kept(&mut client, number).await? {
            lost.push(at(format!("write {number} is gone")));
        }
    }
    found.invalid.extend(wrong);
    found.lost.extend(lost);
    Ok(())
}

/// Exactly one version is active, it is one that was offered (and approved, where it must be), and it answers.
async fn valid(client: &mut Client, told: &Mutex<Told>, bundle: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let listed = client.get("/v1/bundles").await?.json();
        let bundles = listed["bundles"].as_array().context("no list of bundles")?;
        let serving: Vec<&str> = bundles
            .iter()
            .filter(|file| file["name"] == bundle)
            .filter_map(|file| file["serving_digest"].as_str())
            .collect();
        let [digest] = serving.as_slice() else {
            anyhow::bail!("{} versions of `{bundle}` are active: {listed}", serving.len())
        };
        if bundle == KEEPER {
            return Ok(());
        }
        let version = lock(told).offered.get(bundle).and_then(|digests| digests.get(*digest)).copied();
        let version = version.with_context(|| format!("`{bundle}` serves {digest}, which nobody offered"))?;
        ensure!(
            bundle == PLAIN || lock(told).approved.contains(*digest),
            "`{bundle}` serves {digest}, which nobody approved"
        );
        let answer = client.post(&format!("/v1/skills/{bundle}/call"), &json!({})).await?;
        ensure!(answer.status.is_success(), "a call of `{bundle}`: {}", answer.text());
        let answered = answer.json().pointer("/output/version").and_then(Value::as_u64);
        if answered == Some(version) {
            return Ok(());
        }
        // A file that was written before the kill may come live between the two questions.
        ensure!(Instant::now() < deadline, "`{bundle}` says that version {version} serves, and {answered:?} answers");
    }
}

async fn kept(client: &mut Client, number: u64) -> anyhow::Result<bool> {
    let answer =
        client.send(Method::POST, "/v1/skills/keeper/call", format!("{{\"input\":{{\"g\":{number}}}}}")).await?;
    ensure!(answer.status.is_success(), "reading a kept value: {}", answer.text());
    Ok(answer.json()["output"] == json!(true))
}

/// Writes versions into the folder: in place, by renaming, and torn, as a person's programs do.
async fn write_files(folder: PathBuf, told: Arc<Mutex<Told>>, seed: u64) -> anyhow::Result<()> {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    loop {
        let bundle = if random.next_u64().is_multiple_of(2) { PLAIN } else { CAREFUL };
        let (text, path) = (offer(&told, bundle), folder.join(format!("{bundle}.js")));
        if random.next_u64().is_multiple_of(2) {
            tokio::fs::write(&path, text).await?;
        } else {
            let beside = folder.join(format!(".{bundle}.new"));
            tokio::fs::write(&beside, text).await?;
            tokio::fs::rename(&beside, &path).await?;
        }
        tokio::time::sleep(Duration::from_millis(random.next_u64() % 60)).await;
    }
}

/// Installs, approves, grants and rolls back, as fast as the daemon answers.
async fn operate(socket: PathBuf, told: Arc<Mutex<Told>>, seed: u64) -> anyhow::Result<()> {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let mut client = Client::unix(&socket).await?;
    loop {
        let answer = match random.next_u64() % 6 {
            0 | 1 => {
                let bundle = if random.next_u64().is_multiple_of(2) { PLAIN } else { CAREFUL };
                let data = base64::engine::general_purpose::STANDARD.encode(offer(&told, bundle));
                client.post("/v1/bundles", &json!({"file": format!("{bundle}.js"), "data": data})).await?
            }
            2 | 3 => {
                let listed = client.get("/v1/bundles").await?.json();
                let pending = listed["bundles"].as_array().into_iter().flatten();
                let pending = pending.filter(|file| file["name"] == CAREFUL).find_map(|file| file["digest"].as_str());
                let Some(digest) = pending else { continue };
                lock(&told).approved.insert(digest.to_owned());
                client.post("/v1/bundles/careful/approve", &json!({ "digest": digest })).await?
            }
            4 => {
                client
                    .post("/v1/bundles/keeper/grant", &json!({"kv_bytes": 16_000_000 + random.next_u64() % 1000}))
                    .await?
            }
            _ => {
                let bundle = if random.next_u64().is_multiple_of(2) { PLAIN } else { CAREFUL };
                client.post(&format!("/v1/bundles/{bundle}/rollback"), &json!({})).await?
            }
        };
        if answer.status.is_success() {
            lock(&told).operations += 1;
        }
    }
}

/// Writes state, one number after another; each acknowledged one is written down.
async fn keep(socket: PathBuf, told: Arc<Mutex<Told>>) -> anyhow::Result<()> {
    let mut client = Client::unix(&socket).await?;
    loop {
        let number = {
            let mut told = lock(&told);
            told.last_number += 1;
            told.last_number
        };
        let body = format!("{{\"input\":{{\"s\":{number}}}}}");
        let answer = client.send(Method::POST, "/v1/skills/keeper/call", body).await?;
        if answer.status.is_success() {
            lock(&told).acknowledged.push(number);
        }
    }
}
