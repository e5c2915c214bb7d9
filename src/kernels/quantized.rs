//! Activations in 8 bits, by blocks of 32.
#![expect(unsafe_code, reason = "calls across target features are unsafe")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "quantisation narrows on purpose"
)]

use super::Level;
use super::level::dispatch;

/// Columns per block.
pub(super) const BLOCK: usize = 32;

/// Rows of activations: signed bytes with a scale per block of 32 columns.
///
/// `x ≈ scale · q` with `scale = max|x| / 127`; `sum = scale · Σq` serves weights with an offset.
#[derive(Debug, Default)]
pub struct QuantizedRows {
    cols: usize,
    quants: Vec<i8>,
    scales: Vec<f32>,
    sums: Vec<f32>,
}

impl QuantizedRows {
    /// Makes room for `rows` rows of `cols` columns (a multiple of 32); keeps its memory.
    pub fn resize(&mut self, rows: usize, cols: usize) {
        self.cols = cols;
        self.quants.resize(rows * cols, 0);
        self.scales.resize(rows * cols / BLOCK, 0.0);
        self.sums.resize(rows * cols / BLOCK, 0.0);
    }

    /// Quantises one row of `cols` values into row `row`.
    pub fn set_row(&mut self, level: Level, row: usize, values: &[f32]) {
        let (cols, blocks) = (self.cols, self.cols / BLOCK);
        let quants = &mut self.quants[row * cols..(row + 1) * cols];
        let scales = &mut self.scales[row * blocks..(row + 1) * blocks];
        let sums = &mut self.sums[row * blocks..(row + 1) * blocks];
        quantize(level, values, quants, scales, sums);
    }

    /// Columns of each row.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Rows that there is room for.
    pub fn rows(&self) -> usize {
        if self.cols == 0 {
            0
        } else {
            self.quants.len() / self.cols
        }
    }

    pub(super) fn parts(&self, row: usize) -> (&[i8], &[f32], &[f32]) {
        let blocks = self.cols / BLOCK;
        (
            &self.quants[row * self.cols..],
            &self.scales[row * blocks..],
            &self.sums[row * blocks..],
        )
    }
}

dispatch! {
    /// Quantises a row.
    pub fn quantize(values: &[f32], quants: &mut [i8], scales: &mut [f32], sums: &mut [f32]) = quantize_body;
}

#[inline(always)]
fn quantize_body<const FMA: bool>(
    values: &[f32],
    quants: &mut [i8],
    scales: &mut [f32],
    sums: &mut [f32],
) {
    let (blocks, _) = values.as_chunks::<BLOCK>();
    let (quants, _) = quants.as_chunks_mut::<BLOCK>();
    for (((block, out), scale), sum) in blocks.iter().zip(quants).zip(scales).zip(sums) {
        let mut lanes = [0.0_f32; 16];
        for half in block.as_chunks::<16>().0 {
            for (lane, value) in lanes.iter_mut().zip(half) {
                *lane = lane.max(value.abs());
            }
        }
        let largest = lanes.iter().fold(0.0_f32, |a, b| a.max(*b));
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        let mut total = 0_i32;
        for (q, value) in out.iter_mut().zip(block) {
            let rounded = (value * inverse).round_ties_even() as i8;
            total += i32::from(rounded);
            *q = rounded;
        }
        *scale = largest / 127.0;
        *sum = *scale * total as f32;
    }
}
