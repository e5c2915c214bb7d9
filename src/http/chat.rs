//! `POST /v1/chat/completions`.

use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use serde_json::{Value, json};

use crate::pipeline::{Answer, Ended, Piece};
use crate::types::{RequestId, TokenUsage};

use super::auth::authenticate;
use super::body::read_json;
use super::chat_request::ChatRequest;
use super::convert::api_error;
use super::headers::recorded;
use super::{ApiError, App};

pub(super) async fn complete(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "chat.completions")).await?;
    let parsed = ChatRequest::parse(read_json(&head.headers, body, app.bounds).await?, request)?;
    let (stream, include_usage) = (parsed.stream, parsed.include_usage);
    let answer = app
        .pipeline
        .chat(&principal, parsed.ask)
        .await
        .map_err(|refused| api_error(&refused))?;
    let form = Form {
        id: format!("chatcmpl-{}", request.hex()),
        created: app.clock.now().as_secs(),
        model: answer.model().to_string(),
        include_usage,
    };
    let headers = recorded(answer.entry(), answer.rate());
    let mut response = if stream {
        streamed(form, answer)
    } else {
        whole(&form, answer).await?
    };
    response.headers_mut().extend(headers);
    Ok(response)
}

/// What every object of one answer has in common.
#[derive(Debug)]
struct Form {
    id: String,
    created: i64,
    model: String,
    include_usage: bool,
}

async fn whole(form: &Form, mut answer: Answer) -> Result<Response, ApiError> {
    let explain = explanation(&answer);
    let mut content = String::new();
    loop {
        match answer.next().await.map_err(|refused| api_error(&refused))? {
            Some(Piece::Text(text)) => content.push_str(text.expose()),
            Some(Piece::End(ended)) => {
                let mut body = json!({
                    "id": form.id,
                    "object": "chat.completion",
                    "created": form.created,
                    "model": form.model,
                    "choices": [{
                        "index": 0,
                        "message": {"role": "assistant", "content": content, "refusal": null},
                        "logprobs": null,
                        "finish_reason": ended.reason,
                    }],
                    "usage": usage(ended.usage),
                });
                if let Some(value) = explained(explain, &ended) {
                    body["bailiwick"] = value;
                }
                return Ok(Json(body).into_response());
            }
            None => return Err(ApiError::internal()),
        }
    }
}

fn streamed(form: Form, answer: Answer) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events(form, answer))).into_response()
}

/// Where a stream stands.
enum Step {
    Start,
    Text,
    Usage(TokenUsage),
    Done,
    Over,
}

/// Server-sent events: the role, the text, the end, the usage where it was asked for, `[DONE]`. An error
/// is the last event.
fn events(form: Form, answer: Answer) -> impl Stream<Item = Result<String, Infallible>> {
    let explain = explanation(&answer);
    let state = (form, answer, explain, Step::Start);
    futures_util::stream::unfold(state, |(form, mut answer, mut explain, step)| async move {
        let (event, next) = match step {
            Step::Start => {
                let delta = json!({"role": "assistant", "content": "", "refusal": null});
                (chunk(&form, &delta, &Value::Null, None), Step::Text)
            }
            Step::Text => match answer.next().await {
                Ok(Some(Piece::Text(text))) => (
                    chunk(
                        &form,
                        &json!({"content": text.expose()}),
                        &Value::Null,
                        None,
                    ),
                    Step::Text,
                ),
                Ok(Some(Piece::End(ended))) => {
                    let extra = explained(explain.take(), &ended);
                    let next = if form.include_usage {
                        Step::Usage(ended.usage)
                    } else {
                        Step::Done
                    };
                    (chunk(&form, &json!({}), &json!(ended.reason), extra), next)
                }
                Ok(None) => (data(&ApiError::internal().body()), Step::Over),
                Err(refused) => (data(&api_error(&refused).body()), Step::Over),
            },
            Step::Usage(used) => {
                let mut body = base(&form);
                body["choices"] = json!([]);
                body["usage"] = usage(used);
                (data(&body), Step::Done)
            }
            Step::Done => ("data: [DONE]\n\n".to_owned(), Step::Over),
            Step::Over => return None,
        };
        Some((Ok(event), (form, answer, explain, next)))
    })
}

fn base(form: &Form) -> Value {
    json!({"id": form.id, "object": "chat.completion.chunk", "created": form.created, "model": form.model})
}

fn chunk(form: &Form, delta: &Value, finish: &Value, extra: Option<Value>) -> String {
    let mut body = base(form);
    body["choices"] =
        json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
    if form.include_usage {
        body["usage"] = Value::Null;
    }
    if let Some(extra) = extra {
        body["bailiwick"] = extra;
    }
    data(&body)
}

fn data(body: &Value) -> String {
    format!("data: {body}\n\n")
}

fn usage(usage: TokenUsage) -> Value {
    json!({
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    })
}

/// What the caller asked to see: placeholders, counts and names of fields, never a value.
fn explanation(answer: &Answer) -> Option<Value> {
    let explain = answer.explain()?;
    let messages: Vec<Value> = explain
        .masked_messages
        .iter()
        .map(|message| json!({"role": message.role, "content": message.content.expose()}))
        .collect();
    let entities: serde_json::Map<String, Value> = explain
        .entities
        .iter()
        .map(|(entity, count)| (entity.label().to_owned(), json!(count)))
        .collect();
    Some(json!({
        "audit_entry": answer.entry(),
        "masked_messages": messages,
        "entities": entities,
        "dropped_fields": {"count": explain.dropped.count, "names": explain.dropped.names},
    }))
}

fn explained(explain: Option<Value>, ended: &Ended) -> Option<Value> {
    let mut value = explain?;
    value["masked_answer"] = json!(ended.masked.as_ref().map(|text| text.expose().as_str()));
    Some(value)
}
