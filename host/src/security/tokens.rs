//! Named bearer tokens: made, verified, listed and revoked; at rest only the SHA-256 of their secrets.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::files::{at, write_private};
use super::{Action, Principal, Role, authorise};
use crate::base::{Digest, Failure, FailureKind};

/// Most tokens at one time.
pub const TOKENS_MAX: usize = 256;
/// What a secret starts with, so that people and secret scanners know one when they see it.
pub const SECRET_PREFIX: &str = "hos_";
/// Bytes of randomness in a secret.
const SECRET_BYTES: usize = 32;
/// Length of a whole secret: the prefix and two hexadecimal digits a byte.
const SECRET_LENGTH: usize = SECRET_PREFIX.len() + 2 * SECRET_BYTES;
/// Largest `tokens.json` that is read.
const FILE_BYTES_MAX: u64 = 256 << 10;
/// The name of the token that is made with a new data directory.
const FIRST_NAME: &str = "first";

/// All tokens of a data directory. One process owns it, so what is in memory is what is on disk.
pub struct Tokens {
    dir: PathBuf,
    /// Read without waiting, also while a change is on its way to disk.
    tokens: ArcSwap<Vec<Token>>,
    changing: Mutex<()>,
}

/// A token as its managers see it. The secret is known only to whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its name: the name of the principal it proves.
    pub name: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// When it was made, to the second.
    pub created: SystemTime,
    /// When it stops working; `None` is never.
    pub expires: Option<SystemTime>,
}

#[derive(Clone)]
struct Token {
    info: TokenInfo,
    secret_digest: Digest,
}

impl Tokens {
    /// Opens the tokens in `dir`, which is made if it is not there, mode 0700. Where there are none yet, an operator's
    /// token named `first` is made and its secret put into [`Tokens::first_secret_path`].
    ///
    /// # Errors
    /// If a file cannot be read or written, or is not what it should be; the message names it.
    pub fn open(dir: &Path) -> io::Result<Tokens> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| at(dir, "create", &error))?;
        let path = dir.join("tokens.json");
        let tokens = match read(&path)? {
            Some(tokens) => tokens,
            None => {
                let (token, secret) = new_token(FIRST_NAME.into(), Role::Operator, None)?;
                // The secret goes first: a crash between the two makes a new one, never a token nobody knows.
                write_private(&Tokens::first_secret_path(dir), format!("{secret}\n").as_bytes())?;
                let tokens = vec![token];
                write(&path, &tokens)?;
                tokens
            }
        };
        Ok(Tokens { dir: dir.to_owned(), tokens: ArcSwap::from_pointee(tokens), changing: Mutex::new(()) })
    }

    /// Where the secret of the first token is, mode 0600, until its token is revoked.
    pub fn first_secret_path(dir: &Path) -> PathBuf {
        dir.join("first-token")
    }

    /// Makes a token and returns it with its secret, which cannot be had again.
    ///
    /// # Errors
    /// `denied` to all but operators; `invalid-input` for a bad or taken name, an expiry that has passed, or one token
    /// too many; `internal` if it could not be stored.
    pub fn create(
        &self,
        principal: &Principal,
        name: &str,
        role: Role,
        expires: Option<SystemTime>,
    ) -> Result<(TokenInfo, String), Failure> {
        authorise(principal, Action::ManageTokens)?;
        check_name(name)?;
        if expires.is_some_and(|expires| expires <= SystemTime::now()) {
            return Err(invalid(format!("token `{name}` would have expired already")));
        }
        let _changing = self.lock();
        let mut tokens = Vec::clone(&self.tokens.load());
        if tokens.iter().any(|token| &*token.info.name == name) {
            return Err(invalid(format!("there is a token named `{name}` already"))
                .with_hint(format!("choose another name, or `happyos token revoke {name}` first")));
        }
        if tokens.len() >= TOKENS_MAX {
            return Err(invalid(format!("there are {TOKENS_MAX} tokens, the most there can be"))
                .with_hint("revoke one that is not used: `happyos token list` shows them"));
        }
        let (token, secret) =
            new_token(name.into(), role, expires).map_err(|error| internal(name, "create", &error))?;
        let info = token.info.clone();
        tokens.push(token);
        self.replace(tokens).map_err(|error| internal(name, "store", &error))?;
        Ok((info, secret))
    }

    /// Who holds `secret`, if it is a token's and has not expired at `now`. Takes as long for a wrong secret as for a
    /// right one.
    pub fn verify(&self, secret: &str, now: SystemTime) -> Option<Principal> {
        if secret.len() != SECRET_LENGTH {
            return None;
        }
        let digest = Digest::of(secret.as_bytes());
        let tokens = self.tokens.load();
        let mut found = None;
        for token in tokens.iter() {
            if same_in_constant_time(token.secret_digest.as_bytes(), digest.as_bytes()) {
                found = Some(&token.info);
            }
        }
        let info = found.filter(|info| info.expires.is_none_or(|expires| now < expires))?;
        Some(Principal::authenticated(info.name.clone(), info.role))
    }

    /// All tokens in the order they were made, expired ones included.
    ///
    /// # Errors
    /// `denied` to all but operators.
    pub fn list(&self, principal: &Principal) -> Result<Vec<TokenInfo>, Failure> {
        authorise(principal, Action::ManageTokens)?;
        Ok(self.tokens.load().iter().map(|token| token.info.clone()).collect())
    }

    /// Removes a token; it stops working at once.
    ///
    /// # Errors
    /// `denied` to all but operators; `not-found`; `internal` if it could not be stored: then it still works.
    pub fn revoke(&self, principal: &Principal, name: &str) -> Result<(), Failure> {
        authorise(principal, Action::ManageTokens)?;
        let _changing = self.lock();
        let mut tokens = Vec::clone(&self.tokens.load());
        let n_before = tokens.len();
        tokens.retain(|token| &*token.info.name != name);
        if tokens.len() == n_before {
            return Err(Failure::new(FailureKind::NotFound, format!("there is no token named `{name}`"))
                .with_hint("`happyos token list` shows those there are"));
        }
        self.replace(tokens).map_err(|error| internal(name, "revoke", &error))?;
        if name == FIRST_NAME
            && let Err(error) = fs::remove_file(Tokens::first_secret_path(&self.dir))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the revoked first token's secret could not be removed from the data directory");
        }
        Ok(())
    }

    /// On disk first: what works must survive a crash, and what was revoked must not come back.
    fn replace(&self, tokens: Vec<Token>) -> io::Result<()> {
        write(&self.dir.join("tokens.json"), &tokens)?;
        self.tokens.store(Arc::new(tokens));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names of principals without a token; who had one of these would be taken for them.
const RESERVED: [&str; 2] = ["local", "daemon"];

/// A name is what people type and logs show: 1 to 64 of `A-Z a-z 0-9 _ - .`.
fn check_name(name: &str) -> Result<(), Failure> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if RESERVED.contains(&name) {
        return Err(invalid(format!("`{name}` is what the daemon calls itself or its own user"))
            .with_hint("choose another name"));
    }
    if fits {
        return Ok(());
    }
    let shown: String = name.chars().take(80).collect();
    Err(invalid(format!("token name {shown:?} is not 1 to 64 of `A-Z a-z 0-9 _ - .`")))
}

