//! The configuration as text: every key with its meaning, unit and default, from the one table of keys.

use std::fmt::Write as _;

use super::Config;
use super::fleet::EXPLAINED;
use super::keys::{BUNDLE_KEYS, Effect, KEYS, ORIGINAL, Slot};

/// A whole `happyos.toml` with the values of `config`, each key explained. Reads back as `config`.
pub fn annotated(config: &Config) -> String {
    render(config, "")
}

/// A `happyos.toml` in which every key is explained and commented out at its default.
pub fn explained(defaults: &Config) -> String {
    render(defaults, "# ")
}

fn render(config: &Config, mark: &str) -> String {
    let mut text = String::from(
        "# Configuration of HappyOS. Every key is optional. Relative folders are relative to this file.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (of, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if of != table {
            let _ = write!(text, "\n[{of}]");
            table = of;
        }
        let _ = write!(text, "\n# {}\n", key.what);
        if let Slot::Number { unit, min, max, .. } = &key.slot {
            let _ = writeln!(text, "# In {unit}, {}.", range(*min, *max));
        }
        match key.effect() {
            Effect::AtOnce => {}
            Effect::AtStart => text.push_str("# A change counts at the next start.\n"),
            Effect::NotYet => text.push_str("# Inactive: this is not there yet.\n"),
        }
        let value = value(&key.slot, config).unwrap_or_default();
        let _ = write!(text, "{mark}{name} = {value}");
        if let Slot::Number { unit: "bytes", get, .. } = &key.slot {
            let _ = write!(text, "{}", get(config).map(readable).unwrap_or_default());
        }
        text.push('\n');
    }
    text.push_str(EXPLAINED);
    text.push_str(&config.fleet.names());
    text.push_str("\n# For one bundle, in the policy file, in a table [bundles.NAME.limits]; these may also be looser than those above.\n");
    for key in BUNDLE_KEYS {
        if let Slot::Number { unit, min, max, .. } = &key.slot {
            let _ = writeln!(text, "#   {:<13} {} In {unit}, {}.", key.path, key.what, range(*min, *max));
        }
    }
    text
}

/// A setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its value, as it is written in a file.
    pub value: String,
    /// Whether it changes anything: what it is about is there.
    pub is_active: bool,
}

/// The settings of the system before this one, as they are in force here.
pub fn original_settings(config: &Config) -> Vec<Setting> {
    let original = KEYS.iter().filter(|key| ORIGINAL.contains(&key.path));
    original
        .map(|key| Setting {
            name: key.path,
            value: value(&key.slot, config).unwrap_or_default().replace('_', ""),
            is_active: key.effect() != Effect::NotYet,
        })
        .collect()
}

/// The value of a key as it is written; `None` where it has none.
pub(super) fn value<T>(slot: &Slot<T>, of: &T) -> Option<String> {
    match slot {
        Slot::Number { get, .. } => get(of).map(grouped),
        Slot::Folder { get, .. } => Some(quoted(&get(of).display().to_string())),
        Slot::File { get, .. } => Some(quoted(&get(of).display().to_string())),
        Slot::Address { get, .. } => Some(quoted(&get(of).to_string())),
        Slot::Choice { get, .. } => Some(quoted(get(of))),
        Slot::Flag { get, .. } => Some(get(of).to_string()),
        Slot::List { get, .. } => {
            let items: Vec<String> = get(of).iter().map(|item| quoted(item)).collect();
            Some(format!("[{}]", items.join(", ")))
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Digits in groups of three, as TOML allows them.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

fn range(min: u64, max: u64) -> String {
    if max == i64::MAX as u64 {
        format!("at least {}", grouped(min))
    } else {
        format!("{} to {}", grouped(min), grouped(max))
    }
}

fn readable(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.iter().find(|(size, _)| bytes >= *size && bytes.is_multiple_of(*size));
    unit.map_or_else(String::new, |(size, name)| format!("  # {} {name}", bytes / size))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    #[test]
    fn every_key_is_read_back_and_the_defaults_are_the_defaults() {
        let mut config = Config::new("/data".into());
        let text = annotated(&config);
        for key in KEYS {
            let name = key.path.rsplit('.').next().unwrap();
            assert!(text.contains(&format!("\n{name} = ")), "`{}` is not shown", key.path);
        }
        let file = Path::new("/etc/happyos.toml");
        let read = parse(&text, file, Config::new("/elsewhere".into())).unwrap();
        config.policy_file = Some(config.policy_path());
        assert_eq!(read, config);
        // Every key counts: changing any number changes what is read.
        for key in KEYS {
            if let Slot::Number { get, set, min, max, .. } = &key.slot {
                let before = get(&config).unwrap();
                assert!((*min..=*max).contains(&before), "the default of `{}` is out of its range", key.path);
                set(&mut config, before + 1);
                assert_ne!(annotated(&config), text, "`{}` is not kept", key.path);
                set(&mut config, before);
            }
        }
    }

    #[test]
    fn the_explained_file_changes_nothing() {
        let config = Config::new("/data".into());
        let read = parse(&explained(&config), Path::new("/etc/happyos.toml"), config.clone()).unwrap();
        assert_eq!(read, config);
    }
}
