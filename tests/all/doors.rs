//! The daemon and its doors: HTTP, MCP over both transports, tokens, stopping, and one process per data directory.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use happyos::daemon::Daemon;
use happyos_tests::guest::{LOG, PROGRESS};
use happyos_tests::http::{Client, Response};
use happyos_tests::{Home, SkillGuest, process};
use hyper::Method;
use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use serde_json::{Value, json};

const SPIN: &str = "(loop $spin (br $spin)) unreachable";

/// A daemon in this process with an echo, a loop, a trap and a bad file.
async fn daemon() -> (Home, Daemon) {
    let home = Home::new();
    home.install_guest(&SkillGuest {
        name: "echo",
        metadata: r#"{"description": "Gives back what it gets.",
            "inputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}},
            "outputSchema": {"type": "object"},
            "examples": [{"request": {"en": "Echo one", "sv": "Eka ett"}, "input": {"n": 1}, "output": {"n": 1}}]}"#,
        ..Default::default()
    });
    home.install_guest(&SkillGuest { name: "spinner", call: SPIN, ..Default::default() });
    home.install_guest(&SkillGuest { name: "trapper", call: "unreachable", ..Default::default() });
    home.install("bad.wasm", "not a component");
    let daemon = home.start().await;
    (home, daemon)
}

fn first_token(home: &Home) -> String {
    std::fs::read_to_string(home.config.data_dir.join("first-token")).unwrap().trim().to_owned()
}

fn address(daemon: &Daemon) -> SocketAddr {
    daemon.http_addr().expect("it serves HTTP")
}

async fn client(home: &Home, daemon: &Daemon) -> Client {
    Client::tcp(address(daemon)).await.unwrap().bearer(&first_token(home))
}

