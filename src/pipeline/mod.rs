//! The whole way of a request: the only module that knows every stage.
//!
//! [`Pipeline::chat`] takes a parsed request through policy, minimisation, redaction and the prompt to the
//! engine; [`Answer`] brings the text back, restored, and closes the audit entry when it ends, also when
//! it is dropped half-way.

mod adapters;
mod answer;
mod ask;
mod chat;
mod choice;
mod constrain;
mod embed;
mod error;
mod files;
mod held;
mod ids;
mod jobs;
mod lesson;
mod meter;
mod outlet;
mod parts;
mod reader;
mod recorded;
mod redaction;
mod sealed;
mod shipped;
mod sources;
mod think;
mod tokens;

use std::sync::Arc;

pub use self::adapters::{Adapters, LoadError, Loaded};
pub use self::answer::{Answer, Candidate, ChoiceEnd, Ended, Explain, Part, Piece, TokenLogprob};
pub use self::ask::{
    ChatAsk, Deadline, EmbeddingAsk, Late, MAX_ANSWERS, MAX_TOP_LOGPROBS, SamplingAsk, Tags,
    TextInput, Work,
};
pub use self::embed::Embedded;
pub use self::error::Refused;
pub use self::files::{File, FileError, Files, Listing, Upload};
pub use self::held::{
    Held, HeldAnswer, HeldCall, HeldError, HeldListing, HeldText, HeldVerdict, Hold, NotKept,
    Reviewed,
};
pub use self::ids::{FileId, HeldId, JobId};
pub use self::jobs::{Found, Job, JobEnd, JobError, Jobs};
pub use self::lesson::{LessonAsk, Taught};
pub use self::parts::{Embeddings, ModelFacts, Parts};
pub use self::recorded::Recorded;
pub use self::redaction::{Find, Masked, MaskedText, RedactAsk, RestoreAsk, Restored};
pub use self::sealed::{SealError, VaultSeal};
pub use self::shipped::SHIPPED_ADAPTER;
pub use self::sources::{Source, Sources};
pub use self::tokens::{Tokens, TokensAsk, TokensWork};

use crate::engine::EngineStats;
use crate::policy::Refusal;
use crate::telemetry::names;
use crate::types::{Digest, Name};

/// The stages, ready to serve; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Pipeline {
    parts: Arc<Parts>,
}

impl Pipeline {
    /// Joins the stages.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// The models that can be asked.
    pub fn models(&self) -> impl Iterator<Item = &ModelFacts> {
        std::iter::once(&self.parts.chat_model)
            .chain(self.parts.embeddings.as_ref().map(|own| &own.facts))
    }

    /// The adapters that are loaded, as models.
    pub fn adapted_models(&self) -> Vec<ModelFacts> {
        self.parts.adapters.facts(&self.parts.chat_model)
    }

    /// The adapters.
    pub fn adapters(&self) -> &Adapters {
        &self.parts.adapters
    }

    /// The model of this name or alias.
    pub fn model(&self, written: &str) -> Option<ModelFacts> {
        let name = self.parts.name_of(written);
        let mut all = self.models().cloned().chain(self.adapted_models());
        all.find(|model| model.name.as_str() == name)
    }

    /// The name and digest of the model that finds names for redaction; `None`: patterns and records find alone.
    pub fn names_model(&self) -> Option<(&Name, Digest)> {
        let names = self.parts.redactor.names();
        names.map(|names| (names.name(), names.digest()))
    }

    /// Whether a model writes answers; the others turn texts into vectors.
    pub fn chats(&self, model: &ModelFacts) -> bool {
        let own = &self.parts.chat_model.name;
        model.name == *own || model.parent.as_ref() == Some(own)
    }

    /// The length of a model's vectors, if it makes any.
    pub fn dimensions(&self, model: &ModelFacts) -> Option<usize> {
        let own = self.parts.embeddings.as_ref();
        own.filter(|own| own.facts.name == model.name)
            .map(|own| own.encoder.dimensions())
    }

    /// The other names of a model.
    pub fn aliases_of<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a str> {
        let aliases = self.parts.aliases.iter();
        aliases.filter_map(move |(alias, own)| (own == name).then_some(alias.as_str()))
    }

    /// Whether requests can be answered now.
    pub fn is_ready(&self) -> bool {
        self.parts.engine.is_ready()
    }

    /// What the engine is doing.
    pub fn engine_stats(&self) -> EngineStats {
        self.parts.engine.stats()
    }

    /// The gate, for what is refused before it gets here.
    pub fn gate(&self) -> &crate::policy::Gate {
        &self.parts.gate
    }

    /// Work that goes on in the background.
    pub fn jobs(&self) -> &Jobs {
        &self.parts.jobs
    }

    fn count_refusal(&self, refusal: &Refusal) {
        self.parts
            .metrics
            .count(names::REFUSALS, 1, &[("reason", &refusal.reason())]);
        if let Refusal::Residency { rule, .. } = refusal {
            self.parts
                .metrics
                .count(names::RESIDENCY_REFUSALS, 1, &[("rule", rule)]);
        }
    }
}
