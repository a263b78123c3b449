//! Many installed skills: start with a warm cache, memory of an idle skill, and whether calls stay as fast.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use happyos::config::Config;
use happyos::skills::Call;
use happyos_tests::SkillGuest;
use happyos_tests::home::{open, operator};
use serde::{Deserialize, Serialize};

use crate::calls::{kept, runtime};
use crate::report::Report;
use crate::samples::{Samples, median, resident_bytes};

const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

/// Processes of each size.
const PROCESSES: usize = 5;

/// What the process of one size found.
#[derive(Serialize, Deserialize)]
struct Part {
    start_s: f64,
    resident_bytes: u64,
    call_p50_us: f64,
    first_call_p50_us: f64,
}

impl Part {
    /// What several processes of one size found together.
    fn of(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
        Self {
            start_s: median(of(|part| part.start_s)),
            resident_bytes: rounds.iter().map(|part| part.resident_bytes).max().unwrap_or_default(),
            call_p50_us: of(|part| part.call_p50_us).into_iter().fold(f64::INFINITY, f64::min),
            first_call_p50_us: median(of(|part| part.first_call_p50_us)),
        }
    }
}

/// Runs the benchmark.
///
/// # Errors
/// If a part fails.
pub fn run() -> anyhow::Result<()> {
    let mut report = Report::new(
        "scale",
        "so many installed skills with distinct digests, each with a description, two schemas and two examples; five \
         processes of its own per size. start: from nothing to all skills callable, code cache warm, the median. call: \
         one skill called 2,000 times, the median of five rounds, in the process where that was least: what else the \
         machine does only ever adds to it, for a whole process at a time",
    );
    let mut parts = Vec::new();
    for n_skills in COUNTS {
        let home = kept(&format!("scale-{n_skills}"))?;
        install(&home, n_skills)?;
        eprintln!("{n_skills} skills: compiling what is not in the cache yet");
        part_process(&home, n_skills)?;
        eprintln!("{n_skills} skills: warm start");
        let rounds = (0..PROCESSES).map(|_| part_process(&home, n_skills)).collect::<anyhow::Result<Vec<_>>>()?;
        parts.push(Part::of(&rounds));
    }
    for (n_skills, part) in COUNTS.iter().zip(&parts) {
        report.add(format!("start_{n_skills}_s"), part.start_s, "s", format!("{n_skills} skills"));
    }
    let base = &parts[0];
    for (n_skills, part) in COUNTS.iter().zip(&parts).skip(1) {
        let bytes = part.resident_bytes.saturating_sub(base.resident_bytes) / (n_skills - COUNTS[0]) as u64;
        report.add(format!("bytes_per_skill_{n_skills}"), bytes as f64, "bytes", "resident, each idle skill");
    }
    for (n_skills, part) in COUNTS.iter().zip(&parts) {
        report.add(format!("call_p50_us_{n_skills}"), part.call_p50_us, "µs", "the same skill again and again");
    }
    for (n_skills, part) in COUNTS.iter().zip(&parts) {
        report.add(
            format!("first_call_p50_us_{n_skills}"),
            part.first_call_p50_us,
            "µs",
            "code mapped at the first call",
        );
    }
    report.add("call_p50_growth", parts[3].call_p50_us / base.call_p50_us, "×", "10,000 skills / 10 skills");
    report.finish()
}

fn part_process(home: &Path, n_skills: usize) -> anyhow::Result<Part> {
    let output = Command::new(std::env::current_exe()?)
        .args(["scale-part", &home.to_string_lossy(), &n_skills.to_string()])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the part with {n_skills} skills ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("the part's figures")
}

/// Writes the skills that are missing.
fn install(home: &Path, n_skills: usize) -> anyhow::Result<()> {
    let dir = home.join("skills");
    fs::create_dir_all(&dir)?;
    for index in 0..n_skills {
        let path = dir.join(format!("skill-{index:05}.wasm"));
        if !path.exists() {
            fs::write(path, skill(index))?;
        }
    }
    Ok(())
}

fn name(index: usize) -> String {
    format!("skill-{index:05}")
}

fn skill(index: usize) -> Vec<u8> {
    let metadata = format!(
        r#"{{"description": "Adds {index} to what it is given, in a manner of speaking: it stands for any small skill.",
            "inputSchema": {{"type": "object", "properties": {{"message": {{"type": "string", "maxLength": 1000,
                "description": "What to give back."}}}}, "required": ["message"], "additionalProperties": false}},
            "outputSchema": {{"type": "object", "properties": {{"message": {{"type": "string"}}}}}},
            "examples": [
                {{"request": {{"en": "Say {index}", "sv": "Säg {index}"}}, "input": {{"message": "{index}"}},
                  "output": {{"message": "{index}"}}}},
                {{"request": {{"en": "Say hello", "sv": "Säg hej"}}, "input": {{"message": "hello"}},
                  "output": {{"message": "hello"}}}}]}}"#
    );
    let fields = format!("(func (result i32) (i32.const {index}))");
    SkillGuest { name: &name(index), metadata: &metadata, fields: &fields, ..Default::default() }.component()
}

/// One size, in a process of its own.
///
/// # Errors
/// If a skill is missing or a call fails.
pub fn part(folder: &str, n_skills: &str) -> anyhow::Result<()> {
    let n_skills: usize = n_skills.parse()?;
    let home = Path::new(folder);
    let mut config = Config { data_dir: home.join("data"), skills_dir: home.join("skills"), ..Config::default() };
    // Room for all of them on disk; in memory only the default.
    config.compile.cache_bytes_max = 8 << 30;
    fs::create_dir_all(&config.data_dir)?;
    let runtime = runtime(2)?;
    let began = Instant::now();
    let skills = runtime.block_on(open(&config));
    let start_s = began.elapsed().as_secs_f64();
    let snapshot = skills.snapshot(&operator()).map_err(|failure| anyhow::anyhow!("{failure}"))?;
    if let Some(refusal) = snapshot.refusals().first() {
        anyhow::bail!("{} of {n_skills} refused: {refusal:?}", snapshot.refusals().len());
    }
    ensure!(snapshot.skills().len() == n_skills, "{} skills of {n_skills}", snapshot.skills().len());
    let resident_bytes = resident_bytes();
    let worker = skills.clone();
    let (call_p50_us, first_call_p50_us) = runtime.block_on(async move {
        tokio::spawn(async move {
            let principal = operator();
            let input = r#"{"message":"hello"}"#;
            let call = async |name: &str| {
                let began = Instant::now();
                let outcome =
                    worker.call(&principal, Call { skill: name, input: input.into(), ..Default::default() }).await;
                outcome.result.map(|_| began.elapsed()).map_err(|failure| anyhow::anyhow!("{name}: {failure}"))
            };
            let mut first = Samples::default();
            let step = n_skills / 10;
            for index in 0..10 {
                first.push(call(&name(index * step)).await?);
            }
            let middle = name(n_skills / 2);
            let mut rounds = Vec::new();
            for _ in 0..6 {
                let mut samples = Samples::default();
                for _ in 0..2_000 {
                    samples.push(call(&middle).await?);
                }
                rounds.push(samples.percentile_us(0.5));
            }
            anyhow::Ok((median(rounds.split_off(1)), first.percentile_us(0.5)))
        })
        .await?
    })?;
    let part = Part { start_s, resident_bytes, call_p50_us, first_call_p50_us };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&part)?)?;
    Ok(())
}
