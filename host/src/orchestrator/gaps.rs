//! What was asked for and no skill does: recorded with its evidence, looked at, dismissed.

use serde_json::json;

use super::analysing::met_gap;
use super::event::Event;
use super::task::Task;
use super::{Inner, Orchestrator, internal};
use crate::base::{Failure, FailureKind};
use crate::security::{Action, Principal, Role, authorise, redact};
use crate::store::StoreError;
use crate::store::gaps::{Evidence, GapRecord, GapState};

impl Inner {
    /// The keys of the gaps that are known of `owner`.
    pub(super) async fn gap_keys(&self, owner: &str) -> Result<Vec<Box<str>>, StoreError> {
        Ok(self.ledger.gaps(Some(owner)).await?.into_iter().map(|gap| gap.key).collect())
    }
}

/// The evidence that `events` of a task give of a gap, without secrets and personal data: others than its owner read it.
pub(super) fn evidence(task: &Task, events: &[Event], at_ms: u64) -> Option<Evidence> {
    let (gap, analysed) = events.iter().find_map(met_gap)?;
    let nearest: Vec<_> = gap.nearest.iter().map(|near| json!({"skill": &*near.skill, "score": near.score})).collect();
    let language = analysed.or(task.analysed.as_deref()).map(|analysed| &*analysed.language);
    let fit = analysed.map(|analysed| analysed.fit);
    let context = redact::value(&serde_json::Value::Object(task.request.context.clone()));
    let why = json!({"language": language, "fit": fit, "nearest": nearest, "context": context});
    Some(Evidence {
        gap: gap.id.clone(),
        key: gap.key.clone(),
        task: task.id,
        at_ms,
        text: redact::text(&task.request.text).into(),
        why: why.to_string().into(),
    })
}

impl Orchestrator {
    /// The gaps that the principal's requests met; for operators, those of all.
    ///
    /// # Errors
    /// `denied`, `internal`.
    pub async fn gaps(&self, principal: &Principal) -> Result<Vec<GapRecord>, Failure> {
        authorise(principal, Action::Ask)?;
        self.inner.ledger.gaps(whose(principal)).await.map_err(internal)
    }

    /// One of them with its evidence, the youngest first.
    ///
    /// # Errors
    /// `denied`, `not-found`, `internal`.
    pub async fn gap(&self, principal: &Principal, id: &str) -> Result<(GapRecord, Vec<Evidence>), Failure> {
        let gaps = self.gaps(principal).await?;
        let gap = gaps.into_iter().find(|gap| &*gap.id == id).ok_or_else(|| no_gap(id))?;
        let evidence = self.inner.ledger.evidence(id).await.map_err(internal)?;
        Ok((gap, evidence))
    }

    /// Says that nothing is to be done about a gap.
    ///
    /// # Errors
    /// `denied`, `not-found`, `internal`.
    pub async fn dismiss_gap(&self, principal: &Principal, id: &str) -> Result<(), Failure> {
        authorise(principal, Action::Ask)?;
        match self.inner.ledger.set_gap(whose(principal), id, GapState::Dismissed).await.map_err(internal)? {
            true => Ok(()),
            false => Err(no_gap(id)),
        }
    }
}

/// Gaps are for operators to fill, so they see all of them.
fn whose(principal: &Principal) -> Option<&str> {
    (principal.role() < Role::Operator).then(|| principal.name())
}

fn no_gap(id: &str) -> Failure {
    let shown: String = id.chars().take(40).collect();
    Failure::new(FailureKind::NotFound, format!("there is no gap `{shown}`"))
        .with_hint("`happyos gap list` shows the gaps")
}
