//! Errors as OpenAI's clients read them: `{"error": {"message", "type", "param", "code"}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::policy::Rate;

use super::headers::add_rate;

/// When to try again while a server goes down.
const DRAIN_RETRY: std::time::Duration = std::time::Duration::from_secs(5);

/// A refusal that a client may read. All four keys are always present. The message is made of the
/// program's own words, names of parameters and fields, and numbers; never of the user's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    message: String,
    param: Option<String>,
    code: Option<&'static str>,
    retry_after_s: Option<u64>,
    rate: Option<Rate>,
}

impl ApiError {
    /// An error with `status` whose message says what to change.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            param: None,
            code: Some(code),
            retry_after_s: None,
            rate: None,
        }
    }

    /// A parameter with a value that can't be used.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_value", message).at(param)
    }

    /// A parameter of the wrong JSON type.
    pub fn wrong_type(param: &str, expected: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_type",
            format!("`{param}` must be {expected}"),
        )
        .at(param)
    }

    /// A parameter that must be there.
    pub fn missing(param: &str) -> Self {
        let message = format!("missing required parameter: `{param}`");
        Self::new(
            StatusCode::BAD_REQUEST,
            "missing_required_parameter",
            message,
        )
        .at(param)
    }

    /// A bug of ours: the client learns nothing but the fact.
    pub fn internal() -> Self {
        let message = "the server failed; the request's id is in the x-request-id header";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// The server is going down: another node, or this one after its restart, can answer.
    pub fn draining() -> Self {
        let message = "the server is shutting down; try again";
        let code = "shutting_down";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(DRAIN_RETRY)
    }

    /// The same error about `param`.
    #[must_use]
    pub fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same error under another name of its parameter, for an endpoint that calls it otherwise.
    #[must_use]
    pub(super) fn map_param(mut self, rename: impl FnOnce(&str) -> String) -> Self {
        self.param = self.param.map(|param| rename(&param));
        self
    }

    /// The same error with a `retry-after` header, in whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, wait: std::time::Duration) -> Self {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.retry_after_s = Some(whole.clamp(1, 86_400));
        self
    }

    /// The same error with the caller's limit in its headers.
    #[must_use]
    pub fn limited_by(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The machine-readable code.
    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// The body of the response, also the last event of a stream that fails half-way.
    pub fn body(&self) -> serde_json::Value {
        json!({"error": {
            "message": self.message,
            "type": self.kind(),
            "param": self.param,
            "code": self.code,
        }})
    }

    fn kind(&self) -> &'static str {
        match self.status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::NOT_FOUND => "not_found_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(rate) = self.rate {
            add_rate(headers, rate);
        }
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // The rest of the body may still be on its way: don't read it as a next request.
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            // The client's next request belongs to another node.
            _ if self.code == Some("shutting_down") => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_four_keys_are_present() {
        let check =
            |error: ApiError, body: serde_json::Value| assert_eq!(error.body()["error"], body);
        check(
            ApiError::missing("messages"),
            json!({"message": "missing required parameter: `messages`", "type": "invalid_request_error",
                   "param": "messages", "code": "missing_required_parameter"}),
        );
        let internal = ApiError::internal().body();
        assert_eq!(internal["error"]["type"], "server_error");
        assert!(internal["error"].as_object().unwrap().contains_key("param"));
    }

    #[test]
    fn waits_are_whole_seconds() {
        for (millis, header) in [(0, "1"), (1_000, "1"), (1_001, "2"), (59_500, "60")] {
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "queue_full", "busy");
            let response = error
                .retry_after(Duration::from_millis(millis))
                .into_response();
            assert_eq!(response.headers()[RETRY_AFTER], header);
        }
    }
}
