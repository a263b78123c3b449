//! What happened: guest log lines, failures in groups, metrics, and the daemon's own log with its spans.

pub mod agents;
pub mod failing;
pub mod failures;
pub mod logs;
pub mod metrics;
pub mod spans;

pub use failures::Failures;
pub use logs::{GuestLog, LogLevel, LogLine};
