//! The decoder's forward pass over a ragged batch.

use candle_core::Device;

use crate::formats::gguf::Gguf;
use crate::kernels::{
    AttentionShape, KvBlocks, Level, Pool, Query, attend, rms_norm, rotate, swiglu,
};

use super::description::DecoderConfig;
use super::linear::Inputs;
use super::weights::Weights;
use super::{CausalLm, KvCache, LogitRows, Logits, ModelError, RaggedBatch, Shape};

/// A Llama-family decoder on the CPU.
#[derive(Debug)]
pub(super) struct Decoder {
    config: DecoderConfig,
    shape: Shape,
    weights: Weights,
    /// Radians per position, per pair of a head.
    frequencies: Vec<f32>,
    level: Level,
    pool: Pool,
    scratch: Scratch,
}

/// Buffers that keep their memory from step to step.
#[derive(Debug, Default)]
struct Scratch {
    hidden: Vec<f32>,
    inputs: Inputs,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    gates: Vec<f32>,
    ups: Vec<f32>,
    outputs: Vec<f32>,
    angles: Vec<(f32, f32)>,
}

/// Keys and values of every layer.
struct LayerCaches {
    shape: AttentionShape,
    n_blocks: usize,
    layers: Vec<KvBlocks>,
}

impl Decoder {
    pub(super) fn load(gguf: &Gguf, device: &Device, threads: usize) -> Result<Self, ModelError> {
        if !device.is_cpu() {
            return Err(ModelError::Device);
        }
        let config = DecoderConfig::read(gguf.metadata())?;
        let pool = Pool::new(threads).map_err(ModelError::Threads)?;
        let weights = Weights::load(gguf, &config, &pool)?;
        let half = config.head_dim / 2;
        let factors = weights
            .rope_factors
            .clone()
            .unwrap_or_else(|| vec![1.0; half]);
        // theta_i = base^(-2 i / d), Su et al. 2021.
        let frequencies = factors
            .iter()
            .enumerate()
            .map(|(i, factor)| {
                let exponent = -((2 * i) as f32) / config.head_dim as f32;
                config.rope_base.powf(exponent) / config.rope_factor / factor
            })
            .collect();
        let shape = Shape {
            vocab: weights.embedding.rows(),
            context: config.context,
        };
        Ok(Self {
            config,
            shape,
            weights,
            frequencies,
            level: Level::best(),
            pool,
            scratch: Scratch::default(),
        })
    }

    fn attention_shape(&self, block_tokens: usize) -> AttentionShape {
        let DecoderConfig {
            heads,
            kv_heads,
            head_dim,
            ..
        } = self.config;
        AttentionShape {
            heads,
            kv_heads,
            head_dim,
            block_tokens,
        }
    }

    /// Looks the tokens up and computes the angles of their positions.
    fn embed(&mut self, batch: &RaggedBatch) -> Result<(), ModelError> {
        let (n, width) = (batch.tokens.len(), self.config.hidden);
        self.scratch.hidden.resize(n * width, 0.0);
        for (token, row) in batch
            .tokens
            .iter()
            .zip(self.scratch.hidden.chunks_exact_mut(width))
        {
            self.weights.embedding.row(*token as usize, row)?;
        }
        self.scratch.angles.clear();
        for slice in &batch.sequences {
            for position in slice.context..slice.context + slice.tokens.len() {
                let angle = |frequency: &f32| {
                    let angle = position as f32 * frequency;
                    (angle.cos(), angle.sin())
                };
                self.scratch
                    .angles
                    .extend(self.frequencies.iter().map(angle));
            }
        }
        Ok(())
    }

