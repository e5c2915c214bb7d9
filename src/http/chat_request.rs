//! The body of `POST /v1/chat/completions`.

use serde_json::Value;

use crate::pipeline::{ChatAsk, Work};
use crate::types::RequestId;

use super::ApiError;
use super::fields::Fields;
use super::params;

/// A parsed request: what to do, and how to send it.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub(super) ask: ChatAsk,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
}

impl ChatRequest {
    pub(super) fn parse(body: Value, request: RequestId) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let Value::String(model) = fields.required("model")? else {
            return Err(ApiError::wrong_type("model", "a string"));
        };
        let (use_case, explain) = params::extension(&mut fields)?;
        let messages = fields.list("messages")?;
        let work = match (use_case, messages) {
            (Some(_), Some(messages)) if !messages.is_empty() => {
                let message = "a use case brings its own messages: leave `messages` empty";
                return Err(ApiError::invalid("messages", message));
            }
            (Some(work), _) => work,
            (None, None) => return Err(ApiError::missing("messages")),
            (None, Some(messages)) => Work::Chat(params::read_messages(messages)?),
        };
        let stream = fields.boolean("stream")?.unwrap_or(false);
        let include_usage = stream_options(&mut fields, stream)?;
        params::without_effect(&mut fields)?;
        let ask = ChatAsk {
            sampling: params::sampling(&mut fields)?,
            max_tokens: params::max_tokens(&mut fields)?,
            stop: params::stop(&mut fields)?,
            n: params::n(&mut fields)?,
            logprobs: params::logprobs(&mut fields)?,
            prediction: params::prediction(&mut fields)?,
            format: params::response_format(&mut fields)?,
            tools: params::tools(&mut fields)?,
            template: params::template_arguments(&mut fields)?,
            tags: params::tags(&mut fields)?,
            explain,
            ..ChatAsk::new(request, "chat.completions", model, work)
        };
        fields.finish(&[])?;
        Ok(Self {
            ask,
            stream,
            include_usage,
        })
    }
}

fn stream_options(fields: &mut Fields, stream: bool) -> Result<bool, ApiError> {
    let Some(mut options) = fields.object("stream_options")? else {
        return Ok(false);
    };
    if !stream {
        return Err(ApiError::invalid(
            "stream_options",
            "`stream_options` needs `stream: true`",
        ));
    }
    let include_usage = options.boolean("include_usage")?.unwrap_or(false);
    options.finish(&["include_obfuscation"])?;
    Ok(include_usage)
}
