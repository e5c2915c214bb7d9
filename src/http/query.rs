//! Query parameters: read one by one; one that nobody knows is refused, and none is repeated in an error.

use axum::http::StatusCode;

use super::ApiError;

/// A list that comes in pages: what of `after` and `limit` it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paged<T> {
    /// Most things of one page, and as many as come where nothing is said.
    pub(super) most: u32,
    /// Reads the identifier of one of its things.
    pub(super) id: fn(&str) -> Option<T>,
    /// What such a thing is called: `one of your files`.
    pub(super) called: &'static str,
}

/// Which part of a list is asked for.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// Only what comes after this one.
    pub(super) after: Option<T>,
    /// At most as many.
    pub(super) limit: u32,
}

/// Gives each parameter of `query` to `take`, which says whether it knows it.
pub(super) fn read(
    query: &str,
    mut take: impl FnMut(&str, &str) -> Result<bool, ApiError>,
) -> Result<(), ApiError> {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !take(name, value)? {
            let message = "unsupported query parameter; remove it";
            let status = StatusCode::BAD_REQUEST;
            return Err(ApiError::new(status, "unsupported_parameter", message));
        }
    }
    Ok(())
}

impl<T> Paged<T> {
    /// Reads which page is asked for; what else the list is asked with, `take` reads.
    pub(super) fn read(
        &self,
        query: &str,
        mut take: impl FnMut(&str, &str) -> Result<bool, ApiError>,
    ) -> Result<Page<T>, ApiError> {
        let mut page = Page {
            after: None,
            limit: self.most,
        };
        read(query, |name, value| {
            match name {
                "after" => {
                    let message = format!("`after` must be the id of {}", self.called);
                    let id = (self.id)(value);
                    page.after = Some(id.ok_or_else(|| ApiError::invalid("after", message))?);
                }
                "limit" => {
                    let most = self.most;
                    let message = format!("`limit` must be a whole number from 1 to {most}");
                    let limit = value.parse().ok().filter(|n| (1..=most).contains(n));
                    page.limit = limit.ok_or_else(|| ApiError::invalid("limit", message))?;
                }
                _ => return take(name, value),
            }
            Ok(true)
        })?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_nothing_is_repeated() {
        let list = Paged {
            most: 9,
            id: |text| text.strip_prefix("id-").map(str::to_owned),
            called: "a thing",
        };
        let read = |query: &str| list.read(query, |name, _| Ok(name == "own"));
        for (query, after, limit) in [
            ("", None, 9),
            ("&&", None, 9),
            ("limit=7&own=x", None, 7),
            ("own&after=id-1", Some("1"), 9),
            ("limit=1&limit=9", None, 9),
        ] {
            let page = read(query).unwrap();
            let found = (page.after.as_deref(), page.limit);
            assert_eq!(found, (after, limit), "{query}");
        }
        for (query, param) in [
            ("after=SECRET", Some("after")),
            ("after", Some("after")),
            ("limit=0", Some("limit")),
            ("limit=10", Some("limit")),
            ("limit=-1", Some("limit")),
            ("limit=99999999999999999999", Some("limit")),
            ("SECRET=1", None),
            ("own=1&Limit=SECRET", None),
        ] {
            let body = read(query).unwrap_err().body();
            assert_eq!(body["error"]["param"].as_str(), param, "{query}");
            assert!(!body.to_string().contains("SECRET"), "{query}");
        }
    }
}
