//! A label for every token: BERT (Devlin et al. 2018) with a linear head, in 8 bits, for the recogniser of names.
//!
//! Windows of tokens go through together, back to back: products are shared by all rows, attention stays inside
//! a window. Each output is reduced in one fixed order ([`kernels`](crate::kernels)), so a window's logits are
//! bit for bit the same whatever runs beside it and however many threads there are.
//!
//! Token types carry what an uncased vocabulary loses: how the word is capitalised.

mod description;
#[cfg(test)]
pub(crate) mod fixture;
mod table;
#[cfg(test)]
mod tests;
mod turns;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

#[cfg(test)]
use candle_core::quantized::GgmlDType;

#[cfg(test)]
use crate::formats::gguf;
use crate::formats::gguf::Gguf;
use crate::kernels::{
    Biased, Inputs, Level, Matrix, Pool, WholeAttention, add_and_norm, each_row, gelu, multiply,
};

use super::ModelError;
use super::linear::Linear;
use super::weights::File;

use self::description::TaggerConfig;
use self::table::Table;
use self::turns::Turns;

/// The most rows of one pass. Buffers take 14 KB a row for a model of MiniLM's size; with more rows they would leave the
/// second-level cache, and a pass would not be faster.
pub const MAX_ROWS: usize = 512;

/// A token of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaggedToken {
    /// Its number in the vocabulary.
    pub id: u32,
    /// How its word is capitalised.
    pub case: u8,
}

/// A model that gives every token a score for each of its labels. Passes take turns in the order of arrival: however
/// many callers there are, no more than its own threads compute.
#[derive(Debug)]
pub struct Tagger {
    config: TaggerConfig,
    tokens: Table,
    positions: Vec<f32>,
    cases: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    head: Linear,
    level: Level,
    pool: Pool,
    turns: Turns,
    scratch: Mutex<Scratch>,
}

/// What a layer norm multiplies by and adds.
#[derive(Debug)]
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    output_norm: Norm,
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

impl Tagger {
    /// Loads the model of a GGUF file, to compute with `threads` threads, the caller's included.
    ///
    /// # Errors
    ///
    /// [`ModelError`] names the metadata key or tensor that can't be used.
    pub fn load(gguf: &Gguf, threads: usize) -> Result<Self, ModelError> {
        let config = TaggerConfig::read(gguf.metadata())?;
        let pool = Pool::named("names", threads).map_err(ModelError::Threads)?;
        let file = File::new(gguf, &pool);
        let TaggerConfig { hidden, .. } = config;
        let norm = |name: &str| -> Result<Norm, ModelError> {
            Ok(Norm {
                weight: file.vector(&format!("{name}.weight"), hidden)?,
                bias: file.vector(&format!("{name}.bias"), hidden)?,
            })
        };
        let linear = |name: &str, shape: (usize, usize)| -> Result<Linear, ModelError> {
            let mut linear = file.linear(name, 0..shape.0, shape)?;
            linear.bias.get_or_insert_with(|| vec![0.0; shape.0]);
            Ok(linear)
        };
        let layer = |index: usize| -> Result<Layer, ModelError> {
            let name = |part: &str| format!("blk.{index}.{part}");
            let square = |part: &str| linear(&name(part), (hidden, hidden));
            Ok(Layer {
                query: square("attn_q")?,
                key: square("attn_k")?,
                value: square("attn_v")?,
                output: square("attn_output")?,
                attention_norm: norm(&name("attn_output_norm"))?,
                up: linear(&name("ffn_up"), (config.feed_forward, hidden))?,
                down: linear(&name("ffn_down"), (hidden, config.feed_forward))?,
                output_norm: norm(&name("layer_output_norm"))?,
            })
        };
        let tokens = Table::load((gguf, &file), "token_embd.weight", hidden)?;
        let positions = file.floats("position_embd.weight", &[config.positions, hidden])?;
        let cases = file.floats("token_types.weight", &[config.cases, hidden])?;
        let token_norm = norm("token_embd_norm")?;
        let layers = (0..config.layers).map(layer).collect::<Result<_, _>>()?;
        let head = linear("cls.output", (config.labels.len(), hidden))?;
        file.refuse_unused("bert")?;
        Ok(Self {
            config,
            tokens,
            positions,
            cases,
            norm: token_norm,
            layers,
            head,
            level: Level::best(),
            pool,
            turns: Turns::default(),
            scratch: Mutex::default(),
        })
    }

