//! The one thread that writes: what waits for it is one transaction, each request a savepoint in it.

use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::reason;

/// Requests that wait; who comes later waits to get in.
const QUEUE_MAX: usize = 64;
/// Requests in one transaction.
const BATCH_MAX: usize = 64;
/// Free pages that the file may hold.
const FREE_PAGES_MAX: i64 = 1_024;
/// Free pages above that which each transaction gives back: few, so that nobody waits long for them.
const PAGES_GIVEN_BACK: i64 = 256;

/// The thread and the way to it.
pub struct Writer {
    requests: Option<mpsc::Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(connection: Connection) -> Result<Writer, String> {
        let (requests, waiting) = mpsc::channel(QUEUE_MAX);
        let thread = thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || run(connection, waiting))
            .map_err(|error| format!("no thread to write with: {error}"))?;
        Ok(Writer { requests: Some(requests), thread: Some(thread) })
    }

    /// Does `change`; it is on disk when this returns.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let stopped = || "its writer has stopped".to_owned();
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Change { change: Some(change), done: None, reply });
        self.requests.as_ref().ok_or_else(stopped)?.send(request).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    /// Waits until what was taken is written.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // It has panicked, or not: there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// A change on its way, whatever its answer is.
trait Request: Send {
    /// Does it in `transaction`; a failure undoes it alone.
    fn run(&mut self, transaction: &mut Transaction<'_>);
    /// Tells who waits, after the transaction was committed or has failed.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

struct Change<F, T> {
    change: Option<F>,
    done: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<T, String>>,
}

impl<F, T: Send> Request for Change<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) {
        let Some(change) = self.change.take().filter(|_| !self.reply.is_closed()) else { return };
        self.done = Some((|| {
            let savepoint = transaction.savepoint()?;
            let done = change(&savepoint)?;
            savepoint.commit()?;
            Ok(done)
        })());
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (self.done, committed) {
            (Some(Err(error)), _) => Err(reason(&error)),
            (_, Err(why)) => Err(why.to_owned()),
            (Some(Ok(done)), Ok(())) => Ok(done),
            (None, Ok(())) => Err("nobody waited for it".to_owned()),
        };
        // Who asked may have gone: then the write stands all the same.
        let _ = self.reply.send(answer);
    }
}

fn run(mut connection: Connection, mut waiting: mpsc::Receiver<Box<dyn Request>>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let committed = commit(&mut connection, &mut batch).map_err(|error| reason(&error));
        for request in batch {
            request.answer(committed.as_ref().copied().map_err(String::as_str));
        }
    }
}

fn commit(connection: &mut Connection, batch: &mut [Box<dyn Request>]) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for request in batch {
        request.run(&mut transaction);
        if transaction.is_autocommit() {
            // A full disk or a failed write undoes the whole transaction by itself: the commit below fails and says so
            // to everybody. What came after would be written without one.
            break;
        }
    }
    give_back(&transaction)?;
    transaction.commit()
}

fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if free > FREE_PAGES_MAX {
        // Each step gives back one page.
        let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}
