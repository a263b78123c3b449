//! A few kills of the trial that `cargo xtask crash bundles` runs hundreds of.

use happyos_tests::crash;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_daemon_finds_everything_again() {
    let found = crash::bundles(10, 7).await.unwrap();
    assert!(found.invalid.is_empty() && found.lost.is_empty(), "{found:#?}");
    assert!(found.writes > 0 && found.operations > 0, "{found:#?}");
}
