//! What is known of the skills directory while the daemon runs: what became of each file, and which version of each
//! bundle is active. Changed by one at a time; each change ends in a new snapshot of the catalog.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Inner;
use super::catalog::{Bundle, FileState, Skill, Snapshot, State};
use super::directory::{self, Read, Stamp};
use super::identity::{self, Facts, Known, LOCAL, Served, Standing};
use super::manifest::Manifest;
use super::metadata::Metadata;
use super::probe::{self, File, Probed, Rejection};
use super::trial::Trial;
use crate::base::{CallLimits, Digest, Requests};
use crate::runtime::{Origin, ProgramSpec, now_ms};
use crate::security::{Event, Policy};
use crate::store::bundles::VERSIONS_KEPT;
use crate::store::{BundleRecord, VersionRecord};

/// Files larger than this are read where they hold up nobody.
const READ_HERE_BYTES_MAX: u64 = 256 << 10;

/// The state behind the snapshots.
pub(super) struct Shelf {
    /// The limits of every call.
    pub limits: CallLimits,
    /// What the operator decided.
    pub policy: Arc<Policy>,
    pub(super) entries: BTreeMap<PathBuf, Entry>,
    pub(super) active: BTreeMap<Arc<str>, Active>,
    /// Which file has a bundle's name.
    claims: HashMap<Arc<str>, PathBuf>,
    /// The same the other way round.
    claimed: HashMap<PathBuf, BTreeSet<Arc<str>>>,
    /// Which bundle has a skill's name.
    skill_names: HashMap<Arc<str>, Arc<str>>,
    pub(super) records: BTreeMap<String, BundleRecord>,
    /// Files to look at again: what stood in their way may have gone.
    again: BTreeSet<PathBuf>,
    /// Kept versions lie about that nobody wants any more.
    litter: bool,
}

/// One file of the directory.
pub(super) struct Entry {
    pub stamp: Stamp,
    pub state: Arc<FileState>,
    /// The policy decided, so that another policy may decide otherwise.
    pub by_policy: bool,
    /// Another bundle has its name or a skill's name.
    blocked: bool,
}

/// The active version of a bundle.
pub(super) struct Active {
    pub bundle: Arc<Bundle>,
    pub skills: Vec<Arc<Skill>>,
}

/// A file as it was looked at, before anything is changed.
pub(super) enum Looked {
    /// There is none.
    Gone,
    /// It could not be read, or is no bundle that works.
    Bad { stamp: Stamp, claim: Option<Claim>, rejection: Rejection },
    /// It was read; `probed` where the policy would have it served.
    Good { stamp: Stamp, claim: Claim, bytes: Arc<[u8]>, probed: Option<Box<Probed>> },
}

/// What a file says it is.
pub(super) struct Claim {
    pub file: File,
    pub name: Arc<str>,
    pub manifest: Manifest,
    pub requests: Requests,
    pub signature: Option<String>,
}

impl Claim {
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            name: &self.name,
            version: self.manifest.version.as_deref(),
            digest: self.file.digest,
            requests: &self.requests,
            signature: self.signature.as_deref(),
            stem: &self.file.stem,
        }
    }
}

fn read_claim(path: &Path, bytes_max: u64) -> Result<(Claim, Arc<[u8]>), Rejection> {
    let Read { file, bytes, signature } = directory::read(path, bytes_max)?;
    Ok((claim(file, &bytes, signature)?, bytes.into()))
}

/// Reads who a bundle says it is.
fn claim(file: File, bytes: &[u8], signature: Option<String>) -> Result<Claim, Rejection> {
    let manifest = probe::manifest(&file, bytes)?;
    let requests = manifest.requests().map_err(Rejection::lasting)?;
    Ok(Claim { name: manifest.name.as_str().into(), file, manifest, requests, signature })
}

/// What became of placing a file.
enum Placed {
    Done,
    /// The file or the policy changed meanwhile: it must be looked at again.
    Again,
}

