//! The `input` of a response: a text, or a list of items.

use serde_json::Value;

use crate::types::{Message, MessageRole, Sensitive, Tool, ToolCall};

use super::super::ApiError;
use super::super::fields::Fields;
use super::super::params;
use super::unsupported;

/// Most items of one request.
const MAX_ITEMS: usize = 1024;

/// Reads `input` into messages, in order.
pub(super) fn read(input: Value) -> Result<Vec<Message>, ApiError> {
    let items = match input {
        Value::String(text) => return Ok(vec![Message::new(MessageRole::User, text)]),
        Value::Array(items) if (1..=MAX_ITEMS).contains(&items.len()) => items,
        Value::Array(_) => {
            let message = format!("`input` must hold 1 to {MAX_ITEMS} items");
            return Err(ApiError::invalid("input", message));
        }
        _ => return Err(ApiError::wrong_type("input", "a string or a list of items")),
    };
    let mut messages = Vec::with_capacity(items.len());
    // The item that each message comes from.
    let mut places = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        read_item(&format!("input[{index}]"), item, &mut messages)?;
        places.resize(messages.len(), index);
    }
    params::check_calls(&messages, |message| {
        let item = places.get(message).copied().unwrap_or_default();
        format!("input[{item}].call_id")
    })?;
    if messages.is_empty() {
        let message = "`input` holds nothing that is said: add a message";
        return Err(ApiError::invalid("input", message));
    }
    Ok(messages)
}

fn read_item(place: &str, item: Value, messages: &mut Vec<Message>) -> Result<(), ApiError> {
    let mut fields = Fields::new(place, item)?;
    let kind_name = fields.name("type");
    let kind = fields.string("type")?;
    match kind.as_deref() {
        // A message needs no type; what has neither type nor role is a reference, by OpenAI's rules.
        None | Some("message") => messages.push(read_message(fields, kind.is_none())?),
        Some("function_call") => add_call(messages, read_call(fields)?),
        Some("function_call_output") => messages.push(read_call_output(fields)?),
        // What a model thought on an earlier turn is no part of the next prompt.
        Some("reasoning") => {
            fields.list("summary")?;
            fields.list("content")?;
            fields.finish(&["id", "status", "encrypted_content"])?;
        }
        Some("item_reference") => return Err(reference(&kind_name)),
        Some(_) => {
            let message = format!(
                "`{kind_name}`: the items that this server reads are message, function_call, \
                 function_call_output and reasoning"
            );
            return Err(unsupported(&kind_name, message));
        }
    }
    Ok(())
}

fn reference(name: &str) -> ApiError {
    let message = format!(
        "`{name}`: this server keeps no items to refer to; send the item itself in `input`"
    );
    unsupported(name, message)
}

fn read_message(mut fields: Fields, untyped: bool) -> Result<Message, ApiError> {
    let (role_name, id_name) = (fields.name("role"), fields.name("id"));
    let role = match fields.string("role")?.as_deref() {
        Some("system" | "developer") => MessageRole::System,
        Some("user") => MessageRole::User,
        Some("assistant") => MessageRole::Assistant,
        Some(_) => {
            let message = format!("`{role_name}` must be system, developer, user or assistant");
            return Err(ApiError::invalid(role_name, message));
        }
        None if untyped && fields.take("id").is_some() => return Err(reference(&id_name)),
        None => return Err(ApiError::missing(&role_name)),
    };
    let name = fields.name("content");
    let content = fields.required("content")?;
    let kind = match role {
        MessageRole::Assistant => "output_text",
        _ => "input_text",
    };
    let text = params::text_of(&name, content, kind)?;
    // Marks of an earlier answer that is sent back.
    fields.finish(&["id", "status", "phase"])?;
    Ok(Message::new(role, text))
}

fn read_call(mut fields: Fields) -> Result<ToolCall, ApiError> {
    let name = fields.name("name");
    let tool = fields
        .string("name")?
        .ok_or_else(|| ApiError::missing(&name))?;
    if !Tool::is_name(&tool) {
        let message = format!("`{name}` must have 1 to 64 letters, digits, `_` and `-`");
        return Err(ApiError::invalid(name, message));
    }
    let arguments_name = fields.name("arguments");
    let arguments = fields
        .string("arguments")?
        .ok_or_else(|| ApiError::missing(&arguments_name))?;
    let id = params::call_id(&mut fields, "call_id")?;
    fields.finish(&["id", "status"])?;
    Ok(ToolCall {
        id,
        name: tool,
        arguments: Sensitive::new(arguments),
    })
}

