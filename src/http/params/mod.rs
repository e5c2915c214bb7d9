//! The parameters that several endpoints have in common, each read in one place.
//!
//! A reader takes its own fields out of a [`Fields`](super::fields::Fields); what no reader took is refused
//! by name at the end.

mod extension;
mod format;
mod messages;
mod sampling;
mod tags;
mod tools;

pub(super) use self::extension::{Extension, check_grounded, extension, read_variables};
pub(super) use self::format::{format_of, json_schema, response_format};
pub(super) use self::messages::{call_id, check_calls, read_messages, text_of};
pub(super) use self::sampling::{logprobs, max_tokens, n, sampling, stop};
pub(super) use self::tags::{EFFORTS, prediction, tags, template_arguments, without_effect};
pub(super) use self::tools::{Choice, check_tools, function_tool, tool_choice, tools};

use axum::http::StatusCode;

use super::ApiError;

/// A parameter of which only one value is supported.
pub(super) fn unsupported(name: &str, only: &str) -> ApiError {
    let message = format!("`{name}`: only {only} is supported");
    ApiError::new(StatusCode::BAD_REQUEST, "unsupported_value", message).at(name)
}
