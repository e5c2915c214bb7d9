//! Causal attention over a paged cache of keys and values in half precision.
//!
//! Keys of a block lie as `[kv head][dimension][token]`, values as `[kv head][token][dimension]`, so both
//! products run along the inner index. Blocks are taken from position 0 on, one after the other, with
//! a running maximum (Milakov and Gimelshein 2018): a query's result depends on nothing but itself and
//! the keys before it.
#![expect(
    unsafe_code,
    reason = "calls across target features; threads write to separate rows"
)]

use half::f16;
use half::slice::HalfFloatSliceExt as _;

use super::level::dispatch;
use super::ops::{exp, fma};
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

/// The keys and values of one layer: `n_blocks` blocks of [`AttentionShape::block_values`] each.
#[derive(Clone, Debug)]
pub struct KvBlocks {
    keys: Vec<u16>,
    values: Vec<u16>,
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

    /// Writes key and value of one token: slot `slot` of block `block`.
    pub fn write(
        &mut self,
        shape: &AttentionShape,
        block: usize,
        slot: usize,
        key: &[f32],
        value: &[f32],
    ) {
        let base = block * shape.block_values();
        let per_head = shape.head_dim * shape.block_tokens;
        for (index, (key, value)) in key.iter().zip(value).enumerate() {
            let (head, dim) = (index / shape.head_dim, index % shape.head_dim);
            let at = base + head * per_head;
            self.keys[at + dim * shape.block_tokens + slot] = f16::from_f32(*key).to_bits();
            self.values[at + slot * shape.head_dim + dim] = f16::from_f32(*value).to_bits();
        }
    }
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
    /// The sequence's blocks, which hold its new tokens already.
    pub blocks: &'a [u32],
}

