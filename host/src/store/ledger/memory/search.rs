//! Finding what was asked before, in memory: every text is looked through.

use std::sync::Arc;

use async_trait::async_trait;

use super::MemoryLedger;
use crate::base::TaskId;
use crate::store::StoreError;
use crate::store::search::{Findable, Packed, Search, VECTORS_MAX, cut, is_beginning, telling};

/// A task that can be found, with its vector.
pub(super) struct Held {
    pub(super) task: Findable,
    vector: Option<(Box<str>, Packed)>,
}

#[async_trait]
impl Search for MemoryLedger {
    async fn unfindable(&self, owner: Option<&str>, limit: usize) -> Result<Vec<(Arc<str>, TaskId)>, StoreError> {
        let kept = self.lock();
        let ended = kept.tasks.iter().rev().filter(|(id, held)| {
            let record = &held.record;
            record.state.is_terminal()
                && owner.is_none_or(|owner| owner == &*record.owner)
                && !kept.findable.contains_key(id)
        });
        Ok(ended.map(|(id, held)| (held.record.owner.clone(), *id)).take(limit).collect())
    }

    async fn make_findable(&self, tasks: Vec<Findable>) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for task in tasks {
            if kept.of(&task.owner, task.task).is_some() && !kept.findable.contains_key(&task.task) {
                let task = Findable { request: cut(&task.request).into(), answer: cut(&task.answer).into(), ..task };
                kept.findable.insert(task.task, Held { task, vector: None });
            }
        }
        Ok(())
    }

    async fn find(&self, owner: &str, words: Vec<String>, limit: usize) -> Result<Vec<Findable>, StoreError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let kept = self.lock();
        let own = kept.findable.values().rev().map(|held| &held.task).filter(|task| &*task.owner == owner);
        let found = |words: &[String], n_min: usize| -> Vec<(usize, usize, &Findable)> {
            let counted = own.clone().map(|task| {
                let (asked, answered) = (has(&task.request, words), has(&task.answer, words));
                let either = asked.iter().zip(&answered).filter(|(a, b)| **a || **b).count();
                (either, asked.iter().filter(|asked| **asked).count(), task)
            });
            counted.filter(|(n_words, ..)| *n_words >= n_min).collect()
        };
        let mut found = match found(&words, words.len()) {
            none if none.is_empty() => found(&telling(&words), 1),
            all => all,
        };
        found.sort_by_key(|(n_words, n_asked, _)| std::cmp::Reverse((*n_words, *n_asked)));
        Ok(found.into_iter().take(limit).map(|(.., task)| task.clone()).collect())
    }

    async fn findable(&self, owner: &str, tasks: Vec<TaskId>) -> Result<Vec<Findable>, StoreError> {
        let kept = self.lock();
        let found = tasks.iter().filter_map(|task| kept.findable.get(task)).map(|held| &held.task);
        Ok(found.filter(|task| &*task.owner == owner).cloned().collect())
    }

    async fn without_vector(&self, model: &str, limit: usize) -> Result<Vec<Findable>, StoreError> {
        let kept = self.lock();
        let without = |held: &&Held| held.vector.as_ref().is_none_or(|(of, _)| &**of != model);
        Ok(kept.findable.values().rev().filter(without).take(limit).map(|held| held.task.clone()).collect())
    }

    async fn set_vectors(&self, model: &str, vectors: Vec<(Arc<str>, TaskId, Packed)>) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for (owner, task, vector) in vectors {
            if let Some(held) = kept.findable.get_mut(&task).filter(|held| held.task.owner == owner) {
                held.vector = Some((model.into(), vector));
            }
        }
        Ok(())
    }

    async fn vectors(&self, owner: &str, model: &str) -> Result<Vec<(TaskId, Packed)>, StoreError> {
        let kept = self.lock();
        let own = kept.findable.values().rev().filter(|held| &*held.task.owner == owner);
        let vectors = own.filter_map(|held| {
            let (_, vector) = held.vector.as_ref().filter(|(of, _)| &**of == model)?;
            Some((held.task.task, vector.clone()))
        });
        Ok(vectors.take(VECTORS_MAX).collect())
    }
}

/// Which of `words` are in `text`, or begin a word of it.
fn has(text: &str, words: &[String]) -> Vec<bool> {
    let lower = text.to_lowercase();
    let has = |word: &String| {
        let mut known = lower.split(|c: char| !c.is_alphanumeric());
        known.any(|known| if is_beginning(word) { known.starts_with(word) } else { known == word })
    };
    words.iter().map(has).collect()
}
