//! `POST /v1/tokenize` and `POST /v1/detokenize`, in the form that vLLM gave them.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::pipeline::{TokensAsk, TokensWork};
use crate::types::{RequestId, Sensitive};

use super::auth::authenticate;
use super::body::read_json;
use super::convert::api_error;
use super::fields::Fields;
use super::headers::recorded;
use super::{ApiError, App, inputs, params};

pub(super) async fn tokenize(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "tokenize")).await?;
    let body = read_json(&head.headers, body, app.bounds).await?;
    let (ask, with_pieces) = parse(body, request)?;
    let done = app.pipeline.tokens(&principal, ask).await;
    let done = done.map_err(|refused| api_error(&refused))?;
    let tokens = done.value;
    let pieces: Vec<&str> = tokens
        .pieces
        .iter()
        .map(|piece| piece.expose().as_str())
        .collect();
    let body = json!({
        "count": tokens.ids.len(),
        "max_model_len": tokens.context,
        "tokens": tokens.ids,
        "token_strs": with_pieces.then_some(pieces),
    });
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

pub(super) async fn detokenize(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "detokenize")).await?;
    let ask = parse_tokens(read_json(&head.headers, body, app.bounds).await?, request)?;
    let done = app.pipeline.tokens(&principal, ask).await;
    let done = done.map_err(|refused| inputs::api_error(&refused, "tokens"))?;
    let text = done.value.text.unwrap_or_default();
    let body = json!({"prompt": text.expose()});
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

pub(super) fn parse(body: Value, request: RequestId) -> Result<(TokensAsk, bool), ApiError> {
    let mut fields = Fields::new("", body)?;
    let model = inputs::model(&mut fields)?;
    let (prompt, input) = (fields.string("prompt")?, fields.string("input")?);
    let messages = fields.list("messages")?;
    let framed = fields.boolean("add_special_tokens")?;
    let work = match (prompt.or(input), messages) {
        (Some(_), Some(_)) => {
            let message = "send a text in `prompt` or a conversation in `messages`, not both";
            return Err(ApiError::invalid("messages", message));
        }
        (None, None) => return Err(ApiError::missing("prompt")),
        (Some(text), None) => TokensWork::Encode {
            text: Sensitive::new(text),
            framed: framed.unwrap_or(true),
        },
        (None, Some(messages)) => {
            if framed.is_some() {
                let message = "`add_special_tokens` goes with `prompt`; a conversation has its own";
                return Err(ApiError::invalid("add_special_tokens", message));
            }
            TokensWork::EncodeChat(params::read_messages(messages)?)
        }
    };
    let with_pieces = fields.boolean("return_token_strs")?.unwrap_or(false);
    fields.finish(&[])?;
    let ask = TokensAsk {
        request,
        model,
        work,
    };
    Ok((ask, with_pieces))
}

pub(super) fn parse_tokens(body: Value, request: RequestId) -> Result<TokensAsk, ApiError> {
    let mut fields = Fields::new("", body)?;
    let model = inputs::model(&mut fields)?;
    let ids = fields
        .list("tokens")?
        .ok_or_else(|| ApiError::missing("tokens"))?;
    let ids = inputs::tokens("tokens", ids)?;
    fields.finish(&[])?;
    Ok(TokensAsk {
        request,
        model,
        work: TokensWork::Decode(ids),
    })
}
