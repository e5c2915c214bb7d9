//! Reads PEFT's form: `adapter_config.json` and `adapter_model.safetensors` (huggingface/peft, 0.3 and later).
//!
//! A tensor is called `base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight`, `[rank, inputs]`, and its
//! other half `…lora_B.weight`, `[outputs, rank]`. What is added is `scale · B · A`, with `scale = alpha / rank`,
//! or `alpha / √rank` where `use_rslora` says so (Kalajdzievski 2023).

use std::collections::BTreeMap;
use std::ops::Range;

use candle_core::DType;
use half::{bf16, f16};
use serde::Deserialize;
use serde_json::Value;

use crate::formats::Mapped;
use crate::formats::safetensors::{Safetensors, TensorInfo};
use crate::kernels::RANK_LANES;
use crate::types::Digest;

use super::{Adapter, AdapterError, AdapterShape, LowRank, MODULES, Module};

/// Largest rank.
const MAX_RANK: usize = 512;
/// Longest name of a tensor that an error shows.
const SHOWN: usize = 128;

/// What an adapter is loaded from.
#[derive(Clone, Copy, Debug)]
pub struct AdapterFiles<'a> {
    /// The contents of `adapter_config.json`.
    pub config: &'a [u8],
    /// `adapter_model.safetensors`.
    pub weights: &'a Mapped,
}

/// Keys that change what is computed in ways that are not computed here: each must be left out, `false`, `null` or
/// empty. Further keys say where an adapter came from, or how it was trained.
const UNSUPPORTED: [&str; 13] = [
    "alora_invocation_tokens",
    "alpha_pattern",
    "fan_in_fan_out",
    "layer_replication",
    "lora_bias",
    "megatron_config",
    "modules_to_save",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
    "velora_config",
];

/// The keys that say what is computed.
#[derive(Debug, Deserialize)]
struct Config {
    peft_type: String,
    lora_alpha: f32,
    #[serde(default)]
    use_rslora: bool,
    bias: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

impl Config {
    fn read(bytes: &[u8]) -> Result<Self, AdapterError> {
        let config: Self = serde_json::from_slice(bytes).map_err(|error| AdapterError::Config {
            line: error.line(),
            column: error.column(),
        })?;
        let refuse = |key, problem| Err(AdapterError::Unsupported { key, problem });
        if config.peft_type != "LORA" {
            return refuse("peft_type", "only `LORA` is computed here");
        }
        if !config.lora_alpha.is_finite() {
            return refuse("lora_alpha", "is no finite number");
        }
        if config.bias.as_ref().is_some_and(|bias| bias != "none") {
            return refuse("bias", "biases are not adapted here");
        }
        let set = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(items) => !items.is_empty(),
            _ => true,
        };
        let others = UNSUPPORTED.into_iter();
        let mut others = others.filter(|key| config.others.get(*key).is_some_and(set));
        match others.next() {
            Some(key) => refuse(key, "is not computed here"),
            None => Ok(config),
        }
    }

    fn scale(&self, rank: usize) -> f32 {
        let rank = rank as f32;
        self.lora_alpha / if self.use_rslora { rank.sqrt() } else { rank }
    }
}

/// The two halves of what is added to one matrix of the checkpoint, which may be several of ours.
#[derive(Default)]
struct Pair<'a> {
    a: Option<&'a TensorInfo>,
    b: Option<&'a TensorInfo>,
}

