//! The files of the audit log: appending under a lock, mending the end after a crash, dropping the oldest.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::chain::{self, Head, Link};
use super::{AuditEntry, Event};
use crate::security::files::{self, Key, at};

/// Largest file; the next entry begins another.
pub const FILE_BYTES_MAX: u64 = 16 << 20;
/// Files kept beside the one that is written.
const FILES_KEPT: usize = 4;
/// Longest line: far more than the longest entry takes.
pub const LINE_BYTES_MAX: usize = 16 << 10;

/// Where the parts of a log are.
#[derive(Debug, Clone)]
pub struct Paths {
    dir: PathBuf,
}

impl Paths {
    /// Those of a data directory.
    pub fn new(dir: &Path) -> Paths {
        Paths { dir: dir.to_owned() }
    }

    /// The file that is written (0), or one that was written before it.
    pub fn file(&self, age: usize) -> PathBuf {
        match age {
            0 => self.dir.join("audit.jsonl"),
            _ => self.dir.join(format!("audit.{age}.jsonl")),
        }
    }

    /// All files there may be, the oldest first.
    pub fn files(&self) -> impl DoubleEndedIterator<Item = PathBuf> + '_ {
        (0..=FILES_KEPT).rev().map(|age| self.file(age))
    }

    /// The key of the MACs. Never replaced, so it also carries the lock.
    pub fn key(&self) -> PathBuf {
        self.dir.join("audit.key")
    }

    /// The sealed head.
    pub fn head(&self) -> PathBuf {
        self.dir.join("audit.head")
    }
}

/// The log, for its one writer in this process. Others may write between two appends.
pub struct Log {
    paths: Paths,
    key: Key,
    file_bytes_max: u64,
    /// What the file was after the last append; another process may have written since.
    known: Option<Known>,
}

struct Known {
    inode: u64,
    bytes: u64,
    head: Head,
}

impl Log {
    /// Opens it, making what is missing.
    pub fn open(dir: &Path) -> io::Result<Log> {
        Log::with_size(dir, FILE_BYTES_MAX)
    }

    /// The same with another size of its files.
    pub fn with_size(dir: &Path, file_bytes_max: u64) -> io::Result<Log> {
        let paths = Paths::new(dir);
        let key = {
            let _lock = files::lock(dir)?;
            match files::read_key(&paths.key())? {
                Some(key) => key,
                None if paths.files().any(|path| path.exists()) => {
                    let error = "it is missing, and without it the log that is there cannot go on\n\
                                 hint: restore it, or move the files `audit.*` away to begin another log";
                    return Err(at(&paths.key(), "read", &io::Error::new(io::ErrorKind::NotFound, error)));
                }
                None => {
                    let key = files::make_key(&paths.key())?;
                    // From the start, so that a log without a head is one whose head was taken away.
                    Head::default().write(&paths.head(), &key)?;
                    key
                }
            }
        };
        let mut log = Log { paths, key, file_bytes_max, known: None };
        log.append(&[])?;
        Ok(log)
    }

