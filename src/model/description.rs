//! What a decoder looks like, read from the metadata.

use crate::formats::gguf::{Metadata, optional};
use crate::kernels::{Activation, AttentionShape, KvBlocks};

use super::rope::{Pairing, Rope, Scaling};
use super::{BlockForm, ModelError};

/// Most layers that a file may ask for.
const MAX_LAYERS: usize = 1024;
/// Largest width of a layer.
const MAX_WIDTH: usize = 1 << 20;

/// Most values of a head.
pub(super) const MAX_HEAD: usize = 1024;

/// The architectures that the decoder computes, as GGUF names them.
const FAMILIES: [&str; 7] = [
    "gemma2", "gemma3", "llama", "phi3", "qwen2", "qwen3", "qwen3moe",
];
/// Most feed-forwards of a layer.
const MAX_EXPERTS: usize = 1024;
/// GGUF's number for shares by softmax over all experts.
const SOFTMAX_GATING: usize = 1;

/// The description of a decoder. Families differ in these values; what differs in kind has a switch here.
/// Biases, norms of queries and keys, norms after a layer's halves, fused projections and a separate head
/// are there when the file has their tensors.
#[derive(Clone, Debug)]
pub(super) struct DecoderConfig {
    pub(super) family: String,
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) feed_forward: usize,
    /// Where each row has its own feed-forwards.
    pub(super) experts: Option<ExpertConfig>,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) head_dim: usize,
    pub(super) context: usize,
    pub(super) norm_epsilon: f32,
    pub(super) activation: Activation,
    /// Embeddings are multiplied by this.
    pub(super) embedding_scale: f32,
    /// Scores are multiplied by this.
    pub(super) attention_scale: f32,
    pub(super) attention_soft_cap: Option<f32>,
    pub(super) logit_soft_cap: Option<f32>,
    /// Of layers that see everything.
    pub(super) rope: Rope,
    /// Which layers see only a window.
    pub(super) sliding: Option<Sliding>,
}

/// The feed-forwards of a layer of which each row goes to a few.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpertConfig {
    pub(super) count: usize,
    /// How many a row goes to.
    pub(super) used: usize,
    /// Width of one.
    pub(super) feed_forward: usize,
}

/// Layers that see only the tokens just before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sliding {
    pub(super) window: usize,
    /// Of so many layers in a row the last one sees everything; of 1 none does.
    pub(super) period: usize,
    pub(super) rope: Rope,
}

impl DecoderConfig {
    pub(super) fn read(metadata: &Metadata) -> Result<Self, ModelError> {
        let family = metadata.str("general.architecture")?;
        if !FAMILIES.contains(&family) {
            return Err(ModelError::Architecture {
                name: family.escape_debug().take(64).collect(),
            });
        }
        let keys = Keys { family, metadata };
        let heads = keys.size("attention.head_count", 4096)?;
        let kv_heads = keys
            .optional_size("attention.head_count_kv")?
            .unwrap_or(heads);
        let hidden = keys.size("embedding_length", MAX_WIDTH)?;
        if kv_heads == 0 || heads % kv_heads != 0 {
            return Err(keys.odd(
                "attention.head_count_kv",
                kv_heads,
                "does not divide the heads",
            ));
        }
        let head_dim = keys
            .optional_size("attention.key_length")?
            .unwrap_or(hidden / heads);
        if head_dim == 0 || head_dim % 2 != 0 || head_dim > MAX_HEAD {
            let problem = "heads need an even number of values";
            return Err(keys.odd("attention.key_length", head_dim, problem));
        }
        let values = keys
            .optional_size("attention.value_length")?
            .unwrap_or(head_dim);
        if values != head_dim {
            let problem = "keys and values must have one size";
            return Err(keys.odd("attention.value_length", values, problem));
        }
        let layers = keys.size("block_count", MAX_LAYERS)?;
        let context = keys.size("context_length", 1 << 24)?;
        let gemma = family.starts_with("gemma");
        let (rope, context) = keys.rope(head_dim, context)?;
        // The largest Gemmas scale by the width of a head's share of the layer, and no key says so.
        let share = (family, layers) == ("gemma2", 46) || (family, layers) == ("gemma3", 62);
        let query_size = if share { hidden / heads } else { head_dim };
        let scale = 1.0 / (query_size as f32).sqrt();
        Ok(Self {
            family: family.to_owned(),
            layers,
            hidden,
            feed_forward: keys.size("feed_forward_length", MAX_WIDTH)?,
            experts: keys.experts()?,
            heads,
            kv_heads,
            head_dim,
            context,
            norm_epsilon: keys.positive("attention.layer_norm_rms_epsilon", None)?,
            activation: if gemma {
                Activation::Gelu
            } else {
                Activation::Silu
            },
            embedding_scale: if gemma { (hidden as f32).sqrt() } else { 1.0 },
            attention_scale: keys.positive("attention.scale", Some(scale))?,
            attention_soft_cap: keys.optional_positive("attn_logit_softcapping")?,
            logit_soft_cap: keys.optional_positive("final_logit_softcapping")?,
            sliding: keys.sliding(rope)?,
            rope,
        })
    }

