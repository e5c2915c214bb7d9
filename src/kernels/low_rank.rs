//! Low-rank additions to a product (Hu et al. 2021): `y += up · (down · x)`, one row at a time.

use super::level::dispatch;
use super::ops::fma;

/// Ranks are padded to a multiple of this, so that the loops over them vectorise.
pub const RANK_LANES: usize = 16;
/// Sums that run side by side, so that none waits for the one before.
const STRANDS: usize = 4;

dispatch! {
    /// `out[k] = Σ x[i] · down[i][k]`: `down` has a row of `out.len()` values for each of `x`, and `out.len()`
    /// is a multiple of [`RANK_LANES`].
    pub fn project(x: &[f32], down: &[f32], out: &mut [f32]) = project_body;
}

dispatch! {
    /// `y += Σ low[k] · up[k]`: `up` has a row of `y.len()` values for each of `low`.
    pub fn add_projected(low: &[f32], up: &[f32], y: &mut [f32]) = add_projected_body;
}

#[inline(always)]
fn project_body<const FMA: bool>(x: &[f32], down: &[f32], out: &mut [f32]) {
    let rank = out.len();
    for (block, out) in out.as_chunks_mut::<RANK_LANES>().0.iter_mut().enumerate() {
        let mut sums = [[0.0_f32; RANK_LANES]; STRANDS];
        let rows = down.chunks_exact(rank.max(1));
        let rows = rows.filter_map(|row| row.as_chunks::<RANK_LANES>().0.get(block));
        for (index, (value, row)) in x.iter().zip(rows).enumerate() {
            for (sum, weight) in sums[index % STRANDS].iter_mut().zip(row) {
                *sum = fma::<FMA>(*value, *weight, *sum);
            }
        }
        let [a, b, c, d] = sums;
        for lane in 0..RANK_LANES {
            out[lane] = (a[lane] + b[lane]) + (c[lane] + d[lane]);
        }
    }
}

#[inline(always)]
fn add_projected_body<const FMA: bool>(low: &[f32], up: &[f32], y: &mut [f32]) {
    for (value, row) in low.iter().zip(up.chunks_exact(y.len().max(1))) {
        for (y, weight) in y.iter_mut().zip(row) {
            *y = fma::<FMA>(*value, *weight, *y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Level;

    fn values(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 0.7).sin()).collect()
    }

    #[test]
    fn every_level_computes_the_definition() {
        for (inputs, rank, outputs) in [(5, 16, 3), (64, 16, 64), (577, 32, 40), (1536, 64, 576)] {
            let (x, down, up) = (
                values(inputs, 1.0),
                values(inputs * rank, 2.0),
                values(rank * outputs, 3.0),
            );
            let exact = |at: usize| -> f64 {
                let low = |k: usize| -> f64 {
                    let terms =
                        (0..inputs).map(|i| f64::from(x[i]) * f64::from(down[i * rank + k]));
                    terms.sum()
                };
                let terms = (0..rank).map(|k| low(k) * f64::from(up[k * outputs + at]));
                1.0 + terms.sum::<f64>()
            };
            let expected: Vec<f64> = (0..outputs).map(exact).collect();
            let size = expected
                .iter()
                .fold(1.0_f64, |most, value| most.max(value.abs()));
            for level in Level::available() {
                let (mut low, mut y) = (vec![0.0; rank], vec![1.0; outputs]);
                project(level, &x, &down, &mut low);
                add_projected(level, &low, &up, &mut y);
                for (y, expected) in y.iter().zip(&expected) {
                    let off = (f64::from(*y) - expected).abs() / size;
                    assert!(off < 1e-5, "{level:?} {inputs}x{rank}x{outputs}: {off}");
                }
            }
        }
    }
}
