//! Settings by the names of the system before this one: read from its JSON, shown, and changed without a restart.

use std::time::{Duration, Instant};

use happyos_tests::http::Client;
use happyos_tests::{Home, SkillGuest};
use serde_json::{Value, json};

/// Asks for the status until it is as `wanted` says.
async fn status_when(client: &mut Client, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let status = client.get("/v1/status").await.unwrap().json();
        if wanted(&status["components"]) {
            return status["components"].clone();
        }
        assert!(Instant::now() < deadline, "{what}: {status}");
    }
}

fn setting<'a>(components: &'a Value, name: &str) -> &'a Value {
    let settings = components["configuration"]["settings"].as_array().unwrap();
    settings.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("no `{name}` in {components}"))
}

/// A daemon whose configuration is a file in JSON, and what writes that file.
async fn daemon(first: Value) -> (Home, happyos::daemon::Daemon, impl Fn(&str)) {
    let mut home = Home::new();
    let file = home.path().join("happyos.json");
    std::fs::write(&file, first.to_string()).unwrap();
    home.config.files = vec![file.clone()];
    let read = happyos::config::load(&home.config.files, home.config.clone()).unwrap();
    home.config = read;
    let metadata = json!({
        "description": "Says whether the service is there.",
        "inputSchema": {"type": "object"},
        "examples": [{"request": {"en": "ping the service"}, "input": {}}],
    });
    home.install_guest(&SkillGuest { name: "ping", metadata: &metadata.to_string(), ..Default::default() });
    let daemon = home.start().await;
    (home, daemon, move |text: &str| std::fs::write(&file, text).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_blocks_are_taken_and_what_is_not_there_yet_is_shown_as_inactive() {
    let blocks = json!({
        "basic_orchestrator": {"max_concurrent_tasks": 10, "skill_discovery_interval": 300, "fallback_enabled": true,
            "self_building_enabled": true},
        "ultimate_orchestrator": {"max_agents": 50, "a2a_protocol_enabled": true, "advanced_analysis_enabled": true,
            "performance_optimization": true, "memory_system_enabled": true},
    });
    let (home, daemon, _) = daemon(blocks).await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let components = status_when(&mut client, "the status", |_| true).await;
    for (name, value, is_active) in [
        ("max_concurrent_tasks", "10", true),
        ("skill_discovery_interval", "300", true),
        ("fallback_enabled", "true", true),
        ("self_building_enabled", "true", true),
        ("max_agents", "50", true),
        ("a2a_protocol_enabled", "true", false),
        ("advanced_analysis_enabled", "true", true),
        ("performance_optimization", "true", true),
        ("memory_system_enabled", "true", true),
    ] {
        assert_eq!(setting(&components, name), &json!({"name": name, "value": value, "active": is_active}));
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_change_without_a_restart_and_a_mistake_keeps_the_old() {
    let (home, daemon, write) = daemon(json!({"max_concurrent_tasks": 3})).await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let ask = json!({"text": "ping the service", "session_id": "s"});
    assert_eq!(client.post("/v1/requests", &ask).await.unwrap().json()["state"], "completed");
    let looked = client.post("/v1/analyse", &ask).await.unwrap().json();
    assert_eq!(looked["turns"], 1, "the session is remembered: {looked}");

    write(
        r#"{"basic_orchestrator": {"max_concurrent_tasks": 5, "skill_discovery_interval": 7},
        "memory_system_enabled": false, "max_agents": 9, "http": {"body_bytes_max": 2000}}"#,
    );
    let is = |name: &'static str, value: &'static str| move |found: &Value| setting(found, name)["value"] == value;
    let found = status_when(&mut client, "the settings are read again", is("max_concurrent_tasks", "5")).await;
    for (name, value) in [("skill_discovery_interval", "7"), ("memory_system_enabled", "false"), ("max_agents", "9")] {
        assert_eq!(setting(&found, name)["value"], value, "{found}");
    }
    assert_eq!(found["configuration"]["state"], "ok");
    let looked = client.post("/v1/analyse", &ask).await.unwrap().json();
    assert_eq!(looked["turns"], 0, "what is remembered is not used: {looked}");
    let long = json!({"input": {"a": "x".repeat(3_000)}});
    assert_eq!(client.post("/v1/skills/ping/call", &long).await.unwrap().status.as_u16(), 413);

    // A mistake keeps all of it, and says where it is.
    let mut client = Client::unix(&home.socket()).await.unwrap();
    write("{\"max_concurrent_task\": 2}");
    let wrong = |found: &Value| found["configuration"]["state"] == "degraded";
    let found = status_when(&mut client, "the mistake is told", wrong).await;
    let problem = found["catalog"]["problem"].as_str().unwrap();
    assert!(problem.contains("happyos.json:1:2") && problem.contains("max_concurrent_task"), "{problem}");
    assert_eq!(setting(&found, "max_concurrent_tasks")["value"], "5");

    // What cannot count at once says so, until it is put back.
    write("{\"max_concurrent_tasks\": 6, \"http\": {\"listen\": \"127.0.0.1:1\"}, \"store\": \"memory\"}");
    let found = status_when(&mut client, "it waits", is("max_concurrent_tasks", "6")).await;
    assert_eq!(found["configuration"]["waiting"], json!(["store", "http.listen"]), "{found}");
    assert_eq!(found["configuration"]["state"], "waiting");
    assert!(found["catalog"].get("problem").is_none(), "{found}");
    let listed = client.get("/v1/tasks").await.unwrap().json();
    assert_eq!(listed["tasks"].as_array().map(Vec::len), Some(1), "the store is the one it was: {listed}");
    write("{\"max_concurrent_tasks\": 4}");
    let found = status_when(&mut client, "it is put back", is("max_concurrent_tasks", "4")).await;
    assert_eq!((&found["configuration"]["state"], &found["configuration"]["waiting"]), (&json!("ok"), &json!([])));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_skills_folder_that_is_replaced_is_followed() {
    let (home, daemon, _) = daemon(json!({})).await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    std::fs::remove_dir_all(&home.config.skills_dir).unwrap();
    std::fs::create_dir(&home.config.skills_dir).unwrap();
    home.install_guest(&SkillGuest { name: "other", ..Default::default() });
    let other = |found: &Value| found["catalog"]["bundles"] == 1 && found["catalog"]["skills"] == 1;
    status_when(&mut client, "the new folder is read", other).await;
    let called = async |client: &mut Client, name: &str| {
        client.post(&format!("/v1/skills/{name}/call"), &json!({})).await.unwrap().status.as_u16()
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while called(&mut client, "other").await != 200 || called(&mut client, "ping").await != 404 {
        assert!(Instant::now() < deadline, "the new folder is not followed");
    }
    // And it is watched, not only looked through now and then.
    let since = Instant::now();
    home.install_guest(&SkillGuest { name: "third", ..Default::default() });
    while called(&mut client, "third").await != 200 {
        assert!(since.elapsed() < Duration::from_secs(4), "the new folder is not watched");
    }
    daemon.stop().await;
}
