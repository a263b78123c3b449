//! What is kept of one principal, taken out of SQLite: out of its tables, and then out of its files.

use async_trait::async_trait;
use rusqlite::Connection;

use super::{signed, strokes};
use crate::store::personal::{Erased, Personal};
use crate::store::{Store, StoreError};

/// Tasks that are removed at one stroke: others write in between.
const TASKS_AT_ONCE: u64 = 256;
/// How often the log is tried to be cut, each time after a wait for who still reads.
const CUTS_MAX: usize = 5;

#[async_trait]
impl Personal for Store {
    async fn keeps(&self, owner: &str) -> Result<bool, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM task WHERE owner = ?1) OR EXISTS (SELECT 1 FROM gap WHERE owner = ?1)
                     OR EXISTS (SELECT 1 FROM learned WHERE owner = ?1)
                     OR EXISTS (SELECT 1 FROM failure WHERE owner = ?1)",
                )?
                .query_row([owner], |row| row.get(0))
        })
        .await
    }

    async fn erase(&self, owner: &str) -> Result<Erased, StoreError> {
        let mut erased = Erased::default();
        loop {
            let name = owner.to_owned();
            let (n_tasks, n_artifacts) = self.write(move |connection| erase_tasks(connection, &name)).await?;
            erased.n_tasks += n_tasks;
            erased.n_artifacts += n_artifacts;
            if n_tasks == 0 {
                break;
            }
        }
        let name = owner.to_owned();
        let [n_gaps, n_choices, n_failures, _] = self
            .write(move |connection| {
                let remove = |table: &str| {
                    let removed = connection.execute(&format!("DELETE FROM {table} WHERE owner = ?1"), [&name])?;
                    Ok::<u64, rusqlite::Error>(removed as u64)
                };
                // Evidence goes with its gap, and what can be found with its task; the last is for what a store that
                // was changed by hand may hold.
                Ok([remove("gap")?, remove("learned")?, remove("failure")?, remove("recall")?])
            })
            .await?;
        Ok(Erased { n_gaps, n_choices, n_failures, ..erased })
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        self.alone(|connection| {
            // Segments of the full text that were merged away in part, pages that are free, and the remains of rows on
            // pages that are not: all of it is written anew, without.
            connection.execute_batch("INSERT INTO recall_text (recall_text) VALUES ('optimize'); VACUUM")?;
            for _ in 0..CUTS_MAX {
                let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
                if busy == 0 {
                    return Ok(());
                }
            }
            Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                Some("its log could not be cut, since somebody reads it: what was removed may still be in it".into()),
            ))
        })
        .await
    }
}

/// Removes some of the tasks of `owner`; says how many, and how many artifacts went with them.
fn erase_tasks(connection: &Connection, owner: &str) -> rusqlite::Result<(u64, u64)> {
    let ids: Vec<[u8; 16]> = connection
        .prepare_cached("SELECT id FROM task WHERE owner = ?1 LIMIT ?2")?
        .query_map(rusqlite::params![owner, signed(TASKS_AT_ONCE)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut events = connection.prepare_cached(strokes::DELETE)?;
    let mut artifacts = connection.prepare_cached("DELETE FROM task_artifact WHERE task = ?1")?;
    let mut task = connection.prepare_cached("DELETE FROM task WHERE owner = ?1 AND id = ?2")?;
    let mut n_artifacts = 0;
    for id in &ids {
        events.execute(rusqlite::params![owner, id])?;
        n_artifacts += artifacts.execute([id])? as u64;
        task.execute(rusqlite::params![owner, id])?;
    }
    Ok((ids.len() as u64, n_artifacts))
}
