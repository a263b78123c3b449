//! Connections: their settings, and the schema with its migrations.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::reason;

/// How long a connection waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log is cut to this once it is folded into the store.
const WAL_BYTES_KEPT: i64 = 16 << 20;

/// Each makes the schema of its place plus one from the one before. Never changed once released: the next goes behind.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE bundle (
        name TEXT NOT NULL PRIMARY KEY,
        publisher TEXT,
        path BLOB NOT NULL,
        active TEXT,
        pinned_over TEXT,
        version_highest TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE bundle_version (
        bundle TEXT NOT NULL REFERENCES bundle (name) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        digest TEXT NOT NULL,
        version TEXT,
        since_ms INTEGER NOT NULL,
        PRIMARY KEY (bundle, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE kv_space (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        used_bytes INTEGER NOT NULL CHECK (used_bytes >= 0)
    ) STRICT;
    CREATE TABLE kv (
        space INTEGER NOT NULL REFERENCES kv_space (id) ON DELETE CASCADE,
        key BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (space, key)
    ) STRICT;
",
    "
    CREATE TABLE task (
        owner TEXT NOT NULL,
        id BLOB NOT NULL,
        session TEXT,
        state INTEGER NOT NULL,
        title TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL,
        n_events INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (owner, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX task_of_session ON task (owner, session, id) WHERE session IS NOT NULL;
    CREATE TABLE task_event (
        task BLOB NOT NULL,
        number INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (task, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE task_artifact (
        task BLOB NOT NULL,
        number INTEGER NOT NULL,
        place INTEGER NOT NULL,
        name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (task, number, place)
    ) STRICT;
    CREATE TABLE gap (
        id TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        state INTEGER NOT NULL,
        count INTEGER NOT NULL,
        first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE gap_evidence (
        gap TEXT NOT NULL REFERENCES gap (id) ON DELETE CASCADE,
        task BLOB NOT NULL,
        at_ms INTEGER NOT NULL,
        text TEXT NOT NULL,
        why TEXT NOT NULL,
        PRIMARY KEY (gap, task)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE learned (
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        text TEXT NOT NULL,
        skill TEXT NOT NULL,
        count INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        PRIMARY KEY (owner, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE performance (
        span INTEGER NOT NULL,
        skill TEXT NOT NULL,
        strategy TEXT NOT NULL,
        n_calls INTEGER NOT NULL,
        n_ok INTEGER NOT NULL,
        wall_us INTEGER NOT NULL,
        fuel INTEGER NOT NULL,
        PRIMARY KEY (span, skill, strategy)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- From here on a row of task_event may hold all events of one stroke: see ledger/sqlite/strokes.rs.
",
    "
    CREATE TABLE request_sum (
        span INTEGER NOT NULL,
        strategy TEXT NOT NULL,
        outcome TEXT NOT NULL,
        n_requests INTEGER NOT NULL,
        wall_us INTEGER NOT NULL,
        fuel INTEGER NOT NULL,
        memory_bytes INTEGER NOT NULL,
        memory_max_bytes INTEGER NOT NULL,
        PRIMARY KEY (span, strategy, outcome)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE request_time (
        span INTEGER NOT NULL,
        bucket INTEGER NOT NULL,
        n_requests INTEGER NOT NULL,
        PRIMARY KEY (span, bucket)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE failure (
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        skill TEXT NOT NULL,
        shape TEXT NOT NULL,
        count INTEGER NOT NULL,
        first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        task BLOB,
        message TEXT NOT NULL,
        hint TEXT,
        PRIMARY KEY (owner, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE recall (
        number INTEGER PRIMARY KEY,
        owner TEXT NOT NULL,
        task BLOB NOT NULL,
        skill TEXT NOT NULL,
        request TEXT NOT NULL,
        answer TEXT NOT NULL,
        model TEXT,
        vector BLOB,
        UNIQUE (owner, task)
    ) STRICT;
    CREATE VIRTUAL TABLE recall_text USING fts5 (
        request, answer, content = 'recall', content_rowid = 'number', prefix = '2 4',
        tokenize = 'unicode61 remove_diacritics 2'
    );
    -- What is removed leaves its words' lists at once, and not when they are merged some day.
    INSERT INTO recall_text (recall_text, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER recall_added AFTER INSERT ON recall BEGIN
        INSERT INTO recall_text (rowid, request, answer) VALUES (new.number, new.request, new.answer);
    END;
    CREATE TRIGGER recall_removed AFTER DELETE ON recall BEGIN
        INSERT INTO recall_text (recall_text, rowid, request, answer)
        VALUES ('delete', old.number, old.request, old.answer);
    END;
    CREATE TRIGGER task_removed AFTER DELETE ON task BEGIN
        DELETE FROM recall WHERE owner = old.owner AND task = old.id;
    END;
",
    "
    CREATE TABLE stroke (
        id INTEGER PRIMARY KEY,
        before INTEGER,
        number INTEGER NOT NULL,
        payload TEXT NOT NULL
    ) STRICT;
    ALTER TABLE task ADD COLUMN stroke INTEGER NOT NULL DEFAULT 0;
    INSERT INTO stroke (id, before, number, payload)
        SELECT row_number() OVER in_order,
            CASE WHEN lag(task) OVER in_order = task THEN row_number() OVER in_order - 1 END,
            number,
            CASE kind WHEN '' THEN payload
            ELSE kind || ' ' || version || ' ' || at_ms || ' ' || octet_length(payload) || char(10) || payload END
        FROM task_event WINDOW in_order AS (ORDER BY task, number);
    UPDATE task SET stroke = moved.last FROM
        (SELECT task AS id, max(place) AS last FROM
            (SELECT task, row_number() OVER (ORDER BY task, number) AS place FROM task_event) GROUP BY task) AS moved
        WHERE moved.id = task.id;
    DROP TABLE task_event;
",
    "
    CREATE TABLE fleet (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE build (
        id TEXT NOT NULL PRIMARY KEY,
        gap TEXT NOT NULL,
        who TEXT NOT NULL,
        writer TEXT NOT NULL,
        state INTEGER NOT NULL,
        need TEXT NOT NULL,
        bundle TEXT,
        digest TEXT,
        began_ms INTEGER NOT NULL,
        changed_ms INTEGER NOT NULL,
        n_rounds INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE build_round (
        build TEXT NOT NULL REFERENCES build (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        source TEXT NOT NULL,
        passed INTEGER NOT NULL,
        verdicts TEXT NOT NULL,
        told TEXT,
        PRIMARY KEY (build, number)
    ) STRICT;
    CREATE INDEX build_round_at ON build_round (at_ms);
    -- What somebody asked for goes with the gap; that a build was, and what it made, stays.
    CREATE TRIGGER gap_removed AFTER DELETE ON gap BEGIN
        UPDATE build SET need = '{}' WHERE gap = old.id;
        DELETE FROM build_round WHERE build IN (SELECT id FROM build WHERE gap = old.id);
    END;
",
    "
    ALTER TABLE build_round ADD COLUMN model_calls INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE build_round ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;
",
];

/// Opens the store for writing, making it, private, where it is missing, and migrating it where it is old.
pub fn create(path: &Path) -> Result<Connection, String> {
    // What SQLite makes beside it gets the same mode.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| error.to_string())?;
    let mut connection = open(path).map_err(|error| reason(&error))?;
    let prepared = (|| {
        // Only before the first table is made.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
    })();
    let journal = prepared.map_err(|error| reason(&error))?;
    if !journal.eq_ignore_ascii_case("wal") {
        return Err(format!("its file system takes no write-ahead log (the journal stays `{journal}`)"));
    }
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens the store as it is.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    // What was removed is overwritten where that costs no more writing; what somebody wants erased is seen to apart.
    connection.query_row("PRAGMA secure_delete = FAST", [], |_| Ok(()))?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), String> {
    let failed = |error: rusqlite::Error| reason(&error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(missing) = MIGRATIONS.get(done..) else {
        return Err(format!(
            "it is of version {version}, and this HappyOS knows {} at most\nhint: a newer HappyOS wrote it: use that one",
            MIGRATIONS.len()
        ));
    };
    for migration in missing {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TaskId;
    use crate::store::Store;
    use crate::store::tasks::Tasks as _;

    #[tokio::test]
    async fn events_of_earlier_layouts_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let old = Connection::open(dir.path().join(super::super::FILE_NAME)).unwrap();
        MIGRATIONS[..4].iter().for_each(|sql| old.execute_batch(sql).unwrap());
        old.pragma_update(None, "user_version", 4).unwrap();
        let (first, second) = (TaskId::at(1_000, 7), TaskId::at(1_001, 9));
        for (id, n_events) in [(first, 3), (second, 1)] {
            let sql = "INSERT INTO task VALUES ('me', ?1, NULL, 0, 'text', 1000, 1000, ?2, 10)";
            old.execute(sql, (id.to_bytes(), n_events)).unwrap();
        }
        let event = "INSERT INTO task_event VALUES (?1, ?2, 1000, ?3, ?4, ?5)";
        old.execute(event, (first.to_bytes(), 0, "å", 1, "{\"ö\":0}")).unwrap();
        old.execute(event, (first.to_bytes(), 1, "", 0, "k 1 1000 2\n{}k 1 1001 3\n[1]")).unwrap();
        old.execute(event, (second.to_bytes(), 0, "k", 1, "2")).unwrap();
        drop(old);
        let store = Store::open(dir.path()).unwrap();
        let payloads = async |id, from| {
            let events = store.events("me", id, from).await.unwrap();
            events.into_iter().map(|event| (event.number, event.payload.into_string())).collect::<Vec<_>>()
        };
        let all = [(0, "{\"ö\":0}".to_owned()), (1, "{}".to_owned()), (2, "[1]".to_owned())];
        for from in 0..4 {
            assert_eq!(payloads(first, from).await, all[(from as usize).min(3)..], "from {from}");
        }
        assert_eq!(payloads(second, 0).await, [(0, "2".to_owned())]);
    }
}
