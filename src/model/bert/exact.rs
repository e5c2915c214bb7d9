//! The definition of a BERT in double precision, for tests.

use candle_core::quantized::GgmlDType;
use half::{bf16, f16};

use crate::formats::Source;
use crate::formats::gguf::TensorType;

/// The definition, tensor by tensor as the file has them.
pub(in super::super) struct Exact<'s> {
    pub(in super::super) source: &'s dyn Source,
    /// Values of a row, heads, layers.
    pub(in super::super) shape: (usize, usize, usize),
}

impl Exact<'_> {
    fn values(&self, name: &str) -> Vec<f64> {
        let info = self.source.tensor(name).unwrap();
        let bytes = self.source.bytes(info);
        match info.dtype {
            TensorType::Candle(GgmlDType::F32) => bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| f64::from(f32::from_le_bytes(*b)))
                .collect(),
            TensorType::Candle(GgmlDType::F16) => bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| f16::from_le_bytes(*b).to_f64())
                .collect(),
            TensorType::Candle(GgmlDType::BF16) => bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| bf16::from_le_bytes(*b).to_f64())
                .collect(),
            _ => bytes
                .as_chunks::<34>()
                .0
                .iter()
                .flat_map(|block| {
                    let scale = f16::from_le_bytes([block[0], block[1]]).to_f64();
                    block[2..]
                        .iter()
                        .map(move |q| scale * f64::from(q.cast_signed()))
                })
                .collect(),
        }
    }

    pub(in super::super) fn linear(&self, name: &str, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let weight = self.values(&format!("{name}.weight"));
        let bias = self.values(&format!("{name}.bias"));
        let row = |x: &Vec<f64>| {
            let products = weight.chunks(x.len()).zip(&bias);
            products
                .map(|(w, b)| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + b)
                .collect()
        };
        x.iter().map(row).collect()
    }

    fn norm(&self, name: &str, x: &mut [Vec<f64>]) {
        let weight = self.values(&format!("{name}.weight"));
        let bias = self.values(&format!("{name}.bias"));
        for x in x {
            let n = x.len() as f64;
            let mean = x.iter().sum::<f64>() / n;
            let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            for (i, x) in x.iter_mut().enumerate() {
                *x = (*x - mean) / (variance + 1e-12).sqrt() * weight[i] + bias[i];
            }
        }
    }

    fn attention(&self, layer: &str, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let [q, k, v] =
            ["attn_q", "attn_k", "attn_v"].map(|p| self.linear(&format!("{layer}.{p}"), x));
        let (hidden, heads, _) = self.shape;
        let size = hidden / heads;
        let mut mixed = vec![vec![0.0; hidden]; x.len()];
        for head in 0..heads {
            let part = head * size..(head + 1) * size;
            for (row, mixed) in mixed.iter_mut().enumerate() {
                let dot = |key: &Vec<f64>| {
                    let pairs = q[row][part.clone()].iter().zip(&key[part.clone()]);
                    (pairs.map(|(a, b)| a * b).sum::<f64>() / (size as f64).sqrt()).exp()
                };
                let weights: Vec<f64> = k.iter().map(dot).collect();
                let sum: f64 = weights.iter().sum();
                for (weight, value) in weights.iter().zip(&v) {
                    for i in part.clone() {
                        mixed[i] += weight / sum * value[i];
                    }
                }
            }
        }
        self.linear(&format!("{layer}.attn_output"), &mixed)
    }

    /// The vectors of the tokens of a window, each of a number and a kind.
    pub(in super::super) fn vectors(&self, tokens: &[(u32, u8)]) -> Vec<Vec<f64>> {
        let (width, _, layers) = self.shape;
        let [embedding, positions, kinds] = ["token_embd", "position_embd", "token_types"]
            .map(|name| self.values(&format!("{name}.weight")));
        let mut x: Vec<Vec<f64>> = tokens
            .iter()
            .enumerate()
            .map(|(place, (id, kind))| {
                let at = |of: &[f64], row: usize, i: usize| of[row * width + i];
                (0..width)
                    .map(|i| {
                        at(&embedding, *id as usize, i)
                            + at(&positions, place, i)
                            + at(&kinds, usize::from(*kind), i)
                    })
                    .collect()
            })
            .collect();
        self.norm("token_embd_norm", &mut x);
        let add = |x: &mut [Vec<f64>], y: Vec<Vec<f64>>| {
            let values = x.iter_mut().flatten().zip(y.into_iter().flatten());
            values.for_each(|(x, y)| *x += y);
        };
        for layer in 0..layers {
            let name = |part: &str| format!("blk.{layer}.{part}");
            let mixed = self.attention(&format!("blk.{layer}"), &x);
            add(&mut x, mixed);
            self.norm(&name("attn_output_norm"), &mut x);
            let mut wide = self.linear(&name("ffn_up"), &x);
            wide.iter_mut()
                .flatten()
                .for_each(|v| *v *= 0.5 * (1.0 + erf(*v / 2.0_f64.sqrt())));
            let narrow = self.linear(&name("ffn_down"), &wide);
            add(&mut x, narrow);
            self.norm(&name("layer_output_norm"), &mut x);
        }
        x
    }
}

/// The error function by its series and its continued fraction's stand-in for large numbers: 1.
fn erf(x: f64) -> f64 {
    if x.abs() > 5.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        let n = f64::from(n);
        term *= -x * x / n;
        sum += term / (2.0 * n + 1.0);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}
