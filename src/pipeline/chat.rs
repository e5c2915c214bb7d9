//! A chat completion, from the gate to the engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::audit::{Closing, Verdict};
use crate::crm::{
    DroppedFields, UseCase, Variables, check_variables, minimise, minimise_chat, minimise_text,
};
use crate::engine::{Extras, GenerationLimits, Sampling, SamplingOptions, TokenMask};
use crate::grammar::{Grammar, all_of};
use crate::policy::{Admitted, Ask, Principal, Terms};
use crate::prompt::{Prompt, PromptLimits, Thinking};
use crate::redact::{Screener, Vault};
use crate::telemetry::names;
use crate::types::{Chat, Entity, RequestId};

use super::adapters::Served;
use super::answer::{Answer, Explain, Times};
use super::choice::Choice;
use super::constrain::{self, call_format};
use super::outlet::Outlets;
use super::reader::Reading;
use super::residence::Lease;
use super::think::Think;
use super::{
    ChatAsk, Generator, MAX_ANSWERS, MAX_TOP_LOGPROBS, Parts, Pipeline, Refused, SamplingAsk,
    Sources, TextInput, Work,
};

/// A request that is ready for the engine.
struct Prepared {
    prompt: Prompt,
    /// One per answer.
    masks: Vec<Option<Box<dyn TokenMask>>>,
    vault: Vault,
    screener: Option<Screener>,
    explain: Explain,
}

/// How the answers to a request are to be made, checked before anything is recorded.
struct Wanted {
    request: RequestId,
    sampling: Sampling,
    stop: Vec<String>,
    n: u8,
    logprobs: Option<u8>,
    restore: bool,
    explain: bool,
    /// Whether nothing of an answer is given before its end.
    whole: bool,
    times: Times,
}

