//! The policy file as written to the [`Policy`] it means: every mistake with its line and column.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{APPROVED_MAX, Building, BundlePolicy, Policy, PolicyError};
use crate::base::{Digest, Grants, check_grant_name};
use crate::config::{BUNDLE_KEYS, BundleConfig, Reader, Slot, article, listed, nearest};
use crate::security::signing::PublicKey;

/// Bytes of state that may be granted.
const KV_BYTES_MAX: u64 = 1 << 40;
/// Longest value of an environment variable, in bytes.
const ENV_BYTES_MAX: usize = 32 << 10;
/// Where one bundle's tables come from.
const TABLES: [&str; 3] = ["building", "bundles", "keys"];
const BUILDING: [&str; 6] =
    ["builders", "builds_per_day", "rounds_per_day", "model_calls_per_day", "money_per_day", "rounds_max"];
const BUNDLE: [&str; 5] = ["approved", "publisher", "trust", "limits", "grants"];
const GRANTS: [&str; 5] = ["kv_bytes", "http", "secrets", "files", "env"];
const KEY: [&str; 1] = ["public"];

type Value<'i> = Spanned<DeValue<'i>>;

/// Reads the text of `file`.
///
/// # Errors
/// The first mistake in it.
pub fn parse(text: &str, file: &Path) -> Result<Policy, PolicyError> {
    let reader = Policies(Reader { text, file, skipped: 0 });
    let document = reader.0.document()?;
    let mut policy = Policy::default();
    for (name, value) in document.get_ref() {
        match name.get_ref().as_ref() {
            "building" => policy.building = reader.building(value)?,
            "bundles" => {
                for (name, value) in reader.named("bundles", value)? {
                    let path = format!("bundles.{name}");
                    policy.bundles.insert(name.to_owned(), Arc::new(reader.bundle(&path, value)?));
                }
            }
            "keys" => {
                for (name, value) in reader.named("keys", value)? {
                    policy.keys.insert(name.to_owned(), reader.key(&format!("keys.{name}"), value)?);
                }
            }
            _ => return Err(reader.unknown(name, "", &TABLES)),
        }
    }
    Ok(policy)
}

struct Policies<'a>(Reader<'a>);

