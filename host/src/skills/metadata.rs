//! A skill's metadata as its bundle declares it: parsed, checked and bounded before anyone sees it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::runtime::HttpStub;

/// Largest metadata of one skill, in bytes of JSON.
pub const METADATA_BYTES_MAX: usize = 128 << 10;
/// Longest description, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 4 << 10;
/// Most examples of one skill.
const EXAMPLES_MAX: usize = 64;
/// Most HTTP answers of one example.
const STUBS_MAX: usize = 32;

/// Behaviour hints, as MCP names and defaults them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Annotations {
    /// Changes nothing.
    pub read_only_hint: bool,
    /// May destroy something.
    pub destructive_hint: bool,
    /// Doing it twice is the same as once.
    pub idempotent_hint: bool,
    /// Reaches things outside the daemon.
    pub open_world_hint: bool,
}

impl Default for Annotations {
    fn default() -> Annotations {
        Annotations { read_only_hint: false, destructive_hint: true, idempotent_hint: false, open_world_hint: true }
    }
}

/// One request in plain words, its input and the output it must give.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The request in plain words, by language tag.
    #[serde(default)]
    pub request: std::collections::BTreeMap<String, String>,
    /// The input it means.
    pub input: Value,
    /// The output that must come; `None` checks only that there is one.
    #[serde(default)]
    pub output: Option<Value>,
    /// Needs the outside world: run by `happyos skill test` only.
    #[serde(default)]
    pub live: bool,
    /// What HTTP requests are answered with while it runs; others fail.
    #[serde(default)]
    pub http: Vec<Stub>,
}

/// The answer to one HTTP request of an example.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stub {
    /// In capitals; `GET` if absent.
    #[serde(default = "method_default")]
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The status; 200 if absent.
    #[serde(default = "status_default")]
    pub status: u16,
    /// Headers of the answer.
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    /// Its body.
    #[serde(default)]
    pub body: String,
}

fn method_default() -> String {
    "GET".into()
}

fn status_default() -> u16 {
    200
}

impl Stub {
    /// The stub as the runtime takes it.
    pub fn to_runtime(&self) -> HttpStub {
        HttpStub {
            method: self.method.clone(),
            url: self.url.clone(),
            status: self.status,
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            body: self.body.clone().into_bytes(),
        }
    }
}

/// What a bundle says of one skill.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// What it does, in a sentence or two.
    pub description: String,
    /// JSON Schema 2020-12 of its input: an object.
    pub input_schema: Map<String, Value>,
    /// JSON Schema of its output.
    #[serde(default)]
    pub output_schema: Option<Value>,
    /// Behaviour hints.
    #[serde(default)]
    pub annotations: Annotations,
    /// Example requests.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// Checks a public skill name.
///
/// # Errors
/// Says what a name may be.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if fits {
        return Ok(());
    }
    let shown: String = name.chars().take(80).collect();
    Err(format!("skill name {shown:?} is not 1 to 64 of `A-Z a-z 0-9 _ -`"))
}

impl Metadata {
    /// Reads and checks the metadata of skill `name`.
    ///
    /// # Errors
    /// A sentence that names the skill and what is wrong with its metadata.
    pub fn parse(name: &str, json: &str) -> Result<Metadata, String> {
        check_name(name)?;
        let of = |what: &str| format!("skill `{name}`: {what}");
        if json.len() > METADATA_BYTES_MAX {
            return Err(of(&format!("metadata has {} bytes, more than {METADATA_BYTES_MAX}", json.len())));
        }
        let metadata: Metadata =
            serde_json::from_str(json).map_err(|error| of(&format!("metadata is not as it should be: {error}")))?;
        if metadata.description.trim().is_empty() {
            return Err(of("the description is empty"));
        }
        if metadata.description.len() > DESCRIPTION_BYTES_MAX {
            return Err(of(&format!("the description is longer than {DESCRIPTION_BYTES_MAX} bytes")));
        }
        if metadata.examples.len() > EXAMPLES_MAX {
            return Err(of(&format!("there are more than {EXAMPLES_MAX} examples")));
        }
        for (index, example) in metadata.examples.iter().enumerate() {
            let of = |what: String| of(&format!("example {}: {what}", index + 1));
            if example.http.len() > STUBS_MAX {
                return Err(of(format!("there are more than {STUBS_MAX} entries in its `http`")));
            }
            if let Some(stub) = example.http.iter().find(|stub| !(200..=599).contains(&stub.status)) {
                return Err(of(format!("the status {} in its `http` is not one of 200 to 599", stub.status)));
            }
        }
        match metadata.input_schema.get("type") {
            Some(Value::String(kind)) if kind == "object" => Ok(metadata),
            _ => Err(of("the input schema must say `\"type\": \"object\"`")),
        }
    }
}
