//! What operators do with bundles: look at them before and after they are installed, install, approve, grant, roll back,
//! remove. Each is recorded with who did it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::candidate::FileRead;
use super::catalog::{BundleKind, FileState, Refusal, Snapshot, State};
use super::directory::{self, Read};
use super::identity::Standing;
use super::manifest::Manifest;
use super::probe::{File, Rejection};
use super::shelf::{Claim, DAEMON, Shelf};
use super::{Inner, Skills, probe};
use crate::base::{Digest, Failure, FailureKind, GrantKind, Grants, Requests};
use crate::runtime::World;
use crate::security::signing::signature_path;
use crate::security::{Action, Event, PolicyError, Principal, authorise};
use crate::store::BundleRecord;
use crate::telemetry::failing::SentBack;

/// Longest name of a file that is installed, in bytes.
const FILE_NAME_BYTES_MAX: usize = 128;

/// Something that a component imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its name, version included.
    pub name: String,
    /// The kind of grant without which it does nothing; `None` for what every bundle may use.
    pub needs: Option<GrantKind>,
    /// It does nothing here: it needs what is neither asked for nor ever granted to this bundle.
    pub inert: bool,
}

/// A file as it was looked at without installing it.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Its name.
    pub name: String,
    /// Its version, where the manifest gives one.
    pub version: Option<String>,
    /// Its licence, where the manifest gives one.
    pub license: Option<String>,
    /// What it is made of.
    pub kind: BundleKind,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// What it imports; nothing of its own for a script.
    pub imports: Vec<Import>,
    /// What it asks for.
    pub requests: Requests,
    /// Whether there is a signature file beside it.
    pub signed: bool,
    /// The trusted publisher who signed it.
    pub publisher: Option<String>,
    /// What would become of it in the skills directory, as far as policy decides that.
    pub state: State,
    /// Why it would not be served, or not yet.
    pub reason: String,
    /// The names of its skills, where it was run to find out.
    pub skills: Vec<String>,
}

/// Reads a bundle's manifest without running or compiling anything.
///
/// # Errors
/// Why it cannot be read.
pub fn read_manifest(path: &Path, bytes_max: u64) -> Result<(Manifest, Digest), Refusal> {
    let refusal = |Rejection { reason, hint, .. }: Rejection| Refusal { path: path.to_owned(), reason, hint };
    let Read { file, bytes, .. } = directory::read(path, bytes_max).map_err(refusal)?;
    let manifest = probe::manifest(&file, &bytes).map_err(refusal)?;
    Ok((manifest, file.digest))
}

impl Skills {
    /// Looks at a file of this machine: what it is, what it imports and asks for. Compiles it, runs nothing.
    ///
    /// # Errors
    /// Why it would not be served, whatever the policy.
    pub async fn inspect_file(&self, principal: &Principal, path: &Path) -> Result<Inspection, Refusal> {
        let file = self.read_file(principal, path).await?;
        self.look_at(&file, false).await
    }

    /// The same of a file that was read, and runs its examples as they would be run before it is served.
    ///
    /// # Errors
    /// Why it would not be served, whatever the policy.
    pub async fn check_file(&self, principal: &Principal, file: &FileRead) -> Result<Inspection, Refusal> {
        authorise(principal, Action::CheckFiles).map_err(|Failure { message, hint, .. }| Refusal {
            path: file.path.clone(),
            reason: message,
            hint,
        })?;
        self.look_at(file, true).await
    }

