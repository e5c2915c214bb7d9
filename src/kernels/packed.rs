//! Quantised matrices, repacked once at load into tiles that the CPU reads in order.
//!
//! A tile is 16 rows × 32 columns: 16 scales and 16 offsets in half precision, then the weights as
//! unsigned numbers, `w ≈ d · q + m`. Four-bit weights take as many bytes as in the file. The block
//! formats are GGML's (`ggml-common.h`): Q4_0 is `d · (q - 8)`, Q4_1 `d · q + m`, Q8_0 `d · q` signed.
#![expect(
    unsafe_code,
    reason = "threads write to separate columns of one output"
)]

use half::f16;

use super::quantized::BLOCK;
use super::shared::SharedMut;
use super::{Level, Pool, QuantizedRows, level};

/// Rows per tile.
pub(super) const TILE_ROWS: usize = 16;
/// Rows of activations that share one pass over a stretch of tiles, so they stay in the first cache.
const ROW_CHUNK: usize = 32;

/// How a matrix is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 32 weights in 18 bytes.
    Q4_0,
    /// 32 weights in 20 bytes.
    Q4_1,
    /// 32 weights in 34 bytes.
    Q8_0,
}

impl Encoding {
    const fn block_bytes(self) -> usize {
        match self {
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q8_0 => 34,
        }
    }
}

/// Why a matrix can't be repacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Rows are not whole blocks.
    #[error("rows of {cols} columns are not whole blocks of 32")]
    Columns {
        /// The columns.
        cols: usize,
    },
    /// The bytes don't fit the shape.
    #[error("{found} bytes where the shape needs {expected}")]
    Bytes {
        /// What the shape needs.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// A scale or an offset is not finite, so every product would be lost.
    #[error("a scale is not a finite number")]
    NotFinite,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line([u8; 64]);

const _: () = assert!(size_of::<Line>() == 64);

/// A matrix of `rows` × `cols` quantised weights.
pub struct PackedMatrix {
    rows: usize,
    cols: usize,
    eight_bit: bool,
    lines: Vec<Line>,
}

impl std::fmt::Debug for PackedMatrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "PackedMatrix({} x {}, {} bits)",
            self.rows,
            self.cols,
            if self.eight_bit { 8 } else { 4 }
        )
    }
}

impl PackedMatrix {
    /// Repacks `bytes`, `rows` × `cols` weights row after row.
    ///
    /// # Errors
    ///
    /// [`PackError`] when the bytes don't fit the shape or hold scales that are no numbers.
    pub fn new(
        encoding: Encoding,
        rows: usize,
        cols: usize,
        bytes: &[u8],
    ) -> Result<Self, PackError> {
        if cols == 0 || cols % BLOCK != 0 {
            return Err(PackError::Columns { cols });
        }
        let blocks = cols / BLOCK;
        let expected = rows
            .saturating_mul(blocks)
            .saturating_mul(encoding.block_bytes());
        if bytes.len() != expected {
            return Err(PackError::Bytes {
                expected,
                found: bytes.len(),
            });
        }
        let eight_bit = encoding == Encoding::Q8_0;
        let per_tile = lines_per_tile(eight_bit);
        let mut lines = vec![Line([0; 64]); rows.div_ceil(TILE_ROWS) * blocks * per_tile];
        for row in 0..rows {
            for block in 0..blocks {
                let at = (row * blocks + block) * encoding.block_bytes();
                let source = &bytes[at..at + encoding.block_bytes()];
                let first = (row / TILE_ROWS * blocks + block) * per_tile;
                put_block(
                    encoding,
                    source,
                    row % TILE_ROWS,
                    &mut lines[first..first + per_tile],
                )?;
            }
        }
        Ok(Self {
            rows,
            cols,
            eight_bit,
            lines,
        })
    }

