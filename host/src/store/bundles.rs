//! Which version of each bundle is active, which ones are kept, and what a signed one may not fall behind.

use std::path::PathBuf;

use super::{Store, StoreError};
use crate::base::Digest;

/// Versions of one bundle that are kept, the active one included.
pub const VERSIONS_KEPT: usize = 5;

/// One version of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRecord {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its version, where the manifest gives one.
    pub version: Option<String>,
    /// When it was first active, in milliseconds since 1970.
    pub since_ms: u64,
}

/// What is known of one bundle across restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRecord {
    /// Its name.
    pub name: String,
    /// Who signed it; `None` for `local`.
    pub publisher: Option<String>,
    /// The file that it came from.
    pub path: PathBuf,
    /// The digest of the active version; `None` once its file has gone.
    pub active: Option<Digest>,
    /// The kept versions, the one that was activated last first.
    pub versions: Vec<VersionRecord>,
    /// Set by a rollback: the digest of the file as it was then. While the file has it, the active version stays.
    pub pinned_over: Option<Digest>,
    /// The highest version a signature was accepted for.
    pub version_highest: Option<String>,
}

impl Store {
    /// All bundles, by name.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn bundles(&self) -> Result<Vec<BundleRecord>, StoreError> {
        unimplemented!()
    }

    /// Replaces what is known of one bundle, in one transaction, on disk when this returns.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn save_bundle(&self, _record: BundleRecord) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// Forgets a bundle.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn forget_bundle(&self, _name: &str) -> Result<(), StoreError> {
        unimplemented!()
    }
}
