//! What a candidate is to do, as a file says it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::gate::Need;
use crate::skills::{Example, Manifest};

/// Examples that one file may have.
const EXAMPLES_MAX: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Requests in plain words that the skill is to answer.
    #[serde(default)]
    requests: Vec<String>,
    /// What it may ask for, as in a manifest's `grants`; nothing where this is empty.
    #[serde(default)]
    may_ask: Option<Map<String, Value>>,
    /// Examples of which its writer sees every third.
    #[serde(default)]
    examples: Vec<Example>,
    /// Examples that its writer does not see.
    #[serde(default)]
    hidden: Vec<Example>,
}

/// Of so many examples, one is shown.
const SHOWN_ONE_IN: usize = 3;
/// Examples that are shown at most.
const SHOWN_MAX: usize = 8;

impl Need {
    /// Reads what a new skill is to do from JSON: `requests`, `examples` and `hidden` (with `input`, `output` and, where they
    /// send requests, `http`; of the first every third is shown to the writer), and `may_ask` (what it may ask for at most; left out, that is the operator's approval).
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn read(json: &str) -> Result<Need, String> {
        let file: File = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let count = file.examples.len() + file.hidden.len();
        if count > EXAMPLES_MAX {
            return Err(format!("it has {count} examples, more than {EXAMPLES_MAX}"));
        }
        let bound = |grants: Map<String, Value>| {
            let manifest = serde_json::json!({"name": "bound", "grants": grants}).to_string();
            Manifest::from_section(&manifest).and_then(|manifest| manifest.requests())
        };
        let may_ask = file.may_ask.map(bound).transpose().map_err(|error| format!("`may_ask`: {error}"))?;
        let (shown, mut hidden) = split(file.examples);
        hidden.extend(file.hidden);
        Ok(Need { requests: file.requests, shown, hidden, may_ask, is_new: true, ..Need::default() })
    }

    /// The same with some of what is hidden shown, where nothing is: for the composer, which writes nothing by itself.
    pub(super) fn opened(mut self) -> Need {
        if self.shown.is_empty() {
            (self.shown, self.hidden) = split(self.hidden);
        }
        self
    }
}

fn split(examples: Vec<Example>) -> (Vec<Example>, Vec<Example>) {
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for (index, example) in examples.into_iter().enumerate() {
        let is_shown = index % SHOWN_ONE_IN == 0 && shown.len() < SHOWN_MAX;
        if is_shown { &mut shown } else { &mut hidden }.push(example);
    }
    (shown, hidden)
}
