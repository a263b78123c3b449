//! From what fails to a gap: skills that keep failing, and versions that were sent back, with the calls on which they did.

use serde_json::{Value, json};

use super::build::{Backing, Builder, internal};
use crate::base::{Failure, TaskId};
use crate::security::redact;
use crate::skills::Example;
use crate::store::builds::BuildState;
use crate::store::gaps::{Evidence, GapRecord, GapState, gap_id};
use crate::telemetry::failing::{FailedCall, SentBack, Taken};

/// What the key of a gap begins with that is about a skill; those of requests have no colon.
const OF_SKILL: &str = "skill:";

impl Builder {
    /// Writes down what has failed since: a gap for each skill that keeps failing, and more evidence in the gap that a version
    /// was built for and that was sent back.
    ///
    /// # Errors
    /// `internal`.
    pub async fn learn(&self) -> Result<(), Failure> {
        let Backing { skills, .. } = self.backing();
        let Taken { sent_back, failing } = skills.failures().take_failing();
        for sent_back in sent_back {
            self.learn_of_version(&sent_back).await?;
        }
        for (count, calls) in failing {
            self.learn_of_skill(count, &calls).await?;
        }
        Ok(())
    }

    /// A version that was built and sent back opens its gap again; of any other, its failing calls count for its skills.
    async fn learn_of_version(&self, sent_back: &SentBack) -> Result<(), Failure> {
        let calls = &sent_back.calls;
        let Backing { store, ledger, now_ms, .. } = self.backing();
        let id = store.build_of(&sent_back.bundle, sent_back.digest).await.map_err(internal)?;
        let build = match id {
            Some(id) => store.build(&id).await.map_err(internal)?.map(|(build, _)| build),
            None => None,
        };
        let Some(mut build) = build else {
            return if calls.is_empty() { Ok(()) } else { self.learn_of_skill(calls.len() as u64, calls).await };
        };
        let gaps = ledger.gaps(None).await.map_err(internal)?;
        if let Some(gap) = gaps.iter().find(|gap| gap.id == build.gap) {
            // Others' calls stay theirs; that it was sent back is everybody's.
            let own: Vec<&FailedCall> = calls.iter().filter(|call| call.owner == gap.owner).collect();
            if own.is_empty() {
                self.add(gap, why_of(sent_back, None)).await?;
            }
            for call in own {
                self.add(gap, why_of(sent_back, Some(call))).await?;
            }
            ledger.set_gap(None, &gap.id, GapState::Open).await.map_err(internal)?;
        }
        build.state = BuildState::Failed;
        build.changed_ms = now_ms();
        store.save_build(build, None).await.map_err(internal)
    }

    async fn learn_of_skill(&self, count: u64, calls: &[FailedCall]) -> Result<(), Failure> {
        let Some(last) = calls.last() else { return Ok(()) };
        let key = format!("{OF_SKILL}{}", last.skill);
        let gap = GapRecord {
            id: gap_id(&last.owner, &key),
            owner: last.owner.clone(),
            key: key.into(),
            state: GapState::Open,
            count: 0,
            first_ms: last.at_ms,
            last_ms: last.at_ms,
            text: format!("`{}` keeps failing", last.skill).into(),
        };
        for call in calls {
            let why = json!({
                "skill": call.skill, "bundle": call.bundle, "digest": call.digest.to_string(), "input": input(call),
                "error": redact::text(&call.error),
            });
            self.add(&gap, why).await?;
        }
        self.backing().ledger.set_gap(None, &gap.id, GapState::Open).await.map_err(internal)?;
        tracing::info!(skill = %last.skill, count, gap = %gap.id, "a skill keeps failing: that is a gap");
        Ok(())
    }

    async fn add(&self, gap: &GapRecord, why: Value) -> Result<(), Failure> {
        let Backing { ledger, now_ms, .. } = self.backing();
        let at_ms = now_ms();
        let evidence = Evidence {
            gap: gap.id.clone(),
            key: gap.key.clone(),
            task: TaskId::at(at_ms, rand::random()),
            at_ms,
            text: gap.text.clone(),
            why: why.to_string().into(),
        };
        ledger.add_evidence(&gap.owner, evidence).await.map_err(internal)
    }
}

fn input(call: &FailedCall) -> Value {
    redact::value(&serde_json::from_str(&call.input).unwrap_or_default())
}

fn why_of(sent_back: &SentBack, call: Option<&FailedCall>) -> Value {
    let mut why = json!({
        "bundle": sent_back.bundle, "digest": sent_back.digest.to_string(), "sent_back": redact::text(&sent_back.why),
    });
    if let Some(call) = call {
        why["input"] = input(call);
        why["error"] = redact::text(&call.error).into();
    }
    why
}

/// Whether a gap is about a skill that keeps failing, and not about requests.
pub fn is_of_skill(gap: &GapRecord) -> bool {
    gap.key.starts_with(OF_SKILL)
}

/// The bundle that a better version is wanted of.
pub fn bundle_of(evidence: &[Evidence]) -> Option<String> {
    let whys = evidence.iter().filter_map(|evidence| serde_json::from_str::<Value>(&evidence.why).ok());
    whys.filter_map(|why| why.get("bundle")?.as_str().map(str::to_owned)).next()
}

/// Calls that failed, as examples: what comes out is not known, only that something must.
pub fn failed_calls(evidence: &[Evidence]) -> Vec<Example> {
    let whys = evidence.iter().filter_map(|evidence| serde_json::from_str::<Value>(&evidence.why).ok());
    let inputs = whys.filter(|why| why.get("error").is_some()).filter_map(|why| why.get("input").cloned());
    let mut examples: Vec<Example> = Vec::new();
    for input in inputs.filter(Value::is_object) {
        if !examples.iter().any(|known| known.input == input) {
            examples.push(Example { request: Default::default(), input, output: None, live: false, http: Vec::new() });
        }
    }
    examples
}

/// What failed, in words for a writer, without the inputs.
pub fn errors(evidence: &[Evidence]) -> Vec<String> {
    let whys = evidence.iter().filter_map(|evidence| serde_json::from_str::<Value>(&evidence.why).ok());
    let mut errors: Vec<String> = Vec::new();
    for error in whys.filter_map(|why| why.get("error")?.as_str().map(|error| format!("in use: {error}"))) {
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    errors
}
