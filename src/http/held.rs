//! `/v1/held`: answers that wait for a second person; and what the answer to a request says of being held.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::pipeline::{
    Ended, HeldAnswer, HeldError, HeldId, HeldListing, HeldText, HeldVerdict, Refused, Reviewed,
};
use crate::policy::Rate;
use crate::store::{HeldRow, HeldState};
use crate::types::{RequestId, Sensitive};

use super::auth::authenticate;
use super::body::read_json;
use super::chat_answer::reasoning;
use super::convert::api_error;
use super::fields::Fields;
use super::headers::add_rate;
use super::query::Paged;
use super::{ApiError, App};

/// The endpoint's name where a key is refused.
const ENDPOINT: &str = "held";
/// The pages of a list.
const PAGED: Paged<HeldId> = Paged {
    most: 100,
    id: HeldId::parse,
    called: "a held answer that you may see",
};
/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// `GET /v1/held`
pub(super) async fn list(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let listing = listing(query.as_deref().unwrap_or_default())?;
    let listed = app.pipeline.held_list(&principal, listing).await;
    let Reviewed { value, rate } = listed.map_err(|refused| match &refused {
        Refused::Held(HeldError::NotFound) => api_error(&refused).at("after"),
        _ => api_error(&refused),
    })?;
    let (rows, has_more) = value;
    let id = |row: Option<&HeldRow>| row.map_or("", |row| &row.id).to_owned();
    let body = json!({
        "object": "list",
        "data": rows.iter().map(object).collect::<Vec<_>>(),
        "first_id": id(rows.first()),
        "last_id": id(rows.last()),
        "has_more": has_more,
    });
    Ok(limited(rate, body))
}

/// `GET /v1/held/{id}`
pub(super) async fn retrieve(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let principal = authenticate(&app, &headers, (request, ENDPOINT)).await?;
    let found = app.pipeline.held((&principal, request), held_id(id)?).await;
    shown(found)
}

/// `POST /v1/held/{id}/release`
pub(super) async fn release(
    state: State<App>,
    request: Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    http: Request,
) -> Result<Response, ApiError> {
    decide(state, request, (id, HeldVerdict::Release), http).await
}

/// `POST /v1/held/{id}/refuse`
pub(super) async fn refuse(
    state: State<App>,
    request: Extension<RequestId>,
    id: Result<Path<String>, PathRejection>,
    http: Request,
) -> Result<Response, ApiError> {
    decide(state, request, (id, HeldVerdict::Refuse), http).await
}

async fn decide(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    (id, verdict): (Result<Path<String>, PathRejection>, HeldVerdict),
    http: Request,
) -> Result<Response, ApiError> {
    let (head, body) = http.into_parts();
    let principal = authenticate(&app, &head.headers, (request, ENDPOINT)).await?;
    let reason = parse_decision(read_json(&head.headers, body, app.bounds).await?)?;
    let decided = app
        .pipeline
        .decide_held((&principal, request), held_id(id)?, (verdict, reason));
    shown(decided.await)
}

/// Why somebody decides: a few words of their own.
pub(super) fn parse_decision(body: Value) -> Result<Sensitive<String>, ApiError> {
    let mut fields = Fields::new("", body)?;
    let reason = fields.string("reason")?;
    let reason = reason.ok_or_else(|| ApiError::missing("reason"))?;
    if reason.trim().is_empty() || reason.chars().count() > MAX_REASON {
        let message =
            format!("`reason` must have 1 to {MAX_REASON} characters, not all of them blank");
        return Err(ApiError::invalid("reason", message));
    }
    fields.finish(&[])?;
    Ok(reason.into())
}

fn shown(found: Result<Reviewed<HeldAnswer>, Refused>) -> Result<Response, ApiError> {
    let Reviewed { value, rate } = found.map_err(|refused| api_error(&refused))?;
    let mut body = object(&value.row);
    if let Some(text) = &value.text {
        body["message"] = message(text);
        body["finish_reason"] = json!(text.finish);
    }
    Ok(limited(rate, body))
}

fn limited(rate: Rate, body: Value) -> Response {
    let mut response = Json(body).into_response();
    add_rate(response.headers_mut(), rate);
    response
}

/// A held answer without its text.
fn object(row: &HeldRow) -> Value {
    let decision = row.decision.as_ref();
    json!({
        "id": row.id,
        "object": "held_answer",
        "status": row.state.as_str(),
        "created_at": row.created.as_secs(),
        "expires_at": row.expires.as_secs(),
        "asked_by": row.owner,
        "request": row.request,
        "choice": row.choice,
        "use_case": row.use_case,
        "model": row.model,
        "rules": row.rules.split_whitespace().collect::<Vec<_>>(),
        "decided_at": decision.map(|own| own.at.as_secs()),
        "decided_by": decision.map(|own| &own.by),
        "reason": decision.map(|own| &own.reason),
    })
}

/// A held answer's text in the form of a chat completion's message, whichever endpoint was asked.
fn message(text: &HeldText) -> Value {
    let mut message = json!({
        "role": "assistant",
        "content": text.content.expose(),
        "refusal": null,
    });
    if !text.reasoning.expose().is_empty() {
        reasoning(&mut message, text.reasoning.expose());
    }
    let calls: Vec<Value> = text
        .calls
        .iter()
        .map(|call| {
            json!({
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments.expose()},
            })
        })
        .collect();
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    message
}

