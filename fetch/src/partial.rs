//! A file on its way: it gets its final name only with the right size and digest, and when it is on disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bailiwick::formats::manifest::FileEntry;
use bailiwick::types::Digest;
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

use crate::SourceError;

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// `FILE.partial` in the model's folder, and the digest of what it holds so far.
///
/// Dropped before [`Partial::finish`] it stays, so that a later run goes on from there.
pub(crate) struct Partial<'a> {
    entry: &'a FileEntry,
    path: PathBuf,
    target: PathBuf,
    file: File,
    hash: Sha256,
    written: u64,
    bar: &'a ProgressBar,
}

impl<'a> Partial<'a> {
    /// Starts from nothing.
    pub(crate) fn afresh(
        dir: &Path,
        entry: &'a FileEntry,
        bar: &'a ProgressBar,
    ) -> Result<Self, SourceError> {
        let mut partial = Self::open(dir, entry, bar)?;
        partial.cut_to_nothing()?;
        Ok(partial)
    }

    /// Goes on from what an earlier run left.
    #[cfg(feature = "hub")]
    pub(crate) fn resume(
        dir: &Path,
        entry: &'a FileEntry,
        bar: &'a ProgressBar,
    ) -> Result<Self, SourceError> {
        let mut partial = Self::open(dir, entry, bar)?;
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let read = match partial.file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(partial.io_error(error)),
            };
            partial.hash.update(buffer.get(..read).unwrap_or_default());
            partial.written += read as u64;
            if partial.written > entry.bytes {
                partial.cut_to_nothing()?;
                break;
            }
        }
        bar.set_position(partial.written);
        Ok(partial)
    }

    fn open(dir: &Path, entry: &'a FileEntry, bar: &'a ProgressBar) -> Result<Self, SourceError> {
        let path = dir.join(format!("{}.partial", entry.name));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| SourceError::Io {
                path: path.clone(),
                source,
            })?;
        Ok(Self {
            entry,
            path,
            target: dir.join(&entry.name),
            file,
            hash: Sha256::new(),
            written: 0,
            bar,
        })
    }

    /// The bytes that are there.
    #[cfg(feature = "hub")]
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// The bytes that are to come.
    pub(crate) const fn missing(&self) -> u64 {
        self.entry.bytes - self.written
    }

    /// Adds bytes at the end; refuses more than the manifest says there are.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), SourceError> {
        if bytes.len() as u64 > self.missing() {
            self.discard();
            return Err(SourceError::Size {
                expected: self.entry.bytes,
                found: "more".to_owned(),
            });
        }
        self.file
            .write_all(bytes)
            .map_err(|error| self.io_error(error))?;
        self.hash.update(bytes);
        self.written += bytes.len() as u64;
        self.bar.set_position(self.written);
        Ok(())
    }

    /// Adds all that `reader` gives; `origin` is its file for errors.
    pub(crate) fn write_all_of(
        &mut self,
        reader: &mut impl Read,
        origin: &Path,
    ) -> Result<(), SourceError> {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => self.write(buffer.get(..read).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let path = origin.to_owned();
                    return Err(SourceError::Io { path, source });
                }
            }
        }
    }

    /// Checks size and digest, brings the bytes to disk and gives the file its name. What is wrong is
    /// removed.
    pub(crate) fn finish(self) -> Result<(), SourceError> {
        if self.missing() > 0 {
            self.discard();
            return Err(SourceError::Size {
                expected: self.entry.bytes,
                found: format!("{} bytes", self.written),
            });
        }
        let found = Digest::from_bytes(self.hash.clone().finalize().into());
        let expected = self.entry.sha256;
        if found != expected {
            self.discard();
            return Err(SourceError::Digest { expected, found });
        }
        self.file
            .sync_all()
            .and_then(|()| std::fs::rename(&self.path, &self.target))
            .and_then(|()| sync_folder_of(&self.target))
            .map_err(|error| self.io_error(error))
    }

    fn cut_to_nothing(&mut self) -> Result<(), SourceError> {
        self.file
            .set_len(0)
            .and_then(|()| io::Seek::rewind(&mut self.file))
            .map_err(|error| self.io_error(error))?;
        self.hash = Sha256::new();
        self.written = 0;
        self.bar.set_position(0);
        Ok(())
    }

    /// Removes the file. If that fails, the next run finds and judges it again.
    fn discard(&self) {
        drop(std::fs::remove_file(&self.path));
    }

    fn io_error(&self, source: io::Error) -> SourceError {
        SourceError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

/// A rename is on disk only when its folder is.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
