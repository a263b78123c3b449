//! The log lines of guests: kept in a bounded ring, followed by whoever asks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::base::RequestId;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Detail that only the skill's author wants.
    Trace,
    /// Detail that helps while looking for a fault.
    Debug,
    /// Something worth knowing.
    Info,
    /// Something is wrong and the call went on.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// One line that a guest wrote.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub time_ms: u64,
    /// The request it belongs to.
    pub request_id: RequestId,
    /// The bundle that wrote it.
    pub bundle: Arc<str>,
    /// The skill that was called; empty while a bundle is being read.
    pub skill: Arc<str>,
    /// How much it matters.
    pub level: LogLevel,
    /// The text, control characters escaped.
    pub message: String,
}

/// The last lines of all guests. Clones share one ring.
#[derive(Clone)]
pub struct GuestLog {
    inner: Arc<Inner>,
}

struct Inner {
    kept: Mutex<Kept>,
    live: broadcast::Sender<Arc<LogLine>>,
}

/// The kept lines, and the bytes of their messages.
#[derive(Default)]
struct Kept {
    lines_max: usize,
    lines: VecDeque<Arc<LogLine>>,
    bytes: usize,
}

/// Bytes of all kept messages together: a call may write lines as long as its whole log limit.
const BYTES_MAX: usize = 8 << 20;
/// Lines a follower may lag behind before it loses some.
const FOLLOWER_LAG_MAX: usize = 1024;

impl Kept {
    fn trim(&mut self) {
        while self.lines.len() > self.lines_max || self.bytes > BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.message.len();
        }
    }
}

impl GuestLog {
    /// A log that keeps the last `lines_max` lines.
    pub fn new(lines_max: usize) -> GuestLog {
        let (live, _) = broadcast::channel(FOLLOWER_LAG_MAX);
        let kept = Kept { lines_max, ..Kept::default() };
        GuestLog { inner: Arc::new(Inner { kept: Mutex::new(kept), live }) }
    }

    /// Adds a line, drops the oldest beyond the bound, and wakes the followers.
    pub fn push(&self, line: LogLine) {
        let line = Arc::new(line);
        let mut kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += line.message.len();
        kept.lines.push_back(line.clone());
        kept.trim();
        // Sent under the lock, so that `follow` sees each line exactly once.
        let _ = self.inner.live.send(line);
    }

    /// Keeps the last `lines_max` lines from now on.
    pub fn keep(&self, lines_max: usize) {
        let mut kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lines_max = lines_max;
        kept.trim();
    }

    /// The kept lines, oldest first, and a receiver of all that come after them.
    pub fn follow(&self) -> (Vec<Arc<LogLine>>, broadcast::Receiver<Arc<LogLine>>) {
        let kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.lines.iter().cloned().collect(), self.inner.live.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str) -> LogLine {
        LogLine {
            time_ms: 0,
            request_id: RequestId::from_bits(1),
            bundle: "b".into(),
            skill: "s".into(),
            level: LogLevel::Info,
            message: message.into(),
        }
    }

    #[test]
    fn keeps_the_last_lines_and_hands_on_new_ones() {
        let log = GuestLog::new(2);
        for message in ["one", "two", "three"] {
            log.push(line(message));
        }
        let (kept, mut live) = log.follow();
        let kept: Vec<_> = kept.iter().map(|line| line.message.as_str()).collect();
        assert_eq!(kept, ["two", "three"]);
        log.push(line("four"));
        assert_eq!(live.try_recv().unwrap().message, "four");
        log.keep(1);
        assert_eq!(log.follow().0.len(), 1);
    }
}