    /// Rows: outputs.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns: inputs.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.lines.len() * 64
    }

    /// Tiles one above the other.
    pub fn n_tiles(&self) -> usize {
        self.rows.div_ceil(TILE_ROWS)
    }

    /// Writes the dequantised row `row` to `out`.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        let (blocks, lane) = (self.cols / BLOCK, row % TILE_ROWS);
        for (block, out) in out
            .as_chunks_mut::<BLOCK>()
            .0
            .iter_mut()
            .enumerate()
            .take(blocks)
        {
            let tile = Tile(self.tile(row / TILE_ROWS, block));
            let (scale, offset) = (tile.scale(lane), tile.offset(lane));
            for (k, value) in out.iter_mut().enumerate() {
                *value = scale * f32::from(tile.quant(self.eight_bit, lane, k)) + offset;
            }
        }
    }

    /// `out[r][n] = Σ_k w[n][k] · x[r][k]` for the first `n_rows` rows of `x` and the rows of the
    /// matrix that lie in `tiles`; `out` has [`PackedMatrix::rows`] values per row.
    ///
    /// # Safety
    ///
    /// No other thread writes the columns of `tiles` meanwhile.
    unsafe fn multiply(
        &self,
        level: Level,
        tiles: std::ops::Range<usize>,
        x: &QuantizedRows,
        n_rows: usize,
        out: SharedMut<'_, f32>,
    ) {
        assert!(
            x.cols() == self.cols && n_rows <= x.rows(),
            "activations of another shape"
        );
        let mut scratch = [[0.0_f32; TILE_ROWS]; 8];
        let mut from = 0;
        while from < n_rows {
            let to = (from + ROW_CHUNK).min(n_rows);
            for tile in tiles.clone() {
                let width = TILE_ROWS.min(self.rows - tile * TILE_ROWS);
                let mut row = from;
                while row < to {
                    let count = Self::group(to - row);
                    self.tile_product(level, tile, x, row, &mut scratch[..count]);
                    for (index, products) in scratch[..count].iter().enumerate() {
                        let at = (row + index) * self.rows + tile * TILE_ROWS;
                        // SAFETY: these columns are this thread's alone, by the contract.
                        let part = unsafe { out.part(at, width) };
                        part.copy_from_slice(&products[..width]);
                    }
                    row += count;
                }
            }
            from = to;
        }
    }

    /// How many rows of activations one pass over a tile takes.
    fn group(left: usize) -> usize {
        match left {
            8.. => 8,
            4..8 => 4,
            2..4 => 2,
            _ => 1,
        }
    }

    fn tile(&self, tile: usize, block: usize) -> &[Line] {
        let per_tile = lines_per_tile(self.eight_bit);
        let first = (tile * (self.cols / BLOCK) + block) * per_tile;
        &self.lines[first..first + per_tile]
    }

    fn tile_product(
        &self,
        level: Level,
        tile: usize,
        x: &QuantizedRows,
        row: usize,
        out: &mut [[f32; TILE_ROWS]],
    ) {
        let blocks = self.cols / BLOCK;
        let per_tile = lines_per_tile(self.eight_bit);
        let lines = &self.lines[tile * blocks * per_tile..(tile + 1) * blocks * per_tile];
        let (quants, scales, sums) = x.parts(row);
        match level.kind() {
            level::Kind::Portable => portable(
                self.eight_bit,
                lines,
                self.cols,
                (quants, scales, sums),
                out,
            ),
            #[cfg(target_arch = "x86_64")]
            level::Kind::Avx2 => super::x86::avx2(
                self.eight_bit,
                lines,
                self.cols,
                (quants, scales, sums),
                out,
            ),
            #[cfg(target_arch = "x86_64")]
            level::Kind::Avx512Vnni => super::x86::avx512(
                self.eight_bit,
                lines,
                self.cols,
                (quants, scales, sums),
                out,
            ),
        }
    }
}

/// The products of several matrices with the same activations, shared by the threads of `pool`: each
/// matrix with its own output of `n_rows` rows.
pub fn multiply_all(
    level: Level,
    pool: &Pool,
    x: &QuantizedRows,
    n_rows: usize,
    products: &mut [(&PackedMatrix, &mut [f32])],
) {
    let outputs: Vec<(&PackedMatrix, SharedMut<'_, f32>)> = products
        .iter_mut()
        .map(|(matrix, out)| (*matrix, SharedMut::new(out)))
        .collect();
    let total: usize = outputs.iter().map(|(matrix, _)| matrix.n_tiles()).sum();
    // One row streams the weights once: a stretch per thread. Many rows compute: smaller units even out.
    let units = if n_rows == 1 {
        pool.threads()
    } else {
        pool.threads() * 4
    }
    .min(total)
    .max(1);
    pool.for_each(units, &|unit| {
        let (mut from, to) = (total * unit / units, total * (unit + 1) / units);
        let mut first = 0;
        for (matrix, out) in &outputs {
            let n = matrix.n_tiles();
            if from < to && from < first + n {
                let end = to.min(first + n);
                // SAFETY: units cover separate stretches of tiles.
                unsafe { matrix.multiply(level, from - first..end - first, x, n_rows, *out) };
                from = end;
            }
            first += n;
        }
    });
}

pub(super) const fn lines_per_tile(eight_bit: bool) -> usize {
    if eight_bit { 9 } else { 5 }
}

/// One tile: its first line holds 16 scales and 16 offsets, the others the weights. Line `1 + g` holds
/// for each row the columns `4 g .. 4 g + 4`; with four bits, columns `16 + 4 g ..` are the high halves.
pub(super) struct Tile<'a>(pub(super) &'a [Line]);

