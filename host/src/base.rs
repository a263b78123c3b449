//! Words every room shares: ids, limits, failures and usage.

pub mod failure;
pub mod ids;
pub mod limits;

pub use failure::{Failure, FailureKind, Limit};
pub use ids::{Digest, RequestId};
pub use limits::{CallLimits, LimitOverrides, Usage};
