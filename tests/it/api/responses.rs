//! `POST /v1/responses` over the socket: the object, the events, the input, the use cases.

use serde_json::{Value, json};

use super::client::{Request, Response};
use super::openai::check as assert_valid;
use super::server::{Server, case_of, long_chat, run_well};

/// A text that no error may show.
const SECRET: &str = "zq7-secret";

/// A request whose answer has exactly `tokens` tokens.
pub(crate) fn long_response(tokens: u32) -> Value {
    let mut body = json!({
        "model": "default",
        "input": "Tell me about the sea.",
        "max_output_tokens": tokens,
        "temperature": 0,
    });
    body["logit_bias"] = long_chat(tokens)["logit_bias"].clone();
    body
}

/// A use case over a case of a customer in `country`, by OpenAI's own parameter.
pub(crate) fn prompt_of(country: &str) -> Value {
    json!({
        "model": "default",
        "max_output_tokens": 24,
        "prompt": {"id": "case-summary", "variables": {"case": case_of(country)}},
    })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

pub(crate) fn respond(body: &Value) -> Response {
    Server::shared().post("/v1/responses", body)
}

/// A good response, which is what OpenAI's document says.
pub(crate) fn answered(body: &Value) -> Value {
    let response = respond(body);
    assert_eq!(response.status(), 200, "{}", response.text());
    let object = response.json();
    assert_valid("Response", &object);
    object
}

/// The text of a response's messages.
pub(crate) fn text_of(response: &Value) -> String {
    let items = response["output"].as_array().unwrap();
    let texts = items
        .iter()
        .filter(|item| item["type"] == "message")
        .map(|item| item["content"][0]["text"].as_str().unwrap());
    texts.collect()
}

/// The events of a stream: their names, and what they say.
pub(crate) fn events_of(response: &Response) -> Vec<(String, Value)> {
    assert_eq!(response.status(), 200, "{}", response.text());
    let text = response.text();
    let event = |block: &str| {
        let (name, data) = block.split_once('\n').unwrap();
        (
            name.strip_prefix("event: ").unwrap().to_owned(),
            serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap(),
        )
    };
    let blocks = text.split("\n\n").filter(|block| !block.is_empty());
    blocks.map(event).collect()
}

/// What OpenAI's document calls the event of this name.
fn schema_of(name: &str) -> &'static str {
    match name {
        "response.created" => "ResponseCreatedEvent",
        "response.in_progress" => "ResponseInProgressEvent",
        "response.output_item.added" => "ResponseOutputItemAddedEvent",
        "response.output_item.done" => "ResponseOutputItemDoneEvent",
        "response.content_part.added" => "ResponseContentPartAddedEvent",
        "response.content_part.done" => "ResponseContentPartDoneEvent",
        "response.output_text.delta" => "ResponseTextDeltaEvent",
        "response.output_text.done" => "ResponseTextDoneEvent",
        "response.function_call_arguments.delta" => "ResponseFunctionCallArgumentsDeltaEvent",
        "response.function_call_arguments.done" => "ResponseFunctionCallArgumentsDoneEvent",
        "response.completed" => "ResponseCompletedEvent",
        "response.incomplete" => "ResponseIncompleteEvent",
        "response.failed" => "ResponseFailedEvent",
        _ => panic!("no event is called {name}"),
    }
}

/// A stream whose every event is valid, numbered, and named as it says; the final response.
pub(crate) fn streamed(body: &Value) -> (Vec<(String, Value)>, Value) {
    let events = events_of(&respond(&with(body.clone(), "stream", json!(true))));
    for (index, (name, event)) in events.iter().enumerate() {
        assert_eq!(event["type"], name.as_str());
        assert_eq!(event["sequence_number"], json!(index), "{name}");
        assert_valid(schema_of(name), event);
    }
    let last = events.last().unwrap().1["response"].clone();
    (events, last)
}

