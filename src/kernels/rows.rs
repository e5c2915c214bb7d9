//! Work on the rows of buffers, shared by threads; and rows of activations, made ready to multiply.

use super::quantized::{BLOCK, QuantBlock, QuantizedRows, quantize};
use super::shared::SharedMut;
use super::{Level, Matrix, Pool};

/// Values that are worth a claim of their own.
const UNIT_VALUES: usize = 16 << 10;

/// Calls `body` for each row with that row of every buffer, on the threads of `pool`; the number beside a
/// buffer is its width.
///
/// # Panics
///
/// When a buffer has not `n_rows` rows.
pub fn each_row<const N: usize>(
    pool: &Pool,
    n_rows: usize,
    buffers: [(&mut [f32], usize); N],
    body: &(dyn Fn(usize, [&mut [f32]; N]) + Sync),
) {
    let width: usize = buffers.iter().map(|(_, width)| width).sum();
    let buffers = buffers.map(|(buffer, width)| (SharedMut::new(buffer), width));
    for_rows(pool, n_rows, width, &|row| {
        let rows = buffers.map(|(buffer, width)| {
            // SAFETY: each row is one call's alone.
            #[expect(unsafe_code, reason = "threads write to separate rows")]
            unsafe {
                buffer.part(row * width, width)
            }
        });
        body(row, rows);
    });
}

/// Calls `body` for every stretch of at most `most` neighbouring rows, with its first row and those rows of every
/// buffer, on the threads of `pool`; the number beside a buffer is its width. Stretches are about equally long, and as
/// many as keep every thread busy.
///
/// # Panics
///
/// When a buffer has not `n_rows` rows.
pub fn each_stretch<const N: usize>(
    pool: &Pool,
    (n_rows, most): (usize, usize),
    buffers: [(&mut [f32], usize); N],
    body: &(dyn Fn(usize, [&mut [f32]; N]) + Sync),
) {
    let buffers = buffers.map(|(buffer, width)| (SharedMut::new(buffer), width));
    let units = n_rows
        .div_ceil(most.max(1))
        .next_multiple_of(pool.threads())
        .min(n_rows);
    pool.for_each(units, &|unit| {
        let (from, to) = (n_rows * unit / units, n_rows * (unit + 1) / units);
        let rows = buffers.map(|(buffer, width)| {
            // SAFETY: each row is one unit's alone.
            #[expect(unsafe_code, reason = "threads write to separate rows")]
            unsafe {
                buffer.part(from * width, (to - from) * width)
            }
        });
        body(from, rows);
    });
}

/// Calls `body` once for every row, in units of neighbours.
fn for_rows(pool: &Pool, n_rows: usize, width: usize, body: &(dyn Fn(usize) + Sync)) {
    let per_unit = (UNIT_VALUES / width.max(1)).max(1);
    pool.for_each(n_rows.div_ceil(per_unit), &|unit| {
        (unit * per_unit..((unit + 1) * per_unit).min(n_rows)).for_each(body);
    });
}

/// Computes a row of activations, by its number, from a row of each buffer.
pub type FillRow<'a, const N: usize> = dyn Fn(usize, [&mut [f32]; N], &mut [f32]) + Sync + 'a;

/// Rows of activations: as floats, in 8 bits, or both, as the matrices that they meet want them.
#[derive(Debug, Default)]
pub struct Inputs {
    rows: usize,
    cols: usize,
    /// Empty when no matrix wants them.
    floats: Vec<f32>,
    quantized: QuantizedRows,
}

impl Inputs {
    /// Makes `rows` rows of `cols` values, for products with `matrices`: `body` gets the row's number,
    /// a row of each buffer and the row to fill. Rows are computed and rounded on the threads of `pool`.
    ///
    /// # Panics
    ///
    /// When a buffer has not `rows` rows, or `cols` are not whole blocks of a quantised matrix.
    pub fn fill<const N: usize>(
        &mut self,
        (level, pool): (Level, &Pool),
        (rows, cols): (usize, usize),
        matrices: &[&Matrix],
        buffers: [(&mut [f32], usize); N],
        body: &FillRow<'_, N>,
    ) {
        let rounded = matrices.iter().any(|matrix| matrix.is_quantized());
        let kept = matrices.iter().any(|matrix| !matrix.is_quantized());
        assert!(!rounded || cols % BLOCK == 0, "rows are not whole blocks");
        (self.rows, self.cols) = (rows, cols);
        self.floats.resize(if kept { rows * cols } else { 0 }, 0.0);
        self.quantized.resize(if rounded { rows } else { 0 }, cols);
        let places: Vec<_> = (0..self.quantized.rows())
            .map(|row| self.quantized.place(row))
            .collect();
        let floats = SharedMut::new(&mut self.floats);
        let blocks = SharedMut::new(self.quantized.blocks_mut());
        let width = cols + buffers.iter().map(|(_, width)| width).sum::<usize>();
        let buffers = buffers.map(|(buffer, width)| (SharedMut::new(buffer), width));
        let per_unit = (UNIT_VALUES / width.max(1)).max(1);
        pool.for_each(rows.div_ceil(per_unit), &|unit| {
            let mut own = vec![0.0; if kept { 0 } else { cols }];
            let mut rounded_row = vec![QuantBlock::ZERO; if rounded { cols / BLOCK } else { 0 }];
            for row in unit * per_unit..((unit + 1) * per_unit).min(rows) {
                let parts = buffers.map(|(buffer, width)| {
                    // SAFETY: each row is one unit's alone.
                    #[expect(unsafe_code, reason = "threads write to separate rows")]
                    unsafe {
                        buffer.part(row * width, width)
                    }
                });
                let out: &mut [f32] = if kept {
                    // SAFETY: each row is one unit's alone.
                    #[expect(unsafe_code, reason = "threads write to separate rows")]
                    unsafe {
                        floats.part(row * cols, cols)
                    }
                } else {
                    &mut own
                };
                body(row, parts, out);
                if let Some((first, step)) = places.get(row) {
                    quantize(level, out, &mut rounded_row);
                    for (index, values) in rounded_row.iter().enumerate() {
                        // SAFETY: each block belongs to one row, and a row to one unit.
                        #[expect(unsafe_code, reason = "threads write to separate blocks")]
                        let block = unsafe { blocks.part(first + index * step, 1) };
                        block.fill(*values);
                    }
                }
            }
        });
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values of each row.
    pub fn cols(&self) -> usize {
        self.cols
    }

    pub(super) fn floats(&self) -> &[f32] {
        assert_eq!(
            self.floats.len(),
            self.rows * self.cols,
            "not filled for a matrix of floats"
        );
        &self.floats
    }

    pub(super) fn quantized(&self) -> &QuantizedRows {
        assert_eq!(
            self.quantized.rows(),
            self.rows,
            "not filled for a quantised matrix"
        );
        &self.quantized
    }
}
