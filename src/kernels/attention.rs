//! Causal attention over a paged cache of keys and values in half precision.
//!
//! Keys of a block lie as `[kv head][dimension][token]`, values as `[kv head][token][dimension]`, so both
//! products are `gemm`'s. Blocks are taken from position 0 on, one after the other, with a running maximum
//! (Milakov and Gimelshein 2018): a query's result depends on nothing but itself and the keys before it.
#![expect(
    unsafe_code,
    reason = "calls across target features; threads write to separate parts"
)]

use half::f16;
use half::slice::HalfBitsSliceExt as _;

use super::gemm::{Rows, accumulate};
use super::level::dispatch;
use super::ops::{exp, fma, tanh};
use super::shared::SharedMut;
use super::{Level, Pool};

/// Queries of one unit of work: enough to pay for reading a block, few enough to share out.
const QUERY_CHUNK: usize = 16;

/// Sizes of the heads and of a cache block.
#[derive(Clone, Copy, Debug)]
pub struct AttentionShape {
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values; each serves `heads / kv_heads` heads of queries.
    pub kv_heads: usize,
    /// Values per head.
    pub head_dim: usize,
    /// Tokens per cache block.
    pub block_tokens: usize,
}

impl AttentionShape {
    /// Values of one block, keys or values.
    pub const fn block_values(&self) -> usize {
        self.kv_heads * self.head_dim * self.block_tokens
    }
}

/// How scores become weights.
#[derive(Clone, Copy, Debug)]
pub struct AttentionRule {
    /// Scores are multiplied by this: one over the root of the head's size, most often.
    pub scale: f32,
    /// Scores are squeezed to `cap · tanh(score / cap)` (Gemma 2).
    pub soft_cap: Option<f32>,
    /// A token sees itself and the `window - 1` tokens before it (Beltagy et al. 2020).
    pub window: Option<usize>,
}

/// The keys and values of one layer: `n_blocks` blocks of [`AttentionShape::block_values`] each.
#[derive(Clone, Debug)]
pub struct KvBlocks {
    /// Halves, by their bits: zeroed memory is taken from the system as it is first written.
    keys: Vec<u16>,
    values: Vec<u16>,
}

/// The new tokens of one sequence: rows `first_row ..` of the queries, at positions `context ..`.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The first row.
    pub first_row: usize,
    /// How many.
    pub n_rows: usize,
    /// Tokens before the first one.
    pub context: usize,
    /// The sequence's blocks; those of its new tokens too.
    pub blocks: &'a [u32],
}

impl KvBlocks {
    /// Room for `n_blocks` blocks. The memory is taken as it is first written.
    pub fn new(shape: &AttentionShape, n_blocks: usize) -> Self {
        let len = shape.block_values() * n_blocks;
        Self {
            keys: vec![0; len],
            values: vec![0; len],
        }
    }

    /// Bytes of one block.
    pub const fn block_bytes(shape: &AttentionShape) -> usize {
        shape.block_values() * 4
    }

    /// Appends the bytes of a block to `out`. Says whether there is such a block.
    pub fn read(&self, shape: &AttentionShape, block: usize, out: &mut Vec<u8>) -> bool {
        let size = shape.block_values();
        let part = block * size..(block + 1) * size;
        let (Some(keys), Some(values)) = (self.keys.get(part.clone()), self.values.get(part))
        else {
            return false;
        };
        for half in keys.iter().chain(values) {
            out.extend_from_slice(&half.to_le_bytes());
        }
        true
    }

    /// Puts bytes that [`Self::read`] gave into a block. Says whether there is such a block, and so many bytes.
    pub fn fill(&mut self, shape: &AttentionShape, block: usize, bytes: &[u8]) -> bool {
        let size = shape.block_values();
        let part = block * size..(block + 1) * size;
        let (keys, values) = (self.keys.get_mut(part.clone()), self.values.get_mut(part));
        let (Some(keys), Some(values)) = (keys, values) else {
            return false;
        };
        let (halves, rest) = bytes.as_chunks::<2>();
        if halves.len() != 2 * size || !rest.is_empty() {
            return false;
        }
        for (own, half) in keys.iter_mut().chain(values).zip(halves) {
            *own = u16::from_le_bytes(*half);
        }
        true
    }

