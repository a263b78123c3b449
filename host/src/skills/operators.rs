//! The operator's files, the policy and the configuration, read again when they change. What has a mistake changes
//! nothing, and it is said why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::directory::Stamp;
use super::{Inner, State};
use crate::config::Config;

impl Inner {
    /// The files that the operator writes.
    pub(super) fn operators_files(&self) -> Vec<PathBuf> {
        std::iter::once(self.policy.path().to_owned()).chain(self.config.files.iter().cloned()).collect()
    }

    pub(super) fn operators_file_changed(&self, path: &Path) -> bool {
        let stamps = self.operators_stamps.lock().unwrap_or_else(PoisonError::into_inner);
        stamps.get(path) != Some(&Stamp::of(path))
    }

    pub(super) fn note_operators_files(&self) {
        let mut stamps = self.operators_stamps.lock().unwrap_or_else(PoisonError::into_inner);
        for path in self.operators_files() {
            let stamp = Stamp::of(&path);
            stamps.insert(path, stamp);
        }
    }

    /// Reads policy and limits again. What has a mistake changes nothing, and it is said why.
    pub(super) async fn reread_operators_files(&self) {
        // Held from before the files are read: of two that read them at one time, the one that read the older must not be
        // the last to say what is in force.
        let mut shelf = self.shelf.lock().await;
        self.note_operators_files();
        let file = self.policy.clone();
        let read = tokio::task::spawn_blocking(move || file.load()).await;
        let policy = match read {
            Ok(Ok(policy)) => Ok(policy),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("reading the policy failed: {error}")),
        };
        let changed = self.followed.lock().unwrap_or_else(PoisonError::into_inner).reread().map_err(|error| {
            let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("Failed to read the configuration: {error}{hint}")
        });
        let problem = [policy.as_ref().err(), changed.as_ref().err()].into_iter().flatten().next().cloned();
        self.set_problem(problem);
        if let Ok(changed) = &changed {
            self.publish_configuration(changed);
        }
        let limits = self.configured().limits;
        let policy = policy.ok().filter(|policy| *policy != *shelf.policy);
        let limits = Some(limits).filter(|limits| *limits != shelf.limits);
        if policy.is_none() && limits.is_none() {
            return;
        }
        let mut todo: BTreeSet<PathBuf> = BTreeSet::new();
        if let Some(policy) = policy {
            shelf.policy = Arc::new(policy);
            todo.extend(shelf.entries.iter().filter(|(_, entry)| entry.by_policy).map(|(path, _)| path.clone()));
            self.record("policy.changed", "policy", &self.policy.path().display().to_string());
        }
        if let Some(limits) = limits {
            shelf.limits = limits;
            let refused = shelf.entries.iter().filter(|(_, entry)| entry.state.state == State::Refused);
            todo.extend(refused.map(|(path, _)| path.clone()));
            self.record("policy.changed", "limits", "limits in the configuration file");
        }
        self.redecide(&mut shelf).await;
        self.publish(&shelf);
        todo.extend(shelf.take_again());
        drop(shelf);
        for path in todo {
            self.consider(&path).await;
        }
    }

    /// The configuration as it is in force.
    pub(super) fn configured(&self) -> Config {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).in_force().config.clone()
    }

    /// Hands on what is in force, and says what changed and what waits.
    fn publish_configuration(&self, changed: &[(&'static str, String)]) {
        let in_force = self.followed.lock().unwrap_or_else(PoisonError::into_inner).in_force().clone();
        for (key, value) in changed {
            tracing::info!(key, value, "a setting was changed and is in force");
            self.record("setting.changed", key, value);
        }
        let before = self.configuration.borrow().waiting.clone();
        for key in in_force.waiting.iter().filter(|key| !before.contains(key)) {
            tracing::warn!(key, "a setting was changed that counts at the next start");
            self.record("setting.waits", key, "it counts at the next start");
        }
        self.configuration.send_if_modified(|kept| {
            let differs = **kept != in_force;
            *kept = Arc::new(in_force);
            differs
        });
    }

    fn set_problem(&self, problem: Option<String>) {
        if **self.problem.load() == problem {
            return;
        }
        if let Some(problem) = &problem {
            tracing::error!(%problem, "what was in force before stays in force");
            self.record("policy.refused", "policy", problem);
        }
        self.problem.store(Arc::new(problem));
    }
}
