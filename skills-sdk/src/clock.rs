//! The time. `std::time` does not know it inside a component.
//!
//! Natively it is the system's, unless a test set it with
//! [`testing::set_clock`](crate::testing::set_clock).

use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
pub fn now_ms() -> u64 {
    #[cfg(target_family = "wasm")]
    return crate::guest::bindings::happyos::host::clock::now();
    #[cfg(not(target_family = "wasm"))]
    return crate::native::now_ms();
}

/// The time since the call began; natively, since the thread first asked. Never goes backwards.
pub fn elapsed() -> Duration {
    #[cfg(target_family = "wasm")]
    return Duration::from_nanos(crate::guest::bindings::happyos::host::clock::monotonic());
    #[cfg(not(target_family = "wasm"))]
    return crate::native::elapsed();
}
