//! Which tokens of which sequences the next step computes.
//!
//! A step takes one token of every decoding sequence, and prompt tokens within a budget that leaves the
//! decoding ones their pace (see `pace`). Whose prompt goes first, of those that run and those that wait,
//! is decided by turns (see `queue`). What is left of the step may verify drafts.
//!
//! Cache blocks are taken when a step needs them, not when a request comes: a sequence that needs one when
//! none is left evicts the running one of the lowest rank, whose tokens, generated ones included, are
//! computed again later, as far as the prefix cache has lost them.
//!
//! No sequence waits for ever for blocks: one that can't fit alone is refused when it is submitted, the
//! running one of the highest rank can evict all others, and while a running one lacks blocks, none is
//! admitted.
//!
//! Invariants, see [`Scheduler::check`]: running sequences are in the order of their rank; only running
//! sequences hold blocks.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::types::TenantSalt;

use super::blocks::{BlockCounts, BlockPool, Blocks};
use super::limits::Priority;
use super::pace::{Allowance, Cost, Pace, Work};
use super::queue::{Queue, Waiting};
use super::sequence::{Owner, Sequence, SequenceId};

/// The bounds of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepBounds {
    /// Tokens per cache block.
    pub(super) block_tokens: usize,
    /// Most new tokens in one step.
    pub(super) max_tokens: usize,
    /// Most sequences in one step.
    pub(super) max_sequences: usize,
    /// Whether what was computed is kept for those that begin alike.
    pub(super) keeps_prefixes: bool,
}

/// What the next step computes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Parts of sequences; no sequence twice.
    pub(super) chunks: Vec<Chunk>,
    /// Sequences that run for the first time.
    pub(super) admitted: Vec<Admission>,
    /// How many sequences were evicted to make room.
    pub(super) n_preempted: usize,
}

/// A sequence runs for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admission {
    pub(super) id: SequenceId,
    /// Tokens of its prompt that were in the cache.
    pub(super) n_cached: usize,
}

/// The tokens `start..start + len` of a sequence, and a draft after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Whose.
    pub(super) id: SequenceId,
    /// The first token: as many are in the cache.
    pub(super) start: usize,
    /// How many.
    pub(super) len: usize,
    /// How many drafted ones after them.
    pub(super) n_draft: usize,
    /// Whether it reaches the sequence's end, so that tokens are sampled: one after its last token, and
    /// one after each drafted token that turns out right.
    pub(super) samples: bool,
}

impl Plan {
    /// Tokens that the step computes.
    pub(super) fn n_rows(&self) -> usize {
        self.chunks.iter().map(Chunk::n_rows).sum()
    }

    /// What the step computes.
    fn work(&self) -> Work {
        let mut work = Work::default();
        for chunk in &self.chunks {
            work.add(chunk.start, chunk.n_rows());
        }
        work
    }
}

impl Chunk {
    /// Tokens that are computed for it.
    pub(super) fn n_rows(&self) -> usize {
        self.len + self.n_draft
    }
}

/// Decides; computes nothing.
#[derive(Debug)]
pub(super) struct Scheduler {
    bounds: StepBounds,
    pool: BlockPool,
    queue: Queue,
    running: Vec<Sequence>,
    pace: Pace,
    next_number: u64,
    /// A running sequence lacked blocks in the last step.
    is_short: bool,
    /// What stays in the cache though nobody uses it.
    pinned: Vec<Blocks>,
}

/// So many times as large as what is pinned is the whole cache at least.
const PINNED_SHARE: usize = 8;

impl Scheduler {
    /// A scheduler over `n_blocks` free blocks.
    pub(super) fn new(bounds: StepBounds, n_blocks: u32) -> Self {
        let max_tokens = bounds.max_tokens.max(1);
        let bounds = StepBounds {
            block_tokens: bounds.block_tokens.max(1),
            max_tokens,
            // One token each must fit into a step.
            max_sequences: bounds.max_sequences.clamp(1, max_tokens),
            ..bounds
        };
        Self {
            bounds,
            pool: pool(bounds, n_blocks),
            queue: Queue::default(),
            running: Vec::new(),
            pace: Pace::default(),
            next_number: 0,
            is_short: false,
            pinned: Vec::new(),
        }
    }

    /// Puts a sequence into the queue. The whole pool has room for the longest that it can become, and
    /// `prompt` is not empty.
    pub(super) fn submit(
        &mut self,
        owner: impl Into<Owner>,
        priority: Priority,
        prompt: Vec<u32>,
    ) -> SequenceId {
        let id = SequenceId {
            priority,
            number: self.next_number,
        };
        self.next_number += 1;
        let sequence = Sequence::new(id, owner.into(), prompt, self.pool.empty());
        self.queue.enter(sequence);
        id
    }

