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
mod generators;
mod held;
mod ids;
mod jobs;
mod lesson;
mod meter;
mod outlet;
mod parts;
mod prefix_files;
mod reader;
mod recorded;
mod redaction;
mod residence;
mod sealed;
mod shipped;
mod sources;
mod tasks;
mod think;
mod tokens;
mod warm;

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
pub use self::generators::{Generator, Generators};
pub use self::held::{
    Held, HeldAnswer, HeldCall, HeldError, HeldListing, HeldText, HeldVerdict, Hold, NotKept,
    Reviewed,
};
pub use self::ids::{FileId, HeldId, JobId};
pub use self::jobs::{Found, Job, JobEnd, JobError, Jobs};
pub use self::lesson::{LessonAsk, Taught};
pub use self::parts::{Embeddings, ModelFacts, Parts};
pub use self::prefix_files::PrefixFiles;
pub use self::recorded::Recorded;
pub use self::redaction::{Find, Masked, MaskedText, RedactAsk, RestoreAsk, Restored};
pub use self::residence::{Residence, StartEngine, Stay};
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
        let own = self.parts.generators.iter().map(|own| &own.facts);
        own.chain(self.parts.embeddings.as_ref().map(|own| &own.facts))
    }

    /// The adapters that are loaded, as models.
    pub fn adapted_models(&self) -> Vec<ModelFacts> {
        let chat = &self.parts.generators.chat().facts;
        self.parts.adapters.facts(chat)
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
        let generators = &self.parts.generators;
        generators.find(model.name.as_str()).is_some()
            || model.parent.as_ref() == Some(&generators.chat().facts.name)
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
        self.parts.generators.are_ready()
    }

    /// What the engine of the chat model is doing.
    pub fn engine_stats(&self) -> EngineStats {
        let engine = self.parts.generators.chat().residence.engine();
        engine.map(|engine| engine.stats()).unwrap_or_default()
    }

    /// The models that write answers.
    pub fn generators(&self) -> &Generators {
        &self.parts.generators
    }

    /// Whether a model that writes answers is in memory; one that isn't is loaded when it is asked.
    pub fn is_loaded(&self, model: &ModelFacts) -> bool {
        let name = model.parent.as_ref().unwrap_or(&model.name);
        let found = self.parts.generators.find(name.as_str());
        found.is_none_or(|own| own.residence.engine().is_some())
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
