//! Read-only mapped files: weights are paged in by the kernel, shared between processes, and can be
//! let go of once they were repacked. Files that are part of the program look the same.
#![expect(
    unsafe_code,
    reason = "mapping a file and dropping its pages are unsafe"
)]

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;

use super::FormatError;

/// The largest file that is mapped: 1 TiB.
pub const MAX_FILE_BYTES: u64 = 1 << 40;

/// Pages are let go of in multiples of this: a multiple of every page size in use (4, 16, 64 KiB).
const RELEASE_STEP: usize = 64 << 10;

/// A regular file, mapped for reading. Cloning is cheap and shares the mapping.
///
/// The bytes stay what they were when the file was opened as long as nobody writes to the file in
/// place: a rename over it (as `bailiwick-fetch` does) leaves this mapping alone. Model folders are
/// therefore to be writable by the operator only, and never by the server.
#[derive(Clone)]
pub struct Mapped {
    bytes: Bytes,
    path: Arc<Path>,
}

#[derive(Clone)]
enum Bytes {
    File(Arc<Mmap>),
    /// Mapped with the program itself.
    Program(&'static [u8]),
    #[cfg(fuzzing)]
    Memory(Arc<[u8]>),
}

impl Mapped {
    /// Maps the file at `path`.
    ///
    /// # Errors
    ///
    /// When it can't be opened, isn't a regular file, is empty or is larger than [`MAX_FILE_BYTES`].
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let read_error = |source: io::Error| FormatError::Read {
            path: path.to_owned(),
            source,
        };
        let file = open_without_waiting(path).map_err(read_error)?;
        let metadata = file.metadata().map_err(read_error)?;
        let path = path.to_owned();
        if !metadata.is_file() {
            return Err(FormatError::NotAFile { path });
        }
        let bytes = metadata.len();
        if bytes == 0 {
            return Err(FormatError::Empty { path });
        }
        if bytes > MAX_FILE_BYTES {
            let limit = MAX_FILE_BYTES;
            return Err(FormatError::TooLarge { path, bytes, limit });
        }
        // SAFETY: the mapping is read-only and the file is a regular one. Bytes that another process
        // changes under us are outside what any mapping can rule out; the type's documentation says
        // who may write there, and readers treat the bytes as untrusted: lengths and text are checked
        // on what was copied out, never read twice.
        let map = unsafe { Mmap::map(&file) }.map_err(read_error)?;
        Ok(Self {
            bytes: Bytes::File(Arc::new(map)),
            path: path.into(),
        })
    }

    /// A file that is part of the program; `name` stands for its path in errors.
    pub fn built_in(name: &str, bytes: &'static [u8]) -> Self {
        Self {
            bytes: Bytes::Program(bytes),
            path: Path::new(name).into(),
        }
    }

    /// Bytes that a fuzz target made up, as if they were a file's.
    #[cfg(fuzzing)]
    #[doc(hidden)]
    pub fn in_memory(bytes: &[u8]) -> Self {
        Self {
            bytes: Bytes::Memory(bytes.into()),
            path: Path::new("made up").into(),
        }
    }

    /// The whole file.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::File(map) => map,
            Bytes::Program(bytes) => bytes,
            #[cfg(fuzzing)]
            Bytes::Memory(bytes) => bytes,
        }
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there are no bytes; never so for a file that was opened.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The file's path as it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets go of the pages wholly inside `range`: they leave this process's memory and come back from
    /// the file when they are read again. A hint: what can't be released stays, without an error.
    pub fn release(&self, range: Range<usize>) {
        let start = range.start.next_multiple_of(RELEASE_STEP);
        let at_end = range.end >= self.len();
        let end = if at_end {
            self.len()
        } else {
            range.end / RELEASE_STEP * RELEASE_STEP
        };
        #[cfg(unix)]
        if let (true, Bytes::File(map)) = (start < end, &self.bytes) {
            // SAFETY: dropping pages of a shared read-only file mapping loses nothing: the next read
            // brings the same bytes back from the file. The range lies inside the mapping.
            let released = unsafe {
                map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, end - start)
            };
            // The pages staying costs memory and nothing else.
            drop(released);
        }
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped")
            .field("path", &self.path)
            .field("len", &self.len())
            .finish()
    }
}

/// Opens for reading; a pipe with no writer doesn't keep us waiting.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    options.open(path)
}

/// The mapping's path is part of what errors say.
impl From<&Mapped> for PathBuf {
    fn from(mapped: &Mapped) -> Self {
        mapped.path.to_path_buf()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_their_release() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        std::fs::write(&path, &bytes).unwrap();
        let mapped = Mapped::open(&path).unwrap();
        for range in [
            0..bytes.len(),
            1..200_000,
            70_000..70_001,
            250_000..bytes.len(),
            5..usize::MAX,
        ] {
            mapped.release(range);
            assert_eq!(mapped.as_bytes(), bytes);
        }
    }

    #[test]
    fn only_files_with_bytes_are_mapped() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty");
        std::fs::write(&empty, "").unwrap();
        for (path, expected) in [
            (empty.as_path(), "is empty"),
            (dir.path(), "is not a regular file"),
            (Path::new("/dev/null"), "is not a regular file"),
            (&dir.path().join("absent"), "can't read"),
        ] {
            let error = Mapped::open(path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains(&path.display().to_string()), "{error}");
        }
    }
}
