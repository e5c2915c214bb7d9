//! Reads a model's tensors, each into its place.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use candle_core::quantized::GgmlDType;

use crate::formats::Source;
use crate::formats::gguf::TensorInfo;
use crate::kernels::{Matrix, Pool};

use super::ModelError;
use super::description::DecoderConfig;
use super::experts::Experts;
use super::linear::{self, Linear};

/// One layer's weights.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Vec<f32>,
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    /// Per head, of queries and keys (Qwen 3, Gemma 3).
    pub(super) query_norm: Option<Vec<f32>>,
    pub(super) key_norm: Option<Vec<f32>>,
    pub(super) output: Linear,
    /// Before the attention's output is added (Gemma).
    pub(super) after_attention_norm: Option<Vec<f32>>,
    pub(super) feed_forward_norm: Vec<f32>,
    pub(super) feed_forward: FeedForward,
    /// Before the feed-forward's output is added (Gemma).
    pub(super) after_feed_forward_norm: Option<Vec<f32>>,
}

/// The second half of a layer.
#[derive(Debug)]
pub(super) enum FeedForward {
    /// The same for all rows.
    Gated(Gated),
    /// A few of many, for each row its own (Mixtral, Qwen 3 MoE).
    Experts(Experts),
}

impl FeedForward {
    /// The matrices that a row meets first.
    pub(super) fn first(&self) -> Vec<&Matrix> {
        match self {
            Self::Gated(own) => vec![&own.gate.matrix, &own.up.matrix],
            Self::Experts(own) => vec![own.router()],
        }
    }
}

/// A gated feed-forward: `down(act(gate(x)) · up(x))`.
#[derive(Debug)]
pub(super) struct Gated {
    pub(super) gate: Linear,
    pub(super) up: Linear,
    pub(super) down: Linear,
}

/// All weights.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) embedding: Matrix,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Vec<f32>,
    /// The head; `None` where it is the embedding.
    pub(super) head: Option<Matrix>,
    /// Divide the rotary frequencies.
    pub(super) rope_factors: Option<Vec<f32>>,
}

impl Weights {
    /// Reads everything; each matrix is repacked by all threads of `pool`, and the file's pages of it are
    /// given back: what was repacked isn't needed twice.
    pub(super) fn load(
        source: &dyn Source,
        config: &DecoderConfig,
        pool: &Pool,
    ) -> Result<Self, ModelError> {
        let file = File::new(source, pool);
        let layers = (0..config.layers)
            .map(|index| file.layer(config, index))
            .collect::<Result<_, _>>()?;
        let vocab = source
            .tensor("token_embd.weight")?
            .shape
            .first()
            .copied()
            .unwrap_or(0);
        let table = (vocab, config.hidden);
        let head = file.has("output.weight");
        let pairs = config.rope.dimensions / 2;
        let factors = ["rope_freqs.weight", "rope_factors_short.weight"]
            .map(|name| file.has(name).then(|| file.vector(name, pairs)).transpose());
        let [llama, short] = factors;
        if file.has("rope_factors_long.weight") {
            // Not used: see `DecoderConfig::read`.
            file.vector("rope_factors_long.weight", pairs)?;
        }
        let weights = Self {
            embedding: file.matrix("token_embd.weight", table)?,
            layers,
            norm: file.vector("output_norm.weight", config.hidden)?,
            head: head
                .then(|| file.matrix("output.weight", table))
                .transpose()?,
            rope_factors: llama?.or(short?),
        };
        file.refuse_unused(&config.family)?;
        Ok(weights)
    }
}

