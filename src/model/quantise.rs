//! Puts a model's tensors into other element types: which ones, and their bytes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};
use half::{bf16, f16};

use super::ModelError;
use crate::formats::Source;
use crate::formats::gguf::{TensorInfo, TensorType};
use crate::kernels::{PackError, nonlinear_floats};

/// Most elements that a thread takes at a time.
const CHUNK: usize = 1 << 20;

/// What becomes of one tensor.
#[derive(Clone, Debug)]
pub struct Conversion<'a> {
    /// The tensor as it is.
    pub tensor: &'a TensorInfo,
    /// The element type that it gets.
    pub dtype: TensorType,
    /// Why that is not the type that was asked for.
    pub reason: Option<&'static str>,
}

/// What becomes of each tensor of `source` where matrices are to be of type `target`.
///
/// Vectors and the choice of experts stay as they are. The table of embeddings and the head, on which every token
/// hangs, get at least six bits. Rows that are no whole blocks get the nearest type of smaller blocks, or half precision.
pub fn conversions(source: &dyn Source, target: GgmlDType) -> Vec<Conversion<'_>> {
    let each = |tensor| conversion(tensor, target);
    source.tensors().iter().map(each).collect()
}

fn conversion(tensor: &TensorInfo, target: GgmlDType) -> Conversion<'_> {
    let whole = |dtype: GgmlDType| {
        let cols = tensor.shape.last().copied().unwrap_or(0);
        cols.is_multiple_of(dtype.block_size())
    };
    if tensor.shape.len() < 2 || tensor.name.ends_with("ffn_gate_inp.weight") {
        return Conversion {
            tensor,
            dtype: tensor.dtype,
            reason: None,
        };
    }
    let is_table = ["token_embd.weight", "output.weight"].contains(&tensor.name.as_str());
    let (mut dtype, mut reason) = (target, None);
    if is_table && bits(target) < 6 {
        (dtype, reason) = (GgmlDType::Q6K, Some("every token hangs on it"));
    }
    if !whole(dtype) {
        reason = reason.or(Some("its rows are no multiple of 256"));
        dtype = match dtype {
            GgmlDType::Q4K => GgmlDType::Q5_0,
            GgmlDType::Q5K => GgmlDType::Q5_1,
            GgmlDType::Q6K => GgmlDType::Q8_0,
            other => other,
        };
    }
    if !whole(dtype) {
        (dtype, reason) = (GgmlDType::F16, Some("its rows are no multiple of 32"));
    }
    Conversion {
        tensor,
        dtype: dtype.into(),
        reason,
    }
}

/// Bits of an element, scales left out.
fn bits(dtype: GgmlDType) -> usize {
    match dtype {
        GgmlDType::Q2K => 2,
        GgmlDType::Q3K => 3,
        GgmlDType::Q4_0 | GgmlDType::Q4_1 | GgmlDType::Q4K => 4,
        GgmlDType::Q5_0 | GgmlDType::Q5_1 | GgmlDType::Q5K => 5,
        GgmlDType::Q6K => 6,
        GgmlDType::Q8_0 | GgmlDType::Q8_1 | GgmlDType::Q8K => 8,
        GgmlDType::F16 | GgmlDType::BF16 => 16,
        GgmlDType::F32 => 32,
    }
}

impl Conversion<'_> {
    /// The tensor's bytes in its new type, computed by `threads` threads.
    ///
    /// # Errors
    ///
    /// [`ModelError`] when it holds what is no number.
    pub fn bytes(&self, source: &dyn Source, threads: usize) -> Result<Vec<u8>, ModelError> {
        let bytes = source.bytes(self.tensor);
        if self.dtype == self.tensor.dtype {
            return Ok(bytes.into_owned());
        }
        let cols = self.tensor.shape.last().copied().unwrap_or(1).max(1);
        let own = self.tensor.dtype;
        let row = cols / own.block_size() * own.type_size();
        let rows = (CHUNK / cols).max(1);
        let chunks: Vec<&[u8]> = bytes.chunks((rows * row).max(1)).collect();
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(chunks.len()));
        std::thread::scope(|scope| {
            for _ in 0..threads.clamp(1, chunks.len().max(1)) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(chunk) = chunks.get(index) else {
                            break;
                        };
                        let converted = self.chunk(chunk, cols);
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        done.push((index, converted));
                    }
                });
            }
        });
        source.release(self.tensor);
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(index, _)| *index);
        let mut out = Vec::new();
        for (_, converted) in done {
            out.extend(converted?);
        }
        Ok(out)
    }

    /// Some rows in the new type.
    fn chunk(&self, bytes: &[u8], cols: usize) -> Result<Vec<u8>, ModelError> {
        let name = || self.tensor.name.escape_debug().collect();
        let failed = |source| ModelError::Quantise {
            tensor: name(),
            source: Box::new(source),
        };
        let TensorType::Candle(target) = self.dtype else {
            return Err(ModelError::TensorType { tensor: name() });
        };
        let floats = floats(self.tensor.dtype, bytes, cols).map_err(failed)?;
        if floats.iter().any(|value| !value.is_finite()) {
            return Err(ModelError::Pack {
                tensor: name(),
                source: PackError::NotFinite,
            });
        }
        let rows = floats.len() / cols;
        let quantised = Tensor::from_vec(floats, (rows, cols), &Device::Cpu)
            .and_then(|tensor| QTensor::quantize(&tensor, target))
            .and_then(|tensor| Ok(tensor.data()?.into_owned()));
        quantised.map_err(failed)
    }
}

