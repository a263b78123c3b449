//! What the macros expand to. Not part of the public interface.

pub use schemars::{self, JsonSchema, Schema};
pub use serde::{self, Deserialize};

pub use crate::metadata::{Metadata, input_schema};
pub use crate::skill::Entry;

use crate::{Output, SkillError, SkillInput, SkillOutput, SkillResult, SkillSchema};

#[cfg(target_family = "wasm")]
pub use crate::guest::{bindings, call, list};

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

/// Natively there is nothing to export.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($bundle:path, $manifest:literal) => {};
}
