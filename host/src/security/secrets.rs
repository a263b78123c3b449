//! Secrets that bundles use and never see: sealed at rest, tied to the hosts they may be sent to.

use std::io;
use std::path::Path;

use super::Principal;
use crate::base::{Failure, HttpGrant};

/// Most secrets at one time.
pub const SECRETS_MAX: usize = 1_000;
/// Longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 16 << 10;

/// All secrets of a data directory.
pub struct Secrets {}

/// A secret as its managers see it: without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretInfo {
    /// Its name.
    pub name: String,
    /// Requests that may carry it.
    pub hosts: Vec<HttpGrant>,
    /// When it was set, in milliseconds since 1970.
    pub set_ms: u64,
}

/// A value in memory: overwritten when dropped, never printed.
pub struct SecretValue {}

impl SecretValue {
    /// The value, for putting it into a request.
    pub fn expose(&self) -> &str {
        unimplemented!()
    }
}

impl Secrets {
    /// Opens the secrets in `data_dir`.
    ///
    /// # Errors
    /// If a file cannot be read or written, or its seal is broken; the message names it.
    pub fn open(_data_dir: &Path) -> io::Result<Secrets> {
        unimplemented!()
    }

    /// Sets a secret, in place of one of that name.
    ///
    /// # Errors
    /// `denied` to all but operators, `invalid-input` for a bad name, value or no hosts, `internal` if it cannot be stored.
    pub fn set(
        &self,
        _principal: &Principal,
        _name: &str,
        _value: String,
        _hosts: Vec<HttpGrant>,
    ) -> Result<SecretInfo, Failure> {
        unimplemented!()
    }

    /// All secrets, by name.
    ///
    /// # Errors
    /// `denied` to all but operators.
    pub fn list(&self, _principal: &Principal) -> Result<Vec<SecretInfo>, Failure> {
        unimplemented!()
    }

    /// Removes one.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`, `internal` if it cannot be stored.
    pub fn remove(&self, _principal: &Principal, _name: &str) -> Result<(), Failure> {
        unimplemented!()
    }

    /// Whether there is one of that name.
    pub fn has(&self, _name: &str) -> bool {
        unimplemented!()
    }

    /// A secret's value and the requests that may carry it. Only for the runtime, which puts it into such a request.
    pub fn value(&self, _name: &str) -> Option<(SecretValue, Vec<HttpGrant>)> {
        unimplemented!()
    }
}
