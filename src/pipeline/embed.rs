//! Embeddings, from the gate to the encoder.

use std::sync::Arc;

use crate::audit::{Closing, Verdict};
use crate::crm::minimise_texts;
use crate::policy::{Admitted, Ask, Principal, Rate};
use crate::prompt::EmbeddingInput;
use crate::types::{EntryId, Name, Sensitive, TokenUsage};

use super::{EmbeddingAsk, Parts, Pipeline, Refused};

/// Vectors of texts.
#[derive(Debug)]
pub struct Embedded {
    /// The model.
    pub model: Name,
    /// One vector per text, in order, of length 1.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of all texts.
    pub tokens: u32,
    /// The request's entry in the audit log.
    pub entry: EntryId,
    /// What is left of the caller's limit.
    pub rate: Rate,
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
    ) -> Result<Embedded, Refused> {
        let parts = &self.parts;
        let arrived = parts.clock.instant();
        let model = parts.embedding_model(&ask.model)?;
        let place = Arc::clone(&model.places)
            .try_acquire_owned()
            .map_err(|_| Refused::EncoderBusy)?;
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint: "embeddings",
            model: &model.facts.name,
            model_digest: model.facts.digest,
            terms: parts.gate.embeddings_terms(),
            records: Vec::new(),
        };
        let admitted = self.admit(admission).await?;
        let (entry, rate) = (admitted.entry_id(), admitted.rate());
        let turn = Arc::clone(&model.turn)
            .acquire_owned()
            .await
            .map_err(|_| Refused::Internal)?;
        let (shared, encoder, tokenizer) = (
            Arc::clone(parts),
            Arc::clone(&model.encoder),
            Arc::clone(&model.tokenizer),
        );
        let computed = tokio::task::spawn_blocking(move || {
            let mut admitted = admitted;
            let input = prepare(&shared, &mut admitted, ask.texts, |redacted| {
                Ok(EmbeddingInput::new(
                    redacted,
                    &tokenizer,
                    encoder.max_tokens(),
                )?)
            });
            let vectors = input.and_then(|input| {
                let tokens = u32::try_from(input.total_tokens()).unwrap_or(u32::MAX);
                Ok((encoder.embed(input.tokens())?, tokens))
            });
            drop((turn, place));
            (admitted, vectors)
        });
        let (admitted, vectors) = computed.await.map_err(|_| Refused::Internal)?;
        let (vectors, tokens) = match vectors {
            Ok(found) => found,
            Err(refused) => return Err(self.close_refused(admitted, refused).await),
        };
        let mut closing = Closing::new(Verdict::Answered, 200);
        closing.usage = TokenUsage {
            prompt: tokens,
            ..TokenUsage::default()
        };
        closing.timings.total = parts.clock.instant().saturating_duration_since(arrived);
        parts.close(admitted, &model.facts.name, closing).await?;
        Ok(Embedded {
            model: model.facts.name.clone(),
            vectors,
            tokens,
            entry,
            rate,
        })
    }
}

fn prepare<T>(
    parts: &Parts,
    admitted: &mut Admitted,
    texts: Vec<Sensitive<String>>,
    then: impl FnOnce(crate::redact::Redacted) -> Result<T, Refused>,
) -> Result<T, Refused> {
    let minimised = minimise_texts(admitted, texts)?;
    let (redacted, _vault) = parts.redactor.redact(minimised)?;
    admitted.audit_mut().set_entities(redacted.counts());
    then(redacted)
}
