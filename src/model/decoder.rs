//! The decoder: one for all families, on the CPU.

use candle_core::Device;

use crate::formats::Source;
use crate::kernels::{
    AttentionRule, AttentionShape, Inputs, KvBlocks, Level, Matrix, Pool, Query, each_row,
    multiply, rms_norm, soft_cap,
};

use crate::types::KvFormat;

use super::description::DecoderConfig;
use super::experts::ExpertScratch;
use super::layer;
use super::lora::AdapterRows;
use super::rope::Frequencies;
use super::weights::Weights;
use super::{BlockForm, CausalLm, KvCache, LogitRows, Logits, ModelError, RaggedBatch, Shape};

/// A decoder on the CPU.
#[derive(Debug)]
pub(super) struct Decoder {
    config: DecoderConfig,
    shape: Shape,
    weights: Weights,
    /// Of layers that see everything, and of those that see a window.
    frequencies: [Frequencies; 2],
    compute: Compute,
    scratch: Scratch,
}

/// What computes.
#[derive(Debug)]
pub(super) struct Compute {
    level: Level,
    pool: Pool,
}

impl Compute {
    pub(super) fn on(&self) -> (Level, &Pool) {
        (self.level, &self.pool)
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn multiply(&self, x: &Inputs, products: &mut [(&Matrix, &mut [f32])]) {
        multiply(self.level, &self.pool, x, products);
    }

    pub(super) fn each_row<const N: usize>(
        &self,
        n_rows: usize,
        buffers: [(&mut [f32], usize); N],
        body: &(dyn Fn(usize, [&mut [f32]; N]) + Sync),
    ) {
        each_row(&self.pool, n_rows, buffers, body);
    }
}

/// Buffers that keep their memory from step to step.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The rows' state between layers.
    pub(super) hidden: Vec<f32>,
    /// What the next product takes.
    pub(super) inputs: Inputs,
    pub(super) queries: Vec<f32>,
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
    pub(super) attended: Vec<f32>,
    pub(super) gates: Vec<f32>,
    pub(super) ups: Vec<f32>,
    pub(super) outputs: Vec<f32>,
    pub(super) experts: ExpertScratch,
    /// The adapters of the rows, and what is half-way between their halves: before a layer's halves, and within.
    pub(super) adapters: AdapterRows,
    pub(super) low: Vec<f32>,
    pub(super) low_after: Vec<f32>,
    /// Cosines and sines of each row's position: of full layers, and of sliding ones.
    pub(super) angles: [Vec<(f32, f32)>; 2],
}

/// Keys and values of every layer.
struct LayerCaches {
    shape: AttentionShape,
    format: KvFormat,
    n_blocks: usize,
    layers: Vec<KvBlocks>,
}

impl Decoder {
    pub(super) fn load(
        source: &dyn Source,
        device: &Device,
        threads: usize,
    ) -> Result<Self, ModelError> {
        if !device.is_cpu() {
            return Err(ModelError::Device);
        }
        let config = DecoderConfig::read(source.metadata())?;
        let pool = Pool::new(threads).map_err(ModelError::Threads)?;
        let weights = Weights::load(source, &config, &pool)?;
        let full = Frequencies::new(&config.rope, weights.rope_factors.as_deref())?;
        let sliding = match &config.sliding {
            Some(sliding) => Frequencies::new(&sliding.rope, weights.rope_factors.as_deref())?,
            None => full.clone(),
        };
        let shape = Shape {
            vocab: weights.embedding.rows(),
            context: config.context,
        };
        Ok(Self {
            config,
            shape,
            weights,
            frequencies: [full, sliding],
            compute: Compute {
                level: Level::best(),
                pool,
            },
            scratch: Scratch::default(),
        })
    }

    /// Looks the tokens up and computes the angles of their positions.
    fn embed(&mut self, batch: &RaggedBatch) {
        let Self {
            config,
            weights,
            frequencies,
            compute,
            scratch,
            ..
        } = self;
        let (n, width) = (batch.tokens.len(), config.hidden);
        scratch.hidden.resize(n * width, 0.0);
        compute.each_row(n, [(&mut scratch.hidden, width)], &|row, [out]| {
            if let Some(token) = batch.tokens.get(row) {
                weights.embedding.row(*token as usize, out);
            }
            if config.embedding_scale != 1.0 {
                out.iter_mut()
                    .for_each(|value| *value *= config.embedding_scale);
            }
        });
        for (angles, frequencies) in scratch.angles.iter_mut().zip(frequencies.iter()) {
            angles.clear();
            for slice in &batch.sequences {
                for position in slice.context..slice.context + slice.tokens.len() {
                    angles.extend(frequencies.angles(position));
                }
            }
            if config.sliding.is_none() {
                break;
            }
        }
    }

