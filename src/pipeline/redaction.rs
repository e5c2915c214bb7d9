//! Masking and restoring for a caller that keeps its own model: what redaction does, with no engine behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::crm::{Variables, personal_values};
use crate::policy::{Admitted, Ask, Principal};
use crate::redact::{Redactor, Span};
use crate::telemetry::names;
use crate::types::{Digest, Entity, RequestId, Sensitive, TenantSalt, Timestamp};

use super::recorded::Tally;
use super::sealed::SealError;
use super::{Parts, Pipeline, Recorded, Refused};

/// What is to be masked.
#[derive(Debug)]
pub struct RedactAsk {
    /// The request's identifier.
    pub request: RequestId,
    /// The texts, which belong together: one value has one placeholder in all of them.
    pub texts: Vec<Sensitive<String>>,
    /// Records that come with the texts: what their personal fields hold is looked for.
    pub records: Variables,
    /// Further values to look for, each with what it is.
    pub declared: Vec<(Entity, Sensitive<String>)>,
    /// The kinds that are masked; `None`: all.
    pub only: Option<BTreeSet<Entity>>,
    /// How long the vault is good.
    pub lifetime: Duration,
}

/// Masked texts.
#[derive(Debug)]
pub struct Masked {
    /// The texts, in order.
    pub texts: Vec<MaskedText>,
    /// How many different values of each kind were replaced.
    pub entities: BTreeMap<Entity, u32>,
    /// The sealed values, and until when they can be put back; `None` where the node's policy puts nothing back.
    pub vault: Option<(String, Timestamp)>,
}

/// One masked text.
#[derive(Debug)]
pub struct MaskedText {
    /// The text, with placeholders.
    pub text: Sensitive<String>,
    /// What was found in it, sorted.
    pub finds: Vec<Find>,
}

/// One find.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// What it is.
    pub entity: Entity,
    /// Where it stood in the original text, in Unicode code points.
    pub range: Range<usize>,
    /// How sure, from 0 to 1.
    pub score: f32,
    /// What stands for it.
    pub placeholder: String,
}

/// What is to be restored.
#[derive(Debug)]
pub struct RestoreAsk {
    /// The request's identifier.
    pub request: RequestId,
    /// The sealed values.
    pub vault: String,
    /// The texts.
    pub texts: Vec<Sensitive<String>>,
}

/// Restored texts.
#[derive(Debug)]
pub struct Restored {
    /// The texts, in order.
    pub texts: Vec<Sensitive<String>>,
    /// Placeholders that were put back.
    pub restored: u32,
    /// Placeholders that stand for nothing; they stay.
    pub unknown: u32,
}

