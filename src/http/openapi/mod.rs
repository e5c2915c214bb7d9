//! The OpenAPI document of this server, and a page to read it.
//!
//! The document is data: JSON files beside this one, by subject. What every operation has in common (the errors
//! that it can give, the headers of its answers, `null` for what is left out) is added here. Tests compare its
//! paths with the routes and its parameters with what the parsers take.

mod page;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::types::Entity;

use super::App;

const BASE: &str = include_str!("base.json");
/// The subjects, each with its `paths` and `schemas`.
const SUBJECTS: [&str; 8] = [
    include_str!("answers.json"),
    include_str!("responses.json"),
    include_str!("files.json"),
    include_str!("held.json"),
    include_str!("vectors.json"),
    include_str!("privacy.json"),
    include_str!("tokens.json"),
    include_str!("node.json"),
];

/// Errors of every operation that asks for a key.
const WITH_KEY: &[&str] = &["401", "405", "500", "503"];
/// Errors of every operation that has a body, besides.
const WITH_BODY: &[&str] = &[
    "400", "403", "404", "408", "413", "415", "422", "429", "504",
];

/// The document and its page, made once.
#[derive(Clone, Debug)]
pub(super) struct Documentation {
    json: Arc<str>,
    page: Arc<str>,
    policy: Arc<str>,
}

impl Documentation {
    pub(super) fn new() -> Self {
        let document = document();
        Self {
            json: document.to_string().into(),
            page: page::render(&document).into(),
            policy: page::content_security_policy().into(),
        }
    }
}

/// `GET /openapi.json`
pub(super) async fn json(State(app): State<App>) -> Response {
    let form = [(header::CONTENT_TYPE, "application/json")];
    (form, app.documentation.json.to_string()).into_response()
}

/// `GET /docs`
pub(super) async fn page(State(app): State<App>) -> Response {
    let documentation = &app.documentation;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, &*documentation.policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    (headers, documentation.page.to_string()).into_response()
}

/// The whole document. The files are part of the program; a test reads them all.
pub(super) fn document() -> Value {
    let read = |text| serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut document = read(BASE);
    for subject in SUBJECTS {
        let mut subject = read(subject);
        join(&mut document["paths"], subject["paths"].take());
        join(
            &mut document["components"]["schemas"],
            subject["schemas"].take(),
        );
    }
    for operation in operations(&mut document) {
        complete(operation);
    }
    let labels: Vec<&str> = Entity::ALL.iter().map(|entity| entity.label()).collect();
    let schemas = &mut document["components"]["schemas"];
    schemas["Entity"]["enum"] = json!(labels);
    if let Value::Object(schemas) = schemas {
        for (_, schema) in schemas
            .iter_mut()
            .filter(|(name, _)| name.ends_with("Request"))
        {
            allow_null(schema);
        }
    }
    document
}

fn join(into: &mut Value, from: Value) {
    if into.is_null() {
        *into = Value::Object(Map::new());
    }
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(_, path)| {
        path.as_object_mut()
            .into_iter()
            .flatten()
            .map(|(_, operation)| operation)
    })
}

/// Adds what an operation need not say itself.
fn complete(operation: &mut Value) {
    let open = operation["security"].as_array().is_some_and(Vec::is_empty);
    let has_body = operation.get("requestBody").is_some();
    let named = operation.get("parameters").is_some();
    let responses = &mut operation["responses"];
    for status in ["200", "201", "202"] {
        if let Some(response) = responses.get_mut(status) {
            response["headers"] = headers(has_body);
        }
    }
    let mut errors: Vec<&str> = Vec::new();
    if !open {
        errors.extend(WITH_KEY);
    }
    if has_body {
        errors.extend(WITH_BODY);
    }
    if named {
        errors.extend(["400", "404"]);
    }
    errors.sort_unstable();
    errors.dedup();
    for status in errors {
        if responses.get(status).is_none() {
            responses[status] = json!({"$ref": "#/components/responses/Error"});
        }
    }
}

fn headers(recorded: bool) -> Value {
    let text =
        |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let mut headers = json!({"x-request-id": text("The request's identifier, ours.")});
    if recorded {
        headers["x-bailiwick-audit-entry"] =
            text("The number of the request's entry in the audit log.");
        headers["x-ratelimit-limit-requests"] =
            text("Requests that the caller may make in any minute.");
        headers["x-ratelimit-remaining-requests"] = text("How many of them are left.");
        headers["x-ratelimit-reset-requests"] = text("When all of them are there again.");
    }
    headers
}

/// Lets `null` stand for whatever may be left out, as the parsers do.
fn allow_null(schema: &mut Value) {
    let required: Vec<String> = schema["required"]
        .as_array()
        .map(|names| {
            names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (name, property) in properties.iter_mut() {
        allow_null(property);
        if required.contains(name) {
            continue;
        }
        match property.get_mut("type") {
            Some(Value::String(kind)) => property["type"] = json!([kind, "null"]),
            Some(Value::Array(kinds)) if !kinds.contains(&json!("null")) => {
                kinds.push(json!("null"))
            }
            Some(_) => {}
            None => {
                if let Some(Value::Array(forms)) = property.get_mut("anyOf") {
                    forms.push(json!({"type": "null"}));
                } else if property.get("$ref").is_some() || property.get("const").is_some() {
                    *property = json!({"anyOf": [property.take(), {"type": "null"}]});
                }
            }
        }
        if let Some(Value::Array(choices)) = property.get_mut("enum") {
            choices.push(Value::Null);
        }
    }
}
