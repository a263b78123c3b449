//! The project's own WIT packages, read from `wit/` as they are or with another version put in.

use anyhow::Context as _;
use wit_parser::{PackageId, Resolve, SourceMap};

/// The folders of `wit/`, each after those it depends on.
pub const PACKAGES: [&str; 4] = ["host-0.1.0", "skill-0.1.0", "script-0.1.0", "agent-1.0.0"];

/// Reads all packages of `wit/`, with `edit` applied to the text of each file.
///
/// # Errors
/// If a file does not parse, or names what is not there.
pub fn resolve(edit: impl Fn(&str) -> String) -> anyhow::Result<(Resolve, Vec<PackageId>)> {
    let mut resolve = Resolve::default();
    let mut packages = Vec::new();
    for folder in PACKAGES {
        let mut files = std::fs::read_dir(crate::repo().join("wit").join(folder))?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        files.sort();
        let mut sources = SourceMap::default();
        for file in files {
            let text = std::fs::read_to_string(&file)?;
            sources.push(&file, edit(&text));
        }
        let group = sources.parse().map_err(|(sources, error)| anyhow::anyhow!("{error} in {sources:?}"))?;
        let package = resolve.push_group(group).with_context(|| format!("in wit/{folder}"))?;
        packages.push(package);
    }
    Ok((resolve, packages))
}
