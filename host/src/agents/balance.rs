//! Which replica takes the next run: the better of two drawn at random, by how long runs take there and how many there are
//! now (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001). A run that has not ended yet counts
//! with what it took so far, so that a replica that became slow is known before its first slow run is over. Pure.

/// Weight of the latest run in the average.
const WEIGHT: f64 = 0.3;
/// What a failed run counts for, in times the average: one that fails at once is not quick.
const FAILED_TIMES: f64 = 2.0;

/// How long runs took lately, in milliseconds: an average that forgets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Latency(Option<f64>);

impl Latency {
    /// The average; `None` before the first run.
    pub fn ms(self) -> Option<f64> {
        self.0
    }

    /// Adds a run.
    pub fn add(&mut self, took_ms: f64, ok: bool) {
        let took = match self.0 {
            Some(average) if !ok => took_ms.max(average * FAILED_TIMES),
            _ => took_ms,
        };
        self.0 = Some(self.0.map_or(took, |average| average + WEIGHT * (took - average)));
    }

    /// Comes nearer to `usual`: what was slow long ago may not be so any more.
    pub fn forget(&mut self, usual: f64) {
        if let Some(average) = &mut self.0 {
            *average += WEIGHT * (usual - *average).min(0.0);
        }
    }
}

/// A replica with a free slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Runs there now.
    pub in_flight: usize,
    /// How long they took lately.
    pub latency: Latency,
    /// How long the oldest of them is there already, in milliseconds.
    pub oldest_ms: f64,
}

/// The index of the one to take; `draws` are two numbers drawn at random.
pub fn choose(candidates: &[Candidate], draws: (u32, u32)) -> Option<usize> {
    let n = candidates.len();
    if n < 2 {
        return n.checked_sub(1);
    }
    let first = draws.0 as usize % n;
    // Another than the first.
    let second = (first + 1 + draws.1 as usize % (n - 1)) % n;
    let (a, b) = (candidates.get(first)?, candidates.get(second)?);
    let known = candidates.iter().filter_map(|candidate| candidate.latency.ms());
    let (sum, count) = known.fold((0.0, 0.0), |(sum, count), ms| (sum + ms, count + 1.0));
    let usual = if count > 0.0 { sum / count } else { 1.0 };
    let cost = |candidate: &Candidate| {
        let takes = candidate.latency.ms().unwrap_or(usual).max(candidate.oldest_ms).max(0.01);
        takes * (candidate.in_flight as f64 + 1.0)
    };
    Some(if cost(b) < cost(a) { second } else { first })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(in_flight: usize, ms: f64) -> Candidate {
        Candidate { in_flight, latency: Latency(Some(ms)), oldest_ms: 0.0 }
    }

    #[test]
    fn the_slow_one_is_taken_only_where_the_others_are_full() {
        let pool: Vec<_> = (0..8).map(|n| candidate(0, if n == 3 { 100.0 } else { 10.0 })).collect();
        for first in 0..8 {
            for second in 0..7 {
                assert_ne!(choose(&pool, (first, second)), Some(3));
            }
        }
        assert_eq!(choose(&[candidate(20, 10.0), candidate(0, 100.0)], (0, 0)), Some(1));
        assert_eq!((choose(&pool[..1], (9, 9)), choose(&[], (0, 0))), (Some(0), None));
    }

    #[test]
    fn a_run_that_does_not_end_tells_before_it_does() {
        let stuck = Candidate { oldest_ms: 400.0, ..candidate(1, 10.0) };
        assert_eq!(choose(&[stuck, candidate(4, 10.0)], (0, 0)), Some(1));
    }

    #[test]
    fn one_that_fails_at_once_does_not_look_quick() {
        let mut latency = Latency::default();
        latency.add(100.0, true);
        latency.add(1.0, false);
        assert!(latency.ms().unwrap() > 100.0);
        for _ in 0..30 {
            latency.forget(50.0);
        }
        assert!((latency.ms().unwrap() - 50.0).abs() < 1.0);
        latency.forget(500.0);
        assert!(latency.ms().unwrap() < 51.0, "it is never made to look slower than it was");
    }
}