impl Shelf {
    pub fn new(limits: CallLimits, policy: Policy, records: Vec<BundleRecord>) -> Shelf {
        Shelf {
            limits,
            policy: Arc::new(policy),
            entries: BTreeMap::new(),
            active: BTreeMap::new(),
            claims: HashMap::new(),
            claimed: HashMap::new(),
            skill_names: HashMap::new(),
            records: records.into_iter().map(|record| (record.name.clone(), record)).collect(),
            again: BTreeSet::new(),
            litter: true,
        }
    }

    /// The snapshot of all this.
    pub fn snapshot(&self) -> Snapshot {
        let bundles = self.active.values().map(|active| active.bundle.clone()).collect();
        let skills = self.active.values().flat_map(|active| active.skills.iter().cloned()).collect();
        let files = self.entries.values().map(|entry| entry.state.clone()).collect();
        Snapshot::new(bundles, skills, files)
    }

    /// Whether a file that claims `facts` may be served.
    pub fn decide(&self, facts: &Facts<'_>, again: bool) -> Standing {
        let record = self.records.get(facts.name);
        let highest = record.and_then(|record| {
            let version = record.version_highest.as_deref()?;
            let known = record.versions.iter().find(|known| known.version.as_deref() == Some(version));
            Some((version, known.map(|known| known.digest)))
        });
        let known = Known { publisher: record.and_then(|record| record.publisher.as_deref()), highest };
        identity::decide(facts, &self.policy, &self.limits, known, again)
    }

    /// The limits under which a bundle of that name would run, as far as its name alone decides.
    fn probe_limits(&self, facts: &Facts<'_>) -> Option<CallLimits> {
        match self.decide(facts, false) {
            Standing::Served(served) => Some(served.limits),
            _ => None,
        }
    }

    /// Notes what became of a file.
    pub fn set(&mut self, path: &Path, stamp: Stamp, state: FileState, by_policy: bool) {
        self.entries.insert(path.to_owned(), Entry { stamp, state: Arc::new(state), by_policy, blocked: false });
    }

    /// The other file that has the bundle's name, if there is one.
    fn taken_by(&self, name: &str, path: &Path) -> Option<&PathBuf> {
        self.claims.get(name).filter(|owner| *owner != path && self.entries.contains_key(*owner))
    }

    /// Gives a name to a file, where no other has it.
    fn claim(&mut self, name: &Arc<str>, path: &Path) {
        if self.taken_by(name, path).is_none() {
            self.claims.insert(name.clone(), path.to_owned());
            self.claimed.entry(path.to_owned()).or_default().insert(name.clone());
        }
    }

    /// Takes from a file all names but `keep`.
    fn release(&mut self, path: &Path, keep: Option<&Arc<str>>) -> Vec<Arc<str>> {
        let Some(mut names) = self.claimed.remove(path) else { return Vec::new() };
        if let Some(kept) = keep.and_then(|keep| names.take(keep)) {
            self.claimed.insert(path.to_owned(), BTreeSet::from([kept]));
        }
        for name in &names {
            self.claims.remove(name);
        }
        names.into_iter().collect()
    }

    fn remove_active(&mut self, name: &str) -> Option<Active> {
        let removed = self.active.remove(name)?;
        for skill in &removed.skills {
            self.skill_names.remove(skill.name());
        }
        self.again.extend(self.entries.iter().filter(|(_, entry)| entry.blocked).map(|(path, _)| path.clone()));
        Some(removed)
    }

    fn put_active(&mut self, active: Active) {
        let name = active.bundle.name.clone();
        if let Some(before) = self.active.get(&name) {
            for skill in &before.skills {
                self.skill_names.remove(skill.name());
            }
        }
        for skill in &active.skills {
            self.skill_names.insert(skill.name().clone(), name.clone());
        }
        let path = active.bundle.path.clone();
        self.claim(&name, &path);
        self.active.insert(name, active);
    }

    /// Digests whose bytes are kept.
    pub fn kept(&self) -> HashSet<Digest> {
        let versions = self.records.values().flat_map(|record| record.versions.iter().map(|version| version.digest));
        // Calls in flight and programs not loaded yet still read the bytes of what is active.
        versions.chain(self.active.values().map(|active| active.bundle.digest)).collect()
    }

