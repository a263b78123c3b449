//! Building: the daemon, and the shipped skills where they are not up to date.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{Result, cargo, code, happyos, repo, run, target};

/// The exit code with which `happyos` says that there is no toolchain for WebAssembly.
const NO_TOOLCHAIN: i32 = 4;

/// Builds every program of the workspace. The whole workspace is selected here as in the tests: another selection would
/// give dependencies other features, and build them twice.
pub fn programs() -> Result<()> {
    run(cargo().args(["build", "--release", "--workspace", "--bins"]))
}

/// Finds or installs a toolchain for WebAssembly; `false` where there is none to be had.
pub fn toolchain(yes: bool) -> Result<bool> {
    let mut command = happyos_command(&["toolchain", "install"]);
    if yes {
        command.arg("--yes");
    }
    match code(&mut command)? {
        0 => Ok(true),
        NO_TOOLCHAIN => Ok(false),
        other => Err(format!("Failed to install a toolchain for WebAssembly: exit code {other}")),
    }
}

/// The folder of the built skills.
pub fn skills_dir() -> PathBuf {
    target().join("happyos/skills")
}

/// The folder of the daemon's state.
pub fn data_dir() -> PathBuf {
    target().join("happyos/data")
}

/// `happyos` with its state in the target folder.
pub fn happyos_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(happyos());
    command.current_dir(repo()).arg("--data").arg(data_dir()).arg("--skills").arg(skills_dir()).args(arguments);
    command
}

/// Builds the shipped skills: all of them, or the scripts alone. Returns whether anything had to be done.
pub fn skills(with_crates: bool) -> Result<bool> {
    let stamp_path = target().join("happyos/skills.stamp");
    let stamp = format!("{with_crates} {:016x}", fingerprint()?);
    if fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) && skills_dir().is_dir() {
        return Ok(false);
    }
    let fresh = target().join("happyos/skills.new");
    // Left over from a run that was interrupted, or not there.
    let _ = fs::remove_dir_all(&fresh);
    let mut command = happyos_command(&["skill", "build"]);
    // Its table would name files that are about to be moved; cargo's progress is on standard error.
    command.stdout(Stdio::null()).arg("--out").arg(&fresh).arg("--target-dir").arg(target().join("guests"));
    for folder in skill_folders()? {
        if with_crates || !folder.join("Cargo.toml").is_file() {
            command.arg(folder);
        }
    }
    run(&mut command)?;
    let _ = fs::remove_file(&stamp_path);
    let _ = fs::remove_dir_all(skills_dir());
    fs::rename(&fresh, skills_dir()).map_err(|error| format!("Failed to move `{}`: {error}", fresh.display()))?;
    fs::write(&stamp_path, stamp).map_err(|error| format!("Failed to write `{}`: {error}", stamp_path.display()))?;
    Ok(true)
}

/// Builds the tests' own guest in Rust, which is not shipped.
pub fn test_guests() -> Result<()> {
    let mut command = happyos_command(&["skill", "build", "tests/guests/rust"]);
    command.stdout(Stdio::null());
    command.arg("--out").arg(target().join("happyos/guests")).arg("--target-dir").arg(target().join("guests"));
    run(&mut command)
}

fn skill_folders() -> Result<Vec<PathBuf>> {
    let skills = repo().join("skills");
    let failed = |error: std::io::Error| format!("Failed to read `{}`: {error}", skills.display());
    let mut folders = Vec::new();
    for entry in fs::read_dir(&skills).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// A number that changes when a source of the skills does: from names, sizes and times, which is enough for files that
/// an editor or git writes.
fn fingerprint() -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    let manifests = ["Cargo.toml", "Cargo.lock"];
    for path in
        ["skills", "skills-sdk/Cargo.toml", "skills-sdk/src", "skills-sdk/macros", "wit"].iter().chain(&manifests)
    {
        hash(&repo().join(path), &mut hasher)?;
    }
    // The folder of skills is made by this very program, so another version of it counts too.
    hash(&happyos(), &mut hasher)?;
    Ok(hasher.finish())
}

fn hash(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let failed = |error: std::io::Error| format!("Failed to read `{}`: {error}", path.display());
    let about = fs::metadata(path).map_err(failed)?;
    path.hash(hasher);
    if about.is_dir() {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            entries.push(entry.map_err(failed)?.path());
        }
        entries.sort();
        return entries.iter().filter(|path| !path.ends_with("target")).try_for_each(|path| hash(path, hasher));
    }
    about.len().hash(hasher);
    about.modified().map_err(failed)?.hash(hasher);
    Ok(())
}
