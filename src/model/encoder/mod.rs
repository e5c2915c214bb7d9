//! Text to vectors: BERT, for embeddings, on the CPU and in the precision of its weights.
//!
//! A vector is the mean of the last layer over a text's own tokens, or the first token's, whichever the model
//! was trained with, scaled to length 1, as sentence-transformers makes it (Reimers and Gurevych 2019, section 3).
//! Texts lie back to back, with nothing to fill up: a text's vector is bit for bit the same whatever is beside it and
//! however many threads there are.

mod config;
mod error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

pub use error::EncoderError;

use crate::formats::manifest::Pooling;
use crate::formats::safetensors::Safetensors;
use crate::formats::{Mapped, VerifiedModel};
#[cfg(test)]
use crate::kernels::Level;
use crate::kernels::Pool;

use super::bert::{Bert, MAX_ROWS, Pass, Weights};
use super::weights::File;
use super::{Checkpoint, ModelError};

use self::config::EncoderConfig;

/// What an encoder is loaded from.
#[derive(Clone, Copy)]
pub struct EncoderFiles<'a> {
    /// The contents of `config.json`.
    pub config: &'a [u8],
    /// `model.safetensors`. Matrices are copied out, and vectors of tokens are read where they lie.
    pub weights: &'a Mapped,
    /// The most tokens that a text may have, where that is less than the model has positions for.
    pub max_tokens: Option<usize>,
    /// How token vectors become one, as the model was trained.
    pub pooling: Pooling,
}

impl fmt::Debug for EncoderFiles<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncoderFiles")
            .field("weights_bytes", &self.weights.len())
            .field("max_tokens", &self.max_tokens)
            .finish_non_exhaustive()
    }
}

/// A model that turns texts into vectors.
pub struct TextEncoder {
    bert: Bert,
    max_tokens: usize,
    pooling: Pooling,
}

impl TextEncoder {
    /// Loads a BERT model, to compute with `threads` threads, the caller's included.
    ///
    /// # Errors
    ///
    /// [`EncoderError`] when the description is no BERT's, or a tensor is missing, has another shape or has no place.
    pub fn load(files: EncoderFiles<'_>, threads: usize) -> Result<Self, EncoderError> {
        let config = EncoderConfig::read(files.config)?;
        let pool = Pool::named("embeddings", threads);
        let pool = pool.map_err(|source| EncoderError::Threads { source })?;
        let weights = weights(files.weights, &config, &pool);
        let weights = weights.map_err(|source| EncoderError::Load { source })?;
        let positions = config.bert.positions;
        let bert = Bert::new(config.bert, weights, pool);
        let bert = bert.map_err(|source| EncoderError::Threads { source })?;
        Ok(Self {
            bert,
            max_tokens: files
                .max_tokens
                .map_or(positions, |most| most.min(positions)),
            pooling: files.pooling,
        })
    }

    /// Loads the encoder of a verified model: its `config.json` and weights, with the context that its
    /// manifest declares as the limit.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Files`] when the manifest lists no such files; else as [`load`](Self::load).
    pub fn open(model: &VerifiedModel, threads: usize) -> Result<Self, EncoderError> {
        let pooling = model.manifest().pooling.ok_or(EncoderError::Pooling)?;
        let files = |source| EncoderError::Files { source };
        let files = EncoderFiles {
            config: model.file("config.json").map_err(files)?.as_bytes(),
            weights: model.weights().map_err(files)?,
            max_tokens: Some(model.manifest().context),
            pooling,
        };
        Self::load(files, threads)
    }

    /// The most tokens that a text may have, its start and end tokens counted.
    pub const fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The length of a vector.
    pub const fn dimensions(&self) -> usize {
        self.bert.config().hidden
    }

