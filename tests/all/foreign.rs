//! Components in other languages, made for no host in particular: built by their own toolchains, run unchanged.

use std::path::PathBuf;

use happyos::base::FailureKind;
use happyos::skills::Skills;
use happyos_tests::home::{answer, call, failure, operator};
use happyos_tests::{Home, profile_dir};
use serde_json::{Value, json};

/// Both guests have this world, under their own names.
const GUESTS: [&str; 2] = ["js-plain", "py-plain"];

/// The built guests. Without Node.js or Python `cargo xtask test` leaves one out, and says so.
fn built() -> Vec<(&'static str, PathBuf)> {
    let fixtures = profile_dir().parent().unwrap().join("happyos/guests");
    let found: Vec<_> = GUESTS
        .iter()
        .map(|name| (*name, fixtures.join(format!("{name}.wasm"))))
        .filter(|(name, path)| {
            let left_out = std::env::var("HAPPYOS_GUESTS_LEFT_OUT").unwrap_or_default();
            let there = path.is_file();
            assert!(there || left_out.contains(name), "no `{}`\nhint: run `cargo xtask test`", path.display());
            there
        })
        .collect();
    found
}

async fn open() -> Option<(Home, Skills, Vec<&'static str>)> {
    let built = built();
    if built.is_empty() {
        return None;
    }
    let home = Home::new();
    for (name, path) in &built {
        home.install(&format!("{name}.wasm"), std::fs::read(path).unwrap());
    }
    let skills = home.open().await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    assert!(snapshot.refusals().is_empty(), "{:?}", snapshot.refusals());
    Some((home, skills, built.into_iter().map(|(name, _)| name).collect()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn javascript_and_python_components_run_unchanged() {
    let Some((_home, skills, guests)) = open().await else { return };
    for guest in guests {
        let call = async |function: &str, input: Value| call(&skills, &format!("{guest}_{function}"), input).await;
        let bolt = json!({"name": "bolt", "price": 0.5, "count": 4, "tags": ["small"], "note": "räka"});
        let nut = json!({"name": "nut", "price": 0.25, "count": 2, "tags": [], "note": null});
        let items = json!([bolt, nut]);
        assert_eq!(answer(&call("total", json!({ "items": items })).await), json!(2.5), "{guest}");
        let free = json!([{"name": "air", "price": -1, "count": 1, "tags": []}]);
        let outcome = call("total", json!({ "items": free })).await;
        assert_eq!(failure(&outcome).kind, FailureKind::GuestError, "{guest}");
        assert!(failure(&outcome).message.contains("air has no price"), "{guest}: {outcome:?}");
        assert_eq!(answer(&call("find", json!({"items": items, "name": "bolt"})).await), bolt, "{guest}");
        assert_eq!(answer(&call("find", json!({"items": items, "name": "x"})).await), Value::Null, "{guest}");
        let serial = call("next-serial", json!({"last": "18446744073709551614"})).await;
        assert_eq!(answer(&serial), json!("18446744073709551615"), "{guest}");
        assert_eq!(answer(&call("reverse", json!({"words": ["a", "ö"]})).await), json!(["ö", "a"]), "{guest}");
        assert_eq!(answer(&call("reverse-bytes", json!({"data": "AAEC"})).await), json!("AgEA"), "{guest}");
        let now: u64 = answer(&call("now", json!({})).await).as_str().unwrap().parse().unwrap();
        assert!(now > 1_700_000_000_000, "{guest}: {now}");

        let said = call("say", json!({"line": "hello from a guest"})).await;
        assert_eq!(answer(&said), json!(18), "{guest}");
        let (lines, _) = skills.guest_log().follow();
        let lines: Vec<_> = lines.iter().filter(|line| line.request_id == said.request_id).collect();
        assert!(lines.iter().any(|line| line.message.contains("hello from a guest")), "{guest}: {lines:?}");

        let outcome = call("crash", json!({"reason": "because"})).await;
        assert!(matches!(failure(&outcome).kind, FailureKind::Trap | FailureKind::GuestError), "{guest}: {outcome:?}");
        assert!(outcome.usage.fuel > 0 && outcome.usage.memory_peak_bytes > 1 << 20, "{guest}: {:?}", outcome.usage);
        let outcome = call("reverse", json!({"words": [1]})).await;
        assert_eq!(failure(&outcome).kind, FailureKind::InvalidInput, "{guest}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wasi_is_there_and_empty() {
    let Some((_home, skills, guests)) = open().await else { return };
    if !guests.contains(&"py-plain") {
        return;
    }
    assert_eq!(answer(&call(&skills, "py-plain_environment", json!({})).await), json!([]));
    for path in ["/etc/passwd", "../../etc/passwd", "Cargo.toml"] {
        let outcome = call(&skills, "py-plain_read-file", json!({ "path": path })).await;
        assert_eq!(failure(&outcome).kind, FailureKind::GuestError, "{path}: {outcome:?}");
    }
}