    /// Whether kept versions lie about that nobody wants; says so once.
    pub fn take_litter(&mut self) -> bool {
        std::mem::take(&mut self.litter)
    }

    /// Takes the files that are to be looked at again.
    pub fn take_again(&mut self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut self.again)
    }
}

impl Inner {
    /// Looks at a file and changes the catalog accordingly; then at those that this made way for.
    pub(super) async fn consider(&self, path: &Path) {
        let mut todo = BTreeSet::from([path.to_owned()]);
        // Each file that is removed makes way once; the bound is against a directory that never comes to rest.
        for _ in 0..directory::FILES_MAX {
            let Some(path) = todo.pop_first() else { return };
            let looked = self.look(&path).await;
            todo.extend(self.install(&path, looked).await);
        }
    }

    /// Changes the catalog according to what a file was seen to be. Returns files to look at again.
    pub(super) async fn install(&self, path: &Path, looked: Looked) -> BTreeSet<PathBuf> {
        let mut shelf = self.shelf.lock().await;
        let placed = self.place(&mut shelf, path, looked).await;
        self.publish(&shelf);
        let mut again = shelf.take_again();
        if let Placed::Again = placed {
            again.insert(path.to_owned());
        }
        again
    }

    /// The same while the directory is read for the first time: nobody sees it yet.
    pub(super) async fn install_unseen(&self, path: &Path, looked: Looked) {
        let mut shelf = self.shelf.lock().await;
        self.place(&mut shelf, path, looked).await;
    }

    /// Swaps the catalog's snapshot.
    pub(super) fn publish(&self, shelf: &Shelf) {
        self.snapshot.store(Arc::new(shelf.snapshot()));
        self.changed.send_modify(|number| *number += 1);
    }

    /// Reads a file, and runs what may be served under small limits. Changes nothing.
    pub(super) async fn look(&self, path: &Path) -> Looked {
        let Some(stamp) = Stamp::of(path) else { return Looked::Gone };
        let (claim, bytes) = match self.read(path).await {
            Ok(read) => read,
            Err(_) if Stamp::of(path).is_none() => return Looked::Gone,
            Err(rejection) => return Looked::Bad { stamp, claim: None, rejection },
        };
        let Some(limits) = self.shelf.lock().await.probe_limits(&claim.facts()) else {
            return Looked::Good { stamp, claim, bytes, probed: None };
        };
        match self.probe(&claim.file, &bytes, limits).await {
            Ok(probed) => Looked::Good { stamp, claim, bytes, probed: Some(Box::new(probed)) },
            Err(rejection) => Looked::Bad { stamp, claim: Some(claim), rejection },
        }
    }

    /// Reads a file of the directory, and who it says it is.
    pub(super) async fn read(&self, path: &Path) -> Result<(Claim, Arc<[u8]>), Rejection> {
        let bytes_max = self.config.compile.bundle_bytes_max;
        let small = std::fs::symlink_metadata(path).is_ok_and(|found| found.len() <= READ_HERE_BYTES_MAX);
        if small {
            return read_claim(path, bytes_max);
        }
        let path = path.to_owned();
        let read = self.runtime.compute(move || read_claim(&path, bytes_max)).await;
        read.unwrap_or_else(|failure| Err(Rejection::passing(format!("reading it failed: {failure}"))))
    }

    /// What a bundle is and has: as it was learned before, or learned now.
    pub(super) async fn probe(&self, file: &File, bytes: &Arc<[u8]>, limits: CallLimits) -> Result<Probed, Rejection> {
        match probe::recall(&self.runtime, file, &limits) {
            Some(known) => known,
            None => probe::probe(&self.runtime, file, bytes, limits).await,
        }
    }

