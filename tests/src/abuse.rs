//! Hostile guests and files: one list, gone through quickly by the tests and measured by `cargo xtask abuse`.

mod calls;
mod files;
mod scripts;
mod wasi;

pub use wasi::climber;

use happyos::base::{FailureKind, Limit, LimitOverrides};
use serde_json::{Value, json};

use crate::SkillGuest;

/// The call used up its instructions.
pub const FUEL: FailureKind = FailureKind::LimitExceeded(Limit::Fuel);
/// The call took too long.
pub const TIME: FailureKind = FailureKind::LimitExceeded(Limit::Time);
/// The call wanted more memory than it may have.
pub const MEMORY: FailureKind = FailureKind::LimitExceeded(Limit::Memory);
/// The call made too many host calls, or handed over too much at one.
pub const HOST_CALLS: FailureKind = FailureKind::LimitExceeded(Limit::HostCalls);
/// The answer is too large.
pub const OUTPUT: FailureKind = FailureKind::LimitExceeded(Limit::Output);

/// The bundle's own limits.
pub const DEFAULTS: LimitOverrides =
    LimitOverrides { fuel: None, wall_ms: None, memory_bytes: None, host_calls: None, output_bytes: None };
/// Fuel that a loop burns in some tens of milliseconds.
pub const SOME_FUEL: LimitOverrides = LimitOverrides { fuel: Some(50_000_000), ..DEFAULTS };
/// Time that a loop uses up soon.
pub const SOME_TIME: LimitOverrides = LimitOverrides { wall_ms: Some(200), ..DEFAULTS };

/// A bundle that is served, and misbehaves when it is called.
pub struct HostileCall {
    /// The line of the list of hostile inputs that it stands for.
    pub line: &'static str,
    /// The bundle's name.
    pub name: &'static str,
    /// The bundle's file.
    pub file: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The skill to call.
    pub skill: String,
    /// With what.
    pub input: Value,
    /// Limits that the caller tightens.
    pub limits: LimitOverrides,
    /// The memory that an operator gives this bundle, where it is not the default.
    pub memory_bytes: Option<u64>,
    /// How each call must end.
    pub fails_as: FailureKind,
    /// The least its peak of memory can truly be.
    pub peak_at_least: u64,
}

impl HostileCall {
    fn of(line: &'static str, guest: SkillGuest<'static>, limits: LimitOverrides, fails_as: FailureKind) -> Self {
        HostileCall {
            line,
            name: guest.name,
            file: format!("{}.wasm", guest.name),
            bytes: guest.component(),
            skill: guest.name.to_owned(),
            input: json!({"a": "b"}),
            limits,
            memory_bytes: None,
            fails_as,
            peak_at_least: 128 << 10,
        }
    }

    fn peak(self, peak_at_least: u64) -> Self {
        HostileCall { peak_at_least, ..self }
    }
}

/// A file that must not be served.
#[derive(Clone)]
pub struct HostileFile {
    /// The line of the list of hostile inputs that it stands for.
    pub line: &'static str,
    /// Its name without the ending.
    pub name: &'static str,
    /// The file's name.
    pub file: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// A word that the reason has.
    pub says: &'static str,
}

/// Every bundle that misbehaves when it is called.
pub fn calls() -> Vec<HostileCall> {
    let mut calls = calls::calls();
    calls.extend(wasi::calls());
    calls.extend(scripts::calls());
    calls
}

/// Every file that must not be served.
pub fn files() -> Vec<HostileFile> {
    let mut files = files::files();
    files.extend(scripts::files());
    files
}
