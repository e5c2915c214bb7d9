//! What a use case asks for, and what a request brings.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::types::{DataClass, Digest, JurisdictionSet, Name, Record, RequestId};

use super::Principal;

/// The name under which plain chat is admitted and audited.
pub const CHAT: &str = "chat";
/// The name under which embeddings are admitted and audited.
pub const EMBEDDINGS: &str = "embeddings";
/// The name under which texts are masked and restored for a caller that has its own model.
pub const REDACTION: &str = "redaction";
/// The name under which texts are taken apart into tokens and put together again.
pub const TOKENS: &str = "tokens";

/// The name under which files are kept for their owner.
pub const FILES: &str = "files";

/// Who may call a use case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Every key with the role `app`.
    All,
    /// Keys of these names.
    Names(Vec<Name>),
}

impl Callers {
    /// Whether a key named `name` may call.
    pub fn include(&self, name: &Name) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.contains(name),
        }
    }
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

/// A request as policy sees it.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Who asks.
    pub principal: &'a Arc<Principal>,
    /// The request.
    pub request: RequestId,
    /// The endpoint, by name (`chat.completions`).
    pub endpoint: &'static str,
    /// The model that is asked.
    pub model: &'a Name,
    /// The digest of its weights.
    pub model_digest: Digest,
    /// The use case's terms; [`super::Gate::chat_terms`] and [`super::Gate::embeddings_terms`] where there
    /// is none.
    pub terms: Terms,
    /// Every record of the request, lists taken apart, with the name of the variable that holds it.
    pub records: Vec<(&'a str, &'a Record)>,
}
