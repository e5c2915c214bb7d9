//! Checkpoints in safetensors, put into GGUF's words: `config.json` becomes the metadata that the decoder is described
//! by, and each tensor gets the name, the order of rows and the offset that GGUF files have. What a conversion would
//! write is so what is loaded, and there is one decoder with one set of checks.

mod bert;
mod config;
mod error;
mod keys;
mod names;
mod rope;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use candle_core::DType;
use candle_core::quantized::GgmlDType;
use half::{bf16, f16};

pub use self::error::CheckpointError;

use self::names::{Form, Place};
use self::rope::Factors;
use super::ModelError;
use crate::formats::gguf::{Gguf, GgufError, Metadata, TensorInfo, TensorType};
use crate::formats::manifest::Format;
use crate::formats::safetensors::{self, Safetensors};
use crate::formats::{Folder, FormatError, Mapped, Source, VerifiedModel};

/// The file that says what a checkpoint is.
const CONFIG: &str = "config.json";

/// Opens the weights of a verified model, whatever their format.
///
/// # Errors
///
/// [`ModelError`] names the file, key or tensor that can't be used.
pub fn open_model(model: &VerifiedModel) -> Result<Box<dyn Source>, ModelError> {
    Ok(match model.manifest().format {
        Format::Gguf => Box::new(Gguf::open(model.weights()?)?),
        Format::Safetensors => Box::new(Checkpoint::open(&Folder::of(model))?),
    })
}

/// Opens the weights at `path`: a folder with a checkpoint in safetensors, or a GGUF file.
///
/// # Errors
///
/// As [`open_model`].
pub fn open_path(path: &Path) -> Result<Box<dyn Source>, ModelError> {
    if path.is_dir() {
        return Ok(Box::new(Checkpoint::open(&Folder::open(path)?)?));
    }
    Ok(Box::new(Gguf::open(&Mapped::open(path)?)?))
}

/// A checkpoint in safetensors.
#[derive(Debug)]
pub struct Checkpoint {
    metadata: Metadata,
    shards: Vec<Safetensors>,
    tensors: Vec<TensorInfo>,
    /// By the tensor's name here: its place in `tensors`, and its bytes.
    kept: HashMap<String, (usize, Kept)>,
}

/// Where a tensor's bytes are.
#[derive(Debug)]
enum Kept {
    /// In a shard.
    File {
        shard: usize,
        dtype: DType,
        then: Then,
    },
    /// Here: what is computed from `config.json`.
    Here(Vec<u8>),
}

/// What is done to bytes of a shard.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    /// Rows of so many heads change places.
    Turn {
        heads: usize,
    },
    /// To single precision, with this added.
    Single {
        plus: f32,
        turn: Option<usize>,
    },
}

impl Checkpoint {
    /// Opens the checkpoint in `folder`.
    ///
    /// # Errors
    ///
    /// [`ModelError`] names the file, key or tensor that can't be used; nothing is left out silently.
    pub fn open(folder: &Folder) -> Result<Self, ModelError> {
        let described = config::read(folder.file(CONFIG, config::MAX_BYTES)?)?;
        let (kind, tied) = (described.kind, described.tied);
        let heads = [described.heads, described.kv_heads].map(|n| n as usize);
        let place = |name: &str| names::place(name, kind, tied);
        let mut checkpoint = Self::of(folder.weights()?, kind.architecture, heads, &place)?;
        checkpoint.metadata = described.metadata;
        checkpoint.add_factors(described.scaled.factors)?;
        let table = checkpoint.tensor("token_embd.weight")?;
        let rows = described.vocabulary as usize;
        if table.shape.first() != Some(&rows) {
            return Err(ModelError::TensorShape {
                tensor: table.name.clone(),
                found: table.shape.clone(),
                expected: vec![rows, described.hidden as usize],
            });
        }
        Ok(checkpoint)
    }

