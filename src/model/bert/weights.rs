//! The weights of a BERT, by the names that GGUF has for them.

use super::super::ModelError;
use super::super::linear::Linear;
use super::super::weights::File;
use super::{BertConfig, Table};
use crate::kernels::Matrix;

/// What a layer norm multiplies by and adds.
#[derive(Debug)]
pub(super) struct Norm {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
    pub(super) attention_norm: Norm,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) output_norm: Norm,
}

/// All of them but a head's.
#[derive(Debug)]
pub(in super::super) struct Weights {
    pub(super) tokens: Table,
    pub(super) positions: Vec<f32>,
    pub(super) kinds: Vec<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
}

impl Weights {
    pub(in super::super) fn load(file: &File<'_>, config: &BertConfig) -> Result<Self, ModelError> {
        let (hidden, wide) = (config.hidden, config.feed_forward);
        Ok(Self {
            tokens: Table::load(file, "token_embd.weight", hidden)?,
            positions: file.floats("position_embd.weight", &[config.positions, hidden])?,
            kinds: file.floats("token_types.weight", &[config.kinds, hidden])?,
            norm: norm(file, "token_embd_norm", hidden)?,
            layers: (0..config.layers)
                .map(|index| Layer::load(file, index, (hidden, wide)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// How many tokens there are in the vocabulary.
    pub(in super::super) const fn vocabulary(&self) -> usize {
        self.tokens.rows()
    }
}

impl Layer {
    fn load(
        file: &File<'_>,
        index: usize,
        (hidden, wide): (usize, usize),
    ) -> Result<Self, ModelError> {
        let name = |part: &str| format!("blk.{index}.{part}");
        let square = |part: &str| linear(file, &name(part), (hidden, hidden));
        Ok(Self {
            query: square("attn_q")?,
            key: square("attn_k")?,
            value: square("attn_v")?,
            output: square("attn_output")?,
            attention_norm: norm(file, &name("attn_output_norm"), hidden)?,
            up: linear(file, &name("ffn_up"), (wide, hidden))?,
            down: linear(file, &name("ffn_down"), (hidden, wide))?,
            output_norm: norm(file, &name("layer_output_norm"), hidden)?,
        })
    }

    /// The matrices that a row meets first.
    pub(super) const fn first(&self) -> [&Matrix; 3] {
        [&self.query.matrix, &self.key.matrix, &self.value.matrix]
    }
}

/// A matrix and its bias, which is zeros where the file has none.
pub(in super::super) fn linear(
    file: &File<'_>,
    name: &str,
    shape: (usize, usize),
) -> Result<Linear, ModelError> {
    let mut linear = file.linear(name, 0..shape.0, shape)?;
    linear.bias.get_or_insert_with(|| vec![0.0; shape.0]);
    Ok(linear)
}

fn norm(file: &File<'_>, name: &str, hidden: usize) -> Result<Norm, ModelError> {
    Ok(Norm {
        weight: file.vector(&format!("{name}.weight"), hidden)?,
        bias: file.vector(&format!("{name}.bias"), hidden)?,
    })
}
