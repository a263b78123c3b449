//! The doors over a connection in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::mcp::testing;
use crate::security::signing::KeyPair;
use crate::security::{Audit, PolicyFile, Principal, Role, Secrets};
use crate::self_building::Backing;
use crate::store::Store;

struct Fixture {
    state: DoorState,
    secret: String,
    _dir: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let (config, skills) = testing::open(dir.path()).await;
        let tokens = Tokens::open(&config.data_dir).unwrap();
        let secret = std::fs::read_to_string(Tokens::first_secret_path(&config.data_dir)).unwrap();
        // Not installed: a process has one recorder, and other tests may have it.
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let orchestrator = testing::orchestrator(&skills);
        let agents = testing::agents(&skills, &config).await;
        let store = Store::open(&config.data_dir).unwrap();
        let builder = Builder::new(Backing {
            skills: skills.clone(),
            store: store.clone(),
            ledger: Arc::new(store),
            policy: PolicyFile::at(config.policy_path()),
            audit: Audit::open(&config.data_dir).unwrap(),
            agents: agents.clone(),
            routed: Arc::new(crate::self_building::ByWords),
            now_ms: || 1,
        });
        let state = DoorState {
            agents,
            builder,
            skills,
            orchestrator,
            tokens: Arc::new(tokens),
            secrets: Arc::new(Secrets::open(&config.data_dir).unwrap()),
            policy: PolicyFile::at(config.policy_path()),
            audit: Audit::open(&config.data_dir).unwrap(),
            config: Arc::new(ArcSwap::from_pointee(config)),
            metrics: recorder.handle(),
            started: Instant::now(),
            http_addr: Some(([127, 0, 0, 1], 8080).into()),
            shutdown: CancellationToken::new(),
        };
        Fixture { state, secret: secret.trim().to_owned(), _dir: dir }
    }

    fn local(&self) -> Door {
        let principal = Principal::authenticated("me", Role::Operator);
        Door::new(router(self.state.clone()), Gate::Local(principal))
    }

    fn network(&self) -> Door {
        Door::new(router(self.state.clone()), Gate::network(self.state.tokens.clone(), self.state.config.clone()))
    }

    fn token(&self, role: Role) -> String {
        let operator = Principal::authenticated("me", Role::Operator);
        let (_, secret) = self.state.tokens.create(&operator, role.as_str(), role, None).unwrap();
        secret
    }
}

fn request(method: &str, uri: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(method).uri(uri).header("host", "localhost:8080").body(body.into()).unwrap()
}

async fn ask(door: &Door, request: Request<Body>) -> (StatusCode, Value) {
    let (status, bytes) = ask_raw(door, request).await;
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn ask_raw(door: &Door, request: Request<Body>) -> (StatusCode, Bytes) {
    let response = door.answer(request).await;
    (response.status(), response.into_body().collect().await.unwrap().to_bytes())
}

fn document() -> Value {
    serde_json::from_str(openapi::DOCUMENT).unwrap()
}

#[tokio::test]
async fn the_document_and_the_routes_agree() {
    let document = document();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut documented: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut mounted: Vec<_> = routes().iter().map(|(path, _)| *path).collect();
    documented.sort_unstable();
    mounted.sort_unstable();
    assert_eq!(documented, mounted);

    let fixture = Fixture::new().await;
    let door = fixture.local();
    for path in mounted {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let refused = ask(&door, request(method, &path.replace("{name}", "x").replace("{id}", "x"), "")).await.0;
            let documented = document["paths"][path].get(method.to_lowercase()).is_some();
            assert_eq!(refused != StatusCode::METHOD_NOT_ALLOWED, documented, "{method} {path}");
        }
    }
}

