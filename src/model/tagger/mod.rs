//! A label for every token: BERT with a linear head, in 8 bits, for the recogniser of names.
//!
//! Token types carry what an uncased vocabulary loses: how the word is capitalised.

mod description;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use std::ops::Range;

#[cfg(test)]
use candle_core::quantized::GgmlDType;

#[cfg(test)]
use crate::formats::gguf;
use crate::formats::gguf::Gguf;
#[cfg(test)]
use crate::kernels::Level;
use crate::kernels::Pool;

use super::ModelError;
use super::bert::{self, Bert, Pass, Weights};
use super::linear::Linear;
use super::weights::File;

use self::description::TaggerConfig;

/// The most rows of one pass. Buffers take 14 KB a row for a model of MiniLM's size.
pub const MAX_ROWS: usize = bert::MAX_ROWS;

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
    bert: Bert,
    head: Linear,
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
        let weights = Weights::load(&file, &config.bert)?;
        let shape = (config.labels.len(), config.bert.hidden);
        let head = bert::linear(&file, "cls.output", shape)?;
        file.refuse_unused("bert")?;
        let bert = Bert::new(config.bert, weights, pool).map_err(ModelError::Threads)?;
        Ok(Self { config, bert, head })
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
    pub const fn vocabulary(&self) -> usize {
        self.bert.vocabulary()
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
        let token = |row: usize| {
            let token = tokens.get(row);
            token.map_or((0, 0), |token| (token.id, usize::from(token.case)))
        };
        let pass = Pass {
            token: &token,
            windows: &windows,
            wanted: Some(wanted),
        };
        self.bert.pass(pass, &[&self.head.matrix], |_, inputs| {
            self.bert.multiply(&self.head, inputs, &mut logits);
        });
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
        self.bert.on_level(level, threads);
        self
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
            usize::try_from(token.id).map_or(true, |id| id >= self.vocabulary())
                || usize::from(token.case) >= self.config.bert.kinds
        };
        if tokens.iter().any(foreign) {
            return fail("a token or a case is none of the model's");
        }
        Ok(windows)
    }
}
