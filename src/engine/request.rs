//! One request's side of a sequence: its choices, its output and who listens.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::telemetry::{Metrics, names};
use crate::types::{FinishReason, Sensitive, TokenUsage};

use super::event::{EngineFailure, Event, Logprobs, Timings};
use super::limits::GenerationLimits;
use super::lookup::Lookup;
use super::output::Output;
use super::sampler::Choice;
use super::text::TextDecoder;
use super::worker::Submission;

/// Where a draft comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DraftSource {
    /// The mask knows what comes next.
    Mask,
    /// The prediction, the prompt or the answer so far.
    LookUp,
    /// The draft model.
    Model,
}

impl DraftSource {
    /// As metrics name it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::LookUp => "look-up",
            Self::Model => "draft-model",
        }
    }
}

pub(super) struct Request {
    pub(super) choice: Choice,
    output: Output,
    pins: bool,
    limits: GenerationLimits,
    events: mpsc::Sender<Event>,
    n_logprobs: Option<u8>,
    prediction: Vec<u32>,
    /// Made when it first decodes.
    lookup: Option<Lookup>,
    /// Of the draft that is being verified.
    draft_source: DraftSource,
    n_prompt: u32,
    n_cached: u32,
    submitted: Instant,
    began: Option<Instant>,
    first_token: Option<Instant>,
    last_token: Option<Instant>,
}

impl Request {
    /// The request that `submission` makes, which has `seed` unless it brings its own, and its prompt.
    pub(super) fn new(
        submission: Submission,
        decoder: Box<dyn TextDecoder>,
        seed: u64,
    ) -> (Self, Vec<u32>) {
        let Submission {
            tokens,
            sampling,
            limits,
            extras,
            events,
            submitted,
            ..
        } = submission;
        let request = Self {
            choice: Choice::new(sampling, seed, &tokens, extras.mask),
            output: Output::new(decoder, &limits),
            pins: extras.pins,
            limits,
            events,
            n_logprobs: extras.logprobs,
            prediction: extras.prediction,
            lookup: None,
            draft_source: DraftSource::LookUp,
            n_prompt: u32::try_from(tokens.len()).unwrap_or(u32::MAX),
            n_cached: 0,
            submitted,
            began: None,
            first_token: None,
            last_token: None,
        };
        (request, tokens)
    }

    /// Its first step begins, with `n_cached` tokens of its prompt found. Says how many the prompt has.
    pub(super) fn begin(&mut self, n_cached: usize, now: Instant, metrics: &Metrics) -> u32 {
        self.began = Some(now);
        self.n_cached = u32::try_from(n_cached).unwrap_or(u32::MAX);
        metrics.observe(names::QUEUE_WAIT, now.duration_since(self.submitted), &[]);
        self.n_prompt
    }

    /// Whether what its prompt has in common with others stays in the cache.
    pub(super) fn pins(&self) -> bool {
        self.pins
    }

    /// Whether it has been in a step, in a word.
    pub(super) fn stage(&self) -> &'static str {
        if self.began.is_some() {
            "running"
        } else {
            "queued"
        }
    }

    /// What may come after `tokens`, where that pays: at `least_chance` of being right.
    pub(super) fn draft(&mut self, tokens: &[u32], least_chance: f64) -> Vec<u32> {
        let most = self.most_drafted();
        let certain = self.choice.expects();
        self.draft_source = DraftSource::Mask;
        if !certain.is_empty() {
            return certain.into_iter().take(most).collect();
        }
        self.draft_source = DraftSource::LookUp;
        let lookup = self
            .lookup
            .get_or_insert_with(|| Lookup::new(&self.prediction, tokens));
        lookup.draft(most, least_chance)
    }

    /// How many tokens may come after the next one: the last one needs no successor.
    pub(super) fn most_drafted(&self) -> usize {
        let left = self
            .limits
            .max_tokens()
            .saturating_sub(self.output.n_tokens());
        usize::try_from(left)
            .unwrap_or(usize::MAX)
            .saturating_sub(1)
    }

    /// Whether it goes on after an end token.
    pub(super) fn ignores_end(&self) -> bool {
        self.limits.ignores_end()
    }

    /// What is being verified comes from the draft model.
    pub(super) fn note_draft_of_model(&mut self) {
        self.draft_source = DraftSource::Model;
    }

    /// Where what is being verified comes from.
    pub(super) fn draft_source(&self) -> DraftSource {
        self.draft_source
    }

    /// Of a draft of `n_draft` tokens by look-up, `n_right` came.
    pub(super) fn learn(&mut self, n_draft: usize, n_right: usize) {
        if let Some(lookup) = &mut self.lookup {
            lookup.learn(n_draft, n_right);
        }
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

    /// Counts how it ended and how long its parts took.
    pub(super) fn note_end(&self, reason: FinishReason, now: Instant, metrics: &Metrics) {
        metrics.count(names::GENERATIONS, 1, &[("finish", &reason.as_str())]);
        metrics.observe(names::GENERATION, now.duration_since(self.submitted), &[]);
        if let (Some(began), Some(first), Some(last)) =
            (self.began, self.first_token, self.last_token)
        {
            metrics.observe(names::PREFILL, first.duration_since(began), &[]);
            metrics.observe(names::DECODE, last.duration_since(first), &[]);
        }
    }

    /// Sends the chances of `token`, which was chosen by `row`, if they were asked for.
    pub(super) fn emit_logprobs(&mut self, row: &[f32], token: u32) {
        if let Some(n_top) = self.n_logprobs {
            let logprobs = Logprobs::of(row, token, usize::from(n_top));
            self.send(Event::Logprobs(Sensitive::new(logprobs)));
        }
    }

    /// Sends what `token` completes; the reason if it was the last.
    pub(super) fn emit(&mut self, token: u32, ends: bool) -> Option<FinishReason> {
        if let Some(lookup) = &mut self.lookup {
            lookup.push(token);
        }
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
        let predicted = self.lookup.as_ref().map(Lookup::predicted);
        let predicted = predicted.unwrap_or_default();
        let usage = TokenUsage {
            prompt: self.n_prompt,
            cached: self.n_cached,
            completion: self.output.n_tokens(),
            accepted_prediction: predicted.right,
            rejected_prediction: predicted.wrong,
            ..TokenUsage::default()
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
