//! Salesforce's LLM Open Connector: the contract's requests, and answers with its keys and no others.

use serde_json::{Value, json};

use super::client::{Request, Response};
use super::server::{Home, Server, case_of, summary_of};

const PATH: &str = "/v1/connector/chat/completions";

/// The endpoint's own document.
fn document() -> Value {
    serde_json::from_str(include_str!("../../../docs/open-connector.json")).unwrap()
}

/// Checks `value` against a schema of the document; none of them allows a key that it doesn't name.
fn validate(name: &str, value: &Value) {
    let mut schema = document();
    schema["$ref"] = json!(format!("#/components/schemas/{name}"));
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

/// As Salesforce sends it: the key in `api-key`, the optional fields `null`.
fn ask(more: &Value) -> Value {
    let mut body = json!({
        "model": "default",
        "messages": [
            {"role": "system", "content": "You are brief."},
            {"role": "system", "content": "You never mention competitors."},
            {"role": "user", "content": "Name a colour.", "name": "Astro"},
        ],
        "max_tokens": null, "n": null, "temperature": null, "parameters": null,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn post(server: &Server, body: &Value) -> Response {
    Request::post(PATH, body)
        .header("api-key", &server.key)
        .send(server.address)
}

#[test]
fn answers_have_the_contracts_keys_and_no_others() {
    let server = Server::shared();
    for more in [
        json!({"max_tokens": 8}),
        json!({"max_tokens": 8, "n": 2, "temperature": 0.7}),
        json!({"max_tokens": 8, "parameters": {"seed": 1, "top_p": 0.9, "stop": ["."]}}),
        json!({"parameters": {"max_tokens": 8}, "stream": false}),
    ] {
        let body = ask(&more);
        validate("Request", &body);
        let response = post(server, &body);
        assert_eq!(response.status(), 200, "{more}: {}", response.text());
        assert_eq!(response.header("content-type"), Some("application/json"));
        let answer = response.json();
        validate("Answer", &answer);
        assert!(!response.text().contains("null"), "{answer}");
        let n = more["n"].as_u64().unwrap_or(1);
        assert_eq!(
            answer["choices"].as_array().map(|all| all.len() as u64),
            Some(n)
        );
        let usage = &answer["usage"];
        let sum =
            usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
        assert_eq!(usage["total_tokens"].as_u64(), Some(sum));
        assert!(response.header("x-bailiwick-audit-entry").is_some());
    }
}

#[test]
fn a_use_case_runs_without_messages() {
    let server = Server::shared();
    let extension = json!({"use_case": "case-summary", "variables": {"case": case_of("DE")}});
    let mut body = ask(&json!({"max_tokens": 24, "parameters": {"bailiwick": extension}}));
    let both = post(server, &body);
    both.expect_error(400, "invalid_value");
    assert_eq!(both.param(), "messages");
    body.as_object_mut().unwrap().remove("messages");
    let response = post(server, &body);
    assert_eq!(response.status(), 200, "{}", response.text());
    validate("Answer", &response.json());
    // The same words as the other way in.
    let content = |value: &Value| value["choices"][0]["message"]["content"].clone();
    let other = server.chat(&summary_of(&case_of("DE"))).json();
    assert_eq!(content(&response.json()), content(&other));
}

#[test]
fn errors_have_four_keys_and_say_what_to_change() {
    let server = Server::shared();
    let check = |more: Value, status: u16, code: &str, param: Value| {
        let response = post(server, &ask(&more));
        let message = response.expect_error(status, code);
        validate("Error", &response.json());
        assert_eq!(response.param(), param, "{more}: {message}");
        message
    };
    check(
        json!({"parameters": {"logit_bias": {}}}),
        400,
        "unsupported_parameter",
        json!("parameters.logit_bias"),
    );
    check(
        json!({"parameters": {"temperature": 9}}),
        400,
        "invalid_value",
        json!("parameters.temperature"),
    );
    check(
        json!({"response_format": {}}),
        400,
        "unsupported_parameter",
        json!("response_format"),
    );
    check(
        json!({"model": "gpt-4o"}),
        404,
        "model_not_found",
        json!("model"),
    );
    let message = check(json!({"n": 100}), 400, "invalid_value", json!("n"));
    assert!(message.contains('8'), "{message}");
    let long = "word ".repeat(9000);
    let long = json!([{"role": "user", "content": long}]);
    let message = check(
        json!({"messages": long}),
        400,
        "context_length_exceeded",
        json!("messages"),
    );
    assert!(message.contains("8192"), "{message}");
    let refused = Request::post(PATH, &ask(&json!({}))).send(server.address);
    refused.expect_error(401, "missing_api_key");
    validate("Error", &refused.json());
}

#[test]
fn deadlines_end_answers() {
    let endless = json!({
        "model": "default", "messages": [{"role": "user", "content": "Tell me about the sea."}],
        "max_tokens": 4000, "temperature": 0,
    });
    let mut biased = endless.clone();
    biased["logit_bias"] = json!({"0": -100, "2": -100});
    let length = ("max_tokens = 1024", "max_tokens = 4096");
    let late = |server: &Server, path: &str, body: &Value, timeout: &str| {
        Request::post(path, body)
            .key(&server.key)
            .header("timeout", timeout)
            .send(server.address)
    };
    let chat = "/v1/chat/completions";
    // The request's own time, and the node's for those that name none.
    let server = Home::edited(&[length, ("# deadline_s = 100 ", "deadline_s = 2 ")]).start();
    for (path, body, timeout) in [
        (chat, &biased, "1"),
        (chat, &biased, "100"),
        (PATH, &endless, "0.5"),
    ] {
        let began = std::time::Instant::now();
        let response = late(&server, path, body, timeout);
        assert_eq!(response.status(), 200, "{}", response.text());
        let answer = response.json();
        assert_eq!(answer["choices"][0]["finish_reason"], "length");
        assert!(answer["usage"]["completion_tokens"].as_u64().unwrap() < 4000);
        assert!(
            began.elapsed() < std::time::Duration::from_secs(20),
            "{:?}",
            began.elapsed()
        );
    }
    let refused = late(&server, chat, &biased, "soon");
    refused.expect_error(400, "invalid_value");
    assert_eq!(refused.param(), "timeout");
    // The other policy.
    let server = Home::edited(&[
        length,
        ("on_deadline = \"length\"", "on_deadline = \"error\""),
    ])
    .start();
    for (path, body) in [(chat, &biased), (PATH, &endless)] {
        late(&server, path, body, "0.5").expect_error(504, "deadline_exceeded");
    }
    assert_eq!(server.metric("bailiwick_sequences_running"), 0.0);
}
