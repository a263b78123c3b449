//! Publishers' keys and detached signatures of bundles (Ed25519).

use std::fmt::{self, Write as _};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::files::{at, read_private};
use crate::base::{Digest, Requests, check_grant_name};

/// What a written public key begins with.
const PUBLIC_PREFIX: &str = "ed25519:";
/// What a written private key begins with, so that people and secret scanners know one when they see it.
const PRIVATE_PREFIX: &str = "happyos-private-ed25519:";
/// Largest private key file, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 256;
/// What every signed message begins with: a signature over anything else is none over a bundle.
const DOMAIN: &[u8] = b"happyos bundle signature, format 1\0";
/// The format of signature files.
const FORMAT: u32 = 1;

/// A publisher's public key. Written as `ed25519:` and base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads what [`std::fmt::Display`] writes.
    ///
    /// # Errors
    /// Says what a key looks like.
    pub fn parse(text: &str) -> Result<PublicKey, String> {
        let wrong = || format!("is not a public key: `{PUBLIC_PREFIX}` and 44 characters of base64");
        let encoded = text.strip_prefix(PUBLIC_PREFIX).ok_or_else(wrong)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| wrong())?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong())?;
        match VerifyingKey::from_bytes(&bytes) {
            // A weak key accepts signatures that nobody made.
            Ok(key) if !key.is_weak() => Ok(PublicKey(bytes)),
            _ => Err("is no point of the curve that a key can be".into()),
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", BASE64_STANDARD.encode(self.0))
    }
}

/// What a signature is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The digest of the bundle's bytes.
    pub digest: Digest,
    /// Its name.
    pub name: &'a str,
    /// Its version: a signed bundle has one.
    pub version: &'a str,
    /// What it asks for.
    pub requests: &'a Requests,
}

impl Signed<'_> {
    /// Each part behind its length, so that nothing can move from one part to the next.
    fn message(&self) -> Vec<u8> {
        let mut message = DOMAIN.to_vec();
        let requests = canonical(self.requests);
        for part in [self.digest.as_bytes(), self.name.as_bytes(), self.version.as_bytes(), requests.as_bytes()] {
            message.extend((part.len() as u64).to_le_bytes());
            message.extend(part);
        }
        message
    }
}

/// What is asked for as lines that are the same however the manifest orders them.
fn canonical(requests: &Requests) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Escaped, so that no entry can look like two.
    let mut line = |kind: &str, what: &str| lines.push(format!("{kind} {}\n", what.escape_default()));
    if let Some(bytes) = requests.kv_bytes {
        line("kv", &bytes.to_string());
    }
    requests.http.iter().for_each(|http| line("http", &http.to_string()));
    requests.secrets.iter().for_each(|name| line("secret", name));
    requests.files.iter().for_each(|folder| line("files", &folder.to_string()));
    requests.env.iter().for_each(|name| line("env", name));
    lines.sort_unstable();
    lines.dedup();
    lines.concat()
}

/// A private key as it lies on disk, mode 0600. Overwritten in memory when dropped.
pub struct KeyPair {
    key: SigningKey,
}

