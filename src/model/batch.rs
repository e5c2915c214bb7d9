//! What a forward pass takes and gives.

use std::ops::Range;
use std::sync::Arc;

use super::Adapter;

/// The new tokens of all scheduled sequences, back to back.
#[derive(Clone, Debug, Default)]
pub struct RaggedBatch {
    /// All new tokens.
    pub tokens: Vec<u32>,
    /// Which of them belong to whom: consecutive ranges that cover `tokens`.
    pub sequences: Vec<SequenceSlice>,
}

/// One sequence's part of a batch.
#[derive(Clone, Debug)]
pub struct SequenceSlice {
    /// Its tokens within the batch.
    pub tokens: Range<usize>,
    /// Tokens that are in the cache already.
    pub context: usize,
    /// Its block table: at least `ceil((context + new) / block_tokens)` blocks.
    pub blocks: Vec<u32>,
    /// Which logits it wants.
    pub logits: LogitRows,
    /// What is added to the model for it.
    pub adapter: Option<Arc<Adapter>>,
}

/// Which rows of logits a sequence wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogitRows {
    /// Of every token.
    All,
    /// Of the last token.
    Last,
    /// None.
    None,
}

/// Sizes of a decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Tokens in the vocabulary: the length of a row of logits.
    pub vocab: usize,
    /// Longest context in tokens.
    pub context: usize,
}

/// Rows of logits, `[row][vocabulary]`, in the order of the sequences that asked for them.
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

    /// The `index`-th row; empty where there is none.
    pub fn row(&self, index: usize) -> &[f32] {
        self.values
            .get(index * self.vocab..(index + 1) * self.vocab)
            .unwrap_or_default()
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.values.len().checked_div(self.vocab).unwrap_or(0)
    }
}
