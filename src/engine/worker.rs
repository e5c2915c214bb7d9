//! The engine's thread: takes commands, and steps while there are sequences.
//!
//! A step is: end what was cancelled or is late, plan, draft, compute, sample, emit. The thread sleeps on
//! its channel when there is nothing to do. A panic fails the sequences that ran, and the model and its
//! cache are made anew; those that wait keep their places. Three within a minute are too many.

mod drafts;
mod samples;

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rand::rngs::{ChaCha12Rng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use tokio::sync::mpsc;

use crate::config::EngineConfig;
use crate::model::{CausalLm, ModelError};
use crate::telemetry::{MetricLabel, Metrics, names};
use crate::types::{FinishReason, SharedClock, TenantSalt};

use super::door::EngineState;
use super::draft::Drafter;
use super::event::{EngineFailure, Event};
use super::handle::{EngineError, Extras, Facts, Provisions};
use super::limits::GenerationLimits;
use super::picks::Picker;
use super::request::Request;
use super::runner::Runner;
use super::sampling::Sampling;
use super::scheduler::{Admission, Plan, Scheduler, StepBounds};
use super::sequence::{Owner, SequenceId};
use super::stats::Shared;
use super::text::TokenText;

/// So many panics …
const PANICS: usize = 3;
/// … within this time are too many.
const PANIC_WINDOW: Duration = Duration::from_secs(60);

type Factory = Box<dyn FnMut() -> Result<Box<dyn CausalLm>, ModelError> + Send>;

/// What the handle asks for.
#[derive(Debug)]
pub(super) enum Command {
    /// Queue a generation.
    Submit(Box<Submission>),
    /// Look at the state.
    Wake,
}

/// A generation that was accepted.
pub(super) struct Submission {
    pub(super) tenant: TenantSalt,
    pub(super) tokens: Vec<u32>,
    /// Tokens at the start that all tenants have in common.
    pub(super) n_common: usize,
    pub(super) sampling: Sampling,
    pub(super) limits: GenerationLimits,
    pub(super) extras: Extras,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) submitted: Instant,
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission").finish_non_exhaustive()
    }
}

/// What a worker is made from.
pub(super) struct Parts {
    pub(super) config: EngineConfig,
    pub(super) factory: Factory,
    pub(super) text: Arc<dyn TokenText>,
    pub(super) clock: SharedClock,
    pub(super) metrics: Metrics,
    pub(super) shared: Arc<Shared>,
    pub(super) provisions: Provisions,
}

impl Parts {
    /// The draft model, where there is one.
    fn load_drafter(&self) -> Result<Option<Drafter>, EngineError> {
        let Some(model) = &self.provisions.draft else {
            return Ok(None);
        };
        let loaded = Drafter::load(model, &self.config, Arc::clone(&self.clock));
        let loaded = loaded.inspect_err(|error| {
            tracing::error!(%error, "the draft model can't be loaded");
        });
        loaded.map(Some)
    }
}

/// The owner of everything.
pub(super) struct Worker {
    parts: Parts,
    /// `None` once the engine is out of service.
    runner: Option<Runner>,
    /// `None` where there is no draft model, or it failed.
    drafter: Option<Drafter>,
    facts: Facts,
    scheduler: Scheduler,
    picker: Picker,
    requests: HashMap<SequenceId, Request>,
    seeds: ChaCha12Rng,
    panics: VecDeque<Instant>,
    last_end: Option<Instant>,
}

impl Worker {
    /// Loads the model and makes its cache.
    pub(super) fn load(mut parts: Parts) -> Result<Self, EngineError> {
        let mut runner = Runner::load(&mut parts.factory, &parts.config)?;
        let drafter = parts.load_drafter()?;
        let bounds = StepBounds {
            block_tokens: parts.config.block_tokens,
            max_tokens: parts.config.max_batch_tokens,
            max_sequences: parts.config.max_sequences,
            keeps_prefixes: parts.config.prefix_cache,
        };
        let seed = SysRng.try_next_u64().map_err(|_| EngineError::Random)?;
        let scheduler = Scheduler::new(bounds, runner.n_blocks());
        if let Some(saved) = &parts.provisions.prefixes {
            saved.restore(&mut runner, scheduler.pool(), bounds.block_tokens);
        }
        let worker = Self {
            scheduler,
            facts: facts(&parts.config, &runner),
            runner: Some(runner),
            drafter,
            parts,
            picker: Picker::default(),
            requests: HashMap::new(),
            seeds: ChaCha12Rng::seed_from_u64(seed),
            panics: VecDeque::new(),
            last_end: None,
        };
        worker.publish();
        Ok(worker)
    }

    pub(super) fn facts(&self) -> Facts {
        self.facts
    }

