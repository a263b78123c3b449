//! The file of requests: one JSON object a line. `tests/data/plans/README.md` says what each field means.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;

/// One request with its right outcomes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub text: String,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub part: Option<String>,
    /// Calls made before it.
    #[serde(default)]
    pub before: Vec<Given>,
    /// What each of its parts comes to, in their order.
    pub parts: Vec<Wanted>,
    /// What it may change.
    #[serde(default)]
    pub effects: Vec<Given>,
    /// Other right outcomes.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
}

/// A call with its input, or with what its input must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    pub skill: String,
    pub input: Value,
}

/// What a part comes to: an answer that holds this, or that nothing does it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    pub answer: Option<Value>,
    #[serde(default)]
    pub missing: bool,
}

/// Another right outcome.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alternative {
    pub parts: Vec<Wanted>,
    /// Any question.
    pub ask: bool,
    /// Nothing fits.
    pub refuse: bool,
}

impl Row {
    /// What it is counted among.
    pub fn kinds(&self) -> impl Iterator<Item = String> {
        let missing = self.parts.iter().any(|part| part.missing);
        let language = self.language.as_ref().map(|language| format!("in_{language}"));
        let part = self.part.as_ref().map(|part| format!("part_{part}"));
        let kinds = [
            Some(format!("of_{}_parts", self.parts.len())),
            missing.then(|| "with_a_part_that_nothing_does".to_owned()),
            (!self.effects.is_empty()).then(|| "with_effects".to_owned()),
            language,
            part,
        ];
        kinds.into_iter().flatten()
    }
}

/// The requests of a file, in its order.
///
/// # Errors
/// If it cannot be read, with the line.
pub fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("Failed to read `{}`", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| row(line).with_context(|| format!("`{}`, line {}", path.display(), at + 1))).collect()
}

fn row(line: &str) -> anyhow::Result<Row> {
    let row: Row = serde_json::from_str(line)?;
    let all = row.parts.iter().chain(row.alternatives.iter().flat_map(|other| &other.parts));
    for part in all {
        ensure!(part.answer.is_some() != part.missing, "a part has either an `answer` or is `missing`");
    }
    Ok(row)
}
