//! Text to vectors: a BERT encoder (`candle-transformers`), for embeddings.
//!
//! A vector is the mean of the last layer over a text's own tokens, or the first token's, whichever the model
//! was trained with, scaled to length 1, as sentence-transformers makes it (Reimers and Gurevych 2019, section 3). Texts of one call run in
//! small padded batches; padding is masked, so a text's vector does not depend on its neighbours.

mod error;
#[cfg(test)]
mod tests;

use std::fmt;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde::Deserialize;

pub use error::EncoderError;

use crate::formats::VerifiedModel;
use crate::formats::manifest::Pooling;

/// The most tokens of one forward pass, padding included: bounds its memory. Attention scores of a
/// batch take at most `BATCH_TOKENS * max_tokens * heads * 4` bytes, 50 MB for MiniLM.
const BATCH_TOKENS: usize = 2048;

/// The most bytes of a `config.json`.
const MAX_CONFIG_BYTES: usize = 1 << 20;

/// What an encoder is loaded from.
#[derive(Clone, Copy)]
pub struct EncoderFiles<'a> {
    /// The contents of `config.json`.
    pub config: &'a [u8],
    /// The contents of `model.safetensors`, best mapped: tensors are copied out one by one.
    pub weights: &'a [u8],
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
    bert: BertModel,
    device: Device,
    vocabulary: usize,
    dimensions: usize,
    max_tokens: usize,
    padding: u32,
    pooling: Pooling,
}

impl TextEncoder {
    /// Loads a BERT model in f32.
    ///
    /// # Errors
    ///
    /// [`EncoderError`] when the description is no BERT's, or a tensor is missing or has another shape.
    pub fn load(files: EncoderFiles<'_>, device: &Device) -> Result<Self, EncoderError> {
        let config = config(files.config)?;
        let load = |source| EncoderError::Load { source };
        let weights =
            VarBuilder::from_slice_safetensors(files.weights, DType::F32, device).map_err(load)?;
        let bert = BertModel::load(weights, &config).map_err(load)?;
        let positions = config.max_position_embeddings;
        Ok(Self {
            bert,
            device: device.clone(),
            vocabulary: config.vocab_size,
            dimensions: config.hidden_size,
            max_tokens: files
                .max_tokens
                .map_or(positions, |most| most.min(positions)),
            padding: u32::try_from(config.pad_token_id).unwrap_or(0),
            pooling: files.pooling,
        })
    }

    /// Loads the encoder of a verified model: its `config.json` and weights, with the context that its
    /// manifest declares as the limit.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Files`] when the manifest lists no such files; else as [`load`](Self::load).
    pub fn open(model: &VerifiedModel, device: &Device) -> Result<Self, EncoderError> {
        let pooling = model.manifest().pooling.ok_or(EncoderError::Pooling)?;
        let files = |source| EncoderError::Files { source };
        let files = EncoderFiles {
            config: model.file("config.json").map_err(files)?.as_bytes(),
            weights: model.weights().map_err(files)?.as_bytes(),
            max_tokens: Some(model.manifest().context),
            pooling,
        };
        Self::load(files, device)
    }

