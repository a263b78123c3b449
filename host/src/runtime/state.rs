//! What one call carries along: its limits as they are used up, and the data behind its host interfaces.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::base::{CallLimits, Limit, RequestId};
use crate::telemetry::{GuestLog, LogLevel, LogLine};

use super::engine::{MEMORY_BYTES_CEILING, TABLE_ELEMENTS_CEILING};
use super::reach::Reach;
use super::wasi::WasiParts;

/// How far a long call has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Units done.
    pub done: f64,
    /// Units in all, where that is known.
    pub total: Option<f64>,
    /// A line for people.
    pub message: String,
}

/// Where progress goes: the last report replaces the one before.
pub type ProgressSink = Arc<watch::Sender<Option<Progress>>>;

/// The clock a call reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// The machine's clock.
    Real,
    /// Both clocks stand still, the wall clock at these milliseconds since the epoch.
    Fixed(u64),
}

/// A limit that stopped a call from inside, carried through wasmtime as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call reached its {0} limit")]
pub struct Stopped(pub Limit);

/// Bytes of memories and tables together, against one limit.
pub struct MemoryMeter {
    limit_bytes: u64,
    held_bytes: u64,
    peak_bytes: u64,
    /// A growth was refused: a failure after this is the memory limit's.
    refused: bool,
}

/// Secrets, requests and responses that a guest may have open.
const HANDLES_MAX: usize = 64;
/// Bytes that one table element counts for.
const TABLE_ELEMENT_BYTES: u64 = 8;

impl MemoryMeter {
    /// `ceiling` is the pool's own maximum: meeting that is the host's refusal, meeting a lower one the guest's.
    fn grow(
        &mut self,
        current: usize,
        desired: usize,
        unit_bytes: u64,
        maximum: Option<usize>,
        ceiling: usize,
    ) -> bool {
        if maximum.is_some_and(|maximum| desired > maximum) {
            self.refused |= desired > ceiling;
            return false;
        }
        let grown = (desired.saturating_sub(current) as u64).saturating_mul(unit_bytes);
        let held = self.held_bytes.saturating_add(grown);
        if held > self.limit_bytes {
            self.refused = true;
            return false;
        }
        self.held_bytes = held;
        self.peak_bytes = self.peak_bytes.max(held);
        true
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let ceiling = usize::try_from(MEMORY_BYTES_CEILING).unwrap_or(usize::MAX);
        Ok(self.grow(current, desired, 1, maximum, ceiling))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, TABLE_ELEMENT_BYTES, maximum, TABLE_ELEMENTS_CEILING))
    }
}

/// The log lines of one call, bounded together.
pub struct CallLog {
    book: GuestLog,
    request_id: RequestId,
    bundle: Arc<str>,
    skill: Arc<str>,
    bytes_left: AtomicU64,
}

impl CallLog {
    /// A log of at most `bytes_max` bytes that goes to `book`.
    pub fn new(book: GuestLog, request_id: RequestId, bundle: Arc<str>, skill: Arc<str>, bytes_max: u64) -> CallLog {
        CallLog { book, request_id, bundle, skill, bytes_left: AtomicU64::new(bytes_max) }
    }

    /// The bundle that writes.
    pub fn bundle(&self) -> &str {
        &self.bundle
    }

    /// Writes a line, control characters escaped. What goes over the bound is dropped; one mark says so.
    pub fn write(&self, level: LogLevel, message: &str) {
        let left = self.bytes_left.load(Ordering::Relaxed);
        if left == 0 {
            return;
        }
        let mut line = String::new();
        let mut rest = usize::try_from(left).unwrap_or(usize::MAX);
        for character in message.trim_end_matches('\n').chars() {
            let before = line.len();
            if character.is_control() && character != '\t' {
                line.extend(character.escape_default());
            } else {
                line.push(character);
            }
            let Some(after) = rest.checked_sub(line.len() - before) else {
                line.truncate(before);
                rest = 0;
                break;
            };
            rest = after;
        }
        // Each line costs at least one byte, so that empty ones are bounded too.
        rest = rest.saturating_sub(1);
        self.bytes_left.store(rest as u64, Ordering::Relaxed);
        self.push(level, line);
        if rest == 0 {
            self.push(LogLevel::Warn, "[the call's log limit was reached: the rest is dropped]".into());
        }
    }

