//! What outlives the daemon: ports, and SQLite behind them. The only room with SQL.
//!
//! One thread writes; what waits for it is one transaction, so that one flush to the disk acknowledges many writes.
//! Reads have a few connections of their own and see what was acknowledged.

pub mod builds;
pub mod bundles;
mod connection;
pub mod fleet;
pub mod gaps;
pub mod kv;
pub mod ledger;
pub mod personal;
mod reader;
pub mod recall;
pub mod records;
pub mod search;
pub mod tasks;
mod writer;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

pub use bundles::{BundleRecord, VersionRecord};
pub use fleet::FleetRecord;
pub use kv::{Kv, KvError, MemoryKv};
pub use ledger::{Ledger, MemoryLedger};
use reader::Readers;
use writer::Writer;

/// The file's name in the data directory.
const FILE_NAME: &str = "store.sqlite";

/// The store of one data directory. Clones share one writer, which ends when the last of them goes.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: Box<Path>,
    // Dropped in this order: what was taken is written before the last connection goes.
    writer: Writer,
    readers: Readers,
}

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
    pub fn open(data_dir: &Path) -> Result<Store, StoreError> {
        let path: Box<Path> = data_dir.join(FILE_NAME).into();
        let opened = (|| {
            // Others that open it wait until it is a whole store: switching to a write-ahead log does not.
            let _lock =
                File::open(data_dir).and_then(|dir| dir.lock().map(|()| dir)).map_err(|error| error.to_string())?;
            let connection = connection::create(&path)?;
            Ok((Writer::start(connection)?, Readers::new(&path)))
        })();
        match opened {
            Ok((writer, readers)) => Ok(Store { inner: Arc::new(Inner { path, writer, readers }) }),
            Err(reason) => Err(error("open", &path, reason)),
        }
    }

    /// Does `change` in a transaction of its own or one shared with others; what it did is on disk when this returns.
    /// A change that fails leaves nothing. Once begun it is done, also if nobody waits for it any more.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.write(change).await.map_err(|reason| error("write to", &self.inner.path, reason))
    }

    /// The same for a change that removes nothing, and that fails only where the store itself does.
    async fn add<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.add(change).await.map_err(|reason| error("write to", &self.inner.path, reason))
    }

    /// Does `work` outside of any transaction while nobody else writes, on a thread where it may take its time.
    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.alone(work).await.map_err(|reason| error("write to", &self.inner.path, reason))
    }

    /// Reads what was acknowledged before this was called.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.readers.read(query).await.map_err(|reason| error("read", &self.inner.path, reason))
    }
}

fn error(doing: &'static str, path: &Path, reason: String) -> StoreError {
    StoreError { doing, path: path.display().to_string(), reason }
}

/// What to tell people of a failure of the database.
fn reason(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!(
                "{error}\nhint: it is damaged: stop HappyOS and restore it, or move it and its `-wal` away to begin anew"
            )
        }
        Some(ErrorCode::DiskFull) => format!("{error}\nhint: make room on its file system"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