    async fn look_at(&self, file: &FileRead, run: bool) -> Result<Inspection, Refusal> {
        let refusal = |Rejection { reason, hint, .. }: Rejection| Refusal { path: file.path.clone(), reason, hint };
        let inner = &self.inner;
        let (claim, bytes) = inner.claimed(file.read.clone()).await.map_err(refusal)?;
        let (standing, limits) = {
            let shelf = inner.shelf.lock().await;
            (shelf.decide(&claim.facts(), false), shelf.limits)
        };
        let limits = if let Standing::Served(served) = &standing { served.limits } else { limits };
        let (kind, imports, skills) = if run {
            let probed = inner.probe(&claim.file, &bytes, limits).await.map_err(refusal)?;
            let skills = probed.skills.into_iter().map(|skill| skill.name).collect();
            (probed.kind.bundle_kind(), probed.imports, skills)
        } else if claim.file.is_script {
            (BundleKind::Script, Vec::new(), Vec::new())
        } else {
            let shape = inner.shape(&claim.file, &bytes).await.map_err(refusal)?;
            let kind = match shape.world {
                World::Plain => BundleKind::Plain,
                World::Agent => BundleKind::Agent,
                World::Skill | World::Script => BundleKind::Skill,
            };
            (kind, shape.imports, Vec::new())
        };
        Ok(inspection(claim, kind, imports, skills, standing))
    }

