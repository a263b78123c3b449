//! Principals, their roles, and what each role may do.

use std::fmt;
use std::sync::Arc;

use crate::base::{Failure, FailureKind};

/// What a principal may do at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Lists and calls skills.
    User,
    /// Also reads logs and the daemon's state, and changes it.
    Operator,
}

impl Role {
    /// The name used in files, on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Operator => "operator",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Role> {
        [Role::User, Role::Operator].into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who asks. Only doors make one, and the daemon for its own work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    name: Arc<str>,
    role: Role,
}

impl Principal {
    /// A principal that a door has authenticated.
    pub fn authenticated(name: impl Into<Arc<str>>, role: Role) -> Principal {
        Principal { name: name.into(), role }
    }

    /// Its name in logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its role.
    pub fn role(&self) -> Role {
        self.role
    }
}

/// What can be asked of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See which skills there are.
    ListSkills,
    /// Call a skill.
    CallSkill,
    /// See which agents there are, and have them work.
    RunAgents,
    /// Make, change and remove agents and the endpoints that they work at.
    ManageAgents,
    /// Ask in plain words, and see to one's own requests and what is remembered of them.
    Ask,
    /// Read what skills logged, of all callers.
    ReadLogs,
    /// Read the daemon's state and metrics.
    ReadStatus,
    /// Make, list and revoke tokens.
    ManageTokens,
    /// Give out and erase what is kept of others.
    ManageUsers,
    /// Have a file of this machine read as a bundle.
    CheckFiles,
    /// Install, approve, grant, roll back and remove bundles.
    ManageBundles,
    /// Set, list and remove secrets.
    ManageSecrets,
    /// Trust and distrust publishers' keys.
    ManageKeys,
    /// Read who did what, and why.
    ReadAudit,
}

impl Action {
    fn needs(self) -> Role {
        match self {
            Action::ListSkills | Action::CallSkill | Action::RunAgents | Action::Ask => Role::User,
            Action::ReadLogs
            | Action::ReadStatus
            | Action::ManageTokens
            | Action::ManageUsers
            | Action::CheckFiles
            | Action::ManageAgents
            | Action::ManageBundles
            | Action::ManageSecrets
            | Action::ManageKeys
            | Action::ReadAudit => Role::Operator,
        }
    }
}

/// Checks that `principal` may do `action`.
///
/// # Errors
/// A `denied` failure that names the role it takes.
pub fn authorise(principal: &Principal, action: Action) -> Result<(), Failure> {
    let needs = action.needs();
    if principal.role() >= needs {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Denied,
        format!("`{}` has role `{}`; this takes role `{needs}`", principal.name(), principal.role()),
    )
    .with_hint("use a token made with `happyos token create NAME --role operator`"))
}
