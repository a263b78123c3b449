//! Reads a skill's examples at compile time, and says where in the file they are wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use syn::LitStr;

use crate::Faults;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    /// What a person would say, by language tag.
    request: BTreeMap<String, String>,
    #[serde(rename = "input")]
    _input: BTreeMap<String, IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    output: Option<IgnoredAny>,
    #[serde(default)]
    live: bool,
    #[serde(default, rename = "http")]
    _http: Vec<Stub>,
}

/// The answer to one HTTP request of the skill.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stub {
    #[serde(rename = "method")]
    _method: Option<String>,
    #[serde(rename = "url")]
    _url: String,
    #[serde(rename = "status")]
    _status: Option<u16>,
    #[serde(default, rename = "headers")]
    _headers: BTreeMap<String, String>,
    #[serde(rename = "body")]
    _body: Option<String>,
}

/// `null` is an output like any other.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<IgnoredAny>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(Some)
}

const HINT: &str = "hint: the file is a list of \
                    `{\"request\": {\"en\": \"...\", \"sv\": \"...\"}, \"input\": {...}, \"output\": ...}`";

/// The examples without white space, and the file's full path.
pub fn read(path: &LitStr, faults: &mut Faults) -> (String, Option<String>) {
    let shown = path.value();
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let full = root.join(Path::new(&shown));
    let text = match std::fs::read_to_string(&full) {
        Ok(text) => text,
        Err(error) => {
            faults.at(path, format!("Failed to read the examples `{shown}`: {error}\nhint: the path starts at the folder of `Cargo.toml`"));
            return (String::new(), None);
        }
    };
    if let Err(fault) = check(&text, &shown) {
        faults.at(path, fault);
    }
    (minify(&text), full.to_str().map(str::to_owned))
}

fn check(text: &str, shown: &str) -> Result<(), String> {
    let examples: Vec<Example> = serde_json::from_str(text).map_err(|error| {
        let what = error.to_string();
        // serde_json puts the place at the end; people and editors look for it in front.
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
        format!("{shown}:{}:{}: {what}\n{HINT}", error.line(), error.column())
    })?;
    for (index, example) in examples.iter().enumerate() {
        let number = index + 1;
        if example.request.values().all(|request| request.trim().is_empty()) {
            return Err(format!("{shown}: example {number} has no request\n{HINT}"));
        }
        if example.output.is_none() && !example.live {
            return Err(format!(
                "{shown}: example {number} has no output\nhint: only one with `\"live\": true` may leave it out"
            ));
        }
    }
    Ok(())
}

/// Drops the white space between the tokens of a JSON text.
fn minify(json: &str) -> String {
    let mut slim = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for character in json.chars() {
        if in_text {
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            in_text = character == '"';
        }
        slim.push(character);
    }
    slim
}
