//! What outlives the daemon: ports, and SQLite behind them. The only room with SQL.

pub mod bundles;
pub mod kv;

use std::path::Path;

pub use bundles::{BundleRecord, VersionRecord};
pub use kv::{Kv, KvError, MemoryKv};

/// The store of one data directory. Clones share one writer.
#[derive(Clone)]
pub struct Store {}

/// Why the store does not open or does not take a write.
#[derive(Debug, Clone, thiserror::Error)]
#[error("Failed to {doing} the store `{path}`: {reason}")]
pub struct StoreError {
    /// What was tried.
    pub doing: &'static str,
    /// The file.
    pub path: String,
    /// What the database or the system says.
    pub reason: String,
}

impl Store {
    /// Opens `store.sqlite` below `data_dir`, making and migrating it where needed.
    ///
    /// # Errors
    /// If it cannot be opened, is damaged, or is of a newer version.
    pub fn open(_data_dir: &Path) -> Result<Store, StoreError> {
        unimplemented!()
    }
}
