//! Live reload: from what happens in the skills directory, and to the operator's files, to changes of the catalog.
//!
//! Events only say where to look; what is there decides. A file is looked at when it has come to rest: shortly after it
//! was closed or renamed, later while somebody still writes. A rescan now and then finds what no event told of, and
//! takes the place of events where the file system has none.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use rustix::fs::statfs;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::directory::{self, Stamp};
use super::shelf::Looked;
use super::{Inner, LoadProgress, Skills};
use crate::security::signing::signature_path;

/// How long a file that was closed or renamed must be left alone.
const SETTLE: Duration = Duration::from_millis(20);
/// The same after a file was refused a moment ago: it may be written piece by piece.
const SETTLE_MAX: Duration = Duration::from_millis(500);
/// How long a refusal counts as a moment ago.
const MOMENT: Duration = Duration::from_secs(1);
/// How long a file that is open for writing is waited for after each write.
const OPEN: Duration = Duration::from_secs(2);
/// How long a file must be gone: editors take one away and put another in its place.
const GONE: Duration = Duration::from_millis(100);
/// Between two looks at a directory whose file system tells nothing.
const POLL: Duration = Duration::from_millis(500);
/// Between two looks at whether the directory and the operator's files are still the ones that are watched, and whether
/// something was left over. It costs a few stats, however many bundles there are.
const PULSE: Duration = Duration::from_secs(5);
/// Files looked at at one time.
const LOOKS_MAX: usize = 4;
/// While more files wait for their look, the catalog is swapped no more often: each swap costs as much as it has files.
const SWAP: Duration = Duration::from_millis(20);
/// Events that wait; beyond these a rescan takes their place.
const EVENTS_MAX: usize = 4_096;

/// A file that something happened to.
struct Unsettled {
    /// When it is to be looked at.
    due: Instant,
    /// What it was when that was decided; what has changed since has not come to rest.
    seen: Option<Stamp>,
    /// Looked at later each time.
    settle: Duration,
}

/// Something that happened, as far as it matters here.
struct Happened {
    path: PathBuf,
    rest: Duration,
}

type Looking<'a> = Pin<Box<dyn Future<Output = (PathBuf, Looked)> + Send + 'a>>;

impl Skills {
    /// Follows the skills directory and the operator's files until `shutdown`. One task does this at a time.
    pub async fn watch(&self, shutdown: CancellationToken) {
        let demotions = self.inner.demotions.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut demotions) = demotions else { return };
        let inner = &*self.inner;
        let (sender, mut events) = mpsc::channel(EVENTS_MAX);
        let overflow = Arc::new(AtomicBool::new(false));
        let watcher_of = || watcher(inner, sender.clone(), overflow.clone());
        let mut watcher = watcher_of();
        let mut watched = directory::identity(&inner.config.skills_dir);
        let polls = watcher.is_none() || tells_nothing(&inner.config.skills_dir);
        let mut watch = Watch {
            inner,
            unsettled: HashMap::new(),
            due: BTreeSet::new(),
            refused: HashMap::new(),
            polls,
            looking: BTreeSet::new(),
            unseen: None,
            behind: false,
        };
        let mut looks: FuturesUnordered<Looking<'_>> = FuturesUnordered::new();
        let period = || if polls { POLL } else { inner.configured().discovery_interval() };
        let mut rescan_every = period();
        let mut rescan = every(rescan_every);
        let mut pulse = every(PULSE);
        let operators: Vec<PathBuf> = inner.operators_files();
        // What happened between the first reading of the directory and now no event tells of; it may still be written.
        watch.rescan(OPEN);
        watch.look_at(&operators);
        loop {
            let next = watch.next_due();
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(happened) = events.recv() => {
                    if happened.path == inner.config.skills_dir {
                        // It was removed or moved: whatever has its name at the next pulse is watched from then on.
                        watched = None;
                    }
                    watch.happened(happened, &operators);
                }
                Some((path, looked)) = looks.next() => watch.looked(path, looked).await,
                Some((name, digest)) = demotions.recv() => inner.demote(&name, digest).await,
                () = sleep_until(next), if looks.len() < LOOKS_MAX => {}
                () = sleep_until(watch.unseen.map(|since| since + SWAP)) => {}
                _ = rescan.tick() => watch.rescan(SETTLE),
                _ = pulse.tick() => {
                    let now = directory::identity(&inner.config.skills_dir);
                    if now != watched && now.is_some() && watcher.is_some() {
                        // Another directory has its name: what is watched is the old one.
                        watcher = watcher_of();
                        watch.behind = true;
                    }
                    watched = now;
                    if watch.behind || now.is_none() || watcher.is_none() {
                        watch.rescan(SETTLE);
                    }
                    watch.look_at(&operators);
                    inner.tidy().await;
                }
            }
            if overflow.swap(false, Ordering::Relaxed) {
                watch.rescan(SETTLE);
                watch.look_at(&operators);
            }
            watch.show().await;
            for path in watch.take_due(LOOKS_MAX.saturating_sub(looks.len())) {
                if operators.contains(&path) {
                    inner.reread_operators_files().await;
                    if period() != rescan_every {
                        rescan_every = period();
                        rescan = every(rescan_every);
                    }
                } else {
                    watch.looking.insert(path.clone());
                    looks.push(Box::pin(async move {
                        let looked = inner.look(&path).await;
                        (path, looked)
                    }));
                }
            }
        }
        drop(watcher);
        *self.inner.demotions.lock().unwrap_or_else(PoisonError::into_inner) = Some(demotions);
    }
}

