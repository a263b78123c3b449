//! CLINC150 with twenty examples an intent and requests of none; Home Assistant with English examples and Swedish requests.

use std::collections::{BTreeMap, HashMap};

use happyos::routing::Index;

use super::data::{Data, is_outside, profile, shuffled, text};
use super::figures::{Asked, auroc, spread, top};
use super::tools::{apart, ask};
use super::vectors::Cached;
use crate::report::Report;

const SEED: u64 = 20_190_902;
const N_EXAMPLES: usize = 20;
/// What one skill may have; further examples say little that is new.
const N_EXAMPLES_MAX: usize = 64;

pub fn run(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    clinc(report, data, embed)?;
    home(report, data, embed)
}

fn clinc(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    let rows = data.half("clinc150", "")?;
    let mut of_intent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !is_outside(row)) {
        of_intent.entry(text(row, "intent")).or_default().push(text(row, "text"));
    }
    let mut changes = Vec::new();
    let mut requests = Vec::new();
    let mut used = Vec::new();
    for (intent, rows) in of_intent {
        let rows = shuffled(rows, SEED);
        let n = N_EXAMPLES.min(rows.len() / 2);
        let examples = &rows[..n];
        used.extend(examples.iter().copied());
        changes.push(profile(intent, "", serde_json::json!({}), "en", examples));
        requests.extend(apart(&rows, n).map(|request| (request, vec![intent.to_owned()])));
    }
    let outside: Vec<_> =
        rows.iter().filter(|row| is_outside(row)).map(|row| (text(row, "text"), Vec::new())).collect();
    let all = requests.iter().chain(&outside).map(|(request, _)| *request);
    embed.prepare(all.chain(used.iter().copied()))?;
    let index = Index::empty().with(&changes, Some(embed));
    let asked = ask(&index, &requests, Some(embed))?;
    let what = format!("CLINC150, {} requests, {N_EXAMPLES} examples an intent", requests.len());
    report.add("clinc20_top1", top(&asked, 1), "", what);
    let fits = |asked: &[Asked]| asked.iter().map(|asked| f64::from(asked.ranking.fit)).collect::<Vec<_>>();
    let (high, low) = (fits(&asked), fits(&ask(&index, &outside, Some(embed))?));
    let what = format!("{} requests of none, by fit: {}; of none {}", outside.len(), spread(&high), spread(&low));
    report.add("clinc_oos_auroc", auroc(&high, &low), "", what);
    Ok(())
}

fn home(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    let intents = data.rows("ha_intents/intents")?;
    let descriptions: HashMap<&str, &str> =
        intents.iter().map(|intent| (text(intent, "id"), text(intent, "description"))).collect();
    let (english, swedish) = (data.half("ha_intents", "en_")?, data.half("ha_intents", "sv_")?);
    let mut of_skill: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for row in &english {
        of_skill.entry((text(row, "skill"), text(row, "intent"))).or_default().push(text(row, "text"));
    }
    embed.prepare(english.iter().chain(&swedish).map(|row| text(row, "text")))?;
    let mut changes = Vec::new();
    for ((skill, intent), examples) in of_skill {
        let mut examples = shuffled(examples, SEED);
        examples.truncate(N_EXAMPLES_MAX);
        let description = descriptions.get(intent).copied().unwrap_or_default();
        changes.push(profile(skill, description, serde_json::json!({}), "en", &examples));
    }
    let index = Index::empty().with(&changes, Some(embed));
    let requests: Vec<_> = swedish.iter().map(|row| (text(row, "text"), vec![text(row, "skill").to_owned()])).collect();
    let asked = ask(&index, &requests, Some(embed))?;
    let what = format!("Home Assistant, English examples, {} Swedish requests", requests.len());
    report.add("ha_en_sv_top1", top(&asked, 1), "", what);
    report.add("ha_en_sv_top5", top(&asked, 5), "", "");
    Ok(())
}
