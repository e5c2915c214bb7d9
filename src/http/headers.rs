//! Headers of every answer that was recorded: where, and what is left of the caller's limit.

use axum::http::{HeaderMap, HeaderValue};

use crate::policy::Rate;
use crate::types::EntryId;

pub(super) fn recorded(entry: EntryId, rate: Rate) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-bailiwick-audit-entry", HeaderValue::from(entry.0));
    add_rate(&mut headers, rate);
    headers
}

/// The limit on requests and what is left of it, in OpenAI's form, with the time in whole seconds.
pub(super) fn add_rate(headers: &mut HeaderMap, rate: Rate) {
    headers.insert("x-ratelimit-limit-requests", HeaderValue::from(rate.limit));
    headers.insert(
        "x-ratelimit-remaining-requests",
        HeaderValue::from(rate.remaining),
    );
    let reset = format!("{}s", rate.reset.as_secs());
    if let Ok(value) = HeaderValue::try_from(reset) {
        headers.insert("x-ratelimit-reset-requests", value);
    }
}
