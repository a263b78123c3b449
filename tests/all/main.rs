//! Tests across the whole system, in one binary.

mod architecture;
mod contract;
