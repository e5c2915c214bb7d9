//! What stands beside `tokenizer.json`: which tokens start and end a text, and the chat template.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::error::TokenizerError;
use crate::formats::Folder;

/// The most bytes of one of these files.
const MAX_BYTES: usize = 16 << 20;
/// The most tokens that end a text.
const MAX_ENDS: usize = 64;

/// What the files say, put together.
#[derive(Debug, Default)]
pub(super) struct Side {
    settings: Option<Settings>,
    model: Ids,
    /// The model's rows, of which the tokenizer may name fewer.
    pub(super) vocabulary_size: usize,
    /// All tokens that end a text or a turn.
    pub(super) ends: Vec<u32>,
    pub(super) template: Option<String>,
}

/// `tokenizer_config.json`
#[derive(Debug, Default, Deserialize)]
struct Settings {
    bos_token: Option<Token>,
    eos_token: Option<Token>,
    pad_token: Option<Token>,
    add_bos_token: Option<bool>,
    add_eos_token: Option<bool>,
    chat_template: Option<Templates>,
}

/// `config.json` and `generation_config.json`
#[derive(Debug, Default, Deserialize)]
struct Ids {
    vocab_size: Option<usize>,
    bos_token_id: Option<Value>,
    eos_token_id: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Token {
    Text(String),
    Whole { content: String },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Named(Vec<Named>),
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    template: String,
}

impl Side {
    pub(super) fn read(folder: &Folder) -> Result<Self, TokenizerError> {
        let settings: Option<Settings> = json(folder, "tokenizer_config.json")?;
        let model: Ids = json(folder, "config.json")?.unwrap_or_default();
        let generation: Option<Ids> = json(folder, "generation_config.json")?;
        let generation = generation.unwrap_or_default();
        let mut ends: Vec<u32> = [
            generation.eos_token_id.as_ref(),
            model.eos_token_id.as_ref(),
        ]
        .into_iter()
        .flat_map(ids)
        .take(MAX_ENDS)
        .collect();
        ends.sort_unstable();
        ends.dedup();
        let file = "chat_template.jinja";
        let files = |source| TokenizerError::Files { source };
        let written = folder.find(file, MAX_BYTES).map_err(files)?;
        let written = written.map(|bytes| {
            std::str::from_utf8(bytes).map_err(|error| {
                let before = bytes.iter().take(error.valid_up_to());
                let line = 1 + before.filter(|byte| **byte == b'\n').count();
                let column = 0;
                TokenizerError::Description { file, line, column }
            })
        });
        let written = written.transpose()?;
        let inner = settings.as_ref().and_then(|own| own.chat_template.as_ref());
        let inner = inner.and_then(Templates::default_one);
        Ok(Self {
            vocabulary_size: model.vocab_size.unwrap_or(0),
            ends,
            template: written.or(inner).map(str::to_owned),
            settings,
            model,
        })
    }

    pub(super) fn bos(&self, known: &BTreeMap<String, u32>) -> Option<u32> {
        match &self.settings {
            // Settings that name none mean none, whatever the model's configuration says.
            Some(settings) => id_of(settings.bos_token.as_ref(), known),
            None => ids(self.model.bos_token_id.as_ref()).next(),
        }
    }

    pub(super) fn eos(&self, known: &BTreeMap<String, u32>) -> Option<u32> {
        let settings = self.settings.as_ref();
        let written = settings.and_then(|own| id_of(own.eos_token.as_ref(), known));
        written.or_else(|| self.ends.first().copied())
    }

    pub(super) fn padding(&self, known: &BTreeMap<String, u32>) -> Option<u32> {
        let settings = self.settings.as_ref();
        settings.and_then(|own| id_of(own.pad_token.as_ref(), known))
    }

    /// Whether a text starts with the start token: the settings' word, or else the description's.
    pub(super) fn adds_bos(&self, described: bool) -> bool {
        let settings = self.settings.as_ref();
        settings
            .and_then(|own| own.add_bos_token)
            .unwrap_or(described)
    }

    pub(super) fn adds_eos(&self) -> bool {
        let settings = self.settings.as_ref();
        settings.and_then(|own| own.add_eos_token).unwrap_or(false)
    }
}

impl Templates {
    fn default_one(&self) -> Option<&str> {
        match self {
            Self::One(template) => Some(template),
            Self::Named(list) => {
                let default = list.iter().find(|own| own.name == "default");
                default.map(|own| own.template.as_str())
            }
        }
    }
}

fn id_of(token: Option<&Token>, known: &BTreeMap<String, u32>) -> Option<u32> {
    let (Token::Text(text) | Token::Whole { content: text }) = token?;
    known.get(text).copied()
}

/// One id or a list of them.
fn ids(value: Option<&Value>) -> impl Iterator<Item = u32> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let ids = list.iter().filter_map(Value::as_u64);
    ids.filter_map(|id| u32::try_from(id).ok())
}

/// A file of settings, if there is one.
fn json<T: DeserializeOwned>(
    folder: &Folder,
    file: &'static str,
) -> Result<Option<T>, TokenizerError> {
    let files = |source| TokenizerError::Files { source };
    let Some(bytes) = folder.find(file, MAX_BYTES).map_err(files)? else {
        return Ok(None);
    };
    serde_json::from_slice(bytes).map(Some).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        TokenizerError::Description { file, line, column }
    })
}
