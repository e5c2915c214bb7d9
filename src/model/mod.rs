//! Layers and architectures; the seam to the engine.

pub mod encoder;

use std::any::Any;
use std::ops::Range;

use crate::config::KvDtype;

/// The new tokens of all scheduled sequences, back to back.
#[derive(Clone, Debug, Default)]
pub struct RaggedBatch {
    /// All new tokens.
    pub tokens: Vec<u32>,
    /// Which belong to whom.
    pub sequences: Vec<SequenceSlice>,
}

/// One sequence's part of a batch.
#[derive(Clone, Debug)]
pub struct SequenceSlice {
    /// Its tokens within the batch.
    pub tokens: Range<usize>,
    /// Tokens already in the cache.
    pub context: usize,
    /// Its block table.
    pub blocks: Vec<u32>,
    /// Which logits it wants.
    pub logits: LogitRows,
}

/// Which rows of logits a sequence wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogitRows {
    /// None.
    None,
    /// Of the last token.
    Last,
    /// Of every token.
    All,
}

/// Sizes of a model.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Tokens in the vocabulary.
    pub vocab: usize,
    /// Longest context.
    pub context: usize,
}

/// Keys and values.
pub struct KvCache(pub Box<dyn Any + Send>);

/// Rows of logits.
#[derive(Debug)]
pub struct Logits {
    values: Vec<f32>,
    vocab: usize,
}

impl Logits {
    /// From rows back to back.
    pub fn new(values: Vec<f32>, vocab: usize) -> Self {
        Self { values, vocab }
    }

    /// The `i`-th row.
    pub fn row(&self, i: usize) -> &[f32] {
        self.values
            .get(i * self.vocab..(i + 1) * self.vocab)
            .unwrap_or_default()
    }
}

/// Why a model can't be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Anything.
    #[error("the model failed")]
    Failed,
}

/// A decoder.
pub trait CausalLm: Send {
    /// Its sizes.
    fn shape(&self) -> &Shape;
    /// A cache of `n_blocks`.
    ///
    /// # Errors
    ///
    /// No memory.
    fn new_cache(
        &self,
        n_blocks: usize,
        block_tokens: usize,
        dtype: KvDtype,
    ) -> Result<KvCache, ModelError>;
    /// Bytes of one block.
    fn block_bytes(&self, block_tokens: usize, dtype: KvDtype) -> usize;
    /// One step.
    ///
    /// # Errors
    ///
    /// The arithmetic failed.
    fn forward(&mut self, batch: &RaggedBatch, cache: &mut KvCache) -> Result<Logits, ModelError>;
}
