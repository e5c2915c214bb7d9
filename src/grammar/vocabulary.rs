//! A model's tokens as the grammar engine wants them.

use std::sync::Arc;

use llguidance::toktrie::{TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use crate::tokenizer::{Special, TokenKind, Tokenizer};

use super::error::GrammarError;

/// The tokens as a tree of bytes. Structure is apart: its bytes have a mark before them that no text
/// has, so that a grammar lets a control token through only where it names that token.
pub(super) struct Vocabulary {
    tokenizer: Arc<Tokenizer>,
    tree: TokTrie,
}

/// How many tokens `tokenizer` has, and the first of those that end an answer.
pub(super) fn check(tokenizer: &Tokenizer) -> Result<(u32, TokenId), GrammarError> {
    let n = u32::try_from(tokenizer.vocabulary_size()).map_err(|_| GrammarError::Vocabulary)?;
    let ends = tokenizer.end_ids();
    match ends.first() {
        Some(first) if ends.iter().all(|end| *end < n) => Ok((n, *first)),
        _ => Err(GrammarError::Vocabulary),
    }
}

impl Vocabulary {
    /// Reads the vocabulary of `tokenizer`.
    pub(super) fn new(tokenizer: Arc<Tokenizer>) -> Result<Self, GrammarError> {
        let (n, end) = check(&tokenizer)?;
        let words: Vec<Vec<u8>> = (0..n)
            .map(|id| {
                let bytes = tokenizer.token_bytes(id);
                match tokenizer.token_kind(id) {
                    TokenKind::Text | TokenKind::Added => bytes.to_vec(),
                    TokenKind::Unused => Vec::new(),
                    TokenKind::Control | TokenKind::Mark => {
                        let mut word = vec![TokTrie::SPECIAL_TOKEN_MARKER];
                        word.extend_from_slice(bytes);
                        word
                    }
                }
            })
            .collect();
        let tree = TokTrie::from(&TokRxInfo::new(n, end), &words);
        let tree = tree.with_eos_tokens(tokenizer.end_ids());
        Ok(Self { tokenizer, tree })
    }

    /// The token of structure that is written `name`.
    pub(super) fn structure(&self, name: &str) -> Option<u32> {
        self.tree.get_special_token(name)
    }

    /// Tokens that end an answer.
    pub(super) fn ends(&self) -> &[u32] {
        self.tokenizer.end_ids()
    }

    /// Whether `token` is structure that a grammar may name.
    pub(super) fn is_structure(&self, token: u32) -> bool {
        let kind = self.tokenizer.token_kind(token);
        matches!(kind, TokenKind::Control | TokenKind::Mark) && !self.ends().contains(&token)
    }

    /// The model's own tokens of `text`, as they are within an answer, where their bytes are exactly it.
    fn own_tokens(&self, text: &str) -> Option<Vec<TokenId>> {
        let tokens = self.tokenizer.encode(text, Special::Plain).ok()?;
        if self.spells(&tokens, text.as_bytes()) {
            return Some(tokens);
        }
        // SentencePiece puts a space before a text: not after a line break.
        let tokens = self
            .tokenizer
            .encode(&format!("\n{text}"), Special::Plain)
            .ok()?;
        let broken = |token: &TokenId| self.tokenizer.token_bytes(*token).ends_with(b"\n");
        let own = tokens.get(tokens.iter().position(broken)? + 1..)?;
        self.spells(own, text.as_bytes()).then(|| own.to_vec())
    }

    fn spells(&self, tokens: &[TokenId], text: &[u8]) -> bool {
        let mut rest = Some(text);
        for token in tokens {
            rest = rest.and_then(|rest| rest.strip_prefix(self.tokenizer.token_bytes(*token)));
        }
        rest.is_some_and(<[u8]>::is_empty)
    }
}

impl TokenizerEnv for Vocabulary {
    fn tok_trie(&self) -> &TokTrie {
        &self.tree
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.tree.tokenize_with_greedy_fallback(bytes, |text| {
            self.own_tokens(text)
                .unwrap_or_else(|| self.tree.greedy_tokenize(text.as_bytes()))
        })
    }
}
