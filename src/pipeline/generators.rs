//! The models that write answers, and which of them are in memory.
//!
//! The node's chat model is loaded at the start and stays. Others may stay too, or come with the first request for
//! them and go when nobody has used them for a while, or when another one needs their room: what all take together is
//! bounded by the configuration.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::grammar::Grammars;
use crate::grounding::Masks;
use crate::prompt::PromptBuilder;
use crate::telemetry::{MetricLabel, Metrics, names};
use crate::tokenizer::ChatModel;

use super::residence::{Lease, Residence};
use super::tasks::{every, to_its_end};
use super::{ModelFacts, Refused};

/// How often is looked for models whose time is over.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How long an engine that nobody uses has to end.
const LEAVE_TIME: Duration = Duration::from_secs(10);

/// A model that writes answers, with all that belongs to it.
#[derive(Debug)]
pub struct Generator {
    /// What is known of it.
    pub facts: ModelFacts,
    /// Makes its prompts; has its tokenizer and template.
    pub prompts: PromptBuilder,
    /// Keeps its answers to their inputs.
    pub masks: Masks,
    /// Keeps its answers to schemas, and its calls to their tools.
    pub grammars: Grammars,
    /// Runs it.
    pub residence: Arc<Residence>,
}

impl Generator {
    /// The tokenizer and the template.
    pub(super) fn text(&self) -> &Arc<ChatModel> {
        self.prompts.model()
    }
}

/// All that write answers; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Generators(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    chat: Arc<Generator>,
    more: Vec<Arc<Generator>>,
    /// Bytes for all that are in memory.
    room: Option<u64>,
    /// One is loaded at a time.
    loading: Mutex<()>,
    metrics: Metrics,
}

impl Generators {
    /// The node's chat model and others; `room` is how many bytes all that are in memory may take.
    pub fn new(chat: Generator, more: Vec<Generator>, room: Option<u64>, metrics: Metrics) -> Self {
        let own = Self(Arc::new(Inner {
            chat: Arc::new(chat),
            more: more.into_iter().map(Arc::new).collect(),
            room,
            loading: Mutex::new(()),
            metrics,
        }));
        own.iter().for_each(|generator| own.publish(generator));
        own
    }

    /// The node's chat model.
    pub fn chat(&self) -> &Arc<Generator> {
        &self.0.chat
    }

    /// The chat model, and the others.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Generator>> {
        std::iter::once(&self.0.chat).chain(&self.0.more)
    }

    /// The model of this name.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<Generator>> {
        self.iter().find(|own| own.facts.name.as_str() == name)
    }

    /// The engines that are in memory.
    pub fn engines(&self) -> Vec<Engine> {
        let all = self.iter().map(|own| own.residence.engine());
        all.flatten().collect()
    }

    /// Whether all that are to stay can answer.
    pub(super) fn are_ready(&self) -> bool {
        let mut stay = self.iter().filter(|own| own.residence.stays());
        stay.all(|own| {
            let engine = own.residence.engine();
            engine.is_some_and(|engine| engine.is_ready())
        })
    }

    /// The engine of `wanted`, which is loaded if it is not there.
    pub(super) async fn lease(&self, wanted: &Arc<Generator>) -> Result<Lease, Refused> {
        if let Some(lease) = wanted.residence.lease() {
            return Ok(lease);
        }
        let (own, wanted) = (self.clone(), Arc::clone(wanted));
        // A task of its own: who asked may go away, and what is being loaded must still be counted.
        to_its_end(async move { own.load(&wanted).await }).await
    }

    async fn load(&self, wanted: &Arc<Generator>) -> Result<Lease, Refused> {
        let _one_at_a_time = self.0.loading.lock().await;
        if let Some(lease) = wanted.residence.lease() {
            return Ok(lease);
        }
        self.make_room(wanted.residence.bytes()).await?;
        let name = &wanted.facts.name;
        tracing::info!(model = %name, "loading");
        let residence = Arc::clone(&wanted.residence);
        let started = tokio::task::spawn_blocking(move || residence.start().map(drop));
        let started = started.await.map_err(|_| Refused::Internal)?;
        self.publish(wanted);
        if let Err(error) = started {
            tracing::error!(model = %name, %error, "the model can't be loaded");
            return Err(Refused::ModelUnavailable { name: name.clone() });
        }
        self.0
            .metrics
            .count(names::MODEL_LOADS, 1, &[("model", name)]);
        wanted.residence.lease().ok_or(Refused::Internal)
    }

    /// Lets models go that nobody uses, the longest unused first, until there is room for `needed` bytes.
    async fn make_room(&self, needed: u64) -> Result<(), Refused> {
        let Some(room) = self.0.room else {
            return Ok(());
        };
        loop {
            let taken: u64 = self.iter().map(|own| own.residence.bytes_now()).sum();
            if taken.saturating_add(needed) <= room {
                return Ok(());
            }
            let idle: Vec<_> = self
                .iter()
                .filter_map(|own| Some((own.residence.idle_since()?, own)))
                .collect();
            // Where all of them are not enough, none has to go.
            let free: u64 = idle.iter().map(|(_, own)| own.residence.bytes()).sum();
            let stay = taken.saturating_sub(free);
            match idle.iter().min_by_key(|(since, _)| *since) {
                Some((_, oldest)) if stay.saturating_add(needed) <= room => {
                    self.let_go(oldest).await;
                }
                _ => return Err(Refused::ModelsBusy),
            }
        }
    }

    async fn let_go(&self, generator: &Generator) {
        let Some(engine) = generator.residence.leave() else {
            return;
        };
        self.publish(generator);
        let name = &generator.facts.name;
        if timeout(LEAVE_TIME, engine.stopped()).await.is_err() {
            tracing::error!(model = %name, "the engine does not end");
        }
        tracing::info!(model = %name, "unloaded");
        // Until then the engine itself told of its cache.
        self.publish(generator);
    }

    /// Lets models go whose time is over, until `stop`.
    pub async fn sweep(&self, stop: CancellationToken) {
        every(SWEEP_EVERY, stop, || self.let_unused_go()).await;
    }

    async fn let_unused_go(&self) {
        if !self.iter().any(|own| own.residence.is_over()) {
            return;
        }
        // While one ends, its memory is still taken, though it counts no more: none is loaded meanwhile.
        let _one_at_a_time = self.0.loading.lock().await;
        for own in self.iter().filter(|own| own.residence.is_over()) {
            self.let_go(own).await;
        }
    }

    fn publish(&self, generator: &Generator) {
        let is_loaded = generator.residence.engine().is_some();
        let label: [MetricLabel<'_>; 1] = [("model", &generator.facts.name)];
        let metrics = &self.0.metrics;
        metrics.gauge(names::MODEL_LOADED, usize::from(is_loaded), &label);
        if !is_loaded {
            // An engine that has ended says nothing more of its cache.
            for gauge in [
                names::DRAFT_KV_BLOCKS_TOTAL,
                names::DRAFT_KV_BLOCKS_USED,
                names::KV_BLOCKS_IDLE,
                names::KV_BLOCKS_TOTAL,
                names::KV_BLOCKS_USED,
            ] {
                metrics.gauge(gauge, 0, &label);
            }
        }
    }
}
