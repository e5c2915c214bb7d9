//! Tokens to text, as they come.

use std::sync::Arc;

use super::encode::Tokenizer;
use super::pieces::TokenKind;

/// Turns tokens into text one by one: whole characters only, so no chunk ends inside of one.
///
/// Whatever the cuts, the parts joined are the lossy UTF-8 reading of all the tokens' bytes. Control
/// tokens have no text.
#[derive(Debug)]
pub struct Decoder {
    tokenizer: Arc<Tokenizer>,
    /// The start of a character whose end has not come: at most three bytes.
    pending: Vec<u8>,
    /// Whether the next byte, if a space, is the one that encoding put before the text.
    at_start: bool,
}

impl Decoder {
    /// A decoder at the start of a text.
    pub fn new(tokenizer: Arc<Tokenizer>) -> Self {
        let at_start = tokenizer.drops_first_space();
        Self {
            tokenizer,
            pending: Vec::new(),
            at_start,
        }
    }

    /// The characters that `id` completes; `None` when there are none.
    pub fn push(&mut self, id: u32) -> Option<String> {
        if matches!(
            self.tokenizer.token_kind(id),
            TokenKind::Control | TokenKind::Unused
        ) {
            return None;
        }
        let mut bytes = self.tokenizer.token_bytes(id);
        if self.at_start && !bytes.is_empty() {
            self.at_start = false;
            bytes = bytes.strip_prefix(b" ").unwrap_or(bytes);
        }
        self.pending.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = self.pending.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                    rest = after;
                    // Without a length, the bytes may still become a character.
                    let Some(bad) = error.error_len() else { break };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = after.get(bad..).unwrap_or(&[]);
                }
            }
        }
        self.pending = rest.to_vec();
        (!text.is_empty()).then_some(text)
    }

    /// Ends the text: a character whose end never came is U+FFFD.
    pub fn finish(self) -> Option<String> {
        (!self.pending.is_empty()).then(|| String::from_utf8_lossy(&self.pending).into_owned())
    }

    /// The text of `ids`.
    pub fn decode(tokenizer: &Arc<Tokenizer>, ids: &[u32]) -> String {
        let mut decoder = Self::new(Arc::clone(tokenizer));
        let mut text: String = ids.iter().filter_map(|id| decoder.push(*id)).collect();
        text.extend(decoder.finish());
        text
    }
}
