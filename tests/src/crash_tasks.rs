//! A daemon killed at random moments while requests are worked on; what becomes of each one it had accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::http::Client;
use crate::process::Running;
use crate::{Home, SkillGuest};

/// Between the first request and the kill, at most.
const LIFE_MS_MAX: u64 = 150;
/// One kill in so many comes while the daemon starts.
const EARLY_IN: u64 = 5;
/// Clients that ask at one time.
const CLIENTS: usize = 4;
/// How long a daemon has to settle what it should after it has started.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a skill may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It may be run again.
    Repeatable,
    /// It may not.
    Once,
    /// It has nothing with which it could change anything, or count its runs: what happens to it is kept with what follows.
    Quiet,
}

/// One of each.
const SKILLS: [(&str, Manner); 3] =
    [("recount", Manner::Repeatable), ("enlist", Manner::Once), ("reckon", Manner::Quiet)];

/// The skills of the steps of a plan, by their places above; the second step asks first, the third takes its turn after the
/// first, and each later one after the one before it.
const PLAN: [usize; 6] = [0, 1, 1, 0, 2, 1];
/// One request in so many is a plan.
const PLAN_IN: u64 = 3;

fn plan() -> Value {
    let skill = |place: usize| SKILLS[PLAN[place]].0;
    json!({"steps": [
        {"id": "a", "skill": skill(0)},
        {"id": "b", "skill": skill(1), "approve": true},
        {"id": "c", "skill": skill(2), "needs": ["a"], "approve": false},
        {"id": "d", "skill": skill(3), "needs": ["c"]},
        {"id": "e", "skill": skill(4), "needs": ["d"]},
        {"id": "f", "skill": skill(5), "needs": ["e"], "approve": false},
    ]})
}

/// What is asked for to have a skill run.
fn request(skill: &str) -> &'static str {
    match skill {
        "recount" => "recount the stock",
        "enlist" => "enlist a volunteer",
        _ => "reckon the distance",
    }
}

/// What many kills left behind.
#[derive(Debug, Default)]
pub struct Found {
    /// How often the daemon was killed.
    pub kills: usize,
    /// Requests that were accepted.
    pub accepted: usize,
    /// Requests that were asked about because a step of theirs may have run.
    pub interrupted: usize,
    /// Accepted requests that were gone, or did not come to exactly one end.
    pub lost: Vec<String>,
    /// Steps that ran twice and must not.
    pub twice: Vec<String>,
}

/// What clients were told, by the id of the task: the skills of its steps, by their places.
#[derive(Default)]
struct Told {
    accepted: BTreeMap<String, Vec<usize>>,
    /// Those that were seen at their end.
    ended: BTreeSet<String>,
}

/// Kills the daemon `n_kills` times. The same `seed` makes the same choices.
///
/// # Errors
/// If a daemon does not start again, or the harness itself fails.
pub async fn tasks(n_kills: usize, seed: u64) -> anyhow::Result<Found> {
    let home = Home::new();
    home.configure("max_concurrent_tasks = 4");
    for (name, manner) in SKILLS {
        home.install(
            &format!("{name}.wasm"),
            if manner == Manner::Quiet { quiet(name) } else { counter(name, manner) },
        );
    }
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let told = Arc::new(Mutex::new(Told::default()));
    let mut found = Found::default();
    set_up(&home).await?;
    while found.kills < n_kills {
        if random.next_u64().is_multiple_of(EARLY_IN) {
            let starting = Running::spawn(&home);
            tokio::time::sleep(Duration::from_millis(random.next_u64() % LIFE_MS_MAX)).await;
            drop(starting);
            found.kills += 1;
        }
        let running = Running::start(&home).await;
        // Now and then the daemon is killed again before it has settled what was left.
        if !random.next_u64().is_multiple_of(3) {
            settle(&home, &told, &mut found, &mut random).await?;
        }
        let work: Vec<_> =
            (0..CLIENTS).map(|_| tokio::spawn(ask(home.socket(), told.clone(), random.next_u64()))).collect();
        // Every other life counts from the first request that is accepted in it, however slow the machine is.
        let deadline = Instant::now() + PATIENCE;
        let before = lock(&told).accepted.len();
        while found.kills.is_multiple_of(2) && lock(&told).accepted.len() == before && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(random.next_u64() % LIFE_MS_MAX)).await;
        // SIGKILL; nothing of it runs after this.
        drop(running);
        found.kills += 1;
        for task in work {
            task.abort();
            let _ = task.await;
        }
    }
    let running = Running::start(&home).await;
    settle(&home, &told, &mut found, &mut random).await?;
    look(&home, &told, &mut found).await?;
    drop(running);
    found.accepted = lock(&told).accepted.len();
    Ok(found)
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A component that keeps the id of each request that it runs for as a key, and the id with an `X` before it when it runs
/// for one that is there already. For the input `{"g":KEY}` it says whether `"KEY"` is kept.
fn counter(name: &str, manner: Manner) -> Vec<u8> {
    let repeatable = manner == Manner::Repeatable;
    let manifest = json!({"name": name, "version": "1.0.0", "grants": {"kv_bytes": 64_000_000}}).to_string();
    let metadata = json!({
        "description": format!("Counts how often it was asked to {}.", request(name)),
        "annotations": {"readOnlyHint": false, "destructiveHint": false, "idempotentHint": repeatable, "openWorldHint": false},
        "examples": [{"request": {"en": request(name)}, "input": {}}],
    });
    SkillGuest {
        name,
        imports: r#"(import "happyos:host/kv@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32)))
                    (import "happyos:host/kv@0.1.0" "get" (func $get (param i32 i32 i32)))"#,
        fields: r#"(data (i32.const 256) "true") (data (i32.const 264) "false")"#,
        call: r#"(if (i32.gt_u (local.get $input_len) (i32.const 8))
                   (then
                     (call $get (i32.add (local.get $input) (i32.const 6))
                       (i32.sub (local.get $input_len) (i32.const 8)) (i32.const 512))
                     (if (i32.load8_u (i32.const 512)) (then unreachable))
                     (if (i32.load8_u offset=4 (i32.const 512))
                       (then (return (call $answer (i32.const 256) (i32.const 4)))))
                     (return (call $answer (i32.const 264) (i32.const 5)))))
                 (call $get (local.get $request) (local.get $request_len) (i32.const 512))
                 (if (i32.load8_u (i32.const 512)) (then unreachable))
                 (if (i32.load8_u offset=4 (i32.const 512))
                   (then (i32.store8 (local.get $request) (i32.const 0x58))))
                 (call $set (local.get $request) (local.get $request_len)
                   (local.get $request) (i32.const 1) (i32.const 512))
                 (if (i32.load8_u (i32.const 512)) (then unreachable))
                 (call $answer (i32.const 256) (i32.const 4))"#,
        metadata: &metadata.to_string(),
        manifest: &manifest,
        ..Default::default()
    }
    .component()
}

