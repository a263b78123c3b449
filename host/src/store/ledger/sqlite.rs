//! The ledger in SQLite.

mod personal;
mod records;
mod search;
mod strokes;

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::base::TaskId;
use crate::store::gaps::{EVIDENCE_MAX, Evidence, GAPS_MAX, GapRecord, GapState, Gaps};
use crate::store::recall::{LEARNED_BYTES_MAX, LEARNED_MAX, LearnedRecord, PerformanceSum, Recall};
use crate::store::recall::{SPAN_MS, learned_id};
use crate::store::tasks::{
    self, Append, AppendError, Artifact, EVENTS_MAX, EventRecord, LIST_MAX, NewTask, TaskBounds, TaskFilter,
    TaskRecord, TaskState, Tasks,
};
use crate::store::{Store, StoreError};

/// What became of an append inside the transaction.
enum Appended {
    Done,
    Conflict,
    Ended,
}

#[async_trait]
impl Tasks for Store {
    async fn append(&self, new: Option<NewTask>, append: Append) -> Result<(), AppendError> {
        tasks::check(&append)?;
        match self.add(move |connection| append_to(connection, new.as_ref(), &append)).await? {
            Appended::Done => Ok(()),
            Appended::Conflict => Err(AppendError::Conflict),
            Appended::Ended => Err(AppendError::Ended),
        }
    }

    async fn task(&self, owner: &str, id: TaskId) -> Result<Option<TaskRecord>, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM task WHERE owner = ?1 AND id = ?2"))?
                .query_row(params![owner, id.to_bytes()], record)
                .optional()
        })
        .await
    }

    async fn events(&self, owner: &str, id: TaskId, from: u32) -> Result<Vec<EventRecord>, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "WITH RECURSIVE chain (id, before, number, payload) AS (
                     SELECT stroke.id, before, number, payload FROM task JOIN stroke ON stroke.id = task.stroke
                     WHERE owner = ?1 AND task.id = ?2
                     UNION ALL
                     SELECT stroke.id, stroke.before, stroke.number, stroke.payload
                     FROM chain JOIN stroke ON stroke.id = chain.before AND stroke.id < chain.id WHERE chain.number > ?3
                 ) SELECT number, payload FROM chain ORDER BY number",
            )?;
            let mut rows = statement.query(params![owner, id.to_bytes(), from])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                strokes::read(row, &mut events)?;
            }
            events.retain(|event| event.number >= from);
            events.truncate(EVENTS_MAX as usize);
            Ok(events)
        })
        .await
    }

    async fn artifacts(&self, owner: &str, id: TaskId) -> Result<Vec<Artifact>, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, name, media_type, data FROM task_artifact
                 WHERE task = ?2 AND EXISTS (SELECT 1 FROM task WHERE owner = ?1 AND id = ?2) ORDER BY number, place",
            )?;
            let artifact = |row: &Row<'_>| {
                Ok(Artifact { number: row.get(0)?, name: row.get(1)?, media_type: row.get(2)?, data: row.get(3)? })
            };
            statement.query_map(params![owner, id.to_bytes()], artifact)?.collect()
        })
        .await
    }

    async fn tasks(&self, owner: &str, filter: TaskFilter, limit: usize) -> Result<Vec<TaskRecord>, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| {
            // Two texts, so that each is answered from its own index.
            let by_session = if filter.session.is_some() { "AND session = ?5" } else { "AND ?5 IS NULL" };
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM task WHERE owner = ?1 AND (?2 IS NULL OR id < ?2)
                     AND (?3 IS NULL OR state = ?3) {by_session} ORDER BY id DESC LIMIT ?4"
                ))?
                .query_map(
                    params![
                        owner,
                        filter.before.map(TaskId::to_bytes),
                        filter.state.map(number_of),
                        signed(limit.min(LIST_MAX) as u64),
                        filter.session,
                    ],
                    record,
                )?
                .collect()
        })
        .await
    }

    async fn open_tasks(
        &self,
        states: &[TaskState],
        until_ms: u64,
        after: Option<TaskId>,
    ) -> Result<Vec<TaskRecord>, StoreError> {
        // Numbers, so nothing is to be quoted.
        let states: Vec<String> = states.iter().map(|state| number_of(*state).to_string()).collect();
        let states = states.join(", ");
        self.read(move |connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM task WHERE state IN ({states}) AND updated_ms < ?1
                     AND (?2 IS NULL OR id > ?2) ORDER BY id LIMIT ?3"
                ))?
                .query_map(params![signed(until_ms), after.map(TaskId::to_bytes), signed(LIST_MAX as u64)], record)?
                .collect()
        })
        .await
    }

    async fn prune_tasks(&self, bounds: TaskBounds) -> Result<usize, StoreError> {
        let ended = self
            .read(|connection| {
                let mut statement =
                    connection.prepare_cached("SELECT owner, id, bytes FROM task WHERE state >= ?1 ORDER BY id")?;
                let row = |row: &Row<'_>| {
                    let owner: Box<str> = row.get(0)?;
                    Ok(((Arc::from(owner), TaskId::from_bytes(row.get(1)?)), unsigned(row, 2)?))
                };
                statement.query_map([number_of(TaskState::Completed)], row)?.collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        let gone = tasks::out_of_bounds(&ended, bounds);
        if gone.is_empty() {
            return Ok(0);
        }
        self.write(move |connection| {
            // What belongs to a task goes with it.
            let mut statement = connection.prepare_cached("DELETE FROM task WHERE owner = ?1 AND id = ?2")?;
            let mut events = connection.prepare_cached(strokes::DELETE)?;
            let mut artifacts = connection.prepare_cached("DELETE FROM task_artifact WHERE task = ?1")?;
            for (owner, id) in &gone {
                events.execute(params![owner, id.to_bytes()])?;
                artifacts.execute([id.to_bytes()])?;
                statement.execute(params![owner, id.to_bytes()])?;
            }
            Ok(gone.len())
        })
        .await
    }
}