/// Calls of one turn belong to one message of the assistant's, with what it said before them.
fn add_call(messages: &mut Vec<Message>, call: ToolCall) {
    match messages.last_mut() {
        Some(last) if last.role == MessageRole::Assistant => last.tool_calls.push(call),
        _ => {
            let mut message = Message::new(MessageRole::Assistant, "");
            message.tool_calls.push(call);
            messages.push(message);
        }
    }
}

fn read_call_output(mut fields: Fields) -> Result<Message, ApiError> {
    let id = params::call_id(&mut fields, "call_id")?;
    let name = fields.name("output");
    let output = fields.required("output")?;
    let text = params::text_of(&name, output, "input_text")?;
    fields.finish(&["id", "status", "name"])?;
    let mut message = Message::new(MessageRole::Tool, text);
    message.tool_call_id = Some(id);
    Ok(message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles(messages: &[Message]) -> Vec<(MessageRole, &str)> {
        let shown = |message: &'_ Message| message.role;
        messages
            .iter()
            .map(|message| (shown(message), message.content.expose().as_str()))
            .collect()
    }

    #[test]
    fn items_become_messages() {
        use MessageRole::{Assistant, System, Tool, User};
        let check = |input: Value, expected: &[(MessageRole, &str)]| {
            assert_eq!(roles(&read(input.clone()).unwrap()), expected, "{input}");
        };
        check(json!("hello"), &[(User, "hello")]);
        check(
            json!([
                {"role": "developer", "content": "brief"},
                {"type": "message", "role": "user", "content": [
                    {"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"},
                ]},
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [
                    {"type": "output_text", "text": "c", "annotations": [], "logprobs": []},
                ]},
            ]),
            &[(System, "brief"), (User, "ab"), (Assistant, "c")],
        );
        let input = json!([
            {"role": "user", "content": "weather?"},
            {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}", "id": "fc_1"},
            {"type": "function_call", "call_id": "call_2", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
            {"type": "function_call_output", "call_id": "call_2", "output": [
                {"type": "input_text", "text": "sun"},
            ]},
        ]);
        check(
            input.clone(),
            &[
                (User, "weather?"),
                (Assistant, ""),
                (Tool, "rain"),
                (Tool, "sun"),
            ],
        );
        let messages = read(input).unwrap();
        assert_eq!(messages[1].tool_calls.len(), 2);
        assert_eq!(messages[3].tool_call_id.as_deref(), Some("call_2"));
    }

    #[test]
    fn errors_name_the_place_and_show_no_text() {
        let check = |input: Value, param: &str, code: &str| {
            let error = read(input.clone()).unwrap_err();
            let body = error.body();
            assert_eq!(
                (&body["error"]["param"], error.code()),
                (&json!(param), Some(code)),
                "{input}"
            );
            assert!(!body.to_string().contains("SECRET"), "{body}");
        };
        check(json!(7), "input", "invalid_type");
        check(json!([]), "input", "invalid_value");
        check(
            json!([{"type": "reasoning", "id": "rs_1", "summary": []}]),
            "input",
            "invalid_value",
        );
        check(json!(["SECRET"]), "input[0]", "invalid_type");
        check(
            json!([{"role": "SECRET", "content": ""}]),
            "input[0].role",
            "invalid_value",
        );
        check(
            json!([{"role": "user"}]),
            "input[0].content",
            "missing_required_parameter",
        );
        check(
            json!([{"content": "x"}]),
            "input[0].role",
            "missing_required_parameter",
        );
        check(json!([{"id": "msg_1"}]), "input[0].id", "unsupported_value");
        check(
            json!([{"type": "item_reference", "id": "msg_1"}]),
            "input[0].type",
            "unsupported_value",
        );
        check(
            json!([{"type": "SECRET"}]),
            "input[0].type",
            "unsupported_value",
        );
        check(
            json!([{"role": "user", "content": "x", "SECRET": 1}]),
            "input[0].?",
            "unsupported_parameter",
        );
        let part =
            |kind: &str| json!([{"role": "user", "content": [{"type": kind, "text": "SECRET"}]}]);
        check(
            part("input_image"),
            "input[0].content[0].type",
            "invalid_value",
        );
        check(
            part("output_text"),
            "input[0].content[0].type",
            "invalid_value",
        );
        let orphan = json!([{"type": "function_call_output", "call_id": "call_1", "output": "x"}]);
        check(orphan, "input[0].call_id", "invalid_value");
        let call = |id: &str, name: &str| json!([{"type": "function_call", "call_id": id, "name": name, "arguments": "{}"}]);
        check(call("a b", "look"), "input[0].call_id", "invalid_value");
        check(call("", "look"), "input[0].call_id", "invalid_value");
        check(call("call_1", "lo ok"), "input[0].name", "invalid_value");
        check(
            json!([{"type": "function_call_output", "output": "x"}]),
            "input[0].call_id",
            "missing_required_parameter",
        );
    }
}
