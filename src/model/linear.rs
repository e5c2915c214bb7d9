//! Matrices of weights, each held once, as files have them.

use candle_core::quantized::GgmlDType;

use crate::formats::gguf::TensorType;
use crate::kernels::{Encoding, FloatEncoding, Matrix, PackError, Pool};

/// A matrix `[outputs, inputs]`, and what is added to its products.
#[derive(Debug)]
pub(super) struct Linear {
    pub(super) matrix: Matrix,
    pub(super) bias: Option<Vec<f32>>,
}

impl Linear {
    /// What is added; empty for nothing.
    pub(super) fn bias(&self) -> &[f32] {
        self.bias.as_deref().unwrap_or_default()
    }

    /// Adds the bias to a row of products.
    pub(super) fn add_bias(&self, row: &mut [f32]) {
        if let Some(bias) = &self.bias {
            for (value, bias) in row.iter_mut().zip(bias) {
                *value += bias;
            }
        }
    }
}

/// Repacks a matrix of the file. `None` for an element type that has no kernel.
pub(super) fn matrix(
    pool: &Pool,
    dtype: TensorType,
    shape: (usize, usize),
    bytes: &[u8],
) -> Option<Result<Matrix, PackError>> {
    let TensorType::Candle(dtype) = dtype else {
        return Some(Matrix::quantized(pool, Encoding::Iq4Nl, shape, bytes));
    };
    let encoding = match dtype {
        GgmlDType::BF16 => return Some(Matrix::dense(pool, FloatEncoding::BF16, shape, bytes)),
        GgmlDType::F16 => return Some(Matrix::dense(pool, FloatEncoding::F16, shape, bytes)),
        GgmlDType::F32 => return Some(Matrix::dense(pool, FloatEncoding::F32, shape, bytes)),
        GgmlDType::Q2K => Encoding::Q2K,
        GgmlDType::Q3K => Encoding::Q3K,
        GgmlDType::Q4_0 => Encoding::Q4_0,
        GgmlDType::Q4_1 => Encoding::Q4_1,
        GgmlDType::Q4K => Encoding::Q4K,
        GgmlDType::Q5_0 => Encoding::Q5_0,
        GgmlDType::Q5_1 => Encoding::Q5_1,
        GgmlDType::Q5K => Encoding::Q5K,
        GgmlDType::Q6K => Encoding::Q6K,
        GgmlDType::Q8_0 => Encoding::Q8_0,
        // Formats of activations, not of files.
        GgmlDType::Q8_1 | GgmlDType::Q8K => return None,
    };
    Some(Matrix::quantized(pool, encoding, shape, bytes))
}
