//! Plans of several steps through the daemon's HTTP door: given as data or made of the parts of a request, run side by
//! side, paused for approval, stopped, refused with the step that is wrong.

use happyos::daemon::Daemon;
use happyos_tests::guest::SPIN;
use happyos_tests::http::{Client, Response};
use happyos_tests::{Home, SkillGuest};
use serde_json::{Value, json};

/// A daemon with a skill that gives back what it is given, one that destroys, one that never ends, and two for requests
/// in plain words.
async fn daemon() -> (Home, Daemon) {
    let home = Home::new();
    let reads = json!({"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false});
    let destroys =
        json!({"readOnlyHint": false, "destructiveHint": true, "idempotentHint": false, "openWorldHint": false});
    let any = json!({"type": "object"});
    let number = json!({"type": "object", "properties": {"n": {"type": "number"}}, "additionalProperties": false});
    let told = json!({"type": "object", "properties": {"n": {"type": "number"}, "rows": {"type": "array", "items": {"type": "object",
        "properties": {"n": {"type": "number"}}}}, "text": {"type": "string"}}});
    let guests = [
        ("tell", "Tells what it is told.", "tell the tale", any.clone(), &reads, ""),
        ("take-number", "Takes a number.", "take the number", number, &reads, ""),
        ("wipe", "Wipes the slate clean.", "wipe the slate", any.clone(), &destroys, ""),
        ("spin-wheel", "Spins the big wheel for ever.", "spin the big wheel", any.clone(), &reads, SPIN),
        ("ping", "Says whether the service is there.", "ping the service", any.clone(), &reads, ""),
        ("mow-lawn", "Sends the robot to mow the lawn.", "mow the lawn", any.clone(), &reads, ""),
        ("open-gate", "Opens the gate of the garden.", "open the gate", any, &reads, ""),
    ];
    for (name, description, request, schema, annotations, call) in guests {
        let live = !call.is_empty();
        let metadata = json!({
            "description": description,
            "inputSchema": schema,
            "outputSchema": told,
            "annotations": annotations,
            "examples": [{"request": {"en": request}, "input": {}, "live": live}],
        });
        let call = format!("{call} unreachable");
        let call = if live { call.as_str() } else { SkillGuest::default().call };
        home.install_guest(&SkillGuest { name, metadata: &metadata.to_string(), call, ..Default::default() });
    }
    let daemon = home.start().await;
    (home, daemon)
}

async fn post(client: &mut Client, path: &str, body: Value) -> Value {
    let answer = client.post(path, &body).await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()
}

async fn run(client: &mut Client, plan: Value) -> Value {
    post(client, "/v1/requests", json!({ "plan": plan })).await
}

fn states(task: &Value) -> Vec<&str> {
    task["steps"].as_array().unwrap().iter().filter_map(|step| step["state"].as_str()).collect()
}

fn refused(answer: &Response, says: &str) {
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["kind"], "invalid-input", "{error}");
    assert!(error["message"].as_str().unwrap().contains(says), "{says}: {error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_take_from_each_other_and_a_list_is_gone_through() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let plan = json!({"steps": [
        {"id": "first", "skill": "tell", "arguments": {"n": 7, "rows": [{"n": 1}, {"n": 2}, {"n": 3}]}},
        {"id": "same", "skill": "take-number", "arguments": {"n": {"$from": "first", "pointer": "/n"}}},
        {"id": "said", "skill": "tell", "arguments": {"text": {"$from": "first", "pointer": "/n", "template": "it is {} km"}}},
        {"id": "each", "skill": "take-number", "each": {"$from": "first", "pointer": "/rows"}, "arguments": {"n": {"$item": "/n"}}},
        {"id": "all", "skill": "tell", "arguments": {"rows": {"$from": "each"}}},
    ]});
    let shown = post(&mut client, "/v1/plan", json!({ "plan": plan })).await;
    assert_eq!(shown["steps"][1]["references"][0]["step"], 1, "{shown}");
    assert!(shown["mermaid"].as_str().unwrap().contains("s1 -->|\"/n\"| s2"), "{shown}");
    let task = run(&mut client, plan).await;
    assert_eq!(
        (&task["state"], &task["output"]),
        (&json!("completed"), &json!({"rows": [{"n": 1}, {"n": 2}, {"n": 3}]})),
        "{task}"
    );
    assert_eq!(task["steps"][1]["output"], json!({"n": 7}));
    assert_eq!(task["steps"][2]["output"], json!({"text": "it is 7 km"}));
    assert_eq!(task["steps"][5]["one_of"], 4, "{task}");
    // The same after all that was said of it is read again.
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.unwrap().json(), task);
    let events = client.get(&format!("{path}/events")).await.unwrap().json();
    assert!(events["events"].as_array().unwrap().iter().any(|event| event["kind"] == "expanded"), "{events}");
    assert_eq!(client.get(&format!("{path}/artifacts")).await.unwrap().json(), json!({"artifacts": []}));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_destroys_waits_for_approval_and_only_its_own_branch_with_it() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let plan = json!({"steps": [
        {"id": "look", "skill": "tell", "arguments": {"n": 1}},
        {"id": "wipe", "skill": "wipe", "arguments": {"n": {"$from": "look", "pointer": "/n"}}},
        {"id": "after", "skill": "tell", "needs": ["wipe"]},
        {"id": "apart", "skill": "take-number", "arguments": {"n": 2}},
    ]});
    for (act, wanted, state) in [
        ("approve", ["done", "done", "done", "done"], "completed"),
        ("reject", ["done", "rejected", "waiting", "done"], "completed"),
    ] {
        let task = run(&mut client, plan.clone()).await;
        assert_eq!(
            (&task["state"], &task["question"]["kind"]),
            (&json!("input-required"), &json!("approval")),
            "{task}"
        );
        assert_eq!((&task["question"]["step"], &task["question"]["arguments"]), (&json!(2), &json!({"n": 1})));
        assert_eq!(states(&task), ["done", "paused", "waiting", "done"], "{task}");
        let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
        refused(
            &client.post(&format!("{path}/{act}"), &json!({"step": 1})).await.unwrap(),
            "step 1 does not wait for approval",
        );
        assert_eq!(client.post(&format!("{path}/{act}"), &json!({"step": "none"})).await.unwrap().status.as_u16(), 404);
        let done = post(&mut client, &format!("{path}/{act}"), json!({"step": "wipe"})).await;
        assert_eq!((states(&done), done["state"].as_str()), (wanted.to_vec(), Some(state)), "{done}");
        let again = client.post(&format!("{path}/{act}"), &json!({"step": 2})).await.unwrap();
        refused(&again, "the task has ended");
    }
    // While another step runs, its approval is heard by who works on the task; stopping reaches the guest.
    let plan = json!({"steps": [{"skill": "wipe"}, {"skill": "spin-wheel"}]});
    let task = post(&mut client, "/v1/requests", json!({"plan": plan, "wait": false})).await;
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let approved = post(&mut client, &format!("{path}/approve"), json!({"step": 1})).await;
    assert!(["running", "done"].contains(&states(&approved)[0]), "{approved}");
    let stopped = post(&mut client, &format!("{path}/cancel"), json!({})).await;
    assert_eq!(stopped["state"], "canceled");
    // A guest that ran on a thread of its own gives its place back from there.
    let mut n_running = Value::Null;
    for _ in 0..1_000 {
        let status = client.get("/v1/status").await.unwrap().json();
        n_running = status["components"]["runtime"]["calls_running"].clone();
        if n_running == 0 {
            break;
        }
    }
    assert_eq!(n_running, 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_branch_leaves_the_others_their_answers() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let plan = json!({"steps": [
        {"id": "slow", "skill": "spin-wheel", "timeout_ms": 50},
        {"id": "after", "skill": "tell", "needs": ["slow"]},
        {"id": "good", "skill": "take-number", "arguments": {"n": 5}},
        {"id": "instead", "skill": "spin-wheel", "timeout_ms": 50, "fallbacks": [{"skill": "tell", "arguments": {"n": 9}}]},
    ]});
    let task = run(&mut client, plan).await;
    assert_eq!(
        (task["state"].as_str(), states(&task)),
        (Some("failed"), vec!["failed", "waiting", "done", "done"]),
        "{task}"
    );
    assert_eq!((&task["error"]["kind"], &task["error"]["limit"]), (&json!("limit-exceeded"), &json!("time")));
    assert_eq!((&task["steps"][2]["output"], &task["steps"][3]["output"]), (&json!({"n": 5}), &json!({"n": 9})));
    let said = task["answer"]["text"].as_str().unwrap();
    assert!(
        said.contains("1. slow") && said.contains("3. good\n   5") && said.contains("earlier part that has no answer"),
        "{said}"
    );
    // What all steps together may use.
    let plan = json!({"steps": [{"skill": "spin-wheel"}, {"skill": "take-number"}]});
    let body = json!({"plan": plan, "limits": {"fuel": 2_000_000}});
    let task = post(&mut client, "/v1/requests", body).await;
    assert_eq!((&task["error"]["limit"], states(&task)), (&json!("fuel"), vec!["failed", "done"]), "{task}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_that_make_no_sense_are_refused_with_the_step_and_nothing_is_kept() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let many: Vec<Value> = (0..10_000).map(|_| json!({"skill": "tell"})).collect();
    let tell = |more: Value| {
        let mut step = json!({"id": "a", "skill": "tell"});
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step
    };
    let circle = json!([tell(json!({"needs": ["b"]})), {"id": "b", "skill": "tell", "needs": ["a"]}]);
    let cases = [
        (json!([]), "shape"),
        (json!(many), "10000 steps, more than 100"),
        (circle, "step 1 (`a`): cycle"),
        (json!([tell(json!({"needs": ["x"]}))]), "step 1 (`a`): unknown-step: there is no step `x`"),
        (json!([{"skill": "tel"}]), "step 1: unknown-target: there is no skill `tel` (did you mean `tell`?)"),
        (json!([{"agent": {"name": "writer"}}]), "unknown-target: there is no agent `writer` (`happyos agent create"),
        (
            json!([tell(json!({})), {"skill": "take-number", "arguments": {"n": {"$from": "a", "pointer": "/m"}}}]),
            "step 2: missing-reference: the answer of step 1 has nothing at `/m` (it has `n`, `rows`, `text`)",
        ),
        (
            json!([tell(json!({})), {"skill": "take-number", "arguments": {"n": {"$from": "a", "pointer": "/text"}}}]),
            "step 2: type-mismatch: `/text` of step 1 is string, and `/n` of `take-number` takes number",
        ),
        (
            json!([{"skill": "take-number", "arguments": {"n": "x"}}]),
            "step 1: arguments: `take-number` does not take them",
        ),
        (json!([{"skill": "take-number", "arguments": {"m": {"$from": "a"}}}, tell(json!({}))]), "later-step"),
        (
            json!([tell(json!({})), {"skill": "tell", "each": {"$from": "a", "pointer": "/n"}}]),
            "step 2: type-mismatch: `/n` of step 1 is number, no list",
        ),
    ];
    for (steps, says) in cases {
        refused(&client.post("/v1/requests", &json!({"plan": {"steps": steps}})).await.unwrap(), says);
    }
    assert_eq!(client.get("/v1/tasks").await.unwrap().json(), json!({"tasks": []}));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parts_of_a_request_are_done_in_its_order_and_what_nothing_does_is_said() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let task = post(&mut client, "/v1/requests", json!({"text": "ping the service and then mow the lawn"})).await;
    assert_eq!(task["state"], "completed", "{task}");
    let skills: Vec<_> = task["steps"].as_array().unwrap().iter().map(|step| step["skill"].clone()).collect();
    assert_eq!(skills, ["ping", "mow-lawn"], "{task}");
    let said = task["answer"]["text"].as_str().unwrap();
    assert!(said.starts_with("1. ping the service\n") && said.contains("\n2. then mow the lawn\n"), "{said}");
    let text = "ping the service, translate the constitution into Latin and open the gate";
    let task = post(&mut client, "/v1/requests", json!({ "text": text })).await;
    assert_eq!(
        (&task["state"], &task["left_out"][0]["text"]),
        (&json!("completed"), &json!("translate the constitution into Latin")),
        "{task}"
    );
    daemon.stop().await;
}
