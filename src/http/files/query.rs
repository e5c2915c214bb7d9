//! What a list of files is asked for with.

use axum::http::StatusCode;

use crate::pipeline::{FileId, Listing};

use super::super::ApiError;

/// Most files of one page, and as many as come where nothing is said.
const MAX_LIMIT: u32 = 10_000;

/// Reads OpenAI's query parameters; others are refused.
pub(super) fn listing(query: &str) -> Result<Listing, ApiError> {
    let mut listing = Listing {
        purpose: None,
        after: None,
        oldest_first: false,
        limit: MAX_LIMIT,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            // A purpose that no file here can have is none's.
            "purpose" => listing.purpose = Some(value.to_owned()),
            "after" => {
                let message = "`after` must be the id of one of your files";
                let id = FileId::parse(value);
                listing.after = Some(id.ok_or_else(|| ApiError::invalid("after", message))?);
            }
            "order" => {
                listing.oldest_first = match value {
                    "asc" => true,
                    "desc" => false,
                    _ => {
                        let message = "`order` must be `asc` or `desc`";
                        return Err(ApiError::invalid("order", message));
                    }
                }
            }
            "limit" => {
                let limit = value.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n));
                let message = format!("`limit` must be a whole number from 1 to {MAX_LIMIT}");
                listing.limit = limit.ok_or_else(|| ApiError::invalid("limit", message))?;
            }
            _ => {
                let message = "unsupported query parameter; remove it";
                let status = StatusCode::BAD_REQUEST;
                return Err(ApiError::new(status, "unsupported_parameter", message));
            }
        }
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_and_not_repeated() {
        let id = "file-0123456789abcdef0123456789abcdef";
        let all = listing(&format!("purpose=batch&after={id}&order=asc&limit=7")).unwrap();
        assert_eq!(all.purpose.as_deref(), Some("batch"));
        assert_eq!(
            all.after.map(|id| id.as_str().to_owned()),
            Some(id.to_owned())
        );
        assert!(all.oldest_first && all.limit == 7);
        let none = listing("").unwrap();
        assert!(none.purpose.is_none() && none.limit == MAX_LIMIT && !none.oldest_first);
        for (query, param) in [
            ("after=SECRET", Some("after")),
            ("order=SECRET", Some("order")),
            ("limit=0", Some("limit")),
            ("limit=10001", Some("limit")),
            ("SECRET=1", None),
        ] {
            let body = listing(query).unwrap_err().body();
            assert_eq!(body["error"]["param"].as_str(), param, "{query}");
            assert!(!body.to_string().contains("SECRET"), "{query}");
        }
    }
}
