//! Tensors of a BERT as Hugging Face names them, and what GGUF calls them.

use super::super::ModelError;
use super::Checkpoint;
use super::names::{Form, Place, is_number};
use crate::formats::safetensors::Safetensors;

impl Checkpoint {
    /// The tensors of a BERT encoder. There is no metadata: the sizes in its `config.json` are read by whoever runs it.
    pub(in super::super) fn bert(shards: Vec<Safetensors>) -> Result<Self, ModelError> {
        // Queries and keys have no order of their own: nothing is rotated.
        Self::of(shards, "bert", [0, 0], &place)
    }
}

/// Where a tensor belongs; `None` for one that a BERT without a head does not have.
fn place(name: &str) -> Option<Place> {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    // Numbers from 0 on; and heads that it was trained with.
    let buffers = ["embeddings.position_ids", "embeddings.token_type_ids"];
    if buffers.contains(&name) || name.starts_with("pooler.") || name.starts_with("cls.") {
        return Some(Place::Nowhere);
    }
    let (module, ending) = name.rsplit_once('.')?;
    let is_norm = module.ends_with("LayerNorm");
    let ending = match ending {
        // As older files have it.
        "gamma" if is_norm => "weight",
        "beta" if is_norm => "bias",
        ending => ending,
    };
    let (own, form) = match module {
        "embeddings.word_embeddings" => ("token_embd".to_owned(), Form::Plain),
        "embeddings.position_embeddings" => ("position_embd".to_owned(), Form::Single),
        "embeddings.token_type_embeddings" => ("token_types".to_owned(), Form::Single),
        "embeddings.LayerNorm" => ("token_embd_norm".to_owned(), Form::Plain),
        _ => {
            let (layer, part) = module.strip_prefix("encoder.layer.")?.split_once('.')?;
            let own = part_of_layer(part).filter(|_| is_number(layer))?;
            (format!("blk.{layer}.{own}"), Form::Plain)
        }
    };
    let is_table = own.ends_with("_embd") || own == "token_types";
    let sound = ending == "weight" || (ending == "bias" && !is_table);
    sound.then(|| Place::As(format!("{own}.{ending}"), form))
}

fn part_of_layer(part: &str) -> Option<&'static str> {
    Some(match part {
        "attention.self.query" => "attn_q",
        "attention.self.key" => "attn_k",
        "attention.self.value" => "attn_v",
        "attention.output.dense" => "attn_output",
        "attention.output.LayerNorm" => "attn_output_norm",
        "intermediate.dense" => "ffn_up",
        "output.dense" => "ffn_down",
        "output.LayerNorm" => "layer_output_norm",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_have_their_places() {
        for (name, expected) in [
            (
                "embeddings.word_embeddings.weight",
                Some("token_embd.weight"),
            ),
            (
                "bert.embeddings.LayerNorm.gamma",
                Some("token_embd_norm.weight"),
            ),
            ("embeddings.LayerNorm.beta", Some("token_embd_norm.bias")),
            (
                "bert.encoder.layer.11.attention.self.query.bias",
                Some("blk.11.attn_q.bias"),
            ),
            (
                "encoder.layer.0.output.LayerNorm.weight",
                Some("blk.0.layer_output_norm.weight"),
            ),
            ("bert.pooler.dense.weight", Some("")),
            ("cls.predictions.decoder.weight", Some("")),
            ("embeddings.position_ids", Some("")),
            ("classifier.weight", None),
            ("embeddings.word_embeddings.bias", None),
            ("encoder.layer.00.output.dense.weight", None),
            ("encoder.layer.0.output.dense.gamma", None),
            ("encoder.layer.0.crossattention.self.query.weight", None),
            (
                "encoder.layer.0.attention.self.distance_embedding.weight",
                None,
            ),
            ("bert.bert.pooler", None),
        ] {
            let found = place(name).map(|place| match place {
                Place::As(name, _) => name,
                Place::Nowhere => String::new(),
            });
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
