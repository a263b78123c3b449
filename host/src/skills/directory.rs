//! Reading the skills directory into a snapshot: each file on its own, a bad one never stops the others.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalog::{Bundle, Refusal, Skill, Snapshot};
use super::metadata::Metadata;
use super::probe::{self, File, Probed, Rejection};
use crate::base::{CallLimits, Digest};
use crate::config::Config;
use crate::runtime::{Origin, ProgramSpec, Runtime};

/// How far reading the directory has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadProgress<'a> {
    /// Files done.
    pub done: usize,
    /// Files in all.
    pub total: usize,
    /// The file that is read now.
    pub file: &'a str,
}

/// Files of one directory that are looked at; more are refused.
const FILES_MAX: usize = 20_000;

/// The limits of a bundle's calls: the operator's for this bundle, else the daemon's.
pub fn limits_of(config: &Config, bundle: &str) -> CallLimits {
    let Some(own) = config.bundles.get(bundle) else { return config.limits };
    let (base, own) = (config.limits, &own.limits);
    CallLimits {
        fuel: own.fuel.unwrap_or(base.fuel),
        wall_ms: own.wall_ms.unwrap_or(base.wall_ms),
        memory_bytes: own.memory_bytes.unwrap_or(base.memory_bytes),
        host_calls: own.host_calls.unwrap_or(base.host_calls),
        output_bytes: own.output_bytes.unwrap_or(base.output_bytes),
        ..base
    }
}

/// What a first look at a file gave: everything but its bytes.
struct Seen {
    file: File,
    known: Option<Result<Probed, Rejection>>,
}

/// Reads every bundle of `config.skills_dir`.
pub async fn read(config: &Config, runtime: &Runtime, notify: impl Fn(LoadProgress<'_>)) -> Snapshot {
    let mut builder = Builder::default();
    let paths = match list(&config.skills_dir) {
        Ok(paths) => paths,
        Err(error) => {
            builder.refuse(&config.skills_dir, format!("the directory cannot be read: {error}"), None);
            return builder.finish();
        }
    };
    let total = paths.len();
    for (done, path) in paths.into_iter().enumerate() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        notify(LoadProgress { done, total, file: &name });
        if done >= FILES_MAX {
            builder.refuse(&path, format!("the directory holds more than {FILES_MAX} bundles"), None);
            continue;
        }
        match read_one(config, runtime, &path).await {
            Ok((file, probed)) => builder.add(config, runtime, &file, probed),
            Err(rejection) => builder.refuse(&path, rejection.reason, rejection.hint),
        }
    }
    builder.finish()
}

/// Reads one file as a bundle, without installing it.
///
/// # Errors
/// Why it would not be served.
pub async fn read_one(config: &Config, runtime: &Runtime, path: &Path) -> Result<(File, Probed), Rejection> {
    let bytes_max = config.compile.bundle_bytes_max;
    let (Seen { file, known }, bytes) = look(config, runtime, path, bytes_max)?;
    let probed = match known {
        Some(known) => known?,
        None => {
            let limits = limits_of(config, &file.stem);
            probe::probe(runtime, &file, bytes, limits).await?
        }
    };
    Ok((file, probed))
}

fn look(config: &Config, runtime: &Runtime, path: &Path, bytes_max: u64) -> Result<(Seen, Vec<u8>), Rejection> {
    let passing = |reason: String| Rejection { lasting: false, ..Rejection::lasting(reason) };
    let Some((stem, is_script)) = probe::classify(path) else {
        return Err(passing("its name does not end in `.wasm` or `.js`".into()));
    };
    let metadata = fs::symlink_metadata(path).map_err(|error| passing(format!("it cannot be read: {error}")))?;
    if !metadata.is_file() {
        return Err(passing("it is not a regular file".into()));
    }
    if metadata.len() > bytes_max {
        return Err(passing(format!(
            "it has {} bytes, more than {bytes_max} (hint: `compile.bundle_bytes_max` in happyos.toml raises this)",
            metadata.len()
        )));
    }
    let bytes = fs::read(path).map_err(|error| passing(format!("it cannot be read: {error}")))?;
    let file =
        File { path: path.to_owned(), stem, is_script, digest: Digest::of(&bytes), size_bytes: bytes.len() as u64 };
    let known = probe::recall(runtime, &file, &limits_of(config, &file.stem));
    Ok((Seen { file, known }, bytes))
}

/// The bundle files of a directory, by name. Hidden files and other endings are not bundles.
fn list(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && probe::classify(&path).is_some() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[derive(Default)]
struct Builder {
    bundles: Vec<Arc<Bundle>>,
    skills: Vec<Arc<Skill>>,
    refusals: Vec<Refusal>,
    /// Which bundle has a name: of bundles, and of skills.
    bundle_names: HashMap<Arc<str>, PathBuf>,
    skill_names: HashMap<Arc<str>, Arc<str>>,
}

impl Builder {
    fn refuse(&mut self, path: &Path, reason: String, hint: Option<String>) {
        tracing::warn!(path = %path.display(), %reason, "bundle refused");
        self.refusals.push(Refusal { path: path.to_owned(), reason, hint });
    }

    fn add(&mut self, config: &Config, runtime: &Runtime, file: &File, probed: Probed) {
        let name: Arc<str> = probed.manifest.name.as_str().into();
        if let Some(other) = self.bundle_names.get(&name) {
            let reason = format!("the bundle name `{name}` is taken by `{}`", other.display());
            return self.refuse(
                &file.path,
                reason,
                Some("give it another name in its manifest, or remove one of the two".into()),
            );
        }
        for skill in &probed.skills {
            if let Some(other) = self.skill_names.get(skill.name.as_str()) {
                let reason = format!("the skill name `{}` is taken by bundle `{other}`", skill.name);
                return self.refuse(&file.path, reason, Some("give the skill another name".into()));
            }
        }
        let own = config.bundles.get(&*name);
        let program = runtime.program(ProgramSpec {
            name: name.clone(),
            digest: file.digest,
            origin: Origin::File(file.path.clone()),
            kind: probed.kind.program_kind(),
            limits: limits_of(config, &name),
            gate: runtime.gate(own.and_then(|own| own.running_max)),
        });
        let bundle = Arc::new(Bundle {
            name: name.clone(),
            version: probed.manifest.version,
            license: probed.manifest.license,
            digest: file.digest,
            kind: probed.kind.bundle_kind(),
            path: file.path.clone(),
            size_bytes: file.size_bytes,
            program,
        });
        let mut skills = Vec::with_capacity(probed.skills.len());
        for skill in probed.skills {
            match Metadata::parse(&skill.name, &skill.metadata) {
                Ok(metadata) => skills.push(Arc::new(Skill::new(&skill.name, &bundle, metadata))),
                // A note from before the rules changed.
                Err(reason) => return self.refuse(&file.path, reason, None),
            }
        }
        self.bundle_names.insert(name.clone(), file.path.clone());
        for skill in skills {
            self.skill_names.insert(skill.name().clone(), name.clone());
            self.skills.push(skill);
        }
        self.bundles.push(bundle);
    }

    fn finish(self) -> Snapshot {
        Snapshot::new(self.bundles, self.skills, self.refusals)
    }
}
