//! BERT (Devlin et al. 2018): vectors of tokens that have seen all of their window. A tagger and an encoder of texts
//! are what is put on top of it.
//!
//! Windows of tokens go through together, back to back. Only attention, which stays inside a window, looks from row to
//! row: between two attentions a thread takes a few rows through all that a layer does with them, in buffers that its
//! caches hold. Each output is reduced in one fixed order ([`kernels`](crate::kernels)), so a window's vectors are
//! bit for bit the same whatever runs beside it and however many threads there are.

#[cfg(test)]
pub(super) mod exact;
mod table;
mod turns;
mod weights;

use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kernels::{
    Biased, Inputs, Level, Matrix, Pool, WholeAttention, add_and_norm, each_stretch, gelu, multiply,
};

use super::linear::Linear;

use self::table::Table;
use self::turns::Turns;
use self::weights::{Layer, Norm};

pub(super) use self::weights::{Weights, linear};

/// The most rows of one pass: with more, a pass of MiniLM's size would not be faster.
pub(super) const MAX_ROWS: usize = 512;
/// The most rows that a thread takes through a layer together: as many as share a look at the weights in the products.
const STRETCH: usize = 32;

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
    /// What a unit of the pool computes with: its own thread.
    alone: Pool,
    turns: Turns,
    scratch: Mutex<Scratch>,
    /// Buffers that no unit uses at the moment.
    spare: Mutex<Vec<Buffers>>,
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

/// Buffers of all rows, that keep their memory from pass to pass.
#[derive(Debug, Default)]
struct Scratch {
    hidden: Vec<f32>,
    inputs: Inputs,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    attended: Vec<f32>,
}

/// Buffers of a stretch of rows, that keep their memory, too.
#[derive(Debug, Default)]
struct Buffers {
    inputs: Inputs,
    wide: Vec<f32>,
    outputs: Vec<f32>,
}

/// What comes before the rows of a stretch are made ready for an attention.
#[derive(Clone, Copy)]
enum Before<'a> {
    /// Nothing: they are yet to be looked up.
    Embed(Pass<'a>, &'a [usize]),
    /// An attention, and what else its layer does.
    Layer(&'a Layer),
}

