//! `POST /v1/connector/chat/completions`: Salesforce's LLM Open Connector.
//!
//! A model registered there is called with a subset of OpenAI's chat completions, and its answers are read
//! strictly: exactly the keys of the contract, nothing `null`, nothing besides. So this endpoint answers in that
//! form, and otherwise is the same way through the server as `/v1/chat/completions`.

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::pipeline::{Answer, ChatAsk, Ended, HeldId, Part, Piece};
use crate::types::RequestId;

use super::auth::authenticate;
use super::body::read_json;
use super::chat_request::ChatRequest;
use super::convert::api_error;
use super::fields::Fields;
use super::headers::recorded;
use super::{ApiError, App, held};

/// Salesforce adds `/chat/completions` to the address that it is given.
pub(super) const PATH: &str = "/v1/connector/chat/completions";
/// The endpoint's name in metrics and the audit log.
pub(super) const ENDPOINT: &str = "open_connector";
/// The header that names the answers that wait for a second person.
const HELD: HeaderName = HeaderName::from_static("x-bailiwick-held");
/// Longest answer in bytes: Apex reads 6 MB, heads included.
const MAX_ANSWER: usize = 5_900_000;
/// What a token takes in an answer at most, all tokens of it together: a few bytes of text, escaped.
const TOKEN_BYTES: u64 = 64;
/// What `parameters` may hold.
const PARAMETERS: [&str; 9] = [
    "bailiwick",
    "frequency_penalty",
    "max_tokens",
    "n",
    "presence_penalty",
    "seed",
    "stop",
    "temperature",
    "top_p",
];

pub(super) async fn complete(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, ENDPOINT)).await?;
    let deadline = app.deadlines.of(&head.headers)?;
    let mut ask = parse(read_json(&head.headers, body, app.bounds).await?, request)?;
    ask.deadline = deadline;
    let answer = app
        .pipeline
        .chat(&principal, ask)
        .await
        .map_err(|refused| api_error(&refused))?;
    let headers = recorded(answer.entry(), answer.rate());
    let created = app.clock.now().as_secs();
    let mut headers = headers;
    let (body, held) = whole(answer, (request, created)).await?;
    if let Ok(value) = HeaderValue::try_from(held) {
        headers.extend((!value.is_empty()).then_some((HELD, value)));
    }
    let body = body.to_string();
    if body.len() > MAX_ANSWER {
        let message = format!("the answer has over {MAX_ANSWER} bytes: ask for fewer tokens");
        return Err(too_large(message));
    }
    let json = [("content-type", "application/json")];
    Ok((headers, json, body).into_response())
}

/// The request in OpenAI's form.
fn parse(body: Value, request: RequestId) -> Result<ChatAsk, ApiError> {
    let mut fields = Fields::new("", body)?;
    let mut chat = Map::new();
    chat.insert("model".to_owned(), fields.required("model")?);
    for name in ["max_tokens", "n", "temperature"] {
        if let Some(value) = fields.take(name) {
            chat.insert(name.to_owned(), value);
        }
    }
    if fields.boolean("stream")?.unwrap_or(false) {
        let message =
            "`stream`: the connector's answers are whole; use /v1/chat/completions for streams";
        return Err(
            ApiError::new(StatusCode::BAD_REQUEST, "unsupported_value", message).at("stream"),
        );
    }
    let parameters = fields.object("parameters")?;
    let moved = match parameters {
        Some(parameters) => merge(parameters, &mut chat)?,
        None => Vec::new(),
    };
    let messages = fields.list("messages")?;
    // A use case brings its own; then Apex may leave them out.
    let messages = match messages {
        None if chat.contains_key("bailiwick") => Vec::new(),
        None => return Err(ApiError::missing("messages")),
        Some(messages) => messages,
    };
    let messages = messages
        .into_iter()
        .enumerate()
        .map(|(at, own)| message(at, own));
    let messages: Vec<Value> = messages.collect::<Result<_, _>>()?;
    chat.insert("messages".to_owned(), messages.into());
    fields.finish(&[])?;
    let ask = ChatRequest::parse(Value::Object(chat), request)
        .map_err(|error| in_its_place(error, &moved))?
        .ask;
    check(&ask)?;
    Ok(ChatAsk {
        endpoint: ENDPOINT,
        ..ask
    })
}