const COLUMNS: &str = "owner, id, session, state, title, created_ms, updated_ms, n_events";

/// Looks before it writes: what does not fit changes nothing.
fn append_to(connection: &Connection, new: Option<&NewTask>, append: &Append) -> rusqlite::Result<Appended> {
    let (Some(first), Some(last)) = (append.events.first(), append.events.last()) else {
        return Ok(Appended::Conflict);
    };
    let (id, bytes) = (append.id.to_bytes(), signed(tasks::bytes_of(append)));
    let n_events = last.number.saturating_add(1);
    let (stroke, before) = (
        strokes::next(connection)?,
        match new {
            Some(_) => None,
            None => match last_stroke(connection, append, first.number)? {
                Ok(before) => Some(before),
                Err(refused) => return Ok(refused),
            },
        },
    );
    let changed = match new {
        Some(_) if first.number != 0 => 0,
        Some(new) => connection
            .prepare_cached(
                "INSERT INTO task (owner, id, session, state, title, created_ms, updated_ms, n_events, bytes, stroke)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                append.owner,
                id,
                new.session,
                number_of(append.state),
                tasks::cut_title(&new.title),
                signed(first.at_ms),
                signed(last.at_ms),
                n_events,
                bytes,
                stroke,
            ])?,
        None => connection
            .prepare_cached(
                "UPDATE task SET state = ?3, updated_ms = ?4, n_events = ?5, bytes = bytes + ?6, stroke = ?7
                 WHERE owner = ?1 AND id = ?2",
            )?
            .execute(params![append.owner, id, number_of(append.state), signed(last.at_ms), n_events, bytes, stroke])?,
    };
    if changed == 0 {
        return Ok(Appended::Conflict);
    }
    strokes::insert(connection, stroke, before, &append.events)?;
    insert_artifacts(connection, append)?;
    if let Some(evidence) = &append.gap {
        add_evidence(connection, &append.owner, evidence)?;
    }
    Ok(Appended::Done)
}

