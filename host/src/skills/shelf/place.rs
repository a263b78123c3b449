//! Changing the catalog according to what a file was seen to be: served, refused, waiting, gone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{Claim, DAEMON, Entry, Looked, Shelf};
use crate::base::Requests;
use crate::runtime::{Origin, Readying};
use crate::security::Event;
use crate::skills::Inner;
use crate::skills::catalog::{FileState, State};
use crate::skills::directory::{self, Stamp};
use crate::skills::identity::{Served, Standing};
use crate::skills::probe::{Probed, Rejection};
use crate::skills::trial::Trial;

/// What became of placing a file.
enum Placed {
    Done,
    /// The file or the policy changed meanwhile: it must be looked at again.
    Again,
}

impl Inner {
    /// Looks at a file and changes the catalog accordingly; then at those that this made way for.
    pub(in crate::skills) async fn consider(&self, path: &Path) {
        let mut todo = BTreeSet::from([path.to_owned()]);
        // Each file that is removed makes way once; the bound is against a directory that never comes to rest.
        for _ in 0..directory::FILES_MAX {
            let Some(path) = todo.pop_first() else { return };
            let looked = self.look(&path).await;
            todo.extend(self.install(&path, looked).await);
        }
    }

    /// Changes the catalog according to what a file was seen to be. Returns files to look at again.
    pub(in crate::skills) async fn install(&self, path: &Path, looked: Looked) -> BTreeSet<PathBuf> {
        let again = self.install_unseen(path, looked).await;
        self.publish(&*self.shelf.lock().await);
        again
    }

    /// The same, and nobody sees it yet: for many files one after another.
    pub(in crate::skills) async fn install_unseen(&self, path: &Path, looked: Looked) -> BTreeSet<PathBuf> {
        let mut shelf = self.shelf.lock().await;
        let placed = self.place(&mut shelf, path, looked).await;
        let mut again = shelf.take_again();
        if let Placed::Again = placed {
            again.insert(path.to_owned());
        }
        again
    }

    /// Swaps the catalog's snapshot.
    pub(in crate::skills) fn publish(&self, shelf: &Shelf) {
        let before = self.snapshot.swap(Arc::new(shelf.snapshot()));
        self.changed.send_modify(|number| *number += 1);
        // The versions that were replaced go with it, and their instances.
        self.runtime.let_go(before);
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
        let (stamp, claim, bytes, probed, ready) = match looked {
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
            Looked::Good { stamp, claim, bytes, probed, ready } => (stamp, claim, bytes, probed, ready),
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
                return self.activate(shelf, path, stamp, claim, &bytes, *probed, ready, served).await;
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
        bytes: &Bytes,
        probed: Probed,
        ready: Option<Readying>,
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
        let before_is_served = before.is_some();
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
        let origin = match self.keep(&claim, bytes).await {
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
        if before_is_served {
            match ready {
                Some(ready) => self.runtime.hand_over(ready, &active.bundle.program),
                None => self.runtime.get_ready(&active.bundle.program).go_on(),
            }
        }
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

    async fn keep(&self, claim: &Claim, bytes: &Bytes) -> std::io::Result<()> {
        let (versions, bytes) = (self.versions.clone(), bytes.clone());
        let (digest, is_script, signature) = (claim.file.digest, claim.file.is_script, claim.signature.clone());
        let keep = move || versions.keep(&digest, is_script, &bytes, signature.as_deref());
        let kept = self.by_size(claim.file.size_bytes, keep).await;
        kept.unwrap_or_else(|failure| Err(std::io::Error::other(failure.message)))
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
