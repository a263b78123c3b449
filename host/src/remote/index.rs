//! Python package indexes: which ones this machine uses, and where in them a file is (PEP 503 and PEP 691).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use url::Url;

use super::PullError;

/// Where packages are looked for when nobody says otherwise.
const PUBLIC: &str = "https://pypi.org/simple/";
/// Largest list of one package's files, in bytes.
const PAGE_BYTES_MAX: u64 = 8 << 20;
/// Largest configuration or certificate file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Most indexes that are asked.
const INDEXES_MAX: usize = 8;
/// Longest wait for a connection, and for the first bytes of an answer.
const CONNECT_MAX: Duration = Duration::from_secs(20);
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The indexes that are asked, in their order, and who is trusted to speak for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexes {
    /// Addresses of simple indexes.
    pub urls: Vec<String>,
    /// A file of certificates in place of the system's.
    pub certificates: Option<PathBuf>,
}

impl Indexes {
    /// `configured` ones, or else those that pip uses here: by its environment, then by its files; or else the public one.
    pub fn find(configured: &[String], environment: impl Fn(&str) -> Option<String>) -> Indexes {
        let settings: Vec<String> = pip_files(&environment).iter().filter_map(read).collect();
        let of_pip = |variable: &str, key: &str| {
            let stated = environment(variable).filter(|value| !value.trim().is_empty());
            stated.or_else(|| settings.iter().rev().find_map(|text| setting(text, key)))
        };
        let mut urls: Vec<String> = configured.to_vec();
        if urls.is_empty() {
            let main = of_pip("PIP_INDEX_URL", "index-url").unwrap_or_else(|| PUBLIC.to_owned());
            let extra = of_pip("PIP_EXTRA_INDEX_URL", "extra-index-url").unwrap_or_default();
            urls = std::iter::once(main.as_str()).chain(extra.split_whitespace()).map(str::to_owned).collect();
        }
        urls.truncate(INDEXES_MAX);
        Indexes { urls, certificates: of_pip("PIP_CERT", "cert").map(PathBuf::from) }
    }

    /// What makes requests to them. A proxy is taken from the environment.
    ///
    /// # Errors
    /// If the certificates cannot be read.
    pub fn agent(&self) -> Result<Agent, PullError> {
        let roots = match &self.certificates {
            None => RootCerts::PlatformVerifier,
            Some(path) => {
                let failed = |why: String| PullError::Certificates { path: path.clone(), why };
                let text = fs::read(path).map_err(|error| failed(error.to_string()))?;
                let certificates: Vec<Certificate<'static>> = parse_pem(&text)
                    .filter_map(|item| match item {
                        Ok(PemItem::Certificate(certificate)) => Some(certificate),
                        _ => None,
                    })
                    .collect();
                if certificates.is_empty() {
                    return Err(failed("there is no certificate in it".to_owned()));
                }
                RootCerts::from(certificates)
            }
        };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_connect(Some(CONNECT_MAX))
            .timeout_recv_response(Some(ANSWER_MAX))
            .http_status_as_error(false)
            .user_agent(concat!("happyos/", env!("CARGO_PKG_VERSION")));
        Ok(config.build().new_agent())
    }

    /// Where `file` of `package` is, in the first index that has it.
    ///
    /// # Errors
    /// What each index answered, if none has it.
    pub fn locate(&self, agent: &Agent, package: &str, file: &str) -> Result<Url, PullError> {
        let mut tried = Vec::new();
        for index in &self.urls {
            match page(agent, index, package).and_then(|page| page.find(file)) {
                Ok(url) => return Ok(url),
                Err(why) => tried.push(format!("{}: {why}", without_secrets(index))),
            }
        }
        Err(PullError::NotFound { file: file.to_owned(), tried: tried.join("; ") })
    }
}

/// The list of a package's files.
struct Page {
    url: Url,
    is_json: bool,
    text: String,
}

#[derive(Deserialize)]
struct Listing {
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    filename: String,
    url: String,
}

