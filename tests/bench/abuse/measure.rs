//! One daemon, a neighbour that is called all the time, and what hostile work does to both.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos_tests::http::Client;
use serde_json::{Value, json};

use crate::samples::Samples;

/// The neighbour's skill.
pub const NEIGHBOUR: &str = "neighbour";
/// Between two calls of the neighbour.
const PACE: Duration = Duration::from_millis(2);
/// How long the neighbour is watched at each load.
pub const PHASE: Duration = Duration::from_millis(700);
/// How much longer where its p99 is then over the bar: two or three late calls of a few hundred make no p99.
pub const PHASE_MORE: Duration = Duration::from_millis(3_300);
/// The bar of [`ratio`].
pub const RATIO_MAX: f64 = 2.0;
/// How long the daemon has to give memory back and to end what was cancelled.
const SETTLE: Duration = Duration::from_secs(5);
/// How long one hostile call may take in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// A call that waits longer than this beside its neighbours is not answered.
const NEIGHBOUR_PATIENCE: Duration = Duration::from_secs(20);

/// A hostile act: its answer in words, `KIND: …`. The number tells acts apart.
pub type Attack = Arc<dyn Fn(u64) -> Acting + Send + Sync>;
/// One act under way.
pub type Acting = Pin<Box<dyn Future<Output = anyhow::Result<String>> + Send>>;

/// What is tried, and how it must end.
pub struct Case {
    /// The line of the list of hostile inputs.
    pub line: &'static str,
    /// Its own name.
    pub name: String,
    /// What is done.
    pub attack: Attack,
    /// Each must be in the answer.
    pub says: Vec<String>,
    /// How many at one time; [`LOADS`] unless there is a reason.
    pub loads: Vec<usize>,
}

/// What came of it.
pub struct Row {
    pub line: &'static str,
    pub name: String,
    /// What the first one was answered.
    pub answer: String,
    pub quiet_p99_ms: f64,
    /// At the worst of the loads.
    pub busy_p99_ms: f64,
    pub n_samples: usize,
    pub before_bytes: u64,
    pub after_bytes: u64,
    /// Hostile acts that ended meanwhile.
    pub n_acts: u64,
    /// What was not as it must be; empty where it was contained.
    pub wrong: Vec<String>,
}

impl Row {
    /// The neighbour's p99 beside its bar of twice or 5 ms more, whichever is the wider: 2 is the bar itself.
    pub fn ratio(&self) -> f64 {
        ratio(self.quiet_p99_ms, self.busy_p99_ms)
    }
}

/// See [`Row::ratio`].
pub fn ratio(quiet_ms: f64, busy_ms: f64) -> f64 {
    1.0 + (busy_ms - quiet_ms).max(0.0) / quiet_ms.max(5.0)
}

/// The neighbour: one kept connection, one call after another, on a thread of its own.
pub struct Neighbour {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    samples: Mutex<Samples>,
    failed: Mutex<Option<String>>,
}

impl Neighbour {
    /// Starts calling.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(socket: PathBuf) -> anyhow::Result<Neighbour> {
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        let thread = std::thread::Builder::new().name("neighbour".into()).spawn(move || {
            if let Err(error) = call_for_ever(&own, &socket) {
                *own.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{error:#}"));
            }
        })?;
        Ok(Neighbour { shared, thread: Some(thread) })
    }

    /// What it waited for in the next `length`.
    pub async fn watch(&self, length: Duration) -> (f64, usize) {
        self.begin();
        tokio::time::sleep(length).await;
        self.p99_ms()
    }

    /// Forgets what it waited for so far.
    pub fn begin(&self) {
        *self.shared.samples.lock().unwrap_or_else(PoisonError::into_inner) = Samples::default();
    }

    /// The p99 in milliseconds and the number of calls since it [began](Neighbour::begin).
    pub fn p99_ms(&self) -> (f64, usize) {
        let mut samples = self.shared.samples.lock().unwrap_or_else(PoisonError::into_inner);
        (samples.percentile_us(0.99) / 1e3, samples.len())
    }

    /// Why it was not answered once, if so.
    pub fn failed(&self) -> Option<String> {
        self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn call_for_ever(shared: &Shared, socket: &std::path::Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut client = runtime.block_on(Client::unix(socket))?;
    let path = format!("/v1/skills/{NEIGHBOUR}/call");
    // It needs little memory and says so, as a good neighbour does.
    let body = json!({"input": {"still": "here"}, "limits": {"memory_bytes": 1 << 20}});
    while !shared.stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = runtime
            .block_on(async { tokio::time::timeout(NEIGHBOUR_PATIENCE, client.post(&path, &body)).await })
            .context("no answer in 20 s")??;
        let took = began.elapsed();
        ensure!(answer.status.is_success(), "{}: {}", answer.status, answer.text());
        ensure!(answer.json().pointer("/output/still") == Some(&json!("here")), "{}", answer.text());
        shared.samples.lock().unwrap_or_else(PoisonError::into_inner).push(took);
        std::thread::sleep(PACE);
    }
    Ok(())
}

/// The daemon that is attacked.
pub struct Target {
    /// Its private socket.
    pub socket: PathBuf,
    /// Its process.
    pub id: u32,
    /// What it held after a warm-up at full concurrency.
    pub warm_bytes: u64,
}

impl Target {
    /// Bytes that may be left over after a case.
    pub fn memory_bytes_max(&self) -> u64 {
        self.warm_bytes + self.warm_bytes / 10 + (16 << 20)
    }

    /// Bytes of memory that the daemon holds.
    ///
    /// # Errors
    /// If it is gone.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        resident_bytes(self.id)
    }

