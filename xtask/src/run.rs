//! Paths of the repository, and running commands in it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What went wrong, for people.
pub type Result<T> = std::result::Result<T, String>;

/// The folder of the repository.
pub fn repo() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => repo().join(target),
        None => repo().join("target"),
    }
}

/// The `happyos` command as built.
pub fn happyos() -> PathBuf {
    target().join("release/happyos")
}

/// The cargo that runs this.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repo());
    // What cargo told this program about this program's own package is wrong for every other.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text.starts_with("CARGO_BIN_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Result<()> {
    let code = code(command)?;
    if code == 0 { Ok(()) } else { Err(format!("Failed to run `{}`: exit code {code}", shown(command))) }
}

/// Runs a command to its end and returns its exit code.
pub fn code(command: &mut Command) -> Result<i32> {
    let status = command.status().map_err(|error| format!("Failed to run `{}`: {error}", shown(command)))?;
    Ok(status.code().unwrap_or(-1))
}

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    let parts: Vec<OsString> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(Into::into).collect();
    let parts: Vec<_> = parts.iter().map(|part| part.to_string_lossy()).collect();
    parts.join(" ")
}

/// Whether a program is on `PATH`.
pub fn on_path(program: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}
