//! The form of an answer: JSON, and JSON after a schema.

use serde_json::{Value, json};

use super::openai::{assembled, completion, fits};
use super::server::{Server, case_of, summary_of};

fn ask(text: &str, format: Value) -> Value {
    let mut body = json!({
        "model": "default", "max_tokens": 200, "temperature": 1, "seed": 3,
        "messages": [{"role": "user", "content": text}],
    });
    body["response_format"] = format;
    body
}

fn schema(schema: &Value) -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "own", "strict": true, "schema": schema}})
}

fn content(body: &Value) -> Value {
    let text = body["choices"][0]["message"]["content"].as_str().unwrap();
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn answers_fit_their_schema() {
    let server = Server::shared();
    let person = json!({
        "type": "object",
        "properties": {
            "kind": {"enum": ["complaint", "praise"]},
            "score": {"type": "integer", "minimum": 0, "maximum": 9},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 2},
        },
        "required": ["kind", "score", "tags"],
        "additionalProperties": false,
    });
    for seed in 0..3 {
        let mut body = ask("The kettle leaks.", schema(&person));
        body["seed"] = json!(seed);
        let whole = completion(&server.chat(&body));
        assert_eq!(whole["choices"][0]["finish_reason"], "stop");
        fits(&person, &content(&whole));
        body["stream"] = json!(true);
        let stream = assembled(&server.chat(&body));
        assert_eq!(content(&stream), content(&whole));
    }
}

#[test]
fn values_come_back_into_the_strings_of_an_answer() {
    let server = Server::shared();
    // Only the address can be written, and the model sees a placeholder.
    let only = json!({
        "type": "object",
        "properties": {"to": {"const": "jane.doe@example.com"}},
        "required": ["to"],
        "additionalProperties": false,
    });
    let mut body = ask("Write to jane.doe@example.com.", schema(&only));
    body["bailiwick"] = json!({"explain": true});
    let answer = completion(&server.chat(&body));
    assert_eq!(content(&answer), json!({"to": "jane.doe@example.com"}));
    let shown = answer["bailiwick"].to_string();
    assert!(
        shown.contains("[EMAIL_1]") && !shown.contains("jane"),
        "{shown}"
    );
}

#[test]
fn an_answer_that_is_cut_says_so() {
    let server = Server::shared();
    let mut body = ask("Tell me all.", json!({"type": "json_object"}));
    body["max_tokens"] = json!(3);
    let answer = completion(&server.chat(&body));
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "length");
    assert!(
        choice["message"]["content"]
            .as_str()
            .unwrap()
            .trim_start()
            .starts_with('{')
    );
}

#[test]
fn schemas_that_can_not_be_enforced_are_refused() {
    let server = Server::shared();
    let odd = json!({"type": "object", "properties": {"a": {"contentEncoding": "base64", "pattern": "(?<=x)y"}}});
    let response = server.chat(&ask("x", schema(&odd)));
    let message = response.expect_error(400, "invalid_value");
    assert_eq!(response.param(), "response_format.json_schema.schema");
    assert!(message.contains("/properties/a"), "{message}");
}

#[test]
fn a_use_case_has_its_own_form() {
    let server = Server::shared();
    let tool = json!([{"type": "function", "function": {"name": "a"}}]);
    for (name, value) in [
        ("response_format", json!({"type": "json_object"})),
        ("tools", tool),
        ("prediction", json!({"type": "content", "content": "x"})),
        ("reasoning_effort", json!("low")),
    ] {
        let mut body = summary_of(&case_of("DE"));
        body[name] = value;
        let response = server.chat(&body);
        let message = response.expect_error(400, "invalid_value");
        assert!(
            message.contains(name) && message.contains("use case"),
            "{message}"
        );
        assert_eq!(response.param(), name);
    }
}
