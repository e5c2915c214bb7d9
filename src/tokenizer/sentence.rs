//! SentencePiece BPE: pieces with scores, `▁` for a space, and bytes for what no piece covers.
//!
//! SentencePiece joins the two neighbours whose joint piece has the best score. That is a list of
//! merges: every way to cut a piece in two pieces, ordered by the joint piece's score. A file that lists
//! them itself is taken at its word.

use tokenizers::Model;
use tokenizers::models::bpe::{BPE, Merges, Vocab};

use super::error::TokenizerError;
use super::vocabulary::{SpacePrefix, Vocabulary};

/// The merging of scored pieces.
#[derive(Debug)]
pub(super) struct SentencePiece {
    bpe: BPE,
    space_prefix: SpacePrefix,
}

impl SentencePiece {
    /// Builds the merges of a vocabulary. Control tokens take no part.
    pub(super) fn new(vocabulary: &Vocabulary<'_>) -> Result<Self, TokenizerError> {
        let size = vocabulary.tokens.len();
        if vocabulary.scores.len() != size {
            return Err(TokenizerError::Length {
                key: "tokenizer.ggml.scores",
                found: vocabulary.scores.len(),
                tokens: size,
            });
        }
        let mut ids = Vocab::with_capacity(size);
        let tokens = vocabulary.tokens.iter().zip(&vocabulary.token_types);
        for (id, (token, kind)) in (0_u32..).zip(tokens) {
            if matches!(kind, 1 | 6) {
                ids.insert((*token).to_owned(), id);
            }
        }
        if let Some(byte) = (0..=u8::MAX).find(|b| !ids.contains_key(&format!("<{b:#04X}>"))) {
            return Err(TokenizerError::ByteMissing { byte });
        }
        let merges = if vocabulary.merges.is_empty() {
            merges(vocabulary, &ids)
        } else {
            listed(vocabulary, &ids)
        };
        let bpe = BPE::builder()
            .vocab_and_merges(ids, merges)
            .byte_fallback(true)
            // The cache would keep one caller's text for the next one to time.
            .cache_capacity(0)
            .build()
            .map_err(|_| TokenizerError::Encode)?;
        Ok(Self {
            bpe,
            space_prefix: vocabulary.space_prefix.unwrap_or(SpacePrefix::Always),
        })
    }

    /// Whether a space is put before a text, and taken away again when decoding.
    pub(super) fn space_prefix(&self) -> bool {
        self.space_prefix != SpacePrefix::Never
    }

    /// Appends the tokens of `text`; `first` where it starts the text or follows a control token. Where nothing is in
    /// `out`, it starts the text.
    pub(super) fn encode(
        &self,
        text: &str,
        first: bool,
        out: &mut Vec<u32>,
    ) -> Result<(), TokenizerError> {
        let mut escaped = String::with_capacity(text.len() + text.len() / 4 + 3);
        let is_missing = !text.starts_with([' ', '▁']);
        let is_put = match self.space_prefix {
            SpacePrefix::Always => first,
            SpacePrefix::Missing => first && is_missing,
            SpacePrefix::MissingAtStart => out.is_empty() && is_missing,
            SpacePrefix::Never => false,
        };
        if is_put {
            escaped.push('▁');
        }
        escaped.extend(text.chars().map(|c| if c == ' ' { '▁' } else { c }));
        let tokens = self
            .bpe
            .tokenize(&escaped)
            .map_err(|_| TokenizerError::Encode)?;
        out.extend(tokens.iter().map(|token| token.id));
        Ok(())
    }
}

/// The merges that the vocabulary lists, but for those of tokens that take no part.
fn listed(vocabulary: &Vocabulary<'_>, ids: &Vocab) -> Merges {
    let pairs = vocabulary.merges.iter().filter_map(|merge| {
        let (left, right) = merge.split_once(' ')?;
        let is_known = |token: &str| ids.contains_key(token);
        let takes_part = is_known(left) && is_known(right) && is_known(&format!("{left}{right}"));
        takes_part.then(|| (left.to_owned(), right.to_owned()))
    });
    pairs.collect()
}

/// Every cut of every piece of type 1 in two pieces, the best joint piece first.
fn merges(vocabulary: &Vocabulary<'_>, ids: &Vocab) -> Merges {
    let mut cuts = Vec::new();
    let tokens = vocabulary.tokens.iter().zip(&vocabulary.token_types);
    for ((token, kind), score) in tokens.zip(&vocabulary.scores) {
        if *kind != 1 {
            continue;
        }
        for (at, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(at);
            if let (Some(l), Some(r)) = (ids.get(left), ids.get(right)) {
                cuts.push((*score, *l, *r, left, right));
            }
        }
    }
    cuts.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    cuts.into_iter()
        .map(|(_, _, _, left, right)| (left.to_owned(), right.to_owned()))
        .collect()
}
