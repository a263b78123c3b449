//! Admission: how many calls run at one time, how much guest memory they are promised, who waits.
//!
//! A call is admitted when its bundle has a free place, the daemon has a free place, and the
//! call's whole memory limit fits under the daemon's ceiling, so that no running call is ever refused
//! memory it was promised. The last quarter of the places is for bundles with nothing running: one
//! bundle, or a few, cannot keep the others out. Those who wait are admitted in order of arrival,
//! passing over callers whose own bundle is full.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::lanes::{Load, Pace};
use crate::base::{Failure, FailureKind};
use crate::config::AdmissionConfig;

/// The places of one bundle. Kept with the bundle; all its versions may share one.
#[derive(Debug)]
pub struct Gate {
    running: AtomicUsize,
    waiting: AtomicUsize,
    running_max: usize,
    waiting_max: usize,
    pace: Pace,
}

impl Gate {
    /// A gate with these bounds.
    pub fn new(running_max: usize, waiting_max: usize) -> Gate {
        Gate {
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            running_max,
            waiting_max,
            pace: Pace::default(),
        }
    }

    /// A call of the bundle with an input of so many bytes, as the lanes see it.
    pub(super) fn lane_load(&self, input_bytes: usize) -> Load<'_> {
        Load { pace: &self.pace, n_running: self.running.load(Ordering::Relaxed), input_bytes }
    }
}

/// The daemon-wide ceiling.
pub struct Admission {
    config: AdmissionConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    memory_bytes: u64,
    queue: VecDeque<Waiter>,
}

struct Waiter {
    gate: Arc<Gate>,
    memory_bytes: u64,
    admit: oneshot::Sender<Permit>,
}

/// A place among the running calls; dropping it gives it back and lets the next one in.
pub struct Permit {
    admission: Arc<Admission>,
    gate: Arc<Gate>,
    memory_bytes: u64,
    given_back: bool,
}

