//! Attention without a cache, where every token of a stretch sees all of it: an encoder's.
//!
//! A unit of work is a head of a stretch, so the result of a stretch depends on nothing outside it. The keys are
//! turned and the values gathered once per unit, with their biases; both products are `gemm`'s.
#![expect(
    unsafe_code,
    reason = "calls across target features; threads write to separate parts"
)]

use std::cell::RefCell;
use std::ops::Range;

use super::gemm::{Rows, WIDE, accumulate};
use super::level::dispatch;
use super::ops::{exp, lane_sum};
use super::shared::SharedMut;
use super::{Level, Pool};

/// Queries whose scores are kept at a time: with 256 keys they fit a first-level cache, and are whole dozens, as the
/// products take them.
const QUERIES: usize = 24;

/// Sizes of the heads, and what scores are multiplied by.
#[derive(Clone, Copy, Debug)]
pub struct WholeAttention {
    /// Heads.
    pub heads: usize,
    /// Values per head.
    pub head_dim: usize,
    /// Scores are multiplied by this: one over the root of the head's size.
    pub scale: f32,
}

/// Rows of all stretches (`[row][head][dimension]`), and the bias that is added to each.
#[derive(Clone, Copy, Debug)]
pub struct Biased<'a> {
    /// The rows.
    pub rows: &'a [f32],
    /// As long as a row.
    pub bias: &'a [f32],
}

