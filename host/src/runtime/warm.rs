//! Script instances kept ready: loading a script costs more than calling it, so a few single-use
//! instances with the script already loaded wait for the scripts called last.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::Runtime;
use super::call::LOAD_SEED;
use super::instance::{Prepared, Terms, start, store};
use super::powers::Powers;
use super::program::{Loaded, Origin, Program};
use super::state::{CallLog, ClockMode};
use crate::base::RequestId;

/// Instances kept ready for one script.
const PER_SCRIPT_MAX: usize = 4;
/// Instances made ready at one time. They have no place among the running calls, so the pool has room for a few only.
pub(super) const PREPARING_MAX: usize = 4;
/// How long a script must be at rest before instances are made ready for it: under a stream of calls
/// making them would only take the processor from the calls themselves.
const REST: Duration = Duration::from_millis(20);

/// How many instances are ready, and whose are oldest.
pub(super) struct WarmSet {
    max: usize,
    /// Turns to make one ready.
    turns: Semaphore,
    ready: AtomicUsize,
    /// One entry for each instance that was made ready, oldest first; some are used up by now.
    order: Mutex<VecDeque<Weak<Loaded>>>,
}

impl WarmSet {
    pub fn new(max: usize) -> WarmSet {
        WarmSet { max, turns: Semaphore::new(PREPARING_MAX), ready: AtomicUsize::new(0), order: Mutex::default() }
    }

    /// Instances that wait for a call.
    pub fn ready(&self) -> usize {
        self.ready.load(Ordering::Relaxed)
    }

    /// Makes room for one more by dropping the one that waited longest.
    fn make_room(&self) {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        while self.ready() >= self.max || order.len() >= self.max.saturating_mul(2) {
            let Some(oldest) = order.pop_front() else { return };
            let Some(loaded) = oldest.upgrade() else { continue };
            if let Some(script) = script_of(&loaded) {
                let mut warm = script.lock().unwrap_or_else(PoisonError::into_inner);
                if !warm.is_empty() {
                    drop(warm.remove(0));
                }
            }
        }
    }
}

/// A program that is being made ready; where this is dropped, that ends.
pub struct Readying {
    program: Arc<Program>,
    task: Option<AbortOnDropHandle<()>>,
}

impl Readying {
    /// Lets it go on to its end.
    pub fn go_on(self) {
        drop(self.task.map(AbortOnDropHandle::detach));
    }
}

/// One place in the set, given back when its instance is used or dropped.
pub(super) struct WarmPlace(Runtime);

impl Drop for WarmPlace {
    fn drop(&mut self) {
        self.0.inner.warm.ready.fetch_sub(1, Ordering::Relaxed);
    }
}

fn script_of(loaded: &Loaded) -> Option<&Mutex<Vec<Prepared>>> {
    loaded.script.as_ref().map(|script| &script.warm)
}

impl Runtime {
    /// An instance that was kept ready; where the program is a script, more are made ready behind it.
    pub(super) fn take_warm(&self, program: &Arc<Program>, loaded: &Arc<Loaded>) -> Option<Prepared> {
        // A version that is only being looked at is not called again.
        if matches!(program.origin, Origin::Bytes(_)) {
            return None;
        }
        let script = script_of(loaded)?;
        loaded.n_calls.fetch_add(1, Ordering::Relaxed);
        let mut warm = script.lock().unwrap_or_else(PoisonError::into_inner);
        let prepared = if warm.is_empty() { None } else { Some(warm.remove(0)) };
        let few = warm.len() < PER_SCRIPT_MAX;
        drop(warm);
        if few && self.inner.warm.max > 0 {
            self.warm_up(program, loaded);
        }
        prepared
    }