    fn layer(
        &mut self,
        index: usize,
        batch: &RaggedBatch,
        queries: &[Query<'_>],
        caches: &mut LayerCaches,
    ) -> Result<(), ModelError> {
        let Self {
            config,
            weights,
            level,
            pool,
            scratch: s,
            ..
        } = self;
        let (n, level) = (batch.tokens.len(), *level);
        let (layer, cache) = match (weights.layers.get(index), caches.layers.get_mut(index)) {
            (Some(layer), Some(cache)) => (layer, cache),
            _ => {
                return Err(ModelError::Batch {
                    problem: "the cache is of another model",
                });
            }
        };
        s.queries.resize(n * config.q_width(), 0.0);
        s.keys.resize(n * config.kv_width(), 0.0);
        s.values.resize(n * config.kv_width(), 0.0);
        normalise(
            level,
            &s.hidden,
            &layer.attention_norm,
            config.norm_epsilon,
            &mut s.inputs,
        );
        s.inputs.multiply(
            level,
            pool,
            n,
            &mut [
                (&layer.query, &mut s.queries),
                (&layer.key, &mut s.keys),
                (&layer.value, &mut s.values),
            ],
        )?;
        let half = config.head_dim / 2;
        for (row, angles) in s.angles.chunks_exact(half).enumerate() {
            rotate(
                level,
                angles,
                &mut s.queries[row * config.q_width()..(row + 1) * config.q_width()],
            );
            rotate(
                level,
                angles,
                &mut s.keys[row * config.kv_width()..(row + 1) * config.kv_width()],
            );
        }
        store(
            &caches.shape,
            batch,
            (&s.keys, &s.values),
            config.kv_width(),
            cache,
        );
        s.inputs.resize(n, config.q_width());
        attend(
            level,
            pool,
            &caches.shape,
            (&s.queries, queries),
            cache,
            &mut s.inputs.rows,
        );
        s.outputs.resize(n * config.hidden, 0.0);
        s.inputs
            .multiply(level, pool, n, &mut [(&layer.output, &mut s.outputs)])?;
        add(&mut s.hidden, &s.outputs);
        normalise(
            level,
            &s.hidden,
            &layer.feed_forward_norm,
            config.norm_epsilon,
            &mut s.inputs,
        );
        s.gates.resize(n * config.feed_forward, 0.0);
        s.ups.resize(n * config.feed_forward, 0.0);
        s.inputs.multiply(
            level,
            pool,
            n,
            &mut [(&layer.gate, &mut s.gates), (&layer.up, &mut s.ups)],
        )?;
        swiglu(level, &mut s.gates, &s.ups);
        std::mem::swap(&mut s.gates, &mut s.inputs.rows);
        s.inputs
            .multiply(level, pool, n, &mut [(&layer.down, &mut s.outputs)])?;
        add(&mut s.hidden, &s.outputs);
        Ok(())
    }

    /// Logits of the rows that were asked for.
    fn logits(&mut self, batch: &RaggedBatch) -> Result<Logits, ModelError> {
        let Self {
            config,
            weights,
            level,
            pool,
            scratch: s,
            shape,
            ..
        } = self;
        let mut wanted = Vec::new();
        for slice in &batch.sequences {
            match slice.logits {
                LogitRows::All => wanted.extend(slice.tokens.clone()),
                LogitRows::Last => wanted.extend(slice.tokens.clone().last()),
                LogitRows::None => {}
            }
        }
        s.outputs.clear();
        for row in &wanted {
            s.outputs
                .extend_from_slice(&s.hidden[row * config.hidden..(row + 1) * config.hidden]);
        }
        let mut values = vec![0.0; wanted.len() * shape.vocab];
        if !wanted.is_empty() {
            normalise(
                *level,
                &s.outputs,
                &weights.norm,
                config.norm_epsilon,
                &mut s.inputs,
            );
            let head = weights.head.as_ref().unwrap_or(&weights.embedding);
            s.inputs
                .multiply(*level, pool, wanted.len(), &mut [(head, &mut values)])?;
        }
        Ok(Logits::new(values, shape.vocab))
    }

    fn check(&self, batch: &RaggedBatch, caches: &LayerCaches) -> Result<(), ModelError> {
        let fail = |problem| Err(ModelError::Batch { problem });
        let mut next = 0;
        for slice in &batch.sequences {
            if slice.tokens.start != next || slice.tokens.is_empty() {
                return fail("the sequences do not cover the tokens one after the other");
            }
            next = slice.tokens.end;
            let end = slice.context + slice.tokens.len();
            if end > self.shape.context {
                return fail("a sequence is longer than the model's context");
            }
            if slice.blocks.len() < end.div_ceil(caches.shape.block_tokens) {
                return fail("a sequence has too few blocks");
            }
            if slice
                .blocks
                .iter()
                .any(|block| *block as usize >= caches.n_blocks)
            {
                return fail("a block is not in the cache");
            }
        }
        if next != batch.tokens.len() {
            return fail("the sequences do not cover the tokens");
        }
        if batch
            .tokens
            .iter()
            .any(|token| *token as usize >= self.shape.vocab)
        {
            return fail("a token is not in the vocabulary");
        }
        Ok(())
    }
}

impl CausalLm for Decoder {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn new_cache(&self, n_blocks: usize, block_tokens: usize) -> Result<KvCache, ModelError> {
        let shape = self.attention_shape(block_tokens);
        let layers = (0..self.config.layers)
            .map(|_| KvBlocks::new(&shape, n_blocks))
            .collect();
        Ok(KvCache::new(LayerCaches {
            shape,
            n_blocks,
            layers,
        }))
    }

    fn block_bytes(&self, block_tokens: usize) -> usize {
        // Keys and values, two bytes each.
        self.attention_shape(block_tokens).block_values() * self.config.layers * 4
    }

    fn forward(&mut self, batch: &RaggedBatch, cache: &mut KvCache) -> Result<Logits, ModelError> {
        let Some(caches) = cache.downcast_mut::<LayerCaches>() else {
            return Err(ModelError::Batch {
                problem: "the cache is of another model",
            });
        };
        self.check(batch, caches)?;
        self.embed(batch)?;
        let queries: Vec<Query<'_>> = batch
            .sequences
            .iter()
            .map(|slice| Query {
                first_row: slice.tokens.start,
                n_rows: slice.tokens.len(),
                context: slice.context,
                blocks: &slice.blocks,
            })
            .collect();
        for index in 0..self.config.layers {
            self.layer(index, batch, &queries, caches)?;
        }
        self.logits(batch)
    }
}

fn normalise(level: Level, rows: &[f32], weight: &[f32], epsilon: f32, inputs: &mut Inputs) {
    inputs.rows.resize(rows.len(), 0.0);
    let width = weight.len();
    for (row, out) in rows
        .chunks_exact(width)
        .zip(inputs.rows.chunks_exact_mut(width))
    {
        rms_norm(level, row, weight, epsilon, out);
    }
}

fn store(
    shape: &AttentionShape,
    batch: &RaggedBatch,
    (keys, values): (&[f32], &[f32]),
    width: usize,
    cache: &mut KvBlocks,
) {
    for slice in &batch.sequences {
        for (row, position) in slice.tokens.clone().zip(slice.context..) {
            let block = slice.blocks[position / shape.block_tokens] as usize;
            let at = row * width..(row + 1) * width;
            cache.write(
                shape,
                block,
                position % shape.block_tokens,
                &keys[at.clone()],
                &values[at],
            );
        }
    }
}

fn add(hidden: &mut [f32], more: &[f32]) {
    for (value, more) in hidden.iter_mut().zip(more) {
        *value += more;
    }
}