    /// Writes keys and values (`[row][kv head][dimension]`) of all new tokens into their blocks, on the
    /// threads of `pool`. What half precision can't hold becomes its largest number.
    ///
    /// # Panics
    ///
    /// When a block is not in the cache.
    pub fn write(
        &mut self,
        (level, pool): (Level, &Pool),
        shape: &AttentionShape,
        sequences: &[Query<'_>],
        (keys, values): (&[f32], &[f32]),
    ) {
        let outputs = [
            SharedMut::new(&mut self.keys),
            SharedMut::new(&mut self.values),
        ];
        let per_head = shape.head_dim * shape.block_tokens;
        let units = if sequences.len() == 1 && sequences[0].n_rows == 1 {
            1
        } else {
            2 * shape.kv_heads
        };
        pool.for_each(units, &|unit| {
            // A unit writes a head's keys or values, of every block.
            let parts = 2 * shape.kv_heads * unit / units..2 * shape.kv_heads * (unit + 1) / units;
            for part in parts {
                let (head, of_keys) = (part / 2, part % 2 == 0);
                for query in sequences {
                    let mut position = query.context;
                    while position < query.context + query.n_rows {
                        let slot = position % shape.block_tokens;
                        let run = (shape.block_tokens - slot)
                            .min(query.context + query.n_rows - position);
                        let block = query.blocks[position / shape.block_tokens] as usize;
                        let at = block * shape.block_values() + head * per_head;
                        // SAFETY: no other unit writes this head's keys, or values.
                        let out = unsafe { outputs[part % 2].part(at, per_head) };
                        let row = query.first_row + position - query.context;
                        let width = shape.kv_heads * shape.head_dim;
                        let source = if of_keys { keys } else { values };
                        let source = &source[row * width + head * shape.head_dim..];
                        if of_keys {
                            store_keys(
                                level,
                                source,
                                (width, shape.head_dim),
                                (slot, run, shape.block_tokens),
                                out,
                            );
                        } else {
                            for token in 0..run {
                                let source = &source[token * width..][..shape.head_dim];
                                let out =
                                    &mut out[(slot + token) * shape.head_dim..][..shape.head_dim];
                                store_values(level, source, out);
                            }
                        }
                        position += run;
                    }
                }
            }
        });
    }
}

dispatch! {
    /// Transposes the keys of `run` tokens into the slots from `slot` on.
    fn store_keys(source: &[f32], strides: (usize, usize), slots: (usize, usize, usize), out: &mut [u16]) = store_keys_body;
}

#[inline(always)]
fn store_keys_body<const FMA: bool>(
    source: &[f32],
    (width, head_dim): (usize, usize),
    (slot, run, block_tokens): (usize, usize, usize),
    out: &mut [u16],
) {
    for dimension in 0..head_dim {
        let out = &mut out[dimension * block_tokens + slot..][..run];
        for (token, out) in out.iter_mut().enumerate() {
            *out = narrow(source[token * width + dimension]);
        }
    }
}

dispatch! {
    /// Copies the values of a token.
    fn store_values(source: &[f32], out: &mut [u16]) = store_values_body;
}

#[inline(always)]
fn store_values_body<const FMA: bool>(source: &[f32], out: &mut [u16]) {
    for (out, value) in out.iter_mut().zip(source) {
        *out = narrow(*value);
    }
}

/// The nearest half, ties to even, at most the largest finite one. Without branches, so that the loops
/// around it vectorise: a denormal is rounded by an addition, a normal number by carrying into its bits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "a half has 16 bits")]
fn narrow(value: f32) -> u16 {
    /// The least normal half.
    const NORMAL: u32 = 113 << 23;
    /// A number whose last bit is worth the least denormal half.
    const DENORMAL: u32 = 126 << 23;
    let bits = value.to_bits();
    let magnitude = f32::from_bits(bits & 0x7FFF_FFFF);
    let magnitude = if magnitude < 65_504.0 {
        magnitude
    } else {
        65_504.0
    }
    .to_bits();
    let denormal = (f32::from_bits(magnitude) + f32::from_bits(DENORMAL))
        .to_bits()
        .wrapping_sub(DENORMAL);
    let normal = magnitude
        .wrapping_sub(112 << 23)
        .wrapping_add(0xFFF + (magnitude >> 13 & 1))
        >> 13;
    let half = if magnitude < NORMAL { denormal } else { normal };
    (half | bits >> 16 & 0x8000) as u16
}

/// Computes `out` (`[row][head][dimension]`) for all new tokens of all sequences.
pub fn attend(
    (level, pool): (Level, &Pool),
    (shape, rule): (&AttentionShape, &AttentionRule),
    (queries, sequences): (&[f32], &[Query<'_>]),
    kv: &KvBlocks,
    out: &mut [f32],
) {
    let units: Vec<Unit<'_>> = sequences
        .iter()
        .flat_map(|query| {
            let chunks = (0..query.n_rows).step_by(QUERY_CHUNK);
            // The last queries see most keys: start with them.
            chunks.rev().flat_map(move |from| {
                let n_rows = QUERY_CHUNK.min(query.n_rows - from);
                (0..shape.kv_heads).map(move |kv_head| Unit {
                    query,
                    from,
                    n_rows,
                    kv_head,
                })
            })
        })
        .collect();
    let out = SharedMut::new(out);
    pool.for_each(units.len(), &|index| {
        if let Some(unit) = units.get(index) {
            unit.run(level, (shape, rule), queries, kv, out);
        }
    });
}

/// Some queries of a sequence, with the heads that share a head of keys.
#[derive(Clone, Copy)]
struct Unit<'a> {
    query: &'a Query<'a>,
    from: usize,
    n_rows: usize,
    kv_head: usize,
}

impl Unit<'_> {
    fn run(
        &self,
        level: Level,
        (shape, rule): (&AttentionShape, &AttentionRule),
        queries: &[f32],
        kv: &KvBlocks,
        out: SharedMut<'_, f32>,
    ) {
        let (size, tokens) = (shape.head_dim, shape.block_tokens);
        let group = shape.heads / shape.kv_heads;
        let first_position = self.query.context + self.from;
        let end = first_position + self.n_rows;
        let mut state = State::new(self.n_rows * group, size, tokens);
        for index in 0..self.n_rows * group {
            let at = self.place(shape, index);
            let scaled = state.queries[index * size..]
                .iter_mut()
                .zip(&queries[at..at + size]);
            scaled.for_each(|(scaled, value)| *scaled = value * rule.scale);
        }
        let start = rule
            .window
            .map_or(0, |window| (first_position + 1).saturating_sub(window));
        for number in start / tokens..end.div_ceil(tokens) {
            let begin = number * tokens;
            let at = self.query.blocks[number] as usize * shape.block_values()
                + self.kv_head * size * tokens;
            let [keys, values] =
                [&kv.keys, &kv.values].map(|all| all[at..at + size * tokens].reinterpret_cast());
            // Queries before the block see nothing of it; slots behind the last one may hold anything.
            let skipped = begin.saturating_sub(first_position);
            let written = (end - begin).min(tokens);
            let seen = |row: usize| {
                let position = first_position + row;
                let from = rule
                    .window
                    .map_or(0, |window| (position + 1).saturating_sub(window));
                (
                    from.saturating_sub(begin).min(written),
                    (position + 1 - begin).min(tokens),
                )
            };
            state.block(
                level,
                (keys, values),
                (skipped, self.n_rows, group),
                (written, rule.soft_cap),
                &seen,
            );
        }
        for index in 0..self.n_rows * group {
            // SAFETY: this row and head belong to this unit alone.
            let part = unsafe { out.part(self.place(shape, index), size) };
            state.finish(index, part);
        }
    }

    /// Where the unit's query number `index` is, in the queries and in the output.
    fn place(&self, shape: &AttentionShape, index: usize) -> usize {
        let group = shape.heads / shape.kv_heads;
        let row = self.query.first_row + self.from + index / group;
        let head = self.kv_head * group + index % group;
        (row * shape.heads + head) * shape.head_dim
    }
}

/// One unit's queries and running results.
struct State {
    size: usize,
    tokens: usize,
    /// Scaled.
    queries: Vec<f32>,
    /// Of one block; then its weights.
    scores: Vec<f32>,
    /// Per query: the largest score so far and the sum of the exponentials.
    running: Vec<(f32, f32)>,
    sums: Vec<f32>,
}

impl State {
    fn new(n: usize, size: usize, tokens: usize) -> Self {
        Self {
            size,
            tokens,
            queries: vec![0.0; n * size],
            scores: vec![0.0; n * tokens],
            running: vec![(f32::NEG_INFINITY, 0.0); n],
            sums: vec![0.0; n * size],
        }
    }

