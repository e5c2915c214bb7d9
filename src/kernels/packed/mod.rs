//! Quantised matrices, repacked once at load into tiles that the CPU reads in order.
//!
//! Activations are rounded to 8 bits per 32 (`quantized`), products of a block are whole numbers, and the
//! blocks of a row add up from the first to the last: so a row's products are the same bits whatever else
//! is computed beside it, at every level.

mod encoding;
pub(super) mod layout;
mod portable;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) use self::encoding::NONLINEAR;
pub use self::encoding::{Encoding, nonlinear_floats};
use self::layout::{Sizes, TILE_ROWS, Unpacked, with_storage};
use super::aligned::AlignedBytes;
use super::quantized::{BLOCK, PANEL, QuantBlock, QuantizedRows};
use super::shared::SharedMut;
use super::{Level, PackError, Pool, level};

/// A matrix of quantised weights.
pub(super) struct PackedMatrix {
    encoding: Encoding,
    rows: usize,
    cols: usize,
    /// Tiles of 16 rows, one after the other.
    tiles: AlignedBytes,
}

impl PackedMatrix {
    /// Repacks `bytes`, `rows` × `cols` weights row after row, on the threads of `pool`.
    pub(super) fn new(
        pool: &Pool,
        encoding: Encoding,
        (rows, cols): (usize, usize),
        bytes: &[u8],
    ) -> Result<Self, PackError> {
        let (block_cols, block_bytes) = encoding.block();
        if cols == 0 || cols % block_cols != 0 {
            return Err(PackError::Columns {
                cols,
                block: block_cols,
            });
        }
        let expected = rows
            .saturating_mul(cols / block_cols)
            .saturating_mul(block_bytes);
        if bytes.len() != expected {
            return Err(PackError::Bytes {
                expected,
                found: bytes.len(),
            });
        }
        let n_tiles = rows.div_ceil(TILE_ROWS);
        let sizes = with_storage!(encoding, S => Sizes::of::<S>());
        let tile_bytes = sizes.tile(cols / BLOCK);
        let mut tiles = AlignedBytes::zeroed(n_tiles * tile_bytes);
        let out = SharedMut::new(tiles.get_mut());
        let finite = AtomicBool::new(true);
        pool.for_each(n_tiles, &|index| {
            // SAFETY: each tile is one unit's alone.
            #[expect(unsafe_code, reason = "threads fill separate tiles")]
            let tile = unsafe { out.part(index * tile_bytes, tile_bytes) };
            let lanes = bytes.chunks_exact(cols / block_cols * block_bytes);
            let good = with_storage!(encoding, S => {
                put_tile::<S>(encoding, lanes.skip(index * TILE_ROWS).take(TILE_ROWS), cols, tile)
            });
            if !good {
                finite.store(false, Ordering::Relaxed);
            }
        });
        if !finite.into_inner() {
            return Err(PackError::NotFinite);
        }
        Ok(Self {
            encoding,
            rows,
            cols,
            tiles,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn cols(&self) -> usize {
        self.cols
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(super) fn bytes(&self) -> usize {
        self.tiles.len()
    }

    pub(super) fn n_tiles(&self) -> usize {
        self.rows.div_ceil(TILE_ROWS)
    }

    fn tile(&self, tile: usize) -> &[u8] {
        let bytes = self.tiles.len() / self.n_tiles().max(1);
        &self.tiles.get()[tile * bytes..(tile + 1) * bytes]
    }

    /// Writes the dequantised row `row` to `out`.
    pub(super) fn row(&self, row: usize, out: &mut [f32]) {
        with_storage!(self.encoding, S => {
            let (tile, lane) = (self.tile(row / TILE_ROWS), row % TILE_ROWS);
            let mut weights = Unpacked::ZERO;
            for (block, out) in out.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
                layout::unpack::<S>(tile, block, &mut weights);
                layout::look_up::<S>(&mut weights);
                for (column, out) in out.iter_mut().enumerate() {
                    let quant = weights.quants[column / 4][4 * lane + column % 4];
                    let quant = if <S as layout::Storage>::SIGNED {
                        f32::from(quant.cast_signed())
                    } else {
                        f32::from(quant)
                    };
                    let part = if <S as layout::Storage>::HALVES { column / 16 } else { 0 };
                    *out = weights.scales[part][lane] * quant + weights.offsets[part][lane];
                }
            }
        });
    }

    /// `out[r][n] = Σ_k w[n][k] · x[r][k]` for the rows of the matrix that lie in `tiles`; `out` has
    /// [`PackedMatrix::rows`] values per row.
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
        x: &QuantizedRows,
        out: SharedMut<'_, f32>,
    ) {
        assert!(x.cols() == self.cols, "activations of another shape");
        let mut totals = [[0.0_f32; TILE_ROWS]; PANEL];
        let mut first = 0;
        for (height, panel) in x.panels() {
            for tile in tiles.clone() {
                self.product(level, tile, panel, &mut totals[..height]);
                let width = TILE_ROWS.min(self.rows - tile * TILE_ROWS);
                for (index, totals) in totals[..height].iter().enumerate() {
                    let at = (first + index) * self.rows + tile * TILE_ROWS;
                    // SAFETY: these columns are this thread's alone, by the contract.
                    let part = unsafe { out.part(at, width) };
                    match <&mut [f32; TILE_ROWS]>::try_from(&mut *part) {
                        Ok(whole) => *whole = *totals,
                        Err(_) => part.copy_from_slice(&totals[..width]),
                    }
                }
            }
            first += height;
        }
    }

    fn product(
        &self,
        level: Level,
        tile: usize,
        panel: &[QuantBlock],
        totals: &mut [[f32; TILE_ROWS]],
    ) {
        let tile = self.tile(tile);
        with_storage!(self.encoding, S => match level.kind() {
            level::Kind::Portable => portable::tile::<S>(tile, panel, totals),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the level exists only where the CPU has these instructions.
            #[expect(unsafe_code, reason = "a call across target features")]
            level::Kind::Avx2 => unsafe { super::x86::avx2::tile::<S>(tile, panel, totals) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the level exists only where the CPU has these instructions.
            #[expect(unsafe_code, reason = "a call across target features")]
            level::Kind::Avx512Vnni => unsafe { super::x86::avx512::tile::<S>(tile, panel, totals) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: NEON belongs to the architecture, and the dot product isn't used.
            #[expect(unsafe_code, reason = "a call across target features")]
            level::Kind::Neon => unsafe {
                super::aarch64::tile::tile::<S, false>(tile, panel, totals);
            },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the level exists only where the CPU has the dot product.
            #[expect(unsafe_code, reason = "a call across target features")]
            level::Kind::NeonDot => unsafe {
                super::aarch64::tile::tile::<S, true>(tile, panel, totals);
            },
        });
    }
}

/// Fills a tile from its rows, as the file has them. Says whether all scales are finite.
fn put_tile<'a, S: layout::Storage>(
    encoding: Encoding,
    rows: impl Iterator<Item = &'a [u8]>,
    cols: usize,
    tile: &mut [u8],
) -> bool {
    let mut finite = true;
    for (lane, row) in rows.enumerate() {
        for block in 0..cols / BLOCK {
            let piece = encoding::piece(encoding, row, block);
            finite &= layout::is_finite(&piece);
            layout::put::<S>(&piece, lane, block, tile);
        }
    }
    finite
}
