//! How requests went, in SQLite.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::{signed, unsigned};
use crate::base::TaskId;
use crate::store::recall::SPAN_MS;
use crate::store::records::{FAILURES_MAX, FailureGroup, Records, RequestSpan, RequestSum, cut_example};
use crate::store::{Store, StoreError};

#[async_trait]
impl Records for Store {
    async fn add_requests(&self, spans: Vec<RequestSpan>) -> Result<(), StoreError> {
        self.write(move |connection| spans.iter().try_for_each(|span| add_span(connection, span))).await
    }

    async fn requests(&self, since_ms: u64) -> Result<Vec<RequestSpan>, StoreError> {
        let since = signed(since_ms / SPAN_MS);
        self.read(move |connection| {
            let mut spans: BTreeMap<u64, RequestSpan> = BTreeMap::new();
            let mut sums = connection.prepare_cached(
                "SELECT span, strategy, outcome, n_requests, wall_us, fuel, memory_bytes, memory_max_bytes
                 FROM request_sum WHERE span >= ?1 ORDER BY span, strategy, outcome",
            )?;
            let mut rows = sums.query([since])?;
            while let Some(row) = rows.next()? {
                let sum = RequestSum {
                    strategy: row.get(1)?,
                    outcome: row.get(2)?,
                    n_requests: unsigned(row, 3)?,
                    wall_us: unsigned(row, 4)?,
                    fuel: unsigned(row, 5)?,
                    memory_bytes: unsigned(row, 6)?,
                    memory_max_bytes: unsigned(row, 7)?,
                };
                spans.entry(unsigned(row, 0)?).or_default().sums.push(sum);
            }
            let mut times = connection
                .prepare_cached("SELECT span, bucket, n_requests FROM request_time WHERE span >= ?1 ORDER BY 1, 2")?;
            let mut rows = times.query([since])?;
            while let Some(row) = rows.next()? {
                spans.entry(unsigned(row, 0)?).or_default().times.push((row.get(1)?, unsigned(row, 2)?));
            }
            Ok(spans.into_iter().map(|(number, span)| RequestSpan { span: number, ..span }).collect())
        })
        .await
    }

    async fn prune_requests(&self, since_ms: u64) -> Result<usize, StoreError> {
        let since = signed(since_ms / SPAN_MS);
        // Asked first: nearly always there is nothing to write.
        let old = self.read(move |connection| exists(connection, "request_sum WHERE span < ?1", since)).await?;
        if !old {
            return Ok(0);
        }
        self.write(move |connection| {
            connection.prepare_cached("DELETE FROM request_time WHERE span < ?1")?.execute([since])?;
            connection.prepare_cached("DELETE FROM request_sum WHERE span < ?1")?.execute([since])
        })
        .await
    }

    async fn add_failures(&self, groups: Vec<FailureGroup>) -> Result<(), StoreError> {
        self.write(move |connection| groups.iter().try_for_each(|group| add_failure(connection, group))).await
    }

    async fn failures(&self, owner: Option<&str>) -> Result<Vec<FailureGroup>, StoreError> {
        let owner = owner.map(str::to_owned);
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT owner, kind, skill, shape, count, first_ms, last_ms, task, message, hint FROM failure
                 WHERE ?1 IS NULL OR owner = ?1 ORDER BY last_ms DESC, owner, id LIMIT ?2",
            )?;
            statement.query_map(params![owner, signed(FAILURES_MAX)], group)?.collect()
        })
        .await
    }

    async fn n_gaps_open(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            connection.prepare_cached("SELECT count(*) FROM gap WHERE state = 0")?.query_row([], |row| unsigned(row, 0))
        })
        .await
    }

    async fn prune_failures(&self, count_max: u64, since_ms: u64) -> Result<usize, StoreError> {
        let (count_max, since_ms) = (signed(count_max), signed(since_ms));
        let out = self
            .read(move |connection| {
                let n_groups: i64 = connection.query_row("SELECT count(*) FROM failure", [], |row| row.get(0))?;
                Ok(n_groups > count_max || exists(connection, "failure WHERE last_ms < ?1", since_ms)?)
            })
            .await?;
        if !out {
            return Ok(0);
        }
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "DELETE FROM failure WHERE last_ms < ?1 OR (owner, id) IN
                     (SELECT owner, id FROM failure ORDER BY last_ms DESC, owner, id LIMIT -1 OFFSET ?2)",
                )?
                .execute([since_ms, count_max])
        })
        .await
    }
}

fn exists(connection: &Connection, what: &str, bound: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM {what})"))?.query_row([bound], |row| row.get(0))
}

fn add_span(connection: &Connection, span: &RequestSpan) -> rusqlite::Result<()> {
    let number = signed(span.span);
    let mut sums = connection.prepare_cached(
        "INSERT INTO request_sum (span, strategy, outcome, n_requests, wall_us, fuel, memory_bytes, memory_max_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (span, strategy, outcome) DO UPDATE SET n_requests = n_requests + excluded.n_requests,
         wall_us = wall_us + excluded.wall_us, fuel = fuel + excluded.fuel,
         memory_bytes = memory_bytes + excluded.memory_bytes,
         memory_max_bytes = max(memory_max_bytes, excluded.memory_max_bytes)",
    )?;
    for sum in &span.sums {
        sums.execute(params![
            number,
            sum.strategy,
            sum.outcome,
            signed(sum.n_requests),
            // Sums of sums must fit.
            signed(sum.wall_us.min(1 << 48)),
            signed(sum.fuel.min(1 << 56)),
            signed(sum.memory_bytes.min(1 << 56)),
            signed(sum.memory_max_bytes),
        ])?;
    }
    let mut times = connection.prepare_cached(
        "INSERT INTO request_time (span, bucket, n_requests) VALUES (?1, ?2, ?3)
         ON CONFLICT (span, bucket) DO UPDATE SET n_requests = n_requests + excluded.n_requests",
    )?;
    for (bucket, count) in &span.times {
        times.execute(params![number, bucket, signed(*count)])?;
    }
    Ok(())
}

fn add_failure(connection: &Connection, group: &FailureGroup) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO failure (owner, id, kind, skill, shape, count, first_ms, last_ms, task, message, hint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (owner, id) DO UPDATE SET count = count + excluded.count,
             first_ms = min(first_ms, excluded.first_ms), last_ms = excluded.last_ms, task = excluded.task,
             message = excluded.message, hint = excluded.hint",
        )?
        .execute(params![
            group.owner,
            group.id(),
            group.kind,
            group.skill,
            group.shape,
            signed(group.count),
            signed(group.first_ms),
            signed(group.last_ms),
            group.task.map(TaskId::to_bytes),
            cut_example(&group.message),
            group.hint.as_deref().map(cut_example),
        ])
        .map(drop)
}

fn group(row: &Row<'_>) -> rusqlite::Result<FailureGroup> {
    let owner: Box<str> = row.get(0)?;
    Ok(FailureGroup {
        owner: Arc::from(owner),
        kind: row.get(1)?,
        skill: row.get(2)?,
        shape: row.get(3)?,
        count: unsigned(row, 4)?,
        first_ms: unsigned(row, 5)?,
        last_ms: unsigned(row, 6)?,
        task: row.get::<_, Option<[u8; 16]>>(7)?.map(TaskId::from_bytes),
        message: row.get(8)?,
        hint: row.get(9)?,
    })
}
