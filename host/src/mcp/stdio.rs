//! MCP over lines: for `happyos mcp`, and for the private socket that it connects to.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdUnixStream;

use rmcp::service::{QuitReason, serve_server_with_ct};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio_util::sync::CancellationToken;

use super::Server;
use super::handler::Handler;
use super::transport::Lines;

/// Serves one connection until the client closes it or `shutdown`: then calls in flight get about two seconds.
///
/// # Errors
/// If the client breaks the protocol before it is established.
pub async fn serve_stdio<Io>(
    server: Server,
    io: Io,
    line_bytes_max: usize,
    shutdown: CancellationToken,
) -> anyhow::Result<()>
where
    Io: AsyncRead + AsyncWrite + Send + 'static,
{
    let (read, write) = tokio::io::split(io);
    let transport = Lines::new(read, write, line_bytes_max);
    // A child: rmcp cancels the token it is given when this one connection ends.
    let mut changes = server.skills.changes();
    let running = match serve_server_with_ct(Handler::staying(server), transport, shutdown.child_token()).await {
        Ok(running) => running,
        Err(
            rmcp::service::ServerInitializeError::ConnectionClosed(_) | rmcp::service::ServerInitializeError::Cancelled,
        ) => {
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let peer = running.peer().clone();
    let telling = async {
        // Swaps that come faster than they can be told are told once.
        while changes.changed().await.is_ok() {
            if let Err(error) = peer.notify_tool_list_changed().await {
                tracing::debug!(%error, "an MCP client could not be told that the tools changed");
                break;
            }
        }
        std::future::pending().await
    };
    let ended = tokio::select! {
        ended = running.waiting() => ended,
        never = telling => never,
    };
    match ended? {
        QuitReason::JoinError(error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Standard input.
pub type Input = Box<dyn AsyncRead + Send + Unpin>;
/// Standard output.
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// This process's standard input and output. Pipes and sockets, which is what MCP clients use, are read and written
/// without the helper threads that files and terminals need: those cost more than a call.
pub fn standard_streams() -> (Input, Output) {
    let input = match pipe::OpenOptions::new().open_receiver("/dev/stdin") {
        Ok(pipe) => Box::new(pipe),
        Err(_) => match socket(std::io::stdin()) {
            Some(socket) => Box::new(socket) as Input,
            None => Box::new(tokio::io::stdin()),
        },
    };
    let output = match pipe::OpenOptions::new().open_sender("/dev/stdout") {
        Ok(pipe) => Box::new(pipe),
        Err(_) => match socket(std::io::stdout()) {
            Some(socket) => Box::new(socket) as Output,
            None => Box::new(tokio::io::stdout()),
        },
    };
    (input, output)
}

fn socket(stream: impl AsFd) -> Option<UnixStream> {
    let socket = StdUnixStream::from(stream.as_fd().try_clone_to_owned().ok()?);
    // Fails on what is not a socket.
    socket.local_addr().ok()?;
    socket.set_nonblocking(true).ok()?;
    UnixStream::from_std(socket).ok()
}
