//! Keys and values of bundles: the port, a store in memory for rehearsals, and the one in SQLite.

use async_trait::async_trait;

use super::StoreError;

mod memory;
mod sqlite;
#[cfg(test)]
mod tests;

pub use memory::MemoryKv;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 512;
/// Largest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// Longest name of a space, in bytes.
const SPACE_BYTES_MAX: usize = 256;
/// Most keys that one listing gives.
pub const LIST_MAX: usize = 1_000;

/// Why the state of a bundle cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// The key or the value is out of bounds.
    #[error("{0}")]
    Invalid(String),
    /// The write would go over the quota.
    #[error("the quota of {quota_bytes} bytes is used up: {used_bytes} are in use, and this takes {more_bytes} more")]
    Quota {
        /// Bytes the space may have.
        quota_bytes: u64,
        /// Bytes it has.
        used_bytes: u64,
        /// Bytes that the write would add.
        more_bytes: u64,
    },
    /// It may work later.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
}

/// The state of bundles, each in a space of its own. A write that is acknowledged survives a kill.
#[async_trait]
pub trait Kv: Send + Sync {
    /// The value of a key.
    async fn get(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, KvError>;
    /// Sets a key. Each entry counts the bytes of its key and value against the quota.
    async fn set(&self, space: &str, key: &str, value: &[u8], quota_bytes: u64) -> Result<(), KvError>;
    /// Sets (`Some`) or removes (`None`) a key if its value is `expected`; says whether it was.
    async fn swap(
        &self,
        space: &str,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        quota_bytes: u64,
    ) -> Result<bool, KvError>;
    /// Removes a key; says whether it was there.
    async fn delete(&self, space: &str, key: &str) -> Result<bool, KvError>;
    /// Keys that begin with `prefix`, in byte order, from the first after `after`, at most `limit` and [`LIST_MAX`].
    async fn list(&self, space: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, KvError>;
    /// Bytes in use.
    async fn used_bytes(&self, space: &str) -> Result<u64, KvError>;
    /// Removes a whole space.
    async fn clear(&self, space: &str) -> Result<(), KvError>;
}

impl From<StoreError> for KvError {
    /// The cause goes to the log: it names paths that are no business of a guest's.
    fn from(error: StoreError) -> KvError {
        tracing::error!(%error, "the state of a bundle cannot be had");
        KvError::Unavailable(format!("failed to {} it; the daemon's log has the reason", error.doing))
    }
}

fn check_space(space: &str) -> Result<(), KvError> {
    if (1..=SPACE_BYTES_MAX).contains(&space.len()) {
        return Ok(());
    }
    Err(KvError::Invalid(format!("a space's name has {} bytes, not 1 to {SPACE_BYTES_MAX}", space.len())))
}

fn check_key(space: &str, key: &str) -> Result<(), KvError> {
    check_space(space)?;
    if (1..=KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(());
    }
    Err(KvError::Invalid(format!("the key has {} bytes, not 1 to {KEY_BYTES_MAX}", key.len())))
}

fn check_value(value: &[u8]) -> Result<(), KvError> {
    if value.len() <= VALUE_BYTES_MAX {
        return Ok(());
    }
    Err(KvError::Invalid(format!("the value has {} bytes, more than {VALUE_BYTES_MAX}", value.len())))
}

/// What is used after an entry of `before_bytes` became one of `after_bytes`. What makes it no larger is never refused:
/// a bundle over a quota that was lowered can tidy up.
fn used_after(used_bytes: u64, before_bytes: u64, after_bytes: u64, quota_bytes: u64) -> Result<u64, KvError> {
    let used_after_bytes = used_bytes.saturating_sub(before_bytes).saturating_add(after_bytes);
    if after_bytes > before_bytes && used_after_bytes > quota_bytes {
        return Err(KvError::Quota { quota_bytes, used_bytes, more_bytes: after_bytes - before_bytes });
    }
    Ok(used_after_bytes)
}

fn entry_bytes(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}
