//! The blocks of the key-value cache: who holds which, and what those hold that nobody holds.
//!
//! A block is a fixed number of token slots. It is free, held by one or more [`Blocks`] values, which
//! give it back when they are dropped, or idle: nobody holds it, but it has the keys and values of a known
//! stretch of a prompt (see `prefix`) and waits to be found again. Idle blocks are as good as free
//! ones: the one that was used longest ago is taken when no free one is left.
//!
//! Invariant: `free + used + idle = total`.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::prefix::{Listed, Node, PrefixIndex, Scope};

/// A fixed number of blocks.
#[derive(Clone, Debug)]
pub(super) struct BlockPool {
    shared: Arc<Mutex<Shared>>,
    block_tokens: usize,
    keeps_prefixes: bool,
}

#[derive(Debug)]
struct Shared {
    /// Holders per block.
    counts: Vec<u32>,
    /// The blocks with no holder and no known content; taken from the end.
    free: Vec<u32>,
    /// The blocks with known content, held or idle.
    prefixes: PrefixIndex,
    /// Grows when the index is forgotten: whoever published before has lost the place.
    epoch: u64,
}

/// Blocks that one sequence holds, in the order of its tokens: its block table.
#[derive(Debug)]
pub(super) struct Blocks {
    pool: BlockPool,
    table: Vec<u32>,
    /// How many of them, from the first, are in the index, and where the last of those stands.
    n_published: usize,
    parent: Option<Node>,
    epoch: u64,
}

/// How a pool is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockCounts {
    /// Blocks in all.
    pub(super) total: usize,
    /// Blocks with a holder.
    pub(super) used: usize,
    /// Blocks with no holder and a known content.
    pub(super) idle: usize,
}

impl BlockPool {
    /// A pool of `total` free blocks of `block_tokens` tokens. With `keeps_prefixes`, what was computed
    /// can be found again by its tokens.
    pub(super) fn new(total: u32, block_tokens: usize, keeps_prefixes: bool) -> Self {
        let n_blocks = index(total);
        Self {
            shared: Arc::new(Mutex::new(Shared {
                counts: vec![0; n_blocks],
                free: (0..total).rev().collect(),
                prefixes: PrefixIndex::new(n_blocks),
                epoch: 0,
            })),
            block_tokens: block_tokens.max(1),
            keeps_prefixes,
        }
    }

    /// Tokens of a block.
    pub(super) fn block_tokens(&self) -> usize {
        self.block_tokens
    }

    /// A table with no blocks yet.
    pub(super) fn empty(&self) -> Blocks {
        Blocks {
            pool: self.clone(),
            table: Vec::new(),
            n_published: 0,
            parent: None,
            epoch: self.lock().epoch,
        }
    }

    /// A table of the blocks that hold the start of `tokens`, as far as they are known in `scope`. Never
    /// all tokens: the last one is left to be computed, for its logits.
    pub(super) fn find(&self, scope: impl Into<Scope>, tokens: &[u32]) -> Blocks {
        let scope = scope.into();
        let mut found = self.empty();
        if !self.keeps_prefixes {
            return found;
        }
        let mut shared = self.lock();
        let known = tokens.split_last().map_or(&[][..], |(_, known)| known);
        for stretch in known.chunks_exact(self.block_tokens) {
            let salt = scope.of((found.table.len() + 1) * self.block_tokens);
            let Some((block, node)) = shared.prefixes.take(salt, found.parent, stretch) else {
                break;
            };
            if let Some(count) = shared.counts.get_mut(index(block)) {
                *count += 1;
            }
            found.table.push(block);
            found.parent = Some(node);
        }
        drop(shared);
        found.n_published = found.table.len();
        found
    }

    /// Forgets what blocks hold: idle ones are free, held ones stay with their holders.
    pub(super) fn forget_prefixes(&self) {
        let mut shared = self.lock();
        let idle = shared.prefixes.clear();
        shared.free.extend(idle);
        shared.epoch += 1;
    }

    /// Up to `most` of the stretches that are known, with their blocks; parents come before their children.
    pub(super) fn list(&self, most: usize) -> Vec<(u32, Listed)> {
        self.lock().prefixes.list(most)
    }

    /// Blocks with no holder.
    pub(super) fn n_available(&self) -> usize {
        let shared = self.lock();
        shared.free.len() + shared.prefixes.n_idle()
    }

    /// Blocks in all, in use, and idle.
    pub(super) fn counts(&self) -> BlockCounts {
        let shared = self.lock();
        let (total, idle) = (shared.counts.len(), shared.prefixes.n_idle());
        BlockCounts {
            total,
            used: total - shared.free.len() - idle,
            idle,
        }
    }

