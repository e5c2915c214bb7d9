//! The Responses API: `POST /v1/responses`, and what is done with background responses later.
//!
//! Stateless: a request brings its whole input, and nothing of it is kept. With `background: true` the
//! result is kept, encrypted, until it is fetched and deleted or expires.

mod background;
mod items;
mod object;
mod output;
mod prompt;
mod request;
mod settings;
mod stream;
mod tools;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::pipeline::{Answer, JobId, Piece};
use crate::types::RequestId;

pub(super) use self::background::{cancel, delete, retrieve};
use self::object::{Form, Status};
use self::output::Output;
use self::request::{Delivery, ENDPOINT, ResponsesRequest};
use super::auth::authenticate;
use super::body::read_json;
use super::chat_answer::{explained, explanation, extension};
use super::convert::api_error;
use super::files::response_files;
use super::headers::recorded;
use super::{ApiError, App, held};

/// Why the parser refuses `body`; the OpenAPI document is compared with what it reads.
#[cfg(any(test, fuzzing))]
pub(super) fn refused(body: serde_json::Value, request: RequestId) -> Option<ApiError> {
    ResponsesRequest::parse(body, request).err()
}

/// `POST /v1/responses`
pub(super) async fn create(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, ENDPOINT)).await?;
    let mut body = read_json(&head.headers, body, app.bounds).await?;
    response_files(&app, &principal, &mut body).await?;
    let deadline = app.deadlines.of(&head.headers)?;
    let mut parsed = ResponsesRequest::parse(body, request)?;
    // For what runs in the background nobody waits.
    if parsed.delivery != Delivery::Background {
        parsed.ask.deadline = deadline;
    }
    let (delivery, by_prompt) = (parsed.delivery, parsed.by_prompt);
    let jobs = app.pipeline.jobs();
    if delivery == Delivery::Background {
        let room = jobs.check_room(principal.name()).await;
        room.map_err(|error| background::job_error(&error))?;
    }
    let answer = app.pipeline.chat(&principal, parsed.ask).await;
    let answer = answer.map_err(|refused| placed(api_error(&refused), by_prompt))?;
    let id = JobId::of(request);
    let form = Form {
        id: id.to_string(),
        created: app.clock.now().as_secs(),
        model: answer.model().to_string(),
        settings: parsed.settings,
    };
    let headers = recorded(answer.entry(), answer.rate());
    let mut response = match delivery {
        Delivery::Whole => whole(&app, &form, answer).await?,
        Delivery::Stream => stream::streamed(form, answer, app.clock),
        Delivery::Background => {
            let begun = background::begin(&app, principal.name(), (id, form), answer).await;
            Json(begun?).into_response()
        }
    };
    response.headers_mut().extend(headers);
    Ok(response)
}

async fn whole(app: &App, form: &Form, mut answer: Answer) -> Result<Response, ApiError> {
    let (explain, sources) = (explanation(&answer), answer.sources());
    let mut output = Output::new(form.hex());
    loop {
        match answer.next().await.map_err(|refused| api_error(&refused))? {
            Some(Piece::Choice(_, part)) => {
                output.take(part);
            }
            Some(Piece::End(ended)) => {
                let reason = ended.choices.first().map(|choice| choice.reason);
                let status = reason.map_or(Status::Completed, Status::of);
                output.end(status.item());
                let now = app.clock.now().as_secs();
                let mut object = form.ended((status, now), &output, ended.usage);
                let explain = explained(explain, &ended);
                let said = std::iter::once(output.said());
                let extra = extension(explain, sources.as_deref(), said);
                if let Some(extra) = held::extended(extra, &ended, 0) {
                    object["bailiwick"] = extra;
                }
                return Ok(Json(object).into_response());
            }
            None => return Err(ApiError::internal()),
        }
    }
}

/// The same error under this endpoint's names of parameters.
fn placed(error: ApiError, by_prompt: bool) -> ApiError {
    const NAMES: &[(&str, &str)] = &[
        ("messages", "input"),
        ("max_tokens", "max_output_tokens"),
        ("max_completion_tokens", "max_output_tokens"),
        ("response_format.json_schema", "text.format"),
        ("response_format", "text.format"),
        ("logprobs", "include"),
        ("reasoning_effort", "reasoning.effort"),
    ];
    const OF_PROMPT: &[(&str, &str)] = &[
        ("bailiwick.use_case", "prompt.id"),
        ("bailiwick.variables", "prompt.variables"),
    ];
    let prompt = if by_prompt { OF_PROMPT } else { &[] };
    error.map_param(|param| {
        // Tools are flat here.
        let flat = param.replacen("].function.", "].", 1);
        let param = flat.as_str();
        let renamed = NAMES.iter().chain(prompt).find_map(|(theirs, ours)| {
            let rest = param.strip_prefix(theirs)?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then(|| format!("{ours}{rest}"))
        });
        renamed.unwrap_or_else(|| param.to_owned())
    })
}

/// A value that OpenAI knows and this server does not support; the message says why.
fn unsupported(param: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "unsupported_value", message).at(param)
}