    /// Works until it is told to stop and nothing is left, or every handle is gone.
    pub(super) fn run(mut self, inbox: &Receiver<Command>) {
        let mut connected = true;
        loop {
            connected &= self.take_commands(inbox, connected);
            match self.parts.shared.door.state() {
                EngineState::Aborting => self.fail_all(EngineFailure::ShuttingDown),
                _ if self.runner.is_none() => self.fail_all(EngineFailure::Unready),
                _ => self.guarded_step(),
            }
            self.publish();
            let may_end = !connected || self.parts.shared.door.may_end();
            if may_end && self.scheduler.is_empty() {
                return self.save_prefixes();
            }
        }
    }

    /// Keeps what the prefix cache holds for the next run, where that is wanted.
    fn save_prefixes(&self) {
        if let (Some(saved), Some(runner)) = (&self.parts.provisions.prefixes, &self.runner) {
            saved.save(runner, self.scheduler.pool());
        }
    }

    /// Takes what is there; sleeps if there is nothing to do. Says whether a handle still exists.
    fn take_commands(&mut self, inbox: &Receiver<Command>, connected: bool) -> bool {
        // Also while it is closing: who is in has yet to send, or wakes it on leaving.
        if self.scheduler.is_empty() && connected && !self.parts.shared.door.may_end() {
            self.last_end = None;
            match inbox.recv() {
                Ok(command) => self.obey(command),
                Err(_) => return false,
            }
        }
        loop {
            match inbox.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let Command::Submit(submission) = command else {
            return;
        };
        let priority = submission.limits.priority();
        let owner = Owner {
            tenant: submission.tenant,
            adapter: submission.extras.adapter.clone(),
            n_common: submission.n_common,
        };
        let decoder = self.parts.text.decoder();
        let (request, tokens) = Request::new(*submission, decoder, self.seeds.next_u64());
        let id = self.scheduler.submit(owner, priority, tokens);
        self.requests.insert(id, request);
    }

    /// A step; a panic in it is the end of those that ran, not of the engine.
    fn guarded_step(&mut self) {
        self.sweep();
        if self.scheduler.is_empty() {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| self.step())).is_err() {
            self.recover();
        }
    }

    fn step(&mut self) {
        let began = self.parts.clock.instant();
        let mut plan = self.scheduler.plan();
        self.note_plan(&plan);
        let turns = self.parts.provisions.turn.clone();
        let turn = turns.take();
        let drafting = match self.parts.config.speculation {
            true => self.draft(&mut plan),
            false => Duration::ZERO,
        };
        let Some(runner) = &mut self.runner else {
            return;
        };
        let computed = runner.forward(&self.scheduler, &plan);
        drop(turn);
        let logits = match computed {
            Ok(logits) => logits,
            Err(error) => {
                tracing::error!(%error, "the model failed in a step");
                // What the step wrote, and where, is not known.
                self.scheduler.forget_prefixes();
                for chunk in &plan.chunks {
                    self.fail(chunk.id, EngineFailure::Model);
                }
                return;
            }
        };
        self.scheduler.advance(&plan);
        let now = self.parts.clock.instant();
        self.sample(&plan, &logits, now);
        let took = self.parts.clock.instant().duration_since(began);
        self.scheduler
            .note_time(&plan, took.saturating_sub(drafting));
        #[cfg(debug_assertions)]
        self.scheduler.check();
    }