    /// Writes a bundle into the skills directory under `file_name`, with its signature where there is one, and says what
    /// became of it: it is served when this returns, or the reason why not is in what is returned.
    ///
    /// # Errors
    /// `denied` to all but operators, `invalid-input` for a name that is not one of a bundle, `internal` if it cannot be
    /// written.
    pub async fn install(
        &self,
        principal: &Principal,
        file_name: &str,
        bytes: Vec<u8>,
        signature: Option<String>,
    ) -> Result<Arc<FileState>, Failure> {
        authorise(principal, Action::ManageBundles)?;
        let plain = !file_name.contains(['/', '\\', '\0']) && file_name.len() <= FILE_NAME_BYTES_MAX;
        let path = self.inner.config.skills_dir.join(file_name);
        if !plain || !directory::is_bundle(&path) {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                format!("`{file_name}` is not a name of a bundle's file"),
            )
            .with_hint("a bundle's file ends in `.wasm` or `.js` and lies in no folder"));
        }
        let failed =
            |what: String| Failure::new(FailureKind::Internal, format!("`{file_name}` cannot be written: {what}"));
        let written = path.clone();
        tokio::task::spawn_blocking(move || write_whole(&written, &bytes, signature.as_deref()))
            .await
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))?;
        self.inner.consider(&path).await;
        let snapshot = self.inner.snapshot.load();
        let state = snapshot.files().iter().find(|file| file.path == path).cloned();
        let state = state.ok_or_else(|| failed("it was removed at once".into()))?;
        let why = format!("{}: {}", path.display(), state.state.as_str());
        self.inner.record_by(principal, "bundle.installed", state.bundle.as_deref().unwrap_or(file_name), &why);
        Ok(state)
    }

    /// Approves the digest that a bundle's file has now, and grants what it asks for and nobody has decided.
    ///
    /// # Errors
    /// `denied` to all but operators; `not-found`; `invalid-input` if the file has another digest than `digest`, or there
    /// is nothing to approve; `internal` if the policy cannot be written.
    pub async fn approve(
        &self,
        principal: &Principal,
        bundle: &str,
        digest: Option<Digest>,
    ) -> Result<Arc<FileState>, Failure> {
        let file = self.managed(principal, bundle)?;
        let invalid = |message: String| Failure::new(FailureKind::InvalidInput, message);
        let Some(own) = file.digest else {
            return Err(invalid(format!("the file of `{bundle}` is refused: {}", file.reason)));
        };
        if let Some(asked) = digest.filter(|asked| *asked != own) {
            return Err(invalid(format!("the file of `{bundle}` has digest {own} now, not {asked}"))
                .with_hint("it has changed since you looked at it: look again"));
        }
        if !matches!(file.state, State::PendingApproval | State::WaitingForGrant(_)) {
            return Err(invalid(format!("there is nothing to approve: `{bundle}` is {}", file.state.as_str())));
        }
        let decided = self.decided(bundle, file.publisher.as_deref()).await;
        let missing = asked_for(&file.requests, &decided.undecided(&file.requests));
        let why = format!("digest {own}; granted: {}", shown(&missing));
        let (name, publisher) = (bundle.to_owned(), file.publisher.clone());
        let in_use = self.in_use(bundle).await;
        self.edit(move |policy| {
            if publisher.is_none() {
                policy.approve(&name, &own, &in_use)?;
            }
            if missing.is_empty() { Ok(()) } else { policy.grant(&name, publisher.as_deref(), &missing) }
        })
        .await?;
        self.inner.record_by(principal, "bundle.approved", bundle, &why);
        self.decided_anew(bundle).await
    }

    /// Decides grants for the bundle as it is now: each kind that is given replaces what was decided of that kind. For an
    /// unsigned bundle its digest is approved with that.
    ///
    /// # Errors
    /// As [`Skills::approve`].
    pub async fn grant(
        &self,
        principal: &Principal,
        bundle: &str,
        digest: Option<Digest>,
        grants: Grants,
    ) -> Result<Arc<FileState>, Failure> {
        let file = self.managed(principal, bundle)?;
        let invalid = |message: String| Failure::new(FailureKind::InvalidInput, message);
        if grants.is_empty() {
            return Err(invalid("there is nothing to grant".into()));
        }
        let Some(own) = file.digest else {
            return Err(invalid(format!("the file of `{bundle}` is refused: {}", file.reason)));
        };
        if let Some(asked) = digest.filter(|asked| *asked != own) {
            return Err(invalid(format!("the file of `{bundle}` has digest {own} now, not {asked}"))
                .with_hint("it has changed since you looked at it: look again"));
        }
        let why = format!("digest {own}; {}", shown(&grants));
        let (name, publisher) = (bundle.to_owned(), file.publisher.clone());
        let in_use = self.in_use(bundle).await;
        self.edit(move |policy| {
            if publisher.is_none() {
                policy.approve(&name, &own, &in_use)?;
            }
            policy.grant(&name, publisher.as_deref(), &grants)
        })
        .await?;
        self.inner.record_by(principal, "bundle.granted", bundle, &why);
        self.decided_anew(bundle).await
    }

    /// The versions of a bundle that are active or that there is a way back to: their approval is not to be lost to that of
    /// versions that never became active.
    async fn in_use(&self, bundle: &str) -> Vec<Digest> {
        let shelf = self.inner.shelf.lock().await;
        let record = shelf.records.get(bundle);
        record
            .map(|record| record.active.into_iter().chain(record.versions.iter().map(|kept| kept.digest)).collect())
            .unwrap_or_default()
    }

    /// Returns to the version that was active before this one, until the file changes.
    ///
    /// # Errors
    /// `denied` to all but operators; `not-found`; `invalid-input` if no earlier version was kept or it may not be
    /// served.
    pub async fn rollback(&self, principal: &Principal, bundle: &str) -> Result<Arc<FileState>, Failure> {
        self.managed(principal, bundle)?;
        let mut shelf = self.inner.shelf.lock().await;
        let rolled = self.inner.roll_back(&mut shelf, bundle, principal.name(), "asked for").await;
        rolled.map_err(|rejection| Failure {
            hint: rejection.hint,
            ..Failure::new(FailureKind::InvalidInput, format!("`{bundle}` cannot be rolled back: {}", rejection.reason))
        })?;
        drop(shelf);
        self.state(bundle)
    }

    /// Removes a bundle's file and its signature; with `forget` also what the policy says of it, its state, and whose its
    /// name is. Calls in flight go on to their end.
    ///
    /// # Errors
    /// `denied` to all but operators; `not-found`; `internal` if the file cannot be removed.
    pub async fn remove(&self, principal: &Principal, bundle: &str, forget: bool) -> Result<(), Failure> {
        authorise(principal, Action::ManageBundles)?;
        let file = self.inner.snapshot.load().file(bundle).cloned();
        let failed =
            |error: String| Failure::new(FailureKind::Internal, format!("`{bundle}` cannot be removed: {error}"));
        match &file {
            None if !forget => return Err(no_bundle(&self.inner.snapshot.load(), bundle)),
            None => {}
            Some(file) => {
                for path in [file.path.clone(), signature_path(&file.path)] {
                    match tokio::fs::remove_file(&path).await {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(failed(error.to_string()));
                        }
                        _ => {}
                    }
                }
                self.inner.consider(&file.path).await;
            }
        }
        if forget {
            let name = bundle.to_owned();
            self.edit(move |policy| policy.forget(&name)).await?;
            let mut shelf = self.inner.shelf.lock().await;
            self.inner.clear_state(&shelf, bundle).await.map_err(failed)?;
            self.inner.forget(&mut shelf, bundle).await.map_err(|rejection| failed(rejection.reason))?;
        }
        let why = if forget { "with its grants, its state and its name" } else { "its file" };
        self.inner.record_by(principal, "bundle.removed", bundle, why);
        self.inner.reread_operators_files().await;
        Ok(())
    }

    fn managed(&self, principal: &Principal, bundle: &str) -> Result<Arc<FileState>, Failure> {
        authorise(principal, Action::ManageBundles)?;
        self.state(bundle)
    }

    fn state(&self, bundle: &str) -> Result<Arc<FileState>, Failure> {
        let snapshot = self.inner.snapshot.load();
        snapshot.file(bundle).cloned().ok_or_else(|| no_bundle(&snapshot, bundle))
    }

    /// What is decided for a bundle of that publisher.
    async fn decided(&self, bundle: &str, publisher: Option<&str>) -> Grants {
        let shelf = self.inner.shelf.lock().await;
        let decided = shelf.policy.bundles.get(bundle).filter(|decided| decided.publisher.as_deref() == publisher);
        decided.map(|decided| decided.grants.clone()).unwrap_or_default()
    }

    /// Edits the policy where that holds up nobody.
    async fn edit(
        &self,
        edit: impl FnOnce(&crate::security::PolicyFile) -> Result<(), PolicyError> + Send + 'static,
    ) -> Result<(), Failure> {
        let file = self.inner.policy.clone();
        let failed =
            |error: String| Failure::new(FailureKind::Internal, format!("the policy cannot be changed: {error}"));
        tokio::task::spawn_blocking(move || edit(&file))
            .await
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| Failure { hint: error.hint.clone(), ..failed(error.to_string()) })
    }

    async fn decided_anew(&self, bundle: &str) -> Result<Arc<FileState>, Failure> {
        self.inner.reread_operators_files().await;
        self.state(bundle)
    }
}

