//! Files within a request: parts that hold a file, or refer to one, become parts of text before the request is
//! parsed. So a file's text goes the way of every other text: redacted, counted, admitted with the request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::pipeline::FileId;
use crate::policy::Principal;
use crate::types::Sensitive;

use super::super::fields::Fields;
use super::super::{ApiError, App};
use super::file_error;

/// Most files of one request.
const MAX_FILES: usize = 16;

/// Where texts and files stand in one of OpenAI's forms.
struct Shape {
    /// The field that holds the messages.
    messages: &'static str,
    /// The type of a part that is a file.
    file: &'static str,
    /// The type of a part that is text.
    text: &'static str,
    /// Whether the file's fields stand in an object of their own.
    nested: bool,
}

/// The files of a chat completion's messages: `{"type": "file", "file": {"file_id": "…"}}`.
pub(in crate::http) async fn chat_files(
    app: &App,
    principal: &Principal,
    body: &mut Value,
) -> Result<(), ApiError> {
    let shape = Shape {
        messages: "messages",
        file: "file",
        text: "text",
        nested: true,
    };
    inline(app, principal, body, &shape).await
}

/// The files of a response's input and of its prompt's variables: `{"type": "input_file", "file_id": "…"}`.
pub(in crate::http) async fn response_files(
    app: &App,
    principal: &Principal,
    body: &mut Value,
) -> Result<(), ApiError> {
    let shape = Shape {
        messages: "input",
        file: "input_file",
        text: "input_text",
        nested: false,
    };
    inline(app, principal, body, &shape).await
}

async fn inline(
    app: &App,
    principal: &Principal,
    body: &mut Value,
    shape: &Shape,
) -> Result<(), ApiError> {
    let places = places(body, shape);
    if places.len() > MAX_FILES {
        let message = format!("a request may have {MAX_FILES} files");
        return Err(ApiError::invalid(shape.messages, message));
    }
    let mut room = app.bounds.bytes;
    for (pointer, name, alone) in places {
        let Some(part) = body.pointer_mut(&pointer) else {
            continue;
        };
        let text = text_of(app, principal, (&name, part.take()), shape).await?;
        room = room.checked_sub(text.expose().len()).ok_or_else(|| {
            let most = app.bounds.bytes;
            let message = format!("the files of a request may have {most} bytes together");
            ApiError::invalid(name.as_str(), message)
        })?;
        // Words of a file don't run into those of its neighbours.
        let text = if alone {
            text.into_exposed()
        } else {
            format!("\n{}\n", text.expose())
        };
        *part = json!({"type": shape.text, "text": text});
    }
    Ok(())
}

/// The parts that are files: as a JSON pointer, as errors call them, and whether they stand alone.
fn places(body: &Value, shape: &Shape) -> Vec<(String, String, bool)> {
    let is_file = |part: &Value| part.get("type").is_some_and(|kind| kind == shape.file);
    let mut found = Vec::new();
    let messages = body.get(shape.messages).and_then(Value::as_array);
    for (index, message) in messages.into_iter().flatten().enumerate() {
        let parts = message.get("content").and_then(Value::as_array);
        for (at, part) in parts.into_iter().flatten().enumerate() {
            if is_file(part) {
                let (field, alone) = (shape.messages, parts.is_some_and(|all| all.len() == 1));
                found.push((
                    format!("/{field}/{index}/content/{at}"),
                    format!("{field}[{index}].content[{at}]"),
                    alone,
                ));
            }
        }
    }
    let variables = body.pointer("/prompt/variables").and_then(Value::as_object);
    if !shape.nested {
        for (name, _) in variables.into_iter().flatten().filter(|(_, v)| is_file(v)) {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            let pointer = format!("/prompt/variables/{escaped}");
            found.push((pointer, "prompt.variables".to_owned(), true));
        }
    }
    found
}

async fn text_of(
    app: &App,
    principal: &Principal,
    (name, part): (&str, Value),
    shape: &Shape,
) -> Result<Sensitive<String>, ApiError> {
    let mut fields = Fields::new(name, part)?;
    fields.string("type")?;
    let mut file = if shape.nested {
        let file_name = fields.name("file");
        let file = fields.object("file")?;
        fields.finish(&[])?;
        file.ok_or_else(|| ApiError::missing(&file_name))?
    } else {
        fields
    };
    let (id_name, data_name, url_name) = (
        file.name("file_id"),
        file.name("file_data"),
        file.name("file_url"),
    );
    if file.take("file_url").is_some() {
        let message = "`file_url`: this server opens no connections; send the file's text itself";
        return Err(ApiError::invalid(url_name, message));
    }
    let (id, data) = (file.string("file_id")?, file.string("file_data")?);
    file.finish(&["filename", "detail"])?;
    match (id, data) {
        (Some(id), None) => {
            let not_found = || file_error(crate::pipeline::FileError::NotFound).at(&*id_name);
            let id = FileId::parse(&id).ok_or_else(not_found)?;
            let files = app.pipeline.files();
            files.check_enabled().map_err(|error| file_error(error).at(&*id_name))?;
            let text = files.text(principal.name(), &id).await;
            text.map_err(|error| file_error(error).at(&*id_name))
        }
        (None, Some(data)) => decoded(&data).map(Sensitive::new).ok_or_else(|| {
            let message = format!(
                "`{data_name}` must be a UTF-8 text in base64, or a data URL of one; this server reads texts"
            );
            ApiError::invalid(&*data_name, message)
        }),
        (None, None) => Err(ApiError::missing(&id_name)),
        (Some(_), Some(_)) => {
            let message = "send `file_id` or `file_data`, not both";
            Err(ApiError::invalid(&*data_name, message))
        }
    }
}

/// The text of base64, or of a data URL (RFC 2397) of it.
fn decoded(data: &str) -> Option<String> {
    let encoded = match data.strip_prefix("data:") {
        Some(url) => {
            let (kind, encoded) = url.split_once(',')?;
            kind.ends_with(";base64").then_some(encoded)?
        }
        None => data,
    };
    String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_text_in_base64() {
        for (data, expected) in [
            ("aGFsbG8=", Some("hallo")),
            ("data:text/plain;base64,aGFsbG8=", Some("hallo")),
            ("data:text/plain;charset=utf-8;base64,w6k=", Some("é")),
            ("data:text/plain,hallo", None),
            ("data:text/plain;base64", None),
            ("/w==", None),
            ("hallo!", None),
        ] {
            assert_eq!(decoded(data).as_deref(), expected, "{data}");
        }
    }

    #[test]
    fn files_are_found_where_openai_has_them() {
        let shape = Shape {
            messages: "input",
            file: "input_file",
            text: "input_text",
            nested: false,
        };
        let file = json!({"type": "input_file", "file_id": "f"});
        let body = json!({
            "input": ["a", {"content": "text"}, {"content": [{"type": "input_text"}, file]}, {"content": [file]}],
            "prompt": {"variables": {"a/b": file, "c": {"type": "Case"}}},
        });
        let found = places(&body, &shape);
        let pointers: Vec<_> = found
            .iter()
            .map(|(at, _, alone)| (at.as_str(), *alone))
            .collect();
        assert_eq!(
            pointers,
            [
                ("/input/2/content/1", false),
                ("/input/3/content/0", true),
                ("/prompt/variables/a~1b", true),
            ]
        );
        assert!(
            pointers
                .iter()
                .all(|(at, _)| body.pointer(at) == Some(&file))
        );
        assert_eq!(places(&json!({"input": 7, "prompt": []}), &shape), []);
    }
}