/// What can't be read as a path is the name of no held answer either.
fn held_id(text: Result<Path<String>, PathRejection>) -> Result<HeldId, ApiError> {
    let id = text.ok().and_then(|Path(text)| HeldId::parse(&text));
    id.ok_or_else(|| api_error(&Refused::Held(HeldError::NotFound)))
}

/// Reads the query parameters of a list; others are refused.
fn listing(query: &str) -> Result<HeldListing, ApiError> {
    let mut state = None;
    let page = PAGED.read(query, |name, value| {
        if name != "status" {
            return Ok(false);
        }
        let message = "`status` must be `waiting`, `released` or `refused`";
        let found = HeldState::parse(value).filter(|own| *own != HeldState::Expired);
        state = Some(found.ok_or_else(|| ApiError::invalid("status", message))?);
        Ok(true)
    })?;
    Ok(HeldListing {
        state,
        after: page.after,
        limit: page.limit,
    })
}

/// Adds to `bailiwick` of an answer which of its choices are held, `first` being the number of the first:
/// `held` is the first one's identifier, and `held_choices` tells of each.
pub(super) fn extended(value: Option<Value>, ended: &Ended, first: usize) -> Option<Value> {
    let held: Vec<Value> = (first..)
        .zip(&ended.choices)
        .filter_map(|(choice, end)| {
            let hold = end.held.as_ref()?;
            let mut entry = json!({"choice": choice, "id": null, "rules": hold.rules});
            match &hold.kept {
                Ok((id, expires)) => {
                    entry["id"] = json!(id.as_str());
                    entry["expires_at"] = json!(expires.as_secs());
                }
                // It was ended, and nobody can release it.
                Err(not_kept) => entry["error"] = json!(not_kept.code()),
            }
            Some(entry)
        })
        .collect();
    if held.is_empty() {
        return value;
    }
    let mut value = value.unwrap_or_else(|| json!({}));
    value["held"] = json!(ids(ended).first().map(|id| id.as_str()));
    value["held_choices"] = held.into();
    Some(value)
}

/// The identifiers of the choices that are held, for answers whose form has no place for more.
pub(super) fn ids(ended: &Ended) -> Vec<&HeldId> {
    let held = ended.choices.iter().filter_map(|end| end.held.as_ref());
    held.filter_map(|hold| hold.kept.as_ref().ok().map(|(id, _)| id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{ChoiceEnd, Hold, NotKept};
    use crate::types::{FinishReason, Timestamp, TokenUsage};

    #[test]
    fn queries_and_reasons_are_read_and_not_repeated() {
        let id = "held_0123456789abcdef0123456789abcdef";
        let all = listing(&format!("status=waiting&after={id}&limit=7")).unwrap();
        assert_eq!((all.state, all.limit), (Some(HeldState::Waiting), 7));
        assert_eq!(all.after.map(|own| own.to_string()), Some(id.to_owned()));
        assert_eq!(listing("").unwrap().limit, PAGED.most);
        for (query, param) in [
            ("status=SECRET", Some("status")),
            ("status=expired", Some("status")),
            ("after=SECRET", Some("after")),
            ("limit=0", Some("limit")),
            ("limit=101", Some("limit")),
            ("SECRET=1", None),
        ] {
            let body = listing(query).unwrap_err().body();
            assert_eq!(body["error"]["param"].as_str(), param, "{query}");
            assert!(!body.to_string().contains("SECRET"), "{query}");
        }
        let fine = json!({"reason": "é".repeat(MAX_REASON)});
        assert_eq!(
            parse_decision(fine).unwrap().expose().chars().count(),
            MAX_REASON
        );
        for (body, code) in [
            (json!({}), "missing_required_parameter"),
            (json!({"reason": ""}), "invalid_value"),
            (json!({"reason": " \n"}), "invalid_value"),
            (
                json!({"reason": "x".repeat(MAX_REASON + 1)}),
                "invalid_value",
            ),
            (json!({"reason": 1}), "invalid_type"),
            (
                json!({"reason": "x", "text": "SECRET"}),
                "unsupported_parameter",
            ),
        ] {
            let error = parse_decision(body.clone()).unwrap_err();
            assert_eq!(error.code(), Some(code), "{body}");
        }
    }

    #[test]
    fn each_choice_says_whether_it_is_held() {
        let id = HeldId::of(RequestId::new(Timestamp::from_millis(0)));
        let end = |kept: Option<Result<(HeldId, Timestamp), NotKept>>| ChoiceEnd {
            reason: FinishReason::ContentFilter,
            masked: None,
            held: kept.map(|kept| Hold {
                rules: vec!["personal".to_owned()],
                kept,
            }),
        };
        let kept = || Some(Ok((id.clone(), Timestamp::from_millis(9_000))));
        let ended = |choices| Ended {
            usage: TokenUsage::default(),
            choices,
        };
        let none = ended(vec![end(None)]);
        assert_eq!(extended(None, &none, 0), None);
        assert_eq!(
            extended(Some(json!({"a": 1})), &none, 0),
            Some(json!({"a": 1}))
        );
        assert!(ids(&none).is_empty());
        let some = ended(vec![end(None), end(kept()), end(Some(Err(NotKept::Full)))]);
        let expected = json!({
            "held": id.as_str(),
            "held_choices": [
                {"choice": 5, "id": id.as_str(), "rules": ["personal"], "expires_at": 9},
                {"choice": 6, "id": null, "rules": ["personal"], "error": "held_full"},
            ],
        });
        assert_eq!(extended(None, &some, 4), Some(expected));
        assert_eq!(ids(&some), [&id]);
    }
}
