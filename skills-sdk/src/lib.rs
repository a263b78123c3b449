//! What a HappyOS skill written in Rust depends on: one attribute, one macro, typed host interfaces.
//!
//! ```
//! use happyos_sdk::skill;
//!
//! /// Says hello to someone by name.
//! #[skill(read_only, idempotent)]
//! fn hello(
//!     /// Whom to greet.
//!     name: String,
//! ) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! happyos_sdk::bundle!(hello);
//! # fn main() {}
//! ```
//!
//! `#[skill]` goes on a plain function. Its doc comment is the description that people, routers and
//! language models choose the skill by; its arguments and return type give the JSON Schemas.
//! `bundle!` lists the skills of the crate and exports them. Everything also runs natively, so a
//! skill's tests need no WebAssembly: see [`testing`].

pub mod agent;
pub mod clock;
mod context;
pub mod delegate;
mod error;
pub mod http;
pub mod kv;
pub mod log;
pub mod memory;
mod metadata;
mod output;
pub mod progress;
pub mod random;
pub mod secrets;
mod skill;

#[cfg(target_family = "wasm")]
mod guest;
#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use context::Context;
pub use error::{Result, SkillError};
/// Lists the skills of a crate and makes a bundle of them: `bundle!(count, reading::time);`.
///
/// It stands once, at the root of the crate, and defines `BUNDLE`, which tests use. After the
/// skills it takes:
/// - `name = "..."`: the bundle's name, instead of the package's;
/// - `publisher = "..."`: who publishes it;
/// - `grants = {...}`: what it asks the operator for, as a JSON object with any of `"kv_bytes": 65536`,
///   `"http": ["GET,POST api.example.org"]`, `"secrets": ["github"]`, `"files": ["/data:rw"]` and `"env": ["LANG"]`.
pub use happyos_sdk_macros::bundle;
/// Makes a skill of a plain function.
///
/// The doc comment is the description. One argument of the skill's own type is the whole input
/// (an object); otherwise every argument is a property of the input, `Option<T>` an optional one,
/// and a doc comment on an argument describes it. One argument may be `&Context`. The function
/// returns `T` or `Result<T, SkillError>`, where `T` is serialised, or is an [`Output`].
///
/// Options:
/// - `name = "..."`: the skill's name, instead of the function's;
/// - `read_only`, `destructive`, `idempotent`, `open_world`: how the skill behaves;
/// - `examples = "examples/count.json"`: a file with examples, from the crate's folder.
pub use happyos_sdk_macros::skill;
pub use output::{Attachment, Output};
pub use skill::{Bundle, Skill, SkillInput, SkillOutput, SkillResult, SkillSchema};
