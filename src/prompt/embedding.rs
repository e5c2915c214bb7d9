//! Redacted texts, in the tokens of an embedding model.

use std::fmt;

use crate::crm::Body;
use crate::redact::Redacted;
use crate::tokenizer::Tokenizer;

use super::PromptError;

/// What an embedding model reads: the tokens of each text, with what the model wants around them. Made
/// only from a [`Redacted`].
///
/// ```compile_fail
/// let forged = bailiwick::prompt::EmbeddingInput { tokens: Vec::new() };
/// ```
pub struct EmbeddingInput {
    tokens: Vec<Vec<u32>>,
}

impl EmbeddingInput {
    /// The tokens of `redacted`'s texts, each at most `max_tokens`.
    ///
    /// # Errors
    ///
    /// [`PromptError`] when a text is longer, or the request holds no texts.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a redacted request is embedded once"
    )]
    pub fn new(
        redacted: Redacted,
        tokenizer: &Tokenizer,
        max_tokens: usize,
    ) -> Result<Self, PromptError> {
        let Body::Texts(texts) = redacted.body() else {
            return Err(PromptError::WrongBody {
                expected: "a list of texts",
                found: "a conversation",
            });
        };
        let mut tokens = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let ids = tokenizer.encode_framed(text.expose())?;
            if ids.len() > max_tokens {
                return Err(PromptError::EmbeddingTooLong {
                    index,
                    tokens: ids.len(),
                    limit: max_tokens,
                });
            }
            tokens.push(ids);
        }
        Ok(Self { tokens })
    }

    /// The tokens of each text.
    pub fn tokens(&self) -> &[Vec<u32>] {
        &self.tokens
    }

    /// All tokens together, for the usage.
    pub fn total_tokens(&self) -> usize {
        self.tokens.iter().map(Vec::len).sum()
    }
}

/// Says how much it is, and nothing of what it says.
impl fmt::Debug for EmbeddingInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingInput")
            .field("texts", &self.tokens.len())
            .field("tokens", &self.total_tokens())
            .finish()
    }
}
