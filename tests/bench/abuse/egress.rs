//! What guests that may send requests, use a secret and keep state try to reach beyond that.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, ensure};
use happyos_tests::http::Client;
use happyos_tests::{Home, SkillGuest, abuse, crash};
use hyper::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::measure::{Attack, Case, loads, told};

/// What must be seen nowhere but at the server it is for.
const CANARY: &str = "canary-4f1c9be2d7";

/// Servers on this machine: one that the operator granted, and one that no guest may reach.
pub struct Servers {
    granted: SocketAddr,
    internal: SocketAddr,
    /// Requests that reached the latter.
    breaches: Arc<AtomicU64>,
}

impl Servers {
    /// Starts both; they end with the runtime.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn start() -> anyhow::Result<Servers> {
        let (granted, internal) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("[::]:0").await?);
        let servers =
            Servers { granted: granted.local_addr()?, internal: internal.local_addr()?, breaches: Arc::default() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = granted.accept().await {
                tokio::spawn(answer(stream));
            }
        });
        let breaches = servers.breaches.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = internal.accept().await {
                breaches.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream));
            }
        });
        Ok(servers)
    }
}

/// Answers one request: `/to/URL` with a redirect there, all else with what it was sent.
async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < 16 << 10 {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("/");
    let text = match path.strip_prefix("/to/") {
        Some(url) => format!("HTTP/1.1 302 Found\r\nlocation: {url}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        None => {
            let body = json!({ "you sent": head }).to_string();
            format!(
                "HTTP/1.1 200 OK\r\nx-echo: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                head.lines().find(|line| line.to_lowercase().starts_with("authorization")).unwrap_or("nothing"),
                body.len()
            )
        }
    };
    stream.write_all(text.as_bytes()).await
}

