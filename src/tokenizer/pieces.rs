//! The bytes of every token, in one flat table.

use super::byte_level::Alphabet;
use super::vocabulary::{TokenizerModel, Vocabulary};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Text.
    Text,
    /// Text that the model's makers added as a whole, such as runs of spaces.
    Added,
    /// Structure: the borders of turns and texts. Never made from text that comes from outside.
    Control,
    /// Structure that shows in answers: `<think>`, `<tool_call>`. Never made from text that comes from
    /// outside, but part of a decoded text.
    Mark,
    /// Nothing: a place kept free, or what stands for the unknown.
    Unused,
}

/// Bytes and kind of each token: two allocations, whatever the vocabulary's size.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    bytes: Vec<u8>,
    /// End of each token in `bytes`, and its kind.
    ends: Vec<(u32, TokenKind)>,
}

impl Pieces {
    /// The table of `vocabulary`, whose lists are of one length.
    pub(super) fn of(vocabulary: &Vocabulary<'_>) -> Self {
        let total = vocabulary.tokens.iter().map(|token| token.len()).sum();
        let mut pieces = Self {
            bytes: Vec::with_capacity(total),
            ends: Vec::with_capacity(vocabulary.tokens.len()),
        };
        let alphabet = Alphabet::new();
        for (token, raw) in vocabulary.tokens.iter().zip(&vocabulary.token_types) {
            pieces.push(kind_of(token, *raw), |bytes| {
                match (vocabulary.model, raw) {
                    (TokenizerModel::ByteLevel, 1 | 6) => alphabet.decode(token, bytes),
                    (TokenizerModel::SentencePiece, 6) => bytes.extend(byte_of(token)),
                    (TokenizerModel::SentencePiece, 1 | 4) => unescape_spaces(token, bytes),
                    _ => bytes.extend_from_slice(token.as_bytes()),
                }
            });
        }
        pieces
    }

    /// Adds a token whose bytes `write` appends.
    pub(super) fn push(&mut self, kind: TokenKind, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.ends.push((end, kind));
    }

    /// The number of tokens.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a token; empty for an id that there is not.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        let Ok(id) = usize::try_from(id) else {
            return &[];
        };
        let start = match id.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).map_or(0, |(end, _)| *end),
        };
        let end = self.ends.get(id).map_or(start, |(end, _)| *end);
        let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
        self.bytes.get(range).unwrap_or(&[])
    }

    /// What a token is for; unused for an id that there is not.
    pub(super) fn kind(&self, id: u32) -> TokenKind {
        let id = usize::try_from(id).unwrap_or(usize::MAX);
        self.ends
            .get(id)
            .map_or(TokenKind::Unused, |(_, kind)| *kind)
    }
}

/// Structure of answers that some files give the type of control tokens: whoever reads an answer must see it.
const SHOWN: [&str; 6] = [
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "[TOOL_CALLS]",
    "<|python_tag|>",
];

/// The kind of a token with GGUF's type `raw`.
///
/// Files give some of the structure (`</s>`, `<tool_call>`) the type of user-defined words, which would
/// let it through from text. What is written like a mark is therefore taken for one.
fn kind_of(token: &str, raw: i32) -> TokenKind {
    match raw {
        3 if SHOWN.contains(&token) => TokenKind::Mark,
        3 => TokenKind::Control,
        4 if looks_like_a_mark(token) => TokenKind::Mark,
        4 => TokenKind::Added,
        1 | 6 => TokenKind::Text,
        _ => TokenKind::Unused,
    }
}

/// Whether a token is in angle brackets, or in square ones with capitals inside (`[INST]`).
fn looks_like_a_mark(token: &str) -> bool {
    let angled = token.len() > 2 && token.starts_with('<') && token.ends_with('>');
    let squared = token
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|name| name.bytes().any(|b| b.is_ascii_uppercase()));
    angled || squared
}

/// The byte of a token like `<0x0A>`.
fn byte_of(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}

fn unescape_spaces(token: &str, bytes: &mut Vec<u8>) {
    for (at, part) in token.split('▁').enumerate() {
        if at > 0 {
            bytes.push(b' ');
        }
        bytes.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_type_and_form() {
        for (token, raw, expected) in [
            ("Ġa", 1, TokenKind::Text),
            ("<0x0A>", 6, TokenKind::Text),
            ("<unk>", 2, TokenKind::Unused),
            ("<|im_end|>", 3, TokenKind::Control),
            ("<think>", 4, TokenKind::Mark),
            ("[TOOL_CALLS]", 4, TokenKind::Mark),
            ("[TOOL_CALLS]", 3, TokenKind::Mark),
            ("<|python_tag|>", 3, TokenKind::Mark),
            ("õ", 4, TokenKind::Added),
            ("    ", 4, TokenKind::Added),
            ("<pad>", 5, TokenKind::Unused),
        ] {
            assert_eq!(kind_of(token, raw), expected, "{token}");
        }
    }
}
