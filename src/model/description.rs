//! What a decoder looks like, read from the metadata.

use crate::formats::gguf::{Metadata, optional};

use super::ModelError;

/// Most layers that a file may ask for.
const MAX_LAYERS: usize = 1024;
/// Largest width of a layer.
const MAX_WIDTH: usize = 1 << 20;

/// The description of a decoder. Families differ in these values; what differs in kind gets a switch here.
#[derive(Clone, Debug)]
pub(super) struct DecoderConfig {
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) feed_forward: usize,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    pub(super) context: usize,
    pub(super) norm_epsilon: f32,
    pub(super) rope_base: f32,
    /// Positions are divided by this (linear scaling).
    pub(super) rope_factor: f32,
}

impl DecoderConfig {
    pub(super) fn read(metadata: &Metadata) -> Result<Self, ModelError> {
        let name = metadata.str("general.architecture")?;
        if name != "llama" {
            return Err(ModelError::Architecture {
                name: name.chars().take(64).collect(),
            });
        }
        let size = |key: &str, limit: usize| {
            let key = format!("llama.{key}");
            let value = metadata.usize(&key)?;
            if (1..=limit).contains(&value) {
                return Ok(value);
            }
            Err(ModelError::Metadata {
                key,
                value: value.to_string(),
                problem: "out of range",
            })
        };
        let heads = size("attention.head_count", 4096)?;
        let kv_heads = optional(metadata.usize("llama.attention.head_count_kv"))?.unwrap_or(heads);
        let hidden = size("embedding_length", MAX_WIDTH)?;
        if kv_heads == 0 || heads % kv_heads != 0 {
            return Err(odd(
                "attention.head_count_kv",
                kv_heads,
                "does not divide the heads",
            ));
        }
        let head_dim =
            optional(metadata.usize("llama.attention.key_length"))?.unwrap_or(hidden / heads);
        if head_dim == 0 || head_dim % 2 != 0 || head_dim > 1024 {
            return Err(odd(
                "attention.key_length",
                head_dim,
                "heads need an even number of values",
            ));
        }
        let rotated = optional(metadata.usize("llama.rope.dimension_count"))?.unwrap_or(head_dim);
        if rotated != head_dim {
            return Err(odd(
                "rope.dimension_count",
                rotated,
                "only whole heads are rotated",
            ));
        }
        if optional(metadata.usize("llama.expert_count"))?.is_some_and(|experts| experts > 0) {
            return Err(odd("expert_count", 1, "experts are not supported"));
        }
        Ok(Self {
            layers: size("block_count", MAX_LAYERS)?,
            hidden,
            feed_forward: size("feed_forward_length", MAX_WIDTH)?,
            heads,
            kv_heads,
            head_dim,
            context: size("context_length", 1 << 24)?,
            norm_epsilon: positive(metadata, "llama.attention.layer_norm_rms_epsilon", None)?,
            rope_base: positive(metadata, "llama.rope.freq_base", Some(10_000.0))?,
            rope_factor: rope_factor(metadata)?,
        })
    }

    /// Width of all heads of keys.
    pub(super) fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Width of all heads of queries.
    pub(super) fn q_width(&self) -> usize {
        self.heads * self.head_dim
    }
}

fn rope_factor(metadata: &Metadata) -> Result<f32, ModelError> {
    match optional(metadata.str("llama.rope.scaling.type"))? {
        None | Some("none") => Ok(1.0),
        Some("linear") => positive(metadata, "llama.rope.scaling.factor", None),
        Some(kind) => Err(ModelError::Metadata {
            key: "llama.rope.scaling.type".to_owned(),
            value: kind.chars().take(64).collect(),
            problem: "`none` and `linear` are supported",
        }),
    }
}

fn positive(metadata: &Metadata, key: &str, default: Option<f32>) -> Result<f32, ModelError> {
    let value = match (optional(metadata.f32(key))?, default) {
        (Some(value), _) => value,
        (None, Some(value)) => value,
        (None, None) => metadata.f32(key)?,
    };
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(ModelError::Metadata {
        key: key.to_owned(),
        value: value.to_string(),
        problem: "must be positive",
    })
}

fn odd(key: &str, value: usize, problem: &'static str) -> ModelError {
    ModelError::Metadata {
        key: format!("llama.{key}"),
        value: value.to_string(),
        problem,
    }
}