/// The first half of a digest of both files' digests, so that their border does not matter.
fn number(files: &AdapterFiles<'_>) -> u64 {
    let digests =
        [files.config, files.weights.as_bytes()].map(|bytes| *Digest::of(bytes).as_bytes());
    let both = Digest::of(digests.as_flattened());
    let first = both.as_bytes().first_chunk::<8>();
    first.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

pub(super) fn load(
    files: &AdapterFiles<'_>,
    shape: &AdapterShape,
) -> Result<Adapter, AdapterError> {
    let config = Config::read(files.config)?;
    let weights = Safetensors::open(files.weights)?;
    let mut pairs: BTreeMap<(usize, &str), Pair<'_>> = BTreeMap::new();
    for tensor in weights.tensors() {
        let problem = |problem| AdapterError::Tensor {
            tensor: shown(tensor),
            problem,
        };
        let (layer, name, half) =
            place(&tensor.name).ok_or_else(|| problem("only matrices of layers are adapted"))?;
        if layer >= shape.layers {
            return Err(problem("the model has fewer layers"));
        }
        let pair = pairs.entry((layer, name)).or_default();
        match half {
            Half::A => pair.a = Some(tensor),
            Half::B => pair.b = Some(tensor),
        }
    }
    if pairs.is_empty() {
        return Err(AdapterError::Empty);
    }
    let mut adapter = Adapter {
        layers: (0..shape.layers).map(|_| Default::default()).collect(),
        number: number(files),
        rank: 0,
        bytes: 0,
    };
    for ((layer, name), pair) in pairs {
        let (a, b) = match (pair.a, pair.b) {
            (Some(a), Some(b)) => (a, b),
            (Some(one), None) | (None, Some(one)) => {
                return Err(AdapterError::Half { tensor: shown(one) });
            }
            (None, None) => continue,
        };
        let modules = modules_of(name, shape).ok_or_else(|| AdapterError::Tensor {
            tensor: shown(a),
            problem: "the matrix is not one that is adapted here",
        })?;
        let read = Halves::read(&weights, (a, b), &modules, shape)?;
        let scale = config.scale(read.rank);
        for (module, rows) in modules {
            let low = read.low_rank(rows, scale, (module, shape));
            adapter.rank = adapter.rank.max(low.rank);
            adapter.bytes += 4 * (low.down.len() + low.up.len());
            let own: &mut [Option<LowRank>; MODULES] = match adapter.layers.get_mut(layer) {
                Some(own) => own,
                None => continue,
            };
            own[module as usize] = Some(low);
        }
    }
    Ok(adapter)
}

enum Half {
    A,
    B,
}

/// The layer, the matrix and the half that a tensor's name says. Names of training frameworks differ in what
/// stands before `layers`.
fn place(name: &str) -> Option<(usize, &str, Half)> {
    let (_, rest) = name.rsplit_once("layers.")?;
    let (layer, rest) = rest.split_once('.')?;
    let rest = rest.strip_suffix(".weight")?;
    let (module, half) = match rest.strip_suffix(".lora_A") {
        Some(module) => (module, Half::A),
        None => (rest.strip_suffix(".lora_B")?, Half::B),
    };
    Some((layer.parse().ok()?, module, half))
}

/// Our matrices within one of the checkpoint's, and which of its rows each has. Phi's checkpoints have queries,
/// keys and values in one, and both halves of the gate.
fn modules_of(name: &str, shape: &AdapterShape) -> Option<Vec<(Module, Range<usize>)>> {
    let (q, kv, wide) = (shape.queries, shape.keys, shape.feed_forward);
    let whole = |module: Module| vec![(module, 0..shape.of_module(module).1)];
    if shape.experts && name.starts_with("mlp.") {
        return None;
    }
    Some(match name {
        "self_attn.q_proj" => whole(Module::Query),
        "self_attn.k_proj" => whole(Module::Key),
        "self_attn.v_proj" => whole(Module::Value),
        "self_attn.o_proj" => whole(Module::Output),
        "self_attn.qkv_proj" => vec![
            (Module::Query, 0..q),
            (Module::Key, q..q + kv),
            (Module::Value, q + kv..q + 2 * kv),
        ],
        "mlp.gate_proj" => whole(Module::Gate),
        "mlp.up_proj" => whole(Module::Up),
        "mlp.gate_up_proj" => vec![(Module::Gate, 0..wide), (Module::Up, wide..2 * wide)],
        "mlp.down_proj" => whole(Module::Down),
        _ => return None,
    })
}

/// Two halves as numbers.
struct Halves {
    /// `[rank, inputs]`
    a: Vec<f32>,
    /// `[outputs, rank]`
    b: Vec<f32>,
    rank: usize,
    inputs: usize,
}

impl Halves {
    fn read(
        weights: &Safetensors,
        (a, b): (&TensorInfo, &TensorInfo),
        modules: &[(Module, Range<usize>)],
        shape: &AdapterShape,
    ) -> Result<Self, AdapterError> {
        let wrong = |tensor, problem| AdapterError::Tensor {
            tensor: shown(tensor),
            problem,
        };
        let inputs = modules
            .first()
            .map_or(0, |(own, _)| shape.of_module(*own).0);
        let outputs = modules.last().map_or(0, |(_, rows)| rows.end);
        let &[rank, own_inputs] = a.shape.as_slice() else {
            return Err(wrong(a, "it is no matrix"));
        };
        if !(1..=MAX_RANK).contains(&rank) {
            return Err(wrong(a, "its rank is out of range"));
        }
        if own_inputs != inputs {
            return Err(wrong(a, "its inputs are not the model's"));
        }
        if b.shape != [outputs, rank] {
            return Err(wrong(b, "its shape is not the model's outputs by the rank"));
        }
        let read = |tensor| {
            let values = floats(weights, tensor)
                .ok_or_else(|| wrong(tensor, "its elements must be F32, F16 or BF16"))?;
            if values.iter().any(|value| !value.is_finite()) {
                return Err(wrong(tensor, "it holds what is no finite number"));
            }
            Ok(values)
        };
        Ok(Self {
            a: read(a)?,
            b: read(b)?,
            rank,
            inputs,
        })
    }

    /// The part for the outputs `rows`, transposed and padded.
    fn low_rank(
        &self,
        rows: Range<usize>,
        scale: f32,
        (module, shape): (Module, &AdapterShape),
    ) -> LowRank {
        let rank = self.rank.next_multiple_of(RANK_LANES);
        let mut down = vec![0.0; self.inputs * rank];
        for (k, row) in self.a.chunks_exact(self.inputs.max(1)).enumerate() {
            for (i, value) in row.iter().enumerate() {
                down[i * rank + k] = *value;
            }
        }
        let outputs = rows.len();
        let mut up = vec![0.0; rank * outputs];
        let turned = shape.neighbours && matches!(module, Module::Query | Module::Key);
        for (o, row) in self
            .b
            .chunks_exact(self.rank)
            .skip(rows.start)
            .take(outputs)
            .enumerate()
        {
            let o = if turned {
                neighbour(o, shape.head_dim)
            } else {
                o
            };
            for (k, value) in row.iter().enumerate() {
                up[k * outputs + o] = scale * value;
            }
        }
        LowRank { down, up, rank }
    }
}

/// Where a GGUF of the `llama` family keeps row `o` of queries or keys: within a head, the first half's values
/// stand beside the second half's.
fn neighbour(o: usize, head_dim: usize) -> usize {
    let (head, within) = (o / head_dim, o % head_dim);
    let half = head_dim / 2;
    let place = if within < half {
        2 * within
    } else {
        2 * (within - half) + 1
    };
    head * head_dim + place
}

/// The elements of a tensor; `None` for types that have no numbers of ours.
fn floats(weights: &Safetensors, tensor: &TensorInfo) -> Option<Vec<f32>> {
    let bytes = weights.bytes(tensor);
    Some(match tensor.dtype {
        DType::F32 => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        DType::F16 => bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect(),
        DType::BF16 => bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|b| bf16::from_le_bytes(*b).to_f32())
            .collect(),
        _ => return None,
    })
}

fn shown(tensor: &TensorInfo) -> String {
    tensor.name.chars().take(SHOWN).collect()
}