#[test]
fn a_response_is_whole_and_recorded() {
    let body = with(long_response(8), "instructions", json!("Be brief."));
    let body = with(body, "metadata", json!({"order": "4711"}));
    let response = respond(&body);
    let object = response.json();
    assert_valid("Response", &object);
    assert!(object["id"].as_str().unwrap().starts_with("resp_"));
    for (name, value) in [
        ("object", json!("response")),
        ("status", json!("incomplete")),
        ("incomplete_details", json!({"reason": "max_output_tokens"})),
        ("error", Value::Null),
        ("instructions", json!("Be brief.")),
        ("metadata", json!({"order": "4711"})),
        ("model", json!("smollm2-135m-instruct")),
        ("temperature", json!(0)),
        ("top_p", json!(1.0)),
        ("max_output_tokens", json!(8)),
        ("tools", json!([])),
        ("tool_choice", json!("auto")),
        ("parallel_tool_calls", json!(true)),
        ("background", json!(false)),
        ("store", json!(false)),
        ("previous_response_id", Value::Null),
        ("truncation", json!("disabled")),
    ] {
        assert_eq!(object[name], value, "{name}");
    }
    assert_eq!(object["output"][0]["status"], "incomplete");
    assert!(!text_of(&object).is_empty());
    let usage = &object["usage"];
    assert_eq!(usage["output_tokens"], 8);
    let sum = usage["input_tokens"].as_u64().unwrap() + 8;
    assert_eq!(usage["total_tokens"], sum);
    // The entry that the header names says which endpoint it was.
    let entry: usize = response
        .header("x-bailiwick-audit-entry")
        .unwrap()
        .parse()
        .unwrap();
    let log = run_well(&["audit", "export"], &Server::shared().data());
    let line: Value = serde_json::from_str(log.lines().nth(entry).unwrap()).unwrap();
    assert_eq!(
        (&line["index"], &line["endpoint"]),
        (&json!(entry), &json!("responses"))
    );
}

#[test]
fn a_chat_and_a_response_say_the_same() {
    let chat = Server::shared().chat(&long_chat(12)).json();
    let said = chat["choices"][0]["message"]["content"].clone();
    let inputs = [
        json!("Tell me about the sea."),
        json!([{"role": "user", "content": "Tell me about the sea."}]),
        json!([{"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "Tell me "}, {"type": "input_text", "text": "about the sea."},
        ]}]),
    ];
    for input in inputs {
        let object = answered(&with(long_response(12), "input", input.clone()));
        assert_eq!(text_of(&object), said, "{input}");
        assert_eq!(
            object["usage"]["input_tokens"],
            chat["usage"]["prompt_tokens"]
        );
    }
    let instructed = answered(&with(long_response(12), "instructions", json!("Be rude.")));
    let mut with_system = long_chat(12);
    with_system["messages"] = json!([
        {"role": "system", "content": "Be rude."},
        {"role": "user", "content": "Tell me about the sea."},
    ]);
    let chat = Server::shared().chat(&with_system).json();
    assert_eq!(
        text_of(&instructed),
        chat["choices"][0]["message"]["content"]
    );
}

#[test]
fn a_stream_tells_the_response_in_order() {
    let body = long_response(12);
    let whole = answered(&body);
    let (events, last) = streamed(&body);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    let deltas = names
        .iter()
        .filter(|name| **name == "response.output_text.delta")
        .count();
    assert!(deltas > 1, "{names:?}");
    let first = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ];
    let end = [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.incomplete",
    ];
    let expected = first
        .into_iter()
        .chain(vec!["response.output_text.delta"; deltas])
        .chain(end);
    assert_eq!(names, expected.collect::<Vec<_>>());
    let text: String = events
        .iter()
        .filter_map(|(_, event)| event["delta"].as_str())
        .collect();
    assert_eq!(text, text_of(&whole));
    assert_eq!(text_of(&last), text);
    assert_eq!(events[0].1["response"]["status"], "in_progress");
    assert!(events[0].1["response"].get("usage").is_none());
    // One response, one item, whatever the event.
    let id = &events[0].1["response"]["id"];
    assert_eq!(&last["id"], id);
    let item = &events[2].1["item"]["id"];
    assert!(
        events[3..events.len() - 2]
            .iter()
            .all(|(_, event)| &event["item_id"] == item)
    );
    assert_eq!(last["usage"], whole["usage"]);
}

