//! Where a request goes: a URL read strictly, so that what is checked is what is connected to.

use std::fmt;
use std::net::IpAddr;

use url::{Position, Url};

use super::HttpError;

/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 8 << 10;

/// A host as it was written, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name in lower case, without a dot at its end. Never something that reads as an address.
    Name(String),
    /// An address, however it was written: `127.1` and `0x7f000001` are 127.0.0.1.
    Address(IpAddr),
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    tls: bool,
    host: Host,
    port: u16,
}

impl Target {
    /// Reads an absolute URL.
    pub fn parse(text: &str) -> Result<Target, HttpError> {
        check_characters(text)?;
        let rest = text
            .split_once("://")
            .map(|(_, rest)| rest)
            .ok_or_else(|| invalid(text, "it has no `http://` or `https://`"))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(invalid(text, "it has a user or a password in it"));
        }
        let url = Url::parse(text).map_err(|error| invalid(text, &error.to_string()))?;
        Target::from_url(url)
    }

    /// Where a redirect leads from here.
    pub fn join(&self, location: &str) -> Result<Target, HttpError> {
        check_characters(location)?;
        let url = self.url.join(location).map_err(|error| invalid(location, &error.to_string()))?;
        Target::from_url(url)
    }

    fn from_url(mut url: Url) -> Result<Target, HttpError> {
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(invalid(url.as_str(), "its scheme is not `http` or `https`")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                url[Position::AfterPassword..].trim_start_matches('@'),
                "it had a user or a password in it",
            ));
        }
        let host = match url.host() {
            Some(url::Host::Ipv4(address)) => Host::Address(address.into()),
            Some(url::Host::Ipv6(address)) => Host::Address(address.into()),
            Some(url::Host::Domain(name)) => {
                Host::Name(plain_name(name).ok_or_else(|| invalid(url.as_str(), "its host is not a name"))?)
            }
            None => return Err(invalid(url.as_str(), "it has no host")),
        };
        if let Host::Name(name) = &host {
            url.set_host(Some(name)).map_err(|error| invalid(name, &error.to_string()))?;
        }
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let port = port.ok_or_else(|| invalid(url.as_str(), "its port is 0"))?;
        url.set_fragment(None);
        Ok(Target { url, tls, host, port })
    }

    /// Whether it is reached over TLS.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL without its fragment.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What a request line says.
    pub fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// What the `Host` header says.
    pub fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// Whether scheme, host and port are the same.
    pub fn same_origin(&self, other: &Target) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }
}

/// Scheme, host and port: what may be said of a request in a log.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.authority())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(address) => address.fmt(f),
        }
    }
}

/// URL parsers mend what they can; nothing that needs mending passes.
fn check_characters(text: &str) -> Result<(), HttpError> {
    if text.len() > URL_BYTES_MAX {
        return Err(HttpError::Invalid(format!("the URL has {} bytes, more than {URL_BYTES_MAX}", text.len())));
    }
    match text.chars().find(|character| !character.is_ascii_graphic() || *character == '\\') {
        Some(character) => Err(invalid(
            text,
            &format!("it has the character {character:?} (hint: percent-encode it, or write the host as `xn--…`)"),
        )),
        None => Ok(()),
    }
}

/// A host name without the dot at its end; `None` if it is not one.
fn plain_name(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (name.len() <= 253 && name.split('.').all(is_label)).then(|| name.to_owned())
}

fn invalid(url: &str, why: &str) -> HttpError {
    let shown: String = url.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
    HttpError::Invalid(format!("the URL {shown:?} cannot be used: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_address_is_an_address() {
        for (text, address) in [
            ("http://127.0.0.1/", "127.0.0.1"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://0x7f000001/", "127.0.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://0177.0.0.1/", "127.0.0.1"),
            ("http://127.1/", "127.0.0.1"),
            ("http://127.0.0.1./", "127.0.0.1"),
            ("http://%31%32%37.0.0.1/", "127.0.0.1"),
            ("http://0/", "0.0.0.0"),
            ("http://169.254.43518/", "169.254.169.254"),
            ("http://[::1]/", "::1"),
            ("http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
            ("http://[0:0:0:0:0:ffff:7f00:1]/", "::ffff:127.0.0.1"),
        ] {
            let target = Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(target.host(), &Host::Address(address.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn names_are_normalised() {
        for (text, host, port, authority, path) in [
            ("https://API.Example.ORG", "api.example.org", 443, "api.example.org", "/"),
            ("https://api.example.org./a?b#c", "api.example.org", 443, "api.example.org", "/a?b"),
            ("http://xn--rksmrgs-5wao1o.se:80/", "xn--rksmrgs-5wao1o.se", 80, "xn--rksmrgs-5wao1o.se", "/"),
            ("http://localhost:8080/x/../y", "localhost", 8080, "localhost:8080", "/y"),
        ] {
            let target = Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(target.host(), &Host::Name(host.into()), "{text}");
            assert_eq!((target.port(), target.authority(), target.path_and_query()), (port, authority, path), "{text}");
        }
    }

    #[test]
    fn what_parsers_read_in_two_ways_is_refused() {
        for text in [
            "",
            "example.org",
            "//example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "http:example.org",
            "http:///example.org\\",
            "http://a@b/",
            "http://@b/",
            "http://user:pass@example.org/",
            "http://a\\@b/",
            "http://exa mple.org/",
            "http://example.org/\r\nX: y",
            "http://example.org\t/",
            "http://räksmörgås.se/",
            "http://１２７.0.0.1/",
            "http://256.0.0.1/",
            "http://1.2.3.4.5/",
            "http://[::1",
            "http://[fe80::1%25eth0]/",
            "http://example.org:0/",
            "http://example.org:65536/",
            "http://a..b/",
            "http://./",
            "http://a!b/",
            "http://0x7f.0.0.0.1/",
            "http://09.0.0.1/",
        ] {
            assert!(Target::parse(text).is_err(), "{text:?} gave {:?}", Target::parse(text));
        }
    }

    #[test]
    fn a_redirect_is_read_from_where_it_stands() {
        let from = Target::parse("https://example.org/a/b").unwrap();
        assert_eq!(from.join("c?d").unwrap().url(), "https://example.org/a/c?d");
        assert_eq!(from.join("//other.test/").unwrap().to_string(), "https://other.test");
        for location in ["file:///etc/passwd", "javascript:alert(1)", "https://a:b@example.org/", "http://\\127.0.0.1/"]
        {
            assert!(from.join(location).is_err(), "{location}");
        }
    }
}