    /// Adds one block for the rows from `skipped` on; `seen` says which of its tokens a row sees.
    fn block(
        &mut self,
        level: Level,
        (keys, values): (&[f16], &[f16]),
        (skipped, n_rows, group): (usize, usize, usize),
        (written, soft_cap): (usize, Option<f32>),
        seen: &dyn Fn(usize) -> (usize, usize),
    ) {
        let (size, tokens) = (self.size, self.tokens);
        let n = (n_rows - skipped) * group;
        let first = skipped * group;
        let scores = &mut self.scores[first * tokens..];
        scores.fill(0.0);
        let queries = Rows {
            values: &self.queries[first * size..],
            stride: size,
        };
        let keys = Rows {
            values: keys,
            stride: tokens,
        };
        accumulate(level, queries, keys, (n, size, tokens), scores, tokens);
        for row in skipped..n_rows {
            let seen = seen(row);
            for index in row * group..(row + 1) * group {
                weigh(
                    level,
                    &mut self.scores[index * tokens..(index + 1) * tokens],
                    seen,
                    soft_cap,
                    &mut self.running[index],
                    &mut self.sums[index * size..(index + 1) * size],
                );
            }
        }
        let weights = Rows {
            values: &self.scores[first * tokens..],
            stride: tokens,
        };
        let values = Rows {
            values,
            stride: size,
        };
        accumulate(
            level,
            weights,
            values,
            (n, written, size),
            &mut self.sums[first * size..],
            size,
        );
    }

