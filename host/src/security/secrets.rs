//! Secrets that bundles use and never see: sealed at rest, tied to the hosts they may be sent to.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::files::{self, Key, at};
use super::{Action, Principal, authorise};
use crate::base::{Failure, FailureKind, HttpGrant, check_grant_name};

/// Most secrets at one time.
pub const SECRETS_MAX: usize = 1_000;
/// Longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 16 << 10;
/// Most hosts of one secret.
const HOSTS_MAX: usize = 64;
/// Largest `secrets.json`, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the number that is used once for each sealing. Long enough to be drawn at random.
const NONCE_BYTES: usize = 24;
const NAME: &str = "secrets.json";

/// All secrets of a data directory. Values are sealed in memory, too, until they are used.
pub struct Secrets {
    dir: PathBuf,
    key: Key,
    sealed: ArcSwap<Sealed>,
}

/// A secret as its managers see it: without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretInfo {
    /// Its name.
    pub name: String,
    /// Requests that may carry it.
    pub hosts: Vec<HttpGrant>,
    /// When it was set, in milliseconds since 1970.
    pub set_ms: u64,
}

/// A value in memory: overwritten when dropped, never printed.
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// The value, for putting it into a request.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The file as it was when it was read.
#[derive(Default)]
struct Sealed {
    version: Option<Version>,
    /// By name.
    secrets: Vec<SealedSecret>,
}

/// What of a file changes when another takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    inode: u64,
    bytes: u64,
    modified_s: i64,
    modified_ns: i64,
}

#[derive(Clone)]
struct SealedSecret {
    info: SecretInfo,
    /// The nonce, then what it seals.
    sealed: Vec<u8>,
}

impl Secrets {
    /// Opens the secrets in `data_dir`.
    ///
    /// # Errors
    /// If a file cannot be read or written, or its seal is broken; the message names it.
    pub fn open(data_dir: &Path) -> io::Result<Secrets> {
        let lock = files::lock(data_dir)?;
        let key_path = data_dir.join("secrets.key");
        let sealed = read(&data_dir.join(NAME))?;
        let key = match files::read_key(&key_path)? {
            Some(key) => key,
            None if sealed.secrets.is_empty() => files::make_key(&key_path)?,
            None => {
                let error =
                    format!("it is missing, and `{NAME}` is sealed with it\nhint: restore it, or move `{NAME}` away");
                return Err(at(&key_path, "read", &io::Error::new(io::ErrorKind::NotFound, error)));
            }
        };
        drop(lock);
        let secrets = Secrets { dir: data_dir.to_owned(), key, sealed: ArcSwap::from_pointee(sealed) };
        for secret in &secrets.sealed.load().secrets {
            if secrets.unseal(secret).is_none() {
                let what = format!("the seal of `{}` is broken", secret.info.name);
                return Err(damaged(&secrets.path(), what));
            }
        }
        Ok(secrets)
    }

