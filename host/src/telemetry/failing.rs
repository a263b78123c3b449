//! Calls of skills that keep failing, with what they were asked, until somebody takes them; and versions that were sent back.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{CallLimits, Digest, FailureKind, Limit, LimitOverrides};

/// Skills of principals that calls are kept of.
const SKILLS_MAX: usize = 256;
/// Calls that are kept of one, the youngest.
const CALLS_MAX: usize = 8;
/// Largest input that is kept, in bytes.
pub const INPUT_BYTES_MAX: usize = 4 << 10;
/// Versions sent back that wait to be taken.
const SENT_BACK_MAX: usize = 64;
/// From so many failures on, a skill keeps failing.
const KEEPS_FAILING: u64 = 3;

/// One call that failed by a fault of the skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCall {
    /// Whose call it was.
    pub owner: Arc<str>,
    /// The skill.
    pub skill: Arc<str>,
    /// Its bundle.
    pub bundle: Arc<str>,
    /// Which version.
    pub digest: Digest,
    /// What it was asked: JSON text.
    pub input: String,
    /// What failed: kind and message.
    pub error: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// A version that was sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentBack {
    /// The bundle.
    pub bundle: Arc<str>,
    /// Which version.
    pub digest: Digest,
    /// Why.
    pub why: String,
    /// Calls on which it failed.
    pub calls: Vec<FailedCall>,
}

/// A principal and a skill.
type Whose = (Arc<str>, Arc<str>);

/// What was taken.
#[derive(Debug, Default)]
pub struct Taken {
    /// Versions that were sent back.
    pub sent_back: Vec<SentBack>,
    /// Of skills that keep failing, how often they did, and calls.
    pub failing: Vec<(u64, Vec<FailedCall>)>,
}

/// What waits to be taken.
#[derive(Debug, Default)]
pub struct Failing {
    calls: HashMap<Whose, (u64, Vec<FailedCall>)>,
    sent_back: Vec<SentBack>,
}

/// Whether a failure is the fault of a skill with the limits `own`, and not its caller's or the machine's. Who asks for less
/// than the skill has of something, and has it run out, has that to itself.
pub fn is_own_fault(kind: FailureKind, own: &CallLimits, asked: &LimitOverrides) -> bool {
    let lowered = |own: u64, asked: Option<u64>| asked.is_some_and(|asked| asked < own);
    match kind {
        FailureKind::Trap | FailureKind::InvalidOutput | FailureKind::GuestError => true,
        FailureKind::LimitExceeded(limit) => !match limit {
            Limit::Fuel => lowered(own.fuel, asked.fuel),
            Limit::Time => lowered(own.wall_ms, asked.wall_ms),
            Limit::Memory => lowered(own.memory_bytes, asked.memory_bytes),
            Limit::HostCalls => lowered(own.host_calls, asked.host_calls),
            Limit::Output => lowered(own.output_bytes, asked.output_bytes),
            // It is given with each task.
            Limit::Money => true,
        },
        FailureKind::InvalidInput
        | FailureKind::Denied
        | FailureKind::Unavailable
        | FailureKind::Cancelled
        | FailureKind::NotFound
        | FailureKind::Internal => false,
    }
}

impl Failing {
    /// Keeps a call.
    pub fn add(&mut self, call: FailedCall) {
        let key = (call.owner.clone(), call.skill.clone());
        if self.calls.len() >= SKILLS_MAX && !self.calls.contains_key(&key) {
            return;
        }
        let (count, calls) = self.calls.entry(key).or_default();
        // Of another version it says nothing.
        if calls.last().is_some_and(|last| last.digest != call.digest) {
            (*count, *calls) = (0, Vec::new());
        }
        *count += 1;
        calls.retain(|known| known.input != call.input);
        if calls.len() >= CALLS_MAX {
            calls.remove(0);
        }
        calls.push(call);
    }

