//! The agent's side of the contract: from WIT types to the SDK's and back.

use std::panic::set_hook;

use crate::agent::{Agent, Answer, Context, Endpoint, Outcome, Task};
use crate::{Attachment, SkillError};

/// What `wit-bindgen` makes of `wit/` for agents, beside what skills have.
#[expect(clippy::all, missing_docs, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../wit/host-0.1.0", "../wit/agent-1.0.0"],
        inline: "
            package happyos:inner;
            world agent {
                import happyos:host/delegate@0.1.0;
                import happyos:host/memory@0.1.0;
                export happyos:agent/agents@1.0.0;
            }
        ",
        world: "happyos:inner/agent",
        pub_export_macro: true,
        export_macro_name: "export_agents",
        default_bindings_module: "happyos_sdk::__private::agent_bindings",
        generate_all,
    });
}

use bindings::exports::happyos::agent::agents;

fn context(context: agents::Context) -> Context {
    Context {
        request_id: context.request_id,
        session_id: context.session_id,
        locale: context.locale,
        remaining_ms: context.remaining_ms,
        seed: context.seed,
        endpoint: context.endpoint.map(|endpoint| Endpoint {
            url: endpoint.url,
            model: endpoint.model,
            secret: endpoint.secret,
        }),
        instructions: context.instructions,
        settings: context.settings,
    }
}

fn error(error: SkillError) -> agents::AgentError {
    match error {
        SkillError::InvalidInput(message) => agents::AgentError::InvalidInput(message),
        SkillError::Denied(message) => agents::AgentError::Denied(message),
        SkillError::Unavailable(message) => agents::AgentError::Unavailable(message),
        SkillError::Failed(message) => agents::AgentError::Failed(message),
    }
}

/// Describes an agent.
pub fn describe<A: Agent>() -> String {
    set_hook(Box::new(super::report_panic));
    A::describe().to_json()
}

/// Runs an agent.
pub fn run<A: Agent>(task: agents::Task, asked: agents::Context) -> Result<agents::Answer, agents::AgentError> {
    set_hook(Box::new(super::report_panic));
    let task = Task { input: task.input, continuation: task.continuation };
    let Answer { outcome, input_tokens, output_tokens } = A::run(&task, &context(asked)).map_err(error)?;
    let outcome = match outcome {
        Outcome::Done(json, files) => agents::Outcome::Done(agents::Done {
            json,
            artifacts: files
                .into_iter()
                .map(|Attachment { name, media_type, data, .. }| agents::Artifact { name, media_type, data })
                .collect(),
        }),
        Outcome::InputRequired(message, continuation) => {
            agents::Outcome::InputRequired(agents::Question { message, continuation })
        }
    };
    Ok(agents::Answer { outcome, input_tokens, output_tokens })
}

/// Asks an agent how it is.
pub fn health<A: Agent>(asked: agents::Context) -> Result<String, agents::AgentError> {
    set_hook(Box::new(super::report_panic));
    A::health(&context(asked)).map_err(error)
}

/// `happyos:host/memory` as the SDK uses it.
pub fn search_memory(query: &str, limit: u32) -> Result<Vec<crate::memory::Entry>, SkillError> {
    use bindings::happyos::host::memory;
    let entry = |entry: memory::Entry| crate::memory::Entry {
        request: entry.request,
        answer: entry.answer,
        skill: entry.skill,
    };
    match memory::search(query, limit) {
        Ok(found) => Ok(found.into_iter().map(entry).collect()),
        Err(memory::Error::Denied(message)) => Err(SkillError::Denied(message)),
        Err(memory::Error::Unavailable(message)) => Err(SkillError::Unavailable(message)),
    }
}

/// `happyos:host/delegate` as the SDK uses it.
pub mod delegate {
    use super::bindings::happyos::host::delegate;
    use crate::delegate::{Error, Target};

    pub fn targets() -> Vec<Target> {
        let own = |target: delegate::Target| Target {
            name: target.name,
            is_agent: target.kind == delegate::Kind::Agent,
            description: target.description,
            input_schema: target.input_schema,
        };
        delegate::targets().into_iter().map(own).collect()
    }

    pub fn call(name: &str, input: &str) -> Result<String, Error> {
        let share = delegate::Share { wall_ms: None, fuel: None };
        delegate::call(name, input, share).map_err(|error| match error {
            delegate::Error::Denied(message) => Error::Denied(message),
            delegate::Error::NotFound(message) => Error::NotFound(message),
            delegate::Error::InvalidInput(message) => Error::InvalidInput(message),
            delegate::Error::Exhausted(message) => Error::Exhausted(message),
            delegate::Error::Unavailable(message) => Error::Unavailable(message),
            delegate::Error::Failed(message) => Error::Failed(message),
            delegate::Error::InputRequired(message) => Error::InputRequired(message),
        })
    }
}
