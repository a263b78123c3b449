//! The static manifest of a bundle: read from its bytes, never by running it.

use serde::{Deserialize, Serialize};

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
    /// What it asks for. Nothing here grants anything yet, so it must ask for nothing.
    #[serde(default)]
    pub grants: serde_json::Map<String, serde_json::Value>,
}

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
        if let Some(grant) = self.grants.keys().next() {
            return Err(format!("its manifest asks for `{grant}`, which this host cannot grant"));
        }
        Ok(self)
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
}
