//! What a benchmark found: a table for people, and a JSON file with the bars it is held to.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;
use serde::Serialize;

/// On which side of its bar a figure must lie.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    AtMost,
    AtLeast,
}
use Side::{AtLeast, AtMost};

/// Every bar: benchmark, key, side, value.
const BARS: &[(&str, &str, Side, f64)] = &[
    ("calls", "bare_p50_us", AtMost, 30.0),
    ("calls", "ratio_p50", AtMost, 1.35),
    ("calls", "ratio_p99", AtMost, 1.5),
    ("mcp", "stdio_p50_us", AtMost, 200.0),
    ("mcp", "stdio_calls_per_s", AtLeast, 8_000.0),
    ("mcp", "http_p50_us", AtMost, 200.0),
    ("mcp", "http_calls_per_s", AtLeast, 8_000.0),
    ("scale", "start_1000_s", AtMost, 2.0),
    ("scale", "call_p50_growth", AtMost, 1.25),
    ("fair", "p50_ms", AtMost, 2.0),
    ("fair", "p99_ms", AtMost, 10.0),
    ("abuse", "cases", AtLeast, 45.0),
    ("abuse", "uncontained", AtMost, 0.0),
    ("abuse", "neighbour_p99_ratio_max", AtMost, 2.0),
    ("reload", "cached_p50_ms", AtMost, 80.0),
    ("reload", "js_p50_ms", AtMost, 80.0),
    ("reload", "js_own_p50_ms", AtMost, 5.0),
    ("reload", "component_over_compile_ms", AtMost, 80.0),
    ("reload", "swaps", AtLeast, 11_000.0),
    ("reload", "swaps_failed", AtMost, 0.0),
    ("reload", "memory_growth", AtMost, 0.1),
    ("routing", "toole10_top1", AtLeast, 0.72),
    ("routing", "toole10_top5", AtLeast, 0.92),
    ("routing", "toole0_top1", AtLeast, 0.52),
    ("routing", "toole0_top5", AtLeast, 0.72),
    ("routing", "toole_auto_precision_at_50", AtLeast, 0.93),
    ("routing", "lexical10_top1", AtLeast, 0.63),
    ("routing", "lexical10_top5", AtLeast, 0.83),
    ("routing", "bfcl_top1", AtLeast, 0.70),
    ("routing", "bfcl_top5", AtLeast, 0.92),
    ("routing", "bfcl_irrelevance_auroc", AtLeast, 0.92),
    ("routing", "clinc20_top1", AtLeast, 0.93),
    ("routing", "clinc_oos_auroc", AtLeast, 0.95),
    ("routing", "ha_en_sv_top1", AtLeast, 0.54),
    ("routing", "multi_auroc_toole", AtLeast, 0.75),
    ("routing", "multi_auroc_bfcl", AtLeast, 0.90),
    ("routing", "args_simple_right", AtLeast, 0.45),
    ("routing", "args_simple_wrong", AtMost, 0.10),
    ("routing", "route_10000_p50_ms", AtMost, 1.0),
    ("routing", "route_10000_embed_p50_ms", AtMost, 40.0),
    ("routing", "add_skill_ms", AtMost, 10.0),
    ("orchestrate", "chain10_step_us", AtMost, 60.0),
    ("orchestrate", "chain10_durable_ratio", AtMost, 1.2),
    ("orchestrate", "fan100_branch_us", AtMost, 100.0),
    ("plans", "requests", AtLeast, 80.0),
    ("plans", "right", AtLeast, 0.85),
    ("plans", "wrong_side_effects", AtMost, 0.0),
    ("answers", "requests", AtLeast, 150.0),
    ("answers", "right", AtLeast, 0.85),
    ("answers", "wrong", AtMost, 0.02),
    ("answers", "needless_questions", AtMost, 0.10),
    ("agents", "slow_replica_p99_ratio", AtMost, 1.5),
    ("agents", "lost", AtMost, 0.0),
    ("agents", "breaker_opens_after", AtMost, 5.0),
    ("agents", "probes_until_back", AtMost, 2.0),
    ("agents", "scaling_p99_ratio", AtMost, 1.0),
    ("agents", "scaling_replica_seconds_ratio", AtMost, 1.1),
    ("crash-bundles", "kills", AtLeast, 300.0),
    ("crash-bundles", "invalid", AtMost, 0.0),
    ("crash-bundles", "lost", AtMost, 0.0),
    ("orchestrate", "memory_us", AtMost, 60.0),
    ("orchestrate", "durable_ratio_1", AtMost, 1.2),
    ("orchestrate", "durable_ratio_64", AtMost, 0.3),
    ("self-building", "live_p50_ms", AtMost, 60.0),
    ("self-building", "load_p50_ms", AtMost, 5.0),
    ("self-building", "reject_p50_ms", AtMost, 10.0),
    ("self-building", "corpus", AtLeast, 120.0),
    ("self-building", "caught", AtLeast, 0.98),
    ("self-building", "caught_overreach", AtLeast, 1.0),
    ("self-building", "false_rejects", AtMost, 0.03),
    ("self-building", "kills", AtLeast, 200.0),
    ("self-building", "lost", AtMost, 0.0),
    ("crash-tasks", "kills", AtLeast, 500.0),
    ("crash-tasks", "lost", AtMost, 0.0),
    ("crash-tasks", "twice", AtMost, 0.0),
];

