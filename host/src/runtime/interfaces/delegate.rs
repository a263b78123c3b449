//! The host side of `happyos:host/delegate`: an agent's calls of skills and agents, paid from its own budget.

use std::time::Instant;

use crate::base::{Failure, FailureKind};
use crate::runtime::behalf::{Delegated, Target as Known, TargetKind};
use crate::runtime::bindings::agent::happyos::host::delegate::{Error, Host, Kind, Share, Target};
use crate::runtime::state::CallState;

/// Said where what runs is no agent.
const NOT_AN_AGENT: &str = "only an agent may call skills and agents";

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let text = failure.message;
        match failure.kind {
            FailureKind::Denied => Error::Denied(text),
            FailureKind::NotFound => Error::NotFound(text),
            FailureKind::InvalidInput => Error::InvalidInput(text),
            FailureKind::LimitExceeded(_) => Error::Exhausted(text),
            FailureKind::Unavailable | FailureKind::Cancelled => Error::Unavailable(text),
            FailureKind::Trap | FailureKind::GuestError | FailureKind::InvalidOutput | FailureKind::Internal => {
                Error::Failed(text)
            }
        }
    }
}

impl Host for CallState {
    async fn targets(&mut self) -> wasmtime::Result<Vec<Target>> {
        self.count_host_call()?;
        let wit = |target: Known| Target {
            name: target.name.to_string(),
            kind: match target.kind {
                TargetKind::Skill => Kind::Skill,
                TargetKind::Agent => Kind::Agent,
            },
            description: target.description,
            input_schema: target.input_schema,
        };
        Ok(self.reach.behalf().map(|behalf| behalf.targets().into_iter().map(wit).collect()).unwrap_or_default())
    }

    async fn call(
        &mut self,
        name: String,
        input_json: String,
        share: Share,
    ) -> wasmtime::Result<Result<String, Error>> {
        self.count_host_call()?;
        let reach = self.reach.clone();
        let Some(behalf) = reach.behalf() else { return Ok(Err(Error::Denied(NOT_AN_AGENT.into()))) };
        let left = self.deadline().saturating_duration_since(Instant::now());
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let wall_ms = share.wall_ms.unwrap_or(left_ms).min(left_ms);
        let left_fuel = behalf.fuel_left().min(self.limits().fuel);
        let fuel = share.fuel.unwrap_or(left_fuel).min(left_fuel);
        if wall_ms == 0 || fuel == 0 {
            return Ok(Err(Error::Exhausted("nothing is left of this run's time or fuel".into())));
        }
        let called = behalf.call(&name, input_json, wall_ms, fuel).await;
        if let Err(failure) = &called
            && failure.kind == FailureKind::Denied
        {
            reach.refuse_call(&name, &failure.message);
        }
        Ok(match called {
            Ok(Delegated::Done(json)) => Ok(json),
            Ok(Delegated::InputRequired(question)) => Err(Error::InputRequired(question)),
            Err(failure) => Err(failure.into()),
        })
    }
}