/// Puts what `parameters` may hold beside the other fields; the names of what was put there.
fn merge(
    mut parameters: Fields,
    chat: &mut Map<String, Value>,
) -> Result<Vec<&'static str>, ApiError> {
    let mut moved = Vec::new();
    for name in PARAMETERS {
        let Some(value) = parameters.take(name) else {
            continue;
        };
        match chat.get(name) {
            Some(own) if *own != value => {
                let message = format!("`{name}` and `parameters.{name}` differ: send one of them");
                return Err(ApiError::invalid(format!("parameters.{name}"), message));
            }
            Some(_) => {}
            None => {
                chat.insert(name.to_owned(), value);
                moved.push(name);
            }
        }
    }
    parameters.finish(&[])?;
    Ok(moved)
}

/// A message of the contract: three roles, and text alone.
fn message(index: usize, item: Value) -> Result<Value, ApiError> {
    let mut fields = Fields::new(&format!("messages[{index}]"), item)?;
    let (role_name, content_name) = (fields.name("role"), fields.name("content"));
    let role = fields
        .string("role")?
        .ok_or_else(|| ApiError::missing(&role_name))?;
    if !matches!(role.as_str(), "system" | "user" | "assistant") {
        let message = format!("`{role_name}` must be system, user or assistant");
        return Err(ApiError::invalid(role_name, message));
    }
    let content = fields
        .string("content")?
        .ok_or_else(|| ApiError::missing(&content_name))?;
    // A participant's name is personal data that no chat template shows.
    fields.string("name")?;
    fields.finish(&[])?;
    Ok(json!({"role": role, "content": content}))
}

/// An error about a parameter names the place where the client wrote it.
fn in_its_place(error: ApiError, moved: &[&'static str]) -> ApiError {
    error.map_param(|param| {
        let first = param.split(['.', '[']).next().unwrap_or_default();
        if moved.contains(&first) {
            format!("parameters.{param}")
        } else {
            param.to_owned()
        }
    })
}

/// What the contract's answers have no place for.
fn check(ask: &ChatAsk) -> Result<(), ApiError> {
    if ask.explain {
        let message =
            "the connector's answers have no place for an explanation; use /v1/chat/completions";
        let error = ApiError::new(StatusCode::BAD_REQUEST, "unsupported_value", message);
        return Err(error.at("parameters.bailiwick.explain"));
    }
    let tokens = u64::from(ask.n) * u64::from(ask.max_tokens.unwrap_or(0));
    let most = MAX_ANSWER as u64 / TOKEN_BYTES;
    if tokens > most {
        let message = format!(
            "`n` times `max_tokens` is {tokens}; over {most} tokens might not fit the 6 MB that Salesforce reads"
        );
        return Err(too_large(message));
    }
    Ok(())
}

fn too_large(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "answer_too_large", message).at("max_tokens")
}

