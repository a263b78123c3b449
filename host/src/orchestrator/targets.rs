//! Calling what a step names: one way in for skills and agents, with a circuit breaker for each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::drive::TargetFacts;
use super::event::{Target, Wanted};
use crate::base::{Breaker, BreakerState, Failure, FailureKind, Limit, Usage};
use crate::security::Principal;
use crate::skills::{Answer, Call, Outcome, Skills};

/// Breakers that are kept.
const BREAKERS_MAX: usize = 4_096;

/// How a call of a skill or an agent ended. Usage is true for failed ones too.
#[derive(Debug)]
pub struct Called {
    /// What it gave, or why nothing.
    pub result: Result<Given, Failure>,
    /// What it used.
    pub usage: Usage,
    /// What it cost outside, in millionths of the operator's currency.
    pub cost: u64,
}

/// What a call of an agent has beside that of a skill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForAgent {
    /// What it gave with its question, where the call answers that.
    pub continuation: Option<String>,
    /// What it may cost with all that it calls, in millionths of the operator's currency; no bound where there is none.
    pub money: Option<u64>,
}

impl Called {
    /// A call that came to nothing before it began.
    fn not_begun(failure: Failure) -> Called {
        Called { result: Err(failure), usage: Usage::default(), cost: 0 }
    }
}

/// What a call gave.
#[derive(Debug)]
pub enum Given {
    /// Its answer.
    Answer(Answer),
    /// An agent's question; it goes on with the answer.
    Question {
        /// In its words.
        message: String,
        /// What it wants to be given with the answer.
        continuation: String,
    },
}

impl From<Outcome> for Called {
    fn from(outcome: Outcome) -> Called {
        Called { result: outcome.result.map(Given::Answer), usage: outcome.usage, cost: 0 }
    }
}

/// The agents that a step may name.
#[async_trait]
pub trait Agents: Send + Sync {
    /// What is known of the agent that would be taken, where there is one.
    fn facts(&self, wanted: &Wanted) -> Option<TargetFacts>;

    /// The agents that `principal` may use, for a planner: one a line, as JSON.
    fn told(&self, _principal: &Principal) -> Vec<String> {
        Vec::new()
    }

    /// Gives `call` to an agent for `principal`; the call's `skill` is the agent's name, or what it must be able to do.
    async fn run(&self, principal: &Principal, wanted: &Wanted, call: Call<'_>, more: ForAgent) -> Called;
}

/// There are none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAgents;

#[async_trait]
impl Agents for NoAgents {
    fn facts(&self, _wanted: &Wanted) -> Option<TargetFacts> {
        None
    }

    async fn run(&self, _: &Principal, wanted: &Wanted, _: Call<'_>, _: ForAgent) -> Called {
        Called::not_begun(no_agent(wanted))
    }
}

/// Why an agent that is wanted cannot be had.
pub fn no_agent(wanted: &Wanted) -> Failure {
    let message = match wanted.name() {
        Some(name) => format!("there is no agent `{name}`"),
        None => format!("there is no agent that can do `{}`", wanted.capabilities().join("`, `")),
    };
    Failure::new(FailureKind::NotFound, message).with_hint("`happyos agent create NAME …` makes one")
}

/// Calls what steps name.
pub struct Targets {
    skills: Skills,
    agents: Arc<dyn Agents>,
    /// By who calls and what: what fails for one may well work for another.
    breakers: Mutex<HashMap<(Arc<str>, Target), Breaker>>,
}

impl Targets {
    /// Calls skills and agents.
    pub fn new(skills: Skills, agents: Arc<dyn Agents>) -> Targets {
        Targets { skills, agents, breakers: Mutex::default() }
    }

    /// The agents.
    pub fn agents(&self) -> &dyn Agents {
        &*self.agents
    }

    /// Makes `call` of `target`, unless too many before it failed; `more` counts where that is an agent. The time is in
    /// milliseconds since 1970.
    pub async fn call(
        &self,
        principal: &Principal,
        owner: &Arc<str>,
        target: &Target,
        call: Call<'_>,
        more: ForAgent,
        now_ms: fn() -> u64,
    ) -> Called {
        if !self.admits(owner, target, now_ms()) {
            let message = format!("`{}` failed too often just now, and is left alone for a while", target.label());
            let failure = Failure::new(FailureKind::Unavailable, message).with_hint("try again shortly");
            return Called::not_begun(failure);
        }
        let called = match target {
            Target::Skill(_) => self.skills.call(principal, call).await.into(),
            Target::Agent(wanted) => self.agents.run(principal, wanted, call, more).await,
        };
        self.record(owner, target, is_well(&called), now_ms());
        called
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Arc<str>, Target), Breaker>> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admits(&self, owner: &Arc<str>, target: &Target, now_ms: u64) -> bool {
        let mut breakers = self.lock();
        // Nothing has failed lately, as a rule.
        breakers.is_empty()
            || breakers.get_mut(&(owner.clone(), target.clone())).is_none_or(|breaker| breaker.admits(now_ms))
    }

    fn record(&self, owner: &Arc<str>, target: &Target, ok: bool, now_ms: u64) {
        let mut breakers = self.lock();
        if ok && breakers.is_empty() {
            return;
        }
        let key = (owner.clone(), target.clone());
        match breakers.get_mut(&key) {
            Some(breaker) => {
                breaker.record(ok, now_ms);
                if ok && breaker.state(now_ms) == BreakerState::Closed {
                    breakers.remove(&key);
                }
            }
            None if ok => {}
            None => {
                if breakers.len() >= BREAKERS_MAX {
                    breakers.retain(|_, breaker| breaker.state(now_ms) != BreakerState::Closed);
                }
                if breakers.len() < BREAKERS_MAX {
                    breakers.entry(key).or_default().record(ok, now_ms);
                }
            }
        }
    }
}

/// Whether an outcome says nothing against its target: a refusal of the input, or a place that was not free, does not.
fn is_well(called: &Called) -> bool {
    match &called.result {
        Ok(_) => true,
        Err(failure) => match failure.kind {
            FailureKind::Trap | FailureKind::InvalidOutput => false,
            FailureKind::Unavailable | FailureKind::LimitExceeded(Limit::Time) => called.usage.fuel == 0,
            _ => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_an_agent_that_is_not_there_is_told_how_to_make_one() {
        let named = no_agent(&Wanted::named("writer".into()));
        assert!(named.message.contains("`writer`"), "{named}");
        let able = no_agent(&Wanted::able(vec!["python".into(), "fastapi".into()]));
        assert!(able.message.contains("`python`, `fastapi`"), "{able}");
        assert!(able.hint.is_some_and(|hint| hint.contains("happyos agent create")));
    }
}
