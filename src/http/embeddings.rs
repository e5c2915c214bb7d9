//! `POST /v1/embeddings`.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::pipeline::EmbeddingAsk;
use crate::types::{RequestId, Sensitive};

use super::auth::authenticate;
use super::body::read_json;
use super::convert::api_error;
use super::fields::Fields;
use super::headers::recorded;
use super::{ApiError, App};

/// Most texts of one request, as OpenAI's API has it.
const MAX_TEXTS: usize = 2048;

pub(super) async fn embed(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "embeddings")).await?;
    let (ask, base64) = parse(read_json(&head.headers, body, app.bounds).await?, request)?;
    let embedded = app
        .pipeline
        .embed(&principal, ask)
        .await
        .map_err(|refused| api_error(&refused))?;
    let data: Vec<Value> = embedded
        .vectors
        .iter()
        .enumerate()
        .map(|(index, vector)| json!({"object": "embedding", "index": index, "embedding": form(vector, base64)}))
        .collect();
    let body = json!({
        "object": "list",
        "data": data,
        "model": embedded.model,
        "usage": {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens},
    });
    Ok((recorded(embedded.entry, embedded.rate), Json(body)).into_response())
}

fn form(vector: &[f32], base64: bool) -> Value {
    if !base64 {
        return json!(vector);
    }
    let bytes: Vec<u8> = vector
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    json!(BASE64_STANDARD.encode(bytes))
}

fn parse(body: Value, request: RequestId) -> Result<(EmbeddingAsk, bool), ApiError> {
    let mut fields = Fields::new("", body)?;
    let Value::String(model) = fields.required("model")? else {
        return Err(ApiError::wrong_type("model", "a string"));
    };
    let wrong = || ApiError::wrong_type("input", "a string or a list of strings");
    let texts = match fields.required("input")? {
        Value::String(text) => vec![Sensitive::new(text)],
        Value::Array(items) if (1..=MAX_TEXTS).contains(&items.len()) => {
            let text = |item| match item {
                Value::String(text) => Ok(Sensitive::new(text)),
                _ => Err(wrong()),
            };
            items.into_iter().map(text).collect::<Result<_, _>>()?
        }
        Value::Array(_) => {
            return Err(ApiError::invalid(
                "input",
                format!("`input` must hold 1 to {MAX_TEXTS} texts"),
            ));
        }
        _ => return Err(wrong()),
    };
    if texts.iter().any(|text| text.expose().is_empty()) {
        return Err(ApiError::invalid("input", "a text of `input` is empty"));
    }
    let base64 = match fields.string("encoding_format")?.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => {
            return Err(ApiError::invalid(
                "encoding_format",
                "`encoding_format` must be float or base64",
            ));
        }
    };
    fields.finish(&["user"])?;
    Ok((
        EmbeddingAsk {
            request,
            model,
            texts,
        },
        base64,
    ))
}
