//! What all callers of a use case have in common, computed before the first of them comes.

use crate::crm::UseCase;
use crate::engine::{Event, Extras, GenerationLimits, Sampling, SamplingOptions};

use super::{Pipeline, Refused};

impl Pipeline {
    /// Computes the starts of the use cases' prompts on the engines that are in memory, and pins them. Says how many
    /// tokens that were. Blocks until it is done; where one can't be computed, its first caller will.
    pub fn warm(&self) -> usize {
        let all = self.parts.catalogue.iter();
        all.map(|use_case| self.warm_one(use_case).unwrap_or(0))
            .sum()
    }

    /// Sorts the models' vocabularies for grammars on a thread of its own, the chat model's first. Where there is
    /// none to be had, the first answer that needs one waits for it.
    pub fn prepare_grammars(&self) {
        let generators = self.parts.generators.clone();
        let prepare = move || generators.iter().for_each(|own| own.grammars.prepare());
        let thread = std::thread::Builder::new().name("grammars".to_owned());
        if let Err(error) = thread.spawn(prepare) {
            tracing::warn!(%error, "no thread to read the vocabulary on");
        }
    }

    fn warm_one(&self, use_case: &UseCase) -> Result<usize, Refused> {
        let parts = &self.parts;
        let chat = parts.generators.chat().facts.name.as_str();
        let served = parts.served(chat, Some(use_case))?;
        let generator = &served.generator;
        let Some(engine) = generator.residence.engine() else {
            return Ok(0);
        };
        let Some(prompt) = generator.prompts.common(use_case, parts.block_tokens) else {
            return Ok(0);
        };
        let n_tokens = prompt.n_common();
        let sampling = Sampling::new(SamplingOptions::default())?;
        let extras = Extras {
            adapter: served.adapter.clone(),
            pins: true,
            ..Extras::default()
        };
        let mut events = engine.submit_with(prompt, sampling, GenerationLimits::new(1)?, extras)?;
        while let Some(event) = events.blocking_next() {
            if matches!(event, Event::Finished { .. } | Event::Failed(_)) {
                break;
            }
        }
        Ok(n_tokens)
    }
}
