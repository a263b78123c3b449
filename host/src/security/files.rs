//! Private files: written whole or not at all, keys made once, edits of one directory one after the other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rand::Rng as _;
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// A key as it lies on disk, overwritten when dropped.
pub type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Replaces a file whole, readable by its owner only, and on disk when this returns.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let written = (|| {
        // What a crash left behind may have another mode.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    })();
    written.map_err(|error| at(path, "write", &error))
}

/// Reads a regular file of at most `bytes_max`; `None` if there is none.
pub fn read_bounded(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    // A pipe must not be waited for.
    let opened =
        OpenOptions::new().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, "read", &error)),
    };
    read_opened(path, file, bytes_max).map(Some)
}

fn read_opened(path: &Path, file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = (|| {
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > bytes_max {
            return Err(io::Error::other(format!("it has more than {bytes_max} bytes")));
        }
        Ok(())
    })();
    read.map_err(|error| at(path, "read", &error))?;
    Ok(bytes)
}

/// Reads a file that only its owner may read; `None` if there is none.
pub fn read_private(path: &Path, bytes_max: u64) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, "read", &error)),
    };
    if mode & 0o077 != 0 {
        let error = io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("its mode {:03o} lets others at it\nhint: `chmod 600 {}`", mode & 0o777, path.display()),
        );
        return Err(at(path, "use", &error));
    }
    Ok(read_bounded(path, bytes_max)?.map(Zeroizing::new))
}

/// The key in `path`; `None` if there is none.
pub fn read_key(path: &Path) -> io::Result<Option<Key>> {
    let Some(bytes) = read_private(path, KEY_BYTES as u64)? else { return Ok(None) };
    match <[u8; KEY_BYTES]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(_) => Err(at(path, "read", &io::Error::other(format!("it is not a key of {KEY_BYTES} bytes")))),
    }
}

/// Makes a key and writes it to `path`, in place of what is there.
pub fn make_key(path: &Path) -> io::Result<Key> {
    let mut key = Key::default();
    rand::rng().fill_bytes(key.as_mut_slice());
    write_private(path, key.as_slice())?;
    Ok(key)
}

/// Waits until no other process or thread edits files in `dir`; until the answer is dropped, none does.
pub fn lock(dir: &Path) -> io::Result<File> {
    let locked = (|| {
        let dir = File::open(dir)?;
        dir.lock()?;
        Ok(dir)
    })();
    locked.map_err(|error| at(dir, "lock", &error))
}

/// The error with what was tried, and on what.
pub fn at(path: &Path, what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("Failed to {what} `{}`: {error}", path.display()))
}
