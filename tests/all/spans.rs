//! The daemon's spans at a collector, within the traces of those who call it.

use happyos_tests::endpoint::{Endpoint, Say};
use happyos_tests::http::Client;
use happyos_tests::server::{Server, response};
use happyos_tests::{Home, built, process};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde_json::{Value, json};

/// The trace of who calls.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// Its spans that call: over HTTP, over MCP by the message's data in both of its ways, and by the header of such.
const CALLED: [&str; 4] = ["00f067aa0ba902b1", "00f067aa0ba902b2", "00f067aa0ba902b3", "00f067aa0ba902b4"];
/// And its span that has an agent work.
const RUN: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn traceparent(span: &str) -> String {
    format!("00-{TRACE}-{span}-01")
}

/// Requests that are parts of a trace, and one that says so wrongly; their ids, in order.
async fn traced(home: &Home) -> Vec<String> {
    let endpoint = Endpoint::saying(Say::Text("hello".into())).await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let models = json!({"name": "m", "url": endpoint.url(), "private": true, "model": "m"});
    for (path, body) in [("/v1/endpoints", models), ("/v1/agents", json!({"name": "a"}))] {
        assert!(client.post(path, &body).await.unwrap().status.is_success());
    }
    let ask = json!({"plan": {"steps": [{"agent": {"name": "a"}, "arguments": {"task": "greet"}}]}});
    let with = async |parent: &str| Client::unix(&home.socket()).await.unwrap().with("traceparent", parent);
    let plain = async |parent: &str| {
        let task = with(parent).await.with("tracestate", "a=b").post("/v1/requests", &ask).await.unwrap().json();
        task["id"].as_str().unwrap().to_owned()
    };
    let run = json!({"agent": "a", "input": {"task": "greet"}});
    let events = with(&traceparent(RUN)).await.with("accept", "text/event-stream");
    let told = { events }.post("/v1/runs", &run).await.unwrap().text();
    assert!(told.contains("event: result"), "{told}");

    let mut ids = vec![plain(&traceparent(CALLED[0])).await];
    let called = async |header: Option<String>, meta: Value| {
        let client = match header {
            Some(parent) => with(&parent).await,
            None => Client::unix(&home.socket()).await.unwrap(),
        };
        let mut client =
            client.with("accept", "application/json, text/event-stream").with("mcp-protocol-version", "2025-11-25");
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "ask", "arguments": {"text": "what is 17 * 23"}, "_meta": meta}});
        let told = client.post("/mcp", &message).await.unwrap().text();
        let (_, rest) = told.split_once("\"task_id\":\"").unwrap_or_else(|| panic!("{told}"));
        rest.split('"').next().unwrap().to_owned()
    };
    ids.push(called(None, json!({"traceparent": traceparent(CALLED[1])})).await);
    // With progress the library takes it; the message's own word goes before the header's.
    let meta = json!({"traceparent": traceparent(CALLED[2]), "progressToken": "p"});
    ids.push(called(Some(traceparent(RUN)), meta).await);
    ids.push(called(Some(traceparent(CALLED[3])), json!({"progressToken": "p"})).await);
    for wrong in ["00-nonsense", &traceparent("0000000000000000"), &traceparent(CALLED[0]).to_uppercase()] {
        ids.push(plain(wrong).await);
    }
    // Whom an agent works with is not told of it.
    for asked in endpoint.asked() {
        let head = asked.head.to_ascii_lowercase();
        assert!(!head.contains("traceparent") && !head.contains(TRACE), "{head}");
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_that_the_environment_names() {
    let collector = Server::start(|_| response(200, &[("content-type", "application/x-protobuf")], "")).await;
    let home = Home::new();
    home.configure("");
    for name in ["calc.wasm", "openai-compatible.wasm"] {
        home.install(name, std::fs::read(built("happyos/skills", name)).unwrap());
    }
    let environment =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url("")), ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=canary-otlp")];
    let running = process::Running::start_in(&home, &environment).await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let answer = client.post("/v1/requests", &json!({"text": "what is 17 * 23"})).await.unwrap();
    let task = answer.json();
    assert_eq!(task["state"], "completed", "{task}");
    let of_callers = traced(&home).await;
    running.terminate();
    let (code, said) = tokio::task::spawn_blocking(|| running.finish()).await.unwrap();
    assert_eq!(code, 0, "{said:?}");
    assert!(!said.iter().any(|line| line.contains("canary-otlp")), "{said:?}");

    let seen = collector.seen();
    assert!(seen.iter().all(|seen| seen.path() == "/v1/traces" && seen.header("x-key") == Some("canary-otlp")));
    let batches = seen.iter().map(|seen| ExportTraceServiceRequest::decode(&*seen.body).expect("it is OTLP"));
    let resources: Vec<_> = batches.flat_map(|batch| batch.resource_spans).collect();
    let spans: Vec<_> = resources.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans).collect();
    let id = |task: &Value| task["id"].as_str().unwrap().to_owned();
    let request_of = |id: &str| {
        let found = spans.iter().find(|span| span.name == "request" && format!("{:?}", span.attributes).contains(id));
        *found.unwrap_or_else(|| panic!("no request {id}"))
    };
    let below = |parent: &[u8], name: &str| {
        let found = spans.iter().find(|span| span.name == name && span.parent_span_id == parent);
        *found.unwrap_or_else(|| panic!("no `{name}` below {}", hex(parent)))
    };
    let request = request_of(&id(&task));
    let step = below(&request.span_id, "step");
    assert_eq!((&step.trace_id, request.parent_span_id.len()), (&request.trace_id, 0), "nobody called");
    for (nth, task) in of_callers.iter().enumerate() {
        let request = request_of(task);
        let (trace, caller) = (hex(&request.trace_id), hex(&request.parent_span_id));
        if nth < CALLED.len() {
            assert_eq!((trace, caller), (TRACE.to_owned(), CALLED[nth].to_owned()));
        } else {
            assert!(trace != TRACE && caller.is_empty(), "what is malformed counts for nothing: {request:?}");
        }
    }
    // A run has no request around it, and within one it is a part of that.
    let run = spans.iter().find(|span| span.name == "invoke_agent" && hex(&span.parent_span_id) == RUN).unwrap();
    assert_eq!(hex(&run.trace_id), TRACE);
    let step = below(&request_of(&of_callers[0]).span_id, "step");
    assert_eq!(hex(&below(&step.span_id, "invoke_agent").trace_id), TRACE);
    assert!(format!("{:?}", resources[0].resource).contains("happyos"), "{:?}", resources[0].resource);
}
