//! Every key of `happyos.toml` in one table: its name, unit, range and meaning, and where it is kept.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{BundleConfig, Config, StoreKind};

/// One key.
pub struct Key {
    /// Its name with the names of its tables, such as `limits.fuel`.
    pub path: &'static str,
    /// What it says, in a sentence.
    pub what: &'static str,
    /// What it holds, and where.
    pub slot: Slot<Config>,
}

/// When a changed key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// At once, while the daemon runs.
    AtOnce,
    /// At its next start: it is an address, a place of files, or the size of something that is made at the start.
    AtStart,
    /// Not yet: the feature is not there. It is accepted and kept.
    NotYet,
}

impl Key {
    /// When a change of this key counts.
    pub fn effect(&self) -> Effect {
        let below = |table: &str| self.path.split_once('.').is_some_and(|(of, _)| of == table);
        if NOT_YET.contains(&self.path) {
            Effect::NotYet
        } else if AT_START.contains(&self.path) || below("admission") || below("compile") {
            Effect::AtStart
        } else {
            Effect::AtOnce
        }
    }
}

/// Keys outside `admission` and `compile`, whose pools are made at the start, that count at the next start.
const AT_START: &[&str] =
    &["data_dir", "skills_dir", "policy_file", "store", "http.listen", "http.allow_remote", "http.connections_max"];
/// Keys of features that are not there yet.
const NOT_YET: &[&str] = &["a2a_protocol_enabled"];

/// The blocks that settings may stand in, as the system before this one wrote them, with what each may hold. A file may
/// also hold these settings without their block.
pub static BLOCKS: &[(&str, &[&str])] =
    &[("orchestrator", ORIGINAL), ("basic_orchestrator", ORIGINAL), ("ultimate_orchestrator", ORIGINAL)];
/// The settings of that system, by the names it gave them.
pub const ORIGINAL: &[&str] = &[
    "max_concurrent_tasks",
    "skill_discovery_interval",
    "fallback_enabled",
    "self_building_enabled",
    "max_agents",
    "a2a_protocol_enabled",
    "advanced_analysis_enabled",
    "performance_optimization",
    "memory_system_enabled",
];

/// One key of a `[bundles.NAME]` table.
pub struct BundleKey {
    /// Its name in that table.
    pub path: &'static str,
    /// What it says, in a sentence.
    pub what: &'static str,
    /// What it holds, and where.
    pub slot: Slot<BundleConfig>,
}

