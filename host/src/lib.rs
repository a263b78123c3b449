//! HappyOS: one daemon that runs skills as sandboxed WebAssembly components.

pub mod base;
pub mod config;
