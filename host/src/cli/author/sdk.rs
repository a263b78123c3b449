//! The sources of the SDK, which this binary carries along and unpacks for skills outside the repository.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::base::Digest;
use crate::cli::fault::{Doing as _, Fault};

/// File names, relative to the repository, with their text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_files.rs"));

/// Unpacks the SDK below `data_dir`, where it is not there as it should be, and returns its crate's folder.
///
/// # Errors
/// It cannot be written.
pub fn unpack(data_dir: &Path) -> Result<PathBuf, Fault> {
    let top = data_dir.join("sdk").join(env!("CARGO_PKG_VERSION"));
    let sdk = top.join("skills-sdk");
    let stamp_path = top.join(".digest");
    let stamp = digest().to_string();
    if fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) && sdk.join("Cargo.toml").is_file() {
        return Ok(sdk);
    }
    let doing = || format!("unpack the SDK to `{}`", top.display());
    // The data folder is private, whoever makes it first.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).doing(doing)?;
    for (name, text) in FILES {
        let path = top.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&top)).doing(doing)?;
        fs::write(&path, text).doing(doing)?;
    }
    // Last, so that an interrupted run is noticed and done again.
    fs::write(&stamp_path, stamp).doing(doing)?;
    Ok(sdk)
}

fn digest() -> Digest {
    let mut all = String::new();
    for (name, text) in FILES {
        all.push_str(&format!("{name}\n{}\n{text}", text.len()));
    }
    Digest::of(all.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_once_and_repairs_what_is_missing() {
        let data = tempfile::tempdir().unwrap();
        let sdk = unpack(data.path()).unwrap();
        assert!(data.path().join("sdk").join(env!("CARGO_PKG_VERSION")).join("wit").is_dir());
        let mark = sdk.join("mark");
        fs::create_dir_all(&sdk).unwrap();
        fs::write(&mark, "").unwrap();
        assert_eq!(unpack(data.path()).unwrap(), sdk);
        assert!(mark.is_file());
    }
}
