//! Tokenizers and templates out of model files.

use std::sync::Arc;

use super::chat::ChatModel;
use super::encode::Tokenizer;
use super::error::{TemplateError, TokenizerError};
use super::vocabulary::{TokenizerModel, Vocabulary};
use crate::formats::VerifiedModel;
use crate::formats::gguf::{Gguf, Metadata};
use crate::formats::manifest::Template;
use crate::types::SharedClock;

const MODEL: &str = "tokenizer.ggml.model";
const TOKENS: &str = "tokenizer.ggml.tokens";
const TYPES: &str = "tokenizer.ggml.token_type";
const SCORES: &str = "tokenizer.ggml.scores";
const MERGES: &str = "tokenizer.ggml.merges";
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
    /// its GGUF file, as the manifest says.
    ///
    /// # Errors
    ///
    /// [`TemplateError::Missing`] when it has no template; [`TemplateError`] when either cannot be read.
    pub fn open(model: &VerifiedModel, clock: SharedClock) -> Result<Self, TemplateError> {
        let header = header(model)?;
        let tokenizer = Arc::new(Tokenizer::from_gguf(header.metadata())?);
        match &model.manifest().chat_template {
            Some(Template::Inline(source)) => Self::new(tokenizer, source, clock),
            Some(Template::Embedded) => Self::from_gguf(tokenizer, header.metadata(), clock),
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

/// The header of the model's GGUF file.
fn header(model: &VerifiedModel) -> Result<Gguf, TokenizerError> {
    let files = |source| TokenizerError::Files { source };
    Gguf::open(model.weights().map_err(files)?).map_err(files)
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
            let scores = metadata.f32_array(SCORES).map_err(|_| need(SCORES))?;
            (Vec::new(), scores.to_vec())
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
        unknown: metadata.u32("tokenizer.ggml.unknown_token_id").ok(),
        add_bos: metadata.bool("tokenizer.ggml.add_bos_token").ok(),
        add_eos: metadata.bool("tokenizer.ggml.add_eos_token").ok(),
        add_space_prefix: metadata.bool("tokenizer.ggml.add_space_prefix").ok(),
    })
}
