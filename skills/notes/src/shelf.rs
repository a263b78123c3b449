//! Where notes lie: sixteen to a key, so that a thousand of them are read with few calls to the host.

use happyos_sdk::{Result, SkillError, kv};

use crate::Note;

/// Notes under one key.
const PER_SHELF: u64 = 16;
/// The key of the next note's number.
const NEXT: &str = "next";
const PREFIX: &str = "notes/";
/// How often a write is tried while other calls write too.
const TRIES_MAX: usize = 50;

/// A number that no other note has or had.
pub fn claim_id() -> Result<u64> {
    for _ in 0..TRIES_MAX {
        let current = kv::get(NEXT)?;
        let id: u64 = match &current {
            Some(bytes) => serde_json::from_slice(bytes)?,
            None => 1,
        };
        if kv::swap(NEXT, current.as_deref(), Some((id + 1).to_string().as_bytes()))? {
            return Ok(id);
        }
    }
    Err(busy())
}

pub fn add(note: &Note) -> Result<()> {
    change(note.id, |notes| notes.push(note.clone()))
}

pub fn get(id: u64) -> Result<Option<Note>> {
    let notes = read(kv::get(&key(id))?.as_deref())?;
    Ok(notes.into_iter().find(|note| note.id == id))
}

/// Says whether it was there.
pub fn remove(id: u64) -> Result<bool> {
    let mut was_there = false;
    change(id, |notes| {
        let n_before = notes.len();
        notes.retain(|note| note.id != id);
        was_there = notes.len() < n_before;
    })?;
    Ok(was_there)
}

/// All notes, read as they are asked for.
pub fn newest_first() -> Result<impl Iterator<Item = Result<Note>>> {
    let keys: Vec<String> = kv::keys(PREFIX).collect::<std::result::Result<_, _>>()?;
    Ok(keys.into_iter().rev().flat_map(|key| {
        match kv::get(&key).map_err(SkillError::from).and_then(|found| read(found.as_deref())) {
            Ok(notes) => notes.into_iter().rev().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    }))
}

/// Changes the notes that lie with note `id`. `with` may run more than once.
fn change(id: u64, mut with: impl FnMut(&mut Vec<Note>)) -> Result<()> {
    let key = key(id);
    for _ in 0..TRIES_MAX {
        let current = kv::get(&key)?;
        let mut notes = read(current.as_deref())?;
        with(&mut notes);
        notes.sort_by_key(|note| note.id);
        let changed = if notes.is_empty() { None } else { Some(serde_json::to_vec(&notes)?) };
        if changed == current || kv::swap(&key, current.as_deref(), changed.as_deref())? {
            return Ok(());
        }
    }
    Err(busy())
}

fn key(id: u64) -> String {
    // As wide as the largest number, so that keys sort as numbers do.
    format!("{PREFIX}{:020}", id / PER_SHELF)
}

fn read(found: Option<&[u8]>) -> Result<Vec<Note>> {
    Ok(found.map_or(Ok(Vec::new()), serde_json::from_slice)?)
}

fn busy() -> SkillError {
    SkillError::unavailable("other calls are writing notes at the same time; try again")
}
