//! The handle that everybody holds; the engine itself lives on its own thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::config::EngineConfig;
use crate::model::{Adapter, CausalLm, ModelError};
use crate::prompt::Prompt;
use crate::telemetry::Metrics;
use crate::types::{LogSafe, SharedClock};

use super::door::{EngineState, Refused};
use super::draft::DraftModel;
use super::event::TokenStream;
use super::limits::GenerationLimits;
use super::mask::TokenMask;
use super::sampling::Sampling;
use super::saved::SavedPrefixes;
use super::stats::{EngineStats, Shared};
use super::text::TokenText;
use super::turn::Turn;
use super::worker::{Command, Submission, Worker};

/// What a generation may have beside its prompt, sampling and limits.
#[derive(Default)]
pub struct Extras {
    /// Restricts the tokens.
    pub mask: Option<Box<dyn TokenMask>>,
    /// What the answer will probably say: makes it faster where that is right, and changes no token of it.
    pub prediction: Vec<u32>,
    /// Sends the chances of each token, and of so many of the likeliest; `None`: of none.
    pub logprobs: Option<u8>,
    /// What is added to the model for it.
    pub adapter: Option<Arc<Adapter>>,
    /// Whether what the prompt has in common with those of all tenants stays in the cache, as long as others have
    /// room for theirs.
    pub pins: bool,
}

/// What a node has for an engine.
#[derive(Clone, Debug, Default)]
pub struct Provisions {
    /// Shared with the other engines of the node.
    pub turn: Turn,
    /// Where its prefix cache outlives it.
    pub prefixes: Option<SavedPrefixes>,
    /// What drafts for its model, where look-up finds nothing. One that has no memory for it does not start.
    pub draft: Option<DraftModel>,
}

/// A running engine; clones are the same one.
#[derive(Clone, Debug)]
pub struct Engine {
    commands: SyncSender<Command>,
    shared: Arc<Shared>,
    clock: SharedClock,
    facts: Facts,
    stopped: watch::Receiver<bool>,
}

/// What is fixed once the model is loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Longest context in tokens.
    pub(super) context: usize,
    /// Tokens for which the whole cache has room.
    pub(super) cache_tokens: usize,
    /// Requests that may be accepted and not ended at a time.
    pub(super) places: usize,
    /// Tokens that a prompt may hold: ids below this.
    pub(super) vocab: usize,
}

/// Why the engine can't start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The cache has no room for one block.
    #[error("the key-value cache of {given} bytes has no room for one block of {block} bytes")]
    CacheTooSmall {
        /// What the settings give.
        given: usize,
        /// What one block needs.
        block: usize,
    },
    /// The model can't be loaded.
    #[error("the model can't be loaded")]
    Model {
        /// Why.
        source: Box<ModelError>,
    },
    /// Loading panicked.
    #[error("loading the model panicked")]
    Panicked,
    /// The system gave no random numbers for seeds.
    #[error("the system gives no random numbers")]
    Random,
    /// The system gave no thread.
    #[error("the engine's thread can't be started")]
    Thread {
        /// Why.
        source: std::io::Error,
    },
}

impl From<ModelError> for EngineError {
    fn from(source: ModelError) -> Self {
        Self::Model {
            source: Box::new(source),
        }
    }
}

/// Why a request is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The prompt is empty.
    #[error("the prompt has no tokens")]
    EmptyPrompt,
    /// As many requests as may wait are waiting.
    #[error("the queue is full")]
    QueueFull {
        /// When a place may be free, by the recent rate.
        retry_after: Duration,
    },
    /// The server is going down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// Prompt and answer together are longer than the model's context.
    #[error("{prompt} prompt tokens and {max_new} new ones exceed the context of {limit}")]
    TooLong {
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens asked for.
        max_new: u32,
        /// The context.
        limit: usize,
    },
    /// Prompt and answer together are larger than the whole key-value cache.
    #[error("{prompt} prompt tokens and {max_new} new ones exceed the cache of {limit}")]
    TooLarge {
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens asked for.
        max_new: u32,
        /// The cache's tokens.
        limit: usize,
    },
    /// A token of the prompt is not the model's: prompt and model don't belong together.
    #[error("the prompt holds a token that the model does not know")]
    UnknownToken,
    /// The engine failed too often to go on.
    #[error("the engine is out of service")]
    Unready,
}

