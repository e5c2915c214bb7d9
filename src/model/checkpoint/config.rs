//! `config.json` in GGUF's words.

use serde_json::Value;

use super::super::description::MAX_HEAD;
use super::CheckpointError;
use super::keys::Keys;
use super::rope::{self, Scaled};
use crate::formats::gguf::Metadata;

/// Largest `config.json`, in bytes.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// A kind of checkpoint that is read, and what its `config.json` leaves to the family.
#[derive(Debug)]
pub(super) struct Kind {
    /// `model_type` in the file.
    model_type: &'static str,
    /// What GGUF calls the architecture.
    pub(super) architecture: &'static str,
    tied: bool,
    head_dim: Option<u32>,
    norm_epsilon: f32,
    /// Every n-th layer sees everything; `None` where all layers are alike.
    period: Option<usize>,
    /// Caps of scores and of logits.
    soft_caps: [Option<f32>; 2],
    /// Each row goes to a few of many feed-forwards; the key says how wide one is.
    experts: Option<&'static str>,
}

const PLAIN: Kind = Kind {
    model_type: "llama",
    architecture: "llama",
    tied: false,
    head_dim: None,
    norm_epsilon: 1e-6,
    period: None,
    soft_caps: [None; 2],
    experts: None,
};
const GEMMA: Kind = Kind {
    tied: true,
    head_dim: Some(256),
    ..PLAIN
};

const KINDS: [Kind; 9] = [
    PLAIN,
    Kind {
        model_type: "mistral",
        ..PLAIN
    },
    Kind {
        model_type: "mixtral",
        norm_epsilon: 1e-5,
        experts: Some("intermediate_size"),
        ..PLAIN
    },
    Kind {
        model_type: "qwen2",
        architecture: "qwen2",
        ..PLAIN
    },
    Kind {
        model_type: "qwen3",
        architecture: "qwen3",
        head_dim: Some(128),
        ..PLAIN
    },
    Kind {
        model_type: "qwen3_moe",
        architecture: "qwen3moe",
        head_dim: None,
        experts: Some("moe_intermediate_size"),
        ..PLAIN
    },
    Kind {
        model_type: "gemma2",
        architecture: "gemma2",
        period: Some(2),
        soft_caps: [Some(50.0), Some(30.0)],
        ..GEMMA
    },
    Kind {
        model_type: "gemma3_text",
        architecture: "gemma3",
        period: Some(6),
        ..GEMMA
    },
    Kind {
        model_type: "phi3",
        architecture: "phi3",
        norm_epsilon: 1e-5,
        ..PLAIN
    },
];

/// What a `config.json` says.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) kind: &'static Kind,
    pub(super) metadata: Metadata,
    /// Whether the head is the embedding.
    pub(super) tied: bool,
    /// Rows and columns of the table of embeddings.
    pub(super) vocabulary: u32,
    pub(super) hidden: u32,
    pub(super) heads: u32,
    pub(super) kv_heads: u32,
    pub(super) scaled: Scaled,
}

impl Kind {
    /// Norms are stored less one.
    pub(super) fn is_gemma(&self) -> bool {
        self.architecture.starts_with("gemma")
    }

    /// Each row goes to a few of many feed-forwards.
    pub(super) fn has_experts(&self) -> bool {
        self.experts.is_some()
    }

    /// Rows of queries and keys are in another order than GGUF has them.
    pub(super) fn halves_to_neighbours(&self) -> bool {
        self.architecture == "llama"
    }
}

