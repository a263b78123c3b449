//! The static manifest of a bundle: read from its bytes, never by running it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Requests, check_grant_name};

/// What a bundle says of itself as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The bundle's name.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// Who publishes it; means nothing until it is signed.
    #[serde(default)]
    pub publisher: Option<String>,
    /// Its licence as an SPDX expression.
    #[serde(default)]
    pub license: Option<String>,
    /// What it asks for, as written; [`Manifest::requests`] reads it.
    #[serde(default, skip_serializing_if = "Asked::is_empty")]
    pub grants: Asked,
}

/// The grants that a manifest asks for, as written. Strings are in the grammar of [`crate::base::grants`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    /// Bytes of state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_bytes: Option<u64>,
    /// Hosts and methods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
    /// Names of secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Folders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Names of environment variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
}

impl Asked {
    fn is_empty(&self) -> bool {
        *self == Asked::default()
    }

    fn read(&self) -> Result<Requests, String> {
        let names = |kind: &str, names: &[String]| {
            names
                .iter()
                .try_for_each(|name| check_grant_name(name).map_err(|error| format!("`grants.{kind}`: {error}")))
        };
        names("secrets", &self.secrets)?;
        names("env", &self.env)?;
        let n_asked = self.http.len() + self.secrets.len() + self.files.len() + self.env.len();
        if n_asked > ASKED_MAX {
            return Err(format!("`grants` asks for {n_asked} things, more than {ASKED_MAX}"));
        }
        Ok(Requests {
            kv_bytes: self.kv_bytes,
            http: parsed("http", &self.http)?,
            secrets: self.secrets.clone(),
            files: parsed("files", &self.files)?,
            env: self.env.clone(),
        })
    }
}

fn parsed<T: FromStr<Err = String>>(kind: &str, texts: &[String]) -> Result<Vec<T>, String> {
    let parse = |text: &String| text.parse().map_err(|error| format!("`grants.{kind}`: `{text}` {error}"));
    texts.iter().map(parse).collect()
}

/// Most things that one manifest asks for.
const ASKED_MAX: usize = 100;

/// Longest text of one entry, in bytes.
const ENTRY_BYTES_MAX: usize = 256;
/// How a script's manifest begins.
const SCRIPT_HEAD: &str = "/* happyos";

impl Manifest {
    /// Reads the manifest section of a component.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_section(text: &str) -> Result<Manifest, String> {
        let manifest: Manifest =
            serde_json::from_str(text).map_err(|error| format!("its manifest does not read: {error}"))?;
        manifest.checked()
    }

    /// Reads the leading comment of a script; `None` if it has none.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn from_script(source: &str) -> Result<Option<Manifest>, String> {
        let Some(rest) = source.trim_start_matches('\u{feff}').trim_start().strip_prefix(SCRIPT_HEAD) else {
            return Ok(None);
        };
        let Some((text, _)) = rest.split_once("*/") else {
            return Err("its manifest comment `/* happyos` is not closed by `*/`".into());
        };
        let manifest: Manifest = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| source_line(source, text, span.start));
            format!("{line}:1: its manifest does not read: {}", error.message())
        })?;
        manifest.checked().map(Some)
    }

    /// The manifest of a file that has none: its name is the file's stem.
    pub fn of_stem(stem: &str) -> Manifest {
        let fit = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
        Manifest { name: stem.chars().map(fit).take(64).collect(), ..Manifest::default() }
    }

    fn checked(self) -> Result<Manifest, String> {
        super::metadata::check_name(&self.name).map_err(|error| format!("its manifest: bundle {error}"))?;
        for (key, value) in [("version", &self.version), ("publisher", &self.publisher), ("license", &self.license)] {
            let Some(value) = value else { continue };
            if value.len() > ENTRY_BYTES_MAX || value.chars().any(char::is_control) {
                return Err(format!(
                    "its manifest: `{key}` is longer than {ENTRY_BYTES_MAX} bytes or has control characters"
                ));
            }
        }
        if let Some(version) = &self.version {
            semver::Version::parse(version).map_err(|error| {
                format!("its manifest: version {version:?} is not a semantic version such as `0.1.0`: {error}")
            })?;
        }
        self.requests()?;
        Ok(self)
    }

    /// What it asks for.
    ///
    /// # Errors
    /// What is wrong with that; never for a manifest that was read.
    pub fn requests(&self) -> Result<Requests, String> {
        self.grants.read().map_err(|error| format!("its manifest: {error}"))
    }
}

/// The line of `source` in which byte `at` of its part `text` lies, from 1.
fn source_line(source: &str, text: &str, at: usize) -> usize {
    let start = text.as_ptr() as usize - source.as_ptr() as usize;
    source.bytes().take(start + at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_its_name_in_a_comment() {
        let source = "/* happyos\nname = \"a\"\nversion = \"1.2.3\"\n*/\nskill({})";
        let manifest = Manifest::from_script(source).unwrap().unwrap();
        assert_eq!((manifest.name.as_str(), manifest.version.as_deref()), ("a", Some("1.2.3")));
        assert!(Manifest::from_script("skill({})").unwrap().is_none());
        let error = Manifest::from_script("/* happyos\nname = \"a\"\ncolour = 1\n*/").unwrap_err();
        assert!(error.starts_with("3:1: ") && error.contains("colour"), "{error}");
        assert!(Manifest::from_script("/* happyos\nname = \"a\"").is_err());
    }

    #[test]
    fn what_is_asked_for_is_read_and_bounded() {
        let read = |grants: &str| Manifest::from_section(&format!(r#"{{"name": "a", "grants": {grants}}}"#));
        let manifest = read(r#"{"kv_bytes": 10, "http": ["GET api.example.org"], "files": ["/data:rw"]}"#).unwrap();
        let requests = manifest.requests().unwrap();
        assert_eq!((requests.kv_bytes, requests.http.len(), requests.files.len()), (Some(10), 1, 1));
        for (grants, says) in [
            (r#"{"sockets": true}"#, "sockets"),
            (r#"{"http": ["ftp://a.org"]}"#, "scheme"),
            (r#"{"secrets": ["a b"]}"#, "a b"),
            (r#"{"files": ["/../etc"]}"#, "files"),
        ] {
            let error = read(grants).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
