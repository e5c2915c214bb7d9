//! What the pipeline is made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::{ChatPolicy, ScreenAction, ScreenConfig};
use crate::crm::Catalogue;
use crate::model::encoder::TextEncoder;
use crate::policy::Gate;
use crate::redact::{Canaries, Redactor};
use crate::telemetry::Metrics;
use crate::tokenizer::Tokenizer;
use crate::types::{Digest, Name, SharedClock};

use super::sealed::VaultSeal;
use super::{Adapters, Files, Generators, Held, Jobs, Refused};

/// The stages, made by the command line.
#[derive(Debug)]
pub struct Parts {
    /// Decides who gets in.
    pub gate: Gate,
    /// The use cases.
    pub catalogue: Catalogue,
    /// Finds and replaces personal data.
    pub redactor: Redactor,
    /// The models that write answers.
    pub generators: Generators,
    /// What can be added to the chat model.
    pub adapters: Adapters,
    /// The embedding model.
    pub embeddings: Option<Embeddings>,
    /// Other names of models.
    pub aliases: BTreeMap<String, Name>,
    /// The name that stands in the audit log for work that no model has a part in.
    pub no_model: Name,
    /// Seals what callers with a model of their own keep for restoring.
    pub vaults: VaultSeal,
    /// Tokens of a block of the engines' caches.
    pub block_tokens: usize,
    /// The policy of plain chat.
    pub chat: ChatPolicy,
    /// What answers may carry out.
    pub screen: ScreenConfig,
    /// Values that no answer should hold.
    pub canaries: Arc<Canaries>,
    /// Time for the whole answer.
    pub request_timeout: Duration,
    /// Background jobs.
    pub jobs: Jobs,
    /// What callers uploaded.
    pub files: Files,
    /// Answers that wait for a second person.
    pub held: Held,
    /// Counts.
    pub metrics: Metrics,
    /// Time.
    pub clock: SharedClock,
}

/// What is known of a model.
#[derive(Clone, Debug)]
pub struct ModelFacts {
    /// Its name.
    pub name: Name,
    /// The digest of its files.
    pub digest: Digest,
    /// Its context in tokens.
    pub context: usize,
    /// Its licence.
    pub licence: String,
    /// The model that it is an adapter of, if it is one.
    pub parent: Option<Name>,
}

/// The embedding model, and how many may use it or wait for it.
#[derive(Debug)]
pub struct Embeddings {
    /// What is known of it.
    pub facts: ModelFacts,
    /// The encoder.
    pub encoder: Arc<TextEncoder>,
    /// Its vocabulary.
    pub tokenizer: Arc<Tokenizer>,
    /// One computes at a time.
    pub turn: Arc<Semaphore>,
    /// Places in the queue, the computing one's included.
    pub places: Arc<Semaphore>,
}

impl Parts {
    /// The canaries that answers are looked over for, and what becomes of those that hold one.
    pub(super) fn canaries(&self) -> Option<(Arc<Canaries>, ScreenAction)> {
        let action = self.screen.canary;
        let watched = action != ScreenAction::Off && !self.canaries.is_empty();
        watched.then(|| (Arc::clone(&self.canaries), action))
    }

    /// The name that `written` stands for.
    pub(super) fn name_of<'a>(&'a self, written: &'a str) -> &'a str {
        self.aliases.get(written).map_or(written, Name::as_str)
    }

    /// The names of all models.
    pub(super) fn model_names(&self) -> Vec<Name> {
        let embeddings = self.embeddings.iter().map(|own| own.facts.name.clone());
        self.writers().chain(embeddings).collect()
    }

    /// The error of a request for a model that writes no answers here.
    pub(super) fn unknown_model(&self) -> Refused {
        Refused::UnknownModel {
            available: self.writers().collect(),
        }
    }

    /// The names under which answers are written.
    fn writers(&self) -> impl Iterator<Item = Name> {
        let own = self.generators.iter().map(|own| own.facts.name.clone());
        let adapted = self.adapters.facts(&self.generators.chat().facts);
        own.chain(adapted.into_iter().map(|facts| facts.name))
    }

    pub(super) fn embedding_model(&self, written: &str) -> Result<&Embeddings, Refused> {
        let found = self.embeddings.as_ref();
        let found = found.filter(|own| self.name_of(written) == own.facts.name.as_str());
        let available = || {
            self.embeddings
                .iter()
                .map(|own| own.facts.name.clone())
                .collect()
        };
        found.ok_or_else(|| Refused::UnknownModel {
            available: available(),
        })
    }
}