    /// Bytes of a cache block's keys and values in all layers.
    pub(super) fn block_bytes(&self, form: BlockForm) -> usize {
        let shape = self.attention_shape(form.tokens);
        KvBlocks::block_bytes(&shape, form.format) * self.layers
    }

    /// The sizes of attention over cache blocks of so many tokens.
    pub(super) fn attention_shape(&self, block_tokens: usize) -> AttentionShape {
        AttentionShape {
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
            block_tokens,
        }
    }

    /// Width of all heads of keys.
    pub(super) fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Width of all heads of queries.
    pub(super) fn q_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// The window of a layer, if it has one.
    pub(super) fn window(&self, layer: usize) -> Option<usize> {
        let sliding = self.sliding?;
        let sees_all = sliding.period > 1 && (layer + 1).is_multiple_of(sliding.period);
        (!sees_all).then_some(sliding.window)
    }
}

/// The keys of one family.
struct Keys<'a> {
    family: &'a str,
    metadata: &'a Metadata,
}

impl Keys<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.family)
    }

    fn size(&self, name: &str, limit: usize) -> Result<usize, ModelError> {
        let value = self.metadata.usize(&self.key(name))?;
        if (1..=limit).contains(&value) {
            return Ok(value);
        }
        Err(self.odd(name, value, "out of range"))
    }

    fn optional_size(&self, name: &str) -> Result<Option<usize>, ModelError> {
        Ok(optional(self.metadata.usize(&self.key(name)))?)
    }

    fn positive(&self, name: &str, default: Option<f32>) -> Result<f32, ModelError> {
        match (self.optional_positive(name)?, default) {
            (Some(value), _) | (None, Some(value)) => Ok(value),
            (None, None) => Ok(self.metadata.f32(&self.key(name))?),
        }
    }

    fn optional_positive(&self, name: &str) -> Result<Option<f32>, ModelError> {
        match optional(self.metadata.f32(&self.key(name)))? {
            Some(value) if !(value.is_finite() && value > 0.0) => Err(ModelError::Metadata {
                key: self.key(name),
                value: value.to_string(),
                problem: "must be positive",
            }),
            value => Ok(value),
        }
    }

    fn odd(&self, name: &str, value: usize, problem: &'static str) -> ModelError {
        ModelError::Metadata {
            key: self.key(name),
            value: value.to_string(),
            problem,
        }
    }

    /// The experts of a layer. All families that have them here give a row's shares by softmax, and divide the
    /// shares of those that it goes to by their sum.
    fn experts(&self) -> Result<Option<ExpertConfig>, ModelError> {
        let count = self.optional_size("expert_count")?.unwrap_or(0);
        if count == 0 && self.family != "qwen3moe" {
            return Ok(None);
        }
        let count = self.size("expert_count", MAX_EXPERTS)?;
        if !matches!(self.family, "llama" | "qwen3moe") {
            return Err(self.odd("expert_count", count, "this family has no experts"));
        }
        for (name, expected) in [
            ("expert_shared_count", 0),
            ("expert_gating_func", SOFTMAX_GATING),
        ] {
            let found = self.optional_size(name)?.unwrap_or(expected);
            if found != expected {
                return Err(self.odd(name, found, "experts of this kind are not supported"));
            }
        }
        let own = self.optional_size("expert_feed_forward_length")?;
        let feed_forward = match own.filter(|own| (1..=MAX_WIDTH).contains(own)) {
            Some(own) => own,
            None => self.size("feed_forward_length", MAX_WIDTH)?,
        };
        Ok(Some(ExpertConfig {
            count,
            used: self.size("expert_used_count", count)?,
            feed_forward,
        }))
    }

    /// The rotation, and the context that it is good for.
    fn rope(&self, head_dim: usize, context: usize) -> Result<(Rope, usize), ModelError> {
        let dimensions = self
            .optional_size("rope.dimension_count")?
            .unwrap_or(head_dim);
        let pairing = if self.family == "llama" {
            Pairing::Neighbours
        } else {
            Pairing::Halves
        };
        let partial = dimensions < head_dim && pairing == Pairing::Halves;
        if dimensions == 0 || dimensions % 2 != 0 || !(dimensions == head_dim || partial) {
            return Err(self.odd("rope.dimension_count", dimensions, "does not fit the heads"));
        }
        let mut rope = Rope {
            base: self.positive("rope.freq_base", Some(10_000.0))?,
            dimensions,
            pairing,
            scaling: Scaling::Linear(1.0),
            magnitude: 1.0,
        };
        let original = self.optional_size("rope.scaling.original_context_length")?;
        match optional(self.metadata.str(&self.key("rope.scaling.type")))? {
            None | Some("none") => {}
            Some("linear") => {
                rope.scaling = Scaling::Linear(self.positive("rope.scaling.factor", None)?);
            }
            Some("yarn") => {
                let factor = self.positive("rope.scaling.factor", None)?;
                rope.scaling = Scaling::Yarn {
                    factor,
                    original: original.unwrap_or(context) as f32,
                    beta_fast: self.positive("rope.scaling.yarn_beta_fast", Some(32.0))?,
                    beta_slow: self.positive("rope.scaling.yarn_beta_slow", Some(1.0))?,
                };
                let own = self.positive("rope.scaling.attn_factor", Some(1.0))?;
                rope.magnitude = own * (0.1 * factor.ln() + 1.0).max(1.0);
            }
            Some("longrope") => {
                rope.magnitude = self.positive("rope.scaling.attn_factor", Some(1.0))?;
                // The factors for long prompts change every position's angles: one request would get
                // another answer by its length. So the context is the one of the short factors.
                return Ok((rope, original.unwrap_or(context).min(context)));
            }
            Some(kind) => {
                return Err(ModelError::Metadata {
                    key: self.key("rope.scaling.type"),
                    value: kind.escape_debug().take(64).collect(),
                    problem: "`none`, `linear`, `yarn` and `longrope` are supported",
                });
            }
        }
        Ok((rope, context))
    }

    fn sliding(&self, rope: Rope) -> Result<Option<Sliding>, ModelError> {
        let window = self.optional_size("attention.sliding_window")?;
        let Some(window) = window.filter(|window| *window > 0) else {
            return Ok(None);
        };
        // Gemma's patterns are part of the architecture.
        let (period, rope) = match self.family {
            "gemma2" => (2, rope),
            "gemma3" => {
                let base = self.positive("rope.freq_base_swa", Some(10_000.0))?;
                (
                    6,
                    Rope {
                        base,
                        scaling: Scaling::Linear(1.0),
                        ..rope
                    },
                )
            }
            _ => (1, rope),
        };
        Ok(Some(Sliding {
            window,
            period,
            rope,
        }))
    }
}
