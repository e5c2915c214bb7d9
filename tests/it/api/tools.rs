//! Tools: what must be called is called, with arguments that fit, and personal data stays here.

use serde_json::{Value, json};

use super::openai::{assembled, completion, fits};
use super::server::Server;

fn weather() -> Value {
    json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 20},
            "unit": {"enum": ["c", "f"]},
            "days": {"type": "integer", "minimum": 1, "maximum": 7},
        },
        "required": ["city", "unit", "days"],
        "additionalProperties": false,
    })
}

fn mail() -> Value {
    json!({
        "type": "object",
        "properties": {"to": {"type": "string", "format": "email"}},
        "required": ["to"],
        "additionalProperties": false,
    })
}

fn tool(name: &str, parameters: Value) -> Value {
    let mut function = json!({"name": name, "description": "Does it."});
    function["parameters"] = parameters;
    json!({"type": "function", "function": function})
}

fn ask(text: &str, more: &[(&str, Value)]) -> Value {
    let mut body = json!({
        "model": "default", "max_tokens": 120, "temperature": 1, "seed": 1,
        "messages": [{"role": "user", "content": text}],
        "tools": [tool("get_weather", weather()), tool("send_mail", mail())],
    });
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

/// Checks the calls of a choice: names that are declared, arguments that fit.
fn check_calls(choice: &Value) -> Vec<(String, Value)> {
    assert_eq!(choice["finish_reason"], "tool_calls", "{choice}");
    let calls = choice["message"]["tool_calls"].as_array().unwrap();
    assert!(!calls.is_empty());
    let mut ids = std::collections::BTreeSet::new();
    let read = calls.iter().map(|call| {
        assert!(call["id"].as_str().unwrap().starts_with("call_"));
        assert!(ids.insert(call["id"].to_string()), "{calls:?}");
        assert_eq!(call["type"], "function");
        let name = call["function"]["name"].as_str().unwrap().to_owned();
        let arguments = call["function"]["arguments"].as_str().unwrap();
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        match name.as_str() {
            "get_weather" => fits(&weather(), &arguments),
            "send_mail" => fits(&mail(), &arguments),
            other => panic!("no tool {other}"),
        }
        (name, arguments)
    });
    read.collect()
}

#[test]
fn what_must_be_called_is_called_with_arguments_that_fit() {
    let server = Server::shared();
    let function = |name: &str| json!({"type": "function", "function": {"name": name}});
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {
        "mode": "required", "tools": [function("send_mail")],
    }});
    for (choice, only) in [
        (json!("required"), None),
        (function("get_weather"), Some("get_weather")),
        (allowed, Some("send_mail")),
    ] {
        for seed in 0..3 {
            let body = completion(&server.chat(&ask(
                "Is it warm in Paris?",
                &[
                    ("tool_choice", choice.clone()),
                    ("parallel_tool_calls", json!(false)),
                    ("seed", json!(seed)),
                ],
            )));
            let own = &body["choices"][0];
            assert_eq!(own["message"]["content"], Value::Null, "{own}");
            let calls = check_calls(own);
            assert_eq!(calls.len(), 1, "{calls:?}");
            assert!(only.is_none_or(|only| calls[0].0 == only), "{calls:?}");
        }
    }
}

#[test]
fn a_streamed_call_is_the_whole_one() {
    let server = Server::shared();
    let more = [
        ("tool_choice", json!("required")),
        ("parallel_tool_calls", json!(false)),
    ];
    let whole = completion(&server.chat(&ask("Weather in Rome?", &more)));
    let mut streamed = ask("Weather in Rome?", &more);
    streamed["stream"] = json!(true);
    let response = server.chat(&streamed);
    let pieces = response
        .events()
        .iter()
        .filter(|event| event.contains("\"arguments\""))
        .count();
    assert!(pieces > 3, "arguments came in {pieces} pieces");
    let stream = assembled(&response);
    let (one, other) = (&whole["choices"][0], &stream["choices"][0]);
    assert_eq!(check_calls(one), check_calls(other));
    assert_eq!(one["message"]["content"], other["message"]["content"]);
}

#[test]
fn without_a_choice_the_model_decides_and_none_means_none() {
    let server = Server::shared();
    for choice in [json!("auto"), json!("none")] {
        let body = completion(&server.chat(&ask("Say hello.", &[("tool_choice", choice.clone())])));
        let own = &body["choices"][0];
        if own["finish_reason"] == "tool_calls" {
            assert_eq!(choice, "auto");
            check_calls(own);
        } else {
            assert!(own["message"].get("tool_calls").is_none(), "{own}");
            assert!(own["message"]["content"].is_string());
        }
    }
}

#[test]
fn personal_data_goes_to_the_tool_and_not_to_the_model() {
    let server = Server::shared();
    let call = json!({"id": "toolu_9", "type": "function", "function": {
        "name": "send_mail", "arguments": "{\"to\":\"jane.doe@example.com\"}",
    }});
    let mut body = ask(
        "",
        &[
            ("tool_choice", json!("required")),
            ("parallel_tool_calls", json!(false)),
        ],
    );
    body["messages"] = json!([
        {"role": "user", "content": "Write to jane.doe@example.com."},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_9", "content": "sent to jane.doe@example.com"},
        {"role": "user", "content": "Again."},
    ]);
    // The tool can be called with the one address of the conversation alone.
    body["tools"] = json!([tool(
        "send_mail",
        json!({
            "type": "object", "properties": {"to": {"const": "jane.doe@example.com"}},
            "required": ["to"], "additionalProperties": false,
        })
    )]);
    body["bailiwick"] = json!({"explain": true});
    let answer = completion(&server.chat(&body));
    let shown = &answer["bailiwick"];
    assert!(!shown.to_string().contains("jane"), "{shown}");
    assert!(!shown.to_string().contains("toolu_9"), "{shown}");
    assert_eq!(shown["entities"], json!({"EMAIL": 1}));
    assert_eq!(
        check_calls(&answer["choices"][0]),
        [(
            "send_mail".to_owned(),
            json!({"to": "jane.doe@example.com"})
        )]
    );
}

#[test]
fn tools_and_a_form_of_the_answer_hold_together() {
    let server = Server::shared();
    let schema = json!({
        "type": "object", "properties": {"ok": {"type": "boolean"}},
        "required": ["ok"], "additionalProperties": false,
    });
    let format = json!({"type": "json_schema", "json_schema": {"name": "own", "strict": true, "schema": schema}});
    for seed in 0..4 {
        let more = [
            ("response_format", format.clone()),
            ("seed", json!(seed)),
            ("parallel_tool_calls", json!(false)),
        ];
        let body = completion(&server.chat(&ask("All well?", &more)));
        let own = &body["choices"][0];
        if own["finish_reason"] == "tool_calls" {
            check_calls(own);
        } else {
            let content = own["message"]["content"].as_str().unwrap();
            fits(&schema, &serde_json::from_str(content).unwrap());
        }
    }
}

#[test]
fn what_can_not_be_enforced_is_refused() {
    let server = Server::shared();
    let mut body = ask("x", &[]);
    body["tools"][1]["function"]["strict"] = json!(true);
    body["tools"][1]["function"]["parameters"]["properties"]["to"] =
        json!({"type": "string", "pattern": "(?<=x)y"});
    let response = server.chat(&body);
    let message = response.expect_error(400, "invalid_value");
    assert_eq!(response.param(), "tools[1].function.parameters");
    assert!(message.contains("/properties/to"), "{message}");
}
