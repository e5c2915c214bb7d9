//! Text to tokens and back, over the wire.

use serde_json::{Value, json};

use super::server::{Server, run_well};

const CHAT: &str = "smollm2-135m-instruct";
const VECTORS: &str = "all-minilm-l6-v2";

fn post(path: &str, body: &Value) -> Value {
    let response = Server::shared().post(path, body);
    assert_eq!(response.status(), 200, "{body}: {}", response.text());
    assert!(response.header("x-bailiwick-audit-entry").is_some());
    response.json()
}

#[test]
fn texts_come_back_from_their_tokens() {
    for (model, text, back) in [
        (CHAT, "The kettle leaks: 東京, naïve 🙂\n\n  twice.", None),
        ("default", "<|im_start|>user", None),
        // Uncased, and without the spaces that were there.
        (VECTORS, "The kettle leaks.", Some("the kettle leaks.")),
    ] {
        for prefix in ["/v1", ""] {
            let body = json!({"model": model, "prompt": text, "add_special_tokens": false});
            let tokens = post(&format!("{prefix}/tokenize"), &body);
            let ids = tokens["tokens"].as_array().unwrap();
            assert_eq!(tokens["count"], ids.len(), "{tokens}");
            assert_eq!(tokens["token_strs"], Value::Null);
            let body = json!({"model": model, "tokens": ids});
            let found = post(&format!("{prefix}/detokenize"), &body);
            assert_eq!(found["prompt"], back.unwrap_or(text));
        }
    }
}

#[test]
fn pieces_special_tokens_and_the_context_are_told() {
    let tokens = post(
        "/v1/tokenize",
        &json!({"model": VECTORS, "input": "kettle", "return_token_strs": true}),
    );
    assert_eq!(tokens["token_strs"], json!(["[CLS]", "kettle", "[SEP]"]));
    assert_eq!(tokens["max_model_len"], 256);
    // Ids of the model's own vocabulary file: 101 and 102 frame a text.
    let ids = tokens["tokens"].as_array().unwrap();
    assert_eq!((&ids[0], &ids[2]), (&json!(101), &json!(102)));
    let tokens = post("/v1/tokenize", &json!({"model": "default", "prompt": ""}));
    assert_eq!(
        (&tokens["count"], &tokens["max_model_len"]),
        (&json!(0), &json!(8192))
    );
}

#[test]
fn a_conversation_has_the_tokens_that_the_model_reads() {
    let messages = json!([{"role": "user", "content": "Name a colour."}]);
    let tokens = post(
        "/tokenize",
        &json!({"model": "default", "messages": messages}),
    );
    let answer =
        Server::shared().chat(&json!({"model": "default", "messages": messages, "max_tokens": 1}));
    assert_eq!(answer.json()["usage"]["prompt_tokens"], tokens["count"]);
}

#[test]
fn what_cant_be_tokenised_is_refused() {
    let check = |path: &str, body: Value, status: u16, code: &str, param: &str| {
        let response = Server::shared().post(path, &body);
        response.expect_error(status, code);
        assert_eq!(response.param(), param, "{body}");
    };
    let tokenize = |body, code, param| check("/v1/tokenize", body, 400, code, param);
    tokenize(
        json!({"model": CHAT}),
        "missing_required_parameter",
        "prompt",
    );
    tokenize(
        json!({"model": CHAT, "prompt": 1}),
        "invalid_type",
        "prompt",
    );
    let both =
        json!({"model": CHAT, "prompt": "a", "messages": [{"role": "user", "content": "a"}]});
    tokenize(both, "invalid_value", "messages");
    let chat = json!({"model": VECTORS, "messages": [{"role": "user", "content": "a"}]});
    tokenize(chat, "invalid_value", "messages");
    let other = json!({"model": CHAT, "prompt": "a", "add_generation_prompt": true});
    tokenize(other, "unsupported_parameter", "add_generation_prompt");
    let unknown = json!({"model": "gpt-4", "prompt": "a"});
    check("/v1/tokenize", unknown, 404, "model_not_found", "model");
    let detokenize = |tokens: Value, code| {
        check(
            "/v1/detokenize",
            json!({"model": CHAT, "tokens": tokens}),
            400,
            code,
            "tokens",
        );
    };
    detokenize(json!([49_152]), "invalid_value");
    detokenize(json!([]), "invalid_value");
    detokenize(json!(["a"]), "invalid_type");
    detokenize(json!(null), "missing_required_parameter");
}

#[test]
fn counting_is_in_the_audit_log_and_its_text_is_not() {
    let server = Server::shared();
    let body = json!({"model": CHAT, "prompt": "zanzibar-4711"});
    let response = server.post("/v1/tokenize", &body);
    let entry = response
        .header("x-bailiwick-audit-entry")
        .unwrap()
        .to_owned();
    let log = run_well(&["audit", "export"], &server.data());
    let line = log.lines().find(|line| {
        let entry_of: Value = serde_json::from_str(line).unwrap_or_default();
        entry_of["index"].as_u64() == entry.parse().ok()
    });
    let line = line.unwrap_or_else(|| panic!("entry {entry} in\n{log}"));
    assert!(line.contains("\"tokenize\""), "{line}");
    assert!(!log.contains("zanzibar"), "a text in the log");
}
