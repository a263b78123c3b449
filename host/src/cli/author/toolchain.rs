//! The toolchain that builds for WebAssembly: finding one, and installing one where there is none.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::fault::{Code, Doing as _, Fault};
use crate::cli::output::Voice;

/// What skills are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages of a compiler, its sources and a linker for WebAssembly.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "rust-web-src", "cargo-web", "lld-19"];

/// A toolchain that builds for WebAssembly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// The target's standard library is installed.
    Installed {
        /// Where it is.
        libdir: PathBuf,
    },
    /// The standard library is built from its sources along with the skills.
    BuildStd {
        /// The compiler.
        rustc: PathBuf,
        /// The cargo that goes with it.
        cargo: PathBuf,
        /// The linker.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// The one there is, if there is one. `RUSTC` and `PATH` say which compiler is asked.
    pub fn find() -> Option<Toolchain> {
        installed().or_else(|| build_std(Path::new("/usr")))
    }

    /// The one there is.
    ///
    /// # Errors
    /// There is none: names the two commands that install one.
    pub fn require() -> Result<Toolchain, Fault> {
        Toolchain::find().ok_or_else(missing)
    }

    /// A sentence for people.
    pub fn describe(&self) -> String {
        match self {
            Toolchain::Installed { libdir } => format!("{TARGET}, installed at `{}`", libdir.display()),
            Toolchain::BuildStd { rustc, linker, .. } => format!(
                "{TARGET}, with the standard library built from source by `{}` and `{}`",
                rustc.display(),
                linker.display()
            ),
        }
    }

    /// A `cargo SUBCOMMAND` that builds for WebAssembly, without the settings that a cargo around it left behind.
    pub fn cargo(&self, subcommand: &str) -> Command {
        let mut command = match self {
            Toolchain::Installed { .. } => Command::new(cargo_program()),
            Toolchain::BuildStd { cargo, .. } => Command::new(cargo),
        };
        for name in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "CARGO_MAKEFLAGS"]
        {
            command.env_remove(name);
        }
        command.arg(subcommand).args(["--target", TARGET]);
        if let Toolchain::BuildStd { rustc, linker, .. } = self {
            command
                .env("RUSTC", rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .env("PATH", path_from(rustc.parent()))
                .arg("-Zbuild-std=std,panic_abort");
            for name in ["RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO", "RUSTDOC"] {
                command.env_remove(name);
            }
        }
        command
    }
}

/// The cargo to run for native work: the one that runs this, or the one on `PATH`.
pub fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn path_from(first: Option<&Path>) -> OsString {
    let mut path = OsString::from(first.unwrap_or(Path::new("/usr/bin")));
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

fn installed() -> Option<Toolchain> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let libdir = printed(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]))?;
    let has_core = fs::read_dir(&libdir)
        .ok()?
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"));
    has_core.then_some(Toolchain::Installed { libdir })
}

/// Debian's compiler under `prefix`, with its sources and a linker.
fn build_std(prefix: &Path) -> Option<Toolchain> {
    let bin = prefix.join("bin");
    let (rustc, cargo) = (bin.join("rustc"), bin.join("cargo"));
    let linker = newest_linker(&bin)?;
    if !rustc.is_file() || !cargo.is_file() {
        return None;
    }
    let sysroot = printed(Command::new(&rustc).args(["--print", "sysroot"]))?;
    sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file().then_some(Toolchain::BuildStd {
        rustc,
        cargo,
        linker,
    })
}

/// `wasm-ld`, or the `wasm-ld-N` with the highest N.
fn newest_linker(bin: &Path) -> Option<PathBuf> {
    let version = |name: &str| match name.strip_prefix("wasm-ld")? {
        "" => Some(u32::MAX),
        rest => rest.strip_prefix('-')?.parse().ok(),
    };
    fs::read_dir(bin)
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| Some((version(entry.file_name().to_str()?)?, entry.path())))
        .max()
        .map(|(_, path)| path)
}

fn printed(command: &mut Command) -> Option<PathBuf> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| PathBuf::from(text.trim()))
}

fn missing() -> Fault {
    Fault {
        code: Code::Toolchain,
        message: format!("Failed to find a Rust toolchain that builds for `{TARGET}`"),
        hint: Some(format!(
            "run `rustup target add {TARGET}`, or on Debian `apt-get install -y --no-install-recommends {}`",
            DEBIAN_PACKAGES.join(" ")
        )),
    }
}

/// Installs a toolchain where there is none, and says what it tries.
///
/// # Errors
/// None could be installed: names the two commands to choose from.
pub fn install(yes: bool, voice: Voice) -> Result<Toolchain, Fault> {
    if let Some(found) = Toolchain::find() {
        return Ok(found);
    }
    if on_path("rustup") {
        voice.note(&format!("trying: rustup target add {TARGET}"));
        let status = Command::new("rustup").args(["target", "add", TARGET]).stdin(Stdio::null()).status();
        if status.is_ok_and(|status| status.success())
            && let Some(found) = Toolchain::find()
        {
            return Ok(found);
        }
        voice.note("rustup could not add it");
    }
    if !Path::new("/etc/debian_version").is_file() || !on_path("apt-get") {
        return Err(missing());
    }
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !root && !on_path("sudo") {
        return Err(missing());
    }
    let packages = DEBIAN_PACKAGES.join(" ");
    if !yes && io::stdin().is_terminal() && !agreed(&format!("Install the Debian packages {packages}?"))? {
        return Err(missing());
    }
    for arguments in
        [vec!["update"], [vec!["install", "-y", "--no-install-recommends"], DEBIAN_PACKAGES.to_vec()].concat()]
    {
        voice.note(&format!("trying: {}apt-get {}", if root { "" } else { "sudo " }, arguments.join(" ")));
        let mut command = if root { Command::new("apt-get") } else { Command::new("sudo") };
        if !root {
            // Without a terminal nobody can type a password: fail at once instead of waiting for one.
            command.args(if io::stdin().is_terminal() { &["apt-get"][..] } else { &["-n", "apt-get"][..] });
        }
        let status = command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::from(io::stderr()))
            .status()
            .doing(|| "run `apt-get`".into())?;
        if !status.success() {
            voice.note(&format!("apt-get ended with {status}"));
        }
    }
    Toolchain::require()
}

fn agreed(question: &str) -> Result<bool, Fault> {
    eprint!("{question} [Y/n] ");
    let doing = || "read the answer".to_owned();
    io::stderr().flush().doing(doing)?;
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer).doing(doing)?;
    Ok(read > 0 && matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes" | "j" | "ja"))
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_linker_is_taken() {
        let bin = tempfile::tempdir().unwrap();
        assert_eq!(newest_linker(bin.path()), None);
        for name in ["wasm-ld-9", "wasm-ld-19", "wasm-ld-old", "ld"] {
            fs::write(bin.path().join(name), "").unwrap();
        }
        assert_eq!(newest_linker(bin.path()), Some(bin.path().join("wasm-ld-19")));
    }

    #[test]
    fn a_toolchain_without_sources_is_none() {
        let prefix = tempfile::tempdir().unwrap();
        assert_eq!(build_std(prefix.path()), None);
    }
}