fn no_bundle(snapshot: &Snapshot, bundle: &str) -> Failure {
    let shown: String = bundle.chars().take(80).collect();
    let failure = Failure::new(FailureKind::NotFound, format!("there is no bundle `{shown}`"));
    let of_skill = snapshot.skill(bundle).map(|skill| skill.bundle().name.clone());
    match of_skill {
        Some(own) => failure.with_hint(format!("that is a skill; its bundle is `{own}`")),
        None => failure.with_hint("`happyos skill list` names the bundles"),
    }
}

/// Of what is asked for, these kinds, as grants.
fn asked_for(requests: &Requests, kinds: &[GrantKind]) -> Grants {
    let of = |kind| kinds.contains(&kind);
    Grants {
        kv_bytes: requests.kv_bytes.filter(|_| of(GrantKind::Kv)),
        http: of(GrantKind::Http).then(|| requests.http.clone()),
        secrets: of(GrantKind::Secrets).then(|| requests.secrets.clone()),
        // Which folder of this machine, and which value, only the operator can say: approval gives none.
        files: of(GrantKind::Files).then(Vec::new),
        env: of(GrantKind::Env).then(std::collections::BTreeMap::new),
    }
}

/// Grants in one line, values of the environment left out.
fn shown(grants: &Grants) -> String {
    let mut parts = Vec::new();
    let mut part = |kind: GrantKind, items: Vec<String>| parts.push(format!("{kind}: [{}]", items.join(", ")));
    if let Some(bytes) = grants.kv_bytes {
        part(GrantKind::Kv, vec![format!("{bytes} bytes")]);
    }
    if let Some(http) = &grants.http {
        part(GrantKind::Http, http.iter().map(ToString::to_string).collect());
    }
    if let Some(secrets) = &grants.secrets {
        part(GrantKind::Secrets, secrets.clone());
    }
    if let Some(files) = &grants.files {
        part(GrantKind::Files, files.iter().map(ToString::to_string).collect());
    }
    if let Some(env) = &grants.env {
        part(GrantKind::Env, env.keys().cloned().collect());
    }
    if parts.is_empty() { "nothing".into() } else { parts.join("; ") }
}

