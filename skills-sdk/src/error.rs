//! Why a skill has no answer.

use std::fmt;

/// Why a call has no answer. Each carries a sentence for the caller.
///
/// Any [`std::error::Error`] turns into [`SkillError::Failed`] through `?`. For that to be possible
/// this type is not itself a `std::error::Error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkillError {
    /// The input met the schema and still makes no sense.
    InvalidInput(String),
    /// The skill may not do what this needs.
    Denied(String),
    /// It may work later.
    Unavailable(String),
    /// It went wrong.
    Failed(String),
}

/// What a skill returns when it can go wrong.
pub type Result<T, E = SkillError> = std::result::Result<T, E>;

impl SkillError {
    /// The input met the schema and still makes no sense.
    pub fn invalid(message: impl fmt::Display) -> Self {
        Self::InvalidInput(message.to_string())
    }

    /// The skill may not do what this needs.
    pub fn denied(message: impl fmt::Display) -> Self {
        Self::Denied(message.to_string())
    }

    /// It may work later.
    pub fn unavailable(message: impl fmt::Display) -> Self {
        Self::Unavailable(message.to_string())
    }

    /// It went wrong. Fits `map_err` for errors that are no `std::error::Error`, such as
    /// `anyhow::Error`.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::Failed(message.to_string())
    }

    /// The sentence for the caller.
    pub fn message(&self) -> &str {
        match self {
            Self::InvalidInput(message)
            | Self::Denied(message)
            | Self::Unavailable(message)
            | Self::Failed(message) => message,
        }
    }

    /// The kind as the contract spells it, such as `invalid-input`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => "invalid-input",
            Self::Denied(_) => "denied",
            Self::Unavailable(_) => "unavailable",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for SkillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind(), self.message())
    }
}

/// The error and its causes, on one line.
impl<E: std::error::Error> From<E> for SkillError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::Failed(message)
    }
}
