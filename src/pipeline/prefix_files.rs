//! Where prefix caches lie between two runs: a sealed file for each model that stays, in the data folder.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::engine::{PrefixStore, SavedPrefixes, TakenParts};
use crate::store::{SealedFiles, SecretKey, StoreError, TakenFile};
use crate::types::{Digest, Name};

/// The folder in the data folder.
const DIR: &str = "prefix-cache";

/// The files of a node.
#[derive(Clone, Debug)]
pub struct PrefixFiles {
    files: SealedFiles,
    max_bytes: usize,
}

impl PrefixFiles {
    /// The files of `models`, each with at most `max_bytes` of keys and values; with 0, of none. What a node left
    /// behind that saved more than this one is removed. The caller holds the data folder's lock.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn open(
        data_dir: &Path,
        root: SecretKey,
        models: &[&Name],
        max_bytes: usize,
    ) -> Result<Self, StoreError> {
        let wanted: Vec<&str> = models.iter().map(|name| name.as_str()).collect();
        let wanted = if max_bytes == 0 { &[][..] } else { &wanted };
        let files = SealedFiles::open(data_dir.join(DIR), root, wanted)?;
        Ok(Self { files, max_bytes })
    }

    /// Where the cache of the model with these files is kept, if it is.
    pub fn of(&self, name: &Name, digest: Digest) -> Option<SavedPrefixes> {
        let store = PrefixFile {
            files: self.files.clone(),
            name: name.clone(),
        };
        (self.max_bytes > 0).then(|| SavedPrefixes {
            store: Arc::new(store),
            model: digest.to_string(),
            max_bytes: self.max_bytes,
        })
    }
}

/// The file of a model.
#[derive(Debug)]
struct PrefixFile {
    files: SealedFiles,
    name: Name,
}

impl PrefixStore for PrefixFile {
    fn take(&self, longest: usize, each: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<TakenParts> {
        let taken = self.files.take(self.name.as_str(), longest, each);
        Ok(match taken.map_err(io::Error::other)? {
            TakenFile::Missing => TakenParts::Missing,
            TakenFile::Refused => TakenParts::Refused,
            TakenFile::Whole => TakenParts::All,
        })
    }

    fn put(&self, parts: &mut dyn Iterator<Item = Vec<u8>>) -> io::Result<()> {
        let put = self.files.put(self.name.as_str(), parts);
        put.map(drop).map_err(io::Error::other)
    }
}
