//! The tokenizer of a model as Hugging Face lays it out, put into GGUF's words: `tokenizer.json` with its settings and
//! its chat template beside it. So there is one tokenizer for both, with its rules against control tokens in text and
//! its linear-time splitting; a description that can't be said in these words is refused by name.

mod described;
mod scheme;
mod side;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::described::{Added, Described};
use self::scheme::Scheme;
use self::side::Side;
use super::error::TokenizerError;
use super::vocabulary::{MAX_TOKENS, SpacePrefix, TokenizerModel};
use crate::formats::Folder;
use crate::formats::gguf::{Metadata, StrArray, Value};

/// GGUF's types of tokens.
const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER: i32 = 4;
const UNUSED: i32 = 5;
const BYTE: i32 = 6;
/// The score of a piece that no merge makes: it is taken last.
const NEVER: f32 = -1e9;

/// What a GGUF file would say of the tokenizer and the chat template in `folder`.
///
/// # Errors
///
/// [`TokenizerError`] when a file is missing or broken, or the tokenizer is of a kind that is not built in.
pub fn tokenizer_metadata(folder: &Folder) -> Result<Metadata, TokenizerError> {
    let described = Described::read(folder)?;
    let side = Side::read(folder)?;
    let scheme = Scheme::of(&described)?;
    let table = Table::of(&described, &scheme, side.vocabulary_size)?;
    let mut metadata = Metadata::default();
    let mut set = |key: &str, value: Value| {
        metadata.insert(&format!("tokenizer.ggml.{key}"), value);
    };
    let (model, is_scored) = match scheme.model {
        TokenizerModel::ByteLevel => ("gpt2", false),
        TokenizerModel::SentencePiece => ("llama", true),
    };
    set("model", model.into());
    set("pre", scheme.pre.into());
    if is_scored {
        set("scores", table.scores(&described).into());
        let is_put = scheme.space_prefix != SpacePrefix::Never;
        set("add_space_prefix", is_put.into());
        match scheme.space_prefix {
            SpacePrefix::Missing => set("space_prefix", "missing".into()),
            SpacePrefix::MissingAtStart => set("space_prefix", "missing-at-start".into()),
            SpacePrefix::Always | SpacePrefix::Never => {}
        }
    }
    let merges: Vec<String> = described
        .merges()
        .map(|(a, b)| format!("{a} {b}"))
        .collect();
    let merges: StrArray = merges.iter().map(String::as_str).collect();
    set("merges", merges.into());
    let unknown = described.unknown();
    let size = table.tokens.len();
    for (key, id) in [
        ("bos_token_id", side.bos(&table.ids)),
        ("eos_token_id", side.eos(&table.ids)),
        ("padding_token_id", side.padding(&table.ids)),
        (
            "unknown_token_id",
            unknown.and_then(|text| table.ids.get(text).copied()),
        ),
    ] {
        let Some(id) = id else { continue };
        if usize::try_from(id).map_or(true, |id| id >= size) {
            let key = "config.json";
            return Err(TokenizerError::IdOutOfRange { key, id, size });
        }
        set(key, id.into());
    }
    let bos = side.bos(&table.ids);
    set(
        "add_bos_token",
        side.adds_bos(described.starts_with(bos)).into(),
    );
    set("add_eos_token", side.adds_eos().into());
    set("token_type", table.types.clone().into());
    let tokens: StrArray = table.tokens.iter().map(String::as_str).collect();
    set("tokens", tokens.into());
    if !side.ends.is_empty() {
        set("end_token_ids", side.ends.clone().into());
    }
    if let Some(template) = side.template {
        metadata.insert("tokenizer.chat_template", template.as_str());
    }
    Ok(metadata)
}

/// All tokens in the order of their ids.
struct Table {
    tokens: Vec<String>,
    types: Vec<i32>,
    /// By text.
    ids: BTreeMap<String, u32>,
}

impl Table {
    fn of(described: &Described, scheme: &Scheme, least: usize) -> Result<Self, TokenizerError> {
        let own = described.vocabulary();
        let added = described.added();
        let ids = own
            .map(|(_, id)| id)
            .chain(added.iter().map(|token| token.id));
        let size = ids.max().map_or(0, |id| id as usize + 1).max(least);
        if size > MAX_TOKENS {
            return Err(TokenizerError::VocabularyTooLarge {
                found: size,
                limit: MAX_TOKENS,
            });
        }
        let mut table = Self {
            tokens: (0..size).map(|id| format!("[PAD{id}]")).collect(),
            types: vec![UNUSED; size],
            ids: BTreeMap::new(),
        };
        for (text, id) in described.vocabulary() {
            let kind = match scheme.model {
                TokenizerModel::SentencePiece if is_byte(text) => BYTE,
                TokenizerModel::SentencePiece if described.unknown() == Some(text) => UNKNOWN,
                _ => NORMAL,
            };
            table.set(text, id, kind)?;
        }
        for token in added {
            table.add(token, scheme)?;
        }
        Ok(table)
    }

    fn set(&mut self, text: &str, id: u32, kind: i32) -> Result<(), TokenizerError> {
        let at = id as usize;
        let (Some(token), Some(own)) = (self.tokens.get_mut(at), self.types.get_mut(at)) else {
            return Err(TokenizerError::TwoTokens { id });
        };
        if *own != UNUSED {
            return Err(TokenizerError::TwoTokens { id });
        }
        text.clone_into(token);
        *own = kind;
        self.ids.insert(text.to_owned(), id);
        Ok(())
    }

    /// An added token, which may be one of the vocabulary.
    fn add(&mut self, added: &Added, scheme: &Scheme) -> Result<(), TokenizerError> {
        // What holds the mark for a space is never found in a text: only merges make it.
        let by_merges = scheme.model == TokenizerModel::SentencePiece
            && !added.special
            && added.content.contains('▁');
        let kind = match self.ids.get(&added.content) {
            Some(id) if *id != added.id => {
                return Err(TokenizerError::TwoTokens { id: added.id });
            }
            Some(id) => {
                let own = self.types.get_mut(*id as usize);
                let own = own.ok_or(TokenizerError::TwoTokens { id: added.id })?;
                if !by_merges && *own != UNKNOWN {
                    *own = if added.special { CONTROL } else { USER };
                }
                return Ok(());
            }
            None if added.special => CONTROL,
            None => USER,
        };
        self.set(&added.content, added.id, kind)
    }

    /// A score for each token that orders merges as the description lists them.
    fn scores(&self, described: &Described) -> Vec<f32> {
        let mut scores = vec![NEVER; self.tokens.len()];
        for (rank, (left, right)) in described.merges().enumerate() {
            let joined = format!("{left}{right}");
            let id = self.ids.get(&joined).map(|id| *id as usize);
            if let Some(score) = id.and_then(|id| scores.get_mut(id))
                && *score == NEVER
            {
                *score = -(rank as f32);
            }
        }
        scores
    }
}

/// Whether a token stands for a byte that no piece covers: `<0x0A>`.
fn is_byte(text: &str) -> bool {
    let digits = text
        .strip_prefix("<0x")
        .and_then(|rest| rest.strip_suffix('>'));
    digits.is_some_and(|digits| digits.len() == 2 && u8::from_str_radix(digits, 16).is_ok())
}
