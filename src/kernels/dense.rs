//! Matrices of floats, in tiles of 16 rows by one column.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use half::slice::HalfBitsSliceExt as _;
use half::{bf16, f16};

use super::aligned::{Aligned, Number};
use super::gemm::{Element, Rows, WIDE, accumulate};
use super::quantized::PANEL;
use super::shared::SharedMut;
use super::{Level, PackError, Pool};

/// How a matrix of floats is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatEncoding {
    /// bfloat16.
    BF16,
    /// IEEE 754 half precision.
    F16,
    /// IEEE 754 single precision.
    F32,
}

/// Weights, `[tile][column][16 rows]`; those of two bytes by their bits.
enum Tiles {
    Brain(Aligned<u16>),
    Half(Aligned<u16>),
    Single(Aligned<f32>),
}

/// A matrix of floats.
pub(super) struct DenseMatrix {
    rows: usize,
    cols: usize,
    tiles: Tiles,
}

impl DenseMatrix {
    /// Repacks `bytes`, `rows` × `cols` little-endian floats row after row, on the threads of `pool`.
    pub(super) fn new(
        pool: &Pool,
        encoding: FloatEncoding,
        (rows, cols): (usize, usize),
        bytes: &[u8],
    ) -> Result<Self, PackError> {
        let size = if encoding == FloatEncoding::F32 { 4 } else { 2 };
        let expected = rows.saturating_mul(cols).saturating_mul(size);
        if cols == 0 {
            return Err(PackError::Columns { cols, block: 1 });
        }
        if bytes.len() != expected {
            return Err(PackError::Bytes {
                expected,
                found: bytes.len(),
            });
        }
        let shape = (rows, cols);
        let pairs = bytes.as_chunks::<2>().0;
        let tiles = match encoding {
            FloatEncoding::BF16 => Tiles::Brain(transpose(pool, shape, pairs, |bytes| {
                let bits = u16::from_le_bytes(*bytes);
                bf16::from_bits(bits).is_finite().then_some(bits)
            })?),
            FloatEncoding::F16 => Tiles::Half(transpose(pool, shape, pairs, |bytes| {
                let bits = u16::from_le_bytes(*bytes);
                f16::from_bits(bits).is_finite().then_some(bits)
            })?),
            FloatEncoding::F32 => {
                let fours = bytes.as_chunks::<4>().0;
                Tiles::Single(transpose(pool, shape, fours, |bytes| {
                    Some(f32::from_le_bytes(*bytes)).filter(|value| value.is_finite())
                })?)
            }
        };
        Ok(Self { rows, cols, tiles })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn cols(&self) -> usize {
        self.cols
    }

    pub(super) fn encoding(&self) -> FloatEncoding {
        match self.tiles {
            Tiles::Brain(_) => FloatEncoding::BF16,
            Tiles::Half(_) => FloatEncoding::F16,
            Tiles::Single(_) => FloatEncoding::F32,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.tiles {
            Tiles::Brain(tiles) => tiles.len() * 2,
            Tiles::Half(tiles) => tiles.len() * 2,
            Tiles::Single(tiles) => tiles.len() * 4,
        }
    }

    pub(super) fn n_tiles(&self) -> usize {
        self.rows.div_ceil(WIDE)
    }

    /// Writes row `row` to `out`.
    pub(super) fn row(&self, row: usize, out: &mut [f32]) {
        fn copy<T: Element>(tiles: &[T], (row, cols): (usize, usize), out: &mut [f32]) {
            let tile = &tiles[row / WIDE * WIDE * cols..];
            for (out, column) in out.iter_mut().zip(tile.as_chunks::<WIDE>().0) {
                *out = column[row % WIDE].widen();
            }
        }
        match &self.tiles {
            Tiles::Brain(tiles) => {
                copy::<bf16>(tiles.get().reinterpret_cast(), (row, self.cols), out)
            }
            Tiles::Half(tiles) => {
                copy::<f16>(tiles.get().reinterpret_cast(), (row, self.cols), out)
            }
            Tiles::Single(tiles) => copy(tiles.get(), (row, self.cols), out),
        }
    }

    /// As [`PackedMatrix::multiply`](super::packed::PackedMatrix::multiply), for rows of floats.
    ///
    /// # Safety
    ///
    /// No other thread writes the columns of `tiles` meanwhile.
    #[expect(
        unsafe_code,
        reason = "threads write to separate columns of one output"
    )]
    pub(super) unsafe fn multiply(
        &self,
        level: Level,
        tiles: Range<usize>,
        x: &[f32],
        out: SharedMut<'_, f32>,
    ) {
        match &self.tiles {
            Tiles::Brain(weights) => {
                let weights: &[bf16] = weights.get().reinterpret_cast();
                // SAFETY: by the contract.
                unsafe { self.products(level, weights, tiles, x, out) }
            }
            Tiles::Half(weights) => {
                let weights: &[f16] = weights.get().reinterpret_cast();
                // SAFETY: by the contract.
                unsafe { self.products(level, weights, tiles, x, out) }
            }
            // SAFETY: by the contract.
            Tiles::Single(weights) => unsafe { self.products(level, weights.get(), tiles, x, out) },
        }
    }

