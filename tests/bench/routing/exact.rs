//! BFCL: requests for one of many functions with schemas, and requests that none of the functions offered fits.

use std::collections::HashMap;

use happyos::routing::index::Request;
use happyos::routing::{Change, Embed as _, Index};
use serde_json::Value;

use super::data::{Data, is_outside, profile, text, texts};
use super::figures::{Asked, auroc, spread, top};
use super::tools::ask;
use super::vectors::Cached;
use crate::report::Report;

pub fn run(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    let tools = data.rows("bfcl/tools")?;
    let rows = data.half("bfcl", "")?;
    embed.prepare(rows.iter().map(|row| text(row, "text")))?;
    let changes = functions(&tools);
    embed.prepare_skills(&changes)?;
    let pooled = Index::empty().with(&changes, Some(embed));
    let mut of_name: HashMap<&str, Vec<&str>> = HashMap::new();
    for tool in &tools {
        of_name.entry(text(tool, "name")).or_default().push(text(tool, "id"));
    }
    // Functions of one name hardly differ: each of them is right.
    let asked_of = |row: &Value| {
        let gold = texts(row, "gold");
        let right = gold.iter().filter_map(|gold| of_name.get(name(gold))).flatten().map(|id| (*id).to_owned());
        Some(right.collect()).filter(|right: &Vec<String>| !is_outside(row) && !right.is_empty())
    };
    let requests: Vec<_> = rows.iter().filter_map(|row| Some((text(row, "text"), asked_of(row)?))).collect();
    let asked = ask(&pooled, &requests, Some(embed))?;
    let what = format!("BFCL, {} requests, one index of {} functions", requests.len(), pooled.len());
    report.add("bfcl_top1", top(&asked, 1), "", what);
    report.add("bfcl_top5", top(&asked, 5), "", "");

    // Whether one of the functions offered fits is asked of those alone, in an index of all.
    let (live, plain): (Vec<&Value>, Vec<&Value>) = rows.iter().partition(|row| text(row, "cat").starts_with("live"));
    for (key, rows) in [("bfcl_irrelevance_auroc", plain), ("bfcl_live_irrelevance_auroc", live)] {
        let (mut fits, mut fits_not) = (Vec::new(), Vec::new());
        for row in rows {
            let offered = texts(row, "candidates");
            if offered.is_empty() || (!is_outside(row) && asked_of(row).is_none()) {
                continue;
            }
            let fit = offered_ranking(&pooled, text(row, "text"), &offered, embed)?.ranking.fit;
            if is_outside(row) { fits_not.push(f64::from(fit)) } else { fits.push(f64::from(fit)) }
        }
        if !fits.is_empty() && !fits_not.is_empty() {
            let n = fits.len() + fits_not.len();
            report.add(
                key,
                auroc(&fits, &fits_not),
                "",
                format!("{n} requests, functions offered, by fit: {}; of none {}", spread(&fits), spread(&fits_not)),
            );
        }
    }
    Ok(())
}

fn offered_ranking(index: &Index, text: &str, offered: &[String], embed: &Cached) -> anyhow::Result<Asked> {
    let vector = embed.query(text)?;
    let among = |skill: &str| offered.iter().any(|offered| offered == skill);
    let request = Request { text, vector: Some(&vector), learned: &[], among: Some(&among) };
    Ok(Asked { ranking: index.rank_among(&request, 5), right: Vec::new() })
}

/// All functions, each under its id: several may have one name.
pub fn functions(tools: &[Value]) -> Vec<Change> {
    let change =
        |tool: &Value| profile(text(tool, "id"), text(tool, "description"), tool["parameters"].clone(), "en", &[]);
    tools.iter().map(change).collect()
}

/// The name of a function, from its id.
fn name(id: &str) -> &str {
    id.split('#').next().unwrap_or(id)
}