    fn push(&self, level: LogLevel, message: String) {
        self.book.push(LogLine {
            time_ms: now_ms(),
            request_id: self.request_id.clone(),
            bundle: self.bundle.clone(),
            skill: self.skill.clone(),
            level,
            message,
        });
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The data of one store.
pub struct CallState {
    pub(super) memory: MemoryMeter,
    pub(super) log: Arc<CallLog>,
    pub(super) clock: ClockMode,
    pub(super) started: Instant,
    pub(super) progress: Option<ProgressSink>,
    pub(super) wasi: Option<Box<WasiParts>>,
    pub(super) reach: Arc<Reach>,
    /// Secrets, requests and responses that the guest has open.
    pub(super) handles: ResourceTable,
    limits: CallLimits,
    deadline: Instant,
    host_calls: u64,
    stopped: Option<Limit>,
    seed: u64,
    random: Option<Box<ChaCha12Rng>>,
}

impl CallState {
    /// The state of a call that starts now.
    pub fn new(
        limits: CallLimits,
        log: Arc<CallLog>,
        clock: ClockMode,
        seed: u64,
        progress: Option<ProgressSink>,
        reach: Arc<Reach>,
    ) -> CallState {
        let started = Instant::now();
        let mut handles = ResourceTable::new();
        handles.set_max_capacity(HANDLES_MAX);
        CallState {
            memory: MemoryMeter { limit_bytes: limits.memory_bytes, held_bytes: 0, peak_bytes: 0, refused: false },
            log,
            clock,
            started,
            progress,
            wasi: None,
            reach,
            handles,
            limits,
            deadline: started + Duration::from_millis(limits.wall_ms),
            host_calls: 0,
            stopped: None,
            seed,
            random: None,
        }
    }

    /// Makes a prepared instance's state that of a call: what it used while it was prepared stays counted.
    pub fn begin(
        &mut self,
        limits: CallLimits,
        log: Arc<CallLog>,
        clock: ClockMode,
        seed: u64,
        progress: Option<ProgressSink>,
        reach: Arc<Reach>,
    ) {
        let memory =
            MemoryMeter { limit_bytes: limits.memory_bytes, ..std::mem::replace(&mut self.memory, MemoryMeter::EMPTY) };
        let host_calls = self.host_calls;
        let handles = std::mem::take(&mut self.handles);
        *self = CallState {
            memory,
            host_calls,
            wasi: self.wasi.take(),
            handles,
            ..CallState::new(limits, log, clock, seed, progress, reach)
        };
        if let Some(wasi) = &mut self.wasi {
            wasi.begin(&self.reach, self.deadline);
        }
    }

    /// The call's limits.
    pub fn limits(&self) -> &CallLimits {
        &self.limits
    }

    /// When the call must have ended.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Most bytes of memories and tables held at one time.
    pub fn memory_peak_bytes(&self) -> u64 {
        self.memory.peak_bytes
    }

    /// Whether a growth was refused.
    pub fn memory_refused(&self) -> bool {
        self.memory.refused
    }

    /// Calls from the guest to the host so far.
    pub fn host_calls(&self) -> u64 {
        self.host_calls
    }

    /// The limit that stopped the call from inside.
    pub fn stopped(&self) -> Option<Limit> {
        self.stopped
    }

    /// Counts a host call.
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn count_host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > self.limits.host_calls {
            self.stopped = Some(Limit::HostCalls);
            return Err(Stopped(Limit::HostCalls).into());
        }
        Ok(())
    }

    /// Counts a host call where none can be refused; the next epoch ends a call that is over its budget.
    pub fn count_library_call(&mut self) {
        let _ = self.count_host_call();
    }

    /// What the epoch's tick means for this call: let others run, or stop.
    ///
    /// # Errors
    /// When the call is past its deadline or over its host-call budget.
    pub fn on_epoch(&mut self) -> wasmtime::Result<UpdateDeadline> {
        if let Some(limit) = self.stopped {
            return Err(Stopped(limit).into());
        }
        if Instant::now() >= self.deadline {
            self.stopped = Some(Limit::Time);
            return Err(Stopped(Limit::Time).into());
        }
        Ok(UpdateDeadline::Yield(1))
    }

    /// The call's random numbers.
    pub fn random(&mut self) -> &mut impl Rng {
        let seed = self.seed;
        self.random.get_or_insert_with(|| Box::new(ChaCha12Rng::seed_from_u64(seed)))
    }

    /// Draws from a new seed from here on.
    pub fn reseed(&mut self, seed: u64) {
        self.seed = seed;
        self.random = None;
    }

    /// The seed behind them.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl MemoryMeter {
    const EMPTY: MemoryMeter = MemoryMeter { limit_bytes: 0, held_bytes: 0, peak_bytes: 0, refused: false };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(bytes_max: u64) -> (CallLog, GuestLog) {
        let book = GuestLog::new(100);
        (CallLog::new(book.clone(), RequestId::from_bits(0), "b".into(), "s".into(), bytes_max), book)
    }

    #[test]
    fn log_lines_are_escaped_and_bounded_with_one_mark() {
        let (log, book) = log(20);
        log.write(LogLevel::Info, "a\x1b[31m\nb");
        log.write(LogLevel::Info, "0123456789");
        log.write(LogLevel::Info, "never seen");
        let (lines, _) = book.follow();
        let lines: Vec<_> = lines.iter().map(|line| line.message.clone()).collect();
        assert_eq!(lines[0], "a\\u{1b}[31m\\nb");
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].contains("log limit"), "{lines:?}");
    }

    #[test]
    fn memories_and_tables_share_one_limit() {
        let mut meter = MemoryMeter { limit_bytes: 100, ..MemoryMeter::EMPTY };
        assert!(meter.grow(0, 60, 1, None, 1000));
        assert!(!meter.grow(0, 6, TABLE_ELEMENT_BYTES, None, 1000));
        assert!(meter.refused);
        assert!(meter.grow(0, 5, TABLE_ELEMENT_BYTES, None, 1000));
        assert_eq!(meter.peak_bytes, 100);
    }
}
