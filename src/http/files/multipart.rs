//! The form of an upload (RFC 7578), read within bounds. Its errors say the place, never what came.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::Value;

use crate::pipeline::Upload;
use crate::types::Sensitive;

use super::super::ApiError;

/// Bytes of a form beside the file: borders, headers, the other fields.
const AROUND: u64 = 64 * 1024;
/// Most bytes of a field that is not the file.
const MAX_FIELD: u64 = 256;
/// Most characters of a file's name.
const MAX_NAME: usize = 255;
/// Most lines of a batch.
const MAX_LINES: usize = 50_000;
/// The fields, each at most once.
const FIELDS: [&str; 4] = [
    "file",
    "purpose",
    "expires_after[anchor]",
    "expires_after[seconds]",
];
/// What files are for here. Fine-tuning, images, assistants and evaluations, which OpenAI has besides, are not.
const PURPOSES: [&str; 2] = ["batch", "user_data"];
/// How long a file may be kept at least and at most, in seconds, as OpenAI has it.
const LIFETIME_S: std::ops::RangeInclusive<u64> = 3_600..=2_592_000;

/// The bounds of an upload.
#[derive(Clone, Copy, Debug)]
pub(super) struct UploadBounds {
    /// Most bytes of the file.
    pub(super) file: usize,
    /// Time for the whole form to arrive.
    pub(super) time: Duration,
}

/// Fields as they came.
#[derive(Default)]
struct Form {
    file: Option<(Option<String>, Vec<u8>)>,
    purpose: Option<String>,
    anchor: Option<String>,
    seconds: Option<String>,
}

/// Reads a form into an upload.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    bounds: UploadBounds,
) -> Result<Upload, ApiError> {
    let kind = headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        let message =
            "send the file as a form: `content-type: multipart/form-data` with a boundary";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        ApiError::new(status, "unsupported_content_type", message)
    })?;
    let file = u64::try_from(bounds.file).unwrap_or(u64::MAX);
    let limits = SizeLimit::new()
        .whole_stream(file.saturating_add(AROUND))
        .per_field(MAX_FIELD)
        .for_field("file", file);
    let limits = Constraints::new().size_limit(limits);
    let form = Multipart::with_constraints(body.into_data_stream(), boundary, limits);
    let form = tokio::time::timeout(bounds.time, fields(form, bounds.file));
    let form = form.await.map_err(|_| {
        let message = format!("the form did not arrive within {} s", bounds.time.as_secs());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", message)
    })??;
    // A batch is parsed line by line: that may be hundreds of megabytes.
    let checked = tokio::task::spawn_blocking(move || form.upload()).await;
    checked.map_err(|_| ApiError::internal())?
}

async fn fields(mut form: Multipart<'_>, max_file: usize) -> Result<Form, ApiError> {
    let failed = |error| form_error(&error, max_file);
    let mut read = Form::default();
    while let Some(field) = form.next_field().await.map_err(failed)? {
        let Some(name) = FIELDS.into_iter().find(|own| field.name() == Some(*own)) else {
            let message = format!(
                "the form has a field that is not supported; it takes {}",
                FIELDS.map(|name| format!("`{name}`")).join(", ")
            );
            let status = StatusCode::BAD_REQUEST;
            return Err(ApiError::new(status, "unsupported_parameter", message));
        };
        let twice = || ApiError::invalid(name, format!("`{name}` must come once"));
        if name == "file" {
            let called = field.file_name().map(str::to_owned);
            let content = whole(field).await.map_err(failed)?;
            if read.file.replace((called, content)).is_some() {
                return Err(twice());
            }
            continue;
        }
        let text = whole(field).await.map_err(failed)?;
        let text = String::from_utf8(text).map_err(|_| ApiError::wrong_type(name, "a text"))?;
        let place = match name {
            "purpose" => &mut read.purpose,
            "expires_after[anchor]" => &mut read.anchor,
            _ => &mut read.seconds,
        };
        if place.replace(text).is_some() {
            return Err(twice());
        }
    }
    Ok(read)
}

