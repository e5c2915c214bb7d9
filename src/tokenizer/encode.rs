//! The tokenizer: a vocabulary, its way to split and merge, and its added and control tokens.

use std::fmt;
use std::sync::Arc;

use super::byte_level::ByteLevel;
use super::error::TokenizerError;
use super::json::JsonTokenizer;
use super::pieces::{Pieces, TokenKind};
use super::sentence::SentencePiece;
use super::special::Matcher;
use super::template::Segment;
use super::vocabulary::{MAX_TOKENS, TokenizerModel, Vocabulary};

/// The most bytes of text that one call encodes.
pub const MAX_TEXT_BYTES: usize = 8 << 20;

/// Texts of control tokens that end a turn or a text in the families that are built in; files name
/// one or two of them only.
const ENDS: &[&str] = &[
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "<|eom_id|>",
    "<EOT>",
    "<｜end▁of▁sentence｜>",
];

/// Whether control tokens are read in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// The text is a template's own: control tokens in it are control tokens.
    Parse,
    /// The text is from outside: it never becomes a control token.
    Plain,
}

/// Text to tokens and back. Cheap to share behind an `Arc`; holds nothing of what it encoded.
pub struct Tokenizer {
    scheme: Scheme,
    pub(super) pieces: Pieces,
    /// Structure and marks, found in trusted text only.
    controls: Matcher,
    /// Whole words that the model's makers added, found in any text.
    added: Matcher,
    ends: Vec<u32>,
    bos: Option<u32>,
    eos: Option<u32>,
    add_bos: bool,
    add_eos: bool,
}

#[derive(Debug)]
enum Scheme {
    ByteLevel(Box<ByteLevel>),
    SentencePiece(Box<SentencePiece>),
    Json(Box<JsonTokenizer>),
}

impl Tokenizer {
    /// Builds the tokenizer of a vocabulary.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`] when the lists do not fit together, a merge or an id is not in the vocabulary,
    /// or the rules to split words are unknown.
    pub fn new(vocabulary: &Vocabulary<'_>) -> Result<Self, TokenizerError> {
        check(vocabulary)?;
        let (scheme, family_bos) = match vocabulary.model {
            TokenizerModel::ByteLevel => {
                let byte_level = ByteLevel::new(vocabulary)?;
                let bos = byte_level.adds_bos();
                (Scheme::ByteLevel(Box::new(byte_level)), bos)
            }
            TokenizerModel::SentencePiece => (
                Scheme::SentencePiece(Box::new(SentencePiece::new(vocabulary)?)),
                true,
            ),
        };
        let pieces = Pieces::of(vocabulary);
        let of_kind = |kind| {
            (0_u32..)
                .zip(&vocabulary.tokens)
                .filter(|(id, _)| pieces.kind(*id) == kind)
                .map(|(id, token)| (*token, id))
                .collect::<Vec<_>>()
        };
        let mut controls = of_kind(TokenKind::Control);
        let added = Matcher::new(of_kind(TokenKind::Added).into_iter())?;
        let mut ends = vocabulary.ends.clone();
        ends.extend([vocabulary.eos, vocabulary.eot].into_iter().flatten());
        let known = controls.iter().filter(|(text, _)| ENDS.contains(text));
        ends.extend(known.map(|(_, id)| *id));
        ends.sort_unstable();
        ends.dedup();
        controls.extend(of_kind(TokenKind::Mark));
        let controls = Matcher::new(controls.into_iter())?;
        Ok(Self {
            scheme,
            pieces,
            controls,
            added,
            ends,
            bos: vocabulary.bos,
            eos: vocabulary.eos,
            add_bos: vocabulary.add_bos.unwrap_or(family_bos) && vocabulary.bos.is_some(),
            add_eos: vocabulary.add_eos.unwrap_or(false) && vocabulary.eos.is_some(),
        })
    }

