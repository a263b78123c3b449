//! The host side of `happyos:host`: one small implementation per interface, each call counted.

mod delegate;
pub(super) mod http;
mod kv;
mod memory;
pub(super) mod secrets;

use rand::Rng;

use super::bindings::skill::happyos::host::{clock, log, progress, random};
use super::state::{CallState, ClockMode, Progress, now_ms};
use crate::telemetry::LogLevel;

/// Most random bytes in one call, as the contract says.
const RANDOM_BYTES_MAX: u32 = 65_536;
/// Longest progress message that is passed on, in characters.
const PROGRESS_MESSAGE_CHARS_MAX: usize = 200;

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.count_host_call()?;
        let level = match level {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        if !self.reach.note(|seen| seen.line(&message)) {
            self.log.write(level, &message);
        }
        Ok(())
    }
}

impl clock::Host for CallState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.count_host_call()?;
        self.reach.note(|seen| seen.read_clock = true);
        Ok(match self.clock {
            ClockMode::Real => now_ms(),
            ClockMode::Fixed(ms) => ms,
        })
    }

    fn monotonic(&mut self) -> wasmtime::Result<u64> {
        self.count_host_call()?;
        self.reach.note(|seen| seen.read_clock = true);
        Ok(match self.clock {
            ClockMode::Real => u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX),
            ClockMode::Fixed(_) => 0,
        })
    }
}

impl random::Host for CallState {
    fn next(&mut self) -> wasmtime::Result<u64> {
        self.count_host_call()?;
        self.reach.note(|seen| seen.drew_random = true);
        Ok(self.random().next_u64())
    }

    fn bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        self.count_host_call()?;
        if len > RANDOM_BYTES_MAX {
            return Err(wasmtime::Error::msg(format!(
                "`happyos:host/random.bytes` was asked for {len} bytes, more than {RANDOM_BYTES_MAX}"
            )));
        }
        self.reach.note(|seen| seen.drew_random = true);
        let mut bytes = vec![0; len as usize];
        self.random().fill_bytes(&mut bytes);
        Ok(bytes)
    }
}

impl progress::Host for CallState {
    fn report(&mut self, done: f64, total: Option<f64>, message: String) -> wasmtime::Result<()> {
        self.count_host_call()?;
        if let Some(sink) = &self.progress {
            let message = message.chars().filter(|c| !c.is_control()).take(PROGRESS_MESSAGE_CHARS_MAX).collect();
            sink.send_replace(Some(Progress { done, total, message }));
        }
        Ok(())
    }
}
