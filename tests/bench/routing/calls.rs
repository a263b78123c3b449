//! What a request needs beyond its skill: one skill or several, and the arguments of its call.

use std::collections::{BTreeMap, HashMap};

use happyos::routing::arguments::{self, About};
use happyos::routing::{Ask, CivilNow, Hints, Index, analyse, language};
use serde_json::Value;

use super::data::{Data, is_outside, profile, shuffled, text, texts};
use super::exact::functions;
use super::figures::{auroc, share};
use super::vectors::Cached;
use crate::report::Report;

const SEED: u64 = 20_240_611;
const N_EXAMPLES: usize = 10;
/// Requests for one tool that are held against those for two.
const N_SINGLES: usize = 600;
/// The moment that requests are read at; the data names no other.
const NOW: CivilNow = CivilNow { year: 2024, month: 5, day: 15, hour: 10, minute: 0, second: 0, weekday: 3 };

/// Requests for several skills against requests for one.
pub fn several(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    several_of_toole(report, data, embed)?;
    several_of_bfcl(report, data, embed)
}

fn complexity(index: &Index, text: &str, embed: &Cached) -> f64 {
    let hints = Hints::default();
    let ask = Ask {
        text,
        locale: None,
        hints,
        turns: &[],
        now: NOW,
        learned: &[],
        standings: &[],
        context: None,
        among: None,
    };
    f64::from(analyse(index, &ask, Some(embed)).complexity.score)
}

fn several_of_toole(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    let mut of_tool: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in data.half("toole", "")?.iter().filter(|row| !is_outside(row)) {
        if let [tool] = texts(row, "gold").as_slice() {
            of_tool.entry(tool.clone()).or_default().push(text(row, "text").to_owned());
        }
    }
    let mut singles = Vec::new();
    let mut changes = Vec::new();
    for tool in data.rows("toole/tools")? {
        let rows = shuffled(of_tool.remove(text(&tool, "id")).unwrap_or_default(), SEED);
        let (examples, rest) = rows.split_at(N_EXAMPLES.min(rows.len() / 2));
        let examples: Vec<&str> = examples.iter().map(String::as_str).collect();
        changes.push(profile(text(&tool, "id"), text(&tool, "description"), serde_json::json!({}), "en", &examples));
        singles.extend(rest.iter().cloned());
    }
    let mut singles = shuffled(singles, SEED);
    singles.truncate(N_SINGLES);
    let several: Vec<String> = data.half("toole", "multi_")?.iter().map(|row| text(row, "text").to_owned()).collect();
    embed.prepare(singles.iter().chain(&several).map(String::as_str))?;
    let index = Index::empty().with(&changes, Some(embed));
    let scores = |texts: &[String]| texts.iter().map(|text| complexity(&index, text, embed)).collect::<Vec<_>>();
    let area = auroc(&scores(&several), &scores(&singles));
    let what = format!("ToolE, {} requests for two tools against {} for one", several.len(), singles.len());
    report.add("multi_auroc_toole", area, "", what);
    Ok(())
}

fn several_of_bfcl(report: &mut Report, data: &Data, embed: &Cached) -> anyhow::Result<()> {
    let (tools, rows) = (data.rows("bfcl/tools")?, data.half("bfcl", "")?);
    let changes = functions(&tools);
    embed.prepare_skills(&changes)?;
    let index = Index::empty().with(&changes, Some(embed));
    let of = |categories: &[&str]| -> Vec<f64> {
        let rows = rows.iter().filter(|row| categories.contains(&text(row, "cat")));
        rows.map(|row| complexity(&index, text(row, "text"), embed)).collect()
    };
    let (one, several) = (of(&["simple_python", "multiple"]), of(&["parallel", "parallel_multiple"]));
    let what = format!("BFCL, {} requests for several calls against {} for one", several.len(), one.len());
    report.add("multi_auroc_bfcl", auroc(&several, &one), "", what);
    Ok(())
}

/// Calls of BFCL's simple part, the function known: right with every argument, wrong, or asked about.
pub fn arguments(report: &mut Report, data: &Data, _: &Cached) -> anyhow::Result<()> {
    let (tools, rows) = (data.rows("bfcl/tools")?, data.half("bfcl", "")?);
    let tools: HashMap<&str, &Value> = tools.iter().map(|tool| (text(tool, "id"), tool)).collect();
    let (mut n, mut n_right, mut n_wrong) = (0, 0, 0);
    for row in rows.iter().filter(|row| text(row, "cat") == "simple_python") {
        let Some(call) = row["calls"].get(0) else { continue };
        let Some(tool) = tools.get(text(call, "tool")) else { continue };
        let about = About {
            name: text(tool, "name"),
            description: text(tool, "description"),
            schema: &tool["parameters"],
            examples: &[],
        };
        let request = text(row, "text");
        let read = arguments::extract(about, request, language::detect(request), NOW);
        n += 1;
        if read.missing.is_empty() {
            if is_right(&call["accept"], &read.arguments) { n_right += 1 } else { n_wrong += 1 }
        }
    }
    report.add("args_simple_right", share(n_right, n), "", format!("BFCL simple, {n} calls, the function known"));
    report.add("args_simple_wrong", share(n_wrong, n), "", "called with something wrong, without asking");
    Ok(())
}

fn is_right(accept: &Value, arguments: &serde_json::Map<String, Value>) -> bool {
    let Some(accept) = accept.as_object() else { return false };
    let known = arguments.keys().all(|name| accept.contains_key(name));
    let each = accept.iter().all(|(name, values)| {
        let values = values.as_array().map_or(&[][..], Vec::as_slice);
        match arguments.get(name) {
            None => values.iter().any(|value| value.as_str() == Some("")),
            Some(given) => values.iter().any(|value| is_same(value, given)),
        }
    });
    known && each
}

/// Numbers by their size, texts without regard to case, spaces and punctuation, as the leaderboard compares them.
fn is_same(wanted: &Value, given: &Value) -> bool {
    match (wanted, given) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => plain(a) == plain(b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let alternatives = |name: &String, given: &Value| {
                let values = a.get(name).and_then(Value::as_array);
                values.is_some_and(|values| values.iter().any(|value| is_same(value, given)))
            };
            b.iter().all(|(name, given)| alternatives(name, given))
        }
        _ => wanted == given,
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !" ,./-_*^'\"".contains(*c)).flat_map(char::to_lowercase).collect()
}
