//! Compiled code on disk: private, sealed with a keyed MAC, bounded, and never trusted without the MAC.
//!
//! Loading a tampered compiled file would be arbitrary code execution, so each file is checked against
//! its MAC (over the digest of the bytes it was made from, the engine it was made for, and itself)
//! before wasmtime sees it. Small sealed notes about a digest are kept the same way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;

use crate::base::Digest;

const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;

/// A private directory of sealed files.
pub struct Cache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
    compatibility: u64,
    bytes_max: u64,
    /// Bytes in the directory, as far as this process knows.
    bytes: Mutex<u64>,
}

/// What a sealed file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// Compiled code.
    Code,
    /// What the compile helper said of the bytes.
    Shape,
    /// What the catalog learned by running the bundle.
    Probe,
}

impl Sealed {
    fn extension(self) -> &'static str {
        match self {
            Sealed::Code => "code",
            Sealed::Shape => "shape",
            Sealed::Probe => "probe",
        }
    }
}

impl Cache {
    /// Opens the cache below `data_dir`, making its directory and key where they are missing.
    ///
    /// # Errors
    /// If the directory or the key cannot be made, read or kept private.
    pub fn open(data_dir: &Path, compatibility: u64, bytes_max: u64) -> io::Result<Cache> {
        let dir = data_dir.join("code");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        let cache =
            Cache { key: key(&data_dir.join("code.key"))?, dir, compatibility, bytes_max, bytes: Mutex::new(0) };
        cache.evict(&mut cache.lock(), None);
        Ok(cache)
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, digest: &Digest, kind: Sealed) -> PathBuf {
        self.dir.join(format!("{digest}.{:016x}.{}", self.compatibility, kind.extension()))
    }

    fn mac(&self, digest: &Digest, kind: Sealed, bytes: &[u8]) -> Hmac<Sha256> {
        // A key of any length is accepted, so this cannot fail; an empty key would only fail every check.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(kind.extension().as_bytes());
        mac.update(digest.as_bytes());
        mac.update(&self.compatibility.to_le_bytes());
        mac.update(bytes);
        mac
    }

    /// Keeps `bytes` for `digest`. Never leaves a half-written file; makes room by dropping what was
    /// used longest ago.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn store(&self, digest: &Digest, kind: Sealed, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(digest, kind);
        let mac = self.mac(digest, kind, bytes).finalize().into_bytes();
        // Held to the end: `evict` would take another thread's half-written file for a dead one.
        let mut held = self.lock();
        if kind == Sealed::Code {
            // Beside the file, so that the code itself can be mapped as it is.
            self.write(&seal_path(&path), &[&mac])?;
            self.write(&path, &[bytes])?;
        } else {
            self.write(&path, &[&mac, bytes])?;
        }
        *held += bytes.len() as u64 + MAC_BYTES as u64;
        if *held > self.bytes_max {
            self.evict(&mut held, Some(digest));
        }
        Ok(())
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// The note kept for `digest`; `None` if there is none or its seal is broken.
    pub fn note(&self, digest: &Digest, kind: Sealed) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(digest, kind)).ok()?;
        if bytes.len() < MAC_BYTES {
            return None;
        }
        let body = bytes.split_off(MAC_BYTES);
        self.mac(digest, kind, &body).verify_slice(&bytes).ok()?;
        Some(body)
    }

    /// The file of compiled code for `digest`, its seal checked just now; `None` if there is none or
    /// the seal is broken.
    pub fn code(&self, digest: &Digest) -> Option<PathBuf> {
        let path = self.path(digest, Sealed::Code);
        let seal = fs::read(seal_path(&path)).ok()?;
        let mut file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        if self.mac(digest, Sealed::Code, &bytes).verify_slice(&seal).is_err() {
            tracing::warn!(path = %path.display(), "compiled code does not match its seal: it will be compiled again");
            return None;
        }
        // Marks it as used, for `evict`. Only the order of eviction suffers if this fails.
        let _ = file.set_modified(SystemTime::now());
        Some(path)
    }

    /// Whether compiled code is there, its seal unchecked.
    pub fn has_code(&self, digest: &Digest) -> bool {
        self.path(digest, Sealed::Code).exists()
    }

    /// Drops what was used longest ago until the directory is under its bound, `keep` excepted, and
    /// everything made for another engine.
    fn evict(&self, held: &mut u64, keep: Option<&Digest>) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let marker = format!(".{:016x}.", self.compatibility);
        let mut files = Vec::new();
        let mut total = 0;
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.contains(&marker) {
                // Another engine's, or left half-written by a process that was killed.
                let _ = fs::remove_file(entry.path());
                continue;
            }
            total += metadata.len();
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((used, metadata.len(), name, entry.path()));
        }
        if total > self.bytes_max {
            files.sort();
            let keep = keep.map(|digest| digest.to_string());
            for (_, bytes, name, path) in files {
                // A tenth below the bound, so that not every store evicts.
                if total <= self.bytes_max / 10 * 9 {
                    break;
                }
                if keep.as_ref().is_some_and(|keep| name.starts_with(keep.as_str())) {
                    continue;
                }
                if fs::remove_file(&path).is_ok() {
                    total -= bytes;
                }
            }
        }
        *held = total;
    }
}

fn seal_path(path: &Path) -> PathBuf {
    path.with_extension("seal")
}

/// Reads the key, or makes one.
fn key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    match fs::read(path) {
        Ok(bytes) => {
            if let Ok(key) = bytes.try_into() {
                return Ok(key);
            }
            // Not a key of ours: whatever it sealed is recompiled.
            fs::remove_file(path)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut key = [0; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(&key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(dir: &Path, bytes_max: u64) -> Cache {
        Cache::open(dir, 7, bytes_max).unwrap()
    }

    #[test]
    fn a_changed_byte_breaks_the_seal() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), 1 << 20);
        let digest = Digest::of(b"bytes");
        cache.store(&digest, Sealed::Code, b"code").unwrap();
        cache.store(&digest, Sealed::Probe, b"note").unwrap();
        let path = cache.code(&digest).unwrap();
        assert_eq!(cache.note(&digest, Sealed::Probe).unwrap(), b"note");
        assert!(cache.code(&Digest::of(b"others")).is_none());
        fs::write(&path, b"c0de").unwrap();
        assert!(cache.code(&digest).is_none());
        let other_key = tempfile::tempdir().unwrap();
        fs::rename(dir.path().join("code"), other_key.path().join("code")).unwrap();
        assert!(self::cache(other_key.path(), 1 << 20).note(&digest, Sealed::Probe).is_none());
    }

    #[test]
    fn the_directory_is_bounded_and_other_engines_code_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), 1_000);
        for index in 0..20 {
            cache.store(&Digest::of(&[index]), Sealed::Code, &[0; 200]).unwrap();
            assert!(cache.bytes() <= 1_000);
        }
        assert!(cache.code(&Digest::of(&[19])).is_some());
        assert!(cache.code(&Digest::of(&[0])).is_none());
        let other = Cache::open(dir.path(), 8, 1_000).unwrap();
        assert_eq!(other.bytes(), 0);
    }
}
