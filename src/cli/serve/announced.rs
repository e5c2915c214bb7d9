//! Where a running server says that it listens.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The file in the data folder.
const ADDRESS_FILE: &str = "listen.addr";
/// What it is called while it is being written.
const PARTIAL_FILE: &str = ".listen.addr.partial";

/// `DIR/listen.addr`: there while the server takes requests, for scripts that asked for port 0 or wait for
/// the start. It appears whole, by a rename, and is removed when the server stops.
pub(super) struct Announced(PathBuf);

impl Announced {
    pub(super) fn write(dir: &Path, address: SocketAddr) -> anyhow::Result<Self> {
        let path = dir.join(ADDRESS_FILE);
        let partial = dir.join(PARTIAL_FILE);
        std::fs::write(&partial, format!("{address}\n"))
            .and_then(|()| std::fs::rename(&partial, &path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(path))
    }

    /// Removes what a killed server left behind. The caller holds the folder's lock.
    pub(super) fn clear(dir: &Path) {
        let _ = std::fs::remove_file(dir.join(ADDRESS_FILE));
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
