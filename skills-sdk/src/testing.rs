//! Native tests of skills: no WebAssembly, no host.
//!
//! ```ignore
//! #[test]
//! fn examples() {
//!     happyos_sdk::testing::check_examples(&crate::BUNDLE);
//! }
//! ```

use serde_json::Value;

use crate::log::Level;
use crate::{Bundle, Context, SkillError, native};

/// What the clock says while examples run, here and in the host: 2026-01-01T00:00:00Z.
pub const EXAMPLES_NOW_MS: u64 = 1_767_225_600_000;

/// A line that a skill logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The line.
    pub message: String,
}

/// How far a skill said it had come.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Units behind it.
    pub done: f64,
    /// Units in all, where known.
    pub total: Option<f64>,
    /// A line for people.
    pub message: String,
}

/// The answer to one HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpStub {
    /// In capitals.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The status.
    pub status: u16,
    /// Headers of the answer.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl HttpStub {
    /// The answer `200` with `body` to `GET url`.
    pub fn get(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "GET".to_owned(), url: url.into(), status: 200, headers: Vec::new(), body: body.into() }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Answers a request on this thread, until [`clear`]. A request without a stub fails.
pub fn stub_http(stub: HttpStub) {
    native::stub(stub);
}

/// Lets agents on this thread call a skill or agent that answers as `reply` does, until [`clear`].
pub fn stub_target(target: crate::delegate::Target, reply: fn(&str) -> Result<String, crate::delegate::Error>) {
    native::stub_target(target, reply);
}

/// Empties this thread's state and forgets its HTTP stubs.
pub fn clear() {
    native::clear();
}

/// Runs the skill `name` of `bundle` on `input`, with a default [`Context`].
///
/// # Errors
/// What the skill returned; [`SkillError::InvalidInput`] if the input does not fit.
pub fn call(bundle: &Bundle, name: &str, input: &Value) -> Result<Value, SkillError> {
    call_with(bundle, name, input, &Context::default())
}

/// Runs the skill `name` of `bundle` on `input` in `context`.
///
/// # Errors
/// As [`call`].
pub fn call_with(bundle: &Bundle, name: &str, input: &Value, context: &Context) -> Result<Value, SkillError> {
    let output = bundle.call(name, &input.to_string(), context)?;
    Ok(serde_json::from_str(&output.value)?)
}

/// Sets the clock of this thread, or gives it back to the system.
pub fn set_clock(now_ms: Option<u64>) {
    native::set_now_ms(now_ms);
}

/// Sets what this thread's random numbers are drawn from.
pub fn set_seed(seed: u64) {
    native::set_seed(seed);
}

/// What was logged on this thread since this was last asked.
pub fn log_lines() -> Vec<LogLine> {
    native::take_lines()
}

/// What was reported on this thread since this was last asked.
pub fn progress_reports() -> Vec<Progress> {
    native::take_reports()
}

/// Runs every example of every skill, with the clock at [`EXAMPLES_NOW_MS`], seed 0, no state and the
/// example's own HTTP answers, and compares the answers. Examples marked `live` are left out.
///
/// # Panics
/// If a skill has no example, takes no object, or answers otherwise than an example says: the
/// message lists every difference.
pub fn check_examples(bundle: &Bundle) {
    let mut faults = Vec::new();
    for name in bundle.names() {
        if let Err(fault) = check_skill(bundle, name, &mut faults) {
            faults.push(format!("`{name}`: {fault}"));
        }
    }
    set_clock(None);
    clear();
    assert!(faults.is_empty(), "{} of the bundle `{}`:\n{}", "faults in the examples", bundle.name, faults.join("\n"));
}

fn check_skill(bundle: &Bundle, name: &str, faults: &mut Vec<String>) -> Result<(), String> {
    let metadata = bundle.metadata(name).ok_or("it is not in the bundle")?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    if metadata["inputSchema"]["type"] != "object" {
        return Err(
            "its input is no JSON object\nhint: take a struct, or put a doc comment on the argument to make it \
                    a property of the input"
                .to_owned(),
        );
    }
    let examples = metadata["examples"].as_array().filter(|examples| !examples.is_empty());
    let examples = examples.ok_or("it has no example\nhint: `#[skill(examples = \"examples/….json\")]`")?;
    for (index, example) in examples.iter().enumerate() {
        if example["live"] == true {
            continue;
        }
        set_clock(Some(EXAMPLES_NOW_MS));
        set_seed(0);
        clear();
        example["http"].as_array().into_iter().flatten().map(read_stub).for_each(stub_http);
        let place = format!("`{name}`, example {}, on {}", index + 1, example["input"]);
        match call(bundle, name, &example["input"]) {
            Ok(output) if output == example["output"] => {}
            Ok(output) => faults.push(format!("{place}\n  gave     {output}\n  expected {}", example["output"])),
            Err(error) => faults.push(format!("{place}\n  failed with {error}")),
        }
    }
    Ok(())
}

/// A stub as an example has it; what is absent is as in the host.
fn read_stub(json: &Value) -> HttpStub {
    let text = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    let headers = json["headers"].as_object().into_iter().flatten();
    HttpStub {
        method: text(&json["method"], "GET"),
        url: text(&json["url"], ""),
        status: json["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
        headers: headers.map(|(name, value)| (name.clone(), text(value, ""))).collect(),
        body: text(&json["body"], "").into_bytes(),
    }
}