impl Pipeline {
    /// Masks texts, and seals what was replaced for their caller.
    ///
    /// # Errors
    ///
    /// [`Refused`]; what was admitted is closed in the audit log before this returns.
    pub async fn redact(
        &self,
        principal: &Arc<Principal>,
        ask: RedactAsk,
    ) -> Result<Recorded<Masked>, Refused> {
        let parts = &self.parts;
        let arrived = parts.clock.instant();
        let records = ask.records.clone();
        let (model, model_digest) = parts.no_model();
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint: "redact",
            model,
            model_digest,
            terms: parts.gate.redaction_terms(),
            records: records.records(),
        };
        let (owner, salt) = (principal.name().clone(), principal.salt());
        let work = move |parts: &Parts, admitted: &mut Admitted| {
            let until = parts.clock.now().plus(ask.lifetime);
            let (texts, conversation) = mask(&parts.redactor, salt, &ask)?;
            let entities = conversation.counts();
            note(parts, admitted, &entities);
            let vault = conversation.into_vault();
            let token = parts
                .chat
                .restore
                .then(|| parts.vaults.seal(&vault, &owner, until))
                .transpose()?;
            let masked = Masked {
                texts,
                entities,
                vault: token.map(|token| (token, until)),
            };
            Ok((masked, Tally::default()))
        };
        self.recorded(admission, arrived, ready(Ok(())), work).await
    }

    /// Puts values back for the caller whose texts they were taken from.
    ///
    /// # Errors
    ///
    /// [`Refused`]: also when the node's policy puts nothing back, or the vault is another's, too old or altered.
    pub async fn restore(
        &self,
        principal: &Arc<Principal>,
        ask: RestoreAsk,
    ) -> Result<Recorded<Restored>, Refused> {
        let parts = &self.parts;
        let arrived = parts.clock.instant();
        let (model, model_digest) = parts.no_model();
        let admission = Ask {
            principal,
            request: ask.request,
            endpoint: "restore",
            model,
            model_digest,
            terms: parts.gate.redaction_terms(),
            records: Vec::new(),
        };
        let caller = principal.name().clone();
        let work = move |parts: &Parts, _: &mut Admitted| {
            if !parts.chat.restore {
                return Err(Refused::NoRestoring);
            }
            let now = parts.clock.now();
            let mut restorer = parts.vaults.open(&ask.vault, &caller, now)?;
            let mut texts = Vec::with_capacity(ask.texts.len());
            for text in &ask.texts {
                let whole = restorer.push(text.expose()) + &restorer.finish();
                texts.push(Sensitive::new(whole));
            }
            let stats = restorer.stats();
            if stats.beyond > 0 {
                return Err(SealError::TooMuch.into());
            }
            let tally = Tally {
                restored: stats.restored,
                unknown: stats.unknown,
                ..Tally::default()
            };
            let restored = Restored {
                texts,
                restored: stats.restored,
                unknown: stats.unknown,
            };
            Ok((restored, tally))
        };
        self.recorded(admission, arrived, ready(Ok(())), work).await
    }
}

fn mask<'r>(
    redactor: &'r Redactor,
    salt: TenantSalt,
    ask: &RedactAsk,
) -> Result<(Vec<MaskedText>, crate::redact::Conversation<'r>), Refused> {
    let mut conversation = redactor.conversation_of(salt);
    if let Some(only) = &ask.only {
        conversation.keep_to(only.clone());
    }
    let of_records = personal_values(&ask.records.records());
    let declared = ask.declared.iter();
    let declared = declared.map(|(entity, value)| (*entity, value.expose().trim()));
    let values = of_records
        .iter()
        .map(|(entity, value)| (*entity, value.expose().as_str()));
    conversation.declare_all(
        values
            .chain(declared)
            .filter(|(_, value)| !value.is_empty()),
    )?;
    let all: Vec<&str> = ask
        .texts
        .iter()
        .map(|text| text.expose().as_str())
        .collect();
    conversation.look_ahead(&all)?;
    let mut texts = Vec::with_capacity(ask.texts.len());
    for text in &ask.texts {
        let text = text.expose();
        let (masked, marked) = conversation.mask_marked(text)?;
        let (spans, placeholders): (Vec<Span>, Vec<String>) = marked.into_iter().unzip();
        let ranges = Span::in_code_points(&spans, text);
        let finds = spans.into_iter().zip(ranges).zip(placeholders);
        texts.push(MaskedText {
            text: masked.into(),
            finds: finds
                .map(|((span, range), placeholder)| Find {
                    entity: span.entity,
                    range,
                    score: span.score,
                    placeholder,
                })
                .collect(),
        });
    }
    Ok((texts, conversation))
}

fn note(parts: &Parts, admitted: &mut Admitted, entities: &BTreeMap<Entity, u32>) {
    admitted.audit_mut().set_entities(entities);
    for (entity, count) in entities {
        let label: [crate::telemetry::MetricLabel<'_>; 1] = [("entity", entity)];
        parts
            .metrics
            .count(names::REDACTED_ENTITIES, u64::from(*count), &label);
    }
}

impl Parts {
    /// What stands in the audit log where no model is asked.
    pub(super) fn no_model(&self) -> (&crate::types::Name, Digest) {
        (&self.no_model, Digest::from_bytes([0; 32]))
    }
}
