//! The file of requests: one JSON object a line. `tests/data/answers/README.md` says what each field means.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

/// One request with its right outcomes.
#[derive(Debug)]
pub struct Row {
    pub text: String,
    pub language: Option<String>,
    pub part: Option<String>,
    pub typos: bool,
    pub session: Option<String>,
    /// It answers the question that the request before it in the session was met with.
    pub reply: bool,
    pub context: Map<String, Value>,
    /// Calls made before it.
    pub before: Vec<Given>,
    /// Any of these is right.
    pub outcomes: Vec<Wanted>,
}

/// A call with its input, or with what its input must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    pub skill: String,
    pub input: Value,
}

/// A right outcome.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// An answer that holds this.
    Answer(Value),
    /// This call, whatever comes of it.
    Call(Given),
    /// A question for these values, by the names of properties.
    Ask(Vec<String>),
    /// A question that lets choose among these skills.
    Choose(Vec<String>),
    /// Nothing fits.
    Refuse,
    /// The skill's own refusal.
    Fail,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    text: String,
    language: Option<String>,
    part: Option<String>,
    #[serde(default)]
    typos: bool,
    session: Option<String>,
    #[serde(default)]
    reply: bool,
    #[serde(default)]
    context: Map<String, Value>,
    #[serde(default)]
    before: Vec<Given>,
    answer: Option<Value>,
    call: Option<Given>,
    ask: Option<Vec<String>>,
    choose: Option<Vec<String>>,
    #[serde(default)]
    refuse: bool,
    #[serde(default)]
    fail: bool,
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alternative {
    answer: Option<Value>,
    call: Option<Given>,
    ask: Option<Vec<String>>,
    choose: Option<Vec<String>>,
    #[serde(default)]
    refuse: bool,
    #[serde(default)]
    fail: bool,
}

impl Alternative {
    fn wanted(self) -> impl Iterator<Item = Wanted> {
        let each = [
            self.answer.map(Wanted::Answer),
            self.call.map(Wanted::Call),
            self.ask.map(Wanted::Ask),
            self.choose.map(Wanted::Choose),
            self.refuse.then_some(Wanted::Refuse),
            self.fail.then_some(Wanted::Fail),
        ];
        each.into_iter().flatten()
    }
}

impl Row {
    /// The kind of its first right outcome.
    pub fn kind(&self) -> &'static str {
        match self.outcomes.first() {
            Some(Wanted::Ask(_) | Wanted::Choose(_)) => "questions",
            Some(Wanted::Refuse) => "refusals",
            _ => "answers",
        }
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
    let line: Line = serde_json::from_str(line)?;
    let Line { text, language, part, typos, session, reply, context, before, .. } = line;
    let Line { answer, call, ask, choose, refuse, fail, alternatives, .. } = line;
    let own = Alternative { answer, call, ask, choose, refuse, fail };
    let outcomes: Vec<Wanted> = std::iter::once(own).chain(alternatives).flat_map(Alternative::wanted).collect();
    ensure!(!outcomes.is_empty(), "no outcome: one of `answer`, `call`, `ask`, `choose`, `refuse`, `fail`");
    Ok(Row { text, language, part, typos, session, reply, context, before, outcomes })
}
