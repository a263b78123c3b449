//! How entries hang together: each line's MAC over itself and the line before, and the sealed head.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::AuditEntry;
use crate::security::files::{self, Key};

/// The chain before the first entry.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Bytes of a head file: one sector, more than the longest head takes.
const HEAD_BYTES: usize = 512;
/// Largest head file that is read, in bytes.
const HEAD_BYTES_MAX: u64 = 4 << 10;

/// A place in the chain: an entry's number and its MAC in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The entry's number.
    pub number: u64,
    /// Its MAC.
    pub chain: String,
}

impl Default for Link {
    fn default() -> Link {
        Link { number: 0, chain: BEGINNING.into() }
    }
}

/// One line as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    number: u64,
    time_ms: u64,
    who: String,
    what: String,
    on: String,
    why: String,
    chain: String,
}

/// The line of `entry` as the one behind `link`, with its line break; `link` moves on to it.
pub fn write_line(key: &Key, link: &mut Link, entry: &AuditEntry) -> io::Result<Vec<u8>> {
    let entry = entry.clone();
    let mut line = Line {
        number: link.number + 1,
        time_ms: entry.time_ms,
        who: entry.who,
        what: entry.what,
        on: entry.on,
        why: entry.why,
        chain: std::mem::take(&mut link.chain),
    };
    line.chain = mac(key, "entry", &serde_json::to_vec(&line)?);
    let mut bytes = serde_json::to_vec(&line)?;
    bytes.push(b'\n');
    *link = Link { number: line.number, chain: line.chain };
    Ok(bytes)
}

/// The entry of a line without its line break, and the place it claims to have. Checks nothing.
pub fn read_line(line: &[u8]) -> Option<(AuditEntry, Link)> {
    let Line { number, time_ms, who, what, on, why, chain } = serde_json::from_slice(line).ok()?;
    Some((AuditEntry { number, time_ms, who, what, on, why }, Link { number, chain }))
}

/// Checks that a line without its line break is, byte for byte, what was written behind `link`; `link` moves on to it.
pub fn check_line(key: &Key, link: &mut Link, line: &[u8]) -> Result<(), String> {
    let next = link.number + 1;
    let (entry, claimed) = read_line(line).ok_or_else(|| format!("where entry {next} should be is no entry"))?;
    if claimed.number != next {
        return Err(format!("entry {} stands where entry {next} should be", claimed.number));
    }
    let mut own = link.clone();
    let written = write_line(key, &mut own, &entry).map_err(|error| error.to_string())?;
    if written.strip_suffix(b"\n") != Some(line) {
        return Err(format!("entry {next} was changed, or what came before it was"));
    }
    *link = own;
    Ok(())
}

/// How far the log goes: from behind `base`, which has been dropped with the oldest file, to `last`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The last entry that is no longer kept.
    pub base: Link,
    /// The last entry that was written.
    pub last: Link,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredHead {
    base_number: u64,
    base_chain: String,
    number: u64,
    chain: String,
    seal: String,
}

impl StoredHead {
    fn sealed(key: &Key, head: &Head) -> io::Result<StoredHead> {
        let mut stored = StoredHead {
            base_number: head.base.number,
            base_chain: head.base.chain.clone(),
            number: head.last.number,
            chain: head.last.chain.clone(),
            seal: String::new(),
        };
        stored.seal = mac(key, "head", &serde_json::to_vec(&stored)?);
        Ok(stored)
    }
}

impl Head {
    /// Writes it, over the one that is there: always as long, and short enough to be written at one stroke.
    pub fn write(&self, path: &Path, key: &Key) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(&StoredHead::sealed(key, self)?)?;
        bytes.resize(bytes.len().max(HEAD_BYTES - 1), b' ');
        bytes.push(b'\n');
        let file = match OpenOptions::new().write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return files::write_private(path, &bytes),
            Err(error) => return Err(files::at(path, "open", &error)),
        };
        let written = file.write_all_at(&bytes, 0).and_then(|()| file.set_len(bytes.len() as u64));
        written.and_then(|()| file.sync_data()).map_err(|error| files::at(path, "write", &error))
    }

    /// Reads it; `None` if it is not there or its seal is broken.
    pub fn read(path: &Path, key: &Key) -> io::Result<Option<Head>> {
        let Some(bytes) = files::read_bounded(path, HEAD_BYTES_MAX)? else { return Ok(None) };
        let Ok(stored) = serde_json::from_slice::<StoredHead>(&bytes) else { return Ok(None) };
        let head = Head {
            base: Link { number: stored.base_number, chain: stored.base_chain },
            last: Link { number: stored.number, chain: stored.chain },
        };
        let right = StoredHead::sealed(key, &head)?;
        Ok((right.seal == stored.seal).then_some(head))
    }
}

/// In hexadecimal digits. `what` keeps one kind of text from passing for another.
fn mac(key: &Key, what: &str, bytes: &[u8]) -> String {
    // A key of any length is accepted, so this cannot fail; an empty key would only fail every check.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(what.as_bytes());
    mac.update(&[0]);
    mac.update(bytes);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