    /// Waits until no call runs and the memory is back; gives what it is then.
    async fn settle(&self) -> anyhow::Result<u64> {
        let deadline = Instant::now() + SETTLE;
        let mut client = Client::unix(&self.socket).await?;
        loop {
            let status = client.get("/v1/status").await?.json();
            let count = |key: &str| status.pointer(&format!("/components/runtime/{key}")).and_then(Value::as_u64);
            // The neighbour may be at it.
            let idle = count("calls_running") <= Some(1) && count("calls_queued") == Some(0);
            let held = self.resident_bytes()?;
            if idle && held <= self.memory_bytes_max() {
                return Ok(held);
            }
            ensure!(idle || Instant::now() < deadline, "calls still run {SETTLE:?} after their clients went: {status}");
            if Instant::now() > deadline {
                return Ok(held);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Bytes of memory that a process holds.
///
/// # Errors
/// If it is gone.
pub fn resident_bytes(id: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).context("the daemon is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the daemon is gone")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}

/// Goes through one case: once alone, then more and more at one time while the neighbour is watched.
pub async fn measure(target: &Target, neighbour: &Neighbour, case: Case) -> Row {
    let Case { line, name, attack, says, loads } = case;
    let mut row = Row {
        line,
        name,
        answer: String::new(),
        quiet_p99_ms: f64::NAN,
        busy_p99_ms: f64::NAN,
        n_samples: 0,
        before_bytes: 0,
        after_bytes: 0,
        n_acts: 0,
        wrong: Vec::new(),
    };
    match run(target, neighbour, &attack, &says, &loads, &mut row).await {
        Ok(()) => {}
        Err(error) => row.wrong.push(format!("{error:#}")),
    }
    row.wrong.extend(neighbour.failed().map(|failed| format!("the neighbour was not answered: {failed}")));
    row
}

async fn run(
    target: &Target,
    neighbour: &Neighbour,
    attack: &Attack,
    says: &[String],
    loads: &[usize],
    row: &mut Row,
) -> anyhow::Result<()> {
    row.before_bytes = target.resident_bytes()?;
    let first = tokio::time::timeout(PATIENCE, attack(0)).await.context("no answer in a minute")?;
    row.answer = match first {
        Ok(answer) => answer,
        Err(error) => format!("{error:#}"),
    };
    if let Some(missing) = says.iter().find(|says| !row.answer.contains(says.as_str())) {
        row.wrong.push(format!("the answer does not say `{missing}`"));
    }
    (row.quiet_p99_ms, row.n_samples) = neighbour.watch(PHASE).await;
    row.busy_p99_ms = 0.0;
    let acts = Acts { next: AtomicU64::new(1), ended: AtomicU64::new(0), odd: Mutex::new(None), says: says.to_vec() };
    let acts = Arc::new(acts);
    for n_at_once in loads {
        let workers: Vec<_> = (0..*n_at_once)
            .map(|_| {
                let (acts, attack) = (acts.clone(), attack.clone());
                tokio::spawn(async move { acts.go_on(&attack).await })
            })
            .collect();
        let (mut p99_ms, mut n_samples) = neighbour.watch(PHASE).await;
        if ratio(row.quiet_p99_ms, p99_ms) > RATIO_MAX {
            tokio::time::sleep(PHASE_MORE).await;
            (p99_ms, n_samples) = neighbour.p99_ms();
        }
        row.busy_p99_ms = if n_samples == 0 { f64::INFINITY } else { row.busy_p99_ms.max(p99_ms) };
        row.n_samples = row.n_samples.min(n_samples);
        for worker in workers {
            worker.abort();
            let _ = worker.await;
        }
    }
    row.n_acts = acts.ended.load(Ordering::Relaxed);
    row.wrong.extend(acts.odd.lock().unwrap_or_else(PoisonError::into_inner).take());
    row.after_bytes = target.settle().await?;
    if row.after_bytes > target.memory_bytes_max() {
        row.wrong.push(format!("{} MiB are not given back", (row.after_bytes - target.warm_bytes) >> 20));
    }
    if row.ratio() > RATIO_MAX {
        row.wrong.push("the neighbour waited too long".into());
    }
    Ok(())
}

/// Hostile acts of many workers.
struct Acts {
    next: AtomicU64,
    ended: AtomicU64,
    /// An answer that was not as it must be.
    odd: Mutex<Option<String>>,
    says: Vec<String>,
}

impl Acts {
    async fn go_on(&self, attack: &Attack) {
        loop {
            let answer = attack(self.next.fetch_add(1, Ordering::Relaxed)).await;
            self.ended.fetch_add(1, Ordering::Relaxed);
            let odd = match &answer {
                // Where many come at one time, some may be told to come again.
                Ok(answer) if answer.starts_with("unavailable") => None,
                Ok(answer) if self.says.iter().all(|says| answer.contains(says)) => None,
                Ok(answer) => Some(format!("under load: {answer}")),
                Err(error) => Some(format!("under load: {error:#}")),
            };
            if let Some(odd) = odd {
                *self.odd.lock().unwrap_or_else(PoisonError::into_inner) = Some(odd);
            }
        }
    }
}

/// How many hostile acts at one time: one, twice the cores, and sixteen.
pub fn loads() -> Vec<usize> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    vec![1, 2 * cores, 16]
}

/// The failed answer of a daemon as `KIND: LIMIT: message`; an answer that is not one is shown as it is.
pub fn told(answer: &happyos_tests::http::Response) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return format!("{}: {}", answer.status, answer.text());
    };
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    match (text("/error/kind"), text("/error/limit"), text("/error/message")) {
        (Some(kind), Some(limit), Some(message)) => format!("{kind}: {limit}: {message}"),
        (Some(kind), None, Some(message)) => format!("{kind}: {message}"),
        _ => format!("{}: {body}", answer.status),
    }
}
