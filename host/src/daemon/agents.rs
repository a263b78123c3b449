//! What agents need of the rooms above them.

use async_trait::async_trait;

use crate::agents::{Recall, Recalled};
use crate::base::Failure;
use crate::orchestrator::Orchestrator;
use crate::security::Principal;

/// What users asked before, as the orchestrator finds it.
pub struct Remembered(pub Orchestrator);

#[async_trait]
impl Recall for Remembered {
    async fn search(&self, principal: &Principal, query: &str, limit: usize) -> Result<Vec<Recalled>, Failure> {
        let (hits, _) = self.0.search(principal, query, limit).await?;
        let recalled = hits.into_iter().map(|hit| Recalled {
            request: hit.task.request.into(),
            answer: hit.task.answer.into(),
            skill: hit.task.skill.into(),
        });
        Ok(recalled.collect())
    }
}