/// A guest that gets the address in its input, `{"u":"URL"}`, and gives back what came.
fn fetcher(name: &str, own_host: bool, secret: bool) -> Vec<u8> {
    let header = if own_host { "(i32.const 264) (i32.const 1)" } else { "(i32.const 0) (i32.const 0)" };
    let credential = if secret { "(i32.const 384) (i32.const 1)" } else { "(i32.const 0) (i32.const 0)" };
    let open = if secret {
        "(call $open (i32.const 336) (i32.const 6) (i32.const 592))
         (if (i32.load8_u (i32.const 592)) (then unreachable))
         (i32.store (i32.const 384) (i32.load (i32.const 596)))"
    } else {
        ""
    };
    let call = format!(
        r#"{open}
        (call $send (i32.const 256) (i32.const 3)
          (i32.add (local.get $input) (i32.const 6)) (i32.sub (local.get $input_len) (i32.const 8))
          {header} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
          {credential} (i32.const 0) (i32.const 0) (i32.const 512))
        (if (i32.load8_u (i32.const 512)) (then (return (call $fail
          (select (i32.const 3) (i32.const 1) (i32.load8_u (i32.const 516)))
          (i32.load (i32.const 520)) (i32.load (i32.const 524))))))
        (call $read (i32.load (i32.const 536)) (i32.const 65536) (i32.const 560))
        (if (i32.load8_u (i32.const 560)) (then unreachable))
        (call $answer (i32.load (i32.const 564)) (i32.load (i32.const 568)))"#
    );
    let manifest = json!({"name": name, "version": "1.0.0", "grants": {
        "http": ["GET *:*", "GET http://*:*"], "secrets": if secret { vec!["canary"] } else { Vec::new() }}});
    let imports = r#"(import "happyos:host/http@0.1.0" "send"
          (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
        (import "happyos:host/http@0.1.0" "[method]incoming.read" (func $read (param i32 i32 i32)))"#;
    let opens = r#"(import "happyos:host/secrets@0.1.0" "open" (func $open (param i32 i32 i32)))"#;
    SkillGuest {
        name,
        imports: &if secret { format!("{imports}{opens}") } else { imports.to_owned() },
        // A header `host`, and a credential `authorization: Bearer …` whose secret is filled in.
        fields: r#"(data (i32.const 256) "GET")
            (data (i32.const 264) "\2c\01\00\00\04\00\00\00\30\01\00\00\10\00\00\00")
            (data (i32.const 300) "hostinternal.example")
            (data (i32.const 336) "canary") (data (i32.const 344) "authorization") (data (i32.const 360) "Bearer ")
            (data (i32.const 388) "\58\01\00\00\0d\00\00\00\68\01\00\00\07\00\00\00")"#,
        call: &call,
        manifest: &manifest.to_string(),
        ..Default::default()
    }
    .component()
}

/// Installs the guests and writes down what they may do.
///
/// # Errors
/// None but for the folder.
pub fn install(home: &Home, servers: &Servers, policy: &mut String) -> anyhow::Result<()> {
    for (name, own_host, secret) in
        [("fetcher", false, false), ("fetcher-host", true, false), ("fetcher-secret", false, true)]
    {
        home.install(&format!("{name}.wasm"), fetcher(name, own_host, secret));
        let secrets = if secret { "secrets = [\"canary\"]" } else { "" };
        writeln!(
            policy,
            "[bundles.{name}]\ntrust = \"path\"\n[bundles.{name}.grants]\nhttp = [\"GET *:*\", \"GET http://*:*\", \"GET \
             http://127.0.0.1:{} private\"]\n{secrets}",
            servers.granted.port()
        )?;
    }
    for name in ["keeper-one", "keeper-two"] {
        home.install(&format!("{name}.wasm"), crash::keeper(name));
        writeln!(policy, "[bundles.{name}]\ntrust = \"path\"\n[bundles.{name}.grants]\nkv_bytes = 100000")?;
    }
    let shared = home.path().join("shared");
    std::fs::create_dir_all(shared.join("inside"))?;
    std::fs::write(home.path().join("secret.txt"), CANARY)?;
    std::os::unix::fs::symlink("..", shared.join("up"))?;
    home.install("climber.wasm", abuse::climber());
    writeln!(
        policy,
        "[bundles.climber]\ntrust = \"path\"\n[bundles.climber.grants]\nfiles = [\"{}:/data:rw\"]",
        shared.display()
    )?;
    Ok(())
}

/// Sets the secret.
///
/// # Errors
/// If the daemon does not take it.
pub async fn set_secret(home: &Home, servers: &Servers) -> anyhow::Result<()> {
    let body = json!({"value": CANARY, "hosts": [format!("http://127.0.0.1:{} private", servers.granted.port())]});
    let mut client = Client::unix(&home.socket()).await?;
    let answer = client.send(Method::PUT, "/v1/secrets/canary", body.to_string()).await?;
    ensure!(answer.status.is_success(), "setting a secret: {}", answer.text());
    Ok(())
}

/// A case for each line.
pub fn cases(home: &Home, servers: &Servers) -> Vec<Case> {
    let (socket, port, granted) = (home.socket(), servers.internal.port(), servers.granted.port());
    let denied = |line, name: &str, url: String| Case {
        line,
        name: name.into(),
        attack: fetching(&socket, "fetcher", &url, servers.breaches.clone()),
        says: vec!["denied: ".into()],
        loads: loads(),
    };
    let decimal = "decimal and IPv4-mapped addresses";
    let redirect = |to: &str| format!("http://127.0.0.1:{granted}/to/{to}");
    let mut cases = vec![
        denied("link-local metadata address", "metadata-address", "http://169.254.169.254/latest/meta-data/".into()),
        denied("`[::1]`", "ipv6-loopback", format!("http://[::1]:{port}/")),
        denied(decimal, "decimal-address", format!("http://2130706433:{port}/")),
        denied(decimal, "hexadecimal-address", format!("http://0x7f000001:{port}/")),
        denied(decimal, "ipv4-mapped-address", format!("http://[::ffff:127.0.0.1]:{port}/")),
        denied(decimal, "any-address", format!("http://0.0.0.0:{port}/")),
        denied("DNS rebinding", "name-of-this-machine", format!("http://localhost:{port}/")),
        denied("redirect to an internal address", "redirect-inside", redirect(&format!("http://127.0.0.1:{port}/"))),
        denied("redirect to an internal address", "redirect-to-metadata", redirect("http://169.254.169.254/")),
    ];
    cases.push(Case {
        line: "`Host` mismatch",
        name: "own-host-header".into(),
        attack: fetching(&socket, "fetcher-host", &format!("http://127.0.0.1:{granted}/"), servers.breaches.clone()),
        says: vec!["`host`".into()],
        loads: loads(),
    });
    let (data_dir, url) = (home.config.data_dir.clone(), format!("http://127.0.0.1:{granted}/"));
    let own = socket.clone();
    cases.push(Case {
        line: "a canary secret looked for in logs, errors, traces and artifacts",
        name: "canary-secret".into(),
        attack: Arc::new(move |number| {
            let (socket, data_dir, url) = (own.clone(), data_dir.clone(), url.clone());
            Box::pin(async move { canary(&socket, &data_dir, &url, number).await })
        }),
        says: vec!["used and never shown".into()],
        loads: loads(),
    });
    let climbing = socket.clone();
    cases.push(Case {
        line: "preopen `..`",
        name: "climber".into(),
        attack: Arc::new(move |_| {
            let socket = climbing.clone();
            Box::pin(async move {
                let answer =
                    Client::unix(&socket).await?.post("/v1/skills/climber_run/call", &json!({"input": {}})).await?;
                Ok(match answer.json()["output"].as_str() {
                    Some(said) => said.to_owned(),
                    None => told(&answer),
                })
            })
        }),
        says: vec!["kept inside".into()],
        loads: loads(),
    });
    cases.push(Case {
        line: "another skill's KV",
        name: "kv-of-another".into(),
        attack: Arc::new(move |number| {
            let socket = socket.clone();
            Box::pin(async move { kv_of_another(&socket, number).await })
        }),
        says: vec!["kept apart".into()],
        loads: loads(),
    });
    cases
}

fn fetching(socket: &Path, skill: &str, url: &str, breaches: Arc<AtomicU64>) -> Attack {
    let (socket, path) = (socket.to_owned(), format!("/v1/skills/{skill}/call"));
    let body = json!({ "input": { "u": url } });
    Arc::new(move |_| {
        let (socket, path, body, breaches) = (socket.clone(), path.clone(), body.clone(), breaches.clone());
        Box::pin(async move {
            let answer = Client::unix(&socket).await?.post(&path, &body).await?;
            ensure!(breaches.load(Ordering::Relaxed) == 0, "the internal server was reached: {}", told(&answer));
            Ok(told(&answer))
        })
    })
}

/// The secret reaches the server it is for, which sends it back in a header and in its body; nobody else sees it.
async fn canary(socket: &Path, data_dir: &Path, url: &str, number: u64) -> anyhow::Result<String> {
    let mut client = Client::unix(socket).await?;
    let answer = client.post("/v1/skills/fetcher-secret/call", &json!({ "input": { "u": url } })).await?;
    ensure!(answer.status.is_success(), "{}", told(&answer));
    let shown = answer.text();
    ensure!(shown.contains("Bearer "), "the secret was not sent: {shown}");
    ensure!(!shown.contains(CANARY), "the guest saw the secret: {shown}");
    // And a failure: a host that the secret is not for.
    let refused = client.post("/v1/skills/fetcher-secret/call", &json!({"input": {"u": "http://192.0.2.1/"}})).await?;
    ensure!(!refused.text().contains(CANARY), "a failure shows the secret: {}", refused.text());
    // Reading everything that an operator may read is for the first alone: it is no hostile act.
    if number == 0 {
        for path in ["/v1/logs", "/v1/audit", "/v1/status", "/v1/secrets", "/v1/bundles", "/metrics"] {
            ensure!(!client.get(path).await?.text().contains(CANARY), "`{path}` shows the secret");
        }
        look_below(data_dir)?;
    }
    Ok("used and never shown: answer, failure, logs, audit log, status, metrics, files".into())
}

fn look_below(folder: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            look_below(&entry.path())?;
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).with_context(|| entry.path().display().to_string())?;
            let shows = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            ensure!(!shows, "`{}` holds the secret as it is", entry.path().display());
        }
    }
    Ok(())
}

async fn kv_of_another(socket: &Path, number: u64) -> anyhow::Result<String> {
    let mut client = Client::unix(socket).await?;
    let number = number % 1000;
    let mut ask = async |skill: &str, act: &str| {
        let body = format!("{{\"input\":{{\"{act}\":{number}}}}}");
        let answer = client.send(Method::POST, &format!("/v1/skills/{skill}/call"), body).await?;
        ensure!(answer.status.is_success(), "{skill}: {}", told(&answer));
        Ok(answer.json()["output"] == json!(true))
    };
    ensure!(ask("keeper-one", "s").await? && ask("keeper-one", "g").await?, "its own state is kept");
    ensure!(!ask("keeper-two", "g").await?, "another bundle sees it");
    Ok("kept apart: the same key of two bundles".into())
}
