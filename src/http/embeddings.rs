//! `POST /v1/embeddings`.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::pipeline::EmbeddingAsk;
use crate::types::RequestId;

use super::auth::authenticate;
use super::body::read_json;
use super::fields::Fields;
use super::headers::recorded;
use super::{ApiError, App, inputs};

/// Most texts of one request, as OpenAI's API has it.
pub(super) const MAX_TEXTS: usize = 2048;

pub(super) async fn embed(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "embeddings")).await?;
    let (ask, base64) = parse(read_json(&head.headers, body, app.bounds).await?, request)?;
    let done = app
        .pipeline
        .embed(&principal, ask)
        .await
        .map_err(|refused| inputs::api_error(&refused, "input"))?;
    let embedded = done.value;
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
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
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

pub(super) fn parse(body: Value, request: RequestId) -> Result<(EmbeddingAsk, bool), ApiError> {
    let mut fields = Fields::new("", body)?;
    let model = inputs::model(&mut fields)?;
    let inputs = inputs::texts(&mut fields, "input", MAX_TEXTS)?;
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
    let dimensions = fields.integer("dimensions", 1..=1_000_000)?;
    // Nothing is done with it, but it is what OpenAI says it is.
    fields.string("user")?;
    fields.finish(&[])?;
    Ok((
        EmbeddingAsk {
            request,
            model,
            inputs,
            dimensions: dimensions.and_then(|wanted| usize::try_from(wanted).ok()),
            endpoint: "embeddings",
        },
        base64,
    ))
}
