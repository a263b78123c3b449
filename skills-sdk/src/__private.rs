//! What the macros expand to. Not part of the public interface.

pub use schemars::{self, JsonSchema, Schema};
pub use serde::{self, Deserialize};

pub use crate::metadata::{Metadata, input_schema, output_schema};
pub use crate::skill::Entry;

use crate::{Output, SkillError, SkillInput, SkillOutput, SkillResult};

#[cfg(target_family = "wasm")]
pub use crate::guest::{bindings, call, list};

/// Reads the input of a skill.
pub fn read<T: SkillInput>(input: &str) -> Result<T, SkillError> {
    serde_json::from_str(input).map_err(|error| SkillError::InvalidInput(error.to_string()))
}

/// Writes the answer of a skill.
pub fn write<T: SkillOutput>(answer: T) -> Result<Output<String>, SkillError> {
    answer.into_output()
}

/// Makes the error of a skill a `SkillError`.
pub fn check<R: SkillResult>(result: R) -> Result<R::Value, SkillError> {
    result.into_result()
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
