//! Requests in plain words, through the daemon's HTTP door: answered, asked back, refused, stopped, kept.

use happyos::daemon::Daemon;
use happyos_tests::guest::SPIN;
use happyos_tests::http::{Client, Response};
use happyos_tests::{Home, SkillGuest};
use serde_json::{Value, json};

/// A daemon with a skill that needs nothing, one that needs a colour, and one that never ends.
async fn daemon() -> (Home, Daemon) {
    let home = Home::new();
    let guests = [
        ("ping", "Says whether the service is there.", "ping the service", json!({"type": "object"}), ""),
        (
            "paint-fence",
            "Paints the garden fence.",
            "paint the garden fence",
            json!({"type": "object", "required": ["colour"],
                "properties": {"colour": {"type": "string", "enum": ["red", "green", "blue"]}}}),
            "",
        ),
        ("spin-wheel", "Spins the big wheel for ever.", "spin the big wheel", json!({"type": "object"}), SPIN),
    ];
    for (name, description, request, schema, call) in guests {
        let input = if name == "paint-fence" { json!({"colour": "red"}) } else { json!({}) };
        // An example is run when the skill is read, which one that never ends would not pass.
        let live = !call.is_empty();
        let metadata = json!({
            "description": description,
            "inputSchema": schema,
            "examples": [{"request": {"en": request}, "input": input, "live": live}],
        });
        let call = format!("{call} unreachable");
        let call = if live { call.as_str() } else { SkillGuest::default().call };
        home.install_guest(&SkillGuest { name, metadata: &metadata.to_string(), call, ..Default::default() });
    }
    let daemon = home.start().await;
    (home, daemon)
}

async fn ask(client: &mut Client, body: Value) -> Value {
    let answer = client.post("/v1/requests", &body).await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()
}

fn refused(answer: &Response, status: u16, kind: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.json()["error"]["kind"], kind, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_answered_kept_and_can_be_read_step_by_step() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let task = ask(&mut client, json!({"text": "ping the service", "session_id": "s"})).await;
    assert_eq!((&task["state"], &task["output"]), (&json!("completed"), &json!({})), "{task}");
    assert_eq!(task["steps"][0]["skill"], "ping");
    daemon.stop().await;
    drop(daemon);

    // What came of it outlives the daemon.
    let daemon = home.start().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.unwrap().json(), task);
    let events = client.get(&format!("{path}/events")).await.unwrap().json();
    let kinds: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["accepted", "analysed", "step-started", "step-finished", "ended"]);
    let listed = client.get("/v1/tasks?session=s&state=completed").await.unwrap().json();
    assert_eq!(listed["tasks"].as_array().map(Vec::len), Some(1));
    refused(&client.post(&format!("{path}/answer"), &json!({"text": "1"})).await.unwrap(), 400, "invalid-input");
    refused(&client.post(&format!("{path}/cancel"), &json!({})).await.unwrap(), 400, "invalid-input");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_value_is_asked_for_and_what_nothing_does_is_a_gap() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let task = ask(&mut client, json!({"text": "paint the garden fence"})).await;
    assert_eq!((&task["state"], &task["question"]["missing"][0]["name"]), (&json!("input-required"), &json!("colour")));
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let again = client.post(&format!("{path}/answer"), &json!({"text": "colour=pink"})).await.unwrap();
    refused(&again, 400, "invalid-input");
    let done = client.post(&format!("{path}/answer"), &json!({"text": "green"})).await.unwrap().json();
    assert_eq!((&done["state"], &done["output"]), (&json!("completed"), &json!({"colour": "green"})), "{done}");

    let wanted = json!({"text": "Skapa en ny Python-funktion för dataanalys",
        "context": {"user_id": "u1", "project": "atlas"}});
    let first = ask(&mut client, wanted.clone()).await;
    assert_eq!((&first["state"], &first["refusal"]["kind"]), (&json!("rejected"), &json!("gap")), "{first}");
    assert_eq!(first["answer"]["language"], "sv");
    let gap = first["refusal"]["gap"].as_str().unwrap().to_owned();
    assert!(first["answer"]["hint"].as_str().unwrap().contains(&format!("happyos gap show {gap}")), "{first}");
    ask(&mut client, wanted).await;
    let shown = client.get(&format!("/v1/gaps/{gap}")).await.unwrap().json();
    assert_eq!((&shown["count"], &shown["evidence"][0]["why"]["context"]["project"]), (&json!(2), &json!("atlas")));
    assert_eq!(client.post(&format!("/v1/gaps/{gap}/dismiss"), &json!({})).await.unwrap().status.as_u16(), 204);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_stopped_with_what_runs_for_it_and_belongs_to_who_asked() {
    let (home, daemon) = daemon().await;
    let mut local = Client::unix(&home.socket()).await.unwrap();
    let task = ask(&mut local, json!({"text": "spin the big wheel", "wait": false})).await;
    let id = task["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/tasks/{id}");

    // For another it is not there, and no different from one that never was.
    let made = local.post("/v1/tokens", &json!({"name": "other", "role": "user", "expires_in_s": 3600})).await.unwrap();
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let mut other = Client::tcp(daemon.http_addr().unwrap()).await.unwrap().bearer(&secret);
    let none = format!("{:032x}", 7);
    for act in ["", "/events", "/answer", "/cancel"] {
        let get = act.is_empty() || act == "/events";
        let mut said = Vec::new();
        for id in [&id, &none] {
            let path = format!("/v1/tasks/{id}{act}");
            let answer = if get { other.get(&path).await } else { other.post(&path, &json!({"text": "1"})).await };
            said.push(refused(&answer.unwrap(), 404, "not-found").to_string().replace(id.as_str(), "ID"));
        }
        assert_eq!(said[0], said[1]);
    }
    assert_eq!(other.get("/v1/tasks").await.unwrap().json(), json!({"tasks": []}));

    let stopped = local.post(&format!("{path}/cancel"), &json!({})).await.unwrap();
    assert_eq!(stopped.json()["state"], "canceled", "{}", stopped.text());
    let status = local.get("/v1/status").await.unwrap().json();
    assert_eq!(status["components"]["runtime"]["calls_running"], 0, "{status}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_out_of_bounds_are_refused_and_none_is_kept() {
    let (home, daemon) = daemon().await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    for (body, says) in [
        (json!({"text": "  \n"}), "empty"),
        (json!({"text": "x".repeat(20_000)}), "bytes"),
        (json!({"text": "ping", "hints": {"complexity": 7}}), "complexity"),
        (json!({"text": "ping", "hints": {"team": 7}}), "team"),
        (json!({"text": "ping", "locale": "x".repeat(200)}), "locale"),
        (json!({"text": "ping", "context": {"a": "x".repeat(20_000)}}), "context"),
        (json!({"txt": "ping"}), "txt"),
    ] {
        let answer = client.post("/v1/requests", &body).await.unwrap();
        let error = refused(&answer, 400, "invalid-input");
        assert!(error["error"]["message"].as_str().unwrap().contains(says), "{error} does not say {says}");
    }
    assert_eq!(client.get("/v1/tasks").await.unwrap().json(), json!({"tasks": []}));
    daemon.stop().await;
}