/// Checks the one shape of every refusal.
fn refused(answer: &Response, status: u16, kind: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["error"]["kind"], kind, "{body}");
    assert!(body["error"]["message"].as_str().is_some_and(|message| message.len() > 5), "{body}");
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skills_are_listed_and_called_over_http() {
    let (home, daemon) = daemon().await;
    let mut http = client(&home, &daemon).await;
    let listed = http.get("/v1/skills").await.unwrap().json();
    let names: Vec<_> = listed["skills"].as_array().unwrap().iter().map(|skill| skill["name"].clone()).collect();
    assert_eq!(names, ["echo", "spinner", "trapper"]);
    let answer = http.post("/v1/skills/echo/call", &json!({"input": {"n": 7, "text": "räka"}})).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["output"], json!({"n": 7, "text": "räka"}));
    assert!(body["usage"]["fuel"].as_u64().unwrap() > 0 && body["usage"]["wall_us"].as_u64().unwrap() > 0, "{body}");
    assert_eq!(body["request_id"].as_str().unwrap().len(), 32);
    // Left out, the input is an empty object.
    assert_eq!(http.post("/v1/skills/echo/call", &json!({})).await.unwrap().json()["output"], json!({}));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_have_a_status_a_kind_and_true_usage() {
    let (home, daemon) = daemon().await;
    let mut http = client(&home, &daemon).await;
    let call = |skill: &str| format!("/v1/skills/{skill}/call");
    let limits = json!({"input": {}, "limits": {"fuel": 1_000_000}});
    let body = refused(&http.post(&call("spinner"), &limits).await.unwrap(), 422, "limit-exceeded");
    assert_eq!(body["error"]["limit"], "fuel");
    assert!(body["usage"]["fuel"].as_u64().unwrap() > 900_000, "{body}");
    assert!(body["error"]["hint"].is_string(), "{body}");
    let body = refused(&http.post(&call("trapper"), &json!({})).await.unwrap(), 502, "trap");
    assert!(body["usage"]["fuel"].as_u64().unwrap() > 0, "{body}");
    refused(&http.post(&call("echo"), &json!({"input": {"n": "seven"}})).await.unwrap(), 400, "invalid-input");
    refused(&http.post(&call("nobody"), &json!({})).await.unwrap(), 404, "not-found");
    refused(&http.get("/v1/nothing").await.unwrap(), 404, "not-found");
    refused(&http.send(Method::DELETE, "/v1/skills", "").await.unwrap(), 405, "method-not-allowed");
    for (body, says) in [
        ("{", "body"),
        (r#"{"inptu": {}}"#, "inptu"),
        (r#"{"input": {}, "limits": {"fule": 1}}"#, "fule"),
        (r#"{"input": {}, "limits": {"fuel": -1}}"#, "body"),
        (r#"[]"#, "body"),
        ("\u{0}", "body"),
    ] {
        let answer = http.send(Method::POST, &call("echo"), body).await.unwrap();
        let refusal = refused(&answer, 400, "invalid-input");
        assert!(refusal["error"]["message"].as_str().unwrap().contains(says), "{body}: {refusal}");
    }
    let deep = format!("{{\"input\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    refused(&http.send(Method::POST, &call("echo"), deep).await.unwrap(), 400, "invalid-input");
    let large = format!("{{\"input\": {{\"x\": \"{}\"}}}}", "a".repeat(home.config.http.body_bytes_max + 1));
    let mut other = client(&home, &daemon).await;
    let answer = other.send(Method::POST, &call("echo"), large).await;
    // The daemon may close before all is sent; an answer that comes says why.
    if let Ok(answer) = answer {
        refused(&answer, 413, "too-large");
    }
    let answer = http.post(&call("echo"), &json!({"input": {"n": 1}})).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200, "the daemon still answers");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_tells_its_state_to_operators() {
    let (home, daemon) = daemon().await;
    let mut http = client(&home, &daemon).await;
    http.post("/v1/skills/echo/call", &json!({})).await.unwrap();
    let status = http.get("/v1/status").await.unwrap().json();
    assert!(status.to_string().contains("bad.wasm"), "the refused file is named: {status}");
    let metrics = http.get("/metrics").await.unwrap();
    assert!(metrics.text().contains("happyos_calls_total"), "{}", metrics.text());
    let document = http.get("/openapi.json").await.unwrap().json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{document}");
    let mut anyone = Client::tcp(address(&daemon)).await.unwrap();
    assert_eq!(anyone.get("/healthz").await.unwrap().status.as_u16(), 200);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_a_wrong_one_an_old_one_and_a_small_role_are_refused() {
    let (home, daemon) = daemon().await;
    let mut local = Client::unix(&home.socket()).await.unwrap();
    let made = local.post("/v1/tokens", &json!({"name": "small", "role": "user", "expires_in_s": 3600})).await.unwrap();
    assert!(made.status.is_success(), "{}", made.text());
    let body = made.json();
    let secret = body["secret"].as_str().unwrap_or_else(|| panic!("no secret in {body}")).to_owned();

    let connect = || Client::tcp(address(&daemon));
    let mut small = connect().await.unwrap().bearer(&secret);
    assert_eq!(small.get("/v1/skills").await.unwrap().status.as_u16(), 200);
    assert_eq!(small.post("/v1/skills/echo/call", &json!({})).await.unwrap().status.as_u16(), 200);
    for path in ["/v1/status", "/metrics", "/v1/logs", "/v1/tokens"] {
        refused(&small.get(path).await.unwrap(), 403, "denied");
    }
    for path in ["/v1/skills", "/v1/status", "/metrics", "/mcp", "/v1/nothing"] {
        let answer = connect().await.unwrap().get(path).await.unwrap();
        refused(&answer, 401, "unauthenticated");
        assert!(answer.headers.contains_key("www-authenticate"));
        refused(&connect().await.unwrap().bearer("wrong").get(path).await.unwrap(), 401, "unauthenticated");
    }
    let gone = local.send(Method::DELETE, "/v1/tokens/small", "").await.unwrap();
    assert!(gone.status.is_success(), "{}", gone.text());
    refused(&small.get("/v1/skills").await.unwrap(), 401, "unauthenticated");
    let stored = std::fs::read_to_string(home.config.data_dir.join("tokens.json")).unwrap();
    assert!(!stored.contains(&first_token(&home)), "tokens are stored hashed");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_hosts_and_origins_are_refused() {
    let (home, daemon) = daemon().await;
    let port = address(&daemon).port();
    for (host, status) in [
        ("evil.example", 421),
        (&*format!("evil.example:{port}"), 421),
        ("169.254.169.254", 421),
        (&*format!("localhost:{port}"), 200),
        (&*format!("127.0.0.1:{port}"), 200),
    ] {
        for path in ["/v1/skills", "/healthz"] {
            let answer = client(&home, &daemon).await.with("host", host).get(path).await.unwrap();
            assert_eq!(answer.status.as_u16(), status, "{host}{path}: {}", answer.text());
        }
    }
    for (origin, refused) in [
        ("https://evil.example", true),
        ("null", true),
        ("http://localhost.evil.example", true),
        (&*format!("http://127.0.0.1:{port}"), false),
    ] {
        for path in ["/v1/skills", "/mcp"] {
            let answer = client(&home, &daemon).await.with("origin", origin).get(path).await.unwrap();
            assert_eq!(answer.status.as_u16() == 403, refused, "{origin} {path}: {} {}", answer.status, answer.text());
        }
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_and_logs_reach_those_who_wait_for_them() {
    let home = Home::new();
    home.install_guest(&SkillGuest {
        name: "walker",
        imports: &format!("{PROGRESS}{LOG}"),
        fields: r#"(data (i32.const 300) "half way")"#,
        call: "(call $report (f64.const 1) (i32.const 1) (f64.const 2) (i32.const 300) (i32.const 8))
               (call $log (i32.const 2) (i32.const 300) (i32.const 8))
               (call $answer (local.get $input) (local.get $input_len))",
        ..Default::default()
    });
    let daemon = home.start().await;
    let mut http = client(&home, &daemon).await.with("accept", "text/event-stream");
    let events = http.post("/v1/skills/walker/call", &json!({"input": {"a": 1}})).await.unwrap().text();
    assert!(events.contains("event: result") || events.contains("event:result"), "{events}");
    let mut http = client(&home, &daemon).await;
    let logs = http.get("/v1/logs").await.unwrap().text();
    assert!(logs.contains("half way") && logs.contains("walker"), "{logs}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_ends_its_call() {
    let mut home = Home::new();
    home.config.limits.wall_ms = 600_000;
    home.config.limits.fuel = u64::MAX >> 2;
    home.install_guest(&SkillGuest { name: "spinner", call: SPIN, ..Default::default() });
    let daemon = home.start().await;
    let mut going = client(&home, &daemon).await;
    let mut watching = client(&home, &daemon).await;
    let call = tokio::spawn(async move { going.post("/v1/skills/spinner/call", &json!({})).await.is_ok() });
    running_calls(&mut watching, 1).await;
    call.abort();
    assert!(call.await.is_err());
    running_calls(&mut watching, 0).await;
    daemon.stop().await;
}

/// Asks for the status until so many calls run.
async fn running_calls(http: &mut Client, wanted: u64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let status = http.get("/v1/status").await.unwrap().json();
        let running = status.pointer("/components/runtime/calls_running").and_then(Value::as_u64);
        if running.unwrap_or_else(|| panic!("no running calls in {status}")) == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{wanted} running calls never came: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_daemon_on_the_same_data_is_refused() {
    let (home, daemon) = daemon().await;
    let error = home.try_start().await.err().expect("the data directory is held");
    assert!(error.message.contains(&std::process::id().to_string()), "{error:?}");
    daemon.stop().await;
    drop(daemon);
    let again = home.start().await;
    let mut http = client(&home, &again).await;
    assert_eq!(http.get("/v1/skills").await.unwrap().status.as_u16(), 200, "the token outlives the daemon");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains() {
    let home = Home::new();
    home.configure("drain_ms = 30000\nlimits.fuel = 1000000000000");
    home.install_guest(&SkillGuest { name: "spinner", call: SPIN, ..Default::default() });
    let running = process::Running::start(&home).await;
    let mut http = Client::unix(&home.socket()).await.unwrap();
    let mut watching = Client::unix(&home.socket()).await.unwrap();
    let call = tokio::spawn(async move {
        http.post("/v1/skills/spinner/call", &json!({"input": {}, "limits": {"wall_ms": 700}})).await
    });
    running_calls(&mut watching, 1).await;
    running.terminate();
    let answer = call.await.unwrap().expect("a call in flight is answered");
    refused(&answer, 422, "limit-exceeded");
    let (code, said) = tokio::task::spawn_blocking(move || running.finish()).await.unwrap();
    assert_eq!(code, 0, "{}", said.join("\n"));
    assert!(Client::unix(&home.socket()).await.is_err(), "nobody answers any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_without_warning_it_starts_again() {
    let home = Home::new();
    home.configure("");
    home.install_guest(&SkillGuest { name: "echo", ..Default::default() });
    drop(process::Running::start(&home).await);
    let again = process::Running::start(&home).await;
    let mut http = Client::unix(&home.socket()).await.unwrap();
    assert_eq!(http.post("/v1/skills/echo/call", &json!({})).await.unwrap().status.as_u16(), 200);
    drop(again);
}

async fn check_mcp<T, E, A>(transport: T)
where
    T: rmcp::transport::IntoTransport<rmcp::RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let client = ().serve(transport).await.unwrap();
    assert!(client.peer_info().is_some());
    let tools = client.list_all_tools().await.unwrap();
    let echo = tools.iter().find(|tool| tool.name == "echo").expect("every skill is a tool");
    assert_eq!(echo.description.as_deref(), Some("Gives back what it gets."));
    assert_eq!(echo.input_schema.get("type"), Some(&json!("object")));
    assert!(echo.output_schema.is_some());
    let hints = echo.annotations.as_ref().expect("behaviour hints");
    assert_eq!((hints.read_only_hint, hints.destructive_hint), (Some(true), Some(false)));
    let call = |name: &str, arguments: Value| {
        let mut params = CallToolRequestParams::default();
        params.name = name.to_owned().into();
        params.arguments = arguments.as_object().cloned();
        client.call_tool(params)
    };
    let good = call("echo", json!({"n": 3, "text": "å"})).await.unwrap();
    assert_ne!(good.is_error, Some(true), "{good:?}");
    assert_eq!(good.structured_content, Some(json!({"n": 3, "text": "å"})));
    let trap = call("trapper", json!({})).await.unwrap();
    assert_eq!(trap.is_error, Some(true), "a failed call is a tool's error, which the model sees: {trap:?}");
    assert!(serde_json::to_string(&trap).unwrap().contains("trap"), "{trap:?}");
    assert!(call("nobody", json!({})).await.is_err_or_error());
    client.cancel().await.unwrap();
}

/// MCP lets an unknown tool be a protocol error or a tool's.
trait Failed {
    fn is_err_or_error(&self) -> bool;
}

impl<E> Failed for Result<rmcp::model::CallToolResult, E> {
    fn is_err_or_error(&self) -> bool {
        self.as_ref().map_or(true, |result| result.is_error == Some(true))
    }
}

async fn check_mcp_command(home: &Home) -> String {
    let mut command = tokio::process::Command::from(process::command(home));
    let mut child = command.arg("mcp").stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let streams = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let stderr = child.stderr.take().unwrap();
    check_mcp(streams).await;
    // Its input closed, the command ends by itself.
    let status = tokio::time::timeout(Duration::from_secs(20), child.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}");
    let mut said = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut { stderr }, &mut said).await.unwrap();
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mcp_over_stdio_embedded_and_through_the_daemon() {
    let (home, daemon) = daemon().await;
    home.configure("");
    for _ in 0..2 {
        // The end of one connection ends nothing else.
        let said = check_mcp_command(&home).await;
        assert!(!said.contains("no daemon"), "{said}");
    }
    daemon.stop().await;
    drop(daemon);
    let said = check_mcp_command(&home).await;
    assert!(said.contains("no daemon"), "it says that it runs embedded: {said}");
}

/// One JSON-RPC request to `/mcp`; the answer comes as JSON or as an event stream.
async fn rpc(http: &mut Client, message: &Value) -> (Option<String>, Value) {
    let answer = http.post("/mcp", message).await.unwrap();
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text());
    let session = answer.headers.get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
    let text = answer.text();
    let json = text.lines().rev().find_map(|line| {
        let data = line.strip_prefix("data:").unwrap_or(line).trim();
        serde_json::from_str(data).ok()
    });
    (session, json.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mcp_over_http() {
    let (home, daemon) = daemon().await;
    let mut http = client(&home, &daemon).await.with("accept", "application/json, text/event-stream");
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}});
    let (session, hello) = rpc(&mut http, &hello).await;
    assert!(hello["result"]["capabilities"]["tools"].is_object(), "{hello}");
    if let Some(session) = session {
        http = http.with("mcp-session-id", &session);
    }
    http = http.with("mcp-protocol-version", hello["result"]["protocolVersion"].as_str().unwrap());
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert!(http.post("/mcp", &ready).await.unwrap().status.is_success());
    let (_, tools) = rpc(&mut http, &json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).await;
    assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 4, "{tools}");
    let call = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call",
        "params": {"name": "echo", "arguments": {"n": 5}}});
    let (_, answer) = rpc(&mut http, &call).await;
    assert_eq!(answer["result"]["structuredContent"], json!({"n": 5}), "{answer}");
    for bad in ["{", "[]", r#"{"jsonrpc": "1.0"}"#] {
        let answer = http.send(Method::POST, "/mcp", bad).await.unwrap();
        assert!(answer.status.is_client_error(), "{bad}: {} {}", answer.status, answer.text());
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_listens_is_private_unless_configured() {
    use std::os::unix::fs::PermissionsExt as _;
    let (home, daemon) = daemon().await;
    assert!(address(&daemon).ip().is_loopback());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.config.data_dir), 0o700);
    assert_eq!(mode(&home.socket()), 0o600);
    assert_eq!(mode(&home.config.data_dir.join("first-token")), 0o600);
    daemon.stop().await;
}
