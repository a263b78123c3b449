
pub mod principal;

pub use principal::{Action, Principal, Role, authorise};
