//! Samples of time: percentiles, medians of rounds, and this process's memory.

use std::time::{Duration, Instant};

/// Times of single calls.
#[derive(Default, Clone)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds the time since `began`.
    pub fn since(&mut self, began: Instant) {
        self.0.push(began.elapsed());
    }

    /// Adds a time.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that `part` of the samples (0 to 1) do not exceed, in microseconds.
    pub fn percentile_us(&mut self, part: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let at = ((last as f64) * part).round() as usize;
        self.0.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1e6)
    }
}

/// The median of `values`.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Bytes of memory that this process holds, after what it need not hold is given back.
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