    /// The tokenizer of a `tokenizer.json`.
    pub(super) fn of_json(json: JsonTokenizer, pieces: Pieces, controls: Matcher) -> Self {
        Self {
            scheme: Scheme::Json(Box::new(json)),
            pieces,
            controls,
            added: Matcher::default(),
            ends: Vec::new(),
            bos: None,
            eos: None,
            add_bos: false,
            add_eos: false,
        }
    }

    /// The tokens of `text`, nothing before or after them.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::TextTooLong`] over [`MAX_TEXT_BYTES`].
    pub fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>, TokenizerError> {
        let trusted = special == Special::Parse;
        self.encode_parts([(text, trusted)].into_iter())
    }

    /// The tokens of `text`, which is plain, with what the model wants before and after a whole text:
    /// its start and end tokens, or `[CLS]` and `[SEP]`.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::TextTooLong`] over [`MAX_TEXT_BYTES`].
    pub fn encode_framed(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        if let Scheme::Json(json) = &self.scheme {
            check_length(text.len())?;
            return json.encode(text, true);
        }
        let plain = self.encode(text, Special::Plain)?;
        let before = self.bos.filter(|_| self.add_bos);
        let after = self.eos.filter(|_| self.add_eos);
        Ok(before.into_iter().chain(plain).chain(after).collect())
    }

