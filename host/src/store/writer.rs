//! Writing, by one at a time: what waits is one transaction, each request a savepoint in it.
//!
//! Who finds nobody at it writes by itself, for all that wait by then: that saves two changes of thread, which cost as much
//! as the flush. What has come meanwhile is written by a thread. Where several were written at one stroke, it gives as many
//! the time of one flush to come again: each flush costs processor time too, which those who ask then have.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Semaphore, oneshot};

use super::reason;

/// Requests that wait; who comes later waits to get in.
const QUEUE_MAX: usize = 256;
/// Requests in one transaction.
const BATCH_MAX: usize = 64;
/// Longest wait for others to come.
const GATHERING_MAX: Duration = Duration::from_millis(2);
/// Free pages that the file may hold.
const FREE_PAGES_MAX: i64 = 1_024;
/// Free pages above that which each transaction gives back: few, so that nobody waits long for them.
const PAGES_GIVEN_BACK: i64 = 256;

/// The connection that writes, and what waits for it.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Told when there is something for the thread to do.
    changed: Condvar,
    room: Semaphore,
}

struct State {
    /// `None` while somebody writes.
    connection: Option<Connection>,
    waiting: VecDeque<Box<dyn Request>>,
    /// While the thread waits for others to come: for how many.
    gathering: Option<usize>,
    closed: bool,
}

