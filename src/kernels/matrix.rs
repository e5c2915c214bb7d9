//! Matrices of weights, and their products with rows of activations.

use std::ops::Range;

use super::dense::{DenseMatrix, FloatEncoding};
use super::packed::{Encoding, PackedMatrix};
use super::shared::SharedMut;
use super::{Inputs, Level, Pool};

/// Bytes of weights that a thread takes at a time: half of a second-level cache or less, so that they stay
/// there while the rows pass by, and enough to pay for the claim.
const UNIT_BYTES: usize = 96 << 10;

/// Why a matrix can't be repacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Rows are not whole blocks.
    #[error("rows of {cols} columns are not whole blocks of {block}")]
    Columns {
        /// The columns.
        cols: usize,
        /// The columns of a block.
        block: usize,
    },
    /// The bytes don't fit the shape.
    #[error("{found} bytes where the shape needs {expected}")]
    Bytes {
        /// What the shape needs.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// A weight or a scale is not finite, so every product would be lost.
    #[error("a weight is not a finite number")]
    NotFinite,
}

/// A matrix of `rows` × `cols` weights, held once, as the CPU reads it.
pub struct Matrix(Kind);

enum Kind {
    Dense(DenseMatrix),
    Packed(PackedMatrix),
}

impl Matrix {
    /// Repacks `bytes`, `shape.0` rows of `shape.1` quantised weights, on the threads of `pool`.
    ///
    /// # Errors
    ///
    /// [`PackError`] when the bytes don't fit the shape or hold scales that are no numbers.
    pub fn quantized(
        pool: &Pool,
        encoding: Encoding,
        shape: (usize, usize),
        bytes: &[u8],
    ) -> Result<Self, PackError> {
        PackedMatrix::new(pool, encoding, shape, bytes).map(|matrix| Self(Kind::Packed(matrix)))
    }

    /// Repacks `bytes`, `shape.0` rows of `shape.1` little-endian floats, on the threads of `pool`.
    ///
    /// # Errors
    ///
    /// [`PackError`] when the bytes don't fit the shape or hold what is no number.
    pub fn dense(
        pool: &Pool,
        encoding: FloatEncoding,
        shape: (usize, usize),
        bytes: &[u8],
    ) -> Result<Self, PackError> {
        DenseMatrix::new(pool, encoding, shape, bytes).map(|matrix| Self(Kind::Dense(matrix)))
    }

    /// Rows: outputs.
    pub fn rows(&self) -> usize {
        match &self.0 {
            Kind::Dense(matrix) => matrix.rows(),
            Kind::Packed(matrix) => matrix.rows(),
        }
    }

    /// Columns: inputs.
    pub fn cols(&self) -> usize {
        match &self.0 {
            Kind::Dense(matrix) => matrix.cols(),
            Kind::Packed(matrix) => matrix.cols(),
        }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Kind::Dense(matrix) => matrix.bytes(),
            Kind::Packed(matrix) => matrix.bytes(),
        }
    }

    /// Whether it multiplies quantised activations; else floats.
    pub fn is_quantized(&self) -> bool {
        matches!(self.0, Kind::Packed(_))
    }

    /// Writes the row `row` as floats: an embedding.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        match &self.0 {
            Kind::Dense(matrix) => matrix.row(row, out),
            Kind::Packed(matrix) => matrix.row(row, out),
        }
    }

    fn n_tiles(&self) -> usize {
        match &self.0 {
            Kind::Dense(matrix) => matrix.n_tiles(),
            Kind::Packed(matrix) => matrix.n_tiles(),
        }
    }

    /// # Safety
    ///
    /// No other thread writes the columns of `tiles` meanwhile.
    #[expect(
        unsafe_code,
        reason = "threads write to separate columns of one output"
    )]
    unsafe fn multiply(
        &self,
        level: Level,
        tiles: Range<usize>,
        x: &Inputs,
        out: SharedMut<'_, f32>,
    ) {
        match &self.0 {
            // SAFETY: by the contract.
            Kind::Dense(matrix) => unsafe { matrix.multiply(level, tiles, x.floats(), out) },
            // SAFETY: by the contract.
            Kind::Packed(matrix) => unsafe { matrix.multiply(level, tiles, x.quantized(), out) },
        }
    }
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Matrix({} x {}, ", self.rows(), self.cols())?;
        match &self.0 {
            Kind::Dense(matrix) => write!(f, "{:?})", matrix.encoding()),
            Kind::Packed(matrix) => write!(f, "{:?})", matrix.encoding()),
        }
    }
}

/// The products of several matrices with the same activations, shared by the threads of `pool`:
/// `out[r][n] = Σ_k w[n][k] · x[r][k]`, each matrix with its own output.
///
/// # Panics
///
/// When `x` was not filled for a matrix of this kind, or an output is too short.
pub fn multiply(level: Level, pool: &Pool, x: &Inputs, products: &mut [(&Matrix, &mut [f32])]) {
    let outputs: Vec<(&Matrix, SharedMut<'_, f32>)> = products
        .iter_mut()
        .map(|(matrix, out)| {
            assert!(
                matrix.cols() == x.cols() && out.len() >= matrix.rows() * x.rows(),
                "a product of another shape"
            );
            (*matrix, SharedMut::new(out))
        })
        .collect();
    let total: usize = outputs.iter().map(|(matrix, _)| matrix.n_tiles()).sum();
    let bytes: usize = outputs.iter().map(|(matrix, _)| matrix.bytes()).sum();
    let units = (bytes / UNIT_BYTES)
        .next_multiple_of(pool.threads())
        .clamp(1, total.max(1));
    pool.for_each(units, &|unit| {
        let (mut from, to) = (total * unit / units, total * (unit + 1) / units);
        let mut first = 0;
        for (matrix, out) in &outputs {
            let n = matrix.n_tiles();
            if from < to && from < first + n {
                let end = to.min(first + n);
                // SAFETY: units cover separate stretches of tiles.
                #[expect(unsafe_code, reason = "units write to separate columns")]
                unsafe {
                    matrix.multiply(level, from - first..end - first, x, *out);
                };
                from = end;
            }
            first += n;
        }
    });
}
