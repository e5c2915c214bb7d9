//! Who calls: an API key in `Authorization: Bearer …`, or in `api-key: …` and whatever other headers the
//! configuration names.

use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, StatusCode};

use crate::policy::Principal;
use crate::types::RequestId;

use super::{ApiError, App};

/// The caller, or 401. Which part of a key is wrong, a caller doesn't learn.
pub(super) async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    (request, endpoint): (RequestId, &'static str),
) -> Result<Arc<Principal>, ApiError> {
    let Some(presented) = presented(headers, &app.key_headers) else {
        app.pipeline
            .gate()
            .record_unauthenticated(request, endpoint)
            .await;
        let others: String = app
            .key_headers
            .iter()
            .map(|name| format!(" or `{name}: KEY`"))
            .collect();
        let message = format!("no API key: send it as `Authorization: Bearer KEY`{others}");
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "missing_api_key",
            message,
        ));
    };
    match app.keyring.authenticate(presented) {
        Ok(principal) => Ok(principal),
        Err(error) => {
            tracing::info!(%request, reason = %error, "a key was refused");
            app.pipeline
                .gate()
                .record_unauthenticated(request, endpoint)
                .await;
            let message = "the API key is not valid, or no longer; ask the node's operator for one";
            Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "invalid_api_key",
                message,
            ))
        }
    }
}

/// The key that a request presents: in `authorization`, else in the first of `own` that it has.
fn presented<'a>(headers: &'a HeaderMap, own: &[HeaderName]) -> Option<&'a str> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, key) = value.to_str().ok()?.trim().split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| key.trim());
    }
    let value = own.iter().find_map(|name| headers.get(name))?;
    value.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn keys_come_in_either_header() {
        for (name, value, expected) in [
            ("authorization", "Bearer abc", Some("abc")),
            ("authorization", "bearer  abc ", Some("abc")),
            ("authorization", "Basic abc", None),
            ("authorization", "abc", None),
            ("api-key", "abc", Some("abc")),
            ("x-goog-api-key", "abc", Some("abc")),
            ("x-other", "abc", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            let own = ["api-key", "x-goog-api-key"].map(HeaderName::from_static);
            assert_eq!(presented(&headers, &own), expected, "{name}: {value}");
        }
    }
}
