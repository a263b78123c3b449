//! `happyos skill new`: writes a skill that builds and passes its tests as it stands.

use std::fs;
use std::path::{Path, PathBuf};

use super::sdk;
use crate::cli::args;
use crate::cli::fault::{Doing as _, Fault};
use crate::skills::metadata::check_name;

/// Files of a new skill: name (with `{name}`) and text.
type Template = &'static [(&'static str, &'static str)];

const RUST: Template = &[
    ("Cargo.toml", include_str!("templates/rust/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("templates/rust/lib.rs.txt")),
    ("examples/{name}.json", include_str!("templates/rust/examples.json.txt")),
    ("README.md", include_str!("templates/rust/README.md.txt")),
    (".gitignore", include_str!("templates/rust/gitignore.txt")),
];

const JS: Template = &[
    ("{name}.js", include_str!("templates/js/skill.js.txt")),
    ("README.md", include_str!("templates/js/README.md.txt")),
];

/// Names that are no function names in Rust.
const RUST_KEYWORDS: [&str; 53] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "test",
];

/// Writes a new skill and returns its folder and the files in it.
///
/// # Errors
/// The name cannot be used, the folder has something in it, or it cannot be written.
pub fn write(asked: &args::New, data_dir: &Path) -> Result<(PathBuf, Vec<PathBuf>), Fault> {
    let name = asked.name.as_str();
    check_name(name).map_err(|why| {
        Fault::usage(format!("Failed to make the skill `{name}`: {why}")).hint("for example `word-count`")
    })?;
    if !asked.js && !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err(Fault::usage(format!("Failed to make the skill `{name}`: a crate's name begins with a letter"))
            .hint("give it another name, or write it in JavaScript with `--js`"));
    }
    let folder = asked.dir.clone().unwrap_or_else(|| PathBuf::from(name));
    let taken = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file();
    if taken {
        return Err(Fault::usage(format!("Failed to make the skill `{name}`: `{}` is not empty", folder.display()))
            .hint("give another folder with `--dir DIR`"));
    }
    let template = if asked.js { JS } else { RUST };
    let sdk = if asked.js { PathBuf::new() } else { sdk::unpack(data_dir)? };
    let sdk = toml::Value::String(sdk.display().to_string()).to_string();
    let function = function_name(name);
    let fill = |text: &str| text.replace("{name}", name).replace("{function}", &function).replace("{sdk}", &sdk);
    let mut files = Vec::new();
    for (file, text) in template {
        let path = folder.join(fill(file));
        let doing = || format!("write `{}`", path.display());
        fs::create_dir_all(path.parent().unwrap_or(&folder)).doing(doing)?;
        fs::write(&path, fill(text)).doing(doing)?;
        files.push(path);
    }
    Ok((folder, files))
}

fn function_name(name: &str) -> String {
    let mut function = name.replace('-', "_").to_lowercase();
    if RUST_KEYWORDS.contains(&function.as_str()) || function.trim_matches('_').is_empty() {
        function.push_str("_skill");
    }
    function
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str, js: bool, dir: PathBuf) -> args::New {
        args::New { name: name.into(), js, dir: Some(dir) }
    }

    #[test]
    fn writes_both_kinds_once() {
        let root = tempfile::tempdir().unwrap();
        for (js, main) in [(false, "src/lib.rs"), (true, "word-count.js")] {
            let asked = new("word-count", js, root.path().join(main.replace('/', "-")));
            let (folder, files) = write(&asked, &root.path().join("data")).unwrap();
            assert!(files.contains(&folder.join(main)));
            for file in files {
                let text = fs::read_to_string(&file).unwrap();
                assert!(!text.contains("{name}") && !text.contains("{function}") && !text.contains("{sdk}"), "{text}");
            }
            assert!(write(&asked, root.path()).unwrap_err().message.contains("is not empty"));
        }
    }

    #[test]
    fn names_that_cannot_be_used_are_refused() {
        let root = tempfile::tempdir().unwrap();
        for (name, js) in [("", true), ("a b", true), ("../x", false), ("1st", false)] {
            let fault = write(&new(name, js, root.path().join("x")), root.path()).unwrap_err();
            assert_eq!(fault.code, crate::cli::fault::Code::Usage, "{name}");
        }
        assert_eq!(function_name("Match"), "match_skill");
        assert_eq!(function_name("text-stats"), "text_stats");
    }
}
