//! One process serves from a data folder at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;

use super::StoreError;

/// The lock's file in the data folder.
const LOCK_FILE: &str = "lock";
/// How often a taken lock is tried: a tool that asks [`DataDirLock::is_held`] has it for an instant.
const LOOKS: u32 = 64;

/// The right to serve from a data folder; the system takes it back when the process ends, however it
/// ends.
#[derive(Debug)]
#[must_use = "the folder is free again when this is dropped"]
pub struct DataDirLock {
    _file: File,
}

impl DataDirLock {
    /// Takes the lock; makes the folder (mode 0700) where it is missing.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] when another process (or another part of this one) holds it.
    pub fn acquire(data_dir: &Path) -> Result<Self, StoreError> {
        create_private_dir(data_dir)?;
        let path = data_dir.join(LOCK_FILE);
        let io = |source| StoreError::Io {
            action: "lock",
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(io)?;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => thread::yield_now(),
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        Err(StoreError::InUse {
            path: data_dir.to_owned(),
        })
    }

    /// Whether some process serves from `data_dir` at the moment.
    pub fn is_held(data_dir: &Path) -> bool {
        let Ok(file) = File::open(data_dir.join(LOCK_FILE)) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// Makes `path` and its parents, readable by their owner only.
pub(super) fn create_private_dir(path: &Path) -> Result<(), StoreError> {
    if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StoreError::Io {
            action: "create",
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_served_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        assert!(!DataDirLock::is_held(&path));
        let lock = DataDirLock::acquire(&path).unwrap();
        assert!(DataDirLock::is_held(&path));
        let error = DataDirLock::acquire(&path).unwrap_err();
        assert!(matches!(&error, StoreError::InUse { path: named } if *named == path));
        drop(lock);
        drop(DataDirLock::acquire(&path).unwrap());
    }
}