    /// The vector of each text, in order; `texts` are tokens with what the model wants before and after
    /// them ([`encode_framed`](crate::tokenizer::Tokenizer::encode_framed)).
    ///
    /// # Errors
    ///
    /// [`EncoderError::TooLong`] when a text has more than [`max_tokens`](Self::max_tokens): nothing is
    /// cut. [`EncoderError`] when a text has no tokens, a token is not in the vocabulary, or the
    /// arithmetic gave what is no number.
    pub fn embed(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EncoderError> {
        for (text, tokens) in texts.iter().enumerate() {
            self.check(text, tokens)?;
        }
        let mut vectors = Vec::with_capacity(texts.len());
        let mut rest = texts;
        while !rest.is_empty() {
            let (pass, later) = rest.split_at(pass_len(rest));
            for vector in self.pass(pass) {
                let text = vectors.len();
                vectors.push(vector.ok_or(EncoderError::NotFinite { text })?);
            }
            rest = later;
        }
        Ok(vectors)
    }

    /// Computes with another set of instructions, or more threads.
    #[cfg(test)]
    fn on_level(mut self, level: Level, threads: usize) -> Self {
        self.bert.on_level(level, threads);
        self
    }

    fn check(&self, text: usize, tokens: &[u32]) -> Result<(), EncoderError> {
        if tokens.is_empty() {
            return Err(EncoderError::NoTokens { text });
        }
        if tokens.len() > self.max_tokens {
            return Err(EncoderError::TooLong {
                text,
                tokens: tokens.len(),
                limit: self.max_tokens,
            });
        }
        let vocabulary = self.bert.vocabulary();
        let foreign = |id: &&u32| usize::try_from(**id).map_or(true, |id| id >= vocabulary);
        match tokens.iter().find(foreign) {
            Some(token) => Err(EncoderError::UnknownToken {
                token: *token,
                vocabulary,
            }),
            None => Ok(()),
        }
    }

    /// The vectors of texts that go through together; `None` for one that is not made of numbers.
    fn pass(&self, texts: &[Vec<u32>]) -> Vec<Option<Vec<f32>>> {
        let ids = texts.concat();
        let mut end = 0;
        let window = |text: &Vec<u32>| {
            let start = end;
            end += text.len();
            start..end
        };
        let windows: Vec<Range<usize>> = texts.iter().map(window).collect();
        let firsts: Vec<usize> = windows.iter().map(|window| window.start).collect();
        // What is asked for, and which of it is whose.
        let (wanted, own) = match self.pooling {
            Pooling::Cls => (
                Some(&firsts[..]),
                (0..texts.len()).map(|n| n..n + 1).collect(),
            ),
            Pooling::Mean => (None, windows.clone()),
        };
        let pass = Pass {
            token: &|row| (ids.get(row).copied().unwrap_or(0), 0),
            windows: &windows,
            wanted,
        };
        let width = self.dimensions();
        self.bert.pass(pass, &[], |rows, _| {
            own.iter()
                .map(|own| joined(&rows[own.start * width..own.end * width], width))
                .collect()
        })
    }
}

impl fmt::Debug for TextEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextEncoder")
            .field("dimensions", &self.dimensions())
            .field("max_tokens", &self.max_tokens)
            .finish_non_exhaustive()
    }
}

/// Reads the weights, all of which have to have a place.
fn weights(weights: &Mapped, config: &EncoderConfig, pool: &Pool) -> Result<Weights, ModelError> {
    let checkpoint = Checkpoint::bert(vec![Safetensors::open(weights)?])?;
    let file = File::new(&checkpoint, pool);
    let weights = Weights::load(&file, &config.bert)?;
    file.refuse_unused("bert")?;
    if weights.vocabulary() == config.vocabulary {
        return Ok(weights);
    }
    Err(ModelError::TensorShape {
        tensor: "token_embd.weight".to_owned(),
        found: vec![weights.vocabulary(), config.bert.hidden],
        expected: vec![config.vocabulary, config.bert.hidden],
    })
}

/// How many of the texts go into the next pass: as many as it has rows for, and at least one.
fn pass_len(texts: &[Vec<u32>]) -> usize {
    let mut rows = 0;
    let fits = |text: &&Vec<u32>| {
        rows += text.len();
        rows <= MAX_ROWS
    };
    texts.iter().take_while(fits).count().max(1)
}

/// The mean of rows, scaled to length 1; `None` where there is no such vector.
fn joined(rows: &[f32], width: usize) -> Option<Vec<f32>> {
    let mut sum = vec![0.0_f32; width];
    for row in rows.chunks_exact(width) {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    // The sum points where the mean does.
    let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
    sum.iter_mut().for_each(|x| *x /= length);
    length.is_normal().then_some(sum)
}
