//! Answers on their way out: restored, and recorded when the last one ends.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::Stream as _;

use crate::audit::{Closing, ClosingTimings, Verdict};
use crate::crm::DroppedFields;
use crate::engine::{EngineFailure, Event};
use crate::policy::{Admitted, Rate};
use crate::redact::RestoreStats;
use crate::types::{Digest, Entity, EntryId, FinishReason, Message, Name, Sensitive, TokenUsage};

use super::adapters::Served;
use super::choice::Choice;
use super::held::{Broken, Hold};
use super::residence::Lease;
use super::{Late, Parts, Refused, Sources};

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

/// One thing that happens to the answers of a request.
#[derive(Debug)]
pub enum Piece {
    /// Something of one answer: which, from 0, and what.
    Choice(usize, Part),
    /// All are complete and recorded; nothing follows.
    End(Ended),
}

/// One thing that happens to one answer.
#[derive(Debug)]
pub enum Part {
    /// More of the arguments of a tool's call: a piece of JSON text.
    Arguments {
        /// Which call of the answer, from 0.
        index: usize,
        /// The piece.
        delta: Sensitive<String>,
    },
    /// It is complete; of this answer nothing follows.
    End(FinishReason),
    /// How likely tokens of the text were, where that was asked for: before the text that they make.
    Logprobs(Vec<TokenLogprob>),
    /// More of what the model thinks before it speaks.
    Reasoning(Sensitive<String>),
    /// More text, for the caller.
    Text(Sensitive<String>),
    /// A tool is called; its arguments follow.
    ToolCall {
        /// Which call of the answer, from 0.
        index: usize,
        /// Its identifier.
        id: String,
        /// The tool's name.
        name: String,
    },
}

/// How likely a token was: the model's own probability, before temperature, penalties and constraints. Of a
/// person it shows the pieces of the placeholder.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenLogprob {
    /// The token.
    pub token: Candidate,
    /// The likeliest tokens in its place, likeliest first.
    pub top: Vec<Candidate>,
}

/// A token and its chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its bytes, which may be a part of a character.
    pub bytes: Sensitive<Vec<u8>>,
    /// The natural logarithm of its probability.
    pub logprob: f32,
}

/// How a request ended.
#[derive(Debug)]
pub struct Ended {
    /// What all answers together cost; the prompt counts once.
    pub usage: TokenUsage,
    /// How each answer ended.
    pub choices: Vec<ChoiceEnd>,
}

/// How an answer ended.
#[derive(Debug)]
pub struct ChoiceEnd {
    /// Why.
    pub reason: FinishReason,
    /// The answer as the model gave it, with placeholders, where an explanation was asked for; of one that is held
    /// nothing is explained.
    pub masked: Option<Sensitive<String>>,
    /// What became of it where a rule held it; the reason is `content_filter` then.
    pub held: Option<Hold>,
}

/// Answers that are being generated. Dropping it cancels all of them and records that.
#[derive(Debug)]
pub struct Answer {
    parts: Arc<Parts>,
    served: Served,
    /// Keeps the engine in memory.
    _lease: Lease,
    admitted: Option<Admitted>,
    choices: Vec<Choice>,
    /// The answer that is looked at first: each has its turn.
    turn: usize,
    explain: Option<Explain>,
    sources: Option<Arc<Sources>>,
    entry: EntryId,
    rate: Rate,
    times: Times,
}

/// When a request came, and when it must be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) arrived: Instant,
    pub(super) deadline: Instant,
    pub(super) late: Late,
}

impl Answer {
    pub(super) fn new(
        (parts, served, lease): (&Arc<Parts>, Served, Lease),
        admitted: Admitted,
        choices: Vec<Choice>,
        (explain, sources): (Option<Explain>, Option<Sources>),
        times: Times,
    ) -> Self {
        Self {
            parts: Arc::clone(parts),
            served,
            _lease: lease,
            entry: admitted.entry_id(),
            rate: admitted.rate(),
            admitted: Some(admitted),
            choices,
            turn: 0,
            explain,
            sources: sources.map(Arc::new),
            times,
        }
    }

    /// The model that answers.
    pub fn model(&self) -> &Name {
        &self.served.name
    }

    /// The digest of its files.
    pub fn model_digest(&self) -> Digest {
        self.served.digest
    }

