//! What a request hears of its generation.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use tokio::sync::mpsc;

use crate::types::{FinishReason, LogSafe, Sensitive, TokenUsage};

/// One thing that happened. After `Finished` or `Failed` nothing follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// More of the answer: whole characters, never empty.
    Delta(Sensitive<String>),
    /// It failed.
    Failed(EngineFailure),
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

/// The events of one request. Dropping it cancels the generation within a step.
#[derive(Debug)]
pub struct TokenStream {
    events: mpsc::Receiver<Event>,
}

impl TokenStream {
    pub(super) fn new(events: mpsc::Receiver<Event>) -> Self {
        Self { events }
    }

    /// The next event; `None` after the last one.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next event, for callers outside an asynchronous runtime (it panics inside one).
    pub fn blocking_next(&mut self) -> Option<Event> {
        self.events.blocking_recv()
    }
}

impl Stream for TokenStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.poll_recv(cx)
    }
}