/// The last stroke of a task that is open and has so many events; otherwise why nothing can be appended.
fn last_stroke(connection: &Connection, append: &Append, n_events: u32) -> rusqlite::Result<Result<i64, Appended>> {
    let found: Option<(i64, u32, i64)> = connection
        .prepare_cached("SELECT state, n_events, stroke FROM task WHERE owner = ?1 AND id = ?2")?
        .query_row(params![append.owner, append.id.to_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(match found {
        Some((state, ..)) if state >= number_of(TaskState::Completed) => Err(Appended::Ended),
        Some((_, known, stroke)) if known == n_events => Ok(stroke),
        _ => Err(Appended::Conflict),
    })
}

fn insert_artifacts(connection: &Connection, append: &Append) -> rusqlite::Result<()> {
    let id = append.id.to_bytes();
    if append.artifacts.is_empty() {
        return Ok(());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO task_artifact (task, number, place, name, media_type, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (place, artifact) in (0i64..).zip(&append.artifacts) {
        insert.execute(params![id, artifact.number, place, artifact.name, artifact.media_type, artifact.data])?;
    }
    Ok(())
}

fn add_evidence(connection: &Connection, owner: &str, evidence: &Evidence) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO gap (id, owner, key, state, count, first_ms, last_ms, text) VALUES (?1, ?2, ?3, 0, 1, ?4, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET count = count + 1, last_ms = excluded.last_ms, text = excluded.text",
        )?
        .execute(params![evidence.gap, owner, evidence.key, signed(evidence.at_ms), evidence.text])?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO gap_evidence (gap, task, at_ms, text, why) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            evidence.gap,
            evidence.task.to_bytes(),
            signed(evidence.at_ms),
            evidence.text,
            evidence.why
        ])?;
    connection
        .prepare_cached(
            "DELETE FROM gap_evidence WHERE gap = ?1 AND task <=
             (SELECT task FROM gap_evidence WHERE gap = ?1 ORDER BY task DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![evidence.gap, signed(EVIDENCE_MAX as u64)])
        .map(|_| ())
}

fn add_performance(connection: &Connection, span: u64, sum: &PerformanceSum) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO performance (span, skill, strategy, n_calls, n_ok, wall_us, fuel)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (span, skill, strategy) DO UPDATE SET n_calls = n_calls + excluded.n_calls,
             n_ok = n_ok + excluded.n_ok, wall_us = wall_us + excluded.wall_us, fuel = fuel + excluded.fuel",
        )?
        .execute(params![
            signed(span),
            sum.skill,
            sum.strategy,
            signed(sum.n_calls),
            signed(sum.n_ok),
            // Sums of sums must fit.
            signed(sum.wall_us.min(1 << 48)),
            signed(sum.fuel.min(1 << 56)),
        ])
        .map(|_| ())
}

#[async_trait]
impl Gaps for Store {
    async fn gaps(&self, owner: Option<&str>) -> Result<Vec<GapRecord>, StoreError> {
        let owner = owner.map(str::to_owned);
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, owner, key, state, count, first_ms, last_ms, text FROM gap WHERE ?1 IS NULL OR owner = ?1
                 ORDER BY last_ms DESC, id LIMIT ?2",
            )?;
            let gap = |row: &Row<'_>| {
                let owner: Box<str> = row.get(1)?;
                Ok(GapRecord {
                    id: row.get(0)?,
                    owner: owner.into(),
                    key: row.get(2)?,
                    state: GapState::of(row.get(3)?),
                    count: unsigned(row, 4)?,
                    first_ms: unsigned(row, 5)?,
                    last_ms: unsigned(row, 6)?,
                    text: row.get(7)?,
                })
            };
            statement.query_map(params![owner, signed(GAPS_MAX as u64)], gap)?.collect()
        })
        .await
    }

    async fn evidence(&self, id: &str) -> Result<Vec<Evidence>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT gap, key, task, at_ms, gap_evidence.text, why FROM gap_evidence JOIN gap ON gap.id = gap
                 WHERE gap = ?1 ORDER BY task DESC",
            )?;
            let evidence = |row: &Row<'_>| {
                Ok(Evidence {
                    gap: row.get(0)?,
                    key: row.get(1)?,
                    task: TaskId::from_bytes(row.get(2)?),
                    at_ms: unsigned(row, 3)?,
                    text: row.get(4)?,
                    why: row.get(5)?,
                })
            };
            statement.query_map([id], evidence)?.collect()
        })
        .await
    }

    async fn add_evidence(&self, owner: &str, evidence: Evidence) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| add_evidence(connection, &owner, &evidence)).await
    }

    async fn set_gap(&self, owner: Option<&str>, id: &str, state: GapState) -> Result<bool, StoreError> {
        let (owner, id) = (owner.map(str::to_owned), id.to_owned());
        self.write(move |connection| {
            let state = state.number();
            connection
                .prepare_cached("UPDATE gap SET state = ?1 WHERE id = ?2 AND (?3 IS NULL OR owner = ?3)")?
                .execute(params![state, id, owner])
                .map(|n_changed| n_changed > 0)
        })
        .await
    }

    async fn prune_gaps(&self, count_max: u64, since_ms: u64) -> Result<usize, StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "DELETE FROM gap WHERE last_ms < ?1 OR id IN
                     (SELECT id FROM gap ORDER BY last_ms DESC, id LIMIT -1 OFFSET ?2)",
                )?
                .execute(params![signed(since_ms), signed(count_max)])
        })
        .await
    }
}

