//! `/v1/files`: texts that a caller uploads once and refers to in requests.

mod inline;
mod multipart;
mod query;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::pipeline::{File, FileError, FileId, Refused};
use crate::types::RequestId;

pub(super) use self::inline::{chat_files, response_files};
use super::auth::authenticate;
use super::convert::api_error;
use super::headers::recorded;
use super::{ApiError, App};

/// The endpoint's name where a key is refused.
const ENDPOINT: &str = "files";

/// `POST /v1/files`
pub(super) async fn create(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, ENDPOINT)).await?;
    let files = app.pipeline.files();
    // Before the file is read for nothing.
    files.check_enabled().map_err(file_error)?;
    let bounds = multipart::UploadBounds {
        file: files.max_bytes(),
        time: app.bounds.time,
    };
    // A caller has no more of them arriving at a time than requests in flight.
    let place = app.pipeline.upload_place((&principal, request)).await;
    let place = place.map_err(|refused| api_error(&refused))?;
    let upload = multipart::read(&head.headers, body, bounds).await?;
    drop(place);
    let done = app.pipeline.upload((&principal, request), upload).await;
    let done = done.map_err(|refused| api_error(&refused).at("file"))?;
    Ok((recorded(done.entry, done.rate), Json(object(&done.value))).into_response())
}

/// `GET /v1/files`
pub(super) async fn list(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let listing = query::listing(query.as_deref().unwrap_or_default())?;
    let done = app.pipeline.list_files((&principal, request), listing);
    let done = done.await.map_err(|refused| match &refused {
        Refused::Files(FileError::NotFound) => api_error(&refused).at("after"),
        _ => api_error(&refused),
    })?;
    let (files, has_more) = done.value;
    let id = |file: Option<&File>| file.map_or("", |file| file.id.as_str()).to_owned();
    let body = json!({
        "object": "list",
        "data": files.iter().map(object).collect::<Vec<_>>(),
        "first_id": id(files.first()),
        "last_id": id(files.last()),
        "has_more": has_more,
    });
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

/// `GET /v1/files/{id}`
pub(super) async fn retrieve(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let done = app.pipeline.file((&principal, request), file_id(id)?).await;
    let done = done.map_err(|refused| api_error(&refused))?;
    Ok((recorded(done.entry, done.rate), Json(object(&done.value))).into_response())
}

/// `GET /v1/files/{id}/content`: as it was uploaded, and never as something that a browser would show.
pub(super) async fn content(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let done = app
        .pipeline
        .file_content((&principal, request), file_id(id)?);
    let done = done.await.map_err(|refused| api_error(&refused))?;
    let mut headers = recorded(done.entry, done.rate);
    for (name, value) in [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok((headers, done.value.into_exposed()).into_response())
}

/// `DELETE /v1/files/{id}`
pub(super) async fn delete(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let id = file_id(id)?;
    let shown = id.as_str().to_owned();
    let done = app.pipeline.remove_file((&principal, request), id).await;
    let done = done.map_err(|refused| api_error(&refused))?;
    let body = json!({"id": shown, "object": "file", "deleted": true});
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

/// A file in OpenAI's form. There is nothing to wait for: what was taken is processed.
fn object(file: &File) -> Value {
    json!({
        "id": file.id.as_str(),
        "object": "file",
        "bytes": file.bytes,
        "created_at": file.created.as_secs(),
        "expires_at": file.expires.as_secs(),
        "filename": file.name.expose(),
        "purpose": file.purpose,
        "status": "processed",
    })
}

/// What can't be read as a path is the name of no file either.
fn file_id(text: Result<Path<String>, PathRejection>) -> Result<FileId, ApiError> {
    let id = text.ok().and_then(|Path(text)| FileId::parse(&text));
    id.ok_or_else(|| file_error(FileError::NotFound))
}

fn file_error(error: FileError) -> ApiError {
    api_error(&Refused::Files(error))
}
