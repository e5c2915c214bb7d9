//! Which tokens of which sequences the next step computes.
//!
//! A step takes one token of every decoding sequence and as many prompt tokens as the token budget
//! leaves, first come, first served. Cache blocks are taken when a step needs them, not when a request
//! comes: a sequence that needs one when none is free evicts the youngest running one, whose tokens,
//! generated ones included, are computed again later.
//!
//! No sequence waits for ever: one that can't fit alone is refused when it is submitted, so the
//! oldest running one can always get what it needs by evicting younger ones, and ends.
//!
//! Invariants, see [`Scheduler::check`]: running sequences are in the order of their ids, waiting ones
//! too, and every running id is smaller than every waiting one; only running sequences hold blocks.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::blocks::{BlockCounts, BlockPool};
use super::sequence::{Sequence, SequenceId};

/// The bounds of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepBounds {
    /// Tokens per cache block.
    pub(super) block_tokens: usize,
    /// Most new tokens in one step.
    pub(super) max_tokens: usize,
    /// Most sequences in one step.
    pub(super) max_sequences: usize,
}

/// What the next step computes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Parts of sequences, oldest sequence first.
    pub(super) chunks: Vec<Chunk>,
    /// Sequences that run for the first time.
    pub(super) admitted: Vec<SequenceId>,
    /// How many sequences were evicted to make room.
    pub(super) n_preempted: usize,
}

/// The tokens `start..start + len` of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Whose.
    pub(super) id: SequenceId,
    /// The first token: as many are in the cache.
    pub(super) start: usize,
    /// How many.
    pub(super) len: usize,
    /// Whether it reaches the sequence's end, so that a token is sampled from it.
    pub(super) samples: bool,
}

/// Decides; computes nothing.
#[derive(Debug)]
pub(super) struct Scheduler {
    bounds: StepBounds,
    pool: BlockPool,
    waiting: VecDeque<Waiting>,
    running: Vec<Sequence>,
    next_id: u64,
}

/// A sequence that waits: new, or evicted.
#[derive(Debug)]
struct Waiting {
    sequence: Sequence,
    is_new: bool,
}

impl Scheduler {
    /// A scheduler over `n_blocks` free blocks.
    pub(super) fn new(bounds: StepBounds, n_blocks: u32) -> Self {
        let max_tokens = bounds.max_tokens.max(1);
        Self {
            bounds: StepBounds {
                block_tokens: bounds.block_tokens.max(1),
                max_tokens,
                // One token each must fit into a step.
                max_sequences: bounds.max_sequences.clamp(1, max_tokens),
            },
            pool: BlockPool::new(n_blocks),
            waiting: VecDeque::new(),
            running: Vec::new(),
            next_id: 0,
        }
    }

    /// Puts a sequence at the end of the queue. The whole pool has room for the longest that it can become,
    /// and `prompt` is not empty.
    pub(super) fn submit(&mut self, prompt: Vec<u32>) -> SequenceId {
        let id = SequenceId(self.next_id);
        self.next_id += 1;
        self.waiting.push_back(Waiting {
            sequence: Sequence::new(id, prompt, self.pool.empty()),
            is_new: true,
        });
        id
    }

    /// Takes a sequence out, wherever it is; its blocks are free when the value is dropped.
    pub(super) fn remove(&mut self, id: SequenceId) -> Option<Sequence> {
        if let Some(at) = self.running.iter().position(|s| s.id() == id) {
            return Some(self.running.remove(at));
        }
        let at = self.waiting.iter().position(|w| w.sequence.id() == id)?;
        self.waiting.remove(at).map(|waiting| waiting.sequence)
    }

    /// A running sequence.
    pub(super) fn running(&self, id: SequenceId) -> Option<&Sequence> {
        self.running.iter().find(|s| s.id() == id)
    }

