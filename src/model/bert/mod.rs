//! BERT (Devlin et al. 2018): vectors of tokens that have seen all of their window. A tagger and an encoder of texts
//! are what is put on top of it.
//!
//! Windows of tokens go through together, back to back: products are shared by all rows, attention stays inside
//! a window. Each output is reduced in one fixed order ([`kernels`](crate::kernels)), so a window's vectors are
//! bit for bit the same whatever runs beside it and however many threads there are.

#[cfg(test)]
pub(super) mod exact;
mod table;
mod turns;
mod weights;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::kernels::{
    Biased, Inputs, Level, Matrix, Pool, WholeAttention, add_and_norm, gelu, multiply,
};

use super::linear::Linear;

use self::table::Table;
use self::turns::Turns;
use self::weights::{Layer, Norm};

pub(super) use self::weights::{Weights, linear};

/// The most rows of one pass of MiniLM's size: with more, its buffers would leave the second-level cache, and a pass
/// would not be faster.
pub(super) const MAX_ROWS: usize = 512;

/// Most layers.
pub(super) const MAX_LAYERS: usize = 64;
/// Most values per row, and most positions.
pub(super) const MAX_WIDTH: usize = 1 << 14;

/// Sizes and settings, checked by whoever read them: none is 0, and the heads divide a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BertConfig {
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) feed_forward: usize,
    pub(super) heads: usize,
    pub(super) epsilon: f32,
    pub(super) positions: usize,
    /// Kinds of tokens: of the first text or the second, say, or of how a word is capitalised.
    pub(super) kinds: usize,
}

/// The model. Passes take turns in the order of arrival: however many callers there are, no more than its own threads
/// compute.
#[derive(Debug)]
pub(super) struct Bert {
    config: BertConfig,
    weights: Weights,
    level: Level,
    pool: Pool,
    turns: Turns,
    scratch: Mutex<Scratch>,
}

/// What goes through the model together.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    /// The token of a row: its number in the vocabulary, and its kind.
    pub(super) token: &'a (dyn Fn(usize) -> (u32, usize) + Sync),
    /// The rows of each window, back to back from 0 on; none is longer than the model has positions.
    pub(super) windows: &'a [Range<usize>],
    /// The rows that are asked for, ascending, at least one; `None` for all.
    pub(super) wanted: Option<&'a [usize]>,
}

/// Buffers that keep their memory from pass to pass.
#[derive(Debug, Default)]
struct Scratch {
    hidden: Vec<f32>,
    inputs: Inputs,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    attended: Vec<f32>,
    wide: Vec<f32>,
    outputs: Vec<f32>,
}

impl Bert {
    /// The model of these weights, which computes with the threads of `pool`, the caller's included.
    pub(super) fn new(config: BertConfig, weights: Weights, pool: Pool) -> Self {
        Self {
            config,
            weights,
            level: Level::best(),
            pool,
            turns: Turns::default(),
            scratch: Mutex::default(),
        }
    }

    /// How many tokens there are in the vocabulary.
    pub(super) const fn vocabulary(&self) -> usize {
        self.weights.vocabulary()
    }

    /// Sizes and settings.
    pub(super) const fn config(&self) -> &BertConfig {
        &self.config
    }

    /// Computes, and lets `read` have the vectors of the rows that are asked for: row after row, and made ready for
    /// products with the matrices of `follows`.
    ///
    /// # Panics
    ///
    /// When the windows are not back to back.
    pub(super) fn pass<R>(
        &self,
        pass: Pass<'_>,
        follows: &[&Matrix],
        read: impl FnOnce(&[f32], &Inputs) -> R,
    ) -> R {
        let _turn = self.turns.take();
        // What a pass that panicked left behind is overwritten.
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let scratch = &mut *scratch;
        self.embed(pass, scratch);
        for (index, layer) in self.weights.layers.iter().enumerate() {
            self.attend(layer, pass.windows, scratch);
            let next = self.weights.layers.get(index + 1).map(Layer::first);
            if let (None, Some(wanted)) = (next, pass.wanted) {
                // Behind the last attention nobody asks for the others.
                self.keep(wanted, scratch);
            }
            // The sum that ends a layer is made ready for what follows it.
            let follows = next.as_ref().map_or(follows, |first| &first[..]);
            self.feed_forward(layer, follows, scratch);
        }
        read(&scratch.hidden, &scratch.inputs)
    }

    /// The products of `inputs` with a matrix.
    pub(super) fn multiply(&self, linear: &Linear, inputs: &Inputs, out: &mut [f32]) {
        multiply(self.level, &self.pool, inputs, &mut [(&linear.matrix, out)]);
    }

    /// Computes with another set of instructions, or more threads.
    #[cfg(test)]
    pub(super) fn on_level(&mut self, level: Level, threads: usize) {
        self.level = level;
        self.pool = Pool::new(threads).unwrap();
    }

    const fn on(&self) -> (Level, &Pool) {
        (self.level, &self.pool)
    }