impl LogSafe for SubmitError {}

/// Says nothing of the prediction's tokens.
impl std::fmt::Debug for Extras {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extras")
            .field("mask", &self.mask.is_some())
            .field("prediction", &self.prediction.len())
            .field("logprobs", &self.logprobs)
            .field("adapter", &self.adapter)
            .field("pins", &self.pins)
            .finish()
    }
}

impl Engine {
    /// Starts the engine's thread, loads the model on it, and waits until it is ready.
    ///
    /// `model` is called again after a panic. Every thread of the engine runs when this returns.
    ///
    /// # Errors
    ///
    /// [`EngineError`]: the model or its cache can't be had.
    pub fn start(
        config: &EngineConfig,
        model: impl FnMut() -> Result<Box<dyn CausalLm>, ModelError> + Send + 'static,
        text: Arc<dyn TokenText>,
        clock: SharedClock,
        metrics: Metrics,
    ) -> Result<Self, EngineError> {
        Self::start_with(Provisions::default(), config, model, text, clock, metrics)
    }

    /// As [`Self::start`], with what the node has for it.
    ///
    /// # Errors
    ///
    /// [`EngineError`]: the model or its cache can't be had.
    pub fn start_with(
        provisions: Provisions,
        config: &EngineConfig,
        model: impl FnMut() -> Result<Box<dyn CausalLm>, ModelError> + Send + 'static,
        text: Arc<dyn TokenText>,
        clock: SharedClock,
        metrics: Metrics,
    ) -> Result<Self, EngineError> {
        let shared = Arc::new(Shared::default());
        let places = config.max_sequences.saturating_add(config.queue_limit);
        // A place for each accepted request and for the wake-ups: sending never finds it full.
        let (commands, inbox) = sync_channel(places.saturating_add(8));
        let (ready, loaded) = sync_channel(1);
        let (stop, stopped) = watch::channel(false);
        let parts = super::worker::Parts {
            config: config.clone(),
            factory: Box::new(model),
            text,
            clock: Arc::clone(&clock),
            metrics,
            shared: Arc::clone(&shared),
            provisions,
        };
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                let shared = Arc::clone(&parts.shared);
                match Worker::load(parts) {
                    Ok(worker) => {
                        let _ = ready.send(Ok(worker.facts()));
                        // Steps catch their own panics; one elsewhere is a bug, and the end.
                        if catch_unwind(AssertUnwindSafe(|| worker.run(&inbox))).is_err() {
                            tracing::error!("the engine's thread panicked");
                            shared.door.raise(EngineState::Unready);
                        }
                    }
                    Err(error) => drop(ready.send(Err(error))),
                }
                let _ = stop.send(true);
            })
            .map_err(|source| EngineError::Thread { source })?;
        let facts = loaded.recv().map_err(|_| EngineError::Panicked)??;
        Ok(Self {
            commands,
            shared,
            clock,
            facts,
            stopped,
        })
    }

    /// Queues a generation.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was queued then.
    pub fn submit(
        &self,
        prompt: Prompt,
        sampling: Sampling,
        limits: GenerationLimits,
    ) -> Result<TokenStream, SubmitError> {
        self.submit_with(prompt, sampling, limits, Extras::default())
    }

    /// Queues a generation whose tokens `mask` restricts.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was queued then.
    pub fn submit_masked(
        &self,
        prompt: Prompt,
        sampling: Sampling,
        limits: GenerationLimits,
        mask: Option<Box<dyn TokenMask>>,
    ) -> Result<TokenStream, SubmitError> {
        let extras = Extras {
            mask,
            ..Extras::default()
        };
        self.submit_with(prompt, sampling, limits, extras)
    }

    /// Queues a generation with `extras`.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was queued then.
    #[expect(clippy::needless_pass_by_value, reason = "a prompt is used up")]
    pub fn submit_with(
        &self,
        prompt: Prompt,
        sampling: Sampling,
        limits: GenerationLimits,
        extras: Extras,
    ) -> Result<TokenStream, SubmitError> {
        self.check(prompt.tokens(), limits.max_tokens())?;
        let full = || SubmitError::QueueFull {
            retry_after: self.shared.retry_after(),
        };
        let entered = self.shared.door.enter(self.facts.places);
        entered.map_err(|refused| match refused {
            Refused::Full => full(),
            Refused::Closed(EngineState::Unready) => SubmitError::Unready,
            Refused::Closed(_) => SubmitError::ShuttingDown,
        })?;
        // A delta per token (and its chances), what was held back, and the end: the engine never finds it full.
        let per_token = 1 + usize::from(extras.logprobs.is_some());
        let n_tokens = usize::try_from(limits.max_tokens()).unwrap_or(usize::MAX);
        let capacity = n_tokens.saturating_mul(per_token).saturating_add(2);
        let (events, receiver) = mpsc::channel(capacity.min(usize::MAX / 16));
        let submission = Submission {
            tenant: prompt.salt(),
            tokens: prompt.tokens().to_vec(),
            n_common: prompt.n_common(),
            sampling,
            limits,
            extras,
            events,
            submitted: self.clock.instant(),
        };
        match self
            .commands
            .try_send(Command::Submit(Box::new(submission)))
        {
            Ok(()) => Ok(TokenStream::new(receiver)),
            Err(error) => {
                self.shared.door.leave();
                // An engine that is closing may wait for it.
                self.wake();
                Err(match error {
                    TrySendError::Full(_) => full(),
                    TrySendError::Disconnected(_) => SubmitError::ShuttingDown,
                })
            }
        }
    }

    /// Longest context in tokens, prompt and answer together.
    pub fn max_context(&self) -> usize {
        self.facts.context.min(self.facts.cache_tokens)
    }

    /// Whether requests are taken.
    pub fn is_ready(&self) -> bool {
        self.shared.door.state() == EngineState::Ready
    }

    /// Whether requests are taken, and why not.
    pub fn state(&self) -> EngineState {
        self.shared.door.state()
    }

    /// Whether no request is accepted and not ended.
    pub fn is_idle(&self) -> bool {
        self.shared.door.n_inside() == 0
    }

    /// A snapshot of the counters.
    pub fn stats(&self) -> EngineStats {
        self.shared.snapshot()
    }

    /// Takes no more requests; those accepted are finished, then the thread ends.
    pub fn shutdown(&self) {
        self.shared.door.raise(EngineState::Draining);
        self.wake();
    }

    /// Ends everything within a step; requests hear [`super::EngineFailure::ShuttingDown`].
    pub fn abort(&self) {
        self.shared.door.raise(EngineState::Aborting);
        self.wake();
    }

    /// Waits until the thread has ended, after [`Self::shutdown`] or [`Self::abort`].
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        // An error says that the sender is gone, and so is the thread.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    /// A full channel holds something that wakes the thread anyway.
    fn wake(&self) {
        let _ = self.commands.try_send(Command::Wake);
    }

    fn check(&self, tokens: &[u32], max_new: u32) -> Result<(), SubmitError> {
        let prompt = tokens.len();
        if prompt == 0 {
            return Err(SubmitError::EmptyPrompt);
        }
        let known = |token: &u32| usize::try_from(*token).is_ok_and(|id| id < self.facts.vocab);
        if !tokens.iter().all(known) {
            return Err(SubmitError::UnknownToken);
        }
        let total = prompt.saturating_add(usize::try_from(max_new).unwrap_or(usize::MAX));
        let limit = self.facts.context;
        if total > limit {
            return Err(SubmitError::TooLong {
                prompt,
                max_new,
                limit,
            });
        }
        let limit = self.facts.cache_tokens;
        if total > limit {
            return Err(SubmitError::TooLarge {
                prompt,
                max_new,
                limit,
            });
        }
        Ok(())
    }
}