/// The file, and what was read of it.
#[derive(Debug)]
pub(super) struct File<'a> {
    source: &'a dyn Source,
    pool: &'a Pool,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> File<'a> {
    /// Nothing read yet; matrices are repacked on the threads of `pool`.
    pub(super) fn new(source: &'a dyn Source, pool: &'a Pool) -> Self {
        Self {
            source,
            pool,
            used: RefCell::new(BTreeSet::new()),
        }
    }

    fn layer(&self, config: &DecoderConfig, index: usize) -> Result<Layer, ModelError> {
        let (hidden, wide) = (config.hidden, config.feed_forward);
        let (q, kv) = (config.q_width(), config.kv_width());
        let name = |part: &str| format!("blk.{index}.{part}");
        let norm = |part: &str, len| self.vector(&name(&format!("{part}.weight")), len);
        let optional_norm = |part: &str, len| {
            self.has(&name(&format!("{part}.weight")))
                .then(|| norm(part, len))
                .transpose()
        };
        let fused = |part: &str, rows: Range<usize>, of: usize| {
            self.linear(&name(part), rows, (of, hidden))
        };
        let whole = |part: &str, rows, cols| self.linear(&name(part), 0..rows, (rows, cols));
        let [query, key, value] = if self.has(&name("attn_qkv.weight")) {
            let of = q + 2 * kv;
            [0..q, q..q + kv, q + kv..of].map(|rows| fused("attn_qkv", rows, of))
        } else {
            [("attn_q", q), ("attn_k", kv), ("attn_v", kv)]
                .map(|(part, rows)| whole(part, rows, hidden))
        };
        let attention_norm = norm("attn_norm", hidden)?;
        let feed_forward = if let Some(experts) = &config.experts {
            let router = self.matrix(&name("ffn_gate_inp.weight"), (experts.count, hidden))?;
            // In a stack, or each by itself: so they stand in checkpoints, and in GGUF files of before April 2024.
            let all = |part: &str, rows, cols| {
                let stack = name(&format!("{part}_exps.weight"));
                if self.has(&stack) {
                    return self.stacked(&stack, (experts.count, rows, cols));
                }
                let one = |index: usize| whole(&format!("{part}.{index}"), rows, cols);
                (0..experts.count).map(one).collect()
            };
            let wide = experts.feed_forward;
            let gates = all("ffn_gate", wide, hidden)?;
            let ups = all("ffn_up", wide, hidden)?;
            let downs = all("ffn_down", hidden, wide)?;
            let own = gates.into_iter().zip(ups).zip(downs);
            let own = own.map(|((gate, up), down)| Gated { gate, up, down });
            FeedForward::Experts(Experts::new(router, own.collect(), experts.used))
        } else {
            let [gate, up] = if self.has(&name("ffn_gate.weight")) {
                ["ffn_gate", "ffn_up"].map(|part| whole(part, wide, hidden))
            } else {
                [0..wide, wide..2 * wide].map(|rows| fused("ffn_up", rows, 2 * wide))
            };
            FeedForward::Gated(Gated {
                gate: gate?,
                up: up?,
                down: whole("ffn_down", hidden, wide)?,
            })
        };
        Ok(Layer {
            attention_norm,
            query: query?,
            key: key?,
            value: value?,
            query_norm: optional_norm("attn_q_norm", config.head_dim)?,
            key_norm: optional_norm("attn_k_norm", config.head_dim)?,
            output: whole("attn_output", hidden, q)?,
            after_attention_norm: optional_norm("post_attention_norm", hidden)?,
            feed_forward_norm: norm("ffn_norm", hidden)?,
            feed_forward,
            after_feed_forward_norm: optional_norm("post_ffw_norm", hidden)?,
        })
    }

    /// What is read.
    pub(super) const fn source(&self) -> &'a dyn Source {
        self.source
    }

    fn has(&self, name: &str) -> bool {
        self.source.has_tensor(name)
    }

    /// Where a tensor is, which has to be of this shape.
    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<&TensorInfo, ModelError> {
        let info = self.source.tensor(name)?;
        if info.shape != shape {
            let (found, expected) = (info.shape.clone(), shape.to_vec());
            return Err(ModelError::TensorShape {
                tensor: name.to_owned(),
                found,
                expected,
            });
        }
        self.used.borrow_mut().insert(name.to_owned());
        Ok(info)
    }

    /// The rows `rows` of a matrix of `shape`, with their biases if the file has any.
    pub(super) fn linear(
        &self,
        name: &str,
        rows: Range<usize>,
        shape: (usize, usize),
    ) -> Result<Linear, ModelError> {
        let bias_name = format!("{name}.bias");
        let bias = self
            .has(&bias_name)
            .then(|| self.vector(&bias_name, shape.0))
            .transpose()?;
        Ok(Linear {
            matrix: self.rows(&format!("{name}.weight"), rows.clone(), shape)?,
            bias: bias.map(|bias| bias[rows].to_vec()),
        })
    }

    fn matrix(&self, name: &str, shape: (usize, usize)) -> Result<Matrix, ModelError> {
        self.rows(name, 0..shape.0, shape)
    }

    fn rows(
        &self,
        name: &str,
        rows: Range<usize>,
        shape: (usize, usize),
    ) -> Result<Matrix, ModelError> {
        let info = self.tensor(name, &[shape.0, shape.1])?;
        let all = rows.end == shape.0;
        let matrix = self.packed(info, rows, shape)?;
        if all {
            self.source.release(info);
        }
        Ok(matrix)
    }

    /// The matrices `[rows, cols]` of a stack of `count`.
    fn stacked(
        &self,
        name: &str,
        (count, rows, cols): (usize, usize, usize),
    ) -> Result<Vec<Linear>, ModelError> {
        let info = self.tensor(name, &[count, rows, cols])?;
        let all = (0..count).map(|index| {
            let matrix =
                self.packed(info, index * rows..(index + 1) * rows, (count * rows, cols))?;
            Ok(Linear { matrix, bias: None })
        });
        let all = all.collect::<Result<_, ModelError>>()?;
        self.source.release(info);
        Ok(all)
    }

    /// Rows of a tensor that has `shape.0` of `shape.1` values, repacked.
    fn packed(
        &self,
        info: &TensorInfo,
        rows: Range<usize>,
        shape: (usize, usize),
    ) -> Result<Matrix, ModelError> {
        let bytes = self.source.bytes(info);
        let per_row = bytes.len().checked_div(shape.0).unwrap_or(0);
        let bytes = &bytes[rows.start * per_row..rows.end * per_row];
        let packed = linear::matrix(self.pool, info.dtype, (rows.len(), shape.1), bytes);
        let packed = packed.ok_or_else(|| ModelError::TensorType {
            tensor: info.name.clone(),
        })?;
        packed.map_err(|source| ModelError::Pack {
            tensor: info.name.clone(),
            source,
        })
    }

    pub(super) fn vector(&self, name: &str, len: usize) -> Result<Vec<f32>, ModelError> {
        self.floats(name, &[len])
    }

    /// The elements of a tensor of floats, row after row.
    pub(super) fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let info = self.tensor(name, shape)?;
        if info.dtype != GgmlDType::F32 {
            return Err(ModelError::TensorType {
                tensor: name.to_owned(),
            });
        }
        let bytes = self.source.bytes(info);
        let floats = bytes.as_chunks::<4>().0;
        Ok(floats
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect())
    }

    /// A tensor that the model has no place for: computing without it would be wrong.
    pub(super) fn refuse_unused(&self, family: &str) -> Result<(), ModelError> {
        let used = self.used.borrow();
        match self
            .source
            .tensors()
            .iter()
            .find(|info| !used.contains(&info.name))
        {
            Some(info) => Err(ModelError::UnknownTensor {
                tensor: info.name.escape_debug().take(128).collect(),
                family: family.to_owned(),
            }),
            None => Ok(()),
        }
    }
}
