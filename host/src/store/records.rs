//! How requests went: sums over hours with their times, and failures in groups. The port, and what is kept.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::base::{Digest, TaskId};

/// Most groups of failures that are kept, over all owners; those seen longest ago go first.
pub const FAILURES_MAX: u64 = 2_000;
/// Longest example of a group, in bytes.
pub const EXAMPLE_BYTES_MAX: usize = 512;
/// Buckets to each doubling of a time: a time is known to within an eighth.
const PER_DOUBLING_BITS: u32 = 3;

/// Requests of one hour that were settled one way under one strategy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestSum {
    /// What was decided to do about them; empty where they were stopped before.
    pub strategy: Box<str>,
    /// `completed`, `failed`, `canceled`, `rejected`, or `input-required` for those that asked something.
    pub outcome: Box<str>,
    /// How many.
    pub n_requests: u64,
    /// Microseconds that were worked on all of them together.
    pub wall_us: u64,
    /// Fuel of all of them together.
    pub fuel: u64,
    /// The peaks of their memory, added up, in bytes.
    pub memory_bytes: u64,
    /// The largest of them.
    pub memory_max_bytes: u64,
}

/// How many requests took how long: the number of a bucket, and a count.
pub type TimeCount = (u16, u64);

/// The requests of one hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestSpan {
    /// Its number: milliseconds since 1970 over [`super::recall::SPAN_MS`].
    pub span: u64,
    /// By strategy and outcome.
    pub sums: Vec<RequestSum>,
    /// By bucket.
    pub times: Vec<TimeCount>,
}

/// Failures that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    /// Whose calls they were.
    pub owner: Arc<str>,
    /// The kind, with the limit where one was reached: `trap`, `limit-exceeded: fuel`.
    pub kind: Box<str>,
    /// The skill; empty where none was called.
    pub skill: Box<str>,
    /// The message without numbers and quotations.
    pub shape: Box<str>,
    /// How many there were.
    pub count: u64,
    /// When the first came, in milliseconds since 1970.
    pub first_ms: u64,
    /// When the last came.
    pub last_ms: u64,
    /// The task of the last, where it was one's.
    pub task: Option<TaskId>,
    /// The message of the last; cut to [`EXAMPLE_BYTES_MAX`].
    pub message: Box<str>,
    /// What its hint said.
    pub hint: Option<Box<str>>,
}

impl FailureGroup {
    /// Twelve hexadecimal digits, made of kind, skill and shape: the same for every owner.
    pub fn id(&self) -> Box<str> {
        let text = format!("{}\n{}\n{}", self.kind, self.skill, self.shape);
        let mut id = Digest::of(text.as_bytes()).to_string();
        id.truncate(12);
        id.into()
    }
}

/// How requests went.
#[async_trait]
pub trait Records: Send + Sync {
    /// Adds to the sums of hours.
    async fn add_requests(&self, spans: Vec<RequestSpan>) -> Result<(), StoreError>;
    /// The sums of the hours since then, the oldest first.
    async fn requests(&self, since_ms: u64) -> Result<Vec<RequestSpan>, StoreError>;
    /// Removes the sums of hours before then.
    async fn prune_requests(&self, since_ms: u64) -> Result<usize, StoreError>;
    /// Adds to groups of failures; the example of the later one stays.
    async fn add_failures(&self, groups: Vec<FailureGroup>) -> Result<(), StoreError>;
    /// The groups of `owner`, or of all, the one seen last first.
    async fn failures(&self, owner: Option<&str>) -> Result<Vec<FailureGroup>, StoreError>;
    /// How many gaps of all owners are open.
    async fn n_gaps_open(&self) -> Result<u64, StoreError>;
    /// Removes the groups that were seen longest ago and are more than `count_max`, or seen last before `since_ms`.
    async fn prune_failures(&self, count_max: u64, since_ms: u64) -> Result<usize, StoreError>;
}

/// The bucket of a time: exact below eight microseconds, then eight to each doubling.
pub fn bucket_of(us: u64) -> u16 {
    let below = 1 << PER_DOUBLING_BITS;
    if us < below {
        return u16::try_from(us).unwrap_or(0);
    }
    let doubling = us.ilog2() - PER_DOUBLING_BITS;
    let within = (us >> doubling) - below;
    u16::try_from(u64::from(doubling + 1) * below + within).unwrap_or(u16::MAX)
}

/// The time in the middle of a bucket, in microseconds.
pub fn bucket_us(bucket: u16) -> u64 {
    let (bucket, below) = (u64::from(bucket), 1u64 << PER_DOUBLING_BITS);
    if bucket < below {
        return bucket;
    }
    let doubling = u32::try_from(bucket / below - 1).unwrap_or(u32::MAX).min(63 - PER_DOUBLING_BITS);
    let width = 1u64 << doubling;
    (below + bucket % below).saturating_mul(width).saturating_add(width / 2)
}

/// The time that `share` of the requests do not exceed; `None` where there are none.
pub fn percentile_us(times: &[TimeCount], share: f64) -> Option<u64> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let total: u64 = sorted.iter().map(|(_, count)| count).sum();
    // A share of a count is a count: what is lost above 2^53 requests does not matter.
    let wanted = ((total as f64 * share).ceil() as u64).clamp(1, total.max(1));
    let mut seen = 0;
    sorted.into_iter().find_map(|(bucket, count)| {
        seen += count;
        (seen >= wanted && count > 0).then(|| bucket_us(bucket))
    })
}

/// The beginning of `text` that fits an example.
pub(super) fn cut_example(text: &str) -> &str {
    text.get(..text.floor_char_boundary(EXAMPLE_BYTES_MAX)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_known_to_within_an_eighth() {
        for us in (0..2_000).chain((0..62).map(|bit| 1 << bit)).chain([u64::MAX]) {
            let middle = bucket_us(bucket_of(us));
            assert!(middle.abs_diff(us) <= us / 8, "{us} becomes {middle}");
            assert!(bucket_of(us.saturating_add(1)) >= bucket_of(us));
        }
        assert_eq!(percentile_us(&[], 0.5), None);
        let times = [(bucket_of(1_000), 98), (bucket_of(9), 1), (bucket_of(50_000), 1)];
        assert!(percentile_us(&times, 0.5).is_some_and(|us| us.abs_diff(1_000) < 125));
        assert!(percentile_us(&times, 0.99).is_some_and(|us| us.abs_diff(1_000) < 125));
        assert!(percentile_us(&times, 1.0).is_some_and(|us| us.abs_diff(50_000) < 6_250));
    }
}
