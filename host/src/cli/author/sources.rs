//! What a folder or file given to `skill build` and `skill test` holds: crates, scripts or components.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::Mistake;
use super::toolchain::cargo_program;
use crate::cli::fault::{Doing as _, Fault};

/// How a script's manifest begins.
const SCRIPT_MARK: &str = "/* happyos";

/// One thing that becomes a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A crate.
    Crate(CrateSource),
    /// A script.
    Script(PathBuf),
    /// A component that is built already.
    Component(PathBuf),
}

/// A crate that becomes a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateSource {
    /// The package's name: the bundle's file name.
    pub package: String,
    /// The package's `Cargo.toml`.
    pub manifest: PathBuf,
    /// The name of the module that cargo makes, without `.wasm`.
    pub target: String,
    /// The root source file.
    pub root_file: PathBuf,
    /// The workspace's folder.
    pub workspace: PathBuf,
    /// The workspace's target folder.
    pub target_dir: PathBuf,
    /// The stack it asks for in `[package.metadata.happyos]`, in bytes.
    pub stack_bytes: Option<u32>,
}

#[derive(Deserialize)]
struct CargoMetadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    metadata: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
    src_path: PathBuf,
}

/// All that `path` holds. A folder that is neither a crate nor has scripts is searched one level down.
///
/// # Errors
/// There is nothing, or a crate that cannot become a bundle.
pub fn find(path: &Path) -> Result<Vec<Source>, Fault> {
    let found = find_here(path)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let mut found = Vec::new();
    if path.is_dir() {
        for folder in sorted(path)?.into_iter().filter(|path| path.is_dir()) {
            found.extend(find_here(&folder)?);
        }
    }
    if found.is_empty() {
        return Err(Fault::usage(format!("Failed to find a skill in `{}`", path.display()))
            .hint("give the folder of a crate or a script, or make one with `happyos skill new NAME`"));
    }
    Ok(found)
}

fn find_here(path: &Path) -> Result<Vec<Source>, Fault> {
    if path.is_file() {
        return match path.extension().and_then(|extension| extension.to_str()) {
            Some("js") => Ok(vec![Source::Script(path.to_path_buf())]),
            Some("wasm") => Ok(vec![Source::Component(path.to_path_buf())]),
            _ if path.file_name().is_some_and(|name| name == "Cargo.toml") => crates(path),
            _ => Err(Fault::usage(format!("Failed to use `{}`: it is not a `.js` or `.wasm` file", path.display()))),
        };
    }
    if !path.is_dir() {
        return Err(Fault::usage(format!("Failed to find `{}`", path.display())));
    }
    let manifest = path.join("Cargo.toml");
    if manifest.is_file() { crates(&manifest) } else { Ok(scripts(path)?.into_iter().map(Source::Script).collect()) }
}

/// The scripts of a folder: those with a manifest, or the only one there is.
fn scripts(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut all = sorted(folder)?;
    all.retain(|path| path.extension().is_some_and(|extension| extension == "js"));
    let marked: Vec<PathBuf> = all.iter().filter(|path| is_marked(path)).cloned().collect();
    Ok(if marked.is_empty() && all.len() == 1 { all } else { marked })
}

fn is_marked(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(256).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).trim_start_matches('\u{feff}').trim_start().starts_with(SCRIPT_MARK)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let doing = || format!("read the folder `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).doing(doing)? {
        paths.push(entry.doing(doing)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The package of a manifest, or all packages of a virtual workspace that make a module.
fn crates(manifest: &Path) -> Result<Vec<Source>, Fault> {
    let doing = || format!("read `{}`", manifest.display());
    let manifest = manifest.canonicalize().doing(doing)?;
    let output = Command::new(cargo_program())
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(&manifest)
        .stderr(Stdio::inherit())
        .output()
        .doing(|| "run `cargo metadata`".into())?;
    if !output.status.success() {
        return Err(Fault::failed(format!("Failed to read `{}`: cargo says why above", manifest.display())));
    }
    let metadata: CargoMetadata = serde_json::from_slice(&output.stdout).doing(doing)?;
    let CargoMetadata { packages, workspace_root, target_directory } = metadata;
    let own = packages.iter().any(|package| package.manifest_path == manifest);
    let mut found = Vec::new();
    for package in packages {
        if own && package.manifest_path != manifest {
            continue;
        }
        let module = package.targets.iter().find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"));
        match module {
            Some(target) => found.push(Source::Crate(CrateSource {
                stack_bytes: stack_bytes(&package)?,
                target: target.name.replace('-', "_"),
                root_file: target.src_path.clone(),
                package: package.name,
                manifest: package.manifest_path,
                workspace: workspace_root.clone(),
                target_dir: target_directory.clone(),
            })),
            None if own => return Err(no_module(&package).into()),
            None => {}
        }
    }
    Ok(found)
}

fn stack_bytes(package: &Package) -> Result<Option<u32>, Fault> {
    let asked = package.metadata.as_ref().and_then(|metadata| metadata.get("happyos")?.get("stack_bytes"));
    let Some(asked) = asked else { return Ok(None) };
    match asked.as_u64().and_then(|bytes| u32::try_from(bytes).ok()) {
        Some(bytes) if bytes >= 4096 && bytes.is_multiple_of(16) => Ok(Some(bytes)),
        _ => Err(Mistake::new(
            &package.manifest_path,
            line_of(&package.manifest_path, "stack_bytes"),
            format!("`stack_bytes` is {asked}"),
        )
        .hint("it is a number of bytes, at least 4096 and a multiple of 16")
        .into()),
    }
}

fn no_module(package: &Package) -> Mistake {
    let position = line_of(&package.manifest_path, "[lib]").or(Some((1, 1)));
    Mistake::new(&package.manifest_path, position, format!("the crate `{}` makes no WebAssembly module", package.name))
        .hint("add `crate-type = [\"cdylib\", \"rlib\"]` to its `[lib]`")
}

/// Line and column of the first line that has `text`.
pub fn line_of(path: &Path, text: &str) -> Option<(usize, usize)> {
    let source = fs::read_to_string(path).ok()?;
    source.lines().enumerate().find_map(|(index, line)| {
        let at = line.find(text)?;
        Some((index + 1, line.get(..at)?.chars().count() + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_from_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("helper.js", "1");
        assert_eq!(scripts(folder.path()).unwrap(), [folder.path().join("helper.js")]);
        write("slug.js", "\u{feff}/* happyos\nname = 'slug'\n*/");
        write("README.md", "");
        assert_eq!(find(folder.path()).unwrap(), [Source::Script(folder.path().join("slug.js"))]);
        let outer = folder.path().join("x");
        assert!(find(&outer).unwrap_err().message.contains("Failed to find"));
    }

    #[test]
    fn a_crate_without_a_module_is_a_mistake_with_a_place() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        let manifest = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[lib]\n";
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let fault = find(folder.path()).unwrap_err();
        assert!(fault.message.ends_with("Cargo.toml:8:1: the crate `a` makes no WebAssembly module"), "{fault}");
        fs::write(folder.path().join("Cargo.toml"), format!("{manifest}crate-type = [\"cdylib\"]\n")).unwrap();
        let [Source::Crate(found)] = &find(folder.path()).unwrap()[..] else { panic!("one crate") };
        assert_eq!((found.package.as_str(), found.target.as_str(), found.stack_bytes), ("a", "a", None));
    }
}
