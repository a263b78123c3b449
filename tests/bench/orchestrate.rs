//! What a request in plain words costs beyond the bare call of its skill: in memory, and durable beside the bare commits
//! that it needs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos::orchestrator::event::{Call as Calling, Plan, Reference, Request, Source, Step};
use happyos::orchestrator::{Backing, Orchestrator, Retention, Settings};
use happyos::security::{Principal, Role};
use happyos::skills::{Call, Skills};
use happyos::store::tasks::{TaskState, Tasks as _};
use happyos::store::{Ledger, MemoryLedger, Store};
use happyos_tests::home::operator;
use happyos_tests::{Home, SkillGuest};
use rusqlite::Connection;
use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::report::Report;
use crate::samples::{Samples, median};

const ROUNDS: usize = 5;
const BATCHES: usize = 20;
const PER_BATCH: usize = 20;
/// Steps of a chain, and branches of a fan.
const CHAIN: usize = 10;
const BRANCHES: usize = 100;
const CLIENTS: usize = 64;
const PER_CLIENT: usize = 100;

/// The ten skills: their names, what they do, and a request that each answers.
const SKILLS: [(&str, &str, &str); 10] = [
    ("ping", "Says whether the service is there.", "ping the service"),
    ("restart-printer", "Restarts the office printer.", "restart the printer"),
    ("water-plants", "Waters the plants in the hall.", "water the plants"),
    ("open-garage", "Opens the garage door.", "open the garage door"),
    ("brew-coffee", "Starts the coffee machine.", "make coffee"),
    ("lock-doors", "Locks all doors of the house.", "lock the doors"),
    ("dim-lights", "Dims the lights in the living room.", "dim the lights"),
    ("feed-fish", "Feeds the fish in the aquarium.", "feed the fish"),
    ("play-news", "Plays the latest news.", "play the news"),
    ("mow-lawn", "Sends the robot to mow the lawn.", "mow the lawn"),
];

/// What is asked for, and the skill that answers.
const TEXT: &str = "ping the service";
const SKILL: &str = "ping";
/// The same of the one skill that says of itself that it changes something.
const CHANGING_TEXT: &str = "open the garage door";
const CHANGING: &str = "open-garage";

/// Runs it.
///
/// # Errors
/// If a request is not answered by its skill.
pub fn run() -> anyhow::Result<()> {
    let mut report = Report::new(
        "orchestrate",
        "one process, ten skills that do nothing, analysis by words; a request is asked for and waited for, and the bare \
         call of the same skill is taken off. Alternating batches, medians of five rounds. Durable: beside two bare commits \
         of the same bytes with the same settings (accepted, analysed and begun; done), as each request takes whose skill \
         may change something. Of a skill that cannot, both are kept at one stroke: beside that one, too",
    );
    let home = Home::new();
    let rows: Vec<_> = (0..BRANCHES).map(|n| json!({ "n": n })).collect();
    let rows = json!({ "rows": rows }).to_string();
    let metadata =
        json!({"description": "Gives a list.", "examples": [{"request": {"en": "give a list"}, "input": {}}]});
    home.install_guest(&SkillGuest {
        name: "give-list",
        metadata: &metadata.to_string(),
        memory: "3",
        fields: &format!("(data (i32.const 131072) {rows:?})"),
        call: &format!("(call $answer (i32.const 131072) (i32.const {}))", rows.len()),
        ..Default::default()
    });
    for (name, description, request) in SKILLS {
        let mut metadata = json!({
            "description": description,
            "examples": [{"request": {"en": request}, "input": {}}],
        });
        if name == CHANGING {
            metadata["annotations"] = json!({"readOnlyHint": false, "idempotentHint": false});
        }
        let metadata = metadata.to_string();
        home.install_guest(&SkillGuest { name, metadata: &metadata, ..Default::default() });
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).event_interval(1).enable_all().build()?;
    let skills = runtime.block_on(home.open());
    let dir = home.path().join("bench");
    std::fs::create_dir_all(&dir)?;
    let store = Store::open(&dir)?;
    let memory = orchestrator(&skills, Arc::new(MemoryLedger::default()));
    let durable = orchestrator(&skills, Arc::new(store.clone()));
    runtime.block_on(async {
        tokio::spawn(async move {
            in_memory(&mut report, &skills, &memory).await?;
            let commit_us = one_client(&mut report, &skills, &durable, &store, &dir).await?;
            many_clients(&mut report, &skills, &durable, commit_us).await?;
            chain(&mut report, &skills, &memory, &durable, &store, &dir).await?;
            fan(&mut report, &skills, &memory).await?;
            report.finish()
        })
        .await?
    })
}

