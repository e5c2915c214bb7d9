//! Finding added and control tokens in text.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::error::TokenizerError;

/// Finds the longest of a set of tokens at each place, from left to right.
#[derive(Debug, Default)]
pub(super) struct Matcher {
    automaton: Option<AhoCorasick>,
    ids: Vec<u32>,
}

/// A token that was found, and where.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: u32,
    pub(super) range: Range<usize>,
}

impl Matcher {
    /// A matcher of `tokens`: their text and ids. Empty texts are left out.
    pub(super) fn new<'a>(
        tokens: impl Iterator<Item = (&'a str, u32)>,
    ) -> Result<Self, TokenizerError> {
        let (texts, ids): (Vec<_>, Vec<_>) = tokens.filter(|(text, _)| !text.is_empty()).unzip();
        let automaton = if texts.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(texts);
            Some(built.map_err(|_| TokenizerError::Metadata {
                key: "tokenizer.ggml.tokens",
            })?)
        };
        Ok(Self { automaton, ids })
    }

    /// What is found in `text`, in order, without overlaps.
    pub(super) fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Found> + 'a {
        self.automaton
            .iter()
            .flat_map(move |automaton| automaton.find_iter(text))
            .filter_map(|found| {
                let id = *self.ids.get(found.pattern().as_usize())?;
                Some(Found {
                    id,
                    range: found.range(),
                })
            })
    }
}