/// The figures of one benchmark.
pub struct Report {
    name: &'static str,
    what: &'static str,
    rows: Vec<(String, f64, &'static str, String)>,
}

#[derive(Serialize)]
struct File {
    name: &'static str,
    machine: Machine,
    metrics: BTreeMap<String, f64>,
    bars: Vec<Bar>,
}

#[derive(Serialize)]
struct Bar {
    key: &'static str,
    value: f64,
    bar: f64,
    met: bool,
}

#[derive(Serialize)]
struct Machine {
    cores: usize,
    cpu: String,
    kernel: String,
    memory_bytes: u64,
}

impl Machine {
    fn this() -> Machine {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.starts_with(key));
            line.and_then(|line| line.split_once(':'))
                .map_or_else(|| "unknown".into(), |(_, value)| value.trim().to_owned())
        };
        let memory_kib = field(&read("/proc/meminfo"), "MemTotal");
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu: field(&read("/proc/cpuinfo"), "model name"),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            memory_bytes: memory_kib.trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024,
        }
    }
}

impl Report {
    /// A report without figures; `what` says what is measured.
    pub fn new(name: &'static str, what: &'static str) -> Report {
        Report { name, what, rows: Vec::new() }
    }

    /// Adds a figure with its unit and what it is.
    pub fn add(&mut self, key: impl Into<String>, value: f64, unit: &'static str, what: impl Into<String>) {
        self.rows.push((key.into(), value, unit, what.into()));
    }

    /// Prints the table and writes the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        let file = self.print();
        let dir = happyos_tests::profile_dir().parent().context("no target folder")?.join("bench");
        fs::create_dir_all(&dir)?;
        let path = dir.join(format!("{}.json", file.name));
        fs::write(&path, serde_json::to_string_pretty(&file)? + "\n")?;
        println!("\nwritten to {}", path.display());
        Ok(())
    }

    /// Prints the table alone, where only a part was measured.
    pub fn show(self) {
        self.print();
    }

    fn print(self) -> File {
        let machine = Machine::this();
        let metrics: BTreeMap<String, f64> = self.rows.iter().map(|(key, value, ..)| (key.clone(), *value)).collect();
        let held = BARS.iter().filter(|(bench, ..)| *bench == self.name);
        let bars: Vec<Bar> = held
            .filter_map(|(_, key, side, bar)| {
                let value = *metrics.get(*key)?;
                let met = if *side == AtMost { value <= *bar } else { value >= *bar };
                Some(Bar { key, value, bar: *bar, met })
            })
            .collect();
        println!("{}: {}", self.name, self.what);
        println!("{} cores, {}, Linux {}\n", machine.cores, machine.cpu, machine.kernel);
        for (key, value, unit, what) in &self.rows {
            let bar = bars.iter().find(|bar| bar.key == key).map_or(String::new(), |bar| {
                let side = BARS.iter().find(|(bench, known, ..)| *bench == self.name && known == key);
                let sign = if side.is_some_and(|(_, _, side, _)| *side == AtMost) { "≤" } else { "≥" };
                format!("  [bar {sign} {}: {}]", bar.bar, if bar.met { "met" } else { "NOT MET" })
            });
            println!("  {key:<28} {:>12} {unit:<8} {what}{bar}", shown(*value));
        }
        File { name: self.name, machine, metrics, bars }
    }
}

fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
