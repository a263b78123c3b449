//! The MCP door: every skill is a tool, and so is asking in plain words; over streamable HTTP and over anything with lines.
//!
//! What happens when a client cancels or goes away: its calls are dropped and thereby cancelled, and counted as
//! `cancelled`. On a closed input, answers already on their way are still written for a few seconds.

mod ask;
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

use crate::orchestrator::Orchestrator;
use crate::security::Principal;
use crate::skills::Skills;
pub use ask::NAME as ASK;
pub use http::answer_http;
pub use stdio::{Input, Output, serve_stdio, standard_streams};

/// What one client is served with.
#[derive(Clone)]
pub struct Server {
    /// The catalog, and calling what is in it.
    pub skills: Skills,
    /// Requests in plain words.
    pub orchestrator: Orchestrator,
    /// Who the client acts for.
    pub principal: Principal,
}
