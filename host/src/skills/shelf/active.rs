//! The active version of each bundle: made, written down, returned to, decided anew, taken out.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::look::claim;
use super::{Active, Claim, DAEMON, Shelf};
use crate::base::Digest;
use crate::runtime::{Gate, Origin, ProgramSpec, now_ms};
use crate::security::Event;
use crate::skills::Inner;
use crate::skills::adapter::Adapter;
use crate::skills::catalog::{Bundle, BundleKind, Skill};
use crate::skills::identity::{Facts, LOCAL, Served, Standing};
use crate::skills::metadata::Metadata;
use crate::skills::probe::{self, File, Probed, Rejection};
use crate::skills::trial::Trial;
use crate::store::bundles::VERSIONS_KEPT;
use crate::store::{BundleRecord, VersionRecord};

impl Inner {
    /// Makes a bundle and its skills.
    pub(super) fn make(
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
            None => self.gate(probed.kind.bundle_kind(), served.running_max),
        };
        let program = self.runtime.program(ProgramSpec {
            name: claim.name.clone(),
            digest: claim.file.digest,
            origin,
            kind: probed.kind.program_kind(),
            limits: served.limits_of(probed.kind.bundle_kind()),
            gate: gate.clone(),
        });
        // Fails only for a note from before the rules changed.
        let adapter = probed.agent.as_deref().map(Adapter::parse).transpose().map_err(Rejection::lasting)?;
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
            adapter: adapter.map(Arc::new),
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

    /// A bundle's places. How many runs of an agent there are at one time is said by its own slots; what is left to see
    /// to is that all agents of one adapter leave room for others.
    fn gate(&self, kind: BundleKind, running_max: Option<usize>) -> Arc<Gate> {
        let of_agents = self.config.admission.running_max / 2;
        self.runtime.gate(running_max.or((kind == BundleKind::Agent).then_some(of_agents.max(1))))
    }

    /// Writes down that a version is active, before it is.
    pub(super) async fn record_active(
        &self,
        shelf: &mut Shelf,
        claim: &Claim,
        served: &Served,
    ) -> Result<(), Rejection> {
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

    pub(in crate::skills) async fn save(&self, shelf: &mut Shelf, record: BundleRecord) -> Result<(), Rejection> {
        self.store
            .save_bundle(record.clone())
            .await
            .map_err(|error| Rejection::passing(format!("that it is active cannot be written down: {error}")))?;
        shelf.records.insert(record.name.clone(), record);
        Ok(())
    }

    /// Returns to a version that was kept. The record is the caller's to change.
    pub(in crate::skills) async fn activate_kept(
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
        let bytes: Bytes = kept.bytes.into();
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
    pub(in crate::skills) async fn deactivate(&self, shelf: &mut Shelf, name: &str, why: &str) {
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

    pub(in crate::skills) async fn forget(&self, shelf: &mut Shelf, name: &str) -> Result<(), Rejection> {
        self.store
            .forget_bundle(name)
            .await
            .map_err(|error| Rejection::passing(format!("that cannot be written down: {error}")))?;
        shelf.records.remove(name);
        Ok(())
    }

    pub(super) async fn gone(&self, shelf: &mut Shelf, path: &Path) {
        shelf.entries.remove(path);
        for name in shelf.release(path, None) {
            self.deactivate(shelf, &name, "its file is gone").await;
        }
        shelf.again.extend(shelf.entries.iter().filter(|(_, entry)| entry.blocked).map(|(path, _)| path.clone()));
    }

    /// Where no file can be served as it is, the version that was active before the restart goes on.
    pub(in crate::skills) async fn restore(&self, shelf: &mut Shelf) {
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
    pub(in crate::skills) async fn redecide(&self, shelf: &mut Shelf) {
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
            self.gate(bundle.kind, served.running_max)
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
            adapter: bundle.adapter.clone(),
            program: self.runtime.with_limits(&bundle.program, served.limits_of(bundle.kind), gate.clone()),
            gate,
            running_max: served.running_max,
            space: space(served.publisher.as_deref(), &bundle.name),
            signature: bundle.signature.clone(),
            trial: Trial::default(),
        }
    }
}

impl Bundle {
    /// Whether it is served as this already.
    pub(super) fn is(&self, served: &Served) -> bool {
        self.publisher == served.publisher
            && *self.grants == served.grants
            && *self.program.limits() == served.limits_of(self.kind)
            && self.running_max == served.running_max
    }
}

fn space(publisher: Option<&str>, name: &str) -> Arc<str> {
    format!("{}/{name}", publisher.unwrap_or(LOCAL)).into()
}
