//! (being built)

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::types::{DataClass, Digest, JurisdictionSet, Name, TenantSalt};

/// The name under which plain chat is admitted and audited.
pub const CHAT: &str = "chat";
/// The name under which embeddings are admitted and audited.
pub const EMBEDDINGS: &str = "embeddings";

/// Who may call a use case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Every key with the role `app`.
    All,
    /// Keys of these names.
    Names(Vec<Name>),
}

/// The terms on which a use case runs, as its file declares them.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The use case's name.
    pub name: Name,
    /// Its version; 0 where there is no file behind it.
    pub version: u32,
    /// The digest of its file.
    pub digest: Option<Digest>,
    /// Who may call it.
    pub callers: Callers,
    /// The classes of the fields that it may read.
    pub classes: BTreeSet<DataClass>,
    /// Names of the fields that it may read, for the audit log.
    pub fields: Vec<String>,
    /// Where it may run: the node must be there.
    pub jurisdictions: JurisdictionSet,
    /// What the data are processed for.
    pub purpose: String,
    /// On which legal basis.
    pub legal_basis: String,
}

/// Somebody whose key was found good.
#[derive(Debug)]
pub struct Principal {
    salt: TenantSalt,
}

impl Principal {
    /// The tenant's salt.
    pub fn salt(&self) -> TenantSalt {
        self.salt
    }
}

/// An admitted request.
#[derive(Debug)]
pub struct Admitted {
    principal: Arc<Principal>,
    terms: Terms,
}

impl Admitted {
    /// Who asks.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// What was admitted.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }
}
