//! `messages`: a conversation in chat's form.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::types::{Message, MessageRole, Sensitive, Tool, ToolCall};

use super::super::ApiError;
use super::super::fields::Fields;

/// Most messages of one request.
const MAX_MESSAGES: usize = 1024;
/// Most parts of one message.
const MAX_PARTS: usize = 256;
/// Most tools that one message calls.
const MAX_CALLS: usize = 128;

/// Reads `messages`.
pub(in crate::http) fn read_messages(items: Vec<Value>) -> Result<Vec<Message>, ApiError> {
    if items.is_empty() || items.len() > MAX_MESSAGES {
        return Err(ApiError::invalid(
            "messages",
            format!("`messages` must hold 1 to {MAX_MESSAGES} messages"),
        ));
    }
    let read = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| read_message(index, item));
    let messages = read.collect::<Result<Vec<_>, _>>()?;
    check_calls(&messages, |index| format!("messages[{index}].tool_call_id"))?;
    Ok(messages)
}

/// Checks that every result of a tool belongs to a call before it; `name` names the parameter of a message.
pub(in crate::http) fn check_calls(
    messages: &[Message],
    name: impl Fn(usize) -> String,
) -> Result<(), ApiError> {
    let mut calls = BTreeSet::new();
    for (index, message) in messages.iter().enumerate() {
        calls.extend(message.tool_calls.iter().map(|call| call.id.as_str()));
        if let Some(id) = &message.tool_call_id
            && !calls.contains(id.as_str())
        {
            let name = name(index);
            let text = format!("`{name}` names no tool call of an assistant message before it");
            return Err(ApiError::invalid(name, text));
        }
    }
    Ok(())
}

fn read_message(index: usize, item: Value) -> Result<Message, ApiError> {
    let mut fields = Fields::new(&format!("messages[{index}]"), item)?;
    let role_name = fields.name("role");
    let role = match fields.string("role")?.as_deref() {
        Some("system" | "developer") => MessageRole::System,
        Some("user") => MessageRole::User,
        Some("assistant") => MessageRole::Assistant,
        Some("tool") => MessageRole::Tool,
        Some(_) => {
            let message =
                format!("`{role_name}` must be system, developer, user, assistant or tool");
            return Err(ApiError::invalid(role_name, message));
        }
        None => return Err(ApiError::missing(&role_name)),
    };
    let mut message = Message::new(role, "");
    match role {
        MessageRole::Assistant => {
            message.tool_calls = calls(&mut fields)?;
            message.reasoning = reasoning(&mut fields)?;
        }
        MessageRole::Tool => message.tool_call_id = Some(call_id(&mut fields, "tool_call_id")?),
        MessageRole::System | MessageRole::User => {}
    }
    let content_name = fields.name("content");
    message.content = match fields.take("content") {
        Some(content) => text_of(&content_name, content, "text")?,
        // An assistant that calls tools need not say anything, nor one that only thought.
        None if !message.tool_calls.is_empty() || message.reasoning.is_some() => "".into(),
        None => return Err(ApiError::missing(&content_name)),
    };
    // A participant's name is personal data that no chat template shows: it goes no further.
    fields.string("name")?;
    fields.finish(&["refusal", "annotations"])?;
    Ok(message)
}

/// What an assistant thought, under either name.
fn reasoning(fields: &mut Fields) -> Result<Option<Sensitive<String>>, ApiError> {
    let own = fields.string("reasoning")?;
    let other = fields.string("reasoning_content")?;
    let text = own.or(other).filter(|text| !text.is_empty());
    Ok(text.map(Sensitive::new))
}

/// The identifier of a tool's call, in `field`.
pub(in crate::http) fn call_id(fields: &mut Fields, field: &str) -> Result<String, ApiError> {
    let name = fields.name(field);
    let id = fields
        .string(field)?
        .ok_or_else(|| ApiError::missing(&name))?;
    if ToolCall::is_id(&id) {
        return Ok(id);
    }
    let message = format!(
        "`{name}` must have 1 to {} letters, digits or `_ - . :`",
        ToolCall::MAX_ID
    );
    Err(ApiError::invalid(name, message))
}

fn calls(fields: &mut Fields) -> Result<Vec<ToolCall>, ApiError> {
    let name = fields.name("tool_calls");
    let items = fields.list("tool_calls")?.unwrap_or_default();
    if items.len() > MAX_CALLS {
        let message = format!("`{name}` has over {MAX_CALLS} calls");
        return Err(ApiError::invalid(name, message));
    }
    let read = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| call(&format!("{name}[{index}]"), item));
    read.collect()
}

fn call(place: &str, item: Value) -> Result<ToolCall, ApiError> {
    let mut fields = Fields::new(place, item)?;
    let kind_name = fields.name("type");
    if fields
        .string("type")?
        .is_some_and(|kind| kind != "function")
    {
        let message = format!("`{kind_name}` must be function");
        return Err(ApiError::invalid(kind_name, message));
    }
    let id = call_id(&mut fields, "id")?;
    let function_name = fields.name("function");
    let mut function = fields
        .object("function")?
        .ok_or_else(|| ApiError::missing(&function_name))?;
    let name_name = function.name("name");
    let name = function
        .string("name")?
        .ok_or_else(|| ApiError::missing(&name_name))?;
    if !Tool::is_name(&name) {
        let message = format!("`{name_name}` must have 1 to 64 letters, digits, `_` or `-`");
        return Err(ApiError::invalid(name_name, message));
    }
    let arguments_name = function.name("arguments");
    let arguments = function
        .string("arguments")?
        .ok_or_else(|| ApiError::missing(&arguments_name))?;
    function.finish(&[])?;
    fields.finish(&["index"])?;
    Ok(ToolCall {
        id,
        name,
        arguments: arguments.into(),
    })
}

/// A string, or a list of text parts; `kind` is the type of a part (`text`, `input_text`), and an
/// assistant's `refusal` is text too.
pub(in crate::http) fn text_of(
    name: &str,
    value: Value,
    kind: &str,
) -> Result<Sensitive<String>, ApiError> {
    let parts = match value {
        Value::String(text) => return Ok(Sensitive::new(text)),
        Value::Array(parts) if parts.len() <= MAX_PARTS => parts,
        Value::Array(_) => {
            let message = format!("`{name}` has over {MAX_PARTS} parts");
            return Err(ApiError::invalid(name, message));
        }
        _ => {
            let expected = "a string or a list of text parts";
            return Err(ApiError::wrong_type(name, expected));
        }
    };
    let mut whole = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        let mut part = Fields::new(&format!("{name}[{index}]"), part)?;
        let kind_name = part.name("type");
        let field = match part.string("type")? {
            Some(own) if own == kind => "text",
            Some(own) if own == "refusal" => "refusal",
            Some(_) => {
                let message = format!("`{kind_name}`: only text parts are supported");
                return Err(ApiError::invalid(&*kind_name, message));
            }
            None => return Err(ApiError::missing(&kind_name)),
        };
        let text_name = part.name(field);
        let text = part.string(field)?;
        whole.push_str(&text.ok_or_else(|| ApiError::missing(&text_name))?);
        part.finish(&["annotations", "logprobs"])?;
    }
    Ok(Sensitive::new(whole))
}
