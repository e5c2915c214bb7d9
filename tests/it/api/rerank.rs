//! Relevance by the embedding model.

use serde_json::{Value, json};

use super::server::Server;

const MODEL: &str = "all-minilm-l6-v2";
const QUERY: &str = "Whose kettle leaks?";
const DOCUMENTS: [&str; 3] = [
    "Invoice 2024",
    "Water comes out of the kettle.",
    "The shop opens at nine.",
];

fn post(path: &str, body: &Value) -> Value {
    let response = Server::shared().post(path, body);
    assert_eq!(response.status(), 200, "{body}: {}", response.text());
    assert!(response.header("x-bailiwick-audit-entry").is_some());
    response.json()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn the_most_relevant_document_comes_first() {
    let body =
        json!({"model": MODEL, "query": QUERY, "documents": DOCUMENTS, "return_documents": true});
    let answer = post("/v1/rerank", &body);
    assert_eq!(answer["method"], "embedding-cosine");
    let results = answer["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["index"]), (3, &json!(1)));
    assert_eq!(results[0]["document"]["text"], DOCUMENTS[1]);
    let scores: Vec<f64> = results
        .iter()
        .map(|own| number(&own["relevance_score"]))
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    let body =
        json!({"model": MODEL, "query": QUERY, "documents": [{"text": "a"}, "b", "c"], "top_n": 2});
    let answer = post("/v1/rerank", &body);
    assert_eq!(answer["results"].as_array().unwrap().len(), 2);
    assert_eq!(answer["results"][0].get("document"), None);
}

#[test]
fn scores_are_the_cosines_of_the_vectors() {
    let body = json!({"model": MODEL, "input": [QUERY, DOCUMENTS[0], DOCUMENTS[1]]});
    let embedded = post("/v1/embeddings", &body);
    let vector = |at: usize| -> Vec<f64> {
        let numbers = embedded["data"][at]["embedding"].as_array().unwrap();
        numbers.iter().map(number).collect()
    };
    let cosine =
        |a: usize, b: usize| -> f64 { vector(a).iter().zip(vector(b)).map(|(x, y)| x * y).sum() };
    let scores = |body: Value| -> Vec<f64> {
        let answer = post("/v1/score", &body);
        let data = answer["data"].as_array().unwrap();
        data.iter().map(|own| number(&own["score"])).collect()
    };
    let near = |found: Vec<f64>, expected: &[f64]| {
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-5, "{found:?} {expected:?}");
        }
    };
    let one = json!({"model": MODEL, "text_1": QUERY, "text_2": [DOCUMENTS[0], DOCUMENTS[1]]});
    near(scores(one), &[cosine(0, 1), cosine(0, 2)]);
    let pairs =
        json!({"model": MODEL, "text_1": [QUERY, DOCUMENTS[0]], "text_2": [QUERY, DOCUMENTS[1]]});
    near(scores(pairs), &[1.0, cosine(1, 2)]);
    let two = json!({"model": MODEL, "text_1": QUERY, "text_2": DOCUMENTS[1]});
    near(scores(two), &[cosine(0, 2)]);
}

#[test]
fn what_cant_be_compared_is_refused() {
    let check = |path: &str, body: Value, status: u16, code: &str, param: &str| {
        let response = Server::shared().post(path, &body);
        response.expect_error(status, code);
        assert_eq!(response.param(), param, "{body}");
    };
    let rerank = |change: (&str, Value), status, code, param| {
        let mut body = json!({"model": MODEL, "query": "a", "documents": ["b"]});
        body[change.0] = change.1;
        check("/v1/rerank", body, status, code, param);
    };
    rerank(("query", json!("")), 400, "invalid_value", "query");
    rerank(("documents", json!([])), 400, "invalid_value", "documents");
    rerank(("documents", json!([1])), 400, "invalid_type", "documents");
    rerank(
        ("documents", json!([{"txt": "a"}])),
        400,
        "missing_required_parameter",
        "documents[].text",
    );
    rerank(("top_n", json!(0)), 400, "invalid_value", "top_n");
    rerank(
        ("rank_fields", json!([])),
        400,
        "unsupported_parameter",
        "rank_fields",
    );
    rerank(("model", json!("default")), 404, "model_not_found", "model");
    let score = |left: Value, right: Value, code, param| {
        let body = json!({"model": MODEL, "text_1": left, "text_2": right});
        check("/v1/score", body, 400, code, param);
    };
    score(json!(["a", "b"]), json!(["a"]), "invalid_value", "text_1");
    score(json!([]), json!("a"), "invalid_value", "text_1");
    score(json!("a"), json!(3), "invalid_type", "text_2");
}
