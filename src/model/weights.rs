//! Reads a decoder's tensors from a GGUF file, each into its place.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use candle_core::quantized::GgmlDType;

use crate::formats::gguf::Gguf;
use crate::kernels::Pool;

use super::ModelError;
use super::description::DecoderConfig;
use super::linear::Linear;

/// One layer's weights.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Vec<f32>,
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
    pub(super) feed_forward_norm: Vec<f32>,
    pub(super) gate: Linear,
    pub(super) up: Linear,
    pub(super) down: Linear,
}

/// All weights.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) embedding: Linear,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Vec<f32>,
    /// The head; `None` where it is the embedding.
    pub(super) head: Option<Linear>,
    /// Divides the rotary frequencies (Llama 3's scaling, as GGUF stores it).
    pub(super) rope_factors: Option<Vec<f32>>,
}

const LAYER_TENSORS: [&str; 9] = [
    "attn_norm",
    "attn_q",
    "attn_k",
    "attn_v",
    "attn_output",
    "ffn_norm",
    "ffn_gate",
    "ffn_up",
    "ffn_down",
];

impl Weights {
    /// Reads everything, layers side by side on the threads of `pool`.
    pub(super) fn load(
        gguf: &Gguf,
        config: &DecoderConfig,
        pool: &Pool,
    ) -> Result<Self, ModelError> {
        refuse_unknown(gguf, config.layers)?;
        let slots: Vec<Mutex<Option<Result<Layer, ModelError>>>> =
            (0..config.layers).map(|_| Mutex::new(None)).collect();
        pool.for_each(config.layers, &|index| {
            if let Some(slot) = slots.get(index) {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(layer(gguf, config, index));
            }
        });
        let mut layers = Vec::with_capacity(config.layers);
        for slot in slots {
            let loaded = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
            layers.push(loaded.ok_or(ModelError::Batch {
                problem: "a layer was not loaded",
            })??);
        }
        let vocab = gguf
            .tensor("token_embd.weight")?
            .shape
            .first()
            .copied()
            .unwrap_or(0);
        let table = (vocab, config.hidden);
        let head = gguf
            .has_tensor("output.weight")
            .then(|| matrix(gguf, "output.weight", table))
            .transpose()?;
        let factors = "rope_freqs.weight";
        Ok(Self {
            embedding: matrix(gguf, "token_embd.weight", table)?,
            layers,
            norm: vector(gguf, "output_norm.weight", config.hidden)?,
            head,
            rope_factors: gguf
                .has_tensor(factors)
                .then(|| vector(gguf, factors, config.head_dim / 2))
                .transpose()?,
        })
    }
}

fn layer(gguf: &Gguf, config: &DecoderConfig, index: usize) -> Result<Layer, ModelError> {
    let (hidden, wide) = (config.hidden, config.feed_forward);
    let read =
        |name: &str, rows, cols| matrix(gguf, &format!("blk.{index}.{name}.weight"), (rows, cols));
    let norm = |name: &str| vector(gguf, &format!("blk.{index}.{name}.weight"), hidden);
    Ok(Layer {
        attention_norm: norm("attn_norm")?,
        query: read("attn_q", config.q_width(), hidden)?,
        key: read("attn_k", config.kv_width(), hidden)?,
        value: read("attn_v", config.kv_width(), hidden)?,
        output: read("attn_output", hidden, config.q_width())?,
        feed_forward_norm: norm("ffn_norm")?,
        gate: read("ffn_gate", wide, hidden)?,
        up: read("ffn_up", wide, hidden)?,
        down: read("ffn_down", hidden, wide)?,
    })
}

/// Reads a matrix and gives the file's pages of it back: what was repacked isn't needed twice.
fn matrix(gguf: &Gguf, name: &str, (rows, cols): (usize, usize)) -> Result<Linear, ModelError> {
    let info = gguf.tensor(name)?;
    if info.shape != [rows, cols] {
        let (found, expected) = (info.shape.clone(), vec![rows, cols]);
        return Err(ModelError::TensorShape {
            tensor: name.to_owned(),
            found,
            expected,
        });
    }
    let linear = Linear::new(name, info.dtype, (rows, cols), gguf.bytes(info))?;
    gguf.release(info);
    Ok(linear)
}

fn vector(gguf: &Gguf, name: &str, len: usize) -> Result<Vec<f32>, ModelError> {
    let info = gguf.tensor(name)?;
    if info.shape != [len] {
        let (found, expected) = (info.shape.clone(), vec![len]);
        return Err(ModelError::TensorShape {
            tensor: name.to_owned(),
            found,
            expected,
        });
    }
    if info.dtype != GgmlDType::F32 {
        return Err(ModelError::TensorType {
            tensor: name.to_owned(),
        });
    }
    Ok(gguf
        .bytes(info)
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect())
}

fn refuse_unknown(gguf: &Gguf, layers: usize) -> Result<(), ModelError> {
    let mut known: BTreeSet<String> = ["token_embd", "output_norm", "output", "rope_freqs"]
        .iter()
        .map(|name| format!("{name}.weight"))
        .collect();
    for index in 0..layers {
        known.extend(
            LAYER_TENSORS
                .iter()
                .map(|name| format!("blk.{index}.{name}.weight")),
        );
    }
    match gguf
        .tensors()
        .iter()
        .find(|info| !known.contains(&info.name))
    {
        Some(info) => Err(ModelError::UnknownTensor {
            tensor: info.name.chars().take(128).collect(),
        }),
        None => Ok(()),
    }
}
