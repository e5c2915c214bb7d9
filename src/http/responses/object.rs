//! The response object.

use serde_json::{Map, Value, json};

use crate::types::{FinishReason, TokenUsage};

use super::super::ApiError;
use super::output::{ItemEnd, Output};

/// What every object of one response has in common: its identity, and its request's settings.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// `resp_…`
    pub(super) id: String,
    /// Seconds since the Unix epoch.
    pub(super) created: i64,
    /// The model's name.
    pub(super) model: String,
    /// The settings, by name.
    pub(super) settings: Map<String, Value>,
}

/// Where a response stands. What it can't be yet is left out, as OpenAI's schema wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    InProgress,
    Completed,
    Incomplete,
    /// Incomplete because screening ended it.
    Filtered,
    Failed,
    Cancelled,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete | Self::Filtered => "incomplete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// How an answer that ended for `reason` stands.
    pub(super) fn of(reason: FinishReason) -> Self {
        match reason {
            FinishReason::Stop | FinishReason::ToolCalls => Self::Completed,
            // One that was cancelled has nobody left to tell.
            FinishReason::Length | FinishReason::Cancelled => Self::Incomplete,
            FinishReason::ContentFilter => Self::Filtered,
        }
    }

    /// How its last item ended.
    pub(super) fn item(self) -> ItemEnd {
        if self == Self::Completed {
            ItemEnd::Completed
        } else {
            ItemEnd::Incomplete
        }
    }
}

impl Form {
    /// The hexadecimal digits of the identifier, for those of its items.
    pub(super) fn hex(&self) -> &str {
        self.id.strip_prefix("resp_").unwrap_or(&self.id)
    }

    /// The response with `output` as it stands.
    pub(super) fn object(&self, status: Status, output: &[Value]) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status.as_str(),
            "error": null,
            "incomplete_details": null,
            "model": self.model,
            "output": output,
        });
        let reason = match status {
            // Time runs out as tokens do: what there is, is there.
            Status::Incomplete => Some("max_output_tokens"),
            Status::Filtered => Some("content_filter"),
            _ => None,
        };
        if let Some(reason) = reason {
            object["incomplete_details"] = json!({"reason": reason});
        }
        for (name, value) in &self.settings {
            object[name] = value.clone();
        }
        object
    }

    /// The response at its end.
    pub(super) fn ended(
        &self,
        (status, now): (Status, i64),
        output: &Output,
        usage: TokenUsage,
    ) -> Value {
        let mut object = self.object(status, &output.items(status.item()));
        if status == Status::Completed {
            object["completed_at"] = json!(now);
        }
        object["usage"] = json!({
            "input_tokens": usage.prompt,
            "input_tokens_details": {
                "cached_tokens": usage.cached,
                // What a prompt leaves in the cache is neither kept for long nor paid for.
                "cache_write_tokens": 0,
            },
            "output_tokens": usage.completion,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.prompt.saturating_add(usage.completion),
        });
        object
    }

    /// The response that failed with `error`.
    pub(super) fn failed(&self, error: &ApiError, output: &[Value]) -> Value {
        let mut object = self.object(Status::Failed, output);
        fail(&mut object, error);
        object
    }
}

/// Makes `object` a response that failed with `error`. OpenAI's list of codes is closed and has no word for
/// most of ours, so ours stands beside it as `reason`.
pub(super) fn fail(object: &mut Value, error: &ApiError) {
    let body = error.body();
    let reason = error.code().unwrap_or("internal_error");
    object["status"] = json!(Status::Failed.as_str());
    object["error"] = json!({
        "code": openai_code(reason),
        "message": body["error"]["message"],
        "reason": reason,
    });
}

fn openai_code(reason: &str) -> &'static str {
    match reason {
        "rate_limit_exceeded" | "queue_full" | "queue_timeout" => "rate_limit_exceeded",
        "residency_violation" => "data_residency_mismatch",
        "context_length_exceeded" | "redaction_failed" | "invalid_value" | "invalid_variables" => {
            "invalid_prompt"
        }
        _ => "server_error",
    }
}