    async fn place(&self, shelf: &mut Shelf, path: &Path, looked: Looked) -> Placed {
        // Two may have looked at one file: what was seen before it changed must not come after what was seen since.
        let seen = match &looked {
            Looked::Gone => None,
            Looked::Bad { stamp, .. } | Looked::Good { stamp, .. } => Some(*stamp),
        };
        if Stamp::of(path) != seen {
            return Placed::Again;
        }
        if seen.is_some() && shelf.entries.len() >= directory::FILES_MAX && !shelf.entries.contains_key(path) {
            let most = directory::FILES_MAX;
            tracing::warn!(path = %path.display(), "left alone: the skills directory holds more than {most} bundles");
            return Placed::Done;
        }
        let (stamp, claim, bytes, probed) = match looked {
            Looked::Gone => {
                self.gone(shelf, path).await;
                return Placed::Done;
            }
            Looked::Bad { stamp, claim, rejection } => {
                let state = refused(path, claim.as_ref(), shelf.entries.get(path), rejection);
                self.tell(shelf, path, &state);
                shelf.set(path, stamp, state, false);
                return Placed::Done;
            }
            Looked::Good { stamp, claim, bytes, probed } => (stamp, claim, bytes, probed),
        };
        if let Some(other) = shelf.taken_by(&claim.name, path) {
            let reason = format!(
                "the bundle name `{}` is taken by `{}` (hint: give it another name in its manifest, or remove one of the two)",
                claim.name,
                other.display()
            );
            return self.refuse(shelf, path, stamp, &claim, Rejection::passing(reason), true);
        }
        let pinned = shelf.records.get(&*claim.name).is_some_and(|record| {
            record.active.is_some() && record.pinned_over == Some(claim.file.digest) && record.path == path
        });
        if pinned {
            return self.keep_pinned(shelf, path, stamp, &claim).await;
        }
        let standing = shelf.decide(&claim.facts(), false);
        let (state, reason, hint) = match standing {
            Standing::Served(served) => {
                let Some(probed) = probed else { return Placed::Again };
                return self.activate(shelf, path, stamp, claim, &bytes, *probed, served).await;
            }
            Standing::Pending { publisher } => {
                let hint = format!(
                    "`happyos skill inspect {0}` shows what it asks for; then `happyos skill approve {0}`",
                    claim.name
                );
                ((State::PendingApproval, publisher), "the operator has not approved this digest".to_owned(), hint)
            }
            Standing::Waiting { publisher, kinds } => {
                let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
                let reason = format!("it asks for {}, and the operator has not decided that", names.join(", "));
                let hint = format!(
                    "`happyos skill approve {0}` grants what it asks for, `happyos skill grant {0}` less or nothing",
                    claim.name
                );
                ((State::WaitingForGrant(kinds), publisher), reason, hint)
            }
            Standing::Refused { reason, hint } => ((State::Refused, None), reason, hint),
        };
        let (state, publisher) = state;
        let state = FileState { publisher, state, reason, hint: Some(hint), ..described(path, &claim) };
        self.tell(shelf, path, &state);
        shelf.claim(&claim.name, path);
        shelf.set(path, stamp, state, true);
        // What is served under this very digest has lost what let it be.
        if shelf.active.get(&claim.name).is_some_and(|active| active.bundle.digest == claim.file.digest) {
            self.deactivate(shelf, &claim.name, "the policy does not let it be served any longer").await;
        }
        Placed::Done
    }

    fn refuse(
        &self,
        shelf: &mut Shelf,
        path: &Path,
        stamp: Stamp,
        claim: &Claim,
        rejection: Rejection,
        blocked: bool,
    ) -> Placed {
        let state = refused(path, Some(claim), None, rejection);
        self.tell(shelf, path, &state);
        shelf.set(path, stamp, state, false);
        if let Some(entry) = shelf.entries.get_mut(path) {
            entry.blocked = blocked;
        }
        Placed::Done
    }

