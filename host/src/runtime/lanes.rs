//! Two lanes for guests: short work is done where it arrives, long work steps aside to threads that give way to all else.
//!
//! A guest cannot be made to yield while it fills megabytes at one stroke, and sixteen that run for long would have a
//! short call wait behind all of them. So a guest that has had the processor for [`STEP_ASIDE`], a call with a large
//! input, every call of a bundle whose calls lately took long, and the calls of one that has more of them running than
//! there are cores, go on threads of lower priority, one a core: there they share what is left, in turn, and the system
//! takes the processor from them whenever a short one comes.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::poll_fn;
use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

/// A guest that had the processor for longer steps aside.
const STEP_ASIDE: Duration = Duration::from_millis(1);
/// A bundle whose calls took longer on average begins aside.
const LONG_US: u32 = 2_000;
/// With more of its calls running than there are cores, a bundle begins aside from here on already; what takes less
/// is not worth the step.
const LONG_IN_A_CROWD_US: u32 = 100;
/// Inputs with more bytes are worked on aside.
pub const INPUT_BYTES_ASIDE: usize = 64 << 10;
/// Threads a core for work on many bytes; some of them wait for a disk.
const COMPUTING_PER_CORE: usize = 4;
/// What one call counts for at most, so that a bundle's one mishap is forgotten in time.
const COUNTED_US_MAX: u32 = 100_000;
/// Calls whose processor time is looked at after one that seemed long.
const WATCHED_CALLS: u32 = 16;
/// How far the long lane's threads stand back, as `nice` counts it: a tenth of what another thread gets when both want
/// the same core.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// What the calls of one bundle took lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Processor time of a call in microseconds, averaged over the last few that were measured.
    cpu_us: AtomicU32,
    /// Calls still to be measured. Reading a thread's clock costs more than many a call's host side, so bundles whose
    /// calls come and go within a millisecond are not measured.
    watched: AtomicU32,
}

impl Pace {
    fn is_long(&self, crowded: bool) -> bool {
        self.cpu_us.load(Ordering::Relaxed) > if crowded { LONG_IN_A_CROWD_US } else { LONG_US }
    }

    /// Whether this call is to be measured.
    fn watch(&self, crowded: bool) -> bool {
        let watched = self.watched.load(Ordering::Relaxed);
        if watched > 0 {
            // A count lost to another call only ends the watch a call later.
            self.watched.store(watched - 1, Ordering::Relaxed);
        }
        crowded || watched > 0
    }

    fn seemed_long(&self) {
        self.watched.store(WATCHED_CALLS, Ordering::Relaxed);
    }

    fn took(&self, cpu: Duration) {
        let took = u32::try_from(cpu.as_micros()).unwrap_or(u32::MAX).min(COUNTED_US_MAX);
        let average = self.cpu_us.load(Ordering::Relaxed);
        self.cpu_us.store(average - average / 8 + took / 8, Ordering::Relaxed);
    }
}

/// A call as the lanes see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load<'a> {
    /// Of the call's bundle.
    pub pace: &'a Pace,
    /// Calls of its bundle that run, itself included.
    pub n_running: usize,
    /// Bytes of its input.
    pub input_bytes: usize,
}

/// The threads that long work steps aside to.
pub(super) struct Lanes {
    n_cores: usize,
    /// `None` only while it is dropped.
    long: Option<tokio::runtime::Runtime>,
}

impl Lanes {
    /// Starts the threads.
    ///
    /// # Errors
    /// If they cannot be started.
    pub fn start() -> std::io::Result<Lanes> {
        let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
        let long = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(n_cores)
            .max_blocking_threads(n_cores * COMPUTING_PER_CORE)
            .thread_name("happyos-long")
            .event_interval(1)
            .on_thread_start(stand_back)
            .enable_all()
            .build()?;
        Ok(Lanes { n_cores, long: Some(long) })
    }

    /// Does a guest's work in the lane that fits it; `None` only when the threads are going away. Dropping the future
    /// drops the work, at the guest's next yield if it is running just then.
    pub async fn run<F>(&self, load: Load<'_>, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let Load { pace, n_running, input_bytes } = load;
        let (crowded, large) = (n_running > self.n_cores, input_bytes > INPUT_BYTES_ASIDE);
        let measures = !large && pace.watch(crowded);
        let mut work = Measured { work: Box::pin(work), measures, wall: Duration::ZERO, cpu: Duration::ZERO };
        if !large && !pace.is_long(crowded) {
            let done = poll_fn(|cx| match Pin::new(&mut work).poll(cx) {
                Poll::Ready((output, _)) => Poll::Ready(Some(output)),
                Poll::Pending if work.cpu > STEP_ASIDE => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            if let Some(output) = done.await {
                work.tell(pace);
                return Some(output);
            }
        }
        work.measures = true;
        let (output, cpu) = AbortOnDropHandle::new(self.long.as_ref()?.spawn(work)).await.ok()?;
        // What a large input costs is its sender's doing, not the bundle's.
        if !large {
            pace.seemed_long();
            pace.took(cpu);
        }
        Some(output)
    }

    /// Does work on many bytes, or on a disk, on threads as low as the long lane's but apart from them.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        AbortOnDropHandle::new(self.long.as_ref()?.spawn_blocking(work)).await.ok()
    }

    /// Does work of many steps in the long lane; `None` only when the threads are going away. Dropping the future drops
    /// the work.
    pub async fn at_leisure<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        AbortOnDropHandle::new(self.long.as_ref()?.spawn(work)).await.ok()
    }

