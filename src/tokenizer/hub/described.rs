//! `tokenizer.json` as it is written, as far as it is understood.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::super::error::TokenizerError;
use crate::formats::Folder;

const FILE: &str = "tokenizer.json";
/// The most bytes that are read.
const MAX_BYTES: usize = 64 << 20;

/// A description of a tokenizer.
#[derive(Debug, Deserialize)]
pub(super) struct Described {
    #[serde(default)]
    added_tokens: Vec<Added>,
    pub(super) normalizer: Option<Value>,
    pub(super) pre_tokenizer: Option<Value>,
    post_processor: Option<Value>,
    pub(super) decoder: Option<Value>,
    pub(super) model: Model,
}

/// A token that was added to the model's own.
#[derive(Debug, Deserialize)]
pub(super) struct Added {
    pub(super) id: u32,
    pub(super) content: String,
    #[serde(default)]
    pub(super) special: bool,
}

/// The model; the keys of kinds that are not built in are not read.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) byte_fallback: bool,
    #[serde(default)]
    pub(super) ignore_merges: bool,
    pub(super) dropout: Option<f32>,
    unk_token: Option<String>,
    pub(super) continuing_subword_prefix: Option<String>,
    pub(super) end_of_word_suffix: Option<String>,
    #[serde(default)]
    vocab: Vocab,
    #[serde(default)]
    merges: Vec<Merge>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Vocab {
    Map(BTreeMap<String, u32>),
    /// Pieces with scores, of a kind that is not built in.
    Other(IgnoredAny),
}

impl Default for Vocab {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    Joined(String),
}

impl Described {
    pub(super) fn read(folder: &Folder) -> Result<Self, TokenizerError> {
        let files = |source| TokenizerError::Files { source };
        let bytes = folder.file(FILE, MAX_BYTES).map_err(files)?;
        let described: Self = serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let file = FILE;
            TokenizerError::Description { file, line, column }
        })?;
        for (rank, merge) in described.model.merges.iter().enumerate() {
            let sound = match merge {
                Merge::Pair(left, right) => !left.contains(' ') && !right.contains(' '),
                Merge::Joined(text) => text.split(' ').count() == 2,
            };
            if !sound {
                return Err(TokenizerError::Merge { rank });
            }
        }
        Ok(described)
    }

    /// The model's own tokens; none for a kind that is not built in.
    pub(super) fn vocabulary(&self) -> impl Iterator<Item = (&str, u32)> {
        let map = match &self.model.vocab {
            Vocab::Map(map) => Some(map),
            Vocab::Other(_) => None,
        };
        map.into_iter()
            .flatten()
            .map(|(text, id)| (text.as_str(), *id))
    }

    /// The tokens that were added to them.
    pub(super) fn added(&self) -> &[Added] {
        &self.added_tokens
    }

    /// The merges, best first.
    pub(super) fn merges(&self) -> impl Iterator<Item = (&str, &str)> {
        self.model.merges.iter().map(|merge| match merge {
            Merge::Pair(left, right) => (left.as_str(), right.as_str()),
            Merge::Joined(text) => text.split_once(' ').unwrap_or((text, "")),
        })
    }

    /// What stands for text that no token covers.
    pub(super) fn unknown(&self) -> Option<&str> {
        self.model.unk_token.as_deref()
    }

    /// Whether the description itself puts the token `bos` before a text.
    pub(super) fn starts_with(&self, bos: Option<u32>) -> bool {
        let Some(post) = &self.post_processor else {
            return false;
        };
        let inner = post.get("processors").and_then(Value::as_array);
        let inner = inner.map_or_else(|| std::slice::from_ref(post), Vec::as_slice);
        inner.iter().any(|processor| {
            let first = processor.get("single").and_then(|single| single.get(0));
            let text = first.and_then(|first| first.get("SpecialToken")?.get("id")?.as_str());
            let ids = text.and_then(|text| {
                let token = processor.get("special_tokens")?.get(text)?;
                token.get("ids")?.as_array()
            });
            let id = ids.and_then(|ids| ids.first()?.as_u64());
            id.is_some() && id == bos.map(u64::from)
        })
    }
}