    /// The file is as it was at a rollback: the version that was returned to stays.
    async fn keep_pinned(&self, shelf: &mut Shelf, path: &Path, stamp: Stamp, claim: &Claim) -> Placed {
        let Some(record) = shelf.records.get(&*claim.name).cloned() else { return Placed::Done };
        let Some(digest) = record.active else { return Placed::Done };
        let serving = shelf.active.get(&claim.name).is_some_and(|active| active.bundle.digest == digest);
        if !serving && let Err(rejection) = self.activate_kept(shelf, &record, digest).await {
            return self.refuse(shelf, path, stamp, claim, rejection, false);
        }
        let version = record.versions.iter().find(|version| version.digest == digest);
        let version = version.and_then(|version| version.version.as_deref()).unwrap_or_default();
        let state = FileState {
            state: State::RolledBack,
            reason: format!("version {version} ({}) is served in its place", digest.short()),
            hint: Some("saving a changed file ends this".into()),
            ..described(path, claim)
        };
        shelf.set(path, stamp, state, false);
        Placed::Done
    }

    #[expect(clippy::too_many_arguments, reason = "all that is known of one version, each used once")]
    async fn activate(
        &self,
        shelf: &mut Shelf,
        path: &Path,
        stamp: Stamp,
        claim: Claim,
        bytes: &Arc<[u8]>,
        probed: Probed,
        served: Served,
    ) -> Placed {
        let others = probed.skills.iter().find_map(|skill| {
            let owner = shelf.skill_names.get(skill.name.as_str())?;
            let from_here = shelf.active.get(owner).is_some_and(|active| active.bundle.path == path);
            (!from_here).then(|| (skill.name.clone(), owner.clone()))
        });
        if let Some((skill, owner)) = others {
            let reason =
                format!("the skill name `{skill}` is taken by bundle `{owner}` (hint: give the skill another name)");
            return self.refuse(shelf, path, stamp, &claim, Rejection::passing(reason), true);
        }
        let before = shelf.active.get(&claim.name);
        let unchanged = before.is_some_and(|active| {
            let bundle = &active.bundle;
            bundle.digest == claim.file.digest && bundle.path == path && bundle.is(&served)
        });
        let state = FileState { publisher: served.publisher.clone(), ..described(path, &claim) };
        if unchanged {
            shelf.set(path, stamp, state, false);
            return Placed::Done;
        }
        let recorded = shelf.records.get(&*claim.name).and_then(|record| record.active);
        let new_digest = before.map(|active| active.bundle.digest).or(recorded) != Some(claim.file.digest);
        let trial = match before {
            Some(active) if new_digest => Trial::after(&active.bundle.trial),
            // A version that was active when the daemon stopped can be returned to as well.
            None if shelf
                .records
                .get(&*claim.name)
                .is_some_and(|record| record.active.is_some_and(|digest| digest != claim.file.digest)) =>
            {
                Trial::after(&Trial::default())
            }
            _ => Trial::default(),
        };
        let kept = self.versions.keep(&claim.file.digest, claim.file.is_script, bytes, claim.signature.as_deref());
        let origin = match kept {
            Ok(()) => Origin::File(self.versions.path(&claim.file.digest, claim.file.is_script)),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the version cannot be kept: there is no way back to it");
                Origin::File(path.to_owned())
            }
        };
        let active = match self.make(shelf, &claim, origin, &probed, &served, trial) {
            Ok(active) => active,
            Err(rejection) => return self.refuse(shelf, path, stamp, &claim, rejection, false),
        };
        if let Err(rejection) = self.record_active(shelf, &claim, &served).await {
            return self.refuse(shelf, path, stamp, &claim, rejection, false);
        }
        // The file was another bundle before: that one has gone with it.
        for name in shelf.release(path, Some(&claim.name)) {
            self.deactivate(shelf, &name, "its file became another bundle").await;
        }
        if new_digest {
            let version = claim.manifest.version.as_deref().unwrap_or("without a version");
            let why = format!("{version}, digest {}, from {}", claim.file.digest, path.display());
            self.audit.record(&Event { who: DAEMON, what: "bundle.activated", on: &claim.name, why: &why });
            tracing::info!(bundle = %claim.name, digest = %claim.file.digest.short(), version, "bundle active");
        }
        shelf.put_active(active);
        shelf.set(path, stamp, state, false);
        Placed::Done
    }

    /// Makes a bundle and its skills.
    fn make(
        &self,
        shelf: &Shelf,
        claim: &Claim,
        origin: Origin,
        probed: &Probed,
        served: &Served,
        trial: Trial,
    ) -> Result<Active, Rejection> {
        let before = shelf.active.get(&claim.name).map(|active| &active.bundle);
        let gate = match before.filter(|before| before.running_max == served.running_max) {
            Some(before) => before.gate.clone(),
            None => self.runtime.gate(served.running_max),
        };
        let program = self.runtime.program(ProgramSpec {
            name: claim.name.clone(),
            digest: claim.file.digest,
            origin,
            kind: probed.kind.program_kind(),
            limits: served.limits,
            gate: gate.clone(),
        });
        let bundle = Arc::new(Bundle {
            name: claim.name.clone(),
            version: claim.manifest.version.clone(),
            license: claim.manifest.license.clone(),
            digest: claim.file.digest,
            kind: probed.kind.bundle_kind(),
            path: claim.file.path.clone(),
            size_bytes: claim.file.size_bytes,
            publisher: served.publisher.clone(),
            requests: claim.requests.clone(),
            grants: Arc::new(served.grants.clone()),
            program,
            gate,
            running_max: served.running_max,
            space: space(served.publisher.as_deref(), &claim.name),
            signature: claim.signature.clone(),
            trial,
        });
        let skills = probed.skills.iter().map(|skill| {
            // Fails only for a note from before the rules changed.
            let metadata = Metadata::parse(&skill.name, &skill.metadata).map_err(Rejection::lasting)?;
            Ok(Arc::new(Skill::new(&skill.name, &bundle, metadata)))
        });
        Ok(Active { skills: skills.collect::<Result<_, Rejection>>()?, bundle })
    }

    /// Writes down that a version is active, before it is.
    async fn record_active(&self, shelf: &mut Shelf, claim: &Claim, served: &Served) -> Result<(), Rejection> {
        let digest = claim.file.digest;
        let before = shelf.records.get(&*claim.name);
        let mut record = before.cloned().unwrap_or_else(|| BundleRecord {
            name: claim.name.to_string(),
            publisher: None,
            path: claim.file.path.clone(),
            active: None,
            versions: Vec::new(),
            pinned_over: None,
            version_highest: None,
        });
        record.publisher.clone_from(&served.publisher);
        record.path.clone_from(&claim.file.path);
        record.active = Some(digest);
        record.pinned_over = None;
        if record.versions.first().is_none_or(|newest| newest.digest != digest) {
            record.versions.retain(|version| version.digest != digest);
            record
                .versions
                .insert(0, VersionRecord { digest, version: claim.manifest.version.clone(), since_ms: now_ms() });
            shelf.litter |= record.versions.len() > VERSIONS_KEPT;
            record.versions.truncate(VERSIONS_KEPT);
        }
        if served.publisher.is_some() {
            record.version_highest.clone_from(&claim.manifest.version);
        }
        if before == Some(&record) {
            return Ok(());
        }
        self.save(shelf, record).await
    }

    pub(super) async fn save(&self, shelf: &mut Shelf, record: BundleRecord) -> Result<(), Rejection> {
        self.store
            .save_bundle(record.clone())
            .await
            .map_err(|error| Rejection::passing(format!("that it is active cannot be written down: {error}")))?;
        shelf.records.insert(record.name.clone(), record);
        Ok(())
    }

    /// Returns to a version that was kept. The record is the caller's to change.
    pub(super) async fn activate_kept(
        &self,
        shelf: &mut Shelf,
        record: &BundleRecord,
        digest: Digest,
    ) -> Result<(), Rejection> {
        let gone = || Rejection::passing(format!("the version {} was not kept", digest.short()));
        let kept = self.versions.read(&digest).ok_or_else(gone)?;
        let Some((stem, _)) = probe::classify(&record.path) else { return Err(gone()) };
        let size_bytes = kept.bytes.len() as u64;
        let file = File { path: record.path.clone(), stem, is_script: kept.is_script, digest, size_bytes };
        let bytes: Arc<[u8]> = kept.bytes.into();
        let claim = claim(file, &bytes, kept.signature)?;
        if *claim.name != *record.name {
            return Err(Rejection::passing(format!("the version {} is of bundle `{}`", digest.short(), claim.name)));
        }
        let served = match shelf.decide(&claim.facts(), true) {
            Standing::Served(served) => served,
            _ => return Err(Rejection::passing("the policy does not let the earlier version be served")),
        };
        let probed = self.probe(&claim.file, &bytes, served.limits).await?;
        let origin = Origin::File(self.versions.path(&digest, claim.file.is_script));
        let active = self.make(shelf, &claim, origin, &probed, &served, Trial::default())?;
        let other = active
            .skills
            .iter()
            .find_map(|skill| shelf.skill_names.get(skill.name()).filter(|owner| **owner != active.bundle.name));
        if let Some(other) = other {
            return Err(Rejection::passing(format!("bundle `{other}` has taken the name of one of its skills")));
        }
        shelf.put_active(active);
        Ok(())
    }

    /// Takes a bundle out of the catalog; what is in flight goes on to its end.
    pub(super) async fn deactivate(&self, shelf: &mut Shelf, name: &str, why: &str) {
        let was_active = shelf.remove_active(name).is_some();
        shelf.litter = true;
        if let Some(record) = shelf.records.get(name).filter(|record| record.active.is_some()) {
            let record = BundleRecord { active: None, versions: Vec::new(), pinned_over: None, ..record.clone() };
            // A signed name stays its publisher's, and does not fall behind; nothing else is worth remembering.
            let saved = if record.publisher.is_some() {
                self.save(shelf, record).await
            } else {
                self.forget(shelf, name).await
            };
            if let Err(rejection) = saved {
                tracing::error!(
                    bundle = name,
                    error = rejection.reason,
                    "that the bundle was removed is not written down"
                );
            }
        }
        if was_active {
            self.audit.record(&Event { who: DAEMON, what: "bundle.removed", on: name, why });
            tracing::info!(bundle = name, why, "bundle removed");
        }
    }

    pub(super) async fn forget(&self, shelf: &mut Shelf, name: &str) -> Result<(), Rejection> {
        self.store
            .forget_bundle(name)
            .await
            .map_err(|error| Rejection::passing(format!("that cannot be written down: {error}")))?;
        shelf.records.remove(name);
        Ok(())
    }

    async fn gone(&self, shelf: &mut Shelf, path: &Path) {
        shelf.entries.remove(path);
        for name in shelf.release(path, None) {
            self.deactivate(shelf, &name, "its file is gone").await;
        }
        shelf.again.extend(shelf.entries.iter().filter(|(_, entry)| entry.blocked).map(|(path, _)| path.clone()));
    }

    /// Where no file can be served as it is, the version that was active before the restart goes on.
    pub(super) async fn restore(&self, shelf: &mut Shelf) {
        let records: Vec<_> = shelf
            .records
            .values()
            .filter(|record| shelf.entries.contains_key(&record.path) && !shelf.active.contains_key(&*record.name))
            .cloned()
            .collect();
        for record in records {
            let Some(digest) = record.active else { continue };
            if shelf.taken_by(&record.name, &record.path).is_some() {
                continue;
            }
            if let Err(rejection) = self.activate_kept(shelf, &record, digest).await {
                tracing::warn!(
                    bundle = record.name,
                    reason = rejection.reason,
                    "the version that was active is not served"
                );
            }
        }
        let lost: Vec<_> = shelf
            .records
            .values()
            .filter(|record| record.active.is_some() && !shelf.entries.contains_key(&record.path))
            .map(|record| record.name.clone())
            .collect();
        for name in lost {
            self.deactivate(shelf, &name, "its file is gone").await;
        }
    }

    /// Decides anew for all that is active, under the shelf's policy and limits.
    pub(super) async fn redecide(&self, shelf: &mut Shelf) {
        let names: Vec<_> = shelf.active.keys().cloned().collect();
        for name in names {
            let Some(active) = shelf.active.get(&name) else { continue };
            let bundle = active.bundle.clone();
            let stem = bundle.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let facts = Facts {
                name: &bundle.name,
                version: bundle.version.as_deref(),
                digest: bundle.digest,
                requests: &bundle.requests,
                signature: bundle.signature.as_deref(),
                stem: &stem,
            };
            match shelf.decide(&facts, true) {
                Standing::Served(served) if bundle.is(&served) => {}
                Standing::Served(served) => {
                    let remade = Arc::new(self.remake(&bundle, &served));
                    let skills = active.skills.iter().map(|skill| Arc::new(skill.with_bundle(&remade))).collect();
                    shelf.put_active(Active { bundle: remade, skills });
                }
                _ => {
                    shelf.again.insert(bundle.path.clone());
                    self.deactivate(shelf, &name, "the policy does not let it be served any longer").await;
                }
            }
        }
    }

    /// The same version with other grants and limits: calls that start from now on get these.
    fn remake(&self, bundle: &Bundle, served: &Served) -> Bundle {
        let gate = if bundle.running_max == served.running_max {
            bundle.gate.clone()
        } else {
            self.runtime.gate(served.running_max)
        };
        Bundle {
            name: bundle.name.clone(),
            version: bundle.version.clone(),
            license: bundle.license.clone(),
            digest: bundle.digest,
            kind: bundle.kind,
            path: bundle.path.clone(),
            size_bytes: bundle.size_bytes,
            publisher: served.publisher.clone(),
            requests: bundle.requests.clone(),
            grants: Arc::new(served.grants.clone()),
            program: self.runtime.with_limits(&bundle.program, served.limits, gate.clone()),
            gate,
            running_max: served.running_max,
            space: space(served.publisher.as_deref(), &bundle.name),
            signature: bundle.signature.clone(),
            trial: Trial::default(),
        }
    }

    /// Says in the log and the audit log what became of a file, where that is news.
    fn tell(&self, shelf: &Shelf, path: &Path, state: &FileState) {
        let news = shelf.entries.get(path).is_none_or(|entry| {
            (entry.state.state != state.state)
                || (entry.state.reason != state.reason)
                || entry.state.digest != state.digest
        });
        if !news {
            return;
        }
        let what = if state.state == State::Refused { "bundle.refused" } else { "bundle.pending" };
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let on = state.bundle.as_deref().unwrap_or(&file);
        let digest = state.digest.map(|digest| format!(", digest {digest}")).unwrap_or_default();
        let why = format!("{}: {}{digest}", path.display(), state.reason);
        self.audit.record(&Event { who: DAEMON, what, on, why: &why });
        tracing::warn!(path = %path.display(), state = state.state.as_str(), reason = %state.reason, "bundle not served as it is");
    }
}

