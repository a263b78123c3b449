//! Events as they are stored: all that are appended at one stroke are one row, at the end of one table, so that a commit
//! touches few pages. A row names the one before it of the same task, and the task its last.
//!
//! A row has the number of its first event. Its payload is one event after another, each a line
//! `KIND VERSION AT_MS BYTES` and then that many bytes.

use std::fmt::Write as _;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use crate::store::tasks::EventRecord;

/// Removes all strokes of a task, by its owner and id, while the task is there.
pub const DELETE: &str = "DELETE FROM stroke WHERE id IN (
     WITH RECURSIVE chain (id) AS (
         SELECT stroke FROM task WHERE owner = ?1 AND id = ?2
         UNION
         SELECT stroke.before FROM chain JOIN stroke ON stroke.id = chain.id WHERE stroke.before < chain.id
     ) SELECT id FROM chain)";

/// The id of the stroke that comes next.
pub fn next(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT ifnull(max(id), 0) + 1 FROM stroke")?.query_row([], |row| row.get(0))
}

/// Inserts what is appended at one stroke; nothing where there are no events.
pub fn insert(connection: &Connection, id: i64, before: Option<i64>, events: &[EventRecord]) -> rusqlite::Result<()> {
    let Some(first) = events.first() else { return Ok(()) };
    let bytes: usize = events.iter().map(|event| event.payload.len() + 64).sum();
    let mut payload = String::with_capacity(bytes);
    for event in events {
        // Writing to a string does not fail.
        let _ = writeln!(payload, "{} {} {} {}", event.kind, event.version, event.at_ms, event.payload.len());
        payload.push_str(&event.payload);
    }
    connection
        .prepare_cached("INSERT INTO stroke (id, before, number, payload) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, before, first.number, payload])
        .map(drop)
}

/// Reads the events of a row (number, payload) to the end of `events`.
pub fn read(row: &Row<'_>, events: &mut Vec<EventRecord>) -> rusqlite::Result<()> {
    let number: u32 = row.get(0)?;
    let mut rest = row.get_ref(1)?.as_str()?;
    for number in number.. {
        if rest.is_empty() {
            break;
        }
        let (event, after) = one(number, rest).ok_or_else(|| damaged(number))?;
        events.push(event);
        rest = after;
    }
    Ok(())
}

/// The first event of a payload, and what follows it.
fn one(number: u32, payload: &str) -> Option<(EventRecord, &str)> {
    let (head, rest) = payload.split_once('\n')?;
    let mut head = head.split(' ');
    let (kind, version, at_ms, bytes) = (head.next()?, head.next()?, head.next()?, head.next()?);
    let (payload, rest) = rest.split_at_checked(bytes.parse().ok()?)?;
    let (version, at_ms) = (version.parse().ok()?, at_ms.parse().ok()?);
    Some((EventRecord { number, at_ms, kind: kind.into(), version, payload: payload.into() }, rest))
}

fn damaged(number: u32) -> rusqlite::Error {
    let why = format!("event {number} is not as it was written");
    rusqlite::Error::FromSqlConversionFailure(1, Type::Text, why.into())
}
