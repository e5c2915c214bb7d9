//! One answer of a request: from the engine's events to what the caller gets.

use std::collections::VecDeque;

use crate::engine::{Event, Timings, TokenStream};
use crate::redact::{RestoreStats, ScreenCounts};
use crate::types::{FinishReason, Sensitive, TokenUsage};

use super::answer::Part;
use super::held::HeldText;
use super::reader::Reader;

/// One answer that is being generated.
#[derive(Debug)]
pub(super) struct Choice {
    /// `None` once nothing more is wanted of it.
    stream: Option<TokenStream>,
    /// Tokens of the prompt.
    n_prompt: u32,
    reader: Reader,
    ready: VecDeque<Part>,
    /// Whether nothing is given before the end: of an answer that is held, nothing is given at all.
    whole: bool,
    ended: Option<(FinishReason, TokenUsage, Timings)>,
}

impl Choice {
    /// An answer that `stream` brings and `reader` reads; `prefix` is its start, which the prompt holds. `whole`: it is
    /// given at its end, and only if it is not held.
    pub(super) fn new(
        (stream, n_prompt): (TokenStream, u32),
        (mut reader, whole): (Reader, bool),
        prefix: Option<&str>,
    ) -> Self {
        let mut ready = VecDeque::new();
        if let Some(prefix) = prefix {
            reader.push(prefix, &mut ready);
        }
        Self {
            stream: Some(stream),
            n_prompt,
            reader,
            ready,
            whole,
            ended: None,
        }
    }

    /// What is ready for the caller.
    pub(super) fn ready(&mut self) -> Option<Part> {
        if self.whole && self.ended.is_none() {
            return None;
        }
        self.ready.pop_front()
    }

    /// Where events come from; `None` after the end.
    pub(super) fn running(&mut self) -> Option<&mut TokenStream> {
        self.stream.as_mut().filter(|_| self.ended.is_none())
    }

    /// Takes an event that is no failure.
    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::Delta(delta) => {
                self.reader.push(delta.expose(), &mut self.ready);
                self.check();
            }
            Event::Logprobs(logprobs) => self.reader.note_logprobs(logprobs.expose()),
            Event::Finished {
                reason,
                usage,
                timings,
            } => {
                let reason = self.reader.finish(reason, &mut self.ready);
                self.end(reason);
                let reasoning = self.reader.n_reasoning();
                let usage = TokenUsage { reasoning, ..usage };
                self.ended = Some((reason, usage, timings));
            }
            Event::Failed(_) => {}
        }
    }

    /// Ends an answer that a rule of screening stopped: its generation is cancelled.
    fn check(&mut self) {
        if !self.reader.is_stopped() || self.ended.is_some() {
            return;
        }
        self.stream = None;
        let reason = FinishReason::ContentFilter;
        self.end(reason);
        let usage = TokenUsage {
            prompt: self.n_prompt,
            completion: self.reader.n_spoken(),
            reasoning: self.reader.n_reasoning(),
            ..TokenUsage::default()
        };
        self.ended = Some((reason, usage, Timings::default()));
    }

    /// Nothing follows. Whoever gets an answer whole gets nothing of one that is held: it is decided on as a whole.
    fn end(&mut self, reason: FinishReason) {
        if self.whole && self.reader.is_held() {
            self.ready.clear();
        }
        self.ready.push_back(Part::End(reason));
    }

    /// Whether a rule of screening holds it.
    pub(super) const fn is_held(&self) -> bool {
        self.reader.is_held()
    }

    /// The whole answer, if it is held, and the rules that it broke.
    pub(super) fn take_held(&mut self) -> Option<(HeldText, Vec<String>)> {
        self.reader.take_held()
    }

    /// How often each rule of screening was broken.
    pub(super) fn screened(&self) -> ScreenCounts {
        self.reader.screened()
    }

    /// Why it ended; while it runs, that it was cancelled.
    pub(super) fn reason(&self) -> FinishReason {
        let ended = self.ended.as_ref();
        ended.map_or(FinishReason::Cancelled, |(reason, ..)| *reason)
    }

    /// What it cost and how long it took, once it ended.
    pub(super) fn cost(&self) -> (TokenUsage, Timings) {
        let ended = self.ended.as_ref();
        ended.map_or_else(Default::default, |(_, usage, timings)| (*usage, *timings))
    }

    /// What was put back so far.
    pub(super) fn restored(&self) -> RestoreStats {
        self.reader.restored()
    }

    /// The answer as the model gave it, where it was kept.
    pub(super) fn take_masked(&mut self) -> Sensitive<String> {
        self.reader.take_masked()
    }
}
