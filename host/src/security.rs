//! Who asks, what they may do, and the tokens that prove it.

pub mod principal;
pub mod tokens;

pub use principal::{Action, Principal, Role, authorise};
