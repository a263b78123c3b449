//! What a command says when it cannot do what was asked, and the exit codes.

use std::fmt;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::skills::OpenError;

/// Exit codes of every command; 0 is success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// What was asked was tried and failed: a skill's failure, a refused file, a failed test.
    Failed = 1,
    /// The command line or the configuration makes no sense.
    Usage = 2,
    /// The daemon: none runs where one is needed, it cannot be reached, or another one holds the data.
    Daemon = 3,
    /// This machine has no toolchain that builds for WebAssembly.
    Toolchain = 4,
    /// A request in plain words waits for an answer.
    Question = 5,
    /// A request in plain words was refused: no skill does it.
    Refused = 6,
}

/// A failed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The exit code.
    pub code: Code,
    /// What failed, on what, and why; empty when all has been said already.
    pub message: String,
    /// The next thing to do.
    pub hint: Option<String>,
}

impl Fault {
    /// What was asked failed.
    pub fn failed(message: impl Into<String>) -> Fault {
        Fault { code: Code::Failed, message: message.into(), hint: None }
    }

    /// The command line or the configuration makes no sense.
    pub fn usage(message: impl Into<String>) -> Fault {
        Fault { code: Code::Usage, ..Fault::failed(message) }
    }

    /// The daemon cannot be had.
    pub fn daemon(message: impl Into<String>) -> Fault {
        Fault { code: Code::Daemon, ..Fault::failed(message) }
    }

    /// Failed, and everything there is to say has been printed.
    pub fn said() -> Fault {
        Fault::failed("")
    }

    /// The same with the next thing to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the next thing to do, where it has none.
    pub fn hint_if_none(self, hint: &str) -> Fault {
        if self.hint.is_some() { self } else { self.hint(hint) }
    }

    /// Prints it on standard error.
    pub fn print(&self) {
        if !self.message.is_empty() {
            eprintln!("error: {}", self.message);
        }
        if let Some(hint) = &self.hint {
            eprintln!("hint: {hint}");
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code as u8)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Fault {
        let fault = Fault::usage(format!("Failed to read the configuration: {error}"));
        Fault { hint: error.hint, ..fault }
    }
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Fault {
        match &error {
            OpenError::Policy(mistake) => {
                let hint = mistake.hint.clone();
                Fault { hint, ..Fault::usage(error.to_string()) }
            }
            OpenError::Store(_) | OpenError::Versions { .. } => Fault::failed(error.to_string()),
        }
    }
}

/// Says what was being done, and on what, when it failed.
pub trait Doing<T> {
    /// `Failed to {what}: cause`.
    ///
    /// # Errors
    /// The same error, as a [`Fault`].
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Fault>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Fault> {
        self.map_err(|error| Fault::failed(format!("Failed to {}: {error:#}", what())))
    }
}