/// Reads `config.json`. Whatever is not understood is an error that names it.
pub(super) fn read(bytes: &[u8]) -> Result<Described, CheckpointError> {
    let json: Value = serde_json::from_slice(bytes).map_err(|error| CheckpointError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    let Some(object) = json.as_object() else {
        return Err(CheckpointError::Json { line: 1, column: 1 });
    };
    let keys = Keys::new(object, "");
    let model_type = keys
        .text("model_type")?
        .ok_or_else(|| keys.missing("model_type"))?;
    let Some(kind) = KINDS.iter().find(|kind| kind.model_type == model_type) else {
        let problem = "llama, mistral, mixtral, qwen2, qwen3, qwen3_moe, gemma2, gemma3_text and phi3 are read from safetensors";
        return Err(keys.odd("model_type", &Value::from(model_type), problem));
    };
    let quantised = "quantised checkpoints are not read; take one in f32, f16 or bf16";
    keys.off("quantization_config", quantised)?;
    keys.off("rope_interleaved", "halves of heads are rotated together")?;
    keys.off("use_bidirectional_attention", "attention looks back only")?;
    keys.off("is_encoder_decoder", "a decoder alone is read")?;
    keys.off("add_cross_attention", "a decoder alone is read")?;
    // Biases are there where the checkpoint has their tensors.
    for key in ["attention_bias", "mlp_bias"] {
        keys.flag(key)?;
    }
    let activation: &[&str] = if kind.is_gemma() {
        &["gelu_pytorch_tanh"]
    } else {
        &["silu", "swish"]
    };
    let problem = "the family's own activation is computed: silu, or gelu_pytorch_tanh for Gemma";
    keys.only("hidden_activation", activation, problem)?;
    // Gemma's older files say `gelu` here, which their own program does not read.
    let written = keys.text("hidden_act")?;
    if !kind.is_gemma() && written.is_some() {
        keys.only("hidden_act", activation, problem)?;
    }
    let described = Reader { kind, keys: &keys }.read()?;
    keys.refuse_unknown()?;
    Ok(described)
}

struct Reader<'a> {
    kind: &'static Kind,
    keys: &'a Keys<'a>,
}

