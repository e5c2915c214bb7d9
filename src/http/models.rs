//! `GET /v1/models` and `GET /v1/models/{id}`.

use axum::Json;
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
    let list: Vec<Value> = app
        .pipeline
        .models()
        .map(|model| form(&app, model))
        .collect();
    Ok(Json(json!({"object": "list", "data": list})).into_response())
}

/// A model by its name or by one of its aliases; the answer holds the name.
pub(super) async fn retrieve(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Path(written): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authenticate(&app, &headers, (request, "models")).await?;
    match app.pipeline.model(&written) {
        Some(model) => Ok(Json(form(&app, model)).into_response()),
        None => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "model_not_found",
            "the model does not exist here; GET /v1/models lists those that do",
        )
        .at("model")),
    }
}

/// OpenAI's four keys, and what an operator wants to know besides.
fn form(app: &App, model: &ModelFacts) -> Value {
    json!({
        "id": model.name,
        "object": "model",
        // No file says when its model was made.
        "created": 0,
        "owned_by": "bailiwick",
        "context_length": model.context,
        "digest": model.digest,
        "licence": model.licence,
        "aliases": app.pipeline.aliases_of(&model.name).collect::<Vec<_>>(),
    })
}
