//! The body of `POST /v1/chat/completions`.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::Value;

use crate::crm::Variables;
use crate::pipeline::{ChatAsk, SamplingAsk, Work};
use crate::types::{FieldValue, Message, MessageRole, RequestId, Sensitive};

use super::ApiError;
use super::fields::Fields;

/// Most messages of one request.
const MAX_MESSAGES: usize = 1024;
/// Most parts of one message.
const MAX_PARTS: usize = 256;
/// Most variables of one use case.
const MAX_VARIABLES: usize = 64;

/// Parameters that change nothing in what the caller gets, so they are accepted and left alone.
const HARMLESS: &[&str] = &[
    "metadata",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
    "user",
];

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
        let (use_case, explain) = match fields.object("bailiwick")? {
            Some(extension) => extension_of(extension)?,
            None => (None, false),
        };
        let messages = fields.list("messages")?;
        let work = match (use_case, messages) {
            (Some(_), Some(messages)) if !messages.is_empty() => {
                let message = "a use case brings its own messages: leave `messages` empty";
                return Err(ApiError::invalid("messages", message));
            }
            (Some(work), _) => work,
            (None, None) => return Err(ApiError::missing("messages")),
            (None, Some(messages)) => Work::Chat(read_messages(messages)?),
        };
        let stream = fields.boolean("stream")?.unwrap_or(false);
        let include_usage = stream_options(&mut fields, stream)?;
        refuse_unsupported_values(&mut fields)?;
        let ask = ChatAsk {
            request,
            model,
            work,
            sampling: sampling(&mut fields)?,
            max_tokens: max_tokens(&mut fields)?,
            stop: stop(&mut fields)?,
            explain,
        };
        fields.finish(HARMLESS)?;
        Ok(Self {
            ask,
            stream,
            include_usage,
        })
    }
}

fn extension_of(mut extension: Fields) -> Result<(Option<Work>, bool), ApiError> {
    let explain = extension.boolean("explain")?.unwrap_or(false);
    let name = extension.string("use_case")?;
    let version = extension.integer("version", 1..=i64::from(u32::MAX))?;
    let variables = extension.object("variables")?;
    extension.finish(&[])?;
    let Some(name) = name else {
        if variables.is_some() || version.is_some() {
            return Err(ApiError::missing("bailiwick.use_case"));
        }
        return Ok((None, explain));
    };
    let name = name
        .parse()
        .map_err(|_| super::convert::unknown_use_case())?;
    let version = version.and_then(|version| u32::try_from(version).ok());
    let variables = read_variables(variables)?;
    Ok((
        Some(Work::UseCase {
            name,
            version,
            variables,
        }),
        explain,
    ))
}

fn read_variables(variables: Option<Fields>) -> Result<Variables, ApiError> {
    let entries = variables.map(Fields::into_rest).unwrap_or_default();
    if entries.len() > MAX_VARIABLES {
        let message = format!("at most {MAX_VARIABLES} variables");
        return Err(ApiError::invalid("bailiwick.variables", message));
    }
    let mut read = BTreeMap::new();
    for (name, value) in entries {
        let plain =
            name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !plain {
            let message = "a variable's name has letters, digits and underscores";
            return Err(ApiError::invalid("bailiwick.variables", message));
        }
        let param = format!("bailiwick.variables.{name}");
        let value = FieldValue::from_json(&param, value)
            .map_err(|error| ApiError::invalid(&*param, error.to_string()))?;
        read.insert(name, value);
    }
    Ok(Variables(read))
}

fn read_messages(items: Vec<Value>) -> Result<Vec<Message>, ApiError> {
    if items.is_empty() || items.len() > MAX_MESSAGES {
        return Err(ApiError::invalid(
            "messages",
            format!("`messages` must hold 1 to {MAX_MESSAGES} messages"),
        ));
    }
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| read_message(index, item))
        .collect()
}

fn read_message(index: usize, item: Value) -> Result<Message, ApiError> {
    let mut fields = Fields::new(&format!("messages[{index}]"), item)?;
    let role_name = fields.name("role");
    let role = match fields.string("role")?.as_deref() {
        Some("system" | "developer") => MessageRole::System,
        Some("user") => MessageRole::User,
        Some("assistant") => MessageRole::Assistant,
        Some("tool" | "function") => {
            let message = format!("`{role_name}`: tools are not supported by this server");
            return Err(ApiError::invalid(role_name, message));
        }
        Some(_) => {
            let message = format!("`{role_name}` must be system, developer, user or assistant");
            return Err(ApiError::invalid(role_name, message));
        }
        None => return Err(ApiError::missing(&role_name)),
    };
    let content_name = fields.name("content");
    let content = read_content(&content_name, fields.required("content")?)?;
    // A participant's name is personal data that no chat template shows.
    fields.finish(&["name", "refusal", "annotations"])?;
    Ok(Message { role, content })
}

