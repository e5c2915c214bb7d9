//! What the writer asks of a file, so that tests can put a failing disk under it.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};

/// A file that grows at its end.
pub(super) trait Storage: fmt::Debug + Send {
    /// Writes all of `bytes` at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written so far durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to `len` bytes, also the place where the next write goes.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

/// A file opened for appending.
impl Storage for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

/// Opens the segment file of the log's folder that begins at an index; the way in for failing disks.
pub(super) type OpenSegment = Box<dyn Fn(&std::path::Path) -> io::Result<Box<dyn Storage>> + Send>;
