//! Causal attention over a paged cache of keys and values.
//!
//! Keys and values lie so that both products are `gemm`'s. Blocks are taken from position 0 on, one after the
//! other, with a running maximum (Milakov and Gimelshein 2018): a query's result depends on nothing but itself and the
//! keys before it. A byte times its scale is a float exactly, so bytes are widened block by block and
//! computed with like floats.
#![expect(
    unsafe_code,
    reason = "calls across target features; threads write to separate parts"
)]

mod cache;
#[cfg(test)]
mod tests;

pub use self::cache::KvBlocks;
use self::cache::{GROUP, HeadBlock};
use super::gemm::{Rows, WIDE, accumulate};
use super::level::dispatch;
use super::ops::{exp, fma, tanh};
use super::packed::layout::widen_half;
use super::shared::SharedMut;
use super::{Level, Pool};

/// Most tokens of one unit of work.
const MOST_ROWS: usize = 16;
/// So many queries read a block at the price of one.
const QUERIES: usize = 12;
/// So many units for each thread, where there are enough queries: then all threads end at about the same time.
const UNITS: usize = 4;

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

/// Computes `out` (`[row][head][dimension]`) for all new tokens of all sequences.
pub fn attend(
    (level, pool): (Level, &Pool),
    (shape, rule): (&AttentionShape, &AttentionRule),
    (queries, sequences): (&[f32], &[Query<'_>]),
    kv: &KvBlocks,
    out: &mut [f32],
) {
    let rows = rows_per_unit(shape, sequences, pool.threads());
    let units: Vec<Unit<'_>> = sequences
        .iter()
        .flat_map(|query| {
            let chunks = (0..query.n_rows).step_by(rows);
            // The last queries see most keys: start with them.
            chunks.rev().flat_map(move |from| {
                let n_rows = rows.min(query.n_rows - from);
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

/// How many tokens of a sequence are a unit: few enough to share out, enough to pay for reading a block. No result
/// depends on it.
fn rows_per_unit(shape: &AttentionShape, sequences: &[Query<'_>], threads: usize) -> usize {
    let group = (shape.heads / shape.kv_heads).max(1);
    let least = QUERIES.div_ceil(group).min(MOST_ROWS);
    let mut rows = MOST_ROWS / least * least;
    let n_units = |rows: usize| {
        let chunks = sequences.iter().map(|query| query.n_rows.div_ceil(rows));
        chunks.sum::<usize>() * shape.kv_heads
    };
    while rows > least && n_units(rows) < UNITS * threads {
        rows -= least;
    }
    rows
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
        let numbers = start / tokens..end.div_ceil(tokens);
        for number in numbers.clone() {
            let begin = number * tokens;
            let parts = self.parts(shape, kv, number);
            // With few queries a block is read as fast as it comes.
            let waits = number + 1 < numbers.end && self.n_rows * group <= QUERIES;
            let next = waits.then(|| self.parts(shape, kv, number + 1));
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
                (parts, next),
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

    /// Keys and values of the block `number` of the sequence.
    fn parts<'k>(
        &self,
        shape: &AttentionShape,
        kv: &'k KvBlocks,
        number: usize,
    ) -> [HeadBlock<'k>; 2] {
        kv.head(shape, self.query.blocks[number] as usize, self.kv_head)
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
    /// Keys, or values, of one block in 8 bits, as floats.
    floats: Vec<f32>,
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
            floats: Vec::new(),
            running: vec![(f32::NEG_INFINITY, 0.0); n],
            sums: vec![0.0; n * size],
        }
    }

    /// Adds one block for the rows from `skipped` on; `seen` says which of its tokens a row sees. The next one is brought
    /// nearer meanwhile, piece by piece: more at once would be waited for.
    fn block(
        &mut self,
        level: Level,
        ([keys, values], next): ([HeadBlock<'_>; 2], Option<[HeadBlock<'_>; 2]>),
        (skipped, n_rows, group): (usize, usize, usize),
        (written, soft_cap): (usize, Option<f32>),
        seen: &dyn Fn(usize) -> (usize, usize),
    ) {
        let (size, tokens) = (self.size, self.tokens);
        let (first, n) = (skipped * group, (n_rows - skipped) * group);
        let fetch = |part: usize, half: usize| {
            if let Some(next) = next {
                next[part].fetch(half);
            }
        };
        fetch(0, 0);
        self.score(level, keys, (first, n));
        fetch(0, 1);
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
        fetch(1, 0);
        self.sum(level, values, (first, n), written);
        fetch(1, 1);
    }

    /// The scores of the `n` queries from `first` on with all tokens of a block.
    fn score(&mut self, level: Level, keys: HeadBlock<'_>, (first, n): (usize, usize)) {
        let (size, tokens) = (self.size, self.tokens);
        let scores = &mut self.scores[first * tokens..];
        scores.fill(0.0);
        let queries = Rows {
            values: &self.queries[first * size..],
            stride: size,
        };
        let sizes = (n, size, tokens);
        match keys {
            HeadBlock::Halves(values) => {
                let keys = Rows {
                    values,
                    stride: tokens,
                };
                accumulate(level, queries, keys, sizes, scores, tokens);
            }
            HeadBlock::Bytes(bytes, scales) => {
                self.floats.resize(size * tokens, 0.0);
                widen_keys(level, bytes, scales, tokens, &mut self.floats);
                let keys = Rows {
                    values: &self.floats[..],
                    stride: tokens,
                };
                accumulate(level, queries, keys, sizes, scores, tokens);
            }
        }
    }

    /// Adds the values of a block's first `written` tokens by their weights.
    fn sum(
        &mut self,
        level: Level,
        values: HeadBlock<'_>,
        (first, n): (usize, usize),
        written: usize,
    ) {
        let (size, tokens) = (self.size, self.tokens);
        let weights = Rows {
            values: &self.scores[first * tokens..],
            stride: tokens,
        };
        let sums = &mut self.sums[first * size..];
        let sizes = (n, written, size);
        match values {
            HeadBlock::Halves(values) => {
                let values = Rows {
                    values,
                    stride: size,
                };
                accumulate(level, weights, values, sizes, sums, size);
            }
            HeadBlock::Bytes(bytes, scales) => {
                self.floats.resize(size * tokens, 0.0);
                // Slots behind the last one may hold anything, and have no part in the product.
                let bytes = &bytes[..written * size];
                widen_values(level, bytes, scales, (tokens, size), &mut self.floats);
                let values = Rows {
                    values: &self.floats[..],
                    stride: size,
                };
                accumulate(level, weights, values, sizes, sums, size);
            }
        }
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
    /// Keys in 8 bits, `[dimension][token]`, times their scales, `[group][token]`.
    fn widen_keys(bytes: &[i8], scales: &[u16], tokens: usize, out: &mut [f32]) = widen_keys_body;
}

#[inline(always)]
fn widen_keys_body<const FMA: bool>(bytes: &[i8], scales: &[u16], tokens: usize, out: &mut [f32]) {
    let groups = out.chunks_mut(GROUP * tokens);
    let groups = groups.zip(bytes.chunks(GROUP * tokens));
    for ((out, bytes), scales) in groups.zip(scales.chunks_exact(tokens)) {
        // A few tokens at a time: their scales stay in registers while the dimensions pass by.
        for (first, scales) in (0..).step_by(WIDE).zip(scales.chunks(WIDE)) {
            let mut wide = [0.0; WIDE];
            for (wide, scale) in wide.iter_mut().zip(scales) {
                *wide = widen_half(*scale);
            }
            let rows = out.chunks_exact_mut(tokens).zip(bytes.chunks_exact(tokens));
            for (out, bytes) in rows {
                let (out, bytes) = (&mut out[first..], &bytes[first..]);
                match (out.first_chunk_mut::<WIDE>(), bytes.first_chunk::<WIDE>()) {
                    (Some(out), Some(bytes)) => {
                        for ((out, byte), scale) in out.iter_mut().zip(bytes).zip(&wide) {
                            *out = f32::from(*byte) * scale;
                        }
                    }
                    _ => {
                        for ((out, byte), scale) in out.iter_mut().zip(bytes).zip(&wide) {
                            *out = f32::from(*byte) * scale;
                        }
                    }
                }
            }
        }
    }
}

dispatch! {
    /// Values in 8 bits, `[token][dimension]`, times their scales, `[group][token]`.
    fn widen_values(bytes: &[i8], scales: &[u16], sizes: (usize, usize), out: &mut [f32]) = widen_values_body;
}

#[inline(always)]
fn widen_values_body<const FMA: bool>(
    bytes: &[i8],
    scales: &[u16],
    (tokens, size): (usize, usize),
    out: &mut [f32],
) {
    let rows = out.chunks_exact_mut(size).zip(bytes.chunks_exact(size));
    for (token, (out, bytes)) in rows.enumerate() {
        let groups = out.chunks_mut(GROUP).zip(bytes.chunks(GROUP));
        for (group, (out, bytes)) in groups.enumerate() {
            let scale = widen_half(scales[group * tokens + token]);
            match (out.first_chunk_mut::<GROUP>(), bytes.first_chunk::<GROUP>()) {
                (Some(out), Some(bytes)) => {
                    for (out, byte) in out.iter_mut().zip(bytes) {
                        *out = f32::from(*byte) * scale;
                    }
                }
                _ => {
                    for (out, byte) in out.iter_mut().zip(bytes) {
                        *out = f32::from(*byte) * scale;
                    }
                }
            }
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
