//! Safetensors files: the header is checked by the `safetensors` crate inside our own bounds, tensors
//! are byte ranges of the mapped file.

use std::ops::Range;

use candle_core::DType;
use safetensors::SafeTensors;
use safetensors::tensor::{Metadata, SafeTensorError};

use super::{FormatError, Mapped, shown};

/// Longest header, in bytes; the format's own bound is 100 MB.
const MAX_HEADER_BYTES: u64 = 32 << 20;
/// Most tensors.
pub(super) const MAX_TENSORS: usize = 1 << 17;
/// The bytes of the header's length, in front of it.
const LENGTH_BYTES: usize = 8;

/// The file isn't a safetensors file that can be read, or lacks what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SafetensorsError {
    /// The file ends before its header does.
    #[error("the file ends inside the header")]
    Truncated,
    /// The header is longer than any that is read.
    #[error("a header of {bytes} bytes, more than the limit of {limit}")]
    HeaderTooLong {
        /// Its length.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// There are more tensors than are read.
    #[error("{count} tensors, more than the limit of {limit}")]
    TooManyTensors {
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// The index of shards isn't JSON of its form.
    #[error("the index is not valid JSON of its form (line {line}, column {column})")]
    Index {
        /// Where, from 1.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// A file has a tensor that the index has elsewhere, or not at all.
    #[error("tensor {tensor} in {file} is not where the index says")]
    Misplaced {
        /// The tensor.
        tensor: String,
        /// The file that has it.
        file: String,
    },
    /// The index names what is no plain file beside it.
    #[error("{file} in the index is no plain name of a .safetensors file")]
    ShardName {
        /// The name.
        file: String,
    },
    /// There are more shards than are read.
    #[error("{count} files, more than the limit of {limit}")]
    TooManyShards {
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// The header isn't JSON of the format's form, or offsets, shapes and sizes don't agree.
    ///
    /// The crate's own words aren't shown: they may quote the file.
    #[error("the header is not valid: {rule}")]
    Header {
        /// Which rule it breaks.
        rule: &'static str,
    },
    /// A tensor of a type that isn't known.
    #[error("tensor {tensor} has an unsupported type")]
    TensorType {
        /// The tensor.
        tensor: String,
    },
    /// The file has no such tensor.
    #[error("tensor {tensor} is missing")]
    NoTensor {
        /// The tensor.
        tensor: String,
    },
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// How its elements are kept.
    pub dtype: DType,
    /// Its dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// A safetensors file: where its tensors are.
#[derive(Clone, Debug)]
pub struct Safetensors {
    mapped: Mapped,
    /// Sorted by name.
    tensors: Vec<TensorInfo>,
}

impl Safetensors {
    /// Reads and checks the header of a mapped file.
    ///
    /// # Errors
    ///
    /// [`FormatError::Safetensors`] with the path when anything is out of order.
    pub fn open(mapped: &Mapped) -> Result<Self, FormatError> {
        let tensors = parse(mapped.as_bytes()).map_err(|source| FormatError::Safetensors {
            path: mapped.path().to_owned(),
            source,
        })?;
        Ok(Self {
            mapped: mapped.clone(),
            tensors,
        })
    }

    /// All tensors, sorted by name.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The tensor of this name.
    ///
    /// # Errors
    ///
    /// When the file has none.
    pub fn tensor(&self, name: &str) -> Result<&TensorInfo, FormatError> {
        let found = self
            .tensors
            .binary_search_by(|tensor| tensor.name.as_str().cmp(name))
            .ok()
            .and_then(|idx| self.tensors.get(idx));
        found.ok_or_else(|| FormatError::Safetensors {
            path: self.mapped.path().to_owned(),
            source: SafetensorsError::NoTensor {
                tensor: shown(name),
            },
        })
    }

    /// The bytes of a tensor of this file; empty for one of another file that lies outside this one.
    pub fn bytes(&self, tensor: &TensorInfo) -> &[u8] {
        let range = tensor.range.clone();
        self.mapped.as_bytes().get(range).unwrap_or_default()
    }

    /// The mapped file, to release the pages of what was repacked.
    pub const fn mapped(&self) -> &Mapped {
        &self.mapped
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<TensorInfo>, SafetensorsError> {
    let length = bytes.first_chunk::<LENGTH_BYTES>();
    let header_bytes = u64::from_le_bytes(*length.ok_or(SafetensorsError::Truncated)?);
    if header_bytes > MAX_HEADER_BYTES {
        return Err(SafetensorsError::HeaderTooLong {
            bytes: header_bytes,
            limit: MAX_HEADER_BYTES,
        });
    }
    let rest = bytes.get(LENGTH_BYTES..).unwrap_or_default();
    let (header, data) = usize::try_from(header_bytes)
        .ok()
        .and_then(|at| rest.split_at_checked(at))
        .ok_or(SafetensorsError::Truncated)?;
    let broken = |rule| SafetensorsError::Header { rule };
    if header.first() != Some(&b'{') {
        return Err(broken("it does not start with '{'"));
    }
    // Checked here because the crate adds the last offset up unchecked before it compares.
    if let Ok(metadata) = serde_json::from_slice::<Metadata>(header)
        && metadata.data_len() != data.len()
    {
        return Err(broken("the tensors don't end where the file does"));
    }
    // `deserialize` checks that the tensors fill the file with no gap and no overlap, and that each
    // one's size is that of its shape and type.
    let file = SafeTensors::deserialize(bytes).map_err(|error| broken(rule_of(&error)))?;
    if file.len() > MAX_TENSORS {
        return Err(SafetensorsError::TooManyTensors {
            count: file.len(),
            limit: MAX_TENSORS,
        });
    }
    let start_of_file = bytes.as_ptr().addr();
    let mut tensors = file
        .iter()
        .map(|(name, view)| {
            let dtype =
                DType::try_from(view.dtype()).map_err(|_| SafetensorsError::TensorType {
                    tensor: shown(name),
                })?;
            // Every view is a part of `bytes`.
            let start = view.data().as_ptr().addr() - start_of_file;
            Ok(TensorInfo {
                name: name.to_owned(),
                dtype,
                shape: view.shape().to_vec(),
                range: start..start + view.data().len(),
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(tensors)
}

/// The broken rule in our own words.
const fn rule_of(error: &SafeTensorError) -> &'static str {
    match error {
        SafeTensorError::InvalidHeader(_) => "it is not UTF-8",
        SafeTensorError::InvalidHeaderDeserialization(_) => "it is not the format's JSON",
        SafeTensorError::HeaderTooLarge
        | SafeTensorError::HeaderTooSmall
        | SafeTensorError::InvalidHeaderLength => "its length is out of range",
        SafeTensorError::InvalidOffset(_) => {
            "offsets of tensors overlap, leave gaps or run backwards"
        }
        SafeTensorError::TensorInvalidInfo => "a tensor's size is not that of its shape and type",
        SafeTensorError::MetadataIncompleteBuffer => "the tensors don't end where the file does",
        SafeTensorError::ValidationOverflow => "a tensor's size overflows",
        SafeTensorError::MisalignedSlice => "a tensor is not whole bytes",
        _ => "it breaks a rule of the format",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes(), data].concat()
    }

    const TWO: &str = r#"{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[2,2],"data_offsets":[8,12]},"__metadata__":{"format":"pt"}}"#;

    #[test]
    fn tensors_are_where_the_header_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("two.safetensors");
        std::fs::write(&path, file(TWO, b"abcdefghijkl")).unwrap();
        let opened = Safetensors::open(&Mapped::open(&path).unwrap()).unwrap();
        let names: Vec<&str> = opened.tensors().iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let a = opened.tensor("a").unwrap();
        assert_eq!((a.dtype, a.shape.as_slice()), (DType::U8, &[2, 2][..]));
        assert_eq!(opened.bytes(a), b"ijkl");
        assert_eq!(opened.bytes(opened.tensor("b").unwrap()), b"abcdefgh");
        let error = opened.tensor("c").unwrap_err().to_string();
        assert!(error.ends_with("tensor \"c\" is missing"), "{error}");
    }

    #[test]
    fn hostile_headers_are_refused() {
        let tensor = |dtype: &str, shape: &str, offsets: &str| {
            let header = format!(
                r#"{{"t":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#
            );
            file(&header, b"12345678")
        };
        let deep = file(&format!("{{\"t\":{}", "[".repeat(100_000)), b"");
        let long = [&(33_u64 << 20).to_le_bytes()[..], &[b' '; 64]].concat();
        for (bytes, expected) in [
            (vec![], "ends inside the header"),
            (vec![1, 0, 0], "ends inside the header"),
            (u64::MAX.to_le_bytes().to_vec(), "more than the limit"),
            (long, "more than the limit"),
            (100_u64.to_le_bytes().to_vec(), "ends inside the header"),
            (file("[]", b""), "does not start with '{'"),
            (file("{\"t\":", b""), "not the format's JSON"),
            (file("{\"\u{1}", b""), "not the format's JSON"),
            (deep, "not the format's JSON"),
            (tensor("F32", "[2]", "[0,4]"), "size is not that"),
            (tensor("F32", "[2]", "[8,0]"), "offsets"),
            (tensor("F32", "[2]", "[1,9]"), "offsets"),
            (
                tensor("F32", "[1]", "[0,4]"),
                "don't end where the file does",
            ),
            (
                tensor("F32", "[3]", "[0,12]"),
                "don't end where the file does",
            ),
            (tensor("F32", "[-2]", "[0,8]"), "not the format's JSON"),
            (tensor("F33", "[2]", "[0,8]"), "not the format's JSON"),
            (
                tensor("F32", "[4611686018427387904, 4]", "[0,8]"),
                "overflows",
            ),
            (
                tensor("F32", "[2]", "[18446744073709551608,18446744073709551615]"),
                "offsets",
            ),
            (
                tensor("U8", "[18446744073709551615]", "[0,18446744073709551615]"),
                "overflows",
            ),
            (
                tensor("F4", "[2305843009213693951, 2]", "[0,2305843009213693951]"),
                "don't end where the file does",
            ),
            (
                tensor("BOOL", "[8]", "[0,8]"),
                "\"t\" has an unsupported type",
            ),
        ] {
            let error = parse(&bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected:?}: {error}");
        }
    }

    #[test]
    fn every_cut_is_an_error_and_no_flip_panics() {
        let whole = file(TWO, b"abcdefghijkl");
        for cut in 0..whole.len() {
            parse(&whole[..cut]).unwrap_err();
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;
                if let Ok(tensors) = parse(&flipped) {
                    assert!(tensors.iter().all(|t| t.range.end <= whole.len()));
                }
            }
        }
    }
}