impl Writer {
    /// Starts the thread.
    pub fn start(connection: Connection) -> Result<Writer, String> {
        let state = State { connection: Some(connection), waiting: VecDeque::new(), gathering: None, closed: false };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), room: Semaphore::new(QUEUE_MAX) });
        let thread = thread::Builder::new()
            .name("store-writer".into())
            .spawn({
                let shared = shared.clone();
                move || shared.run()
            })
            .map_err(|error| format!("no thread to write with: {error}"))?;
        Ok(Writer { shared, thread: Some(thread) })
    }

    /// Does `change`; it is on disk when this returns. What a change that fails has done is undone.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        self.take(change, false).await
    }

    /// The same for a change that removes nothing and fails only where the store itself does: then all that is written
    /// with it fails. That saves the means to undo it alone.
    pub async fn add<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        self.take(change, true).await
    }

    async fn take<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        only_adds: bool,
    ) -> Result<T, String> {
        let stopped = || "its writer has stopped".to_owned();
        let _room = self.shared.room.acquire().await.map_err(|_| stopped())?;
        let (reply, answer) = oneshot::channel();
        self.shared.take(Box::new(Change { change: Some(change), done: None, only_adds, reply }));
        answer.await.map_err(|_| stopped())?
    }

    /// Does `work` with the connection outside of any transaction, while nobody writes; it may take long.
    pub async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let stopped = || "its writer has stopped".to_owned();
        let _room = self.shared.room.acquire().await.map_err(|_| stopped())?;
        let (reply, answer) = oneshot::channel();
        let shared = self.shared.clone();
        // Here it may be done by this very thread.
        let taken =
            tokio::task::spawn_blocking(move || shared.take(Box::new(Alone { work: Some(work), done: None, reply })));
        taken.await.map_err(|error| error.to_string())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    /// Waits until what was taken is written.
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It has panicked, or not: there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// The right to write. Given back also where a change panics.
struct Turn<'a> {
    shared: &'a Shared,
    connection: Option<Connection>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.connection = self.connection.take();
        let left = !state.waiting.is_empty() || state.closed;
        drop(state);
        if left {
            self.shared.changed.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request, and writes it here where nobody is writing. That holds up one of many workers for as long as a
    /// flush takes, which is less than the turn of a guest; where there is but one worker, the thread does it.
    fn take(&self, request: Box<dyn Request>) {
        let many = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        let mut state = self.lock();
        state.waiting.push_back(request);
        if let Some(wanted) = state.gathering {
            let here = state.waiting.len() >= wanted;
            drop(state);
            if here {
                self.changed.notify_one();
            }
            return;
        }
        if !many {
            drop(state);
            self.changed.notify_one();
            return;
        }
        if let Some((turn, batch)) = self.turn(&mut state) {
            drop(state);
            write(turn, batch);
        }
    }

    /// The right to write and what there is to write, where nobody else has it.
    fn turn(&self, state: &mut State) -> Option<(Turn<'_>, Vec<Box<dyn Request>>)> {
        if state.waiting.is_empty() {
            return None;
        }
        let connection = state.connection.take()?;
        // One that wants no transaction goes by itself.
        let until =
            state.waiting.iter().position(|request| request.wants_none()).map_or(BATCH_MAX, |place| place.max(1));
        let n_taken = state.waiting.len().min(until).min(BATCH_MAX);
        let batch = state.waiting.drain(..n_taken).collect();
        Some((Turn { shared: self, connection: Some(connection) }, batch))
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            if let Some((turn, batch)) = self.turn(&mut state) {
                drop(state);
                let (n_written, began) = (batch.len(), Instant::now());
                write(turn, batch);
                state = self.gather(n_written, began.elapsed().min(GATHERING_MAX));
            } else if state.closed && state.waiting.is_empty() {
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Waits until as many are there as were written at the last stroke, at most for `longest`.
    fn gather(&self, n_written: usize, longest: Duration) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        if n_written < 2 || state.closed || state.connection.is_none() {
            return state;
        }
        state.gathering = Some(n_written);
        let fewer = |state: &mut State| state.waiting.len() < n_written && !state.closed;
        let waited = self.changed.wait_timeout_while(state, longest, fewer);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.gathering = None;
        state
    }
}

/// Writes a batch, gives the right to write back, and then tells who waits.
fn write(mut turn: Turn<'_>, mut batch: Vec<Box<dyn Request>>) {
    let committed = match &mut turn.connection {
        Some(connection) => match batch.as_mut_slice() {
            [only] if only.wants_none() => only.run(connection, true),
            _ => commit(connection, &mut batch),
        }
        .map_err(|error| reason(&error)),
        None => Err("its connection is gone".to_owned()),
    };
    drop(turn);
    for request in batch {
        request.answer(committed.as_ref().copied().map_err(String::as_str));
    }
}

/// A change on its way, whatever its answer is.
trait Request: Send {
    /// Whether it is done outside of any transaction, by itself.
    fn wants_none(&self) -> bool {
        false
    }
    /// Does it. Where `alone`, the transaction is its own; otherwise a failure undoes it alone.
    ///
    /// # Errors
    /// Only where it could not be undone: then nothing of the transaction is to be kept.
    fn run(&mut self, transaction: &Connection, alone: bool) -> rusqlite::Result<()>;
    /// Whether it removes nothing, so that there is nothing to give back.
    fn only_adds(&self) -> bool;
    /// Tells who waits, after the transaction was committed or has failed.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

struct Change<F, T> {
    change: Option<F>,
    done: Option<rusqlite::Result<T>>,
    only_adds: bool,
    reply: oneshot::Sender<Result<T, String>>,
}

impl<F, T: Send> Request for Change<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, transaction: &Connection, alone: bool) -> rusqlite::Result<()> {
        let Some(change) = self.change.take().filter(|_| !self.reply.is_closed()) else { return Ok(()) };
        if self.only_adds {
            self.done = Some(Ok(change(transaction)?));
            return Ok(());
        }
        let step = |sql| transaction.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(drop);
        if !alone {
            step("SAVEPOINT request")?;
        }
        let done = change(transaction);
        let failed = done.is_err();
        self.done = Some(done);
        // What failed by itself has no more to undo: see `commit`.
        if failed && !transaction.is_autocommit() {
            step(if alone { "ROLLBACK" } else { "ROLLBACK TO request" })?;
        }
        if alone || transaction.is_autocommit() { Ok(()) } else { step("RELEASE request") }
    }

    fn only_adds(&self) -> bool {
        self.only_adds
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

/// Work on its way that wants no transaction.
struct Alone<F, T> {
    work: Option<F>,
    done: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<T, String>>,
}

impl<F, T: Send> Request for Alone<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn wants_none(&self) -> bool {
        true
    }

    fn only_adds(&self) -> bool {
        false
    }

    fn run(&mut self, connection: &Connection, _alone: bool) -> rusqlite::Result<()> {
        self.done = self.work.take().map(|work| work(connection));
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (self.done, committed) {
            (Some(done), Ok(())) => done.map_err(|error| reason(&error)),
            (_, Err(why)) => Err(why.to_owned()),
            (None, Ok(())) => Err("it was not done".to_owned()),
        };
        // Who asked may have gone: what is done is done.
        let _ = self.reply.send(answer);
    }
}

fn commit(connection: &mut Connection, batch: &mut [Box<dyn Request>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let alone = batch.len() == 1;
    for request in batch.iter_mut() {
        request.run(&transaction, alone)?;
        if transaction.is_autocommit() {
            // A full disk or a failed write undoes the whole transaction by itself: the commit below fails and says so
            // to everybody. What came after would be written without one.
            break;
        }
    }
    if alone && transaction.is_autocommit() {
        // The only one has failed, and says why by itself.
        return Ok(());
    }
    if !batch.iter().all(|request| request.only_adds()) {
        give_back(&transaction)?;
    }
    transaction.commit()
}

fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    let free: i64 = connection.prepare_cached("PRAGMA freelist_count")?.query_row([], |row| row.get(0))?;
    if free > FREE_PAGES_MAX {
        // Each step gives back one page.
        let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}
