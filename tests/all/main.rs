//! Tests across the whole system, in one binary.

mod abuse;
mod agent_steps;
mod agents;
mod architecture;
mod bundles;
mod camel;
mod cli;
mod contract;
mod crash;
mod doors;
mod egress;
mod foreign;
mod limits;
mod model;
mod parts;
mod planner;
mod plans;
mod recall;
mod reload;
mod requests;
mod routing;
mod scripts;
mod self_building;
mod settings;
mod spans;
mod values;
