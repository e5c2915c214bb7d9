//! Tokens by their bytes.

use std::fmt;
use std::sync::Arc;

use crate::tokenizer::{Special, TokenKind, Tokenizer};

/// What masks need to know of each token, read once.
pub(super) struct Vocabulary {
    tokenizer: Arc<Tokenizer>,
    /// Whether a token is text.
    text: Vec<bool>,
    /// Whether a token is text without line breaks, brackets and underscores.
    plain: Vec<bool>,
    /// Tokens that start with a line break.
    breaks: Vec<u32>,
    /// The token of a full stop.
    stop: Option<u32>,
}

impl Vocabulary {
    pub(super) fn new(tokenizer: Arc<Tokenizer>) -> Self {
        let n = u32::try_from(tokenizer.vocabulary_size()).unwrap_or(u32::MAX);
        let is_text = |id: u32| {
            let kind = tokenizer.token_kind(id);
            matches!(kind, TokenKind::Text | TokenKind::Added)
                && !tokenizer.token_bytes(id).is_empty()
        };
        let text: Vec<bool> = (0..n).map(is_text).collect();
        let is_plain = |id: u32| {
            let special = |byte: &u8| matches!(byte, b'[' | b'_' | b'\n' | b'\r');
            is_text(id) && !tokenizer.token_bytes(id).iter().any(special)
        };
        let plain = (0..n).map(is_plain).collect();
        let breaks =
            (0..n).filter(|id| is_text(*id) && tokenizer.token_bytes(*id).starts_with(b"\n"));
        let breaks = breaks.collect();
        let stop = (0..n).find(|id| is_text(*id) && tokenizer.token_bytes(*id) == b".");
        Self {
            text,
            plain,
            breaks,
            stop,
            tokenizer,
        }
    }

    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The tokens of `text`; none where it can't be tokenised.
    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        self.tokenizer
            .encode(text, Special::Plain)
            .unwrap_or_default()
    }

    /// The longest token that is text and that `bytes` start with.
    pub(super) fn longest(&self, bytes: &[u8]) -> Option<u32> {
        let fits = |id: &u32| self.bytes(*id).is_some_and(|own| bytes.starts_with(own));
        let ids = (0_u32..).take(self.text.len()).filter(fits);
        ids.max_by_key(|id| self.bytes(*id).map_or(0, <[u8]>::len))
    }

    /// The bytes of a token that is text; `None` for all others.
    pub(super) fn bytes(&self, token: u32) -> Option<&[u8]> {
        let text = self.text.get(usize::try_from(token).ok()?)?;
        text.then(|| self.tokenizer.token_bytes(token))
    }

    /// Whether a token is text without line breaks, brackets and underscores.
    pub(super) fn is_plain(&self, token: u32) -> bool {
        let at = usize::try_from(token).ok();
        at.and_then(|at| self.plain.get(at)) == Some(&true)
    }

    /// The bytes of a mark (`<think>`); `None` for all others.
    pub(super) fn mark(&self, token: u32) -> Option<&[u8]> {
        let is_mark = self.tokenizer.token_kind(token) == TokenKind::Mark;
        is_mark.then(|| self.tokenizer.token_bytes(token))
    }

    /// The tokens that end an answer.
    pub(super) fn ends(&self) -> &[u32] {
        self.tokenizer.end_ids()
    }

    /// Tokens that start with a line break: how models end a line.
    pub(super) fn breaks(&self) -> &[u32] {
        &self.breaks
    }

    /// The token of a full stop.
    pub(super) fn stop(&self) -> Option<u32> {
        self.stop
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary")
            .field("tokens", &self.text.len())
            .finish_non_exhaustive()
    }
}
