//! Building bundles: crates with as few runs of cargo as possible, scripts by copying them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;

use super::component::componentise;
use super::sources::{CrateSource, Source};
use super::toolchain::{TARGET, Toolchain};
use crate::cli::fault::{Doing as _, Fault};
use crate::cli::output::Voice;

/// Stack of a skill that does not ask for another, in bytes: a small one makes fresh instances cheaper.
const STACK_BYTES: u32 = 64 << 10;

/// Cargo's profile for skills: small modules. Given on the command line, so that a crate needs no settings of its own.
const PROFILE: [&str; 8] = [
    "profile.guest.inherits='release'",
    "profile.guest.opt-level='s'",
    "profile.guest.lto=true",
    "profile.guest.codegen-units=1",
    "profile.guest.panic='abort'",
    "profile.guest.strip=true",
    "profile.guest.debug=false",
    "profile.guest.incremental=false",
];

/// How to build.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where bundles go; otherwise `target/skills` of each workspace, and scripts stay where they are.
    pub out: Option<PathBuf>,
    /// Cargo's target folder; otherwise `guests` in each workspace's own.
    pub target_dir: Option<PathBuf>,
    /// No network.
    pub offline: bool,
}

/// A bundle that was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// The package, or the script's file stem.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// Builds everything in `sources`.
///
/// # Errors
/// No toolchain, a crate that does not compile (cargo has said why), or one that makes no bundle.
pub fn build(sources: &[Source], options: &Options, voice: Voice) -> Result<Vec<Built>, Fault> {
    let mut workspaces: BTreeMap<&Path, Vec<&CrateSource>> = BTreeMap::new();
    let mut built = Vec::new();
    for source in sources {
        match source {
            Source::Crate(found) => workspaces.entry(&found.workspace).or_default().push(found),
            Source::Script(path) | Source::Component(path) => built.push(copied(path, options.out.as_deref())?),
        }
    }
    if !workspaces.is_empty() {
        let toolchain = Toolchain::require()?;
        for crates in workspaces.values() {
            let modules = compile(&toolchain, crates, options, voice)?;
            for (source, module) in crates.iter().zip(modules) {
                built.push(bundle(source, &module, options)?);
            }
        }
    }
    built.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(built)
}

fn copied(path: &Path, out: Option<&Path>) -> Result<Built, Fault> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let target = match (out, path.file_name()) {
        (Some(out), Some(file_name)) => out.join(file_name),
        _ => path.to_path_buf(),
    };
    if target != path {
        let bytes = fs::read(path).doing(|| format!("read `{}`", path.display()))?;
        write_whole(&target, &bytes)?;
    }
    let size_bytes = fs::metadata(&target).doing(|| format!("read `{}`", target.display()))?.len();
    Ok(Built { name, path: target, size_bytes })
}

fn bundle(source: &CrateSource, module: &Path, options: &Options) -> Result<Built, Fault> {
    let core = fs::read(module).doing(|| format!("read `{}`", module.display()))?;
    let component = componentise(&core, &source.root_file)?;
    let out = options.out.clone().unwrap_or_else(|| source.target_dir.join("skills"));
    let path = out.join(format!("{}.wasm", source.package));
    write_whole(&path, &component)?;
    Ok(Built { name: source.package.clone(), path, size_bytes: component.len() as u64 })
}

/// Writes a file beside the target first, so that nobody who watches the folder ever sees half of it.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let doing = || format!("write `{}`", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).doing(doing)?;
    let mut file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder).doing(doing)?;
    std::io::Write::write_all(&mut file, bytes).doing(doing)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(file.path(), mode).doing(doing)?;
    file.persist(path).doing(doing)?;
    Ok(())
}

/// Compiles crates of one workspace; the modules come in the crates' order.
fn compile(
    toolchain: &Toolchain,
    crates: &[&CrateSource],
    options: &Options,
    voice: Voice,
) -> Result<Vec<PathBuf>, Fault> {
    // One run of cargo for each size of stack, which nearly always is one run: the linker takes it from the flags that
    // every crate is built with, so another size is another build of everything and has a target folder of its own.
    let mut by_stack: BTreeMap<u32, Vec<&CrateSource>> = BTreeMap::new();
    for source in crates {
        by_stack.entry(source.stack_bytes.unwrap_or(STACK_BYTES)).or_default().push(source);
    }
    let mut modules = BTreeMap::new();
    for (stack_bytes, crates) in by_stack {
        run_cargo(toolchain, &crates, stack_bytes, options, voice, &mut modules)?;
    }
    crates
        .iter()
        .map(|source| {
            modules.get(&source.target).cloned().ok_or_else(|| {
                Fault::failed(format!("Failed to build `{}`: cargo made no module of it", source.package))
            })
        })
        .collect()
}

/// What cargo says on standard output, one JSON object a line.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    target: Option<MessageTarget>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
}

fn run_cargo(
    toolchain: &Toolchain,
    crates: &[&CrateSource],
    stack_bytes: u32,
    options: &Options,
    voice: Voice,
    modules: &mut BTreeMap<String, PathBuf>,
) -> Result<(), Fault> {
    let Some(first) = crates.first() else { return Ok(()) };
    let mut target_dir = options.target_dir.clone().unwrap_or_else(|| first.target_dir.join("guests"));
    if stack_bytes != STACK_BYTES {
        target_dir.push(format!("stack-{stack_bytes}"));
    }
    let mut command = toolchain.cargo("build");
    command
        .current_dir(&first.workspace)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", format!("-Clink-arg=-zstack-size={stack_bytes}"))
        .args(["--profile", "guest", "--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(target_dir);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    for source in crates {
        command.args(["--package", &source.package]);
    }
    if options.offline {
        command.arg("--offline");
    }
    if voice.quiet {
        command.arg("--quiet");
    }
    let names: Vec<String> = crates.iter().map(|source| format!("`{}`", source.package)).collect();
    let names = names.join(", ");
    let mut cargo =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().doing(|| format!("run cargo to build {names}"))?;
    if let Some(stdout) = cargo.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let Ok(Message { reason, target: Some(target), filenames }) = serde_json::from_str(&line) else { continue };
            let module = filenames.into_iter().find(|path| path.extension().is_some_and(|name| name == "wasm"));
            if reason == "compiler-artifact"
                && let Some(module) = module
            {
                modules.insert(target.name.replace('-', "_"), module);
            }
        }
    }
    let status = cargo.wait().doing(|| format!("run cargo to build {names}"))?;
    if status.success() {
        return Ok(());
    }
    Err(Fault::failed(format!("Failed to build {names} for `{TARGET}`: cargo says why above")))
}
