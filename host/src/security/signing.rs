//! Publishers' keys and detached signatures of bundles (Ed25519).

use std::path::{Path, PathBuf};

use crate::base::{Digest, Requests};

/// A publisher's public key. Written as `ed25519:` and base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads what [`std::fmt::Display`] writes.
    ///
    /// # Errors
    /// Says what a key looks like.
    pub fn parse(_text: &str) -> Result<PublicKey, String> {
        unimplemented!()
    }
}

/// What a signature is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The digest of the bundle's bytes.
    pub digest: Digest,
    /// Its name.
    pub name: &'a str,
    /// Its version: a signed bundle has one.
    pub version: &'a str,
    /// What it asks for.
    pub requests: &'a Requests,
}

/// A private key as it lies on disk, mode 0600.
pub struct KeyPair {
    _secret: (),
}

impl KeyPair {
    /// Makes a key and writes it to `DIR/NAME.key`; an existing one is not replaced.
    ///
    /// # Errors
    /// If it exists or cannot be written; the message names the file.
    pub fn create(_dir: &Path, _name: &str) -> std::io::Result<(KeyPair, PathBuf)> {
        unimplemented!()
    }

    /// Reads a key.
    ///
    /// # Errors
    /// If it is not there, is readable by others, or is no key; the message names the file.
    pub fn open(_path: &Path) -> std::io::Result<KeyPair> {
        unimplemented!()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        unimplemented!()
    }

    /// The text of a signature file, for `FILE.sig` beside `FILE`.
    pub fn sign(&self, _signed: &Signed<'_>) -> String {
        unimplemented!()
    }
}

/// Where the signature of a bundle's file lies: its whole name and `.sig`.
pub fn signature_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// Largest signature file, in bytes.
pub const SIGNATURE_BYTES_MAX: u64 = 4 << 10;

/// Checks the text of a signature file against a bundle; gives the publisher whose key made it.
///
/// # Errors
/// What is wrong, in a sentence: no signature file, another bundle's, a key that nobody trusts, a forgery.
pub fn verify<'k>(
    _text: &str,
    _signed: &Signed<'_>,
    _keys: impl Iterator<Item = (&'k str, &'k PublicKey)>,
) -> Result<&'k str, String> {
    unimplemented!()
}
