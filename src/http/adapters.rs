//! `POST /v1/load_lora_adapter` and `POST /v1/unload_lora_adapter`, in vLLM's form, for those who run the node.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::types::{Digest, Name, RequestId};

use super::auth::authenticate;
use super::body::read_json;
use super::convert::api_error;
use super::fields::Fields;
use super::{ApiError, App};

const ENDPOINT: &str = "adapters";

/// What is to be loaded.
#[derive(Debug)]
pub(super) struct Load {
    name: Name,
    digest: Option<Digest>,
}

pub(super) async fn load(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, ENDPOINT)).await?;
    let asked = Load::parse(read_json(&head.headers, body, app.bounds).await?)?;
    let caller = (&*principal, request);
    let name = asked.name.clone();
    let digest = app.pipeline.load_adapter(caller, asked.name, asked.digest);
    let digest = digest.await.map_err(|refused| match refused.code() {
        "invalid_adapter" => api_error(&refused).at("lora_name"),
        _ => api_error(&refused),
    })?;
    let body = json!({"object": "adapter", "id": name, "digest": digest, "loaded": true});
    Ok(Json(body).into_response())
}

pub(super) async fn unload(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, ENDPOINT)).await?;
    let name = parse_unload(read_json(&head.headers, body, app.bounds).await?)?;
    let caller = (&*principal, request);
    let done = app.pipeline.unload_adapter(caller, name.clone());
    let digest = done
        .await
        .map_err(|refused| api_error(&refused).at("lora_name"))?;
    let body = json!({"object": "adapter", "id": name, "digest": digest, "loaded": false});
    Ok(Json(body).into_response())
}

impl Load {
    pub(super) fn parse(body: Value) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let name = name(&mut fields)?;
        if let Some(path) = fields.string("lora_path")?
            && path != name.as_str()
        {
            let message = "`lora_path`: adapters lie in the node's own folder for them, each in a folder of its \
                           name; leave it out";
            return Err(ApiError::invalid("lora_path", message));
        }
        let digest = fields.string("sha256")?;
        let digest = digest.map(|text| text.parse()).transpose().map_err(|_| {
            let message =
                "`sha256` must be 64 hexadecimal digits: the digest of adapter_model.safetensors";
            ApiError::invalid("sha256", message)
        })?;
        fields.finish(&[])?;
        Ok(Self { name, digest })
    }
}

pub(super) fn parse_unload(body: Value) -> Result<Name, ApiError> {
    let mut fields = Fields::new("", body)?;
    let name = name(&mut fields)?;
    fields.finish(&["lora_int_id"])?;
    Ok(name)
}

fn name(fields: &mut Fields) -> Result<Name, ApiError> {
    let text = fields.string("lora_name")?;
    let text = text.ok_or_else(|| ApiError::missing("lora_name"))?;
    let message = "`lora_name` must be a name: letters, digits, `-`, `_` and `.`";
    text.parse()
        .map_err(|_| ApiError::invalid("lora_name", message))
}