/// Computes `out` (`[row][head][dimension]`) for all new tokens of all sequences.
pub fn attend(
    level: Level,
    pool: &Pool,
    shape: &AttentionShape,
    (queries, sequences): (&[f32], &[Query<'_>]),
    kv: &KvBlocks,
    out: &mut [f32],
) {
    let units: Vec<(usize, usize, usize)> = sequences
        .iter()
        .enumerate()
        .flat_map(|(index, query)| {
            let chunks = (0..query.n_rows).step_by(QUERY_CHUNK);
            // The last queries see most keys: start with them.
            chunks
                .rev()
                .flat_map(move |from| (0..shape.kv_heads).map(move |head| (index, from, head)))
        })
        .collect();
    let out = SharedMut::new(out);
    pool.for_each(units.len(), &|unit| {
        let Some(&(index, from, kv_head)) = units.get(unit) else {
            return;
        };
        let query = &sequences[index];
        let group = shape.heads / shape.kv_heads;
        let width = shape.heads * shape.head_dim;
        let n = QUERY_CHUNK.min(query.n_rows - from);
        let mut state = State::new(shape, n * group);
        let last = query.context + from + n;
        for (number, block) in query
            .blocks
            .iter()
            .enumerate()
            .take(last.div_ceil(shape.block_tokens))
        {
            state.load(shape, kv, *block as usize, kv_head);
            let start = number * shape.block_tokens;
            for row in 0..n {
                let position = query.context + from + row;
                if start > position {
                    continue;
                }
                let visible = (position + 1 - start).min(shape.block_tokens);
                for head in 0..group {
                    let at = (query.first_row + from + row) * width
                        + (kv_head * group + head) * shape.head_dim;
                    let q = &queries[at..at + shape.head_dim];
                    state.step(level, q, row * group + head, visible);
                }
            }
        }
        for row in 0..n {
            for head in 0..group {
                let at = (query.first_row + from + row) * width
                    + (kv_head * group + head) * shape.head_dim;
                // SAFETY: this row and head belong to this unit alone.
                let part = unsafe { out.part(at, shape.head_dim) };
                state.finish(row * group + head, part);
            }
        }
    });
}

/// One unit's running results, and the block that it reads.
struct State {
    head_dim: usize,
    block_tokens: usize,
    keys: Vec<f32>,
    values: Vec<f32>,
    scores: Vec<f32>,
    /// Per query: the largest score so far and the sum of the exponentials.
    running: Vec<(f32, f32)>,
    sums: Vec<f32>,
}

impl State {
    fn new(shape: &AttentionShape, n: usize) -> Self {
        let per_head = shape.head_dim * shape.block_tokens;
        Self {
            head_dim: shape.head_dim,
            block_tokens: shape.block_tokens,
            keys: vec![0.0; per_head],
            values: vec![0.0; per_head],
            scores: vec![0.0; shape.block_tokens],
            running: vec![(f32::NEG_INFINITY, 0.0); n],
            sums: vec![0.0; n * shape.head_dim],
        }
    }

    fn load(&mut self, shape: &AttentionShape, kv: &KvBlocks, block: usize, kv_head: usize) {
        let per_head = shape.head_dim * shape.block_tokens;
        let at = block * shape.block_values() + kv_head * per_head;
        halves(&kv.keys[at..at + per_head]).convert_to_f32_slice(&mut self.keys);
        halves(&kv.values[at..at + per_head]).convert_to_f32_slice(&mut self.values);
    }

    fn step(&mut self, level: Level, query: &[f32], index: usize, visible: usize) {
        let sum = &mut self.sums[index * self.head_dim..(index + 1) * self.head_dim];
        let block = (&self.keys[..], &self.values[..], self.block_tokens);
        block_step(
            level,
            query,
            block,
            &mut self.scores[..],
            visible,
            &mut self.running[index],
            sum,
        );
    }

    fn finish(&self, index: usize, out: &mut [f32]) {
        let (_, total) = self.running[index];
        let sums = &self.sums[index * self.head_dim..(index + 1) * self.head_dim];
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum / total;
        }
    }
}

fn halves(bits: &[u16]) -> &[f16] {
    use half::slice::HalfBitsSliceExt as _;
    bits.reinterpret_cast()
}

type Block<'a> = (&'a [f32], &'a [f32], usize);

dispatch! {
    /// One query against one block.
    pub fn block_step(query: &[f32], block: Block<'_>, scores: &mut [f32], visible: usize, running: &mut (f32, f32), sum: &mut [f32]) = block_step_body;
}

#[inline(always)]
fn block_step_body<const FMA: bool>(
    query: &[f32],
    (keys, values, block_tokens): Block<'_>,
    scores: &mut [f32],
    visible: usize,
    running: &mut (f32, f32),
    sum: &mut [f32],
) {
    let scale = 1.0 / (query.len() as f32).sqrt();
    scores.fill(0.0);
    for (q, key) in query.iter().zip(keys.chunks_exact(block_tokens)) {
        let q = q * scale;
        for (score, k) in scores.iter_mut().zip(key) {
            *score = fma::<FMA>(q, *k, *score);
        }
    }
    // Unwritten slots of the last block may hold anything: they never count.
    let scores = &mut scores[..visible];
    let largest = scores.iter().fold(running.0, |a, b| a.max(*b));
    let correction = exp::<FMA>(running.0 - largest);
    let mut total = running.1 * correction;
    for score in scores.iter_mut() {
        *score = exp::<FMA>(*score - largest);
    }
    for score in scores.iter() {
        total += score;
    }
    for value in sum.iter_mut() {
        *value *= correction;
    }
    for (p, value) in scores.iter().zip(values.chunks_exact(sum.len())) {
        for (sum, v) in sum.iter_mut().zip(value) {
            *sum = fma::<FMA>(*p, *v, *sum);
        }
    }
    *running = (largest, total);
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

    /// The definition, in double precision, over keys rounded to half precision.
    fn exact(
        shape: &AttentionShape,
        query: &[f32],
        keys: &[f32],
        values: &[f32],
        seen: usize,
    ) -> Vec<f64> {
        let (d, kv_width) = (shape.head_dim, shape.kv_heads * shape.head_dim);
        let half = |x: f32| f64::from(f16::from_f32(x).to_f32());
        let mut out = Vec::new();
        for head in 0..shape.heads {
            let kv = head / (shape.heads / shape.kv_heads) * d;
            let score = |t: usize| -> f64 {
                let dot = (0..d)
                    .map(|i| f64::from(query[head * d + i]) * half(keys[t * kv_width + kv + i]));
                dot.sum::<f64>() / (d as f64).sqrt()
            };
            let weights: Vec<f64> = (0..seen).map(|t| score(t).exp()).collect();
            let total: f64 = weights.iter().sum();
            out.extend((0..d).map(|i| {
                (0..seen)
                    .map(|t| weights[t] * half(values[t * kv_width + kv + i]))
                    .sum::<f64>()
                    / total
            }));
        }
        out
    }

    #[test]
    fn every_level_and_chunking_gives_the_definition() {
        let pool = Pool::new(2).unwrap();
        for (shape, n) in [
            (
                AttentionShape {
                    heads: 4,
                    kv_heads: 2,
                    head_dim: 16,
                    block_tokens: 8,
                },
                37,
            ),
            (
                AttentionShape {
                    heads: 9,
                    kv_heads: 3,
                    head_dim: 64,
                    block_tokens: 32,
                },
                70,
            ),
        ] {
            let (width, kv_width) = (
                shape.heads * shape.head_dim,
                shape.kv_heads * shape.head_dim,
            );
            let (q, k, v) = (
                noise(n * width, 1),
                noise(n * kv_width, 2),
                noise(n * kv_width, 3),
            );
            let n_blocks = n.div_ceil(shape.block_tokens);
            let blocks: Vec<u32> = (0..n_blocks)
                .rev()
                .map(|b| u32::try_from(b).unwrap())
                .collect();
            let mut kv = KvBlocks::new(&shape, n_blocks);
            // What an earlier sequence left behind must not matter.
            kv.keys.fill(0x7E00);
            kv.values.fill(0x7E00);
            for t in 0..n {
                let block = blocks[t / shape.block_tokens] as usize;
                let at = t * kv_width..(t + 1) * kv_width;
                kv.write(
                    &shape,
                    block,
                    t % shape.block_tokens,
                    &k[at.clone()],
                    &v[at],
                );
            }
            let run = |level, chunk: usize| {
                let mut out = vec![0.0; n * width];
                for from in (0..n).step_by(chunk) {
                    let rows = chunk.min(n - from);
                    let query = Query {
                        first_row: from,
                        n_rows: rows,
                        context: from,
                        blocks: &blocks,
                    };
                    attend(level, &pool, &shape, (&q, &[query]), &kv, &mut out);
                }
                out
            };
            let reference = run(Level::PORTABLE, n);
            for (row, found) in reference.chunks_exact(width).enumerate() {
                let expected = exact(&shape, &q[row * width..(row + 1) * width], &k, &v, row + 1);
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
    }
}
