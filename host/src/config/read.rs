//! The file as written to the resolved [`Config`]: every mistake is reported with its line and column.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::keys::{BLOCKS, KEYS, Slot};
use super::{Config, json};

/// Largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column from 1, where the mistake has a place.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Reads `files` over `defaults`, each over the one before. None may say what another says.
///
/// # Errors
/// The first mistake in them, or why one cannot be read.
pub fn load(files: &[PathBuf], defaults: Config) -> Result<Config, ConfigError> {
    let mut config = defaults;
    let mut given = BTreeSet::new();
    for file in files {
        let fail = |message: String| ConfigError { path: file.clone(), position: None, message, hint: None };
        let size = std::fs::metadata(file).map_err(|error| fail(error.to_string()))?.len();
        if size > FILE_BYTES_MAX {
            return Err(fail(format!("it has {size} bytes, more than {FILE_BYTES_MAX}")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
        config = read(&text, file, config, &mut given)?;
    }
    config.files = files.to_vec();
    Ok(config)
}

/// Reads the text of `file` over `defaults`. Relative folders are relative to the file's.
///
/// # Errors
/// The first mistake in it.
pub fn parse(text: &str, file: &Path, defaults: Config) -> Result<Config, ConfigError> {
    read(text, file, defaults, &mut BTreeSet::new())
}

fn read(text: &str, file: &Path, defaults: Config, given: &mut BTreeSet<&'static str>) -> Result<Config, ConfigError> {
    let translated = match json::is_json(text) {
        true => Some(json::as_inline_table(text).map_err(|(line, column, message)| ConfigError {
            path: file.to_path_buf(),
            position: Some((line, column)),
            message,
            hint: None,
        })?),
        false => None,
    };
    // Places are told of the text as it is written.
    let skipped = translated.as_ref().map_or(0, |_| text.len() - text.trim_start().len());
    let reader = Reader { text, file, skipped };
    let table = match &translated {
        Some(translated) => reader.object(translated)?,
        None => reader.document()?,
    };
    let default_skills_dir = defaults.skills_dir == defaults.data_dir.join("skills");
    let mut config = defaults;
    reader.table(table.get_ref(), "", &mut config, given)?;
    if default_skills_dir && !given.contains("skills_dir") {
        config.skills_dir = config.data_dir.join("skills");
    }
    reader.check(&config, table.get_ref())?;
    Ok(config)
}

/// A file being read, for saying where its mistakes are. The policy file is read with it too.
pub(crate) struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) file: &'a Path,
    /// Bytes of `text` before what spans are counted from.
    pub(crate) skipped: usize,
}

impl<'a> Reader<'a> {
    /// The whole file as a table.
    pub(crate) fn document(&self) -> Result<Spanned<DeTable<'a>>, ConfigError> {
        DeTable::parse(self.text).map_err(|error| self.unread(&error))
    }

    /// The table that a file in JSON says, translated to `text`.
    fn object<'t>(&self, text: &'t str) -> Result<Spanned<DeTable<'t>>, ConfigError> {
        let value = DeValue::parse(text.trim()).map_err(|error| self.unread(&error))?;
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Ok(Spanned::new(span, table)),
            other => Err(self.at(&span, format!("it is {}, not an object", article(&other)), None)),
        }
    }

    fn unread(&self, error: &toml::de::Error) -> ConfigError {
        let message = error.message().to_owned();
        match error.span() {
            Some(span) => self.at(&span, message, None),
            None => ConfigError { path: self.file.to_path_buf(), position: None, message, hint: None },
        }
    }

    pub(crate) fn at(&self, span: &Range<usize>, message: String, hint: Option<String>) -> ConfigError {
        let before = self.text.get(..self.skipped + span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
        ConfigError { path: self.file.to_path_buf(), position: Some((line, column)), message, hint }
    }

    /// Reads the keys of the table `prefix` (empty: the whole file).
    fn table(
        &self,
        table: &DeTable<'_>,
        prefix: &str,
        config: &mut Config,
        given: &mut BTreeSet<&'static str>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let path = joined(prefix, name.get_ref());
            if let (Some((_, may)), true) = (BLOCKS.iter().find(|(block, _)| *block == path), prefix.is_empty()) {
                self.block(self.as_table(&path, value)?, &path, may, config, given)?;
            } else if path == "bundles" {
                let message = "what is decided for single bundles is not in this file".to_owned();
                let hint = format!(
                    "put their limits into `{}`, in tables `[bundles.NAME.limits]`",
                    config.policy_path().display()
                );
                return Err(self.at(&name.span(), message, Some(hint)));
            } else if prefix.is_empty() && path == "endpoints" {
                self.named(&path, value, &mut config.fleet.endpoints)?;
            } else if prefix.is_empty() && path == "agents" {
                self.named(&path, value, &mut config.fleet.agents)?;
            } else if let Some(key) = KEYS.iter().find(|key| key.path == path) {
                self.give(key.path, &name.span(), given)?;
                self.value(&path, value, &key.slot, config)?;
            } else if prefix.is_empty() && KEYS.iter().any(|key| key.path.starts_with(&format!("{path}."))) {
                let inner = self.as_table(&path, value)?;
                self.table(inner, &path, config, given)?;
            } else {
                return Err(self.unknown(&name.span(), &path));
            }
        }
        Ok(())
    }

    /// Reads the tables `[of.NAME]`.
    fn named<T: DeserializeOwned>(
        &self,
        of: &str,
        value: &Spanned<DeValue<'_>>,
        into: &mut BTreeMap<String, T>,
    ) -> Result<(), ConfigError> {
        for (name, value) in self.as_table(of, value)? {
            let read = T::deserialize(ValueDeserializer::from(value.clone())).map_err(|error| {
                let message = format!("`{of}.{}`: {}", name.get_ref(), error.message());
                self.at(&error.span().unwrap_or(value.span()), message, None)
            })?;
            if into.insert(name.get_ref().to_string(), read).is_some() {
                let message = format!("`{of}.{}` is given twice", name.get_ref());
                return Err(self.at(&name.span(), message, Some("say it in one file only".into())));
            }
        }
        Ok(())
    }

    /// Reads a block of settings that stand for themselves; it holds no others.
    fn block(
        &self,
        table: &DeTable<'_>,
        block: &str,
        may: &[&'static str],
        config: &mut Config,
        given: &mut BTreeSet<&'static str>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let known = KEYS.iter().find(|key| may.contains(&key.path) && key.path == *name.get_ref());
            let Some(key) = known else {
                let hint = match nearest(name.get_ref(), may.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it may hold {}", listed(may.iter().copied())),
                };
                let message = format!("there is no key `{}` in `{block}`", name.get_ref());
                return Err(self.at(&name.span(), message, Some(hint)));
            };
            self.give(key.path, &name.span(), given)?;
            self.value(key.path, value, &key.slot, config)?;
        }
        Ok(())
    }

    /// Notes that a key is given; it may be given once.
    fn give(
        &self,
        path: &'static str,
        span: &Range<usize>,
        given: &mut BTreeSet<&'static str>,
    ) -> Result<(), ConfigError> {
        if given.insert(path) {
            return Ok(());
        }
        let hint = "say it in one file and one block only".to_owned();
        Err(self.at(span, format!("`{path}` is given twice"), Some(hint)))
    }

    pub(crate) fn as_table<'v, 'i>(
        &self,
        path: &str,
        value: &'v Spanned<DeValue<'i>>,
    ) -> Result<&'v DeTable<'i>, ConfigError> {
        value.get_ref().as_table().ok_or_else(|| {
            self.at(
                &value.span(),
                format!("`{path}` is {}, not a table", article(value.get_ref())),
                Some(format!("write it as `[{path}]` with its keys below")),
            )
        })
    }

    pub(crate) fn value<T>(
        &self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        slot: &Slot<T>,
        target: &mut T,
    ) -> Result<(), ConfigError> {
        let wrong = |wanted: &str| {
            self.at(
                &value.span(),
                format!("`{path}` is {}, not {wanted}", article(value.get_ref())),
                Some("`happyos config show` lists every key with its unit and default".into()),
            )
        };
        match slot {
            Slot::Number { unit, min, max, set, .. } => {
                let number = value.get_ref().as_integer().ok_or_else(|| wrong(&format!("a whole number of {unit}")))?;
                let number = i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX);
                match u64::try_from(number) {
                    Ok(number) if (*min..=*max).contains(&number) => set(target, number),
                    _ => {
                        let message = format!("`{path}` is {number}, which is out of range");
                        let hint = format!("it may be {min} to {max} {unit}");
                        return Err(self.at(&value.span(), message, Some(hint)));
                    }
                }
            }
            Slot::Folder { set, .. } => {
                let text = value.get_ref().as_str().ok_or_else(|| wrong("a folder in quotes"))?;
                if text.is_empty() {
                    return Err(self.at(&value.span(), format!("`{path}` is empty"), None));
                }
                let base = self.file.parent().unwrap_or(Path::new(""));
                set(target, base.join(text));
            }
            Slot::File { set, .. } => {
                let text = value.get_ref().as_str().ok_or_else(|| wrong("a file in quotes"))?;
                if text.is_empty() {
                    return Err(self.at(&value.span(), format!("`{path}` is empty"), None));
                }
                set(target, self.file.parent().unwrap_or(Path::new("")).join(text));
            }
            Slot::Address { set, .. } => {
                let text = value.get_ref().as_str().ok_or_else(|| wrong("an address in quotes"))?;
                let address: SocketAddr = text.parse().map_err(|_| {
                    let hint = "write a numeric address and a port, such as \"127.0.0.1:7411\" or \"[::1]:7411\"";
                    self.at(
                        &value.span(),
                        format!("`{path}` is `{text}`, not an address with a port"),
                        Some(hint.into()),
                    )
                })?;
                set(target, address);
            }
            Slot::Choice { names, set, .. } => {
                let text = value.get_ref().as_str().ok_or_else(|| wrong("a name in quotes"))?;
                if !names.contains(&text) {
                    let hint = format!("it may be {}", listed(names.iter().copied()));
                    return Err(self.at(&value.span(), format!("`{path}` is `{text}`"), Some(hint)));
                }
                set(target, text);
            }
            Slot::Flag { set, .. } => set(target, value.get_ref().as_bool().ok_or_else(|| wrong("true or false"))?),
            Slot::List { set, check, .. } => {
                let array = value.get_ref().as_array().ok_or_else(|| wrong("a list of strings"))?;
                let mut list = Vec::new();
                for item in array.iter() {
                    let text = item.get_ref().as_str().ok_or_else(|| {
                        let message = format!("`{path}` holds {}, not only strings", article(item.get_ref()));
                        self.at(&item.span(), message, None)
                    })?;
                    check(text).map_err(|what| self.at(&item.span(), format!("`{path}`: `{text}` {what}"), None))?;
                    list.push(text.to_owned());
                }
                set(target, list);
            }
        }
        Ok(())
    }

    /// What no single key can tell.
    fn check(&self, config: &Config, table: &DeTable<'_>) -> Result<(), ConfigError> {
        let span = |path: [&str; 2]| {
            let [outer, inner] = path;
            let value = table.get(outer).and_then(|value| value.get_ref().get(inner));
            value.map_or(0..0, Spanned::span)
        };
        if !config.http.listen.ip().is_loopback() && !config.http.allow_remote {
            return Err(self.at(
                &span(["http", "listen"]),
                format!("`http.listen` is {}, which other machines can reach", config.http.listen),
                Some("say `http.allow_remote = true` if they may, and put a TLS proxy in front".into()),
            ));
        }
        let largest = config.limits.memory_bytes;
        if largest > config.admission.memory_bytes_max {
            return Err(self.at(
                &span(["admission", "memory_bytes_max"]),
                format!(
                    "one call may use {largest} bytes, more than the {} that all calls together get",
                    config.admission.memory_bytes_max
                ),
                Some("lower `limits.memory_bytes` or raise `admission.memory_bytes_max`".into()),
            ));
        }
        Ok(())
    }

    fn unknown(&self, span: &Range<usize>, path: &str) -> ConfigError {
        // The last name alone is compared too: the right key in the wrong table is a common mistake.
        let last = path.rsplit('.').next().unwrap_or(path);
        let moved = KEYS.iter().map(|key| key.path).find(|known| known.rsplit('.').next() == Some(last));
        let tables = ["http", "limits", "admission", "tasks", "compile"];
        let blocks = BLOCKS.iter().map(|(block, _)| *block);
        let known = KEYS.iter().map(|key| key.path).chain(tables).chain(blocks);
        let hint = match moved.or_else(|| nearest(path, known)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`happyos config show` lists every key".into(),
        };
        self.at(span, format!("there is no key `{path}`"), Some(hint))
    }
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

