//! Tokenizers described by a `tokenizer.json`, as encoders have them.

use std::path::Path;

use tokenizers::{DecoderWrapper, ModelWrapper, Tokenizer as Described};

use super::byte_level::Alphabet;
use super::encode::Tokenizer;
use super::error::TokenizerError;
use super::pieces::{Pieces, TokenKind};
use super::special::Matcher;
use super::vocabulary::MAX_TOKENS;

/// The most bytes of a description that are read.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The whole chain of the `tokenizers` crate: normaliser, splitter, model, post-processor.
#[derive(Debug)]
pub(super) struct JsonTokenizer(Described);

impl JsonTokenizer {
    /// The tokens of `text`, which is plain; `framed` with what the model wants before and after.
    pub(super) fn encode(&self, text: &str, framed: bool) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self
            .0
            .encode_fast(text, framed)
            .map_err(|_| TokenizerError::Encode)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// As [`decode`](Self::decode), but WordPiece, which forgets where spaces were, gets none around the marks
    /// that hold addresses and numbers together: `erika@example.com`, not `erika @ example. com`. Its own
    /// splitter cuts at every mark, so the tokens of this text are `ids` again.
    pub(super) fn decode_tight(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let text = self.decode(ids)?;
        Ok(match self.0.get_model() {
            ModelWrapper::WordPiece(_) => tighten(&text),
            _ => text,
        })
    }

    /// The text of `ids`, control tokens left out, words joined as the description's decoder joins them.
    pub(super) fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        self.0.decode(ids, true).map_err(|_| TokenizerError::Decode)
    }
}

/// `text` without the spaces beside marks that hold addresses and numbers together.
fn tighten(text: &str) -> String {
    let holds = |c: char| "@._-/:%=&".contains(c);
    let starts = |c: char| "+#".contains(c);
    let mut tight = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let beside = tight.ends_with(holds)
            || tight.ends_with(starts)
            || characters.peek().copied().is_some_and(holds);
        if c != ' ' || !beside {
            tight.push(c);
        }
    }
    tight
}

impl Tokenizer {
    /// The tokenizer of a `tokenizer.json` file. Its own cutting and padding are switched off.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`] when the file cannot be read or is no description of a tokenizer.
    pub fn from_json(path: &Path) -> Result<Self, TokenizerError> {
        let read = |source| TokenizerError::Read { source };
        let size = std::fs::metadata(path).map_err(read)?.len();
        if size > MAX_FILE_BYTES {
            return Err(TokenizerError::TextTooLong {
                bytes: usize::try_from(size).unwrap_or(usize::MAX),
                limit: usize::try_from(MAX_FILE_BYTES).unwrap_or(usize::MAX),
            });
        }
        Self::from_json_bytes(&std::fs::read(path).map_err(read)?)
    }

    /// The tokenizer of the contents of a `tokenizer.json` file.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Json`] when they describe no tokenizer.
    pub fn from_json_bytes(bytes: &[u8]) -> Result<Self, TokenizerError> {
        let json = |source| TokenizerError::Json { source };
        let mut described = Described::from_bytes(bytes).map_err(json)?;
        described.with_truncation(None).map_err(json)?;
        described.with_padding(None);
        // Text from outside does not become `[CLS]`; the template's own text is cut by `Matcher`.
        described.set_encode_special_tokens(true);
        if let ModelWrapper::BPE(_) | ModelWrapper::Unigram(_) = described.get_model() {
            // The cache would keep words of one caller's text for the next one to time.
            let mut model = described.get_model().clone();
            model.resize_cache(0);
            described.with_model(model);
        }
        let vocabulary = described.get_vocab(true);
        let size = vocabulary
            .values()
            .max()
            .and_then(|id| usize::try_from(*id).ok())
            .map_or(0, |id| id.saturating_add(1));
        if size > MAX_TOKENS {
            return Err(TokenizerError::VocabularyTooLarge {
                found: size,
                limit: MAX_TOKENS,
            });
        }
        let mut by_id = vec![None; size];
        for (text, id) in &vocabulary {
            if let Some(slot) = usize::try_from(*id).ok().and_then(|id| by_id.get_mut(id)) {
                *slot = Some(text.as_str());
            }
        }
        let added = described.get_added_tokens_decoder();
        let alphabet = matches!(described.get_decoder(), Some(DecoderWrapper::ByteLevel(_)))
            .then(Alphabet::new);
        let mut pieces = Pieces::default();
        for (id, text) in (0_u32..).zip(by_id) {
            let kind = match (text, added.get(&id)) {
                (None, _) => TokenKind::Unused,
                (_, Some(token)) if token.special => TokenKind::Control,
                (_, Some(_)) => TokenKind::Added,
                _ => TokenKind::Text,
            };
            let text = text.unwrap_or("");
            pieces.push(kind, |bytes| match &alphabet {
                Some(alphabet) if kind == TokenKind::Text => alphabet.decode(text, bytes),
                _ => bytes.extend_from_slice(text.as_bytes()),
            });
        }
        let special = added.iter().filter(|(_, token)| token.special);
        let controls = Matcher::new(special.map(|(id, token)| (token.content.as_str(), *id)))?;
        Ok(Self::of_json(JsonTokenizer(described), pieces, controls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_hold_together() {
        for (loose, tight) in [
            (
                "write to erika. muster @ example. com now",
                "write to erika.muster@example.com now",
            ),
            ("call + 49 30 / 9018", "call +49 30/9018"),
            ("the kettle leaks", "the kettle leaks"),
            ("", ""),
        ] {
            assert_eq!(tighten(loose), tight);
        }
    }
}
