//! A scripted model endpoint over a real socket: chat completions as a test says, the bad ones included.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the model says.
#[derive(Debug, Clone, PartialEq)]
pub enum Say {
    /// This, streamed word by word.
    Text(String),
    /// This, after a while.
    Slowly(Duration, String),
    /// A call of a tool with arguments, JSON text.
    Tool(&'static str, String),
    /// No answer but a status.
    Status(u16),
    /// A redirect.
    Redirect(String),
    /// Words, and then the connection ends.
    Half(String),
    /// A body of this content type.
    Body(&'static str, Vec<u8>),
    /// Nothing, and the connection stays open.
    Silence,
    /// Words without end.
    ForEver,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line and headers.
    pub head: String,
    /// The body.
    pub body: Value,
}

impl Asked {
    /// What the user said, in the first message of that role.
    pub fn task(&self) -> &str {
        let messages = self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        messages
            .iter()
            .find(|message| message["role"] == "user")
            .and_then(|message| message["content"].as_str())
            .unwrap_or_default()
    }

    /// What tools gave so far.
    pub fn results(&self) -> Vec<&str> {
        let messages = self.body["messages"].as_array().into_iter().flatten();
        messages.filter(|message| message["role"] == "tool").filter_map(|message| message["content"].as_str()).collect()
    }
}

/// An endpoint, gone when it is dropped.
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Endpoint {
    /// Starts one on 127.0.0.1.
    ///
    /// # Panics
    /// If there is no port.
    pub async fn start(script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Endpoint {
        Endpoint::start_at(([127, 0, 0, 1], 0).into(), script).await
    }

    /// Starts one where it is wanted.
    ///
    /// # Panics
    /// If that port is taken.
    pub async fn start_at(at: SocketAddr, script: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Endpoint {
        let listener = TcpListener::bind(at).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (script, keep) = (Arc::new(script), asked.clone());
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, keep) = (script.clone(), keep.clone());
                connections.spawn(async move {
                    // The client may go away at any time.
                    let _ = serve(stream, &*script, &keep).await;
                });
            }
        });
        Endpoint { address, asked, task }
    }

    /// One that says the same to all.
    pub async fn saying(say: Say) -> Endpoint {
        Endpoint::start(move |_| say.clone()).await
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The chats that it was asked to go on with.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    script: &(dyn Fn(&Asked) -> Say + Send + Sync),
    keep: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let Some((head, body)) = read(&mut stream).await? else { return Ok(()) };
    if !head.starts_with("POST ") {
        let known = head.starts_with("GET /v1/models ");
        return whole(&mut stream, if known { 200 } else { 404 }, "application/json", br#"{"data":[]}"#).await;
    }
    let asked = Asked { head, body: serde_json::from_slice(&body).unwrap_or_default() };
    let say = script(&asked);
    keep.lock().expect("nobody panics with it").push(asked);
    match say {
        Say::Text(text) => said(&mut stream, &text).await,
        Say::Slowly(after, text) => {
            tokio::time::sleep(after).await;
            said(&mut stream, &text).await
        }
        Say::Tool(name, arguments) => {
            let call = json!({"index": 0, "id": "call-1", "function": {"name": name, "arguments": arguments}});
            begin(&mut stream, "text/event-stream").await?;
            delta(&mut stream, &json!({"tool_calls": [call]}), Some("tool_calls")).await?;
            end(&mut stream).await
        }
        Say::Status(status) => whole(&mut stream, status, "application/json", br#"{"error":{"message":"no"}}"#).await,
        Say::Redirect(to) => {
            let head =
                format!("HTTP/1.1 307 Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await
        }
        Say::Half(text) => {
            begin(&mut stream, "text/event-stream").await?;
            delta(&mut stream, &json!({ "content": text }), None).await
        }
        Say::Body(kind, body) => whole(&mut stream, 200, kind, &body).await,
        Say::Silence => stream.read(&mut [0; 1]).await.map(drop),
        Say::ForEver => {
            begin(&mut stream, "text/event-stream").await?;
            loop {
                delta(&mut stream, &json!({"content": "and on and on ".repeat(1_000)}), None).await?;
            }
        }
    }
}

/// A request's head and body; `None` where the client went away.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if bytes.len() >= end + length.unwrap_or(0) {
                return Ok(Some((head, bytes[end..].to_vec())));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

async fn whole(stream: &mut TcpStream, status: u16, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}

async fn begin(stream: &mut TcpStream, kind: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 Said\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}

async fn delta(stream: &mut TcpStream, delta: &Value, finish: Option<&str>) -> std::io::Result<()> {
    let event = json!({"choices": [{"delta": delta, "finish_reason": finish}]});
    stream.write_all(format!("data: {event}\n\n").as_bytes()).await
}

async fn said(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    begin(stream, "text/event-stream").await?;
    for word in text.split_inclusive(' ') {
        delta(stream, &json!({ "content": word }), None).await?;
    }
    delta(stream, &json!({}), Some("stop")).await?;
    end(stream).await
}

async fn end(stream: &mut TcpStream) -> std::io::Result<()> {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}});
    stream.write_all(format!("data: {usage}\n\ndata: [DONE]\n\n").as_bytes()).await
}
