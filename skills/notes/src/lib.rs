//! Skills that keep short notes: add, list, search, get, delete.

mod shelf;

use happyos_sdk::{Result, SkillError, clock, skill};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TEXT_CHARS_MAX: usize = 8_000;
const TAGS_MAX: usize = 16;
const TAG_CHARS_MAX: usize = 64;
const SHOWN_DEFAULT: u32 = 20;
const SHOWN_MAX: u32 = 200;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Note {
    /// Its number, by which it is fetched and deleted.
    id: u64,
    text: String,
    /// In lower case.
    tags: Vec<String>,
    /// When it was added, in UTC.
    added: String,
}

#[derive(Serialize, JsonSchema)]
struct Notes {
    /// Newest first.
    notes: Vec<Note>,
    /// Whether there are more that fit.
    more: bool,
}

/// Keeps a note for later: a thought, a reminder, a piece of information worth remembering.
#[skill(name = "add-note", examples = "examples/add-note.json")]
fn add_note(
    /// The note, at most 8000 characters.
    text: String,
    /// Words to find it by, such as "shopping"; at most 16.
    tags: Option<Vec<String>>,
) -> Result<Note> {
    let text = text.trim();
    let n_chars = text.chars().count();
    if n_chars == 0 || n_chars > TEXT_CHARS_MAX {
        return Err(SkillError::invalid(format!("`text` has {n_chars} characters; a note has 1 to {TEXT_CHARS_MAX}")));
    }
    let tags = clean_tags(tags.unwrap_or_default())?;
    let note = Note { id: shelf::claim_id()?, text: text.to_owned(), tags, added: now()? };
    shelf::add(&note)?;
    Ok(note)
}

/// Lists kept notes, newest first; all of them or those with a tag.
#[skill(name = "list-notes", read_only, idempotent, examples = "examples/list-notes.json")]
fn list_notes(
    /// Only notes with this tag.
    tag: Option<String>,
    /// How many to list, 1 to 200; 20 if absent.
    limit: Option<u32>,
    /// Only notes with a lower number than this: for going on where a list ended.
    before: Option<u64>,
) -> Result<Notes> {
    let tag = tag.map(|tag| tag.trim().to_lowercase());
    let fits = |note: &Note| tag.as_ref().is_none_or(|tag| note.tags.contains(tag));
    newest(limit, before, fits)
}

/// Finds kept notes that have all words of a query in their text or tags, newest first. Letter case is ignored.
#[skill(name = "search-notes", read_only, idempotent, examples = "examples/search-notes.json")]
fn search_notes(
    /// The words to look for; parts of words are found too.
    query: String,
    /// How many to list, 1 to 200; 20 if absent.
    limit: Option<u32>,
) -> Result<Notes> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    if words.is_empty() {
        return Err(SkillError::invalid("`query` has no word in it"));
    }
    newest(limit, None, |note| {
        let text = note.text.to_lowercase();
        words.iter().all(|word| text.contains(word) || note.tags.iter().any(|tag| tag.contains(word)))
    })
}

#[derive(Serialize, JsonSchema)]
struct Found {
    /// The note; null if there is none of that number.
    note: Option<Note>,
}

/// Gets one kept note by its number.
#[skill(name = "get-note", read_only, idempotent, examples = "examples/get-note.json")]
fn get_note(
    /// The note's number.
    id: u64,
) -> Result<Found> {
    Ok(Found { note: shelf::get(id)? })
}

#[derive(Serialize, JsonSchema)]
struct Deleted {
    /// Whether there was a note of that number.
    deleted: bool,
}

/// Deletes one kept note by its number, for good.
#[skill(name = "delete-note", destructive, idempotent, examples = "examples/delete-note.json")]
fn delete_note(
    /// The note's number.
    id: u64,
) -> Result<Deleted> {
    Ok(Deleted { deleted: shelf::remove(id)? })
}

happyos_sdk::bundle!(
    add_note,
    list_notes,
    search_notes,
    get_note,
    delete_note,
    grants = {"kv_bytes": 1048576}
);

fn newest(limit: Option<u32>, before: Option<u64>, fits: impl Fn(&Note) -> bool) -> Result<Notes> {
    let limit = limit.unwrap_or(SHOWN_DEFAULT);
    if limit == 0 || limit > SHOWN_MAX {
        return Err(SkillError::invalid(format!("`limit` is {limit}; it goes from 1 to {SHOWN_MAX}")));
    }
    let mut notes = Vec::new();
    for note in shelf::newest_first()? {
        let note = note?;
        if before.is_none_or(|before| note.id < before) && fits(&note) {
            if notes.len() == limit as usize {
                return Ok(Notes { notes, more: true });
            }
            notes.push(note);
        }
    }
    Ok(Notes { notes, more: false })
}

fn clean_tags(tags: Vec<String>) -> Result<Vec<String>> {
    let mut clean: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim().to_lowercase();
        if tag.is_empty() || tag.chars().count() > TAG_CHARS_MAX {
            return Err(SkillError::invalid(format!("a tag has 1 to {TAG_CHARS_MAX} characters")));
        }
        if !clean.contains(&tag) {
            clean.push(tag);
        }
    }
    if clean.len() > TAGS_MAX {
        return Err(SkillError::invalid(format!("there are {} tags; a note has at most {TAGS_MAX}", clean.len())));
    }
    Ok(clean)
}

fn now() -> Result<String> {
    let now = i64::try_from(clock::now_ms())?;
    Ok(jiff::Timestamp::from_millisecond(now)?.to_string())
}

#[cfg(test)]
mod tests;
