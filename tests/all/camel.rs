//! CAMEL's own package behind `mcp-agent`: a `ChatAgent.to_mcp()` server with a stub for its model, installed from the
//! package index. Skipped, and said so, only where that index cannot be reached.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use happyos_tests::http::Client;
use happyos_tests::{Home, built, profile_dir, repo};
use serde_json::json;

/// What is installed.
const PACKAGES: [&str; 2] = ["camel-ai==0.2.90", "mcp<2"];

/// A Python with CAMEL, made once below the target folder; `None` where the packages cannot be had.
fn python() -> Option<PathBuf> {
    let venv = profile_dir().parent().expect("a profile lies in the target folder").join("camel/venv");
    let python = venv.join("bin/python");
    let has = |python: &Path| {
        Command::new(python)
            .args(["-c", "import camel, mcp"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|it| it.success())
    };
    if has(&python) {
        return Some(python);
    }
    let run = |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|it| it.success());
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    (made && run(Command::new(&python).args(["-m", "pip", "install", "-q"]).args(PACKAGES)) && has(&python))
        .then_some(python)
}

/// A server, gone when it is dropped.
struct Camel(Child);

impl Drop for Camel {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camel_agent_works_as_an_agent() {
    let Some(python) = python() else {
        eprintln!("SKIPPED: camel-ai cannot be installed: is the Python package index in reach?");
        return;
    };
    let mut server = Command::new(python)
        .arg(repo().join("tests/data/camel/server.py"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut port = String::new();
    BufReader::new(server.stdout.take().expect("it was piped")).read_line(&mut port).expect("it says its port");
    let log = BufReader::new(server.stderr.take().expect("it was piped"));
    let _camel = Camel(server);
    let ready = log.lines().map_while(Result::ok).any(|line| line.contains("Uvicorn running"));
    assert!(ready, "the server did not start on port {port}");

    let home = Home::new();
    home.install("mcp-agent.wasm", std::fs::read(built("happyos/skills", "mcp-agent.wasm")).unwrap());
    let daemon = home.start().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let url = format!("http://127.0.0.1:{}/mcp", port.trim());
    let settings = json!({"tool": "step", "text": "/messages/0/content"});
    for (path, body) in [
        ("/v1/endpoints", json!({"name": "camel", "url": url, "kind": "mcp-agent", "private": true})),
        ("/v1/agents", json!({"name": "camel", "adapter": "mcp-agent", "settings": settings})),
    ] {
        let answer = client.post(path, &body).await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.text());
    }
    let ask = json!({"agent": "camel", "input": {"task": "What is the capital of Sweden?"}});
    let answer = client.post("/v1/runs", &ask).await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.text());
    let answer = answer.json();
    // What CAMEL's stub says to everything.
    assert_eq!(answer["output"]["text"], "Lorem Ipsum", "{answer}");
    assert_eq!(answer["output"]["output"]["status"], "success", "{answer}");
    daemon.stop().await;
}
