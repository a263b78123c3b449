//! The audit log: refusals, grants, approvals and what operators did; appended to, chained, never rewritten.
//!
//! Each line has a MAC over itself and the MAC of the line before, and a sealed head says how far the log goes: whoever
//! changes, removes or reorders lines without the key is found out. Whoever can read the key, which is whoever can run
//! programs as this user, can write another history.

mod chain;
mod log;
#[cfg(test)]
mod tests;
mod verify;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use log::Log;

/// Entries that wait for the disk; more are counted as lost.
const QUEUE_MAX: usize = 1_024;
/// Entries written and flushed together.
const BATCH_MAX: usize = 256;
/// Most entries that are read at one time.
pub const LAST_MAX: usize = 10_000;
/// How long a reader waits for what was recorded before.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest texts of an entry, in bytes.
const NAME_BYTES_MAX: usize = 256;
const WHY_BYTES_MAX: usize = 1_024;

/// The log of a data directory. Clones share one file and one thread that writes it, which ends when the last of them
/// goes, after writing what it has.
#[derive(Clone)]
pub struct Audit {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    to_writer: Mutex<Option<SyncSender<Message>>>,
    n_lost: Arc<AtomicU64>,
    writer: Option<JoinHandle<()>>,
}

enum Message {
    Entry(AuditEntry),
    /// Answered once all that came before is on disk.
    Flush(SyncSender<()>),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counted from 1.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// The principal's name; `daemon` for what the daemon does by itself.
    pub who: String,
    /// What was done: `bundle.refused`, `bundle.activated`, `bundle.pending`, `bundle.approved`, `bundle.granted`,
    /// `bundle.rolled-back`, `bundle.removed`, `access.denied`, `secret.set`, `secret.removed`, `key.made`,
    /// `key.trusted`, `key.distrusted`, `token.made`, `token.revoked`, `policy.changed`, `policy.refused`.
    pub what: String,
    /// On what: the bundle's, secret's, key's or token's name.
    pub on: String,
    /// Why, or with what: one line without secrets.
    pub why: String,
}

/// An entry to be made.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// See [`AuditEntry`].
    pub who: &'a str,
    /// See [`AuditEntry`].
    pub what: &'static str,
    /// See [`AuditEntry`].
    pub on: &'a str,
    /// See [`AuditEntry`].
    pub why: &'a str,
}

impl Audit {
    /// Opens the log in `data_dir`, mending what a crash left of its last line.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn open(data_dir: &Path) -> io::Result<Audit> {
        let log = Log::open(data_dir)?;
        let (to_writer, waiting) = sync_channel(QUEUE_MAX);
        let n_lost = Arc::new(AtomicU64::new(0));
        let lost = n_lost.clone();
        let writer = thread::Builder::new().name("audit-writer".into()).spawn(move || run(log, &waiting, &lost))?;
        let to_writer = Mutex::new(Some(to_writer));
        let inner = Inner { dir: data_dir.to_owned(), to_writer, n_lost, writer: Some(writer) };
        Ok(Audit { inner: Arc::new(inner) })
    }

    /// Appends an entry. What cannot be written goes to the daemon's log as an error; nothing waits for the disk.
    pub fn record(&self, event: &Event<'_>) {
        let sent = self.inner.send(Message::Entry(entry(event)));
        if let Err(Message::Entry(entry)) = sent {
            self.inner.n_lost.fetch_add(1, Ordering::Relaxed);
            lost(&entry, "it comes faster than it can be written");
        }
    }

    /// Waits, not for long, until what was recorded before is on disk. Blocks the thread.
    pub fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.inner.send(Message::Flush(done)).is_ok() {
            // A disk that hangs must not hang whoever reads or stops.
            let _ = wait.recv_timeout(FLUSH_TIMEOUT);
        }
    }

    /// The last `limit` entries, at most [`LAST_MAX`], oldest first. Blocks the thread while it reads.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn last(&self, limit: usize) -> io::Result<Vec<AuditEntry>> {
        self.flush();
        log::last(&self.inner.dir, limit.min(LAST_MAX))
    }

    /// Reads the whole chain: how many entries, or the first place where it is broken.
    ///
    /// # Errors
    /// The file, the entry's number and what is wrong.
    pub fn verify(data_dir: &Path) -> Result<u64, String> {
        verify::verify(data_dir)
    }
}

