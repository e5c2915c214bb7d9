//! Who asks, and what they may be.

use std::fmt;
use std::str::FromStr;

use crate::types::{KeyId, LogSafe, Name, TenantSalt};

/// What a principal may do. A principal can have several; none implies another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Changes settings and keys.
    Admin,
    /// Asks the model.
    App,
    /// Releases what needs a second person.
    Approver,
    /// Reads the audit log.
    Auditor,
    /// Watches and runs the node; sees no content.
    Operator,
}

/// The text is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of admin, app, approver, auditor and operator")]
pub struct ParseRoleError;

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::App,
        Self::Approver,
        Self::Auditor,
        Self::Operator,
    ];

    /// The name on the command line and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::App => "app",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(ParseRoleError)
    }
}

impl LogSafe for Role {}

/// Somebody whose key was found good. Only a [`super::Keyring`] makes one.
///
/// ```compile_fail,E0616
/// fn with_another_name(principal: &mut bailiwick::policy::Principal) {
///     principal.name = "other".parse().unwrap();
/// }
/// ```
#[derive(Debug)]
pub struct Principal {
    pub(super) key_id: KeyId,
    pub(super) name: Name,
    pub(super) roles: Vec<Role>,
    pub(super) use_cases: Option<Vec<Name>>,
    pub(super) salt: TenantSalt,
}

impl Principal {
    /// The key that was presented.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Whom the key speaks for; the same before and after a rotation.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Whether the principal has `role`.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the key may call `use_case` at all; the use case has its own list beside.
    pub fn may_call(&self, use_case: &Name) -> bool {
        self.use_cases
            .as_ref()
            .is_none_or(|names| names.contains(use_case))
    }

    /// The use cases that the key may call; `None`: all.
    pub fn use_cases(&self) -> Option<&[Name]> {
        self.use_cases.as_deref()
    }

    /// Keeps what this principal's prompts leave in caches apart from everybody else's.
    pub fn salt(&self) -> TenantSalt {
        self.salt
    }
}
