//! What the operator decided for bundles and publishers' keys: one file, `policy.toml`, edited in place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::signing::PublicKey;
use crate::base::{Digest, Grants, LimitOverrides};

/// The file's name in the data directory, unless `policy_file` in happyos.toml says otherwise.
pub const FILE_NAME: &str = "policy.toml";
/// Approved digests that are kept for one bundle, the last one included.
pub const APPROVED_MAX: usize = 8;

/// The file as read. Never changes; an edit makes another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// By bundle name.
    pub bundles: BTreeMap<String, Arc<BundlePolicy>>,
    /// Trusted publishers' keys, by publisher.
    pub keys: BTreeMap<String, PublicKey>,
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
        unimplemented!()
    }

    /// Approves a digest of an unsigned bundle.
    ///
    /// # Errors
    /// If the file has a mistake or cannot be written; nothing is changed then.
    pub fn approve(&self, _bundle: &str, _digest: &Digest) -> Result<(), PolicyError> {
        unimplemented!()
    }

    /// Decides grants: each kind that is `Some` replaces what was decided of that kind. `publisher` is written down for
    /// a signed bundle.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn grant(&self, _bundle: &str, _publisher: Option<&str>, _grants: &Grants) -> Result<(), PolicyError> {
        unimplemented!()
    }

    /// Forgets everything about a bundle.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn forget(&self, _bundle: &str) -> Result<(), PolicyError> {
        unimplemented!()
    }

    /// Trusts a publisher's key, in place of one of that name.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn trust_key(&self, _publisher: &str, _key: &PublicKey) -> Result<(), PolicyError> {
        unimplemented!()
    }

    /// Trusts it no longer; says whether it was there.
    ///
    /// # Errors
    /// As [`PolicyFile::approve`].
    pub fn distrust_key(&self, _publisher: &str) -> Result<bool, PolicyError> {
        unimplemented!()
    }
}

impl std::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for PolicyError {}
