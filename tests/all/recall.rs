//! What is remembered of requests: turns over a restart, corrections, finding what was asked, how it went, and giving all of
//! it out and erasing it, each for its owner alone.

use std::path::Path;

use happyos::daemon::Daemon;
use happyos_tests::guest::SPIN;
use happyos_tests::http::{Client, Response};
use happyos_tests::{Home, SkillGuest};
use serde_json::{Value, json};

/// What must not be found once it is erased: letters and digits, so that it is one word to the full text.
const CANARY: &str = "zqxkanarie4711vogel";

/// Skills that echo their input, one that traps, and one that never ends.
fn install(home: &Home) {
    let none = json!({"type": "object"});
    let colour = json!({"type": "object", "required": ["colour"],
        "properties": {"colour": {"type": "string", "enum": ["red", "green", "blue"]}}});
    let text = json!({"type": "object", "required": ["text"],
        "properties": {"text": {"type": "string", "description": "What is to be written down."}}});
    for (name, description, request, schema, call) in [
        ("ping", "Says whether the service is there.", "ping the service", &none, ""),
        ("paint-fence", "Paints the garden fence.", "paint the garden fence red", &colour, ""),
        ("diary", "Writes a line into the diary.", "write 'a fine day' into the diary", &text, ""),
        ("trap-fox", "Sets a trap for the fox.", "set a trap for the fox", &none, "unreachable"),
        ("spin-wheel", "Spins the big wheel for ever.", "spin the big wheel", &none, SPIN),
    ] {
        let live = !call.is_empty();
        let input = match name {
            "paint-fence" => json!({"colour": "red"}),
            "diary" => json!({"text": "a fine day"}),
            _ => json!({}),
        };
        let metadata = json!({
            "description": description,
            "inputSchema": schema,
            "examples": [{"request": {"en": request}, "input": input, "live": live}],
        });
        let call = format!("{call} unreachable");
        let call = if live { call.as_str() } else { SkillGuest::default().call };
        home.install_guest(&SkillGuest { name, metadata: &metadata.to_string(), call, ..Default::default() });
    }
}

async fn daemon() -> (Home, Daemon) {
    let home = Home::new();
    install(&home);
    let daemon = home.start().await;
    (home, daemon)
}

async fn local(home: &Home) -> Client {
    Client::unix(&home.socket()).await.unwrap()
}

/// A client with a new token of that name.
async fn user(home: &Home, daemon: &Daemon, name: &str) -> Client {
    let body = json!({"name": name, "role": "user", "expires_in_s": 3600});
    let made = local(home).await.post("/v1/tokens", &body).await.unwrap();
    let secret = made.json()["secret"].as_str().unwrap_or_else(|| panic!("{}", made.text())).to_owned();
    Client::tcp(daemon.http_addr().unwrap()).await.unwrap().bearer(&secret)
}

async fn ask(client: &mut Client, body: Value) -> Value {
    let answer = client.post("/v1/requests", &body).await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()
}

async fn get(client: &mut Client, path: &str) -> Value {
    let answer = client.get(path).await.unwrap();
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    answer.json()
}

fn refused(answer: &Response, status: u16, kind: &str) -> String {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.json()["error"]["kind"], kind, "{}", answer.text());
    answer.text()
}