/// Ticks every `period`, first after one.
fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

struct Watch<'a> {
    inner: &'a Inner,
    unsettled: HashMap<PathBuf, Unsettled>,
    /// The same files by when they are due: ten thousand at once are not all looked through for each.
    due: BTreeSet<(Instant, PathBuf)>,
    /// When a file was refused last, and how long it was left to settle before that.
    refused: HashMap<PathBuf, (Instant, Duration)>,
    polls: bool,
    /// Files that are being looked at.
    looking: BTreeSet<PathBuf>,
    /// Since when the catalog has changes that nobody sees yet.
    unseen: Option<Instant>,
    /// Something was left over that only a rescan finds.
    behind: bool,
}

impl Watch<'_> {
    fn happened(&mut self, happened: Happened, operators: &[PathBuf]) {
        let Happened { path, rest } = happened;
        let path = bundle_of(path);
        let ours = operators.contains(&path)
            || path.parent() == Some(&self.inner.config.skills_dir) && directory::is_bundle(&path);
        if ours {
            self.unsettle(path, rest);
        }
    }

    fn unsettle(&mut self, path: PathBuf, rest: Duration) {
        if self.unsettled.len() >= directory::FILES_MAX {
            self.behind = true;
            return;
        }
        let settle = match self.refused.get(&path) {
            Some((at, settle)) if at.elapsed() < MOMENT => (*settle * 2).min(SETTLE_MAX),
            _ => SETTLE,
        };
        let due = Instant::now() + rest.max(settle);
        let seen = Stamp::of(&path);
        self.wait(path, Unsettled { due, seen, settle });
    }

    fn wait(&mut self, path: PathBuf, unsettled: Unsettled) {
        let due = unsettled.due;
        if let Some(before) = self.unsettled.insert(path.clone(), unsettled) {
            self.due.remove(&(before.due, path.clone()));
        }
        self.due.insert((due, path));
    }

    /// Those that are being looked at are few, so that this is soon found.
    fn next_due(&self) -> Option<Instant> {
        self.due.iter().find(|(_, path)| !self.looking.contains(path)).map(|(due, _)| *due)
    }

    /// Takes up to `n_max` files that have come to rest.
    fn take_due(&mut self, n_max: usize) -> Vec<PathBuf> {
        let now = Instant::now();
        self.refused.retain(|_, (at, _)| at.elapsed() < MOMENT);
        let due: Vec<(Instant, PathBuf)> = self
            .due
            .iter()
            .take_while(|(due, _)| *due <= now)
            .filter(|(_, path)| !self.looking.contains(path))
            .take(n_max)
            .cloned()
            .collect();
        let mut ready = Vec::new();
        for entry in due {
            self.due.remove(&entry);
            let (_, path) = entry;
            let Some(unsettled) = self.unsettled.remove(&path) else { continue };
            let stamp = Stamp::of(&path);
            if stamp != unsettled.seen {
                // Something was done to it that no event told of, or not yet.
                let due = now + unsettled.settle.max(if self.polls { POLL } else { SETTLE });
                self.wait(path, Unsettled { due, seen: stamp, settle: unsettled.settle });
                continue;
            }
            self.refused.insert(path.clone(), (now, unsettled.settle));
            ready.push(path);
        }
        ready
    }

    async fn looked(&mut self, path: PathBuf, looked: Looked) {
        self.looking.remove(&path);
        if !matches!(looked, Looked::Bad { .. }) {
            self.refused.remove(&path);
        }
        for path in self.inner.install_unseen(&path, looked).await {
            self.unsettle(path, Duration::ZERO);
        }
        self.unseen.get_or_insert_with(Instant::now);
    }

    /// Swaps the catalog for what was found out since the last time: at once, where no other file is due.
    async fn show(&mut self) {
        let Some(since) = self.unseen else { return };
        let more = self.next_due().is_some_and(|due| due <= Instant::now());
        if !more || since.elapsed() >= SWAP {
            self.inner.publish(&*self.inner.shelf.lock().await);
            self.unseen = None;
        }
    }

    /// Compares the directory with what is known of it; what differs is left alone for `rest`.
    fn rescan(&mut self, rest: Duration) {
        self.behind = true;
        let mut listed = match directory::list(&self.inner.config.skills_dir) {
            Ok(listed) => listed,
            Err(error) => {
                // The files may be there again in a moment: nothing is removed for a directory that cannot be read.
                tracing::warn!(%error, path = %self.inner.config.skills_dir.display(), "the skills directory cannot be read");
                return;
            }
        };
        listed.truncate(directory::FILES_MAX);
        // Held only for a moment elsewhere; the next pulse tries again.
        let Ok(shelf) = self.inner.shelf.try_lock() else { return };
        let mut changed: Vec<PathBuf> = Vec::new();
        for path in listed {
            let known = shelf.entries.get(&path).map(|entry| entry.stamp);
            if Stamp::of(&path) != known {
                changed.push(path);
            }
        }
        changed.extend(shelf.entries.keys().filter(|path| Stamp::of(path).is_none()).cloned());
        drop(shelf);
        self.behind = false;
        for path in changed {
            if !self.unsettled.contains_key(&path) && !self.looking.contains(&path) {
                self.unsettle(path, if self.polls { rest.max(POLL) } else { rest });
            }
        }
    }

    /// Finds what happened to the operator's files and no event told of.
    fn look_at(&mut self, operators: &[PathBuf]) {
        for path in operators {
            if !self.unsettled.contains_key(path) && self.inner.operators_file_changed(path) {
                self.unsettle(path.clone(), SETTLE);
            }
        }
    }
}

