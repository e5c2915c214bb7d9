//! Background responses: begun by a request that is answered at once, and fetched, cancelled or deleted by
//! later ones of the same principal.

use std::panic::AssertUnwindSafe;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::pipeline::{Answer, Found, Job, JobEnd, JobError, JobId, Piece};
use crate::types::{Name, RequestId, Sensitive};

use super::super::auth::authenticate;
use super::super::chat_answer::{explained, explanation, extension};
use super::super::convert::api_error;
use super::super::{ApiError, App, held, query};
use super::object::{self, Form, Status};
use super::output::Output;
use super::request::ENDPOINT;
use super::unsupported;

/// Starts the work, and gives the response as it stands.
pub(super) async fn begin(
    app: &App,
    owner: &Name,
    (id, form): (JobId, Form),
    answer: Answer,
) -> Result<Value, ApiError> {
    let queued = form.object(Status::Queued, &[]);
    let head = Sensitive::new(queued.to_string());
    let job = app.pipeline.jobs().begin(owner, id, head).await;
    let job = job.map_err(|error| job_error(&error))?;
    let app = app.clone();
    // A job is a request that a drain waits for.
    let counted = app.in_flight.enter();
    tokio::spawn(async move {
        let worked = AssertUnwindSafe(work(&app, &job, &form, answer)).catch_unwind();
        let (end, result) = worked.await.unwrap_or_else(|_| {
            let failed = form.failed(&ApiError::internal(), &[]);
            (JobEnd::Failed, failed)
        });
        keep(&job, &form, end, &result).await;
        drop(job);
        drop(counted);
    });
    Ok(queued)
}

/// Keeps the result; where there is no room for it, the fact.
async fn keep(job: &Job, form: &Form, end: JobEnd, result: &Value) {
    let kept = job.end(end, Sensitive::new(result.to_string())).await;
    let Err(error) = kept else {
        return;
    };
    tracing::warn!(job = %job.id(), %error, "the result of a background job is lost");
    let failed = form.failed(&job_error(&error), &[]);
    // Where not even that can be kept, the job has no result and says so.
    let _unrecorded = job
        .end(JobEnd::Failed, Sensitive::new(failed.to_string()))
        .await;
}

/// Takes the answer to its end, or drops it when its owner wants no more of it: that cancels it and closes
/// its audit entry.
async fn work(app: &App, job: &Job, form: &Form, mut answer: Answer) -> (JobEnd, Value) {
    let mut output = Output::new(form.hex());
    let (mut explain, sources) = (explanation(&answer), answer.sources());
    loop {
        let next = tokio::select! {
            biased;
            () = job.cancelled() => {
                let items = output.items(Status::Cancelled.item());
                return (JobEnd::Cancelled, form.object(Status::Cancelled, &items));
            }
            next = answer.next() => next,
        };
        let error = match next {
            Ok(Some(Piece::Choice(_, part))) => {
                job.begins();
                output.take(part);
                continue;
            }
            Ok(Some(Piece::End(ended))) => {
                let reason = ended.choices.first().map(|choice| choice.reason);
                let status = reason.map_or(Status::Completed, Status::of);
                output.end(status.item());
                let now = app.clock.now().as_secs();
                let mut object = form.ended((status, now), &output, ended.usage);
                let explain = explained(explain.take(), &ended);
                let said = std::iter::once(output.said());
                let extra = extension(explain, sources.as_deref(), said);
                if let Some(extra) = held::extended(extra, &ended, 0) {
                    object["bailiwick"] = extra;
                }
                let end = match status {
                    Status::Completed => JobEnd::Completed,
                    _ => JobEnd::Incomplete,
                };
                return (end, object);
            }
            Ok(None) => ApiError::internal(),
            Err(refused) => api_error(&refused),
        };
        let items = output.items(Status::Failed.item());
        return (JobEnd::Failed, form.failed(&error, &items));
    }
}

/// `GET /v1/responses/{id}`
pub(in crate::http) async fn retrieve(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    read_query(query.as_deref().unwrap_or_default())?;
    let id = job_id(id)?;
    let found = app.pipeline.jobs().find(principal.name(), &id).await;
    shown(found)
}

