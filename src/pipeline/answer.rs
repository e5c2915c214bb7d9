//! An answer on its way out: restored, and recorded when it ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::audit::{Closing, ClosingTimings, Verdict};
use crate::crm::DroppedFields;
use crate::engine::{EngineFailure, Event, Timings, TokenStream};
use crate::policy::{Admitted, Rate};
use crate::redact::Restorer;
use crate::types::{Entity, EntryId, FinishReason, Message, Name, Sensitive, TokenUsage};

use super::{Parts, Refused};

/// What the model saw and what was kept from it: placeholders, counts and names of fields.
#[derive(Clone, Debug)]
pub struct Explain {
    /// The messages, with placeholders.
    pub masked_messages: Vec<Message>,
    /// How many different values of each kind were replaced.
    pub entities: BTreeMap<Entity, u32>,
    /// The fields that the use case does not declare.
    pub dropped: DroppedFields,
    /// The part of the answer that the use case writes itself, with placeholders.
    pub template: String,
}

/// One thing that happens to an answer.
#[derive(Debug)]
pub enum Piece {
    /// More text, for the caller.
    Text(Sensitive<String>),
    /// It is complete and recorded; nothing follows.
    End(Ended),
}

/// How an answer ended.
#[derive(Debug)]
pub struct Ended {
    /// Why.
    pub reason: FinishReason,
    /// What it cost.
    pub usage: TokenUsage,
    /// The answer as the model gave it, with placeholders, where an explanation was asked for.
    pub masked: Option<Sensitive<String>>,
}

/// An answer that is being generated. Dropping it cancels the generation and records that.
#[derive(Debug)]
pub struct Answer {
    parts: Arc<Parts>,
    admitted: Option<Admitted>,
    stream: TokenStream,
    restorer: Option<Restorer>,
    explain: Option<Explain>,
    masked: String,
    prefix: Option<String>,
    ended: Option<(FinishReason, TokenUsage, Timings)>,
    entry: EntryId,
    rate: Rate,
    arrived: Instant,
}

impl Answer {
    pub(super) fn new(
        parts: &Arc<Parts>,
        admitted: Admitted,
        stream: TokenStream,
        (restorer, explain, prefix): (Option<Restorer>, Option<Explain>, Option<String>),
        arrived: Instant,
    ) -> Self {
        Self {
            parts: Arc::clone(parts),
            entry: admitted.entry_id(),
            rate: admitted.rate(),
            admitted: Some(admitted),
            stream,
            restorer,
            explain,
            masked: String::new(),
            prefix,
            ended: None,
            arrived,
        }
    }

    /// The model that answers.
    pub fn model(&self) -> &Name {
        &self.parts.chat_model.name
    }

    /// The request's entry in the audit log.
    pub fn entry(&self) -> EntryId {
        self.entry
    }

    /// What is left of the caller's limit.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// What the model saw, where the caller asked.
    pub fn explain(&self) -> Option<&Explain> {
        self.explain.as_ref()
    }

    /// The next piece; `None` after the end.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the engine fails or the end can't be recorded; nothing follows.
    pub async fn next(&mut self) -> Result<Option<Piece>, Refused> {
        if self.admitted.is_none() {
            return Ok(None);
        }
        if self.ended.is_some() {
            return self.end().await;
        }
        if let Some(prefix) = self.prefix.take() {
            let text = self.restored(&prefix);
            if !text.is_empty() {
                return Ok(Some(Piece::Text(text.into())));
            }
        }
        loop {
            match self.stream.next().await {
                Some(Event::Delta(delta)) => {
                    let text = self.restored(delta.expose());
                    if !text.is_empty() {
                        return Ok(Some(Piece::Text(text.into())));
                    }
                }
                Some(Event::Finished {
                    reason,
                    usage,
                    timings,
                }) => {
                    self.ended = Some((reason, usage, timings));
                    if let Some(rest) = self.rest() {
                        return Ok(Some(Piece::Text(rest.into())));
                    }
                    return self.end().await;
                }
                Some(Event::Failed(failure)) => return Err(self.fail(failure).await),
                // Asked for by nobody yet.
                Some(Event::Logprobs(_)) => {}
                None => return Err(self.fail(EngineFailure::Stopped).await),
            }
        }
    }

    fn restored(&mut self, delta: &str) -> String {
        if self.explain.is_some() {
            self.masked.push_str(delta);
        }
        match &mut self.restorer {
            Some(restorer) => restorer.push(delta),
            None => delta.to_owned(),
        }
    }

    /// What the restorer still holds back.
    fn rest(&mut self) -> Option<String> {
        let rest = self.restorer.as_mut()?.finish();
        (!rest.is_empty()).then_some(rest)
    }

    async fn end(&mut self) -> Result<Option<Piece>, Refused> {
        let Some((reason, usage, timings)) = self.ended.take() else {
            return Ok(None);
        };
        let closing = self.closing(Verdict::Answered, (reason, usage, timings));
        self.close(closing).await?;
        let masked = self
            .explain
            .is_some()
            .then(|| std::mem::take(&mut self.masked).into());
        Ok(Some(Piece::End(Ended {
            reason,
            usage,
            masked,
        })))
    }

    fn closing(
        &self,
        verdict: Verdict,
        (reason, usage, timings): (FinishReason, TokenUsage, Timings),
    ) -> Closing {
        let restored = self.restorer.as_ref().map(Restorer::stats);
        let restored = restored.unwrap_or_default();
        let now = self.parts.clock.instant();
        Closing {
            finish: Some(reason),
            usage,
            restored: restored.restored,
            unknown_placeholders: restored.unknown,
            timings: ClosingTimings {
                queue: timings.queued,
                first_token: timings.first_token.unwrap_or_default(),
                total: now.saturating_duration_since(self.arrived),
            },
            ..Closing::new(verdict, 200)
        }
    }

    async fn fail(&mut self, failure: EngineFailure) -> Refused {
        let refused = Refused::Engine(failure);
        let closing = Closing {
            error: Some(refused.code()),
            ..Closing::new(Verdict::Failed, 0)
        };
        match self.close(closing).await {
            Ok(()) => refused,
            Err(error) => error,
        }
    }

    async fn close(&mut self, closing: Closing) -> Result<(), Refused> {
        if let Some(admitted) = self.admitted.take() {
            admitted.close(closing).await?;
        }
        Ok(())
    }
}

/// Dropped before its end: the client went away. The stream's own drop cancels the generation.
impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(admitted) = self.admitted.take() {
            let unfinished = || {
                (
                    FinishReason::Cancelled,
                    TokenUsage::default(),
                    Timings::default(),
                )
            };
            let ended = self.ended.take().unwrap_or_else(unfinished);
            admitted.close_detached(self.closing(Verdict::Cancelled, ended));
        }
    }
}