fn orchestrator(skills: &Skills, ledger: Arc<dyn Ledger>) -> Orchestrator {
    let backing = Backing {
        skills: skills.clone(),
        agents: Arc::new(happyos::orchestrator::NoAgents),
        ledger,
        principal: Principal::authenticated("daemon", Role::User),
        act_as: |owner| Principal::authenticated(owner, Role::User),
        tasks: TaskTracker::new(),
    };
    let year_ms = 365 * 86_400_000;
    let retention = Retention {
        tasks_max: 1_000_000,
        tasks_bytes_max: 1 << 30,
        tasks_age_ms: year_ms,
        question_age_ms: year_ms,
        gaps_max: 1_000,
        gaps_age_ms: year_ms,
        performance_age_ms: year_ms,
    };
    let settings = Settings {
        running_max: 2 * CLIENTS,
        parallel_max: 8,
        ask_first: Vec::new(),
        fallback: true,
        memory: true,
        performance: true,
        planner: true,
        retention,
    };
    Orchestrator::new(backing, settings)
}

async fn ask(orchestrator: &Orchestrator, principal: &Principal, text: &str) -> anyhow::Result<()> {
    let request = Request { text: text.into(), ..Request::default() };
    let accepted = orchestrator.ask(principal, request).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    let task = accepted.settled().await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    ensure!(task.state() == TaskState::Completed, "`{text}` is {}: {task:?}", task.state().as_str());
    Ok(())
}

async fn call(skills: &Skills, principal: &Principal) -> anyhow::Result<()> {
    let outcome = skills.call(principal, Call { skill: SKILL, input: "{}".into(), ..Call::default() }).await;
    outcome.result.map(drop).map_err(|failure| anyhow::anyhow!("{failure}"))
}

async fn in_memory(report: &mut Report, skills: &Skills, orchestrator: &Orchestrator) -> anyhow::Result<()> {
    let principal = operator();
    let (mut asks, mut calls) = (Vec::new(), Vec::new());
    // The first round warms up and is thrown away.
    for round in 0..=ROUNDS {
        let mut samples: [Samples; 2] = Default::default();
        for batch in 0..BATCHES {
            for turn in 0..2 {
                let kind = (turn + batch) % 2;
                for _ in 0..PER_BATCH {
                    let began = Instant::now();
                    match kind {
                        0 => ask(orchestrator, &principal, TEXT).await?,
                        _ => call(skills, &principal).await?,
                    }
                    samples[kind].since(began);
                }
            }
        }
        if round > 0 {
            asks.push(samples[0].percentile_us(0.5));
            calls.push(samples[1].percentile_us(0.5));
        }
    }
    let beyond = median(asks.iter().zip(&calls).map(|(ask, call)| ask - call).collect());
    report.add("memory_us", beyond, "µs", "a request in memory, beyond its call");
    report.add("memory_ask_us", median(asks), "µs", "the whole request");
    report.add("call_us", median(calls), "µs", "the bare call");
    Ok(())
}

/// How many bytes of events the first and the second commit of a request have.
async fn bytes_of_commits(orchestrator: &Orchestrator, store: &Store) -> anyhow::Result<[usize; 2]> {
    ask(orchestrator, &operator(), CHANGING_TEXT).await?;
    let tasks = store.tasks("test", Default::default(), 1).await?;
    let task = tasks.first().context("no task was kept")?;
    let events = store.events("test", task.id, 0).await?;
    let begun = events.iter().position(|event| &*event.kind == "step-started").context("no step was begun")?;
    let bytes = |part: &[happyos::store::tasks::EventRecord]| part.iter().map(|event| event.payload.len()).sum();
    Ok([bytes(&events[..=begun]), bytes(&events[begun + 1..])])
}

/// A database of its own with the store's settings and nothing but rows of bytes.
struct Bare {
    connection: Connection,
    payloads: Vec<Vec<u8>>,
}

impl Bare {
    fn new(dir: &Path, bytes: [usize; 2]) -> anyhow::Result<Bare> {
        Bare::of(&dir.join("bare.sqlite"), bytes.map(|bytes| vec![b'x'; bytes]).into())
    }

    /// One that commits these, one after another.
    fn of(path: &Path, payloads: Vec<Vec<u8>>) -> anyhow::Result<Bare> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch("CREATE TABLE bare (id INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT")?;
        Ok(Bare { connection, payloads })
    }

    fn commits(&mut self) -> anyhow::Result<()> {
        for payload in &self.payloads {
            let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            transaction.prepare_cached("INSERT INTO bare (payload) VALUES (?1)")?.execute([payload])?;
            transaction.commit()?;
        }
        Ok(())
    }
}