impl Bert {
    /// The model of these weights, which computes with the threads of `pool`, the caller's included.
    ///
    /// # Errors
    ///
    /// When a pool can't be made.
    pub(super) fn new(config: BertConfig, weights: Weights, pool: Pool) -> io::Result<Self> {
        Ok(Self {
            config,
            weights,
            level: Level::best(),
            pool,
            alone: Pool::new(1)?,
            turns: Turns::default(),
            scratch: Mutex::default(),
            spare: Mutex::default(),
        })
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
        let places: Vec<usize> = pass.windows.iter().flat_map(|w| 0..w.len()).collect();
        let width = self.config.hidden;
        for buffer in [
            &mut scratch.hidden,
            &mut scratch.queries,
            &mut scratch.keys,
            &mut scratch.values,
            &mut scratch.attended,
        ] {
            buffer.resize(places.len() * width, 0.0);
        }
        let mut before = Before::Embed(pass, &places);
        for layer in &self.weights.layers {
            self.advance(before, Some(layer), scratch);
            self.attend(layer, pass.windows, scratch);
            before = Before::Layer(layer);
        }
        if let Some(wanted) = pass.wanted {
            // Behind the last attention nobody asks for the others.
            self.keep(wanted, scratch);
        }
        self.advance(before, None, scratch);
        let Scratch { hidden, inputs, .. } = scratch;
        if !follows.is_empty() {
            let n = hidden.len() / width;
            let buffers: [(&mut [f32], usize); 1] = [(hidden, width)];
            inputs.fill(self.on(), (n, width), follows, buffers, &|_, [x], out| {
                out.copy_from_slice(x);
            });
        }
        read(hidden, inputs)
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

    const fn on_own(&self) -> (Level, &Pool) {
        (self.level, &self.alone)
    }

    /// Takes all rows, stretch by stretch, from behind an attention to the next, which is that of `next`.
    fn advance(&self, before: Before<'_>, next: Option<&Layer>, scratch: &mut Scratch) {
        let width = self.config.hidden;
        let n = scratch.hidden.len() / width;
        let Scratch {
            hidden,
            queries,
            keys,
            values,
            attended,
            ..
        } = scratch;
        let buffers = [hidden, attended, queries, keys, values].map(|b| (&mut b[..], width));
        let first = next.map(Layer::first);
        let follows = first.as_ref().map_or(&[][..], |first| &first[..]);
        each_stretch(&self.pool, (n, STRETCH), buffers, &|row,
                                                          [
            hidden,
            attended,
            queries,
            keys,
            values,
        ]| {
            let mut own = self.spare().pop().unwrap_or_default();
            match before {
                Before::Embed(pass, places) => {
                    self.embed((pass, places), row, follows, hidden, &mut own.inputs);
                }
                Before::Layer(layer) => {
                    self.feed_forward(layer, follows, (hidden, attended), &mut own);
                }
            }
            if let Some([query, key, value]) = first {
                let products = &mut [(query, queries), (key, keys), (value, values)];
                multiply(self.level, &self.alone, &own.inputs, products);
            }
            self.spare().push(own);
        });
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Buffers>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sum of a token's, its place's and its kind's vector, normalised, for the rows `hidden` from `first` on.
    fn embed(
        &self,
        (pass, places): (Pass<'_>, &[usize]),
        first: usize,
        follows: &[&Matrix],
        hidden: &mut [f32],
        inputs: &mut Inputs,
    ) {
        let (width, epsilon) = (self.config.hidden, self.config.epsilon);
        let n = hidden.len() / width;
        let add = |of: &[f32], index: usize, out: &mut [f32]| {
            let vector = of.get(index * width..).unwrap_or_default();
            out.iter_mut().zip(vector).for_each(|(out, x)| *out += x);
        };
        let zeros = vec![0.0; width];
        let Weights { norm, .. } = &self.weights;
        let buffers = [(hidden, width)];
        inputs.fill(
            self.on_own(),
            (n, width),
            follows,
            buffers,
            &|row, [x], out| {
                let row = first + row;
                let (id, kind) = (pass.token)(row);
                self.weights.tokens.row(id, x);
                let place = places.get(row).copied().unwrap_or(0);
                add(&self.weights.positions, place, x);
                add(&self.weights.kinds, kind, x);
                let norm = (&norm.weight[..], &norm.bias[..]);
                add_and_norm(self.level, (&zeros, &zeros), norm, epsilon, x);
                out.copy_from_slice(x);
            },
        );
    }

    /// What each row takes from the rows of its window.
    fn attend(&self, layer: &Layer, windows: &[Range<usize>], scratch: &mut Scratch) {
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
    }

    /// What a layer does behind its attention, with a stretch of rows: leaves `hidden` made ready for `follows`.
    fn feed_forward(
        &self,
        layer: &Layer,
        follows: &[&Matrix],
        (hidden, attended): (&mut [f32], &mut [f32]),
        own: &mut Buffers,
    ) {
        let (width, wide) = (self.config.hidden, self.config.feed_forward);
        let n = hidden.len() / width;
        own.outputs.resize(n * width, 0.0);
        own.wide.resize(n * wide, 0.0);
        own.inputs.fill(
            self.on_own(),
            (n, width),
            &[&layer.output.matrix],
            [(attended, width)],
            &|_, [row], out| out.copy_from_slice(row),
        );
        self.product(&layer.output, &own.inputs, &mut own.outputs);
        let up = [&layer.up.matrix];
        self.join(&layer.output, &layer.attention_norm, &up, hidden, own);
        self.product(&layer.up, &own.inputs, &mut own.wide);
        own.inputs.fill(
            self.on_own(),
            (n, wide),
            &[&layer.down.matrix],
            [(&mut own.wide, wide)],
            &|_, [row], out| gelu(self.level, row, layer.up.bias(), out),
        );
        self.product(&layer.down, &own.inputs, &mut own.outputs);
        self.join(&layer.down, &layer.output_norm, follows, hidden, own);
    }

    fn product(&self, linear: &Linear, inputs: &Inputs, out: &mut [f32]) {
        let products = &mut [(&linear.matrix, out)];
        multiply(self.level, &self.alone, inputs, products);
    }

    /// Adds the products of `added` to the state, normalises it, and makes it ready for `follows`.
    fn join(
        &self,
        added: &Linear,
        norm: &Norm,
        follows: &[&Matrix],
        hidden: &mut [f32],
        own: &mut Buffers,
    ) {
        let (width, epsilon) = (self.config.hidden, self.config.epsilon);
        let Buffers {
            outputs, inputs, ..
        } = own;
        let n = hidden.len() / width;
        let buffers: [(&mut [f32], usize); 2] = [(hidden, width), (outputs, width)];
        inputs.fill(
            self.on_own(),
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