fn page(agent: &Agent, index: &str, package: &str) -> Result<Page, String> {
    let base = if index.ends_with('/') { index.to_owned() } else { format!("{index}/") };
    let url =
        Url::parse(&base).and_then(|base| base.join(&format!("{package}/"))).map_err(|error| error.to_string())?;
    let accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5";
    let mut answer = agent.get(url.as_str()).header("accept", accept).call().map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("it answered {}", answer.status()));
    }
    let is_json = answer.body().mime_type().is_some_and(|kind| kind.ends_with("json"));
    let text = answer.body_mut().with_config().limit(PAGE_BYTES_MAX).read_to_string();
    Ok(Page { url, is_json, text: text.map_err(|error| error.to_string())? })
}

impl Page {
    fn find(&self, file: &str) -> Result<Url, String> {
        let link = if self.is_json {
            let listing: Listing = serde_json::from_str(&self.text).map_err(|error| error.to_string())?;
            listing.files.into_iter().find(|listed| listed.filename == file).map(|listed| listed.url)
        } else {
            self.links().find(|link| link.split('#').next().is_some_and(|link| link.ends_with(file)))
        };
        let link = link.ok_or("it does not list the file")?;
        self.url.join(&link).map_err(|error| error.to_string())
    }

    /// What the page's anchors point at.
    fn links(&self) -> impl Iterator<Item = String> {
        let quoted = |rest: &str| {
            let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
            Some(rest.get(1..)?.split(quote).next()?.replace("&amp;", "&"))
        };
        self.text.split("href=").skip(1).filter_map(quoted)
    }
}

/// pip's configuration files, the most general first.
fn pip_files(environment: &impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("/etc/pip.conf")];
    if let Some(home) = environment("HOME").map(PathBuf::from) {
        files.push(home.join(".pip/pip.conf"));
        let config = environment("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
        files.push(config.join("pip/pip.conf"));
    }
    files.extend(environment("PIP_CONFIG_FILE").map(PathBuf::from));
    files
}

fn read(path: &PathBuf) -> Option<String> {
    let size = fs::metadata(path).ok()?.len();
    if size > FILE_BYTES_MAX { None } else { fs::read_to_string(path).ok() }
}

/// The value of `key` in the tables of a pip configuration that concern installing, with the lines that continue it.
fn setting(text: &str, key: &str) -> Option<String> {
    let mut found: Option<String> = None;
    let mut here = false;
    let mut open = false;
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        if let Some(table) = line.trim().strip_prefix('[') {
            let table = table.trim_end_matches(']').trim();
            (here, open) = (["global", "install", "download"].contains(&table), false);
        } else if open && line.starts_with(char::is_whitespace) {
            if let Some(value) = &mut found {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once('=').filter(|_| here) {
            open = name.trim().replace('_', "-") == key;
            if open {
                found = Some(value.trim().to_owned());
            }
        }
    }
    found.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// An address as it may be shown: without the password that stands in it.
fn without_secrets(index: &str) -> String {
    let Ok(mut url) = Url::parse(index) else { return "an address that cannot be read".to_owned() };
    if url.password().is_some() || !url.username().is_empty() {
        // Only addresses without a host refuse this, and these have no user either.
        let _ = url.set_password(None);
        let _ = url.set_username("…");
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pip_is_told_is_found_in_its_order() {
        let file = "[list]\nindex-url = http://no\n[global]\nindex_url = http://a/simple\nextra-index-url =\n  http://b\n  http://c\n";
        assert_eq!(setting(file, "index-url").as_deref(), Some("http://a/simple"));
        assert_eq!(setting(file, "extra-index-url").as_deref(), Some("http://b http://c"));
        assert_eq!(setting(file, "cert"), None);
        let environment = |name: &str| (name == "PIP_INDEX_URL").then(|| "http://e/simple".to_owned());
        assert_eq!(Indexes::find(&[], environment).urls, ["http://e/simple"]);
        assert_eq!(Indexes::find(&["http://own".to_owned()], environment).urls, ["http://own"]);
    }

    #[test]
    fn passwords_are_not_shown() {
        assert!(!without_secrets("https://me:hidden@host/simple").contains("hidden"));
    }
}