/// A component that gives back its input.
fn quiet(name: &str) -> Vec<u8> {
    let metadata = json!({
        "description": format!("Answers who asks to {}.", request(name)),
        "examples": [{"request": {"en": request(name)}, "input": {}}],
    });
    SkillGuest { name, metadata: &metadata.to_string(), ..Default::default() }.component()
}

async fn set_up(home: &Home) -> anyhow::Result<()> {
    let running = Running::start(home).await;
    let mut client = Client::unix(&home.socket()).await?;
    for (name, _) in SKILLS.into_iter().filter(|(_, manner)| *manner != Manner::Quiet) {
        for (act, body) in [("grant", json!({"kv_bytes": 64_000_000})), ("approve", json!({}))] {
            // A grant may approve the digest it was given for, so that nothing is left to approve.
            let answer = client.post(&format!("/v1/bundles/{name}/{act}"), &body).await?;
            ensure!(answer.status.is_success() || act == "approve", "{act} {name}: {}", answer.text());
        }
    }
    drop(running);
    Ok(())
}

/// Asks as fast as the daemon answers, half of the time without waiting for what comes of it.
async fn ask(socket: PathBuf, told: Arc<Mutex<Told>>, seed: u64) -> anyhow::Result<()> {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let mut client = Client::unix(&socket).await?;
    loop {
        let wait = random.next_u64().is_multiple_of(2);
        let (body, steps) = if random.next_u64().is_multiple_of(PLAN_IN) {
            (json!({"plan": plan(), "wait": wait}), PLAN.to_vec())
        } else {
            let skill = usize::try_from(random.next_u64() % 3)?;
            (json!({"text": request(SKILLS[skill].0), "wait": wait}), vec![skill])
        };
        let answer = client.post("/v1/requests", &body).await?;
        if answer.status.is_success() {
            let body = answer.json();
            let id = body["id"].as_str().context("a task without an id")?.to_owned();
            let of_several = steps.len() > 1;
            lock(&told).accepted.insert(id.clone(), steps);
            if of_several {
                // It may be waiting for this, or not yet, or just come to it.
                let act = ["approve", "reject"][usize::from(random.next_u64().is_multiple_of(4))];
                client.post(&format!("/v1/tasks/{id}/{act}"), &json!({"step": 2, "wait": wait})).await?;
            }
        }
    }
}

