//! Keys and values in the store. How much a space uses is kept beside it, so that a quota costs nothing to check.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Kv, KvError, LIST_MAX, check_key, check_space, check_value, used_after};
use crate::store::Store;

/// Most spaces at one time.
const SPACES_MAX: i64 = 10_000;

/// What a write comes to: an answer, or a refusal that wrote nothing.
type Outcome<T> = rusqlite::Result<Result<T, KvError>>;

#[async_trait]
impl Kv for Store {
    async fn get(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        check_key(space, key)?;
        let (space, key) = (space.to_owned(), key.to_owned());
        Ok(self.read(move |connection| value(connection, &space, &key)).await?)
    }

    async fn set(&self, space: &str, key: &str, value: &[u8], quota_bytes: u64) -> Result<(), KvError> {
        check_key(space, key)?;
        check_value(value)?;
        let (space, key, value) = (space.to_owned(), key.to_owned(), value.to_owned());
        self.write(move |connection| put(connection, &space, &key, &value, quota_bytes)).await?
    }

    async fn swap(
        &self,
        space: &str,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
        quota_bytes: u64,
    ) -> Result<bool, KvError> {
        check_key(space, key)?;
        value.map_or(Ok(()), check_value)?;
        let (space, key) = (space.to_owned(), key.to_owned());
        let (expected, value) = (expected.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
        self.write(move |connection| {
            if self::value(connection, &space, &key)? != expected {
                return Ok(Ok(false));
            }
            match value {
                Some(value) => Ok(put(connection, &space, &key, &value, quota_bytes)?.map(|()| true)),
                None => remove(connection, &space, &key).map(|_| Ok(true)),
            }
        })
        .await?
    }

    async fn delete(&self, space: &str, key: &str) -> Result<bool, KvError> {
        check_key(space, key)?;
        let (space, key) = (space.to_owned(), key.to_owned());
        Ok(self.write(move |connection| remove(connection, &space, &key)).await?)
    }

    async fn list(&self, space: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, KvError> {
        check_space(space)?;
        let (space, prefix, after) = (space.to_owned(), prefix.to_owned(), after.map(str::to_owned));
        let limit = i64::try_from(limit.min(LIST_MAX)).unwrap_or(i64::MAX);
        Ok(self.read(move |connection| keys(connection, &space, &prefix, after.as_deref(), limit)).await?)
    }

    async fn used_bytes(&self, space: &str) -> Result<u64, KvError> {
        check_space(space)?;
        let name = space.to_owned();
        let found = self.read(move |connection| self::space(connection, &name)).await?;
        Ok(found.map_or(0, |(_, used_bytes)| used_bytes))
    }

    async fn clear(&self, space: &str) -> Result<(), KvError> {
        check_space(space)?;
        let name = space.to_owned();
        let delete = move |connection: &Connection| {
            // Its entries go with it.
            connection.prepare_cached("DELETE FROM kv_space WHERE name = ?1")?.execute([name])
        };
        Ok(self.write(delete).await.map(drop)?)
    }
}

fn value(connection: &Connection, space: &str, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM kv JOIN kv_space ON id = space WHERE name = ?1 AND key = ?2")?
        .query_row(params![space, key.as_bytes()], |row| row.get(0))
        .optional()
}

/// A space's id and the bytes it uses.
fn space(connection: &Connection, name: &str) -> rusqlite::Result<Option<(i64, u64)>> {
    connection
        .prepare_cached("SELECT id, used_bytes FROM kv_space WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0))))
        .optional()
}

/// What an entry counts, if it is there.
fn held_bytes(connection: &Connection, space: i64, key: &str) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached("SELECT length(key) + length(value) FROM kv WHERE space = ?1 AND key = ?2")?
        .query_row(params![space, key.as_bytes()], |row| Ok(u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0)))
        .optional()
}

fn put(connection: &Connection, name: &str, key: &str, value: &[u8], quota_bytes: u64) -> Outcome<()> {
    let known = space(connection, name)?;
    let before_bytes = match known {
        Some((id, _)) => held_bytes(connection, id, key)?.unwrap_or(0),
        None => 0,
    };
    let used_bytes = known.map_or(0, |(_, used_bytes)| used_bytes);
    let used_bytes = match used_after(used_bytes, before_bytes, super::entry_bytes(key, value), quota_bytes) {
        Ok(used_bytes) => used_bytes,
        Err(error) => return Ok(Err(error)),
    };
    let id = match known {
        Some((id, _)) => id,
        None => {
            let n_spaces: i64 =
                connection.prepare_cached("SELECT count(*) FROM kv_space")?.query_row([], |row| row.get(0))?;
            if n_spaces >= SPACES_MAX {
                return Ok(Err(KvError::Unavailable(format!("there are {SPACES_MAX} spaces, the most there can be"))));
            }
            connection.prepare_cached("INSERT INTO kv_space (name, used_bytes) VALUES (?1, 0)")?.execute([name])?;
            connection.last_insert_rowid()
        }
    };
    connection
        .prepare_cached(
            "INSERT INTO kv (space, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (space, key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![id, key.as_bytes(), value])?;
    use_bytes(connection, id, used_bytes)?;
    Ok(Ok(()))
}

fn remove(connection: &Connection, name: &str, key: &str) -> rusqlite::Result<bool> {
    let Some((id, used_bytes)) = space(connection, name)? else { return Ok(false) };
    let Some(held_bytes) = held_bytes(connection, id, key)? else { return Ok(false) };
    connection.prepare_cached("DELETE FROM kv WHERE space = ?1 AND key = ?2")?.execute(params![id, key.as_bytes()])?;
    use_bytes(connection, id, used_bytes.saturating_sub(held_bytes))?;
    Ok(true)
}

fn use_bytes(connection: &Connection, id: i64, used_bytes: u64) -> rusqlite::Result<()> {
    let used_bytes = i64::try_from(used_bytes).unwrap_or(i64::MAX);
    connection
        .prepare_cached("UPDATE kv_space SET used_bytes = ?2 WHERE id = ?1")?
        .execute(params![id, used_bytes])
        .map(drop)
}

fn keys(
    connection: &Connection,
    name: &str,
    prefix: &str,
    after: Option<&str>,
    limit: i64,
) -> rusqlite::Result<Vec<String>> {
    let Some((id, _)) = space(connection, name)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(
        "SELECT key FROM kv WHERE space = ?1 AND key >= ?2 AND key > ?3 AND key < ?4 ORDER BY key LIMIT ?5",
    )?;
    let after = after.unwrap_or_default().as_bytes();
    // No byte of UTF-8 is 0xff, and no key is empty.
    let mut end = prefix.as_bytes().to_vec();
    end.push(0xff);
    let key = |row: &rusqlite::Row<'_>| row.get::<_, Vec<u8>>(0);
    let found = statement.query_map(params![id, prefix.as_bytes(), after, end, limit], key)?;
    found.map(|key| key.map(|key| String::from_utf8_lossy(&key).into_owned())).collect()
}
