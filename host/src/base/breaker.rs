//! A circuit breaker: stops asking what keeps failing, and tries it again with one call at a time. Pure: the caller says
//! what time it is.

use std::collections::VecDeque;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerRules {
    /// Failures in a row that open it.
    pub failures_in_row: u32,
    /// Outcomes that are looked back on.
    pub window: usize,
    /// Share of failures among them, 0 to 1, that opens it, once the window is full.
    pub failure_share: f64,
    /// Milliseconds that it stays open the first time; doubled each time a probe fails.
    pub open_ms: u64,
    /// Milliseconds that it stays open at most, and that a probe may take before it counts as lost.
    pub open_ms_max: u64,
}

impl Default for BreakerRules {
    fn default() -> BreakerRules {
        BreakerRules { failures_in_row: 5, window: 20, failure_share: 0.5, open_ms: 1_000, open_ms_max: 60_000 }
    }
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// Calls are refused.
    Open,
    /// One call is let through to see whether it works again.
    HalfOpen,
}

impl BreakerState {
    /// The word for it: `closed`, `open` or `half-open`.
    pub fn as_str(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half-open",
        }
    }
}

/// The breaker of one target.
#[derive(Debug, Clone)]
pub struct Breaker {
    rules: BreakerRules,
    phase: Phase,
    /// Latest outcomes while it is closed, oldest first.
    outcomes: VecDeque<bool>,
    in_row: u32,
    /// Times it opened since it was last closed.
    n_opened: u32,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open {
        until_ms: u64,
    },
    /// A probe is under way, and counts as lost after this.
    Probing {
        until_ms: u64,
    },
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker::new(BreakerRules::default())
    }
}

impl Breaker {
    /// A closed breaker.
    pub fn new(rules: BreakerRules) -> Breaker {
        Breaker { rules, phase: Phase::Closed, outcomes: VecDeque::new(), in_row: 0, n_opened: 0 }
    }

    /// Where it stands. It is half-open from the moment that it would let a probe through.
    pub fn state(&self, now_ms: u64) -> BreakerState {
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { until_ms } if now_ms < until_ms => BreakerState::Open,
            Phase::Open { .. } | Phase::Probing { .. } => BreakerState::HalfOpen,
        }
    }

    /// Whether a call would be let through now, without letting one.
    pub fn would_admit(&self, now_ms: u64) -> bool {
        match self.phase {
            Phase::Closed => true,
            Phase::Open { until_ms } | Phase::Probing { until_ms } => now_ms >= until_ms,
        }
    }

    /// Lets a call through, or not. What was let through is told of by [`Breaker::record`] or [`Breaker::withdraw`].
    pub fn admits(&mut self, now_ms: u64) -> bool {
        let admitted = self.would_admit(now_ms);
        if admitted && !matches!(self.phase, Phase::Closed) {
            self.phase = Phase::Probing { until_ms: now_ms.saturating_add(self.rules.open_ms_max) };
        }
        admitted
    }

    /// Takes the outcome of a call that was let through. Calls that end while it is open began before: a failure tells
    /// nothing new, and a success is not yet a probe.
    pub fn record(&mut self, ok: bool, now_ms: u64) {
        match self.phase {
            Phase::Open { .. } => {}
            Phase::Probing { .. } if ok => *self = Breaker::new(self.rules),
            Phase::Probing { .. } => self.open(now_ms),
            Phase::Closed => {
                self.in_row = if ok { 0 } else { self.in_row.saturating_add(1) };
                if self.outcomes.len() >= self.rules.window {
                    self.outcomes.pop_front();
                }
                self.outcomes.push_back(ok);
                if self.in_row >= self.rules.failures_in_row || self.fails_too_often() {
                    self.open(now_ms);
                }
            }
        }
    }

    /// A call that was let through came to nothing that tells of the target, such as one that was cancelled.
    pub fn withdraw(&mut self, now_ms: u64) {
        if let Phase::Probing { .. } = self.phase {
            self.phase = Phase::Open { until_ms: now_ms };
        }
    }

    fn fails_too_often(&self) -> bool {
        let n_failed = self.outcomes.iter().filter(|ok| !**ok).count();
        self.outcomes.len() >= self.rules.window
            && n_failed as f64 >= self.rules.failure_share * self.outcomes.len() as f64
    }

    fn open(&mut self, now_ms: u64) {
        let doubled = self.rules.open_ms.saturating_mul(1 << self.n_opened.min(16));
        self.phase = Phase::Open { until_ms: now_ms.saturating_add(doubled.min(self.rules.open_ms_max)) };
        self.n_opened = self.n_opened.saturating_add(1);
        self.outcomes.clear();
        self.in_row = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(n: usize) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..n {
            assert!(breaker.admits(0));
            breaker.record(false, 0);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_four_do_not() {
        assert_eq!(failing(4).state(0), BreakerState::Closed);
        let mut breaker = failing(4);
        breaker.record(true, 0);
        breaker.record(false, 0);
        assert_eq!(breaker.state(0), BreakerState::Closed);
        assert_eq!(failing(5).state(0), BreakerState::Open);
        assert!(!failing(5).admits(999));
    }

    #[test]
    fn a_share_of_failures_opens_it_though_none_are_in_a_row() {
        let mut breaker = Breaker::default();
        for n in 0..19 {
            breaker.record(n % 2 == 0, 0);
            assert_eq!(breaker.state(0), BreakerState::Closed, "after {n}");
        }
        breaker.record(false, 0);
        assert_eq!(breaker.state(0), BreakerState::Open);
    }

    #[test]
    fn one_probe_at_a_time_closes_it_or_opens_it_for_longer() {
        let mut breaker = failing(5);
        assert_eq!(breaker.state(1_000), BreakerState::HalfOpen);
        assert!(breaker.admits(1_000) && !breaker.admits(1_001));
        breaker.record(false, 1_100);
        assert!(!breaker.admits(3_099) && breaker.admits(3_100));
        breaker.record(true, 3_200);
        assert_eq!(breaker.state(3_200), BreakerState::Closed);
        assert!(breaker.admits(3_200) && breaker.admits(3_200));
    }

    #[test]
    fn a_probe_that_is_lost_or_withdrawn_makes_room_for_another() {
        let mut breaker = failing(5);
        assert!(breaker.admits(1_000));
        breaker.withdraw(1_500);
        assert!(breaker.admits(1_500) && !breaker.admits(2_000) && breaker.admits(61_500));
    }

    #[test]
    fn outcomes_of_calls_from_before_it_opened_change_nothing() {
        let mut breaker = failing(5);
        breaker.record(true, 10);
        breaker.record(false, 10);
        assert!(!breaker.admits(999) && breaker.admits(1_000));
    }

    #[test]
    fn it_never_stays_open_longer_than_it_may() {
        let mut breaker = failing(5);
        let mut now_ms = 0;
        for _ in 0..40 {
            now_ms += 60_000;
            assert!(breaker.admits(now_ms));
            breaker.record(false, now_ms);
        }
    }
}