    /// The tensors of `shards`, each where `place` says; `heads` are those of queries and of keys.
    fn of(
        shards: Vec<Safetensors>,
        architecture: &str,
        heads: [usize; 2],
        place: &dyn Fn(&str) -> Option<Place>,
    ) -> Result<Self, ModelError> {
        let mut checkpoint = Self {
            metadata: Metadata::default(),
            shards: Vec::new(),
            tensors: Vec::new(),
            kept: HashMap::new(),
        };
        for (shard, file) in shards.iter().enumerate() {
            for tensor in file.tensors() {
                let unknown = || ModelError::UnknownTensor {
                    tensor: shown(tensor),
                    family: architecture.to_owned(),
                };
                if let Place::As(name, form) = place(&tensor.name).ok_or_else(unknown)? {
                    let [queries, keys] = heads;
                    let heads = match form {
                        Form::Queries => Some(queries),
                        Form::Keys => Some(keys),
                        Form::Plain | Form::PlusOne | Form::Single => None,
                    };
                    let (info, kept) = keep((shard, tensor), name, form, heads)?;
                    checkpoint.add(info, kept)?;
                }
            }
        }
        checkpoint.shards = shards;
        Ok(checkpoint)
    }

    /// Adds the factors that divide frequencies, as GGUF files have them.
    fn add_factors(&mut self, factors: Option<Factors>) -> Result<(), ModelError> {
        let lists = match factors {
            None => Vec::new(),
            Some(Factors::Llama3(factors)) => vec![("rope_freqs.weight", factors)],
            Some(Factors::Long { short, long }) => vec![
                ("rope_factors_short.weight", short),
                ("rope_factors_long.weight", long),
            ],
        };
        for (name, factors) in lists {
            let bytes: Vec<u8> = factors.iter().flat_map(|own| own.to_le_bytes()).collect();
            let info = TensorInfo {
                name: name.to_owned(),
                dtype: TensorType::Candle(GgmlDType::F32),
                shape: vec![factors.len()],
                range: 0..bytes.len(),
            };
            self.add(info, Kept::Here(bytes))?;
        }
        Ok(())
    }

    fn add(&mut self, info: TensorInfo, kept: Kept) -> Result<(), ModelError> {
        // Two names of the checkpoint for one place: `mlp.up_proj` beside `mlp.gate_up_proj`.
        let kept = (self.tensors.len(), kept);
        if self.kept.insert(info.name.clone(), kept).is_some() {
            return Err(ModelError::TwoTensors { tensor: info.name });
        }
        self.tensors.push(info);
        Ok(())
    }

    fn in_file(&self, shard: usize, tensor: &TensorInfo) -> &[u8] {
        let file = self
            .shards
            .get(shard)
            .map(|shard| shard.mapped().as_bytes());
        file.and_then(|file| file.get(tensor.range.clone()))
            .unwrap_or_default()
    }
}

impl Source for Checkpoint {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    fn tensor(&self, name: &str) -> Result<&TensorInfo, FormatError> {
        let found = self.kept.get(name);
        let found = found.and_then(|(index, _)| self.tensors.get(*index));
        found.ok_or_else(|| {
            let path = self.shards.first().map(|shard| shard.mapped().path());
            FormatError::Gguf {
                path: path.unwrap_or_else(|| Path::new(CONFIG)).to_owned(),
                source: GgufError::NoTensor {
                    tensor: name.to_owned(),
                },
            }
        })
    }

    fn bytes(&self, tensor: &TensorInfo) -> Cow<'_, [u8]> {
        match self.kept.get(&tensor.name).map(|(_, kept)| kept) {
            None => Cow::Borrowed(&[]),
            Some(Kept::Here(bytes)) => Cow::Borrowed(bytes),
            Some(Kept::File { shard, dtype, then }) => {
                let bytes = self.in_file(*shard, tensor);
                match *then {
                    Then::Nothing => Cow::Borrowed(bytes),
                    Then::Turn { heads } => {
                        let rows = tensor.shape.first().copied().unwrap_or(0);
                        Cow::Owned(turned(bytes, rows, heads))
                    }
                    Then::Single { plus, turn } => {
                        let mut floats = singles(*dtype, bytes, plus);
                        if let Some(heads) = turn {
                            floats = turned(&floats, floats.len() / 4, heads);
                        }
                        Cow::Owned(floats)
                    }
                }
            }
        }
    }

    fn place(&self, tensor: &TensorInfo) -> Option<(Mapped, Range<usize>)> {
        match self.kept.get(&tensor.name)? {
            (
                _,
                Kept::File {
                    shard,
                    then: Then::Nothing,
                    ..
                },
            ) => {
                let file = self.shards.get(*shard)?.mapped();
                Some((file.clone(), tensor.range.clone()))
            }
            _ => None,
        }
    }

    fn release(&self, tensor: &TensorInfo) {
        if let Some((_, Kept::File { shard, .. })) = self.kept.get(&tensor.name)
            && let Some(shard) = self.shards.get(*shard)
        {
            shard.mapped().release(tensor.range.clone());
        }
    }
}

