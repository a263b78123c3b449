
pub mod principal;
pub mod tokens;

pub use principal::{Action, Principal, Role, authorise};
