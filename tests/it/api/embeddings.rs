//! Embeddings, in both forms.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::server::Server;

const TEXTS: [&str; 3] = [
    "The kettle leaks.",
    "Water comes out of the kettle.",
    "Invoice 2024",
];

fn embed(input: &Value, format: Option<&str>) -> Value {
    let mut body = json!({"model": "all-minilm-l6-v2", "input": input});
    if let Some(format) = format {
        body["encoding_format"] = json!(format);
    }
    let response = Server::shared().post("/v1/embeddings", &body);
    assert_eq!(response.status(), 200, "{}", response.text());
    assert!(response.header("x-bailiwick-audit-entry").is_some());
    response.json()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the numbers were f32 when they were written"
)]
fn vectors(body: &Value) -> Vec<Vec<f32>> {
    let data = body["data"].as_array().unwrap();
    let numbers = |item: &Value| match &item["embedding"] {
        Value::String(text) => {
            let bytes = BASE64_STANDARD.decode(text).unwrap();
            let (words, []) = bytes.as_chunks::<4>() else {
                panic!("whole numbers");
            };
            words.iter().map(|word| f32::from_le_bytes(*word)).collect()
        }
        list => {
            let list = list.as_array().unwrap().iter();
            list.map(|number| number.as_f64().unwrap() as f32).collect()
        }
    };
    data.iter().map(numbers).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn both_forms_hold_the_same_unit_vectors() {
    let body = embed(&json!(TEXTS), None);
    assert_eq!(body["object"], "list");
    assert_eq!(body["model"], "all-minilm-l6-v2");
    let indices: Vec<_> = body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["index"].clone())
        .collect();
    assert_eq!(indices, [0, 1, 2]);
    assert_eq!(
        body["usage"]["prompt_tokens"],
        body["usage"]["total_tokens"]
    );
    let floats = vectors(&body);
    assert!(floats.iter().all(|vector| vector.len() == 384));
    for vector in &floats {
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-5);
    }
    assert_eq!(vectors(&embed(&json!(TEXTS), Some("base64"))), floats);
    // What is alike is nearer than what is not.
    assert!(cosine(&floats[0], &floats[1]) > cosine(&floats[0], &floats[2]) + 0.2);
}

#[test]
fn a_batch_gives_what_each_text_gives_alone() {
    let together = vectors(&embed(&json!(TEXTS), None));
    for (text, expected) in TEXTS.iter().zip(&together) {
        let alone = vectors(&embed(&json!(text), None));
        assert!(cosine(&alone[0], expected) > 0.9999, "{text}");
    }
}

#[test]
fn what_cant_be_embedded_is_refused() {
    let check = |change: (&str, Value), status: u16, code: &str, param: &str| {
        let mut body = json!({"model": "all-minilm-l6-v2", "input": "x"});
        body[change.0] = change.1;
        let response = Server::shared().post("/v1/embeddings", &body);
        response.expect_error(status, code);
        assert_eq!(response.param(), param, "{body}");
    };
    check(("input", json!("")), 400, "invalid_value", "input");
    check(("input", json!([])), 400, "invalid_value", "input");
    check(("input", json!([1, 2])), 400, "invalid_type", "input");
    check(
        ("input", json!(null)),
        400,
        "missing_required_parameter",
        "input",
    );
    check(
        ("input", json!("word ".repeat(600))),
        400,
        "context_length_exceeded",
        "input",
    );
    check(
        ("encoding_format", json!("hex")),
        400,
        "invalid_value",
        "encoding_format",
    );
    check(
        ("dimensions", json!(64)),
        400,
        "unsupported_parameter",
        "dimensions",
    );
    check(("model", json!("default")), 404, "model_not_found", "model");
    check(("model", json!(3)), 400, "invalid_type", "model");
}
