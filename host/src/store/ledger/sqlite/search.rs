//! Finding what was asked before, in SQLite: by full text (FTS5), and the vectors of what was asked.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{number_of, signed};
use crate::base::TaskId;
use crate::store::search::{Findable, Packed, Search, VECTORS_MAX, cut, is_beginning, telling};
use crate::store::tasks::TaskState;
use crate::store::{Store, StoreError};

/// Columns of a [`Findable`].
const COLUMNS: &str = "recall.owner, recall.task, recall.skill, recall.request, recall.answer";

#[async_trait]
impl Search for Store {
    async fn unfindable(&self, owner: Option<&str>, limit: usize) -> Result<Vec<(Arc<str>, TaskId)>, StoreError> {
        let owner = owner.map(str::to_owned);
        self.read(move |connection| {
            // Two texts, so that that of one owner is answered from its own part of the table.
            let of_owner = if owner.is_some() { "owner = ?1" } else { "?1 IS NULL" };
            connection
                .prepare_cached(&format!(
                    "SELECT owner, id FROM task WHERE {of_owner} AND state >= ?2 AND NOT EXISTS
                     (SELECT 1 FROM recall WHERE recall.owner = task.owner AND recall.task = task.id)
                     ORDER BY id DESC LIMIT ?3"
                ))?
                .query_map(params![owner, number_of(TaskState::Completed), signed(limit as u64)], |row| {
                    let owner: Box<str> = row.get(0)?;
                    Ok((Arc::from(owner), TaskId::from_bytes(row.get(1)?)))
                })?
                .collect()
        })
        .await
    }

    async fn make_findable(&self, tasks: Vec<Findable>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO recall (owner, task, skill, request, answer) SELECT ?1, ?2, ?3, ?4, ?5
                 WHERE EXISTS (SELECT 1 FROM task WHERE owner = ?1 AND id = ?2) ON CONFLICT DO NOTHING",
            )?;
            for Findable { owner, task, skill, request, answer } in &tasks {
                insert.execute(params![owner, task.to_bytes(), skill, cut(request), cut(answer)])?;
            }
            Ok(())
        })
        .await
    }

    async fn find(&self, owner: &str, words: Vec<String>, limit: usize) -> Result<Vec<Findable>, StoreError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let owner = owner.to_owned();
        // Words are letters and digits, so nothing in them ends a quotation.
        let quoted = |words: &[String], between: &str| {
            let quoted = words.iter().map(|word| format!("\"{word}\"{}", if is_beginning(word) { "*" } else { "" }));
            quoted.collect::<Vec<_>>().join(between)
        };
        let (all, some) = (quoted(&words, " "), quoted(&telling(&words), " OR "));
        self.read(move |connection| {
            let found = matching(connection, &owner, &all, limit)?;
            if found.is_empty() { matching(connection, &owner, &some, limit) } else { Ok(found) }
        })
        .await
    }

    async fn findable(&self, owner: &str, tasks: Vec<TaskId>) -> Result<Vec<Findable>, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| {
            let mut one = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM recall WHERE recall.owner = ?1 AND recall.task = ?2"
            ))?;
            let found = tasks.iter().map(|task| one.query_row(params![owner, task.to_bytes()], findable).optional());
            found.filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn without_vector(&self, model: &str, limit: usize) -> Result<Vec<Findable>, StoreError> {
        let model = model.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM recall WHERE recall.model IS NOT ?1 ORDER BY number DESC LIMIT ?2"
                ))?
                .query_map(params![model, signed(limit as u64)], findable)?
                .collect()
        })
        .await
    }

    async fn set_vectors(&self, model: &str, vectors: Vec<(Arc<str>, TaskId, Packed)>) -> Result<(), StoreError> {
        let model = model.to_owned();
        self.write(move |connection| {
            let mut update = connection
                .prepare_cached("UPDATE recall SET model = ?3, vector = ?4 WHERE owner = ?1 AND task = ?2")?;
            for (owner, task, vector) in &vectors {
                update.execute(params![owner, task.to_bytes(), model, vector])?;
            }
            Ok(())
        })
        .await
    }

    async fn vectors(&self, owner: &str, model: &str) -> Result<Vec<(TaskId, Packed)>, StoreError> {
        let (owner, model) = (owner.to_owned(), model.to_owned());
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT task, vector FROM recall WHERE owner = ?1 AND model = ?2 AND vector IS NOT NULL
                     ORDER BY task DESC LIMIT ?3",
                )?
                .query_map(params![owner, model, signed(VECTORS_MAX as u64)], |row| {
                    Ok((TaskId::from_bytes(row.get(0)?), row.get(1)?))
                })?
                .collect()
        })
        .await
    }
}

/// What `query` finds among what is `owner`'s. What is asked counts more than what was answered.
fn matching(connection: &Connection, owner: &str, query: &str, limit: usize) -> rusqlite::Result<Vec<Findable>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM recall_text JOIN recall ON recall.number = recall_text.rowid
             WHERE recall_text MATCH ?2 AND recall.owner = ?1
             ORDER BY bm25(recall_text, 2.0, 1.0), recall.task DESC LIMIT ?3"
        ))?
        .query_map(params![owner, query, signed(limit as u64)], findable)?
        .collect()
}

fn findable(row: &Row<'_>) -> rusqlite::Result<Findable> {
    let owner: Box<str> = row.get(0)?;
    Ok(Findable {
        owner: owner.into(),
        task: TaskId::from_bytes(row.get(1)?),
        skill: row.get(2)?,
        request: row.get(3)?,
        answer: row.get(4)?,
    })
}
