//! One instance: a store under its limits, ready to be called once.

use std::sync::Arc;

use wasmtime::component::Instance;
use wasmtime::{AsContextMut, Store};

use super::admission::Hold;
use super::engine::FUEL_YIELD_INTERVAL;
use super::program::{Entry, Linked, Script};
use super::reach::Reach;
use super::state::{CallLog, CallState, ClockMode, ProgressSink};
use super::warm::WarmPlace;
use crate::base::CallLimits;

/// Bytes one dynamic component value takes: what a plain component's answer costs the host.
const DYNAMIC_VALUE_BYTES: u64 = 40;
/// Beside the answer itself: names, media types, the list's own entries.
const ANSWER_OVERHEAD_BYTES: u64 = 64 << 10;

/// What a call is told and may use.
#[derive(Clone)]
pub(super) struct Terms {
    pub limits: CallLimits,
    pub log: Arc<CallLog>,
    pub clock: ClockMode,
    pub seed: u64,
    pub progress: Option<ProgressSink>,
    pub reach: Arc<Reach>,
}

impl Terms {
    fn state(&self) -> CallState {
        CallState::new(self.limits, self.log.clone(), self.clock, self.seed, self.progress.clone(), self.reach.clone())
    }
}

/// A store with its fuel, epoch, memory and transfer limits set.
pub(super) fn store(linked: &Linked, terms: &Terms) -> wasmtime::Result<Store<CallState>> {
    let plain = matches!(linked.entry, Entry::Plain(_));
    let mut store = Store::new(linked.pre.engine(), terms.state());
    store.limiter(|state| &mut state.memory);
    store.set_fuel(terms.limits.fuel)?;
    store.fuel_async_yield_interval(Some(FUEL_YIELD_INTERVAL))?;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| store.data_mut().on_epoch());
    store.set_hostcall_fuel(transfer_bytes_max(&terms.limits, plain));
    Ok(store)
}

/// What one transfer from the guest may hand over: a host call's bytes or the whole answer, whichever
/// is more. A plain component's answer is counted as the dynamic values it becomes.
fn transfer_bytes_max(limits: &CallLimits, plain: bool) -> usize {
    let answer = if plain {
        limits.output_bytes.saturating_mul(DYNAMIC_VALUE_BYTES)
    } else {
        limits.output_bytes.saturating_add(limits.attachment_bytes)
    };
    let bytes = limits.host_call_bytes.max(answer.saturating_add(ANSWER_OVERHEAD_BYTES));
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// An instance with its script loaded, waiting for its one call.
#[expect(dead_code, reason = "`hold` and `place` are there to be dropped")]
pub(super) struct Prepared {
    pub store: Store<CallState>,
    pub instance: Instance,
    /// Fuel used so far.
    pub fuel_used: u64,
    /// The daemon-wide memory it stands on while it waits.
    pub hold: Hold,
    /// Its place in the bounded set of ready instances.
    pub place: WarmPlace,
}

/// Why a script was not taken, or what stopped it.
pub(super) enum LoadFault {
    /// The script is at fault.
    Script { message: String, line: u32, column: u32 },
    /// A trap or a limit.
    Trap(wasmtime::Error),
}

impl From<wasmtime::Error> for LoadFault {
    fn from(error: wasmtime::Error) -> LoadFault {
        LoadFault::Trap(error)
    }
}

/// Instantiates and, for a script, loads it.
pub(super) async fn start(
    linked: &Linked,
    script: Option<&Script>,
    store: &mut Store<CallState>,
) -> Result<Instance, LoadFault> {
    let instance = linked.pre.instantiate_async(&mut *store).await?;
    if let (Entry::Script { loader, .. }, Some(script)) = (&linked.entry, script) {
        let loader = loader.load(&mut *store, &instance)?;
        let result = loader.happyos_script_interpreter().call_load(store.as_context_mut(), &script.source).await?;
        if let Err(error) = result {
            return Err(LoadFault::Script { message: error.message, line: error.line, column: error.column });
        }
    }
    Ok(instance)
}

impl Prepared {
    /// Hands the instance to a call: from here on the call's terms hold, and what loading used counts
    /// as the call's.
    pub fn begin(self, terms: &Terms) -> wasmtime::Result<(Store<CallState>, Instance)> {
        let Prepared { mut store, instance, .. } = self;
        store.set_fuel(terms.limits.fuel.saturating_sub(self.fuel_used))?;
        store.set_hostcall_fuel(transfer_bytes_max(&terms.limits, false));
        store.data_mut().begin(
            terms.limits,
            terms.log.clone(),
            terms.clock,
            terms.seed,
            terms.progress.clone(),
            terms.reach.clone(),
        );
        Ok((store, instance))
    }
}
