//! What a request hears of its generation.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use tokio::sync::mpsc;

use crate::types::{FinishReason, LogSafe, Sensitive, TokenUsage};

/// One thing that happened. After `Finished` or `Failed` nothing follows.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// More of the answer: whole characters, never empty.
    Delta(Sensitive<String>),
    /// It failed.
    Failed(EngineFailure),
    /// The chances of the next token, where they were asked for; before the text that it completes.
    Logprobs(Sensitive<Logprobs>),
    /// It is complete.
    Finished {
        /// Why it ended.
        reason: FinishReason,
        /// What it cost.
        usage: TokenUsage,
        /// How long it took.
        timings: Timings,
    },
}

/// How likely a token was, and what else was likely: natural logarithms of the model's own probabilities,
/// before temperature, penalties and masks.
#[derive(Clone, Debug, PartialEq)]
pub struct Logprobs {
    /// The token that was chosen.
    pub token: u32,
    /// Its own.
    pub logprob: f32,
    /// The likeliest tokens, likeliest first, the lower id of equals first.
    pub top: Vec<(u32, f32)>,
}

/// Why a generation that was accepted has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineFailure {
    /// The model returned an error.
    #[error("the model could not compute the next token")]
    Model,
    /// A panic; the engine started again.
    #[error("the engine failed and was started again")]
    Panicked,
    /// Nothing began within the queue's time limit or before the deadline.
    #[error("the request waited too long for its turn")]
    QueueTimeout,
    /// The server is going down and did not wait any longer.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The engine ended without a word.
    #[error("the engine has stopped")]
    Stopped,
    /// The engine failed too often to go on.
    #[error("the engine is out of service")]
    Unready,
}

impl EngineFailure {
    /// The name in metrics and audit entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Panicked => "panicked",
            Self::QueueTimeout => "queue_timeout",
            Self::ShuttingDown => "shutting_down",
            Self::Stopped => "stopped",
            Self::Unready => "unready",
        }
    }
}

impl LogSafe for EngineFailure {}

/// How long the parts of a generation took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// From submission to the first step.
    pub queued: Duration,
    /// From the first step to the first token.
    pub prefill: Duration,
    /// From the first token to the last.
    pub decode: Duration,
    /// From submission to the first token; `None` if there was none.
    pub first_token: Option<Duration>,
}

/// The events of one request: the last is [`Event::Finished`] or [`Event::Failed`], whatever happens to the
/// engine. Dropping it cancels the generation within a step.
///
/// There is room for all events of the request, so a reader who is slow, or doesn't read, holds up nobody: the
/// generation goes on, within its own limits, and its place is free when it ends.
#[derive(Debug)]
pub struct TokenStream {
    events: mpsc::Receiver<Event>,
    ended: bool,
}

impl TokenStream {
    pub(super) fn new(events: mpsc::Receiver<Event>) -> Self {
        Self {
            events,
            ended: false,
        }
    }

    /// The next event; `None` after the last one.
    pub async fn next(&mut self) -> Option<Event> {
        let next = self.events.recv().await;
        self.note(next)
    }

    /// The next event, for callers outside an asynchronous runtime (it panics inside one).
    pub fn blocking_next(&mut self) -> Option<Event> {
        let next = self.events.blocking_recv();
        self.note(next)
    }

    /// The engine's end without a word is a failure too.
    fn note(&mut self, next: Option<Event>) -> Option<Event> {
        let next = match next {
            None if !self.ended => Some(Event::Failed(EngineFailure::Stopped)),
            next => next,
        };
        self.ended |= matches!(next, None | Some(Event::Failed(_) | Event::Finished { .. }));
        next
    }
}

impl Stream for TokenStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let next = std::task::ready!(self.events.poll_recv(cx));
        Poll::Ready(self.note(next))
    }
}