/// A string, or a list of text parts.
fn read_content(name: &str, value: Value) -> Result<Sensitive<String>, ApiError> {
    let parts = match value {
        Value::String(text) => return Ok(Sensitive::new(text)),
        Value::Array(parts) if parts.len() <= MAX_PARTS => parts,
        Value::Array(_) => {
            return Err(ApiError::invalid(
                name,
                format!("`{name}` has over {MAX_PARTS} parts"),
            ));
        }
        _ => {
            return Err(ApiError::wrong_type(
                name,
                "a string or a list of text parts",
            ));
        }
    };
    let mut whole = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        let mut part = Fields::new(&format!("{name}[{index}]"), part)?;
        let kind_name = part.name("type");
        match part.string("type")?.as_deref() {
            Some("text") => {}
            Some(_) => {
                return Err(ApiError::invalid(
                    &*kind_name,
                    format!("`{kind_name}`: only text parts are supported"),
                ));
            }
            None => return Err(ApiError::missing(&kind_name)),
        }
        let text_name = part.name("text");
        whole.push_str(
            &part
                .string("text")?
                .ok_or_else(|| ApiError::missing(&text_name))?,
        );
        part.finish(&[])?;
    }
    Ok(Sensitive::new(whole))
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

/// Parameters of which only the value that changes nothing is supported.
fn refuse_unsupported_values(fields: &mut Fields) -> Result<(), ApiError> {
    let unsupported = |name: &str, only: &str| {
        let message = format!("`{name}`: only {only} is supported");
        Err(ApiError::new(StatusCode::BAD_REQUEST, "unsupported_value", message).at(name))
    };
    if fields.integer("n", 1..=128)?.is_some_and(|n| n != 1) {
        return unsupported("n", "1");
    }
    if fields.boolean("store")?.unwrap_or(false) {
        return unsupported("store", "false");
    }
    if fields.boolean("logprobs")?.unwrap_or(false) {
        return unsupported("logprobs", "false");
    }
    if let Some(mut format) = fields.object("response_format")? {
        if format.string("type")?.as_deref() != Some("text") {
            return unsupported("response_format", "type `text`");
        }
        format.finish(&[])?;
    }
    if fields.list("tools")?.is_some_and(|tools| !tools.is_empty()) {
        return unsupported("tools", "an empty list");
    }
    match fields.take("tool_choice") {
        None => {}
        Some(Value::String(choice)) if choice == "none" || choice == "auto" => {}
        Some(_) => return unsupported("tool_choice", "`none`"),
    }
    fields.boolean("parallel_tool_calls")?;
    Ok(())
}

/// The ranges are small, and single precision is what sampling uses.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number of a small range loses digits, not its size"
)]
fn to_single(value: f64) -> f32 {
    value as f32
}

fn sampling(fields: &mut Fields) -> Result<SamplingAsk, ApiError> {
    let single = |value: Option<f64>| value.map(to_single);
    Ok(SamplingAsk {
        temperature: single(fields.number("temperature", 0.0..=2.0)?),
        top_k: fields
            .integer("top_k", 0..=1_000_000)?
            .and_then(|k| u32::try_from(k).ok()),
        top_p: single(fields.number("top_p", 0.0..=1.0)?),
        min_p: single(fields.number("min_p", 0.0..=1.0)?),
        frequency_penalty: single(fields.number("frequency_penalty", -2.0..=2.0)?),
        presence_penalty: single(fields.number("presence_penalty", -2.0..=2.0)?),
        repetition_penalty: single(fields.number("repetition_penalty", 0.1..=10.0)?),
        seed: fields
            .integer("seed", i64::MIN..=i64::MAX)?
            .map(i64::cast_unsigned),
        logit_bias: logit_bias(fields)?,
    })
}

/// An object of token ids, as texts, and numbers.
fn logit_bias(fields: &mut Fields) -> Result<BTreeMap<u32, f32>, ApiError> {
    let Some(given) = fields.object("logit_bias")? else {
        return Ok(BTreeMap::new());
    };
    let wrong = || {
        let message = "`logit_bias` must map token ids to numbers within -100 to 100";
        ApiError::invalid("logit_bias", message)
    };
    let entry = |(token, bias): (String, Value)| {
        let token = token.parse().map_err(|_| wrong())?;
        let bias = bias.as_f64().filter(|bias| bias.abs() <= 100.0);
        Ok((token, bias.map(to_single).ok_or_else(wrong)?))
    };
    given.into_rest().into_iter().map(entry).collect()
}

fn max_tokens(fields: &mut Fields) -> Result<Option<u32>, ApiError> {
    let range = 1..=i64::from(u32::MAX);
    let new = fields.integer("max_completion_tokens", range.clone())?;
    let old = fields.integer("max_tokens", range)?;
    if new.is_some() && old.is_some() && new != old {
        let message = "`max_tokens` and `max_completion_tokens` differ: send one of them";
        return Err(ApiError::invalid("max_tokens", message));
    }
    Ok(new.or(old).and_then(|tokens| u32::try_from(tokens).ok()))
}

fn stop(fields: &mut Fields) -> Result<Vec<String>, ApiError> {
    let items = match fields.take("stop") {
        None => return Ok(Vec::new()),
        Some(Value::String(one)) => vec![Value::String(one)],
        Some(Value::Array(items)) => items,
        Some(_) => {
            return Err(ApiError::wrong_type(
                "stop",
                "a string or a list of strings",
            ));
        }
    };
    if items.len() > 4 {
        return Err(ApiError::invalid("stop", "`stop` takes at most 4 strings"));
    }
    let read = items.into_iter().map(|item| match item {
        Value::String(text) if (1..=256).contains(&text.len()) => Ok(text),
        Value::String(_) => Err(ApiError::invalid(
            "stop",
            "a stop string has 1 to 256 bytes",
        )),
        _ => Err(ApiError::wrong_type(
            "stop",
            "a string or a list of strings",
        )),
    });
    read.collect()
}
