//! Agents: components that work on a task, with an endpoint, skills and other agents as the operator lets them.
//!
//! ```
//! use happyos_sdk::agent::{Agent, Answer, Context, Description, Task};
//! use happyos_sdk::Result;
//!
//! struct Parrot;
//!
//! impl Agent for Parrot {
//!     fn describe() -> Description {
//!         Description::new("parrot", "Says what it is told.")
//!     }
//!
//!     fn run(task: &Task, _context: &Context) -> Result<Answer> {
//!         Ok(Answer::done(&serde_json::json!({ "text": task.text()? })))
//!     }
//! }
//!
//! happyos_sdk::agent!(Parrot);
//! # fn main() {}
//! ```

use serde_json::{Value, json};

use crate::{Attachment, Result, SkillError};

/// What an agent is and does. Every run is a fresh instance: nothing is kept but through a continuation.
pub trait Agent {
    /// What it says of itself. Called with nothing granted.
    fn describe() -> Description;

    /// Works on a task.
    ///
    /// # Errors
    /// [`SkillError::Unavailable`] says that nothing was done, and that it may work later or at another endpoint.
    fn run(task: &Task, context: &Context) -> Result<Answer>;

    /// Whether it could work now, with a word on that for people. Quick, and changes nothing.
    ///
    /// # Errors
    /// Why it could not.
    fn health(context: &Context) -> Result<String> {
        let _ = context;
        Ok("ready".to_owned())
    }
}

/// What an agent says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// What kind of agent it is, such as `code_generator`.
    pub kind: String,
    /// What it can do, in words.
    pub capabilities: Vec<String>,
    /// What it does, in a sentence or two.
    pub description: String,
    /// JSON Schema of its input: an object.
    pub input_schema: Value,
    /// JSON Schema of its output.
    pub output_schema: Option<Value>,
    /// Whether it works at an endpoint.
    pub needs_endpoint: bool,
}

impl Description {
    /// An agent that takes a `task` in words and answers with a `text`.
    pub fn new(kind: &str, description: &str) -> Description {
        Description {
            kind: kind.to_owned(),
            capabilities: Vec::new(),
            description: description.to_owned(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "task": { "type": "string", "minLength": 1, "description": "What is to be done, in plain words." },
                    "context": { "description": "What is known already." },
                },
                "required": ["task"],
            }),
            output_schema: Some(json!({
                "type": "object",
                "properties": { "text": { "type": "string" } },
                "required": ["text"],
            })),
            needs_endpoint: false,
        }
    }

    /// The same as a JSON text.
    pub fn to_json(&self) -> String {
        let mut all = json!({
            "type": self.kind,
            "capabilities": self.capabilities,
            "description": self.description,
            "inputSchema": self.input_schema,
            "needsEndpoint": self.needs_endpoint,
        });
        if let Some(schema) = &self.output_schema {
            all["outputSchema"] = schema.clone();
        }
        all.to_string()
    }
}

/// Where an agent does its work outside, as the operator set it up. Requests there need no further grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The base URL, without a slash at its end.
    pub url: String,
    /// The model to ask for, where the endpoint has several.
    pub model: Option<String>,
    /// The name of the secret to authorise with.
    pub secret: Option<String>,
}

/// What the host says of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Names this run in logs and traces.
    pub request_id: String,
    /// Groups the requests of one conversation.
    pub session_id: Option<String>,
    /// The caller's language, as a BCP 47 tag such as `sv-SE`.
    pub locale: String,
    /// Milliseconds left before the run's deadline.
    pub remaining_ms: u64,
    /// What [`random`](crate::random) draws from.
    pub seed: u64,
    /// Where to work.
    pub endpoint: Option<Endpoint>,
    /// Standing instructions of the operator.
    pub instructions: String,
    /// Further settings, a JSON object.
    pub settings: String,
}

/// A context for tests: English, a minute left, no endpoint.
impl Default for Context {
    fn default() -> Context {
        Context {
            request_id: "test".to_owned(),
            session_id: None,
            locale: "en".to_owned(),
            remaining_ms: 60_000,
            seed: 0,
            endpoint: None,
            instructions: String::new(),
            settings: "{}".to_owned(),
        }
    }
}

