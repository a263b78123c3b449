//! `happyos mcp`: MCP on standard input and output, served by the daemon, or inside this process where none runs.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::SOCKET;
use super::fault::{Doing as _, Fault};
use super::{Context, Mode, OnLoad, client::Client, serving_runtime};

/// Asks the daemon to speak MCP's stdio transport on this connection.
const REQUEST: &[u8] =
    b"GET /v1/mcp/stdio HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: mcp-stdio\r\n\r\n";
/// What it answers if it does.
const ACCEPTED: &[u8] = b"HTTP/1.1 101 ";
/// Longest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Bytes copied at one time.
const CHUNK_BYTES: usize = 64 << 10;

pub fn run(context: &Context) -> Result<(), Fault> {
    if Client::of_daemon(&context.config.data_dir)?.is_some() {
        return bridge(&context.config.data_dir);
    }
    context.voice.note("note: no daemon runs, so this serves MCP from a sandbox inside this command");
    serving_runtime()?.block_on(embedded(context))
}

/// Copies bytes between standard input and output and the daemon: two threads that block, because every switch through
/// an event loop would be felt in each message.
fn bridge(data_dir: &Path) -> Result<(), Fault> {
    let doing = || format!("reach the daemon at `{}`", data_dir.join(SOCKET).display());
    let mut from_daemon = UnixStream::connect(data_dir.join(SOCKET)).doing(doing)?;
    from_daemon.write_all(REQUEST).doing(doing)?;
    let early = read_head(&mut from_daemon).doing(doing)?;
    let mut to_daemon = from_daemon.try_clone().doing(doing)?;
    std::thread::spawn(move || {
        // When the client is done, so is this: the daemon answers what is left and closes.
        let _ = copy(&mut io::stdin().lock(), &mut to_daemon);
        let _ = to_daemon.shutdown(Shutdown::Write);
    });
    let mut out = io::stdout().lock();
    out.write_all(&early).and_then(|()| out.flush()).doing(|| "write to standard output".into())?;
    // A client that stops reading, like a daemon that stops, ends the conversation.
    let _ = copy(&mut from_daemon, &mut out);
    Ok(())
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(chunk.get(..count).unwrap_or_default())?;
        to.flush()?;
    }
}

/// Reads up to the end of the answer's head, and returns what came after it.
fn read_head(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let count = from.read(&mut chunk)?;
        head.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return if head.starts_with(ACCEPTED) { Ok(rest) } else { Err(refused(&head)) };
        }
        if count == 0 || head.len() > HEAD_BYTES_MAX {
            return Err(refused(&head));
        }
    }
}

fn refused(head: &[u8]) -> io::Error {
    let head = String::from_utf8_lossy(head);
    let line = head.lines().next().unwrap_or_default();
    io::Error::other(format!("it does not take MCP connections and answered `{}`", line.escape_debug()))
}

/// The same conversation with a daemon inside this process.
async fn embedded(context: &Context) -> Result<(), Fault> {
    let doing = || "serve MCP".to_owned();
    let silent: OnLoad = Box::new(|_, _| {});
    let running = (context.start)(context.config.clone(), Mode::Session, silent).await?;
    let mut connection = running.connect().doing(doing)?;
    connection.write_all(REQUEST).await.doing(doing)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = connection.read_u8().await.doing(doing)?;
        head.push(byte);
        if head.len() > HEAD_BYTES_MAX {
            return Err(refused(&head)).doing(doing);
        }
    }
    if !head.starts_with(ACCEPTED) {
        return Err(refused(&head)).doing(doing);
    }
    let (mut from_daemon, mut to_daemon) = tokio::io::split(connection);
    let sending = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut to_daemon).await;
        let _ = to_daemon.shutdown().await;
    });
    let mut out = tokio::io::stdout();
    let mut chunk = vec![0; CHUNK_BYTES];
    // `tokio::io::copy` would flush standard output only when nothing more is to be read at once.
    while let Ok(count @ 1..) = from_daemon.read(&mut chunk).await {
        let written = out.write_all(chunk.get(..count).unwrap_or_default()).await;
        if written.is_err() || out.flush().await.is_err() {
            break;
        }
    }
    sending.abort();
    running.stop().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_head_is_kept() {
        let rest = read_head(&mut &b"HTTP/1.1 101 Switching Protocols\r\na: b\r\n\r\n{\"x\":1}"[..]).unwrap();
        assert_eq!(rest, b"{\"x\":1}");
        let error = read_head(&mut &b"HTTP/1.1 403 Forbidden\r\n\r\n"[..]).unwrap_err();
        assert!(error.to_string().contains("403 Forbidden"));
        assert!(read_head(&mut &b"HTTP/1.1 101"[..]).is_err());
    }
}
