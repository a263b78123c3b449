//! Agents as steps of requests: what money they share, what they ask over MCP, and what those that die, lie or never end
//! come to.

use happyos_tests::endpoint::{Endpoint, Say};
use happyos_tests::guest::{PROGRESS, SPIN};
use happyos_tests::http::Client;
use happyos_tests::{AgentGuest, process};
use serde_json::{Value, json};

use super::agents::{Bench, home, ruled};

/// A run at the priced endpoint costs so much: 10 tokens read and 5 written.
const COST: u64 = 20;

/// An endpoint where each run costs [`COST`], and an agent `dear` that works there.
async fn dear(bench: &mut Bench, endpoint: &Endpoint) {
    let body = json!({"name": "models", "url": endpoint.url(), "private": true, "model": "m",
        "input_price": 1_000_000, "output_price": 2_000_000});
    bench.post("/v1/endpoints", body).await;
    bench.agent(json!({"name": "dear"})).await;
}

fn step(agent: &str, more: Value) -> Value {
    let mut step = json!({"agent": {"name": agent}, "arguments": {"task": "say it"}});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

fn states(task: &Value) -> Vec<&str> {
    task["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_one_budget_for_the_agents_of_a_request_and_lasts_over_a_restart() {
    let endpoint = Endpoint::saying(Say::Text("said".into())).await;
    let home = home(&["openai-compatible", "rules", "text-stats"]);
    home.configure("");
    let mut bench = Bench::of(home).await;
    dear(&mut bench, &endpoint).await;
    bench.agent(ruled("free", &[], json!({"say": "free {task}"}))).await;
    let call = json!({"call": {"name": "dear", "input": {"task": "{task}"}}});
    bench.agent(ruled("front", &["dear"], call)).await;

    // What an agent has another do is paid from the same budget; then there is none, and who costs nothing goes on.
    let plan = json!({"steps": [
        step("front", json!({"id": "a"})),
        step("dear", json!({"id": "b", "needs": ["a"], "approve": true})),
        step("dear", json!({"id": "c", "needs": ["b"]})),
        step("free", json!({"id": "d", "needs": ["b"]})),
        {"id": "e", "skill": "text-stats", "arguments": {"text": "one two"}},
    ]});
    let task = bench.post("/v1/requests", json!({"plan": plan, "limits": {"money": 25}})).await;
    assert_eq!((&task["state"], &task["usage"]["money"]), (&json!("input-required"), &json!(COST)), "{task}");
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let Bench { client, daemon, home } = bench;
    drop(client);
    daemon.stop().await;
    drop(daemon);
    let mut bench = Bench::of(home).await;
    // The answer that costs more than was left is there; what comes after it is refused.
    let task = bench.post(&format!("{path}/approve"), json!({"step": "b"})).await;
    assert_eq!(states(&task), ["done", "done", "failed", "done", "done"], "{task}");
    assert_eq!(
        (&task["error"]["kind"], &task["error"]["limit"]),
        (&json!("limit-exceeded"), &json!("money")),
        "{task}"
    );
    assert_eq!((&task["usage"]["money"], endpoint.asked().len()), (&json!(2 * COST), 2), "{task}");
    assert_eq!(task["steps"][3]["output"]["text"], "free say it", "{task}");

    // What is refused behind an agent is that agent's own end, by the same name.
    let none = json!({"plan": {"steps": [step("front", json!({}))]}, "limits": {"money": 0}});
    let task = bench.post("/v1/requests", none).await;
    assert_eq!(
        (&task["error"]["kind"], &task["error"]["limit"]),
        (&json!("limit-exceeded"), &json!("money")),
        "{task}"
    );
    assert_eq!(endpoint.asked().len(), 2);
    bench.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_takes_money_and_says_what_was_spent() {
    let endpoint = Endpoint::saying(Say::Text("said".into())).await;
    let home = home(&["openai-compatible"]);
    home.configure("");
    let mut bench = Bench::of(home).await;
    dear(&mut bench, &endpoint).await;
    let plan = bench.home.path().join("plan.json");
    let steps = json!({"steps": [step("dear", json!({"id": "a"})), step("dear", json!({"needs": ["a"]}))]});
    std::fs::write(&plan, steps.to_string()).unwrap();
    let run = |args: &[&str]| tokio::task::block_in_place(|| process::run(&bench.home, args, ""));
    let plan = plan.to_str().unwrap();
    let ran = run(&["plan", "--run", plan, "--money", "20"]);
    assert!(ran.code == 1 && ran.stdout.contains("the money for this run is spent"), "{ran:?}");
    let traced = run(&["trace", "last"]).stdout;
    for says in ["budget: {\"money\":20}", "fuel, ", ", 20 millionths of your currency)", "limit-exceeded: money"] {
        assert!(traced.contains(says), "{says}: {traced}");
    }
    assert!(traced.lines().last().unwrap().contains(", 20 millionths of your currency"), "{traced}");
    let shown = run(&["task", "show", "last"]).stdout;
    assert!(shown.contains("and 20 millionths of your currency."), "{shown}");
    let ran = run(&["plan", "--run", plan]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(run(&["task", "show", "last"]).stdout.contains("and 40 millionths"), "no bound, and counted");
    let metrics = bench.client.get("/metrics").await.unwrap().text();
    assert!(metrics.contains("happyos_agent_cost_total{agent=\"dear\"} 60"), "{metrics}");
    bench.daemon.stop().await;
}

/// Calls the tool for requests over HTTP.
async fn tool(client: &mut Client, arguments: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "ask", "arguments": arguments}});
    client.post("/mcp", &message).await.unwrap().json()["result"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agents_question_is_shown_and_answered_over_mcp() {
    let endpoint = Endpoint::saying(Say::Text("said".into())).await;
    let mut bench = Bench::new(&["rules", "openai-compatible"]).await;
    let rules = json!({"rules": [{"when": ["fence"], "ask": "Which colour?"}, {"say": "painted {task}"}]});
    let answers = |name: &str, more: Value| {
        let mut agent = json!({"name": name, "capabilities": ["answers"]});
        agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        agent
    };
    bench.agent(answers("painter", json!({"adapter": "rules", "settings": rules}))).await;
    let client = Client::unix(&bench.home.socket()).await.unwrap();
    let mut client =
        client.with("accept", "application/json, text/event-stream").with("mcp-protocol-version", "2025-11-25");
    let asked = tool(&mut client, json!({"text": "Paint the garden fence in a lovely colour"})).await;
    let told = &asked["structuredContent"];
    assert_eq!((&asked["isError"], &told["state"]), (&json!(false), &json!("input-required")), "{asked}");
    assert_eq!(told["question"], json!({"kind": "agent", "agent": "answers", "message": "Which colour?"}), "{asked}");
    assert!(told["answer"].as_str().unwrap().contains("Which colour?"), "{asked}");
    let done = tool(&mut client, json!({"text": "blue", "task_id": told["task_id"]})).await;
    assert_eq!(done["structuredContent"]["state"], "completed", "{done}");
    assert_eq!(done["structuredContent"]["output"]["text"], "painted blue", "{done}");

    // Money is taken here, too.
    bench.client.send(hyper::Method::DELETE, "/v1/agents/painter", "").await.unwrap();
    dear(&mut bench, &endpoint).await;
    bench.agent(answers("scholar", json!({}))).await;
    let text = "Who painted the ceiling of the Sistine Chapel?";
    let refused = tool(&mut client, json!({"text": text, "limits": {"money": 0}})).await;
    assert_eq!(refused["_meta"]["dev.happyos/error"]["kind"], "limit-exceeded", "{refused}");
    let paid = tool(&mut client, json!({"text": text, "limits": {"money": 100}})).await;
    assert_eq!(paid["_meta"]["dev.happyos/usage"]["money"], COST, "{paid}");
    let wrong = tool(&mut client, json!({"text": text, "limits": {"money": -1}})).await;
    assert_eq!(wrong["_meta"]["dev.happyos/error"]["kind"], "invalid-input", "{wrong}");
    bench.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_that_die_lie_and_never_end_come_to_typed_ends_and_leave_the_others_alone() {
    let report = "(call $report (f64.const 1) (i32.const 0) (f64.const 0) (i32.const 1024) (i32.const 7))";
    let dies = format!("{report} unreachable");
    let streams = format!("(loop $on {report} (br $on)) (i32.const 64)");
    let silent = format!("{SPIN} (i32.const 64)");
    let done = "(call $done (i32.const 1024) (i32.const 12))";
    let cases = [
        ("dies", PROGRESS, "working", dies.as_str(), "trap", None),
        ("streams", PROGRESS, "working", &streams, "limit-exceeded", Some("host calls")),
        ("silent", "", "", &silent, "limit-exceeded", Some("time")),
        // It promised a text.
        ("lies", "", "{\"text\": 123}", "(call $done (i32.const 1024) (i32.const 13))", "invalid-output", None),
        ("babbles", "", "hello, world", done, "invalid-output", None),
    ];
    let home = home(&["text-stats"]);
    for (name, imports, text, run, ..) in cases {
        home.install(&format!("{name}.wasm"), AgentGuest { name, imports, text, run }.component());
    }
    let mut bench = Bench::of(home).await;
    for (name, .., kind, limit) in cases {
        bench.agent(json!({"name": name, "adapter": name})).await;
        let timeout = if name == "silent" { 300 } else { 60_000 };
        let plan = json!({"steps": [
            step(name, json!({"id": "a", "timeout_ms": timeout, "retries": 0})),
            {"id": "b", "skill": "text-stats", "arguments": {"text": "one two"}},
            {"id": "c", "needs": ["a"], "skill": "text-stats", "arguments": {"text": "never"}},
        ]});
        let task = bench.post("/v1/requests", json!({ "plan": plan })).await;
        assert_eq!(states(&task), ["failed", "done", "waiting"], "{name}: {task}");
        let error = &task["error"];
        assert_eq!((error["kind"].as_str(), error["limit"].as_str()), (Some(kind), limit), "{name}: {task}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{name}: {task}");
    }
    assert!(bench.client.get("/healthz").await.unwrap().status.is_success());
    bench.daemon.stop().await;
}
