//! What one call costs: bare wasmtime, bare on our engine, and the public entry with everything on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use happyos::base::LimitOverrides;
use happyos::security::Principal;
use happyos::skills::{Call, Skills};
use happyos_tests::home::operator;
use happyos_tests::{Home, built, guest, plain_component};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::bare::{Bare, our_config, plain_config};
use crate::report::Report;
use crate::samples::{Samples, median, resident_bytes};

const ROUNDS: usize = 5;
const BATCHES_PER_ROUND: usize = 30;
const CALLS_PER_BATCH: usize = 100;
const INPUT: &str = r#"{"message":"Hello, how much does a call cost?"}"#;

/// A runtime with the daemon's settings.
pub fn runtime(workers: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(workers).event_interval(1).enable_all().build()
}

/// The echo skill that ships with the project.
pub fn echo_skill() -> PathBuf {
    built("happyos/skills", "echo.wasm")
}

/// Runs the benchmark.
///
/// # Errors
/// If something does not run as it should.
pub fn run() -> anyhow::Result<()> {
    let mut report = Report::new(
        "calls",
        "one process, the shipped echo skill, a fresh instance per call; alternating batches of 100 calls, the median \
         of five rounds. `bare plain`: wasmtime with the same pool, no fuel, no epochs, no limits. `bare`: our engine's \
         configuration, fuel and epochs compiled in and out of reach. `ours`: Skills::call with schema check, admission, \
         six limits, output check, usage and metrics",
    );
    let home = Home::new();
    let echo = home.install("echo.wasm", std::fs::read(echo_skill())?);
    for (name, bytes) in SCRIPTS {
        home.install(&format!("{name}.js"), script(name, *bytes));
    }
    home.install("plain.wasm", plain_echo());
    let runtime = runtime(2)?;
    let skills = runtime.block_on(home.open());
    let plain = Bare::new(&echo, &plain_config(), false)?;
    let ours = Bare::new(&echo, &our_config(), true)?;
    runtime.block_on(async {
        // On a worker, as calls in the daemon are, not on the thread that blocks.
        let skills = skills.clone();
        tokio::spawn(async move {
            three_ways(&mut report, &plain, &ours, &skills).await?;
            live_instances(&mut report, &ours).await?;
            other_kinds(&mut report, &skills).await?;
            throughput(&mut report, &skills).await?;
            compute_loop(&mut report)?;
            report.finish()
        })
        .await?
    })
}

async fn ours_once(skills: &Skills, principal: &Principal, skill: &str, input: &str) -> anyhow::Result<()> {
    let call = Call { skill, input: input.into(), limits: LimitOverrides::default(), ..Default::default() };
    let outcome = skills.call(principal, call).await;
    outcome.result.map(drop).map_err(|failure| anyhow::anyhow!("{skill}: {failure}"))
}

async fn three_ways(report: &mut Report, plain: &Bare, bare: &Bare, skills: &Skills) -> anyhow::Result<()> {
    let principal = operator();
    let mut rounds: [[Vec<f64>; 2]; 3] = Default::default();
    // The first round warms up and is thrown away.
    for round in 0..=ROUNDS {
        let mut samples: [Samples; 3] = Default::default();
        for batch in 0..BATCHES_PER_ROUND {
            // Each kind goes first as often as the others.
            for turn in 0..3 {
                let kind = (turn + batch) % 3;
                for _ in 0..CALLS_PER_BATCH {
                    let began = Instant::now();
                    match kind {
                        0 => drop(plain.call("echo", INPUT).await?),
                        1 => drop(bare.call("echo", INPUT).await?),
                        _ => ours_once(skills, &principal, "echo", INPUT).await?,
                    }
                    samples[kind].since(began);
                }
            }
        }
        if round > 0 {
            for (kind, samples) in samples.iter_mut().enumerate() {
                rounds[kind][0].push(samples.percentile_us(0.5));
                rounds[kind][1].push(samples.percentile_us(0.99));
            }
        }
    }
    let ratio =
        |part: usize| median(rounds[2][part].iter().zip(&rounds[1][part]).map(|(ours, bare)| ours / bare).collect());
    report.add("ratio_p50", ratio(0), "×", "ours / bare on our engine");
    report.add("ratio_p99", ratio(1), "×", "ours / bare on our engine");
    for (name, rounds) in ["bare_plain", "bare", "ours"].into_iter().zip(rounds) {
        let [p50, p99] = rounds;
        report.add(format!("{name}_p50_us"), median(p50), "µs", "");
        report.add(format!("{name}_p99_us"), median(p99), "µs", "");
    }
    Ok(())
}

async fn live_instances(report: &mut Report, bare: &Bare) -> anyhow::Result<()> {
    const N_LIVE: usize = 200;
    let before = resident_bytes();
    let mut live = Vec::with_capacity(N_LIVE);
    for _ in 0..N_LIVE {
        let (mut store, skill) = bare.instance().await?;
        skill.happyos_skill_skills().call_list(&mut store).await?;
        live.push((store, skill));
    }
    let bytes = resident_bytes().saturating_sub(before) / N_LIVE as u64;
    report.add("bytes_per_instance", bytes as f64, "bytes", format!("resident, {N_LIVE} live instances that ran once"));
    Ok(())
}

const SCRIPTS: &[(&str, usize)] = &[("js_1k", 1 << 10), ("js_20k", 20 << 10), ("js_200k", 200 << 10)];

