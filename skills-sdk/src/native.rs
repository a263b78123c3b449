//! Stand-ins for the host, one set per thread, so that skills run and are tested natively.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::log::Level;
use crate::testing::{LogLine, Progress};

/// Most lines and reports that a thread keeps; older ones go.
const KEPT_MAX: usize = 10_000;

struct Host {
    now_ms: Option<u64>,
    began: Instant,
    seed: u64,
    lines: VecDeque<LogLine>,
    reports: VecDeque<Progress>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host {
        now_ms: None,
        began: Instant::now(),
        seed: 0,
        lines: VecDeque::new(),
        reports: VecDeque::new(),
    });
}

pub fn log(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
    HOST.with_borrow_mut(|host| keep(&mut host.lines, LogLine { level, message: message.to_owned() }));
}

pub fn report(done: f64, total: Option<f64>, message: &str) {
    HOST.with_borrow_mut(|host| keep(&mut host.reports, Progress { done, total, message: message.to_owned() }));
}

fn keep<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == KEPT_MAX {
        queue.pop_front();
    }
    queue.push_back(item);
}

pub fn take_lines() -> Vec<LogLine> {
    HOST.with_borrow_mut(|host| host.lines.drain(..).collect())
}

pub fn take_reports() -> Vec<Progress> {
    HOST.with_borrow_mut(|host| host.reports.drain(..).collect())
}

pub fn now_ms() -> u64 {
    HOST.with_borrow(|host| host.now_ms).unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

pub fn set_now_ms(now_ms: Option<u64>) {
    HOST.with_borrow_mut(|host| host.now_ms = now_ms);
}

/// Stands still while a test holds the clock, as it does in the host.
pub fn elapsed() -> Duration {
    HOST.with_borrow(|host| if host.now_ms.is_some() { Duration::ZERO } else { host.began.elapsed() })
}

pub fn set_seed(seed: u64) {
    HOST.with_borrow_mut(|host| host.seed = seed);
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub fn random() -> u64 {
    HOST.with_borrow_mut(|host| {
        host.seed = host.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = host.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    })
}
