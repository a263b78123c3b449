//! The harness that tests and benchmarks share: guests written as text, temporary homes, clients and processes.

pub mod abuse;
pub mod bombs;
pub mod building;
pub mod crash;
pub mod crash_tasks;
pub mod endpoint;
pub mod guest;
pub mod home;
pub mod http;
pub mod process;
pub mod server;
pub mod wit;

use std::path::{Path, PathBuf};

pub use guest::{AgentGuest, SkillGuest, plain_component};
pub use home::Home;

/// The folder of the repository.
pub fn repo() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the crate lies in the repository").to_owned()
}

/// The folder that cargo built this very program into, such as `target/release`.
pub fn profile_dir() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    let dir = own.parent().expect("a program lies in a folder");
    // Test binaries lie one deeper, in `deps`.
    if dir.ends_with("deps") { dir.parent().expect("`deps` has a parent").to_owned() } else { dir.to_owned() }
}

/// The `happyos` command: the compile helper of everything that runs a guest, and what command tests start.
pub fn happyos_binary() -> PathBuf {
    let path = profile_dir().join("happyos");
    assert!(path.is_file(), "no `happyos` at {}\nhint: run the tests with `cargo xtask test`", path.display());
    path
}

/// A component that `cargo xtask test` built into `target/{folder}`: shipped skills and guests in other languages.
pub fn built(folder: &str, file: &str) -> PathBuf {
    let target = profile_dir().parent().expect("a profile lies in the target folder").to_owned();
    let path = target.join(folder).join(file);
    assert!(path.is_file(), "no {}\nhint: `cargo xtask test` builds it", path.display());
    path
}
