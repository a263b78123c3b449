//! Skills and other agents that an agent may call: what both it and the user it acts for may.

use std::fmt;

use serde_json::Value;

use crate::SkillError;

/// What may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Whether it is an agent.
    pub is_agent: bool,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input, as JSON text.
    pub input_schema: String,
}

/// Why a call has no answer. Becomes a [`SkillError`] through `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// This agent, or its user, may not call that.
    Denied(String),
    /// There is no such skill or agent.
    NotFound(String),
    /// The input does not meet the target's schema.
    InvalidInput(String),
    /// The run's budget does not cover it.
    Exhausted(String),
    /// It may work later.
    Unavailable(String),
    /// It went wrong.
    Failed(String),
    /// The target asks something back.
    InputRequired(String),
}

/// What may be called in this run.
pub fn targets() -> Vec<Target> {
    #[cfg(target_family = "wasm")]
    return crate::guest::delegate::targets();
    #[cfg(not(target_family = "wasm"))]
    return crate::native::delegate::targets();
}

/// Calls a skill or agent with an input as JSON text, and gives its output.
///
/// # Errors
/// As [`Error`] says.
pub fn call(name: &str, input: &str) -> Result<Value, Error> {
    #[cfg(target_family = "wasm")]
    let output = crate::guest::delegate::call(name, input)?;
    #[cfg(not(target_family = "wasm"))]
    let output = crate::native::delegate::call(name, input)?;
    serde_json::from_str(&output).map_err(|error| Error::Failed(error.to_string()))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, message) = match self {
            Self::Denied(message) => ("denied", message),
            Self::NotFound(message) => ("not-found", message),
            Self::InvalidInput(message) => ("invalid-input", message),
            Self::Exhausted(message) => ("exhausted", message),
            Self::Unavailable(message) => ("unavailable", message),
            Self::Failed(message) => ("failed", message),
            Self::InputRequired(message) => ("input-required", message),
        };
        write!(f, "{kind}: {message}")
    }
}

impl From<Error> for SkillError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Denied(_) => Self::Denied(message),
            Error::InvalidInput(_) => Self::InvalidInput(message),
            _ => Self::Failed(message),
        }
    }
}
