//! The model and its cache: turns a plan into a batch and computes it. Decides nothing.

use crate::config::EngineConfig;
use crate::kernels::Pool;
use crate::model::{
    BlockForm, CausalLm, KvCache, LogitRows, Logits, ModelError, Needs, RaggedBatch, SequenceSlice,
    Shape,
};

use super::handle::EngineError;
use super::scheduler::{Plan, Scheduler};

pub(super) struct Runner {
    model: Box<dyn CausalLm>,
    cache: KvCache,
    n_blocks: u32,
    block_bytes: usize,
    context: usize,
}

/// What a model gets of what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Room {
    context: usize,
    n_blocks: u32,
}

/// As large a cache as the settings allow and the sequences can use.
fn room(config: &EngineConfig, needs: Needs) -> Room {
    let context = config
        .max_context
        .map_or(needs.context, |own| own.min(needs.context));
    let useful = context
        .div_ceil(config.block_tokens.max(1))
        .saturating_mul(config.max_sequences);
    let n_blocks = (config.kv_cache_bytes / needs.block_bytes.max(1)).min(useful);
    Room {
        context,
        n_blocks: u32::try_from(n_blocks).unwrap_or(u32::MAX),
    }
}

/// The longest context in tokens, and the bytes of the cache, that a model with these `needs` gets.
pub fn planned(config: &EngineConfig, needs: Needs) -> (usize, u64) {
    let Room { context, n_blocks } = room(config, needs);
    let blocks = usize::try_from(n_blocks).unwrap_or(usize::MAX);
    let bytes = blocks.saturating_mul(needs.block_bytes);
    (
        context.min(blocks.saturating_mul(config.block_tokens)),
        u64::try_from(bytes).unwrap_or(u64::MAX),
    )
}

impl Runner {
    /// Makes a model and as large a cache as the settings allow and the sequences can use.
    pub(super) fn load(
        factory: &mut dyn FnMut() -> Result<Box<dyn CausalLm>, ModelError>,
        config: &EngineConfig,
    ) -> Result<Self, EngineError> {
        let model = factory()?;
        let form = BlockForm {
            tokens: config.block_tokens,
            format: config.kv_cache_format,
        };
        let needs = Needs {
            context: model.shape().context,
            block_bytes: model.block_bytes(form),
        };
        let Room { context, n_blocks } = room(config, needs);
        if n_blocks == 0 {
            return Err(EngineError::CacheTooSmall {
                given: config.kv_cache_bytes,
                block: needs.block_bytes,
            });
        }
        let n = usize::try_from(n_blocks).unwrap_or(usize::MAX);
        let cache = model.new_cache(n, form)?;
        Ok(Self {
            model,
            cache,
            n_blocks,
            block_bytes: needs.block_bytes,
            context,
        })
    }

    pub(super) fn n_blocks(&self) -> u32 {
        self.n_blocks
    }

    /// Longest context in tokens.
    pub(super) fn context(&self) -> usize {
        self.context
    }

    pub(super) fn shape(&self) -> &Shape {
        self.model.shape()
    }

    /// The threads of the model, which are free between steps.
    pub(super) fn pool(&self) -> Option<&Pool> {
        self.model.pool()
    }

    /// What the bytes of a block are; `None` where this model's blocks can't be read.
    pub(super) fn block_format(&self) -> Option<String> {
        self.model.block_format(&self.cache)
    }

    /// The length of a block in bytes.
    pub(super) fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    /// Appends what `block` holds to `out`.
    pub(super) fn read_block(&self, block: u32, out: &mut Vec<u8>) -> bool {
        self.model.read_block(&self.cache, block, out)
    }

    /// Puts into `block` what was read from one of the same format.
    pub(super) fn write_block(&mut self, block: u32, bytes: &[u8]) -> bool {
        self.model.write_block(&mut self.cache, block, bytes)
    }

    /// Computes `batch`.
    pub(super) fn compute(&mut self, batch: &RaggedBatch) -> Result<Logits, ModelError> {
        self.model.forward(batch, &mut self.cache)
    }

    /// Computes `plan`; for each chunk that samples, in the plan's order, a row of logits for its end and
    /// one for each drafted token.
    pub(super) fn forward(
        &mut self,
        scheduler: &Scheduler,
        plan: &Plan,
    ) -> Result<Logits, ModelError> {
        let mut batch = RaggedBatch {
            tokens: Vec::new(),
            sequences: Vec::new(),
        };
        for chunk in &plan.chunks {
            let Some(sequence) = scheduler.running(chunk.id) else {
                continue;
            };
            let new = sequence.tokens().get(chunk.start..chunk.start + chunk.len);
            let start = batch.tokens.len();
            batch.tokens.extend_from_slice(new.unwrap_or_default());
            batch.tokens.extend_from_slice(sequence.draft());
            batch.sequences.push(SequenceSlice {
                tokens: start..batch.tokens.len(),
                context: chunk.start,
                blocks: sequence.blocks().table().to_vec(),
                logits: match (chunk.samples, chunk.n_draft) {
                    (false, _) => LogitRows::None,
                    (true, 0) => LogitRows::Last,
                    // The newest token and its draft.
                    (true, _) => LogitRows::All,
                },
                adapter: sequence.adapter().cloned(),
            });
        }
        self.compute(&batch)
    }
}