    /// Takes a sequence out, wherever it is; its blocks are given back when the value is dropped.
    pub(super) fn remove(&mut self, id: SequenceId) -> Option<Sequence> {
        let removed = match self.place(id) {
            Some(at) => self.running.remove(at),
            None => self.queue.remove(id)?,
        };
        self.queue.leave(removed.tenant());
        Some(removed)
    }

    /// Takes a sequence out and keeps what it has in common with all tenants in the cache, where that leaves
    /// enough for others: the rest of the cache is [`PINNED_SHARE`] times as large at least.
    pub(super) fn pin(&mut self, id: SequenceId) {
        let Some(removed) = self.remove(id) else {
            return;
        };
        let blocks = removed.into_common(self.bounds.block_tokens);
        let held: usize = self.pinned.iter().map(Blocks::len).sum();
        if (held + blocks.len()).saturating_mul(PINNED_SHARE) <= self.pool.counts().total {
            self.pinned.push(blocks);
        }
    }

    /// A running sequence.
    pub(super) fn running(&self, id: SequenceId) -> Option<&Sequence> {
        self.running.get(self.place(id)?)
    }

    pub(super) fn n_running(&self) -> usize {
        self.running.len()
    }

    pub(super) fn n_waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty() && self.queue.len() == 0
    }

    pub(super) fn block_counts(&self) -> BlockCounts {
        self.pool.counts()
    }

    /// Plans the next step. Empty only when there are no sequences.
    pub(super) fn plan(&mut self) -> Plan {
        let mut plan = Plan::default();
        self.make_place(&mut plan);
        let n_placed = plan.n_preempted;
        // By rank: who evicts, evicts lower ones, which have no chunk in the plan yet.
        let mut at = 0;
        while at < self.running.len() {
            if self.running.get(at).is_some_and(Sequence::is_decoding) {
                self.plan_decode(at, &mut plan);
            }
            at += 1;
        }
        let n_decoding = plan.chunks.len();
        let left = self.bounds.max_tokens.saturating_sub(n_decoding);
        let allowance = self.pace.prompts(plan.work(), left);
        // While running ones lack blocks, nobody else takes them.
        let is_short = std::mem::take(&mut self.is_short) || plan.n_preempted > n_placed;
        let admits = !is_short || self.running.is_empty();
        self.plan_prompts(allowance, admits, &mut plan);
        plan
    }

    /// Adds a draft to a chunk that decodes, as far as tokens and blocks are left; nobody gives way for it.
    pub(super) fn add_draft(&mut self, plan: &mut Plan, at: usize, draft: &[u32]) {
        let left = self.room_for_drafts(plan);
        let Some(chunk) = plan.chunks.get_mut(at) else {
            return;
        };
        let Some(place) = self.place(chunk.id) else {
            return;
        };
        let end = chunk.start + chunk.len;
        // One block per running sequence stays free, as for those that are let in.
        let spare = self.pool.n_available().saturating_sub(self.running.len());
        let held = self.running[place].blocks().len();
        let room = ((held + spare) * self.bounds.block_tokens).saturating_sub(end);
        let n = draft.len().min(left).min(room);
        let n_blocks = self.blocks_for(end + n);
        let sequence = &mut self.running[place];
        if sequence.blocks_mut().grow_to(n_blocks) {
            sequence.set_draft(draft.get(..n).unwrap_or_default());
            chunk.n_draft = n;
            self.queue.charge(sequence.tenant(), n);
        }
    }

    /// The least chance of being right with which a drafted token pays in the step.
    pub(super) fn least_chance(&self, plan: &Plan) -> f64 {
        self.pace.least_chance(plan.work())
    }

    /// What the step costs, once one was computed.
    pub(super) fn cost(&self, plan: &Plan) -> Option<Cost> {
        self.pace.cost(plan.work())
    }

    /// How many tokens more may be drafted for `plan`.
    pub(super) fn room_for_drafts(&self, plan: &Plan) -> usize {
        self.bounds.max_tokens.saturating_sub(plan.n_rows())
    }

    /// Notes that the plan was computed.
    pub(super) fn advance(&mut self, plan: &Plan) {
        for chunk in &plan.chunks {
            if let Some(at) = self.place(chunk.id) {
                self.running[at].advance(chunk.len);
            }
        }
    }

    /// Notes how long the plan took.
    pub(super) fn note_time(&mut self, plan: &Plan, time: Duration) {
        self.pace.note(plan.work(), time);
    }

    /// Adds a sampled token to a running sequence. Says whether the draft had it, so that a token after it
    /// can be sampled from the same step.
    pub(super) fn push(&mut self, id: SequenceId, token: u32) -> bool {
        let place = self.place(id);
        place.is_some_and(|at| self.running[at].push(token))
    }

    /// Forgets what blocks hold, for after a step that failed.
    pub(super) fn forget_prefixes(&mut self) {
        self.pinned.clear();
        self.pool.forget_prefixes();
    }

    /// Takes every running sequence out and starts over with `n_blocks` free blocks; those that wait
    /// stay. For after a failure that leaves the cache in an unknown state.
    pub(super) fn reset(&mut self, n_blocks: u32) -> Vec<SequenceId> {
        let running = std::mem::take(&mut self.running);
        let lost = running.iter().map(Sequence::id).collect();
        for sequence in running {
            self.queue.leave(sequence.tenant());
        }
        self.pinned.clear();
        self.pool = pool(self.bounds, n_blocks);
        for waiting in self.queue.waiting_mut() {
            waiting.sequence.evict(&self.pool);
        }
        self.is_short = false;
        lost
    }

    /// The cache's blocks, for what outlives this process.
    pub(super) fn pool(&self) -> &BlockPool {
        &self.pool
    }

    /// Blocks that are pinned.
    #[cfg(any(test, debug_assertions))]
    pub(super) fn n_pinned(&self) -> usize {
        self.pinned.iter().map(Blocks::len).sum()
    }

    /// Panics unless the invariants hold.
    #[cfg(any(test, debug_assertions))]
    pub(super) fn check(&self) {
        let held: usize = self.running.iter().map(|s| s.blocks().len()).sum();
        self.pool.check(held + self.n_pinned());
        self.queue.check(self.running.len());
        let ids = self.running.iter().map(Sequence::id);
        assert!(ids.is_sorted_by(|a, b| a < b), "in the order of rank");
        assert!(self.running.len() <= self.bounds.max_sequences);
        for sequence in &self.running {
            let needed = self.blocks_for(sequence.computed());
            assert!(
                sequence.blocks().len() >= needed,
                "what is computed is held"
            );
            assert!(sequence.pending() > 0, "the newest token is never computed");
        }
        for waiting in self.queue.waiting() {
            assert_eq!(waiting.sequence.blocks().len(), 0, "only running ones hold");
            assert_eq!(waiting.sequence.computed(), 0);
        }
    }

    /// Where all places are taken and a higher priority waits, the lowest rank gives way.
    fn make_place(&mut self, plan: &mut Plan) {
        let Some((turn, _)) = self.queue.next() else {
            return;
        };
        let is_full = self.running.len() >= self.bounds.max_sequences;
        let lowest = self.running.last().map(|s| s.id().priority);
        if is_full && lowest.is_some_and(|lowest| turn.priority() < lowest) {
            self.evict(self.running.len() - 1);
            plan.n_preempted += 1;
        }
    }

    /// One token for the decoding sequence at `at`.
    fn plan_decode(&mut self, at: usize, plan: &mut Plan) {
        loop {
            let n_blocks = self.blocks_for(self.running[at].computed() + 1);
            if self.running[at].blocks_mut().grow_to(n_blocks) {
                return self.add_chunk(at, 1, plan);
            }
            let last = self.running.len() - 1;
            if last == 0 {
                if self.unpin() {
                    continue;
                }
                return;
            }
            // The lowest rank gives way, be it this one itself.
            self.evict(last);
            plan.n_preempted += 1;
            if last == at {
                return;
            }
        }
    }

    /// Shares `allowance` out to prompts, by turns.
    fn plan_prompts(&mut self, mut allowance: Allowance, mut admits: bool, plan: &mut Plan) {
        let prefilling = self.running.iter().filter(|s| !s.is_decoding());
        let mut prefilling: Vec<_> = prefilling.map(|s| (s.tenant(), s.id())).collect();
        while allowance.tokens(0) > 0 {
            let turns = prefilling.iter().enumerate();
            let turns = turns.map(|(at, (tenant, id))| (self.queue.turn(*tenant, *id), at));
            let running = turns.min();
            let waiting = self
                .queue
                .next()
                .filter(|(turn, _)| admits && running.is_none_or(|(own, _)| *turn < own));
            if let Some((_, tenant)) = waiting {
                admits = self.admit(tenant, &mut allowance, plan);
            } else if let Some((_, at)) = running {
                let (_, id) = prefilling.swap_remove(at);
                let n_preempted = plan.n_preempted;
                self.plan_prompt(id, &mut allowance, plan);
                // What was evicted in this step must not come back in it.
                admits &= !self.is_short && plan.n_preempted == n_preempted;
            } else {
                return;
            }
        }
    }

    /// As many tokens for a running sequence as `allowance` leaves.
    fn plan_prompt(&mut self, id: SequenceId, allowance: &mut Allowance, plan: &mut Plan) {
        loop {
            let Some(at) = self.place(id) else {
                // It was evicted for another one in this step.
                return;
            };
            let computed = self.running[at].computed();
            let len = self.running[at].pending().min(allowance.tokens(computed));
            if len == 0 {
                return;
            }
            if self.take_prompt(at, len, allowance, plan) {
                return;
            }
            let planned = |other: &Sequence| plan.chunks.iter().any(|c| c.id == other.id());
            let victim = self.running.iter().rposition(|other| !planned(other));
            if let Some(victim) = victim.filter(|victim| *victim > at) {
                self.evict(victim);
                plan.n_preempted += 1;
                continue;
            }
            if self.unpin() {
                continue;
            }
            self.is_short = true;
            let len = self.room(at).min(len);
            self.take_prompt(at, len, allowance, plan);
            return;
        }
    }

    /// `len` tokens for the running sequence at `at`, where there are blocks for them; says whether there are.
    fn take_prompt(
        &mut self,
        at: usize,
        len: usize,
        allowance: &mut Allowance,
        plan: &mut Plan,
    ) -> bool {
        let computed = self.running[at].computed();
        let n_blocks = self.blocks_for(computed + len);
        let has_room = len > 0 && self.running[at].blocks_mut().grow_to(n_blocks);
        if has_room {
            self.add_chunk(at, len, plan);
            allowance.take(computed, len);
        }
        has_room
    }

    /// Lets everything pinned go; says whether there was any. What runs alone may need all of the cache.
    fn unpin(&mut self) -> bool {
        let any = !self.pinned.is_empty();
        self.pinned.clear();
        any
    }

    /// Lets the next sequence of `tenant` in, if there is a place and room, with what the prefix cache has of
    /// it and as many tokens to compute as `allowance` leaves; says whether it did.
    fn admit(&mut self, tenant: TenantSalt, allowance: &mut Allowance, plan: &mut Plan) -> bool {
        if self.running.len() >= self.bounds.max_sequences {
            return false;
        }
        if self.running.is_empty() && self.pool.n_available() == 0 {
            self.unpin();
        }
        let Some(next) = self.queue.head(tenant) else {
            return false;
        };
        let tokens = next.sequence.tokens();
        let mut blocks = self.pool.find(next.sequence.scope(), tokens);
        let n_cached = blocks.len() * self.bounds.block_tokens;
        let mut len = (tokens.len() - n_cached).min(allowance.tokens(n_cached));
        let missing = |len: usize, blocks: &Blocks| {
            let needed = (n_cached + len).div_ceil(self.bounds.block_tokens);
            needed.saturating_sub(blocks.len())
        };
        let available = self.pool.n_available();
        if self.running.is_empty() {
            len = len.min(available * self.bounds.block_tokens);
        } else if missing(len, &blocks) + self.running.len() > available {
            // One block per running sequence stays free, or its next token would evict this one.
            return false;
        }
        let n_blocks = blocks.len() + missing(len, &blocks);
        if len == 0 || !blocks.grow_to(n_blocks) {
            return false;
        }
        let Some(Waiting {
            mut sequence,
            is_new,
        }) = self.queue.pop(tenant)
        else {
            return false;
        };
        sequence.adopt(blocks, n_cached);
        let id = sequence.id();
        if is_new {
            plan.admitted.push(Admission { id, n_cached });
        }
        let at = self.running.partition_point(|other| other.id() < id);
        self.running.insert(at, sequence);
        self.add_chunk(at, len, plan);
        allowance.take(n_cached, len);
        true
    }

    fn add_chunk(&mut self, at: usize, len: usize, plan: &mut Plan) {
        let sequence = &self.running[at];
        self.queue.charge(sequence.tenant(), len);
        plan.chunks.push(Chunk {
            id: sequence.id(),
            start: sequence.computed(),
            len,
            n_draft: 0,
            samples: len == sequence.pending(),
        });
    }

    /// Puts a running sequence back into the queue.
    fn evict(&mut self, at: usize) {
        let mut sequence = self.running.remove(at);
        sequence.evict(&self.pool);
        self.queue.put_back(Waiting {
            sequence,
            is_new: false,
        });
    }

    /// Tokens that the sequence at `at` can compute with its own blocks and those that are left.
    fn room(&self, at: usize) -> usize {
        let sequence = &self.running[at];
        let slots = (sequence.blocks().len() + self.pool.n_available()) * self.bounds.block_tokens;
        slots.saturating_sub(sequence.computed())
    }

    fn place(&self, id: SequenceId) -> Option<usize> {
        self.running.binary_search_by_key(&id, Sequence::id).ok()
    }

    fn blocks_for(&self, n_tokens: usize) -> usize {
        n_tokens.div_ceil(self.bounds.block_tokens)
    }
}

fn pool(bounds: StepBounds, n_blocks: u32) -> BlockPool {
    BlockPool::new(n_blocks, bounds.block_tokens, bounds.keeps_prefixes)
}