/// Exactly the contract's keys, and the identifiers of answers that are held, for which it has no place.
async fn whole(
    mut answer: Answer,
    (request, created): (RequestId, i64),
) -> Result<(Value, String), ApiError> {
    let model = answer.model().to_string();
    let mut texts = vec![String::new(); answer.n_choices()];
    let ended: Ended = loop {
        match answer.next().await.map_err(|refused| api_error(&refused))? {
            Some(Piece::Choice(index, Part::Text(text))) => {
                if let Some(own) = texts.get_mut(index) {
                    own.push_str(text.expose());
                }
            }
            Some(Piece::Choice(..)) => {}
            Some(Piece::End(ended)) => break ended,
            None => return Err(ApiError::internal()),
        }
    };
    let whole = texts.into_iter().zip(&ended.choices).enumerate();
    let choices: Vec<Value> = whole
        .map(|(index, (content, end))| {
            json!({
                "index": index,
                "message": {"role": "assistant", "content": content},
                "finish_reason": end.reason,
            })
        })
        .collect();
    let (prompt, completion) = (ended.usage.prompt, ended.usage.completion);
    let held: Vec<&str> = held::ids(&ended).into_iter().map(HeldId::as_str).collect();
    let body = json!({
        "id": format!("chatcmpl-{}", request.hex()),
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": choices,
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt.saturating_add(completion),
        },
    });
    Ok((body, held.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;

    fn parsed(more: &Value) -> Result<ChatAsk, ApiError> {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        parse(body, RequestId::new(Timestamp::from_millis(0)))
    }

    #[test]
    fn parameters_are_merged_by_name() {
        let ask = parsed(&json!({
            "max_tokens": null, "n": null, "temperature": 0.5,
            "parameters": {"top_p": 0.9, "seed": 7, "stop": ["x"], "max_tokens": 9, "temperature": 0.5,
                           "frequency_penalty": 1, "presence_penalty": null},
        }))
        .unwrap();
        assert_eq!((ask.max_tokens, ask.n), (Some(9), 1));
        assert_eq!(ask.sampling.temperature, Some(0.5));
        assert_eq!(
            (ask.sampling.top_p, ask.sampling.seed),
            (Some(0.9), Some(7))
        );
        assert_eq!(ask.sampling.frequency_penalty, Some(1.0));
        assert_eq!(ask.stop, ["x"]);
        assert_eq!(ask.endpoint, ENDPOINT);
        assert!(parsed(&json!({"parameters": null})).is_ok());
    }

    #[test]
    fn what_the_contract_lacks_is_refused_by_its_name() {
        let check = |more: Value, code: &str, param: &str| {
            let error = parsed(&more).unwrap_err();
            let body = error.body();
            let found = (&body["error"]["code"], &body["error"]["param"]);
            assert_eq!(found, (&json!(code), &json!(param)), "{more}");
        };
        check(json!({"top_p": 0.5}), "unsupported_parameter", "top_p");
        check(
            json!({"parameters": {"logprobs": true}}),
            "unsupported_parameter",
            "parameters.logprobs",
        );
        check(
            json!({"parameters": {"tools": []}}),
            "unsupported_parameter",
            "parameters.tools",
        );
        check(
            json!({"parameters": {"top_p": 2}}),
            "invalid_value",
            "parameters.top_p",
        );
        check(json!({"parameters": []}), "invalid_type", "parameters");
        check(
            json!({"temperature": 1, "parameters": {"temperature": 0}}),
            "invalid_value",
            "parameters.temperature",
        );
        check(json!({"temperature": 3}), "invalid_value", "temperature");
        check(json!({"stream": true}), "unsupported_value", "stream");
        check(json!({"n": 129}), "invalid_value", "n");
        check(
            json!({"n": 2, "max_tokens": 60_000}),
            "answer_too_large",
            "max_tokens",
        );
        check(
            json!({"messages": null}),
            "missing_required_parameter",
            "messages",
        );
        check(
            json!({"messages": [{"role": "tool", "content": "x"}]}),
            "invalid_value",
            "messages[0].role",
        );
        check(
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}),
            "invalid_type",
            "messages[0].content",
        );
        check(
            json!({"messages": [{"role": "user"}]}),
            "missing_required_parameter",
            "messages[0].content",
        );
        let explain = json!({"bailiwick": {"explain": true}});
        check(
            json!({"parameters": explain}),
            "unsupported_value",
            "parameters.bailiwick.explain",
        );
    }
}
