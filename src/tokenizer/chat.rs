//! A chat model's text side: its tokenizer and its template together.

use std::sync::Arc;

use super::decode::Decoder;
use super::encode::{Special, Tokenizer};
use super::error::{TemplateError, TokenizerError};
use super::template::{ChatTemplate, Dialogue, Rendered, Segment, TemplateTokens};
use crate::types::{Message, SharedClock};

/// Conversations to tokens, and tokens to text.
#[derive(Clone, Debug)]
pub struct ChatModel {
    tokenizer: Arc<Tokenizer>,
    template: Arc<ChatTemplate>,
}

impl ChatModel {
    /// A tokenizer with the template `source`.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] when the template cannot be read.
    pub fn new(
        tokenizer: Arc<Tokenizer>,
        source: &str,
        clock: SharedClock,
    ) -> Result<Self, TemplateError> {
        let text = |id: Option<u32>| {
            let bytes = id.map_or(&[][..], |id| tokenizer.token_bytes(id));
            String::from_utf8_lossy(bytes).into_owned()
        };
        let tokens = TemplateTokens {
            bos: text(tokenizer.bos()),
            eos: text(tokenizer.eos()),
        };
        let template = Arc::new(ChatTemplate::new(source, tokens, clock)?);
        Ok(Self {
            tokenizer,
            template,
        })
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Arc<Tokenizer> {
        &self.tokenizer
    }

    /// The conversation as the model will read it, for showing.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] when the template refuses it or fails.
    pub fn render(&self, messages: &[Message]) -> Result<Vec<Segment>, TemplateError> {
        self.template.render(messages, true)
    }

    /// The conversation with its tools as the model will read it.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] when the template refuses it or fails.
    pub fn write(&self, dialogue: Dialogue<'_>) -> Result<Rendered, TemplateError> {
        self.template.write(dialogue)
    }

    /// The model's template.
    pub fn template(&self) -> &ChatTemplate {
        &self.template
    }

    /// The tokens of the conversation, up to where the model's turn starts. No content of a message
    /// becomes a control token.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] when the template refuses the conversation or fails, or the text is too long.
    pub fn encode_chat(&self, messages: &[Message]) -> Result<Vec<u32>, TemplateError> {
        Ok(self.tokenizer.encode_chat(&self.render(messages)?)?)
    }

    /// The number of tokens of a plain text.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::TextTooLong`] over [`MAX_TEXT_BYTES`](super::MAX_TEXT_BYTES).
    pub fn count(&self, text: &str) -> Result<usize, TokenizerError> {
        Ok(self.tokenizer.encode(text, Special::Plain)?.len())
    }

    /// A decoder for one answer.
    pub fn decoder(&self) -> Decoder {
        Decoder::new(Arc::clone(&self.tokenizer))
    }
}
