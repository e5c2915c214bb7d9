//! The database: one connection, its settings, its schema.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::lock::create_private_dir;
use super::{StoreError, refused};

/// The database's file within the data folder.
pub const DATABASE_FILE: &str = "bailiwick.sqlite3";

/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The schema, in steps: step *i* takes a database from version *i* to *i* + 1. Never edit a step that
/// was released; add one.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE api_keys (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        mac BLOB NOT NULL CHECK (length(mac) = 32),
        roles TEXT NOT NULL,
        use_cases TEXT,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER,
        revoked_ms INTEGER,
        last_used_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX api_keys_by_name ON api_keys (name);
    CREATE TABLE key_changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        key_id TEXT NOT NULL REFERENCES api_keys (id),
        key_name TEXT NOT NULL
    ) STRICT;
    CREATE TABLE subject_keys (
        subject BLOB PRIMARY KEY NOT NULL CHECK (length(subject) = 32),
        key BLOB NOT NULL CHECK (length(key) = 32),
        created_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE checkpoints (
        size INTEGER PRIMARY KEY NOT NULL CHECK (size >= 0),
        root BLOB NOT NULL CHECK (length(root) = 32),
        signed_ms INTEGER NOT NULL,
        note TEXT NOT NULL
    ) STRICT;
    CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE files (
        id TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        purpose TEXT NOT NULL,
        bytes INTEGER NOT NULL CHECK (bytes >= 0),
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        name BLOB NOT NULL,
        content BLOB NOT NULL
    ) STRICT;
    CREATE INDEX files_by_owner ON files (owner, created_ms, id);
",
    "
    CREATE TABLE held (
        id TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        request TEXT NOT NULL,
        use_case TEXT NOT NULL,
        model TEXT NOT NULL,
        rules TEXT NOT NULL,
        choice INTEGER NOT NULL CHECK (choice >= 0),
        state TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        decided_ms INTEGER,
        decided_by TEXT,
        reason TEXT,
        key BLOB NOT NULL CHECK (length(key) = 32),
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE INDEX held_by_time ON held (created_ms, id);
",
];

/// The node's database. One connection behind a mutex: writes are rare (keys, new data subjects,
/// checkpoints, background jobs, files, held answers), and nothing that a plain request waits for reads it.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the database of `data_dir`, makes it where it is missing, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooNew`] for a newer program's database; [`StoreError::Io`] and
    /// [`StoreError::Database`] when it can't be opened.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        create_private_dir(data_dir)?;
        let path = data_dir.join(DATABASE_FILE);
        // Made by us first, so that it and the files that SQLite puts beside it (which take its mode)
        // are never readable by others.
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| StoreError::Io {
                action: "create",
                path: path.clone(),
                source,
            })?;
        let connection =
            Connection::open_with_flags(&path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))
                .map_err(refused("open"))?;
        prepare(&connection)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
            .and_then(|()| connection.pragma_update(None, "secure_delete", "ON"))
            .map_err(refused("switch to write-ahead logging"))?;
        let store = Self {
            connection: Mutex::new(connection),
        };
        store.migrate()?;
        Ok(store)
    }

    /// Opens an existing database for reading only.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when there is none.
    pub fn open_read_only(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join(DATABASE_FILE);
        if fs::metadata(&path).is_err() {
            return Err(StoreError::Missing {
                path: data_dir.to_owned(),
            });
        }
        let connection =
            Connection::open_with_flags(&path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))
                .map_err(refused("open"))?;
        prepare(&connection)?;
        let found = version(&connection)?;
        if found > newest_version() {
            return Err(too_new(found));
        }
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// A number that changes when another connection, of this process or another, has written. Own
    /// writes don't change it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.connection()
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(refused("tell whether it changed"))
    }

    /// Runs `work` on the connection in one durable transaction.
    pub(super) fn write<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        (|| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })()
        .map_err(refused(action))
    }

    /// Moves the write-ahead log into the database and empties it, so that it holds no bytes of rows that
    /// were removed.
    pub(super) fn empty_write_ahead_log(&self) -> Result<(), StoreError> {
        self.connection()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(refused("empty its write-ahead log"))
    }

    /// The connection. A panic while it was held can't have left it in the middle of anything: SQLite
    /// rolls back.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn migrate(&self) -> Result<(), StoreError> {
        let found = version(&self.connection())?;
        if found > newest_version() {
            return Err(too_new(found));
        }
        if found == newest_version() {
            return Ok(());
        }
        self.write("bring its schema up to date", |transaction| {
            // Read again under the write lock: another process may have been quicker.
            let mut at: i64 =
                transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let done = usize::try_from(at).unwrap_or(MIGRATIONS.len());
            for step in MIGRATIONS.iter().skip(done) {
                transaction.execute_batch(step)?;
                at += 1;
                transaction.pragma_update(None, "user_version", at)?;
            }
            Ok(())
        })
    }
}

/// No URIs, no mutex of SQLite's own (ours is enough).
fn flags(access: OpenFlags) -> OpenFlags {
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .and_then(|()| connection.pragma_update(None, "foreign_keys", "ON"))
        // No temporary file: the sandbox has no folder for it.
        .and_then(|()| connection.pragma_update(None, "temp_store", "MEMORY"))
        .and_then(|()| connection.pragma_update(None, "trusted_schema", "OFF"))
        .map_err(refused("take its settings"))
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(refused("tell its version"))
}

fn newest_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn too_new(found: i64) -> StoreError {
    StoreError::TooNew {
        found,
        known: newest_version(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn the_database_is_private_and_durable() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let pragma = |name: &str| -> String {
            let connection = store.connection();
            connection
                .pragma_query_value(None, name, |row| {
                    row.get(0)
                        .map(|value: rusqlite::types::Value| format!("{value:?}"))
                })
                .unwrap()
        };
        assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
        assert_eq!(pragma("synchronous"), "Integer(2)");
        assert_eq!(pragma("foreign_keys"), "Integer(1)");
        for entry in fs::read_dir(dir.path()).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let newer = newest_version() + 1;
        store
            .connection()
            .pragma_update(None, "user_version", newer)
            .unwrap();
        drop(store);
        for opened in [Store::open(dir.path()), Store::open_read_only(dir.path())] {
            assert!(matches!(opened, Err(StoreError::TooNew { found, .. }) if found == newer));
        }
    }

    #[test]
    fn a_write_elsewhere_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (
            Store::open(dir.path()).unwrap(),
            Store::open(dir.path()).unwrap(),
        );
        let before = one.data_version().unwrap();
        other
            .write("test", |t| {
                t.execute("INSERT INTO meta VALUES ('a', 'b')", [])
            })
            .unwrap();
        assert_ne!(one.data_version().unwrap(), before);
        assert!(matches!(
            Store::open_read_only(&dir.path().join("none")),
            Err(StoreError::Missing { .. })
        ));
    }
}
