//! How requests went, in memory.

use async_trait::async_trait;

use super::MemoryLedger;
use crate::store::StoreError;
use crate::store::gaps::GapState;
use crate::store::recall::SPAN_MS;
use crate::store::records::{FAILURES_MAX, FailureGroup, Records, RequestSpan, RequestSum, cut_example};

#[async_trait]
impl Records for MemoryLedger {
    async fn add_requests(&self, spans: Vec<RequestSpan>) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for more in spans {
            let empty = || RequestSpan { span: more.span, ..RequestSpan::default() };
            add(kept.requests.entry(more.span).or_insert_with(empty), more);
        }
        Ok(())
    }

    async fn requests(&self, since_ms: u64) -> Result<Vec<RequestSpan>, StoreError> {
        Ok(self.lock().requests.range(since_ms / SPAN_MS..).map(|(_, span)| span.clone()).collect())
    }

    async fn prune_requests(&self, since_ms: u64) -> Result<usize, StoreError> {
        let mut kept = self.lock();
        let left = kept.requests.split_off(&(since_ms / SPAN_MS));
        let gone = std::mem::replace(&mut kept.requests, left);
        Ok(gone.values().map(|span| span.sums.len()).sum())
    }

    async fn add_failures(&self, groups: Vec<FailureGroup>) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for mut more in groups {
            more.message = cut_example(&more.message).into();
            more.hint = more.hint.map(|hint| cut_example(&hint).into());
            let key = (more.owner.clone(), more.id());
            let group = match kept.failures.remove(&key) {
                Some(group) => FailureGroup {
                    count: group.count.saturating_add(more.count),
                    first_ms: group.first_ms.min(more.first_ms),
                    ..more
                },
                None => more,
            };
            kept.failures.insert(key, group);
        }
        Ok(())
    }

    async fn failures(&self, owner: Option<&str>) -> Result<Vec<FailureGroup>, StoreError> {
        let kept = self.lock();
        let wanted = |group: &&FailureGroup| owner.is_none_or(|owner| owner == &*group.owner);
        let mut groups: Vec<_> = kept.failures.values().filter(wanted).cloned().collect();
        // Those of one time stay in the order of their keys.
        groups.sort_by_key(|group| std::cmp::Reverse(group.last_ms));
        groups.truncate(usize::try_from(FAILURES_MAX).unwrap_or(usize::MAX));
        Ok(groups)
    }

    async fn n_gaps_open(&self) -> Result<u64, StoreError> {
        Ok(self.lock().gaps.values().filter(|(gap, _)| gap.state == GapState::Open).count() as u64)
    }

    async fn prune_failures(&self, count_max: u64, since_ms: u64) -> Result<usize, StoreError> {
        let mut kept = self.lock();
        let mut order: Vec<_> = kept.failures.iter().map(|(key, group)| (group.last_ms, key.clone())).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let count_max = usize::try_from(count_max).unwrap_or(usize::MAX);
        let gone = order.iter().enumerate().filter(|(place, (last_ms, _))| *place >= count_max || *last_ms < since_ms);
        Ok(gone.filter(|(_, (_, key))| kept.failures.remove(key).is_some()).count())
    }
}

fn add(span: &mut RequestSpan, more: RequestSpan) {
    for sum in more.sums {
        match span.sums.iter_mut().find(|known| known.strategy == sum.strategy && known.outcome == sum.outcome) {
            Some(known) => {
                *known = RequestSum {
                    n_requests: known.n_requests.saturating_add(sum.n_requests),
                    wall_us: known.wall_us.saturating_add(sum.wall_us),
                    fuel: known.fuel.saturating_add(sum.fuel),
                    memory_bytes: known.memory_bytes.saturating_add(sum.memory_bytes),
                    memory_max_bytes: known.memory_max_bytes.max(sum.memory_max_bytes),
                    ..sum
                }
            }
            None => span.sums.push(sum),
        }
    }
    span.sums.sort_by(|a, b| (&a.strategy, &a.outcome).cmp(&(&b.strategy, &b.outcome)));
    for (bucket, count) in more.times {
        match span.times.iter_mut().find(|(known, _)| *known == bucket) {
            Some((_, known)) => *known = known.saturating_add(count),
            None => span.times.push((bucket, count)),
        }
    }
    span.times.sort_unstable();
}
