//! Why there is no prompt. No message holds text of a request.

use crate::crm::RenderError;
use crate::tokenizer::{TemplateError, TokenizerError};

/// Why a request can't be put into tokens.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Prompt and answer together are longer than the model's context. The wording is OpenAI's: clients
    /// look for it.
    #[error(
        "this model's maximum context length is {limit} tokens; the messages have {prompt_tokens} tokens \
         and {max_new} were asked for the answer"
    )]
    ContextLengthExceeded {
        /// Tokens of the prompt.
        prompt_tokens: usize,
        /// Tokens asked for the answer.
        max_new: usize,
        /// The context.
        limit: usize,
    },
    /// A text to embed is longer than the model reads; nothing is ever cut.
    #[error(
        "this model's maximum context length is {limit} tokens; text {index} has {tokens} tokens"
    )]
    EmbeddingTooLong {
        /// Which text, from 0.
        index: usize,
        /// Its tokens.
        tokens: usize,
        /// The most tokens.
        limit: usize,
    },
    /// A prompt without any text.
    #[error("the prompt holds no text")]
    NoText,
    /// An answer of no tokens was asked for.
    #[error("the answer must be allowed at least one token")]
    NoRoomAsked,
    /// The use case's template failed.
    #[error("the use case's template can't be rendered")]
    Render(#[from] RenderError),
    /// The model's own template failed.
    #[error("the conversation can't be put into the model's words: {0}")]
    Template(#[from] TemplateError),
    /// A text can't be tokenised.
    #[error("the text can't be tokenised")]
    Tokenise(#[from] TokenizerError),
    /// Texts came where a conversation is needed, or the other way round.
    #[error("the request is {found}, and {expected} is needed")]
    WrongBody {
        /// What is needed.
        expected: &'static str,
        /// What came.
        found: &'static str,
    },
}

impl PromptError {
    /// Whether the request was too long for the model, in either form.
    pub fn is_context_length(&self) -> bool {
        matches!(
            self,
            Self::ContextLengthExceeded { .. } | Self::EmbeddingTooLong { .. }
        )
    }
}