/// Gives the time of one bare commit.
async fn one_client(
    report: &mut Report,
    skills: &Skills,
    orchestrator: &Orchestrator,
    store: &Store,
    dir: &Path,
) -> anyhow::Result<f64> {
    let principal = operator();
    let bytes = bytes_of_commits(orchestrator, store).await?;
    let mut bare = Bare::new(dir, bytes)?;
    let mut bare_once = Bare::of(&dir.join("once.sqlite"), vec![vec![b'x'; bytes.iter().sum()]])?;
    let (mut ratios, mut asks): ([Vec<f64>; 3], [Vec<f64>; 2]) = Default::default();
    let mut commits = Vec::new();
    for round in 0..=ROUNDS {
        let mut samples: [Samples; 5] = Default::default();
        for batch in 0..BATCHES {
            for turn in 0..5 {
                let kind = (turn + batch) % 5;
                for _ in 0..PER_BATCH {
                    let began = Instant::now();
                    match kind {
                        0 => ask(orchestrator, &principal, TEXT).await?,
                        1 => ask(orchestrator, &principal, CHANGING_TEXT).await?,
                        2 => call(skills, &principal).await?,
                        3 => bare.commits()?,
                        _ => bare_once.commits()?,
                    }
                    samples[kind].since(began);
                }
            }
        }
        if round > 0 {
            let [ask, changing, call, two, one] = samples.map(|mut samples| samples.percentile_us(0.5));
            for (ratios, (asked, bare)) in ratios.iter_mut().zip([(ask, two), (ask, one), (changing, two)]) {
                ratios.push((asked - call) / bare);
            }
            asks.iter_mut().zip([ask, changing]).for_each(|(asks, ask)| asks.push(ask));
            commits.push(two / 2.0);
        }
    }
    let commit_us = median(commits);
    let [ratio, once, changing] = ratios.map(median);
    let [ask_us, changing_us] = asks.map(median);
    report.add("durable_ratio_1", ratio, "×", "a durable request beyond its call / two bare commits");
    report.add("durable_once_ratio_1", once, "×", "the same / the one bare commit that it makes");
    report.add("durable_changing_ratio_1", changing, "×", "one that may change something / its two bare commits");
    report.add("durable_ask_us", ask_us, "µs", "the whole request, one client");
    report.add("durable_changing_ask_us", changing_us, "µs", "the whole request that may change something");
    report.add("commit_us", commit_us, "µs", format!("a bare commit; {} and {} bytes", bytes[0], bytes[1]));
    Ok(commit_us)
}

/// What each of many requests costs beyond its call when 64 clients ask at one time.
async fn many_clients(
    report: &mut Report,
    skills: &Skills,
    orchestrator: &Orchestrator,
    commit_us: f64,
) -> anyhow::Result<()> {
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (kind, figures) in rounds.iter_mut().enumerate() {
            let began = Instant::now();
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    let (skills, orchestrator) = (skills.clone(), orchestrator.clone());
                    tokio::spawn(async move {
                        let principal = operator();
                        for _ in 0..PER_CLIENT {
                            match kind {
                                0 => ask(&orchestrator, &principal, TEXT).await?,
                                _ => call(&skills, &principal).await?,
                            }
                        }
                        anyhow::Ok(())
                    })
                })
                .collect();
            for client in clients {
                client.await??;
            }
            let each: Duration = began.elapsed() / u32::try_from(CLIENTS * PER_CLIENT)?;
            if round > 0 {
                figures.push(each.as_secs_f64() * 1e6);
            }
        }
    }
    let [asks, calls] = rounds;
    let beyond = median(asks.iter().zip(&calls).map(|(ask, call)| ask - call).collect());
    report.add(
        "durable_ratio_64",
        beyond / commit_us,
        "×",
        "each request of 64 clients beyond its call / one bare commit",
    );
    report.add("requests_per_s_64", 1e6 / median(asks), "req/s", "durable, 64 clients");
    report.add("call_64_us", median(calls), "µs", "a bare call's share with 64 clients");
    Ok(())
}

/// A request that comes with these steps.
fn planned(steps: Vec<Step>) -> Request {
    Request { text: TEXT.into(), plan: Some(Plan { steps, left_out: Vec::new() }), ..Request::default() }
}

