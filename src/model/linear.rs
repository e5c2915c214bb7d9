//! Matrices of weights, each held once.

use candle_core::quantized::{GgmlDType, QMatMul, QTensor, ggml_file::qtensor_from_ggml};
use candle_core::{Device, Module as _, Tensor};

use crate::kernels::{Encoding, Level, PackedMatrix, Pool, QuantizedRows, multiply_all};

use super::ModelError;

/// A matrix `[outputs, inputs]`.
#[derive(Debug)]
pub(super) enum Linear {
    /// Repacked for this CPU.
    Packed(PackedMatrix),
    /// Every other format that candle reads, through candle's own kernels.
    Candle {
        name: String,
        matrix: QMatMul,
        rows: usize,
        cols: usize,
    },
}

impl Linear {
    pub(super) fn new(
        name: &str,
        dtype: GgmlDType,
        (rows, cols): (usize, usize),
        bytes: &[u8],
    ) -> Result<Self, ModelError> {
        let encoding = match dtype {
            GgmlDType::Q4_0 => Some(Encoding::Q4_0),
            GgmlDType::Q4_1 => Some(Encoding::Q4_1),
            GgmlDType::Q8_0 => Some(Encoding::Q8_0),
            _ => None,
        };
        if let Some(encoding) = encoding {
            let packed = PackedMatrix::new(encoding, rows, cols, bytes);
            return packed.map(Self::Packed).map_err(|source| ModelError::Pack {
                tensor: name.to_owned(),
                source,
            });
        }
        let failed = |source| ModelError::Candle {
            tensor: name.to_owned(),
            source,
        };
        let tensor: QTensor =
            qtensor_from_ggml(dtype, bytes, vec![rows, cols], &Device::Cpu).map_err(failed)?;
        let matrix = QMatMul::from_qtensor(tensor).map_err(failed)?;
        Ok(Self::Candle {
            name: name.to_owned(),
            matrix,
            rows,
            cols,
        })
    }

    /// Outputs.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Packed(packed) => packed.rows(),
            Self::Candle { rows, .. } => *rows,
        }
    }

    /// Writes one row of weights: an embedding.
    pub(super) fn row(&self, index: usize, out: &mut [f32]) -> Result<(), ModelError> {
        match self {
            Self::Packed(packed) => packed.row(index, out),
            Self::Candle {
                name, matrix, cols, ..
            } => {
                let read = || -> candle_core::Result<Vec<f32>> {
                    let table = match matrix {
                        QMatMul::QTensor(tensor) => tensor.dequantize(&Device::Cpu)?,
                        QMatMul::Tensor(tensor) | QMatMul::TensorF16(tensor) => tensor.clone(),
                    };
                    table
                        .narrow(0, index, 1)?
                        .to_dtype(candle_core::DType::F32)?
                        .reshape(*cols)?
                        .to_vec1()
                };
                let row = read().map_err(|source| ModelError::Candle {
                    tensor: name.clone(),
                    source,
                })?;
                out.copy_from_slice(&row);
            }
        }
        Ok(())
    }
}

/// Rows of inputs, and their quantised copy.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub(super) rows: Vec<f32>,
    quantized: QuantizedRows,
}

impl Inputs {
    /// Makes room for `n` rows of `cols` values.
    pub(super) fn resize(&mut self, n: usize, cols: usize) {
        self.rows.resize(n * cols, 0.0);
    }

    /// Multiplies `n` rows with each matrix into its output, `[n][outputs]`.
    pub(super) fn multiply(
        &mut self,
        level: Level,
        pool: &Pool,
        n: usize,
        products: &mut [(&Linear, &mut [f32])],
    ) -> Result<(), ModelError> {
        let cols = self.rows.len().checked_div(n).unwrap_or(0);
        let mut packed: Vec<(&PackedMatrix, &mut [f32])> = Vec::with_capacity(products.len());
        for (linear, out) in products.iter_mut() {
            match linear {
                Linear::Packed(matrix) => packed.push((matrix, out)),
                Linear::Candle { name, matrix, .. } => {
                    let compute = || -> candle_core::Result<Vec<f32>> {
                        let input = Tensor::from_slice(&self.rows, (n, cols), &Device::Cpu)?;
                        matrix.forward(&input)?.flatten_all()?.to_vec1()
                    };
                    let found = compute().map_err(|source| ModelError::Candle {
                        tensor: name.clone(),
                        source,
                    })?;
                    out.copy_from_slice(&found);
                }
            }
        }
        if packed.is_empty() {
            return Ok(());
        }
        self.quantized.resize(n, cols);
        for (index, row) in self.rows.chunks_exact(cols).enumerate() {
            self.quantized.set_row(level, index, row);
        }
        multiply_all(level, pool, &self.quantized, n, &mut packed);
        Ok(())
    }
}