    /// Sets a secret, in place of one of that name.
    ///
    /// # Errors
    /// `denied` to all but operators, `invalid-input` for a bad name, value or no hosts, `internal` if it cannot be stored.
    pub fn set(
        &self,
        principal: &Principal,
        name: &str,
        value: String,
        hosts: Vec<HttpGrant>,
    ) -> Result<SecretInfo, Failure> {
        let value = Zeroizing::new(value);
        authorise(principal, Action::ManageSecrets)?;
        check_grant_name(name).map_err(|what| invalid(format!("the secret's name {what}")))?;
        check_value(name, &value)?;
        if hosts.is_empty() {
            return Err(invalid(format!("secret `{name}` has no hosts, so no request could ever carry it"))
                .with_hint("say which requests may carry it, such as `api.example.org`"));
        }
        if hosts.len() > HOSTS_MAX {
            return Err(invalid(format!("secret `{name}` has {} hosts, more than {HOSTS_MAX}", hosts.len())));
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let set_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let info = SecretInfo { name: name.to_owned(), hosts, set_ms };
        let secret = self
            .seal(info.clone(), &value)
            .ok_or_else(|| internal(name, "seal", &io::Error::other("the cipher refused it")))?;
        let set = self.change(name, "store", |secrets| {
            let full = secrets.len() >= SECRETS_MAX;
            match secrets.iter_mut().find(|known| known.info.name == name) {
                Some(known) => *known = secret,
                None if full => return false,
                None => secrets.push(secret),
            }
            true
        })?;
        if !set {
            return Err(invalid(format!("there are {SECRETS_MAX} secrets, the most there can be"))
                .with_hint("remove one that is not used: `happyos secret list` shows them"));
        }
        Ok(info)
    }

    /// All secrets, by name.
    ///
    /// # Errors
    /// `denied` to all but operators.
    pub fn list(&self, principal: &Principal) -> Result<Vec<SecretInfo>, Failure> {
        authorise(principal, Action::ManageSecrets)?;
        Ok(self.current().secrets.iter().map(|secret| secret.info.clone()).collect())
    }

    /// Removes one.
    ///
    /// # Errors
    /// `denied` to all but operators, `not-found`, `internal` if it cannot be stored.
    pub fn remove(&self, principal: &Principal, name: &str) -> Result<(), Failure> {
        authorise(principal, Action::ManageSecrets)?;
        let removed = self.change(name, "remove", |secrets| {
            let n_before = secrets.len();
            secrets.retain(|known| known.info.name != name);
            secrets.len() < n_before
        })?;
        if removed {
            return Ok(());
        }
        let shown: String = name.chars().take(80).collect();
        Err(Failure::new(FailureKind::NotFound, format!("there is no secret named {shown:?}"))
            .with_hint("`happyos secret list` shows those there are"))
    }

    /// Whether there is one of that name.
    pub fn has(&self, name: &str) -> bool {
        self.current().find(name).is_some()
    }

    /// A secret's value and the requests that may carry it. Only for the runtime, which puts it into such a request.
    pub fn value(&self, name: &str) -> Option<(SecretValue, Vec<HttpGrant>)> {
        let current = self.current();
        let secret = current.find(name)?;
        let value = self.unseal(secret);
        if value.is_none() {
            tracing::error!(name, path = %self.path().display(), "the seal of a secret is broken");
        }
        Some((value?, secret.info.hosts.clone()))
    }

    fn path(&self) -> PathBuf {
        self.dir.join(NAME)
    }

    /// What the file says now: another process may have changed it. What cannot be read leaves what was.
    fn current(&self) -> Arc<Sealed> {
        let path = self.path();
        if version(&path) != self.sealed.load().version {
            match read(&path) {
                Ok(sealed) => self.sealed.store(Arc::new(sealed)),
                Err(error) => tracing::error!(%error, "the secrets were changed to something that does not read"),
            }
        }
        self.sealed.load_full()
    }

    /// On disk first, as one of any number of processes. A change that says `false` is not written.
    fn change(
        &self,
        name: &str,
        what: &str,
        change: impl FnOnce(&mut Vec<SealedSecret>) -> bool,
    ) -> Result<bool, Failure> {
        let path = self.path();
        let changed = (|| {
            let _lock = files::lock(&self.dir)?;
            let mut secrets = read(&path)?.secrets;
            if !change(&mut secrets) {
                return Ok(false);
            }
            secrets.sort_by(|a, b| a.info.name.cmp(&b.info.name));
            write(&path, &secrets)?;
            self.sealed.store(Arc::new(Sealed { version: version(&path), secrets }));
            Ok(true)
        })();
        changed.map_err(|error| internal(name, what, &error))
    }

    /// The cipher, and what a seal is bound to beside the value: a value moved to another name, or to other hosts,
    /// does not open.
    fn cipher(&self, info: &SecretInfo) -> Option<(XChaCha20Poly1305, Vec<u8>)> {
        let mut bound = b"happyos secret 1\0".to_vec();
        let hosts = info.hosts.iter().map(ToString::to_string);
        for part in [info.name.clone(), info.set_ms.to_string()].into_iter().chain(hosts) {
            bound.extend((part.len() as u64).to_le_bytes());
            bound.extend(part.as_bytes());
        }
        Some((XChaCha20Poly1305::new_from_slice(self.key.as_slice()).ok()?, bound))
    }

    fn seal(&self, info: SecretInfo, value: &str) -> Option<SealedSecret> {
        let (cipher, aad) = self.cipher(&info)?;
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: value.as_bytes(), aad: &aad }).ok()?;
        Some(SealedSecret { info, sealed: [&nonce[..], &sealed].concat() })
    }

    fn unseal(&self, secret: &SealedSecret) -> Option<SecretValue> {
        let (cipher, aad) = self.cipher(&secret.info)?;
        let (nonce, msg) = secret.sealed.split_first_chunk::<NONCE_BYTES>()?;
        let value = Zeroizing::new(cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad: &aad }).ok()?);
        let value = std::str::from_utf8(&value).ok()?;
        Some(SecretValue(Zeroizing::new(value.to_owned())))
    }
}