fn new_token(name: Arc<str>, role: Role, expires: Option<SystemTime>) -> io::Result<(Token, String)> {
    use std::fmt::Write as _;
    let mut bytes = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    let mut secret = String::with_capacity(SECRET_LENGTH);
    secret.push_str(SECRET_PREFIX);
    for byte in bytes {
        write!(secret, "{byte:02x}").map_err(io::Error::other)?;
    }
    let info = TokenInfo {
        name,
        role,
        created: from_unix_s(unix_s(SystemTime::now())),
        expires: expires.map(|expires| from_unix_s(unix_s(expires))),
    };
    let secret_digest = Digest::of(secret.as_bytes());
    Ok((Token { info, secret_digest }, secret))
}

/// Compares all bytes whatever they are, so that the time taken says nothing about where two digests part.
fn same_in_constant_time(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b));
    std::hint::black_box(differing) == 0
}

/// `tokens.json` as stored. Times are whole seconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTokens {
    version: u32,
    tokens: Vec<StoredToken>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredToken {
    name: String,
    role: String,
    secret_sha256: String,
    created_s: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_s: Option<u64>,
}

fn read(path: &Path) -> io::Result<Option<Vec<Token>>> {
    let length = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, "read", &error)),
    };
    if length > FILE_BYTES_MAX {
        return Err(damaged(path, format!("{length} bytes are more than {FILE_BYTES_MAX}")));
    }
    let text = fs::read(path).map_err(|error| at(path, "read", &error))?;
    let stored: StoredTokens = serde_json::from_slice(&text).map_err(|error| damaged(path, error))?;
    if stored.version != 1 {
        return Err(damaged(path, format!("version {} is not 1", stored.version)));
    }
    stored.tokens.into_iter().map(|token| parse(path, token)).collect::<io::Result<_>>().map(Some)
}

fn parse(path: &Path, token: StoredToken) -> io::Result<Token> {
    let of = |what: &str| damaged(path, format!("token {:?}: {what}", token.name));
    let role = Role::parse(&token.role).ok_or_else(|| of("no such role"))?;
    let secret_digest = Digest::parse(&token.secret_sha256).ok_or_else(|| of("`secret_sha256` is not a SHA-256"))?;
    check_name(&token.name).map_err(|failure| of(&failure.message))?;
    let info = TokenInfo {
        name: token.name.into(),
        role,
        created: from_unix_s(token.created_s),
        expires: token.expires_s.map(from_unix_s),
    };
    Ok(Token { info, secret_digest })
}

