//! Texts as OpenAI's older endpoints take them: a string, a list of strings, tokens, or lists of tokens.

use serde_json::Value;

use crate::pipeline::{Refused, TextInput};
use crate::types::Sensitive;

use super::ApiError;
use super::fields::Fields;

/// Most tokens of one text that comes in tokens; more than any model reads.
const MAX_TOKENS: usize = 131_072;

/// What the errors say that is expected.
const EXPECTED: &str = "a string, a list of strings, a list of tokens or a list of lists of tokens";

/// The texts of `field`: at least one, at most `most`, none of them empty.
pub(super) fn texts(
    fields: &mut Fields,
    field: &str,
    most: usize,
) -> Result<Vec<TextInput>, ApiError> {
    let name = fields.name(field);
    match fields.required(field)? {
        Value::String(text) => Ok(vec![text_of(&name, text)?]),
        Value::Array(items) if items.is_empty() => Err(ApiError::invalid(
            &*name,
            format!("`{name}` must hold 1 to {most} texts"),
        )),
        Value::Array(items) if items.iter().all(Value::is_number) => {
            Ok(vec![TextInput::Tokens(tokens(&name, items)?)])
        }
        Value::Array(items) if items.len() > most => Err(ApiError::invalid(
            &*name,
            format!("`{name}` must hold 1 to {most} texts"),
        )),
        Value::Array(items) => items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => text_of(&name, text),
                Value::Array(ids) => Ok(TextInput::Tokens(tokens(&name, ids)?)),
                _ => Err(ApiError::wrong_type(&name, EXPECTED)),
            })
            .collect(),
        _ => Err(ApiError::wrong_type(&name, EXPECTED)),
    }
}

fn text_of(name: &str, text: String) -> Result<TextInput, ApiError> {
    if text.is_empty() {
        return Err(ApiError::invalid(
            name,
            format!("a text of `{name}` is empty"),
        ));
    }
    Ok(TextInput::Text(Sensitive::new(text)))
}

/// Token ids; whether the model has them is the pipeline's to say.
pub(super) fn tokens(name: &str, items: Vec<Value>) -> Result<Vec<u32>, ApiError> {
    if items.is_empty() || items.len() > MAX_TOKENS {
        return Err(ApiError::invalid(
            name,
            format!("a list of tokens in `{name}` must hold 1 to {MAX_TOKENS}"),
        ));
    }
    let id = |item: Value| item.as_u64().and_then(|id| u32::try_from(id).ok());
    items
        .into_iter()
        .map(|item| id(item).ok_or_else(|| ApiError::wrong_type(name, EXPECTED)))
        .collect()
}

/// The error of a request whose tokens are in `field`.
pub(super) fn api_error(refused: &Refused, field: &str) -> ApiError {
    let error = super::convert::api_error(refused);
    match refused {
        Refused::UnknownToken { .. } | Refused::Prompt(_) => error.at(field),
        _ => error,
    }
}

/// The model's name.
pub(super) fn model(fields: &mut Fields) -> Result<String, ApiError> {
    match fields.required("model")? {
        Value::String(model) => Ok(model),
        _ => Err(ApiError::wrong_type("model", "a string")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_is_read_and_others_are_refused() {
        let read = |input: Value| {
            texts(
                &mut Fields::new("", json!({"input": input})).unwrap(),
                "input",
                3,
            )
        };
        let shape = |texts: Vec<TextInput>| -> Vec<String> {
            let of = |text| match text {
                TextInput::Text(text) => text.into_exposed(),
                TextInput::Tokens(ids) => format!("{ids:?}"),
            };
            texts.into_iter().map(of).collect()
        };
        for (input, expected) in [
            (json!("a"), vec!["a"]),
            (json!(["a", "b"]), vec!["a", "b"]),
            (json!([1, 2, 3, 4]), vec!["[1, 2, 3, 4]"]),
            (json!([[1], [2, 3]]), vec!["[1]", "[2, 3]"]),
        ] {
            assert_eq!(shape(read(input).unwrap()), expected);
        }
        for (input, code) in [
            (json!(""), "invalid_value"),
            (json!([]), "invalid_value"),
            (json!([[]]), "invalid_value"),
            (json!(["a", "b", "c", "d"]), "invalid_value"),
            (json!(["a", ""]), "invalid_value"),
            (json!([1, -2]), "invalid_type"),
            (json!([1.5]), "invalid_type"),
            (json!(["a", 1]), "invalid_type"),
            (json!(7), "invalid_type"),
            (json!(null), "missing_required_parameter"),
        ] {
            let shown = input.to_string();
            assert_eq!(read(input).unwrap_err().code(), Some(code), "{shown}");
        }
    }
}
