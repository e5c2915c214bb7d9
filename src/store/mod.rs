//! Durable state: one SQLite database, the node's secrets, and the lock on the data folder.
//!
//! Everything lies under `data_dir`: `bailiwick.sqlite3` (API keys, per-subject keys, the newest audit
//! checkpoints, sealed results of background jobs, sealed files, sealed answers that wait for a second person), `secrets/` (four keys of 32 random bytes), `prefix-cache/`
//! (sealed, where it is to be saved, while the node is down), `lock` (held by the one process that serves). All of it is opened before the sandbox closes; afterwards nothing here needs a new socket,
//! a new program or a file outside the folder. Tools (`keys …`, `audit …`) open the same database
//! beside a running server; write-ahead logging lets both in.

mod api_keys;
mod checkpoints;
mod database;
mod files;
mod held;
mod jobs;
mod lock;
mod sealed;
mod sealed_files;
mod secrets;
mod subjects;

pub use self::api_keys::{KeyChange, KeyChangeKind, KeyRow};
pub use self::checkpoints::CheckpointRow;
pub use self::database::{DATABASE_FILE, Store};
pub use self::files::{FileBounds, FileList, FileRow, FilesFull};
pub use self::held::{HeldBounds, HeldContent, HeldDecision, HeldList, HeldRow, HeldState};
pub use self::jobs::{JobBounds, JobRow, JobState, JobsFull};
pub use self::lock::DataDirLock;
pub use self::sealed::{Place, SEAL_OVERHEAD, seal, unseal};
pub use self::sealed_files::{SealedFiles, TakenFile};
pub use self::secrets::{SECRETS_DIR, SecretKey, Secrets, random_bytes};

use std::io;
use std::path::PathBuf;

/// Why state can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the database refused to {action}")]
    Database {
        /// What was tried.
        action: &'static str,
        /// SQLite's reason.
        #[source]
        source: rusqlite::Error,
    },
    /// The folder is served by another process.
    #[error("`{}` is in use by another process that serves from it", path.display())]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
    /// A file or folder can't be used.
    #[error("can't {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// There is no database where one must be.
    #[error("`{}` holds no database", path.display())]
    Missing {
        /// The data folder.
        path: PathBuf,
    },
    /// The system has no randomness to give.
    #[error("the system gave no random bytes")]
    Random,
    /// A row that this program can't have written.
    #[error("a row of `{table}` holds an unsound `{column}`")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A row that is sealed under another key or for another place, or was changed.
    #[error("a sealed row can't be opened")]
    Seal,
    /// A secret's file is not 32 bytes, or others may read it.
    #[error("`{}` is not a secret of 32 bytes that only its owner may read", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
    },
    /// The database was written by a newer program.
    #[error("the database has schema version {found}; this program knows versions up to {known}")]
    TooNew {
        /// The file's version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
}

/// `map_err` for a database action.
fn refused(action: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |source| StoreError::Database { action, source }
}
