//! What a bundle may touch outside its own memory: asked for by its manifest, decided by the operator.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A kind of thing that takes a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantKind {
    /// State of its own that outlives the call.
    Kv,
    /// Requests to other hosts.
    Http,
    /// Use of a secret that it never sees.
    Secrets,
    /// Folders of this machine.
    Files,
    /// Environment variables.
    Env,
    /// Skills and other agents; given to an agent, never to a bundle.
    Delegate,
}

impl GrantKind {
    /// The name used in files, on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            GrantKind::Kv => "kv",
            GrantKind::Http => "http",
            GrantKind::Secrets => "secrets",
            GrantKind::Files => "files",
            GrantKind::Env => "env",
            GrantKind::Delegate => "delegate",
        }
    }
}

impl fmt::Display for GrantKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a bundle's manifest asks for. Asking gives nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// Bytes of state.
    pub kv_bytes: Option<u64>,
    /// Hosts and methods.
    pub http: Vec<HttpGrant>,
    /// Names of secrets.
    pub secrets: Vec<String>,
    /// Folders, as the guest wants to see them.
    pub files: Vec<FileRequest>,
    /// Names of environment variables.
    pub env: Vec<String>,
}

impl Requests {
    /// The kinds asked for.
    pub fn kinds(&self) -> Vec<GrantKind> {
        [
            (self.kv_bytes.is_some(), GrantKind::Kv),
            (!self.http.is_empty(), GrantKind::Http),
            (!self.secrets.is_empty(), GrantKind::Secrets),
            (!self.files.is_empty(), GrantKind::Files),
            (!self.env.is_empty(), GrantKind::Env),
        ]
        .into_iter()
        .filter_map(|(asked, kind)| asked.then_some(kind))
        .collect()
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.kinds().is_empty()
    }
}

/// What an operator decided for one bundle. A kind that is `None` is undecided; an empty one is a plain no.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Bytes of state it may keep.
    pub kv_bytes: Option<u64>,
    /// Hosts and methods it may reach.
    pub http: Option<Vec<HttpGrant>>,
    /// Secrets it may use.
    pub secrets: Option<Vec<String>>,
    /// Folders it may open.
    pub files: Option<Vec<FileGrant>>,
    /// Environment variables it sees, with their values.
    pub env: Option<BTreeMap<String, String>>,
}

impl Grants {
    /// The kinds that are asked for and not decided.
    pub fn undecided(&self, requests: &Requests) -> Vec<GrantKind> {
        requests.kinds().into_iter().filter(|kind| !self.decided(*kind)).collect()
    }

    fn decided(&self, kind: GrantKind) -> bool {
        match kind {
            GrantKind::Kv => self.kv_bytes.is_some(),
            GrantKind::Http => self.http.is_some(),
            GrantKind::Secrets => self.secrets.is_some(),
            GrantKind::Files => self.files.is_some(),
            GrantKind::Env => self.env.is_some(),
            GrantKind::Delegate => true,
        }
    }

    /// Whether nothing at all is decided.
    pub fn is_empty(&self) -> bool {
        *self == Grants::default()
    }
}

/// Requests that may be made: `[METHOD[,METHOD…] ][http://|https://]HOST[:PORT][ private]`.
///
/// Without methods `GET` and `HEAD`, `ANY` for all. Without a scheme `https`. HOST is a name, an address, `*.` and a
/// name for all below it, or `*` for all. Without a port the scheme's own; `:*` for all. With `private` also where the
/// address is of this machine or a network that is not public.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpGrant {
    /// Methods in capitals; empty for all.
    pub methods: Vec<String>,
    /// Over TLS or not.
    pub tls: bool,
    /// A name, an address without brackets, `*.` and a name, or `*`; in lower case.
    pub host: String,
    /// The port; `None` for all.
    pub port: Option<u16>,
    /// Also addresses that are not public.
    pub private: bool,
}

impl HttpGrant {
    /// Whether a request may be made, as far as method, scheme, host and port go. `host` is in lower case, an IPv6
    /// address without brackets.
    pub fn covers(&self, method: &str, tls: bool, host: &str, port: u16) -> bool {
        let method_fits = self.methods.is_empty() || self.methods.iter().any(|known| known == method);
        let host_fits = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => self.host == host,
        };
        method_fits && self.tls == tls && host_fits && self.port.is_none_or(|own| own == port)
    }
}

/// The methods of a grant that names none.
const METHODS_DEFAULT: [&str; 2] = ["GET", "HEAD"];

impl FromStr for HttpGrant {
    type Err = String;

    fn from_str(text: &str) -> Result<HttpGrant, String> {
        let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
        let private = words.last() == Some(&"private");
        if private {
            words.pop();
        }
        let (methods, target) = match words.as_slice() {
            [target] => (METHODS_DEFAULT.map(str::to_owned).to_vec(), *target),
            ["ANY", target] => (Vec::new(), *target),
            [methods, target] => (methods.split(',').map(str::to_owned).collect(), *target),
            _ => return Err("is not `[METHODS ]HOST`, such as `GET,POST api.example.org`".into()),
        };
        if let Some(method) = methods.iter().find(|method| !(is_token(method) && method.len() <= 32)) {
            return Err(format!("names the method `{method}`, which is not one in capitals"));
        }
        let (tls, authority) = match target.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            Some((scheme, _)) => return Err(format!("names the scheme `{scheme}`, not `http` or `https`")),
            None => (true, target),
        };
        let (host, port) = split_port(authority)?;
        let port = match port {
            None => Some(if tls { 443 } else { 80 }),
            Some("*") => None,
            Some(port) => Some(port.parse().map_err(|_| format!("names the port `{port}`, not 0 to 65535 or `*`"))?),
        };
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            return Err(format!("names the host `{host}`, which is no name, address, `*.name` or `*`"));
        }
        Ok(HttpGrant { methods, tls, host, port, private })
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("has a `[` without its `]`")?;
        return Ok((host, rest.strip_prefix(':')));
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}

