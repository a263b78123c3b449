//! The wasmtime engine: one configuration for the pool and the compile helper, and the epoch ticker.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Stack that a guest may use; beyond it the call traps.
const GUEST_STACK_BYTES: usize = 512 << 10;
/// Stack of a call, host functions included. What lies above the guest's part is the host's headroom:
/// running over it would end the process.
const CALL_STACK_BYTES: usize = 2 << 20;
/// The largest linear memory of any guest, whatever an operator grants.
pub const MEMORY_BYTES_CEILING: u64 = 1 << 30;
/// The largest table of any guest, in elements.
pub const TABLE_ELEMENTS_CEILING: usize = 1 << 20;
/// Parts of one component. JavaScript and Python components have up to about forty core modules.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;
const MEMORIES_PER_COMPONENT: u32 = 4;
/// Memories that all live instances have at most on average, which is what the interpreter has: each reserves gigabytes
/// of address space.
const MEMORIES_USUAL_MAX: u32 = 3;
const TABLES_PER_COMPONENT: u32 = 8;

/// What stays mapped of a memory between calls, and is reset by copying instead of by faulting in again, which costs
/// more. Each place of the pool comes to hold this much.
const KEPT_BYTES: usize = 128 << 10;
/// The same of a script's memory: what the interpreter begins with, and what a usual script adds. A script that starts
/// writes all over that, and each page that it writes for the first time costs an interrupt of every core.
const SCRIPT_KEPT_BYTES: usize = 2304 << 10;
/// Scripts that run at one time in places that keep so much; more run in the other pool.
pub const SCRIPT_PLACES: u32 = 8;

/// Fuel between two chances for other calls to run.
pub const FUEL_YIELD_INTERVAL: u64 = 1_000_000;

/// What decides the code that is made. Shared by the daemon and the compile helper, so that what one
/// compiles the other can load.
fn code_config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(CALL_STACK_BYTES)
        .wasm_memory64(false)
        .wasm_multi_memory(true)
        .wasm_component_model(true)
        .relaxed_simd_deterministic(true)
        .memory_init_cow(true);
    config
}

/// The compile helper's configuration: no pool, which would not fit under its address-space limit,
/// and no threads of its own.
pub fn helper_config() -> Config {
    let mut config = code_config();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    config
}

/// The daemon's configuration, with room for `instances_max` live instances.
pub fn pooled_config(instances_max: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances_max)
        .total_core_instances(instances_max.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .total_memories(instances_max.saturating_mul(MEMORIES_USUAL_MAX))
        .total_tables(instances_max.saturating_mul(TABLES_PER_COMPONENT))
        .total_stacks(instances_max)
        .linear_memory_keep_resident(KEPT_BYTES);
    pooled(pool)
}

/// The configuration of the few places for scripts, which differ in how much of a memory stays mapped.
pub fn script_config() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SCRIPT_PLACES)
        .total_core_instances(SCRIPT_PLACES * CORE_INSTANCES_PER_COMPONENT)
        .total_memories(SCRIPT_PLACES * MEMORIES_PER_COMPONENT)
        .total_tables(SCRIPT_PLACES * TABLES_PER_COMPONENT)
        .total_stacks(SCRIPT_PLACES)
        .linear_memory_keep_resident(SCRIPT_KEPT_BYTES);
    pooled(pool)
}

fn pooled(mut pool: PoolingAllocationConfig) -> Config {
    pool.max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_memories_per_module(2)
        .max_tables_per_module(4)
        .max_memory_size(usize::try_from(MEMORY_BYTES_CEILING).unwrap_or(usize::MAX))
        .table_elements(TABLE_ELEMENTS_CEILING)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_keep_resident(32 << 10)
        .async_stack_keep_resident(32 << 10)
        .max_unused_warm_slots(8)
        // Asking the system which pages were written would spare some copying, but that takes the lock of the whole
        // address space, for which a short call then waits while another's megabytes are given back.
        .pagemap_scan(Enabled::No);
    let mut config = code_config();
    config.async_stack_zeroing(true).allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Names the kind of compiled code this engine loads: part of the cache's keys.
pub fn compatibility(engine: &Engine) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    hasher.finish()
}

/// Moves the engines' epochs every millisecond while calls are in flight.
///
/// A started call costs two atomic operations; the thread is woken only when it had gone to sleep,
/// which it does after a quiet `LINGER`.
pub struct Ticker {
    shared: Arc<TickerShared>,
    thread: Thread,
}

struct TickerShared {
    in_flight: AtomicUsize,
    started: AtomicUsize,
    asleep: AtomicBool,
}

const TICK: Duration = Duration::from_millis(1);
const LINGER: Duration = Duration::from_millis(200);

impl Ticker {
    /// Starts the ticker's thread. It ends when one of the engines is gone.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(engines: [&Engine; 2]) -> std::io::Result<Ticker> {
        let shared = Arc::new(TickerShared {
            in_flight: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
        });
        let (engines, state) = (engines.map(Engine::weak), shared.clone());
        let handle = thread::Builder::new().name("happyos-epoch".into()).spawn(move || {
            let mut seen = 0;
            let mut quiet_since = Instant::now();
            loop {
                thread::sleep(TICK);
                for engine in &engines {
                    let Some(engine) = engine.upgrade() else { return };
                    engine.increment_epoch();
                }
                let started = state.started.load(Ordering::SeqCst);
                if state.in_flight.load(Ordering::SeqCst) > 0 || started != seen {
                    seen = started;
                    quiet_since = Instant::now();
                } else if quiet_since.elapsed() > LINGER {
                    state.asleep.store(true, Ordering::SeqCst);
                    // A call that began before the flag was up did not wake us: look once more.
                    if state.in_flight.load(Ordering::SeqCst) == 0 {
                        // Wakes now and then to see whether the engine is still there.
                        thread::park_timeout(Duration::from_secs(1));
                    }
                    state.asleep.store(false, Ordering::SeqCst);
                }
            }
        })?;
        Ok(Ticker { shared, thread: handle.thread().clone() })
    }

    /// Keeps the epoch moving until the guard is dropped.
    pub fn in_flight(&self) -> InFlight<'_> {
        self.shared.in_flight.fetch_add(1, Ordering::SeqCst);
        self.shared.started.fetch_add(1, Ordering::Relaxed);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        InFlight(&self.shared)
    }
}

/// A call that needs the epoch to move.
pub struct InFlight<'a>(&'a TickerShared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
