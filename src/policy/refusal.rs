//! Why a request is turned away before anything reads it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::audit::AuditError;
use crate::types::{DataClass, Jurisdiction, Name};

use super::limits::Rate;

/// Why a request is turned away. Says nothing of what a record holds but its jurisdiction.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// The audit log can't take the entry; no answer without one.
    #[error("the request can't be recorded: {0}")]
    Audit(#[from] AuditError),
    /// Plain chat and embeddings are switched off.
    #[error("plain chat is switched off on this node; call a use case")]
    ChatDisabled,
    /// Too many requests of the principal are in flight.
    #[error("{limit} requests of this key are in flight, which is its limit")]
    Concurrency {
        /// The limit.
        limit: usize,
        /// When to try again.
        retry_after: Duration,
        /// The limit on requests and what is left of it, for headers.
        rate: Rate,
    },
    /// The caller may not do this.
    #[error("this key may not do that: {reason}")]
    NotAllowed {
        /// What is missing.
        reason: NotAllowed,
    },
    /// A record may not be processed here.
    #[error(
        "rule `{rule}` does not allow data of jurisdiction {} to be processed in {node}",
        jurisdiction_text(*jurisdiction)
    )]
    Residency {
        /// The rule that decided; `no-rule` when none is about the record, `use-case` when the use case
        /// itself may not run on this node.
        rule: Name,
        /// The record's jurisdiction; `None`: unknown.
        jurisdiction: Option<Jurisdiction>,
        /// The node's.
        node: Jurisdiction,
        /// The variable that holds the record; `None` when the use case was the reason.
        variable: Option<String>,
        /// The classes that the use case reads and the rule does not allow.
        classes: BTreeSet<DataClass>,
        /// The base URL of the node to call instead.
        refer_to: Option<String>,
    },
    /// More requests in a minute than the principal may make.
    #[error("this key made {} requests in a minute, which is its limit", rate.limit)]
    TooManyRequests {
        /// When to try again.
        retry_after: Duration,
        /// The limit and what is left of it, for headers.
        rate: Rate,
    },
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// The role of those who decide as a second person.
    #[error("it lacks the role `approver`")]
    Approver,
    /// The key's own list does not have the use case.
    #[error("its list of use cases does not have `{use_case}`")]
    Key {
        /// The use case.
        use_case: Name,
    },
    /// It asked for the answer itself.
    #[error("an answer is decided on by somebody else than who asked for it")]
    OwnAnswer,
    /// The role of those who run the node.
    #[error("it has neither the role `operator` nor `admin`")]
    Operator,
    /// The role.
    #[error("it lacks the role `app`")]
    Role,
    /// The use case's list does not have the key.
    #[error("use case `{use_case}` does not name it as a caller")]
    UseCase {
        /// The use case.
        use_case: Name,
    },
}

impl Refusal {
    /// The reason in one word, for audit entries and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Audit(_) => "audit",
            Self::ChatDisabled => "chat-disabled",
            Self::Concurrency { .. } => "concurrency",
            Self::NotAllowed { .. } => "not-allowed",
            Self::Residency { .. } => "residency",
            Self::TooManyRequests { .. } => "rate-limit",
        }
    }
}

fn jurisdiction_text(jurisdiction: Option<Jurisdiction>) -> String {
    jurisdiction.map_or_else(|| "unknown".to_owned(), |code| code.to_string())
}
