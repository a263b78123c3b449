//! The MCP door: every skill is a tool, over streamable HTTP and over anything with lines.
//!
//! What happens when a client cancels or goes away: its calls are dropped and thereby cancelled, and counted as
//! `cancelled`. On a closed input, answers already on their way are still written for a few seconds.

mod convert;
mod direct;
mod handler;
mod http;
mod stdio;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod transport;

pub use http::answer_http;
pub use stdio::{Input, Output, serve_stdio, standard_streams};
