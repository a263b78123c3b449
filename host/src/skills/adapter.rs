//! Bundles that are agents: what they say of themselves, checked, and running one.

use std::sync::Arc;
use std::time::Instant;

use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::catalog::BundleKind;
use super::{Skills, schema};
use crate::base::{Failure, FailureKind, Grants, LimitOverrides, RequestId, Usage};
use crate::runtime::{AgentAnswer, AgentEnd, AgentEndpoint, AgentRun, AgentTask, Behalf, Powers, ProgressSink};
use crate::security::{Action, Principal, authorise};

/// Largest description of an agent, in bytes of JSON.
const METADATA_BYTES_MAX: usize = 128 << 10;
/// Longest sentence on what it does, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 4 << 10;
/// Most capabilities.
const CAPABILITIES_MAX: usize = 64;

/// What an agent bundle says of itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Adapter {
    /// What kind of agent it is, where an agent made of it says nothing else.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it can do, in words.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What it does, in a sentence or two.
    pub description: String,
    /// JSON Schema of its input: an object.
    pub input_schema: Map<String, Value>,
    /// JSON Schema of its output.
    #[serde(default)]
    pub output_schema: Option<Value>,
    /// Whether it works at an endpoint.
    #[serde(default)]
    pub needs_endpoint: bool,
}

/// Checks a word such as a type or a capability.
///
/// # Errors
/// Says what a word may be.
pub fn check_word(what: &str, word: &str) -> Result<(), String> {
    let fits =
        (1..=64).contains(&word.chars().count()) && word.chars().all(|c| c.is_alphanumeric() || "-_.+#".contains(c));
    if fits {
        return Ok(());
    }
    let shown: String = word.chars().take(80).collect();
    Err(format!("the {what} {shown:?} is not 1 to 64 letters, digits or `-_.+#`"))
}

impl Adapter {
    /// Reads and checks what an agent says of itself.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(json: &str) -> Result<Adapter, String> {
        if json.len() > METADATA_BYTES_MAX {
            return Err(format!("its description has {} bytes, more than {METADATA_BYTES_MAX}", json.len()));
        }
        let adapter: Adapter =
            serde_json::from_str(json).map_err(|error| format!("its description is not as it should be: {error}"))?;
        check_word("type", &adapter.kind)?;
        adapter.capabilities.iter().try_for_each(|word| check_word("capability", word))?;
        if adapter.capabilities.len() > CAPABILITIES_MAX {
            return Err(format!("it has more than {CAPABILITIES_MAX} capabilities"));
        }
        if adapter.description.trim().is_empty() || adapter.description.len() > DESCRIPTION_BYTES_MAX {
            return Err(format!("its description is empty, or longer than {DESCRIPTION_BYTES_MAX} bytes"));
        }
        if adapter.input_schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err("its input schema must say `\"type\": \"object\"`".into());
        }
        adapter.validators()?;
        Ok(adapter)
    }

    /// What checks its input and output.
    fn validators(&self) -> Result<(Validator, Option<Validator>), String> {
        let input = schema::compile(&Value::Object(self.input_schema.clone()));
        let input = input.map_err(|problem| format!("its input schema: {problem}"))?;
        let output = self.output_schema.as_ref().map(schema::compile).transpose();
        Ok((input, output.map_err(|problem| format!("its output schema: {problem}"))?))
    }
}

/// An adapter that can be run: what it says of itself, and its bundle as it is now.
#[derive(Debug, Clone)]
pub struct Runnable {
    /// What it says of itself.
    pub adapter: Arc<Adapter>,
    /// Its version, where the manifest gives one.
    pub version: Option<String>,
}

/// A run of an agent bundle.
pub struct AgentCall {
    /// The bundle.
    pub bundle: Arc<str>,
    /// The agent's name, in logs.
    pub agent: Arc<str>,
    /// What to do.
    pub task: AgentTask,
    /// Names the run.
    pub request_id: RequestId,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// The caller's language.
    pub locale: String,
    /// Tighter limits than the bundle's own.
    pub limits: LimitOverrides,
    /// Where to work.
    pub endpoint: Option<AgentEndpoint>,
    /// Standing instructions.
    pub instructions: String,
    /// Further settings, a JSON object.
    pub settings: String,
    /// Where its progress goes.
    pub progress: Option<ProgressSink>,
    /// What the endpoint adds to what the bundle may touch.
    pub added: Grants,
    /// What it may have done for it.
    pub behalf: Option<Arc<dyn Behalf>>,
}

impl Skills {
    /// The agent bundle of that name.
    ///
    /// # Errors
    /// `denied` if the principal may not list agents, `not-found` with what there is.
    pub fn adapter(&self, principal: &Principal, name: &str) -> Result<Runnable, Failure> {
        authorise(principal, Action::RunAgents)?;
        let snapshot = self.inner.snapshot.load();
        let bundle = snapshot.bundle(name).filter(|bundle| bundle.kind == BundleKind::Agent);
        if let Some((bundle, adapter)) = bundle.and_then(|bundle| Some((bundle, bundle.adapter.clone()?))) {
            return Ok(Runnable { adapter, version: bundle.version.clone() });
        }
        let known: Vec<&str> = snapshot.adapters().map(|bundle| &*bundle.name).collect();
        let shown: String = name.chars().take(80).collect();
        let hint = match (snapshot.file(name), known.is_empty()) {
            (Some(file), _) if !file.reason.is_empty() => {
                format!("its file is {}: {}; `happyos skill list` shows it", file.state.as_str(), file.reason)
            }
            (_, true) => "no agent adapter is installed: `happyos skill install FILE` installs one".to_owned(),
            (_, false) => format!("there are {}", known.join(", ")),
        };
        Err(Failure::new(FailureKind::NotFound, format!("there is no agent adapter `{shown}`")).with_hint(hint))
    }

