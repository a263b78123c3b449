//! What one call may use, and what it used.

use std::time::Duration;

/// The limits of one call. Every call has all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Instructions, as wasmtime counts fuel.
    pub fuel: u64,
    /// Wall clock in milliseconds, host calls included.
    pub wall_ms: u64,
    /// Bytes of all linear memories, plus 8 for each table element.
    pub memory_bytes: u64,
    /// Number of calls from the guest to the host.
    pub host_calls: u64,
    /// Bytes that one call from the guest may hand to the host.
    pub host_call_bytes: u64,
    /// Bytes of the JSON answer.
    pub output_bytes: u64,
    /// Bytes of all attachments together.
    pub attachment_bytes: u64,
    /// Bytes of log lines that are kept.
    pub log_bytes: u64,
}

impl CallLimits {
    /// The defaults of a skill.
    pub const SKILL: CallLimits = CallLimits {
        fuel: 1_000_000_000,
        wall_ms: 10_000,
        memory_bytes: 64 << 20,
        host_calls: 1_000,
        host_call_bytes: 8 << 20,
        output_bytes: 1 << 20,
        attachment_bytes: 8 << 20,
        log_bytes: 64 << 10,
    };

    /// The defaults of an agent.
    pub const AGENT: CallLimits = CallLimits {
        fuel: 10_000_000_000,
        wall_ms: 600_000,
        memory_bytes: 128 << 20,
        host_calls: 100_000,
        host_call_bytes: 8 << 20,
        output_bytes: 16 << 20,
        attachment_bytes: 16 << 20,
        log_bytes: 256 << 10,
    };

    /// These limits, each lowered where `overrides` asks for less. Asking for more changes nothing.
    pub fn tightened(&self, overrides: &LimitOverrides) -> CallLimits {
        let lower = |own: u64, asked: Option<u64>| asked.map_or(own, |asked| own.min(asked));
        CallLimits {
            fuel: lower(self.fuel, overrides.fuel),
            wall_ms: lower(self.wall_ms, overrides.wall_ms),
            memory_bytes: lower(self.memory_bytes, overrides.memory_bytes),
            host_calls: lower(self.host_calls, overrides.host_calls),
            output_bytes: lower(self.output_bytes, overrides.output_bytes),
            ..*self
        }
    }
}

/// Tighter limits that a caller asks for; `None` leaves the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitOverrides {
    /// Instructions.
    pub fuel: Option<u64>,
    /// Wall clock in milliseconds.
    pub wall_ms: Option<u64>,
    /// Bytes of memory and tables.
    pub memory_bytes: Option<u64>,
    /// Number of host calls.
    pub host_calls: Option<u64>,
    /// Bytes of the answer.
    pub output_bytes: Option<u64>,
}

/// What a call used, failed calls included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Instructions executed, as wasmtime counts fuel.
    pub fuel: u64,
    /// Most bytes of memories and tables held at one time.
    pub memory_peak_bytes: u64,
    /// From admission to answer; for a call that was not admitted, how long it waited.
    pub wall: Duration,
    /// Calls from the guest to the host.
    pub host_calls: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_only_tighten() {
        let asked = LimitOverrides { fuel: Some(5), wall_ms: Some(u64::MAX), ..Default::default() };
        let limits = CallLimits::SKILL.tightened(&asked);
        assert_eq!(limits.fuel, 5);
        assert_eq!(limits.wall_ms, CallLimits::SKILL.wall_ms);
    }
}
