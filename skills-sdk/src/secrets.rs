//! Secrets that a skill uses and never sees: the host puts them into requests of [`http`](crate::http).
//!
//! Takes a grant: `bundle!(…, grants = {"secrets": ["github"], "http": ["api.github.com"]})` asks for it. Natively every
//! name opens, and nothing is behind it.

use std::fmt;

use crate::SkillError;

/// Why a secret cannot be used. Becomes a [`SkillError`] through `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The operator has not granted it.
    Denied(String),
    /// It is granted, and the operator has not set it.
    Missing(String),
    /// Too many are open.
    Unavailable(String),
}

/// A secret, without a way to read it.
#[derive(Debug)]
pub struct Secret {
    #[cfg(target_family = "wasm")]
    pub(crate) handle: crate::guest::bindings::happyos::host::secrets::Secret,
}

/// The secret of that name.
///
/// # Errors
/// As [`Error`] says.
pub fn open(name: &str) -> Result<Secret, Error> {
    #[cfg(target_family = "wasm")]
    return crate::guest::open_secret(name).map(|handle| Secret { handle });
    #[cfg(not(target_family = "wasm"))]
    return crate::native::open_secret(name).map(|()| Secret {});
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Denied(message) | Self::Missing(message) | Self::Unavailable(message)) = self;
        f.write_str(message)
    }
}

impl From<Error> for SkillError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(message) => Self::Denied(message),
            Error::Missing(message) | Error::Unavailable(message) => Self::Unavailable(message),
        }
    }
}