    /// The sequences in steps now.
    pub(super) fn running_ids(&self) -> impl Iterator<Item = SequenceId> + '_ {
        self.running.iter().map(Sequence::id)
    }

    pub(super) fn n_running(&self) -> usize {
        self.running.len()
    }

    pub(super) fn n_waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }

    pub(super) fn block_counts(&self) -> BlockCounts {
        self.pool.counts()
    }

    /// Plans the next step. Empty only when there are no sequences.
    pub(super) fn plan(&mut self) -> Plan {
        let mut plan = Plan::default();
        let n_decoding = self.running.iter().filter(|s| s.is_decoding()).count();
        let mut budget = self.bounds.max_tokens.saturating_sub(n_decoding);
        // Oldest first: an older sequence may evict younger ones, which have no chunk in the plan yet.
        let mut at = 0;
        while at < self.running.len() {
            if let Some(chunk) = self.plan_running(at, &mut budget, &mut plan.n_preempted) {
                plan.chunks.push(chunk);
            }
            at += 1;
        }
        // What was evicted in this step must not come back in it.
        if plan.n_preempted == 0 {
            self.admit(budget, &mut plan);
        }
        plan
    }

    /// Notes that the plan was computed.
    pub(super) fn advance(&mut self, plan: &Plan) {
        for chunk in &plan.chunks {
            if let Some(sequence) = self.running.iter_mut().find(|s| s.id() == chunk.id) {
                sequence.advance(chunk.len);
            }
        }
    }

    /// Adds a sampled token to a running sequence.
    pub(super) fn push(&mut self, id: SequenceId, token: u32) {
        if let Some(sequence) = self.running.iter_mut().find(|s| s.id() == id) {
            sequence.push(token);
        }
    }

    /// Takes every running sequence out and starts over with `n_blocks` free blocks; those that wait
    /// stay. For after a failure that leaves the cache in an unknown state.
    pub(super) fn reset(&mut self, n_blocks: u32) -> Vec<SequenceId> {
        let lost = self.running_ids().collect();
        self.running.clear();
        self.pool = BlockPool::new(n_blocks);
        for waiting in &mut self.waiting {
            waiting.sequence.evict(self.pool.empty());
        }
        lost
    }

    /// Panics unless the invariants hold.
    pub(super) fn check(&self) {
        let held = self.running.iter().map(|s| s.blocks().len()).sum();
        self.pool.check(held);
        let waiting = self.waiting.iter().map(|w| w.sequence.id());
        let ids: Vec<_> = self.running_ids().chain(waiting).collect();
        assert!(
            ids.is_sorted_by(|a, b| a < b),
            "running before waiting, both in the order of arrival"
        );
        assert!(self.running.len() <= self.bounds.max_sequences);
        for sequence in &self.running {
            let needed = self.blocks_for(sequence.computed());
            assert!(
                sequence.blocks().len() >= needed,
                "what is computed is held"
            );
            assert!(sequence.pending() > 0, "the newest token is never computed");
        }
        for waiting in &self.waiting {
            assert_eq!(waiting.sequence.blocks().len(), 0, "only running ones hold");
            assert_eq!(waiting.sequence.computed(), 0);
        }
    }

    /// The chunk of the running sequence at `at`, with its blocks; `None` if it must sit this step out.
    fn plan_running(
        &mut self,
        at: usize,
        budget: &mut usize,
        n_preempted: &mut usize,
    ) -> Option<Chunk> {
        let sequence = self.running.get(at)?;
        let decoding = sequence.is_decoding();
        let mut len = if decoding {
            1
        } else {
            sequence.pending().min(*budget)
        };
        if len == 0 {
            return None;
        }
        loop {
            let n_blocks = self.blocks_for(self.running.get(at)?.computed() + len);
            if self.running.get_mut(at)?.blocks_mut().grow_to(n_blocks) {
                break;
            }
            if at + 1 < self.running.len() {
                self.evict_youngest();
                *n_preempted += 1;
                continue;
            }
            // The youngest itself: a prompt takes what there is, a decode gives way.
            len = self.room(at)?.min(len);
            if len == 0 {
                if decoding && at > 0 {
                    self.evict_youngest();
                    *n_preempted += 1;
                }
                return None;
            }
        }
        if !decoding {
            *budget -= len;
        }
        Some(self.chunk(at, len))
    }

    /// Moves waiting sequences into the step while tokens, places and blocks are left.
    fn admit(&mut self, mut budget: usize, plan: &mut Plan) {
        while budget > 0 && self.running.len() < self.bounds.max_sequences {
            let Some(next) = self.waiting.front() else {
                return;
            };
            let len = next.sequence.pending().min(budget);
            // One block per running sequence stays free, or its next token would evict this one.
            let n_blocks = self.blocks_for(len) + self.running.len();
            if n_blocks > self.pool.n_free() && !self.running.is_empty() {
                return;
            }
            let len = len.min(self.pool.n_free() * self.bounds.block_tokens);
            let Some(mut next) = self.waiting.pop_front() else {
                return;
            };
            let n_blocks = self.blocks_for(len);
            if len == 0 || !next.sequence.blocks_mut().grow_to(n_blocks) {
                self.waiting.push_front(next);
                return;
            }
            if next.is_new {
                plan.admitted.push(next.sequence.id());
            }
            self.running.push(next.sequence);
            budget -= len;
            plan.chunks.push(self.chunk(self.running.len() - 1, len));
        }
    }

    /// Puts the youngest running sequence back at the head of the queue.
    fn evict_youngest(&mut self) {
        if let Some(mut sequence) = self.running.pop() {
            sequence.evict(self.pool.empty());
            self.waiting.push_front(Waiting {
                sequence,
                is_new: false,
            });
        }
    }

    fn chunk(&self, at: usize, len: usize) -> Chunk {
        let sequence = &self.running[at];
        Chunk {
            id: sequence.id(),
            start: sequence.computed(),
            len,
            samples: len == sequence.pending(),
        }
    }

    /// Tokens that the sequence at `at` can compute with its own and the free blocks.
    fn room(&self, at: usize) -> Option<usize> {
        let sequence = self.running.get(at)?;
        let slots = (sequence.blocks().len() + self.pool.n_free()) * self.bounds.block_tokens;
        slots.checked_sub(sequence.computed())
    }

    fn blocks_for(&self, n_tokens: usize) -> usize {
        n_tokens.div_ceil(self.bounds.block_tokens)
    }
}