    /// All layers. Behind the last one only the rows that are `wanted` are left.
    fn layers(
        &mut self,
        sequences: &[Query<'_>],
        wanted: &[usize],
        caches: &mut LayerCaches,
    ) -> Result<(), ModelError> {
        let Self {
            config,
            weights,
            frequencies,
            compute,
            scratch,
            ..
        } = self;
        for (index, weights) in weights.layers.iter().enumerate() {
            let Some(cache) = caches.layers.get_mut(index) else {
                return Err(ModelError::Batch {
                    problem: "the cache is of another model",
                });
            };
            let window = config.window(index);
            let sliding = usize::from(window.is_some());
            let rope = match &config.sliding {
                Some(sliding) if window.is_some() => &sliding.rope,
                _ => &config.rope,
            };
            let rule = AttentionRule {
                scale: config.attention_scale,
                soft_cap: config.attention_soft_cap,
                window,
            };
            let half = layer::Attention {
                config,
                weights,
                compute,
                shape: &caches.shape,
                rule: &rule,
                pairing: rope.pairing,
                pairs: frequencies[sliding].pairs(),
                sliding,
                layer: index,
            };
            half.store(sequences, scratch, cache);
            let last = index + 1 == config.layers;
            if last && wanted.is_empty() {
                scratch.hidden.clear();
                return Ok(());
            }
            half.run(sequences, scratch, cache);
            if last {
                keep(wanted, config.hidden, &mut scratch.hidden);
                keep(wanted, config.q_width(), &mut scratch.attended);
                scratch.adapters.keep(wanted);
            }
            let rest = layer::Rest {
                config,
                weights,
                compute,
                layer: index,
            };
            rest.run(scratch);
        }
        Ok(())
    }

    /// Logits of the rows that are left.
    fn logits(&mut self) -> Logits {
        let Self {
            config,
            weights,
            compute,
            scratch: s,
            shape,
            ..
        } = self;
        let (hidden, width) = (&mut s.hidden, config.hidden);
        let n = hidden.len() / width;
        let mut values = vec![0.0; n * shape.vocab];
        if n > 0 {
            let head = weights.head.as_ref().unwrap_or(&weights.embedding);
            let level = compute.level();
            s.inputs.fill(
                compute.on(),
                (n, width),
                &[head],
                [(hidden, width)],
                &|_, [row], out| {
                    rms_norm(level, row, &weights.norm, config.norm_epsilon, out);
                },
            );
            compute.multiply(&s.inputs, &mut [(head, &mut values)]);
            if let Some(cap) = config.logit_soft_cap {
                compute.each_row(n, [(&mut values, shape.vocab)], &|_, [row]| {
                    soft_cap(level, cap, row);
                });
            }
        }
        Logits::new(values, shape.vocab)
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

    fn pool(&self) -> Option<&Pool> {
        Some(self.compute.on().1)
    }

    fn new_cache(&self, n_blocks: usize, form: BlockForm) -> Result<KvCache, ModelError> {
        let shape = self.config.attention_shape(form.tokens);
        let layers = (0..self.config.layers)
            .map(|_| KvBlocks::new(&shape, n_blocks, form.format))
            .collect();
        Ok(KvCache::new(LayerCaches {
            shape,
            format: form.format,
            n_blocks,
            layers,
        }))
    }

    fn block_bytes(&self, form: BlockForm) -> usize {
        self.config.block_bytes(form)
    }

    fn forward(&mut self, batch: &RaggedBatch, cache: &mut KvCache) -> Result<Logits, ModelError> {
        let Some(caches) = cache.downcast_mut::<LayerCaches>() else {
            return Err(ModelError::Batch {
                problem: "the cache is of another model",
            });
        };
        self.check(batch, caches)?;
        self.embed(batch);
        self.scratch.adapters = AdapterRows::of(batch);
        let sequences: Vec<Query<'_>> = batch
            .sequences
            .iter()
            .map(|slice| Query {
                first_row: slice.tokens.start,
                n_rows: slice.tokens.len(),
                context: slice.context,
                blocks: &slice.blocks,
            })
            .collect();
        let mut wanted = Vec::new();
        for slice in &batch.sequences {
            match slice.logits {
                LogitRows::All => wanted.extend(slice.tokens.clone()),
                LogitRows::Last => wanted.extend(slice.tokens.clone().last()),
                LogitRows::None => {}
            }
        }
        self.layers(&sequences, &wanted, caches)?;
        Ok(self.logits())
    }

    fn block_format(&self, cache: &KvCache) -> Option<String> {
        let caches = cache.downcast_ref::<LayerCaches>()?;
        let AttentionShape {
            kv_heads,
            head_dim,
            block_tokens,
            ..
        } = caches.shape;
        // Every level is tested to compute the same bits; what lies on a disk need not rest on that.
        let (layers, level) = (caches.layers.len(), self.compute.level());
        let format = caches.format;
        Some(format!(
            "{format}, {layers} layers of {kv_heads} heads of {head_dim}, blocks of {block_tokens} tokens, {level:?}"
        ))
    }

    fn read_block(&self, cache: &KvCache, block: u32, out: &mut Vec<u8>) -> bool {
        let Some(caches) = cache.downcast_ref::<LayerCaches>() else {
            return false;
        };
        let mut layers = caches.layers.iter();
        layers.all(|layer| layer.read(&caches.shape, block as usize, out))
    }

    fn write_block(&mut self, cache: &mut KvCache, block: u32, bytes: &[u8]) -> bool {
        let Some(caches) = cache.downcast_mut::<LayerCaches>() else {
            return false;
        };
        let size = KvBlocks::block_bytes(&caches.shape, caches.format);
        if bytes.len() != size * caches.layers.len() {
            return false;
        }
        let mut layers = caches.layers.iter_mut().zip(bytes.chunks_exact(size));
        layers.all(|(layer, bytes)| layer.fill(&caches.shape, block as usize, bytes))
    }
}

/// Keeps only the rows `wanted`, which are in order.
fn keep(wanted: &[usize], width: usize, rows: &mut Vec<f32>) {
    for (to, from) in wanted.iter().enumerate() {
        rows.copy_within(from * width..(from + 1) * width, to * width);
    }
    rows.truncate(wanted.len() * width);
}
