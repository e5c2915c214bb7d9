//! Activations in 8 bits, by blocks of 32.
#![expect(unsafe_code, reason = "calls across target features are unsafe")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "quantisation narrows on purpose"
)]

use super::{Level, level};

/// Columns per block.
pub(super) const BLOCK: usize = 32;
/// 1.5 · 2^23: added, it rounds to the nearest whole number, ties to even, and leaves it in the low bits.
pub(super) const ROUND: f32 = 12_582_912.0;
/// Rows whose blocks lie together, so that a tile of weights is unpacked once for all of them.
pub(super) const PANEL: usize = 32;

/// 32 activations of a row: `x ≈ scale · q` with `scale = max|x| / 127`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct QuantBlock {
    pub(super) quants: [[i8; 4]; BLOCK / 4],
    pub(super) scale: f32,
    /// `scale · Σq`: serves weights with an offset per 32.
    pub(super) sum: f32,
    /// `Σq` of the first and the last 16.
    pub(super) halves: [i16; 2],
    /// `-128 · Σq`: takes back what signed weights were raised by, to be unsigned.
    pub(super) lowered: i32,
}

impl QuantBlock {
    pub(super) const ZERO: Self = Self {
        quants: [[0; 4]; BLOCK / 4],
        scale: 0.0,
        sum: 0.0,
        halves: [0; 2],
        lowered: 0,
    };

    /// From the numbers, the scale, and `Σq` of both halves.
    pub(super) fn new(quants: [[i8; 4]; BLOCK / 4], scale: f32, halves: [i32; 2]) -> Self {
        Self {
            quants,
            scale,
            sum: scale * (halves[0] + halves[1]) as f32,
            // 16 times 127 at most.
            halves: halves.map(|sum| sum as i16),
            lowered: -128 * (halves[0] + halves[1]),
        }
    }

    /// `scale · Σq` of the first (0) or the last (1) 16.
    #[inline(always)]
    pub(super) fn half_sum(&self, half: usize) -> f32 {
        self.scale * f32::from(self.halves[half])
    }
}

/// Rows of activations in 8 bits.
///
/// [`PANEL`] rows form a panel (the last one may have fewer); within a panel lies block after block, each
/// with all its rows.
#[derive(Debug, Default)]
pub(super) struct QuantizedRows {
    rows: usize,
    cols: usize,
    blocks: Vec<QuantBlock>,
}

impl QuantizedRows {
    /// Makes room for `rows` rows of `cols` columns (a multiple of 32); keeps its memory.
    pub(super) fn resize(&mut self, rows: usize, cols: usize) {
        self.rows = rows;
        self.cols = cols;
        self.blocks.resize(rows * (cols / BLOCK), QuantBlock::ZERO);
    }

    /// Columns of each row.
    pub(super) fn cols(&self) -> usize {
        self.cols
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The panels, with how many rows each has.
    pub(super) fn panels(&self) -> impl Iterator<Item = (usize, &[QuantBlock])> {
        let per_row = self.cols / BLOCK;
        self.blocks
            .chunks((PANEL * per_row).max(1))
            .map(move |panel| (panel.len() / per_row.max(1), panel))
    }

    /// Where the first block of a row is, and how far its blocks lie apart.
    pub(super) fn place(&self, row: usize) -> (usize, usize) {
        let first = row / PANEL * PANEL;
        (
            first * (self.cols / BLOCK) + row % PANEL,
            PANEL.min(self.rows - first),
        )
    }

    pub(super) fn blocks_mut(&mut self) -> &mut [QuantBlock] {
        &mut self.blocks
    }
}

/// Quantises a row.
pub(super) fn quantize(level: Level, values: &[f32], out: &mut [QuantBlock]) {
    match level.kind() {
        level::Kind::Portable => {
            for (values, out) in values.as_chunks::<BLOCK>().0.iter().zip(out) {
                *out = block(values);
            }
        }
        #[cfg(target_arch = "x86_64")]
        level::Kind::Avx2 | level::Kind::Avx512Vnni => {
            // SAFETY: the levels exist only where the CPU has these instructions.
            unsafe { super::x86::avx2::quantize(values, out) }
        }
        #[cfg(target_arch = "aarch64")]
        level::Kind::Neon | level::Kind::NeonDot => {
            // SAFETY: NEON belongs to the architecture.
            unsafe { super::aarch64::quantize::quantize(values, out) }
        }
    }
}

/// The reference.
fn block(values: &[f32; BLOCK]) -> QuantBlock {
    // What is no number is passed over.
    let largest = values
        .iter()
        .fold(0.0_f32, |a, b| if b.abs() > a { b.abs() } else { a });
    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    let mut quants = [0_i8; BLOCK];
    for (quant, value) in quants.iter_mut().zip(values) {
        *quant = (value * inverse + ROUND).to_bits() as i8;
    }
    let sum = |half: &[i8]| half.iter().map(|quant| i32::from(*quant)).sum();
    let halves = [sum(&quants[..16]), sum(&quants[16..])];
    let mut groups = [[0; 4]; BLOCK / 4];
    groups.as_flattened_mut().copy_from_slice(&quants);
    QuantBlock::new(groups, largest / 127.0, halves)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also where a value is no number, has no bounds or is too small for a scale.
    #[test]
    fn every_level_rounds_the_same() {
        let wave: Vec<f32> = (0..3 * BLOCK)
            .map(|i| (i as f32 * 0.37).sin() * 3.0)
            .collect();
        for odd in [
            0.5,
            -0.0,
            1e-40,
            f32::MAX,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ] {
            let mut values = wave.clone();
            values[BLOCK..2 * BLOCK].fill(0.0);
            values[5] = odd;
            values[BLOCK + 17] = odd;
            let run = |level| {
                let mut out = [QuantBlock::ZERO; 3];
                quantize(level, &values, &mut out);
                out.map(|block| (block.quants, block.scale.to_bits(), block.halves))
            };
            let reference = run(Level::PORTABLE);
            for level in Level::available() {
                assert_eq!(run(level), reference, "{level:?} {odd}");
            }
        }
    }
}
