//! What the draft model has read of one sequence.

use crate::engine::blocks::{BlockPool, Blocks};
use crate::engine::sequence::Sequence;

use super::chances::{Chances, Class};

/// One sequence, as the draft model knows it.
///
/// ```text
/// tokens   0 ........ read ........ tokens.len()
///          in cache   |  unread: the newest one always, all of them at first
/// ```
///
/// While a draft is made, what is drafted is read too; what of it did not come is forgotten before the next one.
#[derive(Debug)]
pub(super) struct Follower {
    read: Vec<u32>,
    blocks: Blocks,
    /// There was no room for it once.
    is_out: bool,
    pub(super) chances: Chances,
    /// Of the tokens that are being verified.
    classes: Vec<Class>,
}

impl Follower {
    pub(super) fn new(pool: &BlockPool, chances: Chances) -> Self {
        Self {
            read: Vec::new(),
            blocks: pool.empty(),
            is_out: false,
            chances,
            classes: Vec::new(),
        }
    }

    /// Begins a step: forgets what did not come. The tokens that are still to be read, of which there is one at least;
    /// none where there is no room.
    pub(super) fn begin<'a>(&mut self, sequence: &'a Sequence, pool: &BlockPool) -> &'a [u32] {
        self.classes.clear();
        self.chances.forget();
        if self.is_out {
            return &[];
        }
        let tokens = sequence.tokens();
        let known = tokens.split_last().map_or(&[][..], |(_, known)| known);
        let pairs = self.read.iter().zip(known);
        self.read
            .truncate(pairs.take_while(|(a, b)| a == b).count());
        if self.read.is_empty() {
            self.blocks = pool.find(sequence.scope(), tokens);
            let n_found = self.blocks.len() * pool.block_tokens();
            self.read.extend(tokens.iter().take(n_found));
        }
        tokens.get(self.read.len()..).unwrap_or_default()
    }

    /// Tokens in the cache.
    pub(super) fn n_read(&self) -> usize {
        self.read.len()
    }

    pub(super) fn table(&self) -> &[u32] {
        self.blocks.table()
    }

    /// Takes blocks for `n_tokens` tokens in all; says whether there were enough.
    pub(super) fn grow_to(&mut self, n_tokens: usize, pool: &BlockPool) -> bool {
        self.blocks.grow_to(n_tokens.div_ceil(pool.block_tokens()))
    }

    /// These tokens are in the cache too.
    pub(super) fn note_read(&mut self, tokens: &[u32]) {
        self.read.extend_from_slice(tokens);
    }

    /// Makes known what it has read of its sequence; before anything is drafted.
    pub(super) fn publish(&mut self, sequence: &Sequence) {
        let n_read = self.read.len();
        self.blocks.publish(sequence.scope(), &self.read, n_read);
    }

    /// A token of this class is being verified.
    pub(super) fn note_drafted(&mut self, class: Class) {
        self.classes.push(class);
    }

    /// The classes of what is being verified.
    pub(super) fn take_classes(&mut self) -> Vec<Class> {
        std::mem::take(&mut self.classes)
    }

    /// Gives its blocks back, and asks for none any more.
    pub(super) fn leave(&mut self, pool: &BlockPool) {
        self.blocks = pool.empty();
        self.read.clear();
        self.is_out = true;
    }
}