    /// # Safety
    ///
    /// As [`Self::multiply`].
    #[expect(
        unsafe_code,
        reason = "threads write to separate columns of one output"
    )]
    unsafe fn products<T: Element>(
        &self,
        level: Level,
        weights: &[T],
        tiles: Range<usize>,
        x: &[f32],
        out: SharedMut<'_, f32>,
    ) {
        let mut totals = [0.0_f32; PANEL * WIDE];
        for (panel, x) in x.chunks(PANEL * self.cols).enumerate() {
            let height = x.len() / self.cols;
            for tile in tiles.clone() {
                let size = WIDE * self.cols;
                let weights = Rows {
                    values: &weights[tile * size..(tile + 1) * size],
                    stride: WIDE,
                };
                let x = Rows {
                    values: x,
                    stride: self.cols,
                };
                totals.fill(0.0);
                accumulate(
                    level,
                    x,
                    weights,
                    (height, self.cols, WIDE),
                    &mut totals,
                    WIDE,
                );
                let width = WIDE.min(self.rows - tile * WIDE);
                for (index, totals) in totals.as_chunks::<WIDE>().0.iter().take(height).enumerate()
                {
                    let at = (panel * PANEL + index) * self.rows + tile * WIDE;
                    // SAFETY: these columns are this thread's alone, by the contract.
                    let part = unsafe { out.part(at, width) };
                    part.copy_from_slice(&totals[..width]);
                }
            }
        }
    }
}

/// Puts elements row after row into tiles; an element that `read` refuses is an error.
fn transpose<T: Number + Send + Sync, const N: usize>(
    pool: &Pool,
    (rows, cols): (usize, usize),
    source: &[[u8; N]],
    read: impl Fn(&[u8; N]) -> Option<T> + Sync,
) -> Result<Aligned<T>, PackError> {
    let (n_tiles, size) = (rows.div_ceil(WIDE), WIDE * cols);
    let mut tiles = Aligned::zeroed(n_tiles * size);
    let out = SharedMut::new(tiles.get_mut());
    let finite = AtomicBool::new(true);
    pool.for_each(n_tiles, &|index| {
        // SAFETY: each tile is one unit's alone.
        #[expect(unsafe_code, reason = "threads fill separate tiles")]
        let tile = unsafe { out.part(index * size, size) };
        let lanes = source.chunks_exact(cols).skip(index * WIDE).take(WIDE);
        for (lane, row) in lanes.enumerate() {
            for (column, bytes) in tile.as_chunks_mut::<WIDE>().0.iter_mut().zip(row) {
                match read(bytes) {
                    Some(value) => column[lane] = value,
                    None => finite.store(false, Ordering::Relaxed),
                }
            }
        }
    });
    finite
        .into_inner()
        .then_some(tiles)
        .ok_or(PackError::NotFinite)
}
