//! Why a file can't be kept or found.

use crate::store::StoreError;

/// Why a file can't be kept, found or read. No variant holds a name of a file or what is in it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operator allows none.
    #[error("this node keeps no files")]
    Disabled,
    /// All principals' files take up what the node has for them.
    #[error("the node has no room for this file; delete files that are not needed")]
    Full,
    /// A task of the runtime ended early.
    #[error("a stage of keeping files ended early")]
    Internal,
    /// No such file, none of this principal's, or none any more.
    #[error("there is no such file; it may have expired or been deleted")]
    NotFound,
    /// A request refers to a file that is no text.
    #[error("the file is no UTF-8 text; this server reads texts")]
    NotText,
    /// The store refused.
    #[error("the file can't be read or kept")]
    Store(#[from] StoreError),
    /// The file is larger than files may be.
    #[error("the file has over {limit} bytes; send a smaller one")]
    TooLarge {
        /// Most bytes of a file.
        limit: usize,
    },
    /// The principal has as many as it may.
    #[error("the caller has {limit} files and may have no more; delete files that are not needed")]
    TooMany {
        /// How many it may have.
        limit: u32,
    },
}

impl FileError {
    /// The machine-readable code, for the client and the audit log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "files_disabled",
            Self::Full => "files_full",
            Self::Internal | Self::Store(_) => "internal_error",
            Self::NotFound => "file_not_found",
            Self::NotText => "file_not_text",
            Self::TooLarge { .. } => "file_too_large",
            Self::TooMany { .. } => "too_many_files",
        }
    }
}