    /// Does work that nobody waits for in the long lane; `None` only when the threads are going away.
    pub fn aside(&self, work: impl Future<Output = ()> + Send + 'static) -> Option<JoinHandle<()>> {
        self.long.as_ref().map(|long| long.spawn(work))
    }

    /// Does work on many bytes, or on a disk, that nobody waits for.
    pub fn compute_aside(&self, work: impl FnOnce() + Send + 'static) {
        if let Some(long) = &self.long {
            long.spawn_blocking(work);
        }
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        // The last who holds the sandbox may be a task, which must not wait.
        if let Some(long) = self.long.take() {
            long.shutdown_background();
        }
    }
}

/// Work that knows how long it had the processor.
struct Measured<F> {
    work: Pin<Box<F>>,
    /// Whether the thread's own clock is read, which other threads on the same core do not move.
    measures: bool,
    wall: Duration,
    cpu: Duration,
}

impl<F> Measured<F> {
    /// Tells what a call in the short lane took.
    fn tell(&self, pace: &Pace) {
        if self.measures {
            pace.took(self.cpu);
        }
        if self.wall.max(self.cpu) > STEP_ASIDE {
            pace.seemed_long();
        }
    }
}

impl<F: Future> Future for Measured<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let began = if self.measures { Err(thread_time()) } else { Ok(Instant::now()) };
        let polled = self.work.as_mut().poll(cx);
        match began {
            Err(cpu) => self.cpu += thread_time().saturating_sub(cpu),
            Ok(wall) => {
                self.wall += wall.elapsed();
                // By the wall it ran long, but others may have had the core: from here on it is measured.
                self.measures = self.wall > STEP_ASIDE;
            }
        }
        polled.map(|output| (output, self.cpu))
    }
}

/// How long this thread has had a processor.
fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Lets every other thread go first, where the system can say so of one thread.
fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let set = getpriority_process(None).and_then(|nice| setpriority_process(None, nice.saturating_add(NICE)));
        if let Err(error) = set {
            tracing::warn!(%error, "long calls cannot be made to give way to short ones");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(time: Duration) {
        let began = thread_time();
        while thread_time() - began < time {}
    }

    async fn work(steps: u32, step: Duration) -> String {
        for _ in 0..steps {
            busy(step);
            tokio::task::yield_now().await;
        }
        std::thread::current().name().unwrap_or_default().to_owned()
    }

    fn load(pace: &Pace) -> Load<'_> {
        Load { pace, n_running: 1, input_bytes: 2 }
    }

    #[tokio::test]
    async fn long_work_steps_aside_and_its_bundle_begins_there_next_time() {
        let lanes = Lanes::start().unwrap_or_else(|error| panic!("{error}"));
        let pace = Pace::default();
        let short = lanes.run(load(&pace), work(2, Duration::from_micros(10))).await;
        assert_ne!(short.as_deref(), Some("happyos-long"));
        let long = lanes.run(load(&pace), work(30, Duration::from_millis(1))).await;
        assert_eq!(long.as_deref(), Some("happyos-long"));
        let next = lanes.run(load(&pace), work(1, Duration::ZERO)).await;
        assert_eq!(next.as_deref(), Some("happyos-long"));
    }

    #[tokio::test]
    async fn a_large_input_is_worked_on_aside_and_held_against_nobody() {
        let lanes = Lanes::start().unwrap_or_else(|error| panic!("{error}"));
        let pace = Pace::default();
        let large = Load { input_bytes: INPUT_BYTES_ASIDE + 1, ..load(&pace) };
        let ran = lanes.run(large, work(30, Duration::from_millis(1))).await;
        assert_eq!(ran.as_deref(), Some("happyos-long"));
        assert!(!pace.is_long(true));
    }

    #[tokio::test]
    async fn a_crowd_of_calls_that_are_not_the_shortest_goes_aside() {
        let lanes = Lanes::start().unwrap_or_else(|error| panic!("{error}"));
        let pace = Pace::default();
        let crowd = Load { n_running: lanes.n_cores + 1, ..load(&pace) };
        for _ in 0..8 {
            lanes.run(crowd, work(1, Duration::from_micros(500))).await;
        }
        let ran = lanes.run(crowd, work(1, Duration::ZERO)).await;
        assert_eq!(ran.as_deref(), Some("happyos-long"));
        let alone = lanes.run(load(&pace), work(1, Duration::ZERO)).await;
        assert_ne!(alone.as_deref(), Some("happyos-long"));
    }

    #[tokio::test]
    async fn a_bundle_that_took_long_once_is_forgiven() {
        let lanes = Lanes::start().unwrap_or_else(|error| panic!("{error}"));
        let pace = Pace::default();
        pace.took(Duration::from_secs(9));
        assert!(pace.is_long(false));
        for _ in 0..100 {
            lanes.run(load(&pace), work(1, Duration::ZERO)).await;
        }
        assert!(!pace.is_long(false));
    }

    #[test]
    fn work_at_one_stroke_is_seen_by_the_calls_after_it() {
        let pace = Pace::default();
        let mut seen = Measured {
            work: Box::pin(async { busy(Duration::from_millis(30)) }),
            measures: pace.watch(false),
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
        };
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut seen).poll(&mut cx).is_ready());
        seen.tell(&pace);
        assert!(!pace.is_long(false), "the wall's time alone convicts nobody");
        assert!(pace.watch(false));
        seen.measures = true;
        seen.cpu = Duration::from_millis(30);
        seen.tell(&pace);
        assert!(pace.is_long(false));
    }
}
