//! Which version of each bundle is active, which ones are kept, and what a signed one may not fall behind.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::{Store, StoreError};
use crate::base::Digest;

/// Versions of one bundle that are kept, the active one included.
pub const VERSIONS_KEPT: usize = 5;

/// One version of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRecord {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its version, where the manifest gives one.
    pub version: Option<String>,
    /// When it was first active, in milliseconds since 1970.
    pub since_ms: u64,
}

/// What is known of one bundle across restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRecord {
    /// Its name.
    pub name: String,
    /// Who signed it; `None` for `local`.
    pub publisher: Option<String>,
    /// The file that it came from.
    pub path: PathBuf,
    /// The digest of the active version; `None` once its file has gone.
    pub active: Option<Digest>,
    /// The kept versions, the one that was activated last first.
    pub versions: Vec<VersionRecord>,
    /// Set by a rollback: the digest of the file as it was then. While the file has it, the active version stays.
    pub pinned_over: Option<Digest>,
    /// The highest version a signature was accepted for.
    pub version_highest: Option<String>,
}

impl Store {
    /// All bundles, by name.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn bundles(&self) -> Result<Vec<BundleRecord>, StoreError> {
        self.read(|connection| {
            // Both tables as they were at one moment.
            let transaction = connection.unchecked_transaction()?;
            let mut bundles = records(&transaction)?;
            for bundle in &mut bundles {
                bundle.versions = versions(&transaction, &bundle.name)?;
            }
            Ok(bundles)
        })
        .await
    }

    /// Replaces what is known of one bundle, in one transaction, on disk when this returns. Versions beyond
    /// [`VERSIONS_KEPT`] are left out.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn save_bundle(&self, record: BundleRecord) -> Result<(), StoreError> {
        self.write(move |connection| save(connection, &record)).await
    }

    /// Forgets a bundle.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn forget_bundle(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |connection| {
            // Its versions go with it.
            connection.prepare_cached("DELETE FROM bundle WHERE name = ?1")?.execute([&name]).map(|_| ())
        })
        .await
    }
}

fn records(connection: &Connection) -> rusqlite::Result<Vec<BundleRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT name, publisher, path, active, pinned_over, version_highest FROM bundle ORDER BY name",
    )?;
    let record = |row: &Row<'_>| {
        Ok(BundleRecord {
            name: row.get(0)?,
            publisher: row.get(1)?,
            path: OsString::from_vec(row.get(2)?).into(),
            active: digest(row, 3)?,
            versions: Vec::new(),
            pinned_over: digest(row, 4)?,
            version_highest: row.get(5)?,
        })
    };
    statement.query_map([], record)?.collect()
}

fn versions(connection: &Connection, bundle: &str) -> rusqlite::Result<Vec<VersionRecord>> {
    let mut statement = connection
        .prepare_cached("SELECT digest, version, since_ms FROM bundle_version WHERE bundle = ?1 ORDER BY place")?;
    let version = |row: &Row<'_>| {
        Ok(VersionRecord {
            digest: digest(row, 0)?.ok_or_else(|| no_digest(0))?,
            version: row.get(1)?,
            since_ms: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
        })
    };
    statement.query_map([bundle], version)?.collect()
}

fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Digest>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Digest::parse(&text).ok_or_else(|| no_digest(column))).transpose()
}

fn no_digest(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, "it is no digest".into())
}

fn save(connection: &Connection, record: &BundleRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM bundle WHERE name = ?1")? // its versions go with it
        .execute([&record.name])?;
    connection
        .prepare_cached(
            "INSERT INTO bundle (name, publisher, path, active, pinned_over, version_highest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            record.name,
            record.publisher,
            record.path.as_os_str().as_bytes(),
            record.active.map(|digest| digest.to_string()),
            record.pinned_over.map(|digest| digest.to_string()),
            record.version_highest,
        ])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO bundle_version (bundle, place, digest, version, since_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (place, version) in (0i64..).zip(record.versions.iter().take(VERSIONS_KEPT)) {
        let since_ms = i64::try_from(version.since_ms).unwrap_or(i64::MAX);
        insert.execute(params![record.name, place, version.digest.to_string(), version.version, since_ms])?;
    }
    Ok(())
}
