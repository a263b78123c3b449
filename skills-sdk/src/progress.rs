//! Word to a waiting caller on how far a long call has come.
//!
//! Natively nobody waits; tests read what was reported with
//! [`testing::progress_reports`](crate::testing::progress_reports).

/// Reports that `done` of `total` units are behind us, in units of the skill's choosing, with a
/// short line for people. `total` is `None` where it is not known.
pub fn report(done: f64, total: Option<f64>, message: impl AsRef<str>) {
    #[cfg(target_family = "wasm")]
    crate::guest::bindings::happyos::host::progress::report(done, total, message.as_ref());
    #[cfg(not(target_family = "wasm"))]
    crate::native::report(done, total, message.as_ref());
}
