//! Tests across the whole system, in one binary.

mod abuse;
mod architecture;
mod bundles;
mod cli;
mod contract;
mod crash;
mod doors;
mod egress;
mod foreign;
mod limits;
mod model;
mod recall;
mod reload;
mod requests;
mod routing;
mod scripts;
mod self_building;
mod settings;
mod values;