    /// Loads a program that is about to take another's place, and makes an instance ready where it is a script: nobody
    /// waits for it, and the first call need not.
    pub fn get_ready(&self, program: &Arc<Program>) -> Readying {
        let (runtime, of) = (self.clone(), program.clone());
        let task = self.inner.lanes.aside(async move {
            // What is wrong, a call will say.
            let Ok(loaded) = runtime.load(&of).await else { return };
            if loaded.script.is_some() && runtime.inner.warm.max > 0 {
                runtime.prepare(&of, &loaded).await;
            }
        });
        Readying { program: program.clone(), task: task.map(AbortOnDropHandle::new) }
    }

    /// Gives to `program` what was made ready, or is being, from the same bytes.
    pub fn hand_over(&self, readying: Readying, program: &Arc<Program>) {
        if let Some(loaded) = readying.program.loaded.load_full()
            && readying.program.digest == program.digest
        {
            self.inner.loaded.add(program, loaded.code_bytes);
            program.loaded.store(Some(loaded));
        }
        readying.go_on();
    }

    /// Makes one instance after another ready until there are enough; one such task for each script.
    fn warm_up(&self, program: &Arc<Program>, loaded: &Arc<Loaded>) {
        if loaded.warming.swap(true, Ordering::SeqCst) {
            return;
        }
        // Neither is held: a version that was replaced is let go at once.
        let (runtime, program, loaded) = (self.clone(), Arc::downgrade(program), Arc::downgrade(loaded));
        self.inner.lanes.aside(async move {
            let mut n_calls_seen = None;
            loop {
                let Some(loaded) = loaded.upgrade() else { return };
                let n_calls = Some(loaded.n_calls.load(Ordering::Relaxed));
                if n_calls != n_calls_seen {
                    n_calls_seen = n_calls;
                    drop(loaded);
                    tokio::time::sleep(REST).await;
                    continue;
                }
                let enough = script_of(&loaded)
                    .is_none_or(|script| script.lock().unwrap_or_else(PoisonError::into_inner).len() >= PER_SCRIPT_MAX);
                let Some(program) = program.upgrade() else { return };
                if enough || !runtime.prepare(&program, &loaded).await {
                    loaded.warming.store(false, Ordering::SeqCst);
                    return;
                }
            }
        });
    }

    /// Makes one instance ready. `false` if there is no room or the script fails, so that trying on is
    /// of no use.
    async fn prepare(&self, program: &Arc<Program>, loaded: &Arc<Loaded>) -> bool {
        let limits = program.limits;
        let Ok(_turn) = self.inner.warm.turns.acquire().await else { return false };
        let Some(mut hold) = self.inner.admission.hold(limits.memory_bytes) else { return false };
        let _in_flight = self.inner.ticker.in_flight();
        let nobody: Arc<str> = "".into();
        let log = Arc::new(CallLog::new(
            self.inner.log.clone(),
            RequestId::from_bits(0),
            program.name.clone(),
            nobody,
            // A script's top level speaks once, when it is first read; not each time one is made ready.
            0,
        ));
        let terms = Terms {
            limits,
            reach: self.reach(Powers::default(), &log),
            log,
            clock: ClockMode::Real,
            seed: LOAD_SEED,
            progress: None,
        };
        let Ok(mut store) = store(&loaded.linked, &terms) else { return false };
        let started = tokio::time::timeout(
            Duration::from_millis(limits.wall_ms),
            start(&loaded.linked, loaded.script.as_ref(), &mut store),
        )
        .await;
        let Ok(Ok(instance)) = started else { return false };
        let fuel_used = limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0));
        hold.shrink(store.data().memory_peak_bytes());
        self.inner.warm.make_room();
        self.inner.warm.ready.fetch_add(1, Ordering::Relaxed);
        let place = WarmPlace(self.clone());
        let Some(script) = script_of(loaded) else { return false };
        script.lock().unwrap_or_else(PoisonError::into_inner).push(Prepared {
            store,
            instance,
            fuel_used,
            hold,
            place,
        });
        let mut order = self.inner.warm.order.lock().unwrap_or_else(PoisonError::into_inner);
        order.push_back(Arc::downgrade(loaded));
        true
    }
}
