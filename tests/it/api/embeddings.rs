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
    // Of very different lengths, so that some are mostly padding.
    let long = "The kettle that I bought in May leaks, and I want my money back. ".repeat(8);
    let texts = [TEXTS[0], TEXTS[1], TEXTS[2], long.as_str(), "x"];
    let together = vectors(&embed(&json!(texts), None));
    for (text, expected) in texts.iter().zip(&together) {
        let alone = vectors(&embed(&json!(text), None));
        // Sums of other lengths round otherwise in the last bits: 2^-20 is 8 units in the last place of 1.
        let apart = alone[0].iter().zip(expected).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-6, "{text}");
    }
}

#[test]
fn tokens_are_read_like_their_text() {
    let server = Server::shared();
    let tokens = |text: &str| {
        let body = json!({"model": "all-minilm-l6-v2", "prompt": text});
        server.post("/v1/tokenize", &body).json()["tokens"].clone()
    };
    let by_text = vectors(&embed(&json!(TEXTS), None));
    let lists: Vec<Value> = TEXTS.iter().map(|text| tokens(text)).collect();
    assert_eq!(vectors(&embed(&json!(lists), None)), by_text);
    assert_eq!(vectors(&embed(&lists[1], None))[0].len(), by_text[1].len());
    // They are put into words before they are masked: an address in tokens is as much an address. In clear it
    // would be far from its placeholder.
    let address = "Write to erika.muster@example.com or call +49 30 9018 2001.";
    let vector = |input: Value| vectors(&embed(&input, None)).swap_remove(0);
    let (by_tokens, by_text) = (vector(tokens(address)), vector(json!(address)));
    assert!(
        cosine(&by_tokens, &by_text) > 0.999,
        "{}",
        cosine(&by_tokens, &by_text)
    );
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
    check(("input", json!([1, "a"])), 400, "invalid_type", "input");
    check(("input", json!([1, 30_522])), 400, "invalid_value", "input");
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
        "invalid_value",
        "dimensions",
    );
    let own = json!({"model": "all-minilm-l6-v2", "input": "x", "dimensions": 384});
    assert_eq!(Server::shared().post("/v1/embeddings", &own).status(), 200);
    check(("model", json!("default")), 404, "model_not_found", "model");
    check(("model", json!(3)), 400, "invalid_type", "model");
}