/// `POST /v1/responses/{id}/cancel`: ends a job that runs; one that has ended stays as it is.
pub(in crate::http) async fn cancel(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let id = job_id(id)?;
    let found = app.pipeline.jobs().cancel(principal.name(), &id).await;
    shown(found)
}

/// `DELETE /v1/responses/{id}`: ends a job that runs, and removes what is kept of it.
pub(in crate::http) async fn delete(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let id = job_id(id)?;
    let removed = app.pipeline.jobs().remove(principal.name(), &id).await;
    removed.map_err(|error| job_error(&error))?;
    Ok(Json(json!({"id": id.as_str(), "object": "response", "deleted": true})).into_response())
}

/// What can't be read as a path is the name of no job either.
fn job_id(text: Result<Path<String>, PathRejection>) -> Result<JobId, ApiError> {
    let id = text.ok().and_then(|Path(text)| JobId::parse(&text));
    id.ok_or_else(|| job_error(&JobError::NotFound))
}

/// The response as it stands now.
fn shown(found: Result<Found, JobError>) -> Result<Response, ApiError> {
    let read = |text: Sensitive<String>| {
        serde_json::from_str::<Value>(text.expose()).map_err(|_| ApiError::internal())
    };
    let object = match found.map_err(|error| job_error(&error))? {
        Found::Ended(text) => read(text)?,
        Found::Running { has_begun, head } => {
            let mut object = read(head)?;
            if has_begun {
                object["status"] = json!(Status::InProgress.as_str());
            }
            object
        }
        Found::Lost { by_restart, head } => {
            let mut object = read(head)?;
            object::fail(&mut object, &lost(by_restart));
            object
        }
    };
    Ok(Json(object).into_response())
}

fn lost(by_restart: bool) -> ApiError {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    if by_restart {
        let message = "the server was restarted before the response was complete; send it again";
        ApiError::new(status, "server_restarted", message)
    } else {
        let message = "the server could not keep the response; send it again";
        ApiError::new(status, "result_lost", message)
    }
}

/// OpenAI's query parameters: what asks for a stream is refused, what would change nothing is not.
fn read_query(query: &str) -> Result<(), ApiError> {
    query::read(query, |name, value| match name {
        "stream" if value == "false" => Ok(true),
        "stream" | "starting_after" => {
            let message = "`stream`: a background response can't be streamed; ask for it again \
                           until its status is neither queued nor in_progress";
            Err(unsupported("stream", message))
        }
        // What a response holds was decided when it was asked for.
        "include" | "include[]" | "include%5B%5D" | "include_obfuscation" => Ok(true),
        _ => Ok(false),
    })
}

/// The one place that gives what befalls a job a status.
pub(super) fn job_error(error: &JobError) -> ApiError {
    let message = || error.to_string();
    match error {
        JobError::Disabled => unsupported("background", message()),
        JobError::NotFound => ApiError::new(StatusCode::NOT_FOUND, "response_not_found", message()),
        JobError::TooMany { retry_after, .. } | JobError::Full { retry_after } => {
            let message = format!("{error}; delete those that were fetched, or try later");
            let status = StatusCode::TOO_MANY_REQUESTS;
            ApiError::new(status, "too_many_jobs", message).retry_after(*retry_after)
        }
        JobError::TooLarge => {
            let status = StatusCode::INSUFFICIENT_STORAGE;
            ApiError::new(status, "result_too_large", message())
        }
        JobError::Internal | JobError::Store(_) => {
            tracing::error!(%error, "background jobs fail");
            ApiError::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_and_not_repeated() {
        for good in [
            "",
            "stream=false",
            "include[]=message.output_text.logprobs&stream=false",
        ] {
            assert_eq!(read_query(good), Ok(()), "{good}");
        }
        for (bad, code) in [
            ("stream=true", "unsupported_value"),
            ("starting_after=4", "unsupported_value"),
            ("SECRET=1", "unsupported_parameter"),
        ] {
            let error = read_query(bad).unwrap_err();
            assert_eq!(error.code(), Some(code), "{bad}");
            assert!(!error.body().to_string().contains("SECRET"));
        }
    }
}