impl KeyPair {
    /// Makes a key and writes it to `DIR/NAME.key`; an existing one is not replaced.
    ///
    /// # Errors
    /// If it exists or cannot be written; the message names the file.
    pub fn create(dir: &Path, name: &str) -> io::Result<(KeyPair, PathBuf)> {
        check_grant_name(name)
            .map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, format!("the name {what}")))?;
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| at(dir, "create", &error))?;
        let path = dir.join(format!("{name}.key"));
        let mut seed = Zeroizing::new([0; 32]);
        rand::rng().fill_bytes(seed.as_mut_slice());
        let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_BYTES_MAX as usize));
        text.push_str(PRIVATE_PREFIX);
        BASE64_STANDARD.encode_string(seed.as_slice(), &mut text);
        text.push('\n');
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| at(&path, "create", &error))?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| File::open(dir)?.sync_all()) {
            // Half a key is of no use, and would be in the way of the next try.
            let _ = fs::remove_file(&path);
            return Err(at(&path, "write", &error));
        }
        Ok((KeyPair { key: SigningKey::from_bytes(&seed) }, path))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// If it is not there, is readable by others, or is no key; the message names the file.
    pub fn open(path: &Path) -> io::Result<KeyPair> {
        let missing = || at(path, "read", &io::Error::new(io::ErrorKind::NotFound, "there is no such file"));
        let text = read_private(path, KEY_FILE_BYTES_MAX)?.ok_or_else(missing)?;
        let read = || {
            let encoded = text.trim_ascii().strip_prefix(PRIVATE_PREFIX.as_bytes())?;
            let seed = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
            <[u8; 32]>::try_from(seed.as_slice()).ok().map(Zeroizing::new)
        };
        let seed = read().ok_or_else(|| {
            let error = io::Error::new(io::ErrorKind::InvalidData, "it is no key that `happyos key new` made");
            at(path, "read", &error)
        })?;
        Ok(KeyPair { key: SigningKey::from_bytes(&seed) })
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }

    /// The text of a signature file, for `FILE.sig` beside `FILE`.
    pub fn sign(&self, signed: &Signed<'_>) -> String {
        let stated = SignatureFile {
            format: FORMAT,
            key: self.public().to_string(),
            name: signed.name.to_owned(),
            version: signed.version.to_owned(),
            digest: signed.digest.to_string(),
            requests: canonical(signed.requests),
            signature: BASE64_STANDARD.encode(self.key.sign(&signed.message()).to_bytes()),
        };
        let mut text = String::new();
        // Strings and a number: there is nothing in it that could not be written.
        let _ = writeln!(text, "{}", serde_json::to_string_pretty(&stated).unwrap_or_default());
        text
    }
}

/// A signature file. All but the signature and the key is for people: it is compared with the bundle and never believed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    format: u32,
    key: String,
    name: String,
    version: String,
    digest: String,
    requests: String,
    signature: String,
}

/// Where the signature of a bundle's file lies: its whole name and `.sig`.
pub fn signature_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// Largest signature file, in bytes.
pub const SIGNATURE_BYTES_MAX: u64 = 64 << 10;

