//! Events as they are stored: all that are appended at one stroke are one row, so that a commit touches few pages.
//!
//! Such a row has the number of its first event and no kind. Its payload is one event after another, each a line
//! `KIND VERSION AT_MS BYTES` and then that many bytes. A row with a kind is one event, as earlier versions wrote it.

use std::fmt::Write as _;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::{signed, unsigned};
use crate::store::tasks::EventRecord;

/// Inserts what is appended at one stroke to the task of this id; nothing where there are no events.
pub fn insert(connection: &Connection, id: [u8; 16], events: &[EventRecord]) -> rusqlite::Result<()> {
    let Some(first) = events.first() else { return Ok(()) };
    let bytes: usize = events.iter().map(|event| event.payload.len() + 64).sum();
    let mut payload = String::with_capacity(bytes);
    for event in events {
        // Writing to a string does not fail.
        let _ = writeln!(payload, "{} {} {} {}", event.kind, event.version, event.at_ms, event.payload.len());
        payload.push_str(&event.payload);
    }
    connection
        .prepare_cached(
            "INSERT INTO task_event (task, number, at_ms, kind, version, payload) VALUES (?1, ?2, ?3, '', 0, ?4)",
        )?
        .execute(params![id, first.number, signed(first.at_ms), payload])
        .map(drop)
}

/// Reads the events of a row (number, at_ms, kind, version, payload) to the end of `events`.
pub fn read(row: &Row<'_>, events: &mut Vec<EventRecord>) -> rusqlite::Result<()> {
    let (number, kind): (u32, &str) = (row.get(0)?, row.get_ref(2)?.as_str()?);
    let mut rest = row.get_ref(4)?.as_str()?;
    if !kind.is_empty() {
        let (at_ms, version) = (unsigned(row, 1)?, row.get(3)?);
        events.push(EventRecord { number, at_ms, kind: kind.into(), version, payload: rest.into() });
        return Ok(());
    }
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
    rusqlite::Error::FromSqlConversionFailure(4, Type::Text, why.into())
}