impl Context {
    /// Where to work.
    ///
    /// # Errors
    /// [`SkillError::Unavailable`] where the operator gave no endpoint.
    pub fn endpoint(&self) -> Result<&Endpoint> {
        self.endpoint.as_ref().ok_or_else(|| SkillError::unavailable("this agent has no endpoint to work at"))
    }

    /// The settings as a type of the agent's own.
    ///
    /// # Errors
    /// [`SkillError::InvalidInput`] that says what is wrong with them.
    pub fn settings<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.settings)
            .map_err(|error| SkillError::invalid(format!("the agent's settings are not as they should be: {error}")))
    }
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// A JSON object that meets the agent's input schema.
    pub input: String,
    /// What an earlier run gave when it asked something back; the input then holds the answer.
    pub continuation: Option<String>,
}

impl Task {
    /// The input.
    ///
    /// # Errors
    /// Only where the host was not the one that called.
    pub fn value(&self) -> Result<Value> {
        serde_json::from_str(&self.input).map_err(SkillError::invalid)
    }

    /// The `task` of the input, in words, with its `context` below where there is one.
    ///
    /// # Errors
    /// [`SkillError::InvalidInput`] where it has none.
    pub fn text(&self) -> Result<String> {
        let value = self.value()?;
        let text = value["task"].as_str().ok_or_else(|| SkillError::invalid("the input has no `task`"))?;
        Ok(match &value["context"] {
            Value::Null => text.to_owned(),
            Value::String(context) => format!("{text}\n\n{context}"),
            context => format!("{text}\n\n{context}"),
        })
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer, JSON text, and files beside it.
    Done(String, Vec<Attachment>),
    /// With a question back, and what the run that goes on needs to know.
    InputRequired(String, String),
}

/// The outcome of a run, and what it cost outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// Tokens that models read for it.
    pub input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
}

impl Answer {
    /// An answer without files.
    pub fn done(value: &Value) -> Answer {
        Answer { outcome: Outcome::Done(value.to_string(), Vec::new()), input_tokens: 0, output_tokens: 0 }
    }

    /// A question back.
    pub fn ask(message: impl Into<String>, continuation: impl Into<String>) -> Answer {
        let outcome = Outcome::InputRequired(message.into(), continuation.into());
        Answer { outcome, input_tokens: 0, output_tokens: 0 }
    }
}

/// An agent behind function pointers, for tests that run natively. `agent!` defines one, `AGENT`.
pub struct Exported {
    /// The bundle's manifest, JSON.
    pub manifest: &'static str,
    /// As [`Agent::describe`].
    pub describe: fn() -> Description,
    /// As [`Agent::run`].
    pub run: fn(&Task, &Context) -> Result<Answer>,
    /// As [`Agent::health`].
    pub health: fn(&Context) -> Result<String>,
}

impl Exported {
    #[doc(hidden)]
    pub const fn of<A: Agent>(manifest: &'static str) -> Exported {
        Exported { manifest, describe: A::describe, run: A::run, health: A::health }
    }
}

/// Exports an agent from a component: `agent!(MyAgent);`, once, at the root of the crate. The bundle is named as the
/// package is. `agent!(MyAgent, grants = {"kv_bytes": 65536})` asks the operator for more than the endpoint gives.
#[macro_export]
macro_rules! agent {
    ($agent:ty) => {
        $crate::agent!($agent, grants = {});
    };
    ($agent:ty, grants = $grants:tt) => {
        $crate::__export_agent!(
            $agent,
            concat!(
                "{\"name\":\"",
                env!("CARGO_PKG_NAME"),
                "\",\"version\":\"",
                env!("CARGO_PKG_VERSION"),
                "\",\"license\":\"",
                env!("CARGO_PKG_LICENSE"),
                "\",\"grants\":",
                stringify!($grants),
                "}"
            )
        );
    };
}
