//! What a list of files is asked for with.

use crate::pipeline::{FileId, Listing};

use super::super::ApiError;
use super::super::query::Paged;

/// Its pages, as long as OpenAI's.
const PAGED: Paged<FileId> = Paged {
    most: 10_000,
    id: FileId::parse,
    called: "one of your files",
};

/// Reads OpenAI's query parameters; others are refused.
pub(super) fn listing(query: &str) -> Result<Listing, ApiError> {
    let (mut purpose, mut oldest_first) = (None, false);
    let page = PAGED.read(query, |name, value| {
        match name {
            // A purpose that no file here can have is none's.
            "purpose" => purpose = Some(value.to_owned()),
            "order" => {
                let message = "`order` must be `asc` or `desc`";
                oldest_first = match value {
                    "asc" => true,
                    "desc" => false,
                    _ => return Err(ApiError::invalid("order", message)),
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Listing {
        purpose,
        after: page.after,
        oldest_first,
        limit: page.limit,
    })
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
        assert!(none.purpose.is_none() && none.limit == PAGED.most && !none.oldest_first);
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
