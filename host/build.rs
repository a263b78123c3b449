//! Lists the sources of the SDK and the contract, which the binary carries along for `happyos skill new`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a skill outside this repository needs, relative to the top of the repository.
const CARRIED: [&str; 6] = [
    "skills-sdk/Cargo.toml",
    "skills-sdk/README.md",
    "skills-sdk/src",
    "skills-sdk/macros/Cargo.toml",
    "skills-sdk/macros/src",
    "wit",
];

fn main() -> io::Result<()> {
    let manifest_dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let top = manifest_dir.join("..");
    let mut files = Vec::new();
    for path in CARRIED {
        println!("cargo::rerun-if-changed=../{path}");
        collect(&top.join(path), &mut files)?;
    }
    files.sort();
    let mut source = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&top).unwrap_or(&file);
        let file = file.canonicalize()?;
        let _ =
            writeln!(source, "    ({:?}, include_str!({:?})),", name.display().to_string(), file.display().to_string());
    }
    source.push_str("]\n");
    fs::write(out_dir.join("sdk_files.rs"), source)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.push(path.to_path_buf());
    }
    Ok(())
}
