//! `happyos skill sign`: a signature beside a bundle's file.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::fault::Fault;
use super::{Context, args, keys, output};
use crate::security::signing::{KeyPair, Signed, signature_path};
use crate::skills;

pub fn run(context: &Context, asked: &args::Sign) -> Result<(), Fault> {
    let failed = |what: String| Fault::failed(format!("Failed to sign `{}`: {what}", asked.file.display()));
    let bytes_max = context.config.compile.bundle_bytes_max;
    let (manifest, digest) = skills::read_manifest(&asked.file, bytes_max).map_err(|refusal| {
        let fault = failed(refusal.reason);
        Fault { hint: refusal.hint, ..fault }
    })?;
    let version = manifest.version.as_deref().ok_or_else(|| {
        failed("its manifest gives no version".into())
            .hint("a signature is for one version: add `version` to the manifest, and raise it with each release")
    })?;
    let requests = manifest.requests().map_err(failed)?;
    let key_file = key_file(asked)?;
    let pair = KeyPair::open(&key_file).map_err(|error| {
        Fault::failed(error.to_string()).hint(format!("`happyos key new {}` makes a key", asked.key))
    })?;
    let text = pair.sign(&Signed { digest, name: &manifest.name, version, requests: &requests });
    let path = signature_path(&asked.file);
    write(&path, &text).map_err(|error| Fault::failed(format!("Failed to write `{}`: {error}", path.display())))?;
    if context.voice.json {
        return output::print_json(&json!({
            "name": manifest.name,
            "version": version,
            "digest": digest.to_string(),
            "public": pair.public().to_string(),
            "signature": path,
        }));
    }
    output::print(&format!("signed `{}` {version}: {}\n", manifest.name, path.display()))?;
    context.voice.note("it goes where the bundle goes, and is for these bytes alone: sign again after each change");
    Ok(())
}

/// A key's file by its name in the folder of keys, or as it is where it is a path.
fn key_file(asked: &args::Sign) -> Result<PathBuf, Fault> {
    if asked.key.contains('/') {
        return Ok(PathBuf::from(&asked.key));
    }
    Ok(keys::keys_dir(asked.dir.as_deref())?.join(format!("{}.key", asked.key)))
}

/// Whole, as a daemon may be watching; and for all to read, as the bundle is.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().prefix(".sign-").permissions(Permissions::from_mode(0o644)).tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
