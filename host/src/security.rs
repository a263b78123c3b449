//! Who asks, and what they may do.

pub mod principal;
pub mod tokens;

pub use principal::{Action, Principal, Role, authorise};
