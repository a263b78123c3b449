//! Who asks, what they may do, what bundles may do, and the record of who decided it.

pub mod audit;
pub mod files;
pub mod policy;
pub mod principal;
pub mod redact;
pub mod secrets;
pub mod signing;
pub mod tokens;

pub use audit::{Audit, AuditEntry, Event};
pub use policy::{Building, BundlePolicy, Policy, PolicyError, PolicyFile};
pub use principal::{Action, Principal, Role, authorise};
pub use secrets::Secrets;
