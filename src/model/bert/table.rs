//! A table of vectors that is read where it lies: few of its rows are ever needed.

use std::ops::Range;

use candle_core::quantized::GgmlDType;
use half::{bf16, f16};

use crate::formats::Mapped;
use crate::formats::gguf::TensorType;

use super::super::ModelError;
use super::super::weights::File;

/// Values of a block of `Q8_0`.
const BLOCK: usize = 32;
/// Bytes of a block: a scale in half precision, then the values.
const BLOCK_BYTES: usize = 2 + BLOCK;

/// Rows of a matrix of the file.
#[derive(Debug)]
pub(super) struct Table {
    file: Mapped,
    range: Range<usize>,
    encoding: TableEncoding,
    rows: usize,
    row_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
enum TableEncoding {
    Brain,
    Eight,
    Half,
    Single,
}

impl Table {
    /// The tensor `name`, `cols` wide, as high as it is.
    pub(super) fn load(file: &File<'_>, name: &str, cols: usize) -> Result<Self, ModelError> {
        let source = file.source();
        let rows = source.tensor(name)?.shape.first().copied().unwrap_or(0);
        let info = file.tensor(name, &[rows, cols])?;
        let encoding = match info.dtype {
            TensorType::Candle(GgmlDType::BF16) => Some(TableEncoding::Brain),
            TensorType::Candle(GgmlDType::Q8_0) => Some(TableEncoding::Eight),
            TensorType::Candle(GgmlDType::F16) => Some(TableEncoding::Half),
            TensorType::Candle(GgmlDType::F32) => Some(TableEncoding::Single),
            _ => None,
        };
        let Some((encoding, (mapped, range))) = encoding.zip(source.place(info)) else {
            return Err(ModelError::TensorType {
                tensor: name.to_owned(),
            });
        };
        // Whatever read the whole file before; rows come back as they are needed.
        source.release(info);
        let row_bytes = range.len() / rows.max(1);
        Ok(Self {
            file: mapped,
            range,
            encoding,
            rows,
            row_bytes,
        })
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Writes the row `row` to `out`; zeros for one that there is not.
    pub(super) fn row(&self, row: u32, out: &mut [f32]) {
        out.fill(0.0);
        let table = self.file.as_bytes().get(self.range.clone());
        let bytes = usize::try_from(row)
            .ok()
            .and_then(|row| row.checked_mul(self.row_bytes))
            .and_then(|at| table?.get(at..)?.get(..self.row_bytes))
            .unwrap_or_default();
        match self.encoding {
            TableEncoding::Brain => {
                for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *out = bf16::from_le_bytes(*bytes).to_f32();
                }
            }
            TableEncoding::Eight => {
                let blocks = bytes.as_chunks::<BLOCK_BYTES>().0;
                for (block, out) in blocks.iter().zip(out.chunks_mut(BLOCK)) {
                    let [low, high, quants @ ..] = block;
                    let scale = f16::from_le_bytes([*low, *high]).to_f32();
                    for (out, quant) in out.iter_mut().zip(quants) {
                        *out = scale * f32::from(quant.cast_signed());
                    }
                }
            }
            TableEncoding::Half => {
                for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *out = f16::from_le_bytes(*bytes).to_f32();
                }
            }
            TableEncoding::Single => {
                for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *out = f32::from_le_bytes(*bytes);
                }
            }
        }
    }
}
