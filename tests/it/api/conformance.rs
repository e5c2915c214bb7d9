//! Every answer and every event of a stream is what OpenAI's own document says.
//!
//! `tests/data/openai/schemas.json` holds the schemas of the answers that exist here, taken from OpenAI's OpenAPI
//! document by `tests/sdk/extract_schemas.py`. Where the whole document lies beside the project, a test makes
//! sure that they are still the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::client::Response;
use super::openai::check as valid;
use super::server::{Server, case_of, long_chat, summary_of};

const SCHEMAS: &str = include_str!("../../data/openai/schemas.json");

/// The answer of a request that must be given.
pub(crate) fn answer(path: &str, body: &Value) -> Value {
    let response = Server::shared().post(path, body);
    assert_eq!(response.status(), 200, "{body}: {}", response.text());
    response.json()
}

/// The events of a stream, `[DONE]` taken off.
pub(crate) fn events(path: &str, body: &Value) -> Vec<Value> {
    let mut body = body.clone();
    body["stream"] = json!(true);
    let response = Server::shared().post(path, &body);
    assert_eq!(response.status(), 200, "{body}: {}", response.text());
    let mut events = response.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"), "{body}");
    assert!(events.len() > 1, "{events:?}");
    events
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

fn document() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["..", "../.."]
        .iter()
        .map(|up| here.join(up).join("shared/conformance/openai-openapi.json"))
        .find(|path| path.exists())
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn the_schemas_are_those_of_openais_document() {
    let Some(document) = document() else {
        eprintln!(
            "OpenAI's document is not beside the project: its schemas are taken as they were kept"
        );
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("schemas.json");
    let status = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/extract_schemas.py"))
        .args([&document, &target])
        .status();
    assert!(status.unwrap().success());
    assert!(
        std::fs::read_to_string(target).unwrap() == SCHEMAS,
        "run tests/sdk/extract_schemas.py again"
    );
}

#[test]
fn a_validator_that_finds_nothing_would_be_seen() {
    let sound = answer("/v1/chat/completions", &long_chat(2));
    valid("CreateChatCompletionResponse", &sound);
    for (place, value) in [
        ("/object", json!("chat")),
        ("/choices/0/finish_reason", json!("because")),
        ("/choices/0/message/role", json!("user")),
        ("/usage/prompt_tokens", json!("7")),
        ("/choices/0/logprobs", json!([])),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(place).unwrap() = value;
        let found = std::panic::catch_unwind(|| valid("CreateChatCompletionResponse", &broken));
        assert!(found.is_err(), "{place}");
    }
}

/// Requests of chat completions, each another part of the answer.
fn chats() -> Vec<Value> {
    let with = |more: &[(&str, Value)]| {
        let mut body = long_chat(6);
        for (name, value) in more {
            body[name] = value.clone();
        }
        body
    };
    vec![
        with(&[]),
        with(&[("stop", json!(["e", "a"]))]),
        with(&[
            ("n", json!(2)),
            ("logprobs", json!(true)),
            ("top_logprobs", json!(3)),
        ]),
        summary_of(&case_of("DE")),
    ]
}

#[test]
fn chat_completions() {
    for body in chats() {
        valid(
            "CreateChatCompletionResponse",
            &answer("/v1/chat/completions", &body),
        );
        for usage in [false, true] {
            let mut body = body.clone();
            body["stream_options"] = json!({"include_usage": usage});
            for event in events("/v1/chat/completions", &body) {
                valid("CreateChatCompletionStreamResponse", &event);
            }
        }
    }
}

#[test]
fn completions() {
    for (more, schema) in [
        (json!({}), "CreateCompletionResponse"),
        (json!({"n": 2, "logprobs": 3}), "CreateCompletionResponse"),
        (
            json!({"prompt": ["The sea", "A kettle"], "echo": true}),
            "CreateCompletionResponse",
        ),
        (
            json!({"prompt": [[504], [657, 13]], "stop": "e"}),
            "CreateCompletionResponse",
        ),
    ] {
        let mut body = json!({"model": "default", "prompt": "The sea is", "max_tokens": 5});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        valid(schema, &answer("/v1/completions", &body));
        body["stream_options"] = json!({"include_usage": true});
        for mut event in events("/v1/completions", &body) {
            // OpenAI sends null here until a choice ends, though its document does not allow for it.
            for choice in event["choices"].as_array_mut().unwrap() {
                if choice["finish_reason"].is_null() {
                    choice["finish_reason"] = json!("stop");
                }
            }
            if event["usage"].is_null() {
                event.as_object_mut().unwrap().remove("usage");
            }
            valid(schema, &event);
        }
    }
}

#[test]
fn embeddings_and_models() {
    for (input, format) in [
        (json!("a"), "float"),
        (json!(["a", "b"]), "float"),
        (json!([101, 102]), "float"),
    ] {
        let body = json!({"model": "all-minilm-l6-v2", "input": input, "encoding_format": format});
        valid("CreateEmbeddingResponse", &answer("/v1/embeddings", &body));
    }
    let server = Server::shared();
    valid("ListModelsResponse", &server.get("/v1/models").json());
    valid("Model", &server.get("/v1/models/default").json());
}

#[test]
fn errors() {
    let server = Server::shared();
    let check = |response: Response, status: u16| {
        assert_eq!(response.status(), status, "{}", response.text());
        valid("ErrorResponse", &response.json());
    };
    let chat = |change: (&str, Value)| {
        let mut body = long_chat(1);
        body[change.0] = change.1;
        server.chat(&body)
    };
    check(chat(("temperature", json!(3))), 400);
    check(chat(("model", json!("gpt-4o"))), 404);
    check(chat(("colour", json!("red"))), 400);
    check(server.chat(&summary_of(&case_of("CN"))), 403);
    check(server.get("/v1/nothing"), 404);
    check(server.get("/v1/chat/completions"), 405);
    check(server.post("/v1/embeddings", &json!([])), 400);
    check(
        super::client::Request::get("/v1/models").send(server.address),
        401,
    );
}