fn write(path: &Path, tokens: &[Token]) -> io::Result<()> {
    let tokens = tokens.iter().map(|token| StoredToken {
        name: token.info.name.to_string(),
        role: token.info.role.as_str().to_owned(),
        secret_sha256: token.secret_digest.to_string(),
        created_s: unix_s(token.info.created),
        expires_s: token.info.expires.map(unix_s),
    });
    let stored = StoredTokens { version: 1, tokens: tokens.collect() };
    let mut text = serde_json::to_vec_pretty(&stored)?;
    text.push(b'\n');
    write_private(path, &text)
}

fn unix_s(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Seconds that no clock can show count as the start of time: for an expiry that is the safe side.
fn from_unix_s(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

fn damaged(path: &Path, what: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!(
            "Failed to read `{}`: {what}\nhint: restore it, or move it away: then a new first token is made",
            path.display()
        ),
    )
}

fn invalid(message: String) -> Failure {
    Failure::new(FailureKind::InvalidInput, message)
}

/// The cause goes to the log: it may name paths that are no business of the caller's.
fn internal(name: &str, what: &str, error: &io::Error) -> Failure {
    tracing::error!(%error, name, "failed to {what} a token");
    Failure::new(FailureKind::Internal, format!("failed to {what} token `{name}`"))
        .with_hint("the daemon's log has the reason")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn operator() -> Principal {
        Principal::authenticated("op", Role::Operator)
    }

    #[test]
    fn the_first_token_is_made_once_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let secret = {
            let tokens = Tokens::open(&data).unwrap();
            let secret = fs::read_to_string(Tokens::first_secret_path(&data)).unwrap();
            let principal = tokens.verify(secret.trim(), SystemTime::now()).unwrap();
            assert_eq!((principal.name(), principal.role()), ("first", Role::Operator));
            secret
        };
        for (file, mode) in [("", 0o700), ("tokens.json", 0o600), ("first-token", 0o600)] {
            let found = fs::metadata(data.join(file)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{file}");
        }
        let at_rest = fs::read_to_string(data.join("tokens.json")).unwrap();
        assert!(!at_rest.contains(secret.trim()));

        let tokens = Tokens::open(&data).unwrap();
        assert!(tokens.verify(secret.trim(), SystemTime::now()).is_some());
        tokens.revoke(&operator(), "first").unwrap();
        assert!(tokens.verify(secret.trim(), SystemTime::now()).is_none());
        assert!(!Tokens::first_secret_path(&data).exists());
        assert!(Tokens::open(&data).unwrap().list(&operator()).unwrap().is_empty(), "revoked stays revoked");
    }

    #[test]
    fn tokens_are_made_by_operators_expire_and_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(dir.path()).unwrap();
        let user = Principal::authenticated("u", Role::User);
        assert_eq!(tokens.create(&user, "x", Role::User, None).unwrap_err().kind, FailureKind::Denied);
        assert_eq!(tokens.list(&user).unwrap_err().kind, FailureKind::Denied);
        assert_eq!(tokens.revoke(&user, "first").unwrap_err().kind, FailureKind::Denied);

        let now = SystemTime::now();
        let expires = now + Duration::from_secs(3600);
        let (info, secret) = tokens.create(&operator(), "ci", Role::User, Some(expires)).unwrap();
        assert_eq!(tokens.verify(&secret, now).unwrap().role(), Role::User);
        assert_eq!(tokens.verify(&secret, expires), None);
        let wrong = secret.replacen("hos_", "hos-", 1);
        assert_eq!(tokens.verify(&wrong, now), None);
        let reopened = Tokens::open(dir.path()).unwrap();
        assert_eq!(reopened.list(&operator()).unwrap().last(), Some(&info));

        for (name, expires) in [("ci", None), ("", None), ("a b", None), ("late", Some(UNIX_EPOCH))] {
            let failure = tokens.create(&operator(), name, Role::User, expires).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{name}");
        }
        for n in tokens.list(&operator()).unwrap().len()..TOKENS_MAX {
            tokens.create(&operator(), &format!("t{n}"), Role::User, None).unwrap();
        }
        assert!(tokens.create(&operator(), "more", Role::User, None).unwrap_err().message.contains("256"));
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_a_new_start() {
        let dir = tempfile::tempdir().unwrap();
        drop(Tokens::open(dir.path()).unwrap());
        fs::write(dir.path().join("tokens.json"), b"{\"version\":1,\"tokens\":[{}]}").unwrap();
        let error = Tokens::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("tokens.json") && error.contains("hint:"), "{error}");
    }
}
