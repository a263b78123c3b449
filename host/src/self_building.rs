//! From a gap to a skill that fills it: candidates are judged by a gate that trusts nothing they say of themselves, and what
//! passes goes live through the skills directory like any other file.

pub mod build;
pub mod gate;
mod learn;
mod need;
mod source;
mod values;
pub mod writers;

pub use build::{Backing, Builder};
pub use gate::{ByWords, Meaning, Need, Outcome, Report, Routed, Stage, Verdict, judge};
pub use source::SOURCE_BYTES_MAX;
