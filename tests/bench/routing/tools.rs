//! ToolE: requests for one of 199 tools, by description alone, with ten examples a tool, and by words alone.

use std::collections::BTreeMap;

use anyhow::Context as _;
use happyos::routing::index::words;
use happyos::routing::{Embed, Index};
use serde_json::Value;

use super::data::{Data, is_outside, profile, shuffled, text};
use super::figures::{Asked, auroc, precision_at, spread, top};
use super::vectors::Cached;
use crate::report::Report;

const SEED: u64 = 20_240_611;
/// Examples of each tool; a tool with fewer than twice as many rows gets half of them.
const N_EXAMPLES: usize = 10;

pub fn run(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    let tools = data.rows("toole/tools")?;
    let rows = data.half("toole", "")?;
    let mut of_tool: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !is_outside(row)) {
        if let [gold] = row["gold"].as_array().map_or(&[][..], Vec::as_slice) {
            of_tool.entry(gold.as_str().unwrap_or_default()).or_default().push(text(row, "text"));
        }
    }
    let mut examples: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut requests, mut all) = (Vec::new(), Vec::new());
    for (tool, rows) in of_tool {
        let rows = shuffled(rows, SEED);
        let n = N_EXAMPLES.min(rows.len() / 2);
        examples.insert(tool, rows[..n].to_vec());
        requests.extend(apart(&rows, n).map(|request| (request, vec![tool.to_owned()])));
        all.extend(rows.iter().map(|request| (*request, vec![tool.to_owned()])));
    }
    let outside: Vec<&str> = rows.iter().filter(|row| is_outside(row)).map(|row| text(row, "text")).collect();
    embed.prepare(all.iter().map(|(request, _)| *request).chain(outside.iter().copied()))?;

    let changes = |with_examples: bool| -> Vec<_> {
        let of = |tool: &Value| {
            let name = text(tool, "id");
            let examples = examples.get(name).filter(|_| with_examples).map_or(&[][..], Vec::as_slice);
            profile(name, text(tool, "description"), serde_json::json!({}), "en", examples)
        };
        tools.iter().map(of).collect()
    };
    let bare = Index::empty().with(&changes(false), Some(embed));
    let taught = Index::empty().with(&changes(true), Some(embed));
    let lexical = Index::empty().with(&changes(true), None);
    let rest = format!("ToolE, {} requests for {} tools", requests.len(), tools.len());

    let asked = ask(&taught, &requests, Some(embed))?;
    report.add("toole10_top1", top(&asked, 1), "", format!("{rest}, ten examples a tool"));
    report.add("toole10_top5", top(&asked, 5), "", "");
    report.add("toole_auto_precision_at_50", precision_at(&asked, 0.5), "", "right, of the half it is surest of");
    report.add("toole_auto_precision_at_60", precision_at(&asked, 0.6), "", "right, of the 60 % it is surest of");
    if !outside.is_empty() {
        let outside: Vec<_> = outside.iter().map(|request| (*request, Vec::new())).collect();
        let fits = |asked: &[Asked]| asked.iter().map(|asked| f64::from(asked.ranking.fit)).collect::<Vec<_>>();
        let (high, low) = (fits(&asked), fits(&ask(&taught, &outside, Some(embed))?));
        let what = format!("for a tool against for none, by fit: {}; of none {}", spread(&high), spread(&low));
        report.add("toole_oos_auroc", auroc(&high, &low), "", what);
    }
    let asked = ask(&bare, &all, Some(embed))?;
    report.add("toole0_top1", top(&asked, 1), "", format!("names and descriptions only, all {} requests", all.len()));
    report.add("toole0_top5", top(&asked, 5), "", "");
    let asked = ask(&lexical, &requests, None)?;
    report.add("lexical10_top1", top(&asked, 1), "", "without the model, ten examples a tool");
    report.add("lexical10_top5", top(&asked, 5), "", "");
    Ok(())
}

/// The rows after the first `n`, which are examples, without those that say the same as one of them.
pub fn apart<'a>(rows: &[&'a str], n: usize) -> impl Iterator<Item = &'a str> {
    let examples: Vec<_> = rows[..n].iter().map(|example| words(example)).collect();
    rows[n..].iter().copied().filter(move |row| !examples.contains(&words(row)))
}

/// Ranks every request.
pub fn ask(index: &Index, requests: &[(&str, Vec<String>)], embed: Option<&Cached>) -> anyhow::Result<Vec<Asked>> {
    let one = |(request, right): &(&str, Vec<String>)| {
        let vector = embed.map(|embed| embed.query(request)).transpose().context("no vector")?;
        Ok(Asked { ranking: index.rank(request, vector.as_deref(), 5, &[]), right: right.clone() })
    };
    requests.iter().map(one).collect()
}
