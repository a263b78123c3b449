//! How many slots of an agent are open: up at once when work waits, down only after it has been quiet for a while. Pure.

use std::collections::VecDeque;

/// How long it must have been quiet before a slot is closed, in milliseconds.
pub const QUIET_MS: u64 = 1_000;
/// What is kept of the past, in entries.
const PAST_MAX: usize = 64;

/// The slots of one agent.
#[derive(Debug, Clone)]
pub struct Scaler {
    min: usize,
    max: usize,
    open: usize,
    /// The most work that there was in a part of the last while: when that part began, and the work.
    past: VecDeque<(u64, usize)>,
    closed_at_ms: Option<u64>,
    n_flaps: u64,
    slot_ms: u64,
    counted_at_ms: Option<u64>,
}

/// What became of the number of open slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaled {
    /// More are open.
    Up,
    /// Fewer are.
    Down,
}

impl Scaler {
    /// With `min` slots open, and never fewer nor more than `max`.
    pub fn new(min: usize, max: usize) -> Scaler {
        let min = min.max(1);
        Scaler {
            min,
            max: max.max(min),
            open: min,
            past: VecDeque::new(),
            closed_at_ms: None,
            n_flaps: 0,
            slot_ms: 0,
            counted_at_ms: None,
        }
    }

    /// Slots that are open.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Times that slots were opened again within the quiet time after some were closed.
    pub fn n_flaps(&self) -> u64 {
        self.n_flaps
    }

    /// Slots times the milliseconds that they were open.
    pub fn slot_ms(&self) -> u64 {
        self.slot_ms
    }

    /// Takes the work that there is now, running and waiting together.
    pub fn observe(&mut self, work: usize, now_ms: u64) -> Option<Scaled> {
        let since = self.counted_at_ms.replace(now_ms).map_or(0, |at| now_ms.saturating_sub(at));
        self.slot_ms = self.slot_ms.saturating_add(since.saturating_mul(self.open as u64));
        self.remember(work, now_ms);
        let wanted = work.clamp(self.min, self.max);
        if wanted > self.open {
            if self.closed_at_ms.is_some_and(|at| now_ms.saturating_sub(at) < QUIET_MS) {
                self.n_flaps += 1;
            }
            self.open = wanted;
            return Some(Scaled::Up);
        }
        let began = self.past.front().map_or(now_ms, |(at, _)| *at);
        // One more than was needed stays, for the work that comes and goes by one.
        let needed = self.past.iter().map(|(_, work)| *work).max().unwrap_or(0);
        let most = (needed + 1).clamp(self.min, self.max);
        if most < self.open && now_ms.saturating_sub(began) >= QUIET_MS {
            self.open = most;
            self.closed_at_ms = Some(now_ms);
            return Some(Scaled::Down);
        }
        None
    }

    fn remember(&mut self, work: usize, now_ms: u64) {
        let part_ms = QUIET_MS / (PAST_MAX as u64 / 4);
        match self.past.back_mut() {
            Some((at, most)) if now_ms.saturating_sub(*at) < part_ms => *most = (*most).max(work),
            _ => self.past.push_back((now_ms, work)),
        }
        // One part from before the quiet time stays: it tells that the whole of it is known.
        while self.past.len() > PAST_MAX
            || self.past.get(1).is_some_and(|(at, _)| now_ms.saturating_sub(*at) >= QUIET_MS)
        {
            self.past.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_at_once_down_after_quiet() {
        let mut scaler = Scaler::new(1, 8);
        assert_eq!(scaler.observe(5, 0), Some(Scaled::Up));
        assert_eq!(scaler.open(), 5);
        assert_eq!(scaler.observe(100, 1), Some(Scaled::Up));
        assert_eq!(scaler.open(), 8);
        let mut closed_at = 0;
        for now in (2..5_000).step_by(10) {
            if scaler.observe(2, now) == Some(Scaled::Down) {
                closed_at = now;
                break;
            }
        }
        assert!((QUIET_MS..QUIET_MS + 200).contains(&closed_at), "{closed_at}");
        assert_eq!(scaler.open(), 3, "two, and one for what comes");
    }

    #[test]
    fn work_that_comes_and_goes_within_the_quiet_time_moves_nothing() {
        let mut scaler = Scaler::new(1, 8);
        let changes: Vec<_> = (0..20_000)
            .step_by(50)
            .filter_map(|now| scaler.observe(if now / 400 % 2 == 0 { 6 } else { 1 }, now))
            .collect();
        assert_eq!(changes, [Scaled::Up]);
        assert_eq!(scaler.n_flaps(), 0);
    }

    #[test]
    fn slots_are_counted_for_as_long_as_they_are_open() {
        let mut scaler = Scaler::new(2, 4);
        scaler.observe(0, 0);
        scaler.observe(4, 100);
        scaler.observe(4, 200);
        assert_eq!(scaler.slot_ms(), 200 + 400);
    }

    #[test]
    fn what_is_opened_again_soon_is_a_flap() {
        let mut scaler = Scaler::new(1, 8);
        scaler.observe(4, 0);
        let mut now = 0;
        while scaler.observe(0, now) != Some(Scaled::Down) {
            now += 10;
        }
        scaler.observe(4, now + 10);
        assert_eq!(scaler.n_flaps(), 1);
    }
}