/// The bundle's file that a path is about: its own, or that of the signature beside it.
fn bundle_of(path: PathBuf) -> PathBuf {
    match path.extension() {
        Some(extension) if extension == "sig" => {
            let bundle = path.with_extension("");
            if signature_path(&bundle) == path { bundle } else { path }
        }
        _ => path,
    }
}

/// A watcher that sends on what matters, or `None` where there can be none.
fn watcher(inner: &Inner, sender: mpsc::Sender<Happened>, overflow: Arc<AtomicBool>) -> Option<RecommendedWatcher> {
    let lost = overflow.clone();
    let (skills_dir, operators) = (inner.config.skills_dir.clone(), inner.operators_files());
    let handler = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else {
            lost.store(true, Ordering::Relaxed);
            return;
        };
        if event.need_rescan() {
            lost.store(true, Ordering::Relaxed);
        }
        let Some(rest) = rest_after(&event.kind) else { return };
        // Beside the operator's files lie others, which are written all the time.
        let ours = |path: &PathBuf| operators.contains(path) || path.starts_with(&skills_dir);
        for path in event.paths.into_iter().filter(ours) {
            if sender.try_send(Happened { path, rest }).is_err() {
                lost.store(true, Ordering::Relaxed);
            }
        }
    };
    let failed = |error: notify::Error, path: &Path| {
        tracing::warn!(%error, path = %path.display(), "it cannot be watched: it is looked at every {} ms instead", POLL.as_millis());
    };
    let skills_dir = &inner.config.skills_dir;
    let mut watcher =
        RecommendedWatcher::new(handler, notify::Config::default()).map_err(|error| failed(error, skills_dir)).ok()?;
    watcher.watch(skills_dir, RecursiveMode::NonRecursive).map_err(|error| failed(error, skills_dir)).ok()?;
    let folders: BTreeSet<PathBuf> =
        inner.operators_files().iter().filter_map(|path| path.parent()).map(Path::to_owned).collect();
    for folder in folders.iter().filter(|folder| *folder != skills_dir) {
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::warn!(%error, path = %folder.display(), "it cannot be watched: it is looked at every {} s instead", PULSE.as_secs());
        }
    }
    Some(watcher)
}

