//! The store as a whole: what it keeps, shares, refuses and gives back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::base::Digest;

fn record(name: &str, n_versions: u8) -> BundleRecord {
    let version =
        |n: u8| VersionRecord { digest: Digest::of(&[n]), version: Some(format!("1.0.{n}")), since_ms: n.into() };
    BundleRecord {
        name: name.into(),
        publisher: Some("acme".into()),
        path: "/skills/å.js".into(),
        active: Some(Digest::of(&[0])),
        versions: (0..n_versions).map(version).collect(),
        pinned_over: Some(Digest::of(b"p")),
        version_highest: Some("1.0.4".into()),
    }
}

#[tokio::test]
async fn bundles_outlive_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_bundle(record("b", 3)).await.unwrap();
    store.save_bundle(record("a", 9)).await.unwrap();
    let gone =
        BundleRecord { publisher: None, active: None, pinned_over: None, version_highest: None, ..record("b", 1) };
    store.save_bundle(gone.clone()).await.unwrap();
    let want = vec![record("a", bundles::VERSIONS_KEPT as u8), gone];
    assert_eq!(store.bundles().await.unwrap(), want);
    drop(store);
    assert!(!dir.path().join("store.sqlite-wal").exists(), "the last one out folds the log in");
    assert_eq!(Store::open(dir.path()).unwrap().bundles().await.unwrap(), want);
}

#[tokio::test]
async fn its_files_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_bundle(record("a", 1)).await.unwrap();
    let mut n_files = 0;
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        n_files += 1;
    }
    assert_eq!(n_files, 3);
}

#[tokio::test]
async fn many_writers_in_several_processes_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // Two stores have two writers and two sets of connections, as two processes do.
    let stores = [Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap()];
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = stores[n % 2].clone();
        tasks.spawn(async move { store.set("s", &format!("{n:03}"), &[0; 7], u64::MAX).await.unwrap() });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    for store in stores {
        assert_eq!(store.list("s", "", None, 1_000).await.unwrap().len(), 200);
        assert_eq!(store.used_bytes("s").await.unwrap(), 2_000);
    }
}

#[tokio::test]
async fn a_failed_request_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    // The first one holds the writer until the others wait behind it, so that they are one batch.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let first = store.write(move |_| {
        let _ = wait.recv();
        Ok(())
    });
    let bad = store.write(|connection| {
        connection.execute("INSERT INTO kv_space (name, used_bytes) VALUES ('bad', 1)", [])?;
        connection.execute("INSERT INTO nothing VALUES (1)", [])
    });
    let good = store.set("good", "k", b"v", 100);
    let release = async move { go.send(()).unwrap() };
    let (first, bad, good, ()) = tokio::join!(first, bad, good, release);
    assert!(first.is_ok() && good.is_ok());
    let error = bad.unwrap_err().to_string();
    assert!(error.starts_with("Failed to write to the store `") && error.contains("nothing"), "{error}");
    assert_eq!(store.used_bytes("bad").await, Ok(0), "what the failed one wrote is undone");
    assert_eq!(store.used_bytes("good").await, Ok(2));
}

#[tokio::test]
async fn what_was_deleted_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for n in 0..16 {
        store.set("s", &n.to_string(), &vec![1; 1 << 20], u64::MAX).await.unwrap();
    }
    store.clear("s").await.unwrap();
    for _ in 0..8 {
        store.set("t", "k", b"v", u64::MAX).await.unwrap();
    }
    drop(store);
    let bytes = fs::metadata(dir.path().join(FILE_NAME)).unwrap().len();
    assert!(bytes < 8 << 20, "{bytes}");
}

#[tokio::test]
async fn a_newer_or_damaged_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    let store = Store::open(dir.path()).unwrap();
    for n in 0..100 {
        store.set("s", &n.to_string(), &[1; 4_000], u64::MAX).await.unwrap();
    }
    drop(store);
    let whole = fs::read(&path).unwrap();

    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("of version 99") && error.contains("hint: a newer HappyOS"), "{error}");

    fs::write(&path, b"this is no database, however long it is".repeat(100)).unwrap();
    let error = Store::open(dir.path()).err().unwrap().to_string();
    assert!(error.starts_with("Failed to open the store `") && error.contains("hint: it is damaged"), "{error}");

    // Cut, or with pages overwritten: an error now or at the first use, and no panic.
    for from in (100..whole.len()).step_by(whole.len() / 40) {
        let mut damaged = whole.clone();
        let until = (from + 5_000).min(damaged.len());
        damaged[from..until].fill(0xa5);
        for bytes in [&damaged[..], &whole[..from]] {
            fs::write(&path, bytes).unwrap();
            let Ok(store) = Store::open(dir.path()) else { continue };
            for n in 0..100 {
                let _ = store.get("s", &n.to_string()).await;
            }
            let _ = store.list("s", "", None, 1_000).await;
            let _ = store.clear("s").await;
            let _ = store.bundles().await;
        }
    }
    fs::write(&path, &whole).unwrap();
    assert!(Store::open(dir.path()).is_ok());
}