fn inspection(
    claim: Claim,
    kind: BundleKind,
    imports: Vec<String>,
    skills: Vec<String>,
    standing: Standing,
) -> Inspection {
    let asked = claim.requests.kinds();
    let granted = if let Standing::Served(served) = &standing { served.grants.clone() } else { Grants::default() };
    let import = |name: String| {
        let needs = needs(&name);
        let given = |kind: GrantKind| {
            asked.contains(&kind)
                || match kind {
                    GrantKind::Kv => granted.kv_bytes.is_some_and(|bytes| bytes > 0),
                    GrantKind::Http => granted.http.as_ref().is_some_and(|http| !http.is_empty()),
                    GrantKind::Secrets => granted.secrets.as_ref().is_some_and(|secrets| !secrets.is_empty()),
                    GrantKind::Files => granted.files.as_ref().is_some_and(|files| !files.is_empty()),
                    GrantKind::Env => granted.env.as_ref().is_some_and(|env| !env.is_empty()),
                    // Given to the agent that is made of it.
                    GrantKind::Delegate => true,
                }
        };
        let inert = name.starts_with("wasi:sockets/") || needs.is_some_and(|kind| !given(kind));
        Import { name, needs, inert }
    };
    let (state, publisher, reason) = match standing {
        Standing::Served(served) => (State::Serving, served.publisher, String::new()),
        Standing::Pending { publisher } => {
            (State::PendingApproval, publisher, "the operator has not approved this digest".into())
        }
        Standing::Waiting { publisher, kinds } => {
            let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
            let reason = format!("the operator has not decided: {}", names.join(", "));
            (State::WaitingForGrant(kinds), publisher, reason)
        }
        Standing::Refused { reason, .. } => (State::Refused, None, reason),
    };
    let File { digest, size_bytes, .. } = claim.file;
    Inspection {
        name: claim.manifest.name,
        version: claim.manifest.version,
        license: claim.manifest.license,
        kind,
        digest,
        size_bytes,
        imports: imports.into_iter().map(import).collect(),
        requests: claim.requests,
        signed: claim.signature.is_some(),
        publisher,
        state,
        reason,
        skills,
    }
}

/// The kind of grant without which an import does nothing.
fn needs(import: &str) -> Option<GrantKind> {
    let path = import.split('@').next().unwrap_or_default();
    match path {
        "happyos:host/kv" => Some(GrantKind::Kv),
        "happyos:host/http" => Some(GrantKind::Http),
        "happyos:host/secrets" => Some(GrantKind::Secrets),
        "wasi:cli/environment" => Some(GrantKind::Env),
        _ if path.starts_with("wasi:filesystem/") => Some(GrantKind::Files),
        _ if path.starts_with("wasi:http/") => Some(GrantKind::Http),
        _ => None,
    }
}

/// Writes a file whole, beside the place where it goes, under a name that is no bundle's.
fn write_whole(path: &Path, bytes: &[u8], signature: Option<&str>) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let put = |to: PathBuf, bytes: &[u8]| -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".installing-").tempfile_in(dir)?;
        file.write_all(bytes)?;
        file.persist(to).map_err(|error| error.error)?;
        Ok(())
    };
    // The signature first: the file is looked at when it is there.
    match signature {
        Some(signature) => put(signature_path(path), signature.as_bytes())?,
        None => match std::fs::remove_file(signature_path(path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        },
    }
    put(path.to_owned(), bytes)
}

