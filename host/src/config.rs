//! Configuration: `happyos.toml` as written, and as resolved with defaults, units in the types and names.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::base::{CallLimits, LimitOverrides};

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
    /// What the operator set for single bundles, by bundle name. May be looser than `limits`.
    pub bundles: BTreeMap<String, BundleConfig>,
    /// How much may run at one time.
    pub admission: AdmissionConfig,
    /// Compiling, the compiled code on disk and in memory.
    pub compile: CompileConfig,
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