    /// How many answers there are.
    pub fn n_choices(&self) -> usize {
        self.choices.len()
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

    /// What it may quote, where its use case quotes.
    pub fn sources(&self) -> Option<Arc<Sources>> {
        self.sources.clone()
    }

    /// The next piece; `None` after the end.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the engine fails, the deadline was missed, or the end can't be recorded; nothing
    /// follows.
    pub async fn next(&mut self) -> Result<Option<Piece>, Refused> {
        if self.admitted.is_none() {
            return Ok(None);
        }
        loop {
            let ready = self.choices.iter_mut().enumerate();
            if let Some(piece) = ready
                .filter_map(|(index, choice)| Some(Piece::Choice(index, choice.ready()?)))
                .next()
            {
                return Ok(Some(piece));
            }
            let Some((index, event)) = self.event().await else {
                return self.end().await.map(Some);
            };
            let failure = match event {
                // What waited for its turn until the caller's own deadline is late, and the node not too busy.
                Some(Event::Failed(EngineFailure::QueueTimeout)) if self.is_past_deadline() => {
                    Some(Refused::Late)
                }
                Some(Event::Failed(failure)) => Some(Refused::Engine(failure)),
                None => Some(Refused::Engine(EngineFailure::Stopped)),
                Some(Event::Finished { reason, .. }) if self.is_late(reason) => Some(Refused::Late),
                Some(event) => {
                    if let Some(choice) = self.choices.get_mut(index) {
                        choice.take(event);
                    }
                    None
                }
            };
            if let Some(refused) = failure {
                return Err(self.fail(refused).await);
            }
        }
    }

    /// The next event of any answer that has not ended; `None` when all have.
    async fn event(&mut self) -> Option<(usize, Option<Event>)> {
        let n_choices = self.choices.len();
        let first = self.turn;
        let choices = &mut self.choices;
        let found = std::future::poll_fn(|cx| {
            let mut running = false;
            for index in (first..n_choices).chain(0..first) {
                let Some(stream) = choices.get_mut(index).and_then(Choice::running) else {
                    continue;
                };
                running = true;
                if let Poll::Ready(event) = Pin::new(stream).poll_next(cx) {
                    return Poll::Ready(Some((index, event)));
                }
            }
            if running {
                Poll::Pending
            } else {
                Poll::Ready(None)
            }
        });
        let found = found.await;
        if let Some((index, _)) = &found {
            self.turn = (index + 1) % n_choices.max(1);
        }
        found
    }

    /// Whether an answer that ended for `reason` missed a deadline after which there is none.
    fn is_late(&self, reason: FinishReason) -> bool {
        self.times.late == Late::Refuse && reason == FinishReason::Length && self.is_past_deadline()
    }

    fn is_past_deadline(&self) -> bool {
        self.parts.clock.instant() >= self.times.deadline
    }

    async fn end(&mut self) -> Result<Piece, Refused> {
        // An answer that waits for a second person is kept before anybody hears of it.
        let held = match self.hold().await {
            Ok(held) => held,
            Err(refused) => return Err(self.fail(refused).await),
        };
        let closing = self.closing(Verdict::Answered);
        let usage = closing.usage;
        self.close(closing).await?;
        let explained = self.explain.is_some();
        let end = |(choice, held): (&mut Choice, Option<Hold>)| ChoiceEnd {
            reason: choice.reason(),
            masked: (explained && !choice.is_held()).then(|| choice.take_masked()),
            held,
        };
        Ok(Piece::End(Ended {
            usage,
            choices: self.choices.iter_mut().zip(held).map(end).collect(),
        }))
    }

    /// Keeps the answers that are held; what became of each.
    async fn hold(&mut self) -> Result<Vec<Option<Hold>>, Refused> {
        let mut holds = Vec::with_capacity(self.choices.len());
        for (choice, own) in (0..).zip(&mut self.choices) {
            let held = match (own.take_held(), &self.admitted) {
                (Some((text, rules)), Some(admitted)) => {
                    let broken = Broken {
                        by: (Arc::clone(admitted.principal()), admitted.request()),
                        use_case: admitted.terms().name.clone(),
                        model: self.served.name.clone(),
                        choice,
                        rules,
                    };
                    Some(self.parts.hold(broken, text).await?)
                }
                _ => None,
            };
            holds.push(held);
        }
        Ok(holds)
    }

    /// What the audit log is told: the first answer's reason, and what all cost.
    fn closing(&self, verdict: Verdict) -> Closing {
        let mut usage = TokenUsage::default();
        let mut restored = RestoreStats::default();
        let mut screened: BTreeMap<&'static str, u32> = BTreeMap::new();
        let (mut queue, mut first_token) = (Duration::ZERO, None::<Duration>);
        for choice in &self.choices {
            let (own, timings) = choice.cost();
            // What the later answers find in the cache, the first put there.
            if usage.prompt == 0 {
                (usage.prompt, usage.cached) = (own.prompt, own.cached);
            }
            for (sum, own) in [
                (&mut usage.completion, own.completion),
                (&mut usage.reasoning, own.reasoning),
                (&mut usage.accepted_prediction, own.accepted_prediction),
                (&mut usage.rejected_prediction, own.rejected_prediction),
            ] {
                *sum = sum.saturating_add(own);
            }
            let stats = choice.restored();
            restored.restored += stats.restored;
            restored.unknown += stats.unknown + stats.beyond;
            for (rule, n) in choice.screened() {
                *screened.entry(rule.as_str()).or_default() += n;
            }
            queue = queue.max(timings.queued);
            first_token = match (first_token, timings.first_token) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let now = self.parts.clock.instant();
        Closing {
            finish: self.choices.first().map(Choice::reason),
            usage,
            restored: restored.restored,
            unknown_placeholders: restored.unknown,
            screened,
            timings: ClosingTimings {
                queue,
                first_token: first_token.unwrap_or_default(),
                total: now.saturating_duration_since(self.times.arrived),
            },
            ..Closing::new(verdict, 200)
        }
    }

    async fn fail(&mut self, refused: Refused) -> Refused {
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
            let model = &self.served.name;
            self.parts.close(admitted, model, closing).await?;
        }
        Ok(())
    }
}

/// Dropped before its end: the client went away. The streams' own drop cancels the generations.
impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(admitted) = self.admitted.take() {
            let closing = self.closing(Verdict::Cancelled);
            let model = &self.served.name;
            self.parts.close_detached(admitted, model, closing);
        }
    }
}