impl Sealed {
    fn find(&self, name: &str) -> Option<&SealedSecret> {
        self.secrets.iter().find(|secret| secret.info.name == name)
    }
}

/// `secrets.json` as stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSecrets {
    version: u32,
    secrets: Vec<StoredSecret>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSecret {
    name: String,
    hosts: Vec<String>,
    set_ms: u64,
    sealed: String,
}

fn version(path: &Path) -> Option<Version> {
    let metadata = fs::metadata(path).ok()?;
    Some(Version {
        inode: metadata.ino(),
        bytes: metadata.len(),
        modified_s: metadata.mtime(),
        modified_ns: metadata.mtime_nsec(),
    })
}

fn read(path: &Path) -> io::Result<Sealed> {
    // Before reading: what changes in between is read again the next time.
    let version = version(path);
    let Some(bytes) = files::read_bounded(path, FILE_BYTES_MAX)? else { return Ok(Sealed::default()) };
    let stored: StoredSecrets = serde_json::from_slice(&bytes).map_err(|error| damaged(path, error))?;
    if stored.version != 1 {
        return Err(damaged(path, format!("version {} is not 1", stored.version)));
    }
    let parse = |secret: StoredSecret| {
        let of = |what: String| damaged(path, format!("secret {:?}: {what}", secret.name));
        check_grant_name(&secret.name).map_err(of)?;
        let hosts = secret.hosts.iter().map(|host| host.parse().map_err(|what| of(format!("host `{host}` {what}"))));
        let hosts = hosts.collect::<io::Result<_>>()?;
        let sealed = BASE64_STANDARD.decode(&secret.sealed).map_err(|error| of(error.to_string()))?;
        Ok(SealedSecret { info: SecretInfo { name: secret.name, hosts, set_ms: secret.set_ms }, sealed })
    };
    let secrets = stored.secrets.into_iter().map(parse).collect::<io::Result<_>>()?;
    Ok(Sealed { version, secrets })
}

fn write(path: &Path, secrets: &[SealedSecret]) -> io::Result<()> {
    let secrets = secrets.iter().map(|secret| StoredSecret {
        name: secret.info.name.clone(),
        hosts: secret.info.hosts.iter().map(ToString::to_string).collect(),
        set_ms: secret.info.set_ms,
        sealed: BASE64_STANDARD.encode(&secret.sealed),
    });
    let mut text = serde_json::to_vec_pretty(&StoredSecrets { version: 1, secrets: secrets.collect() })?;
    text.push(b'\n');
    files::write_private(path, &text)
}

/// A value goes into a line of a request's head.
fn check_value(name: &str, value: &str) -> Result<(), Failure> {
    if !(1..=VALUE_BYTES_MAX).contains(&value.len()) {
        return Err(invalid(format!("the value of `{name}` has {} bytes, not 1 to {VALUE_BYTES_MAX}", value.len())));
    }
    if value.chars().any(char::is_control) {
        return Err(invalid(format!("the value of `{name}` has a line break or another control character in it")));
    }
    Ok(())
}

fn damaged(path: &Path, what: impl fmt::Display) -> io::Error {
    let what = format!("{what}\nhint: restore it, or move it away and set the secrets again");
    at(path, "read", &io::Error::new(io::ErrorKind::InvalidData, what))
}

fn invalid(message: String) -> Failure {
    Failure::new(FailureKind::InvalidInput, message)
}

