//! The audit log: refusals, grants, approvals and what operators did; appended to, chained, never rewritten.

use std::io;
use std::path::Path;
use std::sync::Arc;

/// The log of a data directory. Clones share one file.
#[derive(Clone)]
pub struct Audit {
    _inner: Arc<()>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counted from 1.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// The principal's name; `daemon` for what the daemon does by itself.
    pub who: String,
    /// What was done: `bundle.refused`, `bundle.activated`, `bundle.pending`, `bundle.approved`, `bundle.granted`,
    /// `bundle.rolled-back`, `bundle.removed`, `access.denied`, `secret.set`, `secret.removed`, `key.made`,
    /// `key.trusted`, `key.distrusted`, `token.made`, `token.revoked`, `policy.changed`, `policy.refused`.
    pub what: String,
    /// On what: the bundle's, secret's, key's or token's name.
    pub on: String,
    /// Why, or with what: one line without secrets.
    pub why: String,
}

/// An entry to be made.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// See [`AuditEntry`].
    pub who: &'a str,
    /// See [`AuditEntry`].
    pub what: &'static str,
    /// See [`AuditEntry`].
    pub on: &'a str,
    /// See [`AuditEntry`].
    pub why: &'a str,
}

impl Audit {
    /// Opens the log in `data_dir`.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn open(_data_dir: &Path) -> io::Result<Audit> {
        unimplemented!()
    }

    /// Appends an entry. What cannot be written goes to the daemon's log as an error; nothing waits for the disk.
    pub fn record(&self, _event: &Event<'_>) {
        unimplemented!()
    }

    /// The last `limit` entries, oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn last(&self, _limit: usize) -> io::Result<Vec<AuditEntry>> {
        unimplemented!()
    }

    /// Reads the whole chain: how many entries, or the first place where it is broken.
    ///
    /// # Errors
    /// The file, the entry's number and what is wrong.
    pub fn verify(_data_dir: &Path) -> Result<u64, String> {
        unimplemented!()
    }
}
