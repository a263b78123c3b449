//! Words every room shares: ids, limits, failures and usage.

pub mod breaker;
pub mod failure;
pub mod grants;
pub mod ids;
pub mod limits;

pub use breaker::{Breaker, BreakerRules, BreakerState};
pub use failure::{Failure, FailureKind, Limit};
pub use grants::{FileGrant, FileRequest, GrantKind, Grants, HttpGrant, Requests, check_grant_name};
pub use ids::{Digest, RequestId, TaskId};
pub use limits::{CallLimits, LimitOverrides, Usage};