    /// Keeps that a version was sent back.
    pub fn send_back(&mut self, sent_back: SentBack) {
        if self.sent_back.len() < SENT_BACK_MAX {
            self.sent_back.push(sent_back);
        }
    }

    /// Takes the calls of one version out: those of the version that follows it would take their place.
    pub fn take_calls(&mut self, bundle: &str, digest: Digest) -> Vec<FailedCall> {
        let mut taken = Vec::new();
        self.calls.retain(|_, (_, calls)| {
            let is_its = calls.last().is_some_and(|call| call.digest == digest && &*call.bundle == bundle);
            if is_its {
                taken.append(calls);
            }
            !is_its
        });
        taken
    }

    /// The versions that were sent back, and the calls of skills that keep failing, with how often those failed.
    pub fn take(&mut self) -> Taken {
        let due: Vec<_> =
            self.calls.iter().filter(|(_, (count, _))| *count >= KEEPS_FAILING).map(|(key, _)| key.clone()).collect();
        let failing = due.iter().filter_map(|key| self.calls.remove(key)).collect();
        Taken { sent_back: std::mem::take(&mut self.sent_back), failing }
    }

    /// Drops those of `owner`.
    pub fn forget(&mut self, owner: &str) {
        self.calls.retain(|(known, _), _| &**known != owner);
        for sent_back in &mut self.sent_back {
            sent_back.calls.retain(|call| &*call.owner != owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gives_a_skill_less_than_it_has_is_at_fault_where_that_runs_out() {
        use FailureKind::{Denied, InvalidInput, LimitExceeded, Trap};
        let own = CallLimits::SKILL;
        let [less, same, more] = [own.fuel - 1, own.fuel, own.fuel + 1]
            .map(|fuel| LimitOverrides { fuel: Some(fuel), ..LimitOverrides::default() });
        let fuel = LimitExceeded(Limit::Fuel);
        assert!(!is_own_fault(fuel, &own, &less));
        for asked in [LimitOverrides::default(), same, more] {
            assert!(is_own_fault(fuel, &own, &asked), "{asked:?}");
        }
        // What was not lowered is no excuse, and neither is what was for any other failure.
        for limit in [Limit::Time, Limit::Memory, Limit::HostCalls, Limit::Output] {
            assert!(is_own_fault(LimitExceeded(limit), &own, &less), "{limit}");
        }
        assert!(is_own_fault(Trap, &own, &less) && !is_own_fault(InvalidInput, &own, &LimitOverrides::default()));
        assert!(!is_own_fault(Denied, &own, &LimitOverrides::default()));
        let short = LimitOverrides { wall_ms: Some(1), output_bytes: Some(2), ..LimitOverrides::default() };
        assert!(!is_own_fault(LimitExceeded(Limit::Time), &own, &short));
        assert!(!is_own_fault(LimitExceeded(Limit::Output), &own, &short));
    }

    #[test]
    fn a_version_that_is_sent_back_takes_its_calls_along_before_the_next_one_fails() {
        let mut failing = Failing::default();
        let [old, new] = [Digest::of(b"old"), Digest::of(b"new")];
        let failed = |owner: &str, digest, input: &str| FailedCall {
            owner: owner.into(),
            skill: "s".into(),
            bundle: "b".into(),
            digest,
            input: input.into(),
            error: "trap: unreachable".into(),
            at_ms: 0,
        };
        failing.add(failed("me", new, "1"));
        failing.add(failed("you", new, "2"));
        let mut calls = failing.take_calls("b", new);
        calls.sort_by(|a, b| a.input.cmp(&b.input));
        assert_eq!(calls, [failed("me", new, "1"), failed("you", new, "2")]);
        failing.send_back(SentBack { bundle: "b".into(), digest: new, why: "it trapped".into(), calls });
        failing.add(failed("me", old, "3"));
        failing.forget("you");
        let taken = failing.take();
        assert_eq!(taken.sent_back[0].calls, [failed("me", new, "1")]);
        assert!(taken.failing.is_empty());
    }
}
