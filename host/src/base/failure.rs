//! Why a call has no answer: one closed set of kinds, each with a sentence and, where there is one, a hint.

use std::fmt;

/// A limit that a call can run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Instructions executed.
    Fuel,
    /// Wall clock, host calls included.
    Time,
    /// Linear memories and tables together.
    Memory,
    /// Number of host calls, or the bytes one of them hands over.
    HostCalls,
    /// Size of the answer or of its attachments.
    Output,
    /// What endpoints outside may cost.
    Money,
}

impl Limit {
    /// The name that messages and wire formats use.
    pub fn as_str(self) -> &'static str {
        match self {
            Limit::Fuel => "fuel",
            Limit::Time => "time",
            Limit::Memory => "memory",
            Limit::HostCalls => "host calls",
            Limit::Output => "output",
            Limit::Money => "money",
        }
    }

    /// The configuration key that raises it.
    pub fn key(self) -> &'static str {
        match self {
            Limit::Fuel => "limits.fuel",
            Limit::Time => "limits.wall_ms",
            Limit::Memory => "limits.memory_bytes",
            Limit::HostCalls => "limits.host_calls",
            Limit::Output => "limits.output_bytes",
            // It is given with each task.
            Limit::Money => "money",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of failure a caller can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// One of the call's limits was reached.
    LimitExceeded(Limit),
    /// The guest stopped in a way it cannot handle: unreachable code, a bad memory access, a full stack.
    Trap,
    /// The guest said that it failed.
    GuestError,
    /// The input does not meet the skill's schema, or the guest said it makes no sense.
    InvalidInput,
    /// The guest's answer is not what it promised.
    InvalidOutput,
    /// The caller or the guest may not do this.
    Denied,
    /// It may work later: everything is busy, or the guest said so.
    Unavailable,
    /// The caller went away or asked to stop.
    Cancelled,
    /// There is no skill of that name.
    NotFound,
    /// A fault of the host.
    Internal,
}

impl FailureKind {
    /// The name that wire formats and metrics use.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::LimitExceeded(_) => "limit-exceeded",
            FailureKind::Trap => "trap",
            FailureKind::GuestError => "guest-error",
            FailureKind::InvalidInput => "invalid-input",
            FailureKind::InvalidOutput => "invalid-output",
            FailureKind::Denied => "denied",
            FailureKind::Unavailable => "unavailable",
            FailureKind::Cancelled => "cancelled",
            FailureKind::NotFound => "not-found",
            FailureKind::Internal => "internal",
        }
    }

    /// Which limit, where one was reached.
    pub fn limit(self) -> Option<Limit> {
        match self {
            FailureKind::LimitExceeded(limit) => Some(limit),
            _ => None,
        }
    }
}

/// A failed call, as told to its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What failed and on what, without a full stop.
    pub message: String,
    /// What to do next, where that is known.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), hint: None }
    }

    /// The same failure with what to do next.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// A limit was reached: names it, its value and the key that raises it.
    pub fn limit(limit: Limit, value: impl fmt::Display) -> Failure {
        Failure::new(FailureKind::LimitExceeded(limit), format!("the call reached its {limit} limit of {value}"))
            .with_hint(format!("an operator can raise `{}` in happyos.toml", limit.key()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if let Some(limit) = self.kind.limit() {
            write!(f, ": {limit}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Failure {}