    /// Panics unless every block is either free, held or idle, and `n_held` holds exist in all.
    #[cfg(any(test, debug_assertions))]
    pub(super) fn check(&self, n_held: usize) {
        let shared = self.lock();
        let mut seen = vec![false; shared.counts.len()];
        for block in shared.free.iter().copied().chain(shared.prefixes.idle()) {
            let seen = seen.get_mut(index(block));
            assert!(
                seen.is_some_and(|seen| !std::mem::replace(seen, true)),
                "a block without holder is unknown or listed twice"
            );
        }
        for (count, listed) in shared.counts.iter().zip(&seen) {
            assert_eq!(
                *count == 0,
                *listed,
                "a block is free or idle exactly without holders"
            );
        }
        let holds: u64 = shared.counts.iter().map(|count| u64::from(*count)).sum();
        assert_eq!(
            holds, n_held as u64,
            "the holds that exist are the holds that are counted"
        );
        shared.prefixes.check(&shared.free);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic between two lines of this file can't happen; elsewhere nobody holds the lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blocks {
    /// The blocks, first tokens first.
    pub(super) fn table(&self) -> &[u32] {
        &self.table
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Takes free or idle blocks until `n_blocks` are held. Takes all or none; says whether it did.
    #[must_use]
    pub(super) fn grow_to(&mut self, n_blocks: usize) -> bool {
        let missing = n_blocks.saturating_sub(self.table.len());
        if missing == 0 {
            return true;
        }
        let mut shared = self.pool.lock();
        if missing > shared.free.len() + shared.prefixes.n_idle() {
            return false;
        }
        for _ in 0..missing {
            let oldest = |shared: &mut Shared| shared.prefixes.take_oldest();
            let free = shared.free.pop();
            let Some(block) = free.or_else(|| oldest(&mut shared)) else {
                return false;
            };
            if let Some(count) = shared.counts.get_mut(index(block)) {
                *count = 1;
            }
            self.table.push(block);
        }
        true
    }

    /// Makes the full blocks among the first `n_computed` of `tokens` known in `scope`. A block whose content
    /// is known already is given back for the known one: both hold the same bits.
    pub(super) fn publish(&mut self, scope: impl Into<Scope>, tokens: &[u32], n_computed: usize) {
        let scope = scope.into();
        let size = self.pool.block_tokens;
        if !self.pool.keeps_prefixes || n_computed / size <= self.n_published {
            return;
        }
        let mut guard = self.pool.lock();
        let shared = &mut *guard;
        if shared.epoch != self.epoch {
            return;
        }
        let computed = tokens.get(..n_computed).unwrap_or_default();
        for stretch in computed.chunks_exact(size).skip(self.n_published) {
            let Some(own) = self.table.get_mut(self.n_published) else {
                return;
            };
            let salt = scope.of((self.n_published + 1) * size);
            let (block, node) = shared.prefixes.publish(salt, self.parent, stretch, *own);
            if block != *own {
                // Ours is known to nobody and held by nobody else.
                shared.counts[index(*own)] = 0;
                shared.free.push(*own);
                shared.counts[index(block)] += 1;
                *own = block;
            }
            self.n_published += 1;
            self.parent = Some(node);
        }
    }

    /// Makes known that its blocks hold `listed`, each a stretch, in the order of [`BlockPool::list`]; for blocks that hold no
    /// sequence's tokens. Given back afterwards, what was first in the list was used last.
    pub(super) fn publish_listed(&mut self, listed: &[Listed]) {
        let mut guard = self.pool.lock();
        let shared = &mut *guard;
        if !self.pool.keeps_prefixes || shared.epoch != self.epoch {
            return;
        }
        let mut nodes: Vec<Node> = Vec::with_capacity(listed.len());
        for (own, stretch) in self.table.iter_mut().zip(listed) {
            let parent = stretch.parent.and_then(|place| nodes.get(place).copied());
            let (salt, tokens) = (stretch.salt, &stretch.tokens);
            let (block, node) = shared.prefixes.publish(salt, parent, tokens, *own);
            if block != *own {
                // It is listed twice.
                shared.counts[index(*own)] = 0;
                shared.free.push(*own);
                shared.counts[index(block)] += 1;
                *own = block;
            }
            nodes.push(node);
        }
    }

    /// Keeps the first `n_blocks`, and of them those whose content can be found.
    pub(super) fn keep_known(&mut self, n_blocks: usize) {
        self.give_back(n_blocks.min(self.n_published));
        self.n_published = self.table.len();
    }

    /// Gives back all but the first `n_kept`, the last one first: so that of a chain, the end becomes idle before
    /// what it depends on.
    fn give_back(&mut self, n_kept: usize) {
        let mut guard = self.pool.lock();
        let shared = &mut *guard;
        for block in self.table.drain(n_kept.min(self.table.len())..).rev() {
            let Some(count) = shared.counts.get_mut(index(block)) else {
                continue;
            };
            *count = count.saturating_sub(1);
            if *count == 0 && !shared.prefixes.release(block) {
                shared.free.push(block);
            }
        }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.give_back(0);
    }
}

pub(super) fn index(block: u32) -> usize {
    usize::try_from(block).unwrap_or(usize::MAX)
}
