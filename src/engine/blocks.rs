//! The blocks of the key-value cache: who holds which.
//!
//! A block is a fixed number of token slots. Each is free or held by one or more [`Blocks`] values,
//! which give it back when they are dropped. Counts rather than owners, so that sequences with a
//! common prefix can share blocks.
//!
//! Invariant: `free + used = total`; a block is free exactly when its count is 0.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A fixed number of blocks.
#[derive(Clone, Debug)]
pub(super) struct BlockPool {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    /// Holders per block.
    counts: Vec<u32>,
    /// The blocks with no holder; taken from the end.
    free: Vec<u32>,
}

/// Blocks that one sequence holds, in the order of its tokens: its block table.
#[derive(Debug)]
pub(super) struct Blocks {
    pool: BlockPool,
    table: Vec<u32>,
}

/// How a pool is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockCounts {
    /// Blocks in all.
    pub(super) total: usize,
    /// Blocks with a holder.
    pub(super) used: usize,
}

impl BlockPool {
    /// A pool of `total` free blocks.
    pub(super) fn new(total: u32) -> Self {
        let n_blocks = usize::try_from(total).unwrap_or(usize::MAX);
        Self {
            shared: Arc::new(Mutex::new(Shared {
                counts: vec![0; n_blocks],
                free: (0..total).rev().collect(),
            })),
        }
    }

    /// A table with no blocks yet.
    pub(super) fn empty(&self) -> Blocks {
        Blocks {
            pool: self.clone(),
            table: Vec::new(),
        }
    }

    /// Blocks with no holder.
    pub(super) fn n_free(&self) -> usize {
        self.lock().free.len()
    }

    /// Blocks in all and in use.
    pub(super) fn counts(&self) -> BlockCounts {
        let shared = self.lock();
        BlockCounts {
            total: shared.counts.len(),
            used: shared.counts.len() - shared.free.len(),
        }
    }

    /// Panics unless every block is either free or held, and `n_held` holds exist in all.
    pub(super) fn check(&self, n_held: usize) {
        let shared = self.lock();
        let mut free = vec![false; shared.counts.len()];
        for &block in &shared.free {
            let seen = free.get_mut(index(block));
            assert!(
                seen.is_some_and(|seen| !std::mem::replace(seen, true)),
                "a free block is unknown or listed twice"
            );
        }
        for (count, free) in shared.counts.iter().zip(&free) {
            assert_eq!(
                *count == 0,
                *free,
                "a block is free exactly without holders"
            );
        }
        let holds: u64 = shared.counts.iter().map(|count| u64::from(*count)).sum();
        assert_eq!(
            holds, n_held as u64,
            "the holds that exist are the holds that are counted"
        );
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

    /// Takes free blocks until `n_blocks` are held. Takes all or none; says whether it did.
    #[must_use]
    pub(super) fn grow_to(&mut self, n_blocks: usize) -> bool {
        let Some(missing) = n_blocks.checked_sub(self.table.len()) else {
            return true;
        };
        let mut shared = self.pool.lock();
        let Some(start) = shared.free.len().checked_sub(missing) else {
            return false;
        };
        let taken = shared.free.split_off(start);
        for &block in taken.iter().rev() {
            if let Some(count) = shared.counts.get_mut(index(block)) {
                *count = 1;
            }
            self.table.push(block);
        }
        true
    }

    /// Gives every block back.
    pub(super) fn clear(&mut self) {
        let mut shared = self.pool.lock();
        for block in self.table.drain(..).rev() {
            let Some(count) = shared.counts.get_mut(index(block)) else {
                continue;
            };
            *count = count.saturating_sub(1);
            if *count == 0 {
                shared.free.push(block);
            }
        }
    }
}

/// Another holder of the same blocks.
impl Clone for Blocks {
    fn clone(&self) -> Self {
        let mut shared = self.pool.lock();
        for &block in &self.table {
            if let Some(count) = shared.counts.get_mut(index(block)) {
                *count += 1;
            }
        }
        drop(shared);
        Self {
            pool: self.pool.clone(),
            table: self.table.clone(),
        }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.clear();
    }
}

fn index(block: u32) -> usize {
    usize::try_from(block).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn growing_takes_all_or_none() {
        let pool = BlockPool::new(4);
        let mut a = pool.empty();
        let mut b = pool.empty();
        assert!(a.grow_to(3));
        assert!(!b.grow_to(2));
        assert_eq!((a.len(), b.len(), pool.n_free()), (3, 0, 1));
        assert!(a.grow_to(2), "already held");
        assert_eq!(a.len(), 3);
        drop(a);
        assert!(b.grow_to(4));
        pool.check(4);
    }

    #[test]
    fn a_shared_block_is_free_when_its_last_holder_goes() {
        let pool = BlockPool::new(2);
        let mut first = pool.empty();
        assert!(first.grow_to(1));
        let second = first.clone();
        pool.check(2);
        drop(first);
        assert_eq!(pool.n_free(), 1);
        drop(second);
        assert_eq!(pool.n_free(), 2);
        pool.check(0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(actions in prop::collection::vec((0_u8..4, 0_usize..6, 0_usize..9), 1..200)) {
            let pool = BlockPool::new(8);
            let mut held: Vec<Blocks> = (0..6).map(|_| pool.empty()).collect();
            for (action, at, n) in actions {
                match action {
                    0 => { let _ = held[at].grow_to(n); }
                    1 => held[at].clear(),
                    2 => held[at] = held[n % 6].clone(),
                    _ => held[at] = pool.empty(),
                }
                pool.check(held.iter().map(Blocks::len).sum());
            }
            held.clear();
            prop_assert_eq!(pool.n_free(), 8);
        }
    }
}
