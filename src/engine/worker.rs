//! The engine's thread: takes commands, and steps while there are sequences.
//!
//! A step is: end what was cancelled or is late, plan, compute, sample, emit. The thread sleeps on its
//! channel when there is nothing to do. A panic fails the sequences that ran, and the model and its
//! cache are made anew; those that wait keep their places. Three within a minute are too many.

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
use crate::telemetry::{Metrics, names};
use crate::types::{FinishReason, SharedClock};

use super::event::{EngineFailure, Event};
use super::handle::{EngineError, Facts};
use super::limits::GenerationLimits;
use super::request::Request;
use super::runner::Runner;
use super::sampler::{Choice, Sampler, TokenMask};
use super::sampling::Sampling;
use super::scheduler::{Plan, Scheduler, StepBounds};
use super::sequence::SequenceId;
use super::stats::{EngineState, Shared};
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
    pub(super) tokens: Vec<u32>,
    pub(super) sampling: Sampling,
    pub(super) limits: GenerationLimits,
    pub(super) mask: Option<Box<dyn TokenMask>>,
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
}

/// The owner of everything.
pub(super) struct Worker {
    parts: Parts,
    runner: Runner,
    scheduler: Scheduler,
    sampler: Sampler,
    requests: HashMap<SequenceId, Request>,
    seeds: ChaCha12Rng,
    panics: VecDeque<Instant>,
    last_end: Option<Instant>,
}

impl Worker {
    /// Loads the model and makes its cache.
    pub(super) fn load(mut parts: Parts) -> Result<Self, EngineError> {
        let runner = Runner::load(&mut parts.factory, &parts.config)?;
        let bounds = StepBounds {
            block_tokens: parts.config.block_tokens,
            max_tokens: parts.config.max_batch_tokens,
            max_sequences: parts.config.max_sequences,
        };
        let seed = SysRng.try_next_u64().map_err(|_| EngineError::Random)?;
        let worker = Self {
            scheduler: Scheduler::new(bounds, runner.n_blocks()),
            runner,
            parts,
            sampler: Sampler::default(),
            requests: HashMap::new(),
            seeds: ChaCha12Rng::seed_from_u64(seed),
            panics: VecDeque::new(),
            last_end: None,
        };
        worker.publish();
        Ok(worker)
    }

    pub(super) fn facts(&self) -> Facts {
        let config = &self.parts.config;
        let shape = self.runner.shape();
        let blocks = self.scheduler.block_counts().total;
        Facts {
            context: config
                .max_context
                .map_or(shape.context, |own| own.min(shape.context)),
            cache_tokens: blocks.saturating_mul(config.block_tokens),
            places: config.max_sequences.saturating_add(config.queue_limit),
            vocab: shape.vocab,
        }
    }

    /// Works until it is told to stop and nothing is left, or every handle is gone.
    pub(super) fn run(mut self, inbox: &Receiver<Command>) {
        let mut connected = true;
        loop {
            connected &= self.take_commands(inbox, connected);
            match self.parts.shared.state() {
                EngineState::Aborting => self.fail_all(EngineFailure::ShuttingDown),
                EngineState::Unready => self.fail_all(EngineFailure::Unready),
                EngineState::Draining | EngineState::Ready => self.guarded_step(),
            }
            self.publish();
            let stopping = matches!(
                self.parts.shared.state(),
                EngineState::Draining | EngineState::Aborting
            );
            if self.scheduler.is_empty() && (stopping || !connected) && !self.late_command(inbox) {
                return;
            }
        }
    }