fn is_host(host: &str) -> bool {
    if host == "*" || host.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

impl fmt::Display for HttpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.methods.is_empty() {
            f.write_str("ANY ")?;
        } else if self.methods != METHODS_DEFAULT {
            write!(f, "{} ", self.methods.join(","))?;
        }
        if !self.tls {
            f.write_str("http://")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        match self.port {
            None => f.write_str(":*")?,
            Some(443) if self.tls => {}
            Some(80) if !self.tls => {}
            Some(port) => write!(f, ":{port}")?,
        }
        if self.private { f.write_str(" private") } else { Ok(()) }
    }
}

/// A folder as a guest wants to see it: `/GUEST[:rw]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileRequest {
    /// An absolute path without `..`.
    pub guest: String,
    /// To write in it, too.
    pub write: bool,
}

impl FromStr for FileRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<FileRequest, String> {
        let (guest, write) = match text.strip_suffix(":rw") {
            Some(guest) => (guest, true),
            None => (text, false),
        };
        let absolute = guest.starts_with('/') && !guest.contains(':') && guest.len() <= 255;
        if !absolute || guest.split('/').any(|part| part == ".." || part == ".") || guest.chars().any(char::is_control)
        {
            return Err("is not `/PATH` or `/PATH:rw`, as the skill is to see it".into());
        }
        Ok(FileRequest { guest: guest.to_owned(), write })
    }
}

impl fmt::Display for FileRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.guest, if self.write { ":rw" } else { "" })
    }
}

/// A folder that a guest may open: `/HOST:/GUEST[:rw]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileGrant {
    /// The folder on this machine.
    pub host: PathBuf,
    /// Where and how the guest sees it.
    pub seen: FileRequest,
}

impl FromStr for FileGrant {
    type Err = String;

    fn from_str(text: &str) -> Result<FileGrant, String> {
        let wrong = || "is not `/HOST:/GUEST` or `/HOST:/GUEST:rw`".to_owned();
        let at = text.find(":/").ok_or_else(wrong)?;
        let (host, guest) = text.split_at(at);
        if !host.starts_with('/') {
            return Err(wrong());
        }
        Ok(FileGrant { host: host.into(), seen: guest[1..].parse()? })
    }
}

impl fmt::Display for FileGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host.display(), self.seen)
    }
}

/// Checks the name of a secret or of an environment variable.
///
/// # Errors
/// Says what a name may be.
pub fn check_grant_name(name: &str) -> Result<(), String> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if fits { Ok(()) } else { Err(format!("`{name}` is not 1 to 64 of `A-Z a-z 0-9 _ -`")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_grant_reads_back_what_it_prints() {
        for text in [
            "api.example.org",
            "GET,POST api.example.org:8443",
            "ANY *",
            "http://*:*",
            "*.example.org",
            "GET http://[::1]:8080 private",
            "http://127.0.0.1 private",
        ] {
            let grant: HttpGrant = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(grant.to_string().parse::<HttpGrant>().unwrap(), grant, "{text}");
        }
        for text in ["", "get example.org", "ftp://a", "a:b:c", "GET POST a", "-a.org", "a..org", "https://"] {
            assert!(text.parse::<HttpGrant>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_grant_covers_what_it_names_and_nothing_more() {
        let grant: HttpGrant = "*.example.org".parse().unwrap();
        assert!(grant.covers("GET", true, "api.example.org", 443));
        for (method, tls, host, port) in [
            ("POST", true, "api.example.org", 443),
            ("GET", false, "api.example.org", 443),
            ("GET", true, "example.org", 443),
            ("GET", true, "badexample.org", 443),
            ("GET", true, "api.example.org.evil.test", 443),
            ("GET", true, "api.example.org", 8443),
        ] {
            assert!(!grant.covers(method, tls, host, port), "{method} {tls} {host} {port}");
        }
    }

    #[test]
    fn folders_are_absolute_and_stay_where_they_are() {
        let grant: FileGrant = "/srv/in:/data:rw".parse().unwrap();
        assert_eq!((grant.seen.guest.as_str(), grant.seen.write), ("/data", true));
        assert_eq!(grant.to_string(), "/srv/in:/data:rw");
        for text in ["/srv/in", "srv:/data", "/srv:/data/../etc", "/srv:data"] {
            assert!(text.parse::<FileGrant>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_kind_is_decided_by_an_empty_grant_too() {
        let requests = Requests { kv_bytes: Some(1), http: vec!["a.org".parse().unwrap()], ..Requests::default() };
        let mut grants = Grants::default();
        assert_eq!(grants.undecided(&requests), [GrantKind::Kv, GrantKind::Http]);
        grants.http = Some(Vec::new());
        assert_eq!(grants.undecided(&requests), [GrantKind::Kv]);
    }
}
