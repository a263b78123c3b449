//! JSON-RPC messages as lines, with a bound on what is read and on what waits to be written.
//!
//! Beside the bounds, it differs from the transport that comes with `rmcp` in that a message which cannot be read is
//! answered, and that answers which are ready at the same time leave in one write.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::{ErrorData, ServerJsonRpcMessage};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::error::Category;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::Notify;

/// Bytes that may wait to be written before nothing more is read: a client that sends and never reads stops itself.
const WAITING_BYTES_MAX: usize = 4 << 20;
/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;

/// One connection.
pub(super) struct Lines<R, W> {
    read: BufReader<R>,
    line: Vec<u8>,
    line_bytes_max: usize,
    /// The line is too long: the rest of it is being skipped.
    skipping: bool,
    out: Arc<Out<W>>,
}

struct Out<W> {
    waiting: Mutex<Waiting<W>>,
    written: Notify,
}

struct Waiting<W> {
    bytes: Vec<u8>,
    /// Taken by whoever writes; back when all is written, gone for good when writing failed.
    write: Option<W>,
    closed: bool,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Lines<R, W> {
    pub(super) fn new(read: R, write: W, line_bytes_max: usize) -> Lines<R, W> {
        let waiting = Mutex::new(Waiting { bytes: Vec::new(), write: Some(write), closed: false });
        Lines {
            read: BufReader::with_capacity(READ_BYTES, read),
            line: Vec::new(),
            line_bytes_max,
            skipping: false,
            out: Arc::new(Out { waiting, written: Notify::new() }),
        }
    }

    /// The next whole line, without its end. Nothing is lost when the future is dropped: what was read of a line so far
    /// stays in `self`.
    async fn next_line(&mut self) -> io::Result<Option<Result<Vec<u8>, TooLong>>> {
        loop {
            let available = self.read.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let taken = part.len() + usize::from(end.is_some());
            if self.line.len() + part.len() > self.line_bytes_max {
                self.skipping = true;
                self.line = Vec::new();
            } else if !self.skipping {
                self.line.extend_from_slice(part);
            }
            self.read.consume(taken);
            if end.is_some() {
                if std::mem::take(&mut self.skipping) {
                    return Ok(Some(Err(TooLong)));
                }
                return Ok(Some(Ok(std::mem::take(&mut self.line))));
            }
        }
    }
}

struct TooLong;

impl<W: AsyncWrite + Unpin> Out<W> {
    fn lock(&self) -> MutexGuard<'_, Waiting<W>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, message: &impl serde::Serialize) -> io::Result<()> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let before = waiting.bytes.len();
        if let Err(error) = serde_json::to_writer(&mut waiting.bytes, message) {
            waiting.bytes.truncate(before);
            return Err(error.into());
        }
        waiting.bytes.push(b'\n');
        Ok(())
    }

    /// Writes all that waits, unless somebody is at it: then they write this too.
    async fn write(&self) -> io::Result<()> {
        let Some(write) = self.lock().write.take() else {
            return Ok(());
        };
        let mut writing = Writing { out: self, write: Some(write) };
        loop {
            let bytes = {
                let mut waiting = self.lock();
                if waiting.bytes.is_empty() {
                    waiting.write = writing.write.take();
                    return Ok(());
                }
                std::mem::take(&mut waiting.bytes)
            };
            self.written.notify_waiters();
            if let Some(write) = &mut writing.write {
                write.write_all(&bytes).await?;
                write.flush().await?;
            }
        }
    }

    /// Waits until little enough waits to be written.
    async fn room(&self) {
        loop {
            let written = self.written.notified();
            {
                let waiting = self.lock();
                if waiting.closed || waiting.bytes.len() <= WAITING_BYTES_MAX {
                    return;
                }
            }
            written.await;
        }
    }

    fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.bytes = Vec::new();
        waiting.write = None;
        drop(waiting);
        self.written.notify_waiters();
    }
}

/// A write that fails or is dropped half way has left half a message: nothing may follow it.
struct Writing<'a, W: AsyncWrite + Unpin> {
    out: &'a Out<W>,
    write: Option<W>,
}

impl<W: AsyncWrite + Unpin> Drop for Writing<'_, W> {
    fn drop(&mut self) {
        if self.write.is_some() {
            self.out.close();
        }
    }
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    type Error = io::Error;

    fn send(&mut self, message: TxJsonRpcMessage<RoleServer>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        // The text waits at once, so that it counts and so that one write may carry several.
        let pushed = self.out.push(&message);
        let out = self.out.clone();
        async move {
            pushed?;
            out.write().await
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            self.out.room().await;
            let refusal = match self.next_line().await {
                Ok(None) => return None,
                Ok(Some(Ok(line))) => match parse(&line) {
                    Parsed::Message(message) => return Some(*message),
                    Parsed::Ignored => continue,
                    Parsed::Refused(refusal) => refusal,
                },
                Ok(Some(Err(TooLong))) => {
                    let message = format!("the message is longer than {} bytes", self.line_bytes_max);
                    ErrorData::invalid_request(message, None)
                }
                Err(error) => {
                    tracing::debug!(%error, "an MCP connection broke");
                    return None;
                }
            };
            let answer = ServerJsonRpcMessage::error(refusal, None);
            if let Err(error) = self.out.push(&answer) {
                tracing::debug!(%error, "an MCP client could not be told that its message was refused");
                return None;
            }
            // Not here: this future may be dropped at any point, and half a message must not be.
            let out = self.out.clone();
            tokio::spawn(async move { out.write().await });
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.out.close();
        Ok(())
    }
}

enum Parsed {
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    Ignored,
    Refused(ErrorData),
}

fn parse(line: &[u8]) -> Parsed {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Parsed::Ignored;
    }
    match serde_json::from_slice(line) {
        Ok(message) => Parsed::Message(Box::new(message)),
        Err(error) if error.classify() == Category::Data => {
            Parsed::Refused(ErrorData::invalid_request(format!("not a message of this protocol: {error}"), None))
        }
        Err(error) => Parsed::Refused(ErrorData::parse_error(format!("not JSON: {error}"), None)),
    }
}