    /// The most tokens that a text may have, its start and end tokens counted.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The length of a vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The vector of each text, in order; `texts` are tokens with what the model wants before and after
    /// them ([`encode_framed`](crate::tokenizer::Tokenizer::encode_framed)).
    ///
    /// # Errors
    ///
    /// [`EncoderError::TooLong`] when a text has more than [`max_tokens`](Self::max_tokens): nothing is
    /// cut. [`EncoderError`] when a text has no tokens, a token is not in the vocabulary, or the
    /// arithmetic fails.
    pub fn embed(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EncoderError> {
        for (text, tokens) in texts.iter().enumerate() {
            self.check(text, tokens)?;
        }
        // Texts of like length share a batch, so that little is padding.
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|text| texts.get(*text).map_or(0, Vec::len));
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch_len(rest, texts));
            let tokens: Vec<&[u32]> = batch
                .iter()
                .filter_map(|text| texts.get(*text))
                .map(Vec::as_slice)
                .collect();
            let rows = self
                .forward(&tokens)
                .map_err(|source| EncoderError::Run { source })?;
            for (text, row) in batch.iter().zip(rows) {
                if row.iter().any(|x| !x.is_finite()) {
                    return Err(EncoderError::NotFinite { text: *text });
                }
                if let Some(vector) = vectors.get_mut(*text) {
                    *vector = row;
                }
            }
            rest = later;
        }
        Ok(vectors)
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
        let foreign = |id: &&u32| usize::try_from(**id).map_or(true, |id| id >= self.vocabulary);
        match tokens.iter().find(foreign) {
            Some(token) => Err(EncoderError::UnknownToken {
                token: *token,
                vocabulary: self.vocabulary,
            }),
            None => Ok(()),
        }
    }

    /// The vectors of one batch.
    fn forward(&self, texts: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let rows = texts.len();
        let columns = texts.iter().map(|tokens| tokens.len()).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(rows * columns);
        let mut mask = Vec::with_capacity(rows * columns);
        for tokens in texts {
            let padding = columns - tokens.len();
            ids.extend_from_slice(tokens);
            ids.extend(std::iter::repeat_n(self.padding, padding));
            mask.extend(std::iter::repeat_n(1_f32, tokens.len()));
            mask.extend(std::iter::repeat_n(0_f32, padding));
        }
        let ids = Tensor::from_vec(ids, (rows, columns), &self.device)?;
        let mask = Tensor::from_vec(mask, (rows, columns), &self.device)?;
        let last = self.bert.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        // [rows, columns, dimensions] to [rows, dimensions].
        let joined = match self.pooling {
            Pooling::Cls => last.narrow(1, 0, 1)?.squeeze(1)?,
            // Over each row's own columns.
            Pooling::Mean => {
                let weights = mask.unsqueeze(2)?;
                let sums = last.broadcast_mul(&weights)?.sum(1)?;
                sums.broadcast_div(&weights.sum(1)?)?
            }
        };
        let lengths = joined.sqr()?.sum_keepdim(1)?.sqrt()?;
        joined.broadcast_div(&lengths)?.to_vec2()
    }
}

impl fmt::Debug for TextEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextEncoder")
            .field("dimensions", &self.dimensions)
            .field("max_tokens", &self.max_tokens)
            .finish_non_exhaustive()
    }
}

/// How many of the texts, which are in order of length, go into the next batch: at least one.
fn batch_len(order: &[usize], texts: &[Vec<u32>]) -> usize {
    let len = |text: &usize| texts.get(*text).map_or(0, Vec::len);
    let fits = |(n, text): &(usize, &usize)| (n + 1) * len(text) <= BATCH_TOKENS;
    order.iter().enumerate().take_while(fits).count().max(1)
}

/// The description, if it is of a model that can be run here.
fn config(bytes: &[u8]) -> Result<Config, EncoderError> {
    #[derive(Deserialize)]
    struct Kind {
        model_type: Option<String>,
    }
    if bytes.len() > MAX_CONFIG_BYTES {
        return Err(EncoderError::ConfigTooLong {
            bytes: bytes.len(),
            limit: MAX_CONFIG_BYTES,
        });
    }
    let parse = |source| EncoderError::Config { source };
    let kind: Kind = serde_json::from_slice(bytes).map_err(parse)?;
    if let Some(architecture) = kind.model_type.filter(|kind| kind != "bert") {
        return Err(EncoderError::UnknownArchitecture {
            architecture: architecture.chars().take(64).collect(),
        });
    }
    let config: Config = serde_json::from_slice(bytes).map_err(parse)?;
    let heads = config.num_attention_heads;
    if heads == 0 || !config.hidden_size.is_multiple_of(heads) || config.hidden_size == 0 {
        return Err(EncoderError::Heads {
            hidden: config.hidden_size,
            heads,
        });
    }
    Ok(config)
}
