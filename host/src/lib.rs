//! HappyOS: one daemon that runs skills as sandboxed WebAssembly components.

pub mod agents;
pub mod base;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod http;
pub mod mcp;
pub mod memory;
pub mod orchestrator;
pub mod remote;
pub mod routing;
pub mod runtime;
pub mod security;
pub mod self_building;
pub mod skills;
pub mod store;
pub mod telemetry;
