//! Tokenizers and templates out of model files.

use std::sync::Arc;

use super::chat::ChatModel;
use super::encode::Tokenizer;
use super::error::{TemplateError, TokenizerError};
use super::hub::tokenizer_metadata;
use super::vocabulary::{SpacePrefix, TokenizerModel, Vocabulary};
use crate::formats::gguf::{Gguf, Metadata};
use crate::formats::manifest::{Format, Template};
use crate::formats::{Folder, VerifiedModel};
use crate::types::SharedClock;

const MODEL: &str = "tokenizer.ggml.model";
const TOKENS: &str = "tokenizer.ggml.tokens";
const TYPES: &str = "tokenizer.ggml.token_type";
const SCORES: &str = "tokenizer.ggml.scores";
const MERGES: &str = "tokenizer.ggml.merges";
/// Ours: see [`space_prefix`].
pub(super) const SPACE_PREFIX: &str = "tokenizer.ggml.space_prefix";
/// Ours: GGUF has a key for one token that ends a text and one that ends a turn.
const ENDS: &str = "tokenizer.ggml.end_token_ids";
const TEMPLATE: &str = "tokenizer.chat_template";

/// The file that describes an encoder's tokenizer.
const JSON: &str = "tokenizer.json";

impl Tokenizer {
    /// The tokenizer of a verified model: its `tokenizer.json` where it has one, else what its GGUF file
    /// describes.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`] when the model has neither, or one of a kind that is not built in.
    pub fn open(model: &VerifiedModel) -> Result<Self, TokenizerError> {
        if model.manifest().files.iter().any(|file| file.name == JSON) {
            let file = model
                .file(JSON)
                .map_err(|source| TokenizerError::Files { source })?;
            return Self::from_json_bytes(file.as_bytes());
        }
        Self::from_gguf(header(model)?.metadata())
    }

    /// The tokenizer of a verified decoder, whether or not it has a chat template.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`] when its files describe none, or one of a kind that is not built in.
    pub fn of_decoder(model: &VerifiedModel) -> Result<Self, TokenizerError> {
        Self::from_gguf(&described(model)?)
    }

    /// The tokenizer that a GGUF file describes.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`] when the file has none, or one of a kind that is not built in.
    pub fn from_gguf(metadata: &Metadata) -> Result<Self, TokenizerError> {
        Self::new(&vocabulary(metadata)?)
    }
}

impl ChatModel {
    /// The tokenizer and the template of a verified model: the template of its manifest, or the one in
    /// its files, as the manifest says.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Missing`] when it has no template; [`TemplateError`] when either cannot be read.
    pub fn open(model: &VerifiedModel, clock: SharedClock) -> Result<Self, TemplateError> {
        let metadata = described(model)?;
        let tokenizer = Arc::new(Tokenizer::from_gguf(&metadata)?);
        match &model.manifest().chat_template {
            Some(Template::Inline(source)) => Self::new(tokenizer, source, clock),
            Some(Template::Embedded) => Self::from_gguf(tokenizer, &metadata, clock),
            None => Err(TemplateError::Missing),
        }
    }

    /// A tokenizer with the chat template of its GGUF file.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Missing`] when the file has no template; [`TemplateError`] when it cannot be
    /// read.
    pub fn from_gguf(
        tokenizer: Arc<Tokenizer>,
        metadata: &Metadata,
        clock: SharedClock,
    ) -> Result<Self, TemplateError> {
        let source = metadata.str(TEMPLATE).map_err(|_| TemplateError::Missing)?;
        Self::new(tokenizer, source, clock)
    }
}

/// What a decoder's files say of its tokenizer, in GGUF's words.
fn described(model: &VerifiedModel) -> Result<Metadata, TokenizerError> {
    match model.manifest().format {
        Format::Gguf => Ok(header(model)?.metadata().clone()),
        Format::Safetensors => tokenizer_metadata(&Folder::of(model)),
    }
}

/// The header of the model's GGUF file.
fn header(model: &VerifiedModel) -> Result<Gguf, TokenizerError> {
    let files = |source| TokenizerError::Files { source };
    Gguf::open(model.weights().map_err(files)?).map_err(files)
}

/// When a space is put before a text: by our own key, which tells more ways apart, or by GGUF's.
fn space_prefix(metadata: &Metadata) -> Option<SpacePrefix> {
    match metadata.str(SPACE_PREFIX) {
        Ok("missing") => return Some(SpacePrefix::Missing),
        Ok("missing-at-start") => return Some(SpacePrefix::MissingAtStart),
        _ => {}
    }
    let is_put = metadata.bool("tokenizer.ggml.add_space_prefix").ok()?;
    Some(if is_put {
        SpacePrefix::Always
    } else {
        SpacePrefix::Never
    })
}

/// What the file says of its tokenizer.
fn vocabulary(metadata: &Metadata) -> Result<Vocabulary<'_>, TokenizerError> {
    let need = |key| TokenizerError::Metadata { key };
    let model = match metadata.str(MODEL).map_err(|_| need(MODEL))? {
        "gpt2" => TokenizerModel::ByteLevel,
        "llama" => TokenizerModel::SentencePiece,
        other => {
            return Err(TokenizerError::UnknownModel {
                model: other.chars().take(64).collect(),
            });
        }
    };
    let (merges, scores) = match model {
        TokenizerModel::ByteLevel => {
            let merges = metadata.str_array(MERGES).map_err(|_| need(MERGES))?;
            (merges, Vec::new())
        }
        TokenizerModel::SentencePiece => {
            let merges = metadata.str_array(MERGES).unwrap_or_default();
            let scores = metadata.f32_array(SCORES).map_err(|_| need(SCORES))?;
            (merges, scores.to_vec())
        }
    };
    Ok(Vocabulary {
        model,
        pre: metadata.str("tokenizer.ggml.pre").ok(),
        tokens: metadata.str_array(TOKENS).map_err(|_| need(TOKENS))?,
        token_types: metadata.i32_array(TYPES).map_err(|_| need(TYPES))?.to_vec(),
        scores,
        merges,
        bos: metadata.u32("tokenizer.ggml.bos_token_id").ok(),
        eos: metadata.u32("tokenizer.ggml.eos_token_id").ok(),
        eot: metadata.u32("tokenizer.ggml.eot_token_id").ok(),
        ends: metadata.u32_array(ENDS).unwrap_or_default().to_vec(),
        unknown: metadata.u32("tokenizer.ggml.unknown_token_id").ok(),
        add_bos: metadata.bool("tokenizer.ggml.add_bos_token").ok(),
        add_eos: metadata.bool("tokenizer.ggml.add_eos_token").ok(),
        space_prefix: space_prefix(metadata),
    })
}
