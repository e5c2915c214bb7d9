//! What a tagger's file says of it.

use crate::formats::gguf::{Metadata, optional};

use super::super::ModelError;
use super::super::bert::{BertConfig, MAX_LAYERS, MAX_WIDTH};
use super::MAX_ROWS;

/// Most labels; far more than any tagger has.
const MAX_LABELS: usize = 256;
/// The kinds of capitalisation that the recogniser tells apart.
const CASES: usize = 4;

/// Sizes and settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TaggerConfig {
    pub(super) bert: BertConfig,
    pub(super) labels: Vec<String>,
    pub(super) bias: Vec<f32>,
    pub(super) window: usize,
    pub(super) overlap: usize,
}

impl TaggerConfig {
    pub(super) fn read(metadata: &Metadata) -> Result<Self, ModelError> {
        let architecture = metadata.str("general.architecture")?;
        if architecture != "bert" {
            return Err(bad(
                "general.architecture",
                architecture,
                "a tagger is `bert`",
            ));
        }
        let size = |key: &'static str, most: usize| -> Result<usize, ModelError> {
            let size = metadata.usize(key)?;
            if size == 0 || size > most {
                return Err(bad(key, &size.to_string(), "it is 0 or too large"));
            }
            Ok(size)
        };
        let labels: Vec<String> = metadata
            .str_array("pii_ner.labels")?
            .into_iter()
            .map(str::to_owned)
            .collect();
        let bias = optional(metadata.f32_array("pii_ner.bias"))?
            .map_or_else(|| vec![0.0; labels.len()], <[f32]>::to_vec);
        let config = Self {
            bert: BertConfig {
                layers: size("bert.block_count", MAX_LAYERS)?,
                hidden: size("bert.embedding_length", MAX_WIDTH)?,
                feed_forward: size("bert.feed_forward_length", MAX_WIDTH)?,
                heads: size("bert.attention.head_count", MAX_WIDTH)?,
                epsilon: metadata.f32("bert.attention.layer_norm_epsilon")?,
                positions: size("bert.context_length", MAX_WIDTH)?,
                kinds: size("pii_ner.case_types", CASES)?,
            },
            window: size("pii_ner.window", MAX_ROWS)?,
            overlap: metadata.usize("pii_ner.overlap")?,
            labels,
            bias,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ModelError> {
        let shown = |value: &dyn std::fmt::Debug| format!("{value:?}");
        let bert = &self.bert;
        for (wrong, key, value, problem) in [
            (
                !bert.hidden.is_multiple_of(bert.heads) || !bert.hidden.is_multiple_of(32),
                "bert.embedding_length",
                shown(&bert.hidden),
                "it is not whole heads, or not whole blocks of 32",
            ),
            (
                !bert.feed_forward.is_multiple_of(32),
                "bert.feed_forward_length",
                shown(&bert.feed_forward),
                "it is not whole blocks of 32",
            ),
            (
                !(bert.epsilon > 0.0 && bert.epsilon < 1.0),
                "bert.attention.layer_norm_epsilon",
                shown(&bert.epsilon),
                "it is above 0 and below 1",
            ),
            (
                bert.kinds != CASES,
                "pii_ner.case_types",
                shown(&bert.kinds),
                "words are told apart by 4 kinds of capitalisation",
            ),
            (
                !(8..=bert.positions).contains(&self.window),
                "pii_ner.window",
                shown(&self.window),
                "it is 8 tokens to the model's context",
            ),
            // Windows then go on by at least half their length, and a token lies in two of them at most.
            (
                self.overlap > self.window.saturating_sub(2) / 2,
                "pii_ner.overlap",
                shown(&self.overlap),
                "it is at most half a window",
            ),
            (
                self.labels.is_empty() || self.labels.len() > MAX_LABELS,
                "pii_ner.labels",
                shown(&self.labels.len()),
                "there are none, or too many",
            ),
            (
                self.bias.len() != self.labels.len()
                    || self.bias.iter().any(|bias| !bias.is_finite()),
                "pii_ner.bias",
                shown(&self.bias.len()),
                "it is one finite number per label",
            ),
        ] {
            if wrong {
                return Err(bad(key, &value, problem));
            }
        }
        Ok(())
    }
}

fn bad(key: &str, value: &str, problem: &'static str) -> ModelError {
    ModelError::Metadata {
        key: key.to_owned(),
        value: value.chars().take(64).collect(),
        problem,
    }
}
