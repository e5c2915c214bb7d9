//! Byte-level BPE (GPT-2): each byte is written as a printable character, words are split by rules,
//! and pairs merge in the order of a list.

use tokenizers::Model;
use tokenizers::models::bpe::{BPE, Merges, Vocab};

use super::error::TokenizerError;
use super::split::Splitter;
use super::vocabulary::Vocabulary;

/// The first of the characters that stand for bytes which are not printable themselves.
const STAND_IN: u32 = 0x100;

/// GPT-2's printable characters for bytes, and back.
#[derive(Debug)]
pub(super) struct Alphabet {
    chars: [char; 256],
    /// The bytes of U+0000 to U+01FF, where all these characters are.
    bytes: [Option<u8>; 0x200],
}

impl Alphabet {
    /// `!`…`~`, `¡`…`¬` and `®`…`ÿ` stand for themselves; the rest follow from U+0100 on, in order.
    pub(super) fn new() -> Self {
        let mut chars = ['\0'; 256];
        let mut bytes = [None; 0x200];
        let mut next = STAND_IN;
        for byte in 0..=u8::MAX {
            let code = match byte {
                0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => u32::from(byte),
                _ => {
                    next += 1;
                    next - 1
                }
            };
            chars[usize::from(byte)] = char::from_u32(code).unwrap_or('\0');
            if let Some(slot) = usize::try_from(code).ok().and_then(|at| bytes.get_mut(at)) {
                *slot = Some(byte);
            }
        }
        Self { chars, bytes }
    }

    /// Appends the characters of `text`'s bytes.
    fn encode(&self, text: &str, out: &mut String) {
        out.extend(text.bytes().map(|byte| self.chars[usize::from(byte)]));
    }

    /// Appends the bytes of a token; a character that stands for none is written as it is.
    pub(super) fn decode(&self, token: &str, out: &mut Vec<u8>) {
        for c in token.chars() {
            let at = usize::try_from(u32::from(c)).unwrap_or(usize::MAX);
            match self.bytes.get(at).copied().flatten() {
                Some(byte) => out.push(byte),
                None => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
}

/// The merging of byte-level tokens.
#[derive(Debug)]
pub(super) struct ByteLevel {
    alphabet: Alphabet,
    splitter: Splitter,
    bpe: BPE,
}

impl ByteLevel {
    /// Builds the merges of a vocabulary. Only tokens of type 1 and 6 take part, so no text merges to a
    /// control token.
    pub(super) fn new(vocabulary: &Vocabulary<'_>) -> Result<Self, TokenizerError> {
        let splitter = Splitter::named(vocabulary.pre)?;
        let ids: Vocab = (0_u32..)
            .zip(vocabulary.tokens.iter().zip(&vocabulary.token_types))
            .filter(|(_, (_, kind))| matches!(kind, 1 | 6))
            .map(|(id, (token, _))| ((*token).to_owned(), id))
            .collect();
        let alphabet = Alphabet::new();
        let merges = checked_merges(&vocabulary.merges, &ids)?;
        let bpe = BPE::builder()
            .vocab_and_merges(ids, merges)
            // The cache would keep words of one caller's text for the next one to time.
            .cache_capacity(0)
            .ignore_merges(splitter.whole_words())
            .build()
            .map_err(|_| TokenizerError::Encode)?;
        Ok(Self {
            alphabet,
            splitter,
            bpe,
        })
    }

    /// Whether a text starts with the model's start token where the file does not say.
    pub(super) fn adds_bos(&self) -> bool {
        self.splitter.adds_bos()
    }

    /// Appends the tokens of `text`. Some models have no token for one or other control character; such
    /// a character is left out, as the reference does.
    pub(super) fn encode(&self, text: &str, out: &mut Vec<u32>) -> Result<(), TokenizerError> {
        let mut word = String::new();
        self.splitter.split(text, &mut |piece| {
            word.clear();
            self.alphabet.encode(piece, &mut word);
            let tokens = self
                .bpe
                .tokenize(&word)
                .map_err(|_| TokenizerError::Encode)?;
            out.extend(tokens.iter().map(|token| token.id));
            Ok(())
        })
    }
}

/// The merges as pairs, each checked: the `tokenizers` crate would put the token's text in its error.
fn checked_merges(merges: &[&str], ids: &Vocab) -> Result<Merges, TokenizerError> {
    let mut joined = String::new();
    let mut pairs = Merges::with_capacity(merges.len());
    for (rank, merge) in merges.iter().enumerate() {
        let (left, right) = merge
            .split_once(' ')
            .ok_or(TokenizerError::Merge { rank })?;
        joined.clear();
        joined.push_str(left);
        joined.push_str(right);
        let sound = [left, right, &joined]
            .iter()
            .all(|token| ids.contains_key(*token));
        if !sound {
            return Err(TokenizerError::Merge { rank });
        }
        pairs.push((left.to_owned(), right.to_owned()));
    }
    Ok(pairs)
}
