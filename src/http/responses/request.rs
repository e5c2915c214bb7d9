//! The body of `POST /v1/responses`.

use serde_json::{Map, Value, json};

use crate::pipeline::{ChatAsk, Work};
use crate::types::{Message, MessageRole, RequestId};

use super::super::ApiError;
use super::super::fields::Fields;
use super::super::params;
use super::{items, prompt, settings, tools, unsupported};

/// The endpoint's name in the audit log and in metrics.
pub(super) const ENDPOINT: &str = "responses";

/// A parsed request: what to do, how to send it, and what the response repeats of it.
#[derive(Debug)]
pub(super) struct ResponsesRequest {
    pub(super) ask: ChatAsk,
    pub(super) settings: Map<String, Value>,
    pub(super) delivery: Delivery,
    /// Whether the use case was named by `prompt`.
    pub(super) by_prompt: bool,
}

/// How the answer gets to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    Stream,
    Background,
}

impl ResponsesRequest {
    pub(super) fn parse(body: Value, request: RequestId) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let Value::String(model) = fields.required("model")? else {
            return Err(ApiError::wrong_type("model", "a string"));
        };
        refuse_conversations(&mut fields)?;
        let delivery = delivery(&mut fields)?;
        let mut echo = Map::new();
        let (work, by_prompt, extension) = work(&mut fields, delivery, &mut echo)?;
        let mut ask = ChatAsk::new(request, ENDPOINT, model, work);
        ask.explain = extension.explain;
        ask.grounded = extension.grounded;
        ask.background = delivery == Delivery::Background;
        ask.stream = delivery == Delivery::Stream;
        // A use case brings its own where the caller is silent; OpenAI's defaults are for everybody else.
        for name in ["temperature", "top_p"] {
            let default = if by_prompt { Value::Null } else { json!(1.0) };
            let shown = fields.peek(name).cloned().unwrap_or(default);
            echo.insert(name.to_owned(), shown);
        }
        ask.sampling = params::sampling(&mut fields)?;
        ask.stop = params::stop(&mut fields)?;
        settings::read(&mut fields, delivery, &mut ask, &mut echo)?;
        tools::read(&mut fields, &mut ask, &mut echo)?;
        fields.finish(&[])?;
        params::check_grounded(&ask)?;
        Ok(Self {
            ask,
            settings: echo,
            delivery,
            by_prompt,
        })
    }
}

/// What would need kept conversations.
fn refuse_conversations(fields: &mut Fields) -> Result<(), ApiError> {
    for name in ["previous_response_id", "conversation"] {
        if fields.take(name).is_some() {
            let message = format!(
                "`{name}`: this server keeps no conversations; send the earlier items in `input`"
            );
            return Err(unsupported(name, message));
        }
    }
    match fields.string("truncation")?.as_deref() {
        None | Some("disabled") => Ok(()),
        Some(_) => {
            let message = "`truncation` must be disabled: this server never cuts an input";
            Err(unsupported("truncation", message))
        }
    }
}

fn delivery(fields: &mut Fields) -> Result<Delivery, ApiError> {
    let stream = fields.boolean("stream")?.unwrap_or(false);
    let background = fields.boolean("background")?.unwrap_or(false);
    let store = fields.boolean("store")?;
    if let Some(mut options) = fields.object("stream_options")? {
        if !stream {
            let message = "`stream_options` needs `stream: true`";
            return Err(ApiError::invalid("stream_options", message));
        }
        options.boolean("include_obfuscation")?;
        options.finish(&[])?;
    }
    match (background, stream, store) {
        (true, true, _) => {
            let message = "`stream`: a background response can't be streamed; poll it instead";
            Err(unsupported("stream", message))
        }
        (true, false, Some(false)) => {
            let message = "`store`: a background response is kept until it is fetched; leave \
                           `store` out or send true";
            Err(unsupported("store", message))
        }
        (true, false, _) => Ok(Delivery::Background),
        (false, _, Some(true)) => {
            let message = "`store`: this server keeps no responses but those with \
                           `background: true`; send false or leave it out";
            Err(unsupported("store", message))
        }
        (false, true, _) => Ok(Delivery::Stream),
        (false, false, _) => Ok(Delivery::Whole),
    }
}

/// What is to be done; whether `prompt` said it; and what `bailiwick` says beside it.
fn work(
    fields: &mut Fields,
    delivery: Delivery,
    echo: &mut Map<String, Value>,
) -> Result<(Work, bool, params::Extension), ApiError> {
    let mut extension = params::extension(fields)?;
    let prompt = fields.object("prompt")?.map(prompt::read).transpose()?;
    let instructions = fields.string("instructions")?;
    let input = fields.take("input");
    // Of a background response nothing of its input is kept, so nothing can be repeated.
    let repeated = instructions
        .clone()
        .filter(|_| delivery != Delivery::Background);
    echo.insert("instructions".to_owned(), json!(repeated));
    let by_prompt = prompt.is_some();
    let use_case = match (prompt, extension.work.take()) {
        (Some(_), Some(_)) => {
            let message =
                "`prompt` and `bailiwick.use_case` name a use case each: send one of them";
            return Err(ApiError::invalid("prompt", message));
        }
        (Some((work, shown)), None) => {
            echo.insert("prompt".to_owned(), shown);
            Some(work)
        }
        (None, own) => own,
    };
    let Some(work) = use_case else {
        let input = input.ok_or_else(|| ApiError::missing("input"))?;
        let mut messages = items::read(input)?;
        if let Some(text) = instructions {
            messages.insert(0, Message::new(MessageRole::System, text));
        }
        return Ok((Work::Chat(messages), false, extension));
    };
    let is_empty = |value: &Value| match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    for (name, given) in [
        ("input", input.is_some_and(|value| !is_empty(&value))),
        (
            "instructions",
            instructions.is_some_and(|text| !text.is_empty()),
        ),
    ] {
        if given {
            let message = format!("a use case brings its own words: leave `{name}` out");
            return Err(ApiError::invalid(name, message));
        }
    }
    Ok((work, by_prompt, extension))
}
