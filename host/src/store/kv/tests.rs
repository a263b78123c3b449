//! One contract that every store of keys and values keeps.

use super::*;
use crate::store::Store;

const QUOTA: u64 = 1_000;

async fn contract(kv: &dyn Kv) {
    // What is set is there, for its space alone.
    assert_eq!(kv.get("a", "k").await, Ok(None));
    kv.set("a", "k", b"value", QUOTA).await.unwrap();
    kv.set("a", "k", b"v2", QUOTA).await.unwrap();
    kv.set("b", "k", b"", QUOTA).await.unwrap();
    assert_eq!(kv.get("a", "k").await.unwrap().as_deref(), Some(b"v2".as_slice()));
    assert_eq!(kv.get("b", "k").await.unwrap().as_deref(), Some(b"".as_slice()));
    assert_eq!((kv.used_bytes("a").await, kv.used_bytes("b").await, kv.used_bytes("c").await), (Ok(3), Ok(1), Ok(0)));
    assert_eq!((kv.delete("a", "k").await, kv.delete("a", "k").await), (Ok(true), Ok(false)));
    assert_eq!((kv.delete("c", "k").await, kv.used_bytes("a").await), (Ok(false), Ok(0)));

    // Swaps see what is there.
    assert_eq!(kv.swap("a", "k", Some(b"x"), Some(b"y"), QUOTA).await, Ok(false));
    assert_eq!(kv.swap("a", "k", None, Some(b"1"), QUOTA).await, Ok(true));
    assert_eq!(kv.swap("a", "k", None, Some(b"2"), QUOTA).await, Ok(false));
    assert_eq!(kv.swap("a", "k", Some(b"1"), Some(b"2"), QUOTA).await, Ok(true));
    assert_eq!(kv.swap("a", "k", Some(b"2"), None, 0).await, Ok(true));
    assert_eq!(kv.swap("a", "k", None, None, QUOTA).await, Ok(true));
    assert_eq!((kv.get("a", "k").await, kv.used_bytes("a").await), (Ok(None), Ok(0)));

    // The quota counts keys and values, and what makes it no larger always goes.
    kv.set("q", "12345", &[0; 95], 100).await.unwrap();
    let refused = Err(KvError::Quota { quota_bytes: 100, used_bytes: 100, more_bytes: 2 });
    assert_eq!(kv.set("q", "1", b"1", 100).await, refused);
    assert_eq!(
        kv.set("new", "12345", &[0; 96], 100).await.unwrap_err(),
        KvError::Quota { quota_bytes: 100, used_bytes: 0, more_bytes: 101 }
    );
    assert!(kv.swap("q", "1", None, Some(b"1"), 100).await.is_err());
    kv.set("q", "12345", &[1; 95], 10).await.unwrap();
    kv.set("q", "12345", &[1; 50], 10).await.unwrap();
    assert_eq!(kv.used_bytes("q").await, Ok(55));

    // Bounds.
    for (space, key) in [("a", ""), ("", "k"), ("a", &*"k".repeat(KEY_BYTES_MAX + 1)), (&*"s".repeat(300), "k")] {
        assert!(matches!(kv.set(space, key, b"", QUOTA).await, Err(KvError::Invalid(_))));
        assert!(matches!(kv.get(space, key).await, Err(KvError::Invalid(_))));
        assert!(matches!(kv.delete(space, key).await, Err(KvError::Invalid(_))));
        assert!(matches!(kv.swap(space, key, None, None, QUOTA).await, Err(KvError::Invalid(_))));
    }
    let large = vec![7; VALUE_BYTES_MAX + 1];
    assert!(matches!(kv.set("l", "k", &large, u64::MAX).await, Err(KvError::Invalid(_))));
    kv.set("l", "k", &large[1..], u64::MAX).await.unwrap();
    assert_eq!(kv.get("l", "k").await.unwrap().unwrap(), large[1..]);

    // Listing: in byte order, a page at a time.
    for key in ["a", "a/1", "a/2", "a/\u{10ffff}", "aa", "b\0", "ä"] {
        kv.set("list", key, b"", QUOTA).await.unwrap();
    }
    let list = async |prefix: &str, after: Option<&str>, limit| kv.list("list", prefix, after, limit).await.unwrap();
    assert_eq!(list("", None, 100).await, ["a", "a/1", "a/2", "a/\u{10ffff}", "aa", "b\0", "ä"]);
    assert_eq!(list("a/", None, 2).await, ["a/1", "a/2"]);
    assert_eq!(list("a/", Some("a/2"), 2).await, ["a/\u{10ffff}"]);
    assert_eq!(list("a/", Some("a"), 1).await, ["a/1"]);
    assert!(list("a/", Some("b"), 9).await.is_empty());
    assert!(list("a", None, 0).await.is_empty());
    assert!(list("%", None, 9).await.is_empty());
    for n in 0..LIST_MAX + 5 {
        kv.set("many", &format!("{n:05}"), b"", u64::MAX).await.unwrap();
    }
    assert_eq!(kv.list("many", "", None, usize::MAX).await.unwrap().len(), LIST_MAX);

    kv.clear("list").await.unwrap();
    assert!(list("", None, 9).await.is_empty());
    assert_eq!((kv.used_bytes("list").await, kv.used_bytes("q").await), (Ok(0), Ok(55)));
    kv.clear("list").await.unwrap();
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract(&MemoryKv::default()).await;
}

#[tokio::test]
async fn the_store_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract(&Store::open(dir.path()).unwrap()).await;
}