pub(crate) fn listed<'k>(names: impl Iterator<Item = &'k str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn article(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a string".into(),
        DeValue::Integer(_) => "a whole number".into(),
        DeValue::Float(_) => "a number with a fraction".into(),
        DeValue::Boolean(_) => "true or false".into(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let defaults = Config::new("/data".into());
        parse(text, Path::new("/etc/happyos.toml"), defaults)
            .map_err(|error| format!("{error}\n{}", error.hint.clone().unwrap_or_default()))
    }

    #[test]
    fn reads_every_kind_of_value() {
        let config = read(
            "data_dir = 'state'\nlog_lines_kept = 5\n[http]\nlisten = '[::1]:0'\nhosts = ['a.example']\n\
             [limits]\nfuel = 0xff\n",
        )
        .unwrap();
        assert_eq!(config.data_dir, Path::new("/etc/state"));
        assert_eq!(config.skills_dir, Path::new("/etc/state/skills"));
        assert_eq!(config.log_lines_kept, 5);
        assert_eq!(config.http.listen.port(), 0);
        assert_eq!(config.http.hosts, ["a.example"]);
        assert_eq!(config.limits.fuel, 255);
        assert_eq!(read("").unwrap(), Config::new("/data".into()));
    }

    #[test]
    fn every_mistake_has_its_place_and_a_hint() {
        let cases = [
            ("[limits]\nfule = 1\n", ":2:1: there is no key `limits.fule`\ndid you mean `limits.fuel`?"),
            ("fuel = 1\n", ":1:1: there is no key `fuel`\ndid you mean `limits.fuel`?"),
            ("[htpp]\n", ":1:2: there is no key `htpp`\ndid you mean `http`?"),
            (
                "[bundles.a]\nfuel = 1\n",
                ":1:2: what is decided for single bundles is not in this file\nput their limits into `/data/policy.toml`",
            ),
            ("[limits]\nfuel = \"many\"\n", ":2:8: `limits.fuel` is a string, not a whole number of instructions\n"),
            ("drain_ms = -1\n", ":1:12: `drain_ms` is -1, which is out of range\nit may be 0 to 86400000 milliseconds"),
            ("limits = 3\n", ":1:10: `limits` is a whole number, not a table\n"),
            ("[http]\nlisten = 'localhost'\n", ":2:10: `http.listen` is `localhost`, not an address with a port\n"),
            ("[http]\nlisten = '0.0.0.0:80'\n", ":2:10: `http.listen` is 0.0.0.0:80, which other machines can reach\n"),
            ("[http]\norigins = ['example.org']\n", ":2:12: `http.origins`: `example.org` is not an origin"),
            ("[http\n", ":1:6: "),
            ("a = 1\na = 2\n", ":2:1: duplicate key"),
            (
                "skill_discovery_interval_s = 5\n",
                ":1:1: there is no key `skill_discovery_interval_s`\ndid you mean `skill_discovery_interval`?",
            ),
            ("{\n  \"max_agent\": 5\n}", ":2:3: there is no key `max_agent`\ndid you mean `max_agents`?"),
            ("{\"max_agents\": 5,\n}", ":2:1: it is not JSON: key must be a string\n"),
            ("{\"max_agents\": null}", ":1:16: "),
            ("{\"max_agents\": 2.5}", ":1:16: `max_agents` is a number with a fraction, not a whole number of agents"),
            ("{\"fallback_enabled\": \"yes\"}", ":1:22: `fallback_enabled` is a string, not true or false"),
            ("{\"max_agents\": 1, \"max_agents\": 2}", ":1:"),
            (
                "{\"basic_orchestrator\":\n{\"fallback_enable\": true}}",
                ":2:2: there is no key `fallback_enable` in `basic_orchestrator`\ndid you mean `fallback_enabled`?",
            ),
            (
                "{\"orchestrator\": {\"http\": {}}}",
                ":1:19: there is no key `http` in `orchestrator`\nit may hold `max_concurrent_tasks`",
            ),
            (
                "{\"basic_orchestra\": {}}",
                ":1:2: there is no key `basic_orchestra`\ndid you mean `basic_orchestrator`?",
            ),
            ("max_agents = 1\n[ultimate_orchestrator]\nmax_agents = 2\n", "`max_agents` is given twice"),
            ("[admission]\nmemory_bytes_max = 1048576\n", ":2:20: one call may use 67108864 bytes"),
        ];
        for (text, want) in cases {
            let error = read(text).expect_err(text);
            let error = error.strip_prefix("/etc/happyos.toml").unwrap();
            assert!(
                error.starts_with(want) || !want.starts_with(':') && error.contains(want),
                "{text:?} gave {error:?}, not {want:?}"
            );
        }
    }

    #[test]
    fn both_blocks_of_the_system_before_are_read_as_they_stand() {
        let basic = r#"{"max_concurrent_tasks": 11, "skill_discovery_interval": 301, "fallback_enabled": false,
            "self_building_enabled": false}"#;
        let ultimate = r#"{"max_agents": 51, "a2a_protocol_enabled": false, "advanced_analysis_enabled": false,
            "performance_optimization": false, "memory_system_enabled": false}"#;
        let mut all = Config::new("/data".into());
        (all.tasks.running_max, all.skill_discovery_interval_s, all.tasks.fallback) = (11, 301, false);
        (all.planned.self_building, all.planned.agents_max, all.planned.a2a) = (false, 51, false);
        (all.planned.advanced_analysis, all.tasks.performance, all.tasks.memory) = (false, false, false);
        let inner = |text: &str| text.trim_start_matches('{').trim_end_matches('}').to_owned();
        for text in [
            format!("{{{},{}}}", inner(basic), inner(ultimate)),
            format!(r#"{{"basic_orchestrator": {basic}, "ultimate_orchestrator": {ultimate}}}"#),
            format!("\n{{\"orchestrator\":\r\n\t{basic},\n{}}}", inner(ultimate)),
        ] {
            assert_eq!(read(&text).unwrap(), all, "{text}");
        }
        let dir = tempfile::tempdir().unwrap();
        let files = ["happyos.toml", "happyos.json"].map(|name| dir.path().join(name));
        std::fs::write(&files[0], "max_agents = 51\n").unwrap();
        std::fs::write(&files[1], basic).unwrap();
        let both = load(&files, Config::new("/data".into())).unwrap();
        assert_eq!((both.planned.agents_max, both.tasks.running_max), (51, 11));
        std::fs::write(&files[0], "max_concurrent_tasks = 11\n").unwrap();
        let error = load(&files, Config::new("/data".into())).unwrap_err();
        assert_eq!((&error.path, error.message.contains("given twice")), (&files[1], true), "{error}");
    }
}
