//! The first calls of a new version: one whose calls trap more often than its predecessor's did is sent back.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::base::FailureKind;

/// Calls that a version is on trial for.
const TRIAL_CALLS: u32 = 20;
/// Traps that are enough while other calls end well.
const TRAPS_ENOUGH: u32 = 3;

/// How the calls of one version ended so far.
#[derive(Debug, Default)]
pub struct Trial {
    n_calls: AtomicU32,
    n_traps: AtomicU32,
    /// Traps in a thousand calls of the version before; `None` where there was none to return to.
    before: Option<u32>,
    over: AtomicBool,
}

impl Trial {
    /// The trial of a version that takes the place of one with `before`.
    pub fn after(before: &Trial) -> Trial {
        let n_calls = before.n_calls.load(Ordering::Relaxed).max(1);
        let traps_per_mille = before.n_traps.load(Ordering::Relaxed).saturating_mul(1_000) / n_calls;
        Trial { before: Some(traps_per_mille), ..Trial::default() }
    }

    /// Counts a call; says, once, that this version is to be sent back. That is when every call so far trapped, or
    /// enough of the first ones did, and more often than before.
    pub fn count(&self, failure: Option<FailureKind>) -> bool {
        let trapped = failure == Some(FailureKind::Trap);
        let n_calls = self.n_calls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if !trapped {
            return false;
        }
        let n_traps = self.n_traps.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let Some(before) = self.before else { return false };
        let more = n_traps.saturating_mul(1_000) / n_calls.max(1) > before;
        let enough = n_traps >= n_calls || n_traps >= TRAPS_ENOUGH;
        n_calls <= TRIAL_CALLS && more && enough && !self.over.swap(true, Ordering::Relaxed)
    }

    /// Traps and calls so far, for people.
    pub fn figures(&self) -> (u32, u32) {
        (self.n_traps.load(Ordering::Relaxed), self.n_calls.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAP: Option<FailureKind> = Some(FailureKind::Trap);

    #[test]
    fn a_crash_on_the_first_call_sends_a_version_back_once() {
        let good = Trial::default();
        assert!(!good.count(None));
        let new = Trial::after(&good);
        assert!(new.count(TRAP));
        assert!(!new.count(TRAP), "said once");
        assert!(!Trial::default().count(TRAP), "there is none to return to");
    }

    #[test]
    fn single_traps_among_good_calls_and_old_weaknesses_do_not() {
        let new = Trial::after(&Trial::default());
        new.count(None);
        assert!(!new.count(TRAP) && !new.count(Some(FailureKind::GuestError)) && !new.count(TRAP));
        assert!(new.count(TRAP), "three of the first five");
        let weak = Trial::default();
        weak.count(TRAP);
        assert!(!Trial::after(&weak).count(TRAP), "it is no worse than before");
        let settled = Trial::after(&Trial::default());
        (0..TRIAL_CALLS).for_each(|_| assert!(!settled.count(None)));
        assert!((0..10).all(|_| !settled.count(TRAP)), "the trial is over");
    }
}