/// Waits until every accepted request has ended or asks, and answers those that ask.
async fn settle(home: &Home, told: &Mutex<Told>, found: &mut Found, random: &mut ChaCha12Rng) -> anyhow::Result<()> {
    let mut client = Client::unix(&home.socket()).await?;
    let open: Vec<String> = {
        let told = lock(told);
        told.accepted.keys().filter(|id| !told.ended.contains(*id)).cloned().collect()
    };
    let deadline = Instant::now() + PATIENCE;
    for id in open {
        let mut said = false;
        loop {
            let answer = client.get(&format!("/v1/tasks/{id}")).await?;
            if !answer.status.is_success() {
                found.lost.push(format!("after kill {}: {id}: {}", found.kills, answer.text()));
                break;
            }
            let task = answer.json();
            match task["state"].as_str().unwrap_or_default() {
                "completed" => break,
                // Given up, or not approved: that was said.
                "canceled" if said => break,
                "canceled" if task["steps"].as_array().is_some_and(|steps| steps.len() > 1) => break,
                "input-required" => {
                    let replies = if task["question"]["kind"] == "interrupted" {
                        found.interrupted += 1;
                        ["skip", "abandon"]
                    } else {
                        ["approve", "reject"]
                    };
                    let reply = replies[usize::from(random.next_u64().is_multiple_of(2))];
                    let answer = client.post(&format!("/v1/tasks/{id}/answer"), &json!({"text": reply})).await?;
                    ensure!(answer.status.is_success(), "{reply} {id}: {}", answer.text());
                    said = true;
                }
                "submitted" | "working" => {
                    ensure!(Instant::now() < deadline, "{id} does not settle: {task}");
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                other => {
                    found.lost.push(format!("after kill {}: {id} is {other}: {}", found.kills, task["answer"]["text"]));
                    break;
                }
            }
        }
        lock(told).ended.insert(id);
    }
    Ok(())
}

/// Looks at the events of every accepted request, and at what its skill has counted.
async fn look(home: &Home, told: &Mutex<Told>, found: &mut Found) -> anyhow::Result<()> {
    let mut client = Client::unix(&home.socket()).await?;
    let accepted = lock(told).accepted.clone();
    for (id, steps) in accepted {
        let answer = client.get(&format!("/v1/tasks/{id}/events")).await?;
        if !answer.status.is_success() {
            found.lost.push(format!("{id} is gone at the end: {}", answer.text()));
            continue;
        }
        let events = answer.json()["events"].as_array().context("no list of events")?.clone();
        let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
        if kinds.iter().filter(|kind| **kind == "ended").count() != 1 || kinds.last() != Some(&"ended") {
            found.lost.push(format!("{id} did not come to exactly one end: {kinds:?}"));
        }
        for (place, skill) in steps.iter().enumerate() {
            let own: Vec<&Value> = events.iter().filter(|event| event["data"]["step"] == place).collect();
            of_step(&mut client, &format!("{id}, step {}", place + 1), SKILLS[*skill], &own, found).await?;
        }
        // Each step came to an end of its own, or the task to one that says why not: what was given up, not approved, or
        // stands after such a step.
        let is_whole = events.last().is_some_and(|event| event["data"] == "completed");
        let untold = (0..steps.len()).filter(|place| {
            let own = |kind: &str| events.iter().any(|event| event["kind"] == kind && event["data"]["step"] == *place);
            own("step-started") && !own("step-finished") && !own("paused")
        });
        if is_whole && untold.count() > 0 {
            found.lost.push(format!("{id} is complete with a step that has no end: {kinds:?}"));
        }
    }
    Ok(())
}

/// Looks at the events of one step, and at what its skill has counted.
async fn of_step(
    client: &mut Client,
    which: &str,
    (skill, manner): (&str, Manner),
    events: &[&Value],
    found: &mut Found,
) -> anyhow::Result<()> {
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    let finished = kinds.iter().position(|kind| *kind == "step-finished");
    if finished.is_some_and(|at| kinds[at..].contains(&"step-started")) {
        found.twice.push(format!("{which} was run again after it was done: {kinds:?}"));
    }
    let started = events.iter().filter(|event| event["kind"] == "step-started");
    let keys: BTreeSet<&str> = started.filter_map(|event| event["data"]["key"].as_str()).collect();
    ensure!(keys.len() <= 1, "{which} has {} keys for one call", keys.len());
    let Some(key) = keys.first().filter(|_| manner != Manner::Quiet) else { return Ok(()) };
    let ran = counted(client, skill, key).await?;
    let again = counted(client, skill, &format!("X{}", key.get(1..).unwrap_or_default())).await?;
    if again && manner == Manner::Once {
        found.twice.push(format!("{which} ran twice: {kinds:?}"));
    }
    if finished.is_some() && !ran {
        found.lost.push(format!("{which} says that it was done, and was not"));
    }
    Ok(())
}

async fn counted(client: &mut Client, skill: &str, key: &str) -> anyhow::Result<bool> {
    let answer = client.post(&format!("/v1/skills/{skill}/call"), &json!({"input": {"g": key}})).await?;
    match answer.json().get("output") {
        Some(Value::Bool(kept)) => Ok(*kept),
        _ => bail!("reading what `{skill}` counted: {}", answer.text()),
    }
}
