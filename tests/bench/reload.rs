//! `bench reload [--swaps N]`: from a file's last write to the first call that is served by it, and many swaps under
//! constant load.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos::skills::{Call, Skills};
use happyos_tests::home::operator;
use happyos_tests::{Home, SkillGuest};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::bare::our_config;
use crate::calls::runtime;
use crate::report::Report;
use crate::samples::{Samples, resident_bytes};

/// Versions that are timed, of each kind.
const N_TIMED: u64 = 40;
/// Swaps through the watcher; ten times as many go through the install entry.
const N_SWAPS: u64 = 1_000;
/// Components whose code is in the cache, which take turns.
const N_CACHED: u64 = 8;
const N_CALLERS: usize = 4;
/// Between two looks at which version answers.
const PACE: Duration = Duration::from_micros(500);
/// A version that is not live after this long never will be.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the benchmark.
///
/// # Errors
/// If a version does not come live, or a call fails.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let n_swaps = match args {
        [] => N_SWAPS,
        ["--swaps", count] => count.parse().context("`--swaps` takes a number")?,
        other => anyhow::bail!("Failed to understand `{}`: `bench reload [--swaps N]`", other.join(" ")),
    };
    let runtime = runtime(2)?;
    runtime.block_on(all(n_swaps))
}

async fn all(n_swaps: u64) -> anyhow::Result<()> {
    let mut report = Report::new(
        "reload",
        "one process with the watcher, on its defaults. Times are from the moment that the last write of a file is \
         done, the file closed, to the first good call that is answered by it, settling included; calls are made one \
         after another meanwhile. Own work: from the install entry to that call, nothing to settle",
    );
    let home = Home::new();
    let skills = home.open().await;
    let stop = CancellationToken::new();
    let watching = tokio::spawn({
        let (skills, stop) = (skills.clone(), stop.clone());
        async move { skills.watch(stop).await }
    });
    times(&mut report, &home, &skills).await?;
    swaps(&mut report, &home, &skills, n_swaps).await?;
    stop.cancel();
    watching.await?;
    report.finish()
}