/// Who does what the daemon does by itself, in the audit log.
pub(super) const DAEMON: &str = "daemon";

impl Bundle {
    /// Whether it is served as this already.
    fn is(&self, served: &Served) -> bool {
        self.publisher == served.publisher
            && *self.grants == served.grants
            && *self.program.limits() == served.limits
            && self.running_max == served.running_max
    }
}

fn space(publisher: Option<&str>, name: &str) -> Arc<str> {
    format!("{}/{name}", publisher.unwrap_or(LOCAL)).into()
}

/// A file that is served, as far as its claim says it.
fn described(path: &Path, claim: &Claim) -> FileState {
    FileState {
        path: path.to_owned(),
        bundle: Some(claim.name.clone()),
        version: claim.manifest.version.clone(),
        digest: Some(claim.file.digest),
        publisher: None,
        requests: claim.requests.clone(),
        state: State::Serving,
        reason: String::new(),
        hint: None,
    }
}

/// A refused file. One that cannot be read is still known by the name that it had.
fn refused(path: &Path, claim: Option<&Claim>, before: Option<&Entry>, rejection: Rejection) -> FileState {
    let described = match claim {
        Some(claim) => described(path, claim),
        None => FileState {
            path: path.to_owned(),
            bundle: before.and_then(|entry| entry.state.bundle.clone()),
            version: None,
            digest: None,
            publisher: None,
            requests: Requests::default(),
            state: State::Refused,
            reason: String::new(),
            hint: None,
        },
    };
    FileState { state: State::Refused, reason: rejection.reason, hint: rejection.hint, ..described }
}
