//! Kept versions of bundles: their bytes by digest in a private directory, so that the running code never depends on a
//! file that somebody else writes, and an older version can return.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::base::Digest;

/// The directory of kept versions.
#[derive(Debug, Clone)]
pub struct Versions {
    dir: PathBuf,
}

impl Versions {
    /// Opens it below `data_dir`, making it where it is missing.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(data_dir: &Path) -> io::Result<Versions> {
        let dir = data_dir.join("versions");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        Ok(Versions { dir })
    }

    /// Where the bytes of `digest` lie.
    pub fn path(&self, digest: &Digest, is_script: bool) -> PathBuf {
        self.dir.join(format!("{digest}.{}", if is_script { "js" } else { "wasm" }))
    }

    fn signature_path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{digest}.sig"))
    }

    /// Keeps a version with its signature. A version that is there already is left as it is, unless it was not written
    /// to its end: who reads it checks its digest.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn keep(&self, digest: &Digest, is_script: bool, bytes: &[u8], signature: Option<&str>) -> io::Result<()> {
        match signature {
            Some(signature) => {
                // Whole or not at all: nothing tells that one is cut off.
                let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
                file.write_all(signature.as_bytes())?;
                file.persist(self.signature_path(digest)).map_err(|error| error.error)?;
            }
            None => match fs::remove_file(self.signature_path(digest)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
        }
        let path = self.path(digest, is_script);
        let there = fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64);
        if there { Ok(()) } else { fs::write(&path, bytes) }
    }

    /// The bytes of a kept version and its signature; `None` if it is not there or is not what it was.
    pub fn read(&self, digest: &Digest) -> Option<Kept> {
        let (is_script, bytes) = [false, true]
            .into_iter()
            .find_map(|is_script| Some((is_script, fs::read(self.path(digest, is_script)).ok()?)))?;
        if Digest::of(&bytes) != *digest {
            return None;
        }
        Some(Kept { is_script, bytes, signature: fs::read_to_string(self.signature_path(digest)).ok() })
    }

    /// Removes all but these, and what a killed process left half written.
    pub fn sweep(&self, wanted: &HashSet<Digest>) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let digest = name.split('.').next().and_then(Digest::parse);
            if digest.is_none_or(|digest| !wanted.contains(&digest)) {
                // Left for the next sweep where it cannot be removed.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// A version that was kept.
pub struct Kept {
    /// Whether it is a script.
    pub is_script: bool,
    /// Its bytes, which have the digest asked for.
    pub bytes: Vec<u8>,
    /// The text of its signature file.
    pub signature: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_version_is_what_it_was_or_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let versions = Versions::open(dir.path()).unwrap();
        let digest = Digest::of(b"skill()");
        versions.keep(&digest, true, b"skill()", Some("sig")).unwrap();
        let kept = versions.read(&digest).unwrap();
        assert_eq!(
            (kept.is_script, kept.bytes.as_slice(), kept.signature.as_deref()),
            (true, &b"skill()"[..], Some("sig"))
        );
        versions.keep(&digest, true, b"skill()", None).unwrap();
        assert!(versions.read(&digest).unwrap().signature.is_none());
        fs::write(versions.path(&digest, true), b"skull()").unwrap();
        assert!(versions.read(&digest).is_none());
        versions.sweep(&HashSet::new());
        assert_eq!(fs::read_dir(dir.path().join("versions")).unwrap().count(), 0);
    }
}
