//! Endpoints and agents across restarts: what each is, as the room that knows them writes it.

use rusqlite::params;

use super::{Store, StoreError};

/// One endpoint or agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetRecord {
    /// `endpoint` or `agent`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is, as JSON text.
    pub body: String,
}

impl Store {
    /// All of them, by kind and name.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn fleet(&self) -> Result<Vec<FleetRecord>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT kind, name, body FROM fleet ORDER BY kind, name")?;
            let rows = statement
                .query_map([], |row| Ok(FleetRecord { kind: row.get(0)?, name: row.get(1)?, body: row.get(2)? }))?;
            rows.collect()
        })
        .await
    }

    /// Replaces what is known of one; it is on disk when this returns.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn save_fleet(&self, record: FleetRecord) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO fleet (kind, name, body) VALUES (?1, ?2, ?3)")?
                .execute(params![record.kind, record.name, record.body])
                .map(|_| ())
        })
        .await
    }

    /// Forgets one.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn forget_fleet(&self, kind: &'static str, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM fleet WHERE kind = ?1 AND name = ?2")?
                .execute(params![kind, name])
                .map(|_| ())
        })
        .await
    }
}
