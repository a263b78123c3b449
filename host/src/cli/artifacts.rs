//! `happyos task artifacts`: the files of a request, written into one folder and never anywhere else.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use serde::Deserialize;
use serde_json::json;

use super::fault::{Doing as _, Fault};
use super::{Context, ask, output};

/// Longest name of a file that is written, in bytes.
const NAME_BYTES_MAX: usize = 120;

#[derive(Deserialize)]
struct List {
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    media_type: String,
    data: String,
}

pub fn write(context: &Context, id: &str, out: &Path) -> Result<(), Fault> {
    let list: List = context.with_any(async |client| {
        let id = ask::task_id(&client, id).await?;
        client.get(&format!("/v1/tasks/{id}/artifacts"), &format!("read the files of the task `{id}`")).await
    })?;
    let names = safe_names(list.artifacts.iter().map(|artifact| artifact.name.as_str()));
    if let Some(there) = names.iter().find(|name| out.join(name).symlink_metadata().is_ok()) {
        let path = out.join(there);
        return Err(Fault::failed(format!("Failed to write `{}`: it is there already", path.display()))
            .hint("nothing is overwritten: name another folder with `--out`"));
    }
    if !names.is_empty() {
        fs::create_dir_all(out).doing(|| format!("make the folder `{}`", out.display()))?;
    }
    let mut written = Vec::new();
    for (artifact, name) in list.artifacts.iter().zip(&names) {
        let path = out.join(name);
        let doing = || format!("write `{}`", path.display());
        let data = base64::engine::general_purpose::STANDARD
            .decode(&artifact.data)
            .map_err(|error| Fault::failed(format!("Failed to {}: {error}", doing())))?;
        // Never through a link, and never over what is there.
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).doing(doing)?;
        file.write_all(&data).doing(doing)?;
        written.push((path, data.len(), &artifact.media_type));
    }
    if context.voice.json {
        let files = written.iter().map(|(path, bytes, media_type)| {
            json!({"path": path.display().to_string(), "bytes": bytes, "media_type": media_type})
        });
        return output::print_json(&json!({ "files": files.collect::<Vec<_>>() }));
    }
    for (path, bytes, _) in &written {
        let size = output::bytes(u64::try_from(*bytes).unwrap_or(u64::MAX));
        output::print(&format!("{}  {size}\n", path.display()))?;
    }
    if written.is_empty() {
        context.voice.note("no files came with it");
    }
    Ok(())
}

/// Names for files in one folder, each once: what a guest calls a file is only a proposal.
fn safe_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = HashSet::new();
    let one = |name: &str| {
        let safe = safe(name);
        let (stem, ending) = match safe.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem.to_owned(), format!(".{ending}")),
            _ => (safe.clone(), String::new()),
        };
        let mut own = safe;
        let mut number = 2;
        // Some file systems take names for the same that differ in case only.
        while !taken.insert(own.to_lowercase()) {
            own = format!("{stem}-{number}{ending}");
            number += 1;
        }
        own
    };
    names.map(one).collect()
}

/// The last part of `name` with letters, digits and a few marks; never a folder, hidden, or empty.
fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')') { c } else { '_' })
        .collect();
    let plain = plain.trim_matches([' ', '.']);
    let cut = plain.get(..plain.floor_char_boundary(NAME_BYTES_MAX)).unwrap_or_default().trim_end_matches([' ', '.']);
    if cut.chars().any(char::is_alphanumeric) { cut.to_owned() } else { "file".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder_and_apart() {
        let names = [
            "report.txt",
            "../../etc/passwd",
            "/etc/shadow",
            "..\\x.txt",
            "..",
            "",
            "a/b/",
            ".bashrc",
            "Report.TXT",
            "report.txt",
            "a\u{202e}b\n.txt",
            "NUL:",
            "å ä.md",
        ];
        let safe = safe_names(names.into_iter());
        assert_eq!(
            safe,
            [
                "report.txt",
                "passwd",
                "shadow",
                "x.txt",
                "file",
                "file-2",
                "file-3",
                "bashrc",
                "Report-2.TXT",
                "report-3.txt",
                "a_b_.txt",
                "NUL_",
                "å ä.md",
            ]
        );
        assert!(safe_names([&*"x".repeat(1_000)].into_iter())[0].len() <= NAME_BYTES_MAX);
    }
}