    /// Ends what nobody waits for any more and what is late.
    fn sweep(&mut self) {
        let now = self.parts.clock.instant();
        let timeout = self.parts.config.queue_timeout;
        let verdicts: Vec<_> = self
            .requests
            .iter()
            .filter_map(|(id, request)| Some((*id, request.verdict(now, timeout)?)))
            .collect();
        for (id, verdict) in verdicts {
            match verdict {
                Ok(FinishReason::Cancelled) => {
                    self.parts.shared.cancelled.fetch_add(1, Relaxed);
                    let stage = self.requests.get(&id).map_or("queued", Request::stage);
                    let labels: [MetricLabel<'_>; 1] = [("stage", &stage)];
                    self.parts.metrics.count(names::CANCELLATIONS, 1, &labels);
                    self.finish(id, FinishReason::Cancelled);
                }
                Ok(reason) => self.finish(id, reason),
                Err(failure) => self.fail(id, failure),
            }
        }
    }

    fn finish(&mut self, id: SequenceId, reason: FinishReason) {
        let now = self.parts.clock.instant();
        if let Some(request) = self.take(id) {
            request.note_end(reason, now, &self.parts.metrics);
            request.finish(reason);
        }
        if let Some(last) = self.last_end.replace(now) {
            let interval = u64::try_from((now - last).as_micros()).unwrap_or(u64::MAX);
            let mean = &self.parts.shared.end_interval_us;
            let old = mean.load(Relaxed);
            let new = if old == 0 {
                interval
            } else {
                old / 4 * 3 + interval / 4
            };
            mean.store(new, Relaxed);
        }
    }

    fn fail(&mut self, id: SequenceId, failure: EngineFailure) {
        if let Some(request) = self.take(id) {
            self.parts
                .metrics
                .count(names::ENGINE_FAILURES, 1, &[("reason", &failure.as_str())]);
            request.fail(failure);
        }
    }

    fn take(&mut self, id: SequenceId) -> Option<Request> {
        let request = self.requests.remove(&id)?;
        if let Some(drafter) = &mut self.drafter {
            drafter.forget(id);
        }
        match request.pins() {
            true => self.scheduler.pin(id),
            false => drop(self.scheduler.remove(id)),
        }
        // Before the event: who hears the end may submit at once.
        self.parts.shared.door.leave();
        Some(request)
    }

    fn fail_all(&mut self, failure: EngineFailure) {
        let ids: Vec<_> = self.requests.keys().copied().collect();
        for id in ids {
            self.fail(id, failure);
        }
    }

    /// After a panic: nothing is known of the model, its cache and those that ran.
    fn recover(&mut self) {
        let now = self.parts.clock.instant();
        self.parts.shared.restarts.fetch_add(1, Relaxed);
        self.parts.metrics.count(names::ENGINE_RESTARTS, 1, &[]);
        self.panics.push_back(now);
        while self
            .panics
            .front()
            .is_some_and(|first| now.duration_since(*first) > PANIC_WINDOW)
        {
            self.panics.pop_front();
        }
        tracing::error!(lately = self.panics.len(), "a step of the engine panicked");
        // The old model goes first: there is memory for one.
        let old = (self.runner.take(), self.drafter.take());
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
        let parts = &mut self.parts;
        if self.panics.len() < PANICS {
            let load = AssertUnwindSafe(|| Runner::load(&mut parts.factory, &parts.config));
            self.runner = catch_unwind(load).ok().and_then(Result::ok);
            let load = AssertUnwindSafe(|| parts.load_drafter());
            self.drafter = catch_unwind(load).ok().and_then(Result::ok).flatten();
        }
        if self.runner.is_none() {
            tracing::error!("the engine is out of service");
            // Before the events: who hears the end may submit at once.
            self.parts.shared.door.raise(EngineState::Unready);
        }
        let n_blocks = self.runner.as_ref().map_or(0, Runner::n_blocks);
        for id in self.scheduler.reset(n_blocks) {
            self.fail(id, EngineFailure::Panicked);
        }
    }

    fn note_plan(&mut self, plan: &Plan) {
        let now = self.parts.clock.instant();
        let shared = &self.parts.shared;
        for Admission { id, n_cached } in &plan.admitted {
            if let Some(request) = self.requests.get_mut(id) {
                let metrics = &self.parts.metrics;
                let n_prompt = u64::from(request.begin(*n_cached, now, metrics));
                shared.prompt_tokens.fetch_add(n_prompt, Relaxed);
                metrics.count(names::TOKENS_PROMPT, n_prompt, &[]);
                let n_cached = u64::try_from(*n_cached).unwrap_or(u64::MAX);
                shared.cached_tokens.fetch_add(n_cached, Relaxed);
                metrics.count(names::TOKENS_CACHED, n_cached, &[]);
            }
        }
        shared.steps.fetch_add(1, Relaxed);
        let preempted = u64::try_from(plan.n_preempted).unwrap_or(u64::MAX);
        if preempted > 0 {
            shared.preemptions.fetch_add(preempted, Relaxed);
            self.parts.metrics.count(names::PREEMPTIONS, preempted, &[]);
        }
    }

    /// Writes the state of the queue where others read it.
    fn publish(&self) {
        let (shared, metrics) = (&self.parts.shared, &self.parts.metrics);
        let (running, waiting) = (self.scheduler.n_running(), self.scheduler.n_waiting());
        let blocks = self.scheduler.block_counts();
        shared.running.store(running, Relaxed);
        shared.total_blocks.store(blocks.total, Relaxed);
        shared.used_blocks.store(blocks.used, Relaxed);
        shared.idle_blocks.store(blocks.idle, Relaxed);
        metrics.gauge(names::SEQUENCES_RUNNING, running, &[]);
        metrics.gauge(names::SEQUENCES_WAITING, waiting, &[]);
        metrics.gauge(names::KV_BLOCKS_USED, blocks.used, &[]);
        metrics.gauge(names::KV_BLOCKS_IDLE, blocks.idle, &[]);
        metrics.gauge(names::KV_BLOCKS_TOTAL, blocks.total, &[]);
        self.publish_drafter();
    }
}

fn facts(config: &EngineConfig, runner: &Runner) -> Facts {
    let n_blocks = usize::try_from(runner.n_blocks()).unwrap_or(usize::MAX);
    Facts {
        context: runner.context(),
        cache_tokens: n_blocks.saturating_mul(config.block_tokens),
        places: config.max_sequences.saturating_add(config.queue_limit),
        vocab: runner.shape().vocab,
    }
}
