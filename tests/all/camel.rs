//! CAMEL's own package behind `mcp-agent`, installed from the package index: a `ChatAgent.to_mcp()` server with a stub for its
//! model, and a `Workforce.to_mcp()` server whose agents use a scripted one. Skipped, and said so, only where that index cannot
//! be reached.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use happyos_tests::endpoint::{Asked, Endpoint, Say};
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

/// A chat completion as one body.
fn completion(text: &str) -> Say {
    let message = json!({"role": "assistant", "content": text});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    let body = json!({"id": "x", "object": "chat.completion", "created": 1, "model": "scripted", "usage": usage,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
    Say::Body("application/json", body.to_string().into_bytes())
}

/// What stands between these two in `text`, the last time that it does.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.rsplit_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {rest}")).0
}

/// The model of a whole workforce: it takes the task apart, assigns the part, does it, and judges what was done.
fn team(asked: &Asked) -> Say {
    let said = asked.body["messages"].as_array().and_then(|messages| messages.last()?["content"].as_str());
    let said = said.unwrap_or_default();
    if said.contains("assign multiple tasks") {
        let assignment = json!({"task_id": between(said, "Task ID: ", "\n"), "dependencies": [],
            "assignee_id": between(said, "\n<", ">:<Knows capitals.>")});
        completion(&json!({"assignments": [assignment]}).to_string())
    } else if said.contains("evaluate its quality") {
        let verdict = json!({"reasoning": "it is right", "quality_score": 95, "issues": [], "recovery_strategy": null});
        completion(&verdict.to_string())
    } else if said.contains("individual <task> elements") {
        completion("<tasks><task>Name the capital of Sweden.</task></tasks>")
    } else {
        assert!(said.contains("Name the capital of Sweden."), "{said}");
        completion(r#"{"content": "It is Stockholm.", "failed": false}"#)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camel_agent_and_a_camel_workforce_work_as_agents() {
    let Some(python) = python() else {
        eprintln!("SKIPPED: camel-ai cannot be installed: is the Python package index in reach?");
        return;
    };
    let model = Endpoint::start(team).await;
    let mut server = Command::new(python)
        .arg(repo().join("tests/data/camel/server.py"))
        .arg(model.url())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut said = BufReader::new(server.stdout.take().expect("it was piped"));
    let mut ports = String::new();
    said.read_line(&mut ports).expect("it says its ports");
    let log = BufReader::new(server.stderr.take().expect("it was piped"));
    let _camel = Camel(server);
    let mut lines = log.lines().map_while(Result::ok);
    let ready = lines.by_ref().filter(|line| line.contains("Uvicorn running")).take(2).count();
    assert_eq!(ready, 2, "the servers did not start on ports {ports}");
    // What it says is read to the end, or it would be held up.
    std::thread::spawn(move || lines.for_each(drop));
    std::thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));

    let home = Home::new();
    home.install("mcp-agent.wasm", std::fs::read(built("happyos/skills", "mcp-agent.wasm")).unwrap());
    let daemon = home.start().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let settings = [
        ("chat", json!({"tool": "step", "text": "/messages/0/content"})),
        ("workforce", json!({"tool": "process_task", "argument": "task_content", "text": "/result"})),
    ];
    for ((name, settings), port) in settings.into_iter().zip(ports.split_whitespace()) {
        let url = format!("http://127.0.0.1:{port}/mcp");
        for (path, body) in [
            ("/v1/endpoints", json!({"name": name, "url": url, "kind": "mcp-agent", "private": true})),
            ("/v1/agents", json!({"name": name, "adapter": "mcp-agent", "endpoints": [name], "settings": settings})),
        ] {
            let answer = client.post(path, &body).await.unwrap();
            assert!(answer.status.is_success(), "{}", answer.text());
        }
    }
    let mut run = async |agent: &str| {
        let ask = json!({"agent": agent, "input": {"task": "What is the capital of Sweden?"}});
        let answer = client.post("/v1/runs", &ask).await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json()
    };
    let answer = run("chat").await;
    // What CAMEL's stub says to everything.
    assert_eq!(answer["output"]["text"], "Lorem Ipsum", "{answer}");
    assert_eq!(answer["output"]["output"]["status"], "success", "{answer}");

    let answer = run("workforce").await;
    let output = &answer["output"];
    assert!(output["text"].as_str().unwrap().contains("It is Stockholm."), "{answer}");
    assert_eq!(output["output"]["subtasks"][0]["content"], "Name the capital of Sweden.", "{answer}");
    assert_eq!(output["output"]["subtasks"][0]["result"], "It is Stockholm.", "{answer}");
    assert_eq!(model.asked().len(), 4, "taken apart, assigned, done, judged");
    daemon.stop().await;
}