/// How long a file is left alone after an event; `None` for events that change nothing.
fn rest_after(kind: &EventKind) -> Option<Duration> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(SETTLE),
        EventKind::Access(_) => None,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) | EventKind::Remove(_) => Some(GONE),
        EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Metadata(_)) => Some(SETTLE),
        // A rename into the directory and a link are told as this alone; a file that is written is closed later.
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any | ModifyKind::Other) => {
            Some(OPEN)
        }
        EventKind::Any | EventKind::Other => Some(SETTLE),
    }
}

/// File systems of other machines: what happens there is not told here.
fn tells_nothing(dir: &Path) -> bool {
    const FOREIGN: [u64; 8] = [
        0x6969,      // NFS
        0x517b,      // SMB
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB 2
        0x6573_5546, // FUSE
        0x0102_1997, // 9P
        0x786f_4256, // VirtualBox shared folders
        0x00c3_6400, // Ceph
    ];
    statfs(dir).is_ok_and(|found| FOREIGN.contains(&(found.f_type as u64 & 0xffff_ffff)))
}

impl Inner {
    /// Reads the whole directory, once, before anything is served.
    pub(super) async fn read_all(&self, notify: impl Fn(LoadProgress)) {
        let mut paths = match directory::list(&self.config.skills_dir) {
            Ok(paths) => paths,
            Err(error) => {
                tracing::error!(%error, path = %self.config.skills_dir.display(), "the skills directory cannot be read");
                Vec::new()
            }
        };
        // Those that had their names before keep them.
        let owners: BTreeSet<PathBuf> = {
            let shelf = self.shelf.lock().await;
            let active = shelf.records.values().filter(|record| record.active.is_some());
            active.map(|record| record.path.clone()).collect()
        };
        paths.sort_by_key(|path| !owners.contains(path));
        if paths.len() > directory::FILES_MAX {
            tracing::warn!(
                files = paths.len(),
                "the skills directory holds more than {} bundles: the rest is left alone",
                directory::FILES_MAX
            );
            paths.truncate(directory::FILES_MAX);
        }
        let total = paths.len();
        let mut again = BTreeSet::new();
        for (done, path) in paths.iter().enumerate() {
            notify(LoadProgress { done, total });
            let looked = self.look(path).await;
            again.extend(self.install_unseen(path, looked).await);
        }
        let mut shelf = self.shelf.lock().await;
        self.restore(&mut shelf).await;
        again.extend(shelf.take_again());
        drop(shelf);
        for path in again {
            let looked = self.look(&path).await;
            self.install_unseen(&path, looked).await;
        }
        self.publish(&*self.shelf.lock().await);
        self.tidy().await;
        notify(LoadProgress { done: total, total });
    }

    /// Removes kept versions that nobody wants any more.
    pub(super) async fn tidy(&self) {
        let mut shelf = self.shelf.lock().await;
        if shelf.take_litter() {
            self.versions.sweep(&shelf.kept());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_about_its_bundle() {
        assert_eq!(bundle_of("d/a.wasm.sig".into()), Path::new("d/a.wasm"));
        assert_eq!(bundle_of("d/a.wasm".into()), Path::new("d/a.wasm"));
    }

    #[test]
    fn reading_changes_nothing_and_closing_settles_soon() {
        assert_eq!(rest_after(&EventKind::Access(AccessKind::Open(AccessMode::Any))), None);
        assert_eq!(rest_after(&EventKind::Access(AccessKind::Close(AccessMode::Write))), Some(SETTLE));
        assert_eq!(rest_after(&EventKind::Remove(notify::event::RemoveKind::File)), Some(GONE));
    }
}