    /// Runs an agent bundle: input checked against its schema, run under its limits, output checked.
    ///
    /// Dropping the future cancels the run.
    pub async fn run_agent(&self, principal: &Principal, call: AgentCall) -> (Result<AgentAnswer, Failure>, Usage) {
        let nothing = Usage::default();
        if let Err(failure) = authorise(principal, Action::RunAgents) {
            return (Err(failure), nothing);
        }
        let snapshot = self.inner.snapshot.load();
        let found = snapshot.bundle(&call.bundle).cloned();
        let Some((bundle, adapter)) = found.and_then(|bundle| Some((bundle.clone(), bundle.adapter.clone()?))) else {
            let gone = format!("the adapter `{}` is not installed", call.bundle);
            return (Err(Failure::new(FailureKind::NotFound, gone).with_hint("see `happyos skill list`")), nothing);
        };
        drop(snapshot);
        let validators = adapter.validators().map_err(|error| Failure::new(FailureKind::Internal, error));
        let (input, output) = match validators {
            Ok(validators) => validators,
            Err(failure) => return (Err(failure), nothing),
        };
        if let AgentTask::Run { input: text, .. } = &call.task
            && let Err(failure) = check_input(&call.agent, &input, text)
        {
            return (Err(failure), nothing);
        }
        let limits = bundle.limits().tightened(&call.limits);
        let grants = with_added(&bundle.grants, call.added);
        let powers = Powers { behalf: call.behalf, ..Powers::granted(Arc::new(grants), bundle.space.clone()) };
        let run = AgentRun {
            agent: call.agent.clone(),
            task: call.task,
            request_id: call.request_id,
            session_id: call.session_id,
            locale: call.locale,
            limits,
            seed: rand::random(),
            endpoint: call.endpoint,
            instructions: call.instructions,
            settings: call.settings,
            progress: call.progress,
            powers,
        };
        let began = Instant::now();
        let (result, mut usage) = self.inner.runtime.run_agent(&bundle.program, run).await;
        usage.wall = began.elapsed();
        let result = result.and_then(|answer| check_output(&call.agent, output.as_ref(), answer));
        let failure = result.as_ref().err().map(|failure| failure.kind);
        if bundle.trial.count(failure) {
            // A full queue means that much is being sent back already; the next trap says it again.
            let _ = self.inner.demoted.try_send((bundle.name.clone(), bundle.digest));
        }
        let result = result.map_err(|failure| match failure.kind.limit() {
            Some(_) => {
                let hint = format!("`[bundles.{}.limits]` in policy.toml raises it for this adapter", bundle.name);
                failure.with_hint(hint)
            }
            None => failure,
        });
        (result, usage)
    }
}

/// The grants of a bundle with those that an endpoint adds for one run.
fn with_added(own: &Grants, added: Grants) -> Grants {
    let mut grants = own.clone();
    if let Some(http) = added.http {
        grants.http.get_or_insert_default().extend(http);
    }
    if let Some(secrets) = added.secrets {
        grants.secrets.get_or_insert_default().extend(secrets);
    }
    grants
}

fn check_input(agent: &str, validator: &Validator, text: &str) -> Result<(), Failure> {
    let invalid =
        |problem: String| Failure::new(FailureKind::InvalidInput, format!("the input of `{agent}` {problem}"));
    let value: Value = serde_json::from_str(text).map_err(|error| invalid(format!("is not JSON: {error}")))?;
    schema::check(validator, &value).map_err(|problem| {
        invalid(format!("does not meet its schema: {problem}"))
            .with_hint(format!("`happyos agent show {agent}` prints the schema"))
    })
}

fn check_output(agent: &str, validator: Option<&Validator>, answer: AgentAnswer) -> Result<AgentAnswer, Failure> {
    let AgentEnd::Done(done) = &answer.end else { return Ok(answer) };
    let invalid = |problem: String| {
        Failure::new(FailureKind::InvalidOutput, format!("the answer of `{agent}` {problem}"))
            .with_hint("this is a fault of the agent's adapter; tell its author")
    };
    let value: Value = serde_json::from_str(&done.json).map_err(|error| invalid(format!("is not JSON: {error}")))?;
    if let Some(validator) = validator {
        schema::check(validator, &value).map_err(|problem| invalid(format!("does not meet its schema: {problem}")))?;
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_agent_says_of_itself_is_checked() {
        let said = |more: &str| {
            format!(r#"{{"type": "helper", "description": "Helps.", "inputSchema": {{"type": "object"}}{more}}}"#)
        };
        let adapter = Adapter::parse(&said(r#", "capabilities": ["c++", "räkna"]"#)).unwrap();
        assert_eq!((adapter.kind.as_str(), adapter.capabilities.len()), ("helper", 2));
        for (more, says) in [
            (r#", "capabilities": ["a b"]"#, "a b"),
            (r#", "colour": 1"#, "colour"),
            (r#", "outputSchema": {"$ref": "https://example.org/x"}"#, "output schema"),
        ] {
            let error = Adapter::parse(&said(more)).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(
            Adapter::parse(r#"{"type": "a", "description": "b", "inputSchema": {}}"#).unwrap_err().contains("object")
        );
    }
}
