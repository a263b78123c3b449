//! What is kept of one principal, taken out of memory.

use async_trait::async_trait;

use super::MemoryLedger;
use crate::store::StoreError;
use crate::store::personal::{Erased, Personal};

#[async_trait]
impl Personal for MemoryLedger {
    async fn keeps(&self, owner: &str) -> Result<bool, StoreError> {
        let kept = self.lock();
        Ok(kept.by_owner.contains_key(owner)
            || kept.gaps.values().any(|(gap, _)| &*gap.owner == owner)
            || kept.learned.keys().any(|(of, _)| &**of == owner)
            || kept.failures.keys().any(|(of, _)| &**of == owner))
    }

    async fn erase(&self, owner: &str) -> Result<Erased, StoreError> {
        let mut kept = self.lock();
        let ids: Vec<_> = kept.by_owner.get(owner).into_iter().flatten().copied().collect();
        let artifacts = ids.iter().filter_map(|id| kept.tasks.get(id)).map(|held| held.artifacts.len() as u64);
        let mut erased = Erased { n_tasks: ids.len() as u64, n_artifacts: artifacts.sum(), ..Erased::default() };
        ids.into_iter().for_each(|id| kept.remove(owner, id));
        let before = (kept.gaps.len(), kept.learned.len(), kept.failures.len());
        kept.gaps.retain(|_, (gap, _)| &*gap.owner != owner);
        kept.learned.retain(|(of, _), _| &**of != owner);
        kept.failures.retain(|(of, _), _| &**of != owner);
        erased.n_gaps = (before.0 - kept.gaps.len()) as u64;
        erased.n_choices = (before.1 - kept.learned.len()) as u64;
        erased.n_failures = (before.2 - kept.failures.len()) as u64;
        Ok(erased)
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        // There are no files.
        Ok(())
    }
}
