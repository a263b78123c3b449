//! Both transports of MCP, over connections in this process.

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ErrorCode};
use rmcp::service::ServiceError;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::mcp::testing;
use crate::security::{Principal, Role};
use crate::skills::Skills;

fn user() -> Principal {
    Principal::authenticated("u", Role::User)
}

async fn skills() -> (Skills, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (testing::open(dir.path()).await.1, dir)
}

fn server(skills: &Skills) -> Server {
    Server { skills: skills.clone(), orchestrator: testing::orchestrator(skills), principal: user() }
}

fn call(name: &'static str, arguments: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(name).with_arguments(arguments.as_object().unwrap().clone())
}

#[tokio::test]
async fn every_skill_is_a_tool_over_lines() {
    let (skills, _dir) = skills().await;
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let served = tokio::spawn(serve_stdio(server(&skills), ours, 1 << 20, CancellationToken::new()));
    let client = ().serve(theirs).await.unwrap();

    let tools = client.list_all_tools().await.unwrap();
    let add = tools.iter().find(|tool| tool.name == "math_add").unwrap();
    assert_eq!(add.input_schema["type"], "object");
    assert!(add.annotations.as_ref().unwrap().read_only_hint.is_some());

    let result = client.call_tool(call("math_add", json!({ "a": 2, "b": 40 }))).await.unwrap();
    assert_eq!(result.is_error, Some(false));
    assert_eq!(result.content[0].as_text().unwrap().text, "42");
    let meta = result.meta.unwrap();
    assert!(meta["dev.happyos/usage"]["fuel"].as_u64().unwrap() > 0);
    assert!(meta["dev.happyos/request-id"].is_string());

    let result = client.call_tool(CallToolRequestParams::new("math_add")).await.unwrap();
    assert_eq!(result.is_error, Some(true), "no arguments are empty arguments");
    assert!(result.content[0].as_text().unwrap().text.starts_with("invalid-input: "));
    assert_eq!(result.meta.unwrap()["dev.happyos/error"]["kind"], "invalid-input");

    let error = client.call_tool(call("math_ad", json!({}))).await.unwrap_err();
    let ServiceError::McpError(error) = error else { panic!("{error}") };
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert!(error.message.contains("math_add"), "{error}");

    client.cancel().await.unwrap();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn bad_lines_are_answered_and_the_connection_goes_on() {
    let (skills, _dir) = skills().await;
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let served = tokio::spawn(serve_stdio(server(&skills), ours, 1000, CancellationToken::new()));
    let (read, mut write) = tokio::io::split(theirs);
    let mut lines = BufReader::new(read).lines();
    let mut ask = async |line: &str| -> Value {
        write.write_all(line.as_bytes()).await.unwrap();
        write.write_all(b"\n").await.unwrap();
        serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap()
    };
    let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } });
    let answer = ask(&initialize.to_string()).await;
    assert_eq!(answer["result"]["serverInfo"]["name"], "happyos");
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
    assert_eq!(ask(&format!("{initialized}\n\r\n{ping}")).await["id"], 2);

    assert_eq!(ask("{not json").await["error"]["code"], -32700);
    assert_eq!(ask("[1]").await["error"]["code"], -32600);
    assert_eq!(ask("\"\u{0}\"").await["error"]["code"], -32700);
    assert_eq!(ask(&"[".repeat(900)).await["error"]["code"], -32700);
    let answer = ask(&format!("\"{}\"", "x".repeat(1001))).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("1000 bytes"), "{answer}");
    let listing = r#"{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"not one of ours"}}"#;
    assert_eq!(ask(listing).await["error"]["code"], -32602);
    let wrong = r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"math_add","arguments":[1]}}"#;
    let answer = ask(wrong).await;
    assert!(answer["error"]["code"].is_i64() && answer["id"] == 4, "{answer}");
    drop((write, lines));
    served.await.unwrap().unwrap();
}

async fn post(skills: &Skills, version: &str, method: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post("/mcp")
        .header("host", "localhost")
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("mcp-protocol-version", version)
        .header("mcp-method", method)
        .header("mcp-name", body["params"]["name"].as_str().unwrap_or_default())
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let response = answer_http(server(skills), request).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{status}: {bytes:?}")))
}

#[tokio::test]
async fn http_answers_both_eras_without_a_session() {
    let (skills, _dir) = skills().await;
    let request = |id: u64, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let old = "2025-11-25";
    let initialize =
        json!({ "protocolVersion": old, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let (status, answer) = post(&skills, old, "initialize", request(1, "initialize", initialize)).await;
    assert_eq!((status, &answer["result"]["protocolVersion"]), (StatusCode::OK, &json!(old)), "{answer}");
    let params = json!({ "name": "math_add", "arguments": { "a": 1, "b": 2 } });
    let (_, answer) = post(&skills, old, "tools/call", request(2, "tools/call", params)).await;
    assert_eq!(answer["result"]["content"][0]["text"], "3", "{answer}");
    let kept = ["resultType", "structuredContent"].map(|key| answer["result"].get(key));
    assert_eq!(kept, [None, None], "older clients know neither, unless the output is an object: {answer}");

    let new = "2026-07-28";
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": new,
        "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let (_, answer) =
        post(&skills, new, "server/discover", request(3, "server/discover", json!({ "_meta": meta }))).await;
    assert!(answer["result"]["supportedVersions"].as_array().unwrap().contains(&json!(new)), "{answer}");
    let (_, answer) = post(&skills, new, "tools/list", request(4, "tools/list", json!({ "_meta": meta }))).await;
    assert_eq!(answer["result"]["cacheScope"], "private", "{answer}");
    let params = json!({ "_meta": meta, "name": "math_add", "arguments": { "a": 1, "b": 2 } });
    let (_, answer) = post(&skills, new, "tools/call", request(5, "tools/call", params.clone())).await;
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    assert_eq!(answer["result"]["structuredContent"], 3, "{answer}");
    let (status, answer) = post(&skills, new, "tools/list", request(6, "tools/call", params)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the header says another method than the body: {answer}");
}

/// What is answered directly is answered as the library would: here the same message, once with a member that is left to it.
#[tokio::test]
async fn a_plain_call_is_answered_the_same_directly_and_by_the_library() {
    let (skills, _dir) = skills().await;
    let ask = async |message: Value| {
        let request = Request::post("/mcp")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-11-25")
            .body(Full::new(Bytes::from(message.to_string())))
            .unwrap();
        let answer = answer_http(server(&skills), request).await;
        assert_eq!(
            (answer.status(), answer.headers()["content-type"].to_str().unwrap()),
            (StatusCode::OK, "application/json")
        );
        let mut body: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        // These differ from call to call.
        if let Some(meta) = body.pointer_mut("/result/_meta").and_then(Value::as_object_mut) {
            assert!(meta.remove("dev.happyos/request-id").is_some());
            assert!(meta.remove("dev.happyos/usage").is_some());
        }
        body
    };
    for (name, arguments) in
        [("math_add", json!({ "a": 2, "b": 40 })), ("math_add", json!({ "a": "two" })), ("math_ad", json!({}))]
    {
        let message = json!({
            "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": name, "arguments": arguments },
        });
        let mut left = message.clone();
        left["params"]["left"] = json!(true);
        assert_eq!(ask(message).await, ask(left).await, "{name}");
    }
}