#[async_trait]
impl Recall for Store {
    async fn learn(&self, owner: &str, text: &str, skill: &str, at_ms: u64) -> Result<(), StoreError> {
        if text.len() > LEARNED_BYTES_MAX {
            return Ok(());
        }
        let (id, owner) = (learned_id(owner, text), owner.to_owned());
        let (text, skill) = (text.to_owned(), skill.to_owned());
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO learned (owner, id, text, skill, count, last_ms) VALUES (?1, ?2, ?3, ?4, 1, ?5)
                     ON CONFLICT (owner, id) DO UPDATE SET
                     count = CASE WHEN skill = excluded.skill THEN count + 1 ELSE 1 END,
                     skill = excluded.skill, last_ms = excluded.last_ms",
                )?
                .execute(params![owner, id, text, skill, signed(at_ms)])?;
            connection
                .prepare_cached(
                    "DELETE FROM learned WHERE owner = ?1 AND id IN
                     (SELECT id FROM learned WHERE owner = ?1 ORDER BY last_ms DESC, id LIMIT -1 OFFSET ?2)",
                )?
                .execute(params![owner, signed(LEARNED_MAX as u64)])
                .map(|_| ())
        })
        .await
    }

    async fn learned(&self, owner: &str) -> Result<Vec<LearnedRecord>, StoreError> {
        let owner: Arc<str> = owner.into();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, text, skill, count, last_ms FROM learned WHERE owner = ?1 ORDER BY last_ms DESC, id",
            )?;
            let learned = |row: &Row<'_>| {
                Ok(LearnedRecord {
                    id: row.get(0)?,
                    owner: owner.clone(),
                    text: row.get(1)?,
                    skill: row.get(2)?,
                    count: unsigned(row, 3)?,
                    last_ms: unsigned(row, 4)?,
                })
            };
            statement.query_map([&owner], learned)?.collect()
        })
        .await
    }

    async fn forget(&self, owner: &str, id: Option<&str>) -> Result<usize, StoreError> {
        let (owner, id) = (owner.to_owned(), id.map(str::to_owned));
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM learned WHERE owner = ?1 AND (?2 IS NULL OR id = ?2)")?
                .execute(params![owner, id])
        })
        .await
    }

    async fn add_performance(&self, span: u64, sums: Vec<PerformanceSum>) -> Result<(), StoreError> {
        self.write(move |connection| sums.iter().try_for_each(|sum| add_performance(connection, span, sum))).await
    }

    async fn performance(&self, since_ms: u64) -> Result<Vec<PerformanceSum>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT skill, strategy, sum(n_calls), sum(n_ok), sum(wall_us), sum(fuel) FROM performance
                 WHERE span >= ?1 GROUP BY skill, strategy ORDER BY skill, strategy",
            )?;
            let sum = |row: &Row<'_>| {
                Ok(PerformanceSum {
                    skill: row.get(0)?,
                    strategy: row.get(1)?,
                    n_calls: unsigned(row, 2)?,
                    n_ok: unsigned(row, 3)?,
                    wall_us: unsigned(row, 4)?,
                    fuel: unsigned(row, 5)?,
                })
            };
            statement.query_map([signed(since_ms / SPAN_MS)], sum)?.collect()
        })
        .await
    }

    async fn prune_performance(&self, since_ms: u64) -> Result<usize, StoreError> {
        self.write(move |connection| {
            connection.prepare_cached("DELETE FROM performance WHERE span < ?1")?.execute([signed(since_ms / SPAN_MS)])
        })
        .await
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<TaskRecord> {
    let (owner, state): (Box<str>, i64) = (row.get(0)?, row.get(3)?);
    Ok(TaskRecord {
        owner: owner.into(),
        id: TaskId::from_bytes(row.get(1)?),
        session: row.get(2)?,
        state: TaskState::ALL
            .into_iter()
            .find(|known| number_of(*known) == state)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(3, state))?,
        title: row.get(4)?,
        created_ms: unsigned(row, 5)?,
        updated_ms: unsigned(row, 6)?,
        n_events: row.get(7)?,
    })
}

/// The stored number of a state; those from `Completed` on are the last of a task.
fn number_of(state: TaskState) -> i64 {
    state as i64
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}
