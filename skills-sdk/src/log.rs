//! Lines for the people who run and write the skill. They never reach the caller.
//!
//! Natively they go to standard error, and tests read them with
//! [`testing::log_lines`](crate::testing::log_lines).

/// How much a line matters, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Detail that only the skill's author wants.
    Trace,
    /// Detail that helps while looking for a fault.
    Debug,
    /// Something worth knowing happened.
    Info,
    /// Something is wrong, and the call goes on.
    Warn,
    /// Something failed.
    Error,
}

/// Writes one line.
pub fn write(level: Level, message: impl AsRef<str>) {
    #[cfg(target_family = "wasm")]
    {
        use crate::guest::bindings::happyos::host::log;
        let level = match level {
            Level::Trace => log::Level::Trace,
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::write(level, message.as_ref());
    }
    #[cfg(not(target_family = "wasm"))]
    crate::native::log(level, message.as_ref());
}

/// Detail that only the skill's author wants.
pub fn trace(message: impl AsRef<str>) {
    write(Level::Trace, message);
}

/// Detail that helps while looking for a fault.
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message);
}

/// Something worth knowing happened.
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message);
}

/// Something is wrong, and the call goes on.
pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message);
}

/// Something failed.
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message);
}
