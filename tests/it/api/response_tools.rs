//! Tools, formats and chances of tokens in responses: the same work as in chat completions, in other words.

use serde_json::{Value, json};

use super::openai::fits;
use super::responses::{answered, long_response, respond, streamed, text_of};

fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "number": {"type": "integer", "minimum": 1, "maximum": 9999},
            "unit": {"enum": ["piece", "box"]},
        },
        "required": ["number", "unit"],
        "additionalProperties": false,
    })
}

fn with_tools(choice: Value) -> Value {
    let tool = |name: &str| json!({"type": "function", "name": name, "description": "Does it.", "parameters": parameters()});
    let mut body = json!({
        "model": "default",
        "input": "Where is order 4711?",
        "max_output_tokens": 160,
        "temperature": 0,
        // A small model that may make another call does.
        "parallel_tool_calls": false,
        "tools": [tool("find_order"), tool("send_mail")],
    });
    body["tool_choice"] = choice;
    body
}

/// The calls among the items of a response, whose arguments fit.
fn calls_of(response: &Value) -> Vec<&Value> {
    let items = response["output"].as_array().unwrap();
    let calls: Vec<&Value> = items
        .iter()
        .filter(|item| item["type"] == "function_call")
        .collect();
    for call in &calls {
        let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
        fits(&parameters(), &arguments);
        assert_eq!(call["status"], "completed");
    }
    calls
}

#[test]
fn a_tool_that_must_be_called_is_an_item() {
    let named = json!({"type": "function", "name": "send_mail"});
    let allowed = json!({"type": "allowed_tools", "mode": "required", "tools": [
        {"type": "function", "name": "send_mail"},
    ]});
    for choice in [named, allowed] {
        let body = with_tools(choice.clone());
        let object = answered(&body);
        assert_eq!(object["status"], "completed");
        assert_eq!(object["tool_choice"], choice);
        assert_eq!(object["tools"][1]["name"], "send_mail");
        assert_eq!(object["tools"][1]["strict"], true);
        let calls = calls_of(&object);
        assert!(!calls.is_empty() && calls.iter().all(|call| call["name"] == "send_mail"));
    }
    let none = answered(&with_tools(json!("none")));
    assert!(calls_of(&none).is_empty() && !text_of(&none).is_empty());
}

#[test]
fn a_call_is_streamed_and_its_result_goes_back() {
    let mut body = with_tools(json!("required"));
    let (events, last) = streamed(&body);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    let at = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap();
    let deltas: String = events
        .iter()
        .filter(|(name, _)| name == "response.function_call_arguments.delta")
        .map(|(_, event)| event["delta"].as_str().unwrap())
        .collect();
    let calls = calls_of(&last);
    assert_eq!(calls.len(), 1);
    assert_eq!(deltas, calls[0]["arguments"].as_str().unwrap());
    let done = &events[at("response.function_call_arguments.done")].1;
    assert_eq!(done["arguments"], calls[0]["arguments"]);
    assert_eq!(done["item_id"], calls[0]["id"]);
    assert_eq!(done["name"], calls[0]["name"]);
    assert_eq!(names.last(), Some(&"response.completed"));
    // The next turn, as an application sends it: the call as it came, and what became of it.
    body["input"] = json!([
        {"role": "user", "content": "Where is order 4711?"},
        calls[0],
        {"type": "function_call_output", "call_id": calls[0]["call_id"], "output": "It is on its way."},
    ]);
    body["tool_choice"] = json!("none");
    assert!(!text_of(&answered(&body)).is_empty());
}

#[test]
fn text_has_the_form_that_was_asked_for() {
    let mut body = long_response(160);
    body.as_object_mut().unwrap().remove("logit_bias");
    body["text"] =
        json!({"format": {"type": "json_schema", "name": "order", "schema": parameters()}});
    let object = answered(&body);
    assert_eq!(object["text"]["format"]["name"], "order");
    let said: Value = serde_json::from_str(&text_of(&object)).unwrap();
    fits(&parameters(), &said);
    let (_, last) = streamed(&body);
    assert_eq!(text_of(&last), text_of(&object));
}

#[test]
fn what_cannot_be_enforced_is_refused_in_this_endpoints_words() {
    let odd = json!({"type": "object", "properties": {
        "a": {"contentEncoding": "base64", "pattern": "(?<=x)y"},
    }});
    let mut body = long_response(8);
    body["text"] = json!({"format": {"type": "json_schema", "name": "odd", "schema": odd}});
    let response = respond(&body);
    let message = response.expect_error(400, "invalid_value");
    assert_eq!(response.param(), "text.format.schema");
    assert!(message.contains("/properties/a"), "{message}");
    let mut body = with_tools(json!("required"));
    body["tools"][1]["parameters"] = odd;
    let response = respond(&body);
    response.expect_error(400, "invalid_value");
    assert_eq!(response.param(), "tools[1].parameters");
    let mut body = long_response(8);
    body["reasoning"] = json!({"effort": "low"});
    let response = respond(&body);
    response.expect_error(400, "unsupported_parameter");
    assert_eq!(response.param(), "reasoning.effort");
}

#[test]
fn chances_come_with_their_text() {
    let mut body = long_response(6);
    body["include"] = json!(["message.output_text.logprobs"]);
    body["top_logprobs"] = json!(2);
    let object = answered(&body);
    let tokens = object["output"][0]["content"][0]["logprobs"]
        .as_array()
        .unwrap();
    assert_eq!(tokens.len(), 6);
    let text: String = tokens
        .iter()
        .map(|token| token["token"].as_str().unwrap())
        .collect();
    assert_eq!(text, text_of(&object));
    for token in tokens {
        assert_eq!(token["top_logprobs"].as_array().unwrap().len(), 2);
        assert!(token["logprob"].as_f64().unwrap() <= 0.0);
    }
    let (events, last) = streamed(&body);
    let streamed: Vec<Value> = events
        .iter()
        .filter(|(name, _)| name == "response.output_text.delta")
        .flat_map(|(_, event)| event["logprobs"].as_array().unwrap().clone())
        .collect();
    assert_eq!(
        &streamed,
        last["output"][0]["content"][0]["logprobs"]
            .as_array()
            .unwrap()
    );
    assert_eq!(&streamed, tokens);
}
