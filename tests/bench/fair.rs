//! What a neighbour waits while 16 copies of an endless loop run on two workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use happyos::skills::{Call, Skills};
use happyos_tests::home::{operator, until};
use happyos_tests::{Home, SkillGuest};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::calls::{echo_skill, runtime};
use crate::report::Report;
use crate::samples::Samples;

const N_LOOPS: usize = 16;
const N_CALLS: usize = 1_000;
const PACE: Duration = Duration::from_millis(5);

/// Runs the benchmark.
///
/// # Errors
/// If a neighbour's call fails.
pub fn run() -> anyhow::Result<()> {
    let mut report = Report::new(
        "fair",
        "the echo skill called every 5 ms, a thousand times, from outside the runtime, as a request would arrive; from \
         that moment to the answer. Two workers; quiet, and beside 16 endless loops that start again when a limit ends \
         them",
    );
    let home = Home::new();
    home.install("echo.wasm", std::fs::read(echo_skill())?);
    home.install_guest(&SkillGuest {
        name: "spinner",
        call: "(loop $spin (br $spin)) unreachable",
        ..Default::default()
    });
    let runtime = runtime(2)?;
    let skills = runtime.block_on(home.open());
    let mut quiet = paced(runtime.handle(), &skills)?;

    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::new(AtomicUsize::new(0));
    let loops: Vec<_> = (0..N_LOOPS)
        .map(|_| {
            let (skills, stop, ended) = (skills.clone(), stop.clone(), ended.clone());
            runtime.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let call = Call { skill: "spinner", input: "{}".into(), ..Default::default() };
                    let outcome = skills.call(&operator(), call).await;
                    assert!(outcome.result.is_err(), "an endless loop ended");
                    ended.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    runtime.block_on(until("all loops run", || skills.load().running == N_LOOPS));
    let mut busy = paced(runtime.handle(), &skills)?;
    stop.store(true, Ordering::Relaxed);
    for one in loops {
        one.abort();
        let _ = runtime.block_on(one);
    }
    report.add("quiet_p50_ms", quiet.percentile_us(0.5) / 1e3, "ms", "nothing else runs");
    report.add("quiet_p99_ms", quiet.percentile_us(0.99) / 1e3, "ms", "");
    report.add("p50_ms", busy.percentile_us(0.5) / 1e3, "ms", "beside 16 loops");
    report.add("p99_ms", busy.percentile_us(0.99) / 1e3, "ms", "");
    report.add("max_ms", busy.percentile_us(1.0) / 1e3, "ms", "");
    report.add("loops_ended", ended.load(Ordering::Relaxed) as f64, "calls", "loops stopped by a limit meanwhile");
    report.finish()
}

fn paced(runtime: &Handle, skills: &Skills) -> anyhow::Result<Samples> {
    let (sender, mut done) = mpsc::unbounded_channel();
    let mut next = Instant::now();
    for _ in 0..N_CALLS {
        next += PACE;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        let (skills, sender, began) = (skills.clone(), sender.clone(), Instant::now());
        runtime.spawn(async move {
            let input = r#"{"message":"am I still answered?"}"#;
            let outcome =
                skills.call(&operator(), Call { skill: "echo", input: input.into(), ..Default::default() }).await;
            let _ = sender.send(outcome.result.map(|_| began.elapsed()));
        });
    }
    drop(sender);
    let mut samples = Samples::default();
    while let Some(took) = done.blocking_recv() {
        samples.push(took.map_err(|failure| anyhow::anyhow!("the neighbour: {failure}"))?);
    }
    Ok(samples)
}