impl Policies<'_> {
    /// The tables in a table by their names, which are checked.
    fn named<'v, 'i>(&self, path: &str, value: &'v Value<'i>) -> Result<Vec<(&'v str, &'v Value<'i>)>, PolicyError> {
        let mut named = Vec::new();
        for (name, value) in self.0.as_table(path, value)? {
            check_grant_name(name.get_ref())
                .map_err(|what| self.0.at(&name.span(), format!("in `{path}` the name {what}"), None))?;
            named.push((name.get_ref().as_ref(), value));
        }
        Ok(named)
    }

    fn building(&self, value: &Value<'_>) -> Result<Building, PolicyError> {
        const PER_DAY: Slot<u64> =
            Slot::Number { unit: "a day", min: 0, max: 100_000, get: |n| Some(*n), set: |slot, n| *slot = n };
        const MONEY: Slot<u64> = Slot::Number {
            unit: "millionths",
            min: 0,
            max: 1_000_000_000_000,
            get: |n| Some(*n),
            set: |slot, n| *slot = n,
        };
        const ROUNDS: Slot<u32> = Slot::Number {
            unit: "rounds",
            min: 1,
            max: 100,
            get: |n| Some(u64::from(*n)),
            set: |slot, n| *slot = u32::try_from(n).unwrap_or(u32::MAX),
        };
        let mut building = Building::default();
        for (name, value) in self.0.as_table("building", value)? {
            let full = format!("building.{}", name.get_ref());
            match name.get_ref().as_ref() {
                "builders" => {
                    building.builders =
                        self.list(&full, value, |text| check_grant_name(text).map(|()| text.to_owned()))?;
                }
                "builds_per_day" => self.0.value(&full, value, &PER_DAY, &mut building.builds_per_day)?,
                "model_calls_per_day" => self.0.value(&full, value, &PER_DAY, &mut building.model_calls_per_day)?,
                "money_per_day" => self.0.value(&full, value, &MONEY, &mut building.money_per_day)?,
                "rounds_per_day" => self.0.value(&full, value, &PER_DAY, &mut building.rounds_per_day)?,
                "rounds_max" => self.0.value(&full, value, &ROUNDS, &mut building.rounds_max)?,
                _ => return Err(self.unknown(name, "building", &BUILDING)),
            }
        }
        Ok(building)
    }

    fn bundle(&self, path: &str, value: &Value<'_>) -> Result<BundlePolicy, PolicyError> {
        let mut bundle = BundlePolicy::default();
        for (name, value) in self.0.as_table(path, value)? {
            let full = format!("{path}.{}", name.get_ref());
            match name.get_ref().as_ref() {
                "approved" => {
                    bundle.approved = self.list(&full, value, |text| {
                        Digest::parse(text).ok_or_else(|| "is not a SHA-256: 64 hexadecimal digits".to_owned())
                    })?;
                    if bundle.approved.len() > APPROVED_MAX {
                        let message =
                            format!("`{full}` has {} digests, more than {APPROVED_MAX}", bundle.approved.len());
                        return Err(self.wrong(value, message, Some("remove the oldest, which come first".into())));
                    }
                }
                "publisher" => {
                    let publisher = self.string(&full, value)?;
                    check_grant_name(publisher)
                        .map_err(|what| self.wrong(value, format!("`{full}`: the name {what}"), None))?;
                    bundle.publisher = Some(publisher.to_owned());
                }
                "trust" => match self.string(&full, value)? {
                    "path" => bundle.trust_path = true,
                    other => {
                        let message = format!("`{full}` is `{other}`, which means nothing");
                        return Err(self.wrong(
                            value,
                            message,
                            Some("`trust` may be \"path\", or not be there".into()),
                        ));
                    }
                },
                "limits" => self.limits(&full, value, &mut bundle)?,
                "grants" => bundle.grants = self.grants(&full, value)?,
                _ => return Err(self.unknown(name, path, &BUNDLE)),
            }
        }
        Ok(bundle)
    }

    fn limits(&self, path: &str, value: &Value<'_>, bundle: &mut BundlePolicy) -> Result<(), PolicyError> {
        let mut read = BundleConfig::default();
        for (name, value) in self.0.as_table(path, value)? {
            let Some(key) = BUNDLE_KEYS.iter().find(|key| key.path == name.get_ref().as_ref()) else {
                let known: Vec<&str> = BUNDLE_KEYS.iter().map(|key| key.path).collect();
                return Err(self.unknown(name, path, &known));
            };
            self.0.value(&format!("{path}.{}", key.path), value, &key.slot, &mut read)?;
        }
        (bundle.limits, bundle.running_max) = (read.limits, read.running_max);
        Ok(())
    }

    fn grants(&self, path: &str, value: &Value<'_>) -> Result<Grants, PolicyError> {
        let mut grants = Grants::default();
        for (name, value) in self.0.as_table(path, value)? {
            let full = format!("{path}.{}", name.get_ref());
            match name.get_ref().as_ref() {
                "kv_bytes" => {
                    const KV: Slot<Option<u64>> = Slot::Number {
                        unit: "bytes",
                        min: 0,
                        max: KV_BYTES_MAX,
                        get: |kv| *kv,
                        set: |kv, bytes| *kv = Some(bytes),
                    };
                    self.0.value(&full, value, &KV, &mut grants.kv_bytes)?;
                }
                "http" => grants.http = Some(self.list(&full, value, FromStr::from_str)?),
                "secrets" => {
                    let name = |text: &str| match check_grant_name(text) {
                        Ok(()) => Ok(text.to_owned()),
                        Err(_) => Err("is not a name: 1 to 64 of `A-Z a-z 0-9 _ -`".to_owned()),
                    };
                    grants.secrets = Some(self.list(&full, value, name)?);
                }
                "files" => grants.files = Some(self.list(&full, value, FromStr::from_str)?),
                "env" => grants.env = Some(self.env(&full, self.0.as_table(&full, value)?)?),
                _ => return Err(self.unknown(name, path, &GRANTS)),
            }
        }
        Ok(grants)
    }

    fn env(&self, path: &str, table: &DeTable<'_>) -> Result<BTreeMap<String, String>, PolicyError> {
        let mut env = BTreeMap::new();
        for (name, value) in table {
            check_grant_name(name.get_ref())
                .map_err(|what| self.0.at(&name.span(), format!("in `{path}` the name {what}"), None))?;
            let full = format!("{path}.{}", name.get_ref());
            let text = self.string(&full, value)?;
            if text.len() > ENV_BYTES_MAX || text.contains('\0') {
                let message = format!("`{full}` has a NUL, or more than {ENV_BYTES_MAX} bytes");
                return Err(self.wrong(value, message, None));
            }
            env.insert(name.get_ref().to_string(), text.to_owned());
        }
        Ok(env)
    }

    fn key(&self, path: &str, value: &Value<'_>) -> Result<PublicKey, PolicyError> {
        let table = self.0.as_table(path, value)?;
        let mut public = None;
        for (name, value) in table {
            if name.get_ref().as_ref() != "public" {
                return Err(self.unknown(name, path, &KEY));
            }
            let text = self.string(&format!("{path}.public"), value)?;
            public = Some(
                PublicKey::parse(text)
                    .map_err(|what| self.wrong(value, format!("`{path}.public`: `{text}` {what}"), None))?,
            );
        }
        public.ok_or_else(|| {
            self.wrong(value, format!("`{path}` has no `public`"), Some("`happyos key trust` writes it".into()))
        })
    }

    fn string<'v>(&self, path: &str, value: &'v Value<'_>) -> Result<&'v str, PolicyError> {
        value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong(value, format!("`{path}` is {}, not a string", article(value.get_ref())), None))
    }

    fn list<T>(
        &self,
        path: &str,
        value: &Value<'_>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, PolicyError> {
        let array = value.get_ref().as_array().ok_or_else(|| {
            let message = format!("`{path}` is {}, not a list of strings", article(value.get_ref()));
            self.wrong(value, message, None)
        })?;
        let item = |item: &Value<'_>| {
            let text = self.string(path, item)?;
            read(text).map_err(|what| self.wrong(item, format!("`{path}`: `{text}` {what}"), None))
        };
        array.iter().map(item).collect()
    }

    fn unknown(&self, name: &Spanned<impl AsRef<str>>, path: &str, known: &[&str]) -> PolicyError {
        let hint = nearest(name.get_ref().as_ref(), known.iter().copied()).map_or_else(
            || format!("there may be {} here", listed(known.iter().copied())),
            |near| format!("did you mean `{near}`?"),
        );
        let dot = if path.is_empty() { "" } else { "." };
        let message = format!("there is no key `{path}{dot}{}`", name.get_ref().as_ref());
        self.0.at(&name.span(), message, Some(hint)).into()
    }

    fn wrong(&self, value: &Value<'_>, message: String, hint: Option<String>) -> PolicyError {
        self.0.at(&value.span(), message, hint).into()
    }
}
