//! GGUF files, versions 2 and 3, little endian.
//!
//! Layout (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>): magic, version, number of
//! tensors, number of metadata pairs, the pairs, the tensor infos, padding, the tensors' bytes. The
//! parser copies the metadata out of the file and gives tensors as byte ranges of the mapped file.
//!
//! Files are not trusted. Every count is checked against the bytes that are left before anything is
//! allocated for it, nesting and numbers of things are bounded, and tensors lie inside the file, aligned
//! and apart. Whatever is wrong is a [`GgufError`] that says where.

mod dtype;
mod error;
mod metadata;
mod reader;
mod tensor;
#[cfg(test)]
mod tests;
mod value;
pub mod writer;

use std::ops::Range;

pub use self::dtype::TensorType;
pub use self::error::GgufError;
pub use self::metadata::{Metadata, optional};
pub use self::tensor::TensorInfo;
pub use self::value::{Array, StrArray, Value};

use self::reader::Reader;
use self::tensor::TensorIndex;
use super::{FormatError, Mapped};

/// The first four bytes.
const MAGIC: [u8; 4] = *b"GGUF";
/// Most metadata pairs.
const MAX_PAIRS: u64 = 1 << 16;
/// Most tensors.
const MAX_TENSORS: u64 = 1 << 17;
/// The key of the alignment of tensors.
const ALIGNMENT: &str = "general.alignment";
/// Alignment of tensors where [`ALIGNMENT`] doesn't say.
const DEFAULT_ALIGNMENT: usize = 32;
/// Largest `general.alignment`.
const MAX_ALIGNMENT: u32 = 1 << 20;

/// A GGUF file: its metadata, and where its tensors are. Cloning copies the metadata.
#[derive(Clone, Debug)]
pub struct Gguf {
    mapped: Mapped,
    version: u32,
    metadata: Metadata,
    tensors: TensorIndex,
}

impl Gguf {
    /// Reads and checks the header of a mapped file.
    ///
    /// # Errors
    ///
    /// [`FormatError::Gguf`] with the path when anything is out of order.
    pub fn open(mapped: &Mapped) -> Result<Self, FormatError> {
        let header = Header::parse(mapped.as_bytes()).map_err(|source| FormatError::Gguf {
            path: mapped.path().to_owned(),
            source,
        })?;
        Ok(Self {
            mapped: mapped.clone(),
            version: header.version,
            metadata: header.metadata,
            tensors: header.tensors,
        })
    }

    /// The format's version: 2 or 3.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The key-value pairs.
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// All tensors, in the order of the file's list.
    pub fn tensors(&self) -> &[TensorInfo] {
        self.tensors.all()
    }

    /// Whether there is a tensor of this name.
    pub fn has_tensor(&self, name: &str) -> bool {
        self.tensors.find(name).is_some()
    }

    /// The tensor of this name.
    ///
    /// # Errors
    ///
    /// When the file has none.
    pub fn tensor(&self, name: &str) -> Result<&TensorInfo, FormatError> {
        self.tensors.find(name).ok_or_else(|| FormatError::Gguf {
            path: self.mapped.path().to_owned(),
            source: GgufError::NoTensor {
                tensor: super::shown(name),
            },
        })
    }

    /// Tells the system that a tensor's pages are not needed any more: they leave memory, and come back
    /// from the file where they are read again.
    pub fn release(&self, tensor: &TensorInfo) {
        self.mapped.release(tensor.range.clone());
    }

    /// The bytes of a tensor of this file; empty for one of another file that lies outside this one.
    pub fn bytes(&self, tensor: &TensorInfo) -> &[u8] {
        let range: Range<usize> = tensor.range.clone();
        self.mapped.as_bytes().get(range).unwrap_or_default()
    }

    /// The mapped file, to release the pages of what was repacked.
    pub const fn mapped(&self) -> &Mapped {
        &self.mapped
    }
}

/// What stands in front of the tensors' bytes.
struct Header {
    version: u32,
    metadata: Metadata,
    tensors: TensorIndex,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, GgufError> {
        let mut reader = Reader::new(bytes);
        if reader.array::<4>("magic")? != MAGIC {
            return Err(GgufError::Magic);
        }
        let version = reader.u32("version")?;
        match version {
            2 | 3 => {}
            _ if matches!(version.swap_bytes(), 1..=3) => return Err(GgufError::BigEndian),
            _ => return Err(GgufError::Version { version }),
        }
        let n_tensors = reader.count("tensors", MAX_TENSORS)?;
        let n_pairs = reader.count("metadata pairs", MAX_PAIRS)?;
        let metadata = Metadata::read(&mut reader, n_pairs)?;
        let alignment = alignment(&metadata)?;
        let tensors = TensorIndex::read(&mut reader, n_tensors, alignment)?;
        Ok(Self {
            version,
            metadata,
            tensors,
        })
    }
}

/// `general.alignment`: a power of two, a multiple of 8.
fn alignment(metadata: &Metadata) -> Result<usize, GgufError> {
    let Some(alignment) = optional(metadata.u32(ALIGNMENT))? else {
        return Ok(DEFAULT_ALIGNMENT);
    };
    let sound = alignment.is_power_of_two() && (8..=MAX_ALIGNMENT).contains(&alignment);
    match usize::try_from(alignment) {
        Ok(alignment) if sound => Ok(alignment),
        _ => Err(GgufError::Alignment { alignment }),
    }
}