impl Inner {
    fn send(&self, message: Message) -> Result<(), Message> {
        match &*self.to_writer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(to_writer) => to_writer.try_send(message).map_err(|error| match error {
                TrySendError::Full(message) | TrySendError::Disconnected(message) => message,
            }),
            None => Err(message),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        *self.to_writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(writer) = self.writer.take() {
            // It has panicked, or not: there is nobody left to tell.
            let _ = writer.join();
        }
    }
}

fn run(mut log: Log, waiting: &Receiver<Message>, n_lost: &AtomicU64) {
    let mut write = |entries: Vec<AuditEntry>| {
        let n_entries = entries.len() as u64;
        let lost_before = n_lost.swap(0, Ordering::Relaxed);
        let mut batch = folded(entries);
        if lost_before > 0 {
            batch.push(entry(&Event {
                who: "daemon",
                what: "audit.lost",
                on: "audit.jsonl",
                why: &format!("{lost_before} entries could not be written; the daemon's log has them"),
            }));
        }
        if batch.is_empty() {
            return;
        }
        if let Err(error) = log.append(&batch) {
            n_lost.fetch_add(lost_before + n_entries, Ordering::Relaxed);
            batch.iter().for_each(|entry| lost(entry, &error.to_string()));
        }
    };
    while let Ok(first) = waiting.recv() {
        let (mut entries, mut flushed) = (Vec::new(), Vec::new());
        let next = std::iter::once(first).chain(waiting.try_iter()).take(BATCH_MAX);
        for message in next {
            match message {
                Message::Entry(entry) => entries.push(entry),
                Message::Flush(done) => flushed.push(done),
            }
        }
        write(entries);
        for done in flushed {
            // Who waited may have given up.
            let _ = done.try_send(());
        }
    }
    write(Vec::new());
}

/// The same thing many times in a row is one entry that says how often: a skill that asks a thousand times for what it
/// may not have should not push the rest out of the log.
fn folded(entries: Vec<AuditEntry>) -> Vec<AuditEntry> {
    let mut folded: Vec<(AuditEntry, usize)> = Vec::new();
    for entry in entries {
        match folded.last_mut() {
            Some((last, times)) if same(last, &entry) => *times += 1,
            _ => folded.push((entry, 1)),
        }
    }
    let counted = |(mut entry, times): (AuditEntry, usize)| {
        if times > 1 {
            entry.why = format!("{} ({times} times)", entry.why);
        }
        entry
    };
    folded.into_iter().map(counted).collect()
}

fn same(a: &AuditEntry, b: &AuditEntry) -> bool {
    (&a.who, &a.what, &a.on, &a.why) == (&b.who, &b.what, &b.on, &b.why)
}

/// The entry without its number: that is known when it is written.
fn entry(event: &Event<'_>) -> AuditEntry {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    AuditEntry {
        number: 0,
        time_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        who: line(event.who, NAME_BYTES_MAX),
        what: line(event.what, NAME_BYTES_MAX),
        on: line(event.on, NAME_BYTES_MAX),
        why: line(event.why, WHY_BYTES_MAX),
    }
}

/// The text as one line of at most `bytes_max`, with what could play tricks on a terminal escaped.
fn line(text: &str, bytes_max: usize) -> String {
    let mut line = String::new();
    for character in text.chars() {
        let tricky = character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let before = line.len();
        if tricky {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
        if line.len() > bytes_max {
            line.truncate(before);
            line.push('…');
            break;
        }
    }
    line
}

fn lost(entry: &AuditEntry, why: &str) {
    let AuditEntry { who, what, on, why: because, .. } = entry;
    tracing::error!(who, what, on, why = because, "not in the audit log: {why}");
}
