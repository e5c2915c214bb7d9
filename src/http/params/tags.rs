//! What a request says of itself, what steers the chat template, and what has no effect here.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::pipeline::Tags;
use crate::types::{Sensitive, TemplateArguments};

use super::super::ApiError;
use super::super::fields::Fields;
use super::{text_of, unsupported};

/// Most pairs of `metadata`, …
const MAX_PAIRS: usize = 16;
/// … the longest key, …
const MAX_KEY: usize = 64;
/// … and the longest value, in characters: OpenAI's own bounds.
const MAX_VALUE: usize = 512;
/// Most entries of `chat_template_kwargs`.
const MAX_ARGUMENTS: usize = 16;

/// OpenAI's words for how much a model is to think before it speaks.
pub(in crate::http) const EFFORTS: &[&str] =
    &["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// `metadata`, `safety_identifier` and `user`.
pub(in crate::http) fn tags(fields: &mut Fields) -> Result<Tags, ApiError> {
    let mut metadata = BTreeMap::new();
    if let Some(given) = fields.object("metadata")? {
        let given = given.into_rest();
        if given.len() > MAX_PAIRS {
            let message = format!("`metadata` takes at most {MAX_PAIRS} pairs");
            return Err(ApiError::invalid("metadata", message));
        }
        for (key, value) in given {
            let Value::String(value) = value else {
                let expected = "an object whose values are strings";
                return Err(ApiError::wrong_type("metadata", expected));
            };
            if key.chars().count() > MAX_KEY || value.chars().count() > MAX_VALUE {
                let message = format!(
                    "`metadata`: a key has at most {MAX_KEY} characters, a value {MAX_VALUE}"
                );
                return Err(ApiError::invalid("metadata", message));
            }
            metadata.insert(key, Sensitive::new(value));
        }
    }
    let older = short(fields, "user")?;
    let user = short(fields, "safety_identifier")?.or(older);
    Ok(Tags {
        metadata,
        user: user.map(Sensitive::new),
    })
}

fn short(fields: &mut Fields, field: &str) -> Result<Option<String>, ApiError> {
    let text = fields.string(field)?;
    let name = fields.name(field);
    match text {
        Some(text) if text.chars().count() > MAX_VALUE => {
            let message = format!("`{name}` has over {MAX_VALUE} characters");
            Err(ApiError::invalid(name, message))
        }
        text => Ok(text),
    }
}

/// `prediction`: what the answer will probably say.
pub(in crate::http) fn prediction(
    fields: &mut Fields,
) -> Result<Option<Sensitive<String>>, ApiError> {
    let Some(mut own) = fields.object("prediction")? else {
        return Ok(None);
    };
    let kind_name = own.name("type");
    match own.string("type")?.as_deref() {
        Some("content") => {}
        Some(_) => return Err(unsupported(&kind_name, "`content`")),
        None => return Err(ApiError::missing(&kind_name)),
    }
    let content_name = own.name("content");
    let content = text_of(&content_name, own.required("content")?, "text")?;
    own.finish(&[])?;
    Ok(Some(content))
}

/// `reasoning_effort` and `chat_template_kwargs`.
pub(in crate::http) fn template_arguments(
    fields: &mut Fields,
) -> Result<TemplateArguments, ApiError> {
    let reasoning_effort = fields.string("reasoning_effort")?;
    if let Some(effort) = &reasoning_effort
        && !EFFORTS.contains(&effort.as_str())
    {
        let message = format!("`reasoning_effort` must be one of {}", EFFORTS.join(", "));
        return Err(ApiError::invalid("reasoning_effort", message));
    }
    let mut arguments = BTreeMap::new();
    if let Some(given) = fields.object("chat_template_kwargs")? {
        const PLACE: &str = "chat_template_kwargs";
        let given = given.into_rest();
        if given.len() > MAX_ARGUMENTS {
            let message = format!("`{PLACE}` takes at most {MAX_ARGUMENTS} entries");
            return Err(ApiError::invalid(PLACE, message));
        }
        for (name, value) in given {
            let plain = |text: &str| {
                let own = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
                (1..=64).contains(&text.len()) && text.bytes().all(own)
            };
            let fits = match &value {
                Value::Bool(_) | Value::Number(_) => true,
                Value::String(text) => plain(text),
                Value::Null | Value::Array(_) | Value::Object(_) => false,
            };
            if !plain(&name) || !fits {
                let message = format!(
                    "`{PLACE}` maps names to true, false, numbers or plain words of at most 64 letters, \
                     digits, `_` and `-`"
                );
                return Err(ApiError::invalid(PLACE, message));
            }
            arguments.insert(name, value);
        }
    }
    Ok(TemplateArguments {
        reasoning_effort,
        arguments,
    })
}

/// Parameters that change nothing here, in the values that ask for nothing else.
pub(in crate::http) fn without_effect(fields: &mut Fields) -> Result<(), ApiError> {
    if fields.boolean("store")?.unwrap_or(false) {
        return Err(unsupported("store", "false (nothing is kept)"));
    }
    let mut one_of = |name: &str, values: &[&str]| match fields.string(name)? {
        Some(given) if !values.contains(&given.as_str()) => {
            let message = format!("`{name}` must be one of {}", values.join(", "));
            Err(ApiError::invalid(name, message))
        }
        _ => Ok(()),
    };
    one_of(
        "service_tier",
        &["auto", "default", "flex", "scale", "priority"],
    )?;
    one_of("prompt_cache_retention", &["in-memory", "in_memory", "24h"])?;
    one_of("verbosity", &["medium"])?;
    short(fields, "prompt_cache_key")?;
    for modality in fields.list("modalities")?.unwrap_or_default() {
        if modality != "text" {
            return Err(unsupported("modalities", "`[\"text\"]`"));
        }
    }
    Ok(())
}
