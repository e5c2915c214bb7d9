//! OpenAI's own schemas, against which every answer is held.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::client::Response;

fn schemas() -> &'static Value {
    static SCHEMAS: OnceLock<Value> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(here.join("tests/data/openai/schemas.json"));
        serde_json::from_str(&text.unwrap()).unwrap()
    })
}

/// Checks that `value` is what OpenAI's document calls `name`.
pub(crate) fn check(name: &str, value: &Value) {
    let all = schemas()["$defs"].as_object().unwrap();
    // Only what it refers to: some of the others are for validators that know more.
    let (mut needed, mut waiting) = (serde_json::Map::new(), vec![name.to_owned()]);
    while let Some(name) = waiting.pop() {
        if !needed.contains_key(&name) {
            let schema = all[&name].clone();
            refers_to(&schema, &mut waiting);
            needed.insert(name, schema);
        }
    }
    let mut schema = json!({"$ref": format!("#/$defs/{name}")});
    schema["$schema"] = schemas()["$schema"].clone();
    schema["$defs"] = needed.into();
    fits(&schema, value);
}

/// Adds the names that `schema` refers to.
fn refers_to(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(entries) => {
            for (key, value) in entries {
                let name = value.as_str().and_then(|own| own.strip_prefix("#/$defs/"));
                match name {
                    Some(name) if key == "$ref" => names.push(name.to_owned()),
                    _ => refers_to(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| refers_to(item, names)),
        _ => {}
    }
}

/// Checks that `value` fits `schema`.
pub(crate) fn fits(schema: &Value, value: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

/// The completion in a whole answer.
pub(crate) fn completion(response: &Response) -> Value {
    assert_eq!(response.status(), 200, "{}", response.text());
    let body = response.json();
    check("CreateChatCompletionResponse", &body);
    body
}

/// The completion that the events of a stream make together, as a client puts them together.
pub(crate) fn assembled(response: &Response) -> Value {
    assert_eq!(response.status(), 200, "{}", response.text());
    let mut events = response.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    let (mut choices, mut usage) = (Vec::new(), Value::Null);
    for event in events {
        let chunk: Value = serde_json::from_str(&event).unwrap();
        check("CreateChatCompletionStreamResponse", &chunk);
        if chunk["usage"].is_object() {
            usage = chunk["usage"].clone();
        }
        for own in chunk["choices"].as_array().unwrap() {
            let index = usize::try_from(own["index"].as_u64().unwrap()).unwrap();
            if choices.len() <= index {
                choices.resize(index + 1, json!({"message": {}, "logprobs": null}));
            }
            join_choice(&mut choices[index], own);
        }
    }
    json!({"choices": choices, "usage": usage})
}

fn join_choice(choice: &mut Value, chunk: &Value) {
    for (name, value) in chunk["delta"].as_object().unwrap() {
        if name == "tool_calls" {
            for call in value.as_array().unwrap() {
                join_call(&mut choice["message"], call);
            }
        } else {
            join_text(&mut choice["message"], name, value);
        }
    }
    if let Some(more) = chunk["logprobs"]["content"].as_array() {
        let all = choice["logprobs"]["content"].as_array();
        let all: Vec<Value> = all.into_iter().flatten().chain(more).cloned().collect();
        choice["logprobs"] = json!({"content": all, "refusal": null});
    }
    assert!(choice.get("finish_reason").is_none_or(Value::is_null));
    choice["finish_reason"] = chunk["finish_reason"].clone();
}

fn join_text(object: &mut Value, name: &str, value: &Value) {
    match (object[name].as_str(), value.as_str()) {
        (Some(before), Some(more)) => object[name] = json!(format!("{before}{more}")),
        (Some(_), None) => {}
        (None, _) => object[name] = value.clone(),
    }
}

fn join_call(message: &mut Value, call: &Value) {
    if !message["tool_calls"].is_array() {
        message["tool_calls"] = json!([]);
    }
    let calls = message["tool_calls"].as_array_mut().unwrap();
    let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
    if calls.len() <= index {
        assert_eq!(calls.len(), index, "calls come in order");
        let mut first = call.clone();
        first.as_object_mut().unwrap().remove("index");
        calls.push(first);
        return;
    }
    assert_eq!(
        calls.len(),
        index + 1,
        "a call goes on after the next began"
    );
    join_text(
        &mut calls[index]["function"],
        "arguments",
        &call["function"]["arguments"],
    );
}