async fn whole(mut field: Field<'_>) -> multer::Result<Vec<u8>> {
    let mut content = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

impl Form {
    fn upload(self) -> Result<Upload, ApiError> {
        let lifetime = self.lifetime()?;
        let purpose = self.purpose.ok_or_else(|| ApiError::missing("purpose"))?;
        let purpose = PURPOSES.into_iter().find(|own| **own == purpose);
        let purpose = purpose.ok_or_else(|| {
            let message = format!("`purpose` must be one of {}", PURPOSES.join(", "));
            ApiError::invalid("purpose", message)
        })?;
        let (name, content) = self.file.ok_or_else(|| ApiError::missing("file"))?;
        let name = name.unwrap_or_else(|| "upload".to_owned());
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control)
        {
            let message = format!(
                "the name of `file` must have 1 to {MAX_NAME} characters, none of them control characters"
            );
            return Err(ApiError::invalid("file", message));
        }
        if content.is_empty() {
            return Err(ApiError::invalid("file", "the file is empty"));
        }
        let text = str::from_utf8(&content).map_err(|_| {
            let message = "the file is no UTF-8 text; this server reads texts: convert it first";
            ApiError::invalid("file", message)
        })?;
        if purpose == "batch" {
            check_lines(text)?;
        }
        Ok(Upload {
            purpose,
            name: Sensitive::new(name),
            content: Sensitive::new(content),
            lifetime,
        })
    }

    fn lifetime(&self) -> Result<Option<Duration>, ApiError> {
        let (anchor, seconds) = match (&self.anchor, &self.seconds) {
            (None, None) => return Ok(None),
            (Some(anchor), Some(seconds)) => (anchor, seconds),
            (None, _) => return Err(ApiError::missing("expires_after[anchor]")),
            (_, None) => return Err(ApiError::missing("expires_after[seconds]")),
        };
        if anchor != "created_at" {
            let name = "expires_after[anchor]";
            return Err(ApiError::invalid(
                name,
                format!("`{name}` must be `created_at`"),
            ));
        }
        let seconds = seconds.parse().ok().filter(|n| LIFETIME_S.contains(n));
        let seconds = seconds.ok_or_else(|| {
            let name = "expires_after[seconds]";
            let (least, most) = (LIFETIME_S.start(), LIFETIME_S.end());
            let message = format!("`{name}` must be a whole number from {least} to {most}");
            ApiError::invalid(name, message)
        })?;
        Ok(Some(Duration::from_secs(seconds)))
    }
}

/// Each line of a batch is a request; a broken one is told now and not when the batch is run.
fn check_lines(text: &str) -> Result<(), ApiError> {
    let mut lines = 0;
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        lines += 1;
        let wrong = |what: &str| {
            let message = format!("line {} of the batch: {what}", number + 1);
            ApiError::invalid("file", message)
        };
        if lines > MAX_LINES {
            let message = format!("a batch has at most {MAX_LINES} lines");
            return Err(ApiError::invalid("file", message));
        }
        let request: Value = serde_json::from_str(line).map_err(|_| wrong("not valid JSON"))?;
        let is_text = |field| request.get(field).is_some_and(Value::is_string);
        let sound = is_text("custom_id")
            && is_text("url")
            && request.get("method").is_some_and(|method| method == "POST")
            && request.get("body").is_some_and(Value::is_object);
        if !sound {
            let expected =
                r#"expected {"custom_id": "…", "method": "POST", "url": "…", "body": {…}}"#;
            return Err(wrong(expected));
        }
    }
    if lines == 0 {
        return Err(ApiError::invalid("file", "the batch has no lines"));
    }
    Ok(())
}