    fn finish(&self, index: usize, out: &mut [f32]) {
        let (_, total) = self.running[index];
        let sums = &self.sums[index * self.size..(index + 1) * self.size];
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum / total;
        }
    }
}

dispatch! {
    /// Turns a block's scores into weights relative to the running maximum: zero outside `seen`.
    fn weigh(scores: &mut [f32], seen: (usize, usize), soft_cap: Option<f32>, running: &mut (f32, f32), sum: &mut [f32]) = weigh_body;
}

#[inline(always)]
fn weigh_body<const FMA: bool>(
    scores: &mut [f32],
    (from, to): (usize, usize),
    soft_cap: Option<f32>,
    running: &mut (f32, f32),
    sum: &mut [f32],
) {
    if from >= to {
        scores.fill(0.0);
        return;
    }
    let (count, mut lanes) = (scores.len(), [running.0; 8]);
    if let Some(cap) = soft_cap {
        for score in scores.iter_mut() {
            *score = cap * tanh::<FMA>(*score / cap);
        }
    }
    scores[..from].fill(f32::NEG_INFINITY);
    scores[to..].fill(f32::NEG_INFINITY);
    let (eights, rest) = scores.as_chunks::<8>();
    for eight in eights {
        for (lane, score) in lanes.iter_mut().zip(eight) {
            *lane = if *score > *lane { *score } else { *lane };
        }
    }
    let largest = lanes
        .iter()
        .chain(rest)
        .fold(running.0, |a, b| if *b > a { *b } else { a });
    let correction = exp::<FMA>(running.0 - largest);
    for score in scores.iter_mut() {
        *score = exp::<FMA>(*score - largest);
    }
    if to - from < count {
        scores[..from].fill(0.0);
        scores[to..].fill(0.0);
    }
    let (eights, rest) = scores.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for eight in eights {
        for (lane, weight) in lanes.iter_mut().zip(eight) {
            *lane += weight;
        }
    }
    let added = lanes.iter().chain(rest).sum::<f32>();
    *running = (largest, fma::<FMA>(running.1, correction, added));
    if correction != 1.0 {
        for value in sum.iter_mut() {
            *value *= correction;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn halves_are_rounded_as_the_format_says() {
        let special = [
            0.0, -0.0, 1.0, 65_504.0, -65_504.0, 65_519.9, 6e-8, 2.9e-8, 2.99e-8, 6.1e-5,
        ];
        for value in noise(20_000, 11)
            .into_iter()
            .flat_map(|v| [v, v * 1e-4, v * 1e-7, v * 6e4])
            .chain(special)
        {
            assert_eq!(narrow(value), f16::from_f32(value).to_bits(), "{value}");
        }
        for (value, largest) in [
            (1e6, f16::MAX),
            (f32::NEG_INFINITY, f16::MIN),
            (f32::NAN, f16::MAX),
        ] {
            assert_eq!(narrow(value), largest.to_bits(), "{value}");
        }
    }

    #[test]
    fn every_level_and_chunking_gives_the_definition() {
        for rule in [
            (None, None),
            (Some(13), None),
            (None, Some(0.7)),
            (Some(40), Some(2.0)),
        ] {
            for sizes in [[4, 2, 16, 8, 37], [9, 3, 64, 32, 70], [2, 1, 20, 16, 50]] {
                check(rule, sizes);
            }
        }
    }

    fn check(
        (window, soft_cap): (Option<usize>, Option<f32>),
        [heads, kv_heads, head_dim, block_tokens, n]: [usize; 5],
    ) {
        let pool = Pool::new(2).unwrap();
        let shape = AttentionShape {
            heads,
            kv_heads,
            head_dim,
            block_tokens,
        };
        let rule = AttentionRule {
            scale: 0.3,
            soft_cap,
            window,
        };
        let (width, kv_width) = (heads * head_dim, kv_heads * head_dim);
        let (q, k, v) = (
            noise(n * width, 1),
            noise(n * kv_width, 2),
            noise(n * kv_width, 3),
        );
        let n_blocks = n.div_ceil(block_tokens);
        let blocks: Vec<u32> = (0..n_blocks)
            .rev()
            .map(|b| u32::try_from(b).unwrap())
            .collect();
        let run = |level, chunk: usize| {
            let mut kv = KvBlocks::new(&shape, n_blocks);
            // What an earlier sequence left behind must not matter.
            kv.keys.fill(0x7E00);
            kv.values.fill(0x7E00);
            let mut out = vec![0.0; n * width];
            for from in (0..n).step_by(chunk) {
                let n_rows = chunk.min(n - from);
                let query = [Query {
                    first_row: from,
                    n_rows,
                    context: from,
                    blocks: &blocks,
                }];
                kv.write((level, &pool), &shape, &query, (&k, &v));
                attend((level, &pool), (&shape, &rule), (&q, &query), &kv, &mut out);
            }
            out
        };
        let reference = run(Level::PORTABLE, n);
        for (row, found) in reference.chunks_exact(width).enumerate() {
            let from = window.map_or(0, |window| (row + 1).saturating_sub(window));
            let expected = exact(
                &shape,
                &rule,
                &q[row * width..(row + 1) * width],
                (&k, &v),
                from..row + 1,
            );
            for (a, b) in found.iter().zip(expected) {
                assert!((f64::from(*a) - b).abs() < 2e-6, "{a} {b}");
            }
        }
        for level in Level::available() {
            for chunk in [n, 1, 7, 20] {
                assert_eq!(run(level, chunk), reference, "{level:?} by {chunk}");
            }
        }
    }

    /// The definition, in double precision, over keys and values rounded to half precision.
    fn exact(
        shape: &AttentionShape,
        rule: &AttentionRule,
        query: &[f32],
        (keys, values): (&[f32], &[f32]),
        seen: std::ops::Range<usize>,
    ) -> Vec<f64> {
        let (d, kv_width) = (shape.head_dim, shape.kv_heads * shape.head_dim);
        let half = |x: f32| f64::from(f16::from_f32(x).to_f32());
        let mut out = Vec::new();
        for head in 0..shape.heads {
            let kv = head / (shape.heads / shape.kv_heads) * d;
            let score = |t: usize| -> f64 {
                let dot = (0..d)
                    .map(|i| f64::from(query[head * d + i]) * half(keys[t * kv_width + kv + i]));
                let score = dot.sum::<f64>() * f64::from(rule.scale);
                rule.soft_cap.map_or(score, |cap| {
                    f64::from(cap) * (score / f64::from(cap)).tanh()
                })
            };
            let weights: Vec<f64> = seen.clone().map(|t| score(t).exp()).collect();
            let total: f64 = weights.iter().sum();
            let value = |t: usize, i: usize| half(values[t * kv_width + kv + i]);
            out.extend((0..d).map(|i| {
                let sum: f64 = seen
                    .clone()
                    .zip(&weights)
                    .map(|(t, weight)| weight * value(t, i))
                    .sum();
                sum / total
            }));
        }
        out
    }
}
