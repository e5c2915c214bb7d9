//! `prompt: {id, version, variables}`: a use case, called the standard way.

use serde_json::{Map, Value, json};

use crate::crm::Variables;
use crate::pipeline::Work;

use super::super::ApiError;
use super::super::convert::unknown_use_case;
use super::super::fields::Fields;
use super::super::params::read_variables;
use super::unsupported;

/// Where the variables stand.
const PLACE: &str = "prompt.variables";

/// The work that `prompt` names, and what the response repeats of it: never a variable's value.
pub(super) fn read(mut prompt: Fields) -> Result<(Work, Value), ApiError> {
    let name = prompt.name("id");
    let id = prompt
        .string("id")?
        .ok_or_else(|| ApiError::missing(&name))?;
    let version = read_version(&mut prompt)?;
    let given = prompt.object("variables")?;
    prompt.finish(&[])?;
    let echo = json!({
        "id": id,
        "version": version.map(|version| version.to_string()),
        "variables": null,
    });
    let work = Work::UseCase {
        name: id.parse().map_err(|_| unknown_use_case().at(name))?,
        version,
        variables: variables(given)?,
    };
    Ok((work, echo))
}

/// A number, or the text of one as OpenAI's schema has it.
fn read_version(prompt: &mut Fields) -> Result<Option<u32>, ApiError> {
    let name = prompt.name("version");
    let Some(value) = prompt.take("version") else {
        return Ok(None);
    };
    let number = match &value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok()),
        _ => return Err(ApiError::wrong_type(&name, "a string or an integer")),
    };
    let message = format!("`{name}` must be the number of a version, 1 or more");
    let found = number.filter(|number| *number > 0);
    found
        .map(Some)
        .ok_or_else(|| ApiError::invalid(&*name, message))
}

/// Texts and records, after OpenAI's wrapping of texts is taken off.
fn variables(given: Option<Fields>) -> Result<Variables, ApiError> {
    let Some(given) = given else {
        return read_variables(PLACE, None);
    };
    let entries = given.into_rest().into_iter();
    let entries = entries.map(|(name, value)| Ok((name, unwrapped(value)?)));
    let entries = entries.collect::<Result<Map<_, _>, ApiError>>()?;
    read_variables(PLACE, Some(Fields::new(PLACE, Value::Object(entries))?))
}

/// The text of an `input_text` part, where OpenAI's clients send one; anything else as it is: a text, or a
/// record as Salesforce's REST API returns it.
fn unwrapped(value: Value) -> Result<Value, ApiError> {
    let Value::Object(part) = &value else {
        return Ok(value);
    };
    match part.get("type").and_then(Value::as_str) {
        Some("input_text") => Ok(part.get("text").cloned().unwrap_or(Value::Null)),
        Some("input_image" | "input_file") => {
            let message =
                format!("`{PLACE}`: this server reads texts and records, no images or files");
            Err(unsupported(PLACE, message))
        }
        _ => Ok(value),
    }
}
