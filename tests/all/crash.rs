//! A few kills of the trials that `cargo xtask crash` runs hundreds of.

use happyos_tests::{crash, crash_tasks};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_daemon_finds_everything_again() {
    let found = crash::bundles(10, 7).await.unwrap();
    assert!(found.invalid.is_empty() && found.lost.is_empty(), "{found:#?}");
    assert!(found.writes > 0 && found.operations > 0, "{found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_daemon_goes_on_with_every_request() {
    let found = crash_tasks::tasks(10, 7).await.unwrap();
    assert!(found.lost.is_empty() && found.twice.is_empty(), "{found:#?}");
    assert!(found.accepted > 0, "{found:#?}");
}
