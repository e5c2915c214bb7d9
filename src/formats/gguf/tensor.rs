//! Where the tensors are, and what they are.

use std::collections::HashMap;
use std::ops::Range;

use super::GgufError;
use super::dtype::TensorType;
use super::reader::Reader;
use crate::formats::shown;

/// Longest tensor name; ggml's own bound is 63.
const MAX_NAME_BYTES: u64 = 255;
/// Most dimensions (`GGML_MAX_DIMS`).
const MAX_DIMENSIONS: u32 = 4;
/// The least bytes of a tensor info: name length, one letter, dimensions, one of them, type, offset.
const LEAST_INFO_BYTES: usize = 8 + 1 + 4 + 8 + 4 + 8;

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorInfo {
    /// Its name (`blk.0.attn_q.weight`).
    pub name: String,
    /// How its elements are kept.
    pub dtype: TensorType,
    /// Its dimensions, rows first as candle has them: a matrix is `[rows, columns]`, and a row is
    /// contiguous. (The file lists the innermost dimension first.)
    pub shape: Vec<usize>,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

impl TensorInfo {
    /// The number of elements.
    pub fn elements(&self) -> usize {
        // Checked not to overflow when the info was read.
        self.shape.iter().product()
    }
}

/// All tensors of a file, by position and by name.
#[derive(Clone, Debug)]
pub(super) struct TensorIndex {
    tensors: Vec<TensorInfo>,
    by_name: HashMap<String, usize>,
}

impl TensorIndex {
    /// Reads the infos, which end the header, and places the tensors in the data section behind it.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        n_tensors: usize,
        alignment: usize,
    ) -> Result<Self, GgufError> {
        if n_tensors > reader.left() / LEAST_INFO_BYTES {
            let (what, at) = ("the tensor infos", reader.at());
            return Err(GgufError::Truncated { what, at });
        }
        let mut raw = Vec::with_capacity(n_tensors);
        for _ in 0..n_tensors {
            raw.push(RawInfo::read(reader)?);
        }
        let data_start = reader.at().next_multiple_of(alignment);
        let mut tensors = Vec::with_capacity(n_tensors);
        let mut by_name = HashMap::with_capacity(n_tensors);
        for info in raw {
            let tensor = info.place(data_start, alignment, reader.file_len())?;
            if by_name.insert(tensor.name.clone(), tensors.len()).is_some() {
                let tensor = shown(&tensor.name);
                return Err(GgufError::DuplicateTensor { tensor });
            }
            tensors.push(tensor);
        }
        check_apart(&tensors)?;
        Ok(Self { tensors, by_name })
    }

    pub(super) fn all(&self) -> &[TensorInfo] {
        &self.tensors
    }

    pub(super) fn find(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.get(*self.by_name.get(name)?)
    }
}

/// A tensor info as the file has it.
struct RawInfo<'a> {
    name: &'a str,
    /// Innermost first.
    dimensions: Vec<u64>,
    type_number: u32,
    /// From the start of the data section.
    offset: u64,
}

impl<'a> RawInfo<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, GgufError> {
        const WHAT: &str = "a tensor info";
        let at = reader.at();
        let name = reader.text("a tensor name")?;
        let bytes = name.len() as u64;
        if !(1..=MAX_NAME_BYTES).contains(&bytes) {
            let limit = MAX_NAME_BYTES;
            return Err(GgufError::TensorNameLength { bytes, at, limit });
        }
        let count = reader.u32(WHAT)?;
        if !(1..=MAX_DIMENSIONS).contains(&count) {
            return Err(GgufError::Dimensions {
                tensor: shown(name),
                count,
                limit: MAX_DIMENSIONS,
            });
        }
        let dimensions = (0..count)
            .map(|_| reader.u64(WHAT))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            dimensions,
            type_number: reader.u32(WHAT)?,
            offset: reader.u64(WHAT)?,
        })
    }

    fn place(
        &self,
        data_start: usize,
        alignment: usize,
        file_len: usize,
    ) -> Result<TensorInfo, GgufError> {
        let tensor = || shown(self.name);
        let number = self.type_number;
        let dtype = TensorType::of(number).ok_or_else(|| GgufError::TensorType {
            tensor: tensor(),
            number,
        })?;
        let (shape, bytes) = self
            .shape_and_bytes(dtype)
            .ok_or_else(|| GgufError::TensorShape { tensor: tensor() })?;
        let offset = self.offset;
        if !offset.is_multiple_of(alignment as u64) {
            return Err(GgufError::Misaligned {
                tensor: tensor(),
                offset,
                alignment,
            });
        }
        let range = usize::try_from(offset)
            .ok()
            .and_then(|offset| data_start.checked_add(offset))
            .and_then(|start| Some(start..start.checked_add(bytes)?))
            .filter(|range| range.end <= file_len)
            .ok_or_else(|| GgufError::OutOfFile {
                tensor: tensor(),
                bytes: bytes as u64,
                offset,
            })?;
        Ok(TensorInfo {
            name: self.name.to_owned(),
            dtype,
            shape,
            range,
        })
    }

    /// The shape, rows first, and the size; `None` when a dimension is 0, a row isn't whole blocks, or
    /// the numbers don't fit.
    fn shape_and_bytes(&self, dtype: TensorType) -> Option<(Vec<usize>, usize)> {
        let mut shape = Vec::with_capacity(self.dimensions.len());
        let mut elements = 1_usize;
        for dimension in self.dimensions.iter().rev() {
            let dimension = usize::try_from(*dimension).ok().filter(|d| *d > 0)?;
            elements = elements.checked_mul(dimension)?;
            shape.push(dimension);
        }
        let whole_blocks = shape.last()?.is_multiple_of(dtype.block_size());
        let bytes = (elements / dtype.block_size()).checked_mul(dtype.type_size())?;
        whole_blocks.then_some((shape, bytes))
    }
}

/// Tensors share no byte.
fn check_apart(tensors: &[TensorInfo]) -> Result<(), GgufError> {
    let mut sorted: Vec<&TensorInfo> = tensors.iter().collect();
    sorted.sort_unstable_by_key(|tensor| tensor.range.start);
    for pair in sorted.windows(2) {
        if let [first, second] = pair
            && first.range.end > second.range.start
        {
            return Err(GgufError::Overlap {
                first: shown(&first.name),
                second: shown(&second.name),
            });
        }
    }
    Ok(())
}
