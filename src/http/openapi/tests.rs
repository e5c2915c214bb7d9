//! The document says what the server does: its paths are the routes, its parameters those that are read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::chat_request::ChatRequest;
use super::super::completions::CompletionRequest;
use super::super::fields::ASKED;
use super::super::observe::endpoint;
use super::super::{adapters, embeddings, held, open_connector, redact, rerank, responses, tokens};
use super::*;
use crate::types::{RequestId, Timestamp};

fn request() -> RequestId {
    RequestId::new(Timestamp::from_millis(0))
}

#[test]
fn its_paths_are_the_routes() {
    let connector = format!("\"{}\"", open_connector::PATH);
    let source = include_str!("../routes.rs").replace("open_connector::PATH", &connector);
    let mut routes = BTreeSet::new();
    for part in source.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap().replace("{*", "{");
        let after = part.split_once("\",").unwrap().1;
        for method in ["get(", "post(", "delete("] {
            // Only what stands before the next route.
            let own = after.split(";\n").next().unwrap();
            if own.trim_start().starts_with(method) || own.contains(&format!(").{method}")) {
                routes.insert((path.clone(), method.trim_end_matches('(').to_owned()));
            }
        }
    }
    assert!(routes.len() > 10, "{routes:?}");
    let document = document();
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, _) in methods.as_object().unwrap() {
            described.insert((path.clone(), method.clone()));
        }
    }
    assert_eq!(described, routes);
}

#[test]
fn its_references_lead_somewhere_and_its_names_are_its_own() {
    let document = document();
    let mut waiting = vec![&document];
    while let Some(node) = waiting.pop() {
        match node {
            Value::Object(map) => {
                if let Some(Value::String(place)) = map.get("$ref") {
                    let pointer = place.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{place}");
                }
                waiting.extend(map.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    let mut ids = BTreeSet::new();
    let mut copy = document.clone();
    for operation in operations(&mut copy) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{id} twice");
        let tag = &operation["tags"][0];
        let known = document["tags"].as_array().unwrap();
        assert!(known.iter().any(|own| own["name"] == *tag), "{tag}");
    }
}

#[test]
fn metrics_tell_its_paths_apart() {
    for path in document()["paths"].as_object().unwrap().keys() {
        let path = path.replace(['{', '}'], "");
        let request = axum::extract::Request::get(&path).body(axum::body::Body::empty());
        assert_ne!(endpoint(&request.unwrap()), "other", "{path}");
    }
}

/// The parser of the body that `schema` describes reads exactly the properties that it has. A name like
/// `declared.PERSON` is a key of the caller's own, and names of nested objects are the nested schema's.
fn check(schema: &str, parse: impl Fn(Value) -> bool, bodies: &[Value]) {
    ASKED.with_borrow_mut(BTreeSet::clear);
    for body in bodies {
        assert!(parse(body.clone()), "{body}");
    }
    let asked = ASKED.with_borrow(BTreeSet::clone);
    let top = |name: &&String| !name.contains(['.', '[']);
    let asked: BTreeSet<&str> = asked.iter().filter(top).map(String::as_str).collect();
    let document = document();
    let properties = &document["components"]["schemas"][schema]["properties"];
    let described: BTreeSet<&str> = properties
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(described, asked, "{schema}");
}

#[test]
fn its_parameters_are_those_that_are_read() {
    let model = "m";
    let hello = json!([{"role": "user", "content": "a"}]);
    check(
        "ChatRequest",
        |body| ChatRequest::parse(body, request()).is_ok(),
        &[json!({"model": model, "messages": hello})],
    );
    check(
        "ResponsesRequest",
        |body| responses::refused(body, request()).is_none(),
        &[json!({"model": model, "input": "a"})],
    );
    check(
        "CompletionRequest",
        |body| CompletionRequest::parse(body, request()).is_ok(),
        &[json!({"model": model, "prompt": "a"})],
    );
    check(
        "EmbeddingRequest",
        |body| embeddings::parse(body, request()).is_ok(),
        &[json!({"model": model, "input": "a"})],
    );
    check(
        "RerankRequest",
        |body| rerank::Rerank::parse(body).is_ok(),
        &[json!({"model": model, "query": "a", "documents": ["a"]})],
    );
    check(
        "ScoreRequest",
        |body| rerank::Score::parse(body).is_ok(),
        &[json!({"model": model, "text_1": "a", "text_2": "b"})],
    );
    check(
        "TokenizeRequest",
        |body| tokens::parse(body, request()).is_ok(),
        &[json!({"model": model, "prompt": "a"})],
    );
    check(
        "DetokenizeRequest",
        |body| tokens::parse_tokens(body, request()).is_ok(),
        &[json!({"model": model, "tokens": [1]})],
    );
    check(
        "LoadAdapterRequest",
        |body| adapters::Load::parse(body).is_ok(),
        &[json!({"lora_name": "a"})],
    );
    check(
        "UnloadAdapterRequest",
        |body| adapters::parse_unload(body).is_ok(),
        &[json!({"lora_name": "a"})],
    );
    check(
        "HeldDecisionRequest",
        |body| held::parse_decision(body).is_ok(),
        &[json!({"reason": "a"})],
    );
    check(
        "RedactRequest",
        |body| redact::RedactRequest::parse(body, request()).is_ok(),
        &[json!({"input": "a"})],
    );
    check(
        "RestoreRequest",
        |body| redact::parse_restore(body, request()).is_ok(),
        &[json!({"input": "a", "vault": "v"})],
    );
}

#[test]
fn its_examples_are_valid() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        let Some(example) = schema.get("example") else {
            continue;
        };
        let mut whole = document.clone();
        whole["$ref"] = json!(format!("#/components/schemas/{name}"));
        let validator = jsonschema::draft202012::new(&whole).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(example)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn the_page_shows_every_operation_and_runs_nothing() {
    let page = page::render(&document());
    let mut copy = document();
    for operation in operations(&mut copy) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("<article id=\"{id}\">")), "{id}");
    }
    for word in [
        "<script",
        "javascript:",
        "http://",
        "https://",
        " style=",
        " on",
        "<img",
        "<link",
    ] {
        // ` on…=` would be a handler; the word "on" alone is English.
        let found = page.match_indices(word).any(|(at, _)| {
            word != " on"
                || page[at..]
                    .split(['>', ' '])
                    .nth(1)
                    .is_some_and(|next| next.contains("=\""))
        });
        assert!(!found, "{word}");
    }
    assert!(page::content_security_policy().starts_with("default-src 'none'; style-src 'sha256-"));
}
