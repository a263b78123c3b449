//! `happyos key`: keys that sign bundles, and those whose bundles are trusted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fault::{Doing as _, Fault};
use super::{Context, Global, args, output};
use crate::base::check_grant_name;
use crate::config::Environment;
use crate::security::signing::{KeyPair, PublicKey};

/// Most own keys that are listed.
const OWN_MAX: usize = 1_000;

#[derive(Deserialize)]
struct KeyList {
    keys: Vec<Key>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    publisher: String,
    public: String,
}

/// A key of this user's.
#[derive(Serialize)]
struct OwnKey {
    name: String,
    public: String,
    file: String,
}

pub fn run(context: &Context, asked: &args::Key) -> Result<(), Fault> {
    let voice = context.voice;
    match asked {
        args::Key::New { name, dir } => {
            let dir = keys_dir(dir.as_deref())?;
            check_name(name, "make the key")?;
            let made = KeyPair::create(&dir, name);
            let (pair, file) = made.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Fault::failed(error.to_string()).hint("choose another name; a key is never replaced")
                }
                _ => Fault::failed(error.to_string()),
            })?;
            let public = pair.public().to_string();
            if voice.json {
                return output::print_json(&json!({ "name": name, "public": public, "file": file }));
            }
            output::print(&format!("{public}\n"))?;
            voice.note(&format!("the private half is `{}`: keep it to yourself", file.display()));
            voice.note(&format!("next: happyos skill sign FILE --key {name}"));
            voice.note(&format!("those who trust you: happyos key trust {name} {public}"));
            Ok(())
        }
        args::Key::Trust { publisher, public } => {
            let doing = format!("trust the key of `{publisher}`");
            check_name(publisher, &doing)?;
            PublicKey::parse(public).map_err(|what| {
                Fault::usage(format!("Failed to {doing}: `{public}` {what}")).hint("`happyos key new` prints it")
            })?;
            let path = format!("/v1/keys/{publisher}");
            let body = json!({ "public": public });
            let key: Key = context.with_any(async |client| client.put(&path, &body, &doing).await)?;
            if voice.json {
                return output::print_json(&json!(key));
            }
            voice.note(&format!("bundles that `{publisher}` signs with this key are trusted to be theirs"));
            Ok(())
        }
        args::Key::Distrust { publisher } => {
            let doing = format!("distrust the key of `{publisher}`");
            check_name(publisher, &doing)?;
            context.with_any(async |client| client.delete(&format!("/v1/keys/{publisher}"), &doing).await)?;
            if voice.json {
                return output::print_json(&json!({ "distrusted": publisher }));
            }
            voice.note(&format!("bundles that `{publisher}` signs are no longer trusted"));
            Ok(())
        }
        args::Key::List { dir } => list(context, dir.as_deref()),
    }
}

fn list(context: &Context, dir: Option<&Path>) -> Result<(), Fault> {
    let own = own_keys(&keys_dir(dir)?, context)?;
    let trusted: KeyList = context.with_any(async |client| client.get("/v1/keys", "list the trusted keys").await)?;
    if context.voice.json {
        return output::print_json(&json!({ "trusted": trusted.keys, "own": own }));
    }
    let mut table = output::table(&["name", "key", "public half"]);
    for key in &trusted.keys {
        table.add_row([&*key.publisher, "trusted", &*key.public]);
    }
    for key in &own {
        table.add_row([&*key.name, "own", &*key.public]);
    }
    output::print_table(&table)
}

/// The keys in a folder, by name. One that does not read is noted and left out.
fn own_keys(dir: &Path, context: &Context) -> Result<Vec<OwnKey>, Fault> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Fault::failed(format!("Failed to read `{}`: {error}", dir.display()))),
    };
    let mut own = Vec::new();
    for entry in entries.take(OWN_MAX) {
        let path = entry.doing(|| format!("read `{}`", dir.display()))?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let Some(name) = name.filter(|_| path.extension().is_some_and(|extension| extension == "key")) else {
            continue;
        };
        match KeyPair::open(&path) {
            Ok(pair) => own.push(OwnKey {
                name: name.to_owned(),
                public: pair.public().to_string(),
                file: path.display().to_string(),
            }),
            Err(error) => context.voice.note(&format!("note: {error}")),
        }
    }
    own.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(own)
}

/// The folder of this user's keys.
pub fn keys_dir(asked: Option<&Path>) -> Result<PathBuf, Fault> {
    match asked {
        Some(dir) => Global::absolute(dir),
        None => Environment::of_process().keys_dir().ok_or_else(|| {
            Fault::usage("Failed to find the folder of keys: neither `XDG_CONFIG_HOME` nor `HOME` is set")
                .hint("name it with `--dir DIR`")
        }),
    }
}

fn check_name(name: &str, doing: &str) -> Result<(), Fault> {
    check_grant_name(name).map_err(|what| Fault::usage(format!("Failed to {doing}: the name {what}")))
}
