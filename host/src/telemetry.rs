//! What happened: guest log lines and metrics.

pub mod logs;
pub mod metrics;

pub use logs::{GuestLog, LogLevel, LogLine};
