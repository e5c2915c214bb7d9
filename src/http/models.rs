//! `GET /v1/models`, `GET /v1/models/{id}` and `GET /version`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::pipeline::ModelFacts;
use crate::types::RequestId;

use super::auth::authenticate;
use super::{ApiError, App};

pub(super) async fn list(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authenticate(&app, &headers, (request, "models")).await?;
    let own = app.pipeline.models().cloned();
    let all = own.chain(app.pipeline.adapted_models());
    let list: Vec<Value> = all.map(|model| form(&app, &model)).collect();
    Ok(Json(json!({"object": "list", "data": list})).into_response())
}

/// A model by its name or by one of its aliases; the answer holds the name.
pub(super) async fn retrieve(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    written: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authenticate(&app, &headers, (request, "models")).await?;
    // A path that is no text names no model.
    let written = written.map(|Path(written)| written).unwrap_or_default();
    match app.pipeline.model(&written) {
        Some(model) => Ok(Json(form(&app, &model)).into_response()),
        None => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "model_not_found",
            "the model does not exist here; GET /v1/models lists those that do",
        )
        .at("model")),
    }
}

/// What runs here: the program, the models by their digests, the versions of the API. With a key, because it
/// tells whoever asks what to look up weaknesses of.
pub(super) async fn version(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authenticate(&app, &headers, (request, "version")).await?;
    let own = app.pipeline.models().cloned();
    let all = own.chain(app.pipeline.adapted_models());
    let models: Vec<Value> = all
        .map(|model| json!({"id": model.name, "digest": model.digest}))
        .collect();
    let features: &[&str] = if cfg!(feature = "cuda") {
        &["cuda"]
    } else {
        &[]
    };
    let body = json!({
        "name": "bailiwick",
        "version": env!("CARGO_PKG_VERSION"),
        "features": features,
        "target": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        "api_versions": ["v1"],
        "models": models,
    });
    Ok(Json(body).into_response())
}

/// OpenAI's four keys; the context under the names that vLLM's and others' clients read; and what an operator
/// wants to know besides.
fn form(app: &App, model: &ModelFacts) -> Value {
    let chats = app.pipeline.chats(model);
    let endpoints: &[&str] = if chats {
        &[
            "chat.completions",
            "completions",
            "responses",
            "tokenize",
            "detokenize",
        ]
    } else {
        &["embeddings", "rerank", "score", "tokenize", "detokenize"]
    };
    json!({
        "id": model.name,
        "object": "model",
        // No file says when its model was made.
        "created": 0,
        "owned_by": "bailiwick",
        "max_model_len": model.context,
        "context_window": model.context,
        "context_length": model.context,
        "capabilities": {
            "chat": chats,
            "completions": chats,
            "embeddings": !chats,
            "rerank": !chats,
            "dimensions": app.pipeline.dimensions(model),
        },
        // One that is not in memory is loaded when it is asked.
        "loaded": app.pipeline.is_loaded(model),
        "endpoints": endpoints,
        "digest": model.digest,
        "licence": model.licence,
        // As vLLM has it: the model that this is an adapter of.
        "parent": model.parent,
        "aliases": app.pipeline.aliases_of(&model.name).collect::<Vec<_>>(),
    })
}
