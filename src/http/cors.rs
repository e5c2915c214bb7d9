//! Cross-origin requests: which pages of other origins a browser may let call this server.
//!
//! Off unless the configuration names origins. Credentials that a browser sends by itself (cookies, client
//! certificates) are never allowed: callers bring a key.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// How long a browser may remember what it was allowed.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The layer for `origins`; `None` where there are none, so that a browser allows nothing.
pub(super) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins
        .iter()
        .filter_map(|origin| HeaderValue::try_from(origin).ok())
        .collect();
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // The origin is trusted, and SDKs send headers of their own.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(REMEMBERED);
    Some(layer)
}

/// What scripts may read of an answer beside its body.
const EXPOSED: [&str; 9] = [
    "openai-processing-ms",
    "openai-version",
    "retry-after",
    "x-bailiwick-audit-entry",
    "x-bailiwick-request-id",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-request-id",
];
