//! What the operator decided for bundles and publishers' keys: one file, `policy.toml`, edited in place.

mod edit;
mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files;
use super::signing::PublicKey;
use crate::base::{Digest, Failure, FailureKind, Grants, LimitOverrides};
use crate::config::ConfigError;

/// The file's name in the data directory, unless `policy_file` in happyos.toml says otherwise.
pub const FILE_NAME: &str = "policy.toml";
/// Approved digests that are kept for one bundle, the last one included.
pub const APPROVED_MAX: usize = 8;
/// Largest file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The file as read. Never changes; an edit makes another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// By bundle name.
    pub bundles: BTreeMap<String, Arc<BundlePolicy>>,
    /// Trusted publishers' keys, by publisher.
    pub keys: BTreeMap<String, PublicKey>,
    /// Who may have skills built, and how much.
    pub building: Building,
}

/// Who may have skills built, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Building {
    /// Principals by name; nobody unless the operator says so.
    pub builders: Vec<String>,
    /// Builds within 24 hours.
    pub builds_per_day: u64,
    /// Rounds of all builds within 24 hours.
    pub rounds_per_day: u64,
    /// Calls of models for all builds within 24 hours.
    pub model_calls_per_day: u64,
    /// What those may cost, in millionths of the operator's currency.
    pub money_per_day: u64,
    /// Rounds of one build.
    pub rounds_max: u32,
}

impl Default for Building {
    fn default() -> Building {
        Building {
            builders: Vec::new(),
            builds_per_day: 50,
            rounds_per_day: 100,
            model_calls_per_day: 100,
            money_per_day: 5_000_000,
            rounds_max: 8,
        }
    }
}

/// What the operator decided for one bundle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BundlePolicy {
    /// Digests approved for an unsigned bundle, the last approved last.
    pub approved: Vec<Digest>,
    /// The publisher whose signed bundle this is about; `None` for `local`.
    pub publisher: Option<String>,
    /// `trust = "path"`: any digest of this bundle's file counts as approved. For development.
    pub trust_path: bool,
    /// Limits in place of the daemon's. May be looser.
    pub limits: LimitOverrides,
    /// Concurrent calls in place of the daemon's figure.
    pub running_max: Option<usize>,
    /// What it may touch.
    pub grants: Grants,
}

/// A mistake in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The file.
    pub path: PathBuf,
    /// Line and column from 1, where the mistake has a place.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The file, for reading and for edits that keep what people wrote.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    path: PathBuf,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for PolicyError {}

impl From<PolicyError> for Failure {
    /// For operators, who may know where the file lies.
    fn from(error: PolicyError) -> Failure {
        let hint = error.hint.clone().unwrap_or_else(|| "nothing was changed; mend the file first".into());
        Failure::new(FailureKind::Internal, format!("the policy: {error}")).with_hint(hint)
    }
}

impl From<ConfigError> for PolicyError {
    fn from(error: ConfigError) -> PolicyError {
        PolicyError { path: error.path, position: error.position, message: error.message, hint: error.hint }
    }
}

impl PolicyFile {
    /// The file at `path`; it need not be there.
    pub fn at(path: PathBuf) -> PolicyFile {
        PolicyFile { path }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it; a file that is not there is an empty policy.
    ///
    /// # Errors
    /// The first mistake in it, with its line and column, or why it cannot be read.
    pub fn load(&self) -> Result<Policy, PolicyError> {
        read::parse(&self.text()?, &self.path)
    }

    /// Approves a digest of an unsigned bundle. So many are remembered; those `in_use` longest.
    ///
    /// # Errors
    /// If the file has a mistake or cannot be written; nothing is changed then.
    pub fn approve(&self, bundle: &str, digest: &Digest, in_use: &[Digest]) -> Result<(), PolicyError> {
        self.edit(|document| edit::approve(document, bundle, digest, in_use))
    }

    /// Decides grants: each kind that is `Some` replaces what was decided of that kind. `publisher` is written down for
    /// a signed bundle.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn grant(&self, bundle: &str, publisher: Option<&str>, grants: &Grants) -> Result<(), PolicyError> {
        self.edit(|document| edit::grant(document, bundle, publisher, grants))
    }

    /// Forgets everything about a bundle.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn forget(&self, bundle: &str) -> Result<(), PolicyError> {
        self.edit(|document| edit::remove(document, "bundles", bundle)).map(drop)
    }

    /// Trusts a publisher's key, in place of one of that name.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn trust_key(&self, publisher: &str, key: &PublicKey) -> Result<(), PolicyError> {
        self.edit(|document| edit::trust_key(document, publisher, key))
    }

    /// Trusts it no longer; says whether it was there.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn distrust_key(&self, publisher: &str) -> Result<bool, PolicyError> {
        self.edit(|document| edit::remove(document, "keys", publisher))
    }

    fn text(&self) -> Result<String, PolicyError> {
        let bytes = files::read_bounded(&self.path, FILE_BYTES_MAX).map_err(|error| self.failed(&error))?;
        String::from_utf8(bytes.unwrap_or_default())
            .map_err(|error| self.failed(&io::Error::other(format!("it is not UTF-8: {error}"))))
    }

    /// Changes the file as one of any number of editors, in this process and others. What the change makes of it is read
    /// before it replaces what is there.
    fn edit<T>(&self, change: impl FnOnce(&mut edit::Document) -> Result<T, String>) -> Result<T, PolicyError> {
        // A link stays a link.
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let dir = path.parent().unwrap_or(Path::new("/"));
        let _lock = files::lock(dir).map_err(|error| self.failed(&error))?;
        let text = self.text()?;
        read::parse(&text, &self.path)?;
        let (changed, done) = edit::changed(&text, change)
            .map_err(|message| self.failed(&io::Error::new(io::ErrorKind::InvalidInput, message)))?;
        if changed != text {
            read::parse(&changed, &self.path).map_err(|error| PolicyError { position: None, ..error })?;
            if changed.len() as u64 > FILE_BYTES_MAX {
                let error = io::Error::other(format!("it would have more than {FILE_BYTES_MAX} bytes"));
                return Err(self.failed(&error));
            }
            files::write_private(&path, changed.as_bytes()).map_err(|error| self.failed(&error))?;
        }
        Ok(done)
    }

    fn failed(&self, error: &io::Error) -> PolicyError {
        PolicyError { path: self.path.clone(), position: None, message: error.to_string(), hint: None }
    }
}

#[cfg(test)]
mod tests;
