//! Counters that the engine thread writes and everybody reads.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::door::Door;

/// A snapshot of the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// Sequences in steps.
    pub running: usize,
    /// Requests that wait for a place.
    pub waiting: usize,
    /// Cache blocks in all.
    pub total_blocks: usize,
    /// Cache blocks in use.
    pub used_blocks: usize,
    /// Cache blocks that nobody uses and whose content can be found again.
    pub idle_blocks: usize,
    /// Prompt tokens of all requests that began.
    pub prompt_tokens: u64,
    /// Those of them that the prefix cache had.
    pub cached_tokens: u64,
    /// Tokens generated.
    pub generated_tokens: u64,
    /// Tokens drafted and verified, whatever drafted them.
    pub drafted_tokens: u64,
    /// Those of them that were right.
    pub accepted_tokens: u64,
    /// Tokens drafted by the draft model and verified.
    pub drafted_by_model: u64,
    /// Those of them that were right.
    pub accepted_of_model: u64,
    /// Blocks of the draft model's cache in use.
    pub draft_used_blocks: usize,
    /// Draft models given up because they failed.
    pub draft_failures: u64,
    /// Steps computed.
    pub steps: u64,
    /// Sequences evicted to make room, to be computed again.
    pub preemptions: u64,
    /// Requests whose receiver went away.
    pub cancelled: u64,
    /// Restarts after a panic.
    pub restarts: u64,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) door: Door,
    pub(super) running: AtomicUsize,
    pub(super) total_blocks: AtomicUsize,
    pub(super) used_blocks: AtomicUsize,
    pub(super) idle_blocks: AtomicUsize,
    pub(super) prompt_tokens: AtomicU64,
    pub(super) cached_tokens: AtomicU64,
    pub(super) generated_tokens: AtomicU64,
    pub(super) drafted_tokens: AtomicU64,
    pub(super) accepted_tokens: AtomicU64,
    pub(super) drafted_by_model: AtomicU64,
    pub(super) accepted_of_model: AtomicU64,
    pub(super) draft_used_blocks: AtomicUsize,
    pub(super) draft_failures: AtomicU64,
    pub(super) steps: AtomicU64,
    pub(super) preemptions: AtomicU64,
    pub(super) cancelled: AtomicU64,
    pub(super) restarts: AtomicU64,
    /// Mean time between two ends of requests, lately, in microseconds.
    pub(super) end_interval_us: AtomicU64,
}

impl Shared {
    /// When a place may be free: by the recent rate, at least a second, at most two minutes.
    pub(super) fn retry_after(&self) -> Duration {
        let interval = Duration::from_micros(self.end_interval_us.load(Relaxed));
        let seconds = interval.as_millis().div_ceil(1000).clamp(1, 120);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(120))
    }

    pub(super) fn snapshot(&self) -> EngineStats {
        let running = self.running.load(Relaxed);
        EngineStats {
            running,
            waiting: self.door.n_inside().saturating_sub(running),
            total_blocks: self.total_blocks.load(Relaxed),
            used_blocks: self.used_blocks.load(Relaxed),
            idle_blocks: self.idle_blocks.load(Relaxed),
            prompt_tokens: self.prompt_tokens.load(Relaxed),
            cached_tokens: self.cached_tokens.load(Relaxed),
            generated_tokens: self.generated_tokens.load(Relaxed),
            drafted_tokens: self.drafted_tokens.load(Relaxed),
            accepted_tokens: self.accepted_tokens.load(Relaxed),
            drafted_by_model: self.drafted_by_model.load(Relaxed),
            accepted_of_model: self.accepted_of_model.load(Relaxed),
            draft_used_blocks: self.draft_used_blocks.load(Relaxed),
            draft_failures: self.draft_failures.load(Relaxed),
            steps: self.steps.load(Relaxed),
            preemptions: self.preemptions.load(Relaxed),
            cancelled: self.cancelled.load(Relaxed),
            restarts: self.restarts.load(Relaxed),
        }
    }
}
