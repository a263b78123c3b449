//! What is kept of one principal, taken out of memory.

use async_trait::async_trait;

use super::{Kept, MemoryLedger};
use crate::store::StoreError;
use crate::store::personal::{Erased, Personal};

#[async_trait]
impl Personal for MemoryLedger {
    async fn keeps(&self, owner: &str) -> Result<bool, StoreError> {
        if let Some(before) = &self.before
            && before.keeps(owner).await?
        {
            return Ok(true);
        }
        let kept = self.lock();
        Ok(kept.by_owner.contains_key(owner)
            || kept.gaps.values().any(|(gap, _)| &*gap.owner == owner)
            || kept.learned.keys().any(|(of, _)| &**of == owner)
            || kept.failures.keys().any(|(of, _)| &**of == owner))
    }

    async fn erase(&self, owner: &str) -> Result<Erased, StoreError> {
        let before = match &self.before {
            Some(before) => before.erase(owner).await?,
            None => Erased::default(),
        };
        let now = self.lock().erase(owner);
        Ok(Erased {
            n_tasks: before.n_tasks + now.n_tasks,
            n_artifacts: before.n_artifacts + now.n_artifacts,
            n_gaps: before.n_gaps + now.n_gaps,
            n_choices: before.n_choices + now.n_choices,
            n_failures: before.n_failures + now.n_failures,
        })
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        match &self.before {
            Some(before) => before.scrub().await,
            None => Ok(()),
        }
    }
}

impl Kept {
    fn erase(&mut self, owner: &str) -> Erased {
        let ids: Vec<_> = self.by_owner.get(owner).into_iter().flatten().copied().collect();
        let n_artifacts = ids.iter().filter_map(|id| self.tasks.get(id)).map(|held| held.artifacts.len() as u64).sum();
        ids.iter().for_each(|id| self.remove(owner, *id));
        let before = (self.gaps.len(), self.learned.len(), self.failures.len());
        self.gaps.retain(|_, (gap, _)| &*gap.owner != owner);
        self.learned.retain(|(of, _), _| &**of != owner);
        self.failures.retain(|(of, _), _| &**of != owner);
        Erased {
            n_tasks: ids.len() as u64,
            n_artifacts,
            n_gaps: (before.0 - self.gaps.len()) as u64,
            n_choices: (before.1 - self.learned.len()) as u64,
            n_failures: (before.2 - self.failures.len()) as u64,
        }
    }
}