/// Rows of `cols` elements in single precision.
fn floats(dtype: TensorType, bytes: &[u8], cols: usize) -> candle_core::Result<Vec<f32>> {
    let TensorType::Candle(dtype) = dtype else {
        let mut out = vec![0.0; bytes.len() / dtype.type_size() * dtype.block_size()];
        nonlinear_floats(bytes, &mut out);
        return Ok(out);
    };
    let two = bytes.as_chunks::<2>().0.iter();
    Ok(match dtype {
        GgmlDType::F32 => {
            let four = bytes.as_chunks::<4>().0.iter();
            four.map(|own| f32::from_le_bytes(*own)).collect()
        }
        GgmlDType::F16 => two.map(|own| f16::from_le_bytes(*own).to_f32()).collect(),
        GgmlDType::BF16 => two.map(|own| bf16::from_le_bytes(*own).to_f32()).collect(),
        _ => {
            let rows = bytes.len() / dtype.type_size() * dtype.block_size() / cols;
            let stored = QStorage::from_data(bytes.into(), &Device::Cpu, dtype)?;
            let tensor = QTensor::new(stored, (rows, cols))?.dequantize(&Device::Cpu)?;
            tensor.flatten_all()?.to_vec1()?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Mapped;
    use crate::formats::gguf::{Gguf, writer::Writer};

    /// A file with one matrix of values that look random.
    fn source(name: &str, shape: [usize; 2]) -> (tempfile::TempDir, Gguf, Vec<f32>) {
        let n = shape[0] * shape[1];
        let mut state = 1_u32;
        let values: Vec<f32> = (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f32::from((state >> 16) as u16) / 32_768.0 - 1.0
            })
            .collect();
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let mut writer = Writer::new();
        writer.metadata("general.architecture", "llama");
        writer.tensor(name, GgmlDType::F32, &shape, bytes);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("one.gguf");
        std::fs::write(&path, writer.to_bytes()).unwrap();
        let gguf = Gguf::open(&Mapped::open(&path).unwrap()).unwrap();
        (dir, gguf, values)
    }

    /// Errors are those of rounding `-1..1` to the type's steps, with some room for the ends of blocks.
    #[test]
    fn values_come_back_within_the_steps_of_their_type() {
        for (target, bound) in [
            (GgmlDType::F16, 0.0005),
            (GgmlDType::Q8_0, 0.005),
            (GgmlDType::Q6K, 0.04),
            (GgmlDType::Q5K, 0.05),
            (GgmlDType::Q5_1, 0.04),
            (GgmlDType::Q5_0, 0.08),
            (GgmlDType::Q4K, 0.1),
            (GgmlDType::Q4_1, 0.08),
            (GgmlDType::Q4_0, 0.16),
        ] {
            let (_dir, gguf, values) = source("blk.0.ffn_up.weight", [7, 512]);
            let conversion = conversions(&gguf, target).remove(0);
            assert_eq!((conversion.dtype, conversion.reason), (target.into(), None));
            let bytes = conversion.bytes(&gguf, 2).unwrap();
            assert_eq!(conversion.bytes(&gguf, 1).unwrap(), bytes, "{target:?}");
            let back = floats(target.into(), &bytes, 512).unwrap();
            let far = values.iter().zip(&back).map(|(a, b)| (a - b).abs());
            let far = far.fold(0.0, f32::max);
            assert!(far <= bound, "{target:?}: {far} where {bound} is the bound");
        }
    }

    #[test]
    fn what_does_not_fit_gets_another_type_and_the_reason() {
        let rows = Some("its rows are no multiple of 256");
        for (name, cols, target, expected) in [
            (
                "blk.0.ffn_up.weight",
                96,
                GgmlDType::Q4K,
                (GgmlDType::Q5_0, rows),
            ),
            (
                "blk.0.ffn_up.weight",
                96,
                GgmlDType::Q5K,
                (GgmlDType::Q5_1, rows),
            ),
            (
                "blk.0.ffn_up.weight",
                96,
                GgmlDType::Q6K,
                (GgmlDType::Q8_0, rows),
            ),
            (
                "blk.0.ffn_up.weight",
                96,
                GgmlDType::Q4_0,
                (GgmlDType::Q4_0, None),
            ),
            (
                "blk.0.ffn_up.weight",
                40,
                GgmlDType::Q8_0,
                (GgmlDType::F16, Some("its rows are no multiple of 32")),
            ),
            (
                "token_embd.weight",
                256,
                GgmlDType::Q4_1,
                (GgmlDType::Q6K, Some("every token hangs on it")),
            ),
            (
                "token_embd.weight",
                96,
                GgmlDType::Q4_1,
                (GgmlDType::Q8_0, Some("every token hangs on it")),
            ),
            (
                "output.weight",
                256,
                GgmlDType::Q8_0,
                (GgmlDType::Q8_0, None),
            ),
            (
                "blk.0.ffn_gate_inp.weight",
                256,
                GgmlDType::Q4K,
                (GgmlDType::F32, None),
            ),
        ] {
            let (_dir, gguf, _) = source(name, [2, cols]);
            let found = conversions(&gguf, target).remove(0);
            assert_eq!(
                (found.dtype, found.reason),
                (expected.0.into(), expected.1),
                "{name} {cols} {target:?}"
            );
        }
    }
}
