//! Skills and bundles as the macros build them.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::metadata::output_schema;
use crate::{Attachment, Context, Output, SkillError};

/// A function that `#[skill]` stands on. The attribute implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a skill",
    label = "no `#[skill]` stands on this",
    note = "hint: put `#[skill]` on the function, and list it in `bundle!` by the function's name"
)]
pub trait Skill {
    /// The name callers use.
    const NAME: &'static str;

    /// What the skill says of itself, as a JSON object.
    fn metadata() -> String;

    /// Runs the skill on `input`, a JSON text.
    ///
    /// # Errors
    /// What the function returned, or [`SkillError::InvalidInput`] if `input` does not fit.
    fn call(input: &str, context: &Context) -> Result<Output<String>, SkillError>;
}

/// The skills of one crate and what its manifest says. `bundle!` defines one, `BUNDLE`.
pub struct Bundle {
    /// The bundle's name.
    pub name: &'static str,
    #[doc(hidden)]
    pub skills: &'static [Entry],
}

/// One skill of a bundle, behind function pointers.
#[doc(hidden)]
pub struct Entry {
    pub name: &'static str,
    pub metadata: fn() -> String,
    pub call: fn(&str, &Context) -> Result<Output<String>, SkillError>,
}

impl Entry {
    pub const fn of<S: Skill>() -> Self {
        Self { name: S::NAME, metadata: S::metadata, call: S::call }
    }
}

impl Bundle {
    /// The names of the skills, as listed.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.skills.iter().map(|skill| skill.name)
    }

    /// What the skill `name` says of itself, as a JSON text.
    pub fn metadata(&self, name: &str) -> Option<String> {
        self.find(name).map(|skill| (skill.metadata)())
    }

    /// Runs the skill `name` on `input`, a JSON text, and gives its answer as JSON text.
    ///
    /// # Errors
    /// What the skill returned; [`SkillError::InvalidInput`] if `input` does not fit or there is no
    /// such skill.
    pub fn call(&self, name: &str, input: &str, context: &Context) -> Result<Output<String>, SkillError> {
        match self.find(name) {
            Some(skill) => (skill.call)(input, context),
            None => Err(SkillError::InvalidInput(format!("the bundle `{}` has no skill `{name}`", self.name))),
        }
    }

    fn find(&self, name: &str) -> Option<&'static Entry> {
        self.skills.iter().find(|skill| skill.name == name)
    }
}

/// A type that a skill can take as input.
#[diagnostic::on_unimplemented(
    message = "a skill cannot take `{Self}`: it is not `Deserialize`",
    label = "this type cannot be read from JSON",
    note = "hint: derive `serde::Deserialize` and `schemars::JsonSchema` for `{Self}`"
)]
pub trait SkillInput: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> SkillInput for T {}

/// A type whose JSON Schema is known.
#[diagnostic::on_unimplemented(
    message = "a skill cannot describe `{Self}`: it is not `JsonSchema`",
    label = "this type has no JSON Schema",
    note = "hint: derive `schemars::JsonSchema` for `{Self}`"
)]
pub trait SkillSchema: JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema + ?Sized> SkillSchema for T {}

/// A type that a skill can answer with.
#[diagnostic::on_unimplemented(
    message = "a skill cannot return `{Self}`: it is not both `Serialize` and `JsonSchema`",
    label = "this type cannot be written as JSON, or has no JSON Schema",
    note = "hint: derive `serde::Serialize` and `schemars::JsonSchema` for `{Self}`; a skill that can fail returns \
            `Result<T, SkillError>`, with `Result` spelled out"
)]
pub trait SkillOutput {
    #[doc(hidden)]
    fn schema() -> Schema;

    #[doc(hidden)]
    fn into_output(self) -> Result<Output<String>, SkillError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> SkillOutput for T {
    fn schema() -> Schema {
        output_schema::<T>()
    }

    fn into_output(self) -> Result<Output<String>, SkillError> {
        to_output(&self, Vec::new())
    }
}

impl<T: Serialize + JsonSchema> SkillOutput for Output<T> {
    fn schema() -> Schema {
        output_schema::<T>()
    }

    fn into_output(self) -> Result<Output<String>, SkillError> {
        to_output(&self.value, self.attachments)
    }
}

fn to_output<T: Serialize>(value: &T, attachments: Vec<Attachment>) -> Result<Output<String>, SkillError> {
    match serde_json::to_string(value) {
        Ok(value) => Ok(Output { value, attachments }),
        Err(error) => Err(SkillError::Failed(format!("the answer cannot be written as JSON: {error}"))),
    }
}

/// The return type of a skill that can fail.
#[diagnostic::on_unimplemented(
    message = "a skill cannot return `{Self}`",
    label = "its value is not both `Serialize` and `JsonSchema`, or its error is no error",
    note = "hint: in `Result<T, E>`, `T` needs `#[derive(serde::Serialize, schemars::JsonSchema)]` and `E` is \
            `SkillError` or a `std::error::Error`; `.map_err(SkillError::failed)` takes whatever can be displayed"
)]
pub trait SkillResult {
    #[doc(hidden)]
    fn schema() -> Schema;

    #[doc(hidden)]
    fn into_output(self) -> Result<Output<String>, SkillError>;
}

#[diagnostic::do_not_recommend]
impl<T: SkillOutput, E: Into<SkillError>> SkillResult for Result<T, E> {
    fn schema() -> Schema {
        T::schema()
    }

    fn into_output(self) -> Result<Output<String>, SkillError> {
        match self {
            Ok(answer) => answer.into_output(),
            Err(error) => Err(error.into()),
        }
    }
}
