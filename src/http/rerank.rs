//! `POST /v1/rerank` (the form of Jina and Cohere) and `POST /v1/score` (vLLM's), by the embedding model.
//!
//! There is no cross-encoder here: relevance is the cosine of the angle between two texts' vectors, from -1 to
//! 1, and the answer says so (`"method": "embedding-cosine"`).

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::pipeline::{EmbeddingAsk, TextInput};
use crate::types::{RequestId, Sensitive};

use super::auth::authenticate;
use super::body::read_json;
use super::convert::api_error;
use super::embeddings::MAX_TEXTS;
use super::fields::Fields;
use super::headers::recorded;
use super::{ApiError, App, inputs};

/// How relevance is found.
const METHOD: &str = "embedding-cosine";

/// Documents to be put in order of their relevance to a query.
#[derive(Debug)]
pub(super) struct Rerank {
    model: String,
    query: Sensitive<String>,
    documents: Vec<Sensitive<String>>,
    top: usize,
    return_documents: bool,
}

/// Texts to be compared: one with each of the others, or pair by pair.
#[derive(Debug)]
pub(super) struct Score {
    model: String,
    left: Vec<Sensitive<String>>,
    right: Vec<Sensitive<String>>,
}

pub(super) async fn rerank(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "rerank")).await?;
    let asked = Rerank::parse(read_json(&head.headers, body, app.bounds).await?)?;
    let texts = std::iter::once(&asked.query).chain(&asked.documents);
    let ask = ask(request, ("rerank", asked.model), texts);
    let done = app.pipeline.embed(&principal, ask).await;
    let done = done.map_err(|refused| api_error(&refused))?;
    let embedded = done.value;
    let Some((query, vectors)) = embedded.vectors.split_first() else {
        return Err(ApiError::internal());
    };
    let mut scores: Vec<(usize, f32)> = vectors
        .iter()
        .map(|own| cosine(query, own))
        .enumerate()
        .collect();
    // The sort is stable: equals stay in the order in which they came.
    scores.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    scores.truncate(asked.top);
    let result = |(index, score): (usize, f32)| {
        let mut result = json!({"index": index, "relevance_score": score});
        if asked.return_documents
            && let Some(text) = asked.documents.get(index)
        {
            result["document"] = json!({"text": text.expose()});
        }
        result
    };
    let results: Vec<Value> = scores.into_iter().map(result).collect();
    let body = json!({
        "id": format!("rerank-{}", request.hex()),
        "model": embedded.model,
        "method": METHOD,
        "results": results,
        "usage": {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens},
    });
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

pub(super) async fn score(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "score")).await?;
    let asked = Score::parse(read_json(&head.headers, body, app.bounds).await?)?;
    let ask = ask(
        request,
        ("score", asked.model),
        asked.left.iter().chain(&asked.right),
    );
    let done = app.pipeline.embed(&principal, ask).await;
    let done = done.map_err(|refused| api_error(&refused))?;
    let embedded = done.value;
    let (left, right) = embedded
        .vectors
        .split_at_checked(asked.left.len())
        .unwrap_or_default();
    // One text against each of the others, or as many on either side.
    let left = left.iter().cycle();
    let data: Vec<Value> = left
        .zip(right)
        .enumerate()
        .map(|(index, (a, b))| json!({"index": index, "object": "score", "score": cosine(a, b)}))
        .collect();
    let body = json!({
        "id": format!("score-{}", request.hex()),
        "object": "list",
        "created": app.clock.now().as_secs(),
        "model": embedded.model,
        "method": METHOD,
        "data": data,
        "usage": {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens},
    });
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

fn ask<'t>(
    request: RequestId,
    (endpoint, model): (&'static str, String),
    texts: impl Iterator<Item = &'t Sensitive<String>>,
) -> EmbeddingAsk {
    EmbeddingAsk {
        request,
        model,
        inputs: texts.cloned().map(TextInput::Text).collect(),
        dimensions: None,
        endpoint,
    }
}

/// Of vectors of length 1.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    product.clamp(-1.0, 1.0)
}

impl Rerank {
    pub(super) fn parse(body: Value) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let model = inputs::model(&mut fields)?;
        let query = text("query", fields.required("query")?)?;
        let given = fields
            .list("documents")?
            .ok_or_else(|| ApiError::missing("documents"))?;
        let most = MAX_TEXTS - 1;
        if given.is_empty() || given.len() > most {
            let message = format!("`documents` must hold 1 to {most} texts");
            return Err(ApiError::invalid("documents", message));
        }
        let documents: Vec<_> = given.into_iter().map(document).collect::<Result<_, _>>()?;
        let top = fields.integer("top_n", 1..=i64::from(u32::MAX))?;
        let return_documents = fields.boolean("return_documents")?.unwrap_or(false);
        // Nothing is done with it, but it is what OpenAI says it is.
        fields.string("user")?;
        fields.finish(&[])?;
        Ok(Self {
            model,
            query,
            top: top
                .and_then(|top| usize::try_from(top).ok())
                .unwrap_or(documents.len()),
            documents,
            return_documents,
        })
    }
}

impl Score {
    pub(super) fn parse(body: Value) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let model = inputs::model(&mut fields)?;
        let left = texts("text_1", fields.required("text_1")?)?;
        let right = texts("text_2", fields.required("text_2")?)?;
        // Nothing is done with it, but it is what OpenAI says it is.
        fields.string("user")?;
        fields.finish(&[])?;
        if left.len() != 1 && left.len() != right.len() {
            let message = "`text_1` must be one text, or as many as `text_2`";
            return Err(ApiError::invalid("text_1", message));
        }
        if left.len() + right.len() > MAX_TEXTS {
            let message =
                format!("`text_1` and `text_2` hold more than {MAX_TEXTS} texts together");
            return Err(ApiError::invalid("text_2", message));
        }
        Ok(Self { model, left, right })
    }
}

/// A text, or an object with one.
fn document(value: Value) -> Result<Sensitive<String>, ApiError> {
    match value {
        Value::Object(_) => {
            let mut fields = Fields::new("documents[]", value)?;
            let given = fields.required("text")?;
            fields.finish(&[])?;
            text("documents[].text", given)
        }
        other => text("documents", other),
    }
}

fn texts(name: &str, value: Value) -> Result<Vec<Sensitive<String>>, ApiError> {
    match value {
        Value::Array(items) if items.is_empty() => {
            Err(ApiError::invalid(name, format!("`{name}` holds no text")))
        }
        Value::Array(items) => items.into_iter().map(|item| text(name, item)).collect(),
        one => Ok(vec![text(name, one)?]),
    }
}

fn text(name: &str, value: Value) -> Result<Sensitive<String>, ApiError> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(Sensitive::new(text)),
        Value::String(_) => Err(ApiError::invalid(
            name,
            format!("a text of `{name}` is empty"),
        )),
        _ => Err(ApiError::wrong_type(name, "a text")),
    }
}
