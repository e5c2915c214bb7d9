//! Embeddings, from the gate to the encoder.

use std::sync::Arc;

use crate::crm::minimise_texts;
use crate::policy::{Admitted, Ask, Principal};
use crate::prompt::EmbeddingInput;
use crate::telemetry::names;
use crate::types::{Name, Sensitive, TokenUsage};

use super::recorded::Tally;
use super::{EmbeddingAsk, Parts, Pipeline, Recorded, Refused};

/// Vectors of texts.
#[derive(Debug)]
pub struct Embedded {
    /// The model.
    pub model: Name,
    /// One vector per text, in order, of length 1.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of all texts.
    pub tokens: u32,
}

impl Pipeline {
    /// Admits, redacts and embeds texts.
    ///
    /// # Errors
    ///
    /// [`Refused`]; what was admitted is closed in the audit log before this returns.
    pub async fn embed(
        &self,
        principal: &Arc<Principal>,
        ask: EmbeddingAsk,
    ) -> Result<Recorded<Embedded>, Refused> {
        let parts = &self.parts;
        let arrived = parts.clock.instant();
        let model = parts.embedding_model(&ask.model)?;
        let own = model.encoder.dimensions();
        if ask.dimensions.is_some_and(|wanted| wanted != own) {
            return Err(Refused::Dimensions { own });
        }
        let place = Arc::clone(&model.places)
            .try_acquire_owned()
            .map_err(|_| Refused::EncoderBusy)?;
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint: ask.endpoint,
            model: &model.facts.name,
            model_digest: model.facts.digest,
            terms: parts.gate.embeddings_terms(),
            records: Vec::new(),
        };
        let turn = Arc::clone(&model.turn);
        let turn = async move {
            let turn = turn.acquire_owned().await;
            let turn = turn.map_err(|_| Refused::Internal)?;
            Ok((turn, place))
        };
        let (encoder, tokenizer) = (Arc::clone(&model.encoder), Arc::clone(&model.tokenizer));
        let name = model.facts.name.clone();
        let work = move |parts: &Parts, admitted: &mut Admitted| {
            let texts = ask
                .inputs
                .into_iter()
                .map(|text| text.into_text(&tokenizer));
            let redacted = redact(parts, admitted, texts.collect::<Result<_, _>>()?)?;
            let input = EmbeddingInput::new(redacted, &tokenizer, encoder.max_tokens())?;
            let tokens = u32::try_from(input.total_tokens()).unwrap_or(u32::MAX);
            let embedded = Embedded {
                model: name,
                vectors: encoder.embed(input.tokens())?,
                tokens,
            };
            let usage = TokenUsage {
                prompt: tokens,
                ..TokenUsage::default()
            };
            let tally = Tally {
                usage,
                ..Tally::default()
            };
            Ok((embedded, tally))
        };
        self.recorded(admission, arrived, turn, work).await
    }
}

fn redact(
    parts: &Parts,
    admitted: &mut Admitted,
    texts: Vec<Sensitive<String>>,
) -> Result<crate::redact::Redacted, Refused> {
    let minimised = minimise_texts(admitted, texts)?;
    let (redacted, _vault) = parts.redactor.redact(minimised)?;
    admitted.audit_mut().set_entities(redacted.counts());
    for (entity, count) in redacted.counts() {
        let label: [crate::telemetry::MetricLabel<'_>; 1] = [("entity", entity)];
        parts
            .metrics
            .count(names::REDACTED_ENTITIES, u64::from(*count), &label);
    }
    Ok(redacted)
}
