//! The body of `POST /v1/chat/completions`.

use serde_json::Value;

use crate::pipeline::{ChatAsk, Work};
use crate::types::RequestId;

use super::ApiError;
use super::fields::Fields;
use super::params;

/// A parsed request: what to do, and whether its stream tells what it cost.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub(super) ask: ChatAsk,
    pub(super) include_usage: bool,
}

impl ChatRequest {
    pub(super) fn parse(body: Value, request: RequestId) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let Value::String(model) = fields.required("model")? else {
            return Err(ApiError::wrong_type("model", "a string"));
        };
        let extension = params::extension(&mut fields)?;
        let messages = fields.list("messages")?;
        let work = match (extension.work, messages) {
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
            explain: extension.explain,
            stream,
            grounded: extension.grounded,
            ..ChatAsk::new(request, "chat.completions", model, work)
        };
        fields.finish(&[])?;
        params::check_grounded(&ask)?;
        Ok(Self { ask, include_usage })
    }
}

/// `stream_options`: whether the usage is wanted.
pub(super) fn stream_options(fields: &mut Fields, stream: bool) -> Result<bool, ApiError> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::MessageRole::{Assistant, System, Tool, User};
    use crate::types::{AnswerFormat, Timestamp, ToolChoice};

    fn parse(more: Value) -> Result<ChatRequest, Value> {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
        let Value::Object(more) = more else {
            panic!("no object");
        };
        for (name, value) in more {
            body[name] = value;
        }
        let request = RequestId::new(Timestamp::from_millis(0));
        ChatRequest::parse(body, request).map_err(|error| error.body()["error"].clone())
    }

    fn ask(more: Value) -> ChatAsk {
        parse(more).unwrap().ask
    }

    fn tool(name: &str) -> Value {
        json!({"type": "function", "function": {"name": name}})
    }

    #[test]
    fn parameters_reach_the_request() {
        let plain = ask(json!({}));
        assert_eq!((plain.n, plain.logprobs), (1, None));
        assert_eq!(plain.format, AnswerFormat::Text);
        assert_eq!((&plain.tools, &plain.prediction), (&None, &None));
        let full = ask(json!({
            "n": 3, "logprobs": true, "top_logprobs": 5,
            "prediction": {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            "response_format": {"type": "json_object"},
            "reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": false},
            "metadata": {"case": "500"}, "user": "old", "safety_identifier": "new",
            "stream": true, "store": false, "modalities": ["text"], "verbosity": "medium",
            "service_tier": "auto", "prompt_cache_key": "k", "parallel_tool_calls": true,
        }));
        assert_eq!((full.n, full.logprobs), (3, Some(5)));
        assert_eq!(full.prediction.unwrap().expose(), "ab");
        assert_eq!(full.format, AnswerFormat::JsonObject);
        assert_eq!(full.template.reasoning_effort.as_deref(), Some("low"));
        assert_eq!(full.template.arguments["enable_thinking"], false);
        assert_eq!(full.tags.metadata["case"].expose(), "500");
        assert_eq!(full.tags.user.unwrap().expose(), "new");
        assert_eq!(ask(json!({"logprobs": true})).logprobs, Some(0));
        assert_eq!(ask(json!({"logprobs": false})).logprobs, None);
    }

    #[test]
    fn messages_of_every_role_are_read() {
        let call = json!({"id": "call_1", "type": "function",
                          "function": {"name": "find", "arguments": "{\"a\":1}"}});
        let list = json!({"messages": [
            {"role": "developer", "content": "d"},
            {"role": "system", "content": [{"type": "text", "text": "s"}]},
            {"role": "user", "content": "u", "name": "Jane"},
            {"role": "assistant", "content": null, "tool_calls": [call], "reasoning_content": "t"},
            {"role": "tool", "content": "r", "tool_call_id": "call_1"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "refusal": null},
        ]});
        let Work::Chat(messages) = ask(list).work else {
            panic!("another kind of work");
        };
        let shown: Vec<_> = messages
            .iter()
            .map(|own| (own.role, own.content.expose().as_str()))
            .collect();
        let expected = [
            (System, "d"),
            (System, "s"),
            (User, "u"),
            (Assistant, ""),
            (Tool, "r"),
            (Assistant, "no"),
        ];
        assert_eq!(shown, expected);
        assert_eq!(messages[3].tool_calls[0].arguments.expose(), "{\"a\":1}");
        assert_eq!(messages[3].reasoning.as_ref().unwrap().expose(), "t");
        assert_eq!(messages[4].tool_call_id.as_deref(), Some("call_1"));
    }

    #[test]
    fn choices_of_tools_are_read() {
        let named = json!({"type": "function", "function": {"name": "b"}});
        let allowed = |mode: &str| json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [named]}});
        let names = || vec!["b".to_owned()];
        for (choice, expected) in [
            (json!(null), ToolChoice::Auto),
            (json!("none"), ToolChoice::None),
            (json!("auto"), ToolChoice::Auto),
            (json!("required"), ToolChoice::Required),
            (named.clone(), ToolChoice::Named("b".to_owned())),
            (allowed("auto"), ToolChoice::Allowed(names())),
            (allowed("required"), ToolChoice::AllowedRequired(names())),
        ] {
            let more = json!({"tools": [tool("a"), tool("b")], "tool_choice": choice});
            assert_eq!(ask(more).tools.unwrap().choice, expected);
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table")]
    fn what_is_wrong_is_named() {
        let messages = |list: Value| json!({"messages": list});
        let with_tool =
            |function: Value| json!({"tools": [{"type": "function", "function": function}]});
        let choice = |choice: Value| json!({"tools": [tool("a")], "tool_choice": choice});
        let format = |format: Value| json!({"response_format": format});
        let schema = |own: Value| format(json!({"type": "json_schema", "json_schema": own}));
        let call = |own: Value| messages(json!([{"role": "assistant", "tool_calls": [own]}]));
        let pairs: serde_json::Map<_, _> = (0..17).map(|n| (n.to_string(), json!("v"))).collect();
        for (more, code, param) in [
            (json!({"n": 9}), "invalid_value", "n"),
            (json!({"n": 1.5}), "invalid_type", "n"),
            (json!({"top_logprobs": 2}), "invalid_value", "top_logprobs"),
            (
                json!({"logprobs": true, "top_logprobs": 21}),
                "invalid_value",
                "top_logprobs",
            ),
            (json!({"logprobs": 3}), "invalid_type", "logprobs"),
            (
                json!({"prediction": {"type": "image", "content": "x"}}),
                "unsupported_value",
                "prediction.type",
            ),
            (
                json!({"prediction": {"type": "content"}}),
                "missing_required_parameter",
                "prediction.content",
            ),
            (json!({"metadata": {"a": 1}}), "invalid_type", "metadata"),
            (json!({"metadata": pairs}), "invalid_value", "metadata"),
            (
                json!({"metadata": {"a".repeat(65): "v"}}),
                "invalid_value",
                "metadata",
            ),
            (
                json!({"metadata": {"a": "v".repeat(513)}}),
                "invalid_value",
                "metadata",
            ),
            (json!({"store": true}), "unsupported_value", "store"),
            (
                json!({"service_tier": "gold"}),
                "invalid_value",
                "service_tier",
            ),
            (json!({"verbosity": "low"}), "invalid_value", "verbosity"),
            (
                json!({"modalities": ["text", "audio"]}),
                "unsupported_value",
                "modalities",
            ),
            (
                json!({"reasoning_effort": "huge"}),
                "invalid_value",
                "reasoning_effort",
            ),
            (
                json!({"chat_template_kwargs": {"a b": 1}}),
                "invalid_value",
                "chat_template_kwargs",
            ),
            (
                json!({"chat_template_kwargs": {"a": "b c"}}),
                "invalid_value",
                "chat_template_kwargs",
            ),
            (
                json!({"chat_template_kwargs": {"a": []}}),
                "invalid_value",
                "chat_template_kwargs",
            ),
            (json!({"audio": {}}), "unsupported_parameter", "audio"),
            (
                json!({"functions": []}),
                "unsupported_parameter",
                "functions",
            ),
            (
                json!({"function_call": "auto"}),
                "unsupported_parameter",
                "function_call",
            ),
            (
                json!({"web_search_options": {}}),
                "unsupported_parameter",
                "web_search_options",
            ),
            (
                messages(json!([{"role": "function", "content": "x", "name": "f"}])),
                "invalid_value",
                "messages[0].role",
            ),
            (
                messages(json!([{"role": "tool", "content": "x"}])),
                "missing_required_parameter",
                "messages[0].tool_call_id",
            ),
            (
                messages(json!([{"role": "tool", "content": "x", "tool_call_id": "c"}])),
                "invalid_value",
                "messages[0].tool_call_id",
            ),
            (
                messages(json!([{"role": "user", "content": "x", "tool_calls": []}])),
                "unsupported_parameter",
                "messages[0].tool_calls",
            ),
            (
                messages(json!([{"role": "assistant"}])),
                "missing_required_parameter",
                "messages[0].content",
            ),
            (
                messages(json!([{"role": "assistant", "content": "x", "audio": {"id": "a"}}])),
                "unsupported_parameter",
                "messages[0].audio",
            ),
            (
                call(json!({"id": "a b"})),
                "invalid_value",
                "messages[0].tool_calls[0].id",
            ),
            (
                call(json!({"id": "a", "type": "custom"})),
                "invalid_value",
                "messages[0].tool_calls[0].type",
            ),
            (
                call(json!({"id": "a"})),
                "missing_required_parameter",
                "messages[0].tool_calls[0].function",
            ),
            (
                call(json!({"id": "a", "function": {"name": "f", "arguments": {}}})),
                "invalid_type",
                "messages[0].tool_calls[0].function.arguments",
            ),
            (
                json!({"tools": [{"type": "custom", "custom": {"name": "x"}}]}),
                "unsupported_value",
                "tools[0].type",
            ),
            (
                json!({"tools": [{"type": "function"}]}),
                "missing_required_parameter",
                "tools[0].function",
            ),
            (
                with_tool(json!({})),
                "missing_required_parameter",
                "tools[0].function.name",
            ),
            (
                with_tool(json!({"name": "a b"})),
                "invalid_value",
                "tools[0].function.name",
            ),
            (
                with_tool(json!({"name": "a", "parameters": []})),
                "invalid_type",
                "tools[0].function.parameters",
            ),
            (
                with_tool(json!({"name": "a", "strict": 1})),
                "invalid_type",
                "tools[0].function.strict",
            ),
            (
                with_tool(json!({"name": "a", "x": 1})),
                "unsupported_parameter",
                "tools[0].function.x",
            ),
            (
                json!({"tools": [tool("a"), tool("a")]}),
                "invalid_value",
                "tools",
            ),
            (
                json!({"tools": vec![tool("a"); 129]}),
                "invalid_value",
                "tools",
            ),
            (
                json!({"tool_choice": "required"}),
                "invalid_value",
                "tool_choice",
            ),
            (choice(json!("any")), "invalid_value", "tool_choice"),
            (choice(json!(1)), "invalid_type", "tool_choice"),
            (
                choice(json!({"type": "function", "function": {"name": "b"}})),
                "invalid_value",
                "tool_choice",
            ),
            (
                choice(json!({"type": "custom"})),
                "unsupported_value",
                "tool_choice.type",
            ),
            (
                choice(
                    json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
                ),
                "invalid_value",
                "tool_choice.allowed_tools.tools",
            ),
            (
                json!({"parallel_tool_calls": "yes"}),
                "invalid_type",
                "parallel_tool_calls",
            ),
            (
                format(json!({})),
                "missing_required_parameter",
                "response_format.type",
            ),
            (
                format(json!({"type": "xml"})),
                "invalid_value",
                "response_format.type",
            ),
            (
                format(json!({"type": "text", "x": 1})),
                "unsupported_parameter",
                "response_format.x",
            ),
            (
                format(json!({"type": "json_schema"})),
                "missing_required_parameter",
                "response_format.json_schema",
            ),
            (
                schema(json!({"name": "a"})),
                "missing_required_parameter",
                "response_format.json_schema.schema",
            ),
            (
                schema(json!({"schema": {}})),
                "missing_required_parameter",
                "response_format.json_schema.name",
            ),
            (
                schema(json!({"name": "a b", "schema": {}})),
                "invalid_value",
                "response_format.json_schema.name",
            ),
            (
                schema(json!({"name": "a", "schema": []})),
                "invalid_type",
                "response_format.json_schema.schema",
            ),
        ] {
            let shown = more.to_string();
            let error = parse(more).expect_err(&shown);
            assert_eq!(
                (&error["code"], &error["param"]),
                (&json!(code), &json!(param)),
                "{shown}: {error}"
            );
        }
    }
}
