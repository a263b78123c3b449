//! Looking at a file, before anything is changed: what it is, who it says it is, and what its skills are.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::base::{CallLimits, Failure, Requests};
use crate::runtime::{Origin, ProgramSpec, Readying, Shape};
use crate::skills::Inner;
use crate::skills::directory::{self, Read, Stamp};
use crate::skills::identity::Facts;
use crate::skills::manifest::Manifest;
use crate::skills::probe::{self, File, Probed, Rejection, StoredKind};

/// Work on more bytes is done where it holds up nobody.
const HERE_BYTES_MAX: u64 = 256 << 10;

/// A file as it was looked at, before anything is changed.
pub(in crate::skills) enum Looked {
    /// There is none.
    Gone,
    /// It could not be read, or is no bundle that works.
    Bad { stamp: Stamp, claim: Option<Claim>, rejection: Rejection },
    /// It was read; `probed` where the policy would have it served, `ready` where a script is to replace another.
    Good { stamp: Stamp, claim: Claim, bytes: Bytes, probed: Option<Box<Probed>>, ready: Option<Readying> },
}

/// What a file says it is.
pub(in crate::skills) struct Claim {
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

/// Of work on a file's bytes that did not come to an end.
pub(in crate::skills) fn cannot_read(failure: &Failure) -> Rejection {
    Rejection::passing(format!("reading it failed: {failure}"))
}

/// Reads who a bundle says it is.
pub(super) fn claim(file: File, bytes: &[u8], signature: Option<String>) -> Result<Claim, Rejection> {
    let manifest = probe::manifest(&file, bytes)?;
    let requests = manifest.requests().map_err(Rejection::lasting)?;
    Ok(Claim { name: manifest.name.as_str().into(), file, manifest, requests, signature })
}

impl Inner {
    /// Reads a file, and runs what may be served under small limits. Changes nothing.
    pub(in crate::skills) async fn look(&self, path: &Path) -> Looked {
        let Some(stamp) = Stamp::of(path) else { return Looked::Gone };
        let (claim, bytes) = match self.read(path).await {
            Ok(read) => read,
            Err(_) if Stamp::of(path).is_none() => return Looked::Gone,
            Err(rejection) => return Looked::Bad { stamp, claim: None, rejection },
        };
        let (limits, replaces) = {
            let shelf = self.shelf.lock().await;
            (shelf.probe_limits(&claim.facts()), shelf.active.contains_key(&claim.name))
        };
        let Some(limits) = limits else {
            return Looked::Good { stamp, claim, bytes, probed: None, ready: None };
        };
        // Calls come with the swap: an instance is made ready while the script is still looked at.
        let ready = (replaces && claim.file.is_script).then(|| {
            let program = self.runtime.program(ProgramSpec {
                name: claim.name.clone(),
                digest: claim.file.digest,
                origin: Origin::Bytes(bytes.clone()),
                kind: StoredKind::Script.program_kind(),
                limits,
                gate: self.runtime.gate(None),
            });
            self.runtime.get_ready(&program)
        });
        match self.probe(&claim.file, &bytes, limits).await {
            Ok(probed) => Looked::Good { stamp, claim, bytes, probed: Some(Box::new(probed)), ready },
            Err(rejection) => Looked::Bad { stamp, claim: Some(claim), rejection },
        }
    }

    /// Reads a file of the directory, and who it says it is.
    pub(in crate::skills) async fn read(&self, path: &Path) -> Result<(Claim, Bytes), Rejection> {
        self.claimed(self.read_file(path).await?).await
    }

    /// Who a file that was read says it is.
    pub(in crate::skills) async fn claimed(&self, read: Read) -> Result<(Claim, Bytes), Rejection> {
        let Read { file, bytes, signature } = read;
        let read = bytes.clone();
        let claimed = self.by_size(file.size_bytes, move || claim(file, &read, signature)).await;
        let claim = claimed.unwrap_or_else(|failure| Err(cannot_read(&failure)))?;
        Ok((claim, bytes))
    }

    /// Reads a file as those of the directory are read.
    pub(in crate::skills) async fn read_file(&self, path: &Path) -> Result<Read, Rejection> {
        let bytes_max = self.config.compile.bundle_bytes_max;
        let size_bytes = std::fs::symlink_metadata(path).map_or(0, |found| found.len());
        let path = path.to_owned();
        let read = self.by_size(size_bytes, move || directory::read(&path, bytes_max)).await;
        read.unwrap_or_else(|failure| Err(cannot_read(&failure)))
    }

    /// Does work on so many bytes: here where they are few, else where it holds up nobody.
    pub(in crate::skills) async fn by_size<T: Send + 'static>(
        &self,
        size_bytes: u64,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if size_bytes > HERE_BYTES_MAX { self.runtime.compute(work).await } else { Ok(work()) }
    }

    /// What a bundle is and has: as it was learned before, or learned now.
    pub(in crate::skills) async fn probe(
        &self,
        file: &File,
        bytes: &Bytes,
        limits: CallLimits,
    ) -> Result<Probed, Rejection> {
        if let Some(known) = probe::recall(&self.runtime, file, &limits) {
            return known;
        }
        let (runtime, file, bytes) = (self.runtime.clone(), file.clone(), bytes.clone());
        self.at_leisure(async move { probe::probe(&runtime, &file, &bytes, limits).await }).await
    }

    /// What a component is, once it has compiled.
    pub(in crate::skills) async fn shape(&self, file: &File, bytes: &Bytes) -> Result<Shape, Rejection> {
        let (runtime, file, bytes) = (self.runtime.clone(), file.clone(), bytes.clone());
        self.at_leisure(async move { probe::shape(&runtime, &file, &bytes).await }).await
    }

    /// Looks at a file where no short call waits for it: it may be large, and made to be slow.
    async fn at_leisure<T: Send + 'static>(
        &self,
        look: impl Future<Output = Result<T, Rejection>> + Send + 'static,
    ) -> Result<T, Rejection> {
        let looked = self.runtime.at_leisure(look).await;
        looked.unwrap_or_else(|failure| Err(Rejection::passing(format!("looking at it failed: {failure}"))))
    }
}
