//! Ten thousand skills: the time of routing to one of them, of adding one, and the memory they take.

use std::time::Instant;

use happyos::base::Digest;
use happyos::routing::{Change, Embed, EmbedError, Index};
use serde_json::Value;

use super::data::{Data, profile, shuffled, text};
use super::vectors::Cached;
use crate::report::Report;
use crate::samples::{Samples, resident_bytes};

const N_SKILLS: usize = 10_000;
const N_EXAMPLES: usize = 3;
const N_REQUESTS: usize = 400;
const N_EMBEDDED: usize = 60;
const N_ADDED: usize = 200;
const SEED: u64 = 3;

pub fn run(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    let tools = data.rows("bfcl/tools")?;
    let toole = data.half("toole", "")?;
    let texts: Vec<&str> = shuffled(toole.iter().map(|row| text(row, "text")).collect(), SEED);
    let texts = &texts[..texts.len().min(3_000)];
    embed.prepare(texts.iter().copied())?;
    let drawn = Drawn(texts.iter().map(|text| embed.query(text)).collect::<Result<_, _>>()?);
    let changes = skills(&tools, texts);
    let before = resident_bytes();
    // Those of the last skills are added one by one, as reloads do.
    let (most, last) = changes.split_at(changes.len() - N_ADDED);
    let began = Instant::now();
    let mut index = Index::empty().with(most, Some(&drawn));
    report.add("build_10000_s", began.elapsed().as_secs_f64(), "s", "all at once, vectors known");
    let mut adding = Samples::default();
    for change in last {
        let began = Instant::now();
        index = index.with(std::slice::from_ref(change), Some(&drawn));
        adding.since(began);
    }
    let resident = resident_bytes().saturating_sub(before);
    let mut routing = Samples::default();
    let mut lexical = Samples::default();
    let requests: Vec<&str> = texts.iter().rev().take(N_REQUESTS).copied().collect();
    for request in &requests {
        let vector = embed.query(request)?;
        let began = Instant::now();
        std::hint::black_box(index.rank(request, Some(&vector), 5, &[]));
        routing.since(began);
        let began = Instant::now();
        std::hint::black_box(index.rank(request, None, 5, &[]));
        lexical.since(began);
    }
    let mut embedded = Samples::default();
    for request in requests.iter().take(N_EMBEDDED) {
        let began = Instant::now();
        let vector = embed.model().query(request)?;
        std::hint::black_box(index.rank(request, Some(&vector), 5, &[]));
        embedded.since(began);
    }
    let n = index.len();
    report.add("route_10000_p50_ms", routing.percentile_us(0.5) / 1e3, "ms", format!("{n} skills, the vector known"));
    report.add("route_10000_p99_ms", routing.percentile_us(0.99) / 1e3, "ms", "");
    report.add("route_10000_lexical_p50_ms", lexical.percentile_us(0.5) / 1e3, "ms", "by words alone");
    report.add("route_10000_embed_p50_ms", embedded.percentile_us(0.5) / 1e3, "ms", "with the vector computed");
    report.add("add_skill_ms", adding.percentile_us(0.5) / 1e3, "ms", "one skill more, its vectors known: median");
    report.add("add_skill_p99_ms", adding.percentile_us(0.99) / 1e3, "ms", "");
    report.add("resident_10000_mib", resident as f64 / (1 << 20) as f64, "MiB", "what the index takes");
    Ok(())
}

/// Stands in for the model where only the time of everything else counts: real vectors, of other texts.
struct Drawn(Vec<Vec<f32>>);

impl Embed for Drawn {
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let [first, second, ..] = *Digest::of(text.as_bytes()).as_bytes();
        let at = usize::from(u16::from_le_bytes([first, second]));
        Ok(self.0[at % self.0.len()].clone())
    }

    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        texts.iter().map(|text| self.query(text)).collect()
    }

    fn id(&self) -> &str {
        "drawn"
    }
}

/// Skills of real words: descriptions and schemas of functions, each several times with other examples.
fn skills(tools: &[Value], texts: &[&str]) -> Vec<Change> {
    let one = |at: usize| {
        let tool = &tools[at % tools.len()];
        let examples: Vec<&str> = (0..N_EXAMPLES).map(|n| texts[(at * 7 + n * 131) % texts.len()]).collect();
        let name = format!("{}-{at}", text(tool, "name"));
        profile(&name, text(tool, "description"), tool["parameters"].clone(), "en", &examples)
    };
    (0..N_SKILLS).map(one).collect()
}