    /// The sum of a token's, its place's and its kind's vector, normalised.
    fn embed(&self, pass: Pass<'_>, scratch: &mut Scratch) {
        let (width, epsilon) = (self.config.hidden, self.config.epsilon);
        let places: Vec<usize> = pass.windows.iter().flat_map(|w| 0..w.len()).collect();
        let n = places.len();
        for buffer in [
            &mut scratch.hidden,
            &mut scratch.queries,
            &mut scratch.keys,
            &mut scratch.values,
            &mut scratch.attended,
            &mut scratch.outputs,
        ] {
            buffer.resize(n * width, 0.0);
        }
        scratch.wide.resize(n * self.config.feed_forward, 0.0);
        let add = |of: &[f32], index: usize, out: &mut [f32]| {
            let vector = of.get(index * width..).unwrap_or_default();
            out.iter_mut().zip(vector).for_each(|(out, x)| *out += x);
        };
        let zeros = vec![0.0; width];
        let Weights { norm, layers, .. } = &self.weights;
        let follows = layers.first().map(Layer::first);
        let Scratch { hidden, inputs, .. } = scratch;
        let buffers: [(&mut [f32], usize); 1] = [(hidden, width)];
        inputs.fill(
            self.on(),
            (n, width),
            follows.as_ref().map_or(&[], |first| &first[..]),
            buffers,
            &|row, [x], out| {
                let (id, kind) = (pass.token)(row);
                self.weights.tokens.row(id, x);
                add(
                    &self.weights.positions,
                    places.get(row).copied().unwrap_or(0),
                    x,
                );
                add(&self.weights.kinds, kind, x);
                let norm = (&norm.weight[..], &norm.bias[..]);
                add_and_norm(self.level, (&zeros, &zeros), norm, epsilon, x);
                out.copy_from_slice(x);
            },
        );
    }

    /// What each row takes from the rows of its window. `inputs` are the layer's own.
    fn attend(&self, layer: &Layer, windows: &[Range<usize>], scratch: &mut Scratch) {
        multiply(
            self.level,
            &self.pool,
            &scratch.inputs,
            &mut [
                (&layer.query.matrix, &mut scratch.queries),
                (&layer.key.matrix, &mut scratch.keys),
                (&layer.value.matrix, &mut scratch.values),
            ],
        );
        let head_dim = self.config.hidden / self.config.heads;
        let attention = WholeAttention {
            heads: self.config.heads,
            head_dim,
            scale: 1.0 / (head_dim as f32).sqrt(),
        };
        let sources = (
            biased(&scratch.queries, &layer.query),
            biased(&scratch.keys, &layer.key),
            biased(&scratch.values, &layer.value),
        );
        attention.attend(self.on(), sources, windows, &mut scratch.attended);
    }

    /// Drops all rows but those that are `kept`, ascending.
    fn keep(&self, kept: &[usize], scratch: &mut Scratch) {
        let width = self.config.hidden;
        for rows in [&mut scratch.hidden, &mut scratch.attended] {
            for (to, from) in kept.iter().enumerate() {
                rows.copy_within(from * width..(from + 1) * width, to * width);
            }
            rows.truncate(kept.len() * width);
        }
        scratch.outputs.truncate(kept.len() * width);
        scratch.wide.truncate(kept.len() * self.config.feed_forward);
    }

    /// What a layer does behind its attention.
    fn feed_forward(&self, layer: &Layer, follows: &[&Matrix], scratch: &mut Scratch) {
        let (width, wide) = (self.config.hidden, self.config.feed_forward);
        let n = scratch.attended.len() / width;
        scratch.inputs.fill(
            self.on(),
            (n, width),
            &[&layer.output.matrix],
            [(&mut scratch.attended, width)],
            &|_, [row], out| out.copy_from_slice(row),
        );
        self.multiply(&layer.output, &scratch.inputs, &mut scratch.outputs);
        let up = [&layer.up.matrix];
        self.join(&layer.output, &layer.attention_norm, &up, scratch);
        self.multiply(&layer.up, &scratch.inputs, &mut scratch.wide);
        scratch.inputs.fill(
            self.on(),
            (n, wide),
            &[&layer.down.matrix],
            [(&mut scratch.wide, wide)],
            &|_, [row], out| gelu(self.level, row, layer.up.bias(), out),
        );
        self.multiply(&layer.down, &scratch.inputs, &mut scratch.outputs);
        self.join(&layer.down, &layer.output_norm, follows, scratch);
    }

    /// Adds the products of `added` to the state, normalises it, and makes it ready for `follows`.
    fn join(&self, added: &Linear, norm: &Norm, follows: &[&Matrix], scratch: &mut Scratch) {
        let (width, epsilon) = (self.config.hidden, self.config.epsilon);
        let Scratch {
            hidden,
            outputs,
            inputs,
            ..
        } = scratch;
        let n = hidden.len() / width;
        let buffers: [(&mut [f32], usize); 2] = [(hidden, width), (outputs, width)];
        inputs.fill(
            self.on(),
            (n, width),
            follows,
            buffers,
            &|_, [x, products], out| {
                let norm = (&norm.weight[..], &norm.bias[..]);
                add_and_norm(self.level, (products, added.bias()), norm, epsilon, x);
                out.copy_from_slice(x);
            },
        );
    }
}

fn biased<'a>(rows: &'a [f32], linear: &'a Linear) -> Biased<'a> {
    let bias = linear.bias();
    Biased { rows, bias }
}
