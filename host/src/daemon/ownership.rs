//! One process owns a data directory: a lock that the system gives back however the process ends.
//!
//! A daemon holds the lock alone. Commands that run embedded share it, so that several may run beside
//! each other but none beside a daemon.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::cli::{Fault, Mode};

const LOCK: &str = "lock";

/// The lock, held until this is dropped.
pub struct Ownership {
    _file: File,
}

impl Ownership {
    /// Takes the lock and does `first` while nobody else can hold it, if that is so.
    ///
    /// # Errors
    /// A fault that names the process that has it.
    pub fn take<T>(data_dir: &Path, mode: Mode, first: impl FnOnce() -> T) -> Result<(Ownership, T), Fault> {
        let path = data_dir.join(LOCK);
        let failed = |error: io::Error| Fault::daemon(format!("Failed to lock `{}`: {error}", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let alone = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) if mode != Mode::Serve => false,
            Err(TryLockError::WouldBlock) => return Err(taken(data_dir, &mut file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        };
        if alone {
            let pid = std::process::id();
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{pid}")).map_err(failed)?;
            let done = first();
            if mode != Mode::Serve {
                file.unlock().map_err(failed)?;
                share(data_dir, &mut file).map_err(|fault| fault.unwrap_or_else(failed))?;
            }
            return Ok((Ownership { _file: file }, done));
        }
        share(data_dir, &mut file).map_err(|fault| fault.unwrap_or_else(failed))?;
        Ok((Ownership { _file: file }, first()))
    }
}

fn share(data_dir: &Path, file: &mut File) -> Result<(), Result<Fault, io::Error>> {
    match file.try_lock_shared() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Ok(taken(data_dir, file))),
        Err(TryLockError::Error(error)) => Err(Err(error)),
    }
}

fn taken(data_dir: &Path, file: &mut File) -> Fault {
    let mut pid = String::new();
    let read = file.rewind().and_then(|()| file.take(32).read_to_string(&mut pid));
    let who = match (read, pid.trim()) {
        (Ok(_), pid) if !pid.is_empty() => format!("process {pid}"),
        _ => "another process".to_owned(),
    };
    Fault::daemon(format!("Failed to take the data directory `{}`: {who} has it", data_dir.display()))
        .hint("`happyos status` shows a running daemon; stop it, or use another directory with `--data`")
}
