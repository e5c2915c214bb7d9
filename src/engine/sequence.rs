//! One sequence, as the scheduler sees it: tokens and how many of them are in the cache.

use super::blocks::Blocks;

/// Identifies a sequence; later ones are larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SequenceId(pub(super) u64);

/// Tokens, and where they are.
///
/// ```text
/// tokens   0 ........ computed ........ tokens.len()
///          in cache   |  still to be computed: 1 while decoding, more before
/// ```
///
/// `computed < tokens.len()` between steps: the newest token is always still to be computed.
#[derive(Debug)]
pub(super) struct Sequence {
    id: SequenceId,
    tokens: Vec<u32>,
    computed: usize,
    blocks: Blocks,
}

impl Sequence {
    /// A sequence of `prompt`, which is not empty, with nothing computed.
    pub(super) fn new(id: SequenceId, prompt: Vec<u32>, blocks: Blocks) -> Self {
        Self {
            id,
            tokens: prompt,
            computed: 0,
            blocks,
        }
    }

    pub(super) fn id(&self) -> SequenceId {
        self.id
    }

    /// Prompt and generated tokens.
    pub(super) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Tokens in the cache.
    pub(super) fn computed(&self) -> usize {
        self.computed
    }

    /// Tokens still to be computed.
    pub(super) fn pending(&self) -> usize {
        self.tokens.len().saturating_sub(self.computed)
    }

    /// Whether one token is all that the next step computes.
    pub(super) fn is_decoding(&self) -> bool {
        self.computed > 0 && self.pending() == 1
    }

    pub(super) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    pub(super) fn blocks_mut(&mut self) -> &mut Blocks {
        &mut self.blocks
    }

    /// `n_tokens` more are in the cache.
    pub(super) fn advance(&mut self, n_tokens: usize) {
        self.computed = (self.computed + n_tokens).min(self.tokens.len());
    }

    /// Adds a generated token.
    pub(super) fn push(&mut self, token: u32) {
        self.tokens.push(token);
    }

    /// Forgets what was computed and gives the blocks back.
    pub(super) fn evict(&mut self, blocks: Blocks) {
        self.computed = 0;
        self.blocks = blocks;
    }
}
