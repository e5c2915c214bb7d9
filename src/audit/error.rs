//! Why the log can't be opened or written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::store::StoreError;

/// Why the log can't be opened or written. Cheap to clone: one failed write answers many callers.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuditError {
    /// More entries wait than the log takes.
    #[error("the audit log has too many entries waiting")]
    Busy,
    /// The log was shut down.
    #[error("the audit log is closed")]
    Closed,
    /// A line of a segment is not an entry.
    #[error("line {line} of `{}` is not an audit entry", path.display())]
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// The entries under a checkpoint are not those that were signed.
    #[error(
        "the audit log's first {size} entries are not those that its checkpoint was signed over"
    )]
    Differs {
        /// The checkpoint's size.
        size: u64,
    },
    /// An entry could not be written as JSON, or is longer than a line may be.
    #[error("an audit entry could not be encoded")]
    Encode,
    /// The disk failed while entries were made durable; nothing more is written until a restart, because
    /// nobody can tell what the disk holds.
    #[error(
        "the disk failed under the audit log; it takes no more entries until the server is restarted"
    )]
    Failed,
    /// A file can't be used.
    #[error("can't {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: Arc<io::Error>,
    },
    /// The folder holds the log of another node, or was signed by another key.
    #[error("`{}` names the key `{found}`, but this node's is `{expected}`", path.display())]
    OtherLog {
        /// The verifier key's file.
        path: PathBuf,
        /// The key in it.
        found: String,
        /// This node's.
        expected: String,
    },
    /// Entries that were durable are gone.
    #[error("the audit log has {found} entries, but {expected} were written")]
    Shorter {
        /// Entries in the segments.
        found: u64,
        /// Entries known to have been durable.
        expected: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// The entry was not written; what was written of it was taken back.
    #[error("the audit log can't be written: {kind}")]
    Unwritable {
        /// The system's reason.
        kind: io::ErrorKind,
    },
}

impl AuditError {
    /// `map_err` for an action on a file.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source: Arc::new(source),
        }
    }
}

impl From<StoreError> for AuditError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
