//! A few connections that only read, on blocking threads.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{connection, reason};

/// Reads at one time; who comes later waits.
const READERS_MAX: usize = 4;

/// The connections that are open and not in use, and the right to use one.
pub struct Readers {
    path: Box<Path>,
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
}

impl Readers {
    /// None open yet.
    pub fn new(path: &Path) -> Readers {
        Readers { path: path.into(), idle: Arc::default(), free: Arc::new(Semaphore::new(READERS_MAX)) }
    }

    /// Does `query` on one of the connections.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let permit = self.free.clone().acquire_owned().await.map_err(|error| error.to_string())?;
        let (idle, path) = (self.idle.clone(), self.path.clone());
        let read = move || {
            // Held until the read is over, also if nobody waits for it any more.
            let _permit = permit;
            let ready = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match ready {
                Some(connection) => connection,
                None => open(&path)?,
            };
            let found = query(&connection)?;
            // One that failed is not used again.
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(found)
        };
        let found: rusqlite::Result<T> = tokio::task::spawn_blocking(read).await.map_err(|error| error.to_string())?;
        found.map_err(|error| reason(&error))
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connection::open(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}
