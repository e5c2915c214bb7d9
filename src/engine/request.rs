//! One request's side of a sequence: its choices, its output and who listens.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::telemetry::{Metrics, names};
use crate::types::{FinishReason, Sensitive, TokenUsage};

use super::event::{EngineFailure, Event, Timings};
use super::limits::GenerationLimits;
use super::output::Output;
use super::sampler::Choice;
use super::text::TextDecoder;

pub(super) struct Request {
    pub(super) choice: Choice,
    output: Output,
    limits: GenerationLimits,
    events: mpsc::Sender<Event>,
    n_prompt: u32,
    submitted: Instant,
    began: Option<Instant>,
    first_token: Option<Instant>,
    last_token: Option<Instant>,
}

impl Request {
    /// `came` says how many tokens the prompt has and when it was submitted.
    pub(super) fn new(
        choice: Choice,
        decoder: Box<dyn TextDecoder>,
        limits: GenerationLimits,
        events: mpsc::Sender<Event>,
        came: (usize, Instant),
    ) -> Self {
        Self {
            choice,
            output: Output::new(decoder, &limits),
            limits,
            events,
            n_prompt: u32::try_from(came.0).unwrap_or(u32::MAX),
            submitted: came.1,
            began: None,
            first_token: None,
            last_token: None,
        }
    }

    /// Its first step begins. Says how many tokens its prompt has.
    pub(super) fn begin(&mut self, now: Instant, metrics: &Metrics) -> u32 {
        self.began = Some(now);
        metrics.observe(names::QUEUE_WAIT, now.duration_since(self.submitted), &[]);
        self.n_prompt
    }

    /// A token was chosen.
    pub(super) fn note_token(&mut self, now: Instant, metrics: &Metrics) {
        match self.last_token.replace(now) {
            Some(last) => metrics.observe(names::INTER_TOKEN, now.duration_since(last), &[]),
            None => {
                self.first_token = Some(now);
                let since = now.duration_since(self.submitted);
                metrics.observe(names::TIME_TO_FIRST_TOKEN, since, &[]);
            }
        }
    }

    /// Sends what `token` completes; the reason if it was the last.
    pub(super) fn emit(&mut self, token: u32, ends: bool) -> Option<FinishReason> {
        let step = self.output.push(token, ends && !self.limits.ignores_end());
        if let Some(text) = step.text {
            self.send(Event::Delta(Sensitive::new(text)));
        }
        step.finish
    }

    /// How the request must end now, if it must.
    pub(super) fn verdict(
        &self,
        now: Instant,
        queue_timeout: Duration,
    ) -> Option<Result<FinishReason, EngineFailure>> {
        if self.events.is_closed() {
            return Some(Ok(FinishReason::Cancelled));
        }
        let late = self
            .limits
            .deadline()
            .is_some_and(|deadline| now >= deadline);
        if self.began.is_none() {
            let waited = now.duration_since(self.submitted);
            return (late || waited >= queue_timeout).then_some(Err(EngineFailure::QueueTimeout));
        }
        late.then_some(Ok(FinishReason::Length))
    }

    pub(super) fn finish(mut self, reason: FinishReason) {
        if let Some(text) = self.output.cut() {
            self.send(Event::Delta(Sensitive::new(text)));
        }
        let usage = TokenUsage {
            prompt: self.n_prompt,
            cached: 0,
            completion: self.output.n_tokens(),
        };
        let timings = self.timings();
        self.send(Event::Finished {
            reason,
            usage,
            timings,
        });
    }

    pub(super) fn fail(self, failure: EngineFailure) {
        self.send(Event::Failed(failure));
    }

    fn timings(&self) -> Timings {
        let between = |from: Option<Instant>, to: Option<Instant>| match (from, to) {
            (Some(from), Some(to)) => to.duration_since(from),
            _ => Duration::ZERO,
        };
        Timings {
            queued: between(Some(self.submitted), self.began),
            prefill: between(self.began, self.first_token),
            decode: between(self.first_token, self.last_token),
            first_token: self.first_token.map(|at| at.duration_since(self.submitted)),
        }
    }

    /// The channel has room for every event of a request; a receiver that is gone needs none.
    fn send(&self, event: Event) {
        let _ = self.events.try_send(event);
    }
}
