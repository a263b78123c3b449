//! The watched directory: which files in it are bundles, and reading one of them once, whatever else happens to it.

use std::fs::{self, File as OpenFile, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use rustix::fs::{Mode, OFlags};

use super::probe::{self, File, Rejection};
use crate::base::Digest;
use crate::security::signing::{SIGNATURE_BYTES_MAX, signature_path};

/// Files of one directory that are looked at; more are refused.
pub const FILES_MAX: usize = 20_000;

/// Tells one state of a file, and of the signature beside it, from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    file: One,
    signature: Option<One>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct One {
    inode: u64,
    size_bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl One {
    fn of(metadata: &Metadata) -> One {
        One {
            inode: metadata.ino(),
            size_bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Stamp {
    /// The stamp of the file at `path`; `None` if there is none.
    pub fn of(path: &Path) -> Option<Stamp> {
        let file = One::of(&fs::symlink_metadata(path).ok()?);
        let signature = fs::symlink_metadata(signature_path(path)).ok().map(|metadata| One::of(&metadata));
        Some(Stamp { file, signature })
    }
}

/// Tells a directory from another that has taken its name; `None` if there is none.
pub fn identity(directory: &Path) -> Option<(u64, u64, Option<SystemTime>)> {
    // The number of one that was removed is soon given to another.
    fs::metadata(directory).ok().map(|metadata| (metadata.dev(), metadata.ino(), metadata.created().ok()))
}

/// A bundle's file as it was read, with its bytes.
#[derive(Clone)]
pub struct Read {
    /// What it is.
    pub file: File,
    /// Its bytes.
    pub bytes: Bytes,
    /// The text of the signature file beside it.
    pub signature: Option<String>,
}

/// Reads one file: a regular one that is not changed meanwhile, no larger than `bytes_max`.
///
/// # Errors
/// Why it is not read, in a sentence.
pub fn read(path: &Path, bytes_max: u64) -> Result<Read, Rejection> {
    let Some((stem, is_script)) = probe::classify(path) else {
        return Err(Rejection::passing("its name does not end in `.wasm` or `.js`"));
    };
    let bytes = read_bytes(path, bytes_max)?;
    let signature = match read_bytes(&signature_path(path), SIGNATURE_BYTES_MAX) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(rejection) if rejection.reason == NOT_THERE => None,
        Err(Rejection { reason, .. }) => return Err(Rejection::passing(format!("its signature file: {reason}"))),
    };
    let file =
        File { path: path.to_owned(), stem, is_script, digest: Digest::of(&bytes), size_bytes: bytes.len() as u64 };
    Ok(Read { file, bytes: bytes.into(), signature })
}

/// What is said of a file that is not there.
const NOT_THERE: &str = "it is not there";

fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Rejection> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Rejection::passing(NOT_THERE),
        _ => Rejection::passing(format!("it cannot be read: {error}")),
    };
    // Never through a link, and never waiting for the other end of a FIFO.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let mut file = match opened {
        Ok(file) => OpenFile::from(file),
        Err(rustix::io::Errno::LOOP) => return Err(Rejection::passing(NOT_REGULAR)),
        Err(error) => return Err(failed(error.into())),
    };
    let before = file.metadata().map_err(failed)?;
    if !before.is_file() {
        return Err(Rejection::passing(NOT_REGULAR));
    }
    let too_large = |size_bytes: u64| {
        Rejection::passing(format!(
            "it has {size_bytes} bytes, more than {bytes_max} (hint: `compile.bundle_bytes_max` in happyos.toml raises this for bundles)"
        ))
    };
    if before.len() > bytes_max {
        return Err(too_large(before.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default());
    let mut most = (&mut file).take(bytes_max.saturating_add(1));
    // By the piece: some systems take the processor from nobody who reads at one stroke, and then short calls would wait.
    while most.by_ref().take(PIECE).read_to_end(&mut bytes).map_err(failed)? > 0 {}
    if bytes.len() as u64 > bytes_max {
        return Err(too_large(bytes.len() as u64));
    }
    let after = file.metadata().map_err(failed)?;
    if One::of(&before) != One::of(&after) {
        return Err(Rejection::passing("it was changed while it was read (hint: it is read again when it is at rest)"));
    }
    Ok(bytes)
}

/// Bytes read at one stroke.
const PIECE: u64 = 256 << 10;

const NOT_REGULAR: &str = "it is not a regular file (hint: links, pipes and devices are not followed: copy the file)";

/// The bundle files of a directory, by name. Hidden files and other endings are not bundles.
///
/// # Errors
/// If the directory cannot be read.
pub fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if is_bundle(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a file's name is that of a bundle.
pub fn is_bundle(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    !hidden && probe::classify(path).is_some()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn refused(path: &Path) -> String {
        read(path, 100).err().map(|rejection| rejection.reason).unwrap_or_default()
    }

    #[test]
    fn only_regular_files_of_a_bearable_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a.js"), "skill()").unwrap();
        fs::write(at("a.js.sig"), "signed").unwrap();
        let read_file = read(&at("a.js"), 100).unwrap_or_else(|rejection| panic!("{}", rejection.reason));
        assert_eq!((&read_file.bytes[..], read_file.signature.as_deref()), (&b"skill()"[..], Some("signed")));
        symlink(at("a.js"), at("link.js")).unwrap();
        fs::create_dir(at("dir.js")).unwrap();
        fs::write(at("large.js"), [b' '; 101]).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("fifo.js"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        for name in ["link.js", "dir.js", "fifo.js"] {
            assert!(refused(&at(name)).contains("regular file"), "{name}: {}", refused(&at(name)));
        }
        assert!(refused(&at("large.js")).contains("101 bytes"));
        assert!(refused(&at("gone.js")).contains("not there"));
        let listed = list(dir.path()).unwrap();
        assert_eq!(listed.len(), 5, "{listed:?}");
    }

    #[test]
    fn a_stamp_changes_with_the_file_and_its_signature() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.js");
        assert_eq!(Stamp::of(&path), None);
        fs::write(&path, "1").unwrap();
        let first = Stamp::of(&path);
        fs::write(dir.path().join("a.js.sig"), "s").unwrap();
        assert_ne!(Stamp::of(&path), first);
        assert_eq!(Stamp::of(&path), Stamp::of(&path));
    }
}
