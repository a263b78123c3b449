//! Keys and values of bundles: the port, a store in memory for rehearsals, and the one in SQLite.

use async_trait::async_trait;

use super::Store;

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 512;
/// Largest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
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

/// State that goes with its owner: for running examples.
#[derive(Default)]
pub struct MemoryKv {}

#[async_trait]
impl Kv for MemoryKv {
    async fn get(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>, KvError> {
        unimplemented!()
    }
    async fn set(&self, _: &str, _: &str, _: &[u8], _: u64) -> Result<(), KvError> {
        unimplemented!()
    }
    async fn swap(&self, _: &str, _: &str, _: Option<&[u8]>, _: Option<&[u8]>, _: u64) -> Result<bool, KvError> {
        unimplemented!()
    }
    async fn delete(&self, _: &str, _: &str) -> Result<bool, KvError> {
        unimplemented!()
    }
    async fn list(&self, _: &str, _: &str, _: Option<&str>, _: usize) -> Result<Vec<String>, KvError> {
        unimplemented!()
    }
    async fn used_bytes(&self, _: &str) -> Result<u64, KvError> {
        unimplemented!()
    }
    async fn clear(&self, _: &str) -> Result<(), KvError> {
        unimplemented!()
    }
}

#[async_trait]
impl Kv for Store {
    async fn get(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>, KvError> {
        unimplemented!()
    }
    async fn set(&self, _: &str, _: &str, _: &[u8], _: u64) -> Result<(), KvError> {
        unimplemented!()
    }
    async fn swap(&self, _: &str, _: &str, _: Option<&[u8]>, _: Option<&[u8]>, _: u64) -> Result<bool, KvError> {
        unimplemented!()
    }
    async fn delete(&self, _: &str, _: &str) -> Result<bool, KvError> {
        unimplemented!()
    }
    async fn list(&self, _: &str, _: &str, _: Option<&str>, _: usize) -> Result<Vec<String>, KvError> {
        unimplemented!()
    }
    async fn used_bytes(&self, _: &str) -> Result<u64, KvError> {
        unimplemented!()
    }
    async fn clear(&self, _: &str) -> Result<(), KvError> {
        unimplemented!()
    }
}