/// The cause goes to the log: it may name paths that are no business of the caller's.
fn internal(name: &str, what: &str, error: &io::Error) -> Failure {
    tracing::error!(%error, name, "failed to {what} a secret");
    Failure::new(FailureKind::Internal, format!("failed to {what} secret `{name}`"))
        .with_hint("the daemon's log has the reason")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::security::Role;

    const CANARY: &str = "canary-4711-secret";

    fn operator() -> Principal {
        Principal::authenticated("op", Role::Operator)
    }

    fn hosts() -> Vec<HttpGrant> {
        vec!["GET,POST api.example.org".parse().unwrap()]
    }

    #[test]
    fn values_are_sealed_and_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path()).unwrap();
        let info = secrets.set(&operator(), "github", CANARY.into(), hosts()).unwrap();
        secrets.set(&operator(), "b", "other".into(), hosts()).unwrap();
        for secrets in [&secrets, &Secrets::open(dir.path()).unwrap()] {
            let (value, hosts) = secrets.value("github").unwrap();
            assert_eq!((value.expose(), &hosts), (CANARY, &info.hosts));
            assert_eq!(format!("{value:?}"), "***");
            assert_eq!(secrets.list(&operator()).unwrap()[1], info);
            assert!(secrets.has("github") && !secrets.has("none") && secrets.value("none").is_none());
        }
        for entry in fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let bytes = fs::read(entry.path()).unwrap();
            assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()), "{:?}", entry.path());
        }
        secrets.remove(&operator(), "github").unwrap();
        assert_eq!(secrets.remove(&operator(), "github").unwrap_err().kind, FailureKind::NotFound);
        assert!(!secrets.has("github"));
    }

    #[test]
    fn only_operators_and_only_what_fits() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path()).unwrap();
        let user = Principal::authenticated("u", Role::User);
        assert_eq!(secrets.set(&user, "a", "v".into(), hosts()).unwrap_err().kind, FailureKind::Denied);
        assert_eq!(secrets.list(&user).unwrap_err().kind, FailureKind::Denied);
        assert_eq!(secrets.remove(&user, "a").unwrap_err().kind, FailureKind::Denied);
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        for (name, value, hosts) in [
            ("", "v", hosts()),
            ("a b", "v", hosts()),
            ("a", "", hosts()),
            ("a", "v\n", hosts()),
            ("a", &long, hosts()),
            ("a", "v", Vec::new()),
            ("a", "v", vec![hosts().remove(0); HOSTS_MAX + 1]),
        ] {
            let failure = secrets.set(&operator(), name, value.into(), hosts).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{failure}");
        }
    }

    #[test]
    fn what_another_process_sets_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] = [Secrets::open(dir.path()).unwrap(), Secrets::open(dir.path()).unwrap()];
        one.set(&operator(), "a", "1".into(), hosts()).unwrap();
        other.set(&operator(), "b", "2".into(), hosts()).unwrap();
        one.set(&operator(), "a", "3".into(), hosts()).unwrap();
        for secrets in [&one, &other] {
            assert_eq!(secrets.value("a").unwrap().0.expose(), "3");
            assert_eq!(secrets.value("b").unwrap().0.expose(), "2");
        }
        one.remove(&operator(), "a").unwrap();
        assert!(!other.has("a"));
    }

    #[test]
    fn a_broken_seal_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path()).unwrap();
        secrets.set(&operator(), "github", CANARY.into(), hosts()).unwrap();
        let path = dir.path().join(NAME);
        let text = fs::read_to_string(&path).unwrap();
        // Another host, another name and another value: none opens.
        let stored: StoredSecrets = serde_json::from_str(&text).unwrap();
        let sealed = &stored.secrets[0].sealed;
        let flipped = sealed.replace(&sealed[40..41], if &sealed[40..41] == "A" { "B" } else { "A" });
        for changed in [
            text.replace("api.example.org", "evil.example.org"),
            text.replace("\"github\"", "\"gitlab\""),
            text.replace(sealed, &flipped),
            text.replace(sealed, ""),
        ] {
            assert_ne!(changed, text);
            fs::write(&path, changed).unwrap();
            let error = Secrets::open(dir.path()).err().unwrap().to_string();
            assert!(error.contains("seal of") && error.contains("secrets.json") && error.contains("hint:"), "{error}");
            assert!(secrets.value("github").is_none() && secrets.value("gitlab").is_none());
        }
        for garbage in ["", "{}", "{\"version\":2,\"secrets\":[]}"] {
            fs::write(&path, garbage).unwrap();
            assert!(Secrets::open(dir.path()).err().unwrap().to_string().contains("secrets.json"));
        }
        fs::write(&path, text).unwrap();
        fs::remove_file(dir.path().join("secrets.key")).unwrap();
        let error = Secrets::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("secrets.key") && error.contains("hint:"), "{error}");
    }
}
