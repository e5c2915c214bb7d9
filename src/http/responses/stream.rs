//! A response as server-sent events, in OpenAI's order, each with the next sequence number.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use serde_json::{Value, json};

use crate::pipeline::{Answer, Ended, Piece};
use crate::types::SharedClock;

use super::super::chat_answer::{explained, explanation, extension};
use super::super::convert::api_error;
use super::super::{ApiError, held};
use super::object::{Form, Status};
use super::output::Output;

/// A response on its way.
#[derive(Debug)]
struct Sending {
    form: Form,
    answer: Answer,
    clock: SharedClock,
    output: Output,
    explain: Option<Value>,
    sequence: u64,
    over: bool,
}

pub(super) fn streamed(form: Form, answer: Answer, clock: SharedClock) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let sending = Sending {
        output: Output::new(form.hex()),
        explain: explanation(&answer),
        form,
        answer,
        clock,
        sequence: 0,
        over: false,
    };
    (headers, Body::from_stream(events(sending))).into_response()
}

fn events(sending: Sending) -> impl Stream<Item = Result<String, Infallible>> {
    futures_util::stream::unfold(sending, |mut sending| async move {
        let text = sending.next().await?;
        Some((Ok(text), sending))
    })
}

impl Sending {
    /// The next events as they are sent; `None` after the last.
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        if self.sequence == 0 {
            let object = self.form.object(Status::InProgress, &[]);
            return Some(self.written(vec![
                json!({"type": "response.created", "response": object}),
                json!({"type": "response.in_progress", "response": object}),
            ]));
        }
        loop {
            let events = match self.answer.next().await {
                Ok(Some(Piece::Choice(_, part))) => self.output.take(part),
                Ok(Some(Piece::End(ended))) => {
                    let explain = explained(self.explain.take(), &ended);
                    let reason = ended.choices.first().map(|choice| choice.reason);
                    let status = reason.map_or(Status::Completed, Status::of);
                    self.ended(status, &ended, explain)
                }
                Ok(None) => self.failed(&ApiError::internal()),
                Err(refused) => self.failed(&api_error(&refused)),
            };
            if !events.is_empty() {
                return Some(self.written(events));
            }
        }
    }

    fn ended(&mut self, status: Status, ended: &Ended, explain: Option<Value>) -> Vec<Value> {
        self.over = true;
        let mut events = self.output.end(status.item());
        let now = self.clock.now().as_secs();
        let mut object = self.form.ended((status, now), &self.output, ended.usage);
        let said = std::iter::once(self.output.said());
        let sources = self.answer.sources();
        let extra = extension(explain, sources.as_deref(), said);
        if let Some(extra) = held::extended(extra, ended, 0) {
            object["bailiwick"] = extra;
        }
        let name = format!("response.{}", status.as_str());
        events.push(json!({"type": name, "response": object}));
        events
    }

    /// What was said stays said; the response says that it failed.
    fn failed(&mut self, error: &ApiError) -> Vec<Value> {
        self.over = true;
        let items = self.output.items(Status::Failed.item());
        let object = self.form.failed(error, &items);
        vec![json!({"type": "response.failed", "response": object})]
    }

    fn written(&mut self, events: Vec<Value>) -> String {
        let mut text = String::new();
        for mut event in events {
            event["sequence_number"] = json!(self.sequence);
            self.sequence += 1;
            let name = event["type"].as_str().unwrap_or_default().to_owned();
            text.push_str(&format!("event: {name}\ndata: {event}\n\n"));
        }
        text
    }
}