#[test]
fn an_answer_that_ends_by_itself_is_completed() {
    let body = json!({"model": "default", "input": "Say hello.", "temperature": 0, "max_output_tokens": 400});
    let object = answered(&body);
    assert_eq!(
        (&object["status"], &object["incomplete_details"]),
        (&json!("completed"), &Value::Null)
    );
    assert_eq!(object["output"][0]["status"], "completed");
    assert!(object["completed_at"].as_i64().unwrap() >= object["created_at"].as_i64().unwrap());
    let (events, last) = streamed(&body);
    assert_eq!(events.last().unwrap().0, "response.completed");
    assert_eq!(text_of(&last), text_of(&object));
}

#[test]
fn prompt_calls_a_use_case() {
    let plain = answered(&with(prompt_of("DE"), "max_output_tokens", json!(120)));
    let text = text_of(&plain);
    assert!(!text.is_empty() && !text.contains("[PERSON"), "{text}");
    // What is repeated is the use case, never a value.
    assert_eq!(
        plain["prompt"],
        json!({"id": "case-summary", "version": null, "variables": null})
    );
    // Without an explanation there is only where the quotes are from.
    let extension = plain["bailiwick"].as_object().unwrap();
    assert_eq!(extension.keys().collect::<Vec<_>>(), ["sources"]);
    for source in extension["sources"].as_array().unwrap() {
        let at = |key: &str| usize::try_from(source[key].as_u64().unwrap()).unwrap();
        let quoted: String = text
            .chars()
            .skip(at("start_index"))
            .take(at("end_index") - at("start_index"))
            .collect();
        let case = case_of("DE");
        assert_eq!(source["field"], "case.Description");
        let description = case["Description"].as_str().unwrap();
        assert!(description.contains(&quoted), "{quoted}");
    }
    let explained = with(prompt_of("DE"), "bailiwick", json!({"explain": true}));
    let (_, last) = streamed(&explained);
    let seen = last["bailiwick"]["masked_messages"].to_string();
    assert!(
        seen.contains("[PERSON_1]") && !seen.contains("Erika"),
        "{seen}"
    );
    assert!(last["bailiwick"]["audit_entry"].as_u64().is_some());
    assert!(last["bailiwick"]["masked_answer"].is_string());
    // The other way to name it, and versions as OpenAI writes them and as numbers.
    let mut ours = prompt_of("DE");
    let variables = ours["prompt"]["variables"].clone();
    ours.as_object_mut().unwrap().remove("prompt");
    ours["bailiwick"] = json!({"use_case": "case-summary", "variables": variables});
    answered(&ours);
    let chat = json!({"model": "default", "messages": [], "max_tokens": 24, "bailiwick": ours["bailiwick"]});
    let chat = Server::shared().chat(&chat);
    assert_eq!(chat.status(), 200, "{}", chat.text());
    for version in [json!("1"), json!(1)] {
        let mut versioned = prompt_of("DE");
        versioned["prompt"]["version"] = version;
        assert_eq!(answered(&versioned)["prompt"]["version"], "1");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn use_cases_are_refused_as_everywhere() {
    let check = |body: &Value, (status, code): (u16, &str), param: &str| {
        let response = respond(body);
        let message = response.expect_error(status, code);
        assert_eq!(response.param(), param, "{message}");
        assert!(!response.text().contains("Erika"), "{}", response.text());
        message
    };
    let message = check(
        &prompt_of("CN"),
        (403, "residency_violation"),
        "prompt.variables.case",
    );
    assert!(
        message.contains("https://ai.cn.example.com/v1"),
        "{message}"
    );
    let changed = |field: &str, value: Value| {
        let mut body = prompt_of("DE");
        body["prompt"][field] = value;
        body
    };
    check(
        &changed("id", json!("no-such")),
        (404, "use_case_not_found"),
        "prompt.id",
    );
    check(
        &changed("id", json!("No Such!")),
        (404, "use_case_not_found"),
        "prompt.id",
    );
    check(
        &changed("version", json!("999")),
        (404, "use_case_not_found"),
        "prompt.id",
    );
    check(
        &changed("version", json!("new")),
        (400, "invalid_value"),
        "prompt.version",
    );
    check(
        &changed("version", json!(0)),
        (400, "invalid_value"),
        "prompt.version",
    );
    check(
        &changed("variables", json!({})),
        (400, "invalid_variables"),
        "prompt.variables",
    );
    check(
        &changed("variables", json!([])),
        (400, "invalid_type"),
        "prompt.variables",
    );
    check(
        &changed("other", json!(1)),
        (400, "unsupported_parameter"),
        "prompt.other",
    );
    let image = json!({"case": {"type": "input_image", "image_url": "x"}});
    check(
        &changed("variables", image),
        (400, "unsupported_value"),
        "prompt.variables",
    );
    check(
        &with(prompt_of("DE"), "input", json!("more")),
        (400, "invalid_value"),
        "input",
    );
    check(
        &with(prompt_of("DE"), "instructions", json!("more")),
        (400, "invalid_value"),
        "instructions",
    );
    let twice = with(
        prompt_of("DE"),
        "bailiwick",
        json!({"use_case": "case-summary"}),
    );
    check(&twice, (400, "invalid_value"), "prompt");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_cannot_be_done_is_refused_by_name() {
    let rows: &[(&str, Value, &str, &str)] = &[
        ("model", json!(7), "invalid_type", "model"),
        ("input", json!(7), "invalid_type", "input"),
        ("input", json!([]), "invalid_value", "input"),
        (
            "input",
            json!([{"type": SECRET}]),
            "unsupported_value",
            "input[0].type",
        ),
        ("instructions", json!([]), "invalid_type", "instructions"),
        (
            "max_output_tokens",
            json!(0),
            "invalid_value",
            "max_output_tokens",
        ),
        (
            "max_output_tokens",
            json!("x"),
            "invalid_type",
            "max_output_tokens",
        ),
        ("temperature", json!(2.5), "invalid_value", "temperature"),
        ("top_p", json!(-1), "invalid_value", "top_p"),
        ("top_logprobs", json!(3), "invalid_value", "top_logprobs"),
        ("top_logprobs", json!(21), "invalid_value", "top_logprobs"),
        (
            "include",
            json!(["reasoning.encrypted_content"]),
            "unsupported_value",
            "include",
        ),
        ("include", json!([SECRET]), "unsupported_value", "include"),
        ("include", json!("x"), "invalid_type", "include"),
        (
            "previous_response_id",
            json!("resp_1"),
            "unsupported_value",
            "previous_response_id",
        ),
        (
            "conversation",
            json!("conv_1"),
            "unsupported_value",
            "conversation",
        ),
        (
            "truncation",
            json!("auto"),
            "unsupported_value",
            "truncation",
        ),
        ("store", json!(true), "unsupported_value", "store"),
        ("store", json!("no"), "invalid_type", "store"),
        ("stream", json!(1), "invalid_type", "stream"),
        (
            "stream_options",
            json!({}),
            "invalid_value",
            "stream_options",
        ),
        ("background", json!("yes"), "invalid_type", "background"),
        (
            "text",
            json!({"format": {"type": SECRET}}),
            "invalid_value",
            "text.format.type",
        ),
        (
            "text",
            json!({"format": {}}),
            "missing_required_parameter",
            "text.format.type",
        ),
        (
            "text",
            json!({"verbosity": "low"}),
            "unsupported_value",
            "text.verbosity",
        ),
        (
            "text",
            json!({"other": 1}),
            "unsupported_parameter",
            "text.other",
        ),
        (
            "reasoning",
            json!({"effort": SECRET}),
            "invalid_value",
            "reasoning.effort",
        ),
        (
            "reasoning",
            json!({"summary": "auto"}),
            "unsupported_value",
            "reasoning.summary",
        ),
        ("metadata", json!({"a": 1}), "invalid_type", "metadata"),
        (
            "metadata",
            json!({"a": "x".repeat(513)}),
            "invalid_value",
            "metadata",
        ),
        ("metadata", json!([]), "invalid_type", "metadata"),
        (
            "safety_identifier",
            json!("x".repeat(513)),
            "invalid_value",
            "safety_identifier",
        ),
        (
            "max_tool_calls",
            json!(0),
            "invalid_value",
            "max_tool_calls",
        ),
        (
            "tools",
            json!([{"type": "web_search"}]),
            "unsupported_value",
            "tools[0].type",
        ),
        (
            "tools",
            json!([{"type": "function"}]),
            "missing_required_parameter",
            "tools[0].name",
        ),
        (
            "tools",
            json!([{"type": "function", "name": "a b"}]),
            "invalid_value",
            "tools[0].name",
        ),
        (
            "tool_choice",
            json!("required"),
            "invalid_value",
            "tool_choice",
        ),
        (
            "tool_choice",
            json!({"type": "mcp"}),
            "unsupported_value",
            "tool_choice.type",
        ),
        (
            "context_management",
            json!([]),
            "unsupported_parameter",
            "context_management",
        ),
        (
            "moderation",
            json!({}),
            "unsupported_parameter",
            "moderation",
        ),
        ("n", json!(2), "unsupported_parameter", "n"),
        ("messages", json!([]), "unsupported_parameter", "messages"),
        ("Of Jane", json!(1), "unsupported_parameter", "?"),
    ];
    for (field, value, code, param) in rows {
        let response = respond(&with(long_response(2), field, value.clone()));
        let message = response.expect_error(400, code);
        assert_eq!(response.param(), *param, "{field}: {value}: {message}");
        assert!(!response.text().contains(SECRET), "{}", response.text());
        assert_valid("ErrorResponse", &response.json());
    }
    for (body, param) in [
        (json!({"input": "x"}), "model"),
        (json!({"model": "default"}), "input"),
    ] {
        let response = respond(&body);
        response.expect_error(400, "missing_required_parameter");
        assert_eq!(response.param(), param);
    }
    let unknown = respond(&with(long_response(2), "model", json!("gpt-4o")));
    unknown.expect_error(404, "model_not_found");
    let long = respond(&with(
        long_response(2),
        "input",
        json!("word ".repeat(9000)),
    ));
    long.expect_error(400, "context_length_exceeded");
    assert_eq!(long.param(), "input");
}

#[test]
fn what_changes_nothing_is_taken() {
    let mut body = long_response(2);
    for (name, value) in [
        ("user", json!("agent-7")),
        ("safety_identifier", json!("abc")),
        ("prompt_cache_key", json!("abc")),
        ("service_tier", json!("auto")),
        ("store", json!(false)),
        ("truncation", json!("disabled")),
        ("max_tool_calls", json!(3)),
        (
            "text",
            json!({"format": {"type": "text"}, "verbosity": "medium"}),
        ),
        ("reasoning", json!({"effort": null, "summary": null})),
        ("include", json!([])),
        ("tools", json!([])),
        ("metadata", Value::Null),
        ("previous_response_id", Value::Null),
    ] {
        body[name] = value;
    }
    let object = answered(&body);
    assert_eq!(object["user"], "agent-7");
    assert_eq!(object["max_tool_calls"], 3);
}

#[test]
fn a_key_is_asked_for() {
    let server = Server::shared();
    let id = format!("/v1/responses/resp_{}", "0".repeat(32));
    for request in [
        Request::post("/v1/responses", &long_response(1)),
        Request::get(&id),
        Request::new("DELETE", &id),
        Request::post(&format!("{id}/cancel"), &json!({})),
    ] {
        let response = request.send(server.address);
        response.expect_error(401, "missing_api_key");
    }
}
