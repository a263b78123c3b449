//! The host side of `happyos:host/memory`: what the user asked before, for the agent that acts for it.

use crate::base::FailureKind;
use crate::runtime::bindings::agent::happyos::host::memory::{Entry, Error, Host};
use crate::runtime::state::CallState;

/// Most entries of one search.
const ENTRIES_MAX: u32 = 50;

impl Host for CallState {
    async fn search(&mut self, query: String, limit: u32) -> wasmtime::Result<Result<Vec<Entry>, Error>> {
        self.count_host_call()?;
        let reach = self.reach.clone();
        let Some(behalf) = reach.behalf() else {
            return Ok(Err(Error::Denied("only an agent may look at what was asked before".into())));
        };
        let found = behalf.recall(&query, limit.min(ENTRIES_MAX) as usize).await;
        Ok(match found {
            Ok(found) => Ok(found
                .into_iter()
                .map(|one| Entry { request: one.request, answer: one.answer, skill: one.skill })
                .collect()),
            Err(failure) if failure.kind == FailureKind::Denied => Err(Error::Denied(failure.message)),
            Err(failure) => Err(Error::Unavailable(failure.message)),
        })
    }
}
