//! Why a held answer can't be found or decided on.

use crate::store::StoreError;

/// Why a held answer can't be found or decided on. No variant holds text of it.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// Somebody decided before.
    #[error("the held answer has been decided on")]
    Decided,
    /// A task of the runtime ended early.
    #[error("a stage of a held answer ended early")]
    Internal,
    /// No such answer, none that the caller may see, or none any more.
    #[error("there is no such held answer; it may have expired")]
    NotFound,
    /// The store refused.
    #[error("held answers can't be read or kept")]
    Store(#[from] StoreError),
}

impl HeldError {
    /// The machine-readable code, for the client and the audit log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Decided => "held_decided",
            Self::NotFound => "held_not_found",
            Self::Internal | Self::Store(_) => "internal_error",
        }
    }
}
