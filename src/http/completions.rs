//! `POST /v1/completions`: OpenAI's older form, a text that goes on.

mod form;
mod request;

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream, StreamExt as _};
use serde_json::{Value, json};

use crate::pipeline::{Answer, Part, Piece};
use crate::types::{RequestId, TokenUsage};

use self::form::{Form, Logprobs, finish, usage};
pub(super) use self::request::CompletionRequest;
use super::auth::authenticate;
use super::body::read_json;
use super::headers::recorded;
use super::{ApiError, App, held, inputs};

pub(super) async fn complete(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "completions")).await?;
    let deadline = app.deadlines.of(&head.headers)?;
    let body = read_json(&head.headers, body, app.bounds).await?;
    let mut asked = CompletionRequest::parse(body, request)?;
    asked
        .asks
        .iter_mut()
        .for_each(|ask| ask.deadline = deadline);
    let mut answers = Vec::with_capacity(asked.asks.len());
    // Each text is a request of its own: masked alone, recorded alone. If one can't be taken, dropping the others
    // cancels them.
    for ask in asked.asks {
        let answer = app.pipeline.chat(&principal, ask).await;
        answers.push(answer.map_err(|refused| inputs::api_error(&refused, "prompt"))?);
    }
    let Some(first) = answers.first() else {
        return Err(ApiError::internal());
    };
    let headers = recorded(first.entry(), first.rate());
    let form = Form {
        id: format!("cmpl-{}", request.hex()),
        created: app.clock.now().as_secs(),
        model: first.model().to_string(),
        n: asked.n,
        logprobs: asked.logprobs,
        echo: asked.echo,
        include_usage: asked.include_usage,
    };
    let mut response = if asked.stream {
        streamed(form, answers)
    } else {
        whole(&form, answers).await?
    };
    response.headers_mut().extend(headers);
    Ok(response)
}

/// One choice of a whole answer.
#[derive(Debug, Default)]
struct Choice {
    text: String,
    logprobs: Logprobs,
    finish: Value,
}

/// What the answers to one text are.
struct Collected {
    choices: Vec<Choice>,
    usage: TokenUsage,
    /// What is said beside them.
    extension: Option<Value>,
}

async fn whole(form: &Form, answers: Vec<Answer>) -> Result<Response, ApiError> {
    let all = answers
        .into_iter()
        .enumerate()
        .map(|(at, answer)| collect(form, at, answer));
    let (mut choices, mut total) = (Vec::new(), TokenUsage::default());
    let mut extension = None;
    for done in futures_util::future::join_all(all).await {
        let own = done?;
        choices.extend(own.choices);
        total = form::sum(total, own.usage);
        extension = form::joined(extension, own.extension);
    }
    let choices: Vec<Value> = choices
        .into_iter()
        .enumerate()
        .map(|(index, choice)| {
            let logprobs = form.logprobs.then(|| choice.logprobs.json());
            form::choice(index, &choice.text, logprobs.as_ref(), &choice.finish)
        })
        .collect();
    let mut body = form.base();
    body["choices"] = json!(choices);
    body["usage"] = usage(total);
    if let Some(extension) = extension {
        body["bailiwick"] = extension;
    }
    Ok(Json(body).into_response())
}

/// The choices of the text that is `at` this place.
async fn collect(form: &Form, at: usize, mut answer: Answer) -> Result<Collected, ApiError> {
    let echo = || form.echo.get(at).map(|text| text.expose().clone());
    let start = |_| Choice {
        text: echo().unwrap_or_default(),
        ..Choice::default()
    };
    let mut choices: Vec<Choice> = (0..answer.n_choices()).map(start).collect();
    loop {
        let piece = answer.next().await;
        match piece.map_err(|refused| inputs::api_error(&refused, "prompt"))? {
            Some(Piece::Choice(index, part)) => {
                let Some(choice) = choices.get_mut(index) else {
                    return Err(ApiError::internal());
                };
                match part {
                    Part::Text(text) | Part::Reasoning(text) => choice.text.push_str(text.expose()),
                    Part::Logprobs(tokens) => choice.logprobs.extend(&tokens),
                    Part::Arguments { .. } | Part::End(_) | Part::ToolCall { .. } => {}
                }
            }
            Some(Piece::End(ended)) => {
                for (choice, end) in choices.iter_mut().zip(&ended.choices) {
                    choice.finish = finish(end.reason);
                }
                return Ok(Collected {
                    choices,
                    usage: ended.usage,
                    extension: held::extended(None, &ended, form.place(at, 0)),
                });
            }
            None => return Err(ApiError::internal()),
        }
    }
}

fn streamed(form: Form, answers: Vec<Answer>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events(form, answers))).into_response()
}

/// What one text's answers give: an event, or what it cost, or the end of all.
enum Given {
    Event(Value),
    Cost(TokenUsage),
    Failed(Value),
}

