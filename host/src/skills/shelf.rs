//! What is known of the skills directory while the daemon runs: what became of each file, and which version of each
//! bundle is active. Changed by one at a time; each change ends in a new snapshot of the catalog.

mod active;
mod look;
mod place;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use look::{Claim, Looked, cannot_read};

use super::catalog::{Bundle, FileState, Skill, Snapshot};
use super::directory::Stamp;
use super::identity::{self, Facts, Known, Standing};
use crate::base::{CallLimits, Digest};
use crate::security::Policy;
use crate::store::BundleRecord;

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

/// Who does what the daemon does by itself, in the audit log.
pub(super) const DAEMON: &str = "daemon";