impl Pipeline {
    /// Admits, minimises, redacts and submits a request; the answers come piece by piece.
    ///
    /// # Errors
    ///
    /// [`Refused`]. A request that was admitted is closed in the audit log before this returns.
    pub async fn chat(
        &self,
        principal: &Arc<Principal>,
        mut ask: ChatAsk,
    ) -> Result<Answer, Refused> {
        let parts = &self.parts;
        let arrived = parts.clock.instant();
        let use_case = self.use_case(&ask.work)?;
        let served = parts.served(&ask.model, use_case.as_deref())?;
        // Checked before anything is recorded: a typing error is not an access.
        if let (Some(use_case), Work::UseCase { variables, .. }) = (&use_case, &ask.work) {
            check_variables(use_case, variables)?;
            check_with_use_case(&ask)?;
        }
        let wanted = self.wanted(&ask, use_case.as_deref(), arrived)?;
        let records = match &ask.work {
            Work::UseCase { variables, .. } => variables.records(),
            Work::Chat(_) | Work::Text(_) => Vec::new(),
        };
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint: ask.endpoint,
            model: &served.name,
            model_digest: served.digest,
            terms: self.terms(use_case.as_deref()),
            records,
        };
        let mut admitted = self.admit(admission).await?;
        if let Some(tags) = ask.tags.bytes() {
            admitted.audit_mut().set_client(&tags);
        }
        let lease = match self.lease(&served, wanted.times.deadline).await {
            Ok(lease) => lease,
            Err(refused) => return Err(self.close_refused(admitted, refused).await),
        };
        let limits = PromptLimits {
            max_context: lease.engine().max_context(),
            ..self.prompt_limits(&served.generator, ask.max_tokens)
        };
        let temperature = wanted.sampling.options().temperature;
        let content = content(&mut ask, use_case)?;
        let n = usize::from(wanted.n);
        // Pure computation of a few milliseconds, more for long texts: off the threads that serve.
        let (shared, generator) = (Arc::clone(parts), Arc::clone(&served.generator));
        let prepared = tokio::task::spawn_blocking(move || {
            let mut admitted = admitted;
            let prepared = prepare(
                (&shared, &generator),
                &mut admitted,
                content,
                (limits, temperature, n),
            );
            (admitted, prepared)
        });
        let (admitted, prepared) = prepared.await.map_err(|_| Refused::Internal)?;
        let submitted = prepared.and_then(|ready| self.submit(ready, &wanted, (&served, &lease)));
        match submitted {
            Ok((choices, explain, sources)) => {
                let explain = wanted.explain.then_some(explain);
                let times = wanted.times;
                Ok(Answer::new(
                    (parts, served, lease),
                    admitted,
                    choices,
                    (explain, sources),
                    times,
                ))
            }
            Err(refused) => Err(self.close_refused(admitted, refused).await),
        }
    }

    fn wanted(
        &self,
        ask: &ChatAsk,
        use_case: Option<&UseCase>,
        arrived: Instant,
    ) -> Result<Wanted, Refused> {
        let parts = &self.parts;
        let (sampling, stop) = settings(ask, use_case)?;
        let own = match ask.background {
            true => parts.jobs.timeout(),
            false => parts.request_timeout,
        };
        let within = ask.deadline.map_or(own, |asked| asked.within.min(own));
        Ok(Wanted {
            request: ask.request,
            sampling,
            stop,
            n: ask.n.clamp(1, MAX_ANSWERS),
            logprobs: ask.logprobs.map(|top| top.min(MAX_TOP_LOGPROBS)),
            restore: use_case.map_or(parts.chat.restore, UseCase::restore),
            explain: ask.explain,
            whole: !ask.stream,
            times: Times {
                arrived,
                deadline: arrived + within,
                late: ask.deadline.map(|asked| asked.late).unwrap_or_default(),
            },
        })
    }

    /// Queues one generation per answer: all, or none.
    fn submit(
        &self,
        ready: Prepared,
        wanted: &Wanted,
        (served, lease): (&Served, &Lease),
    ) -> Result<(Vec<Choice>, Explain, Option<Sources>), Refused> {
        let prompt = ready.prompt;
        let limits = GenerationLimits::new(prompt.max_new())?
            .with_stop(wanted.stop.clone())?
            .with_deadline(wanted.times.deadline);
        let plan = prompt.plan();
        let tools = plan.tools.as_ref().map(|own| {
            let names = own.tools.callable().map(|tool| tool.name.clone());
            (call_format(own.style), names.collect())
        });
        let restorer = wanted.restore.then(|| ready.vault.restorer());
        let start = prompt.answer_prefix().unwrap_or_default();
        let sources = Sources::new(prompt.guide().parts(), start, restorer.as_ref());
        let reading = Reading {
            outlets: Arc::new(Outlets {
                restorer,
                screener: ready.screener,
                canaries: self.parts.canaries(),
            }),
            is_json: plan.format.is_json(),
            keeps_masked: wanted.explain,
            think: match plan.thinking {
                Thinking::May => Think::may(),
                Thinking::Never => Think::never(),
                Thinking::Open => Think::open(),
            },
            tools,
            request: wanted.request,
            tokenizer: Arc::clone(served.generator.text().tokenizer()),
        };
        let whole = wanted.whole && reading.may_hold();
        let n_prompt = u32::try_from(prompt.tokens().len()).unwrap_or(u32::MAX);
        let mut choices = Vec::with_capacity(usize::from(wanted.n));
        for (index, mask) in (0..wanted.n).zip(ready.masks) {
            let extras = Extras {
                mask,
                prediction: prompt.prediction().to_vec(),
                logprobs: wanted.logprobs,
                adapter: served.adapter.clone(),
                pins: false,
            };
            let sampling = seeded(&wanted.sampling, index)?;
            let stream =
                lease
                    .engine()
                    .submit_with(prompt.clone(), sampling, limits.clone(), extras)?;
            choices.push(Choice::new(
                (stream, n_prompt),
                (reading.reader(index), whole),
                prompt.answer_prefix(),
            ));
        }
        Ok((choices, ready.explain, sources))
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

    pub(super) fn use_case(&self, work: &Work) -> Result<Option<Arc<UseCase>>, Refused> {
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

    /// The engine of what is to answer, loaded if it is not there, before the request's time is over.
    async fn lease(&self, served: &Served, deadline: Instant) -> Result<Lease, Refused> {
        let generators = &self.parts.generators;
        let left = deadline.saturating_duration_since(self.parts.clock.instant());
        let lease = tokio::time::timeout(left, generators.lease(&served.generator));
        lease.await.unwrap_or(Err(Refused::ModelLoading))
    }

    pub(super) fn prompt_limits(&self, generator: &Generator, asked: Option<u32>) -> PromptLimits {
        PromptLimits {
            max_context: generator.facts.context,
            asked,
            chat_max_new: self.parts.chat.max_tokens,
        }
    }
}

/// The content of a request.
pub(super) enum Content {
    Text(TextInput),
    Chat(Box<Chat>),
    UseCase(Arc<UseCase>, Variables),
}

fn content(ask: &mut ChatAsk, use_case: Option<Arc<UseCase>>) -> Result<Content, Refused> {
    match (&mut ask.work, use_case) {
        (Work::UseCase { variables, .. }, Some(use_case)) => {
            Ok(Content::UseCase(use_case, std::mem::take(variables)))
        }
        (Work::Text(text), None) => Ok(Content::Text(text.clone())),
        (Work::Chat(messages), None) => Ok(Content::Chat(Box::new(Chat {
            messages: std::mem::take(messages),
            tools: ask.tools.take(),
            format: std::mem::take(&mut ask.format),
            grounded: ask.grounded,
            prediction: ask.prediction.take(),
            template: std::mem::take(&mut ask.template),
        }))),
        _ => Err(Refused::Internal),
    }
}

/// Refuses what plain chat has and a use case brings itself.
fn check_with_use_case(ask: &ChatAsk) -> Result<(), Refused> {
    let param = if ask.format.is_json() {
        "response_format"
    } else if ask.tools.is_some() {
        "tools"
    } else if ask.prediction.is_some() {
        "prediction"
    } else if ask.template.reasoning_effort.is_some() {
        "reasoning_effort"
    } else if !ask.template.arguments.is_empty() {
        "chat_template_kwargs"
    } else {
        return Ok(());
    };
    Err(Refused::NotWithUseCase { param })
}

/// What redaction made of a request.
struct Masked {
    prompt: Prompt,
    vault: Vault,
    screener: Option<Screener>,
    entities: BTreeMap<Entity, u32>,
    dropped: DroppedFields,
}

/// The prompt of a request, and the values behind its placeholders.
pub(super) fn prepared_prompt(
    parts: (&Parts, &Generator),
    admitted: &mut Admitted,
    content: Content,
    limits: PromptLimits,
) -> Result<(Prompt, Vault), Refused> {
    let masked = masked(parts, admitted, content, limits)?;
    Ok((masked.prompt, masked.vault))
}

/// Minimise, redact, render: what leaves here holds placeholders.
fn masked(
    (parts, generator): (&Parts, &Generator),
    admitted: &mut Admitted,
    content: Content,
    limits: PromptLimits,
) -> Result<Masked, Refused> {
    let node = &parts.screen.rules;
    let screening = match &content {
        Content::UseCase(use_case, _) => use_case.screen().over(node),
        Content::Chat(_) | Content::Text(_) => parts.chat.screen.over(node),
    };
    let minimised = match content {
        Content::UseCase(use_case, variables) => minimise(admitted, &use_case, variables)?,
        Content::Chat(chat) => minimise_chat(admitted, *chat)?,
        Content::Text(text) => {
            let text = text.into_text(generator.text().tokenizer())?;
            minimise_text(admitted, text)?
        }
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
    let screener = parts.redactor.screener(&redacted, &vault, screening);
    let entities = redacted.counts().clone();
    admitted.audit_mut().set_entities(&entities);
    for (entity, count) in &entities {
        parts.metrics.count(
            names::REDACTED_ENTITIES,
            u64::from(*count),
            &[("entity", entity)],
        );
    }
    let prompt = generator.prompts.build(redacted, limits)?;
    let bytes: Vec<u8> = prompt
        .tokens()
        .iter()
        .flat_map(|token| token.to_le_bytes())
        .collect();
    admitted.audit_mut().set_prompt(&bytes);
    Ok(Masked {
        prompt,
        vault,
        screener,
        entities,
        dropped,
    })
}

/// The prompt, and for each answer what keeps it to its input and form.
fn prepare(
    (parts, generator): (&Parts, &Generator),
    admitted: &mut Admitted,
    content: Content,
    (limits, temperature, n): (PromptLimits, f32, usize),
) -> Result<Prepared, Refused> {
    let Masked {
        prompt,
        vault,
        screener,
        entities,
        dropped,
    } = masked((parts, generator), admitted, content, limits)?;
    let start = prompt.answer_prefix().unwrap_or_default();
    let placeholders = prompt.guide().placeholders();
    let schema = constrain::grounded(prompt.plan(), prompt.guide())?;
    let grammar = constrain::grammar(
        &generator.grammars,
        prompt.plan(),
        schema.as_ref(),
        placeholders,
    )?;
    let mut masks = Vec::with_capacity(n);
    for _ in 0..n {
        let grounding = generator.masks.mask(prompt.guide(), start, temperature);
        let strings = schema
            .as_ref()
            .and_then(|own| generator.masks.json_mask(own, prompt.guide(), temperature));
        // The exact one first: the others look only at the likeliest of what is left.
        let exact = grammar.as_ref().map(Grammar::mask);
        let all = exact.into_iter().chain(strings).chain(grounding);
        masks.push(all_of(all.collect()));
    }
    let explain = Explain {
        masked_messages: prompt.masked_messages().to_vec(),
        entities,
        dropped,
        template: start.to_owned() + &prompt.guide().template(),
    };
    Ok(Prepared {
        prompt,
        masks,
        vault,
        screener,
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

/// The settings of the answer at `index`: each has the next seed, where the request has one.
fn seeded(sampling: &Sampling, index: u8) -> Result<Sampling, Refused> {
    let mut options = sampling.options().clone();
    options.seed = options.seed.map(|seed| seed.wrapping_add(u64::from(index)));
    Ok(Sampling::new(options)?)
}
