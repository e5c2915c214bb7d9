//! A chat completion, from the gate to the engine.

use std::sync::Arc;

use crate::audit::{Closing, Verdict};
use crate::crm::{UseCase, check_variables, minimise, minimise_chat};
use crate::engine::{GenerationLimits, Sampling, SamplingOptions, TokenMask};
use crate::policy::{Admitted, Ask, Principal, Terms};
use crate::prompt::{Prompt, PromptError, PromptLimits};
use crate::redact::Vault;
use crate::telemetry::names;

use super::answer::{Answer, Explain};
use super::{ChatAsk, Parts, Pipeline, Refused, SamplingAsk, Work};

/// A request that is ready for the engine.
struct Prepared {
    prompt: Prompt,
    mask: Option<Box<dyn TokenMask>>,
    vault: Vault,
    explain: Explain,
}

impl Pipeline {
    /// Admits, minimises, redacts and submits a request; the answer comes piece by piece.
    ///
    /// # Errors
    ///
    /// [`Refused`]. A request that was admitted is closed in the audit log before this returns.
    pub async fn chat(&self, principal: &Arc<Principal>, ask: ChatAsk) -> Result<Answer, Refused> {
        let parts = &self.parts;
        let arrived = parts.clock.instant();
        let model = parts.chat_model(&ask.model)?;
        let use_case = self.use_case(&ask.work)?;
        let restore = use_case
            .as_ref()
            .map_or(parts.chat.restore, |own| own.restore());
        // Checked before anything is recorded: a typing error is not an access.
        if let (Some(use_case), Work::UseCase { variables, .. }) = (&use_case, &ask.work) {
            check_variables(use_case, variables)?;
        }
        let (sampling, stop) = settings(&ask, use_case.as_deref())?;
        let records = match &ask.work {
            Work::UseCase { variables, .. } => variables.records(),
            Work::Chat(_) => Vec::new(),
        };
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint: "chat.completions",
            model: &model.name,
            model_digest: model.digest,
            terms: self.terms(use_case.as_deref()),
            records,
        };
        let admitted = parts
            .gate
            .admit(admission)
            .await
            .inspect_err(|refusal| self.count_refusal(refusal))?;
        let (prompt_limits, explain_wanted) = (self.prompt_limits(ask.max_tokens), ask.explain);
        let work = (use_case, ask.work);
        let temperature = sampling.options().temperature;
        // Pure computation of a few milliseconds, more for long texts: off the threads that serve.
        let shared = Arc::clone(parts);
        let prepared = tokio::task::spawn_blocking(move || {
            let mut admitted = admitted;
            let prepared = prepare(&shared, &mut admitted, work, (prompt_limits, temperature));
            (admitted, prepared)
        });
        let (admitted, prepared) = prepared.await.map_err(|_| Refused::Internal)?;
        let submitted = prepared.and_then(|ready| {
            let limits = GenerationLimits::new(ready.prompt.max_new())?
                .with_stop(stop)?
                .with_deadline(arrived + parts.request_timeout);
            let prefix = ready.prompt.answer_prefix().map(str::to_owned);
            let engine = &parts.engine;
            let stream = engine.submit_masked(ready.prompt, sampling, limits, ready.mask)?;
            Ok((stream, ready.vault, ready.explain, prefix))
        });
        match submitted {
            Ok((stream, vault, explain, prefix)) => {
                let restorer = restore.then(|| vault.restorer());
                let explain = explain_wanted.then_some(explain);
                Ok(Answer::new(
                    parts,
                    admitted,
                    stream,
                    (restorer, explain, prefix),
                    arrived,
                ))
            }
            Err(refused) => Err(self.close_refused(admitted, refused).await),
        }
    }

    /// Ends a request that was admitted and gets no answer.
    pub(super) async fn close_refused(&self, admitted: Admitted, refused: Refused) -> Refused {
        let verdict = match refused {
            Refused::Internal | Refused::Encoder(_) | Refused::Engine(_) | Refused::Audit(_) => {
                Verdict::Failed
            }
            _ => Verdict::Refused,
        };
        let closing = Closing {
            error: Some(refused.code()),
            ..Closing::new(verdict, 0)
        };
        match admitted.close(closing).await {
            Ok(_) => refused,
            Err(error) => Refused::Audit(error),
        }
    }

    fn use_case(&self, work: &Work) -> Result<Option<Arc<UseCase>>, Refused> {
        let Work::UseCase { name, version, .. } = work else {
            return Ok(None);
        };
        let catalogue = &self.parts.catalogue;
        let found = catalogue.find(name.as_str(), *version);
        let nearest = || catalogue.nearest(name.as_str());
        found
            .map(Some)
            .ok_or_else(|| Refused::UnknownUseCase { nearest: nearest() })
    }

    fn terms(&self, use_case: Option<&UseCase>) -> Terms {
        use_case.map_or_else(|| self.parts.gate.chat_terms(), UseCase::terms)
    }

    fn prompt_limits(&self, asked: Option<u32>) -> PromptLimits {
        let max_context = self.parts.engine.max_context();
        PromptLimits {
            max_context,
            asked,
            chat_max_new: self.parts.chat.max_tokens,
        }
    }
}

