//! Random numbers, drawn from the call's seed: the same seed gives the same numbers.
//!
//! Natively they come from a seed of 0 per thread, unless a test set it with
//! [`testing::set_seed`](crate::testing::set_seed). They are not the host's numbers for that seed.

/// Most bytes that the host gives at once.
const BYTES_MAX: usize = 65_536;

/// Sixty-four random bits.
pub fn next() -> u64 {
    #[cfg(target_family = "wasm")]
    return crate::guest::bindings::happyos::host::random::next();
    #[cfg(not(target_family = "wasm"))]
    return crate::native::random();
}

/// A number from 0 up to but not including `bound`, each as likely; 0 if `bound` is 0.
pub fn below(bound: u64) -> u64 {
    // Lemire, "Fast random integer generation in an interval", 2019.
    let threshold = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
    loop {
        let wide = u128::from(next()) * u128::from(bound);
        if (wide as u64) >= threshold {
            return (wide >> 64) as u64;
        }
    }
}

/// `len` random bytes.
pub fn bytes(len: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(len);
    while all.len() < len {
        let part = (len - all.len()).min(BYTES_MAX);
        #[cfg(target_family = "wasm")]
        all.extend(crate::guest::bindings::happyos::host::random::bytes(part as u32));
        #[cfg(not(target_family = "wasm"))]
        all.extend((0..part).map(|_| crate::native::random() as u8));
    }
    all
}
