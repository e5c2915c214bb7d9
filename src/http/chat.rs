//! `POST /v1/chat/completions`.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};

use crate::types::RequestId;

use super::auth::authenticate;
use super::body::read_json;
use super::chat_answer::Form;
use super::chat_request::ChatRequest;
use super::convert::api_error;
use super::files::chat_files;
use super::headers::recorded;
use super::{ApiError, App, chat_stream};

pub(super) async fn complete(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "chat.completions")).await?;
    let deadline = app.deadlines.of(&head.headers)?;
    let mut body = read_json(&head.headers, body, app.bounds).await?;
    chat_files(&app, &principal, &mut body).await?;
    let mut parsed = ChatRequest::parse(body, request)?;
    parsed.ask.deadline = deadline;
    let (stream, include_usage) = (parsed.ask.stream, parsed.include_usage);
    let offers_tools = parsed.ask.tools.is_some();
    let logprobs = parsed.ask.logprobs.is_some();
    let answer = app
        .pipeline
        .chat(&principal, parsed.ask)
        .await
        .map_err(|refused| api_error(&refused))?;
    let form = Form {
        id: format!("chatcmpl-{}", request.hex()),
        created: app.clock.now().as_secs(),
        model: answer.model().to_string(),
        fingerprint: Form::fingerprint_of(answer.model_digest()),
        include_usage,
        offers_tools,
        logprobs,
    };
    let headers = recorded(answer.entry(), answer.rate());
    let mut response = if stream {
        chat_stream::streamed(form, answer)
    } else {
        Json(form.whole(answer).await?).into_response()
    };
    response.headers_mut().extend(headers);
    Ok(response)
}
