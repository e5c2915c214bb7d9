//! Refusals of the pipeline as errors of the API: the one place that gives them a status.

use axum::http::StatusCode;

use crate::pipeline::Refused;
use crate::policy::Refusal;

use super::ApiError;

/// The error that a client reads. The log keeps more; the client gets what it can act on.
pub(super) fn api_error(refused: &Refused) -> ApiError {
    let code = refused.code();
    let status = match code {
        "residency_violation" | "not_allowed" => StatusCode::FORBIDDEN,
        "rate_limit_exceeded" | "queue_full" => StatusCode::TOO_MANY_REQUESTS,
        "adapter_not_loaded" | "audit_unavailable" | "shutting_down" | "engine_unavailable"
        | "queue_timeout" | "model_unavailable" | "models_busy" | "model_loading" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        "deadline_exceeded" => StatusCode::GATEWAY_TIMEOUT,
        "model_not_found" | "use_case_not_found" => StatusCode::NOT_FOUND,
        "file_not_found" | "held_not_found" => StatusCode::NOT_FOUND,
        "held_decided" => StatusCode::CONFLICT,
        "file_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "adapter_not_found" => StatusCode::NOT_FOUND,
        "adapters_full" | "files_full" | "too_many_files" => StatusCode::INSUFFICIENT_STORAGE,
        "internal_error" => StatusCode::INTERNAL_SERVER_ERROR,
        "redaction_failed" => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::BAD_REQUEST,
    };
    let error = match (status, refused) {
        (StatusCode::INTERNAL_SERVER_ERROR, _) => ApiError::internal(),
        (_, Refused::Policy(Refusal::Audit(_)) | Refused::Audit(_)) => ApiError::new(
            status,
            code,
            "the audit log can't be written, so no request is answered; tell the operator",
        ),
        _ => ApiError::new(status, code, message(refused)),
    };
    let error = match param(refused) {
        Some(param) => error.at(param),
        None => error,
    };
    let error = match refused {
        Refused::Policy(
            Refusal::TooManyRequests { rate, .. } | Refusal::Concurrency { rate, .. },
        ) => error.limited_by(*rate),
        _ => error,
    };
    match refused.retry_after() {
        Some(wait) => error.retry_after(wait),
        None => error,
    }
}

fn message(refused: &Refused) -> String {
    match refused {
        Refused::Policy(
            refusal @ Refusal::Residency {
                variable,
                classes,
                refer_to,
                ..
            },
        ) => {
            let mut text = refusal.to_string();
            if let Some(variable) = variable {
                text.push_str(&format!("; variable `{variable}`"));
            }
            if !classes.is_empty() {
                let names: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
                text.push_str(&format!("; classes not allowed: {}", names.join(", ")));
            }
            if let Some(url) = refer_to {
                text.push_str(&format!("; call {url} instead"));
            }
            text
        }
        other => other.to_string(),
    }
}

fn param(refused: &Refused) -> Option<String> {
    match refused {
        Refused::UnknownModel { .. } => Some("model".to_owned()),
        Refused::Dimensions { .. } => Some("dimensions".to_owned()),
        Refused::NoChatTemplate => Some("messages".to_owned()),
        Refused::UnknownUseCase { .. } => Some("bailiwick.use_case".to_owned()),
        Refused::Minimise(_) => Some("bailiwick.variables".to_owned()),
        Refused::NotWithUseCase { param } => Some((*param).to_owned()),
        Refused::Sampling(error) => Some(error.name.to_owned()),
        Refused::Format(_) | Refused::Grounded(_) => {
            Some("response_format.json_schema.schema".to_owned())
        }
        Refused::Parameters { index, .. } => Some(format!("tools[{index}].function.parameters")),
        Refused::Tools(_) => Some("tools".to_owned()),
        Refused::Prompt(_) if refused.unread_argument().is_some() => {
            refused.unread_argument().map(|name| match name {
                "reasoning_effort" => name.to_owned(),
                name => format!("chat_template_kwargs.{name}"),
            })
        }
        Refused::Prompt(_) if refused.code() == "invalid_value" => Some("messages".to_owned()),
        Refused::Prompt(_) if refused.is_about_texts() => Some("input".to_owned()),
        Refused::Prompt(_) if refused.code() == "context_length_exceeded" => {
            Some("messages".to_owned())
        }
        Refused::Policy(Refusal::Residency {
            variable: Some(variable),
            ..
        }) => Some(format!("bailiwick.variables.{variable}")),
        _ => None,
    }
}

pub(super) fn unknown_use_case() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "use_case_not_found",
        "the use case does not exist here",
    )
    .at("bailiwick.use_case")
}
