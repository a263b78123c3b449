//! Tests across the whole system, in one binary.

mod abuse;
mod architecture;
mod bundles;
#[cfg(any())]
mod cli;
mod contract;
#[cfg(any())]
mod doors;
mod limits;
mod scripts;
mod values;
