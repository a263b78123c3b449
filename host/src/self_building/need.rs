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
    /// Examples that its writer does not see.
    #[serde(default)]
    hidden: Vec<Example>,
}

impl Need {
    /// Reads what a new skill is to do from JSON: `requests`, `hidden` (examples with `input`, `output` and, where they send
    /// requests, `http`), and `may_ask` (what it may ask for at most; left out, that is the operator's approval).
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn read(json: &str) -> Result<Need, String> {
        let file: File = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if file.hidden.len() > EXAMPLES_MAX {
            return Err(format!("it has {} hidden examples, more than {EXAMPLES_MAX}", file.hidden.len()));
        }
        let bound = |grants: Map<String, Value>| {
            let manifest = serde_json::json!({"name": "bound", "grants": grants}).to_string();
            Manifest::from_section(&manifest).and_then(|manifest| manifest.requests())
        };
        let may_ask = file.may_ask.map(bound).transpose().map_err(|error| format!("`may_ask`: {error}"))?;
        Ok(Need { requests: file.requests, hidden: file.hidden, may_ask, is_new: true, recorded: Vec::new() })
    }
}
