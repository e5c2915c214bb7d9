//! An encoder's `config.json`.

use serde::Deserialize;

use super::super::bert::{BertConfig, MAX_LAYERS, MAX_WIDTH};
use super::EncoderError;

/// The most bytes of a `config.json`.
const MAX_CONFIG_BYTES: usize = 1 << 20;

/// Longest text out of the file that an error shows.
const SHOWN: usize = 64;

/// Sizes and settings.
#[derive(Debug)]
pub(super) struct EncoderConfig {
    pub(super) bert: BertConfig,
    pub(super) vocabulary: usize,
}

/// What is looked at before the rest, which another family may lack.
#[derive(Deserialize)]
struct RawKind {
    model_type: Option<String>,
}

#[derive(Deserialize)]
struct RawConfig {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f32,
    position_embedding_type: Option<String>,
    is_decoder: Option<bool>,
    add_cross_attention: Option<bool>,
}

impl EncoderConfig {
    /// Reads a description, if it is of a model that is computed here.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, EncoderError> {
        if bytes.len() > MAX_CONFIG_BYTES {
            return Err(EncoderError::ConfigTooLong {
                bytes: bytes.len(),
                limit: MAX_CONFIG_BYTES,
            });
        }
        let parse = |source| EncoderError::Config { source };
        let kind: RawKind = serde_json::from_slice(bytes).map_err(parse)?;
        if let Some(architecture) = kind.model_type.filter(|kind| kind != "bert") {
            return Err(EncoderError::UnknownArchitecture {
                architecture: architecture.chars().take(SHOWN).collect(),
            });
        }
        let raw: RawConfig = serde_json::from_slice(bytes).map_err(parse)?;
        raw.check()?;
        Ok(Self {
            bert: BertConfig {
                layers: raw.num_hidden_layers,
                hidden: raw.hidden_size,
                feed_forward: raw.intermediate_size,
                heads: raw.num_attention_heads,
                epsilon: raw.layer_norm_eps,
                positions: raw.max_position_embeddings,
                kinds: raw.type_vocab_size,
            },
            vocabulary: raw.vocab_size,
        })
    }
}

impl RawConfig {
    fn check(&self) -> Result<(), EncoderError> {
        let (hidden, heads) = (self.hidden_size, self.num_attention_heads);
        if heads == 0 || hidden == 0 || !hidden.is_multiple_of(heads) {
            return Err(EncoderError::Heads { hidden, heads });
        }
        for (key, size, most) in [
            ("num_hidden_layers", self.num_hidden_layers, MAX_LAYERS),
            ("hidden_size", hidden, MAX_WIDTH),
            ("intermediate_size", self.intermediate_size, MAX_WIDTH),
            (
                "max_position_embeddings",
                self.max_position_embeddings,
                MAX_WIDTH,
            ),
            ("type_vocab_size", self.type_vocab_size, MAX_WIDTH),
        ] {
            if size == 0 || size > most {
                return Err(odd(key, &size.to_string(), "it is 0 or too large"));
            }
        }
        let epsilon = self.layer_norm_eps;
        if !(epsilon > 0.0 && epsilon < 1.0) {
            let problem = "it is above 0 and below 1";
            return Err(odd("layer_norm_eps", &epsilon.to_string(), problem));
        }
        if self.hidden_act != "gelu" {
            let problem = "`gelu` is computed, with the error function, and no other";
            return Err(odd("hidden_act", &self.hidden_act, problem));
        }
        if let Some(kind) = self.position_embedding_type.as_deref()
            && kind != "absolute"
        {
            let problem = "positions are `absolute` here";
            return Err(odd("position_embedding_type", kind, problem));
        }
        for (key, flag) in [
            ("is_decoder", self.is_decoder),
            ("add_cross_attention", self.add_cross_attention),
        ] {
            if flag == Some(true) {
                return Err(odd(key, "true", "an encoder alone is computed"));
            }
        }
        Ok(())
    }
}

fn odd(key: &'static str, value: &str, problem: &'static str) -> EncoderError {
    EncoderError::Setting {
        key,
        value: value.escape_debug().take(SHOWN).collect(),
        problem,
    }
}