    /// The labels, in the order of the logits: `O`, `B-PERSON`, `I-PERSON`, ….
    pub fn labels(&self) -> &[String] {
        &self.config.labels
    }

    /// What to add to the logits, one number per label: tunes precision against recall.
    pub fn bias(&self) -> &[f32] {
        &self.config.bias
    }

    /// The most tokens of a window, its start and end tokens counted.
    pub const fn window(&self) -> usize {
        self.config.window
    }

    /// How many tokens neighbouring windows of a text share.
    pub const fn overlap(&self) -> usize {
        self.config.overlap
    }

    /// How many tokens there are in the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.tokens.rows()
    }

    /// The logits of the tokens `wanted` (numbers in `tokens`, ascending), row by row. Windows lie back to back:
    /// `lengths` says where they end.
    ///
    /// # Errors
    ///
    /// [`ModelError::Batch`] when there are more than [`MAX_ROWS`] tokens, the lengths don't fit them, a
    /// window has more than [`window`](Self::window), or a token or case is none of the model's;
    /// [`ModelError::NotFinite`] when the arithmetic gave what is no number.
    pub fn logits(
        &self,
        tokens: &[TaggedToken],
        lengths: &[usize],
        wanted: &[usize],
    ) -> Result<Vec<f32>, ModelError> {
        let windows = self.windows(tokens, lengths)?;
        if !wanted.is_sorted_by(|a, b| a < b) || wanted.last() >= Some(&tokens.len()) {
            return Err(ModelError::Batch {
                problem: "a wanted token is not there, or not in order",
            });
        }
        let mut logits = vec![0.0; wanted.len() * self.config.labels.len()];
        if wanted.is_empty() {
            return Ok(logits);
        }
        let _turn = self.turns.take();
        // What a pass that panicked left behind is overwritten.
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let scratch = &mut *scratch;
        self.embed(tokens, &windows, scratch);
        let width = self.config.hidden;
        for (index, layer) in self.layers.iter().enumerate() {
            if index == 0 {
                let products = [&layer.query, &layer.key, &layer.value].map(|l| &l.matrix);
                let Scratch { hidden, inputs, .. } = scratch;
                let hidden: [(&mut [f32], usize); 1] = [(hidden, width)];
                let shape = (tokens.len(), width);
                inputs.fill(self.on(), shape, &products, hidden, &|_, [row], out| {
                    out.copy_from_slice(row);
                });
            }
            let next = self.layers.get(index + 1);
            // Behind the last layer nobody asks for the others.
            let kept = if next.is_none() { Some(wanted) } else { None };
            self.layer(layer, &windows, kept, scratch);
            // The sum that ends a layer is made ready for what follows it.
            let follows: Vec<&Matrix> = match next {
                Some(next) => vec![&next.query.matrix, &next.key.matrix, &next.value.matrix],
                None => vec![&self.head.matrix],
            };
            self.join(&layer.down, &layer.output_norm, &follows, scratch);
        }
        multiply(
            self.level,
            &self.pool,
            &scratch.inputs,
            &mut [(&self.head.matrix, &mut logits)],
        );
        for row in logits.chunks_mut(self.config.labels.len().max(1)) {
            self.head.add_bias(row);
        }
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(ModelError::NotFinite);
        }
        Ok(logits)
    }

    /// Computes with another set of instructions, or more threads.
    #[cfg(test)]
    pub(crate) fn on_level(mut self, level: Level, threads: usize) -> Self {
        self.level = level;
        self.pool = Pool::new(threads).unwrap();
        self
    }

    const fn on(&self) -> (Level, &Pool) {
        (self.level, &self.pool)
    }

    fn windows(
        &self,
        tokens: &[TaggedToken],
        lengths: &[usize],
    ) -> Result<Vec<Range<usize>>, ModelError> {
        let fail = |problem| Err(ModelError::Batch { problem });
        if tokens.len() > MAX_ROWS {
            return fail("more tokens than one pass takes");
        }
        let mut windows = Vec::with_capacity(lengths.len());
        let mut end = 0_usize;
        for length in lengths {
            if *length == 0 || *length > self.config.window {
                return fail("a window has no tokens, or more than the model takes");
            }
            windows.push(end..end.saturating_add(*length));
            end = end.saturating_add(*length);
        }
        if end != tokens.len() {
            return fail("the windows are not the tokens");
        }
        let foreign = |token: &TaggedToken| {
            usize::try_from(token.id).map_or(true, |id| id >= self.tokens.rows())
                || usize::from(token.case) >= self.config.cases
        };
        if tokens.iter().any(foreign) {
            return fail("a token or a case is none of the model's");
        }
        Ok(windows)
    }

    /// The sum of a token's, its place's and its case's vector, normalised.
    fn embed(&self, tokens: &[TaggedToken], windows: &[Range<usize>], scratch: &mut Scratch) {
        let TaggerConfig {
            hidden: width,
            feed_forward,
            epsilon,
            ..
        } = self.config;
        let n = tokens.len();
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
        scratch.wide.resize(n * feed_forward, 0.0);
        let places: Vec<usize> = windows.iter().flat_map(|w| 0..w.len()).collect();
        let vector = |of: &[f32], index: usize, out: &mut [f32]| {
            let vector = of.get(index * width..).unwrap_or_default();
            out.iter_mut().zip(vector).for_each(|(out, x)| *out += x);
        };
        let zeros = vec![0.0; width];
        let buffers: [(&mut [f32], usize); 1] = [(&mut scratch.hidden, width)];
        each_row(&self.pool, n, buffers, &|row, [out]| {
            let (Some(token), Some(place)) = (tokens.get(row), places.get(row)) else {
                return;
            };
            self.tokens.row(token.id, out);
            vector(&self.positions, *place, out);
            vector(&self.cases, usize::from(token.case), out);
            let norm = (&self.norm.weight[..], &self.norm.bias[..]);
            add_and_norm(self.level, (&zeros, &zeros), norm, epsilon, out);
        });
    }

    /// One layer up to the product that its last sum adds. `inputs` are the layer's own; behind the attention only the
    /// rows that are `kept` are left.
    fn layer(
        &self,
        layer: &Layer,
        windows: &[Range<usize>],
        kept: Option<&[usize]>,
        scratch: &mut Scratch,
    ) {
        let TaggerConfig {
            hidden: width,
            feed_forward,
            heads,
            ..
        } = self.config;
        let head_dim = width / heads;
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
        let attention = WholeAttention {
            heads,
            head_dim,
            scale: 1.0 / (head_dim as f32).sqrt(),
        };
        let sources = (
            biased(&scratch.queries, &layer.query),
            biased(&scratch.keys, &layer.key),
            biased(&scratch.values, &layer.value),
        );
        attention.attend(self.on(), sources, windows, &mut scratch.attended);
        if let Some(kept) = kept {
            keep(kept, width, &mut scratch.hidden);
            keep(kept, width, &mut scratch.attended);
            scratch.outputs.truncate(kept.len() * width);
            scratch.wide.truncate(kept.len() * feed_forward);
        }
        let n = scratch.attended.len() / width;
        scratch.inputs.fill(
            self.on(),
            (n, width),
            &[&layer.output.matrix],
            [(&mut scratch.attended, width)],
            &|_, [row], out| out.copy_from_slice(row),
        );
        self.multiply(&layer.output, &scratch.inputs, &mut scratch.outputs);
        self.join(
            &layer.output,
            &layer.attention_norm,
            &[&layer.up.matrix],
            scratch,
        );
        self.multiply(&layer.up, &scratch.inputs, &mut scratch.wide);
        scratch.inputs.fill(
            self.on(),
            (n, feed_forward),
            &[&layer.down.matrix],
            [(&mut scratch.wide, feed_forward)],
            &|_, [row], out| gelu(self.level, row, layer.up.bias(), out),
        );
        self.multiply(&layer.down, &scratch.inputs, &mut scratch.outputs);
    }

    fn multiply(&self, linear: &Linear, inputs: &Inputs, out: &mut [f32]) {
        multiply(self.level, &self.pool, inputs, &mut [(&linear.matrix, out)]);
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

/// Moves the rows `kept`, ascending, to the front, and drops the others.
fn keep(kept: &[usize], width: usize, rows: &mut Vec<f32>) {
    for (to, from) in kept.iter().enumerate() {
        rows.copy_within(from * width..(from + 1) * width, to * width);
    }
    rows.truncate(kept.len() * width);
}

fn biased<'a>(rows: &'a [f32], linear: &'a Linear) -> Biased<'a> {
    let bias = linear.bias();
    Biased { rows, bias }
}