/// A script of about `bytes` bytes: an echo, and dense code of its own around it.
fn script(name: &str, bytes: usize) -> String {
    let mut source = format!(
        "/* happyos\nname = \"{name}\"\nversion = \"0.1.0\"\n*/\nskill({{\n  name: \"{name}\",\n  description: \"Echoes.\",\n  \
         inputSchema: {{ type: \"object\", properties: {{ message: {{ type: \"string\" }} }} }},\n  \
         run(input) {{ return {{ message: input.message }}; }},\n}});\n"
    );
    let mut index = 0;
    while source.len() < bytes {
        source += &format!(
            "function f{index}(a, b) {{ const r = []; for (let i = 0; i < a.length; i++) {{ \
             if (a[i] % {n} === 0) r.push(a[i] * b + {index}); else r.push(String(a[i]).padStart({n}, \"0\")); }} \
             return r.map((x) => x + \"{index}\").join(\",\"); }}\n",
            n = index % 17 + 2
        );
        index += 1;
    }
    source
}

fn plain_echo() -> Vec<u8> {
    let wit = "package bench:plain; world guest {
        record order { id: u64, name: string, price: f64 }
        export echo: func(orders: list<order>) -> list<order>;
    }";
    let core = format!(
        r#"(module {} (func (export "echo") (param i32 i32) (result i32)
             (i32.store (i32.const 64) (local.get 0)) (i32.store offset=4 (i32.const 64) (local.get 1))
             (i32.const 64)))"#,
        guest::BUMP
    );
    plain_component(wit, &core)
}

async fn other_kinds(report: &mut Report, skills: &Skills) -> anyhow::Result<()> {
    let order = json!({"id": "18446744073709551615", "name": "A bolt", "price": 0.25});
    let orders = json!({ "orders": [order, order, order] }).to_string();
    let kinds = [
        ("wit", "plain_echo", orders.as_str(), 2_000),
        ("js_1k", "js_1k", INPUT, 1_000),
        ("js_20k", "js_20k", INPUT, 300),
        ("js_200k", "js_200k", INPUT, 50),
    ];
    let principal = operator();
    for (key, skill, input, n_calls) in kinds {
        for _ in 0..n_calls / 5 {
            ours_once(skills, &principal, skill, input).await?;
        }
        let mut rounds = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            let mut samples = Samples::default();
            for _ in 0..n_calls / ROUNDS {
                let began = Instant::now();
                ours_once(skills, &principal, skill, input).await?;
                samples.since(began);
            }
            rounds[0].push(samples.percentile_us(0.5));
            rounds[1].push(samples.percentile_us(0.99));
        }
        let [p50, p99] = rounds;
        let what = if key == "wit" {
            "plain component, three records there and back"
        } else {
            "script, calls one after another"
        };
        report.add(format!("{key}_p50_us"), median(p50), "µs", what);
        report.add(format!("{key}_p99_us"), median(p99), "µs", "");
    }
    Ok(())
}

async fn throughput(report: &mut Report, skills: &Skills) -> anyhow::Result<()> {
    const LENGTH: Duration = Duration::from_secs(2);
    for n_threads in [1, 2] {
        let began = Instant::now();
        let callers: Vec<_> = (0..n_threads)
            .map(|_| {
                let skills = skills.clone();
                tokio::spawn(async move {
                    let principal = operator();
                    let mut n_calls = 0_u64;
                    while began.elapsed() < LENGTH {
                        ours_once(&skills, &principal, "echo", INPUT).await?;
                        n_calls += 1;
                    }
                    anyhow::Ok(n_calls)
                })
            })
            .collect();
        let mut n_calls = 0;
        for caller in callers {
            n_calls += caller.await??;
        }
        let rate = n_calls as f64 / began.elapsed().as_secs_f64();
        report.add(format!("calls_per_s_{n_threads}"), rate, "calls/s", format!("ours, {n_threads} callers"));
    }
    Ok(())
}

/// What fuel and epochs cost code that only computes.
fn compute_loop(report: &mut Report) -> anyhow::Result<()> {
    let wit = "package bench:loop; world guest { export work: func(n: u32) -> u32; }";
    let core = r#"(module (func (export "work") (param i32) (result i32) (local $i i32) (local $x i32)
        (loop $again
          (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 1664525)) (i32.shr_u (local.get $i) (i32.const 3))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (local.get 0))))
        (local.get $x)))"#;
    let component = plain_component(wit, core);
    let turns = 30_000_000_u32;
    let time = |config: &Config, limited: bool| -> anyhow::Result<f64> {
        let engine = Engine::new(config)?;
        let component = Component::new(&engine, &component)?;
        let linker = Linker::<()>::new(&engine);
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut store = Store::new(&engine, ());
            if limited {
                store.set_fuel(u64::MAX)?;
                store.set_epoch_deadline(u64::MAX / 2);
            }
            let instance = linker.instantiate(&mut store, &component)?;
            let work = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "work")?;
            let began = Instant::now();
            work.call(&mut store, (turns,))?;
            rounds.push(began.elapsed().as_secs_f64() * 1e3);
        }
        Ok(median(rounds))
    };
    let (plain, ours) = (time(&plain_config(), false)?, time(&our_config(), true)?);
    report.add("loop_plain_ms", plain, "ms", "30 million turns of a loop, neither fuel nor epochs");
    report.add("loop_ours_ms", ours, "ms", "the same with both");
    report.add("loop_ratio", ours / plain, "×", "what they cost a compute loop");
    Ok(())
}

/// A file made for a benchmark that is kept between runs.
pub fn kept(folder: &str) -> anyhow::Result<PathBuf> {
    let target = happyos_tests::profile_dir();
    let path = target.parent().unwrap_or(Path::new("target")).join("bench").join(folder);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
