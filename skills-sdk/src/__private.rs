//! What the macros expand to. Not part of the public interface.

pub use schemars::{self, JsonSchema, Schema};
pub use serde::{self, Deserialize};

pub use crate::metadata::{Metadata, input_schema};
pub use crate::skill::Entry;

use crate::{Output, SkillError, SkillInput, SkillOutput, SkillResult, SkillSchema};

#[cfg(target_family = "wasm")]
pub use crate::guest::{agent_bindings, bindings, call, describe, health, list, run};

/// Reads the input of a skill.
pub fn read<T: SkillInput>(input: &str) -> Result<T, SkillError> {
    serde_json::from_str(input).map_err(|error| SkillError::InvalidInput(error.to_string()))
}

/// Holds for the type of an argument that is a property of the input.
pub const fn property<T: SkillInput + SkillSchema>() {}

/// What can be done with the answer of a skill.
///
/// Both functions come from one place, because each place that asks for a bound is an error of its own.
pub struct Answering<T> {
    /// Its schema.
    pub schema: fn() -> Schema,
    /// Writes it.
    pub write: fn(T) -> Result<Output<String>, SkillError>,
}

/// For a skill that cannot fail.
pub const fn answering<T: SkillOutput>() -> Answering<T> {
    Answering { schema: T::schema, write: T::into_output }
}

/// For a skill that can fail.
pub const fn answering_result<R: SkillResult>() -> Answering<R> {
    Answering { schema: R::schema, write: R::into_output }
}

/// Ends compilation with a message, at the place that calls it.
#[track_caller]
pub const fn refuse(message: &'static str) {
    panic!("{}", message)
}

/// Whether two names are the same, at compile time.
pub const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Exports a bundle from a component.
#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($bundle:path, $manifest:literal) => {
        const _: () = {
            use bindings::exports::happyos::skill::skills;
            use $crate::__private::bindings;

            #[unsafe(link_section = "happyos:manifest")]
            #[used]
            static MANIFEST: [u8; $manifest.len()] = *$manifest;

            struct Component;

            impl skills::Guest for Component {
                fn list() -> Vec<skills::SkillInfo> {
                    $crate::__private::list(&$bundle)
                }

                fn call(
                    name: String,
                    input: String,
                    context: skills::Context,
                ) -> Result<skills::Output, skills::SkillError> {
                    $crate::__private::call(&$bundle, &name, &input, context)
                }
            }

    bindings::export_skills!(Component with_types_in bindings);
        };
    };
}

/// Exports an agent from a component.
#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_agent {
    ($agent:ty, $manifest:expr) => {
        const _: () = {
            use agent_bindings::exports::happyos::agent::agents;
            use $crate::__private::agent_bindings;

            const TEXT: &str = $manifest;

            #[unsafe(link_section = "happyos:manifest")]
            #[used]
            static MANIFEST: [u8; TEXT.len()] = $crate::__private::bytes(TEXT);

            struct Component;

            impl agents::Guest for Component {
                fn describe() -> String {
                    $crate::__private::describe::<$agent>()
                }

                fn run(task: agents::Task, context: agents::Context) -> Result<agents::Answer, agents::AgentError> {
                    $crate::__private::run::<$agent>(task, context)
                }

                fn health(context: agents::Context) -> Result<String, agents::AgentError> {
                    $crate::__private::health::<$agent>(context)
                }
            }

    agent_bindings::export_agents!(Component with_types_in agent_bindings);
        };
    };
}

/// The bytes of a text, at compile time; `N` is its length.
pub const fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let (text, mut bytes) = (text.as_bytes(), [0; N]);
    let mut index = 0;
    while index < N {
        bytes[index] = text[index];
        index += 1;
    }
    bytes
}

/// Natively there is nothing to export.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_agent {
    ($agent:ty, $manifest:expr) => {
        /// The agent of this crate.
        pub static AGENT: $crate::agent::Exported = $crate::agent::Exported::of::<$agent>($manifest);
    };
}

/// Natively there is nothing to export.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($bundle:path, $manifest:literal) => {};
}
