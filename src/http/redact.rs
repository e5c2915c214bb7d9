//! `POST /v1/redact` and `POST /v1/restore`: masking for middleware that keeps its own model.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::crm::Variables;
use crate::pipeline::{Find, Masked, RedactAsk, RestoreAsk};
use crate::types::{Entity, FieldValue, RequestId, Sensitive};

use super::auth::authenticate;
use super::body::read_json;
use super::convert::api_error;
use super::fields::Fields;
use super::headers::recorded;
use super::texts::Texts;
use super::{ApiError, App};

/// How long a vault is good where nothing else is asked, and at most, in seconds.
const LIFETIME_S: i64 = 3_600;
const MAX_LIFETIME_S: i64 = 86_400;
/// Most values that a request declares beside its records.
const MAX_DECLARED: usize = 2_000;

/// A parsed request to mask.
#[derive(Debug)]
pub(super) struct RedactRequest {
    ask: RedactAsk,
    texts: Texts,
    spans: bool,
}

pub(super) async fn redact(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "redact")).await?;
    let asked = RedactRequest::parse(read_json(&head.headers, body, app.bounds).await?, request)?;
    let done = app.pipeline.redact(&principal, asked.ask).await;
    let done = done.map_err(|refused| match refused.code() {
        "residency_violation" => api_error(&refused).at("records"),
        _ => api_error(&refused),
    })?;
    let mut body = answer(&done.value, asked.spans);
    body["id"] = json!(format!("redact-{}", request.hex()));
    let texts = done.value.texts.into_iter().map(|masked| masked.text);
    body["output"] = asked.texts.with(texts.collect());
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

pub(super) async fn restore(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, "restore")).await?;
    let body = read_json(&head.headers, body, app.bounds).await?;
    let (ask, texts) = parse_restore(body, request)?;
    let done = app.pipeline.restore(&principal, ask).await;
    let done = done.map_err(|refused| match refused.code() {
        "invalid_vault" | "vault_expired" => api_error(&refused).at("vault"),
        _ => api_error(&refused),
    })?;
    let restored = done.value;
    let body = json!({
        "id": format!("restore-{}", request.hex()),
        "object": "restoration",
        "output": texts.with(restored.texts),
        "restored": restored.restored,
        "unknown": restored.unknown,
    });
    Ok((recorded(done.entry, done.rate), Json(body)).into_response())
}

/// Everything but the texts themselves.
fn answer(masked: &Masked, spans: bool) -> Value {
    let results: Vec<Value> = masked
        .texts
        .iter()
        .map(|text| result(&text.finds, spans))
        .collect();
    let entities: Map<String, Value> = masked
        .entities
        .iter()
        .map(|(entity, count)| (entity.label().to_owned(), json!(count)))
        .collect();
    let (token, until) = masked
        .vault
        .as_ref()
        .map_or((None, None), |(token, until)| {
            (Some(token.as_str()), Some(until.as_secs()))
        });
    json!({
        "id": Value::Null,
        "object": "redaction",
        "output": Value::Null,
        "results": results,
        "entities": entities,
        "vault": token,
        "vault_expires_at": until,
    })
}

/// One text's finds in the form of OpenAI's moderations: every kind, whether it was found, and the best score.
fn result(finds: &[Find], spans: bool) -> Value {
    let mut best: BTreeMap<Entity, f32> = BTreeMap::new();
    for find in finds {
        let score = best.entry(find.entity).or_default();
        *score = score.max(find.score);
    }
    let (mut categories, mut scores) = (Map::new(), Map::new());
    for entity in Entity::ALL {
        let score = best.get(entity);
        categories.insert(entity.label().to_owned(), json!(score.is_some()));
        scores.insert(
            entity.label().to_owned(),
            json!(score.copied().unwrap_or_default()),
        );
    }
    let mut result = json!({
        "flagged": !finds.is_empty(),
        "categories": categories,
        "category_scores": scores,
    });
    if spans {
        let span = |find: &Find| {
            json!({
                "entity": find.entity.label(),
                "start": find.range.start,
                "end": find.range.end,
                "score": find.score,
                "placeholder": find.placeholder,
            })
        };
        result["spans"] = finds.iter().map(span).collect();
    }
    result
}