/// A component that answers with its version.
fn component(name: &str, version: u64, filler: &str) -> Vec<u8> {
    let answer = format!(r#"{{"version":{version}}}"#);
    let fields = format!(r#"(data (i32.const 256) "{}") {filler}"#, answer.replace('"', "\\22"));
    let call = format!("(call $answer (i32.const 256) (i32.const {}))", answer.len());
    SkillGuest { name, fields: &fields, call: &call, ..Default::default() }.component()
}

/// Functions that make a component about as large as one that does some work: 69 KB.
fn filler() -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for index in 0..260 {
        let _ = write!(text, "(func (param i32 i32) (result i32) (local i32)");
        for step in 0..20 {
            let _ = write!(
                text,
                "(local.set 2 (i32.add (i32.mul (local.get 0) (i32.const {})) (i32.xor (local.get 2) (local.get 1))))",
                index * 31 + step
            );
        }
        text.push_str("(local.get 2))");
    }
    text
}

/// A script of 2 KB that answers with its version.
fn script(name: &str, version: u64) -> Vec<u8> {
    let mut source = format!(
        "/* happyos\nname = \"{name}\"\nversion = \"0.1.0\"\n*/\nskill({{\n  name: \"{name}\",\n  description: \"Says \
         its version.\",\n  inputSchema: {{ type: \"object\" }},\n  run(input) {{ return {{ version: {version} }}; }},\n}});\n"
    );
    let mut index = 0;
    while source.len() < 2_000 {
        source += &format!("function f{index}(a) {{ return a.map((x) => x * {index} + 1).join(\",\"); }}\n");
        index += 1;
    }
    source.into_bytes()
}

/// The version that answers now; `None` while there is no such skill.
async fn version(skills: &Skills, skill: &str) -> anyhow::Result<Option<u64>> {
    let outcome = skills.call(&operator(), Call { skill, input: "{}".into(), ..Default::default() }).await;
    match outcome.result {
        Ok(answer) => {
            let value: Value = serde_json::from_str(&answer.json)?;
            Ok(Some(value["version"].as_u64().context("an answer without a version")?))
        }
        Err(failure) if failure.kind.as_str() == "not-found" => Ok(None),
        Err(failure) => anyhow::bail!("{skill}: {failure}"),
    }
}

/// Calls until `wanted` answers; gives the time since `began`.
async fn live(skills: &Skills, skill: &str, wanted: u64, began: Instant) -> anyhow::Result<Duration> {
    loop {
        if version(skills, skill).await? == Some(wanted) {
            return Ok(began.elapsed());
        }
        if began.elapsed() > PATIENCE {
            let snapshot = skills.snapshot(&operator()).map_err(|failure| anyhow::anyhow!("{failure}"))?;
            anyhow::bail!("version {wanted} of `{skill}` is not live after {PATIENCE:?}: {:#?}", snapshot.files());
        }
        // Leaves the helper that compiles, which is nice, a processor to run on.
        tokio::time::sleep(PACE).await;
    }
}

/// Writes a version as most programs do and times it.
async fn through_the_watcher(
    home: &Home,
    skills: &Skills,
    file: &str,
    bytes: Vec<u8>,
    wanted: u64,
) -> anyhow::Result<Duration> {
    let skill = file.split('.').next().unwrap_or(file);
    home.install(file, bytes);
    live(skills, skill, wanted, Instant::now()).await
}

async fn times(report: &mut Report, home: &Home, skills: &Skills) -> anyhow::Result<()> {
    // Both are compiled before anything is timed.
    for turn in 0..2 {
        through_the_watcher(home, skills, "cached.wasm", component("cached", turn, ""), turn).await?;
    }
    let mut cached = Samples::default();
    for turn in 0..N_TIMED {
        let bytes = component("cached", turn % 2, "");
        cached.push(through_the_watcher(home, skills, "cached.wasm", bytes, turn % 2).await?);
    }
    add(report, "cached", &mut cached, "a component whose code is in the cache");

    // The first script waits for the interpreter to be compiled, once in the life of a data directory.
    install(skills, "typed.js", script("typed", 0)).await?;
    let (mut js, mut own) = (Samples::default(), Samples::default());
    for version in 1..=N_TIMED {
        js.push(through_the_watcher(home, skills, "typed.js", script("typed", version), version).await?);
    }
    for version in N_TIMED + 1..=2 * N_TIMED {
        let (bytes, began) = (script("typed", version), Instant::now());
        install(skills, "typed.js", bytes).await?;
        own.push(live(skills, "typed", version, began).await?);
    }
    add(report, "js", &mut js, "a script of 2 KB, another each time");
    add(report, "js_own", &mut own, "the same through the install entry");

    let engine = Engine::new(&our_config())?;
    let filler = filler();
    let (mut whole, mut compile, mut over) = (Samples::default(), Samples::default(), Vec::new());
    for version in 0..N_TIMED / 4 {
        let bytes = component("large", version, &filler);
        if version == 0 {
            report.add("component_bytes", bytes.len() as f64, "bytes", "");
        }
        let took = through_the_watcher(home, skills, "large.wasm", bytes.clone(), version).await?;
        let began = Instant::now();
        Component::from_binary(&engine, &bytes)?;
        let compiling = began.elapsed();
        whole.push(took);
        compile.push(compiling);
        over.push(took.saturating_sub(compiling).as_secs_f64() * 1e3);
    }
    add(report, "component", &mut whole, "a component of that size never seen before");
    report.add(
        "compile_p50_ms",
        compile.percentile_us(0.5) / 1e3,
        "ms",
        "wasmtime alone, the same bytes, this process",
    );
    report.add("component_over_compile_ms", crate::samples::median(over), "ms", "the one less the other, median");
    Ok(())
}

fn add(report: &mut Report, name: &str, samples: &mut Samples, what: &str) {
    report.add(format!("{name}_p50_ms"), samples.percentile_us(0.5) / 1e3, "ms", what);
    report.add(format!("{name}_p95_ms"), samples.percentile_us(0.95) / 1e3, "ms", "");
}

async fn install(skills: &Skills, file: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
    let state = skills.install(&operator(), file, bytes, None).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
    ensure!(state.state.as_str() == "serving", "`{file}` is {}: {}", state.state.as_str(), state.reason);
    Ok(())
}

/// What the callers know of the versions: numbers that only grow.
#[derive(Default)]
struct Known {
    /// The last version that was live for certain.
    confirmed: AtomicU64,
    /// The last version that may be live.
    begun: AtomicU64,
    calls: AtomicU64,
    failed: AtomicU64,
    stop: AtomicBool,
}

async fn swaps(report: &mut Report, home: &Home, skills: &Skills, n_swaps: u64) -> anyhow::Result<()> {
    // Through the watcher: components that are compiled, taking turns. Turn and version are the same modulo eight.
    let cached: Vec<Vec<u8>> = (0..N_CACHED).map(|turn| component("turns", turn, "")).collect();
    for (turn, bytes) in cached.iter().enumerate() {
        through_the_watcher(home, skills, "turns.wasm", bytes.clone(), turn as u64).await?;
    }
    let last = N_CACHED - 1;
    let path: PathBuf = home.config.skills_dir.join("turns.wasm");
    let watched = under_load(skills, "turns", Some(N_CACHED), last, n_swaps, async |number| {
        let turn = number % N_CACHED;
        let bytes = cached.get(usize::try_from(turn)?).context("a version")?;
        // Every second one as an editor saves it.
        if number % 2 == 0 {
            std::fs::write(&path, bytes)?;
        } else {
            let beside = home.config.skills_dir.join(".turns.wasm.new");
            std::fs::write(&beside, bytes)?;
            std::fs::rename(&beside, &path)?;
        }
        live(skills, "turns", turn, Instant::now()).await.map(drop)
    })
    .await?;
    // Through the install entry: a script, new each time.
    install(skills, "script.js", script("script", 0)).await?;
    let installed = under_load(skills, "script", None, 0, n_swaps * 10, async |number| {
        install(skills, "script.js", script("script", number)).await
    })
    .await?;
    let both = [&watched, &installed];
    report.add("swaps", both.iter().map(|run| run.swaps).sum::<u64>() as f64, "swaps", "through both");
    report.add(
        "swaps_failed",
        both.iter().map(|run| run.failed).sum::<u64>() as f64,
        "calls",
        "failed, or by a version that was not live",
    );
    report.add(
        "swaps_calls",
        both.iter().map(|run| run.calls).sum::<u64>() as f64,
        "calls",
        format!("made meanwhile by {N_CALLERS} callers"),
    );
    for (name, run) in ["watched", "installed"].into_iter().zip(both) {
        report.add(
            format!("{name}_swap_ms"),
            run.took.as_secs_f64() * 1e3 / run.swaps as f64,
            "ms",
            "each swap, under that load",
        );
        report.add(
            format!("{name}_memory_growth"),
            run.growth,
            "×",
            format!("resident, {} MiB at the end against a tenth of the way", run.end_bytes >> 20),
        );
    }
    report.add("memory_growth", watched.growth.max(installed.growth), "×", "the worse of the two");
    Ok(())
}

struct Swapped {
    swaps: u64,
    calls: u64,
    failed: u64,
    took: Duration,
    end_bytes: u64,
    growth: f64,
}

/// Swaps `n_swaps` times while others call; `swap` returns when the version is live.
async fn under_load(
    skills: &Skills,
    skill: &'static str,
    modulo: Option<u64>,
    current: u64,
    n_swaps: u64,
    swap: impl AsyncFn(u64) -> anyhow::Result<()>,
) -> anyhow::Result<Swapped> {
    let known = Arc::new(Known::default());
    known.confirmed.store(current, Ordering::SeqCst);
    known.begun.store(current, Ordering::SeqCst);
    let callers: Vec<_> = (0..N_CALLERS)
        .map(|_| {
            let (skills, known) = (skills.clone(), known.clone());
            tokio::spawn(async move { call_for_ever(&skills, skill, modulo, &known).await })
        })
        .collect();
    let began = Instant::now();
    let mut early_bytes = resident_bytes();
    for number in current + 1..=current + n_swaps {
        known.begun.store(number, Ordering::SeqCst);
        swap(number).await?;
        known.confirmed.store(number, Ordering::SeqCst);
        if number - current == n_swaps.div_ceil(10) {
            early_bytes = resident_bytes();
        }
    }
    let took = began.elapsed();
    known.stop.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await?;
    }
    let end_bytes = resident_bytes();
    Ok(Swapped {
        swaps: n_swaps,
        calls: known.calls.load(Ordering::SeqCst),
        failed: known.failed.load(Ordering::SeqCst),
        took,
        end_bytes,
        growth: end_bytes as f64 / early_bytes as f64 - 1.0,
    })
}

/// Calls and checks that each answer is by a version that was live at some moment of the call.
async fn call_for_ever(skills: &Skills, skill: &str, modulo: Option<u64>, known: &Known) {
    while !known.stop.load(Ordering::SeqCst) {
        let least = known.confirmed.load(Ordering::SeqCst);
        let answered = version(skills, skill).await;
        let most = known.begun.load(Ordering::SeqCst);
        let fits = |found: u64| match modulo {
            Some(modulo) => (least..=most).any(|number| number % modulo == found),
            None => (least..=most).contains(&found),
        };
        known.calls.fetch_add(1, Ordering::Relaxed);
        let wrong = match answered {
            Ok(Some(found)) if fits(found) => continue,
            Ok(found) => format!("answered by version {found:?}, not {least} to {most}"),
            Err(error) => format!("{error:#}"),
        };
        if known.failed.fetch_add(1, Ordering::Relaxed) < 10 {
            eprintln!("a call of `{skill}`: {wrong}");
        }
    }
}
