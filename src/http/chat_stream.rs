//! A chat completion as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use serde_json::{Value, json};

use crate::pipeline::{Answer, Ended, Part, Piece, Sources};

use super::chat_answer::{
    Form, explained, explanation, extension, logprob, logprobs_object, reasoning, usage,
};
use super::convert::api_error;
use super::{ApiError, held};

pub(super) fn streamed(form: Form, answer: Answer) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events(form, answer))).into_response()
}

/// One answer on its way out.
struct Streaming {
    form: Form,
    /// `None` after its end.
    answer: Option<Answer>,
    explain: Option<Value>,
    sources: Option<Arc<Sources>>,
    /// What was said so far, by choice, where that is wanted for its sources.
    said: Vec<String>,
    /// Chances whose text has not gone out yet, by choice.
    logprobs: Vec<Vec<Value>>,
    /// Events that are ready.
    ready: VecDeque<String>,
}

/// Server-sent events: of each choice the role, what it says, its end; the usage where it was asked for,
/// `[DONE]`. An error is the last event.
fn events(form: Form, answer: Answer) -> impl Stream<Item = Result<String, Infallible>> {
    futures_util::stream::unfold(Streaming::new(form, answer), |mut own| async move {
        while own.ready.is_empty() {
            own.advance().await?;
        }
        let event = own.ready.pop_front()?;
        Some((Ok(event), own))
    })
}

impl Streaming {
    fn new(form: Form, answer: Answer) -> Self {
        let n_choices = answer.n_choices();
        let mut own = Self {
            explain: explanation(&answer),
            sources: answer.sources(),
            said: vec![String::new(); n_choices],
            logprobs: vec![Vec::new(); n_choices],
            ready: VecDeque::new(),
            answer: Some(answer),
            form,
        };
        // Where tools may be called there may be no text at all.
        let content = (!own.form.offers_tools).then_some("");
        for index in 0..n_choices {
            let delta = json!({"role": "assistant", "content": content, "refusal": null});
            own.say(index, &delta);
        }
        own
    }

    /// Makes the next events; `None` when there are no more.
    async fn advance(&mut self) -> Option<()> {
        match self.answer.as_mut()?.next().await {
            Ok(Some(Piece::Choice(index, part))) => self.part(index, part),
            Ok(Some(Piece::End(ended))) => self.end(&ended),
            Ok(None) => self.fail(&ApiError::internal()),
            Err(refused) => self.fail(&api_error(&refused)),
        }
        Some(())
    }

    fn part(&mut self, index: usize, part: Part) {
        let delta = match part {
            Part::Text(text) => {
                let said = self.said.get_mut(index).filter(|_| self.sources.is_some());
                if let Some(said) = said {
                    said.push_str(text.expose());
                }
                json!({"content": text.expose()})
            }
            Part::Reasoning(text) => {
                let mut delta = json!({});
                reasoning(&mut delta, text.expose());
                delta
            }
            Part::ToolCall {
                index: call,
                id,
                name,
            } => json!({"tool_calls": [{
                "index": call,
                "id": id,
                "type": "function",
                "function": {"name": name, "arguments": ""},
            }]}),
            Part::Arguments { index: call, delta } => json!({"tool_calls": [{
                "index": call,
                "function": {"arguments": delta.expose()},
            }]}),
            Part::Logprobs(own) => {
                if let Some(held) = self.logprobs.get_mut(index) {
                    held.extend(own.iter().map(logprob));
                }
                return;
            }
            // Said when the whole request is recorded.
            Part::End(_) => return,
        };
        self.say(index, &delta);
    }

    fn end(&mut self, ended: &Ended) {
        self.answer = None;
        let last = ended.choices.len().saturating_sub(1);
        let texts = self.said.iter().map(String::as_str);
        let explain = explained(self.explain.take(), ended);
        let extension = extension(explain, self.sources.as_deref(), texts);
        let mut extension = held::extended(extension, ended, 0);
        for (index, end) in ended.choices.iter().enumerate() {
            let mut body = self.chunk(index, &json!({}), &json!(end.reason));
            if index == last
                && let Some(extra) = extension.take()
            {
                body["bailiwick"] = extra;
            }
            self.ready.push_back(data(&body));
        }
        if self.form.include_usage {
            let mut body = self.form.base("chat.completion.chunk");
            body["choices"] = json!([]);
            body["usage"] = usage(ended.usage);
            self.ready.push_back(data(&body));
        }
        self.ready.push_back("data: [DONE]\n\n".to_owned());
    }

    fn fail(&mut self, error: &ApiError) {
        self.answer = None;
        self.ready.push_back(data(&error.body()));
    }

    fn say(&mut self, index: usize, delta: &Value) {
        let body = self.chunk(index, delta, &Value::Null);
        self.ready.push_back(data(&body));
    }

    fn chunk(&mut self, index: usize, delta: &Value, finish: &Value) -> Value {
        let held = self.logprobs.get_mut(index).map(std::mem::take);
        let logprobs = held
            .filter(|own| !own.is_empty())
            .map(|own| logprobs_object(&own));
        let mut body = self.form.base("chat.completion.chunk");
        body["choices"] = json!([{
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish,
        }]);
        if self.form.include_usage {
            body["usage"] = Value::Null;
        }
        body
    }
}

fn data(body: &Value) -> String {
    format!("data: {body}\n\n")
}
