//! Request bodies: bounded in size, time and depth before anything parses them.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde_json::Value;

use super::ApiError;

/// The bounds of a request's body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyBounds {
    pub(super) bytes: usize,
    pub(super) depth: usize,
    pub(super) time: Duration,
}

/// Reads the whole body and parses it as JSON. A compressed body is refused: its bound would be none.
pub(super) async fn read_json(
    headers: &HeaderMap,
    body: Body,
    bounds: BodyBounds,
) -> Result<Value, ApiError> {
    let encoding = headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_content_encoding",
            "send the body without `content-encoding`",
        ));
    }
    let too_long = || {
        let message = format!("the body has over {} bytes; send less", bounds.bytes);
        let code = "request_too_large";
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, code, message)
    };
    // What says beforehand that it is too long is not waited for.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > bounds.bytes) {
        return Err(too_long());
    }
    let whole = Limited::new(body, bounds.bytes).collect();
    let Ok(read) = tokio::time::timeout(bounds.time, whole).await else {
        let message = format!("the body did not arrive within {} s", bounds.time.as_secs());
        return Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            message,
        ));
    };
    match read {
        Ok(collected) => parse(&collected.to_bytes(), bounds.depth),
        Err(error) if error.is::<LengthLimitError>() => Err(too_long()),
        Err(_) => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "incomplete_body",
            "the body ended early",
        )),
    }
}

/// Parses JSON that nests at most `max_depth` deep. The parser's own message may quote the text, so
/// the error says the place alone.
pub(super) fn parse(bytes: &[u8], max_depth: usize) -> Result<Value, ApiError> {
    if depth(bytes) > max_depth {
        let message = format!("the body nests more than {max_depth} deep");
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_json",
            message,
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("the body is not valid JSON: line {line}, column {column}");
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", message)
    })
}

/// The deepest nesting of brackets outside strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                now += 1;
                deepest = deepest.max(now);
            }
            (false, b'}' | b']') => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        for (text, expected) in [
            ("", 0),
            ("1", 0),
            ("{}", 1),
            (r#"{"a": [[1], {"b": 2}]}"#, 3),
            (r#"{"a": "[[[\"[["}"#, 1),
            (r#"{"a": "\\", "b": [1]}"#, 2),
            ("]]]][", 1),
        ] {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn errors_show_no_text_of_the_body() {
        let check = |text: &str, says: &str| {
            let body = parse(text.as_bytes(), 8).unwrap_err().body().to_string();
            assert!(body.contains(says) && !body.contains("SECRET"), "{body}");
        };
        check("{\"model\": SECRET}", "line 1, column");
        check("{\"model\": \"SECRET", "not valid JSON");
        check(
            &format!("{}1{}", "[".repeat(9), "]".repeat(9)),
            "more than 8 deep",
        );
    }

    #[tokio::test]
    async fn long_and_slow_bodies_are_cut_off() {
        let bounds = BodyBounds {
            bytes: 16,
            depth: 8,
            time: Duration::from_millis(50),
        };
        let long = read_json(&HeaderMap::new(), Body::from(vec![b' '; 17]), bounds)
            .await
            .unwrap_err();
        assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let never = Body::from_stream(futures_util::stream::pending::<
            Result<Vec<u8>, std::io::Error>,
        >());
        let slow = read_json(&HeaderMap::new(), never, bounds)
            .await
            .unwrap_err();
        assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