impl Tile<'_> {
    fn half(&self, at: usize) -> f32 {
        let bytes = &self.0[0].0;
        f16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]).to_f32()
    }

    pub(super) fn scale(&self, lane: usize) -> f32 {
        self.half(lane)
    }

    pub(super) fn offset(&self, lane: usize) -> f32 {
        self.half(TILE_ROWS + lane)
    }

    /// The weight of row `lane`, column `k`, as an unsigned number.
    pub(super) fn quant(&self, eight_bit: bool, lane: usize, k: usize) -> u8 {
        if eight_bit {
            return self.0[1 + k / 4].0[lane * 4 + k % 4];
        }
        let byte = self.0[1 + k % 16 / 4].0[lane * 4 + k % 4];
        if k < 16 { byte & 15 } else { byte >> 4 }
    }
}

fn put_block(
    encoding: Encoding,
    source: &[u8],
    lane: usize,
    tile: &mut [Line],
) -> Result<(), PackError> {
    let half = |at: usize| f16::from_le_bytes([source[at], source[at + 1]]);
    let scale = half(0);
    let (offset, quants) = match encoding {
        // Exact: a power of two times a half.
        Encoding::Q4_0 => (f16::from_f32(scale.to_f32() * -8.0), &source[2..]),
        Encoding::Q4_1 => (half(2), &source[4..]),
        Encoding::Q8_0 => (f16::from_f32(scale.to_f32() * -128.0), &source[2..]),
    };
    if !scale.is_finite() || !offset.is_finite() {
        return Err(PackError::NotFinite);
    }
    tile[0].0[2 * lane..2 * lane + 2].copy_from_slice(&scale.to_le_bytes());
    let at = 2 * (TILE_ROWS + lane);
    tile[0].0[at..at + 2].copy_from_slice(&offset.to_le_bytes());
    for (index, four) in quants.as_chunks::<4>().0.iter().enumerate() {
        // Signed bytes become unsigned by adding 128, which flips the first bit.
        let four = if encoding == Encoding::Q8_0 {
            four.map(|byte| byte ^ 0x80)
        } else {
            *four
        };
        tile[1 + index].0[lane * 4..lane * 4 + 4].copy_from_slice(&four);
    }
    Ok(())
}

pub(super) type Activations<'a> = (&'a [i8], &'a [f32], &'a [f32]);

/// The reference.
fn portable(
    eight_bit: bool,
    lines: &[Line],
    cols: usize,
    x: Activations<'_>,
    out: &mut [[f32; TILE_ROWS]],
) {
    let blocks = cols / BLOCK;
    let (quants, scales, sums) = x;
    for (row, products) in out.iter_mut().enumerate() {
        for (lane, product) in products.iter_mut().enumerate() {
            let mut total = 0.0_f32;
            for (block, tile) in lines.chunks_exact(lines_per_tile(eight_bit)).enumerate() {
                let tile = Tile(tile);
                let values = &quants[row * cols + block * BLOCK..][..BLOCK];
                let dot: i32 = values
                    .iter()
                    .enumerate()
                    .map(|(k, value)| i32::from(tile.quant(eight_bit, lane, k)) * i32::from(*value))
                    .sum();
                let at = row * blocks + block;
                total = (dot as f32).mul_add(tile.scale(lane) * scales[at], total);
                total = tile.offset(lane).mul_add(sums[at], total);
            }
            *product = total;
        }
    }
}