/// How often `what` is in the files below `dir`, by their names.
fn files_with(dir: &Path, what: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, what));
        } else if path.metadata().is_ok_and(|found| found.is_file()) {
            // The daemon moves files into their places meanwhile.
            let Ok(bytes) = std::fs::read(&path) else { continue };
            if bytes.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what.as_bytes())) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_after_a_restart_and_belongs_to_its_owner() {
    let (home, daemon) = daemon().await;
    let mut client = local(&home).await;
    let asked = json!({"text": "paint the garden fence green", "session_id": "s"});
    assert_eq!(ask(&mut client, asked).await["output"], json!({"colour": "green"}));
    daemon.stop().await;
    drop(daemon);

    let daemon = home.start().await;
    let mut client = local(&home).await;
    for (again, wanted) in [("samma igen", "green"), ("same but red", "red"), ("once more", "red")] {
        let task = ask(&mut client, json!({"text": again, "session_id": "s"})).await;
        assert_eq!(task["output"], json!({"colour": wanted}), "{again}: {task}");
    }
    // Neither without the session nor for another is there anything to do again.
    let alone = ask(&mut client, json!({"text": "samma igen"})).await;
    assert_ne!(alone["state"], "completed", "{alone}");
    let mut other = user(&home, &daemon, "other").await;
    let theirs = ask(&mut other, json!({"text": "samma igen", "session_id": "s"})).await;
    assert_ne!(theirs["state"], "completed", "{theirs}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_are_learned_for_their_owner_and_can_be_forgotten() {
    let (home, daemon) = daemon().await;
    let mut me = user(&home, &daemon, "me").await;
    let mut you = user(&home, &daemon, "you").await;
    let routed = async |client: &mut Client, text: &str| {
        let looked = client.post("/v1/analyse", &json!({ "text": text })).await.unwrap().json();
        looked["calls"][0]["skill"].clone()
    };

    // As the next turn of a session: what was meant is done, and the request before goes there from now on.
    let wrong =
        ask(&mut me, json!({"text": "ping the garden service", "session_id": "s", "hints": {"skill": "ping"}})).await;
    assert_eq!(wrong["steps"][0]["skill"], "ping", "{wrong}");
    let right = ask(&mut me, json!({"text": "no, I meant paint the garden fence blue", "session_id": "s"})).await;
    assert_eq!(
        (&right["steps"][0]["skill"], &right["output"]),
        (&json!("paint-fence"), &json!({"colour": "blue"})),
        "{right}"
    );
    let learned = get(&mut me, "/v1/memory").await;
    assert_eq!(learned["choices"][0]["text"], "ping the garden service", "{learned}");
    assert_eq!(learned["choices"][0]["skill"], "paint-fence", "{learned}");
    // Another value is for the same skill, and teaches nothing of it.
    let value = ask(&mut me, json!({"text": "nej, jag menade green", "session_id": "s"})).await;
    assert_eq!(value["output"], json!({"colour": "green"}), "{value}");
    assert_eq!(get(&mut me, "/v1/memory").await["choices"].as_array().unwrap().len(), 1);

    // Said plainly of a task, also against the skill's own example.
    let task = ask(&mut me, json!({"text": "ping the service"})).await;
    let path = format!("/v1/tasks/{}/correct", task["id"].as_str().unwrap());
    let said = me.post(&path, &json!({"skill": "spin-wheel"})).await.unwrap().json();
    assert_eq!((&said["text"], &said["skill"]), (&json!("ping the service"), &json!("spin-wheel")));
    assert_eq!(routed(&mut me, "ping the service").await, "spin-wheel");
    assert_eq!(routed(&mut you, "ping the service").await, "ping");
    assert_eq!(get(&mut you, "/v1/memory").await, json!({"choices": []}));
    refused(&you.post(&path, &json!({"skill": "ping"})).await.unwrap(), 404, "not-found");
    let none = refused(&me.post(&path, &json!({"skill": "spin-weel"})).await.unwrap(), 404, "not-found");
    assert!(none.contains("did you mean `spin-wheel`?"), "{none}");
    // One is forgotten, the other outlives the daemon.
    let forget = format!("/v1/memory/{}", said["id"].as_str().unwrap());
    assert_eq!(you.send(hyper::Method::DELETE, &forget, "").await.unwrap().status.as_u16(), 404);
    assert_eq!(me.send(hyper::Method::DELETE, &forget, "").await.unwrap().json(), json!({"forgotten": 1}));
    assert_eq!(routed(&mut me, "ping the service").await, "ping");
    daemon.stop().await;
    drop(daemon);
    let daemon = home.start().await;
    let mut operator = local(&home).await;
    let export = get(&mut operator, "/v1/memory/export?user=me").await;
    assert_eq!(export["choices"].as_array().unwrap().len(), 1, "{export}");
    assert_eq!(export["choices"][0]["skill"], "paint-fence", "{export}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_is_found_by_its_owner_alone() {
    for store in [happyos::config::StoreKind::Disk, happyos::config::StoreKind::Memory] {
        let mut home = Home::new();
        home.config.tasks.store = store;
        install(&home);
        let daemon = home.start().await;
        let mut me = user(&home, &daemon, "me").await;
        let mut you = user(&home, &daemon, "you").await;
        ask(&mut me, json!({"text": "paint the garden fence green"})).await;
        ask(&mut me, json!({"text": "ping the service"})).await;
        ask(&mut me, json!({"text": "Koka räksmörgåsar åt mormor"})).await;
        ask(&mut you, json!({"text": "paint the garden fence red"})).await;
        let found = async |client: &mut Client, query: &str| {
            let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let path = format!("/v1/memory/search?q={encoded}");
            let found = get(client, &path).await;
            let hits = found["hits"].as_array().unwrap();
            hits.iter().map(|hit| hit["request"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found(&mut me, "garden fence").await, ["paint the garden fence green"]);
        assert_eq!(found(&mut me, "GREEN").await, ["paint the garden fence green"]);
        assert_eq!(found(&mut me, "räksmör").await, ["Koka räksmörgåsar åt mormor"], "a word by its beginning");
        assert_eq!(found(&mut me, "red").await, Vec::<String>::new(), "another's is never seen");
        assert_eq!(found(&mut you, "paint OR ping NEAR \"*").await, ["paint the garden fence red"]);
        assert_eq!(found(&mut me, "fence submarine").await, ["paint the garden fence green"], "some of the words");
        assert_eq!(found(&mut local(&home).await, "fence").await, Vec::<String>::new(), "not for operators either");
        for path in ["/v1/memory/search", "/v1/memory/search?q=%20", "/v1/memory/search?q=x&limit=0"] {
            refused(&me.get(path).await.unwrap(), 400, "invalid-input");
        }
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_kept_is_given_out_and_erased_from_every_file() {
    let (home, daemon) = daemon().await;
    let mut me = user(&home, &daemon, "me").await;
    let mut you = user(&home, &daemon, "you").await;
    ask(&mut you, json!({"text": "write 'the neighbour was here' into the diary"})).await;
    // A request with its answer and context, a gap, a choice, a failure, and one that runs and never ends.
    let kept = ask(
        &mut me,
        json!({"text": format!("write '{CANARY}' into the diary"), "session_id": CANARY,
        "context": {"project": CANARY}}),
    )
    .await;
    assert_eq!(kept["output"], json!({ "text": CANARY }), "{kept}");
    let path = format!("/v1/tasks/{}/correct", kept["id"].as_str().unwrap());
    assert_eq!(me.post(&path, &json!({"skill": "ping"})).await.unwrap().status.as_u16(), 200);
    ask(&mut me, json!({"text": format!("Skapa en ny Python-funktion för {CANARY}")})).await;
    ask(&mut me, json!({"text": "set a trap for the fox", "context": {"x": CANARY}})).await;
    me.post("/v1/skills/paint-fence/call", &json!({"input": {"colour": CANARY}})).await.unwrap();
    let runs = ask(&mut me, json!({"text": "spin the big wheel", "wait": false, "context": {"x": CANARY}})).await;
    assert_eq!(get(&mut me, &format!("/v1/memory/search?q={CANARY}")).await["hits"].as_array().unwrap().len(), 2);
    let errors = get(&mut me, "/v1/errors").await;
    assert!(errors["errors"].as_array().unwrap().len() >= 2, "{errors}");
    assert!(!files_with(&home.config.data_dir, CANARY).is_empty(), "this would be found");

    // All of it is given out: to oneself and to operators.
    let export = get(&mut me, "/v1/memory/export").await;
    assert_eq!(get(&mut local(&home).await, "/v1/memory/export?user=me").await["tasks"], export["tasks"]);
    refused(&you.get("/v1/memory/export?user=me").await.unwrap(), 403, "denied");
    refused(&you.post("/v1/memory/erase", &json!({"user": "me"})).await.unwrap(), 403, "denied");
    assert_eq!(export["user"], "me");
    assert_eq!(export["tasks"].as_array().unwrap().len(), 4, "{export}");
    assert_eq!((export["choices"].as_array().unwrap().len(), export["gaps"].as_array().unwrap().len()), (1, 1));
    assert!(export["errors"].as_array().unwrap().len() >= 2, "{export}");
    let first = export["tasks"].as_array().unwrap().last().unwrap();
    assert_eq!(first["id"], kept["id"]);
    let kinds: Vec<_> = first["events"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["accepted", "analysed", "step-started", "step-finished", "ended"]);
    assert!(!export.to_string().contains("neighbour"), "{export}");

    // Erased: what runs is stopped, and no byte of it is left in any file, while the daemon goes on.
    let erased = local(&home).await.post("/v1/memory/erase", &json!({"user": "me"})).await.unwrap();
    assert_eq!(erased.status.as_u16(), 200, "{}", erased.text());
    let erased = erased.json();
    assert_eq!((&erased["tasks"], &erased["gaps"], &erased["choices"]), (&json!(4), &json!(1), &json!(1)), "{erased}");
    let left = |part: &str| files_with(&home.config.data_dir, part);
    // Words of a full text are kept without the beginning that they share with the one before.
    for part in [CANARY, &CANARY[4..], &CANARY[..15], "Python-funktion"] {
        assert_eq!(left(part), Vec::<String>::new(), "{part}");
    }
    assert_eq!(get(&mut me, "/v1/tasks").await, json!({"tasks": []}));
    assert_eq!(get(&mut me, "/v1/memory").await, json!({"choices": []}));
    assert_eq!(get(&mut me, "/v1/gaps").await, json!({"gaps": []}));
    assert_eq!(get(&mut me, "/v1/errors").await, json!({"errors": []}));
    assert_eq!(get(&mut me, &format!("/v1/memory/search?q={CANARY}")).await["hits"], json!([]));
    refused(&me.get(&format!("/v1/tasks/{}", runs["id"].as_str().unwrap())).await.unwrap(), 404, "not-found");
    let again = ask(&mut me, json!({"text": "samma igen", "session_id": CANARY})).await;
    assert_ne!(again["state"], "completed", "the session is forgotten in memory, too: {again}");
    let status = get(&mut local(&home).await, "/v1/status").await;
    assert_eq!(status["components"]["runtime"]["calls_running"], 0, "{status}");
    // The others' is there, and the audit log says that it was done, without what it was.
    assert_eq!(get(&mut you, "/v1/memory/search?q=neighbour").await["hits"].as_array().unwrap().len(), 1);
    let audit = get(&mut local(&home).await, "/v1/audit?limit=50").await;
    let entries = audit["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["what"] == "memory.erased" && entry["on"] == "me"), "{audit}");
    assert!(!audit.to_string().contains(CANARY), "{audit}");
    local(&home).await.post("/v1/memory/erase", &json!({"user": "me"})).await.unwrap();
    daemon.stop().await;
    drop(daemon);
    assert_eq!(left(CANARY), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_owns_requests_is_not_given_to_another_unsaid() {
    let (home, daemon) = daemon().await;
    let mut me = user(&home, &daemon, "me").await;
    ask(&mut me, json!({"text": "ping the service"})).await;
    let mut operator = local(&home).await;
    assert_eq!(operator.send(hyper::Method::DELETE, "/v1/tokens/me", "").await.unwrap().status.as_u16(), 204);
    let body = json!({"name": "me", "role": "user"});
    let said = refused(&operator.post("/v1/tokens", &body).await.unwrap(), 400, "invalid-input");
    assert!(said.contains("--adopt") && said.contains("happyos memory erase --user me"), "{said}");
    let adopted = operator.post("/v1/tokens", &json!({"name": "me", "role": "user", "adopt": true})).await.unwrap();
    assert_eq!(adopted.status.as_u16(), 201, "{}", adopted.text());
    operator.send(hyper::Method::DELETE, "/v1/tokens/me", "").await.unwrap();
    operator.post("/v1/memory/erase", &json!({"user": "me"})).await.unwrap();
    assert_eq!(operator.post("/v1/tokens", &body).await.unwrap().status.as_u16(), 201);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_requests_went_is_kept_counted_and_shown() {
    let (home, daemon) = daemon().await;
    let mut me = user(&home, &daemon, "me").await;
    let mut operator = local(&home).await;
    for text in [
        "ping the service",
        "ping the service",
        "paint the garden fence",
        "set a trap for the fox",
        "Skapa en ny Python-funktion för dataanalys",
    ] {
        ask(&mut me, json!({ "text": text })).await;
    }
    me.post("/v1/skills/trap-fox/call", &json!({"input": {}})).await.unwrap();
    refused(&me.get("/v1/stats").await.unwrap(), 403, "denied");
    let check = |stats: &Value| {
        let day = &stats["last_day"];
        let counts = ["ended", "completed", "failed", "rejected", "asked"].map(|key| day[key].as_u64().unwrap());
        assert_eq!(counts, [4, 2, 1, 1, 1], "{stats}");
        assert!(day["p50_us"].as_u64().unwrap() > 0 && day["p99_us"].as_u64() >= day["p50_us"].as_u64(), "{stats}");
        assert!(day["fuel_per_answer"].as_u64().unwrap() > 0 && day["memory_bytes_per_answer"].as_u64().unwrap() > 0);
        assert_eq!(stats["days"].as_array().unwrap().iter().map(|day| day["ended"].as_u64().unwrap()).sum::<u64>(), 4);
        let ping = stats["skills"].as_array().unwrap().iter().find(|one| one["skill"] == "ping").unwrap();
        assert_eq!((&ping["calls"], &ping["ok"]), (&json!(2), &json!(2)), "{stats}");
    };
    check(&get(&mut operator, "/v1/stats").await);
    refused(&operator.get("/v1/stats?hours=0").await.unwrap(), 400, "invalid-input");
    let metrics = operator.get("/metrics").await.unwrap().text();
    for name in [
        "happyos_requests_total{",
        "outcome=\"completed\"",
        "happyos_request_seconds",
        "happyos_tasks_running",
        "happyos_gaps_open 1",
    ] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }

    // The same failure of a request and of a call is one group, for all its users one of the operator's.
    let mut you = user(&home, &daemon, "you").await;
    you.post("/v1/skills/trap-fox/call", &json!({"input": {}})).await.unwrap();
    let mine = get(&mut me, "/v1/errors?skill=trap-fox").await;
    assert_eq!((&mine["errors"][0]["count"], &mine["errors"][0]["users"]), (&json!(2), &json!(1)), "{mine}");
    daemon.stop().await;
    drop(daemon);
    let daemon = home.start().await;
    let mut operator = local(&home).await;
    check(&get(&mut operator, "/v1/stats?hours=1&days=1").await);
    let all = get(&mut operator, "/v1/errors?kind=trap").await;
    let group = &all["errors"][0];
    assert_eq!(
        (&group["skill"], &group["count"], &group["users"]),
        (&json!("trap-fox"), &json!(3), &json!(2)),
        "{all}"
    );
    assert!(
        group["first_ms"].as_u64() <= group["last_ms"].as_u64() && group["example"]["message"].is_string(),
        "{all}"
    );
    assert_eq!(get(&mut operator, "/v1/errors?kind=limit-exceeded").await, json!({"errors": []}));
    daemon.stop().await;
}

/// A skill that fails often is believed in less than one like it, where performance is to be used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_skills_did_so_far_is_used_where_that_is_wanted() {
    for performance in [true, false] {
        let mut home = Home::new();
        home.config.tasks.performance = performance;
        for (name, call) in [("lamp-a", "unreachable"), ("lamp-b", "")] {
            let live = !call.is_empty();
            let metadata = json!({"description": "Lights the lamp in the hall.", "inputSchema": {"type": "object"},
                "examples": [{"request": {"en": "light the hall lamp"}, "input": {}, "live": live}]});
            let call = format!("{call} unreachable");
            let call = if live { call.as_str() } else { SkillGuest::default().call };
            home.install_guest(&SkillGuest { name, metadata: &metadata.to_string(), call, ..Default::default() });
        }
        let daemon = home.start().await;
        let mut client = local(&home).await;
        let choices = async |client: &mut Client| {
            let looked = client.post("/v1/analyse", &json!({"text": "light the hall lamp"})).await.unwrap().json();
            let score = |name: &str| {
                let choices = looked["question"]["choices"].as_array();
                let choice = choices.into_iter().flatten().find(|choice| choice["skill"] == name);
                choice.and_then(|choice| choice["score"].as_f64())
            };
            (score("lamp-a"), score("lamp-b"))
        };
        let (a, b) = choices(&mut client).await;
        assert!(a.is_some() && a == b, "alike before: {a:?} {b:?}");
        for _ in 0..12 {
            let failed = ask(&mut client, json!({"text": "light the hall lamp", "hints": {"skill": "lamp-a"}})).await;
            assert_eq!(failed["steps"][0]["failures"][0]["skill"], "lamp-a", "{failed}");
        }
        daemon.stop().await;
        drop(daemon);
        // It is read again at the start.
        let daemon = home.start().await;
        let mut client = local(&home).await;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let (a, b) = choices(&mut client).await;
            match (performance, a, b) {
                (true, Some(a), Some(b)) if a < b => break,
                // So far ahead that it is not even asked about.
                (true, None, _) => break,
                (false, Some(a), Some(b)) => {
                    assert_eq!(a, b, "not used");
                    break;
                }
                _ => assert!(std::time::Instant::now() < deadline, "not used: {a:?} {b:?}"),
            }
        }
        daemon.stop().await;
    }
}