/// What a thread computes a head in; it keeps its memory.
#[derive(Default)]
struct Buffers {
    /// Keys, `[dimension][token]`.
    turned: Vec<f32>,
    /// Values, `[token][dimension]`.
    gathered: Vec<f32>,
    /// A few queries, what their scores are and what they take.
    scaled: Vec<f32>,
    scores: Vec<f32>,
    attended: Vec<f32>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl WholeAttention {
    /// Computes `out` (`[row][head][dimension]`) for the rows of all `stretches`, which are apart.
    ///
    /// # Panics
    ///
    /// When a stretch lies outside the rows.
    pub fn attend(
        &self,
        (level, pool): (Level, &Pool),
        (queries, keys, values): (Biased<'_>, Biased<'_>, Biased<'_>),
        stretches: &[Range<usize>],
        out: &mut [f32],
    ) {
        let out = SharedMut::new(out);
        pool.for_each(stretches.len() * self.heads, &|unit| {
            if let Some(stretch) = stretches.get(unit / self.heads) {
                let place = (stretch, unit % self.heads);
                BUFFERS.with_borrow_mut(|buffers| {
                    self.head(level, (queries, keys, values), place, buffers, out);
                });
            }
        });
    }

    fn head(
        &self,
        level: Level,
        (queries, keys, values): (Biased<'_>, Biased<'_>, Biased<'_>),
        (stretch, head): (&Range<usize>, usize),
        buffers: &mut Buffers,
        out: SharedMut<'_, f32>,
    ) {
        let (n, size, width) = (stretch.len(), self.head_dim, self.heads * self.head_dim);
        let columns = n.next_multiple_of(WIDE);
        let Buffers {
            turned,
            gathered,
            scaled,
            attended,
            scores,
        } = buffers;
        // Columns behind the last key are computed with the others and not looked at.
        turned.resize(size * columns, 0.0);
        gathered.resize(n * size, 0.0);
        scaled.resize(QUERIES * size, 0.0);
        attended.resize(QUERIES * size, 0.0);
        scores.resize(QUERIES * columns, 0.0);
        let mut sums = [0.0_f32; QUERIES];
        let place = |row: usize| (stretch.start + row) * width + head * size;
        let bias = head * size..(head + 1) * size;
        let own = keys.from(place(0), &bias);
        turn(level, own, (n, width), columns, turned);
        let own = values.from(place(0), &bias);
        gather(level, own, width, 1.0, gathered);
        for first in (0..n).step_by(QUERIES) {
            let rows = QUERIES.min(n - first);
            let own = queries.from(place(first), &bias);
            let part = &mut scaled[..rows * size];
            gather(level, own, width, self.scale, part);
            scores.fill(0.0);
            let by_rows = |values, stride| Rows { values, stride };
            accumulate(
                level,
                by_rows(scaled, size),
                by_rows(turned, columns),
                (rows, size, columns),
                scores,
                columns,
            );
            for (scores, sum) in scores.chunks_mut(columns).zip(&mut sums).take(rows) {
                weights(level, &mut scores[..n], sum);
            }
            attended.fill(0.0);
            accumulate(
                level,
                by_rows(scores, columns),
                by_rows(gathered, size),
                (rows, n, size),
                attended,
                size,
            );
            let rows = attended.chunks_exact(size).zip(&sums).take(rows);
            for (row, (attended, sum)) in rows.enumerate() {
                // SAFETY: a row's head belongs to one unit alone, as stretches are apart.
                let out = unsafe { out.part(place(first + row), size) };
                let share = 1.0 / sum;
                for (out, value) in out.iter_mut().zip(attended) {
                    *out = value * share;
                }
            }
        }
    }
}

impl<'a> Biased<'a> {
    /// The rows from the value `at` on, and the part of the bias that is theirs.
    fn from(&self, at: usize, bias: &Range<usize>) -> (&'a [f32], &'a [f32]) {
        (&self.rows[at..], &self.bias[bias.clone()])
    }
}

dispatch! {
    /// `out[r] = (rows[r] + bias) · scale`: heads that lie `width` apart, back to back.
    fn gather(source: (&[f32], &[f32]), width: usize, scale: f32, out: &mut [f32]) = gather_body;
}

#[inline(always)]
fn gather_body<const FMA: bool>(
    (rows, bias): (&[f32], &[f32]),
    width: usize,
    scale: f32,
    out: &mut [f32],
) {
    for (out, row) in out.chunks_exact_mut(bias.len()).zip(rows.chunks(width)) {
        for ((out, value), bias) in out.iter_mut().zip(row).zip(bias) {
            *out = (value + bias) * scale;
        }
    }
}

dispatch! {
    /// `out[i][r] = rows[r][i] + bias[i]` for the first `shape.0` rows, which lie `shape.1` apart; rows of `out` are
    /// `columns` long.
    fn turn(source: (&[f32], &[f32]), shape: (usize, usize), columns: usize, out: &mut [f32]) = turn_body;
}

#[inline(always)]
fn turn_body<const FMA: bool>(
    (rows, bias): (&[f32], &[f32]),
    (n, width): (usize, usize),
    columns: usize,
    out: &mut [f32],
) {
    for first in (0..n).step_by(WIDE) {
        let count = WIDE.min(n - first);
        let part = &rows[first * width..];
        // Each row of the block is checked once, here.
        let part = &part[..(count - 1) * width + bias.len()];
        for (index, (bias, out)) in bias.iter().zip(out.chunks_exact_mut(columns)).enumerate() {
            let column = part[index..].iter().step_by(width);
            for (out, value) in out[first..first + count].iter_mut().zip(column) {
                *out = value + bias;
            }
        }
    }
}

dispatch! {
    /// Scores to `exp(score - largest)`, and their sum.
    fn weights(scores: &mut [f32], sum: &mut f32) = weights_body;
}

#[inline(always)]
fn weights_body<const FMA: bool>(scores: &mut [f32], sum: &mut f32) {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (whole, rest) = scores.as_chunks::<16>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    let largest = lanes
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    for score in &mut *scores {
        *score = exp::<FMA>(*score - largest);
    }
    *sum = lane_sum(scores, |weight| weight);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 4_194_304.0 - 2.0
        };
        (0..len).map(|_| next()).collect()
    }

    /// The definition, in double precision.
    fn exact(
        shape: &WholeAttention,
        [q, k, v]: [&[f64]; 3],
        stretch: &Range<usize>,
        (row, head): (usize, usize),
    ) -> Vec<f64> {
        let (size, width) = (shape.head_dim, shape.heads * shape.head_dim);
        let at = |of: &[f64], row: usize, i: usize| of[row * width + head * size + i];
        let scores: Vec<f64> = stretch
            .clone()
            .map(|key| {
                let dot: f64 = (0..size).map(|i| at(q, row, i) * at(k, key, i)).sum();
                (dot * f64::from(shape.scale)).exp()
            })
            .collect();
        let sum: f64 = scores.iter().sum();
        (0..size)
            .map(|i| {
                let weighted = stretch.clone().zip(&scores);
                weighted.map(|(key, w)| w / sum * at(v, key, i)).sum()
            })
            .collect()
    }

    #[test]
    fn near_the_definition_the_same_at_every_level_and_for_each_stretch_alone() {
        for (heads, head_dim) in [(3, 32), (2, 20), (1, 8)] {
            let shape = WholeAttention {
                heads,
                head_dim,
                scale: 1.0 / (head_dim as f32).sqrt(),
            };
            let width = heads * head_dim;
            let stretches = [0..1, 1..18, 18..95, 95..96];
            let rows: Vec<Vec<f32>> = (1..=3).map(|seed| noise(96 * width, seed)).collect();
            let biases: Vec<Vec<f32>> = (4..=6).map(|seed| noise(width, seed)).collect();
            let whole: Vec<Vec<f64>> = rows
                .iter()
                .zip(&biases)
                .map(|(rows, bias)| {
                    let biased = rows.iter().zip(bias.iter().cycle());
                    biased.map(|(x, b)| f64::from(*x) + f64::from(*b)).collect()
                })
                .collect();
            let run = |level, threads, stretches: &[Range<usize>]| {
                let pool = Pool::new(threads).unwrap();
                let mut out = vec![9.0; 96 * width];
                let of = |i: usize| Biased {
                    rows: &rows[i],
                    bias: &biases[i],
                };
                shape.attend((level, &pool), (of(0), of(1), of(2)), stretches, &mut out);
                out
            };
            let reference = run(Level::PORTABLE, 1, &stretches);
            for stretch in &stretches {
                for row in stretch.clone() {
                    for head in 0..heads {
                        let sources = [&whole[0][..], &whole[1], &whole[2]];
                        let exact = exact(&shape, sources, stretch, (row, head));
                        let found = &reference[row * width + head * head_dim..];
                        for (a, b) in found.iter().zip(exact) {
                            assert!((f64::from(*a) - b).abs() < 1e-4, "{row} {a} {b}");
                        }
                    }
                }
                let alone = run(Level::best(), 1, std::slice::from_ref(stretch));
                let range = stretch.start * width..stretch.end * width;
                assert_eq!(alone[range.clone()], reference[range]);
            }
            for level in Level::available() {
                assert_eq!(run(level, 2, &stretches), reference, "{level:?}");
            }
        }
    }
}