fn form_error(error: &multer::Error, max_file: usize) -> ApiError {
    match error {
        multer::Error::FieldSizeExceeded { field_name, .. }
            if field_name.as_deref() != Some("file") =>
        {
            let message = format!("a field beside `file` has over {MAX_FIELD} bytes");
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_value", message)
        }
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            let message = format!("the file has over {max_file} bytes; send a smaller one");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", message).at("file")
        }
        _ => {
            let message = "the body is not a sound form (multipart/form-data), or ended early";
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_form", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: UploadBounds = UploadBounds {
        file: 400,
        time: Duration::from_millis(200),
    };

    fn part(name: &str, text: &str) -> String {
        let more = match name {
            "file" => "; filename=\"Erika.jsonl\"",
            _ => "",
        };
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n{text}\r\n")
    }

    fn form(parts: &[(&str, &str)]) -> String {
        let parts: String = parts.iter().map(|(name, text)| part(name, text)).collect();
        format!("{parts}--x--\r\n")
    }

    async fn take(body: impl Into<Body>) -> Result<Upload, ApiError> {
        let mut headers = HeaderMap::new();
        let kind = "multipart/form-data; boundary=x".parse().unwrap();
        headers.insert(CONTENT_TYPE, kind);
        read(&headers, body.into(), BOUNDS).await
    }

    #[tokio::test]
    async fn a_form_becomes_an_upload() {
        let line = r#"{"custom_id": "1", "method": "POST", "url": "/v1/responses", "body": {}}"#;
        for (parts, purpose, lifetime) in [
            (
                vec![("purpose", "user_data"), ("file", "text")],
                "user_data",
                None,
            ),
            (vec![("file", line), ("purpose", "batch")], "batch", None),
            (
                vec![
                    ("file", "text"),
                    ("purpose", "user_data"),
                    ("expires_after[anchor]", "created_at"),
                    ("expires_after[seconds]", "3600"),
                ],
                "user_data",
                Some(3600),
            ),
        ] {
            let upload = take(form(&parts)).await.unwrap();
            assert_eq!(upload.purpose, purpose);
            assert_eq!(upload.lifetime, lifetime.map(Duration::from_secs));
            assert_eq!(upload.name.expose(), "Erika.jsonl");
        }
    }

    #[tokio::test]
    async fn bad_forms_are_refused_without_their_text() {
        let data = ("purpose", "user_data");
        let long = "Erika".repeat(100);
        let forms = [
            (form(&[data]), "missing_required_parameter", 400),
            (
                form(&[("file", "Erika")]),
                "missing_required_parameter",
                400,
            ),
            (
                form(&[("purpose", "Erika"), ("file", "a")]),
                "invalid_value",
                400,
            ),
            (form(&[data, ("file", "")]), "invalid_value", 400),
            (form(&[data, data, ("file", "a")]), "invalid_value", 400),
            (
                form(&[data, ("file", "a"), ("file", "b")]),
                "invalid_value",
                400,
            ),
            (form(&[("Erika", "a")]), "unsupported_parameter", 400),
            (
                form(&[("purpose", "batch"), ("file", "{\"Erika\"}")]),
                "invalid_value",
                400,
            ),
            (
                form(&[("purpose", "batch"), ("file", "\n \n")]),
                "invalid_value",
                400,
            ),
            (form(&[data, ("file", &long)]), "file_too_large", 413),
            (form(&[("purpose", &long)]), "invalid_value", 400),
            (
                form(&[data, ("file", "a"), ("expires_after[seconds]", "3600")]),
                "missing_required_parameter",
                400,
            ),
            ("--x\r\nErika".to_owned(), "invalid_form", 400),
            (String::new(), "invalid_form", 400),
            (part("file", "Erika"), "invalid_form", 400),
        ];
        for (body, code, status) in forms {
            let error = take(body.clone()).await.unwrap_err();
            assert_eq!(
                (error.code(), error.status().as_u16()),
                (Some(code), status),
                "{body}"
            );
            assert!(!error.body().to_string().contains("Erika"), "{body}");
        }
        let binary = [
            form(&[data]).replace("--x--\r\n", "").into_bytes(),
            part("file", "~").replace('~', "\u{1}").into_bytes(),
            b"--x--\r\n".to_vec(),
        ];
        let binary: Vec<u8> = binary
            .concat()
            .into_iter()
            .map(|byte| if byte == 1 { 0xff } else { byte })
            .collect();
        assert_eq!(
            take(binary).await.unwrap_err().code(),
            Some("invalid_value")
        );
        let error = read(&HeaderMap::new(), Body::from("{}"), BOUNDS)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("unsupported_content_type"));
        let never = Body::from_stream(futures_util::stream::pending::<
            Result<Vec<u8>, std::io::Error>,
        >());
        assert_eq!(take(never).await.unwrap_err().code(), Some("body_timeout"));
    }
}