/// Checks an answer against what the document says of its path, method and status.
fn check_documented(path: &str, method: &str, status: StatusCode, body: &Value) {
    let document = document();
    let operation = &document["paths"][path][method];
    let response = &operation["responses"][status.as_str()];
    assert!(response.is_object(), "{method} {path}: {status} is not documented");
    let Some(schema) = response["content"]["application/json"].get("schema") else {
        return;
    };
    let schema = json!({ "components": document["components"], "allOf": [schema] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(body).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{method} {path}: {status}: {errors:?}\n{body}");
}

#[tokio::test]
async fn answers_are_as_documented() {
    let fixture = Fixture::new().await;
    let door = fixture.local();
    let file = fixture.state.config.load().skills_dir.join("math.wasm");
    let (key, _) = KeyPair::create(&fixture.state.config.load().data_dir, "own").unwrap();
    let key = key.public().to_string();
    let cases = [
        ("/healthz", "GET", "/healthz", json!(null), 200),
        ("/openapi.json", "GET", "/openapi.json", json!(null), 200),
        ("/v1/status", "GET", "/v1/status", json!(null), 200),
        ("/v1/skills", "GET", "/v1/skills?limit=1&q=ADD", json!(null), 200),
        ("/v1/skills", "GET", "/v1/skills?limit=0", json!(null), 400),
        ("/v1/skills", "GET", "/v1/skills?limit=x", json!(null), 400),
        ("/v1/skills/{name}", "GET", "/v1/skills/math_add", json!(null), 200),
        ("/v1/skills/{name}", "GET", "/v1/skills/math_ad", json!(null), 404),
        ("/v1/skills/{name}", "GET", "/v1/skills/%ff", json!(null), 400),
        ("/v1/skills/check", "GET", "/v1/skills/check", json!(null), 404),
        ("/v1/skills/check", "POST", "/v1/skills/check", json!({ "path": file }), 200),
        ("/v1/skills/check", "POST", "/v1/skills/check", json!({ "path": "x.wasm" }), 400),
        ("/v1/skills/{name}/examples", "POST", "/v1/skills/math/examples", json!(null), 200),
        ("/v1/skills/{name}/examples", "POST", "/v1/skills/math_add/examples", json!(null), 404),
        ("/v1/skills/{name}/call", "POST", "/v1/skills/math_add/call", json!({ "input": { "a": 2, "b": 3 } }), 200),
        ("/v1/skills/{name}/call", "POST", "/v1/skills/math_add/call", json!({ "input": { "a": "x" } }), 400),
        ("/v1/skills/{name}/call", "POST", "/v1/skills/math_ad/call", json!({ "input": {} }), 404),
        (
            "/v1/skills/{name}/call",
            "POST",
            "/v1/skills/math_spin/call",
            json!({ "input": {}, "limits": { "fuel": 100_000 } }),
            422,
        ),
        ("/v1/tokens", "POST", "/v1/tokens", json!({ "name": "ci", "role": "user", "expires_in_s": 60 }), 201),
        ("/v1/tokens", "POST", "/v1/tokens", json!({ "name": "ci", "role": "user" }), 400),
        ("/v1/tokens", "GET", "/v1/tokens", json!(null), 200),
        ("/v1/tokens/{name}", "DELETE", "/v1/tokens/ci", json!(null), 204),
        ("/v1/tokens/{name}", "DELETE", "/v1/tokens/ci", json!(null), 404),
        ("/v1/secrets/{name}", "PUT", "/v1/secrets/s", json!({ "value": "canary", "hosts": ["a.org"] }), 200),
        ("/v1/secrets/{name}", "PUT", "/v1/secrets/s", json!({ "value": "canary", "hosts": [] }), 400),
        ("/v1/secrets/{name}", "PUT", "/v1/secrets/s", json!({ "value": "canary", "hosts": ["ftp://a"] }), 400),
        ("/v1/secrets/{name}", "PUT", "/v1/secrets/a%20b", json!({ "value": "canary", "hosts": ["a.org"] }), 400),
        ("/v1/secrets", "GET", "/v1/secrets", json!(null), 200),
        ("/v1/secrets/{name}", "DELETE", "/v1/secrets/s", json!(null), 204),
        ("/v1/secrets/{name}", "DELETE", "/v1/secrets/s", json!(null), 404),
        ("/v1/keys/{name}", "PUT", "/v1/keys/acme", json!({ "public": key }), 200),
        ("/v1/keys/{name}", "PUT", "/v1/keys/acme", json!({ "public": "ed25519:AAAA" }), 400),
        ("/v1/keys/{name}", "PUT", "/v1/keys/a%20b", json!({ "public": key }), 400),
        ("/v1/keys", "GET", "/v1/keys", json!(null), 200),
        ("/v1/keys/{name}", "DELETE", "/v1/keys/acme", json!(null), 204),
        ("/v1/keys/{name}", "DELETE", "/v1/keys/acme", json!(null), 404),
        ("/v1/audit", "GET", "/v1/audit?limit=5", json!(null), 200),
        ("/v1/audit", "GET", "/v1/audit?limit=0", json!(null), 400),
        ("/v1/memory/search", "GET", "/v1/memory/search?q=x", json!(null), 200),
        ("/v1/memory/search", "GET", "/v1/memory/search", json!(null), 400),
        ("/v1/memory/export", "GET", "/v1/memory/export?user=nobody", json!(null), 200),
        ("/v1/memory/erase", "POST", "/v1/memory/erase", json!({ "user": "nobody" }), 200),
        ("/v1/memory/erase", "POST", "/v1/memory/erase", json!({ "user": "" }), 400),
        ("/v1/tasks/{id}/correct", "POST", "/v1/tasks/x/correct", json!({ "skill": "math_add" }), 404),
        ("/v1/stats", "GET", "/v1/stats", json!(null), 200),
        ("/v1/stats", "GET", "/v1/stats?days=0", json!(null), 400),
        ("/v1/errors", "GET", "/v1/errors", json!(null), 200),
        ("/v1/bundles", "GET", "/v1/bundles", json!(null), 200),
        ("/v1/bundles", "POST", "/v1/bundles", json!({ "file": "x.js", "data": "c2tpbGwoew==" }), 200),
        ("/v1/bundles", "POST", "/v1/bundles", json!({ "file": "../x.js", "data": "" }), 400),
        ("/v1/bundles", "POST", "/v1/bundles", json!({ "file": "x.js", "data": "%" }), 400),
        ("/v1/bundles/{name}/approve", "POST", "/v1/bundles/math/approve", json!(null), 400),
        ("/v1/bundles/{name}/approve", "POST", "/v1/bundles/meth/approve", json!({ "digest": null }), 404),
        ("/v1/bundles/{name}/grant", "POST", "/v1/bundles/math/grant", json!({ "kv_bytes": 0 }), 200),
        ("/v1/bundles/{name}/grant", "POST", "/v1/bundles/math/grant", json!({ "http": ["ftp://a"] }), 400),
        ("/v1/bundles/{name}/rollback", "POST", "/v1/bundles/math/rollback", json!({}), 400),
        ("/v1/builds", "GET", "/v1/builds", json!(null), 200),
        ("/v1/builds", "POST", "/v1/builds", json!({ "gap": "x", "file": "x.js", "source": "" }), 403),
        ("/v1/builds", "POST", "/v1/builds", json!({}), 400),
        ("/v1/builds/{id}", "GET", "/v1/builds/x", json!(null), 404),
        ("/v1/builds/{id}/cancel", "POST", "/v1/builds/x/cancel", json!({}), 404),
        ("/v1/bundles/{name}/provenance", "GET", "/v1/bundles/math/provenance", json!(null), 200),
        ("/v1/bundles/{name}/provenance", "GET", "/v1/bundles/meth/provenance", json!(null), 404),
        ("/v1/inspect", "POST", "/v1/inspect", json!({ "path": file }), 200),
        ("/v1/inspect", "POST", "/v1/inspect", json!({ "path": "/nothing.wasm" }), 200),
        ("/v1/bundles/{name}", "DELETE", "/v1/bundles/math?forget=1", json!(null), 204),
        ("/v1/bundles/{name}", "DELETE", "/v1/bundles/math", json!(null), 404),
        ("/v1/mcp/stdio", "GET", "/v1/mcp/stdio", json!(null), 426),
    ];
    for (path, method, uri, body, expected) in cases {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let (status, answer) = ask(&door, request(method, uri, body)).await;
        assert_eq!(status.as_u16(), expected, "{method} {uri}: {answer}");
        check_documented(path, &method.to_lowercase(), status, &answer);
    }
}

#[tokio::test]
async fn what_operators_do_is_recorded_with_their_names_and_without_secrets() {
    let fixture = Fixture::new().await;
    let door = fixture.local();
    let key = KeyPair::create(&fixture.state.config.load().data_dir, "own").unwrap().0.public().to_string();
    for (method, uri, body) in [
        ("PUT", "/v1/secrets/s", json!({ "value": "canary-4711", "hosts": ["a.org"] })),
        ("DELETE", "/v1/secrets/s", json!(null)),
        ("DELETE", "/v1/secrets/s", json!(null)),
        ("PUT", "/v1/keys/acme", json!({ "public": key })),
        ("DELETE", "/v1/keys/acme", json!(null)),
        ("POST", "/v1/tokens", json!({ "name": "ci", "role": "user" })),
        ("DELETE", "/v1/tokens/ci", json!(null)),
    ] {
        ask_raw(&door, request(method, uri, body.to_string())).await;
    }
    let (_, answer) = ask(&door, request("GET", "/v1/audit?limit=6", "")).await;
    let entries = answer["entries"].as_array().unwrap();
    let said: Vec<_> = entries.iter().map(|entry| [&entry["who"], &entry["what"], &entry["on"]]).collect();
    let wanted = [
        ["me", "secret.set", "s"],
        ["me", "secret.removed", "s"],
        ["me", "key.trusted", "acme"],
        ["me", "key.distrusted", "acme"],
        ["me", "token.made", "ci"],
        ["me", "token.revoked", "ci"],
    ];
    assert_eq!(json!(said), json!(wanted));
    assert!(!answer.to_string().contains("canary"), "{answer}");
}

#[tokio::test]
async fn a_call_answers_with_output_usage_and_typed_failures() {
    let fixture = Fixture::new().await;
    let door = fixture.local();
    let call = async |body: &str| ask(&door, request("POST", "/v1/skills/math_add/call", body.to_owned())).await;
    let (status, answer) = call(r#"{"input":{"a":2,"b":40},"locale":"sv-SE","session_id":"s","seed":1}"#).await;
    assert_eq!((status, &answer["output"]), (StatusCode::OK, &json!(42)), "{answer}");
    assert!(answer["usage"]["fuel"].as_u64().unwrap() > 0, "{answer}");

    let spin = request("POST", "/v1/skills/math_spin/call", r#"{"limits":{"fuel":100000}}"#);
    let (status, answer) = ask(&door, spin).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((&answer["error"]["kind"], &answer["error"]["limit"]), (&json!("limit-exceeded"), &json!("fuel")));
    assert!(answer["usage"]["fuel"].as_u64().unwrap() > 0 && answer["request_id"].is_string(), "{answer}");

    for (body, wanted) in [
        ("", "not as it should be"),
        ("[]", "not as it should be"),
        (r#"{"input":{}"#, "not as it should be"),
        (r#"{"input":{},"input":{}}"#, "duplicate field `input`"),
        (r#"{"inputs":{}}"#, "did you mean `input`?"),
        (r#"{"limits":{"wall_s":1}}"#, "did you mean `wall_ms`?"),
        (r#"{"limits":{"fuel":-1}}"#, "invalid value"),
        (r#"{"limits":[5]}"#, "a JSON object"),
        (r#"{"locale":7}"#, "invalid type"),
        ("{\"input\":{\"a\":\"\u{0}\"}}", "control character"),
    ] {
        let (status, answer) = call(body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.to_string().contains(wanted), "{body}: {answer}");
    }
    let deep = format!(r#"{{"input":{{"a":{}1{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(call(&deep).await.0, StatusCode::BAD_REQUEST, "deep nesting");
    let large = " ".repeat(fixture.state.config.load().http.body_bytes_max + 1);
    assert_eq!(call(&large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(large))]);
    let (status, _) = ask(&door, request("POST", "/v1/skills/math_add/call", Body::from_stream(chunks))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "without a declared length");
}

#[tokio::test]
async fn events_end_with_the_result() {
    let fixture = Fixture::new().await;
    for (input, wanted) in [(r#"{"input":{"a":1,"b":1}}"#, "event: result"), ("{}", "event: error")] {
        let mut request = request("POST", "/v1/skills/math_add/call", input);
        request.headers_mut().insert(header::ACCEPT, "text/event-stream".parse().unwrap());
        let (status, bytes) = ask_raw(&fixture.local(), request).await;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains(wanted) && text.contains("data: {"), "{text}");
    }
}

#[tokio::test]
async fn the_network_asks_who_and_from_where() {
    let fixture = Fixture::new().await;
    let door = fixture.network();
    let user = fixture.token(Role::User);
    let first = fixture.secret.clone();
    let wrong = first.replace("hos_", "hos-");
    #[expect(clippy::type_complexity, reason = "a table that is read once, just below")]
    let cases: &[(&str, &str, &[(&str, &str)], u16)] = &[
        ("/healthz", "", &[], 200),
        ("/healthz", "", &[("host", "evil.example")], 421),
        ("/v1/skills", "", &[], 401),
        ("/nowhere", "", &[], 401),
        ("/v1/skills", &wrong, &[], 401),
        ("/v1/skills", &user, &[], 200),
        ("/nowhere", &user, &[], 404),
        ("/v1/skills", &user, &[("host", "127.0.0.1:8080")], 200),
        ("/v1/skills", &user, &[("host", "[::1]:8080")], 200),
        ("/v1/skills", &user, &[("host", "skills.example")], 200),
        ("/v1/skills", &user, &[("host", "evil.example:8080")], 421),
        ("/v1/skills", &user, &[("host", "10.0.0.1")], 421),
        ("/v1/skills", &user, &[("host", "a b")], 400),
        ("/v1/skills", &user, &[("origin", "http://localhost:8080")], 200),
        ("/v1/skills", &user, &[("origin", "https://page.example")], 200),
        ("/v1/skills", &user, &[("origin", "http://localhost:9999")], 403),
        ("/v1/skills", &user, &[("origin", "https://evil.example")], 403),
        ("/v1/skills", &user, &[("origin", "null")], 403),
        ("/v1/status", &user, &[], 403),
        ("/v1/logs", &user, &[], 403),
        ("/v1/tokens", &user, &[], 403),
        ("/v1/secrets", &user, &[], 403),
        ("/v1/keys", &user, &[], 403),
        ("/v1/audit", &user, &[], 403),
        ("/v1/audit", &first, &[], 200),
        ("/metrics", &user, &[], 403),
        ("/v1/status", &first, &[], 200),
        ("/v1/logs", &first, &[], 200),
        ("/metrics", &first, &[], 200),
        ("/v1/mcp/stdio", &first, &[], 403),
    ];
    for (path, secret, headers, expected) in cases {
        let mut request = request("GET", path, "");
        if !secret.is_empty() {
            request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {secret}").parse().unwrap());
        }
        for (name, value) in *headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let response = door.answer(request).await;
        assert_eq!(response.status().as_u16(), *expected, "{path} {headers:?}");
        assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), *expected == 401, "{path}");
    }
    let mut twice = request("GET", "/v1/skills", "");
    twice.headers_mut().append(header::HOST, "evil.example".parse().unwrap());
    assert_eq!(door.answer(twice).await.status(), StatusCode::BAD_REQUEST);
    let absolute = request("GET", "http://evil.example/v1/skills", "");
    assert_eq!(door.answer(absolute).await.status(), StatusCode::MISDIRECTED_REQUEST);
    let mut check = request("POST", "/v1/skills/check", r#"{"path":"/etc/passwd"}"#);
    check.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {first}").parse().unwrap());
    assert_eq!(door.answer(check).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        door.answer(Request::builder().method(Method::GET).uri("/healthz").body(Body::empty()).unwrap()).await.status(),
        StatusCode::BAD_REQUEST,
        "no Host at all"
    );
}

#[tokio::test]
async fn a_followed_log_ends_with_the_daemon() {
    let fixture = Fixture::new().await;
    let response = fixture.local().answer(request("GET", "/v1/logs?follow=1&skill=s", "")).await;
    let line = |skill: &str| crate::telemetry::LogLine {
        time_ms: 1,
        request_id: crate::base::RequestId::from_bits(1),
        bundle: "b".into(),
        skill: skill.into(),
        level: crate::telemetry::LogLevel::Info,
        message: format!("of {skill}"),
    };
    fixture.state.skills.guest_log().push(line("other"));
    fixture.state.skills.guest_log().push(line("s"));
    let mut body = response.into_body();
    let mut text = Vec::new();
    while !text.ends_with(b"\n") {
        text.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
    }
    let line: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!((&line["skill"], &line["message"], &line["level"]), (&json!("s"), &json!("of s"), &json!("info")));
    fixture.state.shutdown.cancel();
    assert!(body.frame().await.is_none());
}

/// Serves a door on a TCP port until the token is cancelled.
async fn listen(
    door: Door,
    shutdown: &CancellationToken,
    head_timeout: Duration,
) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let drain = Drain::new(Duration::from_millis(50));
    let serving = Serving { connections_max: 2, shutdown: shutdown.clone(), drain, head_timeout };
    (addr, tokio::spawn(serve(listener, door, serving)))
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_cut_off() {
    let fixture = Fixture::new().await;
    let shutdown = CancellationToken::new();
    let (addr, served) = listen(fixture.local(), &shutdown, Duration::from_millis(20)).await;
    let mut slow = TcpStream::connect(addr).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").await.unwrap();
    let mut rest = Vec::new();
    // Ends: the daemon closes.
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    shutdown.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn connections_are_bounded_and_drained() {
    let fixture = Fixture::new().await;
    let shutdown = CancellationToken::new();
    let (addr, served) = listen(fixture.local(), &shutdown, Serving::HEAD_TIMEOUT).await;
    let get = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut first = TcpStream::connect(addr).await.unwrap();
    let mut second = TcpStream::connect(addr).await.unwrap();
    let mut third = TcpStream::connect(addr).await.unwrap();
    for stream in [&mut first, &mut second] {
        stream.write_all(get).await.unwrap();
        assert!(read_head(stream).await.starts_with("HTTP/1.1 200"));
    }
    third.write_all(get).await.unwrap();
    drop(first);
    assert!(read_head(&mut third).await.starts_with("HTTP/1.1 200"), "served once there is room");

    // One request is in flight for ever: drained for its time, then cancelled.
    second.read_exact(&mut [0; 15]).await.unwrap();
    let call = "POST /v1/skills/math_spin/call HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
    second.write_all(call.as_bytes()).await.unwrap();
    shutdown.cancel();
    served.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn the_private_socket_becomes_an_mcp_connection() {
    let fixture = Fixture::new().await;
    let shutdown = CancellationToken::new();
    let path = fixture.state.config.load().data_dir.join("happyos.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let serving = Serving {
        connections_max: 2,
        shutdown: shutdown.clone(),
        drain: Drain::new(Duration::from_secs(5)),
        head_timeout: Serving::HEAD_TIMEOUT,
    };
    let served = tokio::spawn(serve(listener, fixture.local(), serving));
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let upgrade = b"GET /v1/mcp/stdio HTTP/1.1\r\nHost: happyos\r\nConnection: Upgrade\r\nUpgrade: mcp-stdio\r\n\r\n";
    stream.write_all(upgrade).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    let client = rmcp::ServiceExt::serve((), stream).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap().len(), 3, "two skills, and the one for requests");
    // Stops with the daemon, though the client would go on.
    fixture.state.shutdown.cancel();
    shutdown.cancel();
    served.await.unwrap();
    assert!(client.list_all_tools().await.is_err());
}