    /// The tokens of a rendered conversation: control tokens only where a trusted segment holds them
    /// whole, text merging across the borders of segments as if it were one string. Starts with the
    /// model's start token where it wants one and the template wrote none.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::TextTooLong`] over [`MAX_TEXT_BYTES`].
    pub fn encode_chat(&self, segments: &[Segment]) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = self.encode_parts(
            segments
                .iter()
                .map(|s| (s.text.expose().as_str(), s.trusted)),
        )?;
        if let Some(bos) = self
            .bos
            .filter(|bos| self.add_bos && ids.first() != Some(bos))
        {
            ids.insert(0, bos);
        }
        Ok(ids)
    }

    /// The text of `ids`, which are all of the vocabulary; control tokens have none. Unlike a
    /// [`Decoder`](super::Decoder), which goes token by token, it may join words as the model's own
    /// description says (WordPiece's `##`).
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Decode`], [`TokenizerError::IdOutOfRange`].
    pub fn decode(self: &Arc<Self>, ids: &[u32]) -> Result<String, TokenizerError> {
        self.check_ids(ids)?;
        match &self.scheme {
            Scheme::Json(json) => json.decode(ids),
            _ => Ok(super::Decoder::decode(self, ids)),
        }
    }

    /// A text whose tokens are `ids` and in which addresses and numbers stand as people write them, so that
    /// they can be found; control tokens have none.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_to_search(self: &Arc<Self>, ids: &[u32]) -> Result<String, TokenizerError> {
        self.check_ids(ids)?;
        match &self.scheme {
            Scheme::Json(json) => json.decode_tight(ids),
            _ => Ok(super::Decoder::decode(self, ids)),
        }
    }

    fn check_ids(&self, ids: &[u32]) -> Result<(), TokenizerError> {
        let size = self.vocabulary_size();
        let foreign = |id: &&u32| usize::try_from(**id).map_or(true, |id| id >= size);
        if let Some(id) = ids.iter().find(foreign) {
            return Err(TokenizerError::IdOutOfRange {
                key: "tokens",
                id: *id,
                size,
            });
        }
        Ok(())
    }

    /// The number of tokens in the vocabulary; ids are below it.
    pub fn vocabulary_size(&self) -> usize {
        self.pieces.len()
    }

    /// The bytes that a token stands for; empty for an id that there is not. Tokens may end inside of
    /// a character.
    pub fn token_bytes(&self, id: u32) -> &[u8] {
        self.pieces.bytes(id)
    }

    /// What a token is for.
    pub fn token_kind(&self, id: u32) -> TokenKind {
        self.pieces.kind(id)
    }

    /// The tokens that end a turn or a text, ascending.
    pub fn end_ids(&self) -> &[u32] {
        &self.ends
    }

    /// The token that starts a text, where the model has one.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The token that ends a text, where the model has one.
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// Whether the space that a decoded text starts with was put there by encoding.
    pub(super) fn drops_first_space(&self) -> bool {
        matches!(&self.scheme, Scheme::SentencePiece(scheme) if scheme.space_prefix())
    }

    fn encode_parts<'a>(
        &self,
        parts: impl Iterator<Item = (&'a str, bool)> + Clone,
    ) -> Result<Vec<u32>, TokenizerError> {
        check_length(parts.clone().map(|(text, _)| text.len()).sum())?;
        let mut run = Run {
            tokenizer: self,
            plain: String::new(),
            first: true,
            ids: Vec::new(),
        };
        for (text, trusted) in parts {
            let mut at = 0;
            if trusted {
                for found in self.controls.find(text) {
                    run.plain
                        .push_str(text.get(at..found.range.start).unwrap_or(""));
                    run.flush()?;
                    run.special(found.id);
                    at = found.range.end;
                }
            }
            run.plain.push_str(text.get(at..).unwrap_or(""));
        }
        run.flush()?;
        Ok(run.ids)
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocabulary_size", &self.vocabulary_size())
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

/// A text being encoded: plain text is gathered across the borders of its parts, so that it merges as
/// one string, until a control token ends it.
struct Run<'t> {
    tokenizer: &'t Tokenizer,
    plain: String,
    /// Whether the text starts here, or a control token stands before.
    first: bool,
    ids: Vec<u32>,
}

impl Run<'_> {
    fn special(&mut self, id: u32) {
        self.ids.push(id);
        self.first = true;
    }

    fn flush(&mut self) -> Result<(), TokenizerError> {
        let plain = std::mem::take(&mut self.plain);
        let mut at = 0;
        for found in self.tokenizer.added.find(&plain) {
            self.text(plain.get(at..found.range.start).unwrap_or(""))?;
            self.special(found.id);
            at = found.range.end;
        }
        self.text(plain.get(at..).unwrap_or(""))
    }

    fn text(&mut self, text: &str) -> Result<(), TokenizerError> {
        if text.is_empty() {
            return Ok(());
        }
        match &self.tokenizer.scheme {
            Scheme::ByteLevel(scheme) => scheme.encode(text, &mut self.ids)?,
            Scheme::SentencePiece(scheme) => scheme.encode(text, self.first, &mut self.ids)?,
            Scheme::Json(scheme) => self.ids.extend(scheme.encode(text, false)?),
        }
        self.first = false;
        Ok(())
    }
}

fn check_length(bytes: usize) -> Result<(), TokenizerError> {
    if bytes > MAX_TEXT_BYTES {
        return Err(TokenizerError::TextTooLong {
            bytes,
            limit: MAX_TEXT_BYTES,
        });
    }
    Ok(())
}

fn check(vocabulary: &Vocabulary<'_>) -> Result<(), TokenizerError> {
    let size = vocabulary.tokens.len();
    if size > MAX_TOKENS {
        return Err(TokenizerError::VocabularyTooLarge {
            found: size,
            limit: MAX_TOKENS,
        });
    }
    if vocabulary.token_types.len() != size {
        return Err(TokenizerError::Length {
            key: "tokenizer.ggml.token_type",
            found: vocabulary.token_types.len(),
            tokens: size,
        });
    }
    let named = [
        ("tokenizer.ggml.bos_token_id", vocabulary.bos),
        ("tokenizer.ggml.eos_token_id", vocabulary.eos),
        ("tokenizer.ggml.eot_token_id", vocabulary.eot),
        ("tokenizer.ggml.unknown_token_id", vocabulary.unknown),
    ];
    let further = vocabulary.ends.iter();
    let further = further.map(|id| ("tokenizer.ggml.end_token_ids", Some(*id)));
    for (key, id) in named.into_iter().chain(further) {
        if let Some(id) = id.filter(|id| usize::try_from(*id).is_ok_and(|id| id >= size)) {
            return Err(TokenizerError::IdOutOfRange { key, id, size });
        }
    }
    Ok(())
}