/// Server-sent events of all texts as they come, the usage where it was asked for, `[DONE]`. An error is the last
/// event.
fn events(form: Form, answers: Vec<Answer>) -> impl Stream<Item = Result<String, Infallible>> {
    let form = std::sync::Arc::new(form);
    let streams = answers.into_iter().enumerate().map(|(at, answer)| {
        let form = std::sync::Arc::clone(&form);
        Box::pin(given(form, at, answer))
    });
    let all = stream::select_all(streams);
    let state = Some((all, TokenUsage::default()));
    stream::unfold(
        (state, Vec::new(), form),
        |(state, mut rest, form)| async move {
            if let Some(event) = rest.pop() {
                return Some((Ok(event), (state, rest, form)));
            }
            let (mut all, mut total) = state?;
            loop {
                match all.next().await {
                    Some(Given::Event(body)) => {
                        return Some((Ok(data(&body)), (Some((all, total)), rest, form)));
                    }
                    Some(Given::Cost(used)) => total = form::sum(total, used),
                    Some(Given::Failed(body)) => {
                        return Some((Ok(data(&body)), (None, rest, form)));
                    }
                    None => {
                        rest.push("data: [DONE]\n\n".to_owned());
                        if form.include_usage {
                            let mut body = form.base();
                            body["choices"] = json!([]);
                            body["usage"] = usage(total);
                            rest.push(data(&body));
                        }
                        let event = rest.pop()?;
                        return Some((Ok(event), (None, rest, form)));
                    }
                }
            }
        },
    )
}

fn data(body: &Value) -> String {
    format!("data: {body}\n\n")
}

/// Where the answers to one text stand.
struct Standing {
    form: std::sync::Arc<Form>,
    at: usize,
    answer: Answer,
    /// Chances that wait for the text that they go with.
    waiting: Vec<Logprobs>,
    /// Choices whose text is still to be shown before them.
    echo: std::ops::Range<usize>,
    /// How the choices ended.
    ends: VecDeque<(usize, Value)>,
    /// What the last of them says beside.
    extension: Option<Value>,
    over: bool,
}

fn given(form: std::sync::Arc<Form>, at: usize, answer: Answer) -> impl Stream<Item = Given> {
    let n = answer.n_choices();
    let echoed = if form.echo.is_empty() { 0 } else { n };
    let standing = Standing {
        at,
        waiting: vec![Logprobs::default(); n],
        echo: 0..echoed,
        ends: VecDeque::new(),
        extension: None,
        over: false,
        answer,
        form,
    };
    stream::unfold(standing, |mut standing| async move {
        let given = standing.next().await?;
        Some((given, standing))
    })
}

impl Standing {
    async fn next(&mut self) -> Option<Given> {
        if let Some(choice) = self.echo.next() {
            let text = self.form.echo.get(self.at)?.clone();
            return Some(self.event(choice, text.expose(), &Value::Null));
        }
        if let Some((index, finish)) = self.ends.pop_front() {
            let mut event = self.event(index, "", &finish);
            if let Given::Event(body) = &mut event
                && self.ends.is_empty()
                && let Some(extension) = self.extension.take()
            {
                body["bailiwick"] = extension;
            }
            return Some(event);
        }
        if self.over {
            return None;
        }
        loop {
            match self.answer.next().await {
                Ok(Some(Piece::Choice(index, part))) => match part {
                    Part::Text(text) | Part::Reasoning(text) => {
                        return Some(self.event(index, text.expose(), &Value::Null));
                    }
                    Part::Logprobs(tokens) => self.waiting.get_mut(index)?.extend(&tokens),
                    // Said when the request is recorded.
                    Part::Arguments { .. } | Part::End(_) | Part::ToolCall { .. } => {}
                },
                Ok(Some(Piece::End(ended))) => {
                    self.over = true;
                    let ends = ended.choices.iter().enumerate();
                    let ends = ends.map(|(index, end)| (index, finish(end.reason)));
                    self.ends = ends.collect();
                    self.extension = held::extended(None, &ended, self.form.place(self.at, 0));
                    return Some(Given::Cost(ended.usage));
                }
                Ok(None) => {
                    self.over = true;
                    return Some(Given::Failed(ApiError::internal().body()));
                }
                Err(refused) => {
                    self.over = true;
                    return Some(Given::Failed(inputs::api_error(&refused, "prompt").body()));
                }
            }
        }
    }

    fn event(&mut self, index: usize, text: &str, finish: &Value) -> Given {
        let logprobs = self.waiting.get_mut(index).filter(|_| self.form.logprobs);
        let logprobs = logprobs.map(Logprobs::take);
        let place = self.form.place(self.at, index);
        let mut body = self.form.base();
        body["choices"] = json!([form::choice(place, text, logprobs.as_ref(), finish)]);
        if self.form.include_usage {
            body["usage"] = Value::Null;
        }
        Given::Event(body)
    }
}
