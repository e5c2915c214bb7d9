//! Drafts by a smaller model of the same tokens.
//!
//! Where look-up (see `lookup`) finds nothing, the draft model says what may come next: greedily, token by token, one
//! ragged forward pass for each drafted position of all sequences that still want one. It has a cache of its own and
//! follows each sequence by itself (`Follower`): it reads what it has not read yet, the prompt too, in parts that
//! leave the decoding sequences their pace, and forgets what it drafted and did not come.
//!
//! What is drafted, and whether anything is, depends on how often drafts were right (`Chances`) and on what steps of both
//! models took (`Worth`), and changes no token of any answer: the target chooses each of them, and a draft only says for
//! which of them its forward passes can be one. So nothing of this can fail a request: a sequence for which the cache
//! has no room gets no drafts, and a draft model that fails is not asked again.

mod chances;
mod follower;
mod passes;
#[cfg(test)]
mod tests;
mod worth;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::config::EngineConfig;
use crate::kernels::Level;
use crate::model::{CausalLm, ModelError};
use crate::types::SharedClock;

use self::chances::{Chances, LEARNING, LEARNING_FOR_ALL};
use self::follower::Follower;
use super::blocks::BlockPool;
use super::handle::EngineError;
use super::pace::{Cost, Pace};
use super::runner::Runner;
use super::scheduler::Scheduler;
use super::sequence::SequenceId;

type LoadDraft = dyn Fn() -> Result<Box<dyn CausalLm>, ModelError> + Send + Sync;

/// A smaller model that drafts for an engine's own.
#[derive(Clone)]
pub struct DraftModel {
    load: Arc<LoadDraft>,
    kv_cache_bytes: usize,
}

/// The draft model at work.
pub(super) struct Drafter {
    runner: Runner,
    vocab: usize,
    pool: BlockPool,
    followers: HashMap<SequenceId, Follower>,
    /// With which sequences begin.
    chances: Chances,
    pace: Pace,
    /// What is left of what passes are believed to cost, the longer ago the last one was.
    belief: f64,
    clock: SharedClock,
    level: Level,
    weights: Vec<f32>,
}

/// A sequence that wants a draft.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub(super) id: SequenceId,
    /// Its chunk's place in the plan.
    pub(super) at: usize,
    /// Most tokens that may be drafted for it.
    pub(super) most: usize,
    /// Whether it goes on after an end token.
    pub(super) ignores_end: bool,
}

/// The step that is drafted for.
pub(super) struct Step<'a> {
    /// Tokens that it computes.
    pub(super) n_rows: usize,
    /// What steps cost.
    pub(super) cost: Option<Cost>,
    /// How many tokens may be drafted.
    pub(super) room: usize,
    /// How many tokens the draft model may read.
    pub(super) most_read: usize,
    /// Tokens of the vocabulary: ids below this may be drafted.
    pub(super) n_tokens: usize,
    pub(super) is_end: &'a dyn Fn(u32) -> bool,
}

/// What may come next of the sequence whose chunk is at this place in the plan.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drafted {
    pub(super) at: usize,
    pub(super) tokens: Vec<u32>,
}

impl DraftModel {
    /// A model that `load` makes, whose keys and values take `kv_cache_bytes` at most. `load` is called again after a
    /// panic of the engine.
    pub fn new(
        load: impl Fn() -> Result<Box<dyn CausalLm>, ModelError> + Send + Sync + 'static,
        kv_cache_bytes: usize,
    ) -> Self {
        Self {
            load: Arc::new(load),
            kv_cache_bytes,
        }
    }
}

impl fmt::Debug for DraftModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DraftModel")
            .field("kv_cache_bytes", &self.kv_cache_bytes)
            .finish_non_exhaustive()
    }
}

impl Drafter {
    /// Loads the model and makes its cache, for an engine with `config`.
    pub(super) fn load(
        model: &DraftModel,
        config: &EngineConfig,
        clock: SharedClock,
    ) -> Result<Self, EngineError> {
        let own = EngineConfig {
            kv_cache_bytes: model.kv_cache_bytes,
            ..config.clone()
        };
        let runner = Runner::load(&mut || (model.load)(), &own)?;
        let pool = BlockPool::new(runner.n_blocks(), own.block_tokens, own.prefix_cache);
        Ok(Self {
            vocab: runner.shape().vocab,
            runner,
            pool,
            followers: HashMap::new(),
            chances: Chances::default(),
            pace: Pace::default(),
            belief: 1.0,
            clock,
            level: Level::best(),
            weights: Vec::new(),
        })
    }

    /// Blocks of its cache, and those of them that are in use.
    pub(super) fn n_blocks(&self) -> (usize, usize) {
        let counts = self.pool.counts();
        (counts.total, counts.used)
    }

    /// Drafts for those of `wants` for which it pays in this step.
    pub(super) fn draft(
        &mut self,
        scheduler: &Scheduler,
        wants: &[Want],
        step: &Step<'_>,
    ) -> Result<Vec<Drafted>, ModelError> {
        // One that was evicted is read again when it is back, as far as the prefix cache has lost it.
        self.followers
            .retain(|id, _| scheduler.running(*id).is_some());
        let mut drafted = self.pass_by_pass(scheduler, wants, step)?;
        drafted.retain(|own| !own.tokens.is_empty());
        // The higher rank first, where there is not room for all.
        drafted.sort_by_key(|own| own.at);
        Ok(drafted)
    }

    /// Of a draft of which `n_draft` tokens were verified, `n_right` came; then, if these are fewer, another one.
    pub(super) fn learn(&mut self, id: SequenceId, n_draft: usize, n_right: usize) {
        let Some(follower) = self.followers.get_mut(&id) else {
            return;
        };
        let classes = follower.take_classes();
        for (nth, class) in (0..=n_right).zip(classes.into_iter().take(n_draft)) {
            let is_right = nth < n_right;
            follower.chances.learn(class, is_right, LEARNING);
            self.chances.learn(class, is_right, LEARNING_FOR_ALL);
        }
    }

    /// A sequence has ended.
    pub(super) fn forget(&mut self, id: SequenceId) {
        self.followers.remove(&id);
    }
}
