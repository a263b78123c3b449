//! What the bundle keeps from one call to the next: keys and values that no other bundle sees.
//!
//! Takes a grant: `bundle!(…, grants = {"kv_bytes": 65536})` asks for it. Natively each thread has a store of its own,
//! in memory; [`testing::clear`](crate::testing::clear) empties it.

use std::fmt;

use crate::SkillError;
#[cfg(target_family = "wasm")]
use crate::guest::kv as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::kv as host;

/// Why the state cannot be read or written. Becomes a [`SkillError`] of the same kind through `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The operator has not granted it.
    Denied(String),
    /// The key or the value is out of bounds: keys have 1 to 512 bytes, values at most 1 MiB.
    Invalid(String),
    /// The write would go over the granted bytes. Nothing was written.
    Quota(String),
    /// It may work later.
    Unavailable(String),
}

/// The value of a key.
///
/// # Errors
/// As [`Error`] says; so for all functions here.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    host::get(key)
}

/// Sets a key.
#[expect(clippy::missing_errors_doc, reason = "see `get`")]
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
    host::set(key, value.as_ref())
}

/// Removes a key; says whether it was there.
#[expect(clippy::missing_errors_doc, reason = "see `get`")]
pub fn delete(key: &str) -> Result<bool, Error> {
    host::delete(key)
}

/// Keys that begin with `prefix`, in the order of their bytes, from the first after `after`: at most `limit`, and never
/// more than 1,000.
#[expect(clippy::missing_errors_doc, reason = "see `get`")]
pub fn list(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
    host::list(prefix, after, limit)
}

/// All keys that begin with `prefix`, fetched as they are asked for.
pub fn keys(prefix: &str) -> impl Iterator<Item = Result<String, Error>> {
    const PAGE: u32 = 100;
    let prefix = prefix.to_owned();
    let (mut page, mut last, mut ended) = (Vec::new().into_iter(), None::<String>, false);
    std::iter::from_fn(move || {
        loop {
            if let Some(key) = page.next() {
                last = Some(String::clone(&key));
                return Some(Ok(key));
            }
            if ended {
                return None;
            }
            match list(&prefix, last.as_deref(), PAGE) {
                Ok(keys) => {
                    ended = keys.len() < PAGE as usize;
                    page = keys.into_iter();
                }
                Err(error) => {
                    ended = true;
                    return Some(Err(error));
                }
            }
        }
    })
}

/// Sets a key (`Some`) or removes it (`None`) if its value is still `expected`, where `None` stands for a key that is
/// not there; says whether it was. Calls run at the same time, so this is how two of them count together.
#[expect(clippy::missing_errors_doc, reason = "see `get`")]
pub fn swap(key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, Error> {
    host::swap(key, expected, value)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Denied(message) | Self::Invalid(message) | Self::Quota(message) | Self::Unavailable(message)) = self;
        f.write_str(message)
    }
}

impl From<Error> for SkillError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(message) => Self::Denied(message),
            Error::Invalid(message) => Self::InvalidInput(message),
            Error::Quota(message) => Self::Failed(message),
            Error::Unavailable(message) => Self::Unavailable(message),
        }
    }
}
