//! A temporary home of one daemon: its data, its skills, and calling them in this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use happyos::base::{Failure, LimitOverrides};
use happyos::cli::{Fault, Mode};
use happyos::config::Config;
use happyos::daemon::Daemon;
use happyos::runtime::{Outside, Runtime};
use happyos::security::{Audit, PolicyFile, Principal, Role, Secrets};
use happyos::skills::{Backing, Call, Outcome, Skills};
use happyos::store::Store;
use happyos::telemetry::GuestLog;
use serde_json::Value;
use tempfile::TempDir;

use crate::guest::SkillGuest;

/// A data directory and a skills directory of one test, gone when it ends.
pub struct Home {
    dir: TempDir,
    /// The configuration that [`Home::open`] uses.
    pub config: Config,
}

impl Home {
    /// An empty home with the default configuration and a port of the system's choosing.
    ///
    /// # Panics
    /// If there is no room for temporary files.
    pub fn new() -> Home {
        let dir = tempfile::Builder::new().prefix("happyos-test-").tempdir().expect("a temporary folder");
        let mut config =
            Config { data_dir: dir.path().join("data"), skills_dir: dir.path().join("skills"), ..Config::default() };
        config.http.listen = ([127, 0, 0, 1], 0).into();
        for folder in [&config.data_dir, &config.skills_dir] {
            std::fs::create_dir(folder).expect("a new folder");
        }
        Home { dir, config }
    }

    /// The folder of it all.
    pub fn path(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Installs a file and says where it lies.
    pub fn install(&self, file: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.config.skills_dir.join(file);
        std::fs::write(&path, bytes).expect("the folder can be written");
        path
    }

    /// Installs a guest as `{name}.wasm`.
    pub fn install_guest(&self, guest: &SkillGuest<'_>) -> PathBuf {
        self.install(&format!("{}.wasm", guest.name), guest.component())
    }
}

impl Home {
    /// Adds to what the operator decided for bundles: text of `policy.toml`.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn policy(&self, text: &str) {
        let path = self.config.policy_path();
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(path, format!("{before}{text}\n")).expect("the folder can be written");
    }

    /// The private socket of this home's daemon.
    pub fn socket(&self) -> PathBuf {
        self.config.data_dir.join("happyos.sock")
    }

    /// The configuration file that started commands read.
    pub fn config_file(&self) -> PathBuf {
        self.path().join("happyos.toml")
    }

    /// Writes that file: this home's folders, any port, and `more` at its end.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn configure(&self, more: &str) {
        let text = format!(
            "data_dir = {:?}\nskills_dir = {:?}\nhttp.listen = \"127.0.0.1:0\"\n{more}\n",
            self.config.data_dir, self.config.skills_dir
        );
        std::fs::write(self.config_file(), text).expect("the folder can be written");
    }

    /// Reads the skills of this home in this process, with a runtime of its own.
    ///
    /// # Panics
    /// If the runtime does not start.
    pub async fn open(&self) -> Skills {
        open(&self.config).await
    }

    /// Starts a daemon in this process.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(&self) -> Daemon {
        self.try_start().await.unwrap_or_else(|fault| panic!("the daemon does not start: {}", fault.message))
    }

    /// Starts a daemon in this process.
    ///
    /// # Errors
    /// If another holds the data directory, or it does not start for another reason.
    pub async fn try_start(&self) -> Result<Daemon, Fault> {
        let helper = crate::happyos_binary();
        Daemon::start(self.config.clone(), Mode::Serve, &helper, Box::new(|_, _| {})).await
    }
}

/// Reads the skills that `config` names in this process.
///
/// # Panics
/// If the runtime does not start.
pub async fn open(config: &Config) -> Skills {
    open_with(config, &crate::happyos_binary()).await
}

/// The same with `helper` as the program that compiles.
///
/// # Panics
/// If the runtime does not start.
pub async fn open_with(config: &Config, helper: &std::path::Path) -> Skills {
    let log = GuestLog::new(config.log_lines_kept);
    let store = Store::open(&config.data_dir).expect("the store opens");
    let secrets = Arc::new(Secrets::open(&config.data_dir).expect("the secrets open"));
    let audit = Audit::open(&config.data_dir).expect("the audit log opens");
    let outside = Outside { kv: Arc::new(store.clone()), secrets, audit: audit.clone() };
    let runtime = Runtime::start(config, helper, log.clone(), outside).expect("the runtime starts");
    let backing = Backing { store, policy: PolicyFile::at(config.policy_path()), audit };
    Skills::open(config, runtime, backing, log, |_| {}).await.expect("the catalog opens")
}

impl Default for Home {
    fn default() -> Self {
        Home::new()
    }
}

/// The principal of tests.
pub fn operator() -> Principal {
    Principal::authenticated("test", Role::Operator)
}

/// Calls `skill` with `input`.
pub async fn call(skills: &Skills, skill: &str, input: Value) -> Outcome {
    call_within(skills, skill, input, LimitOverrides::default()).await
}

/// Calls `skill` with `input` under tighter limits.
pub async fn call_within(skills: &Skills, skill: &str, input: Value, limits: LimitOverrides) -> Outcome {
    let input = input.to_string();
    skills.call(&operator(), Call { skill, input: input.into(), limits, ..Default::default() }).await
}

/// The JSON of a good answer.
///
/// # Panics
/// If the call failed.
pub fn answer(outcome: &Outcome) -> Value {
    match &outcome.result {
        Ok(answer) => serde_json::from_str(&answer.json).expect("an answer is JSON"),
        Err(failure) => panic!("the call failed: {failure}\n{outcome:?}"),
    }
}

/// Why a call failed.
///
/// # Panics
/// If it did not.
pub fn failure(outcome: &Outcome) -> &Failure {
    match &outcome.result {
        Ok(answer) => panic!("the call gave {}", answer.json.chars().take(200).collect::<String>()),
        Err(failure) => failure,
    }
}

/// Waits until `condition` holds, by asking again each time the runtime has done other work.
///
/// # Panics
/// If that takes longer than 20 seconds.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited 20 s until {what}");
        tokio::task::yield_now().await;
    }
}