/// Checks the text of a signature file against a bundle; gives the publisher whose key made it.
///
/// # Errors
/// What is wrong, in a sentence: no signature file, another bundle's, a key that nobody trusts, a forgery.
pub fn verify<'k>(
    text: &str,
    signed: &Signed<'_>,
    mut keys: impl Iterator<Item = (&'k str, &'k PublicKey)>,
) -> Result<&'k str, String> {
    if text.len() as u64 > SIGNATURE_BYTES_MAX {
        return Err(format!("its signature file has more than {SIGNATURE_BYTES_MAX} bytes"));
    }
    let stated: SignatureFile =
        serde_json::from_str(text).map_err(|error| format!("its signature file does not read: {error}"))?;
    if stated.format != FORMAT {
        return Err(format!("its signature file has format {}, and this knows only {FORMAT}", stated.format));
    }
    let (digest, requests) = (signed.digest.to_string(), canonical(signed.requests));
    for (what, stated, own) in [
        ("digest", &stated.digest, digest.as_str()),
        ("name", &stated.name, signed.name),
        ("version", &stated.version, signed.version),
        ("requests", &stated.requests, requests.as_str()),
    ] {
        if stated != own {
            return Err(format!("its signature is for another bundle: the {what} is not that of this one"));
        }
    }
    let key = PublicKey::parse(&stated.key).map_err(|what| format!("the key in its signature file {what}"))?;
    let (publisher, key) = keys
        .find(|(_, trusted)| **trusted == key)
        .ok_or_else(|| format!("it is signed with a key that is not trusted: {key}"))?;
    let forged = || "its signature is forged or damaged".to_owned();
    let signature = BASE64_STANDARD.decode(&stated.signature).map_err(|_| forged())?;
    let signature = Signature::from_slice(&signature).map_err(|_| forged())?;
    let key = VerifyingKey::from_bytes(&key.0).map_err(|_| forged())?;
    key.verify_strict(&signed.message(), &signature).map_err(|_| forged())?;
    Ok(publisher)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn requests() -> Requests {
        Requests {
            kv_bytes: Some(1024),
            http: vec!["b.org".parse().unwrap(), "a.org".parse().unwrap()],
            ..Requests::default()
        }
    }

    fn signed(requests: &Requests) -> Signed<'_> {
        Signed { digest: Digest::of(b"bundle"), name: "notes", version: "1.2.0", requests }
    }

    #[test]
    fn a_signature_is_for_one_bundle_by_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let (pair, path) = KeyPair::create(dir.path(), "acme").unwrap();
        let requests = requests();
        let own = signed(&requests);
        let text = KeyPair::open(&path).unwrap().sign(&own);
        let public = pair.public();
        let check = |text: &str, signed: &Signed<'_>, key: &PublicKey| {
            verify(text, signed, [("acme", key)].into_iter()).map(str::to_owned)
        };
        assert_eq!(check(&text, &own, &public).as_deref(), Ok("acme"));
        let reordered = Requests { http: requests.http.iter().rev().cloned().collect(), ..requests.clone() };
        assert!(check(&text, &signed(&reordered), &public).is_ok(), "the order of requests means nothing");

        let more = Requests { secrets: vec!["github".into()], ..requests.clone() };
        for (other, what) in [
            (Signed { digest: Digest::of(b"bundlf"), ..own.clone() }, "the digest is not"),
            (Signed { name: "note", ..own.clone() }, "the name is not"),
            (Signed { version: "1.2.1", ..own.clone() }, "the version is not"),
            (Signed { requests: &more, ..own.clone() }, "the requests is not"),
        ] {
            let error = check(&text, &other, &public).unwrap_err();
            assert!(error.contains(what), "{error}");
            // Nor does it help to write what the bundle is into the file: that breaks the signature.
            let mut stated: SignatureFile = serde_json::from_str(&text).unwrap();
            stated.digest = other.digest.to_string();
            stated.name = other.name.into();
            stated.version = other.version.into();
            stated.requests = canonical(other.requests);
            let error = check(&serde_json::to_string(&stated).unwrap(), &other, &public).unwrap_err();
            assert!(error.contains("forged"), "{error}");
        }
        let other = KeyPair::create(dir.path(), "other").unwrap().0.public();
        let error = check(&text, &own, &other).unwrap_err();
        assert!(error.contains("not trusted") && error.contains(&public.to_string()), "{error}");
        assert!(verify(&text, &own, std::iter::empty()).is_err());
    }

    #[test]
    fn no_flipped_bit_passes() {
        let dir = tempfile::tempdir().unwrap();
        let (pair, _) = KeyPair::create(dir.path(), "acme").unwrap();
        let requests = requests();
        let own = signed(&requests);
        let text = pair.sign(&own);
        let key = pair.public();
        for index in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[index] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let same = serde_json::from_str::<serde_json::Value>(&changed).ok() == serde_json::from_str(&text).ok();
                assert_eq!(
                    verify(&changed, &own, [("acme", &key)].into_iter()).is_ok(),
                    same,
                    "{index}.{bit}: {changed}"
                );
            }
        }
        for garbage in
            ["", "{}", "null", "[1]", "\u{0}", &"{".repeat(1_000), &" ".repeat(SIGNATURE_BYTES_MAX as usize + 1)]
        {
            assert!(verify(garbage, &own, [("acme", &key)].into_iter()).is_err());
        }
        assert!(
            verify(&text.replace("\"format\": 1", "\"format\": 2"), &own, [("acme", &key)].into_iter())
                .unwrap_err()
                .contains("format 2")
        );
    }

    #[test]
    fn private_keys_are_private_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("keys");
        let (pair, path) = KeyPair::create(&dir, "acme").unwrap();
        for (path, mode) in [(&dir, 0o700), (&path, 0o600)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
        let again = KeyPair::create(&dir, "acme").err().unwrap();
        assert!(again.to_string().contains("acme.key"), "{again}");
        assert_eq!(KeyPair::open(&path).unwrap().public(), pair.public());
        for name in ["", "../x", "a/b"] {
            assert!(KeyPair::create(&dir, name).is_err());
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = KeyPair::open(&path).err().unwrap().to_string();
        assert!(error.contains("640") && error.contains("hint: `chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for garbage in ["", "happyos-private-ed25519:AAAA", &"x".repeat(1_000)] {
            fs::write(&path, garbage).unwrap();
            assert!(KeyPair::open(&path).err().unwrap().to_string().contains("acme.key"));
        }
        assert!(KeyPair::open(&dir.join("none.key")).is_err());
    }

    #[test]
    fn a_public_key_reads_back_and_weak_ones_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let public = KeyPair::create(dir.path(), "a").unwrap().0.public();
        assert_eq!(PublicKey::parse(&public.to_string()), Ok(public));
        let weak = format!("ed25519:{}", BASE64_STANDARD.encode([0; 32]));
        for text in ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA", weak.as_str()] {
            assert!(PublicKey::parse(text).is_err(), "{text}");
        }
    }
}