/// Steps that each take something from the one before.
fn chained() -> Request {
    let step = |place: usize| {
        let mut call = Calling::skill(SKILL.into(), Default::default());
        let before = place.checked_sub(1);
        if let Some(before) = before {
            let from = Source { step: Some(before), pointer: "".into() };
            call.references.push(Reference {
                to: "/before".into(),
                from,
                template: Some("{}".into()),
                as_number: false,
            });
        }
        Step { needs: before.into_iter().collect(), ..Step::of(vec![call]) }
    };
    planned((0..CHAIN).map(step).collect())
}

async fn settle(orchestrator: &Orchestrator, principal: &Principal, request: Request) -> anyhow::Result<()> {
    let accepted = orchestrator.ask(principal, request).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    let task = accepted.settled().await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    ensure!(task.state() == TaskState::Completed, "a plan is {}: {task:?}", task.state().as_str());
    Ok(())
}

/// What each step of a chain costs beyond its call, in memory; and what it costs durable, beside as many bare commits of
/// the same bytes as it takes.
async fn chain(
    report: &mut Report,
    skills: &Skills,
    memory: &Orchestrator,
    durable: &Orchestrator,
    store: &Store,
    dir: &Path,
) -> anyhow::Result<()> {
    let principal = operator();
    settle(durable, &principal, chained()).await?;
    let tasks = store.tasks("test", Default::default(), 1).await?;
    let task = tasks.first().context("no task was kept")?;
    let events = store.events("test", task.id, 0).await?;
    // Kept one by one, one commit takes all up to the first step's start, and each other one the end of a step with what
    // follows it.
    let mut bytes = vec![0];
    for event in &events {
        if &*event.kind == "step-finished" {
            bytes.push(0);
        }
        if let Some(last) = bytes.last_mut() {
            *last += event.payload.len();
        }
    }
    ensure!(bytes.len() == CHAIN + 1, "a chain of {CHAIN} steps takes {} commits", bytes.len());
    let mut bare = Bare::of(&dir.join("chain.sqlite"), bytes.iter().map(|bytes| vec![b'x'; *bytes]).collect())?;
    let (mut steps, mut ratios) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let mut samples: [Samples; 4] = Default::default();
        for batch in 0..BATCHES {
            for turn in 0..4 {
                let kind = (turn + batch) % 4;
                for _ in 0..PER_BATCH / 4 {
                    let began = Instant::now();
                    match kind {
                        0 => settle(memory, &principal, chained()).await?,
                        1 => {
                            for _ in 0..CHAIN {
                                call(skills, &principal).await?;
                            }
                        }
                        2 => settle(durable, &principal, chained()).await?,
                        _ => bare.commits()?,
                    }
                    samples[kind].since(began);
                }
            }
        }
        if round > 0 {
            let [in_memory, calls, kept, commits] = samples.map(|mut samples| samples.percentile_us(0.5));
            steps.push((in_memory - calls) / CHAIN as f64);
            ratios.push((kept - calls) / commits);
        }
    }
    report.add("chain10_step_us", median(steps), "µs", "a step of a chain of ten in memory, beyond its call");
    report.add(
        "chain10_durable_ratio",
        median(ratios),
        "×",
        "a durable chain of ten beyond its calls / eleven bare commits, one a step",
    );
    Ok(())
}

/// What each branch of a fan costs whose size is known only when the list is there.
async fn fan(report: &mut Report, skills: &Skills, memory: &Orchestrator) -> anyhow::Result<()> {
    let principal = operator();
    let fanned = || {
        let rows = Source { step: Some(0), pointer: "/rows".into() };
        let item = Reference {
            to: "/n".into(),
            from: Source { step: None, pointer: "/n".into() },
            template: None,
            as_number: false,
        };
        let call = Calling { references: vec![item], ..Calling::skill(SKILL.into(), Default::default()) };
        let list = Step::of(vec![Calling::skill("give-list".into(), Default::default())]);
        planned(vec![list, Step { needs: vec![0], each: Some(rows), ..Step::of(vec![call]) }])
    };
    let mut branches = Vec::new();
    for round in 0..=ROUNDS {
        let mut samples: [Samples; 2] = Default::default();
        for _ in 0..BATCHES {
            for (kind, samples) in samples.iter_mut().enumerate() {
                let began = Instant::now();
                match kind {
                    0 => settle(memory, &principal, fanned()).await?,
                    _ => {
                        for _ in 0..=BRANCHES {
                            call(skills, &principal).await?;
                        }
                    }
                }
                samples.since(began);
            }
        }
        if round > 0 {
            let [fan, calls] = samples.map(|mut samples| samples.percentile_us(0.5));
            branches.push(((fan - calls) / BRANCHES as f64).max(0.0));
        }
    }
    report.add("fan100_branch_us", median(branches), "µs", "a branch of a hundred in memory, beyond its call");
    Ok(())
}