impl RedactRequest {
    pub(super) fn parse(body: Value, request: RequestId) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        let texts = Texts::read(&mut fields)?;
        let records = records(&mut fields)?;
        let declared = declared(&mut fields)?;
        let (entities, exclude) = (
            kinds(&mut fields, "entities")?,
            kinds(&mut fields, "exclude")?,
        );
        let only = match (entities, exclude) {
            (Some(_), Some(_)) => {
                let message = "send `entities` or `exclude`, not both";
                return Err(ApiError::invalid("exclude", message));
            }
            (Some(only), None) => Some(only),
            (None, Some(not)) => Some(
                Entity::ALL
                    .iter()
                    .copied()
                    .filter(|own| !not.contains(own))
                    .collect(),
            ),
            (None, None) => None,
        };
        let spans = fields.boolean("return_spans")?.unwrap_or(false);
        let lifetime = fields.integer("vault_ttl_s", 1..=MAX_LIFETIME_S)?;
        let lifetime = u64::try_from(lifetime.unwrap_or(LIFETIME_S)).unwrap_or_default();
        fields.finish(&[])?;
        let ask = RedactAsk {
            request,
            texts: texts.texts(),
            records,
            declared,
            only,
            lifetime: Duration::from_secs(lifetime),
        };
        Ok(Self { ask, texts, spans })
    }
}

pub(super) fn parse_restore(
    body: Value,
    request: RequestId,
) -> Result<(RestoreAsk, Texts), ApiError> {
    let mut fields = Fields::new("", body)?;
    let texts = Texts::read(&mut fields)?;
    let vault = fields
        .string("vault")?
        .ok_or_else(|| ApiError::missing("vault"))?;
    fields.finish(&[])?;
    let ask = RestoreAsk {
        request,
        vault,
        texts: texts.texts(),
    };
    Ok((ask, texts))
}

/// One record or a list of records.
fn records(fields: &mut Fields) -> Result<Variables, ApiError> {
    let Some(value) = fields.take("records") else {
        return Ok(Variables::default());
    };
    if !matches!(value, Value::Object(_) | Value::Array(_)) {
        return Err(ApiError::wrong_type(
            "records",
            "a record or a list of records",
        ));
    }
    let read = FieldValue::from_json("records", value)
        .map_err(|error| ApiError::invalid("records", error.to_string()))?;
    Ok(Variables(BTreeMap::from([("records".to_owned(), read)])))
}

/// Values by what they are: `{"PERSON": ["Ada Byron"], "IDENTIFIER": "LC-1"}`.
fn declared(fields: &mut Fields) -> Result<Vec<(Entity, Sensitive<String>)>, ApiError> {
    let wrong = || {
        ApiError::wrong_type(
            "declared",
            "an object of kinds, each with a text or a list of texts",
        )
    };
    let mut found = Vec::new();
    for (label, value) in fields
        .object("declared")?
        .map(Fields::into_rest)
        .unwrap_or_default()
    {
        let entity = kind("declared", &label)?;
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            let Value::String(text) = value else {
                return Err(wrong());
            };
            found.push((entity, Sensitive::new(text)));
        }
    }
    if found.len() > MAX_DECLARED {
        let message = format!("`declared` holds more than {MAX_DECLARED} values");
        return Err(ApiError::invalid("declared", message));
    }
    Ok(found)
}

fn kinds(fields: &mut Fields, field: &str) -> Result<Option<BTreeSet<Entity>>, ApiError> {
    let Some(items) = fields.list(field)? else {
        return Ok(None);
    };
    let of = |item: &Value| match item {
        Value::String(label) => kind(field, label),
        _ => Err(ApiError::wrong_type(field, "a list of kinds")),
    };
    items.iter().map(of).collect::<Result<_, _>>().map(Some)
}

fn kind(field: &str, label: &str) -> Result<Entity, ApiError> {
    label.parse().map_err(|_| {
        let known: Vec<&str> = Entity::ALL.iter().map(|own| own.label()).collect();
        let message = format!(
            "`{field}` names an unknown kind; known are {}",
            known.join(", ")
        );
        ApiError::invalid(field, message)
    })
}
