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
    CREATE TABLE fleet (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT, WITHOUT ROWID;
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
