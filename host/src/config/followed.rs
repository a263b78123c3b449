//! A configuration that is followed while the daemon runs: what counts at once, and what waits for the next start.

use super::explain::value;
use super::keys::{Effect, KEYS, Key, Slot};
use super::{Config, ConfigError, load};

/// What is in force now.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// The configuration.
    pub config: Config,
    /// Keys that were changed since the daemon started and count at its next start.
    pub waiting: Vec<&'static str>,
}

/// The files' contents when they were read first and last, and what is in force.
#[derive(Debug)]
pub struct Followed {
    at_start: Config,
    last: Config,
    in_force: InForce,
}

impl Followed {
    /// Follows the files of `config`, which is in force now and may say more than they do.
    pub fn new(config: &Config) -> Followed {
        // They were read a moment ago; if they cannot be read now, the next look at them says so.
        let written = written(config).unwrap_or_else(|_| config.clone());
        let in_force = InForce { config: config.clone(), waiting: Vec::new() };
        Followed { at_start: written.clone(), last: written, in_force }
    }

    /// What is in force.
    pub fn in_force(&self) -> &InForce {
        &self.in_force
    }

    /// Reads the files again; gives the keys that count from now on with what they are now. A mistake changes nothing.
    ///
    /// # Errors
    /// The first mistake in them.
    pub fn reread(&mut self) -> Result<Vec<(&'static str, String)>, ConfigError> {
        let now = written(&self.in_force.config)?;
        let mut changed = Vec::new();
        let differs = |key: &Key, before: &Config| value(&key.slot, before) != value(&key.slot, &now);
        for key in KEYS.iter().filter(|key| key.effect() != Effect::AtStart && differs(key, &self.last)) {
            copy(&key.slot, &now, &mut self.in_force.config);
            changed.push((key.path, value(&key.slot, &now).unwrap_or_default()));
        }
        let waits = |key: &&Key| key.effect() == Effect::AtStart && differs(key, &self.at_start);
        self.in_force.waiting = KEYS.iter().filter(waits).map(|key| key.path).collect();
        self.last = now;
        Ok(changed)
    }
}

/// What the files of `config` say, over the defaults.
fn written(config: &Config) -> Result<Config, ConfigError> {
    load(&config.files, Config::new(config.data_dir.clone()))
}

fn copy(slot: &Slot<Config>, from: &Config, to: &mut Config) {
    match slot {
        Slot::Number { get, set, .. } => {
            if let Some(number) = get(from) {
                set(to, number);
            }
        }
        Slot::Folder { get, set } => set(to, get(from).clone()),
        Slot::File { get, set } => set(to, get(from)),
        Slot::Address { get, set } => set(to, get(from)),
        Slot::Choice { get, set, .. } => set(to, get(from)),
        Slot::Flag { get, set } => set(to, get(from)),
        Slot::List { get, set, .. } => set(to, get(from).clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_counts_at_once_and_the_rest_waits_until_it_is_put_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("happyos.toml");
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        write("max_concurrent_tasks = 3\n");
        // As the command line may say it.
        let started =
            Config { log_lines_kept: 7, ..load(std::slice::from_ref(&file), Config::new("/data".into())).unwrap() };
        let mut followed = Followed::new(&started);
        write("max_concurrent_tasks = 4\nskill_discovery_interval = 60\n[http]\nlisten = '127.0.0.1:1'\n");
        let changed = followed.reread().unwrap();
        assert_eq!(changed, [("skill_discovery_interval", "60".into()), ("max_concurrent_tasks", "4".into())]);
        let InForce { config, waiting } = followed.in_force().clone();
        assert_eq!((config.tasks.running_max, config.skill_discovery_interval_s), (4, 60));
        assert_eq!((config.http.listen, config.log_lines_kept), (started.http.listen, 7));
        assert_eq!(waiting, ["http.listen"]);

        write("max_concurrent_tasks = 0\n");
        assert!(followed.reread().unwrap_err().message.contains("out of range"));
        assert_eq!(followed.in_force().config, config);
        write("max_concurrent_tasks = 4\n");
        assert_eq!(followed.reread().unwrap().len(), 1, "the interval is at its default again");
        assert!(followed.in_force().waiting.is_empty());
    }
}