    /// Takes what is there; sleeps if there is nothing to do. Says whether a handle still exists.
    fn take_commands(&mut self, inbox: &Receiver<Command>, connected: bool) -> bool {
        let ready = matches!(
            self.parts.shared.state(),
            EngineState::Ready | EngineState::Unready
        );
        if self.scheduler.is_empty() && connected && ready {
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

    /// Whether a submission slipped in while the state changed; it was taken.
    fn late_command(&mut self, inbox: &Receiver<Command>) -> bool {
        while let Ok(command) = inbox.try_recv() {
            self.obey(command);
        }
        !self.scheduler.is_empty()
    }

    fn obey(&mut self, command: Command) {
        let Command::Submit(submission) = command else {
            return;
        };
        let Submission {
            tokens,
            sampling,
            limits,
            mask,
            events,
            submitted,
        } = *submission;
        let choice = Choice::new(sampling, self.seeds.next_u64(), &tokens, mask);
        let decoder = self.parts.text.decoder();
        let request = Request::new(choice, decoder, limits, events, (tokens.len(), submitted));
        let id = self.scheduler.submit(tokens);
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
        let plan = self.scheduler.plan();
        self.note_plan(&plan);
        let logits = match self.runner.forward(&self.scheduler, &plan) {
            Ok(logits) => logits,
            Err(error) => {
                let _ = error;
                tracing::error!("the model failed in a step");
                for chunk in &plan.chunks {
                    self.fail(chunk.id, EngineFailure::Model);
                }
                return;
            }
        };
        self.scheduler.advance(&plan);
        let now = self.parts.clock.instant();
        let n_tokens = self.parts.text.n_tokens();
        for (row, chunk) in plan.chunks.iter().filter(|chunk| chunk.samples).enumerate() {
            let row = logits.row(row);
            let row = row.get(..n_tokens).unwrap_or(row);
            self.sample(chunk.id, row, now);
        }
        #[cfg(debug_assertions)]
        self.scheduler.check();
    }

    fn sample(&mut self, id: SequenceId, row: &[f32], now: Instant) {
        let Some(request) = self.requests.get_mut(&id) else {
            return;
        };
        let Ok(token) = self.sampler.next(row, &mut request.choice) else {
            self.fail(id, EngineFailure::Model);
            return;
        };
        let ends = self.parts.text.is_end(token);
        request.note_token(now, &self.parts.metrics);
        self.parts.shared.generated_tokens.fetch_add(1, Relaxed);
        self.parts.metrics.count(names::TOKENS_GENERATED, 1, &[]);
        self.scheduler.push(id, token);
        if let Some(reason) = request.emit(token, ends) {
            self.finish(id, reason);
        }
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
                    self.parts.metrics.count(names::CANCELLATIONS, 1, &[]);
                    self.finish(id, FinishReason::Cancelled);
                }
                Ok(reason) => self.finish(id, reason),
                Err(failure) => self.fail(id, failure),
            }
        }
    }

    fn finish(&mut self, id: SequenceId, reason: FinishReason) {
        if let Some(request) = self.take(id) {
            request.finish(reason);
        }
        let now = self.parts.clock.instant();
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
        self.scheduler.remove(id);
        let request = self.requests.remove(&id)?;
        // Before the event: who hears the end may submit at once.
        self.parts.shared.release();
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
        let lost = self.scheduler.reset(self.runner.n_blocks());
        for id in lost {
            self.fail(id, EngineFailure::Panicked);
        }
        let parts = &mut self.parts;
        let rebuilt = if self.panics.len() >= PANICS {
            None
        } else {
            let load = AssertUnwindSafe(|| Runner::load(&mut parts.factory, &parts.config));
            catch_unwind(load).ok().and_then(Result::ok)
        };
        if let Some(runner) = rebuilt {
            self.scheduler.reset(runner.n_blocks());
            self.runner = runner;
        } else {
            tracing::error!("the engine is out of service");
            self.parts.shared.raise(EngineState::Unready);
        }
    }

    fn note_plan(&mut self, plan: &Plan) {
        let now = self.parts.clock.instant();
        let shared = &self.parts.shared;
        for id in &plan.admitted {
            if let Some(request) = self.requests.get_mut(id) {
                let n_prompt = request.begin(now, &self.parts.metrics);
                shared.prompt_tokens.fetch_add(u64::from(n_prompt), Relaxed);
                self.parts
                    .metrics
                    .count(names::TOKENS_PROMPT, u64::from(n_prompt), &[]);
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
        metrics.gauge(names::SEQUENCES_RUNNING, running, &[]);
        metrics.gauge(names::SEQUENCES_WAITING, waiting, &[]);
        metrics.gauge(names::KV_BLOCKS_USED, blocks.used, &[]);
        metrics.gauge(names::KV_BLOCKS_TOTAL, blocks.total, &[]);
    }
}