impl Reader<'_> {
    fn read(&self) -> Result<Described, CheckpointError> {
        let Self { kind, keys } = *self;
        let name = |key: &str| format!("{}.{key}", kind.architecture);
        let vocabulary = keys.need("vocab_size")?;
        let mut metadata = Metadata::default();
        metadata.insert("general.architecture", kind.architecture);
        let hidden = keys.need("hidden_size")?;
        let heads = keys.need("num_attention_heads")?;
        let layers = keys.need("num_hidden_layers")?;
        let kv_heads = match keys.size("num_key_value_heads")? {
            Some(kv_heads) => kv_heads,
            None if kind.is_gemma() || kind.model_type == "mistral" => {
                return Err(keys.missing("num_key_value_heads"));
            }
            None => heads,
        };
        let share = hidden.checked_div(heads).unwrap_or(0);
        let head_dim = keys.size("head_dim")?.or(kind.head_dim).unwrap_or(share);
        // Before anything is computed for each value of a head.
        if head_dim as usize > MAX_HEAD {
            let problem = "heads have 1024 values at most";
            return Err(keys.odd("head_dim", &Value::from(head_dim), problem));
        }
        for (key, value) in [
            ("embedding_length", hidden),
            ("block_count", layers),
            ("feed_forward_length", keys.need("intermediate_size")?),
            ("attention.head_count", heads),
            ("attention.head_count_kv", kv_heads),
            ("attention.key_length", head_dim),
            ("attention.value_length", head_dim),
            ("vocab_size", vocabulary),
        ] {
            metadata.insert(&name(key), value);
        }
        self.experts(&mut metadata, &name)?;
        let epsilon = keys.number("rms_norm_eps")?.unwrap_or(kind.norm_epsilon);
        metadata.insert(&name("attention.layer_norm_rms_epsilon"), epsilon);
        if kind.is_gemma() {
            let scalar = keys.number("query_pre_attn_scalar")?.unwrap_or(256.0);
            metadata.insert(&name("attention.scale"), 1.0 / scalar.sqrt());
        }
        let caps = ["attn_logit_softcapping", "final_logit_softcapping"];
        for (key, default) in caps.into_iter().zip(kind.soft_caps) {
            if let Some(cap) = self.soft_cap(key, default)? {
                metadata.insert(&name(key), cap);
            }
        }
        if let Some(window) = self.window(layers)? {
            metadata.insert(&name("attention.sliding_window"), window);
        }
        let scaled = rope::read(keys, head_dim, kind.architecture)?;
        scaled.write(&mut metadata, &name);
        Ok(Described {
            kind,
            metadata,
            tied: keys.flag("tie_word_embeddings")?.unwrap_or(kind.tied),
            vocabulary,
            hidden,
            heads,
            kv_heads,
            scaled,
        })
    }

    /// The experts. All layers have them, and the shares of those that a row goes to are divided by their sum.
    fn experts(
        &self,
        metadata: &mut Metadata,
        name: &dyn Fn(&str) -> String,
    ) -> Result<(), CheckpointError> {
        let Self { kind, keys } = *self;
        let Some(width) = kind.experts else {
            return Ok(());
        };
        // Qwen's makers write the first, Mixtral's and `transformers` the second.
        let count = match keys.size("num_experts")? {
            Some(count) => count,
            None => keys.need("num_local_experts")?,
        };
        metadata.insert(&name("expert_count"), count);
        metadata.insert(
            &name("expert_used_count"),
            keys.need("num_experts_per_tok")?,
        );
        metadata.insert(&name("expert_feed_forward_length"), keys.need(width)?);
        // Of training alone.
        keys.number("router_aux_loss_coef")?;
        keys.number("router_jitter_noise")?;
        keys.flag("output_router_logits")?;
        if kind.model_type == "mixtral" {
            return Ok(());
        }
        keys.off("mlp_only_layers", "all layers have experts")?;
        if let Some(step) = keys.size("decoder_sparse_step")?.filter(|step| *step != 1) {
            let problem = "all layers have experts";
            return Err(keys.odd("decoder_sparse_step", &Value::from(step), problem));
        }
        match keys.flag("norm_topk_prob")? {
            Some(true) => Ok(()),
            // The family's own default.
            found => {
                let problem = "the shares of the experts that are used are divided by their sum";
                let found = Value::from(found.unwrap_or(false));
                Err(keys.odd("norm_topk_prob", &found, problem))
            }
        }
    }

    /// A cap; a `null` in the file says that there is none, where a missing key leaves it to the family.
    fn soft_cap(&self, key: &str, default: Option<f32>) -> Result<Option<f32>, CheckpointError> {
        match self.keys.number(key)? {
            Some(cap) => Ok(Some(cap)),
            None if self.keys.has(key) => Ok(None),
            None => Ok(default),
        }
    }

    /// The window of the layers that have one.
    fn window(&self, layers: u32) -> Result<Option<u32>, CheckpointError> {
        let Self { kind, keys } = *self;
        let written = keys.size("sliding_window")?;
        let switch = keys.flag("use_sliding_window")?;
        let types = keys.texts("layer_types")?;
        // Without a list, Qwen's layers slide from this one on.
        let first = keys.size("max_window_layers")?.unwrap_or(28);
        let mut patterns = ["sliding_window_pattern", "_sliding_window_pattern"]
            .map(|key| Ok((key, keys.size(key)?)))
            .into_iter()
            .collect::<Result<Vec<_>, CheckpointError>>()?
            .into_iter();
        let is_qwen = kind.model_type.starts_with("qwen");
        let is_on = kind.model_type != "llama" && (!is_qwen || switch == Some(true));
        let Some(window) = written.filter(|window| is_on && *window > 0) else {
            return Ok(None);
        };
        let odd = |key, value: &str| {
            let problem = "the family's own pattern of sliding layers is computed, no other";
            Err(keys.odd(key, &Value::from(value), problem))
        };
        let period = kind.period.unwrap_or(1);
        let other = |own: &(&str, Option<u32>)| own.1.is_some_and(|own| own as usize != period);
        if let Some((key, pattern)) = patterns.find(other) {
            return odd(key, &pattern.unwrap_or(0).to_string());
        }
        let Some(types) = types else {
            return match (is_qwen, first) {
                (true, first) if first >= layers => Ok(None),
                (true, first) if first > 0 => odd("max_window_layers", &first.to_string()),
                _ => Ok(Some(window)),
            };
        };
        if types.iter().all(|kind| *kind == "full_attention") {
            return Ok(None);
        }
        let due = |index: usize| match kind.period {
            Some(period) if (index + 1).is_multiple_of(period) => "full_attention",
            _ => "sliding_attention",
        };
        let is_own = (0..).zip(&types).all(|(index, kind)| *kind == due(index));
        if is_own && types.len() == layers as usize {
            return Ok(Some(window));
        }
        odd("layer_types", "another list")
    }
}
