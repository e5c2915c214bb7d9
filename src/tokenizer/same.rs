//! Whether two models mean the same by their tokens.

use super::{TokenKind, Tokenizer};

/// What of another vocabulary is not as in one's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It has more or fewer tokens, places kept free at the end not counted.
    #[error("it has {other} tokens where {own} are needed")]
    Size {
        /// Tokens of one's own.
        own: usize,
        /// Tokens of the other.
        other: usize,
    },
    /// A token stands for something else.
    #[error("its token {id} is {other:?}, and not {own:?}")]
    Token {
        /// Which.
        id: u32,
        /// What it is in one's own.
        own: String,
        /// What it is in the other.
        other: String,
    },
}

impl Tokenizer {
    /// The first difference between this vocabulary and `other`: tokens of one are only those of the other where there
    /// is none.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let (own_size, other_size) = (self.used_size(), other.used_size());
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(40).collect();
        // A token that differs says more than the sizes.
        for id in (0_u32..).take(own_size.min(other_size)) {
            let (own, other) = (self.token_bytes(id), other.token_bytes(id));
            if own != other {
                let (own, other) = (shown(own), shown(other));
                return Some(Difference::Token { id, own, other });
            }
        }
        (own_size != other_size).then_some(Difference::Size {
            own: own_size,
            other: other_size,
        })
    }

    /// Tokens, without the places at the end that are kept free.
    fn used_size(&self) -> usize {
        let ids = (0_u32..).take(self.vocabulary_size());
        let used = ids.filter(|id| self.token_kind(*id) != TokenKind::Unused);
        used.last()
            .and_then(|last| usize::try_from(last).ok())
            .map_or(0, |last| last + 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::tokenizer::{TokenizerModel, Vocabulary};

    use super::*;

    /// The 256 bytes, and these tokens of these types after them.
    fn tokenizer(words: &[(&str, i32)]) -> Tokenizer {
        let bytes: Vec<String> = (0..=u8::MAX).map(|b| format!("<{b:#04X}>")).collect();
        let bytes = bytes.iter().map(|byte| (byte.as_str(), 6));
        let (tokens, token_types): (Vec<_>, Vec<_>) = bytes.chain(words.iter().copied()).unzip();
        Tokenizer::new(&Vocabulary {
            model: TokenizerModel::SentencePiece,
            pre: None,
            scores: vec![0.0; tokens.len()],
            tokens,
            token_types,
            merges: Vec::new(),
            bos: None,
            eos: None,
            eot: None,
            ends: Vec::new(),
            unknown: None,
            add_bos: None,
            add_eos: None,
            space_prefix: None,
        })
        .unwrap()
    }

    #[test]
    fn what_differs_is_named() {
        let own = tokenizer(&[("ab", 1), ("▁c", 1), ("<s>", 3)]);
        for (other, says) in [
            (&[("ab", 1), ("▁c", 1), ("<s>", 3)][..], ""),
            // Places that are kept free say nothing.
            (
                &[("ab", 1), ("▁c", 1), ("<s>", 3), ("<pad>", 5), ("x", 5)],
                "",
            ),
            // What a token is for is the target's business.
            (&[("ab", 1), ("▁c", 1), ("<s>", 4)], ""),
            (&[("ab", 1), ("▁c", 1)], "it has 258 tokens where 259"),
            (
                &[("ab", 1), ("▁c", 1), ("<s>", 3), ("d", 1)],
                "it has 260 tokens where 259",
            ),
            (
                &[("ab", 1), ("c", 1), ("<s>", 3)],
                "its token 257 is \"c\", and not \" c\"",
            ),
            (&[("ba", 1)], "its token 256 is \"ba\", and not \"ab\""),
        ] {
            let found = own.difference(&tokenizer(other));
            let found = found.map_or_else(String::new, |difference| difference.to_string());
            assert!(found.starts_with(says), "{found}");
            assert_eq!(found.is_empty(), says.is_empty(), "{found}");
        }
    }
}