    /// Appends entries; they are on disk when this returns, or none of them is.
    pub fn append(&mut self, entries: &[AuditEntry]) -> io::Result<()> {
        let _lock = files::lock(&self.paths.key())?;
        let (mut file, mut known, mended) = self.end()?;
        let written = (|| {
            let mut bytes = Vec::new();
            let mut link = known.head.last.clone();
            for entry in mended.iter().chain(entries) {
                bytes.extend(chain::write_line(&self.key, &mut link, entry)?);
            }
            if bytes.is_empty() {
                return Ok(());
            }
            if known.bytes > 0 && known.bytes + bytes.len() as u64 > self.file_bytes_max {
                file = self.rotate(&mut known)?;
            }
            if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
                // Half a line would be in the way of the next one.
                let _ = file.set_len(known.bytes);
                return Err(at(&self.paths.file(0), "write to", &error));
            }
            known.bytes += bytes.len() as u64;
            known.head.last = link;
            // After the entries: a head may lag behind its log, and never the other way round.
            known.head.write(&self.paths.head(), &self.key)
        })();
        self.known = written.is_ok().then_some(known);
        written
    }

    /// The file that is written, with where its chain ends, and what is to be said of how it was found.
    fn end(&self) -> io::Result<(File, Known, Vec<AuditEntry>)> {
        let path = self.paths.file(0);
        let file = open(&path)?;
        let metadata = file.metadata().map_err(|error| at(&path, "read", &error))?;
        if let Some(known) = &self.known
            && (known.inode, known.bytes) == (metadata.ino(), metadata.len())
        {
            let known = Known { inode: known.inode, bytes: known.bytes, head: known.head.clone() };
            return Ok((file, known, Vec::new()));
        }
        let mut said = Vec::new();
        let cut_bytes = mend(&path, &file)?;
        if cut_bytes > 0 {
            said.push(format!("{cut_bytes} bytes of an entry that was not written to its end were dropped"));
        }
        let head = match Head::read(&self.paths.head(), &self.key)? {
            Some(head) => head,
            None => {
                said.push("its head was missing or forged: what was cut off before this cannot be told".to_owned());
                Head::default()
            }
        };
        let bytes = metadata.len() - cut_bytes;
        let known = Known { inode: metadata.ino(), bytes, head: Head { last: self.last_link(&head)?, ..head } };
        let mended =
            |why: String| super::entry(&Event { who: "daemon", what: "audit.mended", on: "audit.jsonl", why: &why });
        Ok((file, known, said.into_iter().map(mended).collect()))
    }

    /// Where the chain goes on: at the last entry, unless the head knows of later ones. Those were cut off, and the gap
    /// stays to be seen.
    fn last_link(&self, head: &Head) -> io::Result<Link> {
        for path in self.paths.files().rev() {
            if let Some(line) = last_line(&path)? {
                let link = chain::read_line(&line).map(|(_, link)| link);
                return Ok(match link {
                    Some(link) if link.number > head.last.number => link,
                    Some(link) if link == head.last => link,
                    _ => {
                        tracing::error!(path = %path.display(), "the audit log was changed by others: `happyos audit --verify` says where");
                        head.last.clone()
                    }
                });
            }
        }
        Ok(head.last.clone())
    }

    /// Makes room for a new file.
    fn rotate(&self, known: &mut Known) -> io::Result<File> {
        let oldest = self.paths.file(FILES_KEPT);
        if let Some(line) = last_line(&oldest)? {
            if let Some((_, link)) = chain::read_line(&line) {
                known.head.base = link;
            }
            // First: a file that the head no longer counts is overwritten below, now or after a crash.
            known.head.write(&self.paths.head(), &self.key)?;
        }
        for age in (0..FILES_KEPT).rev() {
            let (from, to) = (self.paths.file(age), self.paths.file(age + 1));
            match fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&from, "rename", &error)),
                _ => {}
            }
        }
        let path = self.paths.file(0);
        let file = open(&path)?;
        let dir = File::open(&self.paths.dir).and_then(|dir| dir.sync_all());
        dir.map_err(|error| at(&self.paths.dir, "write", &error))?;
        known.inode = file.metadata().map_err(|error| at(&path, "read", &error))?.ino();
        known.bytes = 0;
        Ok(file)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
    opened.map_err(|error| at(path, "open", &error))
}

/// Cuts a last line that has no end; says how long it was.
fn mend(path: &Path, file: &File) -> io::Result<u64> {
    let (bytes, end) = tail(path, file)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let cut_bytes = (bytes.len() - whole) as u64;
    if cut_bytes > 0 {
        if whole == 0 && end > bytes.len() as u64 {
            return Err(at(path, "read", &io::Error::other("its end is no entry of an audit log")));
        }
        file.set_len(end - cut_bytes).and_then(|()| file.sync_all()).map_err(|error| at(path, "mend", &error))?;
    }
    Ok(cut_bytes)
}

/// The last line without its line break; `None` if there is no file, or nothing in it.
pub fn last_line(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, "read", &error)),
    };
    let (mut bytes, _) = tail(path, &file)?;
    if bytes.pop().is_none() {
        return Ok(None);
    }
    let start = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(Some(bytes.split_off(start)))
}

/// The end of a file, and how long the whole is.
fn tail(path: &Path, mut file: &File) -> io::Result<(Vec<u8>, u64)> {
    let read = (|| {
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(end.saturating_sub(LINE_BYTES_MAX as u64)))?;
        let mut bytes = Vec::new();
        file.take(LINE_BYTES_MAX as u64).read_to_end(&mut bytes)?;
        Ok((bytes, end))
    })();
    read.map_err(|error| at(path, "read", &error))
}

/// The last `limit` entries, oldest first.
pub fn last(dir: &Path, limit: usize) -> io::Result<Vec<AuditEntry>> {
    let paths = Paths::new(dir);
    let _lock = files::lock(&paths.key())?;
    let mut found = Vec::new();
    for path in paths.files().rev() {
        if found.len() >= limit {
            break;
        }
        let bytes = files::read_bounded(&path, FILE_BYTES_MAX + (1 << 20))?.unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let wanted = limit - found.len();
        found.extend(
            lines.rev().take(wanted).map(|line| chain::read_line(line).map_or_else(unreadable, |(entry, _)| entry)),
        );
    }
    found.reverse();
    Ok(found)
}

/// What stands in for a line that is no entry: the others are to be seen all the same.
fn unreadable() -> AuditEntry {
    AuditEntry {
        number: 0,
        time_ms: 0,
        who: "unknown".into(),
        what: "audit.unreadable".into(),
        on: "audit.jsonl".into(),
        why: "this line is no entry; `happyos audit --verify` says more".into(),
    }
}