impl Inner {
    /// Records something that the daemon did by itself.
    pub(super) fn record(&self, what: &'static str, on: &str, why: &str) {
        self.audit.record(&Event { who: DAEMON, what, on, why });
    }

    fn record_by(&self, principal: &Principal, what: &'static str, on: &str, why: &str) {
        self.audit.record(&Event { who: principal.name(), what, on, why });
    }

    /// Sends a version back whose first calls went wrong, if it is still the active one.
    pub(super) async fn demote(&self, name: &str, digest: Digest) {
        let mut shelf = self.shelf.lock().await;
        let Some(active) = shelf.active.get(name).filter(|active| active.bundle.digest == digest) else { return };
        let (n_traps, n_calls) = active.bundle.trial.figures();
        let why = format!("{n_traps} of its first {n_calls} calls trapped");
        if let Err(rejection) = self.roll_back(&mut shelf, name, DAEMON, &why).await {
            tracing::warn!(bundle = name, reason = rejection.reason, "{why}, and it cannot be rolled back");
        }
    }

    /// Returns to the version before the active one.
    async fn roll_back(&self, shelf: &mut Shelf, name: &str, who: &str, why: &str) -> Result<(), Rejection> {
        let record =
            shelf.records.get(name).cloned().ok_or_else(|| Rejection::passing("no version of it was active"))?;
        let at = record.versions.iter().position(|version| Some(version.digest) == record.active);
        let before = at.and_then(|at| record.versions.get(at + 1)).cloned();
        let before = before.ok_or_else(|| Rejection::passing("no earlier version was kept"))?;
        let Some(entry) = shelf.entries.get(&record.path) else {
            return Err(Rejection::passing("its file is gone"));
        };
        let (stamp, file) = (entry.stamp, entry.state.clone());
        // Taken before the version that follows is called, and fails, too.
        let calls = record.active.map(|digest| self.failures.take_calls(name, digest)).unwrap_or_default();
        if let Err(rejection) = self.activate_kept(shelf, &record, before.digest).await {
            calls.into_iter().for_each(|call| self.failures.failed(call));
            return Err(rejection);
        }
        // A file that could not be read has no digest; any that can be read is another.
        let pinned_over = file.digest.unwrap_or_else(|| Digest::of(&[]));
        self.save(
            shelf,
            BundleRecord { active: Some(before.digest), pinned_over: Some(pinned_over), ..record.clone() },
        )
        .await?;
        let version = before.version.as_deref().unwrap_or("the version");
        let state = FileState {
            state: State::RolledBack,
            reason: format!("{version} ({}) is served in its place: {why}", before.digest.short()),
            hint: Some("saving a changed file ends this".into()),
            ..FileState::clone(&file)
        };
        shelf.set(&file.path, stamp, state, false);
        self.publish(shelf);
        let why = format!("to {version}, digest {}: {why}", before.digest);
        self.audit.record(&Event { who, what: "bundle.rolled-back", on: name, why: &why });
        tracing::warn!(bundle = name, "rolled back {why}");
        if let Some(digest) = record.active {
            self.failures.sent_back(SentBack { bundle: name.into(), digest, why, calls });
        }
        Ok(())
    }

    /// Removes the state that a bundle kept, under every publisher its name was known by.
    async fn clear_state(&self, shelf: &Shelf, bundle: &str) -> Result<(), String> {
        let publisher = shelf.records.get(bundle).and_then(|record| record.publisher.clone());
        for publisher in [Some(super::identity::LOCAL.to_owned()), publisher].into_iter().flatten() {
            let cleared = crate::store::Kv::clear(&self.store, &format!("{publisher}/{bundle}")).await;
            cleared.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