impl Line {
    pub(super) const fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that look random, always the same.
    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..len).map(|_| next()).collect()
    }

    /// A matrix in a file's encoding, with small scales, and its weights by the format's definition.
    fn matrix(encoding: Encoding, rows: usize, cols: usize) -> (Vec<u8>, Vec<f32>) {
        let mut bytes = noise(rows * cols / BLOCK * encoding.block_bytes(), 7);
        let mut weights = Vec::new();
        for (index, block) in bytes.chunks_exact_mut(encoding.block_bytes()).enumerate() {
            let scale = f16::from_f32(if index % 5 == 0 {
                0.0
            } else {
                0.01 + index as f32 * 1e-4
            });
            block[..2].copy_from_slice(&scale.to_le_bytes());
            let d = scale.to_f32();
            let nibble = |byte: u8, high: bool| f32::from(if high { byte >> 4 } else { byte & 15 });
            match encoding {
                Encoding::Q8_0 => {
                    weights.extend(block[2..].iter().map(|b| d * f32::from(b.cast_signed())))
                }
                Encoding::Q4_0 => {
                    let q = &block[2..];
                    weights.extend((0..32).map(|k| d * (nibble(q[k % 16], k >= 16) - 8.0)));
                }
                Encoding::Q4_1 => {
                    let offset = f16::from_f32(-0.07);
                    block[2..4].copy_from_slice(&offset.to_le_bytes());
                    let q = &block[4..];
                    weights
                        .extend((0..32).map(|k| d * nibble(q[k % 16], k >= 16) + offset.to_f32()));
                }
            }
        }
        (bytes, weights)
    }

    fn activations(rows: usize, cols: usize) -> Vec<f32> {
        let mut values: Vec<f32> = noise(rows * cols, 3)
            .iter()
            .map(|b| f32::from(b.cast_signed()) / 50.0)
            .collect();
        values[..32].fill(0.0);
        if let Some(value) = values.get_mut(33) {
            *value = 1e-40; // a denormal
        }
        values
    }

    const ALL: [Encoding; 3] = [Encoding::Q4_0, Encoding::Q4_1, Encoding::Q8_0];

    #[test]
    fn rows_read_back_exactly() {
        for encoding in ALL {
            let (bytes, weights) = matrix(encoding, 19, 96);
            let packed = PackedMatrix::new(encoding, 19, 96, &bytes).unwrap();
            let mut row = vec![0.0; 96];
            for (index, expected) in weights.chunks_exact(96).enumerate() {
                packed.row(index, &mut row);
                assert_eq!(row, expected, "{encoding:?} row {index}");
            }
        }
    }

    /// Every level, every group size, odd shapes: the same bits as the reference, which is near the
    /// product in double precision.
    #[test]
    fn every_level_agrees_with_the_reference() {
        let pool = Pool::new(2).unwrap();
        for encoding in ALL {
            for (rows, cols, n) in [
                (1, 32, 1),
                (16, 32, 3),
                (19, 576, 17),
                (48, 1536, 8),
                (33, 96, 5),
            ] {
                let (bytes, weights) = matrix(encoding, rows, cols);
                let packed = PackedMatrix::new(encoding, rows, cols, &bytes).unwrap();
                let values = activations(n, cols);
                let product = |level: Level, n_rows: usize, first: usize| {
                    let mut x = QuantizedRows::default();
                    x.resize(n_rows, cols);
                    for row in 0..n_rows {
                        x.set_row(
                            level,
                            row,
                            &values[(first + row) * cols..(first + row + 1) * cols],
                        );
                    }
                    let mut out = vec![f32::NAN; n_rows * rows];
                    multiply_all(level, &pool, &x, n_rows, &mut [(&packed, &mut out)]);
                    out
                };
                let reference = product(Level::PORTABLE, n, 0);
                for (row, products) in reference.chunks_exact(rows).enumerate() {
                    let x = &values[row * cols..(row + 1) * cols];
                    for (w, found) in weights.chunks_exact(cols).zip(products) {
                        let exact: f64 = w
                            .iter()
                            .zip(x)
                            .map(|(w, x)| f64::from(*w) * f64::from(*x))
                            .sum();
                        // Rounding to 127 steps: half a step per value, against the largest value.
                        let bound: f64 = w
                            .iter()
                            .map(|w| f64::from(w.abs()) * 2.6 / 254.0 * 1.01)
                            .sum();
                        assert!(
                            (exact - f64::from(*found)).abs() <= bound + 1e-5,
                            "{exact} {found}"
                        );
                    }
                    assert_eq!(product(Level::PORTABLE, 1, row), products, "one row alone");
                }
                for level in Level::available() {
                    assert_eq!(
                        product(level, n, 0),
                        reference,
                        "{level:?} {encoding:?} {rows}x{cols}x{n}"
                    );
                }
            }
        }
    }

    #[test]
    fn odd_matrices_are_refused() {
        let check = |encoding, rows, cols, bytes: &[u8], error| {
            assert_eq!(
                PackedMatrix::new(encoding, rows, cols, bytes).unwrap_err(),
                error
            );
        };
        check(Encoding::Q8_0, 1, 33, &[], PackError::Columns { cols: 33 });
        check(
            Encoding::Q4_0,
            1,
            32,
            &[0; 17],
            PackError::Bytes {
                expected: 18,
                found: 17,
            },
        );
        let nan = [vec![0, 0x7E], vec![0; 32]].concat();
        check(Encoding::Q8_0, 1, 32, &nan, PackError::NotFinite);
    }
}