/// What a key holds, with how it is read from and written to a `T`.
pub enum Slot<T> {
    /// A whole number of `unit`, between `min` and `max`.
    Number { unit: &'static str, min: u64, max: u64, get: fn(&T) -> Option<u64>, set: fn(&mut T, u64) },
    /// A folder; a relative one is relative to the file.
    Folder { get: fn(&T) -> &PathBuf, set: fn(&mut T, PathBuf) },
    /// A file; a relative one is relative to the configuration file.
    File { get: fn(&T) -> PathBuf, set: fn(&mut T, PathBuf) },
    /// An address with a port.
    Address { get: fn(&T) -> SocketAddr, set: fn(&mut T, SocketAddr) },
    /// One of `names`.
    Choice { names: &'static [&'static str], get: fn(&T) -> &'static str, set: fn(&mut T, &str) },
    /// `true` or `false`.
    Flag { get: fn(&T) -> bool, set: fn(&mut T, bool) },
    /// A list of strings; each must pass `check`, which says what is wrong with it.
    List { get: fn(&T) -> &Vec<String>, set: fn(&mut T, Vec<String>), check: fn(&str) -> Result<(), &'static str> },
}

/// Largest integer that TOML can hold.
const ANY: u64 = i64::MAX as u64;
/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

macro_rules! number {
    ($path:literal, $unit:literal, $min:expr, $max:expr, $($field:ident).+ : $type:ty, $what:literal) => {
        Key {
            path: $path,
            what: $what,
            slot: Slot::Number {
                unit: $unit,
                min: $min,
                max: $max,
                get: |config| u64::try_from(config.$($field).+).ok(),
                // The range of every key fits its type on the 64-bit machines this runs on.
                set: |config, value| config.$($field).+ = <$type>::try_from(value).unwrap_or(<$type>::MAX),
            },
        }
    };
}

macro_rules! flag {
    ($path:literal, $($field:ident).+, $what:literal) => {
        Key {
            path: $path,
            what: $what,
            slot: Slot::Flag {
                get: |config| config.$($field).+,
                set: |config, value| config.$($field).+ = value,
            },
        }
    };
}

macro_rules! bundle_number {
    ($path:literal, $unit:literal, $min:expr, $max:expr, $($field:ident).+ : $type:ty, $what:literal) => {
        BundleKey {
            path: $path,
            what: $what,
            slot: Slot::Number {
                unit: $unit,
                min: $min,
                max: $max,
                get: |bundle| bundle.$($field).+.and_then(|value| u64::try_from(value).ok()),
                set: |bundle, value| bundle.$($field).+ = Some(<$type>::try_from(value).unwrap_or(<$type>::MAX)),
            },
        }
    };
}

/// All keys outside `[bundles.NAME]`, in the order in which they are shown.
pub static KEYS: &[Key] = &[
    Key {
        path: "data_dir",
        what: "Private state: socket, tokens, compiled code. One daemon owns it at a time.",
        slot: Slot::Folder { get: |config| &config.data_dir, set: |config, value| config.data_dir = value },
    },
    Key {
        path: "skills_dir",
        what: "The folder that bundles are read from; `skills` in the data folder where it is not given.",
        slot: Slot::Folder { get: |config| &config.skills_dir, set: |config, value| config.skills_dir = value },
    },
    number!("skill_discovery_interval", "seconds", 1, 86_400, skill_discovery_interval_s: u64,
        "How often the skills folder is looked through for changes that no event told of."),
    Key {
        path: "policy_file",
        what: "What the operator decided for bundles; `policy.toml` in the data folder where it is not given.",
        slot: Slot::File { get: |config| config.policy_path(), set: |config, value| config.policy_file = Some(value) },
    },
    Key {
        path: "model_index_urls",
        what: "Python package indexes that `happyos model pull` asks, in this order; those that pip uses where there are none.",
        slot: Slot::List {
            get: |config| &config.model_index_urls,
            set: |config, value| config.model_index_urls = value,
            check: check_index,
        },
    },
    number!("log_lines_kept", "lines", 0, 1_000_000, log_lines_kept: usize,
        "Lines that skills logged, kept in memory for `happyos skill logs`."),
    Key {
        path: "store",
        what: "Where requests and what is remembered are kept: \"disk\", or \"memory\", which is gone when the daemon stops.",
        slot: Slot::Choice {
            names: StoreKind::NAMES,
            get: |config| config.tasks.store.as_str(),
            set: |config, value| {
                config.tasks.store = if value == "memory" { StoreKind::Memory } else { StoreKind::Disk };
            },
        },
    },
    number!("max_concurrent_tasks", "tasks", 1, 65_536, tasks.running_max: usize,
        "Requests in plain words that are worked on at one time; more wait."),
    flag!(
        "fallback_enabled",
        tasks.fallback,
        "Where one skill fails, the next one that fits is tried, if that does no harm."
    ),
    flag!(
        "performance_optimization",
        tasks.performance,
        "How skills did so far decides between ones that fit about as well."
    ),
    flag!("self_building_enabled", planned.self_building, "Skills are built for what no skill does."),
    number!("max_agents", "agents", 1, 65_536, planned.agents_max: usize, "Agents that there may be."),
    flag!("a2a_protocol_enabled", planned.a2a, "Agents are spoken to and answered over A2A."),
    flag!(
        "advanced_analysis_enabled",
        planned.advanced_analysis,
        "What rules cannot plan or answer is given to agents that can do `planner` or `answers`."
    ),
    flag!("memory_system_enabled", tasks.memory, "Earlier requests of a session and choices are remembered and used."),
    number!("drain_ms", "milliseconds", 0, DAY_MS, drain_ms: u64,
        "How long a stopping daemon waits for calls in flight."),
    Key {
        path: "http.listen",
        what: "Where HTTP and MCP over HTTP listen; port 0 picks a free one.",
        slot: Slot::Address { get: |config| config.http.listen, set: |config, value| config.http.listen = value },
    },
    Key {
        path: "http.allow_remote",
        what: "Must be true before `listen` may be an address that other machines can reach.",
        slot: Slot::Flag {
            get: |config| config.http.allow_remote,
            set: |config, value| config.http.allow_remote = value,
        },
    },
    Key {
        path: "http.hosts",
        what: "Names accepted in `Host`, beside the address it listens on and `localhost`.",
        slot: Slot::List {
            get: |config| &config.http.hosts,
            set: |config, value| config.http.hosts = value,
            check: check_host,
        },
    },
    Key {
        path: "http.origins",
        what: "Values accepted in `Origin`, such as \"https://example.org\"; without any, pages of other sites are refused.",
        slot: Slot::List {
            get: |config| &config.http.origins,
            set: |config, value| config.http.origins = value,
            check: check_origin,
        },
    },
    number!("http.body_bytes_max", "bytes", 1024, 1 << 30, http.body_bytes_max: usize, "Largest request body."),
    number!("http.connections_max", "connections", 1, 65_536, http.connections_max: usize,
        "Connections open at one time."),
    number!("limits.fuel", "instructions", 1, ANY, limits.fuel: u64, "Instructions one call may execute."),
    number!("limits.wall_ms", "milliseconds", 1, DAY_MS, limits.wall_ms: u64,
        "Time one call may take, what it waits for included."),
    number!("limits.memory_bytes", "bytes", 65_536, 4 << 30, limits.memory_bytes: u64,
        "Memory one call may use: all linear memories, and 8 bytes for each table element."),
    number!("limits.host_calls", "calls", 0, ANY, limits.host_calls: u64, "Calls one call may make to the host."),
    number!("limits.host_call_bytes", "bytes", 1024, 1 << 30, limits.host_call_bytes: u64,
        "Bytes one such call may hand over."),
    number!("limits.output_bytes", "bytes", 2, 1 << 30, limits.output_bytes: u64, "Size of a call's JSON answer."),
    number!("limits.attachment_bytes", "bytes", 0, 1 << 30, limits.attachment_bytes: u64,
        "Size of all attachments of an answer together."),
    number!("limits.log_bytes", "bytes", 0, 1 << 30, limits.log_bytes: u64, "What one call may log; more is cut."),
    number!("admission.running_max", "calls", 1, 65_536, admission.running_max: usize,
        "Calls running in the whole daemon. Default: 32 for each core, at least 64."),
    number!("admission.memory_bytes_max", "bytes", 1 << 20, ANY, admission.memory_bytes_max: u64,
        "Memory promised to running calls together. Default: half of what this machine gives."),
    number!("admission.queue_max", "calls", 0, 1_000_000, admission.queue_max: usize,
        "Calls waiting in the whole daemon; more are told `unavailable` at once."),
    number!("admission.bundle_running_max", "calls", 1, 65_536, admission.bundle_running_max: usize,
        "Calls of one bundle running."),
    number!("admission.bundle_queue_max", "calls", 0, 1_000_000, admission.bundle_queue_max: usize,
        "Calls of one bundle waiting."),
    number!("tasks.parallel_max", "steps", 1, 256, tasks.parallel_max: usize,
        "Steps of one request that run at one time, as far as there are places for them."),
    Key {
        path: "tasks.ask_first",
        what: "Skills and agents, by name, that requests in plain words call only if their owner says so each time.",
        slot: Slot::List {
            get: |config| &config.tasks.ask_first,
            set: |config, value| config.tasks.ask_first = value,
            check: |name| {
                if name.is_empty() || name.len() > 128 { Err("the name of a skill or an agent") } else { Ok(()) }
            },
        },
    },
    number!("tasks.kept_max", "tasks", 0, 10_000_000, tasks.kept_max: u64, "Requests that have ended and are kept."),
    number!("tasks.kept_bytes_max", "bytes", 0, ANY, tasks.kept_bytes_max: u64, "Size of what is kept of them."),
    number!("tasks.kept_days", "days", 1, 36_500, tasks.kept_days: u64, "How long they are kept."),
    number!("tasks.question_days", "days", 1, 36_500, tasks.question_days: u64,
        "How long a request waits for the answer to a question; then it is stopped."),
    number!("compile.bundle_bytes_max", "bytes", 1024, 1 << 30, compile.bundle_bytes_max: u64,
        "Largest file that is taken for a bundle."),
    number!("compile.memory_bytes_max", "bytes", 64 << 20, 1 << 40, compile.memory_bytes_max: u64,
        "Address space of the compiling helper process."),
    number!("compile.cpu_s", "seconds", 1, 3_600, compile.cpu_s: u64,
        "Processor time of the helper, before what the size of its input adds."),
    number!("compile.cpu_s_per_mib", "seconds", 0, 3_600, compile.cpu_s_per_mib: u64,
        "Processor time added for each MiB of input."),
    number!("compile.cache_bytes_max", "bytes", 0, ANY, compile.cache_bytes_max: u64, "Compiled code kept on disk."),
    number!("compile.loaded_bytes_max", "bytes", 1 << 20, ANY, compile.loaded_bytes_max: u64,
        "Compiled code kept in memory."),
    number!("compile.warm_scripts_max", "instances", 0, 4_096, compile.warm_scripts_max: usize,
        "Instances with a script already loaded, kept for the next call."),
];

/// All keys of a `[bundles.NAME]` table. None has a default: what is not given is as for every bundle.
pub static BUNDLE_KEYS: &[BundleKey] = &[
    bundle_number!("fuel", "instructions", 1, ANY, limits.fuel: u64, "In place of `limits.fuel`."),
    bundle_number!("wall_ms", "milliseconds", 1, DAY_MS, limits.wall_ms: u64, "In place of `limits.wall_ms`."),
    bundle_number!("memory_bytes", "bytes", 65_536, 4 << 30, limits.memory_bytes: u64,
        "In place of `limits.memory_bytes`."),
    bundle_number!("host_calls", "calls", 0, ANY, limits.host_calls: u64, "In place of `limits.host_calls`."),
    bundle_number!("output_bytes", "bytes", 2, 1 << 30, limits.output_bytes: u64, "In place of `limits.output_bytes`."),
    bundle_number!("running_max", "calls", 1, 65_536, running_max: usize, "In place of `admission.bundle_running_max`."),
];

fn check_host(host: &str) -> Result<(), &'static str> {
    let fits = !host.is_empty()
        && host.len() <= 255
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    if fits { Ok(()) } else { Err("is not a host name, with or without a port") }
}

fn check_origin(origin: &str) -> Result<(), &'static str> {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    match rest {
        Some(host) if check_host(host).is_ok() => Ok(()),
        _ => Err("is not an origin such as `https://example.org`, without a path"),
    }
}

fn check_index(url: &str) -> Result<(), &'static str> {
    match url::Url::parse(url) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => Ok(()),
        _ => Err("the address of a package index looks like \"https://example.org/simple/\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_list_is_a_key() {
        for name in AT_START.iter().chain(NOT_YET).chain(ORIGINAL) {
            assert!(KEYS.iter().any(|key| key.path == *name), "there is no key `{name}`");
        }
    }
}