impl Admission {
    /// A ceiling with nothing running.
    pub fn new(config: AdmissionConfig) -> Arc<Admission> {
        Arc::new(Admission { config, state: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls running, calls waiting, and bytes promised.
    pub fn load(&self) -> (usize, usize, u64) {
        let state = self.lock();
        (state.running, state.queue.len(), state.memory_bytes)
    }

    /// Waits for a place, at most `wait_max`.
    ///
    /// # Errors
    /// `unavailable`, at once when a queue is full or the memory can never fit, else after `wait_max`.
    pub async fn admit(
        self: &Arc<Self>,
        gate: &Arc<Gate>,
        memory_bytes: u64,
        wait_max: Duration,
    ) -> Result<Permit, Failure> {
        let admitted = {
            let mut state = self.lock();
            if state.queue.is_empty() && self.fits(&state, gate, memory_bytes) {
                return Ok(self.take(&mut state, gate.clone(), memory_bytes));
            }
            self.enqueue(&mut state, gate, memory_bytes)?
        };
        match tokio::time::timeout(wait_max, admitted).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(busy(format!("the call waited {} ms for a place and got none", wait_max.as_millis()))),
        }
    }

    fn enqueue(
        self: &Arc<Self>,
        state: &mut State,
        gate: &Arc<Gate>,
        memory_bytes: u64,
    ) -> Result<oneshot::Receiver<Permit>, Failure> {
        if memory_bytes > self.config.memory_bytes_max {
            return Err(Failure::new(
                FailureKind::Unavailable,
                format!(
                    "the call's memory limit of {memory_bytes} bytes is more than the daemon may give to all calls together ({})",
                    self.config.memory_bytes_max
                ),
            )
            .with_hint("raise `admission.memory_bytes_max` or lower the call's `memory_bytes`"));
        }
        // Those who gave up waiting leave when they are met; count only who still waits.
        state.queue.retain(|waiter| {
            let waits = !waiter.admit.is_closed();
            if !waits {
                waiter.gate.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            waits
        });
        // With the dead ones gone there may be a place after all.
        let (admit, admitted) = oneshot::channel();
        if state.queue.is_empty() && self.fits(state, gate, memory_bytes) {
            let permit = self.take(state, gate.clone(), memory_bytes);
            // The receiver is alive: it is returned below.
            let _ = admit.send(permit);
            return Ok(admitted);
        }
        if gate.waiting.load(Ordering::Relaxed) >= gate.waiting_max {
            return Err(busy(format!(
                "the bundle already runs {} calls and {} wait",
                gate.running.load(Ordering::Relaxed),
                gate.waiting_max
            )));
        }
        if state.queue.len() >= self.config.queue_max {
            return Err(busy(format!(
                "the daemon already runs {} calls and {} wait",
                state.running, self.config.queue_max
            )));
        }
        gate.waiting.fetch_add(1, Ordering::Relaxed);
        state.queue.push_back(Waiter { gate: gate.clone(), memory_bytes, admit });
        // Someone further back may fit although the one at the head does not.
        self.admit_waiting(state);
        Ok(admitted)
    }

    fn fits(&self, state: &State, gate: &Gate, memory_bytes: u64) -> bool {
        let of_bundle = gate.running.load(Ordering::Relaxed);
        let reserved = if of_bundle == 0 { 0 } else { self.config.running_max / 4 };
        of_bundle < gate.running_max
            && state.running < self.config.running_max - reserved
            && state.memory_bytes.saturating_add(memory_bytes) <= self.config.memory_bytes_max
    }

    fn take(self: &Arc<Self>, state: &mut State, gate: Arc<Gate>, memory_bytes: u64) -> Permit {
        state.running += 1;
        state.memory_bytes += memory_bytes;
        gate.running.fetch_add(1, Ordering::Relaxed);
        Permit { admission: self.clone(), gate, memory_bytes, given_back: false }
    }

    fn admit_waiting(self: &Arc<Self>, state: &mut State) {
        let mut at = 0;
        while at < state.queue.len() {
            let Some(waiter) = state.queue.get(at) else { break };
            let gone = waiter.admit.is_closed();
            if !gone && !self.fits(state, &waiter.gate, waiter.memory_bytes) {
                at += 1;
                continue;
            }
            let Some(waiter) = state.queue.remove(at) else { break };
            waiter.gate.waiting.fetch_sub(1, Ordering::Relaxed);
            if gone {
                continue;
            }
            let permit = self.take(state, waiter.gate, waiter.memory_bytes);
            if let Err(mut permit) = waiter.admit.send(permit) {
                // The waiter left between the two looks; the lock is held here already.
                permit.give_back(state);
            }
        }
    }
}

/// Memory under the daemon's ceiling that waits with a prepared instance.
pub struct Hold {
    admission: Arc<Admission>,
    bytes: u64,
}

impl Admission {
    /// Takes `bytes` for something kept ready, if that leaves half of the ceiling and nobody waits.
    pub fn hold(self: &Arc<Self>, bytes: u64) -> Option<Hold> {
        let mut state = self.lock();
        let held = state.memory_bytes.saturating_add(bytes);
        if !state.queue.is_empty() || held > self.config.memory_bytes_max / 2 {
            return None;
        }
        state.memory_bytes = held;
        Some(Hold { admission: self.clone(), bytes })
    }
}

impl Hold {
    /// Gives back all but `bytes`.
    pub fn shrink(&mut self, bytes: u64) {
        let excess = self.bytes.saturating_sub(bytes);
        self.bytes -= excess;
        self.admission.give_back_memory(excess);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.admission.give_back_memory(self.bytes);
    }
}

impl Admission {
    fn give_back_memory(self: &Arc<Self>, bytes: u64) {
        let mut state = self.lock();
        state.memory_bytes -= bytes;
        if !state.queue.is_empty() {
            self.admit_waiting(&mut state);
        }
    }
}

impl Permit {
    fn give_back(&mut self, state: &mut State) {
        self.given_back = true;
        state.running -= 1;
        state.memory_bytes -= self.memory_bytes;
        self.gate.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.given_back {
            return;
        }
        let admission = self.admission.clone();
        let mut state = admission.lock();
        self.give_back(&mut state);
        if !state.queue.is_empty() {
            admission.admit_waiting(&mut state);
        }
    }
}

fn busy(message: String) -> Failure {
    Failure::new(FailureKind::Unavailable, message)
        .with_hint("try again shortly, or raise the `admission` limits in happyos.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(5);

    fn admission(running_max: usize, queue_max: usize) -> Arc<Admission> {
        Admission::new(AdmissionConfig {
            running_max,
            memory_bytes_max: 100,
            queue_max,
            bundle_running_max: 0,
            bundle_queue_max: 0,
        })
    }

    #[tokio::test]
    async fn one_bundle_cannot_keep_the_others_out() {
        let admission = admission(4, 8);
        let (greedy, quiet) = (Arc::new(Gate::new(16, 0)), Arc::new(Gate::new(16, 0)));
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(admission.admit(&greedy, 1, WAIT).await.unwrap_or_else(|error| panic!("{error}")));
        }
        let refused = admission.admit(&greedy, 1, WAIT).await.err().map(|failure| failure.kind);
        assert_eq!(refused, Some(FailureKind::Unavailable));
        assert!(admission.admit(&quiet, 1, WAIT).await.is_ok());
    }

    #[tokio::test]
    async fn a_waiter_gets_the_place_that_is_given_back() {
        let admission = admission(4, 8);
        let gate = Arc::new(Gate::new(1, 1));
        let first = admission.admit(&gate, 60, WAIT).await.unwrap_or_else(|error| panic!("{error}"));
        let second = tokio::spawn({
            let (admission, gate) = (admission.clone(), gate.clone());
            async move { admission.admit(&gate, 60, WAIT).await.is_ok() }
        });
        while admission.load().1 == 0 {
            tokio::task::yield_now().await;
        }
        assert!(admission.admit(&gate, 1, WAIT).await.is_err(), "the bundle's queue holds one");
        drop(first);
        assert!(second.await.is_ok_and(|admitted| admitted));
        assert_eq!(admission.load(), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_waiter_that_left_frees_its_place_in_the_queue() {
        let admission = admission(4, 8);
        let gate = Arc::new(Gate::new(1, 1));
        let held = admission.admit(&gate, 1, WAIT).await.unwrap_or_else(|error| panic!("{error}"));
        assert!(admission.admit(&gate, 1, Duration::from_millis(1)).await.is_err());
        assert!(admission.admit(&gate, 1, Duration::from_millis(1)).await.is_err());
        drop(held);
        assert!(admission.admit(&gate, 1, WAIT).await.is_ok());
        assert_eq!(admission.load(), (0, 0, 0));
    }

    #[tokio::test]
    async fn memory_that_can_never_fit_is_refused_at_once() {
        let admission = admission(4, 8);
        assert!(admission.admit(&Arc::new(Gate::new(1, 1)), 101, WAIT).await.is_err());
    }
}
