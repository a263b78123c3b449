//! Keys and values in memory: for rehearsals.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Kv, KvError, LIST_MAX, check_key, check_space, check_value, entry_bytes, used_after};

/// State that goes with its owner: for running examples.
#[derive(Default)]
pub struct MemoryKv {
    spaces: Mutex<BTreeMap<String, Space>>,
}

#[derive(Default)]
struct Space {
    used_bytes: u64,
    entries: BTreeMap<String, Vec<u8>>,
}

impl Space {
    fn put(&mut self, key: &str, value: Option<&[u8]>, quota_bytes: u64) -> Result<bool, KvError> {
        let before_bytes = self.entries.get(key).map(|before| entry_bytes(key, before));
        let after_bytes = value.map_or(0, |value| entry_bytes(key, value));
        self.used_bytes = used_after(self.used_bytes, before_bytes.unwrap_or(0), after_bytes, quota_bytes)?;
        match value {
            Some(value) => drop(self.entries.insert(key.to_owned(), value.to_owned())),
            None => drop(self.entries.remove(key)),
        }
        Ok(before_bytes.is_some())
    }
}

impl MemoryKv {
    fn spaces(&self) -> MutexGuard<'_, BTreeMap<String, Space>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Kv for MemoryKv {
    async fn get(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        check_key(space, key)?;
        Ok(self.spaces().get(space).and_then(|space| space.entries.get(key)).cloned())
    }

    async fn set(&self, space: &str, key: &str, value: &[u8], quota_bytes: u64) -> Result<(), KvError> {
        check_key(space, key)?;
        check_value(value)?;
        self.spaces().entry(space.to_owned()).or_default().put(key, Some(value), quota_bytes).map(drop)
    }

    async fn swap(
        &self,
        space: &str,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        quota_bytes: u64,
    ) -> Result<bool, KvError> {
        check_key(space, key)?;
        value.map_or(Ok(()), check_value)?;
        let mut spaces = self.spaces();
        let space = spaces.entry(space.to_owned()).or_default();
        if space.entries.get(key).map(Vec::as_slice) != expected {
            return Ok(false);
        }
        space.put(key, value, quota_bytes).map(|_| true)
    }

    async fn delete(&self, space: &str, key: &str) -> Result<bool, KvError> {
        check_key(space, key)?;
        self.spaces().get_mut(space).map_or(Ok(false), |space| space.put(key, None, 0))
    }

    async fn list(&self, space: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, KvError> {
        check_space(space)?;
        let spaces = self.spaces();
        let Some(space) = spaces.get(space) else { return Ok(Vec::new()) };
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let keys = space.entries.range::<str, _>((from, Bound::Unbounded)).map(|(key, _)| key);
        Ok(keys.take_while(|key| key.starts_with(prefix)).take(limit.min(LIST_MAX)).cloned().collect())
    }

    async fn used_bytes(&self, space: &str) -> Result<u64, KvError> {
        check_space(space)?;
        Ok(self.spaces().get(space).map_or(0, |space| space.used_bytes))
    }

    async fn clear(&self, space: &str) -> Result<(), KvError> {
        check_space(space)?;
        self.spaces().remove(space);
        Ok(())
    }
}