/// The tensor of a shard as it is to be called, and what is done to its bytes.
fn keep(
    (shard, tensor): (usize, &safetensors::TensorInfo),
    name: String,
    form: Form,
    heads: Option<usize>,
) -> Result<(TensorInfo, Kept), ModelError> {
    let own = type_of(tensor.dtype).ok_or_else(|| ModelError::TensorType {
        tensor: shown(tensor),
    })?;
    let rows = tensor.shape.first().copied().unwrap_or(0);
    if let Some(heads) = heads
        && (heads == 0 || !rows.is_multiple_of(2 * heads))
    {
        return Err(ModelError::TensorShape {
            tensor: shown(tensor),
            found: tensor.shape.clone(),
            expected: vec![heads, 2],
        });
    }
    // Vectors are few, and the kernels take them in single precision.
    let is_single = tensor.shape.len() == 1 || form == Form::Single;
    let plus = if form == Form::PlusOne { 1.0 } else { 0.0 };
    let then = match (is_single, heads) {
        (true, turn) => Then::Single { plus, turn },
        (false, Some(heads)) => Then::Turn { heads },
        (false, None) => Then::Nothing,
    };
    let info = TensorInfo {
        name,
        dtype: TensorType::Candle(if is_single { GgmlDType::F32 } else { own }),
        shape: tensor.shape.clone(),
        range: tensor.range.clone(),
    };
    let dtype = tensor.dtype;
    Ok((info, Kept::File { shard, dtype, then }))
}

/// A tensor's name as an error may show it.
fn shown(tensor: &safetensors::TensorInfo) -> String {
    tensor.name.escape_debug().take(128).collect()
}

fn type_of(dtype: DType) -> Option<GgmlDType> {
    match dtype {
        DType::F32 => Some(GgmlDType::F32),
        DType::F16 => Some(GgmlDType::F16),
        DType::BF16 => Some(GgmlDType::BF16),
        _ => None,
    }
}

/// `rows` rows with each head's first half between its second: row `i` of a half of `h` becomes row `2 i`, or `2 i + 1`.
fn turned(bytes: &[u8], rows: usize, heads: usize) -> Vec<u8> {
    let per_row = bytes.len().checked_div(rows).unwrap_or(0);
    let half = rows.checked_div(2 * heads).unwrap_or(0);
    let mut out = Vec::with_capacity(bytes.len());
    for head in 0..heads {
        for pair in 0..half {
            for second in [0, half] {
                let row = head * 2 * half + second + pair;
                let row = bytes.get(row * per_row..(row + 1) * per_row);
                out.extend_from_slice(row.unwrap_or_default());
            }
        }
    }
    out
}

/// Little-endian floats in single precision, with `plus` added to each.
fn singles(dtype: DType, bytes: &[u8], plus: f32) -> Vec<u8> {
    let each = |value: f32| (value + plus).to_le_bytes();
    match dtype {
        DType::F16 => {
            let halves = bytes.as_chunks::<2>().0.iter();
            halves
                .flat_map(|b| each(f16::from_le_bytes(*b).to_f32()))
                .collect()
        }
        DType::BF16 => {
            let halves = bytes.as_chunks::<2>().0.iter();
            halves
                .flat_map(|b| each(bf16::from_le_bytes(*b).to_f32()))
                .collect()
        }
        _ => {
            let singles = bytes.as_chunks::<4>().0.iter();
            singles.flat_map(|b| each(f32::from_le_bytes(*b))).collect()
        }
    }
}