/// Minimise, redact, render: what leaves here holds placeholders.
fn prepare(
    parts: &Parts,
    admitted: &mut Admitted,
    (use_case, work): (Option<Arc<UseCase>>, Work),
    (limits, temperature): (PromptLimits, f32),
) -> Result<Prepared, Refused> {
    let minimised = match (work, use_case) {
        (Work::UseCase { variables, .. }, Some(use_case)) => {
            minimise(admitted, &use_case, variables)?
        }
        (Work::Chat(messages), None) => minimise_chat(admitted, messages)?,
        _ => return Err(Refused::Internal),
    };
    let dropped = minimised.origin().dropped().clone();
    let read = minimised.origin().read_fields().to_vec();
    admitted
        .audit_mut()
        .set_fields(&read, dropped.count, &dropped.names);
    parts
        .metrics
        .count(names::DROPPED_FIELDS, dropped.count, &[]);
    let (redacted, vault) = parts.redactor.redact(minimised)?;
    let entities = redacted.counts().clone();
    admitted.audit_mut().set_entities(&entities);
    for (entity, count) in &entities {
        parts.metrics.count(
            names::REDACTED_ENTITIES,
            u64::from(*count),
            &[("entity", entity)],
        );
    }
    let prompt = parts.prompts.build(redacted, limits)?;
    let bytes: Vec<u8> = prompt
        .tokens()
        .iter()
        .flat_map(|token| token.to_le_bytes())
        .collect();
    admitted.audit_mut().set_prompt(&bytes);
    let start = prompt.answer_prefix().unwrap_or_default();
    let mask = parts
        .masks
        .mask(prompt.guide(), start, temperature)
        .map_err(PromptError::from)?;
    let explain = Explain {
        masked_messages: prompt.masked_messages().to_vec(),
        entities,
        dropped,
        template: start.to_owned() + &prompt.guide().template(),
    };
    Ok(Prepared {
        prompt,
        mask,
        vault,
        explain,
    })
}

/// The use case's settings, or OpenAI's defaults, with what the client gave in their place.
fn settings(ask: &ChatAsk, use_case: Option<&UseCase>) -> Result<(Sampling, Vec<String>), Refused> {
    let mut options = SamplingOptions::default();
    let mut stop = ask.stop.clone();
    if let Some(own) = use_case.map(UseCase::sampling) {
        options = SamplingOptions {
            temperature: own.temperature,
            top_p: own.top_p,
            top_k: own.top_k,
            min_p: own.min_p,
            frequency_penalty: own.frequency_penalty,
            presence_penalty: own.presence_penalty,
            repetition_penalty: own.repetition_penalty,
            seed: own.seed,
            ..options
        };
        stop.extend(own.stop.iter().cloned());
    }
    let SamplingAsk {
        temperature,
        top_k,
        top_p,
        min_p,
        frequency_penalty,
        presence_penalty,
        repetition_penalty,
        seed,
        ref logit_bias,
    } = ask.sampling;
    let options = SamplingOptions {
        temperature: temperature.unwrap_or(options.temperature),
        top_k: top_k.filter(|k| *k > 0).or(options.top_k),
        top_p: top_p.unwrap_or(options.top_p),
        min_p: min_p.unwrap_or(options.min_p),
        frequency_penalty: frequency_penalty.unwrap_or(options.frequency_penalty),
        presence_penalty: presence_penalty.unwrap_or(options.presence_penalty),
        repetition_penalty: repetition_penalty.unwrap_or(options.repetition_penalty),
        seed: seed.or(options.seed),
        logit_bias: logit_bias.clone(),
    };
    Ok((Sampling::new(options)?, stop))
}
